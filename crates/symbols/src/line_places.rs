//! Finds the instructions for a breakpoint on a line of a source file.

use std::collections::{BTreeMap, BTreeSet};

use wdb_module::{CodeOffset, FuncIndex, ModuleOffset};

use crate::blocks::BlockId;
use crate::dwarf::Dwarf;
use crate::fuel::{CutShort, Fuel};
use crate::lines::Lines;
use crate::runs::{Runs, Start};
use crate::sources::is_meant;
use crate::statements::Code;
use crate::units::UnitId;
use crate::{Symbols, source_map};

/// An instruction for a breakpoint on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinePlace {
    /// The instruction.
    pub at: ModuleOffset,
    /// Its function.
    pub func: FuncIndex,
    /// It is in code that was inlined into the function.
    pub inlined: bool,
    /// The path of the file, as the compiler recorded it.
    pub file: String,
    /// The line, from 1: the requested line, or the nearest line after it that has code.
    pub line: u32,
}

/// Why no instruction was found for a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoPlace {
    /// The debug information does not name such a file.
    NoFile,
    /// The debug information names this file, but has no code of it.
    NoCode {
        /// The path.
        file: String,
    },
    /// The line is after the last line with code.
    Beyond {
        /// The path.
        file: String,
        /// The last line with code.
        last: u32,
    },
}

/// At most this many lines without code in any function are skipped. Rows of removed functions are not kept, so one is
/// enough for valid DWARF.
const MOST_LINES: usize = 64;

/// The starts of the pieces of a line's code.
#[derive(Default)]
struct Starts {
    /// Of the line's statements.
    statements: Vec<Start>,
    /// Of the code of calls on the line that were inlined.
    calls: Vec<Start>,
}

impl Symbols {
    /// The instructions for a breakpoint on line `line` of `file`, in the order of the code. If the line has no code,
    /// those of the nearest line after it that has. `file` is a path or the end of a path, in whole components. It
    /// may match several files.
    ///
    /// Every function with code of the line has places, and so has every instance of a template or generic function,
    /// and every inlined copy. There is one place for each piece of the line's code, except for pieces that only
    /// continue another one. So the program cannot run the line without a stop, and stops once each time it runs the
    /// line.
    ///
    /// For the first line of a function the place is after the prologue, which may be on a later line. For a line
    /// that starts a loop the place is inside the loop, so that it is hit on every iteration. If a line, or a copy of
    /// it, has only inlined calls, the places are at the start of their code.
    ///
    /// # Errors
    ///
    /// Why no place was found. If several files match, the reason for the file with the most lines.
    pub fn line_places(&self, file: &str, line: u32) -> Result<Vec<LinePlace>, NoPlace> {
        let mut places = Vec::new();
        let mut miss = NoPlace::NoFile;
        let mut take = |result: Result<Vec<LinePlace>, NoPlace>| match result {
            Ok(found) => places.extend(found),
            Err(other) if last(&miss) <= last(&other) => miss = other,
            Err(_) => {}
        };
        if let Some(dwarf) = self.dwarf() {
            for (path, units) in dwarf.sources().meant(file) {
                take(self.places_in_dwarf(&dwarf, path, units, line));
            }
        } else if let Some(map) = self.source_map() {
            for (id, path) in (0..).zip(map.sources()) {
                let path = source_map::tidy(path);
                if is_meant(path, file) {
                    take(self.places_in_source_map(map, id, path, line));
                }
            }
        }
        if places.is_empty() {
            return Err(miss);
        }
        places.sort_by_key(|it| it.at);
        places.dedup_by_key(|it| it.at);
        Ok(places)
    }

    fn places_in_dwarf(
        &self,
        dwarf: &Dwarf<'_>,
        path: &str,
        units: &[(UnitId, u32)],
        line: u32,
    ) -> Result<Vec<LinePlace>, NoPlace> {
        let fuel = Fuel::for_reading(dwarf.size());
        let mut wanted = line.max(1);
        let mut last = 0;
        for _ in 0..MOST_LINES {
            let rows = match rows(dwarf, units, wanted, &fuel) {
                Ok(Ok(rows)) => rows,
                Ok(Err(last_line)) => {
                    last = last_line;
                    break;
                }
                Err(_) => break,
            };
            let functions = rows.addresses.iter().filter_map(|address| {
                // Some producers give a function the address of the size field before its body.
                (0..=5).find_map(|size| {
                    let at = CodeOffset(u64::from(*address) + size);
                    self.module.function_at(self.module.from_code(at)?)
                })
            });
            let functions: BTreeSet<FuncIndex> = functions.collect();
            let places: Vec<LinePlace> = functions
                .into_iter()
                .flat_map(|func| {
                    let code = self.code(func, Some(&fuel));
                    // Several units may describe the code of an inline function, but it was compiled from one.
                    let is_owner = |it: &&(usize, u32)| Some(it.0) == code.program;
                    let files = rows.files.iter().filter(is_owner).map(|it| it.1).collect();
                    self.places_in_function(func, &code, path, &files, rows.line)
                })
                .collect();
            if !places.is_empty() {
                return Ok(places);
            }
            wanted = rows.line.saturating_add(1);
        }
        let file = path.to_owned();
        Err(match last {
            0 => NoPlace::NoCode { file },
            last => NoPlace::Beyond { file, last },
        })
    }

    /// The places of a line in a function. `files` are the indices of its file.
    fn places_in_function(
        &self,
        func: FuncIndex,
        code: &Code,
        path: &str,
        files: &BTreeSet<u32>,
        line: u32,
    ) -> Vec<LinePlace> {
        let first = self.module.first_instruction(func);
        let runs = Runs::new(&self.module, func, code);
        let loops = self.loops(func);
        let mut places = Vec::new();
        for (block, starts) in starts(code, files, line) {
            let Starts {
                mut statements,
                mut calls,
            } = starts;
            let place = |at| LinePlace {
                at,
                func,
                inlined: block.is_some(),
                file: path.to_owned(),
                line,
            };
            // After the prologue.
            let is_first =
                |it: &Start| Some(it.at) == first && block.is_none() && it.is_of(files, line);
            if let Some(start) = statements.first_mut().filter(|it| is_first(it))
                && let Some(body) = self.body_start(func)
                && body != start.at
            {
                start.at = body;
                let location = self.locate(body).into_iter().next();
                if let Some((file, body_line)) = location.and_then(|it| it.file.zip(it.line))
                    && (&*file, body_line) != (path, line)
                {
                    statements.remove(0);
                    let line = body_line;
                    places.push(LinePlace {
                        file,
                        line,
                        ..place(body)
                    });
                }
            }
            // Into a loop, if the line has code there: the program stops on every iteration.
            for start in statements.iter_mut().chain(&mut calls) {
                if let Some(inside) = loops.get(&start.at)
                    && code
                        .span_at(*inside)
                        .is_some_and(|span| Start::of(span).is_line_of(start))
                {
                    start.at = *inside;
                }
            }
            let copies = runs.without_statement(&statements, calls);
            let statements = match block.is_none().then(|| self.body_start(func)).flatten() {
                Some(body) => runs.thinned_from(body, statements),
                None => runs.thinned(statements),
            };
            places.extend(statements.into_iter().chain(copies).map(place));
        }
        places
    }

    fn places_in_source_map(
        &self,
        map: &sourcemap::SourceMap,
        file: u32,
        path: &str,
        line: u32,
    ) -> Result<Vec<LinePlace>, NoPlace> {
        let Some(code) = self.module.code_section() else {
            return Err(NoPlace::NoCode { file: path.into() });
        };
        let tokens = source_map::within(map, code);
        let of_file = || tokens.iter().filter(|it| it.1 == file);
        let Some(line) = of_file().map(|it| it.2).filter(|it| *it >= line).min() else {
            let file = path.to_owned();
            return Err(match of_file().map(|it| it.2).max() {
                Some(last) => NoPlace::Beyond { file, last },
                None => NoPlace::NoCode { file },
            });
        };
        let of_line = of_file().filter(|it| it.2 == line);
        let functions: BTreeSet<FuncIndex> = of_line
            .filter_map(|it| self.module.function_at(it.0))
            .collect();
        let files = BTreeSet::from([file]);
        let places = functions.into_iter().flat_map(|func| {
            let code = self.code(func, None);
            self.places_in_function(func, &code, path, &files, line)
        });
        Ok(places.collect())
    }
}

/// The starts of the pieces of a line's code, in a function and in each of the calls that were inlined into it.
fn starts(code: &Code, files: &BTreeSet<u32>, line: u32) -> BTreeMap<Option<BlockId>, Starts> {
    // For each call: if it, or a call around it, is on the line, the function or call that contains that line.
    let mut callers: Vec<Option<Option<BlockId>>> = Vec::new();
    for block in code.blocks.all() {
        let file = block.call.file.map(u32::try_from);
        let is_file = file.is_none_or(|file| file.is_ok_and(|index| files.contains(&index)));
        let is_on_line = block.call.line == Some(line) && is_file;
        callers.push(if is_on_line {
            Some(block.parent)
        } else {
            block.parent.and_then(|parent| *callers.get(parent)?)
        });
    }
    let mut found: BTreeMap<Option<BlockId>, Starts> = BTreeMap::new();
    let mut piece = None;
    // Whether the previous span belongs to the last piece of a call. Code of the line itself ends that piece.
    let mut is_open = false;
    for span in code.spans.iter().filter(|it| it.line != 0) {
        let is_on_line = span.line == line && files.contains(&span.file);
        let caller = match (is_on_line, span.block) {
            (true, block) => Some(block),
            (false, Some(block)) => callers.get(block).copied().flatten(),
            (false, None) => None,
        };
        if let Some(caller) = caller {
            let starts = found.entry(caller).or_default();
            if is_on_line && span.is_statement {
                starts.statements.push(Start::of(span));
            } else if !is_on_line && piece != Some(caller) {
                starts.calls.push(Start::of(span));
                is_open = true;
            } else if !is_on_line
                && is_open
                && let Some(start) = starts.calls.last_mut()
            {
                start.extend(span);
            }
        }
        is_open &= caller.is_some() && !is_on_line;
        piece = caller;
    }
    found
}

/// The last line with code that a miss names. The miss with the greater one is more useful to the user.
fn last(miss: &NoPlace) -> Option<u32> {
    match miss {
        NoPlace::NoFile => None,
        NoPlace::NoCode { .. } => Some(0),
        NoPlace::Beyond { last, .. } => Some(*last),
    }
}

/// What line tables and inlined calls say about a line.
struct RowsOfLine {
    line: u32,
    /// The addresses of its code.
    addresses: Vec<u32>,
    /// The line programs, and the index of its file in each.
    files: Vec<(usize, u32)>,
}

/// The rows of the first line from `wanted` on that has rows or inlined calls. If no such line exists, the last line
/// that has them.
fn rows(
    dwarf: &Dwarf<'_>,
    units: &[(UnitId, u32)],
    wanted: u32,
    fuel: &Fuel,
) -> Result<Result<RowsOfLine, u32>, CutShort> {
    let mut last = 0;
    let mut line = u32::MAX;
    let (mut addresses, mut files) = (Vec::new(), Vec::new());
    let mut add = |row_line: u32, address: u32| {
        last = last.max(row_line);
        if row_line < wanted || row_line > line {
            return;
        }
        if row_line < line {
            addresses.clear();
            line = row_line;
        }
        addresses.push(address);
    };
    for (id, file) in units {
        let Ok(unit) = dwarf.units().open(dwarf, *id) else {
            continue;
        };
        let Some(program) = unit.line_program else {
            continue;
        };
        files.push((program.0, *file));
        for row in Lines::of(dwarf, &unit).all() {
            fuel.burn(1)?;
            if row.file == *file && row.is_statement && row.line != 0 {
                add(row.line, row.address);
            }
        }
        for call in dwarf.inlined().calls_from(*id, *file, wanted) {
            fuel.burn(1)?;
            add(call.line, call.address);
        }
    }
    Ok(if addresses.is_empty() {
        Err(last)
    } else {
        Ok(RowsOfLine {
            line,
            addresses,
            files,
        })
    })
}
