//! What there is to see of a program that is stopped: plain data, made next to the program and drawn
//! elsewhere.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use unicode_width::UnicodeWidthStr;
use wdb_console::Style;
use wdb_debuggee::coredump::ModuleId;
use wdb_examine::disassembly::Instruction;
use wdb_examine::frames::Entry;
use wdb_examine::places::{Location, Spec};
use wdb_examine::values::{Named, Shown};
use wdb_examine::view::FrameId;
use wdb_session::breakpoints::Breakpoints;

/// How many columns more than a character a tab has.
const TAB_WIDTH: usize = 4;

/// A piece of text with its meaning.
pub(super) type Piece = (Style, String);

/// A program that is stopped.
#[derive(Clone, Debug, Default)]
pub(super) struct Scene {
    /// How many times the program had been let run when this was seen: by it one stop differs from the next.
    pub(super) run: u64,
    /// Its state, in a few words: `stopped`, `core dump`, `exited with 0`.
    pub(super) condition: String,
    /// Whether it has ended or crashed, and can be run anew.
    pub(super) over: bool,
    /// The selected thread. Empty where there is only one.
    pub(super) thread: String,
    /// Where the selected frame is: `main.c:12 in sum`. May be empty.
    pub(super) place: String,
    /// What only the selected frame has while it lives. Empty without one.
    pub(super) frame: String,
    /// The selected frame.
    pub(super) selected: Option<FrameId>,
    /// The code around the selected frame.
    pub(super) code: Code,
    /// The values of the expressions that are displayed at each stop.
    pub(super) displays: Vec<Value>,
    /// The variables of the selected frame.
    pub(super) variables: Vec<Value>,
    /// The frames of the selected thread, innermost first. Where not all are listed, the rest is omitted at the end.
    pub(super) stack: Vec<Entry>,
    /// What the user set.
    pub(super) breakpoints: Breakpoints,
}

/// A piece of the program's code, and where the program is in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Code {
    /// What it is: the path of the file, the name of the function.
    pub(super) title: String,
    /// Its rows.
    pub(super) rows: Rows,
    /// The row where the selected frame is.
    pub(super) current: Option<usize>,
    /// The row to show if it is in none.
    pub(super) start: usize,
    /// The rows that have breakpoints, with their numbers.
    pub(super) marks: BTreeMap<usize, BTreeSet<u32>>,
}

/// A value, with those of its parts that were asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value {
    /// What only it has: the names from its variable down to it.
    pub(super) path: String,
    /// The name of the variable, member or element.
    pub(super) name: String,
    /// Its type, its text and how many parts it has.
    pub(super) shown: Shown,
    /// The first of the parts, as far as they were asked for.
    pub(super) parts: Vec<Value>,
    /// What gives its parts, until the program runs. `None`: it has none.
    pub(super) handle: Option<Box<Named>>,
}

/// The rows of a piece of code.
#[derive(Clone, Debug)]
pub(super) enum Rows {
    /// Nothing, and why: a sentence.
    None(String),
    /// The lines of a source file, the first is line 1.
    Source {
        /// The file, as `break` knows it.
        file: String,
        /// The lines.
        lines: Arc<[Vec<Piece>]>,
    },
    /// Instructions of a function, in order.
    Instructions {
        /// The module that they are in.
        module: ModuleId,
        /// Its name, as `break` needs it where there are several.
        name: Option<String>,
        /// They.
        lines: Arc<[Instruction]>,
    },
}

impl Default for Rows {
    fn default() -> Self {
        Rows::None(String::new())
    }
}

impl Rows {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Rows::None(_) => 0,
            Rows::Source { lines, .. } => lines.len(),
            Rows::Instructions { lines, .. } => lines.len(),
        }
    }

    /// What a row begins with, in at least `digits` columns, and its text.
    pub(super) fn row(&self, row: usize, digits: usize) -> Option<(String, Cow<'_, [Piece]>)> {
        match self {
            Rows::None(_) => None,
            Rows::Source { lines, .. } => {
                Some((format!("{:>digits$}", row + 1), lines.get(row)?.into()))
            }
            Rows::Instructions { lines, .. } => {
                let line = lines.get(row)?;
                Some((line.at.to_string(), instruction(line).into()))
            }
        }
    }

    /// The columns of the longest.
    pub(super) fn width(&self) -> usize {
        let rows = (0..self.len()).filter_map(|row| Some(self.row(row, 0)?.1));
        let width = |(_, text): &Piece| text.width() + text.matches('\t').count() * TAB_WIDTH;
        let widths = rows.map(|row| row.iter().map(width).sum());
        widths.max().unwrap_or(0)
    }

    /// The row that a place is in.
    pub(super) fn row_of(&self, place: &Location) -> Option<usize> {
        match self {
            Rows::Source { file, .. } if place.file.as_ref() == Some(file) => {
                (place.line? as usize).checked_sub(1)
            }
            Rows::Instructions { module, lines, .. } if place.at.module == *module => lines
                .binary_search_by_key(&place.at.offset, |it| it.at)
                .ok(),
            _ => None,
        }
    }

    /// Where a breakpoint of a row belongs.
    pub(super) fn place(&self, row: usize) -> Option<Spec> {
        match self {
            Rows::None(_) => None,
            Rows::Source { file, lines } => Some(Spec::Line {
                file: Some(file.clone()),
                line: u32::try_from(row).ok().filter(|_| row < lines.len())? + 1,
                column: None,
            }),
            Rows::Instructions { name, lines, .. } => Some(Spec::Address {
                module: name.clone(),
                offset: lines.get(row)?.at,
            }),
        }
    }
}

fn instruction(line: &Instruction) -> Vec<Piece> {
    let indent = "  ".repeat(line.depth.min(20) as usize);
    let mut text = vec![(Style::Plain, format!("{indent}{}", line.text))];
    if let Some(note) = &line.note {
        text.push((Style::Name, format!("  {note}")));
    }
    if let Some(source) = &line.source {
        let place = place_in_words(Some(&source.file), Some(source.line));
        text.push((
            Style::Code(wdb_console::Code::Comment),
            format!("  {place}"),
        ));
    }
    text
}

/// `main.c:12`; empty where it is not known.
pub(super) fn place_in_words(file: Option<&String>, line: Option<u32>) -> String {
    let name = |file: &String| file.rsplit(['/', '\\']).next().map(str::to_owned);
    match (file.and_then(name), line) {
        (Some(name), Some(line)) => format!("{name}:{line}"),
        _ => String::new(),
    }
}
