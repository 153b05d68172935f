//! The full screen: keys in, a screen of 80 columns and 24 rows out.

use crate::pty::{Home, Terminal};
use crate::{CTRL_C, CTRL_D, TAB};

const F1: &str = "\x1bOP";
const F2: &str = "\x1bOQ";
const F5: &str = "\x1b[15~";
const F9: &str = "\x1b[20~";
const F10: &str = "\x1b[21~";
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/src");

fn full_screen(home: &Home, program: &str) -> Terminal {
    let arguments = ["debug", "--tui", "--sources", SOURCES, program];
    let mut wdb = home.wdb_sized(&arguments, (24, 80));
    wdb.see("F1 keys");
    wdb
}

/// Types a line and waits until it is executed.
fn line(wdb: &mut Terminal, line: &str, shown: &str) {
    wdb.keys(line);
    wdb.typed(line);
    wdb.keys("\r");
    wdb.see(shown);
}

#[test]
fn a_program_is_stepped_in_full_screen() {
    let home = Home::new();
    let mut wdb = full_screen(&home, "%f/c-compute-o0.wasm");
    wdb.see("not started");
    line(&mut wdb, "break main", "●");
    line(&mut wdb, "run", " breakpoint 1 │");
    // The row of the current line: a mark, its number, an arrow.
    let arrow = |screen: &str| {
        let is_current = |it: &&str| it.chars().take(6).any(|c| c == '>');
        let row = screen.lines().find(is_current);
        row.unwrap_or_default().to_owned()
    };
    let before = arrow(&wdb.text());
    wdb.keys(F10);
    wdb.until("the next line", |screen| {
        let now = arrow(screen);
        !now.is_empty() && now != before && screen.contains(" stepped │")
    });
    // A breakpoint on the line where it is, and none.
    wdb.keys(F9);
    wdb.see("breakpoint 2");
    wdb.until("its mark", |screen| arrow(screen).starts_with('●'));
    wdb.keys(F9);
    wdb.until("no mark", |screen| !arrow(screen).starts_with('●'));
    // The keys, which any key closes.
    wdb.keys("?");
    wdb.see("Keys (any key closes this)");
    wdb.keys(" ");
    wdb.until("no keys", |screen| !screen.contains("any key closes"));
    // To the line editor and back: the same session, the same history, the same view.
    wdb.keys(TAB);
    wdb.keys(TAB);
    wdb.keys(TAB);
    wdb.see("[Stack]");
    wdb.keys(F2);
    wdb.until("the line editor", |screen| !screen.contains("F1 keys"));
    wdb.prompt();
    wdb.keys("\x1b[A");
    wdb.typed("run");
    wdb.keys(CTRL_C);
    wdb.line("info breakpoints");
    wdb.see("main");
    wdb.line("tui");
    wdb.see("[Stack]");
    wdb.see(" stepped │");
    // The keys still go where they went; this one brings them to the line.
    wdb.keys(CTRL_C);
    wdb.keys("\x1b[A");
    wdb.typed("tui");
    wdb.keys(CTRL_C);
    line(&mut wdb, "tui disable", "(wdb)");
    wdb.until("the line editor", |screen| !screen.contains("F1 keys"));
    wdb.line("quit");
    assert_eq!(wdb.end(), 0);
}

/// A key and the line that stands for it do the same; a breakpoint that was deleted at a stop is gone from the screen.
#[test]
fn keys_and_lines_do_the_same() {
    let home = Home::new();
    let mut wdb = full_screen(&home, "%f/c-compute-o0.wasm");
    wdb.see("not started");
    line(&mut wdb, "tbreak main", "●");
    wdb.keys(F5);
    wdb.see("temporary breakpoint 1, main");
    wdb.until("no mark", |screen| !screen.contains('●'));
    let place = |screen: &str| {
        let status = screen.lines().find(|it| it.contains(" stepped │"));
        status
            .and_then(|it| it.split('│').nth(1))
            .map(str::to_owned)
    };
    let steps = |wdb: &mut Terminal, keys: &str, before: Option<String>| {
        wdb.keys(keys);
        wdb.until("another line", |screen| {
            place(screen).is_some_and(|now| Some(now) != before)
        });
        place(&wdb.text())
    };
    let first = steps(&mut wdb, F10, None);
    wdb.see("(wdb) next");
    // An empty line does again what the key did.
    let second = steps(&mut wdb, "\r", first.clone());
    line(&mut wdb, "run", "exit code");
    line(&mut wdb, "tbreak main", "●");
    line(&mut wdb, "run", "temporary breakpoint 2, main");
    line(&mut wdb, "next", "stepped");
    assert_eq!(place(&wdb.text()), first);
    assert_eq!(steps(&mut wdb, F10, first), second);
    wdb.keys(CTRL_D);
    wdb.see("the program has not ended");
    wdb.keys(CTRL_D);
    assert_eq!(wdb.end(), 0);
}

#[test]
fn a_hung_program_is_interrupted_in_full_screen() {
    let home = Home::new();
    let mut wdb = full_screen(&home, "%f/c-hang.wasm");
    wdb.keys(F5);
    wdb.see("running…");
    // It is drawn while the program runs.
    wdb.keys(F1);
    wdb.see("any key closes this");
    wdb.keys("x");
    wdb.until("no keys", |screen| !screen.contains("any key closes"));
    wdb.keys(CTRL_C);
    wdb.see(" interrupted │");
    // What runs is not killed by one key.
    wdb.keys(CTRL_D);
    wdb.see("the program has not ended");
    wdb.keys(CTRL_D);
    assert_eq!(wdb.end(), 0);
    assert!(!wdb.is_alternate(), "the terminal is as it was");
}

#[test]
fn a_crash_and_what_the_program_wrote_are_in_their_panes() {
    let home = Home::new();
    let mut wdb = full_screen(&home, "%f/rust-index-panic.wasm");
    line(&mut wdb, "run", " crashed │");
    // The panic message is in the pane of the output, which says that there is something new.
    wdb.see("Output*");
    for _ in 0..6 {
        wdb.keys(TAB);
    }
    wdb.see("index out of bounds");
    wdb.keys("quit\r");
    assert_eq!(wdb.end(), 0);
    assert!(!wdb.is_alternate(), "the terminal is as it was");
}

#[cfg(unix)]
#[test]
fn ctrl_z_gives_the_terminal_back_to_the_shell() {
    let home = Home::new();
    let mut wdb = home.wdb_as_job(&["debug", "--tui", "%f/c-div-zero.wasm"], (24, 80));
    wdb.see("F1 keys");
    wdb.keys("echo kept");
    wdb.typed("echo kept");
    wdb.keys("\x1a");
    // 128 and SIGTSTP.
    wdb.see("stopped: 148");
    assert!(!wdb.is_alternate());
    wdb.keys("\r");
    wdb.typed("echo kept");
    assert!(wdb.is_alternate());
    wdb.keys("\x0c and drawn again");
    wdb.typed("echo kept and drawn again");
}

#[test]
fn a_terminal_that_changes_its_size_is_filled() {
    let home = Home::new();
    let mut wdb = full_screen(&home, "%f/c-compute-o0.wasm");
    wdb.see("[Debugger]");
    wdb.resize((40, 120));
    // Both at once, where there is room.
    wdb.until("all panes", |screen| {
        ["─ Debugger ─", "┬ Output ─", "┬ Stack ─"]
            .iter()
            .all(|it| screen.contains(it))
    });
    wdb.resize((12, 40));
    wdb.until("one pane", |screen| {
        screen.contains("[Src]") && screen.contains("(wdb)")
    });
}

/// A terminal that hangs keeps no one from ending wdb.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_a_full_screen_that_no_one_reads() {
    use nix::sys::signal::Signal;

    let home = Home::new();
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        let mut wdb = full_screen(&home, "%f/c-compute-o0.wasm");
        wdb.see("not started");
        assert!(wdb.hangs_until(signal), "{signal} does not end it");
    }
}

/// A module whose debug information takes long to read: what a fixture has, many times. Each copy is a unit of its own.
fn with_much_debug_information(home: &Home) -> String {
    const COPIES: usize = 20_000;
    let bytes = std::fs::read(crate::pty::fixture("c-compute-o0.wasm")).unwrap();
    let binary = wdb_module::Binary::parse(bytes.into()).unwrap();
    let module = &binary.modules()[0];
    let bytes = module.bytes();
    let mut large = bytes[..8].to_vec();
    let mut start = 8;
    for section in module.sections() {
        let range = section.range.start.0 as usize..section.range.end.0 as usize;
        if section.name.as_deref() == Some(".debug_info") {
            let name = b"\x0b.debug_info";
            large.push(0);
            let mut size = name.len() + range.len() * COPIES;
            while size > 0x7f {
                large.push(size as u8 | 0x80);
                size >>= 7;
            }
            large.push(size as u8);
            large.extend(name);
            for _ in 0..COPIES {
                large.extend(&bytes[range.clone()]);
            }
        } else {
            large.extend(&bytes[start..range.end]);
        }
        start = range.end;
    }
    std::fs::write(home.path("large.wasm"), large).unwrap();
    "large.wasm".to_owned()
}

/// Reading that takes long is reported, and Ctrl-C gives it up; the session goes on.
#[test]
fn reading_for_the_screen_is_given_up() {
    let home = Home::new();
    let mut wdb = full_screen(&home, &with_much_debug_information(&home));
    let gives_up = |wdb: &mut Terminal, times| {
        wdb.see("reading the debug information of large.wasm…");
        wdb.keys(CTRL_C);
        wdb.see_times("given up", times);
        wdb.until("the state of the program", |screen| {
            screen.contains(" not started ")
        });
    };
    // Once in the pane of the code, and once in what the debugger answers.
    gives_up(&mut wdb, 2);
    wdb.see("debug information was not read: given up");
    // A line is executed, and what it changes is read again for the screen.
    wdb.keys("info breakpoints\r");
    wdb.see("there are no breakpoints");
    gives_up(&mut wdb, 3);
    wdb.keys(CTRL_D);
    wdb.until("the end", |screen| !screen.contains("F1 keys"));
    assert_eq!(wdb.end(), 0);
    assert!(!wdb.is_alternate(), "the terminal is as it was");
}
