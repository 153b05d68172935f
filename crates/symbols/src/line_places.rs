//! From a line of a source file to the instructions where a breakpoint on it belongs.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use wdb_module::{CodeOffset, FuncIndex, ModuleOffset};

use crate::blocks::{BlockId, Blocks};
use crate::dwarf::Dwarf;
use crate::fuel::{Fuel, Stop};
use crate::lines::Lines;
use crate::sources::is_meant;
use crate::units::UnitId;
use crate::{Symbols, lookup, source_map};

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

/// Where the code of a line starts in a function or an inlined copy.
type Starts = BTreeMap<(FuncIndex, Option<BlockId>), u32>;

impl Symbols {
    /// The instructions where a breakpoint on line `line` of `file` belongs, in the order of the code. Where the line
    /// has no code, those of the nearest line after it that has. `file` is a path or the end of one, of whole
    /// components; more than one file may be meant.
    ///
    /// There is one place for each function that has code of the line, instances of templates and generic functions
    /// among them, and for each inlined copy: the first of them by address. A line on which a function begins is
    /// where its parameters are in place, which may be another line. A line on which a loop begins is in that: there
    /// the program comes by each time round. Where all that a line has are calls that were inlined, it is where the
    /// code of those begins.
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

    /// Moves a place before a loop into that, if its line is there too: a breakpoint stops each time round.
    fn enter_loop(&self, place: &mut LinePlace) {
        let Some(inside) = self.loops(place.func).remove(&place.at) else {
            return;
        };
        let line = |at| {
            let innermost = self.locate(at).into_iter().next()?;
            Some((innermost.file?, innermost.line?))
        };
        if line(inside).is_some_and(|there| Some(there) == line(place.at)) {
            place.at = inside;
        }
    }

    fn places_in_dwarf(
        &self,
        dwarf: &Dwarf<'_>,
        path: &str,
        units: &[(UnitId, u32)],
        line: u32,
    ) -> Result<Vec<LinePlace>, NoPlace> {
        let fuel = Fuel::for_reading(dwarf.size());
        let mut functions = HashMap::new();
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
            let starts = self.starts(dwarf, &rows, &fuel, &mut functions);
            if !starts.is_empty() {
                return Ok(self.placed(path, &rows, &starts));
            }
            wanted = rows.line.saturating_add(1);
        }
        let file = path.to_owned();
        Err(match last {
            0 => NoPlace::NoCode { file },
            last => NoPlace::Beyond { file, last },
        })
    }

    /// Of rows, those that are of live code: the first in each function and each inlined copy.
    fn starts(
        &self,
        dwarf: &Dwarf<'_>,
        rows: &RowsOfLine,
        fuel: &Fuel,
        functions: &mut HashMap<FuncIndex, (Option<usize>, Blocks)>,
    ) -> Starts {
        let mut starts = Starts::new();
        for (program, address) in &rows.starts {
            // Addresses of functions have been seen to be that of the size field before the body.
            let func = (0..=5).find_map(|size| {
                let at = CodeOffset(u64::from(*address) + size);
                self.module.function_at(self.module.from_code(at)?)
            });
            let Some((func, body)) = func.and_then(|it| Some((it, self.code_of(it)?))) else {
                continue;
            };
            // Once for each function: a line may have any number of rows in it.
            let (owner, blocks) = functions
                .entry(func)
                .or_insert_with(|| owner(dwarf, *address, &body, fuel));
            // Several units may claim the code of an inline function, but it was made from one.
            if *owner != Some(*program) {
                continue;
            }
            let mut block = blocks.at(*address);
            if rows.are_calls {
                // The code is in the function that was called, the line in the one around.
                let is_call = |it: BlockId| blocks.all()[it].call.line == Some(rows.line);
                while let Some(inner) = block.filter(|it| !is_call(*it)) {
                    block = blocks.all()[inner].parent;
                }
                let Some(call) = block else { continue };
                block = blocks.all()[call].parent;
            }
            let start = starts.entry((func, block));
            let start = start.or_insert(*address);
            *start = (*start).min(*address);
        }
        starts
    }

    /// The instructions at which code starts.
    fn placed(&self, path: &str, rows: &RowsOfLine, starts: &Starts) -> Vec<LinePlace> {
        let mut places: Vec<LinePlace> = Vec::new();
        let mut of_function: Option<(FuncIndex, ModuleOffset)> = None;
        for ((func, block), address) in starts {
            let first = match of_function {
                Some((of, first)) if of == *func => first,
                _ => match self.module.first_instruction(*func) {
                    Some(first) => of_function.insert((*func, first)).1,
                    None => continue,
                },
            };
            let at = ModuleOffset(self.code_start() + u64::from(*address));
            let mut place = LinePlace {
                at: at.max(first),
                func: *func,
                inlined: block.is_some(),
                file: path.to_owned(),
                line: rows.line,
            };
            if at <= first
                && block.is_none()
                && !rows.are_calls
                && let Some(start) = self.body_start(*func)
            {
                place.at = start;
                let place_of = |it: crate::Location| it.file.zip(it.line);
                if let Some((file, line)) = self.locate(start).into_iter().next().and_then(place_of)
                {
                    place.file = file;
                    place.line = line;
                }
            }
            if place.line == rows.line {
                self.enter_loop(&mut place);
            }
            places.push(place);
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
        let mut firsts = BTreeMap::new();
        for (at, ..) in of_file().filter(|it| it.2 == line) {
            if let Some(func) = self.module.function_at(*at) {
                firsts.entry(func).or_insert(*at);
            }
        }
        let place = |(func, at)| {
            let mut place = LinePlace {
                at,
                func,
                inlined: false,
                file: path.to_owned(),
                line,
            };
            self.enter_loop(&mut place);
            place
        };
        Ok(firsts.into_iter().map(place).collect())
    }
}

/// The line program that the code of a function has its lines from, and the calls that were inlined into it.
fn owner(
    dwarf: &Dwarf<'_>,
    address: u32,
    body: &Range<u32>,
    fuel: &Fuel,
) -> (Option<usize>, Blocks) {
    let Some((unit, entry)) = lookup::owner(dwarf, address, body) else {
        return (None, Blocks::default());
    };
    let blocks = entry.map(|it| Blocks::of(dwarf, &unit, it, fuel));
    let program = unit.line_program.map(|it| it.0);
    (program, blocks.unwrap_or_default())
}

/// The last line with code that a miss knows of; the more telling miss has the greater.
fn last(miss: &NoPlace) -> Option<u32> {
    match miss {
        NoPlace::NoFile => None,
        NoPlace::NoCode { .. } => Some(0),
        NoPlace::Beyond { last, .. } => Some(*last),
    }
}

/// Where line tables say that statements of a line start.
struct RowsOfLine {
    line: u32,
    /// The line program, and the address.
    starts: Vec<(usize, u32)>,
    /// No row has the line; these are where calls on it were inlined.
    are_calls: bool,
}

/// The rows of the first line from `wanted` on that has any; if there is none, the last line that has.
fn rows(
    dwarf: &Dwarf<'_>,
    units: &[(UnitId, u32)],
    wanted: u32,
    fuel: &Fuel,
) -> Result<Result<RowsOfLine, u32>, Stop> {
    let mut last = 0;
    let mut found = RowsOfLine {
        line: u32::MAX,
        starts: Vec::new(),
        are_calls: false,
    };
    for (id, file) in units {
        let Ok(unit) = dwarf.units().open(dwarf, *id) else {
            continue;
        };
        let Some(program) = unit.line_program else {
            continue;
        };
        for row in Lines::of(dwarf, &unit).all() {
            fuel.burn(1)?;
            if row.file != *file || !row.is_statement || row.line == 0 {
                continue;
            }
            last = last.max(row.line);
            if wanted <= row.line && row.line <= found.line {
                if row.line < found.line {
                    found.starts.clear();
                    found.line = row.line;
                }
                found.starts.push((program.0, row.address));
            }
        }
    }
    for (id, file) in units {
        let mut calls = dwarf.inlined().calls_from(*id, *file, wanted).peekable();
        let Some(line) = calls.peek().map(|it| it.line) else {
            continue;
        };
        last = last.max(line);
        let Some(program) = dwarf
            .units()
            .open(dwarf, *id)
            .ok()
            .and_then(|it| it.line_program)
        else {
            continue;
        };
        if line < found.line {
            found.starts.clear();
            found.line = line;
            found.are_calls = true;
        }
        if line == found.line && found.are_calls {
            for call in calls {
                fuel.burn(1)?;
                found.starts.push((program.0, call.address));
            }
        }
    }
    Ok(match found.starts.is_empty() {
        true => Err(last),
        false => Ok(found),
    })
}
