//! Breakpoints and steps.

use wdb_coredump::InstanceId;
use wdb_debuggee::Error;
use wdb_module::ModuleOffset;

use super::*;

/// Adds 3, 2 and 1.
const SUM: &str = r#"
(module
  (func (export "run") (result i32) (local $n i32) (local $sum i32)
    i32.const 3
    local.set $n
    loop $again
      local.get $sum
      local.get $n
      i32.add
      local.set $sum
      local.get $n
      i32.const 1
      i32.sub
      local.tee $n
      br_if $again
    end
    local.get $sum))"#;

#[test]
fn a_launched_program_has_run_nothing() {
    let mut live = launch(SUM);
    assert_eq!(live.stop_reasons(), [StopReason::Started]);
    assert_eq!(live.modules().len(), 1);
    assert!(live.modules()[0].binary.is_some());
    assert_eq!(live.instances().unwrap(), []);
    assert_eq!(places(&mut *live), []);
    assert_eq!(resume(&mut *live), [StopReason::Exited(0)]);
    assert_eq!(results(&mut *live), ["6"]);
    assert!(execute(&mut *live).resume(Resume::Continue, None).is_err());
}

#[test]
fn a_breakpoint_in_a_loop_stops_each_time_around() {
    let mut live = launch(SUM);
    let add = at(&*live, 0, 0, 5);
    set(&mut *live, &[add]);
    let mut sums = Vec::new();
    while resume(&mut *live) == [StopReason::Breakpoint] {
        assert_eq!(places(&mut *live), [(0, 5)]);
        let frame = &thread(&mut *live).frames[0];
        assert_eq!(operands(frame), [locals(frame)[1], locals(frame)[0]]);
        sums.push(locals(frame)[1]);
    }
    assert_eq!(sums, [0, 3, 5]);
    assert_eq!(results(&mut *live), ["6"]);
}

#[test]
fn the_places_of_one_breakpoint_do_not_stay_when_it_is_another() {
    let mut live = launch(SUM);
    let (add, result) = (at(&*live, 0, 0, 5), at(&*live, 0, 0, 13));
    set(&mut *live, &[add]);
    resume(&mut *live);
    set(&mut *live, &[result]);
    assert_eq!(resume(&mut *live), [StopReason::Breakpoint]);
    assert_eq!(places(&mut *live), [(0, 13)]);
    set(&mut *live, &[]);
    assert_eq!(resume(&mut *live), [StopReason::Exited(0)]);
}

#[test]
fn steps_go_from_instruction_to_instruction() {
    let mut live = launch(SUM);
    let mut visited = Vec::new();
    while step(&mut *live) == [StopReason::Step] {
        visited.push(places(&mut *live)[0]);
    }
    let around = 3..=11;
    let expected = (0..=2)
        .chain(around.clone())
        .chain(around.clone())
        .chain(around)
        .chain(12..=14);
    let expected = stops(&*live, expected.map(|position| (0, position)));
    assert_eq!(visited, expected);
    assert_eq!(live.stop_reasons(), [StopReason::Exited(0)]);
}

#[test]
fn a_breakpoint_that_is_stepped_onto_is_told_and_not_hit_again() {
    let mut live = launch(SUM);
    let set_n = at(&*live, 0, 0, 1);
    set(&mut *live, &[set_n]);
    assert_eq!(step(&mut *live), [StopReason::Step]);
    assert_eq!(step(&mut *live), [StopReason::Step, StopReason::Breakpoint]);
    // It is before the loop: it has run when the program goes on, and does not come back.
    assert_eq!(resume(&mut *live), [StopReason::Exited(0)]);
}

#[test]
fn one_set_where_the_program_stands_waits_for_the_next_time() {
    let mut live = launch(SUM);
    let add = at(&*live, 0, 0, 5);
    for _ in 0..6 {
        step(&mut *live);
    }
    assert_eq!(places(&mut *live), [(0, 5)]);
    set(&mut *live, &[add]);
    resume(&mut *live);
    assert_eq!(locals(&thread(&mut *live).frames[0]), [2, 3]);
    // Taken away while the program is at it, too.
    set(&mut *live, &[]);
    assert_eq!(resume(&mut *live), [StopReason::Exited(0)]);
}

#[test]
fn what_cannot_be_hit_is_given_back() {
    let mut live = launch(
        r#"
(module
  (func (export "run") (result i32)
    i32.const 1000
    return
    nop
    i32.const 2)
  (func (export "other") nop))"#,
    );
    let dead = at(&*live, 0, 0, 2);
    let inside = CodeLocation {
        offset: ModuleOffset(at(&*live, 0, 0, 0).offset.0 + 1),
        ..dead
    };
    let beyond = CodeLocation {
        offset: ModuleOffset(1000),
        ..dead
    };
    let no_module = CodeLocation {
        module: ModuleId(7),
        ..dead
    };
    let no_code = CodeLocation {
        offset: ModuleOffset(0),
        ..dead
    };
    let good = at(&*live, 0, 0, 1);
    let all = [dead, inside, beyond, no_module, no_code, good];
    let refused = breakpoints(&mut *live).set_breakpoints(&all.into_iter().collect());
    let refused: BTreeSet<_> = refused.unwrap().into_iter().collect();
    assert_eq!(
        refused,
        [dead, inside, beyond, no_module, no_code]
            .into_iter()
            .collect()
    );
    assert_eq!(resume(&mut *live), [StopReason::Breakpoint]);
    assert_eq!(places(&mut *live), [(0, 1)]);
    assert_eq!(operands(&thread(&mut *live).frames[0]), [1000]);
    assert_eq!(resume(&mut *live), [StopReason::Exited(0)]);
}

#[test]
fn every_instruction_that_runs_can_have_a_breakpoint() {
    let mut live = launch(
        r#"
(module
  (memory 1)
  (func $callee (param i32) (result i32) (local.get 0))
  (func (export "run") (param) (local $n i32)
    nop
    block
      block
        i32.const 1
        if
          i32.const 5
          local.set $n
        else
          nop
        end
        i32.const 1
        br_table 0 1
      end
    end
    i32.const 0
    local.get $n
    call $callee
    i32.store
    i32.const 0
    if (result i32)
      i32.const 1
    else
      i32.const 2
    end
    drop))"#,
    );
    let mut stepped = Vec::new();
    while step(&mut *live) == [StopReason::Step] {
        stepped.push(places(&mut *live)[0]);
    }
    let live = &mut *launch_again(&*live);
    let everywhere: Vec<_> = stepped.iter().map(|(f, i)| at(live, 0, *f, *i)).collect();
    set(live, &everywhere);
    let mut stopped = Vec::new();
    while resume(live) == [StopReason::Breakpoint] {
        stopped.push(places(live)[0]);
    }
    assert_eq!(stopped, stepped);
}

fn launch_again(live: &dyn Debuggee) -> Box<dyn Debuggee> {
    let binary = live.modules()[0].binary.as_ref().unwrap();
    let bytes = binary.bytes().clone();
    let program = Program {
        main: named(Binary::parse(bytes).unwrap()),
        ..program("(module (func (export \"run\")))")
    };
    start(&program).unwrap()
}

const FACTORIAL: &str = r#"
(module
  (func $factorial (param i32) (result i32)
    local.get 0
    i32.eqz
    if (result i32)
      i32.const 1
    else
      local.get 0
      local.get 0
      i32.const 1
      i32.sub
      call $factorial
      i32.mul
    end)
  (func (export "run") (result i32)
    (call $factorial (i32.const 4))))"#;

#[test]
fn a_recursion_is_told_apart_by_its_depth() {
    let mut live = launch(FACTORIAL);
    let (entry, multiply) = (at(&*live, 0, 0, 0), at(&*live, 0, 0, 10));
    set(&mut *live, &[entry, multiply]);
    let mut seen = Vec::new();
    while resume(&mut *live) == [StopReason::Breakpoint] {
        let depth = live.depth(0).unwrap();
        let frame = live.frame(0, 0).unwrap();
        seen.push((depth, locals(&frame)[0], place(&*live, &frame).1));
    }
    let down = (0..=4).map(|n| (6 - n, n as i32, 0)).rev();
    let up = (1..=4).map(|n| (6 - n, n as i32, 10));
    let expected: Vec<(usize, i32, usize)> = down.chain(up).collect();
    assert_eq!(seen, expected);
    assert_eq!(results(&mut *live), ["24"]);
}

#[test]
fn callers_stand_at_the_call() {
    let mut live = launch(FACTORIAL);
    let one = at(&*live, 0, 0, 3);
    set(&mut *live, &[one]);
    resume(&mut *live);
    assert_eq!(
        places(&mut *live),
        [(0, 3), (0, 9), (0, 9), (0, 9), (0, 9), (1, 1)]
    );
}

#[test]
fn a_tail_call_takes_the_place_of_its_caller() {
    let mut live = launch(
        r#"
(module
  (func $count (param i32) (result i32)
    local.get 0
    i32.eqz
    if
      i32.const 7
      return
    end
    local.get 0
    i32.const 1
    i32.sub
    return_call $count)
  (func (export "run") (result i32)
    (call $count (i32.const 3))))"#,
    );
    let entry = at(&*live, 0, 0, 0);
    set(&mut *live, &[entry]);
    for n in [3, 2, 1, 0] {
        assert_eq!(resume(&mut *live), [StopReason::Breakpoint]);
        assert_eq!(places(&mut *live), [(0, 0), (1, 1)]);
        assert_eq!(locals(&thread(&mut *live).frames[0]), [n]);
    }
    assert_eq!(resume(&mut *live), [StopReason::Exited(0)]);
}

#[test]
fn a_trap_is_told_once_and_at_its_instruction() {
    let mut live = launch(
        r#"
(module
  (func $divide (param i32 i32) (result i32)
    local.get 0
    local.get 1
    i32.div_s)
  (func (export "run") (result i32)
    (call $divide (i32.const 8) (i32.const 0))))"#,
    );
    let divide = at(&*live, 0, 0, 2);
    set(&mut *live, &[divide]);
    assert_eq!(resume(&mut *live), [StopReason::Breakpoint]);
    assert_eq!(step(&mut *live).len(), 1);
    assert_eq!(crash_code(&*live).unwrap(), "integer-divide-by-zero");
    assert_eq!(places(&mut *live), [(0, 2), (1, 2)]);
    assert_eq!(operands(&thread(&mut *live).frames[0]), [8, 0]);
    resume(&mut *live);
    assert_eq!(crash_code(&*live).unwrap(), "integer-divide-by-zero");
    assert_eq!(places(&mut *live), []);
    assert!(execute(&mut *live).resume(Resume::Continue, None).is_err());
}

#[test]
fn unreachable_is_stepped_onto_and_crashes() {
    let mut live = launch(r#"(module (func (export "run") nop unreachable))"#);
    step(&mut *live);
    assert_eq!(step(&mut *live), [StopReason::Step]);
    assert_eq!(places(&mut *live), [(0, 1)]);
    step(&mut *live);
    assert_eq!(crash_code(&*live).unwrap(), "unreachable");
    assert_eq!(places(&mut *live), [(0, 1)]);
}

#[test]
fn a_call_of_the_host_is_one_step() {
    let mut live = launch(
        r#"
(module
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    call $yield
    drop
    nop))"#,
    );
    let call = at(&*live, 0, 1, 0);
    set(&mut *live, &[call]);
    resume(&mut *live);
    assert_eq!(places(&mut *live), [(1, 0)]);
    assert_eq!(thread(&mut *live).host_frames, []);
    step(&mut *live);
    assert_eq!(places(&mut *live), [(1, 1)]);
    assert_eq!(operands(&thread(&mut *live).frames[0]), [0]);
    assert_eq!(thread(&mut *live).host_frames, []);
}

#[test]
fn the_end_by_proc_exit_is_no_crash() {
    let mut live = launch(
        r#"
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (call $exit (i32.const 3))))"#,
    );
    while step(&mut *live) == [StopReason::Step] {}
    assert_eq!(live.stop_reasons(), [StopReason::Exited(3)]);
}

/// A host function that calls back, and two modules.
const CALLS_BACK: &str = include_str!("../../../../tests/cli/run/activations.wat");

#[test]
fn modules_of_components_can_have_breakpoints_before_they_are_instantiated() {
    let mut live = launch(CALLS_BACK);
    assert_eq!(live.modules().len(), 2);
    assert_eq!(live.instances().unwrap(), []);
    // The modules are in the order of the file: `realloc`, then `greet`.
    let (divide, greet) = (at(&*live, 0, 0, 2), at(&*live, 1, 1, 0));
    set(&mut *live, &[divide, greet]);
    assert_eq!(resume(&mut *live), [StopReason::Breakpoint]);
    let frames = thread(&mut *live).frames;
    assert_eq!(frames[0].module, ModuleId(1));
    assert_eq!(places(&mut *live), [(1, 0), (2, 0)]);
    assert_eq!(resume(&mut *live), [StopReason::Breakpoint]);
    let found = thread(&mut *live);
    let modules: Vec<u32> = found.frames.iter().map(|it| it.module.0).collect();
    assert_eq!(modules, [0, 1, 1]);
    assert_eq!(places(&mut *live), [(0, 2), (1, 1), (2, 0)]);
    assert_eq!(found.host_frames.len(), 1);
    assert_eq!(found.host_frames[0].before, 1);
    assert_eq!(found.host_frames[0].name, "host.get-arguments");
    resume(&mut *live);
    assert_eq!(crash_code(&*live).unwrap(), "integer-divide-by-zero");
    assert_eq!(places(&mut *live), [(0, 2), (1, 1), (2, 0)]);
}

/// Two modules that have a function at the same offset.
const TWINS: &str = r#"
(component
  (core module $callee
    (@custom "moves the function" (before first) "")
    (func (export "f") (param i32) (result i32)
      local.get 0
      i32.const 1
      i32.add))
  (core instance $callee (instantiate $callee))
  (core module $caller
    (import "callee" "f" (func $f (param i32) (result i32)))
    (func $add (param i32) (result i32)
      local.get 0
      i32.const 2
      i32.add)
    (func (export "run") (result i32)
      (drop (call $add (i32.const 5)))
      (drop (call $f (i32.const 6)))
      (drop (call $add (i32.const 7)))
      (drop (call $f (i32.const 8)))
      (i32.const 0)))
  (core instance $caller (instantiate $caller (with "callee" (instance $callee))))
  (func $run (result (result)) (canon lift (core func $caller "run")))
  (instance $run (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $run)))"#;

#[test]
fn breakpoints_at_the_same_place_of_two_modules_are_two() {
    let (callee, caller) = (
        |live: &dyn Debuggee| at(live, 0, 0, 2),
        |live: &dyn Debuggee| at(live, 1, 1, 2),
    );
    let hits = |live: &mut dyn Debuggee| {
        let mut hits = Vec::new();
        while resume(live) == [StopReason::Breakpoint] {
            let frame = live.frame(0, 0).unwrap();
            hits.push((frame.module.0, locals(&frame)[0]));
        }
        assert_eq!(live.stop_reasons(), [StopReason::Exited(0)]);
        hits
    };
    let mut live = launch(TWINS);
    let both = [callee(&*live), caller(&*live)];
    assert_eq!(both[0].offset, both[1].offset, "for the test to be one");
    set(&mut *live, &both);
    assert_eq!(hits(&mut *live), [(1, 5), (0, 6), (1, 7), (0, 8)]);
    for (location, expected) in both.into_iter().zip([[(0, 6), (0, 8)], [(1, 5), (1, 7)]]) {
        let mut live = launch(TWINS);
        // Also when the other was set before, and after a step by the mode.
        set(&mut *live, &both);
        step(&mut *live);
        set(&mut *live, &[location]);
        assert_eq!(hits(&mut *live), expected);
    }
}

#[test]
fn a_stack_that_is_used_up_still_has_depth_and_frames() {
    if !has_calls() {
        return;
    }
    let mut live = launch(
        r#"
(module
  (func $deep (param i32) (result i32)
    (i32.add (call $deep (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
  (func (export "run") (result i32) (call $deep (i32.const 0))))"#,
    );
    resume(&mut *live);
    assert_eq!(crash_code(&*live).unwrap(), "stack-overflow");
    let depth = live.depth(0).unwrap();
    assert!(depth > 100, "{depth}");
    assert_eq!(live.threads().unwrap()[0].frames.len(), depth);
    let innermost = live.frame(0, 0).unwrap();
    assert_eq!(locals(&innermost), [depth as i32 - 2]);
    let deep =
        callable(&mut *live).call_function(InstanceId(0), FuncIndex(0), &[Value::I32(0)], None);
    assert!(matches!(deep, Err(Error::Refused(_))));
    let outermost = live.frame(0, depth - 1).unwrap();
    assert_eq!(place(&*live, &outermost), (1, 1));
}

#[test]
fn a_compiled_program_is_launched_again_from_the_beginning() {
    let compiled = prepare(&program(SUM)).unwrap();
    let mut first = compiled.launch(&Invocation::default()).unwrap();
    let add = at(&*first, 0, 0, 5);
    set(&mut *first, &[add]);
    assert_eq!(resume(&mut *first), [StopReason::Breakpoint]);
    // Breakpoints are the debuggee's: the second has none.
    let mut second = compiled.launch(&Invocation::default()).unwrap();
    assert_eq!(resume(&mut *second), [StopReason::Exited(0)]);
    assert_eq!(resume(&mut *first), [StopReason::Breakpoint]);
    drop(first);
    let mut third = compiled.launch(&Invocation::default()).unwrap();
    set(&mut *third, &[add]);
    assert_eq!(resume(&mut *third), [StopReason::Breakpoint]);
    assert_eq!(locals(&thread(&mut *third).frames[0]), [3, 0]);
}
