//! Broken and hostile DWARF, names and source maps: an answer comes, soon, and nothing panics.

use crate::common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::dwarf::{
    self, ABSTRACT, INLINED, SUBPROGRAM, SUBPROGRAM_OF_RANGES, UNIT, UNIT_OF_RANGES,
};
use common::frame::Frame;
use wdb_module::{FuncIndex, Module, ModuleOffset};
use wdb_symbols::Symbols;

/// Far more than any of this takes, even unoptimised on a busy machine; what it is to catch takes
/// hours.
const SOON: Duration = Duration::from_secs(60);

/// Asks everything there is to ask about the module.
fn ask_everything(module: &Arc<Module>) -> Symbols {
    let start = Instant::now();
    let symbols = Symbols::new(Arc::clone(module), None, None);
    for index in (0..module.function_count()).map(FuncIndex) {
        symbols.function_name(index);
        symbols.function_declaration(index);
        for instruction in module.instructions(index) {
            for place in symbols.locate(instruction.unwrap().0) {
                symbols.family(&place);
            }
        }
    }
    for file in symbols.source_files().iter().take(8) {
        for line in [1, 2, 10, 100, u32::MAX] {
            for place in symbols.line_places(file, line).unwrap_or_default() {
                assert_eq!(module.function_at(place.at), Some(place.func));
            }
        }
    }
    for pattern in ["*", "*a*", "main", "a::b"] {
        symbols.functions_matching(pattern);
        for copy in symbols.inlined_copies(pattern) {
            assert_eq!(module.function_at(copy.at), Some(copy.func));
        }
    }
    for index in (0..module.function_count()).map(FuncIndex).take(16) {
        let start = symbols.body_start(index);
        assert!(start.is_none_or(|it| module.function_at(it) == Some(index)));
        for at in symbols.statements(index).into_iter().take(8) {
            assert_eq!(module.function_at(at), Some(index));
        }
    }
    let mut functions = (0..module.function_count()).map(FuncIndex);
    if let Some(first) = functions.find_map(|it| module.first_instruction(it)) {
        let places = symbols.locate(first).len();
        assert_eq!(ask_for_variables(&symbols, first), places);
    }
    assert!(start.elapsed() < SOON, "took {:?}", start.elapsed());
    symbols
}

/// Finds all variables at a place; how many places it is.
fn ask_for_variables(symbols: &Symbols, pc: ModuleOffset) -> usize {
    let places = symbols.variables(pc);
    let statics = symbols.statics(pc);
    for variable in places.iter().flatten().chain(&statics) {
        let mut frame = Frame::full_of(0x81);
        symbols.object(variable, pc, &mut frame);
    }
    symbols.static_at(0x10000);
    places.len()
}

/// Marsaglia's xorshift: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// Asks everything of `rounds` damaged copies of a fixture.
fn damage(name: &str, rounds: u64) {
    let bytes = common::file(&format!("{name}.wasm"));
    let sections: Vec<_> = common::module(name)
        .custom_sections()
        .filter(|(name, _)| name.starts_with(".debug_") || *name == "name")
        .map(|(_, range)| range.start.0 as usize..range.end.0 as usize)
        .filter(|range| !range.is_empty())
        .collect();
    assert!(5 <= sections.len(), "{name} has DWARF");
    for seed in 0..rounds {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut damaged = bytes.to_vec();
        for _ in 0..1 << random.below(8) {
            let section = &sections[random.below(sections.len())];
            // Headers and tables, at the starts, matter most.
            let reach = match random.below(2) {
                0 => section.len(),
                _ => section.len().min(600),
            };
            let byte = &mut damaged[section.start + random.below(reach)];
            *byte = match random.below(5) {
                0 => 0,
                1 => 0xff,
                2 => 0x7f,
                3 => *byte ^ (1 << random.below(8)),
                _ => random.next() as u8,
            };
        }
        wdb_symbols::fuzz::module(&damaged);
    }
}

#[test]
fn damaged_dwarf_4() {
    damage("c-inlined-o2", 40);
}

#[test]
fn damaged_dwarf_5() {
    damage("c-variables-dwarf5", 40);
}

#[test]
fn damaged_locations() {
    damage("c-variables-o2", 60);
}

#[test]
fn damaged_cpp() {
    damage("cpp-null-virtual", 30);
}

#[test]
fn damaged_rust() {
    damage("rust-library", 30);
}

/// The layout of the module that crafted DWARF describes.
fn body(index: u32) -> std::ops::Range<u32> {
    dwarf::body(&dwarf::module(4, &[]), index)
}

fn unit_of(entries: &[u8]) -> Vec<u8> {
    let mut all = vec![UNIT];
    all.extend(dwarf::span(body(0).start, body(3).end - body(0).start));
    all.extend(0_u32.to_le_bytes());
    all.extend(entries);
    dwarf::unit(&all)
}

#[test]
fn calls_inlined_a_hundred_thousand_deep() {
    let code = body(1);
    let mut entries = vec![SUBPROGRAM];
    entries.extend(b"outer\0");
    entries.extend(dwarf::span(code.start, code.len() as u32));
    for _ in 0..100_000 {
        entries.push(INLINED);
        entries.extend(11_u32.to_le_bytes());
        entries.extend(dwarf::span(code.start, code.len() as u32));
        entries.push(1);
    }
    let module = dwarf::module(
        4,
        &[
            (".debug_abbrev", dwarf::abbreviations()),
            (".debug_info", unit_of(&entries)),
        ],
    );
    let symbols = ask_everything(&module);
    let places = symbols.locate(dwarf::pc(&module, code.start + 1));
    let outermost = places.last().unwrap().function.clone().unwrap();
    assert_eq!(outermost.display, "outer");
    assert!(places.len() < 10_000);
    assert!(symbols.notes().iter().any(|it| it.contains("inlined")));
}

#[test]
fn functions_that_are_instances_of_each_other() {
    let code = body(1);
    // The unit's root has 13 bytes.
    let first = 11 + 13;
    let second = first + 5;
    let mut entries = vec![ABSTRACT];
    entries.extend(u32::to_le_bytes(second));
    entries.push(ABSTRACT);
    entries.extend(u32::to_le_bytes(first));
    entries.push(SUBPROGRAM);
    entries.extend(b"outer\0");
    entries.extend(dwarf::span(code.start, code.len() as u32));
    entries.push(INLINED);
    entries.extend(first.to_le_bytes());
    entries.extend(dwarf::span(code.start, code.len() as u32));
    entries.extend([9, 0, 0, 0]);
    let module = dwarf::module(
        4,
        &[
            (".debug_abbrev", dwarf::abbreviations()),
            (".debug_info", unit_of(&entries)),
        ],
    );
    let symbols = ask_everything(&module);
    let places = symbols.locate(dwarf::pc(&module, code.start + 1));
    assert_eq!(places.len(), 2);
    assert_eq!(places[0].function, None);
    assert_eq!(places[1].line, Some(9));
}

/// Hundreds of units and thousands of functions that all refer to one list of ranges, whose every entry covers
/// live code: each for itself is harmless.
#[test]
fn one_range_list_for_everything() {
    let (first, last) = (body(0), body(3));
    let mut info = Vec::new();
    for _ in 0..300 {
        let mut entries = vec![UNIT_OF_RANGES];
        entries.extend([0; 8]);
        for _ in 0..10 {
            entries.push(SUBPROGRAM_OF_RANGES);
            entries.extend(b"f\0");
            entries.extend([0; 4]);
            entries.push(0);
        }
        entries.push(0);
        info.extend(dwarf::unit(&entries));
    }
    let ranges = dwarf::range_list(&vec![(first.start, last.end); 5_000]);
    let module = dwarf::module(
        4,
        &[
            (".debug_abbrev", dwarf::abbreviations()),
            (".debug_info", info),
            (".debug_ranges", ranges),
        ],
    );
    let symbols = ask_everything(&module);
    assert!(!symbols.notes().is_empty());
}

/// Units that all use the same line program, or programs in each other's middle.
#[test]
fn line_programs_in_line_programs() {
    let code = body(1);
    let rows = vec![(code.start, 1); 5_000];
    let mut lines = Vec::new();
    let mut info = Vec::new();
    for depth in 0..200_u32 {
        let mut entries = vec![UNIT];
        entries.extend(dwarf::span(code.start, code.len() as u32));
        entries.extend((depth * 64).to_le_bytes());
        entries.push(0);
        info.extend(dwarf::unit(&entries));
        // A header that spans everything after it, padded to its place.
        let mut program = dwarf::line_program(&[]);
        program[..4].copy_from_slice(&(64 * (200 - depth) + 65_000 - 4).to_le_bytes());
        program.resize(64, gimli::DW_LNS_copy.0);
        lines.extend(program);
    }
    lines.extend(&dwarf::line_program(&[(code.end, &rows)])[48..]);
    lines.resize(64 * 200 + 65_000, gimli::DW_LNS_copy.0);
    let module = dwarf::module(
        4,
        &[
            (".debug_abbrev", dwarf::abbreviations()),
            (".debug_info", info),
            (".debug_line", lines),
        ],
    );
    ask_everything(&module);
}

/// Tables of abbreviations that start in each other, and entries of one byte with a hundred thousand
/// attributes of none.
#[test]
fn abbreviations_without_end() {
    let flags = vec![(gimli::DW_AT_external, gimli::DW_FORM_flag_present); 100_000];
    let mut table = dwarf::abbreviation(1, gimli::DW_TAG_compile_unit, true, &[]);
    table.extend(dwarf::abbreviation(
        2,
        gimli::DW_TAG_subprogram,
        false,
        &flags,
    ));
    table.push(0);
    let mut info = dwarf::unit(&[&[1][..], &[2; 100_000], &[0]].concat());
    for offset in 1..50_000_u32 {
        let mut unit = dwarf::unit(&[1, 0]);
        unit[6..10].copy_from_slice(&(offset * 4).to_le_bytes());
        info.extend(unit);
    }
    let module = dwarf::module(4, &[(".debug_abbrev", table), (".debug_info", info)]);
    let symbols = ask_everything(&module);
    assert!(!symbols.notes().is_empty());
    assert!(symbols.notes().len() <= 100);
}

/// Units that do not say what they cover, so that each is read for its functions, whose entries are of
/// one byte and thousands of attributes.
#[test]
fn units_without_ranges_and_entries_without_bytes() {
    let flags = vec![(gimli::DW_AT_external, gimli::DW_FORM_flag_present); 50_000];
    let mut table = dwarf::abbreviation(1, gimli::DW_TAG_compile_unit, true, &[]);
    table.extend(dwarf::abbreviation(
        2,
        gimli::DW_TAG_subprogram,
        false,
        &flags,
    ));
    table.push(0);
    let unit = dwarf::unit(&[1, 2, 2, 2, 2, 2, 2, 2, 2, 0]);
    let sections = [
        (".debug_abbrev", table),
        (".debug_info", unit.repeat(20_000)),
    ];
    let symbols = ask_everything(&dwarf::module(4, &sections));
    assert!(!symbols.notes().is_empty());
}

/// Statics whose names have parts that each take a long look, over and over.
#[test]
fn names_without_end() {
    use gimli::constants as c;
    let name = (c::DW_AT_name, c::DW_FORM_string);
    let mut of_namespace = vec![(c::DW_AT_external, c::DW_FORM_flag_present); 250];
    of_namespace.push(name);
    let of_static = [name, (c::DW_AT_const_value, c::DW_FORM_data1)];
    let mut table = dwarf::abbreviations();
    table.pop();
    table.extend(dwarf::abbreviation(
        8,
        c::DW_TAG_namespace,
        true,
        &of_namespace,
    ));
    table.extend(dwarf::abbreviation(
        9,
        c::DW_TAG_variable,
        false,
        &of_static,
    ));
    table.push(0);
    let code = body(1);
    let mut entries = dwarf::subprogram("f", code.start, code.len() as u32);
    entries.extend([8, b'n', 0].repeat(64));
    entries.extend([9, b's', 0, 1].repeat(60_000));
    entries.extend([0; 65]);
    let sections = [(".debug_abbrev", table), (".debug_info", unit_of(&entries))];
    let module = dwarf::module(4, &sections);
    let symbols = Symbols::new(Arc::clone(&module), None, None);
    let start = Instant::now();
    let found = symbols.statics(dwarf::pc(&module, code.start + 1));
    assert!(found[0].name.ends_with("n::s"), "{}", found[0].name);
    assert!(found.len() < 60_000);
    symbols.statics_named("n::s");
    assert!(start.elapsed() < SOON, "took {:?}", start.elapsed());
}

#[test]
fn damaged_source_maps() {
    let map = common::file("as-bounds.wasm.map");
    let module = common::module("as-bounds");
    let pcs: Vec<_> = (0..module.function_count())
        .flat_map(|it| module.instructions(FuncIndex(it)))
        .map(|it| it.unwrap().0)
        .collect();
    for seed in 0..300_u64 {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut damaged = map.to_vec();
        for _ in 0..1 << random.below(5) {
            let at = random.below(damaged.len());
            damaged[at] = match random.below(3) {
                0 => b"\"{}[],:;+/gA9"[random.below(13)],
                1 => damaged[random.below(map.len())],
                _ => random.next() as u8,
            };
        }
        let symbols = Symbols::new(Arc::clone(&module), None, Some(damaged.into()));
        for _ in 0..20 {
            assert!(!symbols.locate(pcs[random.below(pcs.len())]).is_empty());
        }
    }
    // Numbers beyond all bounds, and an index of indices.
    for map in [
        r#"{"version":3,"sources":["a"],"names":[],"mappings":"+/////////////D"}"#,
        r#"{"version":3,"sources":["a"],"names":[],"mappings":"A+/////////D+/////////D+/////////D"}"#,
        r#"{"version":3,"sections":[{"offset":{"line":0,"column":4294967295},"map":{"version":3,"sources":["a"],"names":[],"mappings":"AAAA,GAAA"}}]}"#,
        r#"{"version":3,"sections":[]}"#,
        "[]",
        "",
    ] {
        let symbols = Symbols::new(Arc::clone(&module), None, Some(map.into()));
        for pc in &pcs {
            symbols.locate(*pc);
        }
    }
}
