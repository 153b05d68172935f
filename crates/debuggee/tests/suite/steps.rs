//! Steps and breakpoints agree: a step stops where a breakpoint at the next instruction does.

use std::path::Path;

use super::*;

/// Where the innermost frame is.
fn here(live: &mut dyn Debuggee) -> CodeLocation {
    live.frame(0, 0).unwrap().location().unwrap()
}

/// Compares the first `steps` steps of a program, from its start and after stops at breakpoints: an engine may step in
/// different ways there.
fn compare(program: &Program, steps: usize) -> Vec<CodeLocation> {
    let compiled = prepare(program).unwrap();
    let mut live = compiled.launch(&Invocation::default()).unwrap();
    let mut trace = Vec::new();
    while trace.len() < steps && step(&mut *live) == [StopReason::Step] {
        trace.push(here(&mut *live));
    }
    let last = live.stop_reasons().to_vec();
    let mut live = compiled.launch(&Invocation::default()).unwrap();
    set(&mut *live, &trace[..1]);
    resume(&mut *live);
    for (position, next) in trace.iter().enumerate().skip(1) {
        if position % 40 == 0 {
            set(&mut *live, &[*next]);
            assert_eq!(resume(&mut *live), [StopReason::Breakpoint]);
            set(&mut *live, &[]);
        } else {
            let stop = step(&mut *live).to_vec();
            assert!(stop.contains(&StopReason::Step), "{position}: {stop:?}");
        }
        assert_eq!(
            here(&mut *live),
            *next,
            "step {position} of {}",
            program.main.name
        );
    }
    if last != [StopReason::Step] {
        step(&mut *live);
        assert_eq!(live.stop_reasons(), last);
    }
    trace
}

fn fixture(name: &str) -> Program {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/built");
    let file = std::fs::File::open(root.join(format!("{name}.wasm.zst"))).unwrap();
    let bytes = Bytes::from(zstd::decode_all(file).unwrap());
    Program::new(File {
        name: name.into(),
        ..named(Binary::parse(bytes).unwrap())
    })
}

#[test]
fn c_with_calls_through_pointers() {
    let trace = compare(&fixture("c-null-function"), 10_000);
    assert!(trace.len() > 1000, "{}", trace.len());
}

#[test]
fn c_plus_plus_with_exceptions() {
    compare(&fixture("cpp-exception"), 10_000);
}

#[test]
fn rust_that_panics() {
    compare(&fixture("rust-refcell"), 10_000);
}

#[test]
fn several_modules_in_a_component() {
    let trace = compare(&fixture("component-nested"), 10_000);
    let modules: BTreeSet<ModuleId> = trace.iter().map(|it| it.module).collect();
    assert!(modules.len() > 2, "{modules:?}");
}

#[test]
fn a_component_that_is_called_back() {
    compare(&fixture("component-c-div-zero"), 10_000);
}

/// Where steps go at the ends of blocks, as the documentation of `Resume` has it.
#[test]
fn at_ends_and_branches() {
    let text = r#"
(module
  (func $called (param i32)
    local.get 0
    if
      i32.const 0
      br_if 0
    else
      nop
    end
    block
      br 0
    end
    loop
    end
    local.get 0
    br_if 0
    nop)
  (func (export "run")
    i32.const 1
    call $called
    i32.const 0
    call $called))"#;
    let mut live = launch(text);
    let mut visited = Vec::new();
    while step(&mut *live) == [StopReason::Step] {
        visited.push(places(&mut *live)[0]);
    }
    // What is run into: `else` (4) and then what follows the `end` (6); `end` (11) of the loop. Branched over: the `end` (9).
    let first = [0, 1, 2, 3, 4, 7, 8, 10, 11, 12, 13];
    // The condition is false: what follows the `else`, and then its `end`. The function ends at its own (15).
    let second = [0, 1, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15];
    let mut expected = vec![(1, 0), (1, 1)];
    expected.extend(first.map(|position| (0, position)));
    expected.extend([(1, 2), (1, 3)]);
    expected.extend(second.map(|position| (0, position)));
    expected.push((1, 4));
    assert_eq!(visited, stops(&*live, expected));
    assert_eq!(live.stop_reasons(), [StopReason::Exited(0)]);
}

#[test]
fn every_way_to_go_on() {
    let text = r#"
(module
  (type $f (func (param i32) (result i32)))
  (tag $oops (param i32))
  (table 4 funcref)
  (elem (i32.const 1) $even $odd)
  (elem declare func $id)
  (func $id (param i32) (result i32) (local.get 0))
  (func $even (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
    (return_call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const 2)))
  (func $odd (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
    (return_call $even (i32.sub (local.get 0) (i32.const 1))))
  (func $throws (param i32) (result i32)
    (if (local.get 0) (then (throw $oops (local.get 0))))
    (i32.const 3))
  (func $catches (param i32) (result i32)
    block $handler (result i32)
      try_table (result i32) (catch $oops $handler)
        (call $throws (local.get 0))
      end
    end)
  (func $switch (param i32) (result i32)
    block $c
      block $b
        block $a
          local.get 0
          br_table $a $b $c
        end
        (return (i32.const 10))
      end
      local.get 0
      br_if $c
      nop
    end
    (i32.const 20))
  (func $null (param (ref null $f)) (result i32)
    block $is_null
      (br_on_null $is_null (local.get 0))
      drop
      (return (i32.const 1))
    end
    (i32.const 0))
  (func (export "run") (local $n i32)
    (drop (call $even (i32.const 5)))
    (drop (call_indirect (type $f) (i32.const 4) (i32.const 1)))
    (drop (call_ref $f (i32.const 4) (ref.func $id)))
    (drop (call $catches (i32.const 7)))
    (drop (call $catches (i32.const 0)))
    (drop (call $switch (i32.const 0)))
    (drop (call $switch (i32.const 1)))
    (drop (call $switch (i32.const 2)))
    (drop (call $null (ref.null $f)))
    (drop (call $null (ref.func $id)))
    (if (i32.const 0) (then nop))
    (if (i32.const 1) (then nop) (else nop))
    (if (i32.const 0) (then nop) (else nop))
    loop $again
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 3)))
    end
    (drop (call_indirect (type $f) (i32.const 4) (i32.const 3)))))"#;
    let trace = compare(&program(text), 10_000);
    assert!(trace.len() > 200, "{}", trace.len());
}
