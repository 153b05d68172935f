//! A program that is compiled, and compiled again: Ctrl-C meanwhile gives a prompt and loses nothing, and a file that is
//! gone stays as it was.

use crate::CTRL_C;
use crate::pty::{Home, Terminal};

/// A program that takes the engine some seconds, however many processors there are: a function `work` that is called, and
/// a very large one.
fn large(beginning: &str) -> String {
    let statement =
        "(local.set 0 (i32.add (i32.mul (local.get 0) (i32.const 3)) (i32.load (local.get 0))))";
    let large = statement.repeat(30_000);
    format!(
        r#"(module (memory 1) {beginning} (func (param i32) {large})
            (func $work nop) (func (export "_start") call $work))"#
    )
}

/// A program that takes no time.
const SMALL: &str = r#"(module (func $work nop) (func (export "_start") call $work))"#;

/// It is at a breakpoint in that, `app.wat`.
#[cfg(target_os = "linux")]
fn stopped_in_small(home: &Home) -> Terminal {
    std::fs::write(home.path("app.wat"), SMALL).unwrap();
    let mut wdb = home.wdb(&["debug", "--no-cache", "app.wat"]);
    wdb.line("break work");
    wdb.line("run");
    wdb.see("breakpoint 1, work");
    wdb.prompt();
    wdb
}

fn gives_up_compiling(wdb: &mut Terminal) {
    wdb.see("compiling app.wat…");
    wdb.keys(CTRL_C);
    wdb.see("the compilation of `app.wat` goes on; `run` waits for it");
}

#[test]
fn the_first_compilation_is_waited_for_by_run() {
    let home = Home::new();
    std::fs::write(home.path("app.wat"), large("")).unwrap();
    let mut wdb = home.wdb(&["debug", "--no-cache", "app.wat"]);
    gives_up_compiling(&mut wdb);
    wdb.prompt();
    // What needs no program that runs is there.
    wdb.line("info modules");
    wdb.see("0  app.wat  3 functions");
    wdb.line("break work");
    wdb.see("breakpoint 1: work at ");
    for command in ["backtrace", "set var *(int*)16 = 1", "print $pc", "gcore x"] {
        wdb.line(command);
        wdb.see(&format!(
            "(wdb) {command}\nerror: the program has not started"
        ));
    }
    wdb.line("run");
    gives_up_compiling(&mut wdb);
    wdb.see("given up");
    wdb.line("stepi");
    wdb.see("#0  _start at ");
    wdb.line("continue");
    wdb.see("breakpoint 1, work");
    wdb.line("continue");
    wdb.see("has ended with exit code 0");
    wdb.line("quit");
    assert_eq!(wdb.end(), 0);
    assert!(!wdb.text().contains("has changed"), "{}", wdb.text());
}

/// Where a prompt is all that is wanted, it does not wait for a large program; a script does.
#[test]
fn the_first_prompt_does_not_wait_for_long() {
    let home = Home::new();
    std::fs::write(home.path("app.wat"), large("")).unwrap();
    let mut wdb = home.wdb(&["debug", "--no-cache", "app.wat"]);
    wdb.see("the compilation of `app.wat` goes on; `run` waits for it");
    wdb.prompt();
    wdb.line("break work");
    wdb.see("breakpoint 1: work at ");
    wdb.line("continue");
    wdb.see("breakpoint 1, work");
    wdb.line("quit");
    wdb.end();
    let mut wdb = home.wdb(&["debug", "--no-cache", "-ex", "stepi", "app.wat"]);
    wdb.see("#0  _start at ");
    assert!(!wdb.text().contains("goes on"), "{}", wdb.text());
    wdb.line("quit");
    wdb.end();
}

#[test]
fn a_program_that_was_built_anew_before_its_first_start_has_changed() {
    let home = Home::new();
    let program = home.path("app.wat");
    // One that was never compiled, and one that was.
    for (before, count) in [(large(""), 1), (SMALL.replace("nop", ""), 0)] {
        std::fs::write(&program, before).unwrap();
        let mut wdb = home.wdb(&["debug", "--no-cache", "app.wat"]);
        if count == 1 {
            gives_up_compiling(&mut wdb);
        }
        wdb.line("break work");
        wdb.see("breakpoint 1: work at ");
        wdb.prompt();
        std::fs::write(&program, SMALL).unwrap();
        wdb.line("run");
        wdb.see("`app.wat` has changed; it was read again");
        wdb.see("breakpoint 1, work");
        wdb.line("run");
        wdb.see_times("breakpoint 1, work", 2);
        wdb.line("quit");
        wdb.end();
        assert_eq!(wdb.text().matches("has changed").count(), 1);
    }
}

/// What is compiled already is not compiled again, nor does it wait for what is not wanted any more.
#[cfg(target_os = "linux")]
#[test]
fn a_program_that_is_again_what_it_was_is_not_compiled_again() {
    let home = Home::new();
    let program = home.path("app.wat");
    let mut wdb = stopped_in_small(&home);
    std::fs::write(&program, large("")).unwrap();
    let before = wdb.processor_time();
    wdb.line("run");
    gives_up_compiling(&mut wdb);
    std::fs::write(&program, SMALL).unwrap();
    wdb.line("run");
    wdb.see_times("breakpoint 1, work", 2);
    assert!(!wdb.text().contains("has changed"), "{}", wdb.text());
    let at_once = wdb.processor_time() - before;
    // The other one was not forgotten.
    let compiled = wdb.until_idle();
    let took = compiled - before;
    assert!(at_once * 4 < took * 3, "{at_once:?} of {took:?}");
    std::fs::write(&program, large("")).unwrap();
    wdb.line("run");
    wdb.see("`app.wat` has changed; it was read again");
    wdb.see_times("breakpoint 1, work", 3);
    let again = wdb.processor_time() - compiled;
    assert!(again < took / 2, "{again:?} after {took:?}");
    wdb.line("quit");
}

/// Without a user who gets a prompt there is nothing to go on with.
#[cfg(target_os = "linux")]
#[test]
fn a_batch_ends() {
    let home = Home::new();
    std::fs::write(home.path("app.wat"), large("")).unwrap();
    for arguments in [&["run"][..], &["debug", "--batch", "-ex", "run"]] {
        let mut wdb = home.wdb(&[arguments, &["--no-cache", "app.wat"]].concat());
        // It has long begun to listen, and needs much more time than that.
        while wdb.processor_time() < 40 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        wdb.keys(CTRL_C);
        assert_eq!(wdb.end(), 130);
        assert!(!wdb.text().contains("has ended"), "{}", wdb.text());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_compilation_of_a_program_that_was_built_anew_is_used_when_it_has_ended() {
    let home = Home::new();
    let program = home.path("app.wat");
    let mut wdb = stopped_in_small(&home);
    let before = wdb.processor_time();
    std::fs::write(&program, large("")).unwrap();
    wdb.line("run");
    gives_up_compiling(&mut wdb);
    // The old program is still there.
    wdb.line("stepi");
    wdb.see("end");
    // It is not compiled a second time.
    let compiled = wdb.until_idle();
    let took = compiled - before;
    wdb.line("run");
    wdb.see("`app.wat` has changed; it was read again");
    wdb.see_times("breakpoint 1, work", 2);
    let again = wdb.processor_time() - compiled;
    assert!(again < took / 2, "{again:?} after {took:?}");
    // Those that were given up and are old by now are not run, and one of them that has not begun is not compiled.
    let before = wdb.processor_time();
    for (count, beginning) in [(2, "(func $one)"), (3, "(func $one) (func $two)")] {
        std::fs::write(&program, large(beginning)).unwrap();
        wdb.line("run");
        wdb.see("compiling app.wat…");
        wdb.keys(CTRL_C);
        wdb.see_times("given up", count);
    }
    std::fs::write(&program, SMALL.replace("nop", "nop nop")).unwrap();
    wdb.line("run");
    wdb.see_times("breakpoint 1, work", 3);
    let both = wdb.processor_time() - before;
    assert!(both < 2 * took, "{both:?} after {took:?}");
    wdb.line("stepi");
    wdb.see("nop\n");
    wdb.line("info modules");
    wdb.see("0  app.wat  2 functions");
}

#[test]
fn a_preloaded_module_that_is_gone_stays_as_it_was() {
    let home = Home::new();
    let build = |name: &str, text: &str| std::fs::write(home.path(name), text).unwrap();
    let app = |functions: &str| {
        format!(
            r#"(module (import "lib" "code" (func $code (result i32)))
                (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                (memory (export "memory") 1) {functions}
                (func (export "_start") (call $exit (call $code))))"#
        )
    };
    let lib = r#"(module (func (export "code") (result i32) i32.const 5))"#;
    build("app.wat", &app(""));
    build("lib.wat", lib);
    let mut wdb = home.wdb(&["debug", "--preload", "lib=lib.wat", "app.wat"]);
    wdb.line("run");
    wdb.see("has ended with exit code 5");
    std::fs::remove_file(home.path("lib.wat")).unwrap();
    build("app.wat", &app("(func)"));
    wdb.line("run");
    wdb.see("`app.wat` has changed; it was read again");
    wdb.see_times("has ended with exit code 5", 2);
    // It is there again.
    build("lib.wat", &lib.replace("const 5", "const 66"));
    wdb.line("run");
    wdb.see("`lib.wat` has changed; it was read again");
    wdb.see("has ended with exit code 66");
    assert_eq!(
        wdb.text().matches("has changed").count(),
        2,
        "{}",
        wdb.text()
    );
}
