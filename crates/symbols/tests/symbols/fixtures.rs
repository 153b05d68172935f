//! Real programs: the places of their crashes, as their sources say them.

use crate::common;

use std::sync::Arc;

use common::dwarf;
use wdb_module::{FuncIndex, Module, ModuleOffset, Operator};
use wdb_symbols::runtime::Family;
use wdb_symbols::{Language, Name, Origin, SourceLocation, Symbols, Wanted};

fn plain(module: &Arc<Module>) -> Symbols {
    Symbols::new(Arc::clone(module), None, None)
}

/// The function whose name is shown as `display`.
fn function(module: &Module, symbols: &Symbols, display: &str) -> FuncIndex {
    (0..module.function_count())
        .map(FuncIndex)
        .find(|it| symbols.function_name(*it).display == display)
        .unwrap_or_else(|| panic!("no function {display}"))
}

/// The first instruction of a function that fits.
fn instruction(
    module: &Module,
    function: FuncIndex,
    fits: impl Fn(&Operator<'_>) -> bool,
) -> ModuleOffset {
    module
        .instructions(function)
        .map(Result::unwrap)
        .find(|(_, operator)| fits(operator))
        .unwrap()
        .0
}

/// The first call of `callee` in `caller`.
fn call(module: &Module, caller: FuncIndex, callee: FuncIndex) -> ModuleOffset {
    instruction(
        module,
        caller,
        |operator| matches!(operator, Operator::Call { function_index } if *function_index == callee.0),
    )
}

/// A place as `name file:line:column`, with what is special about it.
fn text(place: &SourceLocation) -> String {
    let name = place.function.as_ref().map_or("?", |it| &it.display);
    let mut text = name.to_owned();
    if let Some(file) = &place.file {
        text += &format!(" {file}");
    }
    for number in [place.line, place.column].into_iter().flatten() {
        text += &format!(":{number}");
    }
    if place.inlined {
        text += " inlined";
    }
    if place.approximate {
        text += " approximate";
    }
    text
}

fn texts(places: &[SourceLocation]) -> Vec<String> {
    places.iter().map(text).collect()
}

#[test]
fn c_with_its_callers() {
    let module = common::module("c-div-zero");
    let symbols = plain(&module);
    let named = |name| function(&module, &symbols, name);
    let division = instruction(&module, named("average"), |operator| {
        matches!(operator, Operator::I32DivS)
    });
    let places = symbols.locate(division);
    assert_eq!(texts(&places), ["average /src/c-div-zero.c:33:14"]);
    assert_eq!(
        places[0].function.as_ref().unwrap().language,
        Some(Language::C)
    );
    for (caller, callee, expected) in [
        ("summarise", "average", "summarise /src/c-div-zero.c:41:14"),
        ("report", "summarise", "report /src/c-div-zero.c:47:36"),
        ("main", "report", "main /src/c-div-zero.c:53:10"),
    ] {
        let pc = call(&module, named(caller), named(callee));
        assert_eq!(texts(&symbols.locate(pc)), [expected]);
    }
    let declared = symbols.function_declaration(named("average"));
    assert_eq!(declared, Some(("/src/c-div-zero.c".to_owned(), 29)));
    let main = symbols.function_name(named("main"));
    assert_eq!(
        (main.raw.as_str(), main.origin),
        ("__main_argc_argv", Origin::Dwarf)
    );
    assert_eq!(symbols.notes(), Vec::<String>::new());
}

#[test]
fn places_outside_of_functions() {
    let module = common::module("c-div-zero");
    let symbols = plain(&module);
    let code = module.code_section().unwrap();
    for offset in [0, code.start.0, code.end.0, u64::MAX] {
        assert_eq!(symbols.locate(ModuleOffset(offset)), []);
    }
    // The size of a body is no code.
    let first = module.function(FuncIndex(module.imported_function_count()));
    let start = first.unwrap().body.unwrap().start;
    assert_eq!(symbols.locate(ModuleOffset(start.0 - 1)), []);
    assert_eq!(symbols.locate(start).len(), 1);
    // An index out of range has a name all the same.
    assert_eq!(
        symbols.function_name(FuncIndex(u32::MAX)).display,
        "func[4294967295]"
    );
    assert_eq!(symbols.function_declaration(FuncIndex(u32::MAX)), None);
}

const RATIO: [&str; 4] = [
    "ratio /src/c-inlined-o2.c:14:21 inlined",
    "weigh /src/c-inlined-o2.c:18:15 inlined",
    "score /src/c-inlined-o2.c:24:10 inlined",
    "rank /src/c-inlined-o2.c:30:18",
];

#[test]
fn inlined_c_in_either_version_of_dwarf() {
    let (four, five) = (
        common::module("c-inlined-o2"),
        common::module("c-inlined-o2-dwarf5"),
    );
    let (of_four, of_five) = (plain(&four), plain(&five));
    let rank = function(&four, &of_four, "rank");
    let division = instruction(&four, rank, |it| matches!(it, Operator::I32DivS));
    assert_eq!(texts(&of_four.locate(division)), RATIO);

    // The code is the same, up to addresses of data: so are the answers.
    let mut compared = 0;
    for index in (0..four.function_count()).map(FuncIndex) {
        let pairs = four.instructions(index).zip(five.instructions(index));
        for (four, five) in pairs {
            let (four, five) = (four.unwrap().0, five.unwrap().0);
            assert_eq!(
                of_four.locate(four),
                of_five.locate(five),
                "{index} at {four}"
            );
            compared += 1;
        }
        assert_eq!(
            of_four.function_declaration(index),
            of_five.function_declaration(index)
        );
    }
    assert!(compared > 5_000);
}

#[test]
fn rust_debug() {
    let module = common::module("rust-index-panic");
    let symbols = plain(&module);
    let named = |name| function(&module, &symbols, name);
    let index = "<alloc::vec::Vec<u16> as core::ops::index::Index<usize>>::index";
    let pc = call(&module, named("rust_index_panic::seat"), named(index));
    let places = symbols.locate(pc);
    assert_eq!(
        texts(&places),
        ["rust_index_panic::seat /src/rust-index-panic.rs:28:15"]
    );
    assert_eq!(
        places[0].function.as_ref().unwrap().language,
        Some(Language::Rust)
    );
    assert_eq!(symbols.family(&places[0]), None);

    for (name, family) in [
        ("core::panicking::panic_fmt", Family::Panic),
        ("__rustc::rust_begin_unwind", Family::Panic),
        ("std::rt::lang_start::<()>::{closure#0}", Family::Entry),
        ("__main_void", Family::Entry),
        ("__rustc::__rust_alloc", Family::Allocator),
        (index, Family::Library),
    ] {
        let place = symbols
            .locate(module.first_instruction(named(name)).unwrap())
            .pop()
            .unwrap();
        assert_eq!(symbols.family(&place), Some(family), "{name}");
    }
}

#[test]
fn rust_release() {
    let module = common::module("rust-inlined-release");
    let symbols = plain(&module);
    let rank = function(&module, &symbols, "rust_inlined_release::rank");
    let panic = function(&module, &symbols, "core::panicking::panic_bounds_check");
    let places = symbols.locate(call(&module, rank, panic));
    let source = "/src/rust-inlined-release.rs";
    // Between the closure and `rank` are ten of core's iterators, at the compiler's mercy.
    let own: Vec<_> = places
        .iter()
        .filter(|it| symbols.family(it).is_none())
        .map(text)
        .collect();
    assert_eq!(
        own,
        [
            format!("rust_inlined_release::weight {source}:9:5 inlined"),
            format!("rust_inlined_release::score {source}:16:16 inlined"),
            format!("rust_inlined_release::rank::{{closure#0}} {source}:23:29 inlined"),
            format!("rust_inlined_release::rank {source}:23:42"),
        ]
    );
    assert!(places.len() > own.len());
}

#[test]
fn cpp() {
    let module = common::module("cpp-abort");
    let symbols = plain(&module);
    let named = |name| function(&module, &symbols, name);
    let check = named("shop::checked<int, 3>::operator[](int) const");
    // The library is compiled with line tables only: its DWARF has no namespaces, the names have.
    let terminate = named("std::terminate()");
    let place = symbols.locate(call(&module, check, terminate));
    assert_eq!(
        texts(&place),
        ["shop::checked<int, 3>::operator[](int) const /src/cpp-abort.cpp:18:7"]
    );
    let place = symbols
        .locate(module.first_instruction(terminate).unwrap())
        .pop()
        .unwrap();
    assert_eq!(symbols.family(&place), Some(Family::Panic));
    let price = named("shop::Plain::price(shop::checked<int, 3> const&) const");
    assert_eq!(symbols.function_name(price).language, Some(Language::Cpp));
}

#[test]
fn names_without_dwarf() {
    let module = common::module("c-names-only");
    let symbols = plain(&module);
    let average = function(&module, &symbols, "average");
    let division = instruction(&module, average, |it| matches!(it, Operator::I32DivS));
    let places = symbols.locate(division);
    assert_eq!(texts(&places), ["average"]);
    assert_eq!(symbols.function_name(average).origin, Origin::NameSection);
    assert_eq!(symbols.function_declaration(average), None);
    let in_function = |name| {
        let start = module.first_instruction(function(&module, &symbols, name));
        symbols.family(&symbols.locate(start.unwrap())[0])
    };
    // Its `main` takes arguments: the others are the library's.
    assert_eq!(in_function("main"), None);
    assert_eq!(in_function("__main_void"), Some(Family::Entry));
    assert_eq!(in_function("__original_main"), Some(Family::Entry));
}

#[test]
fn names_without_names() {
    let module = common::module("c-stripped");
    let symbols = plain(&module);
    let origins = |index| {
        let Name {
            display, origin, ..
        } = symbols.function_name(FuncIndex(index));
        (display, origin)
    };
    let imported = origins(0);
    assert!(
        imported.0.starts_with("wasi_snapshot_preview1."),
        "{}",
        imported.0
    );
    assert_eq!(imported.1, Origin::Import);
    let first = module.imported_function_count();
    assert_eq!(
        origins(first + 1),
        (format!("func[{}]", first + 1), Origin::Index)
    );
    let start = module.exports().iter().find(|it| it.name == "_start");
    let start = start.and_then(|it| it.function()).unwrap();
    assert_eq!(origins(start.0), ("_start".to_owned(), Origin::Export));
}

#[test]
fn a_debug_file() {
    let (whole, module) = (common::module("c-div-zero"), common::module("c-split"));
    let debug = common::module("c-split.debug");
    assert_eq!(Symbols::wanted(&whole), Wanted::default());
    let wanted = Symbols::wanted(&module);
    assert!(wanted.debug_file);
    assert_eq!(wanted.debug_file_url.as_deref(), Some("c-split.debug.wasm"));
    assert_eq!(wanted.source_map_url, None);

    let symbols = Symbols::new(Arc::clone(&module), Some(debug), None);
    same_answers(&whole, &module, &symbols);
}

/// What `symbols` say of `module` is what the DWARF in `whole` says of the same functions.
fn same_answers(whole: &Arc<Module>, module: &Arc<Module>, symbols: &Symbols) {
    let expected = plain(whole);
    assert_eq!(whole.function_count(), module.function_count());
    let mut compared = 0;
    for index in (0..whole.function_count()).map(FuncIndex) {
        assert_eq!(expected.function_name(index), symbols.function_name(index));
        let pairs = whole.instructions(index).zip(module.instructions(index));
        for (there, here) in pairs {
            let (there, here) = (there.unwrap().0, here.unwrap().0);
            let places = symbols.locate(here);
            assert_eq!(expected.locate(there), places, "{index} at {here}");
            compared += usize::from(places.iter().any(|it| it.line.is_some()));
        }
    }
    assert!(compared > 5_000);
    assert_eq!(symbols.notes(), Vec::<String>::new());
}

/// As wasm-coredump-rewriter's `debuginfo-split` leaves them: all names and DWARF in one file, all
/// code in the other.
#[test]
fn a_debug_file_without_code() {
    for name in ["c-div-zero", "cpp-null-virtual"] {
        let whole = common::module(name);
        let header = b"\0asm\x01\0\0\0";
        let (mut code, mut debug) = (header.to_vec(), header.to_vec());
        for section in whole.sections() {
            let range = section.range.start.0 as usize..section.range.end.0 as usize;
            let contents = &whole.bytes()[range];
            match &section.name {
                Some(name) => dwarf::append(&mut debug, name, contents),
                None => {
                    code.push(section.id);
                    code.extend(dwarf::uleb(contents.len() as u64));
                    code.extend(contents);
                }
            }
        }
        let (code, debug) = (common::parse(code), common::parse(debug));
        let symbols = Symbols::new(Arc::clone(&code), Some(debug), None);
        same_answers(&whole, &code, &symbols);
    }
}

#[test]
fn a_debug_file_that_is_none() {
    let module = common::module("c-div-zero");
    let other = common::module("wat-state");
    let symbols = Symbols::new(Arc::clone(&module), Some(other), None);
    let average = function(&module, &symbols, "average");
    let places = symbols.locate(module.first_instruction(average).unwrap());
    assert!(places[0].line.is_some(), "its own DWARF is used");
    assert_eq!(symbols.notes().len(), 1);
}

#[test]
fn a_source_map() {
    let module = common::module("as-bounds");
    let map = common::file("as-bounds.wasm.map");
    let wanted = Symbols::wanted(&module);
    let url = wanted.source_map_url.unwrap();
    assert!(url.ends_with("as-bounds.wasm.map"), "{url}");
    assert!(wanted.debug_file && wanted.debug_file_url.is_none());

    let symbols = Symbols::new(Arc::clone(&module), None, Some(map));
    let named = |name| function(&module, &symbols, name);
    let median = named("as-bounds/median");
    let division = instruction(&module, median, |it| matches!(it, Operator::I32DivS));
    let file = "as-bounds/as-bounds.ts";
    let expected = format!("as-bounds/median {file}:13:17");
    assert_eq!(texts(&symbols.locate(division)), [expected]);
    let pc = call(&module, named("as-bounds/report"), median);
    let expected = format!("as-bounds/report {file}:19:14");
    assert_eq!(texts(&symbols.locate(pc)), [expected]);

    let source = symbols.source_text(file).unwrap();
    let line = source.lines().nth(12).unwrap();
    assert_eq!(line, "  return values[values.length / 2 + offset];");
    assert_eq!(symbols.source_text("as-bounds.ts"), None);
    assert_eq!(symbols.notes(), Vec::<String>::new());

    // Nothing is said of a function before its first entry in the map.
    let without = named("as-bounds/run");
    let start = module.function(without).unwrap().body.unwrap().start;
    assert_eq!(symbols.locate(start)[0].line, None);

    // Without the map there are the names.
    assert_eq!(
        texts(&plain(&module).locate(division)),
        ["as-bounds/median"]
    );
}

#[test]
fn a_source_map_in_the_module() {
    let text = r#"(module (func $f nop nop))"#;
    let mut bytes = wat::parse_str(text).unwrap();
    // {"version":3,"sources":["f.ts"],"names":[],"mappings":"wBAGE"}
    let map =
        "eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbImYudHMiXSwibmFtZXMiOltdLCJtYXBwaW5ncyI6IndCQUdFIn0=";
    let url = format!("data:application/json;base64,{map}");
    let mut contents = dwarf::uleb(url.len() as u64);
    contents.extend(url.bytes());
    dwarf::append(&mut bytes, "sourceMappingURL", &contents);
    let module = common::parse(bytes);
    assert_eq!(Symbols::wanted(&module).source_map_url, None);
    let symbols = plain(&module);
    let first = module.first_instruction(FuncIndex(0)).unwrap();
    // The entry is for column 24, which is the second `nop`.
    assert_eq!(first.0, 23);
    assert_eq!(texts(&symbols.locate(first)), ["f"]);
    assert_eq!(symbols.notes(), Vec::<String>::new());
    assert_eq!(texts(&symbols.locate(ModuleOffset(24))), ["f f.ts:4:3"]);
    assert_eq!(symbols.notes(), Vec::<String>::new());
}

#[test]
fn a_module_in_a_component() {
    let whole = common::module("c-div-zero");
    let binary = wdb_module::Binary::parse(common::file("component-c-div-zero.wasm")).unwrap();
    let nested = binary
        .modules()
        .iter()
        .find(|it| it.function_count() == whole.function_count())
        .unwrap();
    same_answers(&whole, nested, &plain(nested));
}

#[test]
fn symbols_are_shared_between_threads() {
    let module = common::module("c-div-zero");
    let symbols = plain(&module);
    let start = module.code_section().unwrap().start.0;
    std::thread::scope(|scope| {
        for offset in 0..4 {
            let symbols = &symbols;
            scope.spawn(move || symbols.locate(ModuleOffset(start + 600 + offset)));
        }
    });
}
