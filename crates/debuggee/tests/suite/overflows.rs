//! A function that is entered with the engine's stack used up: which one it is, and what of it is known.

use wdb_coredump::{Missing, Slot};
use wdb_debuggee::Trust;

use super::*;

fn overflows(text: &str, stack: Option<usize>) -> Box<dyn Debuggee> {
    let mut program = program(text);
    program.limits.stack = stack;
    let mut live = start(&program).unwrap();
    resume(&mut *live);
    assert_eq!(crash_code(&*live).unwrap(), "stack-overflow");
    live
}

fn innermost(live: &mut dyn Debuggee) -> Frame {
    let depth = live.depth(0).unwrap();
    let frames = live.threads().unwrap().remove(0).frames;
    assert_eq!(frames.len(), depth);
    let alone = live.frame(0, 0).unwrap();
    assert_eq!(format!("{alone:?}"), format!("{:?}", frames[0]));
    assert_eq!(place(live, &alone).1, 0);
    alone
}

/// `$small` is called and has put `$large` in its place: either can be the one that has no room.
#[test]
fn one_that_has_taken_the_place_of_what_was_called() {
    let text = format!(
        r#"
(module
  (func $small (param i32) (return_call $large (local.get 0)))
  (func $large (param i32) (local {}) (call $small (local.get 0)) nop)
  (func (export "run") (call $small (i32.const 9))))"#,
        "i64 ".repeat(40)
    );
    let mut seen = BTreeSet::new();
    for extra in 0..40 {
        let mut live = overflows(&text, Some((64 << 10) + extra * 16));
        let frame = innermost(&mut *live);
        assert_eq!(frame.trust, Trust::Exact);
        let parameter = match frame.func.0 {
            0 => Slot::Known(Value::I32(9)),
            // Its arguments are nowhere recorded.
            _ => Slot::Missing(Missing::NotRecorded),
        };
        assert_eq!(frame.locals[0], parameter);
        seen.insert(frame.func.0);
    }
    assert!(
        seen.contains(&1),
        "the function with the large frame is never the one: {seen:?}"
    );
}

#[test]
fn one_that_was_called_through_a_table() {
    let text = format!(
        r#"
(module
  (type $t (func (param i32)))
  (table 1 funcref)
  (elem (i32.const 0) $leaf)
  (func $before (param i32) nop)
  (func $leaf (param i32) (local {}) nop)
  (func $after (param i32) nop)
  (func $deep (param i32)
    (call_indirect (type $t) (local.get 0) (i32.const 0))
    (call $deep (local.get 0)))
  (func (export "run") (call $deep (i32.const 0))))"#,
        "i64 ".repeat(40)
    );
    let mut live = overflows(&text, None);
    let frame = innermost(&mut *live);
    assert_eq!(frame.func, FuncIndex(1));
    assert_eq!(frame.trust, Trust::Exact);
    assert_eq!(frame.locals[1], Slot::Known(Value::I64(0)));
}

/// The first function of the code, and nothing below it.
#[test]
fn one_that_the_host_has_called() {
    let text = format!(
        r#"(module (func (export "run") (local {}) nop))"#,
        "i64 ".repeat(4000)
    );
    let mut live = overflows(&text, Some(16 << 10));
    assert_eq!(live.depth(0).unwrap(), 1);
    assert_eq!(innermost(&mut *live).func, FuncIndex(0));
}
