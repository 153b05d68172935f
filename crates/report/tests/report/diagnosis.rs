//! Each rule of the diagnosis: the state that proves it, and states that look like it and do not.

use super::scene::{Scene, i32};
use wdb_coredump::{CrashKind, Rest, Slot, Value, code};
use wdb_module::Operator as Op;

fn unreachable(op: &Op<'_>) -> bool {
    matches!(op, Op::Unreachable)
}

fn load(op: &Op<'_>) -> bool {
    matches!(op, Op::I32Load { .. })
}

fn store(op: &Op<'_>) -> bool {
    matches!(op, Op::I32Store { .. })
}

fn indirect(op: &Op<'_>) -> bool {
    matches!(op, Op::CallIndirect { .. })
}

#[test]
fn limit() {
    let wat = "(module (func $spin (loop (br 0))))";
    for (limit, option) in [
        (code::FUEL, "--fuel"),
        (code::TIMEOUT, "--timeout"),
        (code::MEMORY_LIMIT, "--max-memory"),
    ] {
        let mut scene =
            Scene::new(wat, limit).frame("spin", |op| matches!(op, Op::Br { .. }), &[], &[]);
        scene.dump.crash.as_mut().unwrap().kind = CrashKind::Limit;
        let expected =
            format!("limit: the program itself did nothing wrong here: {option} ended it");
        assert_eq!(scene.diagnosis(), expected);
    }
}

#[test]
fn uncaught_cpp_exception() {
    let throw = |module: &str, tag| {
        let wat = format!("(module {module} (func $__cxa_throw (throw 0 (i32.const 0))))");
        let scene = Scene::new(&wat, code::UNCAUGHT_EXCEPTION).exception(tag, &[i32(0x11270)]);
        scene
            .frame("__cxa_throw", |op| matches!(op, Op::Throw { .. }), &[], &[])
            .diagnosis()
    };
    let expected =
        "uncaught-exception: nothing caught a C++ exception; the exception object is at 0x11270";
    assert_eq!(throw("(tag $__cpp_exception (param i32))", 0), expected);
    assert_eq!(throw("(tag (param i32))", 0), expected);
    assert_eq!(throw("(tag $failed (param i32))", 0), "");
}

#[test]
fn endless_recursion() {
    let wat = "(module (func $a (call $b)) (func $b (call $a)) (func $main (call $a)))";
    let deep = |rounds: usize, code| {
        let mut scene = Scene::new(wat, code);
        for _ in 0..rounds {
            scene = scene.caller("a").caller("b");
        }
        scene.caller("main").diagnosis()
    };
    assert_eq!(
        deep(600, code::STACK_OVERFLOW),
        "call-stack-exhausted: endless recursion: 1,200 frames are of `a`, `b` in turn"
    );
    assert_eq!(deep(1, code::STACK_OVERFLOW), "");
    assert_eq!(deep(600, code::INTERRUPTED), "");
}

/// A stack of 64 KiB at the start of the memory, and data after it.
const STACK: &str = r#"(module (memory 2)
  (global $__stack_pointer (mut i32) (i32.const 0x10000))
  (data (i32.const 0x10000) "expression\00file.c\00main\00")
  (func $main (call $f))
  (func $leaf (local $frame i32)
    (local.set $frame (i32.sub (global.get $__stack_pointer) (i32.const 64)))
    (i32.store offset=12 (local.get $frame) (i32.const 1)))
  (func $f (i32.store (i32.const 0) (i32.const 0))))"#;

#[test]
fn c_stack_overflow() {
    let crash = |pointer: u32| {
        let scene = Scene::new(STACK, code::MEMORY_OUT_OF_BOUNDS);
        scene.global(Value::I32(pointer.cast_signed()))
    };
    let base = 0xffff_e000u32.cast_signed();
    let frame = crash(0xffff_e000)
        .frame("f", store, &[], &[i32(base), i32(0)])
        .caller("main");
    assert_eq!(
        frame.diagnosis(),
        "c-stack-overflow: the C stack overflowed: the stack pointer is 0xffffe000, and the stack has 65536 bytes, 0x0 to 0x10000"
    );
    // A leaf does not move the pointer: its frame alone is outside.
    let leaf = |pointer: u32| {
        let frame = i32(pointer.wrapping_sub(64).cast_signed());
        let stack = [frame.clone(), i32(1)];
        crash(pointer)
            .frame("leaf", store, &[frame], &stack)
            .diagnosis()
    };
    assert_eq!(
        leaf(16),
        "c-stack-overflow: the C stack overflowed: the frame would be at 0xffffffd0, and the stack has 65536 bytes, 0x0 to 0x10000"
    );
    assert_eq!(leaf(0x8000), "");
    // The stack of a thread lies in the heap.
    let thread = crash(0x1_8000).frame("f", store, &[], &[i32(-1), i32(0)]);
    assert_eq!(thread.diagnosis(), "");
}

#[test]
fn failed_assertion() {
    let wat = r#"(module (memory 1) (data (i32.const 1024) "count > 0\00stats.c\00average\00")
      (func $__assert_fail (param i32 i32 i32 i32) (unreachable))
      (func $average (call $__assert_fail (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))"#;
    let told = "failed-assertion: assertion failed: `count > 0` in average at stats.c:12";
    let guess = "abort: an assertion failed and was reported by `average`";
    let scene = |locals: [i32; 4]| {
        let locals = locals.map(i32);
        let scene = Scene::new(wat, code::UNREACHABLE);
        scene
            .frame("__assert_fail", unreachable, &locals, &[])
            .caller("average")
    };
    let arguments = [1024, 1034, 12, 1042];
    let text = b"count > 0\0stats.c\0average\0";
    assert_eq!(scene(arguments).bytes(1024, text).diagnosis(), told);
    // A dump without memory: the strings are constants of the module.
    let mut private = scene(arguments);
    private.dump.memories[0].contents.rest = Rest::ZeroIn(Vec::new());
    assert_eq!(private.diagnosis(), told);
    // The compiler used the parameters for something else.
    for other in [
        [1024, 1034, -12, 1042],
        [0, 1034, 12, 1042],
        [1024, 70_000, 12, 1042],
    ] {
        assert_eq!(scene(other).bytes(1024, text).diagnosis(), guess);
    }
}

#[test]
fn failed_allocation_and_full_memory() {
    let wat = "(module (memory 1 32)
      (func $alloc::alloc::handle_alloc_error (unreachable))
      (func $push (call $alloc::alloc::handle_alloc_error)))";
    let with = |pages| {
        let scene = Scene::new(wat, code::UNREACHABLE);
        let mut scene = scene
            .frame("alloc::alloc::handle_alloc_error", unreachable, &[], &[])
            .caller("push");
        scene.dump.memories[0].shape.pages = pages;
        let report = scene.report();
        let circumstance = report
            .circumstances
            .first()
            .map(|found| found.message.clone());
        (report.diagnosis.unwrap().message, circumstance)
    };
    let (cause, circumstance) = with(32);
    assert_eq!(
        cause,
        "out of memory: an allocation failed; the memory has 32 pages (2097152 bytes)"
    );
    assert_eq!(
        circumstance.unwrap(),
        "the memory has grown to its maximum of 32 pages: every further allocation that needs it to grow fails"
    );
    assert_eq!(
        with(30).1.unwrap(),
        "the memory has grown to 30 of its maximum of 32 pages: an allocation that needs it to grow by more than 2 fails"
    );
    assert_eq!(with(16).1, None);
}

#[test]
fn null_function() {
    let wat = "(module (memory 1) (table 2 funcref) (func $h)
      (func $plain (param $handler i32) (call_indirect (local.get $handler)))
      (func $virtual (param $object i32)
        (call_indirect (i32.load offset=8 (i32.load (local.get $object))))))";
    let call = |name: &str, locals: &[Slot], slot| {
        let scene = Scene::new(wat, code::INDIRECT_CALL_NULL).table(2, &[(1, "h")]);
        scene
            .frame(name, indirect, locals, &[i32(slot)])
            .diagnosis()
    };
    assert_eq!(
        call("plain", &[i32(0)], 0),
        "null-function: the function pointer is null"
    );
    assert_eq!(
        call("virtual", &[i32(0)], 0),
        "null-function: the object is null: the vtable was looked for at address 0"
    );
    // An object whose vtable has no such function.
    assert_eq!(
        call("virtual", &[i32(1024)], 0),
        "null-function: the function pointer is null: it was read through a null pointer"
    );
    assert_eq!(call("plain", &[i32(5)], 5), "");
}

#[test]
fn wrong_function_type() {
    let wat = "(module (table 3 funcref) (type $compare (func (param i32 i64) (result i32)))
      (func $by_age (param i32 i32) (unreachable))
      (func $sort (drop (call_indirect (type $compare) (i32.const 0) (i64.const 0) (i32.const 2)))))";
    let call = |slot| {
        let scene = Scene::new(wat, code::INDIRECT_CALL_TYPE).table(3, &[(2, "by_age")]);
        scene
            .frame(
                "sort",
                indirect,
                &[],
                &[i32(0), Slot::Known(Value::I64(0)), i32(slot)],
            )
            .diagnosis()
    };
    assert_eq!(
        call(2),
        "wrong-function-type: slot 2 of the table holds `by_age`, which is (i32, i32) -> nothing; the call is for (i32, i64) -> i32"
    );
    assert_eq!(call(1), "");
}

#[test]
fn null_pointer() {
    // As clang -O0 writes `p->values[i]`, and as an optimiser does.
    let wat = "(module (memory 1)
      (func $slow (param $p i32) (param $i i32) (local $shift i32) (local $sum i32)
        (local.set $shift (i32.const 2))
        (local.set $sum (i32.add (local.get $p) (i32.shl (local.get $i) (local.get $shift))))
        (block (br_if 0 (i32.const 0)))
        (drop (i32.load offset=8 (local.get $sum))))
      (func $bytes (param $p i32) (param $i i32)
        (drop (i32.load (i32.add (local.get $p) (local.get $i)))))
      (func $field (param $p i32)
        (drop (i32.load offset=100000 (local.get $p)))))";
    let read = |name: &str, locals: &[i32], address| {
        let locals: Vec<Slot> = locals.iter().copied().map(i32).collect();
        let scene = Scene::new(wat, code::MEMORY_OUT_OF_BOUNDS);
        scene
            .frame(name, load, &locals, &[i32(address)])
            .diagnosis()
    };
    assert_eq!(
        read("slow", &[0, 50_000, 2, 200_000], 200_000),
        "null-pointer: the pointer is null: the address is 0 + 50000 * 4 + 8"
    );
    assert_eq!(
        read("bytes", &[0, 90_000], 90_000),
        "null-pointer: the pointer is null: the address is 0 + 90000"
    );
    assert_eq!(
        read("field", &[0], 0),
        "null-pointer: the pointer is null: the access is at offset 100000 from it"
    );
    // A wild pointer with index 0, a good one with a bad index, and values that do not add up.
    assert_eq!(read("slow", &[200_000, 0, 2, 200_000], 200_000), "");
    assert_eq!(read("bytes", &[1024, 90_000], 91_024), "");
    assert_eq!(read("bytes", &[0, 90_000], 80_000), "");
}

#[test]
fn rust_panic() {
    let panic = |function: &str, locals: &[i32]| {
        let wat = format!(
            "(module (memory 1) (func $rust_begin_unwind (unreachable))
              (func ${function} (param i32 i32) (call $rust_begin_unwind))
              (func $app::entry (call ${function} (i32.const 0) (i32.const 0))))"
        );
        let locals: Vec<Slot> = locals.iter().copied().map(i32).collect();
        let is_call = |op: &Op<'_>| matches!(op, Op::Call { .. });
        Scene::new(&wat, code::UNREACHABLE)
            .frame("rust_begin_unwind", unreachable, &[], &[])
            .frame(function, is_call, &locals, &[])
            .caller("app::entry")
            .diagnosis()
    };
    let bounds = "core::panicking::panic_bounds_check";
    assert_eq!(
        panic(bounds, &[7, 4]),
        "rust-panic: Rust panic in `app::entry`: index out of bounds: the len is 4 but the index is 7"
    );
    assert_eq!(
        panic(bounds, &[3, 4]),
        "rust-panic: Rust panic in `app::entry`: index out of bounds"
    );
    assert_eq!(
        panic("core::panicking::panic_const::panic_const_div_by_zero", &[]),
        "rust-panic: Rust panic in `app::entry`: div by zero"
    );
    assert_eq!(
        panic("core::panicking::panic_fmt", &[]),
        "rust-panic: Rust panic in `app::entry`; its message was not recorded"
    );
}

#[test]
fn abort() {
    let wat = r#"(module (func $abort (unreachable))
      (func $std::__throw_length_error (call $abort))
      (func $fatal (call $abort) (call $std::__throw_length_error)))"#;
    let aborted = || Scene::new(wat, code::UNREACHABLE).frame("abort", unreachable, &[], &[]);
    assert_eq!(
        aborted().caller("fatal").diagnosis(),
        "abort: abort was called by `fatal`"
    );
    assert_eq!(
        aborted()
            .caller("std::__throw_length_error")
            .caller("fatal")
            .diagnosis(),
        "abort: std::length_error was thrown in a call from `fatal`, in a build without exceptions"
    );
    let trap = Scene::new("(module (func $f (unreachable)))", code::UNREACHABLE);
    assert_eq!(trap.frame("f", unreachable, &[], &[]).diagnosis(), "");
}
