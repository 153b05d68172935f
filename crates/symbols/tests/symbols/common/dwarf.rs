//! DWARF made byte by byte, for what no available compiler writes.
#![allow(clippy::unwrap_used, reason = "this is a test")]

use std::ops::Range;
use std::sync::Arc;

use wdb_module::{FuncIndex, Module, ModuleOffset};

/// A module of `count` functions, each of some `nop`s, with `sections` added.
pub(crate) fn module(count: usize, sections: &[(&str, Vec<u8>)]) -> Arc<Module> {
    let text = format!(
        "(module {})",
        "(func nop nop nop nop nop nop nop)".repeat(count)
    );
    let mut bytes = wat::parse_str(text).unwrap();
    for (name, contents) in sections {
        append(&mut bytes, name, contents);
    }
    super::parse(bytes)
}

/// Adds a custom section.
pub(crate) fn append(module: &mut Vec<u8>, name: &str, contents: &[u8]) {
    let mut name_field = uleb(name.len() as u64);
    name_field.extend(name.bytes());
    module.push(0);
    module.extend(uleb((name_field.len() + contents.len()) as u64));
    module.extend(name_field);
    module.extend(contents);
}

/// The body of a function in the code section: what DWARF calls its addresses.
pub(crate) fn body(module: &Module, index: u32) -> Range<u32> {
    let body = module.function(FuncIndex(index)).unwrap().body.unwrap();
    let start = module.to_code(body.start).unwrap().0 as u32;
    start..start + (body.end.0 - body.start.0) as u32
}

/// The address in the code section as a pc.
pub(crate) fn pc(module: &Module, address: u32) -> ModuleOffset {
    module
        .from_code(wdb_module::CodeOffset(address.into()))
        .unwrap()
}

pub(crate) fn uleb(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// An abbreviation: its code, tag, whether it has children, and pairs of attribute and form.
pub(crate) fn abbreviation(
    code: u64,
    tag: gimli::DwTag,
    children: bool,
    attributes: &[(gimli::DwAt, gimli::DwForm)],
) -> Vec<u8> {
    let mut out = uleb(code);
    out.extend(uleb(tag.0.into()));
    out.push(children.into());
    for (name, form) in attributes {
        out.extend(uleb(name.0.into()));
        out.extend(uleb(form.0.into()));
    }
    out.extend([0, 0]);
    out
}

/// The code of a unit, [`SUBPROGRAM`] or [`INLINED`] in [`abbreviations`].
pub(crate) const UNIT: u8 = 1;
/// `name` as a string, start, length.
pub(crate) const SUBPROGRAM: u8 = 2;
/// Origin as an offset in the unit, start, length, call line.
pub(crate) const INLINED: u8 = 3;
/// A unit with a range list and a line program.
pub(crate) const UNIT_OF_RANGES: u8 = 4;
/// `name` as a string, range list.
pub(crate) const SUBPROGRAM_OF_RANGES: u8 = 5;
/// A unit that does not say which code it covers.
pub(crate) const UNIT_WITHOUT_RANGES: u8 = 6;
/// An abstract function: its origin as an offset in the unit.
pub(crate) const ABSTRACT: u8 = 7;

/// The abbreviations that crafted units use.
pub(crate) fn abbreviations() -> Vec<u8> {
    use gimli::constants as c;
    let (low, high) = (
        (c::DW_AT_low_pc, c::DW_FORM_addr),
        (c::DW_AT_high_pc, c::DW_FORM_data4),
    );
    let name = (c::DW_AT_name, c::DW_FORM_string);
    let lines = (c::DW_AT_stmt_list, c::DW_FORM_sec_offset);
    let ranges = (c::DW_AT_ranges, c::DW_FORM_sec_offset);
    let origin = (c::DW_AT_abstract_origin, c::DW_FORM_ref4);
    let call_line = (c::DW_AT_call_line, c::DW_FORM_data1);
    let (unit, function) = (c::DW_TAG_compile_unit, c::DW_TAG_subprogram);
    let mut out = [
        abbreviation(UNIT.into(), unit, true, &[low, high, lines]),
        abbreviation(SUBPROGRAM.into(), function, true, &[name, low, high]),
        abbreviation(
            INLINED.into(),
            c::DW_TAG_inlined_subroutine,
            true,
            &[origin, low, high, call_line],
        ),
        abbreviation(UNIT_OF_RANGES.into(), unit, true, &[ranges, lines]),
        abbreviation(SUBPROGRAM_OF_RANGES.into(), function, true, &[name, ranges]),
        abbreviation(UNIT_WITHOUT_RANGES.into(), unit, true, &[lines]),
        abbreviation(ABSTRACT.into(), function, false, &[origin]),
    ]
    .concat();
    out.push(0);
    out
}

/// A DWARF 4 unit of these entries, which start at offset 11.
pub(crate) fn unit(entries: &[u8]) -> Vec<u8> {
    let mut out = (entries.len() as u32 + 7).to_le_bytes().to_vec();
    out.extend(4_u16.to_le_bytes());
    out.extend(0_u32.to_le_bytes());
    out.push(4);
    out.extend(entries);
    out
}

/// The attributes for a start and a length.
pub(crate) fn span(start: u32, length: u32) -> Vec<u8> {
    [start.to_le_bytes(), length.to_le_bytes()].concat()
}

/// A subprogram without children.
pub(crate) fn subprogram(name: &str, start: u32, length: u32) -> Vec<u8> {
    let mut out = vec![SUBPROGRAM];
    out.extend(name.bytes());
    out.push(0);
    out.extend(span(start, length));
    out.push(0);
    out
}

/// A range list of DWARF 4.
pub(crate) fn range_list(ranges: &[(u32, u32)]) -> Vec<u8> {
    let ends = ranges.iter().chain(&[(0, 0)]);
    ends.flat_map(|it| [it.0.to_le_bytes(), it.1.to_le_bytes()].concat())
        .collect()
}

/// A DWARF 4 line program with one file, `a.c`, and for each sequence its end and its rows of
/// address and line.
pub(crate) fn line_program(sequences: &[(u32, &[(u32, u8)])]) -> Vec<u8> {
    // Minimum instruction length, operations per instruction, is_stmt, line base, line range,
    // opcode base, nine operand counts less, no directories, one file.
    let mut header = vec![1, 1, 1, 0xfb, 14, 10, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0];
    header.extend(b"a.c\0\0\0\0\0");
    let mut program = Vec::new();
    for (end, rows) in sequences {
        let mut line = 1_i8;
        for (address, to) in *rows {
            program.extend([0, 5, gimli::DW_LNE_set_address.0]);
            program.extend(address.to_le_bytes());
            program.extend([
                gimli::DW_LNS_advance_line.0,
                (*to as i8 - line) as u8 & 0x7f,
            ]);
            program.push(gimli::DW_LNS_copy.0);
            line = *to as i8;
        }
        program.extend([0, 5, gimli::DW_LNE_set_address.0]);
        program.extend(end.to_le_bytes());
        program.extend([0, 1, gimli::DW_LNE_end_sequence.0]);
    }
    let mut out = (6 + header.len() as u32 + program.len() as u32)
        .to_le_bytes()
        .to_vec();
    out.extend(4_u16.to_le_bytes());
    out.extend((header.len() as u32).to_le_bytes());
    out.extend(header);
    out.extend(program);
    out
}
