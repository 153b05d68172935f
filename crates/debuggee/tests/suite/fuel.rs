//! Fuel that is used up: at every place where it can be, and nowhere else.

use super::*;

fn launch_with(text: &str, fuel: u64) -> Box<dyn Debuggee> {
    let mut program = program(text);
    program.limits.fuel = Some(fuel);
    start(&program).unwrap()
}

/// Runs with each amount of fuel, until one is enough. `at_check` says whether an instruction is one before which the
/// fuel is looked at: the first of a function, and of a loop.
fn sweep(text: &str) {
    let mut checked = 0;
    for fuel in 0..500 {
        let mut live = launch_with(text, fuel);
        if resume(&mut *live) == [StopReason::Exited(0)] {
            assert!(checked > 10, "{checked} amounts were too little");
            return;
        }
        checked += 1;
        assert_eq!(crash_code(&*live).unwrap(), "fuel-exhausted", "{fuel}");
        let found = places(&mut *live);
        let (func, position) = found[0];
        assert!(at_check(&*live, func, position), "{fuel}: {found:?}");
        // The callers are those that there can be: each is at a call that can reach the frame above it.
        for pair in found.windows(2) {
            let [(callee, _), (caller, at)] = pair else {
                unreachable!()
            };
            assert!(calls(&*live, *caller, *at, *callee), "{fuel}: {found:?}");
        }
        // It cannot go on.
        resume(&mut *live);
        assert_eq!(crash_code(&*live).unwrap(), "fuel-exhausted", "{fuel}");
        assert_eq!(places(&mut *live), []);
    }
    assert!(checked > 100, "{checked} amounts were too little");
}

/// The instructions of a function of the only module.
fn code(live: &dyn Debuggee, func: u32) -> Vec<String> {
    let binary = live.modules()[0].binary.as_ref().unwrap();
    binary
        .instructions(FuncIndex(func))
        .map(|it| format!("{:?}", it.unwrap().1))
        .collect()
}

fn at_check(live: &dyn Debuggee, func: u32, position: usize) -> bool {
    BACKEND.looks_often || position == 0 || code(live, func)[position - 1].starts_with("Loop")
}

fn calls(live: &dyn Debuggee, caller: u32, at: usize, callee: u32) -> bool {
    let call = &code(live, caller)[at];
    // Tail calls have put another function in the place of the one that was called.
    let tails = |func: u32| {
        code(live, func)
            .iter()
            .any(|it| it.starts_with("ReturnCall"))
    };
    match call.strip_prefix("Call { function_index: ") {
        Some(direct) => {
            let func: u32 = direct.trim_end_matches(" }").parse().unwrap();
            func == callee || tails(func)
        }
        None => call.starts_with("CallIndirect") || call.starts_with("CallRef"),
    }
}

/// The first function of the code is the one that runs out.
#[test]
fn in_a_recursion() {
    sweep(
        r#"
(module
  (func $fib (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else (i32.add
        (call $fib (i32.sub (local.get 0) (i32.const 1)))
        (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func (export "run") (result i32) (call $fib (i32.const 5))))"#,
    );
}

#[test]
fn in_functions_that_are_called_through_tables_and_references() {
    sweep(
        r#"
(module
  (type $t (func (param i32) (result i32)))
  (table 1 funcref)
  (elem (i32.const 0) $virtual)
  (elem declare func $referred)
  (func $never (param i32) (result i32) nop nop nop local.get 0)
  (func $virtual (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func $between (loop $l nop))
  (func $referred (param i32) (result i32)
    (call_indirect (type $t) (local.get 0) (i32.const 0)))
  (func (export "run") (local $n i32)
    (loop $again
      (drop (call_indirect (type $t) (local.get $n) (i32.const 0)))
      (call $between)
      (drop (call_ref $t (local.get $n) (ref.func $referred)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 3))))))"#,
    );
}

#[test]
fn in_functions_that_take_the_place_of_their_callers() {
    sweep(
        r#"
(module
  (type $t (func (param i32) (result i32)))
  (table 1 funcref)
  (elem (i32.const 0) $odd)
  (elem declare func $even)
  (func $even (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
    (return_call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))
  (func $odd (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
    (return_call_ref $t (i32.sub (local.get 0) (i32.const 1)) (ref.func $even)))
  (func $begin (param i32) (result i32) (return_call $odd (local.get 0)))
  (func (export "run")
    (drop (call $begin (i32.const 5)))
    (drop (call $even (i32.const 4)))))"#,
    );
}

/// A loop after a call through a table: what comes before it has nothing to do with it.
#[test]
fn in_a_loop_after_a_call() {
    sweep(
        r#"
(module
  (type $t (func))
  (table 1 funcref)
  (elem (i32.const 0) $nothing)
  (func $nothing)
  (func $loops (local i32)
    (call_indirect (type $t) (i32.const 0))
    (loop $l
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get 0) (i32.const 9)))))
  (func (export "run") (call $loops)))"#,
    );
}

#[test]
fn what_is_seen_is_the_programs_state() {
    let text = r#"
(module
  (func (export "run") (local $n i32)
    (loop $again
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br $again))))"#;
    let counts = [10, 100, 1000].map(|fuel| {
        let mut live = launch_with(text, fuel);
        resume(&mut *live);
        assert_eq!(crash_code(&*live).unwrap(), "fuel-exhausted");
        locals(&thread(&mut *live).frames[0])[0]
    });
    assert!(counts[0] < counts[1] && counts[1] < counts[2], "{counts:?}");
}

/// Also in a call by the debugger, which can be given up.
#[test]
fn in_a_call_by_the_debugger() {
    if !has_calls() {
        return;
    }
    let text = r#"
(module
  (func $hangs (loop $again (br $again)))
  (func (export "run") nop))"#;
    let mut live = launch_with(text, 1000);
    step(&mut *live);
    let hangs = |live: &mut dyn Debuggee| {
        let called =
            callable(live).call_function(wdb_coredump::InstanceId(0), FuncIndex(0), &[], None);
        called.unwrap();
        assert_eq!(crash_code(live).unwrap(), "fuel-exhausted");
        assert_eq!(places(live).len(), 2);
    };
    hangs(&mut *live);
    callable(&mut *live).abandon_call().unwrap();
    let why = StopReason::Abandoned("as asked".into());
    assert_eq!(live.stop_reasons(), [StopReason::Step, why]);
    hangs(&mut *live);
    resume(&mut *live);
    let why = StopReason::Abandoned("the fuel is used up".into());
    assert_eq!(live.stop_reasons(), [StopReason::Step, why]);
}
