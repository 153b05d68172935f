//! Source text around a line, as plain data with the parts that a front end may colour.

mod syntax;

use std::collections::BTreeSet;
use std::ops::Range;

use wdb_debuggee::coredump::ModuleId;

use wdb_examine::places::Location;
use wdb_examine::view::View;

use crate::output::{Code, Style, Text};

pub use syntax::{Span, Syntax};

/// What a bare `list` goes on with.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) module: ModuleId,
    pub(super) file: String,
    /// The first line that was shown.
    pub(super) first: u32,
    /// The line after those that were shown.
    pub(super) next: u32,
}

/// Lines of a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The path of the file.
    pub file: String,
    /// The line of the first of [`Listing::lines`], from 1.
    pub first_line: u32,
    /// The lines, without what ends them.
    pub lines: Vec<Line>,
    /// Those of the lines that have a breakpoint.
    pub breakpoints: BTreeSet<u32>,
}

/// A line of a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its text, as it is in the file: not made safe for a terminal.
    pub text: String,
    /// What in it is more than names and signs, in order.
    pub spans: Vec<Span>,
}

impl Line {
    /// The text before the byte `end`, in pieces.
    pub fn styled(&self, end: usize) -> Text {
        let mut out = Text::default();
        let mut piece = |code, range: Range<usize>| {
            let range = range.start.min(end)..range.end.min(end);
            let text = self.text.get(range).unwrap_or_default();
            out.push(Style::Code(code), text);
        };
        let mut done = 0;
        for span in &self.spans {
            piece(Code::Other, done..span.range.start);
            piece(span.code, span.range.clone());
            done = span.range.end;
        }
        piece(Code::Other, done..self.text.len());
        out
    }
}

/// Why there is nothing to list: a sentence without its full stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unlisted(pub String);

/// The lines of a source file from `first_line` on, at most `count`. `module` is one that was made from it;
/// `breakpoints` are those of the program, in any file.
///
/// # Errors
///
/// When the file is not available, or has no such line.
pub fn lines(
    view: &mut View<'_>,
    module: ModuleId,
    file: &str,
    first_line: u32,
    count: u32,
    breakpoints: &[Location],
) -> Result<Listing, Unlisted> {
    let text = view.source(module, file).ok_or_else(|| {
        Unlisted(format!(
            "the source file {file} is not available; `directory DIR` says where sources are"
        ))
    })?;
    let line_count = u32::try_from(text.lines().count()).unwrap_or(u32::MAX);
    let first_line = first_line.max(1);
    if first_line > line_count {
        return Err(Unlisted(format!("{file} ends at line {line_count}")));
    }
    let last_line = first_line
        .saturating_add(count.saturating_sub(1))
        .min(line_count);
    let (skip, take) = (
        first_line as usize - 1,
        (last_line - first_line) as usize + 1,
    );
    let spans = syntax::spans(&text, Syntax::of(file), skip + take);
    let lines = text.lines().zip(spans).skip(skip).take(take);
    let on_line = breakpoints
        .iter()
        .filter(|it| it.file.as_deref() == Some(file));
    Ok(Listing {
        file: file.to_owned(),
        first_line,
        lines: lines
            .map(|(text, spans)| Line {
                text: text.to_owned(),
                spans,
            })
            .collect(),
        breakpoints: on_line
            .filter_map(|it| it.line)
            .filter(|it| (first_line..=last_line).contains(it))
            .collect(),
    })
}
