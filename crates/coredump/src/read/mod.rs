//! Reads a core dump of any producer, keeps what is whole, and says what it had to assume.

mod container;
mod containerless;
mod dialect;
mod extra;
mod list;
mod memory;
mod settle;
mod sniff;
mod stack;
mod standard;

use std::fmt;

use bytes::Bytes;

use crate::decode::Fault;
use crate::{Base, CoreDump};
use container::Kind;
pub use dialect::Dialect;

/// A dump as read.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The dump. Every index in it leads somewhere: what did not was replaced, with a note.
    pub dump: CoreDump,
    /// Whose way of writing it was met.
    pub dialect: Dialect,
    /// What `codeoffset` counts from in this dialect. [`crate::find_base`] is surer, given the
    /// modules.
    pub base: Base,
    /// What was damaged, and what was assumed.
    pub notes: Vec<Note>,
}

/// Something that a reader of the dump should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// For people.
    pub message: String,
    /// Where in the file, if it is about a place.
    pub offset: Option<u64>,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.offset {
            Some(offset) => write!(f, " (at {offset:#x})"),
            None => Ok(()),
        }
    }
}

/// Why the bytes are not a dump of which anything could be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ReadError {
    /// What it is instead, and what to do.
    pub message: String,
    /// Where in the file.
    pub offset: u64,
}

/// Reads a dump. The runs of its memories are slices of `file`, nothing is copied.
///
/// # Errors
///
/// When `file` is something else than a dump, or so damaged that nothing is left.
pub fn read(file: Bytes) -> Result<Reading, ReadError> {
    if let Some(reading) = containerless::read(&file) {
        return Ok(reading);
    }
    sniff::refuse_others(&file)?;
    let mut notes = Notes::default();
    let mut sections = container::sections(&file, &mut notes);
    if !sections
        .iter()
        .any(|s| matches!(s.kind, Kind::Core | Kind::Stack))
    {
        return Err(sniff::without_dump_sections(&sections));
    }
    let image = dialect::image_start(&file, &sections);
    if let Some(start) = image {
        // What follows the data is the rest of the image, whatever it looks like.
        sections.retain(|section| section.payload.end <= start);
        notes = Notes::default();
    }
    let (guess, layouts) = dialect::guess(&file, &sections, image.is_some());

    let mut dump = CoreDump::default();
    let mut segments = standard::read(&file, &sections, guess, &mut dump, &mut notes);
    if let Some(start) = image {
        segments = vec![dialect::image(&file, start, &mut dump, &mut notes)];
    }
    let (threads, layout) = standard::stacks(&file, &sections, layouts, &mut notes);
    dump.threads = threads;
    let dialect = dialect::decide(guess, layout, &mut notes);
    extra::read(&file, &sections, &mut dump, &mut notes);
    settle::shapes(&mut dump, &mut notes);
    memory::fill(&file, &mut dump, segments, &mut notes);
    dialect::interpret(dialect, &mut dump, &mut notes);
    settle::indices(&mut dump, &sections, &mut notes);
    Ok(Reading {
        dump,
        dialect,
        base: dialect.base(),
        notes: notes.list(),
    })
}

/// Collects notes, a bounded number of them.
#[derive(Default)]
struct Notes {
    list: Vec<Note>,
    more: u64,
}

impl Notes {
    const LIMIT: usize = 50;

    /// Makes the text of a note only if it is kept.
    fn push(&mut self, offset: impl Into<Option<u64>>, message: impl fmt::Display) {
        if self.list.len() < Self::LIMIT {
            self.list.push(Note {
                message: message.to_string(),
                offset: offset.into(),
            });
        } else {
            self.more += 1;
        }
    }

    fn fault(&mut self, what: impl fmt::Display, fault: &Fault) {
        self.push(fault.offset, format_args!("{what}: {}", fault.message));
    }

    fn list(mut self) -> Vec<Note> {
        if self.more > 0 {
            self.list.push(Note {
                message: format!("and {} more of the like", self.more),
                offset: None,
            });
        }
        self.list
    }
}
