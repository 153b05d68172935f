//! What we write is what strict readers read: held against wasmparser's own readers and validator.

use crate::support::model;

use proptest::prelude::*;
use wasmparser::{
    CoreDumpValue, DataKind, KnownCustom, Operator, Parser, Payload, Validator, WasmFeatures,
};
use wdb_coredump::*;

/// What wasmparser sees of a value in a stack: its type and bits, `None` where it is missing.
fn seen(value: &CoreDumpValue) -> Option<Value> {
    Some(match value {
        CoreDumpValue::Missing => return None,
        CoreDumpValue::I32(v) => Value::I32(*v),
        CoreDumpValue::I64(v) => Value::I64(*v),
        CoreDumpValue::F32(v) => Value::F32(v.bits()),
        CoreDumpValue::F64(v) => Value::F64(v.bits()),
    })
}

/// What it should see: the standard has no way to say the rest.
fn shown(slot: &Slot) -> Option<Value> {
    match slot {
        Slot::Known(v @ (Value::I32(_) | Value::I64(_) | Value::F32(_) | Value::F64(_))) => {
            Some(v.clone())
        }
        _ => None,
    }
}

fn compare(dump: &CoreDump, bytes: &[u8]) {
    let mut threads = dump.threads.iter();
    let mut globals = dump.globals.iter();
    let mut runs = (0..)
        .zip(&dump.memories)
        .flat_map(|(id, memory)| memory.contents.runs.iter().map(move |run| (id, run)));
    let (mut memory_count, mut sections) = (0, Vec::new());
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.unwrap() {
            Payload::CustomSection(section) => {
                sections.push(section.name().to_owned());
                match section.as_known() {
                    KnownCustom::CoreDump(core) => assert_eq!(core.name, dump.executable),
                    KnownCustom::CoreDumpModules(modules) => {
                        let names: Vec<_> = dump.modules.iter().map(|m| m.name.as_str()).collect();
                        assert_eq!(modules.modules, names);
                    }
                    KnownCustom::CoreDumpInstances(instances) => {
                        assert_eq!(instances.instances.len(), dump.instances.len());
                        for (theirs, ours) in instances.instances.iter().zip(&dump.instances) {
                            assert_eq!(theirs.module_index, ours.module.0);
                            let memories =
                                ours.memories.iter().map(|m| m.map_or(u32::MAX, |m| m.0));
                            assert_eq!(theirs.memories, memories.collect::<Vec<_>>());
                            let globals = ours.globals.iter().map(|g| g.map_or(u32::MAX, |g| g.0));
                            assert_eq!(theirs.globals, globals.collect::<Vec<_>>());
                        }
                    }
                    KnownCustom::CoreDumpStack(stack) => {
                        let thread = threads.next().unwrap();
                        assert_eq!(stack.name, thread.name);
                        assert_eq!(stack.frames.len(), thread.frames.len());
                        for (theirs, ours) in stack.frames.iter().zip(&thread.frames) {
                            assert_eq!(theirs.instanceidx, ours.instance.0);
                            assert_eq!(theirs.funcidx, ours.func.0);
                            assert_eq!(theirs.codeoffset, ours.codeoffset);
                            let values =
                                |v: &[CoreDumpValue]| v.iter().map(seen).collect::<Vec<_>>();
                            let slots = |s: &[Slot]| s.iter().map(shown).collect::<Vec<_>>();
                            assert_eq!(values(&theirs.locals), slots(&ours.locals));
                            assert_eq!(values(&theirs.stack), slots(&ours.stack));
                        }
                    }
                    _ => assert!(section.name().starts_with("wdb."), "{}", section.name()),
                }
            }
            Payload::MemorySection(section) => {
                for (theirs, ours) in section.into_iter().zip(&dump.memories) {
                    let (theirs, ours) = (theirs.unwrap(), ours.shape);
                    memory_count += 1;
                    assert_eq!(theirs.initial, ours.pages);
                    assert_eq!(
                        (theirs.memory64, theirs.shared),
                        (ours.memory64, ours.shared)
                    );
                    assert_eq!(theirs.page_size_log2.unwrap_or(16), ours.page_size_log2);
                    assert!(theirs.maximum == ours.maximum || ours.maximum.is_none());
                }
            }
            Payload::GlobalSection(section) => {
                for theirs in section {
                    let (theirs, ours) = (theirs.unwrap(), globals.next().unwrap());
                    assert!(!theirs.ty.mutable);
                    let value = match theirs.init_expr.get_operators_reader().read().unwrap() {
                        Operator::I32Const { value } => Some(Value::I32(value)),
                        Operator::I64Const { value } => Some(Value::I64(value)),
                        Operator::F32Const { value } => Some(Value::F32(value.bits())),
                        Operator::F64Const { value } => Some(Value::F64(value.bits())),
                        Operator::V128Const { value } => Some(Value::V128(value.i128() as u128)),
                        Operator::RefNull { .. } => None,
                        other => panic!("{other:?}"),
                    };
                    // Where the type leaves room for the value, it is the true one.
                    if theirs.ty.content_type.to_string() == ours.ty
                        && let Slot::Known(known) = &ours.value
                        && let Some(value) = value
                        && std::mem::discriminant(known) == std::mem::discriminant(&value)
                    {
                        assert_eq!(value, *known);
                    }
                }
            }
            Payload::DataSection(section) => {
                for segment in section {
                    let segment = segment.unwrap();
                    let (id, run) = runs.next().unwrap();
                    let DataKind::Active {
                        memory_index,
                        offset_expr,
                    } = segment.kind
                    else {
                        panic!("passive");
                    };
                    assert_eq!(memory_index, id);
                    let address = match offset_expr.get_operators_reader().read().unwrap() {
                        Operator::I32Const { value } => u64::from(value as u32),
                        Operator::I64Const { value } => value as u64,
                        other => panic!("{other:?}"),
                    };
                    assert_eq!(address, run.address);
                    assert_eq!(segment.data, run.bytes);
                }
            }
            Payload::Version { .. } | Payload::End(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(threads.next(), None);
    assert_eq!(globals.next(), None);
    assert_eq!(runs.next(), None);
    assert_eq!(memory_count, dump.memories.len());
    assert_eq!(sections[..3], ["core", "coremodules", "coreinstances"]);
    // Ours come after all that is standard.
    let ours = sections
        .iter()
        .position(|name| name.starts_with("wdb."))
        .unwrap();
    assert!(sections[ours..].iter().all(|name| name.starts_with("wdb.")));
}

proptest! {
    #[test]
    fn wasmparser_reads_what_we_write(dump in model::dump()) {
        let mut bytes = Vec::new();
        write(&dump, &mut bytes).unwrap();
        compare(&dump, &bytes);

        // What the model can say and a module cannot: more pages than allowed, and page sizes that
        // are no option yet.
        let possible = dump.memories.iter().all(|memory| {
            let shape = memory.shape;
            shape.maximum.is_none_or(|maximum| maximum >= shape.pages)
                && matches!(shape.page_size_log2, 0 | 16)
        });
        let valid = Validator::new_with_features(WasmFeatures::all()).validate_all(&bytes);
        prop_assert_eq!(valid.is_ok(), possible, "{:?}", valid.err());
        let findings = validate(&bytes.into(), &[]);
        prop_assert_eq!(findings.is_empty(), possible, "{:?}", findings);
    }
}

/// A dump that wasm-encoder has put together.
#[test]
fn what_wasm_encoder_writes_is_read() {
    use wasm_encoder::*;
    let mut modules = CoreDumpModulesSection::new();
    modules.module("a").module("b");
    let mut instances = CoreDumpInstancesSection::new();
    instances.instance(1, [0_u32], [0_u32]);
    let mut stack = CoreDumpStackSection::new("worker");
    stack.frame(
        0,
        42,
        51,
        [
            CoreDumpValue::I32(-1),
            CoreDumpValue::Missing,
            CoreDumpValue::F32(Ieee32::new(0x7fa0_0001)),
        ],
        [
            CoreDumpValue::I64(i64::MAX),
            CoreDumpValue::F64(Ieee64::new(1)),
        ],
    );
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1 << 17,
        maximum: None,
        memory64: true,
        shared: false,
        page_size_log2: None,
    });
    let mut globals = GlobalSection::new();
    let ty = GlobalType {
        val_type: ValType::FUNCREF,
        mutable: false,
        shared: false,
    };
    globals.global(ty, &ConstExpr::ref_null(HeapType::FUNC));
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i64_const(1 << 32), *b"above");
    let mut module = Module::new();
    module
        .section(&memories)
        .section(&globals)
        .section(&data)
        .section(&CoreDumpSection::new("encoded.wasm"))
        .section(&stack)
        .section(&instances)
        .section(&modules);
    let bytes: ::bytes::Bytes = module.finish().into();
    assert_eq!(validate(&bytes, &[]), []);
    let reading = wdb_coredump::read(bytes).unwrap();
    assert_eq!(reading.notes, []);
    let frame = &reading.dump.threads[0].frames[0];
    assert_eq!((frame.func.0, frame.codeoffset), (42, 51));
    assert_eq!(
        frame.locals,
        [
            Slot::Known(Value::I32(-1)),
            Slot::Missing(Missing::NotRecorded),
            Slot::Known(Value::F32(0x7fa0_0001)),
        ]
    );
    assert_eq!(
        frame.stack,
        [
            Slot::Known(Value::I64(i64::MAX)),
            Slot::Known(Value::F64(1))
        ]
    );
    assert_eq!(reading.dump.instances[0].module, ModuleId(1));
    assert_eq!(reading.dump.memories[0].contents.runs[0].address, 1 << 32);
    let null = Value::Ref(Reference::Null(wdb_coredump::HeapType::Func));
    assert_eq!(reading.dump.globals[0].value, Slot::Known(null));
}
