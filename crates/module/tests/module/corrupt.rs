//! Truncated, corrupt, hostile and simply wrong files.

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use wdb_module::{Binary, Error, FileOffset, FuncIndex, LocalIndex, Module};

const HEADER: &[u8] = b"\0asm\x01\0\0\0";
const COMPONENT_HEADER: &[u8] = b"\0asm\x0d\0\x01\0";

const TEXT: &str = r#"
(module $m
  (import "env" "f" (func $f (param i32)))
  (memory 1) (table 2 funcref) (global $g (mut i32) (i32.const 1)) (tag $t)
  (func $a (export "a") (param $p i32) (local $q i64) (local i64)
    block $b local.get 0 br_table 0 0 0 end local.get $p call $f)
  (func $c (result v128) v128.const i64x2 1 2)
  (elem (i32.const 0) $a) (data (i32.const 8) "hello")
  (@custom "build_id" "\02ab")
  (@producers (language "C" "11")))"#;

const COMPONENT_TEXT: &str = r#"
(component
  (core module (func (export "f")))
  (component (core module $n (import "a" "b" (func)))))"#;

fn parse(bytes: &[u8]) -> Result<Binary, Error> {
    Binary::parse(Bytes::copy_from_slice(bytes))
}

fn error(bytes: &[u8]) -> Error {
    parse(bytes).map(|_| "no error").unwrap_err()
}

fn open(bytes: &[u8]) -> Arc<Module> {
    parse(bytes).unwrap().modules()[0].clone()
}

/// The encoding of `value`.
fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A module of these sections: identifier and contents.
fn assemble(header: &[u8], sections: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = header.to_vec();
    for (id, contents) in sections {
        bytes.push(*id);
        bytes.extend(leb(contents.len()));
        bytes.extend(*contents);
    }
    bytes
}

#[test]
fn other_files_are_called_what_they_are() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "an empty file"),
        (b"\x89PNG\r\n\x1a\n....", "a PNG image"),
        (b"\x7fELF\x02\x01\x01\0", "an ELF file"),
        (b"\x7fELF\x02\x01\x01\xc8", ".cwasm"),
        (b"\x1f\x8b\x08", "gunzip"),
        (b"\x28\xb5\x2f\xfd\0", "zstd -d"),
        (b"\n ;; comment\n(module)", "WebAssembly text"),
        (b"(component)", "WebAssembly text"),
        (b"<!doctype html>", "HTML"),
        (b"hello\n", "a text file"),
        (b"\0as", "cut short"),
        (b"\0\0\0\0\0\0\0\0", "zero bytes"),
        (b"\x02\x01\x03", "an unknown kind"),
    ];
    for (bytes, expected) in cases {
        let error = error(bytes);
        assert!(error.message.contains(expected), "{error}");
        assert_eq!(error.offset, FileOffset(0));
    }
    assert!(error(b"\0asm\x01").message.contains("cut short"));
    let version = error(b"\0asm\x0a\0\x01\0").message;
    assert!(version.contains("version 10, layer 1"), "{version}");
}

#[test]
fn a_cut_is_an_error_that_says_where() {
    let bytes = wat::parse_str(TEXT).unwrap();
    let ends: Vec<usize> = open(&bytes)
        .sections()
        .iter()
        .map(|section| section.range.end.0 as usize)
        .collect();
    for length in 0..bytes.len() {
        wdb_module::fuzz::module(&bytes[..length]);
        if length == HEADER.len() || ends.contains(&length) {
            continue; // Whole sections: a shorter module.
        }
        let error = error(&bytes[..length]);
        assert!(error.offset.0 <= length as u64, "{error}");
    }
}

#[test]
fn a_section_beyond_the_end_is_named_with_its_offset() {
    let error = error(b"\0asm\x01\0\0\0\0\x01\0\x0a\x64\0\0");
    assert_eq!(error.offset, FileOffset(11));
    assert!(error.message.contains("section 10"), "{error}");
    assert!(error.message.contains("100 bytes, but only 2"), "{error}");
    assert!(error.to_string().ends_with("(at file offset 0xb)"));
}

#[test]
fn offsets_of_errors_in_nested_modules_count_from_the_start_of_the_file() {
    // The type section says that it has two types and has none.
    let module = assemble(HEADER, &[(1, b"\x02")]);
    let nested = assemble(COMPONENT_HEADER, &[(1, &module)]);
    let bytes = assemble(COMPONENT_HEADER, &[(4, &nested)]);
    let error = error(&bytes);
    assert_eq!(error.offset, FileOffset(bytes.len() as u64));
    assert!(
        error.message.contains("the type section is corrupt"),
        "{error}"
    );
}

#[test]
fn sections_must_not_repeat() {
    let bytes = assemble(HEADER, &[(1, b"\0"), (1, b"\0")]);
    assert!(error(&bytes).message.contains("second type section"));
}

#[test]
fn an_unknown_section_is_a_note() {
    let module = open(&assemble(HEADER, &[(77, b"?")]));
    assert_eq!(module.sections()[0].kind(), "unknown");
    assert!(module.notes()[0].message.contains("unknown id 77"));
}

#[test]
fn counts_that_the_bytes_do_not_bear_out() {
    const MANY: &[u8] = b"\xff\xff\xff\xff\x0f";
    for id in [1, 2, 3, 4, 5, 6, 7, 13] {
        let error = error(&assemble(HEADER, &[(id, MANY)]));
        assert!(error.message.contains("is corrupt"), "{error}");
    }
    let names = [b"\x04name\x01\x05", MANY].concat();
    let code = assemble(
        HEADER,
        &[
            (1, b"\x01\x60\0\0"),
            (3, b"\x01\0"),
            (10, MANY),
            (0, &names),
        ],
    );
    let module = open(&code);
    let notes: Vec<_> = module.notes().into_iter().map(|n| n.message).collect();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(
        notes[0].contains("the code section is corrupt"),
        "{notes:?}"
    );
    assert!(
        notes[1].contains("the name section is corrupt"),
        "{notes:?}"
    );
    assert_eq!(module.function(FuncIndex(0)).unwrap().body, None);
}

#[test]
fn the_bodies_before_a_corrupt_one_stay() {
    let code = b"\x02\x02\0\x0b\x09\0\x0b";
    let types: (u8, &[u8]) = (1, b"\x01\x60\0\0");
    let module = open(&assemble(HEADER, &[types, (3, b"\x02\0\0"), (10, code)]));
    assert!(module.function(FuncIndex(0)).unwrap().body.is_some());
    assert_eq!(module.function(FuncIndex(1)).unwrap().body, None);
    assert!(
        module.notes()[0]
            .message
            .contains("the code section is corrupt")
    );

    // Fewer or more bodies than functions.
    for functions in [&b"\x02\0\0"[..], b"\0"] {
        let module = open(&assemble(
            HEADER,
            &[types, (3, functions), (10, b"\x01\x02\0\x0b")],
        ));
        assert!(
            module.notes()[0]
                .message
                .contains("does not have a body for each")
        );
        assert!(
            module
                .function_at(module.code_section().unwrap().start)
                .is_none()
        );
    }
}

#[test]
fn too_many_locals_are_not_allocated() {
    let declare = |count: &[u8]| {
        let body = [b"\x01", count, b"\x7f\x0b"].concat();
        let code = [&[1, body.len() as u8][..], &body].concat();
        let sections: &[(u8, &[u8])] = &[(1, b"\x01\x60\x01\x7f\0"), (3, b"\x01\0"), (10, &code)];
        open(&assemble(HEADER, sections)).locals(FuncIndex(0))
    };
    assert_eq!(declare(b"\xff\xff\xff\xff\x0f"), None);
    assert_eq!(
        declare(&leb(50_000)),
        None,
        "with the parameter one too many"
    );
    assert_eq!(declare(&leb(49_999)).unwrap().len(), 50_000);
}

#[test]
fn compact_imports_share_the_name_of_their_module() {
    // 100,000 imports of a module with a name of 100,000 bytes, in 500 kB: as copies, 10 GB.
    let mut section = leb(1);
    section.extend(leb(100_000));
    section.extend([b'm'; 100_000]);
    section.extend([0, 0x7f]);
    section.extend(leb(100_000));
    section.extend(b"\x01x\x00\x00".repeat(100_000));
    let module = open(&assemble(HEADER, &[(1, b"\x01\x60\0\0"), (2, &section)]));
    let imports = module.imports();
    assert_eq!(imports.len(), 100_000);
    assert!(Arc::ptr_eq(&imports[0].module, &imports[99_999].module));
}

#[test]
fn more_than_any_engine_takes_is_an_error() {
    let sections = vec![(0, &b"\0"[..]); 100_001];
    let message = error(&assemble(HEADER, &sections)).message;
    assert!(message.contains("more than 100000 sections"), "{message}");
    assert!(parse(&assemble(HEADER, &sections[1..])).is_ok());

    let functions = |count| [leb(count), vec![0; count]].concat();
    let message = error(&assemble(HEADER, &[(3, &functions(1_000_001))])).message;
    assert!(message.contains("more than 1000000 entries"), "{message}");
    assert!(parse(&assemble(HEADER, &[(3, &functions(1_000_000))])).is_ok());

    let modules = vec![(1, HEADER); 10_001];
    let message = error(&assemble(COMPONENT_HEADER, &modules)).message;
    assert!(
        message.contains("more than 10000 core modules"),
        "{message}"
    );
}

#[test]
fn nesting_of_components_is_bounded() {
    let nest = |depth: usize| {
        let innermost = assemble(COMPONENT_HEADER, &[(1, HEADER)]);
        (1..depth).fold(innermost, |inner, _| {
            assemble(COMPONENT_HEADER, &[(4, &inner)])
        })
    };
    assert_eq!(parse(&nest(100)).unwrap().modules().len(), 1);
    assert!(error(&nest(101)).message.contains("100 deep"));
    assert!(error(&nest(3_000)).message.contains("100 deep"));
}

#[test]
fn a_component_must_hold_what_its_sections_say() {
    let module_for_component = assemble(COMPONENT_HEADER, &[(4, HEADER)]);
    assert!(error(&module_for_component).message.contains("section 4"));
    let nothing = assemble(COMPONENT_HEADER, &[(1, b"")]);
    let error = error(&nothing);
    assert!(error.message.contains("is not WebAssembly"), "{error}");
    assert_eq!(error.offset, FileOffset(10));
}

#[test]
fn a_corrupt_name_section_keeps_what_can_be_read() {
    // Unsorted, one twice, one not UTF-8; then a subsection that ends too early; then a good one.
    let functions = b"\x01\x0d\x04\x02\x01b\x00\x01a\x02\x01c\x01\x01\xff";
    let locals = b"\x02\x06\x01\x00\x02\x00\x01p";
    let globals = b"\x07\x04\x01\x00\x01g";
    let names = [&b"\x04name"[..], functions, locals, globals].concat();
    let module = open(&assemble(HEADER, &[(0, &names)]));
    assert_eq!(module.function_name(FuncIndex(0)), Some("a"));
    assert_eq!(module.function_name(FuncIndex(1)), None);
    assert_eq!(module.function_name(FuncIndex(2)), Some("c"));
    assert_eq!(module.local_name(FuncIndex(0), LocalIndex(0)), Some("p"));
    assert_eq!(module.global_name(wdb_module::GlobalIndex(0)), Some("g"));
    let notes = module.notes();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes[0].message.contains("not UTF-8"));
    assert_eq!(module.bytes()[notes[0].offset.0 as usize], 0xff);
    assert!(notes[1].message.contains("name section is corrupt"));
}

#[test]
fn corrupt_custom_sections_are_notes() {
    let sections: &[(u8, &[u8])] = &[
        (0, b"\x09short"),
        (0, b"\x13external_debug_info\x20too short"),
        (0, b"\x09producers\x01\x08language\x02\x01C\x00"),
    ];
    let module = open(&assemble(HEADER, sections));
    assert_eq!(module.sections()[0].name, None);
    assert_eq!(module.external_debug_info(), None);
    let notes: Vec<_> = module.notes().into_iter().map(|n| n.message).collect();
    assert_eq!(notes.len(), 3, "{notes:?}");
    assert!(notes[0].contains("the name of a custom section"));
    assert!(notes[1].contains("the external_debug_info section"));
    assert!(notes[2].contains("the producers section"));
}

#[test]
fn a_corrupt_body_ends_its_instructions_with_an_error() {
    // An `end` too early, then an opcode that does not exist.
    for body in [&b"\0\x0b\x01\x0b"[..], b"\0\x01\x27\x0b", b"\x05\x01"] {
        let code = [&[1, body.len() as u8][..], body].concat();
        let sections: &[(u8, &[u8])] = &[(1, b"\x01\x60\0\0"), (3, b"\x01\0"), (10, &code)];
        let module = open(&assemble(HEADER, sections));
        let instructions: Vec<_> = module.instructions(FuncIndex(0)).collect();
        let error = instructions.last().unwrap().as_ref().unwrap_err();
        assert!(error.message.contains("the body of function 0"), "{error}");
        wdb_module::fuzz::module(module.bytes());
    }
}

proptest! {
    // A failure prints its smallest input, which then becomes a test of its own.
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn mutated_files_never_panic(
        component in any::<bool>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = wat::parse_str(if component { COMPONENT_TEXT } else { TEXT }).unwrap();
        for (index, byte) in edits {
            let position = index.index(bytes.len());
            bytes[position] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        wdb_module::fuzz::module(&bytes);
    }

    #[test]
    fn sections_of_any_bytes_never_panic(
        sections in prop::collection::vec(
            (0u8..16, prop::collection::vec(any::<u8>(), 0..40)), 0..8),
        component in any::<bool>(),
    ) {
        let sections: Vec<_> = sections.iter().map(|(id, bytes)| (*id, &bytes[..])).collect();
        let header = if component { COMPONENT_HEADER } else { HEADER };
        wdb_module::fuzz::module(&assemble(header, &sections));
    }
}
