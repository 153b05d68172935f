//! What a Rust guest printed of its variables with `{:?}`, compared with what wdb shows of them in the
//! dump.

use std::fmt::Write as _;
use std::process::Command;

use libtest_mimic::Failed;
use serde_json::Value;

use super::fixtures;

/// What wdb writes in another way than `Debug`, and why.
const DIFFERENT: &[(&str, &str, &str)] = &[
    ("cell", "-5", CELL),
    ("ref_cell", r#""inside""#, CELL),
    ("once", "77", CELL),
    ("once_empty", "(not initialised)", CELL),
    ("shared_cells", "[[1], []]", CELL),
];

const CELL: &str = "a cell is shown as what is in it";

/// Compares each line `NAME = VALUE` of the guest's output.
pub(super) fn compare(guest: &str) -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let core = directory.path().join("core");
    let run = Command::new(env!("CARGO_BIN_EXE_wdb"))
        .arg("run")
        .arg("--core")
        .args([&core, &fixtures().join(format!("{guest}.wasm"))])
        .output()?;
    let printed = String::from_utf8(run.stdout)?;
    let lines: Vec<(&str, &str)> = printed
        .lines()
        .filter_map(|it| it.split_once(" = "))
        .collect();
    if lines.is_empty() {
        return Err(format!("{guest} printed nothing").into());
    }
    let report = |expressions: &[String]| -> Result<Value, Failed> {
        let mut report = Command::new(env!("CARGO_BIN_EXE_wdb"));
        report.args(["report", "--json"]).arg(&core);
        for expression in expressions {
            report.args(["--eval", expression]);
        }
        let output = report.output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    };
    // Which frame has which variable; no name is in two.
    let frames = report(&[])?["threads"][0]["frames"].take();
    let expressions = lines.iter().map(|(name, _)| {
        let frame = frames.as_array().unwrap().iter().find(|frame| {
            let mut variables = frame["variables"].as_array().into_iter().flatten();
            variables.any(|it| it["name"] == *name)
        });
        let frame = frame.ok_or_else(|| format!("no frame has `{name}`"))?;
        Ok(format!("$frame[{}].{name}", frame["index"]))
    });
    let shown = report(&expressions.collect::<Result<Vec<_>, String>>()?)?;
    let mut differences = String::new();
    for ((name, truth), shown) in lines.iter().zip(shown["evaluations"].as_array().unwrap()) {
        let value = shown["value"].as_str().unwrap_or("no value");
        let expected = DIFFERENT.iter().find(|it| it.0 == *name);
        let expected = expected.map_or_else(|| normal(truth), |it| it.1.to_owned());
        if normal(value) != expected {
            writeln!(
                differences,
                "{name}: the guest printed\n  {truth}\nwdb shows\n  {value}"
            )?;
        }
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(differences.into())
}

/// The text with the entries of maps and sets sorted: those of hash tables have no order.
fn normal(text: &str) -> String {
    let (normal, rest) = items(text, None);
    assert_eq!(rest, "", "unbalanced: {text}");
    normal
}

/// The items up to the closing bracket, and what is after it.
fn items(mut text: &str, close: Option<char>) -> (String, &str) {
    let mut items = vec![String::new()];
    while let Some(c) = text.chars().next() {
        let rest = &text[c.len_utf8()..];
        let item = items.last_mut().unwrap();
        text = match c {
            '"' | '\'' => {
                let end = quoted(rest, c);
                item.push_str(&text[..c.len_utf8() + end]);
                &rest[end..]
            }
            '[' | '(' | '{' => {
                let close = match c {
                    '[' => ']',
                    '(' => ')',
                    _ => '}',
                };
                // A structure has a name before its brace, and its fields have an order.
                let named = item
                    .trim_end()
                    .ends_with(|c: char| c.is_alphanumeric() || c == '>');
                let (inner, rest) = self::items(rest, Some(close));
                let inner = if c == '{' && !named {
                    sorted(&inner)
                } else {
                    inner.replace('\u{1}', ", ")
                };
                write!(item, "{c}{}{close}", inner.trim()).unwrap();
                rest
            }
            ',' => {
                items.push(String::new());
                rest
            }
            c if Some(c) == close => {
                let joined = items
                    .iter()
                    .map(|it| it.trim())
                    .collect::<Vec<_>>()
                    .join("\u{1}");
                return (joined, rest);
            }
            c => {
                item.push(c);
                rest
            }
        };
    }
    (
        items
            .iter()
            .map(|it| it.trim())
            .collect::<Vec<_>>()
            .join(", "),
        text,
    )
}

fn sorted(items: &str) -> String {
    let mut items: Vec<&str> = items.split('\u{1}').filter(|it| !it.is_empty()).collect();
    items.sort_unstable();
    items.join(", ")
}

/// The length of a literal's rest, its closing quote included.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}
