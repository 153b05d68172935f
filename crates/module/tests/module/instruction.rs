//! What is said of single instructions.

use std::sync::Arc;

use bytes::Bytes;
use wdb_module::instruction::{fixed_arity, is_call, may_trap, memory_argument, mnemonic};
use wdb_module::{Binary, FuncIndex, Module, Operator};

/// A module whose function 0 has this body.
fn module(body: &str) -> Arc<Module> {
    let text = format!(
        "(module (type $t (func)) (memory 1) (table 1 funcref) (tag $e)
           (func {body}) (func $f (type $t)))"
    );
    let bytes = Bytes::from(wat::parse_str(text).unwrap());
    Binary::parse(bytes).unwrap().modules()[0].clone()
}

/// For each instruction of function 0 but its `end`: whether it may trap and whether it calls.
fn classify(body: &str) -> Vec<(bool, bool)> {
    let module = module(body);
    let mut all: Vec<_> = module
        .instructions(FuncIndex(0))
        .map(|item| item.unwrap().1)
        .map(|operator| (may_trap(&operator), is_call(&operator)))
        .collect();
    all.pop();
    all
}

#[test]
fn instructions_that_may_trap() {
    for text in [
        "unreachable",
        "i32.div_s",
        "i64.rem_u",
        "i32.trunc_f32_s",
        "i32.load8_u offset=4",
        "f64.store",
        "v128.load64_lane 1",
        "i32.atomic.rmw.add",
        "memory.atomic.wait32",
        "memory.fill",
        "table.get 0",
        "ref.as_non_null",
        "throw $e",
    ] {
        assert_eq!(classify(text), [(true, false)], "{text}");
    }
}

#[test]
fn instructions_that_do_not() {
    for text in [
        "nop",
        "i32.const 1",
        "i32.add",
        "i32.trunc_sat_f32_s",
        "f32.div",
        "memory.size",
        "local.get 0",
        "ref.null func",
        "atomic.fence",
        "return_call $f",
    ] {
        assert_eq!(classify(text), [(false, false)], "{text}");
    }
}

#[test]
fn calls() {
    assert_eq!(classify("call $f"), [(false, true)]);
    assert_eq!(classify("call_indirect (type $t)"), [(true, true)]);
    assert_eq!(classify("call_ref $t"), [(true, true)]);
    assert_eq!(classify("return_call_indirect (type $t)"), [(true, false)]);
}

#[test]
fn names_and_arities() {
    let all = [
        ("unreachable", "unreachable", Some((0, 0))),
        ("i32.div_s", "i32.div_s", Some((2, 1))),
        ("i32.trunc_sat_f32_s", "i32.trunc_sat_f32_s", Some((1, 1))),
        ("v128.load64_lane 1", "v128.load64_lane", Some((2, 1))),
        (
            "i32.atomic.rmw8.cmpxchg_u",
            "i32.atomic.rmw8.cmpxchg_u",
            Some((3, 1)),
        ),
        ("memory.atomic.wait32", "memory.atomic.wait32", Some((3, 1))),
        ("atomic.fence", "atomic.fence", Some((0, 0))),
        ("select (result i32)", "select", Some((3, 1))),
        ("ref.test (ref func)", "ref.test", Some((1, 1))),
        ("ref.cast (ref null func)", "ref.cast", Some((1, 1))),
        ("ref.null func", "ref.null", Some((0, 1))),
        ("block end", "block", None),
        ("return", "return", None),
        ("call $f", "call", None),
        ("call_indirect (type $t)", "call_indirect", None),
    ];
    for (text, name, arity) in all {
        let module = module(text);
        let (_, operator) = module.instructions(FuncIndex(0)).next().unwrap().unwrap();
        assert_eq!(mnemonic(&operator), name);
        assert_eq!(fixed_arity(&operator), arity, "{text}");
    }
}

#[test]
fn memory_arguments() {
    let offset = |text: &str| {
        let module = module(text);
        let (_, operator) = module.instructions(FuncIndex(0)).next().unwrap().unwrap();
        memory_argument(&operator).map(|argument| argument.offset)
    };
    assert_eq!(offset("i32.load8_u offset=4"), Some(4));
    assert_eq!(offset("i64.atomic.store offset=8"), Some(8));
    assert_eq!(offset("v128.store8_lane offset=2 1"), Some(2));
    assert_eq!(offset("memory.fill"), None);
}

#[test]
fn neighbours_of_an_instruction() {
    let module = module("call $f drop nop");
    let func = FuncIndex(0);
    let all: Vec<_> = module
        .instructions(func)
        .map(|item| item.unwrap().0)
        .collect();
    let [call, drop, nop, end] = all[..] else {
        panic!("{all:?}")
    };
    let after = |at| module.instruction_after(func, at).map(|next| next.0);
    assert_eq!(
        [call, drop, nop, end].map(after),
        [Some(drop), Some(nop), Some(end), None]
    );
    let before = |at| module.instruction_before(func, at).map(|last| last.0);
    assert_eq!(
        [call, drop, nop].map(before),
        [None, Some(call), Some(drop)]
    );
    let waits = |at| module.call_before(func, at);
    assert!(matches!(waits(drop), Some((at, Operator::Call { .. })) if at == call));
    assert!(waits(call).is_none() && waits(nop).is_none());
}
