//! Where breakpoints belong and where statements are, in real programs.

use crate::common;

use std::collections::BTreeSet;
use std::sync::Arc;

use wdb_module::{FuncIndex, Module};
use wdb_symbols::{LinePlace, NoPlace, Symbols};

fn load(name: &str) -> (Arc<Module>, Symbols) {
    let module = common::module(name);
    let symbols = Symbols::new(Arc::clone(&module), None, None);
    (module, symbols)
}

/// The innermost function and the line of each place, as the look-up of addresses says them.
fn shown(symbols: &Symbols, places: &[LinePlace]) -> Vec<String> {
    places
        .iter()
        .map(|place| {
            let chain = symbols.locate(place.at);
            let is_place = |here: &wdb_symbols::SourceLocation| {
                here.line == Some(place.line)
                    && here.file.as_ref() == Some(&place.file)
                    && here.inlined == place.inlined
            };
            assert!(chain.iter().any(is_place), "{place:?}, {chain:?}");
            let names = chain
                .iter()
                .map(|it| it.function.as_ref().unwrap().display.clone());
            format!("{} {}", place.line, names.collect::<Vec<_>>().join(" < "))
        })
        .collect()
}

fn line(symbols: &Symbols, file: &str, line: u32) -> Vec<String> {
    shown(symbols, &symbols.line_places(file, line).unwrap())
}

#[test]
fn lines_of_c() {
    let (_, symbols) = load("c-div-zero");
    assert_eq!(line(&symbols, "c-div-zero.c", 33), ["33 average"]);
    assert_eq!(line(&symbols, "/src/c-div-zero.c", 41), ["41 summarise"]);
    // The line on which a function begins is where its prologue ends, as is a comment before it.
    let (_, first) = symbols
        .function_declaration(function(&symbols, "average"))
        .unwrap();
    let start = line(&symbols, "c-div-zero.c", first);
    assert_eq!(start, line(&symbols, "c-div-zero.c", first - 1));
    let body = symbols.body_start(function(&symbols, "average")).unwrap();
    let at = symbols.line_places("c-div-zero.c", first).unwrap()[0].at;
    assert_eq!(at, body);
    assert_eq!(symbols.line_places("div-zero.c", 33), Err(NoPlace::NoFile));
    assert_eq!(
        symbols.line_places("c-div-zero.c", 900),
        Err(NoPlace::Beyond {
            file: "/src/c-div-zero.c".into(),
            last: 53,
        })
    );
}

fn function(symbols: &Symbols, name: &str) -> FuncIndex {
    let found = symbols.functions_matching(name);
    assert_eq!(found.len(), 1, "{name}");
    found[0]
}

/// For every instruction that a line table says begins a statement, a breakpoint on its line has a place on that line.
///
/// Asks for one of `every` such lines.
fn every_line_has_a_place(name: &str, every: usize) {
    let (module, symbols) = load(name);
    let mut asked = BTreeSet::new();
    let mut moved = 0;
    for func in (0..module.function_count()).map(FuncIndex) {
        for at in symbols.statements(func).into_iter().step_by(every) {
            let chain = symbols.locate(at);
            let (Some(file), Some(line)) = (&chain[0].file, chain[0].line) else {
                panic!("{at} begins a statement of no line");
            };
            if !asked.insert((file.clone(), line, func)) {
                continue;
            }
            let places = symbols.line_places(file, line).unwrap();
            let in_function: Vec<_> = places.iter().filter(|it| it.func == func).collect();
            assert!(!in_function.is_empty(), "{file}:{line} in function {func}");
            for place in in_function {
                // Of a copy there may be nothing left but what the calls on the line became.
                let is_place = |location: &wdb_symbols::SourceLocation| {
                    (location.file.as_ref(), location.line) == (Some(&place.file), Some(place.line))
                };
                let chain = symbols.locate(place.at);
                assert!(chain.iter().any(is_place), "{place:?}, {chain:?}");
                if (&place.file, place.line) != (file, line) {
                    assert_eq!(
                        Some(place.at),
                        symbols.body_start(place.func),
                        "{file}:{line}"
                    );
                    moved += 1;
                }
            }
        }
    }
    assert!(asked.len() > 300, "{} lines", asked.len());
    assert!(moved > 0);
}

#[test]
fn every_line_of_c() {
    every_line_has_a_place("c-div-zero", 1);
    every_line_has_a_place("c-inlined-o2-dwarf5", 1);
}

#[test]
fn every_line_of_cpp() {
    every_line_has_a_place("cpp-types", 11);
}

#[test]
fn every_line_of_rust() {
    every_line_has_a_place("rust-inlined-release", 2);
}

#[test]
fn inlined_copies() {
    for name in ["c-inlined-o2", "c-inlined-o2-dwarf5"] {
        let (_, symbols) = load(name);
        let found = line(&symbols, "c-inlined-o2.c", 14);
        assert_eq!(found, ["14 ratio < weigh < score < rank"], "{name}");
        let copies = symbols.inlined_copies("ratio");
        let copies: Vec<String> = copies
            .iter()
            .map(|it| format!("{} in {}", it.name, symbols.function_name(it.func)))
            .collect();
        assert_eq!(copies, ["ratio in rank"], "{name}");
        assert_eq!(
            symbols.inlined_copies("rat*"),
            symbols.inlined_copies("ratio")
        );
        assert_eq!(symbols.inlined_copies("rank"), []);
    }
}

/// Nothing of these lines is left but what their calls became.
#[test]
fn lines_of_inlined_calls() {
    let (_, symbols) = load("c-inlined-o2");
    let found = line(&symbols, "c-inlined-o2.c", 30);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("30 ") && found[0].ends_with("score < rank"),
        "{found:?}"
    );
    // Line 28 has no code at all; that of the loop after it is before its body and behind it.
    let found = line(&symbols, "c-inlined-o2.c", 28);
    assert_eq!(found, ["29 rank", "29 rank"]);
}

#[test]
fn copies_of_generic_functions() {
    let (_, symbols) = load("rust-index-panic");
    let named = symbols.inlined_copies("Option::unwrap");
    assert!(named.len() > 10, "{}", named.len());
    for copy in &named {
        let name = &copy.name.display;
        assert!(
            name.starts_with("<core::option::Option<") && name.ends_with(">>::unwrap"),
            "{name}"
        );
        let chain = symbols.locate(copy.at);
        assert!(
            chain
                .iter()
                .any(|it| it.inlined && it.function.as_ref() == Some(&copy.name))
        );
    }
}

#[test]
fn functions_by_pattern() {
    let (_, symbols) = load("cpp-types");
    let names = |pattern: &str| -> Vec<String> {
        let found = symbols.functions_matching(pattern).into_iter();
        found.map(|it| symbols.function_name(it).display).collect()
    };
    assert_eq!(names("main"), ["main"]);
    assert_eq!(names("_start"), ["_start", "_start.command_export"]);
    assert_eq!(names("twice"), ["twice(int)"]);
    assert_eq!(
        names("Pump::run"),
        ["gauges::Pump::run(int, shapes::Point&)"]
    );
    assert_eq!(names("gauges::*::run"), names("Pump::run"));
    assert_eq!(names("make_unique").len(), 4);
    assert_eq!(names("make_unique<shapes::Circle, *"), Vec::<String>::new());
    assert_eq!(names("nothing::*"), Vec::<String>::new());
}

#[test]
fn a_source_map() {
    let module = common::module("as-bounds");
    let map = common::file("as-bounds.wasm.map");
    let symbols = Symbols::new(Arc::clone(&module), None, Some(map));
    let file = "as-bounds.ts";
    let mut asked = 0;
    for func in (0..module.function_count()).map(FuncIndex) {
        for at in symbols.statements(func) {
            let place = &symbols.locate(at)[0];
            if place.file.as_deref() != Some("as-bounds/as-bounds.ts") {
                continue;
            }
            let places = symbols.line_places(file, place.line.unwrap()).unwrap();
            assert!(places.iter().any(|it| it.func == func && it.at <= at));
            asked += 1;
        }
    }
    assert!(asked > 5, "{asked}");
}

#[test]
fn nothing_is_known_outside_of_functions() {
    let (_, symbols) = load("c-div-zero");
    assert_eq!(symbols.body_start(FuncIndex(u32::MAX)), None);
    assert_eq!(symbols.statements(FuncIndex(u32::MAX)), []);
    let (module, symbols) = load("c-stripped");
    let last = FuncIndex(module.function_count() - 1);
    let first = module.instructions(last).next().unwrap().unwrap().0;
    assert_eq!(symbols.body_start(last), Some(first));
    assert_eq!(symbols.line_places("a.c", 1), Err(NoPlace::NoFile));
    assert_eq!(symbols.source_files(), Vec::<String>::new());
}

#[test]
fn files() {
    let (_, symbols) = load("c-div-zero");
    let files = symbols.source_files();
    assert!(files.contains(&"/src/c-div-zero.c".to_owned()), "{files:?}");
}

/// A call in a block of the source that comes after another call is not in that.
#[test]
fn calls_in_blocks_after_calls() {
    let (_, symbols) = load("c-steps");
    let copies = symbols.inlined_copies("segment_holding");
    assert_eq!(copies.len(), 2, "{copies:?}");
}
