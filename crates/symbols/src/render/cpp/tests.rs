//! Layouts of older versions of libc++, made by hand, and damaged containers. The layouts of LLVM 22 are tested over
//! the dump of a program, in the tests of other crates.

use crate::Unavailable;
use crate::object::Object;
use crate::render::made::{
    Memory, base, byte, char, int, member, pointer, record, shape, ty, word,
};
use crate::render::{Elements, Shape};
use crate::types::{Bits, Encoding, Kind, TypeRef};

/// `std::__compressed_pair` of LLVM 12 to 19, whose second part is empty.
fn compressed_pair(first: TypeRef, size: u64, second: TypeRef) -> TypeRef {
    let part = record(
        "std::__compressed_pair_elem<_, 0, false>",
        size,
        &[],
        vec![member("__value_", 0, first.clone())],
    );
    let arguments = [first, second];
    let name = "std::__compressed_pair<_, _>";
    record(name, size, &arguments, vec![base(0, part)])
}

/// The numbers at the addresses of the elements; `None` for unavailable ones.
fn numbers(memory: &Memory, shape: Shape) -> (Vec<Option<u32>>, u64) {
    let (objects, length) = match shape {
        Shape::Sequence(it) => match it.elements {
            Elements::Listed(objects, length) => (objects, length),
            other => panic!("{other:?}"),
        },
        Shape::Map(it) => {
            let values = it.entries.into_iter().map(|it| it.1);
            (values.collect(), it.length)
        }
        other => panic!("{other:?}"),
    };
    let number = |object: &Object| {
        let at = usize::try_from(object.address()?).unwrap();
        let bytes = memory.0.get(at..at + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().unwrap()))
    };
    (objects.iter().map(number).collect(), length)
}

fn text(shape: Shape) -> String {
    match shape {
        Shape::Text(it) => String::from_utf8(it.bytes).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// `std::string` up to LLVM 13, which masks a bit of the size. `alternate`: the layout with the text first.
fn string_13(alternate: bool) -> TypeRef {
    let array = |length| {
        let dimensions = vec![crate::types::Count::Known(length)];
        let element = char();
        ty(
            "char[11]",
            11,
            Kind::Array(crate::types::Array {
                element,
                dimensions,
            }),
        )
    };
    let at = |first, other| if alternate { first } else { other };
    let short = record(
        "__short",
        12,
        &[],
        vec![
            // The size of the other layout is in an unnamed union.
            if alternate {
                base(
                    11,
                    record("__padding", 1, &[], vec![member("__size_", 0, byte())]),
                )
            } else {
                member(
                    "",
                    0,
                    record("", 1, &[], vec![member("__size_", 0, byte())]),
                )
            },
            member("__data_", at(0, 1), array(11)),
        ],
    );
    let long = record(
        "__long",
        12,
        &[],
        vec![
            member("__data_", at(0, 8), pointer(char())),
            member("__size_", 4, word()),
            member("__cap_", at(8, 0), word()),
        ],
    );
    let all = record(
        "",
        12,
        &[],
        vec![member("__l", 0, long), member("__s", 0, short)],
    );
    let rep = record("__rep", 12, &[], vec![member("", 0, all)]);
    let pair = compressed_pair(rep, 12, record("std::allocator<char>", 1, &[], vec![]));
    let name = "std::basic_string<char, std::char_traits<char>, std::allocator<char> >";
    record(name, 12, &[char()], vec![member("__r_", 0, pair)])
}

#[test]
fn strings_of_llvm_13() {
    let string = |bytes: &[u8], alternate| {
        let mut memory = bytes.to_vec();
        memory.resize(16, 0);
        memory.extend(b"a text on the heap");
        text(shape(memory, &Object::at(0, string_13(alternate)), 10))
    };
    assert_eq!(string(b"\x0ahello", false), "hello");
    assert_eq!(string(b"\x00", false), "");
    assert_eq!(string(b"hello\0\0\0\0\0\0\x05", true), "hello");
    assert_eq!(string(b"\x21\0\0\0\x06\0\0\0\x10\0\0\0", false), "a text");
    assert_eq!(string(b"\x10\0\0\0\x06\0\0\0\x20\0\0\x80", true), "a text");
}

#[test]
fn a_string_that_is_not_made_yet_shows_as_its_members() {
    let object = Object::at(0, string_13(true));
    let found = shape(b"hello\0\0\0\0\0\0\x7f".to_vec(), &object, 10);
    assert!(matches!(found, Shape::Fields(_)), "{found:?}");
}

fn allocator(node: TypeRef) -> TypeRef {
    record("std::allocator<_>", 1, &[node], vec![])
}

/// A node of a list: `previous, next, value`.
fn list_node() -> TypeRef {
    let base_node = record(
        "std::__list_node_base<int, void *>",
        8,
        &[],
        vec![
            member("__prev_", 0, pointer(TypeRef::Void)),
            member("__next_", 4, pointer(TypeRef::Void)),
        ],
    );
    let members = vec![base(0, base_node), member("__value_", 8, int())];
    record("std::__list_node<int, void *>", 12, &[], members)
}

/// `std::list` up to LLVM 19.
fn list_19() -> TypeRef {
    let pair = compressed_pair(word(), 4, allocator(list_node()));
    let imp = record(
        "std::__list_imp<int, std::allocator<int> >",
        12,
        &[],
        vec![
            member("__end_", 0, list_node()),
            member("__size_alloc_", 8, pair),
        ],
    );
    let name = "std::list<int, std::allocator<int> >";
    record(name, 12, &[int()], vec![base(0, imp)])
}

#[test]
fn lists_of_llvm_19() {
    let words = [28, 16, 2, 0, 0, 28, 7, 16, 0, 8, 0];
    let memory = || Memory::words(&words);
    let list = Object::at(0, list_19());
    let (found, length) = numbers(&memory(), shape(memory().0, &list, 10));
    assert_eq!((found, length), (vec![Some(7), Some(8)], 2));
    // Not more than what is wanted.
    let (found, length) = numbers(&memory(), shape(memory().0, &list, 1));
    assert_eq!((found, length), (vec![Some(7)], 2));
}

#[test]
fn a_list_that_leads_back_to_a_node_ends_there() {
    // The second node leads to the first, of a thousand.
    let memory = Memory::words(&[28, 16, 1000, 0, 0, 28, 7, 16, 16, 8, 0]);
    let found = shape(memory.0.clone(), &Object::at(0, list_19()), 1000);
    let (found, length) = numbers(&memory, found);
    assert_eq!((found, length), (vec![Some(7), Some(8), None], 1000));
}

#[test]
fn a_list_with_a_wild_pointer_says_where() {
    let memory = Memory::words(&[28, 16, 1000, 0, 0, 0x8000, 7]);
    let list = Object::at(0, list_19());
    let Shape::Sequence(found) = shape(memory.0.clone(), &list, 10) else {
        panic!("no sequence");
    };
    let Elements::Listed(found, 1000) = found.elements else {
        panic!("{found:?}");
    };
    // The node at 0x8000 is taken for one until it is read.
    assert_eq!(found[0].address(), Some(24));
    assert_eq!(found[1].address(), Some(0x8008));
    assert_eq!(
        found[2].place,
        crate::Storage::Nowhere(Unavailable::OutOfBounds(0x8004))
    );
    assert_eq!(found.len(), 3);
}

/// `std::forward_list` up to LLVM 19: the pointer to the first node, `next, value`.
fn forward_list_19() -> TypeRef {
    let begin = record(
        "std::__forward_begin_node<_>",
        4,
        &[],
        vec![member("__next_", 0, pointer(TypeRef::Void))],
    );
    let node = record(
        "std::__forward_list_node<int, void *>",
        8,
        &[],
        vec![base(0, begin.clone()), member("__value_", 4, int())],
    );
    let pair = compressed_pair(begin, 4, allocator(node));
    let list = record(
        "std::__forward_list_base<_>",
        4,
        &[],
        vec![member("__before_begin_", 0, pair)],
    );
    let name = "std::forward_list<int, std::allocator<int> >";
    record(name, 4, &[int()], vec![base(0, list)])
}

#[test]
fn a_forward_list_is_counted_and_a_circle_ends() {
    let list = Object::at(0, forward_list_19());
    let whole = Memory::words(&[8, 0, 16, 1, 24, 2, 0, 3]);
    let found = numbers(&whole, shape(whole.0.clone(), &list, 2));
    assert_eq!(found, (vec![Some(1), Some(2)], 3));
    let circle = Memory::words(&[8, 0, 16, 1, 24, 2, 8, 3]);
    let found = numbers(&circle, shape(circle.0.clone(), &list, 10));
    assert_eq!(found, (vec![Some(1), Some(2), Some(3), None], 4));
}

/// `std::map<int, int>` up to LLVM 19. Its nodes: `left, right, parent, black, key, value`.
fn map_19() -> TypeRef {
    let void = || pointer(TypeRef::Void);
    let end = record(
        "std::__tree_end_node<_>",
        4,
        &[],
        vec![member("__left_", 0, void())],
    );
    let node_base = record(
        "std::__tree_node_base<void *>",
        16,
        &[],
        vec![
            base(0, end.clone()),
            member("__right_", 4, void()),
            member("__parent_", 8, void()),
            member("__is_black_", 12, byte()),
        ],
    );
    let pair = record(
        "std::pair<const int, int>",
        8,
        &[],
        vec![member("first", 0, int()), member("second", 4, int())],
    );
    let value = record(
        "std::__value_type<int, int>",
        8,
        &[],
        vec![member("__cc_", 0, pair)],
    );
    let members = vec![base(0, node_base), member("__value_", 16, value)];
    let node = record("std::__tree_node<_, void *>", 24, &[], members);
    let compare = record("std::less<int>", 1, &[], vec![]);
    let tree = record(
        "std::__tree<_>",
        12,
        &[],
        vec![
            member("__begin_node_", 0, pointer(end.clone())),
            member("__pair1_", 4, compressed_pair(end, 4, allocator(node))),
            member("__pair3_", 8, compressed_pair(word(), 4, compare)),
        ],
    );
    let name = "std::map<int, int, std::less<int>, std::allocator<std::pair<const int, int> > >";
    record(name, 12, &[int(), int()], vec![member("__tree_", 0, tree)])
}

#[test]
fn maps_of_llvm_19_are_in_order() {
    // The map at 0, its end node at 4; the root at 16 with 1 on its left at 40 and 3 on its right at 64.
    let nodes = [
        [40, 16, 3, 0].as_slice(),
        &[40, 64, 4, 1, 2, 20],
        &[0, 0, 16, 1, 1, 10],
        &[0, 0, 16, 1, 3, 30],
    ];
    let memory = Memory::words(&nodes.concat());
    let map = Object::at(0, map_19());
    let found = numbers(&memory, shape(memory.0.clone(), &map, 10));
    assert_eq!(found, (vec![Some(10), Some(20), Some(30)], 3));
    let found = numbers(&memory, shape(memory.0.clone(), &map, 2));
    assert_eq!(found, (vec![Some(10), Some(20)], 3));
}

#[test]
fn a_damaged_tree_ends() {
    // The only node is its own child and parent, of a million.
    for links in [[16, 16, 16], [0, 16, 16], [0, 0, 16], [0, 0, 0]] {
        let nodes = [[16, 16, 1_000_000, 0].as_slice(), &links, &[1, 2, 20]];
        let memory = Memory::words(&nodes.concat());
        let map = Object::at(0, map_19());
        let (found, length) = numbers(&memory, shape(memory.0.clone(), &map, 100));
        assert_eq!(length, 1_000_000);
        assert!(found.len() <= 3, "{links:?}: {}", found.len());
    }
}

/// `std::vector<bool>` up to LLVM 19: `words, size, capacity`.
fn bits_19() -> TypeRef {
    let boolean = ty("bool", 1, Kind::Base(Encoding::Boolean));
    record(
        "std::vector<bool, std::allocator<bool> >",
        12,
        &[boolean],
        vec![
            member("__begin_", 0, pointer(word())),
            member("__size_", 4, word()),
            member("__cap_alloc_", 8, compressed_pair(word(), 4, word())),
        ],
    )
}

#[test]
fn a_length_that_is_not_true_costs_little() {
    // A size of 2^32 - 1, and a list that is a ring of itself: a request for all elements is cut.
    let bits = Memory::words(&[0, u32::MAX, 0]);
    let list = Memory::words(&[0, 0, u32::MAX]);
    for (memory, ty) in [(bits, bits_19()), (list, list_19())] {
        let found = shape(memory.0.clone(), &Object::at(0, ty), u64::MAX);
        let (found, length) = numbers(&memory, found);
        assert_eq!(length, u64::from(u32::MAX));
        assert!(found.len() <= 1 << 20, "{}", found.len());
    }
}

#[test]
fn bits_are_found_in_words() {
    let memory = Memory::words(&[16, 35, 2, 0, 0x8000_0200, 4]);
    let Shape::Sequence(found) = shape(memory.0, &Object::at(0, bits_19()), 40) else {
        panic!("no sequence");
    };
    let Elements::Listed(found, 35) = found.elements else {
        panic!("{found:?}");
    };
    let bit = |index: usize| (found[index].place.clone(), found[index].bits);
    let at = |address, offset| {
        (
            crate::Storage::Memory(address),
            Some(Bits { offset, size: 1 }),
        )
    };
    assert_eq!(bit(9), at(17, 1));
    assert_eq!(bit(34), at(20, 2));
}
