//! Calls of the program's functions while it is stopped.

use wdb_coredump::{InstanceId, Slot};
use wdb_debuggee::{Error, Verdict};

use super::*;

const FUNCTIONS: &str = r#"
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (memory (export "memory") 1)
  (global $calls (mut i32) (i32.const 0))
  (func $add (param i32 i32) (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    local.get 0
    local.get 1
    i32.add)
  (func $trap (param i32) (result i32)
    (i32.div_u (local.get 0) (i32.const 0)))
  (func $hang (loop $again (br $again)))
  (func $two (result i64 f32) (i64.const -1) (f32.const 0.5))
  (func $ends (drop (call $yield)) (call $exit (i32.const 9)))
  (func $main (param $x i32) (result i32)
    local.get $x
    i32.const 100
    i32.add)
  (func (export "run") (result i32)
    (call $main (i32.const 11))))"#;

const ADD: u32 = 2;
const TRAP: u32 = 3;
const HANG: u32 = 4;
const TWO: u32 = 5;
const ENDS: u32 = 6;
const MAIN: u32 = 7;

/// Stopped before the addition in `$main`.
fn stopped() -> Box<dyn Debuggee> {
    let mut live = launch(FUNCTIONS);
    let add = at(&*live, 0, MAIN, 2);
    set(&mut *live, &[add]);
    resume(&mut *live);
    assert_eq!(places(&mut *live), [(MAIN, 2), (8, 1)]);
    live
}

fn call(live: &mut dyn Debuggee, func: u32, arguments: &[i32]) -> Result<(), Error> {
    let arguments: Vec<Value> = arguments.iter().copied().map(Value::I32).collect();
    callable(live).call_function(InstanceId(0), FuncIndex(func), &arguments, None)
}

fn returned(value: i32) -> StopReason {
    StopReason::Returned(vec![Slot::Known(Value::I32(value))])
}

/// The program is where it was, and ends as if nothing had been.
fn goes_on(live: &mut dyn Debuggee) {
    assert_eq!(places(live), [(MAIN, 2), (8, 1)]);
    assert_eq!(operands(&thread(live).frames[0]), [11, 100]);
    assert_eq!(resume(live), [StopReason::Exited(0)]);
    assert_eq!(results(&mut *live), ["111"]);
}

#[test]
fn a_call_returns_and_the_program_stands_where_it_stood() {
    if !has_calls() {
        return;
    }
    let mut live = stopped();
    for n in 1..=3 {
        call(&mut *live, ADD, &[n, 4]).unwrap();
        assert_eq!(
            live.stop_reasons(),
            [StopReason::Breakpoint, returned(n + 4)]
        );
        assert_eq!(live.globals().unwrap()[0].known(), Some(&Value::I32(n)));
    }
    call(&mut *live, TWO, &[]).unwrap();
    let both = [Value::I64(-1), Value::F32(0.5f32.to_bits())];
    let both = StopReason::Returned(both.map(Slot::Known).to_vec());
    assert_eq!(live.stop_reasons(), [StopReason::Breakpoint, both]);
    goes_on(&mut *live);
}

#[test]
fn a_breakpoint_in_a_call_shows_the_frames_below() {
    if !has_calls() {
        return;
    }
    let mut live = stopped();
    let add = at(&*live, 0, ADD, 6);
    set(&mut *live, &[add]);
    call(&mut *live, ADD, &[20, 3]).unwrap();
    assert_eq!(live.stop_reasons(), [StopReason::Breakpoint]);
    assert_eq!(places(&mut *live), [(ADD, 6), (MAIN, 2), (8, 1)]);
    let found = thread(&mut *live);
    assert_eq!(operands(&found.frames[0]), [20, 3]);
    assert_eq!(operands(&found.frames[1]), [11, 100]);
    assert_eq!(found.host_frames.len(), 1);
    assert_eq!(found.host_frames[0].before, 1);
    assert_eq!(found.host_frames[0].name, "a call by the debugger");
    assert_eq!(step(&mut *live), [StopReason::Step]);
    assert_eq!(places(&mut *live), [(ADD, 7), (MAIN, 2), (8, 1)]);
    // The step over its end is a return.
    step(&mut *live);
    assert_eq!(live.stop_reasons(), [StopReason::Breakpoint, returned(23)]);
    goes_on(&mut *live);
}

#[test]
fn a_call_in_a_call_returns_to_it() {
    if !has_calls() {
        return;
    }
    let mut live = stopped();
    let add = at(&*live, 0, ADD, 6);
    set(&mut *live, &[add]);
    call(&mut *live, ADD, &[20, 3]).unwrap();
    call(&mut *live, ADD, &[1, 1]).unwrap();
    assert_eq!(live.stop_reasons(), [StopReason::Breakpoint]);
    assert_eq!(places(&mut *live), [(ADD, 6), (ADD, 6), (MAIN, 2), (8, 1)]);
    assert_eq!(thread(&mut *live).host_frames.len(), 2);
    resume(&mut *live);
    assert_eq!(live.stop_reasons(), [StopReason::Breakpoint, returned(2)]);
    assert_eq!(places(&mut *live), [(ADD, 6), (MAIN, 2), (8, 1)]);
    resume(&mut *live);
    assert_eq!(live.stop_reasons(), [StopReason::Breakpoint, returned(23)]);
    goes_on(&mut *live);
}

#[test]
fn a_trap_in_a_call_can_be_looked_at_and_ends_only_the_call() {
    if !has_calls() {
        return;
    }
    let mut live = stopped();
    call(&mut *live, TRAP, &[6]).unwrap();
    assert_eq!(crash_code(&*live).unwrap(), "integer-divide-by-zero");
    assert_eq!(places(&mut *live), [(TRAP, 2), (MAIN, 2), (8, 1)]);
    assert_eq!(operands(&thread(&mut *live).frames[0]), [6, 0]);
    resume(&mut *live);
    let why = StopReason::Abandoned("wasm trap: integer divide by zero".into());
    assert_eq!(live.stop_reasons(), [StopReason::Breakpoint, why]);
    // And again, reported once more.
    call(&mut *live, TRAP, &[7]).unwrap();
    assert_eq!(crash_code(&*live).unwrap(), "integer-divide-by-zero");
    resume(&mut *live);
    goes_on(&mut *live);
}

#[test]
fn a_call_that_hangs_is_interrupted_and_abandoned() {
    if !has_calls() {
        return;
    }
    let mut live = stopped();
    interrupt_after(&mut *live, 20);
    call(&mut *live, HANG, &[]).unwrap();
    assert_eq!(live.stop_reasons(), [StopReason::Interrupted]);
    assert_eq!(live.depth(0).unwrap(), 3);
    callable(&mut *live).abandon_call().unwrap();
    let why = StopReason::Abandoned("as asked".into());
    assert_eq!(live.stop_reasons(), [StopReason::Breakpoint, why]);
    let none = callable(&mut *live).abandon_call().unwrap_err();
    assert_eq!(none.to_string(), "no call is under way");
    call(&mut *live, ADD, &[1, 2]).unwrap();
    assert_eq!(live.stop_reasons(), [StopReason::Breakpoint, returned(3)]);
    goes_on(&mut *live);
}

#[test]
fn the_call_that_is_abandoned_is_the_innermost() {
    if !has_calls() {
        return;
    }
    let mut live = stopped();
    let add = at(&*live, 0, ADD, 6);
    set(&mut *live, &[add]);
    call(&mut *live, ADD, &[20, 3]).unwrap();
    call(&mut *live, ADD, &[1, 1]).unwrap();
    callable(&mut *live).abandon_call().unwrap();
    assert_eq!(places(&mut *live), [(ADD, 6), (MAIN, 2), (8, 1)]);
    callable(&mut *live).abandon_call().unwrap();
    goes_on(&mut *live);
}

#[test]
fn a_call_that_wants_to_end_the_program_does_not() {
    if !has_calls() {
        return;
    }
    let mut live = stopped();
    call(&mut *live, ENDS, &[]).unwrap();
    let why = "it wanted to end the program with exit code 9".into();
    assert_eq!(
        live.stop_reasons(),
        [StopReason::Breakpoint, StopReason::Abandoned(why)]
    );
    goes_on(&mut *live);
}

#[test]
fn what_cannot_be_called_says_why() {
    if !has_calls() {
        return;
    }
    let mut live = stopped();
    let error = call(&mut *live, 99, &[]).unwrap_err();
    assert_eq!(error.to_string(), "there is no function 99 in instance 0");
    let error = call(&mut *live, ADD, &[1]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the function takes 2 arguments, and 1 are given"
    );
    let wrong = [Value::I32(1), Value::I64(1)];
    let error = callable(&mut *live)
        .call_function(InstanceId(0), FuncIndex(ADD), &wrong, None)
        .unwrap_err();
    assert_eq!(error.to_string(), "argument 2 is not of type i32");
    assert_eq!(live.stop_reasons(), [StopReason::Breakpoint]);
    goes_on(&mut *live);
    let mut live = launch(FUNCTIONS);
    assert!(call(&mut *live, ADD, &[1, 2]).is_err());
}

#[test]
fn the_breakpoints_of_a_call_can_have_a_watch() {
    if !has_calls() {
        return;
    }
    let mut live = stopped();
    let add = at(&*live, 0, ADD, 6);
    set(&mut *live, &[add]);
    let filter: StopFilter = Box::new(|debuggee| {
        assert_eq!(debuggee.depth(0).unwrap(), 3);
        Verdict::Resume(Resume::Continue)
    });
    let arguments = [Value::I32(4), Value::I32(5)];
    callable(&mut *live)
        .call_function(InstanceId(0), FuncIndex(ADD), &arguments, Some(filter))
        .unwrap();
    assert_eq!(live.stop_reasons(), [StopReason::Breakpoint, returned(9)]);
    goes_on(&mut *live);
}

#[test]
fn functions_can_be_called_at_a_crash_and_after_the_end() {
    if !has_calls() {
        return;
    }
    let crashing = FUNCTIONS.replace("i32.const 100\n    i32.add", "i32.const 0\n    i32.div_s");
    let mut live = launch(&crashing);
    resume(&mut *live);
    assert_eq!(places(&mut *live), [(MAIN, 2), (8, 1)]);
    let crash = live.stop_reasons()[0].clone();
    call(&mut *live, ADD, &[1, 2]).unwrap();
    assert_eq!(live.stop_reasons(), [crash.clone(), returned(3)]);
    assert_eq!(places(&mut *live), [(MAIN, 2), (8, 1)]);
    // The stack is shown as it was: with the operands that the division has taken.
    assert_eq!(operands(&thread(&mut *live).frames[0]), [11, 0]);
    call(&mut *live, TRAP, &[1]).unwrap();
    assert_eq!(live.depth(0).unwrap(), 3);
    resume(&mut *live);
    assert_eq!(live.stop_reasons()[0], crash);
    resume(&mut *live);
    assert_eq!(live.stop_reasons(), [crash]);
    assert_eq!(places(&mut *live), []);

    let mut live = launch(FUNCTIONS);
    resume(&mut *live);
    let add = at(&*live, 0, ADD, 6);
    set(&mut *live, &[add]);
    call(&mut *live, ADD, &[1, 2]).unwrap();
    assert_eq!(live.stop_reasons(), [StopReason::Breakpoint]);
    resume(&mut *live);
    assert_eq!(live.stop_reasons(), [StopReason::Exited(0), returned(3)]);
    assert!(execute(&mut *live).resume(Resume::Continue, None).is_err());
}
