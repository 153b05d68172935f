//! The debugger at a terminal: keys in, a screen out.

#![allow(clippy::unwrap_used)]

mod compiles;
mod pty;
mod tui;

use pty::{Device, Home};

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const TAB: &str = "\t";
const UP: &str = "\x1b[A";

#[test]
fn completion_of_commands_and_variables() {
    let home = Home::new();
    let module = ["--module", "%f/c-variables.wasm"];
    let dump = "%f/c-variables.wasmtime.core";
    let mut wdb = home.wdb(&["core", module[0], module[1], dump]);
    wdb.prompt();
    wdb.keys(&format!("ec{TAB}"));
    wdb.typed("echo");
    wdb.keys(CTRL_C);
    wdb.prompt();
    wdb.keys(&format!("print roun{TAB}"));
    wdb.typed("print rounded");
    wdb.keys(CTRL_C);
    wdb.prompt();
    // Several that begin so are listed.
    wdb.keys(&format!("info mo{TAB}"));
    wdb.typed("info modules");
    wdb.keys(CTRL_C);
    wdb.prompt();
    wdb.keys(&format!("info s{TAB}{TAB}"));
    wdb.see("info sources");
}

#[test]
fn history_outlives_the_session() {
    let home = Home::new();
    let mut first = home.wdb(&["debug", "%f/c-div-zero.wasm"]);
    first.line("echo once upon a time\\n");
    first.see("\nonce upon a time\n");
    first.line("quit");
    assert_eq!(first.end(), 0);
    let file = home.path(".local/state/wdb/history");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert!(file.is_file());
    let mut second = home.wdb(&["debug", "%f/c-div-zero.wasm"]);
    second.prompt();
    second.keys(&format!("{UP}{UP}"));
    second.typed("echo once upon a time\\n");
    second.keys("\r");
    second.see("\nonce upon a time\n");
}

#[test]
fn a_hint_shows_how_a_line_went_on() {
    let home = Home::new();
    let mut wdb = home.wdb(&["debug", "%f/c-div-zero.wasm"]);
    wdb.line("echo a rather long text\\n");
    wdb.prompt();
    wdb.keys("echo a ra");
    wdb.typed("echo a rather long text\\n");
    // The arrow takes it over.
    wdb.keys("\x1b[C\r");
    wdb.see_times("\na rather long text", 2);
}

#[test]
fn ctrl_c_at_the_prompt_drops_the_line_and_ctrl_d_ends() {
    let home = Home::new();
    let mut wdb = home.wdb(&["debug", "%f/c-div-zero.wasm"]);
    wdb.prompt();
    wdb.keys("echo never");
    wdb.typed("echo never");
    wdb.keys(CTRL_C);
    wdb.prompt();
    wdb.keys(CTRL_D);
    assert_eq!(wdb.end(), 0);
    assert!(!wdb.text().contains("\nnever"));
}

#[test]
fn ctrl_c_stops_the_program_and_not_the_debugger() {
    let home = Home::new();
    let mut wdb = home.wdb(&["debug", "%f/c-hang.wasm"]);
    wdb.line("run");
    wdb.see("(wdb) run\n");
    std::thread::sleep(std::time::Duration::from_millis(1500));
    wdb.keys(CTRL_C);
    wdb.see("interrupted");
    wdb.line("backtrace");
    wdb.see("#0");
    // Once more, from where it is.
    wdb.line("continue");
    std::thread::sleep(std::time::Duration::from_millis(500));
    wdb.keys(CTRL_C);
    wdb.see_times("interrupted", 2);
    wdb.prompt();
    wdb.keys(CTRL_D);
    wdb.see("the program has not ended");
    wdb.prompt();
    wdb.keys(CTRL_D);
    assert_eq!(wdb.end(), 0);
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_a_program_that_reads_from_another_terminal() {
    let home = Home::new();
    let mut other = Device::new();
    let path = other.path();
    let mut wdb = home.wdb(&[
        "debug",
        "--tty",
        path.to_str().unwrap(),
        "%f/c-wasi-io.wasm",
    ]);
    wdb.line("run");
    other.see("GREETING: (not set)");
    // It waits for a line.
    std::thread::sleep(std::time::Duration::from_millis(200));
    wdb.keys(CTRL_C);
    wdb.see("interrupted");
    // The next run gets what is typed now, not the read that was given up.
    wdb.line("run");
    other.keys("a line\n");
    other.see("stdin: a line");
    other.keys(CTRL_D);
    wdb.see("the program has ended with exit code 4");
    other.see("data/notes.txt: ");
}

#[cfg(unix)]
#[test]
fn a_program_is_moved_to_another_terminal() {
    let home = Home::new();
    let mut other = Device::new();
    let mut wdb = home.wdb(&["debug", "%f/c-wasi-io.wasm"]);
    wdb.line(&format!("tty {}", other.path().to_str().unwrap()));
    wdb.line("set env GREETING=hello");
    wdb.line("run one 'and two'");
    other.see("argument 2: and two");
    other.see("GREETING: hello");
    other.keys("a line\n");
    other.see("stdin: a line");
    other.keys(CTRL_D);
    wdb.see("the program has ended with exit code 4");
    // And back.
    wdb.line("set inferior-tty");
    wdb.line("run three");
    wdb.see("argument 1: three");
}

/// Once or twice, at seeded moments around the start, the stop and the prompt; and each time the session goes on.
#[cfg(unix)]
#[test]
fn ctrl_c_at_any_moment_leaves_a_session() {
    let home = Home::new();
    let guest = home.path("loop.wat");
    let text =
        "(module (memory (export \"memory\") 1) (func (export \"_start\") (loop $l (br $l))))";
    std::fs::write(&guest, text).unwrap();
    let mut wdb = home.wdb(&["debug", guest.to_str().unwrap()]);
    let mut seed = 18_u32;
    let mut random = |limit: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % limit
    };
    wdb.prompt();
    for round in 0..60 {
        let command = ["run", "continue", "stepi 1000000", "run"][round % 4];
        wdb.keys(&format!("{command}\r"));
        std::thread::sleep(std::time::Duration::from_micros(random(60_000).into()));
        for _ in 0..1 + round % 2 {
            wdb.interrupt();
            std::thread::sleep(std::time::Duration::from_micros(random(15_000).into()));
        }
        // A press that the line editor has read itself stops no program: a user who sees that presses again.
        let answer = format!("= {}\n", 1000 + round);
        wdb.keys(&format!("print {}+{round}\r", 1000));
        wdb.until_pressing(&answer, |screen| screen.contains(&answer));
    }
    wdb.keys("quit\r");
    assert_eq!(wdb.end(), 0);
}

#[test]
fn ctrl_c_ends_a_command_that_goes_on_and_on() {
    let home = Home::new();
    let script = "echo and on\\n\n".repeat(500_000);
    std::fs::write(home.path("long"), script).unwrap();
    let mut wdb = home.wdb(&["debug", "%f/c-variables.wasm"]);
    wdb.line("break main");
    wdb.line("source long");
    wdb.see("and on\nand on\n");
    wdb.keys(CTRL_C);
    wdb.see("given up");
    // The program was stopped already. It is not interrupted when it runs again.
    wdb.line("run");
    wdb.see("breakpoint 1, main");
    wdb.prompt();
    assert!(!wdb.text().contains("interrupted"), "{}", wdb.text());
}

#[test]
fn a_debug_file_that_is_missing_is_told() {
    let home = Home::new();
    // Without the file beside it.
    std::fs::copy(pty::fixture("c-split.wasm"), home.path("split.wasm")).unwrap();
    let mut wdb = home.wdb(&["debug", "split.wasm"]);
    wdb.see("is in a file of its own, `c-split.debug.wasm`, which was not found");
    wdb.prompt();
}

#[test]
fn what_is_no_terminal_is_not_made_one() {
    let home = Home::new();
    std::fs::write(home.path("notes"), "keep this").unwrap();
    for (name, words) in [
        ("notes", "notes is not a terminal"),
        ("none", "No such file"),
    ] {
        let mut wdb = home.wdb(&["debug", "--tty", name, "%f/c-div-zero.wasm"]);
        wdb.see(words);
        assert_eq!(wdb.end(), 2);
    }
    assert_eq!(std::fs::read(home.path("notes")).unwrap(), b"keep this");
    assert!(!home.path("none").exists());
}

#[test]
fn a_crash_leaves_a_prompt() {
    let home = Home::new();
    let mut wdb = home.wdb(&["debug", "%f/c-div-zero.wasm"]);
    wdb.line("run");
    wdb.see("divide by zero");
    wdb.line("backtrace");
    wdb.see("#0");
    wdb.line("echo still here\\n");
    wdb.see("\nstill here\n");
    wdb.prompt();
    wdb.keys(CTRL_D);
    assert_eq!(wdb.end(), 0);
}

#[test]
fn colours_by_meaning_unless_they_are_not_wanted() {
    let home = Home::new();
    let mut wdb = home.wdb(&["debug", "%f/c-div-zero.wasm"]);
    wdb.line("no-such-command");
    wdb.see("error: ");
    wdb.prompt();
    assert_eq!(wdb.colour("error: "), vt100::Color::Idx(1));
    let mut plain = home.wdb_with(&["debug", "%f/c-div-zero.wasm"], &[("NO_COLOR", "1")]);
    plain.line("no-such-command");
    plain.see("error: ");
    plain.prompt();
    assert_eq!(plain.colour("error: "), vt100::Color::Default);
}

#[test]
fn a_terminal_that_only_prints_has_prompts_too() {
    let home = Home::new();
    let mut wdb = home.wdb_with(&["debug", "%f/c-div-zero.wasm"], &[("TERM", "dumb")]);
    wdb.line("echo plain\\n");
    wdb.see("\nplain\n");
    wdb.line("tui");
    wdb.see("TERM says that this one cannot");
    wdb.prompt();
    wdb.keys("echo never\\n");
    wdb.typed("echo never\\n");
    wdb.keys(CTRL_C);
    wdb.line("quit 3");
    assert_eq!(wdb.end(), 3);
}

#[test]
fn an_empty_line_repeats_a_step() {
    let home = Home::new();
    let mut wdb = home.wdb(&["debug", "%f/c-variables.wasm"]);
    wdb.line("break main");
    wdb.line("run");
    wdb.see("main");
    wdb.line("next");
    wdb.prompt();
    let before = wdb.text().matches('\n').count();
    wdb.keys("\r");
    wdb.until("another step", |screen| {
        screen.matches('\n').count() > before + 1
    });
    wdb.prompt();
}

#[test]
fn commands_of_a_breakpoint_take_several_lines() {
    let home = Home::new();
    let mut wdb = home.wdb(&["debug", "%f/c-variables.wasm"]);
    wdb.line("break main");
    wdb.line("commands 1");
    wdb.keys("echo arrived\\n\r");
    wdb.keys("end\r");
    wdb.line("run");
    wdb.see("\narrived\n");
    wdb.prompt();
}

#[test]
fn an_expression_goes_on_where_a_bracket_is_open() {
    let home = Home::new();
    let mut wdb = home.wdb(&["core", "%f/c-variables.wasmtime.core"]);
    wdb.prompt();
    wdb.keys("print (1 +\r");
    wdb.keys("2)\r");
    wdb.see(" = 3\n");
    wdb.prompt();
}

#[test]
fn lines_that_are_pasted_are_commands() {
    let home = Home::new();
    let mut wdb = home.wdb(&["debug", "%f/c-div-zero.wasm"]);
    wdb.prompt();
    wdb.keys("\x1b[200~echo one\\n\necho two\\n\x1b[201~\r");
    wdb.see("\none\n(wdb) echo two\\n\ntwo\n");
}

#[test]
fn what_is_typed_ahead_counts() {
    let home = Home::new();
    let mut wdb = home.wdb(&["debug", "%f/c-div-zero.wasm"]);
    wdb.prompt();
    wdb.keys("run\recho ahead\\n\rquit\r");
    assert_eq!(wdb.end(), 0);
    assert!(wdb.text().contains("\nahead\n"), "{}", wdb.text());
}

#[test]
fn own_scripts_and_no_others() {
    let home = Home::new();
    let work = home.path("work");
    std::fs::create_dir_all(&work).unwrap();
    std::fs::create_dir_all(home.path(".config/wdb")).unwrap();
    std::fs::write(home.path(".config/wdb/init"), "echo configured\\n\n").unwrap();
    std::fs::write(home.path(".wdbinit"), "echo at home\\n\n").unwrap();
    std::fs::write(work.join(".wdbinit"), "echo a trap\\n\n").unwrap();
    let mut wdb = home.wdb_in(&work, &["debug", "%f/c-div-zero.wasm"]);
    wdb.see(".wdbinit is ignored");
    wdb.prompt();
    assert!(
        wdb.text().contains("configured\nat home\n"),
        "{}",
        wdb.text()
    );
    assert!(!wdb.text().contains("a trap"));
    let mut here = home.wdb_in(&work, &["debug", "--init-here", "%f/c-div-zero.wasm"]);
    here.see("at home\na trap\n");
    let mut none = home.wdb_in(&work, &["debug", "-n", "%f/c-div-zero.wasm"]);
    none.prompt();
    assert!(!none.text().contains("at home"));
}

/// `run` reads a program again that was built anew, and keeps breakpoints, displays and arguments.
#[test]
fn a_program_that_was_built_anew_is_read_again() {
    let home = Home::new();
    let program = home.path("app.wat");
    // A file is taken to have changed when its time or size has.
    let build = |functions: &str| {
        let text = format!(
            r#"(module (func $work (export "work") (result i32) i32.const 0) {functions}
                 (func (export "_start") call $work drop call $other drop))"#
        );
        std::fs::write(&program, text).unwrap();
    };
    build(r#"(func $other (result i32) i32.const 1)"#);
    let mut wdb = home.wdb(&["debug", program.to_str().unwrap()]);
    // Before the first run, too.
    wdb.prompt();
    build(r#"(func $more nop nop) (func $other (result i32) i32.const 1)"#);
    wdb.line("run");
    wdb.see("`app.wat` has changed; it was read again");
    wdb.line("break other");
    wdb.see("breakpoint 1: other");
    wdb.line("break more");
    wdb.see("breakpoint 2: more");
    wdb.line("run");
    wdb.see("breakpoint 1, other");
    // What is wrong with it is said, and the old one stays; it is gone for a moment while it is built.
    std::fs::write(&program, "(module").unwrap();
    wdb.line("run");
    wdb.see("error: ");
    wdb.line("info registers");
    wdb.prompt();
    std::fs::remove_file(&program).unwrap();
    wdb.line("kill");
    wdb.see("the program is at its beginning");
    build(r#"(func (export "unused") nop nop nop) (func $other (result i32) i32.const 2 nop)"#);
    wdb.line("run");
    wdb.see("breakpoint 2 (more) is pending: ");
    wdb.see_times("breakpoint 1, other", 2);
    wdb.line("stepi");
    wdb.see("nop");
    wdb.line("continue");
    wdb.see("has ended with exit code 0");
    // The same again is not read again.
    wdb.line("run");
    wdb.see_times("breakpoint 1, other", 3);
    assert_eq!(
        wdb.text().matches("has changed").count(),
        2,
        "{}",
        wdb.text()
    );
}
