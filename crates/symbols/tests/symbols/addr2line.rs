//! The answers for every instruction of real modules are those of addr2line, an implementation of
//! its own on top of gimli.

use crate::common;

use wdb_module::{FuncIndex, Module};
use wdb_symbols::{Origin, SourceLocation, Symbols};

type Slice<'a> = gimli::EndianSlice<'a, gimli::LittleEndian>;

/// File, line, column and raw name, comparable.
type Place = (Option<String>, Option<u32>, Option<u32>, Option<String>);

fn theirs(context: &addr2line::Context<Slice<'_>>, address: u64) -> Vec<Place> {
    let mut frames = context.find_frames(address).skip_all_loads().unwrap();
    let mut places = Vec::new();
    while let Some(frame) = frames.next().unwrap() {
        let location = frame.location.as_ref();
        let line = location.and_then(|it| it.line);
        places.push((
            // Paths are compared without what does not change where they lead.
            location
                .filter(|_| line.is_some())
                .and_then(|it| it.file)
                .map(|it| it.replace("/./", "/").trim_start_matches("./").to_owned()),
            line,
            location.and_then(|it| it.column).filter(|it| *it != 0),
            frame.function.map(|it| it.raw_name().unwrap().into_owned()),
        ));
    }
    places
}

fn ours(places: Vec<SourceLocation>) -> Vec<Place> {
    places
        .into_iter()
        .map(|place| {
            // They have no name but the DWARF's.
            let function = place.function.filter(|it| it.origin == Origin::Dwarf);
            let raw = function.map(|it| it.raw);
            // What is shown in place of no line is not compared.
            let line = place.line.filter(|_| !place.approximate);
            let column = place.column.filter(|_| !place.approximate);
            let file = place.file.filter(|_| line.is_some());
            (file, line, column, raw)
        })
        .collect()
}

/// The code that units say they cover.
fn claims(dwarf: &gimli::Dwarf<Slice<'_>>) -> Vec<std::ops::Range<u64>> {
    let mut claims = Vec::new();
    let mut units = dwarf.units();
    while let Some(header) = units.next().unwrap() {
        let unit = dwarf.unit(header).unwrap();
        let mut ranges = dwarf.unit_ranges(&unit).unwrap();
        while let Some(range) = ranges.next().unwrap() {
            claims.push(range.begin..range.end);
        }
    }
    claims
}

/// Compares all instructions of every `step`th function; says how many.
fn compare(module: &std::sync::Arc<Module>, step: usize) -> usize {
    let sections = gimli::DwarfSections::load(|id| {
        Ok::<_, gimli::Error>(module.custom_section(id.name()).unwrap_or_default())
    })
    .unwrap();
    let dwarf = sections.borrow(|it| gimli::EndianSlice::new(it, gimli::LittleEndian));
    let claims = claims(&dwarf);
    let context = addr2line::Context::from_dwarf(dwarf).unwrap();
    let symbols = Symbols::new(module.clone(), None, None);

    let (mut compared, mut names) = (0, 0);
    for index in (0..module.function_count()).step_by(step) {
        for instruction in module.instructions(FuncIndex(index)) {
            let pc = instruction.unwrap().0;
            let address = module.to_code(pc).unwrap().0;
            let theirs = theirs(&context, address);
            // Which of several units is right it does not ask.
            let several = claims.iter().filter(|it| it.contains(&address)).count() > 1;
            if theirs.is_empty() || several {
                continue;
            }
            let ours = ours(symbols.locate(pc));
            assert_eq!(ours.len(), theirs.len(), "function {index}, pc {pc}");
            for (ours, theirs) in ours.iter().zip(&theirs) {
                assert_eq!(
                    (&ours.0, ours.1, ours.2),
                    (&theirs.0, theirs.1, theirs.2),
                    "function {index}, pc {pc}"
                );
                if ours.3.is_some() {
                    assert_eq!(ours.3, theirs.3, "function {index}, pc {pc}");
                    names += 1;
                }
            }
            compared += 1;
        }
    }
    assert_eq!(symbols.notes(), Vec::<String>::new());
    assert!(
        compared * 9 / 10 < names,
        "{names} names at {compared} places"
    );
    compared
}

#[test]
fn c() {
    assert!(compare(&common::module("c-div-zero"), 1) > 5_000);
}

#[test]
fn c_inlined_dwarf_4() {
    assert!(compare(&common::module("c-inlined-o2"), 1) > 5_000);
}

#[test]
fn c_inlined_dwarf_5() {
    assert!(compare(&common::module("c-inlined-o2-dwarf5"), 1) > 5_000);
}

#[test]
fn cpp() {
    assert!(compare(&common::module("cpp-abort"), 1) > 10_000);
}

#[test]
fn rust_debug() {
    assert!(compare(&common::module("rust-index-panic"), 29) > 2_000);
}

#[test]
fn rust_release() {
    assert!(compare(&common::module("rust-inlined-release"), 1) > 5_000);
}

#[test]
fn sqlite() {
    assert!(compare(&common::module("c-sqlite-o2"), 37) > 5_000);
}
