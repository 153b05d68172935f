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
    breakpoints(&mut *live).stop_at_exceptions(true).unwrap();
    let stop = resume(&mut *live).to_vec();
    let [StopReason::Thrown { exception, caught }] = &stop[..] else {
        panic!("{stop:?}");
    };
    assert!(caught);
    assert_eq!(exception.payload, [Slot::Known(Value::I32(5))]);
    assert_eq!(exception.tag.unwrap().1.0, 0);
    assert_eq!(places(&mut *live), [(0, 1), (1, 1), (2, 3)]);
    // The step goes to the handler.
    assert_eq!(step(&mut *live), [StopReason::Step]);
    assert_eq!(places(&mut *live), [(2, 7)]);
    assert_eq!(operands(&thread(&mut *live).frames[0]), [5]);
    let stop = resume(&mut *live).to_vec();
    let [StopReason::Thrown { caught, .. }, StopReason::Crash(crash)] = &stop[..] else {
        panic!("{stop:?}");
    };
    assert!(!caught);
    assert_eq!(crash.code, "uncaught-exception");
    assert_eq!(places(&mut *live), [(0, 1), (1, 1), (2, 7)]);
    resume(&mut *live);
    assert_eq!(places(&mut *live), []);
}

#[test]
fn only_what_no_one_catches_stops_when_it_is_not_asked_for() {
    let mut live = launch(THROWS);
    let stop = resume(&mut *live);
    assert!(matches!(stop, [StopReason::Crash(_)]), "{stop:?}");
    assert_eq!(places(&mut *live), [(0, 1), (1, 1), (2, 7)]);
}

#[test]
fn breakpoints_after_an_unwinding_are_hit() {
    let mut live = launch(THROWS);
    let handled = at(&*live, 0, 2, 7);
    set(&mut *live, &[handled]);
    assert_eq!(resume(&mut *live), [StopReason::Breakpoint]);
    assert_eq!(places(&mut *live), [(2, 7)]);
    assert_eq!(live.depth(0).unwrap(), 1);
}

const RETHROWS: &str = r#"
(module
  (tag $oops (param i32))
  (memory (export "memory") 1)
  (func $throw (export "throw")
    i32.const 7
    throw $oops)
  (func $stops
    nop
    nop)
  (func $rethrows (local $caught exnref)
    block $handler (result i32 exnref)
      try_table (catch_ref $oops $handler)
        call $throw
      end
      unreachable
    end
    throw_ref)
  (func $catches (param $through i32)
    block $handler
      try_table (catch_all $handler)
        call $stops
        local.get $through
        if
          call $rethrows
        end
      end
    end)
  (func (export "run")
    (call $catches (i32.const 0))
    (call $catches (i32.const 1))
    (call $stops)
    unreachable))"#;

const THROW: u32 = 0;
const STOPS: u32 = 1;
const CATCHES: u32 = 3;

/// What is thrown again is reported again, where that happens.
#[test]
fn one_that_is_thrown_again_is_told_again() {
    let text = RETHROWS.replace("(local $caught exnref)", "");
    let mut live = launch(&text);
    breakpoints(&mut *live).stop_at_exceptions(true).unwrap();
    for (func, position, depth) in [(THROW, 1, 4), (2, 6, 3)] {
        let stop = resume(&mut *live).to_vec();
        let [StopReason::Thrown { exception, caught }] = &stop[..] else {
            panic!("{stop:?}");
        };
        assert!(caught);
        assert_eq!(exception.payload, [Slot::Known(Value::I32(7))]);
        assert_eq!(places(&mut *live)[0], (func, position));
        assert_eq!(live.depth(0).unwrap(), depth);
    }
    resume(&mut *live);
    assert_eq!(crash_code(&*live).unwrap(), "unreachable");
}

/// The frames below a call by the debugger catch nothing of what is thrown in it, and are not touched by it.
#[test]
fn one_that_is_thrown_in_a_call_by_the_debugger_is_not_caught_below_it() {
    if !has_calls() {
        return;
    }
    let mut live = launch(RETHROWS);
    let stops = at(&*live, 0, STOPS, 0);
    set(&mut *live, &[stops]);
    resume(&mut *live);
    let instance = wdb_coredump::InstanceId(0);
    for at_exceptions in [false, true] {
        breakpoints(&mut *live)
            .stop_at_exceptions(at_exceptions)
            .unwrap();
        let called = callable(&mut *live).call_function(instance, FuncIndex(THROW), &[], None);
        called.unwrap();
        assert_eq!(crash_code(&*live).unwrap(), "uncaught-exception");
        let expected = [(THROW, 1), (STOPS, 0), (CATCHES, 2), (4, 1)];
        assert_eq!(places(&mut *live), expected);
        // Two of them, one in a call at the other.
        callable(&mut *live)
            .call_function(instance, FuncIndex(THROW), &[], None)
            .unwrap();
        assert_eq!(live.depth(0).unwrap(), 5);
        resume(&mut *live);
        assert_eq!(places(&mut *live), expected);
        resume(&mut *live);
        let why = StopReason::Abandoned("uncaught exception".into());
        assert_eq!(live.stop_reasons(), [StopReason::Breakpoint, why]);
        assert_eq!(places(&mut *live), expected[1..]);
    }
    // One that the called function catches itself is caught.
    let called =
        callable(&mut *live).call_function(instance, FuncIndex(CATCHES), &[Value::I32(1)], None);
    called.unwrap();
    assert_eq!(live.stop_reasons(), [StopReason::Breakpoint]);
    set(&mut *live, &[]);
    breakpoints(&mut *live).stop_at_exceptions(false).unwrap();
    resume(&mut *live);
    let returned = StopReason::Returned(Vec::new());
    assert_eq!(live.stop_reasons(), [StopReason::Breakpoint, returned]);
    resume(&mut *live);
    assert_eq!(crash_code(&*live).unwrap(), "unreachable");
    assert_eq!(places(&mut *live), [(4, 5)]);
}

/// They are not reported; nothing of them stays.
#[test]
fn many_are_passed_by() {
    let mut live = launch(
        r#"
(module
  (tag $oops (param i32))
  (func (export "run") (local $n i32)
    loop $again
      block $handler (result i32)
        try_table (catch $oops $handler)
          (throw $oops (local.get $n))
        end
        i32.const 0
      end
      i32.const 1
      i32.add
      local.tee $n
      i32.const 20000
      i32.lt_u
      br_if $again
    end))"#,
    );
    breakpoints(&mut *live).stop_at_exceptions(true).unwrap();
    let seen = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counts = Arc::clone(&seen);
    let filter: StopFilter = Box::new(move |debuggee| {
        let [StopReason::Thrown { exception, .. }] = debuggee.stop_reasons() else {
            panic!("{:?}", debuggee.stop_reasons());
        };
        let n = counts.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(exception.payload, [Slot::Known(Value::I32(n as i32))]);
        wdb_debuggee::Verdict::Resume(Resume::Continue)
    });
    let stop = filtered(&mut *live, Resume::Continue, filter);
    assert_eq!(stop, [StopReason::Exited(0)]);
    assert_eq!(seen.load(std::sync::atomic::Ordering::Relaxed), 20_000);
}

/// The exception leaves the function that the host has called back, and is caught where the host was called.
const THROUGH_THE_HOST: &str = r#"
(component
  (import "wasi:cli/environment@0.2.0" (instance $environment
    (export "get-arguments" (func (result (list string))))))
  (core module $libc
    (tag $oops (export "oops"))
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (throw $oops)))
  (core instance $libc (instantiate $libc))
  (core func $get (canon lower (func $environment "get-arguments")
    (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core module $program
    (import "libc" "oops" (tag $oops))
    (import "host" "get" (func $get (param i32)))
    (func (export "run") (result i32)
      (block $caught
        (try_table (catch $oops $caught)
          (call $get (i32.const 8))))
      (i32.const 0)))
  (core instance $program (instantiate $program
    (with "libc" (instance $libc))
    (with "host" (instance (export "get" (func $get))))))
  (func $run (result (result)) (canon lift (core func $program "run")))
  (instance $run (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $run)))"#;

#[test]
fn one_through_two_activations_is_told_as_what_becomes_of_it() {
    let ends = |at_exceptions: bool| {
        let mut live = launch(THROUGH_THE_HOST);
        breakpoints(&mut *live)
            .stop_at_exceptions(at_exceptions)
            .unwrap();
        let stop = resume(&mut *live).to_vec();
        (live, stop)
    };
    let (_, end) = ends(false);
    let (mut live, stop) = ends(true);
    let caught = match &stop[..] {
        [StopReason::Thrown { caught, .. }, ..] => *caught,
        _ => panic!("{stop:?}"),
    };
    assert_eq!(places(&mut *live).len(), 2, "{stop:?}");
    // What was said is what happens.
    assert_eq!(caught, end == [StopReason::Exited(0)], "{stop:?}, {end:?}");
}
