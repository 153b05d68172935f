//! Commands of the user's own: other names, and lines under a name.

use wdb_symbols::printable;

use crate::call::Call;
use crate::call::first_word;
use crate::command::Failure;
use crate::console::{Collecting, Collects};
use crate::console::{Console, Flow};
use crate::lookup;
use crate::output::Output;

/// What a name of the user's stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Own {
    /// The beginning of a line.
    Alias(String),
    /// Lines, in which `$arg0` and so on are the words after the name, `$argc` is their number and `$*` all of them.
    Lines(Vec<String>),
}

/// As many words after a name have names.
const MOST_ARGUMENTS: usize = 10;

impl Own {
    /// The lines to execute where `rest` stands behind the name.
    pub(super) fn lines(&self, rest: &str) -> Vec<String> {
        match self {
            // A format belongs to the name, in place of that which it stands for: `px/d 12`.
            Own::Alias(target) if rest.starts_with('/') => {
                let command = target.split('/').next().unwrap_or_default();
                vec![format!("{command}{rest}")]
            }
            Own::Alias(target) => vec![format!("{target} {}", rest.trim())],
            Own::Lines(lines) => {
                let rest = rest.trim();
                let mut words = Vec::new();
                let mut left = rest;
                while let Some((word, after)) = first_word(left) {
                    words.push(word);
                    left = after;
                }
                let fill = |line: &String| {
                    let mut line = line.replace("$argc", &words.len().to_string());
                    for (number, word) in (0..MOST_ARGUMENTS).zip(&words) {
                        line = line.replace(&format!("$arg{number}"), word);
                    }
                    line.replace("$*", rest)
                };
                lines.iter().map(fill).collect()
            }
        }
    }
}

/// The first word of a line, as a name of the user's may be, and what stands behind it.
pub(super) fn split(line: &str) -> (&str, &str) {
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let end = line.find(|c| !is_part(c)).unwrap_or(line.len());
    line.split_at(end)
}

/// Gives a command another name.
pub(super) fn alias(
    console: &mut Console,
    call: &Call<'_>,
    _: &mut dyn Output,
) -> Result<Flow, Failure> {
    let (name, rest) = split(call.required("a name, and what it is to stand for")?);
    let target = rest.trim().trim_start_matches('=').trim();
    if target.is_empty() {
        return Err("it takes a name, and what it is to stand for: `alias nn = next 2`".into());
    }
    let name = free(name)?;
    if !console.own.contains_key(split(target).0) {
        lookup::find(target)?;
    }
    console.own.insert(name, Own::Alias(target.to_owned()));
    Ok(Flow::Go)
}

/// Takes the lines of a command of the user's own.
pub(super) fn define(
    console: &mut Console,
    call: &Call<'_>,
    _: &mut dyn Output,
) -> Result<Flow, Failure> {
    let (name, rest) = split(call.required("a name")?);
    if !rest.trim().is_empty() {
        return Err("it takes one word, and the commands on the lines after it".into());
    }
    console.collecting = Some(Collecting::new(Collects::Own(free(name)?)));
    Ok(Flow::NeedsMore)
}

/// Lists the commands of the user's own.
pub(super) fn show(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    call.none()?;
    if console.own.is_empty() {
        out.line("there are none; `define NAME` and `alias NAME = COMMAND` make one");
    }
    for (name, own) in &console.own {
        match own {
            Own::Alias(target) => out.line(&format!("{name} = {}", printable(target))),
            Own::Lines(lines) => {
                out.line(name);
                for line in lines {
                    out.line(&format!("  > {}", printable(line)));
                }
            }
        }
    }
    Ok(Flow::Go)
}

/// A name that no command has.
fn free(name: &str) -> Result<String, Failure> {
    if !name.starts_with(char::is_alphabetic) {
        return Err("the name of a command begins with a letter".into());
    }
    if lookup::is_taken(name) {
        return Err(Failure(format!(
            "`{name}` is a command already, and stays what it is"
        )));
    }
    Ok(name.to_owned())
}
