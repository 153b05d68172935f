//! The property that holds for any bytes whatever: nothing panics, and what one accessor says the
//! others agree with. For the fuzzer, and for the tests that run it with seeds.

use bytes::Bytes;

use crate::{
    Binary, CodeOffset, FileOffset, FuncIndex, GlobalIndex, LocalIndex, MemoryIndex, Module,
    ModuleOffset, TableIndex, TagIndex, TypeIndex,
};

/// The most functions whose bodies are read, and the most indices tried: more of the same finds
/// nothing more.
const SAMPLE: u32 = 200;

/// Calls everything on the binary that `data` is.
///
/// # Panics
///
/// If the property does not hold.
pub fn module(data: &[u8]) {
    match Binary::parse(Bytes::copy_from_slice(data)) {
        Ok(binary) => {
            binary.modules().iter().for_each(|module| all(module, data));
            outline(&binary);
        }
        Err(error) => {
            assert!(error.offset.0 <= data.len() as u64, "{error}");
            assert!(!error.message.is_empty());
        }
    }
}

/// An outline declares what the binary declares, and is its own outline.
fn outline(binary: &Binary) {
    let Some(outline) = binary.outline() else {
        return;
    };
    let Ok(again) = Binary::parse(Bytes::from(outline)) else {
        panic!("the outline cannot be read");
    };
    assert_eq!(again.kind(), binary.kind());
    assert_eq!(again.modules().len(), binary.modules().len());
    for (outline, module) in again.modules().iter().zip(binary.modules()) {
        assert_eq!(outline.imports(), module.imports());
        assert_eq!(outline.globals(), module.globals());
        assert_eq!(outline.memories(), module.memories());
        let exports = |module: &Module| {
            let exports = module.exports().iter();
            let typed = exports.map(|export| {
                let ty = export
                    .function()
                    .map(|it| module.function_type(it).cloned());
                (export.name.clone(), export.kind, ty)
            });
            typed.collect::<Vec<_>>()
        };
        assert_eq!(exports(outline), exports(module));
    }
    assert_eq!(again.outline().as_deref(), Some(&again.bytes()[..]));
}

fn all(module: &Module, file: &[u8]) {
    let start = module.file_offset().0 as usize;
    assert!(file[start..].starts_with(module.bytes()));
    for note in module.notes() {
        assert!(note.offset.0 <= file.len() as u64, "{note}");
    }
    sections(module);
    identity(module);
    names(module);
    let count = module.function_count();
    assert!(module.imported_function_count() <= count);
    for absent in [count, u32::MAX].map(FuncIndex) {
        assert_eq!(module.function(absent), None);
        assert_eq!(module.function_type(absent), None);
        assert_eq!(module.locals(absent), None);
        assert_eq!(module.instructions(absent).count(), 0);
    }
    for index in 0..count.min(SAMPLE) {
        function(module, FuncIndex(index));
    }
    for offset in [0, 7, 8, module.bytes().len() as u64, u64::MAX] {
        offsets(module, ModuleOffset(offset));
    }
}

fn sections(module: &Module) {
    let mut end = ModuleOffset(8);
    for section in module.sections() {
        assert!(end < section.range.start && section.range.start <= section.range.end);
        assert!(!section.kind().is_empty());
        end = section.range.end;
    }
    assert!(end.0 <= module.bytes().len() as u64);
    for (name, range) in module.custom_sections() {
        assert!(module.custom_section(name).is_some());
        assert!(range.start <= range.end);
    }
}

fn identity(module: &Module) {
    assert_eq!(module.sha256(), module.sha256());
    assert!(module.build_id().is_none_or(|id| !id.is_empty()));
    let urls = (module.external_debug_info(), module.source_mapping_url());
    let producers = module.producers().len();
    let _ = (urls, producers, module.name());
    let _ = (module.types(), module.memories(), module.globals());
    let _ = (module.tables(), module.tags());
}

fn names(module: &Module) {
    for index in (0..SAMPLE).chain([u32::MAX]) {
        let _ = (
            module.type_name(TypeIndex(index)),
            module.table_name(TableIndex(index)),
            module.memory_name(MemoryIndex(index)),
            module.global_name(GlobalIndex(index)),
            module.tag_name(TagIndex(index)),
            module.field_name(TypeIndex(0), index),
            module.label_name(FuncIndex(0), index),
        );
    }
}

fn function(module: &Module, func: FuncIndex) {
    let Some(function) = module.function(func) else {
        panic!("function {func} is below the count and not there");
    };
    let imported = func.0 < module.imported_function_count();
    assert_eq!(module.function_import(func).is_some(), imported);
    if imported || module.function_name(func).is_some() {
        assert!(module.function_name_or_export(func).is_some());
    } else {
        let _ = module.function_name_or_export(func);
    }
    let _ = module.local_name(func, LocalIndex(0));
    if let Some(locals) = module.locals(func) {
        let params = module.function_type(func).map_or(0, |ty| ty.params().len());
        assert!(locals.len() >= params);
    }

    let instructions: Vec<_> = module.instructions(func).collect();
    let Some(body) = function.body else {
        assert!(instructions.is_empty() && module.first_instruction(func).is_none());
        return;
    };
    assert!(!imported && body.start <= body.end);
    if body.is_empty() {
        return;
    }
    assert_eq!(module.function_at(body.start), Some(func));
    assert_eq!(module.function_at(ModuleOffset(body.end.0 - 1)), Some(func));
    offsets(module, body.start);
    offsets(module, body.end);
    let mut previous = None;
    for instruction in instructions.iter().flatten() {
        assert!(body.contains(&instruction.0) && previous < Some(instruction.0));
        previous = Some(instruction.0);
    }
    if let Some(Ok((first, operator))) = instructions.first() {
        assert_eq!(module.first_instruction(func), Some(*first));
        assert_eq!(module.instruction_at(*first).as_ref(), Some(operator));
    }
}

/// Every conversion from `offset` leads back to it.
fn offsets(module: &Module, offset: ModuleOffset) {
    let inside = offset.0 < module.bytes().len() as u64;
    let back = module.from_file(module.to_file(offset));
    assert_eq!(back, inside.then_some(offset));
    if let Some(code) = module.to_code(offset) {
        assert_eq!(module.from_code(code), Some(offset));
    }
    let func = module.function_at(offset);
    if let Some(func) = func {
        let inner = module.to_function(func, offset);
        assert!(inner.is_some());
        let back = inner.and_then(|inner| module.from_function(func, inner));
        assert_eq!(back, Some(offset));
    }
    let _ = module.instruction_at(offset);
    let _ = module.from_code(CodeOffset(offset.0));
    let _ = module.from_file(FileOffset(offset.0));
}
