//! What every Rust file has and has not.

use super::{Finding, Tree};

/// A file longer than this has more than one idea.
const MAX_LINES: usize = 800;

/// Macros for work in progress. Clippy knows some of them, where it compiles the code.
const LEFTOVERS: [&str; 3] = ["todo", "unimplemented", "dbg"];

/// The crates that may touch the world. The others ask their caller, so that they can be fuzzed, and
/// compiled to WebAssembly.
const EDGE: [&str; 2] = ["crates/cli/", "crates/live/"];

/// The crates that write to a terminal.
const WRITERS: [&str; 2] = ["crates/cli/src/", "crates/terminal/src/"];

/// The files of these through which everything goes that is written, and is made safe for a terminal there: names of
/// modules and files are other people's.
const DOORS: [&str; 9] = [
    // What the guest writes, as it is.
    "crates/cli/src/commands/debug.rs",
    "crates/cli/src/commands/run/tail.rs",
    // Gives standard output to the `Screen`.
    "crates/cli/src/debugger.rs",
    "crates/cli/src/terminal.rs",
    "crates/terminal/src/ctrl_c.rs",
    "crates/terminal/src/last_words.rs",
    "crates/terminal/src/progress.rs",
    "crates/terminal/src/repl/lines.rs",
    "crates/terminal/src/tui/terminal.rs",
];

const WORLD: [&str; 3] = ["std::fs", "std::net", "std::env"];

pub(super) fn openings(tree: &Tree) -> Vec<Finding> {
    let files = tree.ending(".rs");
    files
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| {
            Finding::new(
                path,
                1,
                "open with a `//!` line that says what the file is for",
            )
        })
        .collect()
}

pub(super) fn lengths(tree: &Tree) -> Vec<Finding> {
    let files = tree
        .ending(".rs")
        .map(|(path, text)| (path, text.lines().count()));
    files
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(path, lines)| {
            Finding::new(
                path,
                MAX_LINES + 1,
                format!("{lines} lines, more than {MAX_LINES}: split it"),
            )
        })
        .collect()
}

pub(super) fn leftovers(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.ending(".rs") {
        for (number, line) in (1..).zip(text.lines()) {
            let code = line.trim_start();
            if code.starts_with("//") {
                continue;
            }
            if code.starts_with("#[") && code.get(2..).is_some_and(|it| it.starts_with("ignore")) {
                findings.push(Finding::new(
                    path,
                    number,
                    "an ignored test tests nothing: assert what holds today, or delete it",
                ));
            }
            for name in LEFTOVERS {
                if calls(code, name) {
                    findings.push(Finding::new(path, number, format!("a leftover `{name}!`")));
                }
            }
        }
    }
    findings
}

/// Input and output below the edge.
pub(super) fn world(tree: &Tree) -> Vec<Finding> {
    let sources = tree.ending(".rs").filter(|(path, _)| {
        path.starts_with("crates/")
            && path.contains("/src/")
            // A module of unit tests reads fixtures.
            && !path.ends_with("/tests.rs")
            && !EDGE.iter().any(|it| path.starts_with(it))
    });
    let mut findings = Vec::new();
    for (path, text) in sources {
        for (number, line) in (1..).zip(text.lines()) {
            let code = line.split("//").next().unwrap_or(line);
            if let Some(module) = WORLD.iter().find(|it| code.contains(**it)) {
                let message = format!("`{module}` below the edge: ask the caller instead");
                findings.push(Finding::new(path, number, message));
            }
        }
    }
    findings
}

/// What is written beside the doors.
pub(super) fn doors(tree: &Tree) -> Vec<Finding> {
    let sources = tree
        .ending(".rs")
        .filter(|(path, _)| WRITERS.iter().any(|it| path.starts_with(it)));
    let mut findings = Vec::new();
    for (path, text) in sources {
        for (number, line) in (1..).zip(text.lines()) {
            let code = line.split("//").next().unwrap_or(line);
            let prints = ["print", "println", "eprint", "eprintln"];
            let streams = ["io::stdout()", "io::stderr()"];
            let writes = streams.iter().any(|stream| {
                let mut uses = code.match_indices(stream);
                uses.any(|(at, _)| !code[at + stream.len()..].starts_with(".is_terminal()"))
            });
            if prints.iter().any(|name| calls(code, name)) || writes && !DOORS.contains(&path) {
                let message = "writes to the terminal by itself: names in it are made safe at the doors, such as crates/cli/src/terminal.rs";
                findings.push(Finding::new(path, number, message));
            }
        }
    }
    findings
}

/// Whether a macro of this name is used in the line.
fn calls(code: &str, name: &str) -> bool {
    let call = format!("{name}!");
    code.match_indices(&call).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + call.len()..].trim_start().chars().next();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
            && matches!(after, Some('(' | '[' | '{'))
    })
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::*;

    #[test]
    fn a_file_that_does_not_say_what_it_is_for() {
        let files = [
            ("a.rs", "//! Says it.\n"),
            ("b.rs", "// No.\n"),
            ("c.rs", ""),
            ("d.c", "int x;"),
        ];
        assert_eq!(
            found(openings, &files),
            [
                "b.rs:1: open with a `//!` line that says what the file is for",
                "c.rs:1: open with a `//!` line that says what the file is for",
            ]
        );
    }

    #[test]
    fn a_long_file() {
        let long = "\n".repeat(801);
        assert_eq!(
            found(lengths, &[("long.rs", &long), ("fits.rs", &long[1..])]),
            ["long.rs:801: 801 lines, more than 800: split it"]
        );
    }

    #[test]
    fn files_below_the_edge() {
        let code = "// std::fs\nuse std::fs;\nlet x = std::env::var(\"X\");\n";
        let files = [
            "crates/symbols/src/a.rs",
            "crates/symbols/tests/a.rs",
            "crates/cli/src/a.rs",
        ];
        assert_eq!(
            found(world, &files.map(|path| (path, code))),
            [
                "crates/symbols/src/a.rs:2: `std::fs` below the edge: ask the caller instead",
                "crates/symbols/src/a.rs:3: `std::env` below the edge: ask the caller instead",
            ]
        );
    }

    #[test]
    fn what_is_written_beside_the_doors() {
        let code = "println!();\nlet out = io::stdout();\nio::stderr().is_terminal();\nsprint!()\n";
        let files = [
            "crates/cli/src/a.rs",
            "crates/cli/src/terminal.rs",
            "crates/cli/tests/a.rs",
            "crates/symbols/src/a.rs",
        ];
        let found = found(doors, &files.map(|path| (path, code)));
        let places: Vec<&str> = found
            .iter()
            .filter_map(|it| it.split(": ").next())
            .collect();
        assert_eq!(
            places,
            [
                "crates/cli/src/a.rs:1",
                "crates/cli/src/a.rs:2",
                "crates/cli/src/terminal.rs:1",
            ]
        );
    }

    #[test]
    fn work_in_progress() {
        // In two parts, or this file had them itself.
        let code = [
            "    let x = to",
            "do!(\"later\");\n// to",
            "do!()\nmy_db",
            "g!(x); db",
            "g! { x }\n",
        ]
        .concat();
        assert_eq!(
            found(leftovers, &[("a.rs", &code)]),
            ["a.rs:1: a leftover `todo!`", "a.rs:3: a leftover `dbg!`"]
        );
        let test = ["    #", "[ignore = \"slow\"]\n    #", "[ignore]\n"].concat();
        assert_eq!(found(leftovers, &[("a.rs", &test)]).len(), 2);
    }
}
