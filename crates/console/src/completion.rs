//! What can be at the cursor of a line.

use std::collections::BTreeSet;

use wdb_symbols::types::tagged;

use crate::console::{Completes, Console};
use crate::settings::SETTINGS;
use crate::{lookup, typed};
use wdb_examine::expression;
use wdb_examine::places;

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

/// At most this many are proposed.
const MOST: usize = 200;

impl Console {
    /// What can be at `cursor`, a byte of `line`, in the order of the alphabet. Files of the front end's machine are
    /// not among it: [`Console::wants_path`] says where they are wanted.
    pub fn complete(&mut self, line: &str, cursor: usize) -> Vec<Completion> {
        let before = line.get(..cursor).unwrap_or(line);
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
        let before = line.get(..cursor).unwrap_or(line);
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
                let mut stop = self.session.stop();
                let found = places::completions(&mut stop, rest, MOST);
                let is_file = |it: &String| it.ends_with(':');
                let wanted = |it: &String| completes == Completes::Place || !is_file(it);
                let found = found.into_iter().filter(wanted);
                found.map(|it| completion(start, &it, "")).collect()
            }
            Completes::Source => {
                let mut stop = self.session.stop();
                let modules = stop.module_ids();
                let symbols: Vec<_> = modules.filter_map(|it| stop.symbols(it)).collect();
                let files = symbols.iter().flat_map(|it| it.source_files());
                let files = files.filter(|it| it.contains(rest));
                files
                    .take(MOST)
                    .map(|it| completion(start, &it, ""))
                    .collect()
            }
            Completes::Type => {
                let names = typed::names(&mut self.session.stop());
                // A type of C is found with its word and without it.
                let names = names.keys().filter_map(|it| {
                    let spellings = [&**it, tagged(it).1];
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

    /// The names that can be at the end of an expression: variables, or members of what is before a dot.
    fn expression(&mut self, text: &str, start: usize) -> Vec<Completion> {
        let Ok((mut stop, frame)) = self.here() else {
            return Vec::new();
        };
        let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let word = text.trim_end_matches(is_name).len();
        let (before, typed) = text.split_at(word);
        let start = start + word;
        let object = ["->", "."]
            .iter()
            .find_map(|sign| before.strip_suffix(sign));
        let names: Vec<(String, String)> = match object {
            Some(object) => {
                let begin = operand(object);
                let parsed = expression::parse(&object[begin..]);
                let value = parsed.and_then(|it| expression::evaluate(&it, &mut stop, frame));
                value.map_or_else(
                    |_| Vec::new(),
                    |value| expression::members(&mut stop, &value),
                )
            }
            None => {
                let variables = stop.variables(frame);
                let own = variables.as_ref().and_then(|it| it.get(frame.inlined));
                let mut names: Vec<(String, String)> = own
                    .into_iter()
                    .flatten()
                    .map(|it| (it.name.to_string(), "variable".to_owned()))
                    .collect();
                if let Some((symbols, at)) = stop.symbols_at(frame) {
                    let statics = symbols.statics(at);
                    names.extend(
                        statics
                            .iter()
                            .map(|it| (it.name.to_string(), "static".to_owned())),
                    );
                }
                let machine = [
                    "$local", "$stack", "$global", "$memory", "$table", "$pc", "$frame",
                ];
                names.extend(machine.map(|it| (it.to_owned(), "the machine".to_owned())));
                let own = stop.keeping().names();
                names.extend(own.map(|it| (format!("${it}"), "your own variable".to_owned())));
                names
            }
        };
        let found = names
            .into_iter()
            .filter(|it| it.0.starts_with(typed) && !it.0.is_empty());
        found
            .map(|(name, about)| completion(start, &name, &about))
            .collect()
    }
}

/// Where the operand begins that ends a text: `a + b[1].c` ends with `b[1].c`.
fn operand(text: &str) -> usize {
    let mut depth = 0_i32;
    for (at, c) in text.char_indices().rev() {
        match c {
            ')' | ']' => depth += 1,
            '(' | '[' if depth == 0 => return at + 1,
            '(' | '[' => depth -= 1,
            _ if depth > 0 => {}
            c if c.is_alphanumeric() || "_$.:".contains(c) => {}
            '>' if text[..at].ends_with('-') => {}
            '-' if text[at..].starts_with("->") => {}
            c => return at + c.len_utf8(),
        }
    }
    0
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
