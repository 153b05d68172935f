//! What can stand at the cursor of a line.

use super::{Console, commands};

/// A text that can stand where the cursor is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Completion {
    /// The byte of the line where the text begins: what stands from there to the cursor is replaced.
    pub start: usize,
    /// The text.
    pub text: String,
    /// What it is, in a few words. May be empty.
    pub about: String,
}

/// As many are proposed.
const MOST: usize = 200;

impl Console {
    /// What can stand at `cursor`, a byte of `line`, in the order of the alphabet.
    pub fn complete(&mut self, line: &str, cursor: usize) -> Vec<Completion> {
        let before = line.get(..cursor).unwrap_or(line);
        let start = before.len() - before.trim_start().len();
        let typed = &before[start..];
        let mut found: Vec<Completion> = Vec::new();
        for command in commands() {
            for name in command.names {
                if name.len() > 1 && name.starts_with(typed) {
                    found.push(Completion {
                        start,
                        text: (*name).to_owned(),
                        about: command.summary.to_owned(),
                    });
                }
            }
        }
        found.sort();
        found.truncate(MOST);
        found
    }
}
