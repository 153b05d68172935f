//! Any debuggee as a core dump: whole, with the C stack alone, without memory.

use std::sync::Arc;

use wdb_coredump::{
    Base, Capture, Contents, CoreDump, Crash, CrashKind, Dialect, Frame, Global, GlobalId,
    HostFrame, Instance, InstanceId, Memory, MemoryCapture, MemoryId, MemoryShape, Module,
    ModuleId, Process, Reading, Rest, Run, Slot, Table, TableId, Thread, Value, ValueCapture,
};
use wdb_debuggee::{CStack, Debuggee, PostMortem, dump};
use wdb_module::{Binary, FuncIndex};

/// A program as LLVM's linker lays it out: the stack first, 64 KiB, then data.
const WAT: &str = r#"(module (memory 3)
  (global $__stack_pointer (mut i32) (i32.const 65536))
  (data (i32.const 65536) "data")
  (func $f (param i32) (local i64) (unreachable)))"#;

fn module(wat: &str) -> Arc<wdb_module::Module> {
    let bytes = wat::parse_str(wat).unwrap();
    Binary::parse(bytes.into()).unwrap().modules()[0].clone()
}

fn run(address: u64, bytes: &[u8]) -> Run {
    Run {
        address,
        bytes: bytes.to_vec().into(),
    }
}

fn state(pointer: i32) -> CoreDump {
    let module = module(WAT);
    let at = module.first_instruction(FuncIndex(0)).unwrap();
    CoreDump {
        executable: "app.wasm".into(),
        process: Process {
            arguments: vec!["app".into()],
            pid: Some(3),
            ..Process::default()
        },
        crash: Some(Crash {
            thread: 0,
            kind: CrashKind::Trap,
            code: "unreachable".into(),
            message: "wasm trap".into(),
            causes: Vec::new(),
            exception: None,
        }),
        capture: Capture {
            values: ValueCapture::Full,
            memory: MemoryCapture::Full,
        },
        modules: vec![Module {
            name: "app".into(),
            sha256: Some(module.sha256()),
            ..Module::default()
        }],
        instances: vec![Instance {
            module: ModuleId(0),
            memories: vec![Some(MemoryId(0))],
            globals: vec![Some(GlobalId(0))],
            tables: vec![Some(TableId(0))],
        }],
        threads: vec![Thread {
            name: "main".into(),
            frames: vec![Frame {
                instance: InstanceId(0),
                func: FuncIndex(0),
                codeoffset: module.to_function(FuncIndex(0), at).unwrap().0,
                locals: vec![Slot::Known(Value::I32(1)), Slot::Known(Value::I64(2))],
                stack: vec![Slot::Known(Value::I32(3))],
            }],
            host_frames: vec![HostFrame {
                before: 0,
                name: "env.f".into(),
            }],
        }],
        memories: vec![Memory {
            shape: MemoryShape {
                memory64: false,
                shared: false,
                page_size_log2: 16,
                pages: 3,
                maximum: None,
            },
            contents: Contents {
                // Below the stack pointer, in use, and a secret on the heap.
                runs: vec![
                    run(50_000, b"old"),
                    run(60_000, b"stack"),
                    run(140_000, b"secret"),
                ],
                rest: Rest::Zero,
            },
        }],
        globals: vec![Global {
            ty: "i32".into(),
            mutable: true,
            value: Slot::Known(Value::I32(pointer)),
        }],
        tables: vec![Table {
            element: "funcref".into(),
            table64: false,
            maximum: Some(9),
            size: 4,
            elements: Vec::new(),
        }],
    }
}

fn debuggee(dump: CoreDump) -> PostMortem {
    let reading = Reading {
        dump,
        dialect: Dialect::Wdb,
        base: Base::Body,
        notes: Vec::new(),
    };
    PostMortem::new(reading, vec![Some(module(WAT))])
}

fn write(dump: CoreDump, memory: MemoryCapture) -> (CoreDump, Vec<u8>) {
    let mut bytes = Vec::new();
    dump::write(&mut debuggee(dump), memory, &mut bytes).unwrap();
    let reading = wdb_coredump::read(bytes.clone().into()).unwrap();
    assert_eq!(reading.notes, []);
    (reading.dump, bytes)
}

/// The bytes of memory 0 at `address`, if the dump has them.
fn bytes<const N: usize>(dump: &CoreDump, address: u64) -> Option<[u8; N]> {
    let mut buffer = [0; N];
    let mut debuggee = debuggee(dump.clone());
    debuggee
        .read_memory(MemoryId(0), address, &mut buffer)
        .ok()?;
    Some(buffer)
}

#[test]
fn a_whole_dump_is_the_state() {
    let state = state(60_000);
    assert_eq!(write(state.clone(), MemoryCapture::Full).0, state);
}

#[test]
fn the_stack_alone_is_what_frames_use_of_it() {
    let (dump, file) = write(state(60_000), MemoryCapture::Stack);
    assert_eq!(dump.capture.memory, MemoryCapture::Stack);
    assert_eq!(dump.threads, state(60_000).threads);
    assert_eq!(bytes(&dump, 60_000), Some(*b"stack"));
    assert_eq!(bytes(&dump, 65_000), Some([0]), "zero, not absent");
    // A function that calls nothing uses up to 128 bytes below the pointer.
    assert_eq!(bytes(&dump, 60_000 - 128), Some([0]));
    assert_eq!(bytes::<1>(&dump, 60_000 - 129), None);
    for absent in [50_000, 65_536, 140_000] {
        assert_eq!(bytes::<1>(&dump, absent), None, "{absent}");
    }
    assert!(!file.windows(6).any(|part| part == b"secret"));
    // A pointer that has left the stack says nothing: all of it is kept.
    let (dump, _) = write(state(-4096), MemoryCapture::Stack);
    assert_eq!(bytes(&dump, 50_000), Some(*b"old"));
    assert_eq!(bytes::<1>(&dump, 140_000), None);
}

#[test]
fn without_memory_the_frames_are_there() {
    let (dump, file) = write(state(60_000), MemoryCapture::None);
    assert_eq!(dump.capture.memory, MemoryCapture::None);
    assert_eq!(dump.threads, state(60_000).threads);
    assert_eq!(dump.memories[0].shape, state(0).memories[0].shape);
    assert_eq!(dump.memories[0].contents.rest, Rest::ZeroIn(Vec::new()));
    assert!(!file.windows(6).any(|part| part == b"secret"));
}

#[test]
fn a_dump_of_a_dump_claims_no_more_than_the_first() {
    let (without, _) = write(state(60_000), MemoryCapture::None);
    let (again, _) = write(without.clone(), MemoryCapture::Full);
    assert_eq!(again, without);
    let mut unstated = state(60_000);
    unstated.capture.memory = MemoryCapture::Unstated;
    unstated.memories[0].contents.rest = Rest::Unstated;
    assert_eq!(write(unstated.clone(), MemoryCapture::Full).0, unstated);
    let (stack, _) = write(unstated, MemoryCapture::Stack);
    assert_eq!(stack.memories[0].contents.rest, Rest::Unstated);
}

#[test]
fn c_stacks_of_linkers() {
    let find = |wat: &str| {
        let module = module(wat);
        CStack::find(&module).map(|stack| (stack.pointer.0, stack.range, stack.exact))
    };
    assert_eq!(find(WAT), Some((0, 0..65_536, true)));
    // Data first, as older versions of wasm-ld have it.
    let data_first = r#"(module (memory 2) (global i32 (i32.const 5))
        (global $__stack_pointer (mut i32) (i32.const 66560))
        (data (i32.const 1024) "0123456789"))"#;
    assert_eq!(find(data_first), Some((1, 1034..66_560, false)));
    // A snapshot of a memory in use: what was on the stack is data.
    let snapshot = r#"(module (memory 2) (global $__stack_pointer (mut i32) (i32.const 66560))
        (data (i32.const 1024) "0123456789") (data (i32.const 66000) "0123456789") (data (i32.const 66550) "012345678901"))"#;
    assert_eq!(find(snapshot), Some((0, 0..66_560, false)));
    // Without names the first global is it, if it looks like it.
    assert_eq!(
        find(
            "(module (memory 2) (global (mut i32) (i32.const 65536)) (data (i32.const 65536) \"x\"))"
        ),
        Some((0, 0..65_536, true))
    );
    assert_eq!(
        find("(module (memory 2) (global i32 (i32.const 65536)))"),
        None
    );
    assert_eq!(
        find("(module (memory 2) (global (mut i32) (i32.const 7)))"),
        None
    );
    assert_eq!(
        find("(module (memory 2) (global $counter (mut i32) (i32.const 16)))"),
        None
    );
    // A position-independent module is given its stack.
    let imported =
        r#"(module (import "env" "__stack_pointer" (global $__stack_pointer (mut i32))))"#;
    assert_eq!(find(imported), None);
    // An exported name will do.
    let exported = r#"(module (memory i64 2) (global $sp (export "__stack_pointer") (mut i64) (i64.const 4096)))"#;
    assert_eq!(find(exported), Some((0, 0..4096, false)));
}
