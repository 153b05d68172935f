//! The line editor: history, completion, hints, and lines that go on.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hinter, HistoryHinter};
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Helper};
use wdb_console::{Completes, Completion, Console, Style, commands, find};
use wdb_symbols::printable;

/// What came.
pub(super) enum Next {
    Line(String),
    /// One that was pasted with the one before, and is not behind a prompt.
    Pasted(String),
    /// A line was begun, and dropped with Ctrl-C.
    Dropped,
    End,
}

/// The lines that are remembered.
const REMEMBERED: usize = 10_000;

/// At most this many completions are listed without a question.
const LISTED: usize = 100;

/// A line editor, and the file of its history.
pub(super) struct Editor {
    inner: rustyline::Editor<Assistant, FileHistory>,
    history: Option<PathBuf>,
}

impl Editor {
    pub(super) fn new(
        console: Rc<RefCell<Console>>,
        colour: bool,
        history: Option<PathBuf>,
    ) -> io::Result<Self> {
        let config = Config::builder()
            .max_history_size(REMEMBERED)
            .and_then(|it| it.history_ignore_dups(true))
            .map_err(other)?
            .history_ignore_space(true)
            .completion_type(CompletionType::List)
            .completion_prompt_limit(LISTED)
            .build();
        let lines = FileHistory::with_config(&config);
        let mut inner = rustyline::Editor::with_history(config, lines).map_err(other)?;
        if let Some(path) = &history {
            // The first time there is none; and one that cannot be read is no reason not to debug.
            _ = inner.load_history(path);
        }
        inner.set_helper(Some(Assistant {
            console,
            colour,
            earlier: HistoryHinter::new(),
        }));
        Ok(Editor { inner, history })
    }

    pub(super) fn next(&mut self, prompt: &str) -> io::Result<Next> {
        match self.inner.readline(prompt) {
            Ok(line) => {
                self.remember(&line);
                Ok(Next::Line(line))
            }
            Err(ReadlineError::Interrupted) => Ok(Next::Dropped),
            Err(ReadlineError::Eof) => Ok(Next::End),
            Err(error) => Err(other(error)),
        }
    }

    /// The lines that are remembered, in the order of their time.
    pub(super) fn history(&self) -> Vec<String> {
        self.inner.history().iter().cloned().collect()
    }

    /// Remembers a line, at once in the file too: a session that is killed has its history, and two that run
    /// at the same time have both.
    pub(super) fn remember(&mut self, line: &str) {
        let new = self.inner.add_history_entry(line).unwrap_or(false);
        if let Some(path) = self.history.as_ref().filter(|_| new)
            && self.inner.append_history(path).is_err()
        {
            // A directory that cannot be written to stays so.
            self.history = None;
        }
    }
}

fn other(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::Io(error) => error,
        error => io::Error::other(error),
    }
}

/// What helps while a line is typed.
struct Assistant {
    console: Rc<RefCell<Console>>,
    colour: bool,
    earlier: HistoryHinter,
}

impl Helper for Assistant {}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let found = complete(&self.console, line, cursor)?;
        let start = found.first().map_or(cursor, |it| it.start);
        let pairs = found.into_iter().map(|proposal| Pair {
            display: proposal.text.clone(),
            replacement: proposal.text,
        });
        Ok((start, pairs.collect()))
    }
}

/// What can be at `cursor`, paths of files included.
///
/// # Errors
///
/// When a directory cannot be read.
pub(crate) fn complete(
    console: &RefCell<Console>,
    line: &str,
    cursor: usize,
) -> rustyline::Result<Vec<Completion>> {
    if console.borrow().wants_path(line, cursor).is_some() {
        let (start, found) = FilenameCompleter::new().complete_path(line, cursor)?;
        let found = found.into_iter().map(|path| Completion {
            start,
            text: path.replacement,
            about: String::new(),
        });
        return Ok(found.filter(is_typed).collect());
    }
    let mut found = console.borrow_mut().complete(line, cursor);
    found.retain(is_typed);
    Ok(found)
}

/// Whether it can be shown and typed: a name with control characters in it can not.
fn is_typed(completion: &Completion) -> bool {
    matches!(printable(&completion.text), Cow::Borrowed(_))
}

impl Hinter for Assistant {
    type Hint = String;

    /// What the command wants, or how the line went on the last time.
    fn hint(&self, line: &str, cursor: usize, context: &Context<'_>) -> Option<String> {
        if cursor < line.len() || line.trim().is_empty() {
            return None;
        }
        if let Some(name) = line.strip_suffix(' ')
            && let Some(command) = commands().find(|it| it.names.contains(&name.trim_start()))
            && !command.arguments.is_empty()
        {
            return Some(command.arguments.to_owned());
        }
        self.earlier.hint(line, cursor, context)
    }
}

impl Highlighter for Assistant {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(
        &'s self,
        prompt: &'p str,
        _default: bool,
    ) -> Cow<'b, str> {
        if self.colour {
            Style::Title.paint(prompt).into()
        } else {
            prompt.into()
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.colour {
            Style::Dim.paint(hint).into()
        } else {
            // It could not be distinguished from what was typed.
            "".into()
        }
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let commands = commands_of(context.input());
        Ok(if commands.last().is_some_and(|it| is_unfinished(it)) {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Valid(None)
        })
    }
}

/// The commands of what was entered: several when several lines were pasted, each with the lines that it goes on in.
pub(super) fn commands_of(entered: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in entered.lines() {
        match all.last_mut().filter(|_| goes_on) {
            Some(last) => {
                if last.ends_with('\\') {
                    last.pop();
                }
                last.push(' ');
                last.push_str(line);
            }
            None => all.push(line.to_owned()),
        }
        goes_on = all.last().is_some_and(|last| is_unfinished(last));
    }
    all
}

/// Whether a line goes on in the next: after a backslash, and where an expression has open brackets or an open text.
fn is_unfinished(line: &str) -> bool {
    let is_expression = find(line).is_some_and(|it| it.0.completes == Completes::Expression);
    line.ends_with('\\') || is_expression && is_open(line)
}

/// Whether brackets or a text in double quotes are open at the end. Single quotes are lifetimes too and do not
/// count, unless there is a whole character.
fn is_open(line: &str) -> bool {
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => _ = rest.next(),
            '"' => in_text = !in_text,
            _ if in_text => {}
            '\'' => {
                let after = rest.as_str();
                let whole = after.char_indices().nth(1).filter(|(_, it)| *it == '\'');
                if let Some((at, _)) = whole {
                    rest = after[at + 1..].chars();
                }
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    in_text || depth > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_go_on_and_lines_that_were_pasted() {
        let entered = "break main\nprint (1 +\n2)\necho a\\\nb\nrun";
        let commands = ["break main", "print (1 + 2)", "echo a b", "run"];
        assert_eq!(commands_of(entered), commands);
    }

    #[test]
    fn what_is_open() {
        for open in ["print f(1", "print a[\"x", "print {a: (1)", "print '(' + ("] {
            assert!(is_open(open), "{open}");
        }
        for closed in [
            "print f(1)",
            "print \"(\"",
            "print '('",
            "print *(&'a str)p",
            "print )",
        ] {
            assert!(!is_open(closed), "{closed}");
        }
    }
}
