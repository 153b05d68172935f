//! The reason of a crash in words: with the values where they explain it, without where they do not.

use super::scene::{Scene, i32};
use wdb_coredump::{Missing, Slot, Value, code};
use wdb_module::Operator as Op;

fn at_trap(body: &str, code: &str, is: impl Fn(&Op<'_>) -> bool, stack: &[Slot]) -> String {
    let wat = format!("(module (memory 2) (table 4 funcref) (func $f {body}))");
    Scene::new(&wat, code)
        .table(4, &[(1, "f")])
        .frame("f", is, &[], stack)
        .reason()
}

fn f64(value: f64) -> Slot {
    Slot::Known(Value::F64(value.to_bits()))
}

const GONE: Slot = Slot::Missing(Missing::NotRecorded);

#[test]
fn divisions() {
    let divide = |operator: &str, code, stack: &[Slot]| {
        let body = format!("(drop ({operator} (i32.const 7) (i32.const 0)))");
        let is = |op: &Op<'_>| matches!(op, Op::I32DivS | Op::I32DivU | Op::I32RemS);
        at_trap(&body, code, is, stack)
    };
    let zero = code::INTEGER_DIVIDE_BY_ZERO;
    assert_eq!(
        divide("i32.div_s", zero, &[i32(-7), i32(0)]),
        "integer divide by zero: -7 / 0"
    );
    assert_eq!(
        divide("i32.div_u", zero, &[i32(5), i32(-7), i32(0)]),
        "integer divide by zero: 4294967289 / 0"
    );
    assert_eq!(
        divide("i32.rem_s", zero, &[i32(7), i32(0)]),
        "integer divide by zero: 7 % 0"
    );
    let overflow = code::INTEGER_OVERFLOW;
    assert_eq!(
        divide("i32.div_s", overflow, &[i32(i32::MIN), i32(-1)]),
        "integer overflow: -2147483648 / -1"
    );
    // Values that do not explain the trap, or are not there, are left out.
    for stack in [&[i32(7), i32(2)][..], &[i32(0)], &[], &[i32(7), GONE]] {
        assert_eq!(divide("i32.div_s", zero, stack), "integer divide by zero");
    }
    assert_eq!(
        divide("i32.div_s", overflow, &[i32(7), i32(-1)]),
        "integer overflow"
    );
}

#[test]
fn a_dump_without_a_reason_is_read_off_the_instruction() {
    let divide = |stack: &[Slot]| {
        let body = "(drop (i32.div_s (i32.const 7) (i32.const 0)))";
        at_trap(body, "", |op| matches!(op, Op::I32DivS), stack)
    };
    assert_eq!(divide(&[i32(7), i32(0)]), "integer divide by zero: 7 / 0");
    assert_eq!(divide(&[]), "integer divide by zero, or integer overflow");
    let grow = "(drop (memory.grow (i32.const 1)))";
    assert_eq!(
        at_trap(grow, "", |op| matches!(op, Op::MemoryGrow { .. }), &[]),
        "unknown: the dump does not say; the program is at `memory.grow`"
    );
}

#[test]
fn conversions() {
    let convert = |code, value| {
        let body = "(drop (i32.trunc_f64_u (f64.const 0)))";
        at_trap(
            body,
            code,
            |op| matches!(op, Op::I32TruncF64U),
            &[f64(value)],
        )
    };
    assert_eq!(
        convert(code::INTEGER_OVERFLOW, -1.5),
        "integer overflow: -1.5 does not fit an unsigned i32"
    );
    assert_eq!(
        convert(code::INVALID_CONVERSION, f64::NAN),
        "invalid conversion of a float to an integer: nan does not fit an unsigned i32"
    );
    assert_eq!(
        convert(code::INVALID_CONVERSION, 1.0),
        "invalid conversion of a float to an integer"
    );
}

#[test]
fn memory() {
    let load = |stack: &[Slot]| {
        let body = "(drop (i32.load16_u offset=3 (i32.const 0)))";
        at_trap(
            body,
            code::MEMORY_OUT_OF_BOUNDS,
            |op| matches!(op, Op::I32Load16U { .. }),
            stack,
        )
    };
    assert_eq!(
        load(&[i32(0x7fff_0000)]),
        "memory access out of bounds: read of 2 bytes at 0x7fff0003, memory has 2 pages (131072 bytes)"
    );
    // The last byte of the access is the first outside.
    assert_eq!(
        load(&[i32(0x1_fffc)]),
        "memory access out of bounds: read of 2 bytes at 0x1ffff, memory has 2 pages (131072 bytes)"
    );
    for stack in [&[i32(0x1_fffb)][..], &[]] {
        assert_eq!(
            load(stack),
            "memory access out of bounds: read of 2 bytes, memory has 2 pages (131072 bytes)"
        );
    }
    let copy = |to, from, length| {
        let body = "(memory.copy (i32.const 0) (i32.const 0) (i32.const 0))";
        let stack = [i32(to), i32(from), i32(length)];
        at_trap(
            body,
            code::MEMORY_OUT_OF_BOUNDS,
            |op| matches!(op, Op::MemoryCopy { .. }),
            &stack,
        )
    };
    assert!(copy(0x1_fff0, 0, 17).contains("write of 17 bytes at 0x1fff0,"));
    assert!(copy(0, 0x1_fff0, 17).contains("read of 17 bytes at 0x1fff0,"));
    let atomic = "(drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))";
    let wat = format!("(module (memory 1 1 shared) (func $f {atomic}))");
    let is = |op: &Op<'_>| matches!(op, Op::I32AtomicRmwAdd { .. });
    let misaligned = |address| {
        let scene = Scene::new(&wat, code::MEMORY_MISALIGNED);
        scene.frame("f", is, &[], &[i32(address), i32(1)]).reason()
    };
    assert_eq!(
        misaligned(6),
        "atomic access that is not aligned: 4 bytes at 0x6"
    );
    assert_eq!(misaligned(8), "atomic access that is not aligned");
}

#[test]
fn tables() {
    let call = |code, stack: &[Slot]| {
        at_trap(
            "(call_indirect (i32.const 0))",
            code,
            |op| matches!(op, Op::CallIndirect { .. }),
            stack,
        )
    };
    assert_eq!(
        call(code::TABLE_OUT_OF_BOUNDS, &[i32(-1)]),
        "table access out of bounds: index 4294967295, the table has 4 elements"
    );
    assert_eq!(
        call(code::TABLE_OUT_OF_BOUNDS, &[]),
        "table access out of bounds: the table has 4 elements"
    );
    assert_eq!(
        call(code::INDIRECT_CALL_NULL, &[i32(2)]),
        "indirect call of a null function: slot 2 of the table is empty"
    );
}

#[test]
fn exceptions_have_their_tag_and_payload() {
    let wat = "(module (tag $failed (param i32 f64)) (func $f (throw $failed (i32.const 1) (f64.const 2))))";
    let scene = Scene::new(wat, code::UNCAUGHT_EXCEPTION).exception(0, &[i32(404), f64(0.5)]);
    let reason = scene
        .frame("f", |op| matches!(op, Op::Throw { .. }), &[], &[])
        .reason();
    assert_eq!(reason, "uncaught exception `failed`: 404, 0.5");
}

#[test]
fn host_errors_name_the_import_and_their_causes() {
    let wat = r#"(module (import "env" "send" (func $send)) (func $f (call $send)))"#;
    let mut scene = Scene::new(wat, code::HOST_ERROR).caller("f");
    let crash = scene.dump.crash.as_mut().unwrap();
    crash.message = "no route".into();
    crash.causes = vec!["cable \u{1b}[31mcut".into()];
    let report = scene.report();
    let text = wdb_report::text(&report, Default::default());
    assert!(
        text.contains("crash: the host function `env.send` failed: no route\n"),
        "{text}"
    );
    assert!(text.contains(r"cause: cable \u{1b}[31mcut"), "{text}");
}
