//! The functions of a unit: their code, names and declarations.

use std::ops::Range;

use gimli::{AttributeValue, UnitOffset};

use crate::dwarf::{Dwarf, Slice};
use crate::fuel::{CutShort, Fuel};
use crate::lines;
use crate::name::Name;
use crate::ranges::Extent;
use crate::units::Unit;

/// The functions of a unit that have code, sorted by its start.
pub(crate) struct Functions(Vec<Function>);

/// A `DW_TAG_subprogram` with code.
#[derive(Clone)]
pub(crate) struct Function {
    /// Its code, as offsets in the code section.
    pub(crate) code: Range<u32>,
    /// Its entry in the unit.
    pub(crate) entry: UnitOffset,
}

impl Functions {
    /// Finds all functions. If the DWARF is broken, the result has the functions before the error.
    pub(crate) fn scan<'a>(dwarf: &Dwarf<'a>, unit: &Unit<'a>) -> (Self, Option<CutShort>) {
        let mut functions = Vec::new();
        let stop = scan(dwarf, unit, &mut functions).err();
        functions.sort_by_key(|it| it.code.start);
        (Functions(functions), stop)
    }

    /// The code of each function.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<u32>> {
        self.0.iter().map(|it| it.code.clone())
    }

    /// The function that covers `address` and starts at `earliest` or later.
    ///
    /// The code of a function is in one WebAssembly function. The start of that limits the search: a stale entry
    /// before it is ignored, however long it is.
    pub(crate) fn at(&self, address: u32, earliest: u32) -> Option<&Function> {
        let after = self.0.partition_point(|it| it.code.start <= address);
        self.0[..after]
            .iter()
            .rev()
            .take_while(|it| earliest <= it.code.start)
            .find(|it| address < it.code.end)
    }
}

fn scan<'a>(dwarf: &Dwarf<'a>, unit: &Unit<'a>, found: &mut Vec<Function>) -> Result<(), CutShort> {
    let mut entries = unit.gimli.entries_raw(None)?;
    while !entries.is_empty() {
        let entry = entries.next_offset();
        let Some(abbreviation) = entries.read_abbreviation()? else {
            continue;
        };
        dwarf.fuel().burn(1 + abbreviation.attributes().len())?;
        if abbreviation.tag() != gimli::DW_TAG_subprogram {
            entries.skip_attributes(abbreviation.attributes())?;
            continue;
        }
        let mut extent = Extent::default();
        for spec in abbreviation.attributes() {
            extent.note(&entries.read_attribute(*spec)?);
        }
        extent.each(dwarf, &unit.gimli, dwarf.fuel(), |code| {
            dwarf.keep()?;
            found.push(Function { code, entry });
            Ok(())
        })?;
    }
    Ok(())
}

/// The name of the function, inlined or not, whose entry is at `offset`.
pub(crate) fn name<'a>(dwarf: &Dwarf<'a>, unit: &Unit<'a>, offset: UnitOffset) -> Option<Name> {
    let mut language = None;
    let (mut linkage, mut plain) = (None, None);
    visit(dwarf, unit, offset, |unit, attribute| {
        let slot = match attribute.name() {
            gimli::DW_AT_linkage_name | gimli::DW_AT_MIPS_linkage_name => &mut linkage,
            gimli::DW_AT_name => &mut plain,
            _ => return,
        };
        if slot.is_none() {
            *slot = dwarf.gimli.attr_string(&unit.gimli, attribute.value()).ok();
            language = unit.language;
        }
    });
    let text = |it: Option<Slice<'_>>| it.map(|it| it.to_string_lossy().into_owned());
    Name::from_dwarf(text(linkage).as_deref(), text(plain).as_deref(), language)
}

/// The file and line of that function's declaration. Compilers write the start of its definition there.
pub(crate) fn declaration<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    offset: UnitOffset,
) -> Option<(String, u32)> {
    let (mut file, mut line) = (None, None);
    visit(dwarf, unit, offset, |unit, attribute| {
        match (attribute.name(), attribute.value()) {
            (gimli::DW_AT_decl_file, AttributeValue::FileIndex(index)) if file.is_none() => {
                file = lines::file(dwarf, unit, index);
            }
            (gimli::DW_AT_decl_line, value) if line.is_none() => {
                line = value.udata_value().and_then(|it| u32::try_from(it).ok());
            }
            _ => {}
        }
    });
    file.zip(line.filter(|it| *it != 0))
}

/// The unqualified name of the entry at `offset`, or of the entry that it is an instance of.
pub(crate) fn plain_name<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    offset: UnitOffset,
    fuel: &Fuel,
) -> Option<Slice<'a>> {
    fuel.burn(1).ok()?;
    let (mut name, mut seen) = (None, 0);
    visit(dwarf, unit, offset, |unit, attribute| {
        seen += 1;
        if attribute.name() == gimli::DW_AT_name && name.is_none() {
            name = dwarf.gimli.attr_string(&unit.gimli, attribute.value()).ok();
        }
    });
    // All entries may have the same origin, with a million attributes.
    fuel.burn(seen).ok()?;
    name
}

/// At most this many references are followed: from an inlined call to its abstract function and to the declaration of
/// that. Real programs need two or three, and hostile references may form a cycle.
const MOST_HOPS: usize = 16;

/// Calls `see` with each attribute of the entry at `offset`, and then of the entries that it is an instance of. An
/// inlined call refers to the abstract function (`DW_AT_abstract_origin`), and that to the declaration in its class
/// (`DW_AT_specification`), possibly in another unit.
pub(crate) fn visit<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    mut offset: UnitOffset,
    mut see: impl FnMut(&Unit<'a>, &gimli::Attribute<Slice<'a>>),
) {
    let mut other = None;
    for _ in 0..MOST_HOPS {
        let current = other.as_ref().unwrap_or(unit);
        let mut entry = gimli::DebuggingInformationEntry::null();
        let read = current.gimli.entries_raw(Some(offset));
        if !read.is_ok_and(|mut it| it.read_entry(&mut entry).unwrap_or(false)) {
            return;
        }
        let mut next = None;
        for attribute in entry.attrs() {
            see(current, attribute);
            if let gimli::DW_AT_abstract_origin | gimli::DW_AT_specification = attribute.name() {
                next = Some(attribute.value());
            }
        }
        let Some((other_unit, entry)) = next.and_then(|it| referred(dwarf, it)) else {
            return;
        };
        offset = entry;
        other = other_unit.or(other);
    }
}

/// The entry that a reference means: its offset, and its unit if that is not the unit of the reference.
pub(crate) fn referred<'a>(
    dwarf: &Dwarf<'a>,
    reference: AttributeValue<Slice<'a>>,
) -> Option<(Option<Unit<'a>>, UnitOffset)> {
    match reference {
        AttributeValue::UnitRef(offset) => Some((None, offset)),
        AttributeValue::DebugInfoRef(offset) => {
            let (id, offset) = dwarf.units().containing(offset)?;
            Some((Some(dwarf.units().open(dwarf, id).ok()?), offset))
        }
        _ => None,
    }
}
