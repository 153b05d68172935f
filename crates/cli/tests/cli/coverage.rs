//! Every command of the debugger, by each of its names, is executed in a transcript of `tests/cli/debug`.

use std::collections::BTreeSet;
use std::fs;

use libtest_mimic::Failed;
use wdb_console::{commands, find};

/// What needs a terminal; the tests at a pseudo-terminal execute it.
const ON_A_TERMINAL: &[&str] = &["tui", "tui enable", "gui", "tui disable"];

/// What a transcript shows before a line that was executed, also in the commands of a breakpoint.
const PROMPT: &str = "> (wdb) ";

pub(crate) fn check() -> Result<(), Failed> {
    let mut executed = BTreeSet::from_iter(ON_A_TERMINAL.iter().copied());
    for entry in fs::read_dir(super::root().join("tests/cli/debug"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "test") {
            executed.extend(names(&fs::read_to_string(path)?));
        }
    }
    let all = commands().flat_map(|it| it.names.iter().copied());
    let missing: Vec<&str> = all.filter(|name| !executed.contains(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "no transcript of tests/cli/debug executes, without an error: {}",
        missing.join(", ")
    )
    .into())
}

/// The names of the commands that a transcript executes without an error, where they are written in full.
fn names(transcript: &str) -> Vec<&'static str> {
    let lines: Vec<&str> = transcript.lines().collect();
    let executed = lines.iter().enumerate().filter_map(|(at, line)| {
        let typed = line.strip_prefix(PROMPT)?.trim();
        let answer = lines.get(at + 1).copied().unwrap_or_default();
        (!typed.is_empty() && !answer.starts_with("> error: ")).then_some(typed)
    });
    executed
        .filter_map(|typed| {
            find(typed)
                .map(|(_, call)| call.name)
                .filter(|name| typed.starts_with(name))
        })
        .collect()
}
