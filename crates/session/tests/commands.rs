//! The commands of the debugger over core dumps: each file of `tests/commands` is a transcript, which begins with
//! the dump and the module that it is of. `BLESS=1` writes what is so into it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use support::{Fixtures, dump, modules};
use wdb_session::Session;
use wdb_session::command::{Console, Flow, Output, Style, commands, reference};

fn console(dump_name: &str, module: &str) -> Console {
    let debuggee = Box::new(dump(dump_name, module));
    let resolver = Box::new(Fixtures::new(modules(module)));
    Console::new(Session::new(debuggee, resolver, None))
}

/// Compares with what a file says, or writes it.
fn hold(path: &Path, actual: &str) -> Result<(), String> {
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    if expected == actual {
        return Ok(());
    }
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, actual).unwrap();
        return Ok(());
    }
    let differs = expected.lines().zip(actual.lines()).find(|(a, b)| a != b);
    let (before, now) = differs.unwrap_or_default();
    Err(format!(
        "{}: BLESS=1 writes what is so\n- {before}\n+ {now}\n",
        path.display()
    ))
}

/// The transcript of the commands of a transcript.
fn played(transcript: &str) -> String {
    let mut out = String::new();
    let mut lines = transcript.lines();
    let head = lines.next().unwrap();
    let _ = writeln!(out, "{head}");
    let (dump, module) = head.strip_prefix("# ").unwrap().split_once(" of ").unwrap();
    let mut console = console(dump, module);
    console.begin(&mut out);
    for line in lines {
        let command = line
            .strip_prefix("(wdb) ")
            .or_else(|| line.strip_prefix(">> "));
        let Some(command) = command else {
            continue;
        };
        let _ = writeln!(out, "{}{command}", console.prompt());
        if let Flow::Quit(status) = console.execute(command, &mut out) {
            let _ = writeln!(out, "# ends with status {status}");
        }
    }
    out
}

/// What is said to take long, and whether the user gives up before the next line.
#[derive(Default)]
struct Watched {
    progress: Vec<String>,
    text: String,
    given_up: bool,
}

impl Output for Watched {
    fn write(&mut self, _: Style, text: &str) {
        self.text.push_str(text);
    }

    fn given_up(&self) -> bool {
        self.given_up
    }

    fn progress(&mut self, what: &str) {
        self.progress.push(what.to_owned());
    }
}

#[test]
fn what_may_take_long_is_said_and_can_be_given_up() {
    let mut console = console("c-variables.wasmtime", "c-variables");
    let mut out = Watched::default();
    assert_eq!(console.execute("list main", &mut out), Flow::Go);
    assert_eq!(out.progress, ["list main", ""]);
    out.given_up = true;
    assert_eq!(console.execute("list main", &mut out), Flow::Failed);
    assert_eq!(out.progress.len(), 2);
}

#[test]
fn the_transcripts_hold() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/commands");
    let mut wrong = String::new();
    let mut count = 0;
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    files.sort();
    for path in files {
        count += 1;
        let expected = std::fs::read_to_string(&path).unwrap();
        if let Err(error) = hold(&path, &played(&expected)) {
            wrong.push_str(&error);
        }
    }
    assert!(count >= 4, "{count} transcripts");
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_reference_is_generated() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/commands.md");
    hold(&path, &reference()).unwrap();
}

#[test]
fn no_name_means_two_commands() {
    let mut names: Vec<&str> = commands().flat_map(|it| it.names.iter().copied()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "a name stands twice in the table");
    for command in commands() {
        assert!(!command.summary.is_empty() && !command.summary.ends_with('.'));
        assert!(
            command.help.lines().all(|it| it.chars().count() <= 120),
            "{}",
            command.name()
        );
    }
}

#[test]
fn what_can_follow_is_completed() {
    let mut console = console("c-variables.wasmtime", "c-variables");
    let mut out = String::new();
    assert_eq!(console.execute("frame function arrays", &mut out), Flow::Go);
    for (line, expected) in [
        ("info lo", "info locals"),
        ("pri", "print"),
        ("p li", "line"),
        ("print points[0].", "x"),
        ("p 1 + file_ring[0].next->we", "weight"),
        ("p $glo", "$global"),
        ("break arr", "arrays"),
        ("break c-vari", "c-variables.c:"),
        ("break arrays if row", "rows"),
        ("list c-vari", "c-variables.c:"),
        ("set print el", "print elements"),
        ("ptype poi", "point"),
        ("help brea", "breakpoints"),
        ("set li", "line"),
    ] {
        let found = console.complete(line, line.len());
        let it = found.iter().find(|it| it.text == expected);
        let it = it.unwrap_or_else(|| panic!("{line}: {found:?}"));
        // What stands at the cursor is the beginning of it.
        assert!(expected.starts_with(&line[it.start..]), "{line}: {it:?}");
    }
    assert!(
        console
            .complete("p line[", 7)
            .iter()
            .any(|it| it.start == 7)
    );
    assert_eq!(console.wants_path("source x", 8), Some(7));
    assert_eq!(console.wants_path("print x", 7), None);
    for cursor in [0, 3, 99] {
        console.complete("p é", cursor);
    }
}

#[test]
fn an_empty_line_repeats_what_goes_on() {
    let mut console = console("c-div-zero.wasmtime", "c-div-zero");
    let mut out = String::new();
    console.execute("list 1", &mut out);
    assert_eq!(console.again(), Some("list"));
    console.execute("up", &mut out);
    assert_eq!(console.again(), Some("up"));
    console.execute("print 1", &mut out);
    assert_eq!(console.again(), None);
    console.execute("l", &mut out);
    assert_eq!(console.again(), Some("list"));
}

/// Whatever a person types, no command panics.
#[test]
fn no_line_does_harm() {
    const TAILS: &[&str] = &[
        "",
        " ",
        " 0",
        " -1",
        " 99999999999999999999",
        " é",
        " \"",
        " '",
        " --",
        " -- -",
        " -x",
        " if",
        " if x",
        " a.c:",
        " :0",
        " *0x",
        " *0xffffffffffffffff",
        " +1",
        " $",
        " line[",
        "/",
        "/99999999999999999999x x",
        "/x",
        " /x",
        " 1-2",
        " 0-4294967295",
        " ,",
        " 1,",
        " 5,1",
        "é",
    ];
    let mut console = console("c-div-zero.wasmtime", "c-div-zero");
    for command in commands() {
        for name in command.names {
            for tail in TAILS {
                let line = format!("{name}{tail}");
                let mut out = String::new();
                let flow = console.execute(&line, &mut out);
                console.complete(&line, line.len());
                console.wants_path(&line, line.len());
                console.cancel();
                assert!(
                    flow != Flow::Failed || out.contains("error: "),
                    "{line}: {out}"
                );
            }
        }
    }
}
