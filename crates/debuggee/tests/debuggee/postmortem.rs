//! A dump as a debuggee: places, locals, trust, memory.

use std::sync::Arc;

use wdb_coredump::{
    Base, CoreDump, CrashKind, Dialect, Frame, Instance, InstanceId, MemoryId, Missing, Module,
    ModuleId, Reading, Slot, Thread, Value, ValueCapture,
};
use wdb_debuggee::{Debuggee, Pc, PostMortem, StopReason, Trust};
use wdb_module::{Binary, FuncIndex, FunctionOffset};

const WAT: &str = "(module (import \"env\" \"f\" (func))
  (func $leaf (param i32) (local i64 f32) (unreachable))
  (func $main (call $leaf (i32.const 1))))";

fn module() -> Arc<wdb_module::Module> {
    let bytes = wat::parse_str(WAT).unwrap();
    Binary::parse(bytes.into()).unwrap().modules()[0].clone()
}

/// Bytes from the start of a function's body to its first instruction.
fn first(module: &wdb_module::Module, func: u32) -> u32 {
    let func = FuncIndex(func);
    let at = module.first_instruction(func).unwrap();
    module.to_function(func, at).unwrap().0
}

/// What a frame has for an offset from the start of a function's body.
fn pc(func: u32, offset: u32) -> Pc {
    let offset = module().from_function(FuncIndex(func), FunctionOffset(offset));
    Pc::InModule(offset.unwrap())
}

fn frame(func: u32, codeoffset: u32) -> Frame {
    Frame {
        instance: InstanceId(0),
        func: FuncIndex(func),
        codeoffset,
        locals: Vec::new(),
        stack: Vec::new(),
    }
}

fn dump(frames: Vec<Frame>) -> CoreDump {
    CoreDump {
        executable: "app.wasm".into(),
        modules: vec![Module::default()],
        instances: vec![Instance {
            module: ModuleId(0),
            memories: Vec::new(),
            globals: Vec::new(),
            tables: Vec::new(),
        }],
        threads: vec![Thread {
            name: "main".into(),
            frames,
            host_frames: Vec::new(),
        }],
        ..CoreDump::default()
    }
}

fn open(dump: CoreDump, dialect: Dialect, base: Base, with_module: bool) -> PostMortem {
    let reading = Reading {
        dump,
        dialect,
        base,
        notes: Vec::new(),
    };
    PostMortem::new(reading, vec![with_module.then(module)])
}

fn frames(mut debuggee: PostMortem) -> Vec<wdb_debuggee::Frame> {
    debuggee.threads().unwrap().remove(0).frames
}

#[test]
fn frames_have_their_places_and_all_their_locals() {
    let module = module();
    let (leaf, main) = (first(&module, 1), first(&module, 2));
    let mut young = frame(1, leaf);
    young.locals = vec![Slot::Known(Value::I32(1))];
    let call = main + 2;
    let found = frames(open(
        dump(vec![young, frame(2, call)]),
        Dialect::Wdb,
        Base::Body,
        true,
    ));
    assert_eq!(found[0].pc, pc(1, leaf));
    let missing = Slot::Missing(Missing::NotRecorded);
    assert_eq!(
        found[0].locals,
        [Slot::Known(Value::I32(1)), missing.clone(), missing]
    );
    assert_eq!(found[1].pc, pc(2, call));
    assert_eq!(found[1].locals, []);
    assert!(
        found.iter().all(|frame| frame.trust == Trust::Exact),
        "{found:?}"
    );
}

#[test]
fn what_does_not_fit_the_module_is_doubtful() {
    let leaf = first(&module(), 1);
    let mut nowhere = frame(1, leaf);
    nowhere.instance = InstanceId(7);
    let doubtful = [
        frame(1, leaf - 1), // among the local declarations
        frame(1, 10_000),   // behind the function
        frame(0, leaf),     // imported
        frame(9, leaf),     // there is none
        nowhere,
    ];
    let mut all = vec![frame(1, leaf)];
    all.extend(doubtful);
    let found = frames(open(dump(all), Dialect::Wdb, Base::Body, true));
    let trust: Vec<Trust> = found.iter().map(|frame| frame.trust).collect();
    assert_eq!(trust[0], Trust::Exact);
    assert_eq!(trust[1..], [Trust::Doubtful; 5]);
    assert_eq!(found[2].pc, Pc::Unknown);
}

#[test]
fn an_unknown_offset_is_no_place_and_no_doubt() {
    let found = frames(open(
        dump(vec![frame(1, 0)]),
        Dialect::Wdb,
        Base::Body,
        true,
    ));
    assert_eq!((found[0].pc, found[0].trust), (Pc::Unknown, Trust::Exact));
    // From the first instruction, 0 is one.
    let base = Base::FirstInstruction;
    let found = frames(open(dump(vec![frame(1, 0)]), Dialect::WasmEdge, base, true));
    assert_eq!(found[0].pc, pc(1, first(&module(), 1)));
    assert_eq!(found[0].trust, Trust::Exact);
}

#[test]
fn without_the_module_an_offset_from_the_body_is_kept() {
    let found = frames(open(
        dump(vec![frame(1, 5)]),
        Dialect::Wdb,
        Base::Body,
        false,
    ));
    assert_eq!(
        (found[0].pc, found[0].trust),
        (Pc::InFunction(FunctionOffset(5)), Trust::Exact)
    );
    let found = frames(open(
        dump(vec![frame(1, 5)]),
        Dialect::OldRewriter,
        Base::CodeSection,
        false,
    ));
    assert_eq!((found[0].pc, found[0].trust), (Pc::Unknown, Trust::Assumed));
}

#[test]
fn of_several_instances_wasmtime_names_the_last() {
    let leaf = first(&module(), 1);
    let with = |instances: usize, dialect| {
        let mut dump = dump(vec![frame(1, leaf)]);
        let instance = dump.instances[0].clone();
        dump.instances.resize(instances, instance);
        frames(open(dump, dialect, Base::Body, true))[0].trust
    };
    assert_eq!(with(1, Dialect::Wasmtime), Trust::Exact);
    assert_eq!(with(2, Dialect::Wasmtime), Trust::Assumed);
    assert_eq!(with(2, Dialect::Wdb), Trust::Exact);
}

#[test]
fn an_empty_operand_stack_is_not_one_that_was_not_recorded() {
    let stack = |values| {
        let mut dump = dump(vec![frame(1, first(&module(), 1))]);
        dump.capture.values = values;
        frames(open(dump, Dialect::Wdb, Base::Body, true))
            .remove(0)
            .stack
    };
    assert_eq!(stack(ValueCapture::Full), Some(Vec::new()));
    assert_eq!(stack(ValueCapture::Light), None);
    assert_eq!(stack(ValueCapture::Unstated), None);
}

#[test]
fn missing_locals_are_spelled_out_up_to_a_limit() {
    let wat = "(module (func (local i32) (unreachable)))";
    let text = wat.replace("(local i32)", &format!("(local{})", " i32".repeat(49_000)));
    let bytes = wat::parse_str(text).unwrap();
    let module = Binary::parse(bytes.into()).unwrap().modules()[0].clone();
    let at = first(&module, 0);
    let reading = Reading {
        dump: dump(vec![frame(0, at); 1000]),
        dialect: Dialect::Wdb,
        base: Base::Body,
        notes: Vec::new(),
    };
    let found = frames(PostMortem::new(reading, vec![Some(module)]));
    let total: usize = found.iter().map(|frame| frame.locals.len()).sum();
    assert_eq!(found[0].locals.len(), 49_000);
    assert!(total <= 1 << 20, "{total}");
}

#[test]
fn a_dump_with_frames_stands_at_a_crash() {
    let crashed = open(dump(vec![frame(1, 0)]), Dialect::Wasmtime, Base::Body, true);
    assert!(matches!(
        crashed.stop_reasons(),
        [StopReason::Crash(crash)] if crash.kind == CrashKind::Other && crash.code.is_empty()
    ));
    assert_eq!(
        open(dump(Vec::new()), Dialect::Wasmtime, Base::Body, true).stop_reasons(),
        []
    );
}

#[test]
fn a_frame_is_the_one_of_its_thread() {
    let frames = vec![frame(1, 0), frame(1, 2)];
    let mut debuggee = open(dump(frames), Dialect::Wdb, Base::Body, true);
    assert_eq!(debuggee.depth(0).unwrap(), 2);
    for position in 0..2 {
        let alone = debuggee.frame(0, position).unwrap();
        let of_all = &debuggee.threads().unwrap()[0].frames[position];
        assert_eq!(format!("{alone:?}"), format!("{of_all:?}"));
    }
    assert!(debuggee.frame(0, 2).is_err());
    assert!(debuggee.frame(1, 0).is_err());
    assert!(debuggee.depth(1).is_err());
}

#[test]
fn what_is_not_there_is_an_error() {
    let mut debuggee = open(dump(Vec::new()), Dialect::Wdb, Base::Body, true);
    let error = debuggee.read_memory(MemoryId(3), 0, &mut [0]).unwrap_err();
    assert_eq!(error.to_string(), "there is no memory 3");
    assert!(debuggee.table(wdb_coredump::TableId(0)).is_err());
    assert!(debuggee.execute().is_none());
}

#[test]
fn twenty_frames_of_wasmtime_are_probably_not_all() {
    let at = first(&module(), 1);
    let notes = |frames: usize, dialect| {
        let debuggee = open(dump(vec![frame(1, at); frames]), dialect, Base::Body, true);
        debuggee.notes().join("\n")
    };
    let told = |notes: String| notes.contains("wasmtime records 20 frames");
    assert!(told(notes(20, Dialect::Wasmtime)));
    assert!(!told(notes(19, Dialect::Wasmtime)));
    assert!(!told(notes(20, Dialect::Wdb)));
}
