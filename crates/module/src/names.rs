//! The name section (core specification, appendix 7.4.1, and the extended-name-section proposal).
//!
//! Names help and must not be an obstacle: of a corrupt section, what could be read is kept.

use std::ops::Range;

use bytes::Bytes;
use wasmparser::BinaryReader;

use crate::error::Base;
use crate::{Error, ModuleOffset};

/// The maps of the name section, by the number of their subsection.
#[derive(Clone, Copy)]
pub(crate) enum Space {
    Function = 1,
    Local = 2,
    Label = 3,
    Type = 4,
    Table = 5,
    Memory = 6,
    Global = 7,
    Field = 10,
    Tag = 11,
}

const SUBSECTIONS: usize = 12;

/// What the name section says.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// The contents of the section. All positions here count from its start.
    contents: Bytes,
    module: Option<Range<usize>>,
    maps: [Vec<Entry>; SUBSECTIONS],
    pub(crate) notes: Vec<Error>,
}

/// A name: 16 bytes, because a large program has a million of them.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The index; in the maps of locals, labels and fields that of the function or type, and then
    /// that of the local, label or field. The others have zero first.
    key: (u32, u32),
    start: u32,
    length: u32,
}

impl Names {
    pub(crate) fn parse(contents: Bytes, start: ModuleOffset, base: Base) -> Self {
        let mut names = Names::default();
        let origin = start.0 as usize;
        let mut reader = BinaryReader::new(&contents, origin);
        while !reader.eof() {
            let subsection = reader
                .read_u8()
                .and_then(|id| Ok((id, reader.read_reader()?)));
            let result = match subsection {
                Ok((id, inner)) => names.subsection(id, inner, origin, base),
                Err(e) => {
                    names.notes.push(base.corrupt("the name section", &e));
                    break;
                }
            };
            if let Err(e) = result {
                names.notes.push(base.corrupt("the name section", &e));
            }
        }
        names.contents = contents;
        names
    }

    fn subsection(
        &mut self,
        id: u8,
        mut reader: BinaryReader<'_>,
        origin: usize,
        base: Base,
    ) -> wasmparser::Result<()> {
        if id == 0 {
            let length = reader.read_unlimited_string()?.len();
            let end = reader.original_position() - origin;
            self.module = Some(end - length..end);
            return Ok(());
        }
        let Some(map) = self.maps.get_mut(usize::from(id)) else {
            return Ok(()); // A later extension.
        };
        let mut builder = Builder {
            map,
            origin,
            not_utf8: None,
        };
        let indirect = [Space::Local, Space::Label, Space::Field];
        let result = if indirect.iter().any(|space| *space as u8 == id) {
            builder.indirect_map(&mut reader)
        } else {
            builder.map(&mut reader, 0)
        };
        if let Some(offset) = builder.not_utf8 {
            let message = "a name in the name section is not UTF-8, so it is ignored";
            self.notes.push(base.error(message, offset));
        }
        // The specification wants them sorted and unique, and lookup needs it. Of two names for one
        // index the later one counts, as in wasmtime: in the adapters that `wit-component` puts
        // into components the earlier one is that of an import which it has replaced.
        if !map.is_sorted_by_key(|entry| entry.key) {
            map.sort_by_key(|entry| entry.key);
        }
        map.dedup_by(|later, kept| {
            let same = later.key == kept.key;
            if same {
                *kept = *later;
            }
            same
        });
        result
    }

    pub(crate) fn module(&self) -> Option<&str> {
        std::str::from_utf8(self.contents.get(self.module.clone()?)?).ok()
    }

    pub(crate) fn get(&self, space: Space, outer: u32, index: u32) -> Option<&str> {
        let map = self.maps.get(space as usize)?;
        let found = map.binary_search_by_key(&(outer, index), |entry| entry.key);
        let entry = map.get(found.ok()?)?;
        let start = entry.start as usize;
        let name = self.contents.get(start..start + entry.length as usize)?;
        std::str::from_utf8(name).ok()
    }
}

/// Fills one map.
struct Builder<'a> {
    map: &'a mut Vec<Entry>,
    origin: usize,
    /// Where the first name that is not UTF-8 is.
    not_utf8: Option<ModuleOffset>,
}

impl Builder<'_> {
    fn map(&mut self, reader: &mut BinaryReader<'_>, outer: u32) -> wasmparser::Result<()> {
        for _ in 0..reader.read_var_u32()? {
            let index = reader.read_var_u32()?;
            let length = reader.read_var_u32()?;
            let start = reader.original_position();
            let name = reader.read_bytes(length as usize)?;
            if std::str::from_utf8(name).is_err() {
                self.not_utf8.get_or_insert(ModuleOffset(start as u64));
                continue;
            }
            self.map.push(Entry {
                key: (outer, index),
                // A section's size is a u32, so its inner positions are too.
                start: (start - self.origin) as u32,
                length,
            });
        }
        Ok(())
    }

    fn indirect_map(&mut self, reader: &mut BinaryReader<'_>) -> wasmparser::Result<()> {
        for _ in 0..reader.read_var_u32()? {
            let outer = reader.read_var_u32()?;
            self.map(reader, outer)?;
        }
        Ok(())
    }
}
