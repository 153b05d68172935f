//! Commands of the user's own: other names, and lines under a name.

use crate::call::first_word;

/// What a user-defined name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Own {
    /// The beginning of a line.
    Alias(String),
    /// Lines, in which `$arg0` and so on are the words after the name, `$argc` is their number and `$*` all of them.
    Lines(Vec<String>),
}

/// At most this many words become `$arg0`, `$arg1`, …
const MOST_ARGUMENTS: usize = 10;

impl Own {
    /// The lines to execute, with `rest` as what follows the name.
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

/// The first word of a line, as a name of the user's may be, and what follows it.
pub(super) fn split(line: &str) -> (&str, &str) {
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let end = line.find(|c| !is_part(c)).unwrap_or(line.len());
    line.split_at(end)
}
