//! What the debugger can still do with a program after a call that it has given up.

use wdb_coredump::{InstanceId, MemoryId};

use super::*;

/// Functions to be called and given up, each in another way, and a program to go on with.
const PROGRAM: &str = r#"
(module
  (tag $oops)
  (memory (export "memory") 1)
  (func $returns (result i32)
    i32.const 1
    drop
    i32.const 2)
  (func $hangs (loop $again (br $again)))
  (func $traps
    nop
    unreachable)
  (func $throws (throw $oops))
  (func $catches
    (block $caught
      (try_table (catch_all $caught) (call $throws)))
    (loop $again (br $again)))
  (func $begins nop)
  (func $goes_on
    nop
    nop)
  (func $waits
    (loop $again
      (br_if $again (i32.eqz (i32.load (i32.const 0))))))
  (func (export "run")
    call $begins
    call $goes_on
    call $waits
    call $goes_on
    unreachable))"#;

const RETURNS: u32 = 0;
const HANGS: u32 = 1;
const TRAPS: u32 = 2;
const THROWS: u32 = 3;
const CATCHES: u32 = 4;
const BEGINS: u32 = 5;
const GOES_ON: u32 = 6;
const WAITS: u32 = 7;
const RUN: u32 = 8;

fn call(live: &mut dyn Debuggee, func: u32) {
    let called = callable(live).call_function(InstanceId(0), FuncIndex(func), &[], None);
    called.unwrap();
}

/// Gives the call up, and then does with the program all that can be done with one.
fn goes_on_after(calls: impl Fn(&mut dyn Debuggee)) {
    let mut live = launch(PROGRAM);
    let begins = at(&*live, 0, BEGINS, 0);
    let goes_on = at(&*live, 0, GOES_ON, 0);
    set(&mut *live, &[begins]);
    assert_eq!(resume(&mut *live), [StopReason::Breakpoint]);
    calls(&mut *live);
    assert!(live.depth(0).unwrap() > 2, "the call is under way");
    callable(&mut *live).abandon_call().unwrap();
    let why = StopReason::Abandoned("as asked".into());
    assert_eq!(live.stop_reasons(), [StopReason::Breakpoint, why]);
    assert_eq!(places(&mut *live), [(BEGINS, 0), (RUN, 0)]);
    // Steps.
    assert_eq!(step(&mut *live), [StopReason::Step]);
    assert_eq!(places(&mut *live), [(BEGINS, 1), (RUN, 0)]);
    // Breakpoints.
    set(&mut *live, &[goes_on]);
    assert_eq!(resume(&mut *live), [StopReason::Breakpoint]);
    assert_eq!(places(&mut *live), [(GOES_ON, 0), (RUN, 1)]);
    // Calls.
    set(&mut *live, &[]);
    call(&mut *live, RETURNS);
    assert!(matches!(live.stop_reasons()[1], StopReason::Returned(_)));
    // Interrupts.
    interrupt_after(&mut *live, 30);
    assert_eq!(resume(&mut *live), [StopReason::Interrupted]);
    assert_eq!(places(&mut *live)[0].0, WAITS);
    live.mutate()
        .unwrap()
        .write_memory(MemoryId(0), 0, &[1])
        .unwrap();
    // Crashes.
    resume(&mut *live);
    assert_eq!(crash_code(&*live).unwrap(), "unreachable");
    assert_eq!(places(&mut *live), [(RUN, 4)]);
}

#[test]
fn at_a_breakpoint() {
    if !has_calls() {
        return;
    }
    goes_on_after(|live| {
        let second = at(live, 0, RETURNS, 1);
        set(live, &[second]);
        call(live, RETURNS);
        assert_eq!(live.stop_reasons(), [StopReason::Breakpoint]);
    });
}

#[test]
fn after_a_step() {
    if !has_calls() {
        return;
    }
    goes_on_after(|live| {
        let first = at(live, 0, RETURNS, 0);
        set(live, &[first]);
        call(live, RETURNS);
        assert_eq!(step(live), [StopReason::Step]);
    });
}

#[test]
fn after_an_interrupt() {
    if !has_calls() {
        return;
    }
    goes_on_after(|live| {
        interrupt_after(live, 30);
        call(live, HANGS);
        assert_eq!(live.stop_reasons(), [StopReason::Interrupted]);
    });
}

#[test]
fn at_a_trap() {
    if !has_calls() {
        return;
    }
    goes_on_after(|live| {
        call(live, TRAPS);
        assert_eq!(crash_code(live).unwrap(), "unreachable");
    });
}

#[test]
fn at_an_exception_that_nothing_catches() {
    if !has_calls() {
        return;
    }
    goes_on_after(|live| {
        call(live, THROWS);
        assert_eq!(crash_code(live).unwrap(), "uncaught-exception");
    });
}

/// It is not caught: the function that catches it would go on.
#[test]
fn at_an_exception_that_is_caught() {
    if !has_calls() {
        return;
    }
    goes_on_after(|live| {
        breakpoints(live).stop_at_exceptions(true).unwrap();
        call(live, CATCHES);
        let stop = live.stop_reasons();
        assert!(
            matches!(stop, [StopReason::Thrown { caught: true, .. }]),
            "{stop:?}"
        );
    });
}

/// A call in a call, both given up.
#[test]
fn one_after_the_other() {
    if !has_calls() {
        return;
    }
    goes_on_after(|live| {
        let second = at(live, 0, RETURNS, 1);
        set(live, &[second]);
        call(live, RETURNS);
        call(live, TRAPS);
        callable(live).abandon_call().unwrap();
        assert_eq!(places(live)[0], (RETURNS, 1));
        call(live, RETURNS);
        callable(live).abandon_call().unwrap();
        assert_eq!(places(live)[0], (RETURNS, 1));
    });
}
