//! Commands about what the program is given when it is started: `set args`, `set environment`, `tty`.

use std::path::PathBuf;

use wdb_symbols::printable;

use crate::call::{Call, first_word};
use crate::console::{Console, Flow};
use crate::failure::Failure;
use crate::output::{Output, Style};

pub(super) fn set_arguments(
    console: &mut Console,
    call: &Call<'_>,
    _: &mut dyn Output,
) -> Result<Flow, Failure> {
    arguments(console, call.rest)?;
    Ok(Flow::Go)
}

/// Gives the program other arguments, from its next start on.
pub(super) fn arguments(console: &mut Console, text: &str) -> Result<(), Failure> {
    console.session.given_mut()?.arguments = split(text)?;
    Ok(())
}

pub(super) fn show_arguments(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    call.none()?;
    let given = console.session.given_mut()?;
    let shown: Vec<String> = given.arguments.iter().map(|it| quoted(it)).collect();
    out.line(&if shown.is_empty() {
        "the program is given no arguments".to_owned()
    } else {
        shown.join(" ")
    });
    Ok(Flow::Go)
}

pub(super) fn set_environment(
    console: &mut Console,
    call: &Call<'_>,
    _: &mut dyn Output,
) -> Result<Flow, Failure> {
    let text = call.required("a name and a value: `set environment LANG=C`")?;
    // gdb writes a space between them, too.
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name.trim(), value.trim()),
        None => first_word(text).unwrap_or_default(),
    };
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err(Failure(format!(
            "`{name}` cannot be the name of a variable"
        )));
    }
    let mut words = split(value)?;
    let value = match words.len() {
        0 | 1 => words.pop().unwrap_or_default(),
        _ => value.to_owned(),
    };
    console.session.given_mut()?.set_variable(name, &value);
    Ok(Flow::Go)
}

pub(super) fn unset_environment(
    console: &mut Console,
    call: &Call<'_>,
    _: &mut dyn Output,
) -> Result<Flow, Failure> {
    let given = console.session.given_mut()?;
    if call.rest.is_empty() {
        given.environment.clear();
    }
    for name in call.words() {
        if !given.unset_variable(name) {
            return Err(Failure(format!(
                "the program's environment has no `{name}`; `show environment` lists it"
            )));
        }
    }
    Ok(Flow::Go)
}

pub(super) fn show_environment(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let given = console.session.given_mut()?;
    let wanted = |it: &&(String, String)| call.rest.is_empty() || it.0 == call.rest;
    let shown: Vec<_> = given.environment.iter().filter(wanted).collect();
    if shown.is_empty() {
        out.line(&match call.rest {
            "" => "the program is given no environment".to_owned(),
            name => format!("the program's environment has no `{}`", printable(name)),
        });
    }
    for (name, value) in shown {
        out.write(Style::Name, &printable(name));
        out.line(&format!("={}", printable(value)));
    }
    Ok(Flow::Go)
}

pub(super) fn set_terminal(
    console: &mut Console,
    call: &Call<'_>,
    _: &mut dyn Output,
) -> Result<Flow, Failure> {
    let path = first_word(call.rest).map(|it| PathBuf::from(it.0));
    console.session.given_mut()?.terminal = path;
    Ok(Flow::Go)
}

pub(super) fn show_terminal(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    call.none()?;
    match &console.session.given_mut()?.terminal {
        Some(path) => out.line(&printable(&path.to_string_lossy())),
        None => out.line("the program has no terminal of its own"),
    }
    Ok(Flow::Go)
}

/// The words of a line as a shell has them: quotes keep words together, a backslash takes the next character as it is.
///
/// Not the crate `shell-words`: it drops what follows a `#`, keeps a backslash at the end and before `$`, and does not
/// say where a `<` is that is not in quotes.
fn split(line: &str) -> Result<Vec<String>, Failure> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), _) if q == c => quote = None,
            (Some('"'), '\\') if matches!(chars.peek(), Some('"' | '\\')) => {
                word.get_or_insert_default().extend(chars.next());
            }
            (None, '\\') => match chars.next() {
                Some(next) => word.get_or_insert_default().push(next),
                None => return Err("the line ends after a `\\`".into()),
            },
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, _) if c.is_whitespace() => words.extend(word.take()),
            (None, '<' | '>' | '|') => {
                return Err(Failure(format!(
                    "there is no shell, and so no `{c}`; in quotes it is an argument, and --stdin, --stdout and --stderr are given when wdb is started"
                )));
            }
            _ => word.get_or_insert_default().push(c),
        }
    }
    if let Some(quote) = quote {
        return Err(Failure(format!("a {quote} has no counterpart")));
    }
    words.extend(word);
    Ok(words)
}

/// A word as [`split`] reads it, safe for a terminal.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_=+./:,@%^~".contains(c);
    let shown = printable(word);
    if !word.is_empty() && word.chars().all(is_plain) {
        shown.into_owned()
    } else if !word.contains('\'') {
        format!("'{shown}'")
    } else {
        format!("\"{}\"", shown.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        for (line, words) in [
            ("", &[][..]),
            ("  a  b ", &["a", "b"]),
            ("'a b' \"c d\"", &["a b", "c d"]),
            ("a'b c'd", &["ab cd"]),
            ("''", &[""]),
            ("\"a\\\"b\\n\" 'c\\d'", &["a\"b\\n", "c\\d"]),
            ("a\\ b \\\\", &["a b", "\\"]),
            ("'<' --x=1", &["<", "--x=1"]),
        ] {
            let found = split(line).unwrap();
            assert_eq!(found, words, "{line}");
            let again: Vec<String> = found.iter().map(|it| quoted(it)).collect();
            assert_eq!(split(&again.join(" ")).unwrap(), words, "{line}");
        }
        for line in ["'a", "a\"", "a\\", "a < b", "a >b"] {
            assert!(split(line).is_err(), "{line}");
        }
    }
}
