//! One line and trees, over types and memories made by hand.

use super::made::{Memory, ask, base, byte, char, int, member, pointer, record, rust, ty, word};
use super::{Limits, Tree};
use crate::fuzz;
use crate::machine::Unavailable;
use crate::object::{Object, Storage};
use crate::types::{
    Array, Count, Encoding, Enumeration, Kind, PointerKind, Record, RecordKind, TypeRef, Variant,
    Variants,
};

const LIMITS: Limits = Limits {
    depth: 3,
    elements: 4,
    text: 8,
    line: 200,
    values: 50,
};

fn short(memory: &[u8], ty: TypeRef) -> String {
    ask(memory.to_vec(), |cx| cx.short(&Object::at(0, ty), &LIMITS))
}

fn words(words: &[u32], ty: TypeRef) -> String {
    short(&Memory::words(words).0, ty)
}

fn array(element: TypeRef, size: u64, dimensions: &[Count]) -> TypeRef {
    let array = Array {
        element,
        dimensions: dimensions.to_vec(),
    };
    ty("an array", size, Kind::Array(array))
}

fn unit(enumerators: &[(&str, i128)], scoped: bool) -> Kind {
    Kind::Enumeration(Enumeration {
        underlying: TypeRef::Void,
        enumerators: enumerators.iter().map(|it| (it.0.into(), it.1)).collect(),
        scoped,
    })
}

fn point() -> TypeRef {
    record(
        "a::Point<int>",
        8,
        &[],
        vec![member("x", 0, int()), member("y", 4, int())],
    )
}

#[test]
fn structures_as_their_language_writes_them() {
    assert_eq!(words(&[1, !1], point()), "{x = 1, y = -2}");
    assert_eq!(words(&[1, !1], rust(point())), "Point { x: 1, y: -2 }");
    let pair = vec![member("__0", 0, int()), member("__1", 4, point())];
    let tuple = record("(i32, Point)", 12, &[], pair.clone());
    assert_eq!(words(&[1, 2, 3], rust(tuple)), "(1, {x = 2, y = 3})");
    let named = record("a::Both", 12, &[], pair);
    assert_eq!(words(&[1, 2, 3], rust(named)), "Both(1, {x = 2, y = 3})");
    let one = record("(i32,)", 4, &[], vec![member("__0", 0, int())]);
    assert_eq!(words(&[1], rust(one)), "(1,)");
    assert_eq!(words(&[], rust(record("a::Unit", 0, &[], vec![]))), "Unit");
}

#[test]
fn bases_and_unnamed_members() {
    let unnamed = record(
        "",
        8,
        &[],
        vec![member("low", 0, int()), member("high", 4, int())],
    );
    let ty = record("b", 16, &[], vec![base(0, point()), member("", 8, unnamed)]);
    assert_eq!(
        words(&[1, 2, 3, 4], ty),
        "{a::Point<int> = {x = 1, y = 2}, low = 3, high = 4}"
    );
}

#[test]
fn what_is_too_much_is_cut_and_said() {
    let deep = |inner| record("deep", 8, &[], vec![member("a", 0, inner)]);
    assert_eq!(
        words(&[1, 2], deep(deep(deep(point())))),
        "{a = {a = {a = {…}}}}"
    );
    let many = array(int(), 24, &[Count::Known(6)]);
    assert_eq!(words(&[1, 2, 3, 4, 5, 6], many), "{1, 2, 3, 4, … 2 more}");
    let text = array(char(), 12, &[Count::Known(12)]);
    assert_eq!(short(b"hello, world", text), r#""hello, w"… (12 bytes)"#);
    let limits = Limits { line: 20, ..LIMITS };
    let cut = ask((0..100).collect(), |cx| {
        cx.short(
            &Object::at(0, array(point(), 80, &[Count::Known(10)])),
            &limits,
        )
    });
    assert!(
        cut.starts_with("{{x = 50462976, …}") && cut.ends_with("more}"),
        "{cut}"
    );
}

#[test]
fn arrays_of_arrays_and_of_the_same() {
    let nested = array(int(), 24, &[Count::Known(2), Count::Known(3)]);
    assert_eq!(words(&[1, 2, 3, 4, 5, 6], nested), "{{1, 2, 3}, {4, 5, 6}}");
    let same = array(int(), 80, &[Count::Known(20)]);
    assert_eq!(words(&[7; 20], same.clone()), "{7 <repeats 20 times>}");
    assert_eq!(words(&[7; 20], rust(same.clone())), "[7; 20]");
    let mut mixed = [0; 20];
    mixed[1] = 5;
    assert_eq!(words(&mixed, same), "{0, 5, 0 <repeats 18 times>}");
    assert_eq!(words(&[], array(int(), 0, &[Count::Known(0)])), "{}");
    assert_eq!(
        words(&[], array(int(), 0, &[Count::Unknown])),
        "<its type does not say how many there are>"
    );
}

#[test]
fn texts_of_c() {
    let buffer = |size| array(char(), size, &[Count::Known(size)]);
    assert_eq!(short(b"hi\0\0\0\0", buffer(6)), r#""hi""#);
    assert_eq!(short(b"hi\0junk", buffer(7)), r#""hi""#);
    let flexible = array(char(), 0, &[Count::Unknown]);
    assert_eq!(short(b"a\x1b\0", flexible), r#""a\033""#);
    assert_eq!(short(b"\x04\0\0\0text\0", pointer(char())), r#"0x4 "text""#);
    assert_eq!(short(b"\x04\0\0\0text", pointer(char())), r#"0x4 "text"…"#);
    assert_eq!(short(b"\xff\xff\0\0", pointer(char())), "0xffff");
    assert_eq!(short(b"\x04\0\0\0\x01\x02\0\0", pointer(byte())), "0x4");
    assert_eq!(short(&[0; 4], pointer(char())), "null");
    let wide = ty("wchar_t", 4, Kind::Base(Encoding::Signed));
    let text: Vec<u32> = "grün".chars().map(u32::from).chain([0]).collect();
    assert_eq!(
        words(&text, array(wide, 20, &[Count::Known(5)])),
        r#"L"grün""#
    );
    let number = |inner| ty("uint8_t", 1, Kind::Alias(inner));
    assert_eq!(
        short(b"abc", array(number(byte()), 3, &[Count::Known(3)])),
        "{97, 98, 99}"
    );
}

#[test]
fn enumerations() {
    let colour = [("RED", 0), ("GREEN", 1), ("ODD", -1)];
    let plain = ty("unit", 4, unit(&colour, false));
    assert_eq!(words(&[1], plain.clone()), "GREEN");
    assert_eq!(words(&[u32::MAX], plain.clone()), "ODD");
    assert_eq!(words(&[7], plain), "(unit)7");
    let flags = ty("flags", 4, unit(&[("A", 1), ("B", 2), ("C", 4)], false));
    assert_eq!(words(&[5], flags.clone()), "A | C");
    assert_eq!(words(&[0x14], flags.clone()), "C | 0x10");
    assert_eq!(words(&[0], flags), "0");
}

/// `Option` with a niche, and with a discriminant for each variant.
#[test]
fn variants_by_their_discriminant() {
    let payload = |name: &str, members| {
        rust(record(
            &format!("Option<int>::{name}<int>"),
            8,
            &[],
            members,
        ))
    };
    let option = |none: u128, some: Option<u128>| {
        let variant = |value: Option<u128>, name, members| Variant {
            values: value.map(|it| it..=it).into_iter().collect(),
            members: vec![member(name, 0, payload(name, members))],
            line: None,
        };
        let variants = Variants {
            discriminant: Some(member("", 0, word())),
            variants: vec![
                variant(Some(none), "None", vec![]),
                variant(some, "Some", vec![member("__0", 4, int())]),
            ],
        };
        let record = Record {
            kind: RecordKind::Struct,
            members: vec![],
            variants: Some(variants),
            parameters: vec![],
            statics: vec![],
        };
        rust(ty("Option<int>", 8, Kind::Record(record)))
    };
    assert_eq!(words(&[0, 5], option(0, None)), "None");
    assert_eq!(words(&[77, 5], option(0, None)), "Some(5)");
    assert_eq!(words(&[1, 5], option(0, Some(1))), "Some(5)");
    assert_eq!(
        words(&[2, 5], option(0, Some(1))),
        "<no variant of `Option<int>` has the discriminant 2>"
    );
}

/// A list that ends in itself, by pointers of C and by references of Rust.
fn node(kind: PointerKind) -> (Vec<u8>, TypeRef) {
    // The DWARF of a real list is circular. Three nodes are enough here.
    let mut inner = TypeRef::Void;
    for _ in 0..3 {
        let next = ty("&Node", 4, Kind::Pointer(kind, inner));
        inner = record(
            "Node",
            8,
            &[],
            vec![member("value", 0, int()), member("next", 4, next)],
        );
    }
    (Memory::words(&[1, 8, 2, 0]).0, inner)
}

#[test]
fn pointers_are_followed_in_trees_and_references_in_lines() {
    let (memory, list) = node(PointerKind::Pointer);
    assert_eq!(short(&memory, list.clone()), "{value = 1, next = 0x8}");
    let tree = ask(memory, |cx| cx.tree("list", &Object::at(0, list), &LIMITS));
    let next = &tree.children[1];
    assert_eq!((next.name.as_str(), next.value.as_str()), ("next", "0x8"));
    assert_eq!(next.children[0].name, "*next");
    assert_eq!(next.children[0].value, "{value = 2, next = null}");
    assert!(next.children[0].children[1].children.is_empty());

    let (memory, list) = node(PointerKind::Reference);
    let line = short(&memory, list.clone());
    assert_eq!(line, "{value = 1, next = {value = 2, next = null}}");
    let tree = ask(memory, |cx| cx.tree("list", &Object::at(0, list), &LIMITS));
    let names: Vec<_> = tree.children[1]
        .children
        .iter()
        .map(|it| &*it.name)
        .collect();
    assert_eq!(names, ["value", "next"]);
}

#[test]
fn why_there_is_no_value() {
    let missing = Object::nowhere(int(), Unavailable::OptimisedOut(vec![]));
    let tree = ask(vec![], |cx| cx.tree("n", &missing, &LIMITS));
    let expected = Tree {
        name: "n".into(),
        ty: "int".into(),
        value: String::new(),
        unavailable: Some(Unavailable::OptimisedOut(vec![])),
        children: vec![],
        cut: None,
    };
    assert_eq!(tree, expected);
    let two = Object {
        ty: point(),
        place: Storage::Bytes(vec![1, 0, 0, 0].into()),
        bits: None,
    };
    let line = ask(vec![], |cx| cx.short(&two, &LIMITS));
    assert_eq!(
        line,
        "{x = 1, y = <the debug information is broken: a part lies outside of the whole>}"
    );
}

#[test]
fn trees_say_what_they_leave_out() {
    let many = Object::at(0, array(point(), 80, &[Count::Known(10)]));
    let memory = Memory::words(&std::array::from_fn::<u32, 20, _>(|it| it as u32)).0;
    let tree = ask(memory.clone(), |cx| {
        cx.tree("all", &many, &Limits { depth: 1, ..LIMITS })
    });
    assert_eq!(tree.children.len(), 4);
    assert_eq!(tree.children[1].name, "[1]");
    assert_eq!(tree.cut.as_deref(), Some("6 more elements"));
    assert_eq!(tree.children[0].cut.as_deref(), Some("2 more members"));
    let few = ask(memory, |cx| cx.children("all", &many, 8..100).parts);
    let names: Vec<_> = few.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["[8]", "[9]"]);
}

#[test]
fn names_from_the_debug_information_steer_no_terminal() {
    let evil = record("x", 4, &[], vec![member("\x1b[2J", 0, int())]);
    assert_eq!(words(&[1], evil), r"{\u{1b}[2J = 1}");
}

#[test]
fn slices_of_zig_and_go() {
    let slice = |name, pointer_name, element| {
        let members = vec![
            member(pointer_name, 0, pointer(element)),
            member("len", 4, word()),
        ];
        record(name, 8, &[], members)
    };
    let number = ty("u8", 1, Kind::Base(Encoding::Unsigned));
    let memory = b"\x08\0\0\0\x03\0\0\0abc\0";
    assert_eq!(
        short(memory, slice("[]const u8", "ptr", number.clone())),
        r#""abc""#
    );
    assert_eq!(
        short(memory, slice("string", "str", number.clone())),
        r#""abc""#
    );
    let binary = b"\x08\0\0\0\x03\0\0\0a\x01c\0";
    assert_eq!(
        short(binary, slice("[]u8", "ptr", number.clone())),
        "{97, 1, 99}"
    );
    let words = Memory::words(&[8, 2, 5, 6]).0;
    assert_eq!(short(&words, slice("[]int", "array", int())), "{5, 6}");
    // A `string` with other members is shown as a plain structure.
    let other = record("string", 4, &[], vec![member("x", 0, int())]);
    assert_eq!(short(&words, other), "{x = 8}");
}

/// Types of a program, over pseudo-random memory.
fn noise_of(fixture: &str) {
    let path = format!(
        "{}/../../fixtures/built/{fixture}.wasm.zst",
        env!("CARGO_MANIFEST_DIR")
    );
    let bytes = zstd::decode_all(&*std::fs::read(path).unwrap()).unwrap();
    let binary = wdb_module::Binary::parse(bytes.into()).unwrap();
    let symbols = crate::Symbols::new(binary.modules()[0].clone(), None, None);
    let types = fuzz::types(&symbols);
    let mut of_records = 0;
    for index in (0..types.len()).step_by(types.len() / 300 + 1) {
        of_records += u32::from(matches!(symbols.ty(&types[index]).kind, Kind::Record(_)));
        let mut data = (index as u32).to_le_bytes().to_vec();
        data[3] = index as u8;
        data.extend(fuzz::noise(index as u64));
        fuzz::memory(&data, &symbols, &types);
    }
    assert!(of_records > 30, "{of_records}");
}

#[test]
fn memory_that_no_program_made() {
    for fixture in ["c-variables", "cpp-types", "rust-types"] {
        noise_of(fixture);
    }
}
