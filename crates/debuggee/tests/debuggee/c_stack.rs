//! Locals worked out from the C stack: of real dumps, and of stacks made by hand.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use wdb_coredump::{
    Base, CoreDump, Crash, CrashKind, Dialect, Global, GlobalId, Inference, Instance, InstanceId,
    MemoryCapture, Missing, ModuleId, Reading, Slot, Thread, Value,
};
use wdb_debuggee::{Debuggee, Frame, PostMortem, dump};
use wdb_module::instruction::is_call;
use wdb_module::{Binary, FuncIndex, Module, Operator};

fn unpacked(path: &str) -> Bytes {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures")
        .join(path);
    let packed = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    zstd::decode_all(&packed[..]).unwrap().into()
}

fn module(fixture: &str) -> Arc<Module> {
    let bytes = unpacked(&format!("built/{fixture}.wasm.zst"));
    Binary::parse(bytes).unwrap().modules()[0].clone()
}

/// The frames of a dump that `wasmtime` wrote of a fixture.
fn frames(fixture: &str) -> Vec<Frame> {
    let dump = unpacked(&format!("dumps/{fixture}.wasmtime.core.zst"));
    let reading = wdb_coredump::read(dump).unwrap();
    let mut debuggee = PostMortem::new(reading, vec![Some(module(fixture))]);
    debuggee.threads().unwrap().remove(0).frames
}

/// The locals of a frame, `?` for those that are missing. No other is anything but inferred.
fn locals(frame: &Frame) -> String {
    let text = |slot: &Slot| match slot {
        Slot::Inferred(Value::I32(value), Inference::CStack) => value.to_string(),
        Slot::Inferred(Value::I64(value), Inference::CStack) => format!("{value}L"),
        Slot::Missing(_) => "?".to_owned(),
        other => panic!("{other:?}"),
    };
    let locals: Vec<String> = frame.locals.iter().map(text).collect();
    locals.join(" ")
}

// What is expected here was read from dumps of the same programs with all their locals.

#[test]
fn unoptimised_c_has_its_frame_bases_again() {
    let frames = frames("c-div-zero");
    let found: Vec<String> = frames.iter().map(locals).collect();
    let expected = [
        "65436 ? 65360",                  // average
        "65432 ? 65376 0 65600 16 ? ? ?", // summarise
        "? 65424 ? ? ? 0",                // report
        "? ? 65504 ? 0",                  // main
        "65520 ? ? ?",                    // __main_void
        "",
        "0", // _start
        "",
    ];
    assert_eq!(found, expected);
}

#[test]
fn an_overflowed_stack_ends_below_address_0() {
    let found: Vec<String> = frames("c-stack-overflow").iter().map(locals).collect();
    let bases = [-256, 7968, 16192, 24416, 32640, 40864];
    for (found, base) in found.iter().zip(bases) {
        assert_eq!(*found, format!("? {} ? {base} 0 0", base + 8240));
    }
    // Its arguments are constants of `main`.
    assert_eq!(found[6], "67936 57328 1 49088 0 0");
    assert_eq!(found[7], "57312 57328 0");
}

#[test]
fn functions_with_thousands_of_locals() {
    let frames = frames("c-sqlite-o0");
    let found: Vec<String> = frames.iter().map(locals).collect();
    assert_eq!(found[0], "? ? ? 62992 63008 0 0 0 0 0 0");
    // sqlite3VdbeExec
    assert_eq!(frames[1].locals.len(), 9247);
    assert!(
        found[1].starts_with("? 65344 2240 63104 ? ? ? 0 "),
        "{}",
        found[1]
    );
    assert_eq!(found[2], "? 65344 ? ? ? ? ? ? ? ? ? 0 0 0 0");
    assert_eq!(found[3], "? 65376 ? ? ? ? ? ? ? ? ? ? 0");
    assert_eq!(found[4], "? ? 2 66180 65492 65408 ? ? ? ? ? ? ? 0 0 0");
}

#[test]
fn a_frame_below_an_alloca_and_one_of_great_alignment() {
    let frames = frames("c-variables");
    let module = module("c-variables");
    let base = |name: &str, local: usize| {
        let is_named = |frame: &&Frame| module.function_name(frame.func) == Some(name);
        let frame = frames.iter().find(is_named).unwrap();
        frame.locals[local].value().cloned()
    };
    assert_eq!(base("layouts", 5), Some(Value::I32(62272)));
    assert_eq!(base("arrays", 4), Some(Value::I32(63168)));
    // Between the two nothing decides.
    assert_eq!(base("records", 3), None);
}

#[test]
fn a_stack_that_is_cut_off_at_its_old_end_is_walked_from_the_young() {
    let frames = frames("rust-index-panic");
    assert_eq!(frames.len(), 20);
    let found: Vec<String> = frames[4..].iter().map(locals).collect();
    assert_eq!(found[0], "? ? 1046800");
    assert_eq!(found[1], "? ? 1046816 0 0 0");
    assert_eq!(found[6], "? ? 1049744 1047280 ? 1047300 1047292 1 0");
    // seat, assign, main
    assert_eq!(found[10], "1047880 ? 1047424 0");
    assert!(
        found[11].starts_with("1047880 ? ? 1047440 ?"),
        "{}",
        found[11]
    );
    assert_eq!(
        found[12],
        "1047568 1047784 1047796 1047808 1047820 ? 1047892 ? ? ? 0 0 0 0 0 0 0"
    );
}

// --- Stacks made by hand -------------------------------------------------------------------------

/// Functions with one place each: a call or a trap.
const FUNCTIONS: &str = r#"(module
  (memory 2) (data (i32.const 65536) "data")
  (global $__stack_pointer (mut i32) (i32.const 65536))
  (func $leaf (param i32) (local i32)
    (local.set 1 (i32.sub (global.get 0) (i32.const 16)))
    unreachable)
  (func $middle (param i32) (local i32)
    (global.set 0 (local.tee 1 (i32.sub (global.get 0) (i32.const 48))))
    (call $leaf (i32.add (local.get 1) (i32.const 12))))
  (func $aligned (param i32) (local i32 i32)
    (local.set 2 (global.get 0))
    (global.set 0 (local.tee 1
      (i32.and (i32.sub (global.get 0) (i32.const 100)) (i32.const -128))))
    (call $leaf (local.get 1)))
  (func $alloca (param i32) (local i32)
    (local.set 1 (i32.sub (global.get 0) (i32.const 16)))
    (global.set 0 (i32.sub (local.get 1) (local.get 0)))
    (call $middle (i32.load (local.get 1))))
  (func $to_aligned (local i32)
    (global.set 0 (local.tee 0 (i32.sub (global.get 0) (i32.const 32))))
    (call $aligned (i32.const 0)))
  (func $to_alloca (local i32)
    (global.set 0 (local.tee 0 (i32.sub (global.get 0) (i32.const 32))))
    (call $alloca (i32.const 640)))
  (func $main (export "_start") (local i32)
    (global.set 0 (local.tee 0 (i32.sub (global.get 0) (i32.const 32))))
    (call $middle (i32.const 5)))
  (func $aligned_main (export "aligned") (call $to_aligned))
  (func $alloca_main (export "alloca") (call $to_alloca)))"#;

fn parsed(wat: &str) -> Arc<Module> {
    let bytes = wat::parse_str(wat).unwrap();
    Binary::parse(bytes.into()).unwrap().modules()[0].clone()
}

/// A crash without locals. Each instance has one global, its own stack pointer.
struct Scene {
    modules: Vec<Option<Arc<Module>>>,
    dump: CoreDump,
    dialect: Dialect,
}

impl Scene {
    /// One instance of each module, with these stack pointers.
    fn new(instances: &[(&str, i32)]) -> Scene {
        let mut dump = CoreDump {
            threads: vec![Thread {
                name: "main".into(),
                ..Thread::default()
            }],
            ..CoreDump::default()
        };
        let mut modules = Vec::new();
        for (index, (wat, pointer)) in (0..).zip(instances) {
            modules.push(Some(parsed(wat)));
            dump.modules.push(wdb_coredump::Module::default());
            dump.instances.push(Instance {
                module: ModuleId(index),
                memories: Vec::new(),
                globals: vec![Some(GlobalId(index))],
                tables: Vec::new(),
            });
            dump.globals.push(Global {
                ty: "i32".into(),
                mutable: true,
                value: Slot::Known(Value::I32(*pointer)),
            });
        }
        Scene {
            modules,
            dump,
            dialect: Dialect::Wdb,
        }
    }

    /// The next outer frame: of this function, at its place.
    fn frame(mut self, instance: u32, name: &str) -> Scene {
        let module = self.modules[instance as usize].clone().unwrap();
        let is_named = |func: &FuncIndex| module.function_name(*func) == Some(name);
        let func = (0..module.function_count()).map(FuncIndex);
        let func = func.clone().find(is_named).unwrap();
        let is_place = |operator: &Operator<'_>| {
            is_call(operator) || matches!(operator, Operator::Unreachable)
        };
        let mut instructions = module.instructions(func).map(Result::unwrap);
        let (at, _) = instructions.find(|(_, it)| is_place(it)).unwrap();
        self.dump.threads[0].frames.push(wdb_coredump::Frame {
            instance: InstanceId(instance),
            func,
            codeoffset: module.to_function(func, at).unwrap().0,
            locals: Vec::new(),
            stack: Vec::new(),
        });
        self
    }

    fn debuggee(self) -> PostMortem {
        let reading = Reading {
            dump: self.dump,
            dialect: self.dialect,
            base: Base::Body,
            notes: Vec::new(),
        };
        PostMortem::new(reading, self.modules)
    }

    fn locals(self) -> Vec<String> {
        let threads = self.debuggee().threads().unwrap();
        threads[0].frames.iter().map(locals).collect()
    }
}

/// `leaf` called by `middle` called by `main`, with this stack pointer.
fn three(pointer: i32) -> Scene {
    let scene = Scene::new(&[(FUNCTIONS, pointer)]);
    scene.frame(0, "leaf").frame(0, "middle").frame(0, "main")
}

#[test]
fn bases_and_arguments_of_a_whole_stack() {
    assert_eq!(three(65456).locals(), ["65468 65440", "5 65456", "65504"]);
}

#[test]
fn a_whole_stack_that_does_not_end_where_it_begins_is_none() {
    assert_eq!(three(65440).locals(), ["? ?", "? ?", "?"]);
    assert_eq!(three(65472).locals(), ["? ?", "? ?", "?"]);
    // Cut off, it could be so. But the pointer is always a multiple of 16, and in the stack.
    let cut = |pointer| {
        let scene = Scene::new(&[(FUNCTIONS, pointer)]);
        scene.frame(0, "leaf").frame(0, "middle").locals()
    };
    assert_eq!(cut(65440), ["65452 65424", "? 65440"]);
    assert_eq!(cut(65448), ["? ?", "? ?"]);
    assert_eq!(cut(65536), ["? ?", "? ?"]);
    assert_eq!(cut(-4096), ["? ?", "? ?"]);
}

#[test]
fn a_frame_of_great_alignment_is_solved_from_both_sides() {
    // to_aligned: 65504; aligned: (65504 - 100) & -128 = 65280.
    let scene = Scene::new(&[(FUNCTIONS, 65280)])
        .frame(0, "leaf")
        .frame(0, "aligned");
    assert_eq!(scene.locals(), ["65280 65264", "? 65280 ?"]);
    let whole = |pointer| {
        let scene = Scene::new(&[(FUNCTIONS, pointer)]);
        let scene = scene.frame(0, "leaf").frame(0, "aligned");
        scene
            .frame(0, "to_aligned")
            .frame(0, "aligned_main")
            .locals()
    };
    assert_eq!(whole(65280), ["65280 65264", "0 65280 65504", "65504", ""]);
    assert_eq!(whole(65152), ["? ?", "? ? ?", "?", ""]);
    assert_eq!(whole(65296), ["? ?", "? ? ?", "?", ""]);
}

#[test]
fn the_frames_around_an_alloca_are_solved_each_from_its_side() {
    let whole = |pointer| {
        let scene = Scene::new(&[(FUNCTIONS, pointer)]);
        let scene = scene.frame(0, "leaf").frame(0, "middle").frame(0, "alloca");
        scene.frame(0, "to_alloca").frame(0, "alloca_main").locals()
    };
    // 65536 - 32 - 16 - 640 - 48
    assert_eq!(
        whole(64800),
        ["64812 64784", "? 64800", "640 65488", "65504", ""]
    );
    // The inner one would lie above the outer one.
    assert_eq!(whole(65520 - 48), ["? ?", "? ?", "? ?", "?", ""]);
}

#[test]
fn each_instance_has_its_own_stack() {
    let scene = Scene::new(&[(FUNCTIONS, 65456), (FUNCTIONS, 65488)]);
    let scene = scene.frame(0, "leaf").frame(1, "middle").frame(0, "middle");
    let scene = scene.frame(0, "main");
    // `middle` calls the `leaf` of its own instance, which is not there: nothing goes through.
    assert_eq!(scene.locals(), ["? 65440", "? ?", "? ?", "65504"]);
    let calls_out = FUNCTIONS.replace(
        "(memory 2)",
        r#"(import "e" "leaf" (func $other)) (memory 2)"#,
    );
    let calls_out = calls_out.replace("(call $leaf", "(call $other (i32.const 0)) (call $leaf");
    let calls_out = calls_out.replace("(func $other)", "(func $other (param i32))");
    let scene = Scene::new(&[(&calls_out, 65456), (&calls_out, 65488)]);
    let scene = scene.frame(0, "leaf").frame(1, "middle").frame(0, "middle");
    assert_eq!(
        scene.frame(0, "main").locals(),
        ["? 65440", "? 65488", "5 65456", "65504"]
    );
}

/// A library that takes the stack pointer of the program.
const LIBRARY: &str = r#"(module
  (import "env" "__stack_pointer" (global (mut i32)))
  (func $deep (local i32)
    (global.set 0 (local.tee 0 (i32.sub (global.get 0) (i32.const 64))))
    unreachable))"#;

#[test]
fn a_library_works_on_the_stack_of_its_program() {
    let program = r#"(module
      (import "library" "deep" (func $deep))
      (global $__stack_pointer (mut i32) (i32.const 65536))
      (func $main (export "_start") (local i32)
        (global.set 0 (local.tee 0 (i32.sub (global.get 0) (i32.const 32))))
        (call $deep)))"#;
    let scene = |library: &str| {
        let mut scene = Scene::new(&[(program, 65440), (library, 0)]);
        scene.dump.instances[1].globals = vec![Some(GlobalId(0))];
        scene.frame(1, "deep").frame(0, "main")
    };
    assert_eq!(scene(LIBRARY).locals(), ["65440", "65504"]);
    let mut without = scene(LIBRARY);
    without.modules[1] = None;
    // What it has done to the pointer is not known, but the program has been entered at the top.
    assert_eq!(without.locals(), ["", "65504"]);
    // Under another name it is a global that anything may be done to.
    assert_eq!(
        scene(&LIBRARY.replace("__stack_pointer", "a")).locals(),
        ["?", "65504"]
    );
}

#[test]
fn an_overflowed_stack_goes_on_below_its_range() {
    let wat = FUNCTIONS.replace("(i32.const 48)", "(i32.const 65600)");
    let scene = Scene::new(&[(wat.as_str(), 65536 - 32 - 65600)]);
    let scene = scene.frame(0, "leaf").frame(0, "middle").frame(0, "main");
    assert_eq!(scene.locals(), ["-84 -112", "5 -96", "65504"]);
}

#[test]
fn a_frame_in_doubt_hides_what_is_beyond_it() {
    let mut scene = three(65456);
    scene.dump.threads[0].frames[1].codeoffset += 1;
    assert_eq!(scene.locals(), ["? 65440", "? ?", "65504"]);
    // Without the end there is nothing but the young side.
    let mut scene = three(65456);
    scene.dump.threads[0].frames[1].codeoffset += 1;
    scene.dump.threads[0].frames[2].func = FuncIndex(5);
    assert_eq!(scene.locals()[0], "? 65440");
}

#[test]
fn of_several_instances_wasmtime_may_name_the_wrong_one() {
    let mut scene = three(65456);
    scene.dialect = Dialect::Wasmtime;
    let instance = scene.dump.instances[0].clone();
    scene.dump.instances.push(instance);
    assert_eq!(scene.locals(), ["? ?", "? ?", "?"]);
}

#[test]
fn a_function_in_the_place_of_another_has_other_arguments() {
    // `leaf` may have come back by way of `jumps`.
    let jumps = "(func $jumps (return_call $leaf (i32.const 1))) (func $leaf";
    let back = FUNCTIONS.replace("(func $leaf", jumps);
    let back = back.replace("unreachable)", "unreachable (return_call $jumps))");
    let scene = |wat: &str, young: &str| {
        let scene = Scene::new(&[(wat, 65456)]).frame(0, young);
        scene.frame(0, "middle").frame(0, "main").locals()
    };
    assert_eq!(scene(&back, "leaf"), ["? 65440", "5 65456", "65504"]);
    // Of a function without tail calls the arguments are those of its call.
    let never = FUNCTIONS.replace("(func $leaf", jumps);
    assert_eq!(scene(&never, "leaf"), ["65468 65440", "5 65456", "65504"]);
    // A frame of another function is there by tail calls, or the stack is not one.
    let other = "(func $other (param i32) unreachable) (func $leaf";
    let other = back.replace("(func $leaf", other);
    assert_eq!(scene(&other, "other"), ["?", "5 65456", "65504"]);
    let other = other.replace("(return_call $jumps)", "");
    assert_eq!(scene(&other, "other"), ["?", "? ?", "65504"]);
}

#[test]
fn an_exhausted_engine_has_entered_the_innermost_function() {
    let mut scene = three(65456);
    scene.dump.threads[0].frames[0].codeoffset = 0;
    let mut other = three(65456);
    other.dump.threads[0].frames[0].codeoffset = 0;
    let crash = |code: &str| Crash {
        thread: 0,
        kind: CrashKind::Trap,
        code: code.into(),
        message: String::new(),
        causes: Vec::new(),
        exception: None,
    };
    scene.dump.crash = Some(crash("stack-overflow"));
    assert_eq!(scene.locals(), ["65468 0", "5 65456", "65504"]);
    other.dump.crash = Some(crash("interrupted"));
    assert_eq!(other.locals()[0], "? ?");
}

#[test]
fn what_was_recorded_stays_and_what_was_inferred_is_written_as_such() {
    let mut scene = three(65456);
    let recorded = Slot::Known(Value::I32(7));
    let missing = Slot::Missing(Missing::Damaged);
    scene.dump.threads[0].frames[1].locals = vec![recorded.clone(), missing.clone()];
    scene.dump.threads[0].frames[2].locals = vec![Slot::Missing(Missing::NotRecorded)];
    let mut debuggee = scene.debuggee();
    let frames = debuggee.threads().unwrap().remove(0).frames;
    assert_eq!(frames[1].locals, [recorded, missing]);
    let inferred = Slot::Inferred(Value::I32(65504), Inference::CStack);
    assert_eq!(frames[2].locals, [inferred]);

    let mut written = Vec::new();
    dump::write(&mut debuggee, MemoryCapture::Full, &mut written).unwrap();
    let reading = wdb_coredump::read(written.into()).unwrap();
    let slots = reading.dump.threads[0].frames.iter();
    let expected = frames.iter().map(|frame| &frame.locals);
    assert!(slots.map(|frame| &frame.locals).eq(expected));
    // Nor do they make it a dump of which an empty operand stack would be an empty one.
    let mut again = PostMortem::new(reading, vec![Some(parsed(FUNCTIONS))]);
    let again = again.threads().unwrap().remove(0).frames;
    assert_eq!(
        (&again[0].locals, &again[0].stack),
        (&frames[0].locals, &None)
    );
    assert_eq!(again[1].stack, Some(Vec::new()));
}
