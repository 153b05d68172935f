//! From what the user types after `break` to places, in real programs.

use super::support::Fixtures;
use wdb_coredump::{Base, CoreDump, Dialect, Reading};
use wdb_debuggee::PostMortem;
use wdb_examine::View;
use wdb_examine::places::{self, Spec, Unresolved};
use wdb_examine::view::FrameId;
use wdb_module::ModuleOffset;

/// The places that each of `specs` means in a dump, with a frame of it selected: `function file:line`.
fn resolved<const N: usize>(
    dump: &str,
    module: &str,
    here: Option<FrameId>,
    specs: [&str; N],
) -> [Vec<String>; N] {
    let mut debuggee = super::support::dump(dump, module);
    let mut resolver = Fixtures::new(super::support::modules(module));
    let mut view = View::new(&mut debuggee, &mut resolver).unwrap();
    specs.map(|text| {
        let spec = places::parse(text);
        let found = spec.and_then(|spec| places::resolve(&mut view, &spec, here));
        let found = match found {
            Ok(found) => found,
            Err(Unresolved(why)) => return vec![why],
        };
        let text = |location: places::Location| {
            let file = location.file.unwrap_or_default();
            format!(
                "{} {file}:{}",
                location.function,
                location.line.unwrap_or(0)
            )
        };
        found.into_iter().map(text).collect()
    })
}

#[test]
fn lines_functions_and_addresses() {
    let here = FrameId::default();
    let found = resolved(
        "c-div-zero.wasmtime",
        "c-div-zero",
        Some(here),
        [
            "c-div-zero.c:33",
            "33",
            "+8",
            "average",
            "a*rage",
            "main",
            "_start",
        ],
    );
    let average = "average /src/c-div-zero.c:33";
    let expected = [
        vec![average],
        vec![average],
        vec!["summarise /src/c-div-zero.c:41"],
        vec!["average /src/c-div-zero.c:30"],
        vec!["average /src/c-div-zero.c:30"],
        vec!["main /src/c-div-zero.c:53"],
        vec!["_start build/libc-bottom-half/crt/crt1-command.c:12"],
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_is_not_there() {
    let found = resolved(
        "c-div-zero.wasmtime",
        "c-div-zero",
        None,
        [
            "c-dif-zero.c:33",
            "c-div-zero.c:900",
            "avrage",
            "xyz*",
            "+1",
            "*0x1",
            "*0xzz",
            "other!0x100",
            "",
            "a.c:0",
            "33",
        ],
    );
    let expected = [
        "no file is called `c-dif-zero.c`; did you mean `c-div-zero.c`?",
        "line 900 is beyond the last line with code of /src/c-div-zero.c, 53",
        "no function is called `avrage`; did you mean `average`?",
        "no function is called like `xyz*`",
        "no frame is selected; name a file, as `main.c:12`",
        "0x1 is in no function; the module's code is from 0x1da to 0x652c",
        "`0xzz` is not an address: an address is an offset in a module, as `*0x1f0`",
        "no module is called `other`; there are `c-div-zero.wasm`",
        "no place is named",
        "lines count from 1",
        "average /src/c-div-zero.c:33",
    ];
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, &[expected]);
    }
}

#[test]
fn addresses() {
    let modules = super::support::modules("c-div-zero");
    let module = &modules[0];
    let mut debuggee = super::support::dump("c-div-zero.wasmtime", "c-div-zero");
    let mut resolver = Fixtures::new(modules.clone());
    let mut view = View::new(&mut debuggee, &mut resolver).unwrap();
    let spec = places::parse("average").unwrap();
    let location = places::resolve(&mut view, &spec, None).unwrap().remove(0);
    let at = location.at.offset;
    for text in [
        format!("*{at}"),
        format!("c-div-zero!{at}"),
        format!("*{}", at.0),
    ] {
        let spec = places::parse(&text).unwrap();
        let again = places::resolve(&mut view, &spec, None).unwrap();
        assert_eq!(again, std::slice::from_ref(&location), "{text}");
    }
    let inside = ModuleOffset(at.0 + 1);
    let next = module
        .instructions(module.function_at(at).unwrap())
        .map(|it| it.unwrap().0);
    let next = next.into_iter().find(|it| *it > inside).unwrap();
    let error = places::resolve(
        &mut view,
        &places::parse(&format!("*{inside}")).unwrap(),
        None,
    );
    let expected = format!("{inside} is not the beginning of an instruction; the next is {next}");
    assert_eq!(error.unwrap_err().to_string(), expected);
}

#[test]
fn instances_of_templates_and_inlined_copies() {
    let [found] = resolved("cpp-types.wasmtime", "cpp-types", None, ["make_unique"]);
    assert_eq!(found.len(), 4, "{found:#?}");
    // As before the program's first instruction: there are modules and nothing else.
    let modules = super::support::modules("c-inlined-o2");
    let reading = Reading {
        dump: CoreDump {
            modules: vec![Default::default()],
            ..Default::default()
        },
        dialect: Dialect::Wdb,
        base: Base::Body,
        notes: Vec::new(),
    };
    let mut debuggee = PostMortem::new(reading, vec![Some(modules[0].clone())]);
    let mut resolver = Fixtures::new(modules);
    let mut view = View::new(&mut debuggee, &mut resolver).unwrap();
    for (text, function, line) in [
        ("ratio", "ratio", 14),
        ("c-inlined-o2.c:19", "weigh", 19),
        ("c-inlined-o2.c:30", "rank", 30),
    ] {
        let found = places::resolve(&mut view, &places::parse(text).unwrap(), None).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].function.as_str(), found[0].line),
            (function, Some(line))
        );
    }
}

#[test]
fn what_is_typed_is_what_is_shown() {
    for text in [
        "main.c:12",
        "12",
        "+3",
        "-1",
        "Circle::area",
        "std::*",
        "*0x1f0",
        "*lib!0x1f0",
        "C:\\a.c:3",
        "C:\\a.c:3:7",
        "main.c:12:5",
        "a.cpp:Circle::area",
        "C:\\a.cpp:std::*",
    ] {
        assert_eq!(places::parse(text).unwrap().to_string(), text);
    }
    let spaced = places::parse(" main.c : 12 ").unwrap();
    assert_eq!(spaced.to_string(), "main.c:12");
    assert_eq!(
        places::parse("a::b").unwrap(),
        Spec::Function("a::b".into())
    );
}

#[test]
fn beginnings_are_completed() {
    let mut debuggee = super::support::dump("c-div-zero.wasmtime", "c-div-zero");
    let mut resolver = Fixtures::new(super::support::modules("c-div-zero"));
    let mut view = View::new(&mut debuggee, &mut resolver).unwrap();
    assert_eq!(places::completions(&mut view, "aver", 10), ["average"]);
    assert_eq!(
        places::completions(&mut view, "c-div", 10),
        ["c-div-zero.c:"]
    );
    assert_eq!(places::completions(&mut view, "", 3).len(), 3);
}

/// Where an editor can put a breakpoint in a line.
#[test]
fn the_columns_of_a_line_are_places() {
    let mut debuggee = super::support::dump("c-div-zero.wasmtime", "c-div-zero");
    let mut resolver = Fixtures::new(super::support::modules("c-div-zero"));
    let mut view = View::new(&mut debuggee, &mut resolver).unwrap();
    let places = places::columns(&mut view, "c-div-zero.c", 33).unwrap();
    let columns: Vec<u32> = places.iter().map(|it| it.column.unwrap()).collect();
    assert!(columns.len() > 1 && columns.is_sorted(), "{columns:?}");
    for place in &places {
        assert_eq!((place.line, &*place.function), (Some(33), "average"));
        let spec = Spec::Line {
            file: place.file.clone(),
            line: 33,
            column: place.column,
        };
        let found = places::resolve(&mut view, &spec, None).unwrap();
        assert_eq!(found, std::slice::from_ref(place));
    }
    assert!(places::columns(&mut view, "c-div-zero.c", 33_000).is_err());
    assert!(places::columns(&mut view, "nowhere.c", 1).is_err());
}
