//! What is said of single instructions.
#![allow(clippy::unwrap_used, reason = "this is a test")]

use bytes::Bytes;
use wdb_module::instruction::{is_call, may_trap};
use wdb_module::{Binary, FuncIndex};

/// For each instruction of function 0 but its `end`: whether it may trap and whether it calls.
fn classify(body: &str) -> Vec<(bool, bool)> {
    let text = format!(
        "(module (type $t (func)) (memory 1) (table 1 funcref) (tag $e)
           (func {body}) (func $f (type $t)))"
    );
    let bytes = Bytes::from(wat::parse_str(text).unwrap());
    let module = Binary::parse(bytes).unwrap().modules()[0].clone();
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
