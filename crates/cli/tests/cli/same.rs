//! Commands that need no execution print the same of a program that stands still and of the dump of that stop.

use std::fs;

use libtest_mimic::Failed;

/// A fixture, where it is stopped, and an expression that its frame knows.
pub(crate) type Guest = (&'static str, &'static [&'static str], &'static str);

pub(crate) const GUESTS: &[Guest] = &[
    // The listing marks breakpoints, of which a dump has none.
    (
        "c-variables.wasm",
        &["break main", "run", "delete"],
        "global_count",
    ),
    ("c-variables.wasm", &["run"], "amount"),
    ("cpp-library.wasm", &["run"], "1"),
    ("rust-collections.wasm", &["run"], "1"),
    ("rust-index-panic.wasm", &["run"], "1"),
    ("wat-state.wasm", &["run"], "$pc"),
];

/// Everything that looks.
const COMMANDS: &[&str] = &[
    "backtrace",
    "backtrace full",
    "info locals",
    "info args",
    "info frame",
    "info line",
    "info source",
    "info sources",
    "info functions main",
    "info statics",
    "info modules",
    "info instances",
    "info memories",
    "info globals",
    "info tables",
    "info threads",
    "list",
    "disassemble",
    "x/8xw 1024",
    "x/2i $pc",
    "x/s 1024",
    "up",
    "info locals",
    "print $frame",
    "down",
    "frame 1",
    "frame variable",
];

/// Marks where the answers begin.
const MARK: &str = "---- begin";

pub(crate) fn compare(guest: &Guest) -> Result<(), Failed> {
    let (name, way, expression) = guest;
    let directory = tempfile::tempdir()?;
    let mut script = format!("echo {MARK}\\n\n");
    for command in COMMANDS {
        script.push_str(command);
        script.push('\n');
    }
    for command in ["print", "ptype", "whatis", "output"] {
        script.push_str(&format!("{command} {expression}\n"));
    }
    fs::write(directory.path().join("look.wdb"), &script)?;
    let mut arrive: String = way.iter().map(|it| format!("{it}\n")).collect();
    arrive.push_str("dump core x.core\n");
    let arrive = arrive + &script;
    let live = super::run_with(
        &format!("wdb debug --sources %s/ %f/{name} <<"),
        directory.path(),
        &arrive,
    )?;
    let dump = super::run_with(
        "wdb core --sources %s/ x.core <<",
        directory.path(),
        &script,
    )?;
    let (live, dump) = (answers(&live.stdout), answers(&dump.stdout));
    if live.is_empty() || live != dump {
        return Err(super::difference(&live, &dump).into());
    }
    Ok(())
}

fn answers(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let lines = text.lines().skip_while(|line| *line != MARK);
    lines.collect::<Vec<_>>().join("\n")
}
