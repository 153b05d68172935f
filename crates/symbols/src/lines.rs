//! The line tables: the file and line of each instruction.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, PoisonError};

use gimli::DebugLineOffset;

use crate::dwarf::{Dwarf, Slice};
use crate::fuel::{CutShort, Fuel};
use crate::units::Unit;

/// The line tables read so far, by the offset of their programs in `.debug_line`.
pub(crate) type LineTables = HashMap<usize, Arc<Lines>>;

/// The rows of a line table for live code, sorted by address.
#[derive(Default)]
pub(crate) struct Lines(Vec<Row>);

/// A row of a line table. It is valid from its address to that of the next row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The start of its code, as an offset in the code section.
    pub(crate) address: u32,
    /// The index of the file.
    pub(crate) file: u32,
    /// The line; 0 for code of no particular line.
    pub(crate) line: u32,
    /// The column; 0 if unknown. LLVM has 16 bits for it and writes 0 for larger ones. [`END`] at the end of a
    /// sequence, from which on nothing is known.
    pub(crate) column: u16,
    /// A statement starts here (`is_stmt`): a program that is stopped here has not run the line yet.
    pub(crate) is_statement: bool,
    /// From here on, the parameters are in the places that the debug information names (`prologue_end`).
    pub(crate) ends_prologue: bool,
}

/// The column of a row that ends a sequence. No real column has this number.
const END: u16 = u16::MAX;

impl Lines {
    /// The table of a unit, read on first use. Empty if it has none.
    pub(crate) fn of<'a>(dwarf: &Dwarf<'a>, unit: &Unit<'a>) -> Arc<Lines> {
        let Some(offset) = unit.line_program else {
            return Arc::default();
        };
        let mut tables = dwarf.lines().lock().unwrap_or_else(PoisonError::into_inner);
        let lines = tables.entry(offset.0).or_insert_with(|| {
            let (lines, broken) = Lines::read(dwarf, unit, offset);
            if let Some(error) = broken {
                dwarf.notes().add(format!(
                    "the line table at .debug_line+{:#x} is broken ({error}); lines may be missing",
                    offset.0
                ));
            }
            Arc::new(lines)
        });
        Arc::clone(lines)
    }

    /// Runs the line program. If it is broken, the result has the rows before the error.
    fn read<'a>(
        dwarf: &Dwarf<'a>,
        unit: &Unit<'a>,
        offset: DebugLineOffset,
    ) -> (Lines, Option<CutShort>) {
        let program = match program(dwarf, unit, offset) {
            Ok(program) => program,
            Err(error) => return (Lines::default(), Some(error.into())),
        };
        let mut all = Vec::new();
        let mut sequence = 0;
        let mut rows = program.rows();
        let broken = loop {
            let row = match rows.next_row() {
                Ok(Some((_, row))) => row,
                Ok(None) => break None,
                Err(error) => break Some(error.into()),
            };
            if let Err(error) = dwarf.keep() {
                break Some(error);
            }
            let narrow = |it: u64| u32::try_from(it).unwrap_or(0);
            let mut new = Row {
                // No code is at larger addresses; `live` removes the sequence.
                address: u32::try_from(row.address()).unwrap_or(u32::MAX),
                file: u32::try_from(row.file_index()).unwrap_or(u32::MAX),
                line: row.line().map_or(0, |it| narrow(it.get())),
                column: match row.column() {
                    _ if row.end_sequence() => END,
                    gimli::ColumnType::LeftEdge => 0,
                    gimli::ColumnType::Column(it) => match u16::try_from(it.get()) {
                        Ok(END) | Err(_) => 0,
                        Ok(column) => column,
                    },
                },
                is_statement: row.is_stmt(),
                ends_prologue: row.prologue_end(),
            };
            if all.len() > sequence
                && let Some(last) = all.last().filter(|it: &&Row| it.address == new.address)
            {
                // It replaces the previous row; a prologue that ended there or a statement that started there moves
                // to it.
                new.ends_prologue |= last.ends_prologue;
                new.is_statement |=
                    last.is_statement && (last.file, last.line) == (new.file, new.line);
            }
            all.push(new);
            if row.end_sequence() {
                let range = (u64::from(all[sequence].address), row.address());
                if dwarf.live(range.0, range.1).is_none() {
                    all.truncate(sequence);
                }
                sequence = all.len();
            }
        };
        all.truncate(sequence);
        // Sequences come in any order. The sort is stable: of rows with the same address the last one is valid.
        all.sort_by_key(|it| it.address);
        all.shrink_to_fit();
        (Lines(all), broken)
    }

    /// The rows that start in `code`, up to the row for `address`, nearest first.
    pub(crate) fn before(&self, address: u32, code: &Range<u32>) -> impl Iterator<Item = Row> {
        let start = code.start;
        let after = self.0.partition_point(|it| it.address <= address);
        self.0[..after]
            .iter()
            .rev()
            .copied()
            .take_while(move |it| start <= it.address && it.column != END)
    }

    /// The rows that are valid somewhere in `code`, in order.
    pub(crate) fn within(&self, code: &Range<u32>) -> impl Iterator<Item = Row> {
        self.spans(code).map(|it| it.1)
    }

    /// The rows that are valid somewhere in `code`, in order, each with its part of `code`.
    pub(crate) fn spans(&self, code: &Range<u32>) -> impl Iterator<Item = (Range<u32>, Row)> {
        let (start, end) = (code.start, code.end);
        let first = self.0.partition_point(|it| it.address <= start);
        self.0[first.saturating_sub(1)..]
            .windows(2)
            .take_while(move |rows| rows[0].address < end)
            .filter(move |rows| rows[0].address < rows[1].address && start < rows[1].address)
            .filter(|rows| rows[0].column != END)
            .map(move |rows| {
                let span = rows[0].address.max(start)..rows[1].address.min(end);
                (span, rows[0])
            })
    }

    /// All rows that cover code, in order.
    pub(crate) fn all(&self) -> impl Iterator<Item = Row> {
        self.spans(&(0..u32::MAX)).map(|it| it.1)
    }
}

/// The path of a file that a line table names, joined with the directories that it is relative to.
pub(crate) fn file<'a>(dwarf: &Dwarf<'a>, unit: &Unit<'a>, index: u64) -> Option<String> {
    // DWARF 4, section 2.14: 0 for no file. DWARF 5 counts from 0.
    if index == 0 && unit.gimli.header.version() < 5 {
        return None;
    }
    let program = program(dwarf, unit, unit.line_program?).ok()?;
    path(dwarf, unit, program.header(), index)
}

/// All files that the line table of a unit names, as the index and the path. Ends early when `fuel` does.
pub(crate) fn files<'a>(dwarf: &Dwarf<'a>, unit: &Unit<'a>, fuel: &Fuel) -> Vec<(u32, String)> {
    let Some(Ok(program)) = unit.line_program.map(|it| program(dwarf, unit, it)) else {
        return Vec::new();
    };
    let header = program.header();
    let first = u32::from(unit.gimli.header.version() < 5);
    (first..)
        .zip(header.file_names())
        .map_while(|(index, _)| {
            let path = path(dwarf, unit, header, index.into());
            // Many files may share a long directory.
            fuel.burn(path.as_ref().map_or(1, String::len)).ok()?;
            Some((index, path))
        })
        .filter_map(|(index, path)| Some((index, path?)))
        .collect()
}

fn path<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    header: &gimli::LineProgramHeader<Slice<'a>>,
    index: u64,
) -> Option<String> {
    let file = header.file(index)?;
    let text = |value| {
        let text = dwarf.gimli.attr_string(&unit.gimli, value).ok()?;
        Some(text.to_string_lossy().into_owned())
    };
    let mut path = Path::default();
    if let Some(directory) = unit.gimli.comp_dir {
        path.push(&directory.to_string_lossy());
    }
    // Directory 0 is the compilation directory in either version.
    if file.directory_index() != 0
        && let Some(directory) = file.directory(header)
    {
        path.push(&text(directory)?);
    }
    path.push(&text(file.path_name())?);
    Some(path.0)
}

fn program<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    offset: DebugLineOffset,
) -> gimli::Result<gimli::IncompleteLineProgram<Slice<'a>>> {
    let address_size = unit.gimli.header.address_size();
    let (directory, name) = (unit.gimli.comp_dir, unit.gimli.name);
    let lines = &dwarf.gimli.debug_line;
    lines.program(offset, address_size, directory, name)
}

/// A path that is being joined.
#[derive(Default)]
struct Path(String);

impl Path {
    /// Appends `part`, or replaces the path if `part` is absolute on Unix or Windows.
    fn push(&mut self, part: &str) {
        let is_absolute = |it: &str| it.starts_with(['/', '\\']) || it.get(1..2) == Some(":");
        if is_absolute(part) {
            self.0.clear();
        } else if !self.0.is_empty() && !self.0.ends_with(['/', '\\']) {
            let windows = self.0.contains('\\') && !self.0.contains('/');
            self.0.push(if windows { '\\' } else { '/' });
        }
        // wasi-libc is compiled as `././libc-bottom-half/…`.
        let mut part = part;
        while let Some(rest) = part.strip_prefix("./") {
            part = rest.trim_start_matches('/');
        }
        if part == "." {
            part = "";
        }
        self.0.push_str(&part.replace("/./", "/"));
    }
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn paths_are_joined() {
        for (parts, expected) in [
            (&["/src", "a.c"][..], "/src/a.c"),
            (&["/src", "lib", "a.c"], "/src/lib/a.c"),
            (&["/src", "/usr/include", "stdio.h"], "/usr/include/stdio.h"),
            (&["/src/", "a.c"], "/src/a.c"),
            (&["C:\\src", "a.c"], "C:\\src\\a.c"),
            (&["/src", "C:/lib", "a.c"], "C:/lib/a.c"),
            (&[".", "./libc/sources", "abort.c"], "libc/sources/abort.c"),
            (&["./build", "./libc/crt/./crt1.c"], "build/libc/crt/crt1.c"),
            (&["", "a.c"], "a.c"),
            (&["/", "a.c"], "/a.c"),
        ] {
            let mut path = Path::default();
            parts.iter().for_each(|it| path.push(it));
            assert_eq!(path.0, expected);
        }
    }
}
