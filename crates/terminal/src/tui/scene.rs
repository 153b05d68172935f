//! What there is to see of a program that is stopped: plain data, made next to the program and drawn
//! elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use unicode_width::UnicodeWidthStr;
use wdb_console::Style;
use wdb_examine::places::Spec;
use wdb_examine::values::Named;
use wdb_symbols::Unavailable;

/// How many columns more than a character a tab has.
const TAB_WIDTH: usize = 4;

/// A piece of text with its meaning.
pub(super) type Piece = (Style, String);

/// A program that is stopped.
#[derive(Clone, Debug, Default)]
pub(super) struct Scene {
    /// How many times the program had been let run when this was seen: tells one stop from the next.
    pub(super) run: u64,
    /// How it stands, in a few words: `stopped`, `core dump`, `exited with 0`.
    pub(super) condition: String,
    /// Whether it has ended or crashed, and can be run anew.
    pub(super) over: bool,
    /// The selected thread. Empty where there is only one.
    pub(super) thread: String,
    /// Where the selected frame stands: `main.c:12 in sum`. May be empty.
    pub(super) place: String,
    /// What tells the selected frame from all others while it lives. Empty without one.
    pub(super) frame: String,
    /// The code around the selected frame.
    pub(super) code: Code,
    /// The values of the expressions that are displayed at each stop.
    pub(super) displays: Vec<Value>,
    /// The variables of the selected frame.
    pub(super) variables: Vec<Value>,
    /// The frames of the selected thread, innermost first.
    pub(super) stack: Vec<StackRow>,
    /// What the user set.
    pub(super) breakpoints: Vec<BreakpointRow>,
}

/// A piece of the program's code, and where the program is in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Code {
    /// What it is: the path of the file, the name of the function.
    pub(super) title: String,
    /// Its rows.
    pub(super) rows: Rows,
    /// The row where the selected frame stands.
    pub(super) current: Option<usize>,
    /// The row to show if it is in none.
    pub(super) start: usize,
    /// The rows that have breakpoints.
    pub(super) marks: BTreeMap<usize, Mark>,
}

/// A value, with those of its parts that were asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value {
    /// What tells it from all others: the names from its variable down to it.
    pub(super) path: String,
    /// The name of the variable, member or element.
    pub(super) name: String,
    /// The name of its type.
    pub(super) ty: String,
    /// The value, or why there is none.
    pub(super) text: Result<String, Unavailable>,
    /// How many parts it has.
    pub(super) length: u64,
    /// The first of them, as far as they were asked for.
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
    /// The instructions of a function.
    Instructions(Arc<[Instruction]>),
}

/// A row of the disassembly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Instruction {
    /// Where it is in its module.
    pub(super) address: String,
    /// Where a breakpoint of it belongs.
    pub(super) place: Spec,
    /// Its text.
    pub(super) text: Vec<Piece>,
}

/// The breakpoints of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// Whether one of them is enabled.
    pub(super) enabled: bool,
    /// Their numbers.
    pub(super) ids: Vec<u32>,
}

/// A frame of the stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StackRow {
    /// Its number. `None`: code of the host, or a row for the frames that are not listed.
    pub(super) number: Option<u32>,
    /// The function.
    pub(super) function: String,
    /// Where it stands: `main.c:12`. May be empty.
    pub(super) place: String,
    /// Whether it is part of a language's runtime.
    pub(super) runtime: bool,
    /// Whether it is the selected one.
    pub(super) selected: bool,
    /// It is the row for the frames that are not listed.
    pub(super) is_more: bool,
}

/// A breakpoint that the user set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BreakpointRow {
    /// Its number.
    pub(super) number: u32,
    /// Whether it can stop the program.
    pub(super) enabled: bool,
    /// Where it is and what else there is to it, as text.
    pub(super) text: String,
    /// How many times it was hit.
    pub(super) hits: u64,
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
            Rows::Instructions(rows) => rows.len(),
        }
    }

    /// The columns of the longest.
    pub(super) fn width(&self) -> usize {
        let width = |row: &Vec<Piece>| {
            let tabs = |text: &str| text.matches('\t').count() * TAB_WIDTH;
            row.iter().map(|it| it.1.width() + tabs(&it.1)).sum()
        };
        match self {
            Rows::None(_) => 0,
            Rows::Source { lines, .. } => lines.iter().map(width).max().unwrap_or(0),
            Rows::Instructions(rows) => rows.iter().map(|it| width(&it.text)).max().unwrap_or(0),
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
            Rows::Instructions(rows) => Some(rows.get(row)?.place.clone()),
        }
    }
}
