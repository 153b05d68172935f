//! The commands of the debugger over core dumps: each file of `tests/commands` is a transcript, which begins with
//! the dump and the module that it is of. `BLESS=1` writes what is so into it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use support::{Fixtures, dump, modules};
use wdb_session::Session;
use wdb_session::command::{Console, Flow, commands, reference};

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
