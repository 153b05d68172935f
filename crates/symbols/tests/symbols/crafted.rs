//! What is in the wild but not in the fixtures: functions that the linker dropped, entries that lie,
//! code of no line.

use crate::common;

use std::sync::Arc;

use common::dwarf::{self, INLINED, SUBPROGRAM, UNIT, UNIT_OF_RANGES, UNIT_WITHOUT_RANGES};
use wdb_module::{FuncIndex, Module};
use wdb_symbols::{Origin, SourceLocation, Symbols};

/// Name, line, inlined, approximate.
fn brief(places: Vec<SourceLocation>) -> Vec<(String, Option<u32>, bool, bool)> {
    places
        .into_iter()
        .map(|place| {
            let name = place.function.map_or(String::new(), |it| it.display);
            (name, place.line, place.inlined, place.approximate)
        })
        .collect()
}

fn plain(name: &str, line: Option<u32>) -> Vec<(String, Option<u32>, bool, bool)> {
    vec![(name.to_owned(), line, false, false)]
}

fn symbols(sections: &[(&str, Vec<u8>)]) -> (Arc<Module>, Symbols) {
    let module = dwarf::module(4, sections);
    let symbols = Symbols::new(Arc::clone(&module), None, None);
    (module, symbols)
}

#[test]
fn dropped_functions_are_nowhere() {
    let layout = dwarf::module(4, &[]);
    let bodies: Vec<_> = (0..4).map(|it| dwarf::body(&layout, it)).collect();
    let length = bodies[0].len() as u32;

    // wasm-ld before LLVM 11, and Binaryen, write 0 for the dropped; LLVM's -1, in range lists -2.
    for (dead, dead_in_list) in [(0_u32, 0_u32), (u32::MAX, u32::MAX - 1), (u32::MAX - 1, 1)] {
        let mut entries = vec![UNIT_OF_RANGES];
        entries.extend(0_u32.to_le_bytes());
        entries.extend(0_u32.to_le_bytes());
        entries.extend(dwarf::subprogram("dead_one", dead, bodies[3].end - 1));
        entries.extend(dwarf::subprogram("one", bodies[1].start, length));
        entries.extend(dwarf::subprogram("dead_two", dead, length));
        entries.extend(dwarf::subprogram("two", bodies[2].start, length));
        entries.extend(dwarf::subprogram("dead_three", dead, 1));
        entries.push(0);
        let ranges = dwarf::range_list(&[
            (dead_in_list, dead_in_list.wrapping_add(1000)),
            (bodies[1].start, bodies[1].end),
            (dead_in_list, dead_in_list.wrapping_add(3)),
            (bodies[2].start, bodies[2].end),
        ]);
        let dead_rows = [(dead, 90), (dead.wrapping_add(20), 91)];
        let lines = dwarf::line_program(&[
            (dead.wrapping_add(60), &dead_rows),
            (
                bodies[2].end,
                &[(bodies[2].start, 20), (bodies[2].start + 4, 21)],
            ),
            (bodies[1].end, &[(bodies[1].start, 10)]),
        ]);
        let (module, symbols) = symbols(&[
            (".debug_abbrev", dwarf::abbreviations()),
            (".debug_info", dwarf::unit(&entries)),
            (".debug_ranges", ranges),
            (".debug_line", lines),
        ]);
        let at = |address| brief(symbols.locate(dwarf::pc(&module, address)));
        assert_eq!(at(bodies[0].start + 2), plain("func[0]", None), "{dead:#x}");
        assert_eq!(at(bodies[1].start + 2), plain("one", Some(10)), "{dead:#x}");
        assert_eq!(at(bodies[2].start), plain("two", Some(20)), "{dead:#x}");
        assert_eq!(at(bodies[2].end - 1), plain("two", Some(21)), "{dead:#x}");
        assert_eq!(at(bodies[3].start), plain("func[3]", None), "{dead:#x}");
        assert_eq!(symbols.function_name(FuncIndex(1)).origin, Origin::Dwarf);
        assert_eq!(symbols.notes(), Vec::<String>::new());
    }
}

#[test]
fn a_function_may_start_at_its_size_field() {
    let layout = dwarf::module(4, &[]);
    let body = dwarf::body(&layout, 1);
    let mut entries = vec![UNIT_WITHOUT_RANGES];
    entries.extend(0_u32.to_le_bytes());
    let length = body.len() as u32 + 1;
    entries.extend(dwarf::subprogram("one", body.start - 1, length));
    entries.push(0);
    let rows = [(body.start - 1, 7), (body.end - 1, 8)];
    let (module, symbols) = symbols(&[
        (".debug_abbrev", dwarf::abbreviations()),
        (".debug_info", dwarf::unit(&entries)),
        (".debug_line", dwarf::line_program(&[(body.end, &rows)])),
    ]);
    let at = |address| brief(symbols.locate(dwarf::pc(&module, address)));
    assert_eq!(at(body.start + 3), plain("one", Some(7)));
    assert_eq!(at(body.end - 1), plain("one", Some(8)));
    assert_eq!(at(body.end + 1), plain("func[2]", None));
    assert_eq!(at(body.start - 2), plain("func[0]", None));
}

/// An inline C++ function that two units compiled, the second to shorter code.
#[test]
fn of_two_units_the_one_that_fits_the_code_is_right() {
    let layout = dwarf::module(4, &[]);
    let body = dwarf::body(&layout, 1);
    let length = body.len() as u32;
    for (first, second, expected) in [
        (length - 3, length, "second"),
        (length, length - 3, "first"),
        (length, length, "first"),
    ] {
        let unit = |name, length| {
            let mut entries = vec![UNIT];
            entries.extend(dwarf::span(body.start, length));
            entries.extend(0_u32.to_le_bytes());
            entries.extend(dwarf::subprogram(name, body.start, length));
            entries.push(0);
            dwarf::unit(&entries)
        };
        let info = [unit("first", first), unit("second", second)].concat();
        let (module, symbols) = symbols(&[
            (".debug_abbrev", dwarf::abbreviations()),
            (".debug_info", info),
        ]);
        let places = brief(symbols.locate(dwarf::pc(&module, body.start + 1)));
        assert_eq!(places, plain(expected, None));
    }
}

#[test]
fn a_unit_need_not_say_what_it_covers() {
    let layout = dwarf::module(4, &[]);
    let body = dwarf::body(&layout, 3);
    let mut entries = vec![UNIT_WITHOUT_RANGES];
    entries.extend(0_u32.to_le_bytes());
    entries.extend(dwarf::subprogram("one", body.start, body.len() as u32));
    entries.push(0);
    let (module, symbols) = symbols(&[
        (".debug_abbrev", dwarf::abbreviations()),
        (".debug_info", dwarf::unit(&entries)),
        (
            ".debug_line",
            dwarf::line_program(&[(body.end, &[(body.start, 7)])]),
        ),
    ]);
    let places = brief(symbols.locate(dwarf::pc(&module, body.start + 3)));
    assert_eq!(places, plain("one", Some(7)));
}

#[test]
fn lines_without_functions_are_told_with_the_symbol() {
    let layout = dwarf::module(4, &[]);
    let body = dwarf::body(&layout, 1);
    let mut entries = vec![UNIT];
    entries.extend(dwarf::span(body.start, body.len() as u32));
    entries.extend(0_u32.to_le_bytes());
    entries.push(0);
    let (module, symbols) = symbols(&[
        (".debug_abbrev", dwarf::abbreviations()),
        (".debug_info", dwarf::unit(&entries)),
        (
            ".debug_line",
            dwarf::line_program(&[(body.end, &[(body.start, 7)])]),
        ),
    ]);
    let places = symbols.locate(dwarf::pc(&module, body.start + 3));
    assert_eq!(places[0].file.as_deref(), Some("a.c"));
    assert_eq!(brief(places), plain("func[1]", Some(7)));
}

/// A function with an inlined call in its middle, and rows of line 0 in either.
#[test]
fn code_of_no_line_shows_the_line_before_in_the_same_call() {
    let layout = dwarf::module(4, &[]);
    let body = dwarf::body(&layout, 1);
    let start = body.start;
    let mut entries = vec![UNIT];
    entries.extend(dwarf::span(start, body.len() as u32));
    entries.extend(0_u32.to_le_bytes());
    let inner = 11 + entries.len() as u32;
    entries.extend(dwarf::subprogram("inner", 0, 0));
    entries.push(SUBPROGRAM);
    entries.extend(b"outer\0");
    entries.extend(dwarf::span(start, body.len() as u32));
    entries.push(INLINED);
    entries.extend(inner.to_le_bytes());
    entries.extend(dwarf::span(start + 3, 3));
    entries.extend([30, 0, 0, 0]);
    let rows = [
        (start, 0),
        (start + 1, 20),
        (start + 2, 0),
        (start + 3, 0),
        (start + 4, 40),
        (start + 5, 0),
        (start + 6, 0),
    ];
    let (module, symbols) = symbols(&[
        (".debug_abbrev", dwarf::abbreviations()),
        (".debug_info", dwarf::unit(&entries)),
        (".debug_line", dwarf::line_program(&[(body.end, &rows)])),
    ]);
    let at = |offset| brief(symbols.locate(dwarf::pc(&module, start + offset)));
    let outer = |line, approximate| ("outer".to_owned(), line, false, approximate);
    let inner = |line, approximate| ("inner".to_owned(), line, true, approximate);
    assert_eq!(at(0), [outer(None, false)]);
    assert_eq!(at(1), [outer(Some(20), false)]);
    assert_eq!(at(2), [outer(Some(20), true)]);
    // The line before is the caller's, and no line of the inlined function's.
    assert_eq!(at(3), [inner(None, false), outer(Some(30), false)]);
    assert_eq!(at(4), [inner(Some(40), false), outer(Some(30), false)]);
    assert_eq!(at(5), [inner(Some(40), true), outer(Some(30), false)]);
    // And the other way round.
    assert_eq!(at(6), [outer(Some(20), true)]);
}
