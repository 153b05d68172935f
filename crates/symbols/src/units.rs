//! The compilation units of the DWARF and the code that each covers.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use gimli::{AttributeValue, DebugInfoOffset, DebugLineOffset, Reader as _, UnitOffset};

use crate::dwarf::{Dwarf, Slice};
use crate::fuel::CutShort;
use crate::functions::Functions;
use crate::name::Language;
use crate::ranges::Extent;
use crate::scopes::Scopes;

/// All units, in file order, with the abbreviations that they share.
pub(crate) struct Units {
    all: Vec<Entry>,
    /// Sorted by start.
    ranges: Vec<UnitRange>,
    abbreviations: BTreeMap<usize, Arc<gimli::Abbreviations>>,
    /// The offset of the type of each type unit, by signature.
    signatures: BTreeMap<u64, DebugInfoOffset>,
}

/// A unit, and the tables that were made of it so far.
struct Entry {
    offset: usize,
    functions: OnceLock<Functions>,
    scopes: OnceLock<Scopes>,
}

struct UnitRange {
    begin: u32,
    end: u32,
    /// The largest `end` of all ranges up to this one. No range up to this one covers an address beyond it.
    max_end: u32,
    unit: UnitId,
}

/// At most this many units are searched for one address.
const MOST_CLAIMS: usize = 16;

/// An entry may have at most this many attributes: compilers write up to 40. Most forms take bytes in each entry, but
/// an entry of one byte could have a million flags.
const MOST_ATTRIBUTES: u32 = 256;

/// The index of a unit in [`Units`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct UnitId(usize);

/// A unit to read from.
pub(crate) struct Unit<'a> {
    pub(crate) id: UnitId,
    /// gimli's view, without the line program, which few queries need.
    pub(crate) gimli: gimli::Unit<Slice<'a>>,
    pub(crate) language: Option<Language>,
    pub(crate) line_program: Option<DebugLineOffset>,
}

impl Units {
    /// Reads the root of every unit.
    pub(crate) fn scan(dwarf: &Dwarf<'_>) -> Self {
        let (headers, broken) = headers(dwarf);
        if let Some(error) = broken {
            dwarf.notes().add(format!(
                "the DWARF is broken after its unit {} in .debug_info ({error}); code of later units has no lines",
                headers.len()
            ));
        }
        let mut units = Units {
            all: Vec::new(),
            ranges: Vec::new(),
            abbreviations: abbreviations(dwarf, &headers),
            signatures: headers.iter().filter_map(signature).collect(),
        };
        for header in headers {
            let Some(offset) = header.debug_info_offset() else {
                continue;
            };
            let id = UnitId(units.all.len());
            units.all.push(Entry {
                offset: offset.0,
                functions: OnceLock::new(),
                scopes: OnceLock::new(),
            });
            if let Err(error) = units.index(dwarf, id, header) {
                dwarf.notes().add(format!(
                    "the DWARF unit at .debug_info+{:#x} is broken ({error}); its code may have no lines",
                    offset.0
                ));
            }
        }
        units.ranges.sort_unstable_by_key(|it| (it.begin, it.end));
        let mut max_end = 0;
        for range in &mut units.ranges {
            max_end = max_end.max(range.end);
            range.max_end = max_end;
        }
        units
    }

    /// Records the code that a unit covers.
    fn index(
        &mut self,
        dwarf: &Dwarf<'_>,
        id: UnitId,
        header: gimli::UnitHeader<Slice<'_>>,
    ) -> Result<(), CutShort> {
        let (opened, extent) = open(dwarf, id, header, &self.abbreviations)?;
        if let Some(name) = opened.split_file {
            dwarf.notes().add(format!(
                "debug information is in the split DWARF file {name}, which is not read"
            ));
        }
        let ranges = &mut self.ranges;
        let mut add = |range: Range<u32>| {
            dwarf.keep()?;
            ranges.push(UnitRange {
                begin: range.start,
                end: range.end,
                max_end: range.end,
                unit: id,
            });
            Ok(())
        };
        if extent.is_unknown() {
            // DWARF 4 and 5 do not require these attributes of a unit. Then the code of its functions counts.
            let functions = functions(&self.all[id.0], dwarf, &opened.unit);
            return functions.ranges().try_for_each(add);
        }
        extent.each(dwarf, &opened.unit.gimli, dwarf.fuel(), &mut add)
    }

    /// The units that cover `address`, which is in the function `body`, the likeliest first.
    ///
    /// If several units compile the same inline function of C++, the linker keeps the code of the first, and the debug
    /// information of the others points to it. The range of the right one ends where the code does.
    pub(crate) fn covering(&self, address: u32, body: &Range<u32>) -> Vec<UnitId> {
        let after = self.ranges.partition_point(|it| it.begin <= address);
        let mut covering: Vec<(bool, UnitId)> = self.ranges[..after]
            .iter()
            .rev()
            .take_while(|it| address < it.max_end)
            .filter(|it| address < it.end)
            .map(|it| (it.end != body.end, it.unit))
            .collect();
        covering.sort_unstable();
        let mut units: Vec<UnitId> = covering.into_iter().map(|it| it.1).collect();
        units.dedup();
        units.truncate(MOST_CLAIMS);
        units
    }

    /// The unit that contains the entry at `offset` of `.debug_info`, and the offset in it.
    pub(crate) fn containing(&self, offset: DebugInfoOffset) -> Option<(UnitId, UnitOffset)> {
        let after = self.all.partition_point(|it| it.offset <= offset.0);
        let id = after.checked_sub(1)?;
        let within = offset.0.checked_sub(self.all[id].offset)?;
        Some((UnitId(id), UnitOffset(within)))
    }

    /// The offset of the type with this signature in a type unit.
    pub(crate) fn with_signature(
        &self,
        signature: gimli::DebugTypeSignature,
    ) -> Option<DebugInfoOffset> {
        self.signatures.get(&signature.0).copied()
    }

    /// Opens a unit for reading.
    pub(crate) fn open<'a>(&self, dwarf: &Dwarf<'a>, id: UnitId) -> Result<Unit<'a>, CutShort> {
        dwarf.observer().check();
        let offset = DebugInfoOffset(self.all[id.0].offset);
        let header = dwarf.gimli.unit_header(offset)?;
        Ok(open(dwarf, id, header, &self.abbreviations)?.0.unit)
    }

    /// The functions of an open unit, found on first use.
    pub(crate) fn functions<'a>(&self, dwarf: &Dwarf<'a>, unit: &Unit<'a>) -> &Functions {
        functions(&self.all[unit.id.0], dwarf, unit)
    }

    /// The parts of names of an open unit, found on first use.
    pub(crate) fn scopes<'a>(&self, dwarf: &Dwarf<'a>, unit: &Unit<'a>) -> &Scopes {
        let entry = &self.all[unit.id.0];
        entry.scopes.get_or_init(|| {
            let (scopes, broken) = Scopes::scan(dwarf, unit);
            if let Some(error) = broken {
                dwarf.notes().add(format!(
                    "the DWARF unit at .debug_info+{:#x} is broken ({error}); types and statics may be missing",
                    entry.offset
                ));
            }
            scopes
        })
    }

    /// All units.
    pub(crate) fn ids(&self) -> impl Iterator<Item = UnitId> + use<> {
        (0..self.all.len()).map(UnitId)
    }
}

fn functions<'e, 'a>(entry: &'e Entry, dwarf: &Dwarf<'a>, unit: &Unit<'a>) -> &'e Functions {
    entry.functions.get_or_init(|| {
        let (functions, broken) = Functions::scan(dwarf, unit);
        if let Some(error) = broken {
            dwarf.notes().add(format!(
                "the DWARF unit at .debug_info+{:#x} is broken ({error}); functions may be missing",
                entry.offset
            ));
        }
        functions
    })
}

fn headers<'a>(dwarf: &Dwarf<'a>) -> (Vec<gimli::UnitHeader<Slice<'a>>>, Option<gimli::Error>) {
    let mut headers = Vec::new();
    let mut units = dwarf.gimli.units();
    loop {
        match units.next() {
            Ok(Some(header)) => headers.push(header),
            Ok(None) => return (headers, None),
            Err(error) => return (headers, Some(error)),
        }
    }
}

/// The signature and the offset of the type of a type unit.
fn signature(header: &gimli::UnitHeader<Slice<'_>>) -> Option<(u64, DebugInfoOffset)> {
    let gimli::UnitType::Type {
        type_signature,
        type_offset,
    } = header.type_()
    else {
        return None;
    };
    Some((type_signature.0, type_offset.to_debug_info_offset(header)?))
}

/// The abbreviations of all units by their offset.
///
/// A table is read up to the start of the next one. So the section is read only once, even if hostile units point
/// everywhere into it. Tables of compilers do not overlap. A broken table is left out here and reported when a unit is
/// opened.
fn abbreviations(
    dwarf: &Dwarf<'_>,
    headers: &[gimli::UnitHeader<Slice<'_>>],
) -> BTreeMap<usize, Arc<gimli::Abbreviations>> {
    let mut starts: Vec<usize> = headers
        .iter()
        .map(|it| it.debug_abbrev_offset().0)
        .collect();
    starts.sort_unstable();
    starts.dedup();
    let section = gimli::Section::reader(&dwarf.gimli.debug_abbrev).slice();
    let ends = starts.iter().skip(1).copied().chain([section.len()]);
    let mut tables = BTreeMap::new();
    for (start, end) in starts.iter().copied().zip(ends) {
        let Some(bytes) = section.get(start..end) else {
            continue;
        };
        if !is_sensible(Slice::new(bytes, gimli::LittleEndian)).unwrap_or(false) {
            continue;
        }
        let table = gimli::DebugAbbrev::new(bytes, gimli::LittleEndian);
        if let Ok(table) = table.abbreviations(gimli::DebugAbbrevOffset(0)) {
            tables.insert(start, Arc::new(table));
        }
    }
    tables
}

/// Whether no abbreviation of a table has more than [`MOST_ATTRIBUTES`] (DWARF 5, section 7.5.3).
fn is_sensible(mut table: Slice<'_>) -> gimli::Result<bool> {
    while !table.is_empty() && table.read_uleb128()? != 0 {
        let _tag = table.read_uleb128()?;
        let _has_children = table.read_u8()?;
        let mut attributes = 0;
        loop {
            let (name, form) = (table.read_uleb128()?, table.read_uleb128()?);
            if (name, form) == (0, 0) {
                break;
            }
            if form == u64::from(gimli::DW_FORM_implicit_const.0) {
                table.read_sleb128()?;
            }
            attributes += 1;
            if attributes > MOST_ATTRIBUTES {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

struct Opened<'a> {
    unit: Unit<'a>,
    split_file: Option<String>,
}

/// Reads the root entry of a unit. This is [`gimli::Unit::new`] in one pass and without the file table of the line
/// program.
fn open<'a>(
    dwarf: &Dwarf<'a>,
    id: UnitId,
    header: gimli::UnitHeader<Slice<'a>>,
    abbreviations: &BTreeMap<usize, Arc<gimli::Abbreviations>>,
) -> Result<(Opened<'a>, Extent<'a>), CutShort> {
    let table = abbreviations.get(&header.debug_abbrev_offset().0);
    let table = table.ok_or(CutShort::NoAbbreviations)?;
    let encoding = header.encoding();
    let main = gimli::DwarfFileType::Main;
    let mut unit = gimli::Unit {
        abbreviations: Arc::clone(table),
        name: None,
        comp_dir: None,
        low_pc: 0,
        str_offsets_base: gimli::DebugStrOffsetsBase::default_for_encoding_and_file(encoding, main),
        addr_base: gimli::DebugAddrBase(0),
        loclists_base: gimli::DebugLocListsBase::default_for_encoding_and_file(encoding, main),
        rnglists_base: gimli::DebugRngListsBase::default_for_encoding_and_file(encoding, main),
        line_program: None,
        dwo_id: None,
        header,
    };
    let (mut name, mut directory, mut low_pc, mut split) = (None, None, None, None);
    let (mut language, mut line_program, mut producer) = (None, None, None);
    let mut extent = Extent::default();

    let mut entries = unit.header.entries_raw(table, None)?;
    let root = entries.read_abbreviation()?;
    for spec in root.ok_or(gimli::Error::MissingUnitDie)?.attributes() {
        let attribute = entries.read_attribute(*spec)?;
        extent.note(&attribute);
        match (attribute.name(), attribute.value()) {
            (gimli::DW_AT_name, value) => name = Some(value),
            (gimli::DW_AT_comp_dir, value) => directory = Some(value),
            (gimli::DW_AT_low_pc, value) => low_pc = Some(value),
            (gimli::DW_AT_dwo_name | gimli::DW_AT_GNU_dwo_name, value) => split = Some(value),
            (gimli::DW_AT_language, AttributeValue::Language(value)) => {
                language = Some(Language::from_dwarf(value));
            }
            (gimli::DW_AT_producer, value) => {
                producer = Some(value);
            }
            (gimli::DW_AT_stmt_list, AttributeValue::DebugLineRef(value)) => {
                line_program = Some(value);
            }
            (gimli::DW_AT_str_offsets_base, AttributeValue::DebugStrOffsetsBase(value)) => {
                unit.str_offsets_base = value;
            }
            (
                gimli::DW_AT_addr_base | gimli::DW_AT_GNU_addr_base,
                AttributeValue::DebugAddrBase(value),
            ) => unit.addr_base = value,
            (gimli::DW_AT_loclists_base, AttributeValue::DebugLocListsBase(value)) => {
                unit.loclists_base = value;
            }
            (
                gimli::DW_AT_rnglists_base | gimli::DW_AT_GNU_ranges_base,
                AttributeValue::DebugRngListsBase(value),
            ) => unit.rnglists_base = value,
            _ => {}
        }
    }

    // Only now: the bases may come after the attributes that need them.
    let string = |value| dwarf.gimli.attr_string(&unit, value).ok();
    let (name, directory, split) = (
        name.and_then(string),
        directory.and_then(string),
        split.and_then(string),
    );
    // Zig, at 0.17, calls itself C99.
    let is_zig = |it: Slice<'_>| it.slice().starts_with(b"zig ");
    if producer.and_then(string).is_some_and(is_zig) {
        language = Some(Language::Zig);
    }
    if let Some(low_pc) = low_pc {
        unit.low_pc = dwarf.gimli.attr_address(&unit, low_pc)?.unwrap_or(0);
    }
    unit.name = name;
    unit.comp_dir = directory;
    let opened = Opened {
        unit: Unit {
            id,
            gimli: unit,
            language,
            line_program,
        },
        split_file: split.map(|it| it.to_string_lossy().into_owned()),
    };
    Ok((opened, extent))
}
