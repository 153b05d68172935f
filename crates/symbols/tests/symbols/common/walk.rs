//! The names of variables in scope, found with gimli's tree of entries: the measure for the crate's own walk.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use gimli::{AttributeValue, EndianSlice, EntriesTreeNode, LittleEndian, UnitOffset};
use wdb_module::{CodeOffset, Module, ModuleOffset};

type Slice<'a> = EndianSlice<'a, LittleEndian>;
type Dwarf<'a> = gimli::Dwarf<Slice<'a>>;
type Unit<'a> = gimli::Unit<Slice<'a>>;

/// The names at one place in the code, sorted: the innermost inlined function's first.
type Names = Vec<Vec<String>>;

pub(crate) struct Walk {
    module: Arc<Module>,
}

impl Walk {
    pub(crate) fn new(module: &Arc<Module>) -> Self {
        let module = Arc::clone(module);
        Walk { module }
    }

    /// For each row of the line tables what the functions that claim to be there declare. Units may
    /// claim the same code.
    pub(crate) fn all(&self) -> BTreeMap<ModuleOffset, Vec<Names>> {
        let load = |id: gimli::SectionId| {
            Ok::<_, std::convert::Infallible>(
                self.module.custom_section(id.name()).unwrap_or_default(),
            )
        };
        let sections = gimli::DwarfSections::load(load).unwrap();
        let dwarf = sections.borrow(|it| EndianSlice::new(it, LittleEndian));
        let mut found = BTreeMap::<ModuleOffset, Vec<Names>>::new();
        let mut headers = dwarf.units();
        while let Some(header) = headers.next().unwrap() {
            let unit = dwarf.unit(header).unwrap();
            let rows = rows(&unit);
            let mut entries = unit.entries();
            while let Some(entry) = entries.next_dfs().unwrap() {
                if entry.tag() != gimli::DW_TAG_subprogram {
                    continue;
                }
                let code = code(&dwarf, &unit, entry);
                for row in rows
                    .iter()
                    .filter(|it| code.iter().any(|code| code.contains(it)))
                {
                    let mut names = vec![Vec::new()];
                    let mut tree = unit.entries_tree(Some(entry.offset())).unwrap();
                    visit(&dwarf, &unit, tree.root().unwrap(), *row, 0, &mut names);
                    names.iter_mut().for_each(|it| it.sort());
                    names.reverse();
                    let pc = self.module.from_code(CodeOffset(*row)).unwrap();
                    found.entry(pc).or_default().push(names);
                }
            }
        }
        found
    }
}

fn rows(unit: &Unit<'_>) -> Vec<u64> {
    let mut found = Vec::new();
    let Some(program) = unit.line_program.clone() else {
        return found;
    };
    let mut rows = program.rows();
    while let Some((_, row)) = rows.next_row().unwrap() {
        if !row.end_sequence() {
            found.push(row.address());
        }
    }
    found
}

/// The live code of an entry.
fn code<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    entry: &gimli::DebuggingInformationEntry<Slice<'a>>,
) -> Vec<Range<u64>> {
    let mut ranges = dwarf.die_ranges(unit, entry).unwrap();
    let mut found = Vec::new();
    while let Some(range) = ranges.next().unwrap() {
        if 0 < range.begin {
            found.push(range.begin..range.end);
        }
    }
    found
}

fn covers<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    entry: &gimli::DebuggingInformationEntry<Slice<'a>>,
    address: u64,
) -> bool {
    let code = code(dwarf, unit, entry);
    code.iter().any(|it| it.contains(&address))
}

/// Collects what a scope and those in it declare; `level` counts the inlined calls around it.
fn visit<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    scope: EntriesTreeNode<'_, '_, Slice<'a>>,
    address: u64,
    level: usize,
    names: &mut Names,
) {
    let origin = reference(unit, scope.entry().attr_value(gimli::DW_AT_abstract_origin));
    let mut instances = Vec::new();
    let mut children = scope.children();
    while let Some(child) = children.next().unwrap() {
        let entry = child.entry();
        match entry.tag() {
            gimli::DW_TAG_variable | gimli::DW_TAG_formal_parameter => {
                let origin = reference(unit, entry.attr_value(gimli::DW_AT_abstract_origin));
                instances.extend(origin);
                names[level].extend(name(
                    dwarf,
                    unit,
                    entry.offset().to_debug_info_offset(&unit.header).unwrap().0,
                ));
            }
            gimli::DW_TAG_lexical_block if covers(dwarf, unit, entry, address) => {
                visit(dwarf, unit, child, address, level, names);
            }
            gimli::DW_TAG_inlined_subroutine if covers(dwarf, unit, entry, address) => {
                names.truncate(level + 1);
                names.push(Vec::new());
                visit(dwarf, unit, child, address, level + 1, names);
            }
            _ => {}
        }
    }
    // What the optimiser dropped is declared by the abstract function only.
    let Some(origin) = origin else { return };
    let (unit, origin) = open(dwarf, origin);
    let mut tree = unit.entries_tree(Some(origin)).unwrap();
    let mut children = tree.root().unwrap().children();
    while let Some(child) = children.next().unwrap() {
        let entry = child.entry();
        let offset = entry.offset().to_debug_info_offset(&unit.header).unwrap().0;
        let (gimli::DW_TAG_variable | gimli::DW_TAG_formal_parameter) = entry.tag() else {
            continue;
        };
        if !instances.contains(&offset) {
            names[level].extend(name(dwarf, &unit, offset));
        }
    }
}

fn reference(unit: &Unit<'_>, value: Option<AttributeValue<Slice<'_>>>) -> Option<usize> {
    match value? {
        AttributeValue::UnitRef(it) => Some(it.to_debug_info_offset(&unit.header)?.0),
        AttributeValue::DebugInfoRef(it) => Some(it.0),
        _ => None,
    }
}

fn open<'a>(dwarf: &Dwarf<'a>, offset: usize) -> (Unit<'a>, UnitOffset) {
    let mut headers = dwarf.units();
    while let Some(header) = headers.next().unwrap() {
        if let Some(offset) = gimli::DebugInfoOffset(offset).to_unit_offset(&header) {
            return (dwarf.unit(header).unwrap(), offset);
        }
    }
    panic!("{offset:#x} is in no unit");
}

/// The name of the entry at `offset`, or of what it is an instance of.
fn name<'a>(dwarf: &Dwarf<'a>, unit: &Unit<'a>, offset: usize) -> Option<String> {
    let (other, at) = match gimli::DebugInfoOffset(offset).to_unit_offset(&unit.header) {
        Some(at) => (None, at),
        None => {
            let (unit, at) = open(dwarf, offset);
            (Some(unit), at)
        }
    };
    let unit = other.as_ref().unwrap_or(unit);
    let entry = unit.entry(at).unwrap();
    if let Some(name) = entry.attr_value(gimli::DW_AT_name) {
        let name = dwarf.attr_string(unit, name).unwrap();
        return Some(name.to_string_lossy().into_owned());
    }
    let origin = entry
        .attr_value(gimli::DW_AT_abstract_origin)
        .or_else(|| entry.attr_value(gimli::DW_AT_specification));
    name(dwarf, unit, reference(unit, origin)?)
}
