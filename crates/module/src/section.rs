//! Section headers: the same in modules and components (core specification 5.5.2, and the
//! component model's `Binary.md`), and the only thing that is read of every binary.

use std::ops::Range;

use wasmparser::BinaryReader;

use crate::error::Base;
use crate::{Error, ModuleOffset};

/// The most sections a binary may have. The specification has no limit; object files with a
/// section per function and type stay far below this one.
const LIMIT: usize = 100_000;

/// A section of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The identifier: 0 is a custom section, 1 to 13 are defined by the core specification (5.5.2).
    pub id: u8,
    /// The name of a custom section. `None` for the others, and if the name cannot be read.
    pub name: Option<String>,
    /// The contents: without identifier and size, and for a custom section without its name.
    pub range: Range<ModuleOffset>,
}

impl Section {
    /// The specification's name of its identifier: `custom`, `type`, `import`, …, or `unknown`.
    pub fn kind(&self) -> &'static str {
        kind(self.id)
    }
}

pub(crate) const CUSTOM: u8 = 0;
pub(crate) const TYPE: u8 = 1;
pub(crate) const IMPORT: u8 = 2;
pub(crate) const FUNCTION: u8 = 3;
pub(crate) const TABLE: u8 = 4;
pub(crate) const MEMORY: u8 = 5;
pub(crate) const GLOBAL: u8 = 6;
pub(crate) const EXPORT: u8 = 7;
pub(crate) const CODE: u8 = 10;
pub(crate) const TAG: u8 = 13;

/// Sections of a component (component model, `Binary.md`).
pub(crate) const CORE_MODULE: u8 = 1;
pub(crate) const COMPONENT: u8 = 4;

fn kind(id: u8) -> &'static str {
    match id {
        CUSTOM => "custom",
        TYPE => "type",
        IMPORT => "import",
        FUNCTION => "function",
        TABLE => "table",
        MEMORY => "memory",
        GLOBAL => "global",
        EXPORT => "export",
        8 => "start",
        9 => "element",
        CODE => "code",
        11 => "data",
        12 => "data count",
        TAG => "tag",
        _ => "unknown",
    }
}

/// The identifiers and contents of all sections after the eight bytes of the header of `binary`.
pub(crate) fn headers(binary: &[u8], base: Base) -> Result<Vec<(u8, Range<usize>)>, Error> {
    let mut sections = Vec::new();
    let mut reader = BinaryReader::new(binary.get(8..).unwrap_or_default(), 8);
    while !reader.eof() {
        let start = ModuleOffset(reader.original_position() as u64);
        if sections.len() == LIMIT {
            return Err(base.error(format!("there are more than {LIMIT} sections"), start));
        }
        let truncated = |_| base.error(TRUNCATED_HEADER, start);
        let id = reader.read_u8().map_err(truncated)?;
        let size = reader
            .read_var_u32()
            .map_err(|e| base.corrupt("the size of a section", &e))?;
        let (needed, left) = (size as usize, reader.bytes_remaining());
        let begin = reader.original_position();
        reader.read_bytes(needed).map_err(|_| {
            let message = format!(
                "section {id} says that it has {needed} bytes, but only {left} are left; the \
                 file is corrupt or was cut short, get or build it again"
            );
            base.error(message, start)
        })?;
        sections.push((id, begin..begin + needed));
    }
    Ok(sections)
}

const TRUNCATED_HEADER: &str =
    "the file ends inside a section header; it was cut short, get or build it again";

/// The sections of the core module `module`, and what was wrong with the names of custom ones.
pub(crate) fn scan(module: &[u8], base: Base) -> Result<(Vec<Section>, Vec<Error>), Error> {
    let mut sections = Vec::new();
    let mut notes = Vec::new();
    let mut seen = [false; 256];
    for (id, range) in headers(module, base)? {
        let start = ModuleOffset(range.start as u64);
        if id != CUSTOM && std::mem::replace(&mut seen[usize::from(id)], true) {
            let message = format!("there is a second {} section (id {id})", kind(id));
            return Err(base.error(message, start));
        }
        let end = ModuleOffset(range.end as u64);
        let mut section = Section {
            id,
            name: None,
            range: start..end,
        };
        if id == CUSTOM {
            let contents = module.get(range.clone()).unwrap_or_default();
            let mut reader = BinaryReader::new(contents, range.start);
            match reader.read_string() {
                Ok(name) => {
                    section.name = Some(name.to_owned());
                    section.range.start = ModuleOffset(reader.original_position() as u64);
                }
                Err(e) => notes.push(base.corrupt("the name of a custom section", &e)),
            }
        } else if kind(id) == "unknown" {
            notes.push(base.error(format!("a section has the unknown id {id}"), start));
        }
        sections.push(section);
    }
    Ok((sections, notes))
}
