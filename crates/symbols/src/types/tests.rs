//! Types of real programs. Their names are compared with those of llvm-dwarfdump, where it is installed.
#![allow(clippy::unwrap_used, reason = "this is a test")]

mod hostile;
mod made;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use wdb_module::{Binary, Module};

use super::*;

fn module(name: &str) -> Arc<Module> {
    let path = format!("../../fixtures/built/{name}.wasm.zst");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let bytes = zstd::decode_all(&std::fs::read(path).unwrap()[..]).unwrap();
    Arc::clone(&Binary::parse(bytes.into()).unwrap().modules()[0])
}

fn symbols(name: &str) -> Symbols {
    Symbols::new(module(name), None, None)
}

fn dwarfdump() -> Option<PathBuf> {
    let names = ["llvm-dwarfdump-22", "llvm-dwarfdump"];
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|it| it.is_file())
}

/// The types that llvm-dwarfdump names beside the references to them.
fn named_by_llvm(dwarfdump: &Path, module: &Module, name: &str) -> BTreeMap<usize, String> {
    let file = std::env::temp_dir().join(format!("wdb-types-{}-{name}.wasm", std::process::id()));
    std::fs::write(&file, module.bytes()).unwrap();
    let output = Command::new(dwarfdump)
        .arg("--debug-info")
        .arg(&file)
        .output();
    std::fs::remove_file(&file).unwrap();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    let references = text.lines().filter_map(|line| {
        let (_, value) = line.split_once("DW_AT_type\t(0x")?;
        let (offset, name) = value.split_once(" \"")?;
        let offset = usize::from_str_radix(offset, 16).ok()?;
        Some((offset, name.strip_suffix("\")")?.to_owned()))
    });
    references.collect()
}

fn compare(name: &str, language: Language, least: usize) {
    let Some(dwarfdump) = dwarfdump() else {
        let required = std::env::var_os("WDB_TEST_REQUIRE_TOOLS").is_some();
        assert!(!required, "llvm-dwarfdump is not installed (llvm-22)");
        // Not through `eprintln!`, which the test harness captures.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: types of {name} are not compared with llvm-dwarfdump, which is not installed (llvm-22)"
        );
        return;
    };
    let module = module(name);
    let theirs = named_by_llvm(&dwarfdump, &module, name);
    let symbols = Symbols::new(module, None, None);
    let mut compared = 0;
    for (offset, theirs) in &theirs {
        let ours = symbols.ty(&TypeRef::Entry(TypeId(*offset)));
        let ours = as_llvm_writes(&ours).replace("shapes::v2::", "shapes::");
        // It adds the arguments to the names of Rust's variants.
        if let Some(theirs) = as_we_write(theirs, language)
            && !theirs.starts_with(&format!("{ours}<"))
        {
            assert_eq!(ours, theirs, "{offset:#x}");
            compared += 1;
        }
    }
    assert!(least < compared, "{compared} types compared");
}

/// Our name without what llvm-dwarfdump leaves out: the tags of C, and `void` for no parameters.
fn as_llvm_writes(ty: &Type) -> String {
    if ty.language != Some(Language::C) {
        return ty.name.to_string();
    }
    let is_tag = |it: &&str| matches!(*it, "struct" | "union" | "enum");
    let name = ty.name.replace("(void)", "()").replace('(', "( ");
    let words: Vec<&str> = name.split(' ').filter(|it| !is_tag(it)).collect();
    words.join(" ").replace("( ", "(")
}

/// A name of llvm-dwarfdump, unless it says less than ours: an unnamed type is only its tag; `restrict` and arrays of
/// pointers to functions are incomplete; pointers and arrays of Rust are written as in C.
fn as_we_write(theirs: &str, language: Language) -> Option<String> {
    let poor = [
        "restrict",
        "structure ",
        "class ",
        "union ",
        "int (*",
        "(*[",
        "(const shapes::Shape *)",
    ];
    let is_poor = |text: &str| {
        poor.iter().any(|word| text.contains(word))
            || language == Language::Rust && text.ends_with(['*', ']', ')'])
    };
    let name = crate::spelling::tidy(theirs.into());
    let name = name.replace("shapes::v2::", "shapes::");
    (!is_poor(&name)).then_some(name)
}

#[test]
fn names_of_c() {
    compare("c-variables", Language::C, 250);
}

#[test]
fn names_of_cpp() {
    compare("cpp-types", Language::Cpp, 6_000);
}

#[test]
fn names_of_rust() {
    compare("rust-types", Language::Rust, 5_000);
}

fn only(symbols: &Symbols, name: &str) -> Arc<Type> {
    let found = symbols.types_named(name);
    assert!(!found.is_empty(), "no type {name}");
    symbols.ty(&found[0])
}

fn record(ty: &Type) -> &Record {
    match &ty.kind {
        Kind::Record(record) => record,
        other => panic!("{} is {other:?}", ty.name),
    }
}

/// Name, offset, bits and type of each member.
fn members(symbols: &Symbols, members: &[Member]) -> Vec<String> {
    let each = members.iter().map(|member| {
        let name = member.name.as_deref().unwrap_or("-");
        let bits = member
            .bits
            .map_or(String::new(), |it| format!(".{}:{}", it.offset, it.size));
        format!(
            "{}{bits} {name}: {}",
            member.offset,
            symbols.ty(&member.ty).name
        )
    });
    each.collect()
}

#[test]
fn records_of_c() {
    for name in ["c-variables", "c-variables-dwarf5"] {
        let symbols = symbols(name);
        let of = |name| {
            let ty = only(&symbols, name);
            (ty.size, members(&symbols, &record(&ty).members))
        };
        let flags = of("flags");
        assert_eq!(flags.0, Some(24), "{name}");
        assert_eq!(
            flags.1,
            [
                "0.0:1 ready: unsigned int",
                "0.1:3 level: unsigned int",
                "0.4:4 delta: int",
                "1.0:9 crossing: unsigned int",
                "4.0:20 deep: int",
                "8.0:1 set: _Bool",
                "8.1:5 where: enum offset",
                "8.6:40 wide: long long",
                "16.0:20 rest: unsigned long long",
            ],
            "{name}"
        );
        assert_eq!(
            of("struct event").1,
            [
                "0 kind: unsigned char",
                "4 -: union {...}",
                "8 at: struct point"
            ]
        );
        assert_eq!(
            of("packed").1,
            ["0 tag: char", "1 value: int", "5 port: short"]
        );
        assert_eq!(of("message").1, ["0 length: unsigned int", "4 body: int[]"]);
        assert_eq!(
            of("callbacks").1,
            [
                "0 add: operation",
                "4 subtract: operation",
                "8 on_error: void (*)(const char *, ...)",
                "12 context: void *",
            ]
        );
        // An unnamed structure has the name of its typedef.
        let station = only(&symbols, "station");
        assert!(matches!(station.kind, Kind::Record(_)), "{station:?}");
        assert_eq!(&*station.name, "station");

        let opaque = only(&symbols, "opaque");
        assert_eq!((opaque.size, record(&opaque).members.len()), (None, 0));
        assert_eq!(&*only(&symbols, "unsigned").name, "unsigned int");
        assert_eq!(&*only(&symbols, "u16").name, "u16", "made up");
        assert!(symbols.types_named("struct operation").is_empty());
        // The word is part of the name, and may be left out.
        assert_eq!(&*only(&symbols, "struct event").name, "struct event");
        assert_eq!(&*only(&symbols, "event").name, "struct event");
        assert_eq!(&*only(&symbols, "enum offset").name, "enum offset");
        assert!(symbols.types_named("union event").is_empty());
        assert!(symbols.types_named("struct offset").is_empty());
        assert!(symbols.types_named("struct int").is_empty());
    }
}

#[test]
fn enumerations_of_c() {
    let symbols = symbols("c-variables");
    let of = |name| match &only(&symbols, name).kind {
        Kind::Enumeration(it) => it.clone(),
        other => panic!("{other:?}"),
    };
    let offset = of("enum offset");
    assert_eq!(&*symbols.ty(&offset.underlying).name, "int");
    let named = |(name, value): &(Arc<str>, i128)| format!("{name}={value}");
    let all: Vec<_> = offset.enumerators.iter().map(named).collect();
    assert_eq!(all, ["BEHIND=-3", "LEVEL=0", "AHEAD=4"]);
    assert!(!offset.scoped);
}

#[test]
fn classes_of_cpp() {
    let symbols = symbols("cpp-types");
    let copier = only(&symbols, "shapes::Copier");
    let roles: Vec<_> = record(&copier).members.iter().map(|it| it.role).collect();
    assert_eq!(roles, [Role::Base, Role::Base, Role::Field]);
    let scanner = only(&symbols, "Scanner");
    let base = &record(&scanner).members[0];
    // The vbase offset is the third word before the address point, behind the offset to top and the type's information.
    assert_eq!(base.role, Role::VirtualBase(12));
    assert_eq!(&*symbols.ty(&base.ty).name, "shapes::Device");

    let shape = only(&symbols, "class shapes::Shape");
    let table = &record(&shape).members[0];
    assert!(table.artificial, "{table:?}");
    assert_eq!(shape.size, Some(8));

    let ticket = only(&symbols, "Ticket");
    let statics: Vec<_> = record(&ticket).statics.iter().map(|it| &**it).collect();
    assert_eq!(statics, ["sold", "price"]);
    assert_eq!(
        &*only(&symbols, "Ticket::Seat").name,
        "shapes::Ticket::Seat"
    );

    let ring = only(&symbols, "shapes::Ring<short, 4>");
    let ring = record(&ring);
    assert_eq!(
        members(&symbols, &ring.members),
        ["0 items: short[4]", "8 head: unsigned int"]
    );
    let values: Vec<_> = ring
        .parameters
        .iter()
        .map(|it| (&*it.name, it.value))
        .collect();
    assert_eq!(values, [("T", None), ("N", Some(4))]);
    let odd = only(&symbols, "Odd<shapes::Just, 'v'>");
    let holder = &record(&odd).parameters[0];
    assert_eq!(&*symbols.ty(&holder.ty).name, "shapes::Just");
    let pack = only(&symbols, "Pack<int, char, double>");
    assert_eq!(record(&pack).parameters.len(), 3);

    // The inline namespace is left out of names, and the user may write it.
    for name in ["shapes::Square", "shapes::v2::Square", "Square"] {
        assert_eq!(&*only(&symbols, name).name, "shapes::Square", "{name}");
    }
    // Names of the library, in the usual form and in full.
    for name in [
        "std::string",
        "std::__2::basic_string<char, std::__2::char_traits<char>, std::__2::allocator<char> >",
    ] {
        let string = only(&symbols, name);
        assert_eq!(
            (&*string.name, string.size),
            ("std::string", Some(12)),
            "{name}"
        );
        assert!(matches!(string.kind, Kind::Record(_)), "{string:?}");
    }
    let vector = only(&symbols, "vector<int>");
    assert_eq!((&*vector.name, vector.size), ("std::vector<int>", Some(12)));
    let colour = only(&symbols, "Colour");
    assert!(matches!(&colour.kind, Kind::Enumeration(it) if it.scoped));
}

#[test]
fn constants_of_a_class() {
    let symbols = symbols("cpp-types");
    let found = symbols.statics_named("shapes::Ticket::price");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(&*symbols.ty(&found[0].ty).name, "const double");
}

#[test]
fn enums_of_rust() {
    let symbols = symbols("rust-types");
    let option = only(&symbols, "Option<u32>");
    assert_eq!(&*option.name, "core::option::Option<u32>");
    let variants = record(&option).variants.clone().unwrap();
    let tag = variants.discriminant.unwrap();
    assert_eq!((tag.offset, symbols.ty(&tag.ty).size), (0, Some(4)));
    let named: Vec<_> = variants
        .variants
        .iter()
        .map(|it| (it.members[0].name.as_deref().unwrap(), it.values.clone()))
        .collect();
    assert_eq!(named, [("None", vec![0..=0]), ("Some", vec![1..=1])]);
    let some = symbols.ty(&variants.variants[1].members[0].ty);
    assert_eq!(&*some.name, "core::option::Option<u32>::Some");
    assert_eq!(members(&symbols, &record(&some).members), ["4 __0: u32"]);
}

#[test]
fn tables_of_dyn_traits() {
    let symbols = symbols("rust-refcell");
    let dwarf = symbols.dwarf().unwrap();
    let names: Vec<_> = dwarf
        .vtables()
        .keys()
        .map(|it| symbols.ty(&symbols.vtable_type(*it).unwrap()).name.clone())
        .collect();
    assert!(
        names.iter().any(|it| &**it == "rust_refcell::Logger"),
        "{names:?}"
    );
    assert_eq!(symbols.vtable_type(12), None);
}

#[test]
fn nothing_of_real_programs_is_broken() {
    for name in [
        "c-sqlite-o2",
        "c-inlined-o2-dwarf5",
        "cpp-types-o2",
        "rust-collections",
        "rust-inlined-release",
    ] {
        let symbols = symbols(name);
        let dwarf = symbols.dwarf().unwrap();
        let mut types = 0;
        for id in dwarf.units().ids() {
            let unit = dwarf.units().open(&dwarf, id).unwrap();
            for scope in dwarf.units().scopes(&dwarf, &unit).all() {
                let entry = gimli::UnitOffset(scope.entry.0 as usize);
                let offset = entry.to_debug_info_offset(&unit.gimli.header).unwrap();
                if scope.kind == ScopeKind::Type {
                    let ty = symbols.ty(&TypeRef::Entry(TypeId(offset.0)));
                    assert!(!matches!(ty.kind, Kind::Broken(_)), "{name}: {ty:?}");
                    assert!(!ty.name.contains('…'), "{name}: {ty:?}");
                    types += 1;
                }
            }
        }
        assert!(types > 100, "{name}: {types}");
        assert_eq!(symbols.notes(), Vec::<String>::new(), "{name}");
    }
}
