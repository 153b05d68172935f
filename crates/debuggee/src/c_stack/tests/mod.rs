//! What is known at a place, case by case: each function has one `nop`, and that is the place.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod random;

use std::sync::Arc;

use wdb_module::{Binary, FuncIndex, GlobalIndex, Module, ModuleOffset, Operator};

use super::interpret::{Fuel, State, state_at};
use super::symbolic::{Base, Sum};

const FUEL: u64 = 100_000_000;

fn module(wat: &str) -> Arc<Module> {
    let bytes = wat::parse_str(wat).unwrap_or_else(|e| panic!("{e}\n{wat}"));
    Binary::parse(bytes.into()).unwrap().modules()[0].clone()
}

/// The places of the `nop`s of a function.
fn nops(module: &Module, func: FuncIndex) -> Vec<ModuleOffset> {
    let instructions = module.instructions(func).map(Result::unwrap);
    instructions
        .filter(|(_, operator)| *operator == Operator::Nop)
        .map(|(at, _)| at)
        .collect()
}

fn state(wat: &str) -> Option<State> {
    let module = module(wat);
    let func = FuncIndex(module.function_count() - 1);
    let place = nops(&module, func)[0];
    state_at(&module, func, place, GlobalIndex(0), &mut Fuel(FUEL))
}

fn text(sum: Sum) -> String {
    let base = match sum.base {
        Base::Zero => return sum.offset.to_string(),
        Base::Entry => "sp".to_owned(),
        Base::Parameter(index) => format!("p{index}"),
        Base::Aligned { offset, mask } => format!("(sp{offset:+}&{mask})"),
    };
    match sum.offset {
        0 => base,
        offset => format!("{base}{offset:+}"),
    }
}

/// The pointer and the locals after the two parameters, of a function with this body.
fn known(body: &str) -> String {
    let state = state(&format!(
        "(module
          (memory 1) (table 1 funcref) (tag $e (param i32)) (type $t (func (param i32) (result i32)))
          (global $sp (mut i32) (i32.const 65536)) (global $other (mut i32) (i32.const 0))
          (func $callee (param i32) (result i32) (i32.const 1))
          (func (param $p i32) (param $q i32) (local $a i32) (local $b i32) (local $c i32)
            {body}))"
    ));
    let Some(state) = state else {
        return "never".to_owned();
    };
    let mut parts = vec![state.pointer.map_or("?".to_owned(), text)];
    for local in 2..5 {
        let found = state.locals.iter().find(|(index, ..)| *index == local);
        parts.push(found.map_or("?".to_owned(), |(.., value)| text(*value)));
    }
    parts.join(" ")
}

const PROLOGUE: &str = "(local.set $a (i32.sub (global.get $sp) (i32.const 32)))
    (global.set $sp (local.get $a))";

#[test]
fn prologue_body_epilogue() {
    assert_eq!(known("nop"), "sp 0 0 0");
    assert_eq!(
        known("(local.tee $a (i32.sub (global.get $sp) (i32.const 32))) nop (global.set $sp)"),
        "sp sp-32 0 0"
    );
    assert_eq!(known(&format!("{PROLOGUE} nop")), "sp-32 sp-32 0 0");
    // As LLVM does at -O0: through locals.
    assert_eq!(
        known(
            "(local.set $a (global.get $sp)) (local.set $b (i32.const 48))
             (local.set $c (i32.sub (local.get $a) (local.get $b)))
             (global.set $sp (local.get $c)) nop"
        ),
        "sp-48 sp 48 sp-48"
    );
    assert_eq!(
        known(&format!(
            "{PROLOGUE} (global.set $sp (i32.add (local.get $a) (i32.const 32))) nop"
        )),
        "sp sp-32 0 0"
    );
}

#[test]
fn a_leaf_keeps_its_frame_below_the_pointer() {
    assert_eq!(
        known(
            "(local.set $a (i32.sub (global.get $sp) (i32.const 32)))
             (i32.store (local.get $a) (i32.const 1)) nop"
        ),
        "sp sp-32 0 0"
    );
}

#[test]
fn parameters_are_followed() {
    assert_eq!(
        known("(local.set $a (i32.add (i32.const 8) (local.get $q))) nop"),
        "sp p1+8 0 0"
    );
    assert_eq!(
        known("(local.set $a (i32.sub (local.get $p) (local.get $q))) nop"),
        "sp ? 0 0"
    );
    assert_eq!(
        known("(local.set $a (i32.sub (local.get $p) (local.get $p))) nop"),
        "sp 0 0 0"
    );
}

#[test]
fn calls_leave_the_pointer_and_return_anything() {
    assert_eq!(
        known(&format!(
            "{PROLOGUE} (local.set $b (call $callee (i32.const 1)))
             (local.set $c (call_indirect (type $t) (i32.const 1) (i32.const 0))) nop"
        )),
        "sp-32 sp-32 ? ?"
    );
    let state = state(
        "(module (global $sp (mut i32) (i32.const 0)) (func $f (param f32 i32 i64 i32))
          (func (param i32)
            (f32.const 1) (i32.sub (global.get $sp) (i32.const 8)) (i64.const -1) (local.get 0)
            nop (call $f)))",
    );
    assert!(!state.unwrap().calls);
}

#[test]
fn the_arguments_of_a_call() {
    let module = module(
        "(module (global $sp (mut i32) (i32.const 0)) (func $f (param f32 i32 i64 i32))
          (func (param i32)
            (f32.const 1) (i32.sub (global.get $sp) (i32.const 8)) (i64.const -1) (local.get 0)
            (call $f)))",
    );
    let func = FuncIndex(1);
    let is_call = |item: &(ModuleOffset, Operator<'_>)| matches!(item.1, Operator::Call { .. });
    let mut instructions = module.instructions(func).map(Result::unwrap);
    let (place, _) = instructions.find(is_call).unwrap();
    let state = state_at(&module, func, place, GlobalIndex(0), &mut Fuel(FUEL)).unwrap();
    let call = state.call.unwrap();
    assert!(state.calls);
    assert_eq!(call.callee, FuncIndex(0));
    let arguments = call.arguments.iter();
    let arguments: Vec<_> = arguments.map(|it| it.map(|(_, sum)| text(sum))).collect();
    let expected = [None, Some("sp-8"), Some("-1"), Some("p0")];
    assert_eq!(arguments, expected.map(|it| it.map(str::to_owned)));
}

#[test]
fn ways_that_meet_keep_what_they_agree_on() {
    // The early way has no frame; the pointer is the same on both.
    let early = format!(
        "(block (br_if 0 (local.get $p)) {PROLOGUE}
           (global.set $sp (i32.add (local.get $a) (i32.const 32)))) nop"
    );
    assert_eq!(known(&early), "sp ? 0 0");
    let differ = format!("(block (br_if 0 (local.get $p)) {PROLOGUE}) nop");
    assert_eq!(known(&differ), "? ? 0 0");
    // What was written before the first branch is the same on all ways.
    assert_eq!(
        known(&format!(
            "(block {PROLOGUE} (local.set $b (i32.const 3)) (br_if 0 (local.get $p))
               (local.set $c (i32.const 4))) nop"
        )),
        "sp-32 sp-32 3 ?"
    );
    // A block without branches is none.
    assert_eq!(
        known("(block (local.set $a (i32.const 1))) nop"),
        "sp 1 0 0"
    );
}

#[test]
fn if_and_else() {
    assert_eq!(
        known("(if (local.get $p) (then (local.set $a (i32.const 1)) nop))"),
        "sp 1 0 0"
    );
    assert_eq!(
        known("(if (local.get $p) (then (local.set $a (i32.const 1)))) nop"),
        "sp ? 0 0"
    );
    assert_eq!(
        known(
            "(if (local.get $p) (then (local.set $a (i32.const 1)))
               (else nop (local.set $b (i32.const 1))))"
        ),
        "sp ? 0 0"
    );
    assert_eq!(
        known(
            "(if (local.get $p) (then (local.set $a (i32.const 1)))
               (else (local.set $b (i32.const 1)))) nop"
        ),
        "sp ? ? 0"
    );
    assert_eq!(
        known(&format!(
            "(if (local.get $p) (then (global.set $sp (i32.const 0)) (return)) (else {PROLOGUE}))
             nop"
        )),
        "sp-32 sp-32 0 0"
    );
}

#[test]
fn tables_of_branches() {
    assert_eq!(
        known(&format!(
            "{PROLOGUE} (block (block (block
               (br_table 0 1 2 (local.get $p)))
               (local.set $b (i32.const 1)) (br 1))
               nop (local.set $c (i32.const 2)))"
        )),
        "sp-32 sp-32 ? 0"
    );
    assert_eq!(
        known(
            "(block (block (br_table 0 1 (local.get $p))) (global.set $sp (i32.const 0)) (return))
             nop"
        ),
        "sp 0 0 0"
    );
}

#[test]
fn loops_forget_what_they_write() {
    assert_eq!(
        known(&format!(
            "{PROLOGUE} (local.set $b (i32.const 7)) (local.set $c (i32.const 9))
             (loop nop (local.set $b (i32.add (local.get $b) (i32.const 1)))
               (br_if 0 (local.get $b)))"
        )),
        "sp-32 sp-32 ? 9"
    );
    // Written before it is read, in each round.
    assert_eq!(
        known("(loop (local.set $b (i32.const 1)) nop (br_if 0 (local.get $p)))"),
        "sp 0 1 0"
    );
    // Behind the loop there is no next round.
    assert_eq!(
        known("(loop (local.set $b (i32.const 1)) (br_if 0 (local.get $p))) nop"),
        "sp 0 1 0"
    );
    assert_eq!(
        known(
            "(loop (loop nop (br_if 1 (local.get $p))) (local.set $c (i32.const 1))
               (br_if 0 (local.get $q)))"
        ),
        "sp 0 0 ?"
    );
}

#[test]
fn a_stop_at_a_loop_may_be_in_any_round() {
    let wat = "(module (global $sp (mut i32) (i32.const 0)) (func (local i32)
        (loop (local.set 0 (i32.const 1)) (br 0))))";
    let module = module(wat);
    let is_loop = |item: &(ModuleOffset, Operator<'_>)| matches!(item.1, Operator::Loop { .. });
    let mut instructions = module.instructions(FuncIndex(0)).map(Result::unwrap);
    let (place, _) = instructions.find(is_loop).unwrap();
    let fuel = &mut Fuel(FUEL);
    let state = state_at(&module, FuncIndex(0), place, GlobalIndex(0), fuel);
    assert_eq!(state.unwrap().locals, []);
}

#[test]
fn loops_that_put_the_pointer_back_and_loops_that_move_it() {
    let balanced = "(loop
        (global.set $sp (i32.sub (global.get $sp) (i32.const 16))) nop
        (global.set $sp (i32.add (global.get $sp) (i32.const 16)))
        (br_if 0 (local.get $p)))";
    assert_eq!(known(balanced), "sp-16 0 0 0");
    // `alloca` in a loop.
    let moving = "(local.set $a (global.get $sp)) (loop
        (global.set $sp (i32.sub (global.get $sp) (i32.const 16))) nop
        (br_if 0 (local.get $p)))";
    assert_eq!(known(moving), "? sp 0 0");
    let unmoved_inside = format!("(loop {balanced} (global.set $sp (i32.const 0)) (br 0))");
    assert_eq!(known(&unmoved_inside), "? 0 0 0");
}

#[test]
fn an_alloca_of_unknown_size_hides_the_pointer_only() {
    assert_eq!(
        known(&format!(
            "{PROLOGUE} (local.set $b (i32.sub (global.get $sp) (local.get $p)))
             (global.set $sp (local.get $b)) nop"
        )),
        "? sp-32 ? 0"
    );
}

#[test]
fn aligned_frames() {
    let aligned = |alignment: i32, then: &str| {
        known(&format!(
            "(local.set $b (global.get $sp))
             (local.set $a (i32.and (i32.sub (global.get $sp) (i32.const 40))
               (i32.const {alignment})))
             (global.set $sp (local.get $a)) {then} nop"
        ))
    };
    assert_eq!(aligned(-64, ""), "(sp-40&-64) (sp-40&-64) sp 0");
    // The pointer is a multiple of 16 anyway.
    assert_eq!(aligned(-16, ""), "sp-48 sp-48 sp 0");
    assert_eq!(
        aligned(-64, "(local.set $c (i32.or (local.get $a) (i32.const 12)))"),
        "(sp-40&-64) (sp-40&-64) sp (sp-40&-64)+12"
    );
    assert_eq!(
        aligned(-64, "(local.set $c (i32.or (local.get $a) (i32.const 64)))"),
        "(sp-40&-64) (sp-40&-64) sp ?"
    );
    assert_eq!(aligned(-48, ""), "? ? sp 0");
}

#[test]
fn what_never_runs_says_nothing() {
    assert_eq!(known("unreachable nop"), "never");
    assert_eq!(known("(br 0) nop"), "never");
    assert_eq!(known("(block (br 0) nop)"), "never");
    assert_eq!(
        known("(block (br 0) (drop (i32.add)) (global.set $sp)) nop"),
        "sp 0 0 0"
    );
    assert_eq!(known("(return) (loop nop)"), "never");
}

#[test]
fn where_an_exception_is_caught_the_pointer_is_unknown() {
    let caught = format!(
        "{PROLOGUE} (local.set $b (i32.const 1))
         (block (result i32) (try_table (catch $e 0)
             (drop (call $callee (i32.const 1))) (local.set $c (i32.const 2)))
           (i32.const 0))
         drop nop"
    );
    assert_eq!(known(&caught), "? sp-32 1 ?");
    let restored = caught.replace("drop nop", "drop (global.set $sp (local.get $a)) nop");
    assert_eq!(known(&restored), "sp-32 sp-32 1 ?");
    let legacy = format!(
        "{PROLOGUE} try i32.const 1 local.set $b i32.const 1 call $callee drop
           catch $e drop nop end"
    );
    assert_eq!(known(&legacy), "? sp-32 ? 0");
}

#[test]
fn memories_of_64_bits() {
    let state = state(
        "(module (global $sp (mut i64) (i64.const 65536)) (func (local i64)
          (local.tee 0 (i64.sub (global.get $sp) (i64.const 0x100000010))) (global.set $sp) nop))",
    )
    .unwrap();
    assert_eq!(text(state.pointer.unwrap()), "sp-4294967312");
    assert_eq!(text(state.locals[0].2), "sp-4294967312");
}

#[test]
fn many_locals_and_many_merges_are_not_too_much() {
    let merges = "(block (br_if 0 (local.get 0)) (local.set 1 (i32.const 1)))".repeat(20_000);
    let wat = format!(
        "(module (global $sp (mut i32) (i32.const 0))
          (func (param i32) (local {}) {merges} nop))",
        "i32 ".repeat(49_000)
    );
    let module = module(&wat);
    let place = nops(&module, FuncIndex(0))[0];
    let mut fuel = Fuel(FUEL);
    let state = state_at(&module, FuncIndex(0), place, GlobalIndex(0), &mut fuel).unwrap();
    assert_eq!(state.locals.len(), 49_000);
    assert!(FUEL - fuel.0 < 1_000_000, "{}", FUEL - fuel.0);
}

#[test]
fn work_is_bounded() {
    let wat = "(module (global $sp (mut i32) (i32.const 0)) (func nop))";
    let module = module(wat);
    let place = nops(&module, FuncIndex(0))[0];
    let state = |fuel| {
        state_at(
            &module,
            FuncIndex(0),
            place,
            GlobalIndex(0),
            &mut Fuel(fuel),
        )
    };
    assert!(state(100).is_some());
    assert!(state(2).is_none());
}
