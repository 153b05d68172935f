//! What a well-formed module or component says about itself.

use std::sync::Arc;

use bytes::Bytes;
use wdb_module::{
    Binary, CodeOffset, ExternalKind, FileOffset, FuncIndex, FunctionOffset, GlobalIndex, Kind,
    LocalIndex, MemoryIndex, Module, ModuleOffset, Operator, TableIndex, TagIndex, TypeIndex,
    TypeRef, ValType,
};

const EVERYTHING: &str = r#"
(module $program
  (type $unary (func (param i32) (result i64)))
  (type $pair (struct (field $left i32) (field $right i64)))
  (import "env" "log" (func $log (param i32)))
  (import "env" "shared" (memory $imported 2 4))
  (import "wasi" "exit" (func (param i32)))
  (import "env" "limit" (global $limit i32))
  (table $slots 3 funcref)
  (memory $own i64 1)
  (global $counter (mut i64) (i64.const 7))
  (tag $thrown (param i32))
  (func $work (export "run") (type $unary)
    (local $sum i64) (local f32 f32)
    block $outer
      local.get 0
      call $log
    end
    i64.const 5)
  (func (export "again") (export "once_more"))
  (func)
  (@custom "build_id" "\04\de\ad\be\ef")
  (@custom "external_debug_info" "\0dprogram.debug")
  (@custom "sourceMappingURL" "\0bprogram.map")
  (@producers (language "C11" "") (processed-by "clang" "22.1"))
)"#;

fn open(bytes: Vec<u8>) -> Arc<Module> {
    let binary = Binary::parse(Bytes::from(bytes)).unwrap();
    assert_eq!(binary.modules().len(), 1);
    binary.modules()[0].clone()
}

fn everything() -> Arc<Module> {
    open(wat::parse_str(EVERYTHING).unwrap())
}

#[test]
fn names_of_all_spaces() {
    let module = everything();
    assert_eq!(module.name(), Some("program"));
    assert_eq!(module.function_name(FuncIndex(2)), Some("work"));
    assert_eq!(module.function_name(FuncIndex(1)), None);
    assert_eq!(module.local_name(FuncIndex(2), LocalIndex(1)), Some("sum"));
    assert_eq!(module.local_name(FuncIndex(2), LocalIndex(2)), None);
    assert_eq!(module.local_name(FuncIndex(3), LocalIndex(1)), None);
    assert_eq!(module.label_name(FuncIndex(2), 0), Some("outer"));
    assert_eq!(module.type_name(TypeIndex(0)), Some("unary"));
    assert_eq!(module.field_name(TypeIndex(1), 1), Some("right"));
    assert_eq!(module.table_name(TableIndex(0)), Some("slots"));
    assert_eq!(module.memory_name(MemoryIndex(1)), Some("own"));
    assert_eq!(module.global_name(GlobalIndex(0)), Some("limit"));
    assert_eq!(module.tag_name(TagIndex(0)), Some("thrown"));
    assert_eq!(module.notes(), []);
}

#[test]
fn a_function_without_a_name_is_called_by_its_import_or_first_export() {
    let module = everything();
    let name = |func| module.function_name_or_export(FuncIndex(func));
    assert_eq!(name(0).as_deref(), Some("log"));
    assert_eq!(name(1).as_deref(), Some("wasi.exit"));
    assert_eq!(name(2).as_deref(), Some("work"));
    assert_eq!(name(3).as_deref(), Some("again"));
    assert_eq!(name(4), None);
    assert_eq!(name(5), None);
}

#[test]
fn index_spaces_count_imports_first() {
    let module = everything();
    assert_eq!(module.imported_function_count(), 2);
    assert_eq!(module.function_count(), 5);
    assert_eq!(module.memories().len(), 2);
    assert_eq!(module.memories()[0].maximum, Some(4));
    assert!(module.memories()[1].memory64);
    assert_eq!(module.globals()[1].content_type, ValType::I64);
    assert!(module.globals()[1].mutable);
    assert_eq!(module.tables()[0].initial, 3);
    assert_eq!(module.tags().len(), 1);
    assert_eq!(module.types().len(), 4);

    let work = module.function_type(FuncIndex(2)).unwrap();
    assert_eq!(work.params(), [ValType::I32]);
    assert_eq!(work.results(), [ValType::I64]);
    assert_eq!(module.function_type(FuncIndex(5)), None);

    let import = &module.imports()[2];
    assert_eq!((&*import.module, &*import.name), ("wasi", "exit"));
    assert!(matches!(import.ty, TypeRef::Func(_)));
    assert_eq!(module.function_import(FuncIndex(1)), Some(import));
    assert_eq!(module.function_import(FuncIndex(2)), None);

    let export = &module.exports()[0];
    assert_eq!((&*export.name, export.kind), ("run", ExternalKind::Func));
    assert_eq!(export.function(), Some(FuncIndex(2)));
}

#[test]
fn bodies_locals_and_instructions() {
    let module = everything();
    let work = FuncIndex(2);
    assert_eq!(module.function(FuncIndex(0)).unwrap().body, None);
    assert_eq!(module.function(FuncIndex(5)), None);
    let function = module.function(work).unwrap();
    assert_eq!((function.index, function.type_index), (work, TypeIndex(0)));
    let body = function.body.unwrap();

    let locals = [ValType::I32, ValType::I64, ValType::F32, ValType::F32];
    assert_eq!(module.locals(work).unwrap(), locals);
    assert_eq!(module.locals(FuncIndex(0)).unwrap(), [ValType::I32]);
    assert_eq!(module.locals(FuncIndex(5)), None);

    // Two groups of locals are five bytes.
    let first = ModuleOffset(body.start.0 + 5);
    assert_eq!(module.first_instruction(work), Some(first));
    let instructions: Vec<_> = module.instructions(work).map(Result::unwrap).collect();
    assert_eq!(instructions[0].0, first);
    assert!(matches!(instructions[0].1, Operator::Block { .. }));
    let (call, operator) = &instructions[2];
    assert_eq!(*operator, Operator::Call { function_index: 0 });
    assert_eq!(module.instruction_at(*call).as_ref(), Some(operator));
    assert_eq!(module.instruction_at(ModuleOffset(call.0 + 1)), None);
    assert_eq!(instructions.last().unwrap().1, Operator::End);
    assert_eq!(module.instructions(FuncIndex(0)).count(), 0);
    assert_eq!(module.first_instruction(FuncIndex(0)), None);
}

#[test]
fn a_function_is_found_by_every_byte_of_its_body_and_by_no_other() {
    let module = everything();
    let code = module.code_section().unwrap();
    let mut found = 0;
    for offset in 0..module.bytes().len() as u64 + 2 {
        let offset = ModuleOffset(offset);
        let expected = (0..module.function_count()).map(FuncIndex).find(|func| {
            let body = module.function(*func).unwrap().body;
            body.is_some_and(|body| body.contains(&offset))
        });
        assert_eq!(module.function_at(offset), expected, "at {offset}");
        found += u64::from(expected.is_some());
    }
    // All but the count and the three size fields.
    assert_eq!(found, code.end.0 - code.start.0 - 4);
}

#[test]
fn metadata() {
    let module = everything();
    assert_eq!(module.build_id(), Some(&b"\xde\xad\xbe\xef"[..]));
    assert_eq!(module.external_debug_info(), Some("program.debug"));
    assert_eq!(module.source_mapping_url(), Some("program.map"));
    let producers: Vec<_> = module.producers().iter().collect();
    assert_eq!(producers.len(), 2);
    assert_eq!(producers[1].field, "processed-by");
    assert_eq!(producers[1].name, "clang");
    assert_eq!(producers[1].version, "22.1");
    let contents = module.custom_section("build_id").unwrap();
    assert_eq!(&contents[..], b"\x04\xde\xad\xbe\xef");
    assert_eq!(module.custom_section("absent"), None);
    let (_, range) = module
        .custom_sections()
        .find(|(name, _)| *name == "build_id")
        .unwrap();
    let range = range.start.0 as usize..range.end.0 as usize;
    assert_eq!(module.bytes()[range], contents);
    // `printf '\0asm\1\0\0\0' | sha256sum`
    let digest = open(b"\0asm\x01\0\0\0".to_vec()).sha256();
    assert_eq!(digest[..4], [0x93, 0xa4, 0x4b, 0xbb]);
}

#[test]
fn a_build_id_without_its_length_is_the_whole_section() {
    let id = |contents: &str| {
        let text = format!(r#"(module (@custom "build_id" "{contents}"))"#);
        let module = open(wat::parse_str(text).unwrap());
        module.build_id().map(<[u8]>::to_vec)
    };
    assert_eq!(id(r"\03abc").unwrap(), b"abc");
    assert_eq!(id(r"\83\00abc").unwrap(), b"abc");
    assert_eq!(id(r"\02abc").unwrap(), b"\x02abc");
    assert_eq!(id(r"\ff\ff").unwrap(), b"\xff\xff");
    assert_eq!(id(r"\00"), None);
    assert_eq!(id(""), None);
}

#[test]
fn offsets_convert_by_hand() {
    // header 8 | type 6 | function 3 | code: id, size, count, size, no locals, nop, end
    let module = open(wat::parse_str("(module (func nop))").unwrap());
    let nop = ModuleOffset(8 + 6 + 4 + 2 + 1 + 1 + 1);
    assert_eq!(module.instruction_at(nop), Some(Operator::Nop));
    assert_eq!(module.to_code(nop), Some(CodeOffset(3)));
    assert_eq!(module.from_code(CodeOffset(3)), Some(nop));
    assert_eq!(
        module.to_function(FuncIndex(0), nop),
        Some(FunctionOffset(1))
    );
    assert_eq!(
        module.from_function(FuncIndex(0), FunctionOffset(1)),
        Some(nop)
    );
    assert_eq!(module.to_file(nop), FileOffset(nop.0));

    let end = module.code_section().unwrap().end;
    assert_eq!(module.to_code(end), None);
    assert_eq!(module.from_code(CodeOffset(5)), None);
    assert_eq!(module.from_code(CodeOffset(u64::MAX)), None);
    assert_eq!(module.to_function(FuncIndex(0), end), None);
    assert_eq!(module.from_function(FuncIndex(0), FunctionOffset(3)), None);
    assert_eq!(module.from_function(FuncIndex(1), FunctionOffset(0)), None);
    let size = module.bytes().len() as u64;
    assert_eq!(module.from_file(FileOffset(size)), None);
}

#[test]
fn modules_of_a_component_at_any_depth_in_file_order() {
    let text = r#"(component
      (core module $first (func $a unreachable))
      (component
        (core module $second (func $b nop unreachable))
        (component (core module $third (func $c))))
      (core module $fourth (func $d)))"#;
    let bytes = Bytes::from(wat::parse_str(text).unwrap());
    let binary = Binary::parse(bytes.clone()).unwrap();
    assert_eq!(binary.kind(), Kind::Component);
    let names: Vec<_> = binary.modules().iter().map(|m| m.name()).collect();
    let expected = ["first", "second", "third", "fourth"].map(Some);
    assert_eq!(names, expected);

    let second = &binary.modules()[1];
    let start = second.file_offset();
    assert!(start.0 > 8 && bytes[start.0 as usize..].starts_with(b"\0asm\x01\0\0\0"));
    let trap = second.instructions(FuncIndex(0)).nth(1).unwrap().unwrap().0;
    let file = second.to_file(trap);
    assert_eq!(file.0, start.0 + trap.0);
    assert_eq!(bytes[file.0 as usize], 0x00, "the opcode of unreachable");
    assert_eq!(second.from_file(file), Some(trap));
    assert_eq!(second.from_file(FileOffset(start.0 - 1)), None);
    let alone = open(second.bytes().to_vec());
    assert_eq!(alone.sha256(), second.sha256());
}

#[test]
fn a_debug_file_without_code_still_knows_its_functions() {
    let whole = everything();
    let mut stripped = b"\0asm\x01\0\0\0".to_vec();
    for section in whole.sections().iter().filter(|s| s.kind() != "code") {
        let name = section.name.as_deref().map_or(Vec::new(), |name| {
            let length = u8::try_from(name.len()).unwrap();
            [&[length], name.as_bytes()].concat()
        });
        let range = section.range.start.0 as usize..section.range.end.0 as usize;
        let size = name.len() + range.len();
        assert!(size < 1 << 14, "two bytes hold it");
        stripped.extend([section.id, size as u8 | 0x80, (size >> 7) as u8]);
        stripped.extend(name);
        stripped.extend(&whole.bytes()[range]);
    }
    let module = open(stripped);
    assert_eq!(module.code_section(), None);
    assert_eq!(module.function_count(), 5);
    assert_eq!(module.function_name(FuncIndex(2)), Some("work"));
    assert_eq!(module.function(FuncIndex(2)).unwrap().body, None);
    assert_eq!(module.locals(FuncIndex(2)), None);
    assert_eq!(module.to_code(ModuleOffset(20)), None);
    assert_eq!(module.notes(), []);
}

#[test]
fn modules_cross_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Binary>();
    shared::<Module>();
}
