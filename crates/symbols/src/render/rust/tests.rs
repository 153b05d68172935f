//! Layouts of older releases of Rust's standard library, made by hand, and damaged collections. Today's layouts are
//! tested over the dump of a program, in the tests of other crates.

use crate::object::Object;
use crate::render::Limits;
use crate::render::made::{Memory, ask, byte, int, member, pointer, record, rust, ty, word};
use crate::types::{Array, Count, Kind, Parameter, Record, RecordKind, TypeRef, Variant, Variants};

const LIMITS: Limits = Limits {
    depth: 4,
    elements: 8,
    text: 40,
    line: 300,
    values: 100,
};

/// How an object of the type `ty` at address 0 is shown.
fn shown(words: &[u32], ty: TypeRef) -> String {
    let object = Object::at(0, ty);
    ask(Memory::words(words).0, |cx| cx.short(&object, &LIMITS))
}

/// A structure with the generic argument `T`.
fn of(name: &str, size: u64, argument: TypeRef, members: Vec<(&str, u64, TypeRef)>) -> TypeRef {
    let members = members
        .into_iter()
        .map(|(name, at, ty)| member(name, at, ty));
    rust(ty(
        name,
        size,
        Kind::Record(Record {
            kind: RecordKind::Struct,
            members: members.collect(),
            variants: None,
            parameters: vec![Parameter {
                name: "T".into(),
                ty: argument,
                value: None,
            }],
            statics: Vec::new(),
        }),
    ))
}

fn plain(name: &str, size: u64, members: Vec<(&str, u64, TypeRef)>) -> TypeRef {
    let members = members
        .into_iter()
        .map(|(name, at, ty)| member(name, at, ty));
    rust(record(name, size, &[], members.collect()))
}

fn number() -> TypeRef {
    rust(int())
}

/// `NonNull<T>`, which has been in `Unique<T>` since Rust 1.33.
fn unique(to: TypeRef) -> TypeRef {
    let non_null = plain("NonNull<T>", 4, vec![("pointer", 0, pointer(to))]);
    plain("Unique<T>", 4, vec![("pointer", 0, non_null)])
}

/// `RawVec` until Rust 1.83: pointer and capacity, without a `RawVecInner`.
fn raw_vec(element: TypeRef) -> TypeRef {
    let members = vec![("ptr", 0, unique(element)), ("cap", 4, word())];
    plain("alloc::raw_vec::RawVec<T>", 8, members)
}

fn vec(element: TypeRef) -> TypeRef {
    let members = vec![("buf", 0, raw_vec(element.clone())), ("len", 8, word())];
    of("alloc::vec::Vec<T>", 12, element, members)
}

/// `Option` with a niche at `at`, where 0 means `None`.
fn option(some: TypeRef, size: u64, at: u64) -> TypeRef {
    let variant = |name: &str, values, members| Variant {
        values,
        members: vec![member(name, 0, plain(name, size, members))],
        line: None,
    };
    rust(ty(
        "core::option::Option<T>",
        size,
        Kind::Record(Record {
            kind: RecordKind::Struct,
            members: Vec::new(),
            variants: Some(Variants {
                discriminant: Some(member("", at, word())),
                variants: vec![
                    variant("None", vec![0..=0], vec![]),
                    variant("Some", vec![], vec![("__0", 0, some)]),
                ],
            }),
            parameters: Vec::new(),
            statics: Vec::new(),
        }),
    ))
}

#[test]
fn vectors_of_older_releases() {
    assert_eq!(shown(&[12, 4, 3, 7, 8, 9], vec(number())), "[7, 8, 9]");
    let string = plain("alloc::string::String", 12, vec![("vec", 0, vec(byte()))]);
    assert_eq!(shown(&[12, 4, 2, 0x6968], string), r#""hi""#);
    // Not the members that a vector has.
    let other = of(
        "alloc::vec::Vec<T>",
        4,
        number(),
        vec![("data", 0, number())],
    );
    assert_eq!(shown(&[5], other), "Vec { data: 5 }");
}

/// A length that is garbage is shown as it is, and only the elements that are shown are read.
#[test]
fn a_vector_that_is_too_long() {
    let expected = "[7, <no memory at 0x10>, <no memory at 0x14>, <no memory at 0x18>, \
                    <no memory at 0x1c>, <no memory at 0x20>, <no memory at 0x24>, \
                    <no memory at 0x28>, … 4294967287 more]";
    assert_eq!(shown(&[12, 4, u32::MAX, 7], vec(number())), expected);
}

#[test]
fn rings_with_a_tail_and_a_head() {
    let members = vec![
        ("tail", 0, word()),
        ("head", 4, word()),
        ("buf", 8, raw_vec(number())),
    ];
    let ring = of(
        "alloc::collections::vec_deque::VecDeque<T>",
        16,
        number(),
        members,
    );
    // From place 3 to place 1 of four, round the end.
    assert_eq!(shown(&[3, 1, 16, 4, 20, 0, 0, 10], ring), "[10, 20]");
}

#[test]
fn a_list_that_ends_in_itself() {
    let node = plain(
        "Node<T>",
        8,
        vec![
            ("next", 0, option(unique(word()), 4, 0)),
            ("element", 4, number()),
        ],
    );
    let node = plain(
        "Node<T>",
        8,
        vec![
            ("next", 0, option(unique(node), 4, 0)),
            ("element", 4, number()),
        ],
    );
    let members = vec![("head", 0, option(unique(node), 4, 0)), ("len", 4, word())];
    let list = of(
        "alloc::collections::linked_list::LinkedList<T>",
        8,
        number(),
        members,
    );
    assert_eq!(shown(&[8, 2, 16, 5, 0, 6], list.clone()), "[5, 6]");
    // These types have two nodes, and then a type that is not a node: the plain structure is shown.
    assert!(shown(&[8, u32::MAX, 8, 5], list).starts_with("LinkedList {"));
}

fn table(items: &str) -> TypeRef {
    let inner = vec![
        ("bucket_mask", 0, word()),
        ("ctrl", 4, word()),
        (items, 8, word()),
    ];
    let inner = plain("hashbrown::raw::RawTableInner", 12, inner);
    let pair = plain("(i32, ())", 4, vec![("__0", 0, number())]);
    let table = of(
        "hashbrown::raw::RawTable<T>",
        12,
        pair,
        vec![("table", 0, inner)],
    );
    let map = plain(
        "hashbrown::map::HashMap<K, V>",
        12,
        vec![("table", 0, table)],
    );
    plain("hashbrown::set::HashSet<T>", 12, vec![("map", 0, map)])
}

#[test]
fn hash_tables_grow_downwards() {
    // Four buckets; the first and the third are used.
    let memory = [3, 28, 2, 13, 12, 11, 10, 0xff02_ff01];
    assert_eq!(shown(&memory, table("items")), "{10, 12}");
    // No table has three places; none has more values than places; the members have other names.
    assert!(shown(&[2, 28, 2], table("items")).starts_with("HashSet {"));
    assert!(shown(&[3, 28, 4], table("items")).starts_with("HashSet {"));
    assert!(shown(&memory, table("count")).starts_with("HashSet {"));
    // The control bytes are not there.
    assert_eq!(shown(&[3, 0x8000, 2], table("items")), "{… 2 more}");
}

/// A tree of the height 1 with the keys 1 to 5: 3 in the root, the others in its two children.
#[test]
fn trees_are_read_in_order() {
    let numbers = |length| {
        let array = Array {
            element: number(),
            dimensions: vec![Count::Known(length)],
        };
        rust(ty("[i32; n]", 4 * length, Kind::Array(array)))
    };
    let leaf = |parent: TypeRef| {
        let members = vec![
            ("parent", 0, parent),
            ("len", 4, word()),
            ("keys", 8, numbers(2)),
            ("vals", 8, numbers(2)),
        ];
        plain("LeafNode<K, V>", 16, members)
    };
    let pointers = Array {
        element: pointer(leaf(word())),
        dimensions: vec![Count::Known(3)],
    };
    let pointers = rust(ty(
        "[NonNull<LeafNode<K, V>>; 3]",
        12,
        Kind::Array(pointers),
    ));
    let internal = plain(
        "InternalNode<K, V>",
        28,
        vec![("data", 0, leaf(word())), ("edges", 16, pointers)],
    );
    let leaf = leaf(option(unique(internal), 4, 0));
    let root = plain(
        "NodeRef<_>",
        8,
        vec![("height", 0, word()), ("node", 4, unique(leaf))],
    );
    let map = plain(
        "alloc::collections::btree::map::BTreeMap<K, V>",
        12,
        vec![("root", 0, option(root, 8, 4)), ("length", 8, word())],
    );
    let set = plain(
        "alloc::collections::btree::set::BTreeSet<T>",
        12,
        vec![("map", 0, map.clone())],
    );
    let mut memory = vec![
        1, 12, 5, // the map
        0, 1, 3, 0, 40, 56, 0, // the root, with its edges
        0, 2, 1, 2, // one child
        0, 2, 4, 5, // the other
    ];
    assert_eq!(shown(&memory, set.clone()), "{1, 2, 3, 4, 5}");
    assert_eq!(
        shown(&memory, map.clone()),
        "{1: 1, 2: 2, 3: 3, 4: 4, 5: 5}"
    );
    assert_eq!(shown(&[0, 0, 0], map.clone()), "{}");
    // A tree that is its own child ends.
    let mut circle = memory.clone();
    (circle[0], circle[7], circle[8]) = (20, 12, 12);
    assert!(shown(&circle, set.clone()).ends_with('}'));
    // A tree that is too high for any memory is not shown as a tree.
    memory[0] = 1000;
    assert!(shown(&memory, set).starts_with("BTreeSet {"));
}

#[test]
fn points_in_time() {
    let of_duration = |name| {
        let members = vec![("secs", 0, number()), ("nanos", 4, word())];
        let duration = plain("core::time::Duration", 8, members);
        let inner = plain("std::sys::time::wasi::T", 8, vec![("__0", 0, duration)]);
        plain(name, 8, vec![("__0", 0, inner)])
    };
    let memory = [1_700_000_000, 250_000_000];
    let date = "2023-11-14 22:13:20.25 UTC";
    assert_eq!(shown(&memory, of_duration("std::time::SystemTime")), date);
    let instant = of_duration("std::time::Instant");
    assert_eq!(
        shown(&[3, 250_000_000], instant.clone()),
        "3.25s on its clock"
    );
    // More nanoseconds than a second has, and a time before all clocks.
    assert!(shown(&[3, 1_000_000_000], instant.clone()).starts_with("Instant("));
    assert!(shown(&[u32::MAX, 0], instant).starts_with("Instant("));
}
