//! What can be at the cursor of a line.

use std::collections::BTreeSet;

use wdb_symbols::types::tagged;

use crate::console::{Completes, Console};
use crate::settings::SETTINGS;
use crate::{lookup, typed};
use wdb_examine::completions::{self, Kind};
use wdb_examine::places;

/// A text that can be where the cursor is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Completion {
    /// The byte of the line where the text begins: the text from there to the cursor is replaced.
    pub start: usize,
    /// The text.
    pub text: String,
    /// What it is, in a few words. May be empty.
    pub about: String,
}

/// At most this many are proposed.
const MOST: usize = 200;

impl Console {
    /// What can be at `cursor`, a byte of `line`, in the order of the alphabet. Files of the front end's machine are
    /// not among it: [`Console::wants_path`] says where they are wanted.
    pub fn complete(&mut self, line: &str, cursor: usize) -> Vec<Completion> {
        let before = &line[..line.floor_char_boundary(cursor)];
        if self.collecting.is_some() && "end".starts_with(before.trim()) {
            return vec![completion(0, "end", "ends the commands")];
        }
        let mut found: BTreeSet<Completion> = names(self, before);
        if let Ok((command, call)) = lookup::find(self.groups, before)
            && (call.rest.len() < before.trim_start().len())
            && (before.ends_with(char::is_whitespace) || !call.rest.is_empty())
        {
            let start = before.len() - call.rest.len();
            let start = if call.rest.is_empty() {
                before.len()
            } else {
                start
            };
            found.extend(self.arguments(command.completes, call.rest, start));
        }
        found.into_iter().take(MOST).collect()
    }

    /// Whether a file of the front end's machine can be at `cursor`, and where its name begins.
    pub fn wants_path(&self, line: &str, cursor: usize) -> Option<usize> {
        let before = &line[..line.floor_char_boundary(cursor)];
        let (command, call) = lookup::find(self.groups, before).ok()?;
        let begun = before.ends_with(char::is_whitespace) || !call.rest.is_empty();
        (command.completes == Completes::Path && begun).then(|| before.len() - call.rest.len())
    }

    fn arguments(&mut self, completes: Completes, rest: &str, start: usize) -> Vec<Completion> {
        match completes {
            Completes::Nothing | Completes::Path => Vec::new(),
            Completes::Command => {
                let groups = self.groups.iter().map(|it| (it.name, it.summary));
                let all = lookup::commands(self.groups)
                    .flat_map(|it| it.names.iter().map(|name| (*name, it.summary)));
                let begins = |it: &(&str, &str)| it.0.len() > 1 && it.0.starts_with(rest);
                let found = groups.chain(all).filter(begins);
                found
                    .map(|(name, about)| completion(start, name, about))
                    .collect()
            }
            Completes::Setting => {
                let mut found: Vec<Completion> = SETTINGS
                    .iter()
                    .filter(|it| it.name.starts_with(rest))
                    .map(|it| completion(start, it.name, it.summary))
                    .collect();
                found.extend(self.expression(rest, start));
                found
            }
            Completes::Breakpoint => {
                let (word, start) = last_word(rest, start);
                let all = self.session.breakpoints().iter();
                let ids = all.map(|it| (it.id.to_string(), it.text.clone()));
                let ids = ids.filter(|it| it.0.starts_with(word));
                ids.map(|(id, about)| completion(start, &id, &about))
                    .collect()
            }
            Completes::Display => {
                let (word, start) = last_word(rest, start);
                let all = self.session.displays.all.iter();
                let ids = all.map(|it| (it.id.to_string(), it.expression.text().to_owned()));
                let ids = ids.filter(|it| it.0.starts_with(word));
                ids.map(|(id, about)| completion(start, &id, &about))
                    .collect()
            }
            Completes::Place | Completes::Function => {
                // After `if` comes an expression.
                if let Some(at) = rest.find(" if ") {
                    let condition = at + 4;
                    return self.expression(&rest[condition..], start + condition);
                }
                let mut view = self.session.view();
                let found = places::completions(&mut view, rest, MOST);
                let is_file = |it: &String| it.ends_with(':');
                let wanted = |it: &String| completes == Completes::Place || !is_file(it);
                let found = found.into_iter().filter(wanted);
                found.map(|it| completion(start, &it, "")).collect()
            }
            Completes::Source => {
                let mut view = self.session.view();
                let modules = view.module_ids();
                let symbols: Vec<_> = modules.filter_map(|it| view.symbols(it)).collect();
                let files = symbols.iter().flat_map(|it| it.source_files());
                let files = files.filter(|it| it.contains(rest));
                files
                    .take(MOST)
                    .map(|it| completion(start, &it, ""))
                    .collect()
            }
            Completes::Type => {
                let names = typed::names(&mut self.session.view());
                // A type of C is found with its word and without it.
                let names = names.keys().filter_map(|name| {
                    let spellings = [&**name, tagged(name).1];
                    spellings.into_iter().find(|it| it.starts_with(rest))
                });
                let names: BTreeSet<&str> = names.collect();
                let mut found: Vec<Completion> = names
                    .into_iter()
                    .take(MOST)
                    .map(|it| completion(start, it, "type"))
                    .collect();
                found.extend(self.expression(rest, start));
                found
            }
            Completes::Expression => self.expression(rest, start),
        }
    }

    /// The names that can be at the end of an expression that begins at `start`.
    fn expression(&mut self, text: &str, start: usize) -> Vec<Completion> {
        let Ok((mut view, frame)) = self.here() else {
            return Vec::new();
        };
        let found = completions::completions(&mut view, frame, text, text.len());
        let found = found.into_iter().map(|proposal| {
            let about = match &proposal.kind {
                Kind::Variable => "variable",
                Kind::Static => "static",
                Kind::Machine => "the machine",
                Kind::Kept => "your own variable",
                Kind::Member(ty) => ty,
            };
            completion(start + proposal.start, &proposal.name, about)
        });
        found.collect()
    }
}

/// The names of commands that a line can begin with.
fn names(console: &Console, before: &str) -> BTreeSet<Completion> {
    let start = before.len() - before.trim_start().len();
    let typed = &before[start..];
    let mut found = BTreeSet::new();
    for command in lookup::commands(console.groups) {
        for name in command
            .names
            .iter()
            .filter(|it| it.len() > 1 && it.starts_with(typed))
        {
            found.insert(completion(start, name, command.summary));
        }
    }
    found
}

fn last_word(rest: &str, start: usize) -> (&str, usize) {
    let at = rest.rfind(char::is_whitespace).map_or(0, |it| it + 1);
    (&rest[at..], start + at)
}

fn completion(start: usize, text: &str, about: &str) -> Completion {
    Completion {
        start,
        text: text.to_owned(),
        about: about.to_owned(),
    }
}
