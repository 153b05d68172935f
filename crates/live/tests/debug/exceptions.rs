//! Exceptions: stopped at when asked for, before anything is unwound.

use wdb_coredump::Slot;

use super::*;

const THROWS: &str = r#"
(module
  (tag $oops (param i32))
  (func $throw (param i32)
    local.get 0
    throw $oops)
  (func $through (param i32)
    local.get 0
    call $throw)
  (func (export "run") (result i32)
    block $handler (result i32)
      try_table (catch $oops $handler)
        i32.const 5
        call $through
      end
      i32.const 0
    end
    call $through
    i32.const 1))"#;

#[test]
fn a_thrown_exception_stops_where_it_is_thrown() {
    let mut live = launch(THROWS);
    breakpoints(&mut live).stop_at_exceptions(true).unwrap();
    let stop = resume(&mut live).to_vec();
    let [StopReason::Thrown { exception, caught }] = &stop[..] else {
        panic!("{stop:?}");
    };
    assert!(caught);
    assert_eq!(exception.payload, [Slot::Known(Value::I32(5))]);
    assert_eq!(exception.tag.unwrap().1.0, 0);
    assert_eq!(places(&mut live), [(0, 1), (1, 1), (2, 3)]);
    // The step goes to the handler.
    assert_eq!(step(&mut live), [StopReason::Step]);
    assert_eq!(places(&mut live), [(2, 7)]);
    assert_eq!(operands(&thread(&mut live).frames[0]), [5]);
    let stop = resume(&mut live).to_vec();
    let [StopReason::Thrown { caught, .. }, StopReason::Crash(crash)] = &stop[..] else {
        panic!("{stop:?}");
    };
    assert!(!caught);
    assert_eq!(crash.code, "uncaught-exception");
    assert_eq!(places(&mut live), [(0, 1), (1, 1), (2, 7)]);
    resume(&mut live);
    assert_eq!(places(&mut live), []);
}

#[test]
fn only_what_nobody_catches_stops_when_it_is_not_asked_for() {
    let mut live = launch(THROWS);
    let stop = resume(&mut live);
    assert!(matches!(stop, [StopReason::Crash(_)]), "{stop:?}");
    assert_eq!(places(&mut live), [(0, 1), (1, 1), (2, 7)]);
}

#[test]
fn breakpoints_after_an_unwinding_are_hit() {
    let mut live = launch(THROWS);
    let handled = at(&live, 0, 2, 7);
    set(&mut live, &[handled]);
    assert_eq!(resume(&mut live), [StopReason::Breakpoint]);
    assert_eq!(places(&mut live), [(2, 7)]);
    assert_eq!(live.depth(0).unwrap(), 1);
}
