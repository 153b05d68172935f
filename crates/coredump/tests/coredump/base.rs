//! The base of the offsets is found by holding real dumps against their modules.

use std::path::Path;
use std::sync::Arc;

use wdb_coredump::*;
use wdb_module::{Binary, FuncIndex, FunctionOffset, Module, ModuleOffset};

fn fixture(name: &str) -> bytes::Bytes {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures")
        .join(name);
    let packed = std::fs::File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    zstd::decode_all(packed).unwrap().into()
}

fn dump(name: &str) -> Reading {
    read(fixture(&format!("dumps/{name}.core.zst"))).unwrap()
}

fn module(name: &str) -> Arc<Module> {
    let binary = Binary::parse(fixture(&format!("built/{name}.wasm.zst"))).unwrap();
    Arc::clone(&binary.modules()[0])
}

/// The names of the functions on the stack, and where they are.
fn stack(reading: &Reading, module: &Module) -> Vec<(String, FunctionOffset)> {
    let frames = reading.dump.threads[0].frames.iter();
    frames
        .map(|frame| {
            let offset = module_offset(reading.base, frame.codeoffset, frame.func, module);
            let offset = offset.and_then(|it| module.to_function(frame.func, it));
            (
                module.function_name(frame.func).unwrap().to_owned(),
                offset.unwrap(),
            )
        })
        .collect()
}

/// What the dump of `c-div-zero` says, in another base.
fn rebased(base: Base, short: bool, module: &Module) -> Reading {
    let mut reading = dump("c-div-zero.wasmtime");
    for frame in &mut reading.dump.threads[0].frames {
        let body = module.function(frame.func).unwrap().body.unwrap();
        let offset = module
            .from_function(frame.func, FunctionOffset(frame.codeoffset))
            .unwrap();
        let rebased = match base {
            Base::Body => offset.0 - body.start.0,
            Base::FirstInstruction => offset.0 - module.first_instruction(frame.func).unwrap().0,
            Base::CodeSection => module.to_code(offset).unwrap().0,
            Base::Module => offset.0,
        };
        frame.codeoffset = rebased as u32;
        if short {
            // The bodies follow each other, except for their sizes.
            let before = module.function_at(ModuleOffset(body.start.0 - 1));
            assert_eq!(before, None);
            let end = (frame.func.0 - 1..frame.func.0)
                .find_map(|f| module.function(FuncIndex(f)).unwrap().body)
                .map_or(body.start.0 - 1, |body| body.end.0);
            frame.codeoffset -= (body.start.0 - end) as u32;
        }
    }
    reading
}

#[test]
fn a_dump_of_wasmtime_fits_the_base_of_its_dialect() {
    let module = module("c-div-zero");
    let reading = dump("c-div-zero.wasmtime");
    assert_eq!(find_base(&reading, &[Some(&module)]), (Base::Body, None));
    let names: Vec<String> = stack(&reading, &module)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names[..3], ["average", "summarise", "report"], "{names:?}");
}

#[test]
fn a_dump_of_the_rewriter_fits_the_base_of_its_dialect() {
    let module = module("c-unreachable");
    let reading = dump("c-unreachable.rewriter");
    assert_eq!(
        find_base(&reading, &[Some(&module)]),
        (Base::FirstInstruction, None)
    );
    let names: Vec<String> = stack(&reading, &module)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["check", "step", "run"]);
}

#[test]
fn every_base_is_found_whatever_the_dialect_says() {
    let module = module("c-div-zero");
    let expected = stack(&dump("c-div-zero.wasmtime"), &module);
    for base in [
        Base::Body,
        Base::FirstInstruction,
        Base::CodeSection,
        Base::Module,
    ] {
        for assumed in [
            Base::Body,
            Base::FirstInstruction,
            Base::CodeSection,
            Base::Module,
        ] {
            let mut reading = rebased(base, false, &module);
            reading.base = assumed;
            let (found, note) = find_base(&reading, &[Some(&module)]);
            assert_eq!(found, base, "assumed {assumed:?}");
            assert_eq!(note.is_some(), base != assumed);
            refine(&mut reading, &[Some(&module)]);
            assert_eq!(reading.base, base);
            assert_eq!(stack(&reading, &module), expected);
        }
    }
}

#[test]
fn offsets_that_are_short_by_the_size_field_are_corrected() {
    let module = module("c-div-zero");
    let expected = stack(&dump("c-div-zero.wasmtime"), &module);
    let mut reading = rebased(Base::CodeSection, true, &module);
    reading.dialect = Dialect::OldRewriter;
    reading.base = Base::CodeSection;
    refine(&mut reading, &[Some(&module)]);
    assert_eq!(stack(&reading, &module), expected);
    let last = reading.notes.last().unwrap();
    assert!(last.message.contains("size field"), "{}", last.message);
}

#[test]
fn drafts_get_their_functions_from_the_offsets() {
    let module = module("c-div-zero");
    let expected = stack(&dump("c-div-zero.wasmtime"), &module);
    let mut reading = rebased(Base::CodeSection, false, &module);
    reading.dialect = Dialect::Draft;
    reading.base = Base::CodeSection;
    for frame in &mut reading.dump.threads[0].frames {
        frame.func = Frame::NO_FUNCTION;
    }
    refine(&mut reading, &[Some(&module)]);
    assert_eq!(stack(&reading, &module), expected);
}

#[test]
fn frames_with_the_outermost_first_are_turned_round() {
    let module = module("c-div-zero");
    let expected = stack(&dump("c-div-zero.wasmtime"), &module);
    let mut reading = rebased(Base::Body, false, &module);
    reading.dialect = Dialect::Early;
    reading.dump.threads[0].frames.reverse();
    refine(&mut reading, &[Some(&module)]);
    assert_eq!(stack(&reading, &module), expected);
}

#[test]
fn another_module_is_suspected() {
    let module = module("c-stack-overflow");
    let reading = dump("c-div-zero.wasmtime");
    let (base, note) = find_base(&reading, &[Some(&module)]);
    assert_eq!(base, reading.base);
    assert!(note.unwrap().message.contains("the modules may be others"));
}

#[test]
fn values_of_old_wasmedge_get_the_types_of_their_locals() {
    let wat = r#"(module (func (param i32 i64 f32 f64) (local v128) unreachable))"#;
    let binary = Binary::parse(wat::parse_str(wat).unwrap().into()).unwrap();
    let low = |bits| Slot::Inferred(Value::I32(bits), Inference::Low32Bits);
    let mut reading = dump("c-div-zero.wasmtime");
    reading.dump.threads[0].frames = vec![Frame {
        instance: InstanceId(0),
        func: FuncIndex(0),
        codeoffset: 0,
        locals: vec![low(5), low(-6), low(0x3fc0_0000), low(7), low(8)],
        stack: vec![low(9)],
    }];
    refine(&mut reading, &[Some(&binary.modules()[0])]);
    assert_eq!(
        reading.dump.threads[0].frames[0].locals,
        [
            Slot::Known(Value::I32(5)),
            Slot::Inferred(Value::I64(-6), Inference::Low32Bits),
            Slot::Known(Value::F32(1.5_f32.to_bits())),
            Slot::Missing(Missing::NotRecorded),
            Slot::Missing(Missing::NotRecorded),
        ]
    );
    assert_eq!(reading.dump.threads[0].frames[0].stack, [low(9)]);
}
