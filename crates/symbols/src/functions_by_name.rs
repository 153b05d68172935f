//! Finds functions by a pattern that the user typed, and the places where they were inlined.

use std::collections::{BTreeMap, BTreeSet};

use gimli::DebugInfoOffset;
use wdb_module::{CodeOffset, FuncIndex, ModuleOffset};

use crate::blocks::BlockId;
use crate::dwarf::Dwarf;
use crate::fuel::{CutShort, Fuel};
use crate::runs::{Runs, Start};
use crate::spelling::Pattern;
use crate::statements::Code;
use crate::units::{Unit, UnitId};
use crate::{Name, Symbols, functions, inlines};

/// A place where a function was inlined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlinedCopy {
    /// The first instruction of the copy.
    pub at: ModuleOffset,
    /// The function that it was inlined into.
    pub func: FuncIndex,
    /// The name of the function that was inlined.
    pub name: Name,
    /// The file and the line, from 1, where that function is declared.
    pub declared: Option<(String, u32)>,
}

/// The places where functions were inlined.
#[derive(Default)]
pub(crate) struct InlinedCopies {
    /// The offset of the function's entry in `.debug_info`, and the address of a copy. Sorted.
    by_function: Vec<(u32, u32)>,
    /// Sorted.
    by_call: Vec<CallSite>,
}

/// The place in the source of a call that was inlined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CallSite {
    unit: UnitId,
    /// The index of the file.
    file: u32,
    /// The line.
    pub(crate) line: u32,
    /// The start of the code that replaces it.
    pub(crate) address: u32,
}

impl InlinedCopies {
    /// Reads every unit.
    pub(crate) fn find(dwarf: &Dwarf<'_>) -> Self {
        let fuel = Fuel::for_reading(dwarf.size());
        let mut all = InlinedCopies::default();
        for id in dwarf.units().ids() {
            if let Ok(unit) = dwarf.units().open(dwarf, id) {
                // Keeps the copies before an error in the DWARF. Reading the functions around has noted the error.
                let _ = scan(dwarf, &unit, &fuel, &mut all);
            }
        }
        all.by_function.sort_unstable();
        all.by_function.dedup();
        all.by_function.shrink_to_fit();
        all.by_call.sort_unstable();
        all.by_call.shrink_to_fit();
        all
    }

    /// The calls in a file of a unit, on the first line from `wanted` on that has any.
    pub(crate) fn calls_from(
        &self,
        unit: UnitId,
        file: u32,
        wanted: u32,
    ) -> impl Iterator<Item = CallSite> {
        let before = |it: &CallSite| (it.unit, it.file, it.line) < (unit, file, wanted);
        let candidates = &self.by_call[self.by_call.partition_point(before)..];
        let line = candidates.first().map(|it| it.line);
        let is_same =
            move |it: &&CallSite| (it.unit, it.file) == (unit, file) && Some(it.line) == line;
        candidates.iter().take_while(is_same).copied()
    }

    /// The addresses of the copies of the function whose entry is at `origin`.
    fn of(&self, origin: u32) -> impl Iterator<Item = u32> {
        let start = self.by_function.partition_point(|it| it.0 < origin);
        let copies = self.by_function[start..]
            .iter()
            .take_while(move |it| it.0 == origin);
        copies.map(|it| it.1)
    }

    /// The entries of the functions that were inlined anywhere.
    fn origins(&self) -> impl Iterator<Item = u32> {
        self.by_function
            .chunk_by(|one, other| one.0 == other.0)
            .map(|it| it[0].0)
    }
}

fn scan<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    fuel: &Fuel,
    found: &mut InlinedCopies,
) -> Result<(), CutShort> {
    let mut entries = unit.gimli.entries_raw(None)?;
    while !entries.is_empty() {
        let entry = entries.next_offset();
        let Some(abbreviation) = entries.read_abbreviation()? else {
            continue;
        };
        fuel.burn(1 + abbreviation.attributes().len())?;
        if abbreviation.tag() != gimli::DW_TAG_inlined_subroutine {
            entries.skip_attributes(abbreviation.attributes())?;
            continue;
        }
        let (call, origin, extent) = inlines::read(unit, &mut entries, entry, abbreviation)?;
        let mut first: Option<u32> = None;
        extent.each(dwarf, &unit.gimli, fuel, |range| {
            first = Some(first.map_or(range.start, |it| it.min(range.start)));
            Ok(())
        })?;
        found.by_function.extend(origin.zip(first));
        let file = call.file.and_then(|it| u32::try_from(it).ok());
        let place = file.zip(call.line.filter(|it| *it != 0)).zip(first);
        found
            .by_call
            .extend(place.map(|((file, line), address)| CallSite {
                unit: unit.id,
                file,
                line,
                address,
            }));
    }
    Ok(())
}

impl Symbols {
    /// The names of all functions, by index.
    pub fn function_names(&self) -> &[Name] {
        let names: &Vec<Name> = self.observer.table(&self.names, || {
            let all = (0..self.module.function_count()).map(FuncIndex);
            let name = |func| {
                self.observer.check();
                self.function_name(func)
            };
            all.map(name).collect()
        });
        names
    }

    /// The functions with code that `pattern` means. The pattern is a name, qualified or not (`area`,
    /// `Circle::area`), with or without template arguments and parameters, and `*` stands for any text (`std::*`,
    /// `*::drop`). It may also be the name of an export. It may be in quotes.
    pub fn functions_matching(&self, pattern: &str) -> Vec<FuncIndex> {
        let parsed = Pattern::parse(pattern);
        let mut functions = if parsed.has_wildcard() {
            Vec::new()
        } else {
            self.functions_named(pattern)
        };
        for (index, name) in (0..).map(FuncIndex).zip(self.function_names()) {
            if parsed.means(&name.display) {
                functions.push(index);
            }
        }
        let exports = self.module.exports().iter();
        let exports = exports.filter(|it| parsed.fits(&it.name));
        functions.extend(exports.filter_map(|it| it.function()));
        let has_code = |index: &FuncIndex| {
            let function = self.module.function(*index);
            function.is_some_and(|it| it.body.is_some())
        };
        functions.retain(has_code);
        functions.sort_unstable();
        functions.dedup();
        functions
    }

    /// The places where the functions that `pattern` means were inlined, in the order of the code. The pattern is as
    /// for [`Symbols::functions_matching`]. If a copy is in several pieces, those that only continue another piece
    /// are left out.
    pub fn inlined_copies(&self, pattern: &str) -> Vec<InlinedCopy> {
        let Some(dwarf) = self.dwarf() else {
            return Vec::new();
        };
        let copies = dwarf.inlined();
        let pattern = Pattern::parse(pattern);
        let fuel = Fuel::for_reading(dwarf.size());
        let mut meant = BTreeMap::new();
        let mut functions = BTreeSet::new();
        for origin in copies.origins() {
            let Some(name) = name(&dwarf, origin) else {
                continue;
            };
            if pattern.means(&name.display) {
                meant.insert(origin, (name, declaration(&dwarf, origin)));
                functions.extend(copies.of(origin).filter_map(|start| {
                    let at = self.module.from_code(CodeOffset(start.into()))?;
                    self.module.function_at(at)
                }));
            }
        }
        let mut found = Vec::new();
        for func in functions {
            let code = self.code(func, Some(&fuel));
            let runs = Runs::new(&self.module, func, &code);
            for (call, starts) in starts_of_calls(&code, |it| meant.contains_key(&it), &fuel) {
                let origin = code.blocks.all()[call].origin;
                let Some((name, declared)) = origin.and_then(|it| meant.get(&it)) else {
                    continue;
                };
                let places = runs.thinned(starts).into_iter();
                found.extend(places.map(|at| InlinedCopy {
                    at,
                    func,
                    name: name.clone(),
                    declared: declared.clone(),
                }));
            }
        }
        found.sort_by(|one, other| (one.at, &one.name.raw).cmp(&(other.at, &other.name.raw)));
        found.dedup_by(|one, other| (one.at, &one.name) == (other.at, &other.name));
        found
    }
}

/// For each inlined call of a wanted function, the starts of the pieces of its code. `is_wanted` gets the offset of the
/// entry of a function.
fn starts_of_calls(
    code: &Code,
    is_wanted: impl Fn(u32) -> bool,
    fuel: &Fuel,
) -> BTreeMap<BlockId, Vec<Start>> {
    let blocks = code.blocks.all();
    let mut found: BTreeMap<BlockId, Vec<Start>> = BTreeMap::new();
    // The index of the last span of each call.
    let mut last: BTreeMap<BlockId, usize> = BTreeMap::new();
    for (position, span) in (1..).zip(code.spans.iter().filter(|it| it.line != 0)) {
        let mut around = span.block;
        while let Some(call) = around {
            if fuel.burn(1).is_err() {
                return found;
            }
            around = blocks[call].parent;
            if !blocks[call].origin.is_some_and(&is_wanted) {
                continue;
            }
            if last.insert(call, position) != Some(position - 1) {
                found.entry(call).or_default().push(Start::of(span));
            }
        }
    }
    found
}

/// The name of the function whose entry is at `offset` of `.debug_info`.
fn name(dwarf: &Dwarf<'_>, offset: u32) -> Option<Name> {
    let (id, entry) = dwarf.units().containing(DebugInfoOffset(offset as usize))?;
    let unit = dwarf.units().open(dwarf, id).ok()?;
    functions::name(dwarf, &unit, entry)
}

/// The file and the line of the declaration of the function whose entry is at `offset` of `.debug_info`.
fn declaration(dwarf: &Dwarf<'_>, offset: u32) -> Option<(String, u32)> {
    let (id, entry) = dwarf.units().containing(DebugInfoOffset(offset as usize))?;
    let unit = dwarf.units().open(dwarf, id).ok()?;
    functions::declaration(dwarf, &unit, entry)
}
