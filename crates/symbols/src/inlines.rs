//! The inlined calls around an address.

use std::ops::Range;

use gimli::{AttributeValue, UnitOffset};

use crate::dwarf::{Dwarf, Slice};
use crate::fuel::{CutShort, Fuel};
use crate::ranges::Extent;
use crate::units::Unit;

/// A `DW_TAG_inlined_subroutine`: the function that was inlined, and the call that it replaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Call {
    /// Its entry in the unit.
    pub(crate) entry: usize,
    /// The place of the call in the source: the index of the file.
    pub(crate) file: Option<u64>,
    /// The line.
    pub(crate) line: Option<u32>,
    /// The column.
    pub(crate) column: Option<u32>,
}

/// At most this many inlined calls around an address are reported. Optimised Rust has been seen to go 30 deep.
const MOST_CALLS: usize = 1000;

/// The inlined calls around `address`, outermost first, in the function whose entry is at `function`. If the DWARF is
/// broken, the result has the calls before the error.
pub(crate) fn at<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    function: UnitOffset,
    address: u32,
) -> (Vec<Call>, Option<CutShort>) {
    let mut calls = Vec::new();
    let stop = walk(dwarf, unit, function, address, &mut calls).err();
    (calls, stop)
}

fn walk<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    function: UnitOffset,
    address: u32,
    calls: &mut Vec<Call>,
) -> Result<(), CutShort> {
    let fuel = Fuel::for_reading(dwarf.size());
    let mut entries = unit.gimli.entries_raw(Some(function))?;
    let Some(own) = entries.read_abbreviation()? else {
        return Ok(());
    };
    entries.skip_attributes(own.attributes())?;
    // The depth of the innermost call found so far. When the walk is back at this depth, all children of that call were
    // read, and no other call can contain the address.
    let mut innermost = 0;
    // The depth of an entry whose children are of no interest, while the walk is among them.
    let mut aside: Option<isize> = None;
    while !entries.is_empty() {
        let depth = entries.next_depth();
        if depth <= innermost {
            break;
        }
        let entry = entries.next_offset();
        let Some(abbreviation) = entries.read_abbreviation()? else {
            continue;
        };
        fuel.burn(1 + abbreviation.attributes().len())?;
        aside = aside.filter(|it| *it < depth);
        let tag = abbreviation.tag();
        if aside.is_some() || tag != gimli::DW_TAG_inlined_subroutine {
            entries.skip_attributes(abbreviation.attributes())?;
            // The calls in a nested function belong to that function.
            if aside.is_none() && tag == gimli::DW_TAG_subprogram {
                aside = Some(depth);
            }
            continue;
        }
        let (call, _, extent) = read(unit, &mut entries, entry, abbreviation)?;
        let mut covered = false;
        extent.each(dwarf, &unit.gimli, &fuel, |range| {
            covered |= range.contains(&address);
            Ok(())
        })?;
        if covered {
            if calls.len() == MOST_CALLS {
                return Err(CutShort::Exhausted);
            }
            calls.push(call);
            innermost = depth;
        } else {
            aside = Some(depth);
        }
    }
    Ok(())
}

/// An inlined call, with the code that it covers.
pub(crate) struct Covered {
    pub(crate) call: Call,
    pub(crate) code: Vec<Range<u32>>,
    /// The index of the inlined call that contains it.
    parent: Option<usize>,
    /// Whether it contains the declaration of the variable.
    declares: bool,
}

/// The calls that were inlined into the function that declares a variable. That function may be inlined itself. The
/// code of these calls does not belong to it. `function` and `variable` are entries. If the DWARF is broken, the
/// result has the calls before the error.
pub(crate) fn beside<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    function: UnitOffset,
    variable: Option<UnitOffset>,
) -> Vec<Covered> {
    let mut found = Vec::new();
    _ = walk_beside(dwarf, unit, function, variable, &mut found);
    let declares: Vec<bool> = found.iter().map(|it| it.declares).collect();
    found.retain(|it| !it.declares && it.parent.is_none_or(|at| declares[at]));
    found
}

fn walk_beside<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    function: UnitOffset,
    variable: Option<UnitOffset>,
    found: &mut Vec<Covered>,
) -> Result<(), CutShort> {
    let fuel = Fuel::for_one(dwarf.size());
    let mut entries = unit.gimli.entries_raw(Some(function))?;
    let Some(own) = entries.read_abbreviation()? else {
        return Ok(());
    };
    entries.skip_attributes(own.attributes())?;
    // The calls around the current entry: the depth of each, and its index in `found`.
    let mut open: Vec<(isize, usize)> = Vec::new();
    while !entries.is_empty() && entries.next_depth() > 0 {
        let depth = entries.next_depth();
        let entry = entries.next_offset();
        let Some(abbreviation) = entries.read_abbreviation()? else {
            continue;
        };
        fuel.burn(1 + abbreviation.attributes().len())?;
        while open.pop_if(|it| it.0 >= depth).is_some() {}
        if variable == Some(entry) {
            for (_, at) in &open {
                found[*at].declares = true;
            }
        }
        if abbreviation.tag() != gimli::DW_TAG_inlined_subroutine {
            entries.skip_attributes(abbreviation.attributes())?;
            continue;
        }
        let (call, _, extent) = read(unit, &mut entries, entry, abbreviation)?;
        let mut code = Vec::new();
        extent.each(dwarf, &unit.gimli, &fuel, |range| {
            code.push(range);
            Ok(())
        })?;
        let parent = open.last().map(|it| it.1);
        open.push((depth, found.len()));
        found.push(Covered {
            call,
            code,
            parent,
            declares: false,
        });
    }
    Ok(())
}

/// Reads the attributes of the inlined call at `entry`: the call, the offset in `.debug_info` of the entry of the
/// inlined function, and the code that the call covers.
pub(crate) fn read<'a>(
    unit: &Unit<'a>,
    entries: &mut gimli::EntriesRaw<'_, Slice<'a>>,
    entry: UnitOffset,
    abbreviation: &gimli::Abbreviation,
) -> Result<(Call, Option<u32>, Extent<'a>), CutShort> {
    let mut call = Call {
        entry: entry.0,
        ..Call::default()
    };
    let (mut origin, mut extent) = (None, Extent::default());
    let header = &unit.gimli.header;
    for spec in abbreviation.attributes() {
        let attribute = entries.read_attribute(*spec)?;
        extent.note(&attribute);
        let value = || {
            attribute
                .udata_value()
                .and_then(|it| u32::try_from(it).ok())
        };
        match attribute.name() {
            gimli::DW_AT_call_file => {
                if let AttributeValue::FileIndex(index) = attribute.value() {
                    call.file = Some(index);
                }
            }
            gimli::DW_AT_call_line => call.line = value(),
            gimli::DW_AT_call_column => call.column = value(),
            gimli::DW_AT_abstract_origin => {
                origin = match attribute.value() {
                    AttributeValue::UnitRef(it) => it.to_debug_info_offset(header),
                    AttributeValue::DebugInfoRef(it) => Some(it),
                    _ => None,
                };
            }
            _ => {}
        }
    }
    let origin = origin.and_then(|it| u32::try_from(it.0).ok());
    Ok((call, origin, extent))
}
