//! The source files of a module, and which of them the user means.

use std::collections::{BTreeMap, HashSet};

use crate::dwarf::Dwarf;
use crate::fuel::Fuel;
use crate::lines;
use crate::units::UnitId;
use crate::{Symbols, source_map};

/// The source files that line tables name, by path. Each has the units whose tables name it, with its index there.
pub(crate) struct Sources(BTreeMap<String, Vec<(UnitId, u32)>>);

impl Sources {
    /// Reads the header of every line table.
    pub(crate) fn make(dwarf: &Dwarf<'_>) -> Self {
        let fuel = Fuel::for_reading(dwarf.size());
        let mut sources = BTreeMap::<String, Vec<_>>::new();
        let mut seen = HashSet::new();
        for id in dwarf.units().ids() {
            let Ok(unit) = dwarf.units().open(dwarf, id) else {
                continue;
            };
            // Type units share the line table of a compilation unit.
            if unit.line_program.is_none_or(|it| !seen.insert(it.0)) {
                continue;
            }
            for (index, path) in lines::files(dwarf, &unit, &fuel) {
                sources.entry(path).or_default().push((id, index));
            }
        }
        Sources(sources)
    }

    /// The files that `name` means, each with the units whose tables name it.
    pub(crate) fn meant<'a>(
        &'a self,
        name: &str,
    ) -> impl Iterator<Item = (&'a str, &'a [(UnitId, u32)])> {
        let wanted = components(name);
        self.0
            .iter()
            .filter(move |(path, _)| ends_with(path, &wanted))
            .map(|(path, units)| (path.as_str(), units.as_slice()))
    }
}

impl Symbols {
    /// The paths of the source files that the debug information names, sorted, each once.
    pub fn source_files(&self) -> Vec<String> {
        let mut files: Vec<String> = match (self.dwarf(), self.source_map()) {
            (Some(dwarf), _) => dwarf.sources().0.keys().cloned().collect(),
            (None, Some(map)) => map
                .sources()
                .map(|it| source_map::tidy(it).into())
                .collect(),
            (None, None) => Vec::new(),
        };
        files.sort_unstable();
        files.dedup();
        files
    }
}

/// Whether `path` is the path `name`, or ends with it: `area.c` means `/src/area.c`, `a.c` does not.
pub(crate) fn is_meant(path: &str, name: &str) -> bool {
    ends_with(path, &components(name))
}

fn ends_with(path: &str, wanted: &[&str]) -> bool {
    !wanted.is_empty() && components(path).ends_with(wanted)
}

/// The parts of a path, of Unix or of Windows; an absolute one has an empty first part.
fn components(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for (position, part) in path.split(['/', '\\']).enumerate() {
        match part {
            "" if position > 0 => {}
            "." => {}
            ".." if parts.last().is_some_and(|it| !matches!(*it, "" | "..")) => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts == [""] { Vec::new() } else { parts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_meant_by_the_end_of_its_path() {
        for (path, name, expected) in [
            ("/src/a.c", "a.c", true),
            ("/src/a.c", "src/a.c", true),
            ("/src/a.c", "/src/a.c", true),
            ("/src/a.c", "/a.c", false),
            ("/src/a.c", "c", false),
            ("/src/a.c", "A.c", false),
            ("/src/aa.c", "a.c", false),
            ("src/a.c", "./src//a.c", true),
            ("/x/../src/a.c", "/src/a.c", true),
            ("C:\\src\\a.c", "src/a.c", true),
            ("/src/a.c", "", false),
            ("/src/a.c", "/", false),
            ("/", "/", false),
        ] {
            assert_eq!(is_meant(path, name), expected, "{path} {name}");
        }
    }
}
