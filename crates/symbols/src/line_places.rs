//! From a line of a source file to the instructions where a breakpoint on it belongs.

use std::collections::{BTreeMap, BTreeSet};

use wdb_module::{CodeOffset, FuncIndex, ModuleOffset};

use crate::blocks::BlockId;
use crate::dwarf::Dwarf;
use crate::fuel::{Fuel, Stop};
use crate::lines::Lines;
use crate::runs::{Runs, Start};
use crate::sources::is_meant;
use crate::statements::Code;
use crate::units::UnitId;
use crate::{Symbols, source_map};

/// An instruction where a breakpoint on a line belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinePlace {
    /// The instruction.
    pub at: ModuleOffset,
    /// Its function.
    pub func: FuncIndex,
    /// It is in a function that was inlined into that one.
    pub inlined: bool,
    /// The path of the file, as the compiler recorded it.
    pub file: String,
    /// The line, from 1: what was asked for, or the nearest one after it that has code.
    pub line: u32,
}

/// Why there is no instruction for a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoPlace {
    /// The debug information knows no such file.
    NoFile,
    /// It knows this file, and no code of it.
    NoCode {
        /// The path.
        file: String,
    },
    /// The line is after all that have code.
    Beyond {
        /// The path.
        file: String,
        /// The last line with code.
        last: u32,
    },
}

/// As many lines without reachable code are passed over. Of functions that the linker dropped no row is kept, so that
/// one is enough for honest DWARF.
const MOST_LINES: usize = 64;

/// Where the pieces of a line's code start.
#[derive(Default)]
struct Starts {
    /// Its statements.
    own: Vec<Start>,
    /// The code of calls on it that were inlined.
    called: Vec<Start>,
}

impl Symbols {
    /// The instructions where a breakpoint on line `line` of `file` belongs, in the order of the code. Where the line
    /// has no code, those of the nearest line after it that has. `file` is a path or the end of one, of whole
    /// components; more than one file may be meant.
    ///
    /// In each function that has code of the line, instances of templates and generic functions among them, and in each
    /// inlined copy there is a place for each piece of its code, but for those that continue another piece: a line is
    /// not missed, and one that is executed once is stopped in once. A line on which a function begins is
    /// where its parameters are in place, which may be another line. A line on which a loop begins is in that: the
    /// program reaches it each time round. Where all that a line, or a copy of it, has are calls that were
    /// inlined, it is where the code of those begins.
    ///
    /// # Errors
    ///
    /// Why there is no place. Where several files are meant, that of the one with the most lines.
    pub fn line_places(&self, file: &str, line: u32) -> Result<Vec<LinePlace>, NoPlace> {
        let mut places = Vec::new();
        let mut miss = NoPlace::NoFile;
        let mut take = |answer: Result<Vec<LinePlace>, NoPlace>| match answer {
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
                Ok(Err(none)) => {
                    last = none;
                    break;
                }
                Err(_) => break,
            };
            let functions = rows.addresses.iter().filter_map(|address| {
                // Addresses of functions have been seen to be that of the size field before the body.
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
                    // Several units may claim the code of an inline function, but it was made from one.
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
        for (
            block,
            Starts {
                mut own,
                mut called,
            },
        ) in starts(code, files, line)
        {
            let place = |at| LinePlace {
                at,
                func,
                inlined: block.is_some(),
                file: path.to_owned(),
                line,
            };
            // Behind the prologue.
            let is_first =
                |it: &Start| Some(it.at) == first && block.is_none() && it.is_of(files, line);
            if let Some(start) = own.first_mut().filter(|it| is_first(it))
                && let Some(body) = self.body_start(func)
                && body != start.at
            {
                start.at = body;
                let there = self.locate(body).into_iter().next();
                if let Some((file, line_there)) = there.and_then(|it| it.file.zip(it.line))
                    && (&*file, line_there) != (path, line)
                {
                    own.remove(0);
                    let line = line_there;
                    places.push(LinePlace {
                        file,
                        line,
                        ..place(body)
                    });
                }
            }
            // Into a loop, if the line is there too: a breakpoint stops each time round.
            for start in own.iter_mut().chain(&mut called) {
                if let Some(inside) = loops.get(&start.at)
                    && code
                        .span_at(*inside)
                        .is_some_and(|it| Start::of(it).is_line_of(start))
                {
                    start.at = *inside;
                }
            }
            let copies = runs.without_statement(&own, called);
            let own = match block.is_none().then(|| self.body_start(func)).flatten() {
                Some(body) => runs.thinned_from(body, own),
                None => runs.thinned(own),
            };
            places.extend(own.into_iter().chain(copies).map(place));
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

/// Where the pieces of a line's code start, in a function and in each of the calls that were inlined into it.
fn starts(code: &Code, files: &BTreeSet<u32>, line: u32) -> BTreeMap<Option<BlockId>, Starts> {
    // For each call, the one around in which it stands on the line, or one that it is in does.
    let mut called: Vec<Option<Option<BlockId>>> = Vec::new();
    for of in code.blocks.all() {
        let file = of.call.file.map(u32::try_from);
        let is_file = file.is_none_or(|it| it.is_ok_and(|it| files.contains(&it)));
        let around = of.parent.and_then(|it| *called.get(it)?);
        called.push(match of.call.line == Some(line) && is_file {
            true => Some(of.parent),
            false => around,
        });
    }
    let mut found: BTreeMap<Option<BlockId>, Starts> = BTreeMap::new();
    let mut piece = None;
    // Whether the span before is of the call's piece that was found last: one behind code of the line itself is none.
    let mut is_open = false;
    for span in code.spans.iter().filter(|it| it.line != 0) {
        let is_own = span.line == line && files.contains(&span.file);
        let of = match (is_own, span.block) {
            (true, block) => Some(block),
            (false, Some(block)) => called.get(block).copied().flatten(),
            (false, None) => None,
        };
        if let Some(of) = of {
            let starts = found.entry(of).or_default();
            if is_own && span.is_statement {
                starts.own.push(Start::of(span));
            } else if !is_own && piece != Some(of) {
                starts.called.push(Start::of(span));
                is_open = true;
            } else if !is_own
                && is_open
                && let Some(start) = starts.called.last_mut()
            {
                start.extend(span);
            }
        }
        is_open &= of.is_some() && !is_own;
        piece = of;
    }
    found
}

/// The last line with code that a miss knows of; the more telling miss has the greater.
fn last(miss: &NoPlace) -> Option<u32> {
    match miss {
        NoPlace::NoFile => None,
        NoPlace::NoCode { .. } => Some(0),
        NoPlace::Beyond { last, .. } => Some(*last),
    }
}

/// What line tables and inlined calls say of a line.
struct RowsOfLine {
    line: u32,
    /// Where it has code.
    addresses: Vec<u32>,
    /// The line programs, and the indices that its file has in them.
    files: Vec<(usize, u32)>,
}

/// The rows of the first line from `wanted` on that has any, or calls that were inlined; if there is none, the last line
/// that has.
fn rows(
    dwarf: &Dwarf<'_>,
    units: &[(UnitId, u32)],
    wanted: u32,
    fuel: &Fuel,
) -> Result<Result<RowsOfLine, u32>, Stop> {
    let mut last = 0;
    let mut line = u32::MAX;
    let (mut addresses, mut files) = (Vec::new(), Vec::new());
    let mut add = |of: u32, address: u32| {
        last = last.max(of);
        if of < wanted || of > line {
            return;
        }
        if of < line {
            addresses.clear();
            line = of;
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
    Ok(match addresses.is_empty() {
        true => Err(last),
        false => Ok(RowsOfLine {
            line,
            addresses,
            files,
        }),
    })
}
