//! The types, functions and statics of all units by name.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use gimli::{AttributeValue, DebugInfoOffset, UnitOffset};
use wdb_module::{CodeOffset, FuncIndex};

use crate::dwarf::Dwarf;
use crate::fuel::Fuel;
use crate::lines;
use crate::ranges::Extent;
use crate::scopes::{self, ScopeKind};
use crate::spelling;
use crate::types::name::tag;
use crate::types::{Kind, TypeId, TypeRef};
use crate::{Language, Name, Origin, Symbols};

/// All named entries: the hash of the unqualified name, and the offset of the entry in `.debug_info`. Sorted.
pub(crate) struct Index(Vec<(u32, u32)>);

/// At most this many entries with one unqualified name are compared. Each comparison reads the entry's namespaces.
const MOST_CANDIDATES: usize = 10_000;

impl Index {
    /// Reads every unit.
    pub(crate) fn make(dwarf: &Dwarf<'_>) -> Self {
        let mut all = Vec::new();
        for id in dwarf.units().ids() {
            let Ok(unit) = dwarf.units().open(dwarf, id) else {
                continue;
            };
            for scope in dwarf.units().scopes(dwarf, &unit).all() {
                let entry = UnitOffset(scope.entry.0 as usize);
                if let Some(key) = scope.key
                    && is_wanted(scope.kind)
                    && let Some(offset) = entry.to_debug_info_offset(&unit.gimli.header)
                    && let Ok(offset) = u32::try_from(offset.0)
                {
                    all.push((key, offset));
                }
            }
        }
        all.sort_unstable();
        all.shrink_to_fit();
        Index(all)
    }
}

fn is_wanted(kind: ScopeKind) -> bool {
    !matches!(kind, ScopeKind::Namespace | ScopeKind::InlineNamespace)
}

/// An entry with the wanted name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// Its offset in `.debug_info`.
    pub(crate) offset: DebugInfoOffset,
    /// Its kind.
    pub(crate) kind: ScopeKind,
}

/// The entries called `name`, in the order of the DWARF. `name` may be qualified fully, partly or not at all.
pub(crate) fn named(
    dwarf: &Dwarf<'_>,
    name: &str,
    wanted: impl Fn(ScopeKind) -> bool,
) -> Vec<Named> {
    let name = spelling::tidy(name.into());
    let path = spelling::split(&name);
    let Some(last) = path.last() else {
        return Vec::new();
    };
    let key = spelling::key(last);
    let all = &dwarf.index().0;
    let start = all.partition_point(|it| it.0 < key);
    let candidates = all[start..].iter().take_while(|it| it.0 == key);
    let fuel = Fuel::for_reading(dwarf.size());
    let mut found = Vec::new();
    let mut open: Option<crate::units::Unit<'_>> = None;
    for (_, offset) in candidates.take(MOST_CANDIDATES) {
        let offset = DebugInfoOffset(*offset as usize);
        let Some((id, entry)) = dwarf.units().containing(offset) else {
            continue;
        };
        let unit = match open.take() {
            Some(unit) if unit.id == id => unit,
            _ => match dwarf.units().open(dwarf, id) {
                Ok(unit) => unit,
                Err(_) => continue,
            },
        };
        if let Some(scope) = dwarf.units().scopes(dwarf, &unit).at(entry)
            && wanted(scope.kind)
            && scopes::is_named(dwarf, &unit, entry, &path, &fuel)
        {
            let kind = scope.kind;
            found.push(Named { offset, kind });
        }
        open = Some(unit);
    }
    found
}

/// The entries of the statics called `name`. Each has a location or a value.
pub(crate) fn statics_named(dwarf: &Dwarf<'_>, name: &str) -> Vec<DebugInfoOffset> {
    let found = named(dwarf, name, |it| it == ScopeKind::Static);
    found.into_iter().map(|it| it.offset).collect()
}

impl Symbols {
    /// Which of the functions `found` with a name C++ finds first, inside of the function `within`. For a name that
    /// starts with `::`, the functions whose fully qualified name it is.
    pub fn nearest_functions(
        &self,
        found: Vec<FuncIndex>,
        name: &str,
        within: &str,
    ) -> Vec<FuncIndex> {
        let displays: Vec<String> = found
            .iter()
            .map(|it| self.function_name(*it).display)
            .collect();
        let nearest = match name.trim().strip_prefix("::") {
            Some(name) => {
                let pattern = spelling::Pattern::parse(name);
                displays.iter().map(|it| pattern.is_whole(it)).collect()
            }
            None => spelling::Pattern::parse(name).nearest(&displays, within),
        };
        let found = found.into_iter().zip(nearest).filter(|it| it.1);
        found.map(|it| it.0).collect()
    }

    /// The functions with this name that have code, by index. The name may be qualified fully, partly or not at all,
    /// and may have parameters. It may also be a name in the binary: a linkage name, an export.
    pub fn functions_named(&self, name: &str) -> Vec<FuncIndex> {
        let module = self.module();
        // The linker writes demangled names to the name section.
        let readable = Name::from_symbol(name.to_owned(), Origin::NameSection).display;
        let pattern = spelling::Pattern::parse(name);
        let Some(identifier) = pattern.identifier() else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for index in (0..module.function_count()).map(FuncIndex) {
            let Some(symbol) = self.raw_symbol(index) else {
                continue;
            };
            let is_called = || {
                let symbol = Name::from_symbol(symbol.to_string(), Origin::NameSection);
                symbol.display == readable || pattern.means(&symbol.display)
            };
            if symbol == name
                || readable != name && symbol == readable
                || symbol.contains(identifier) && is_called()
            {
                found.push(index);
            }
        }
        let exports = module.exports().iter().filter(|it| it.name == name);
        found.extend(exports.filter_map(|it| it.function()));
        if let Some(dwarf) = self.dwarf() {
            let entries = named(&dwarf, spelling::path(name), |it| it == ScopeKind::Function);
            let functions = entries.iter().filter_map(|entry| {
                let start = u64::from(start(&dwarf, entry.offset)?);
                module.function_at(module.from_code(CodeOffset(start))?)
            });
            let is_meant =
                |it: &FuncIndex| pattern.parameters_are_of(&self.function_name(*it).display);
            found.extend(functions.filter(is_meant));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The qualified names of all types, each once, with the file that declares it. A large program has tens of
    /// thousands. `None`: the DWARF names no file, for example for `int`.
    pub fn type_names(&self) -> BTreeMap<String, Option<Arc<str>>> {
        let mut names = BTreeMap::new();
        let Some(dwarf) = self.dwarf() else {
            return names;
        };
        let fuel = Fuel::for_reading(dwarf.size());
        for id in dwarf.units().ids() {
            let Ok(unit) = dwarf.units().open(&dwarf, id) else {
                continue;
            };
            let scopes = dwarf.units().scopes(&dwarf, &unit);
            let files: HashMap<u64, Arc<str>> = lines::files(&dwarf, &unit, &fuel)
                .into_iter()
                .map(|(index, path)| (index.into(), path.into()))
                .collect();
            let is_named = |it: &&scopes::Scope| it.kind == ScopeKind::Type && it.key.is_some();
            for scope in scopes.all().iter().filter(is_named) {
                let entry = UnitOffset(scope.entry.0 as usize);
                let Some(name) = scopes::qualified_name(&dwarf, &unit, entry, &fuel) else {
                    continue;
                };
                let Ok(entry) = unit.gimli.entry(entry) else {
                    continue;
                };
                let is_tagged =
                    unit.language == Some(Language::C) && entry.has_attr(gimli::DW_AT_name);
                let name = match tag(entry.tag()).filter(|_| is_tagged) {
                    Some(tag) => format!("{tag} {name}"),
                    None => name,
                };
                names.entry(name).or_insert_with(|| {
                    match entry.attr_value(gimli::DW_AT_decl_file)? {
                        AttributeValue::FileIndex(index) => files.get(&index).cloned(),
                        _ => None,
                    }
                });
            }
        }
        names
    }

    /// The enumerators with this name, each with its enumeration and its value. The name may be qualified fully,
    /// partly or not at all. An enumerator that several units repeat is returned once.
    pub fn enumerators_named(&self, name: &str) -> Vec<(TypeRef, i128)> {
        let Some(dwarf) = self.dwarf() else {
            return Vec::new();
        };
        let tidy = spelling::tidy(name.into());
        let last = spelling::split(&tidy).last().map(|it| it.to_string());
        let entries = named(&dwarf, &tidy, |it| it == ScopeKind::Enumerator);
        let (mut read, mut seen) = (HashSet::new(), HashSet::new());
        let fuel = Fuel::for_reading(dwarf.size());
        let enumerators = entries.iter().filter_map(|enumerator| {
            let (id, entry) = dwarf.units().containing(enumerator.offset)?;
            let unit = dwarf.units().open(&dwarf, id).ok()?;
            let around = dwarf.units().scopes(&dwarf, &unit).around(entry)?.entry;
            let around = UnitOffset(around.0 as usize);
            let offset = around.to_debug_info_offset(&unit.gimli.header)?;
            let id = TypeId(offset.0);
            if !read.insert(id) {
                return None;
            }
            let ty = self.ty_within(&dwarf, id, &fuel);
            let Kind::Enumeration(enumeration) = &ty.kind else {
                return None;
            };
            let mut values = enumeration.enumerators.iter();
            let (_, value) = values.find(|(name, _)| Some(&**name) == last.as_deref())?;
            let value = *value;
            seen.insert((Arc::clone(&ty.name), value))
                .then_some((TypeRef::Entry(id), value))
        });
        enumerators.collect()
    }
}

/// The start of the code of the function whose entry is at `offset`.
fn start(dwarf: &Dwarf<'_>, offset: DebugInfoOffset) -> Option<u32> {
    let (id, entry) = dwarf.units().containing(offset)?;
    let unit = dwarf.units().open(dwarf, id).ok()?;
    let mut entries = unit.gimli.entries_raw(Some(entry)).ok()?;
    let abbreviation = entries.read_abbreviation().ok()??;
    let mut extent = Extent::default();
    for spec in abbreviation.attributes() {
        extent.note(&entries.read_attribute(*spec).ok()?);
    }
    let mut first = None;
    let _ = extent.each(dwarf, &unit.gimli, dwarf.names_fuel(), |range| {
        first.get_or_insert(range.start);
        Ok(())
    });
    first
}
