//! Lists of what a program has, and how long they can be.

use wasmparser::BinaryReader;

use super::Notes;
use crate::decode::Result;

/// The most modules, instances and memories that are kept: twice those that wasmtime lets a store have. Each takes
/// two bytes of the file, and hundreds when it is shown.
pub(super) const MOST_PARTS: usize = 20_000;

/// The most globals that are kept: those that a module may have (limits of the JavaScript API).
pub(super) const MOST_GLOBALS: usize = 1_000_000;

/// Reads a list to its end, and keeps of it what a program can have.
pub(super) fn list<'a, T>(
    reader: &mut BinaryReader<'a>,
    most: usize,
    out: &mut Vec<T>,
    notes: &mut Notes,
    mut item: impl FnMut(&mut BinaryReader<'a>) -> Result<T>,
) -> Result<()> {
    let start = reader.original_position() as u64;
    let count = reader.read_var_u32()?;
    for _ in 0..count {
        let item = item(reader)?;
        if out.len() < most {
            out.push(item);
        }
    }
    if count as usize > most {
        notes.push(
            start,
            format_args!(
                "a section lists {count} of what a program has at most {most}; took the first"
            ),
        );
    }
    Ok(())
}
