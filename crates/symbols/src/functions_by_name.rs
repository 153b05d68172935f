//! From what a person calls functions to those of a module: patterns, and the places where one was inlined.

use gimli::{AttributeValue, DebugInfoOffset};
use wdb_module::{CodeOffset, FuncIndex, ModuleOffset};

use crate::dwarf::Dwarf;
use crate::fuel::{Fuel, Stop};
use crate::units::{Unit, UnitId};
use crate::{Name, Symbols, functions, inlines, spelling};

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

/// Where functions were inlined.
#[derive(Default)]
pub(crate) struct InlinedCopies {
    /// Where the function's entry is in `.debug_info`, and the address of a copy. Sorted.
    by_function: Vec<(u32, u32)>,
    /// Sorted.
    by_call: Vec<CallSite>,
}

/// A call that was inlined, by where it stands in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CallSite {
    unit: UnitId,
    /// The index of the file.
    file: u32,
    /// The line.
    pub(crate) line: u32,
    /// Where the code starts that stands for it.
    pub(crate) address: u32,
}

impl InlinedCopies {
    /// Reads every unit.
    pub(crate) fn find(dwarf: &Dwarf<'_>) -> Self {
        let fuel = Fuel::for_reading(dwarf.size());
        let mut all = InlinedCopies::default();
        for id in dwarf.units().ids() {
            if let Ok(unit) = dwarf.units().open(dwarf, id) {
                // What is found before the DWARF breaks counts; the functions around have noted it.
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

    /// The calls in a file of a unit on the first line from `wanted` on that has any.
    pub(crate) fn calls_from(
        &self,
        unit: UnitId,
        file: u32,
        wanted: u32,
    ) -> impl Iterator<Item = CallSite> {
        let before = |it: &CallSite| (it.unit, it.file, it.line) < (unit, file, wanted);
        let rest = &self.by_call[self.by_call.partition_point(before)..];
        let line = rest.first().map(|it| it.line);
        let is_same =
            move |it: &&CallSite| (it.unit, it.file) == (unit, file) && Some(it.line) == line;
        rest.iter().take_while(is_same).copied()
    }

    /// Where the function was inlined whose entry is at `origin`.
    fn of(&self, origin: u32) -> impl Iterator<Item = u32> {
        let from = self.by_function.partition_point(|it| it.0 < origin);
        let copies = self.by_function[from..]
            .iter()
            .take_while(move |it| it.0 == origin);
        copies.map(|it| it.1)
    }

    /// The functions that were inlined anywhere.
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
) -> Result<(), Stop> {
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
        let (call, origin, extent) = inlines::read(&mut entries, entry, abbreviation)?;
        let origin = origin.and_then(|it| match it {
            AttributeValue::UnitRef(it) => it.to_debug_info_offset(&unit.gimli.header),
            AttributeValue::DebugInfoRef(it) => Some(it),
            _ => None,
        });
        let mut first: Option<u32> = None;
        extent.each(dwarf, &unit.gimli, fuel, |range| {
            first = Some(first.map_or(range.start, |it| it.min(range.start)));
            Ok(())
        })?;
        let origin = origin.and_then(|it| u32::try_from(it.0).ok());
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
        self.names.get_or_init(|| {
            let all = (0..self.module.function_count()).map(FuncIndex);
            all.map(|it| self.function_name(it)).collect()
        })
    }

    /// The functions that have code and that `pattern` means: the name, without arguments of types and without
    /// parameters unless they are given, qualified or not (`area`, `Circle::area`), where `*` stands for any text
    /// (`std::*`, `*::drop`); or the name of an export.
    pub fn functions_matching(&self, pattern: &str) -> Vec<FuncIndex> {
        let mut found = match pattern.contains('*') {
            // `operator*`
            true if !pattern.contains("operator*") => Vec::new(),
            _ => self.functions_named(pattern),
        };
        let all = (0..).map(FuncIndex).zip(self.function_names());
        found.extend(
            all.filter(|it| is_called(&it.1.display, pattern))
                .map(|it| it.0),
        );
        let exports = self.module.exports().iter();
        let exports = exports.filter(|it| fits(&it.name, pattern));
        found.extend(exports.filter_map(|it| it.function()));
        found.retain(|it| {
            self.module
                .function(*it)
                .is_some_and(|it| it.body.is_some())
        });
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Where the functions that `pattern` means were inlined, in the order of the code. The pattern is as that of
    /// [`Symbols::functions_matching`].
    pub fn inlined_copies(&self, pattern: &str) -> Vec<InlinedCopy> {
        let Some(dwarf) = self.dwarf() else {
            return Vec::new();
        };
        let copies = dwarf.inlined();
        let path = spelling::split(pattern);
        let mut found = Vec::new();
        for origin in copies.origins() {
            let Some(name) = name(&dwarf, origin) else {
                continue;
            };
            let is_meant =
                is_called(&name.display, pattern) || spelling::is_function(&name.display, &path);
            if !is_meant {
                continue;
            }
            let declared = declaration(&dwarf, origin);
            let starts = copies.of(origin);
            for start in starts {
                let at = self.module.from_code(CodeOffset(start.into()));
                let Some((at, func)) = at.and_then(|it| Some((it, self.module.function_at(it)?)))
                else {
                    continue;
                };
                let first = self.module.first_instruction(func).unwrap_or(at);
                found.push(InlinedCopy {
                    at: at.max(first),
                    func,
                    name: name.clone(),
                    declared: declared.clone(),
                });
            }
        }
        found.sort_by(|one, other| (one.at, &one.name.raw).cmp(&(other.at, &other.name.raw)));
        found.dedup_by(|one, other| (one.at, &one.name) == (other.at, &other.name));
        found
    }
}

/// The name of the function whose entry is at `offset` of `.debug_info`.
fn name(dwarf: &Dwarf<'_>, offset: u32) -> Option<Name> {
    let (id, entry) = dwarf.units().containing(DebugInfoOffset(offset as usize))?;
    let unit = dwarf.units().open(dwarf, id).ok()?;
    functions::name(dwarf, &unit, entry)
}

/// The file and the line where the function is declared whose entry is at `offset` of `.debug_info`.
fn declaration(dwarf: &Dwarf<'_>, offset: u32) -> Option<(String, u32)> {
    let (id, entry) = dwarf.units().containing(DebugInfoOffset(offset as usize))?;
    let unit = dwarf.units().open(dwarf, id).ok()?;
    functions::declaration(dwarf, &unit, entry)
}

/// Whether a function is meant whose name is shown as `display`.
pub(crate) fn is_called(display: &str, pattern: &str) -> bool {
    let name = spelling::plain_path(display);
    // The qualification may be left out from the front; that of AssemblyScript is the path of the file.
    let starts = name.match_indices("::").map(|it| it.0 + "::".len());
    let files = name.match_indices('/').map(|it| it.0 + '/'.len_utf8());
    let mut ends = [0].into_iter().chain(starts).chain(files);
    ends.any(|start| name.get(start..).is_some_and(|it| fits(it, pattern)))
}

/// Whether `text` is what `pattern` says, in which `*` stands for any text.
fn fits(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    let Some(mut rest) = rest.strip_suffix(last) else {
        return false;
    };
    parts.all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (name, pattern, expected) in [
            ("main", "main", true),
            ("main", "*", true),
            ("main", "ma*n", true),
            ("main", "main*", true),
            ("main", "m*a*i*n", true),
            ("main", "mai", false),
            ("main", "*mainly", false),
            ("aba", "ab*ba", false),
            ("std::io::read", "std::*", true),
            ("std::io::read", "io::*", true),
            ("std::io::read", "o::*", false),
            ("std::io::read", "read", true),
            (
                "<alloc::vec::Vec<T> as core::ops::Drop>::drop",
                "*::drop",
                true,
            ),
            (
                "<alloc::vec::Vec<T> as core::ops::Drop>::drop",
                "Vec::drop",
                true,
            ),
            ("void a::sort<int*>(int*, int*)", "a::sort", true),
            ("void a::sort<int*>(int*, int*)", "a::s*", true),
            ("shapes::Circle::area() const", "Circle::area", true),
            (
                "core::ptr::drop_in_place::<alloc::string::String>",
                "drop_in_place",
                true,
            ),
            ("<core::option::Option<u8>>::unwrap", "Option::unwrap", true),
            (
                "<core::option::Option<u8>>::map::<u8, f>",
                "Option::map",
                true,
            ),
            ("<&mut a::B as c::D<e::F>>::g", "a::B::g", true),
            ("~lib/array/sort", "sort", true),
            ("~lib/array/sort", "array/sort", true),
            ("~lib/array/sort", "ray/sort", false),
            ("app::main::{{closure}}", "main", false),
            ("app::main::{{closure}}", "main::*", true),
        ] {
            assert_eq!(is_called(name, pattern), expected, "{name} {pattern}");
        }
    }
}
