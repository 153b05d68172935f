//! Locals worked out from the C stack: of real dumps, and of stacks made by hand.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use wdb_coredump::{Inference, Slot, Value};
use wdb_module::{Binary, Module};
use wdb_target::{Debuggee, Frame, PostMortem};

fn unpacked(path: &str) -> Bytes {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures")
        .join(path);
    let packed = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    zstd::decode_all(&packed[..]).unwrap().into()
}

fn module(fixture: &str) -> Arc<Module> {
    let bytes = unpacked(&format!("built/{fixture}.wasm.zst"));
    Binary::parse(bytes).unwrap().modules()[0].clone()
}

/// The frames of a dump that `wasmtime` wrote of a fixture.
fn frames(fixture: &str) -> Vec<Frame> {
    let dump = unpacked(&format!("dumps/{fixture}.wasmtime.core.zst"));
    let reading = wdb_coredump::read(dump).unwrap();
    let mut debuggee = PostMortem::new(reading, vec![Some(module(fixture))]);
    debuggee.threads().unwrap().remove(0).frames
}

/// The locals of a frame, `?` for those that are missing. No other is anything but inferred.
fn locals(frame: &Frame) -> String {
    let text = |slot: &Slot| match slot {
        Slot::Inferred(Value::I32(value), Inference::CStack) => value.to_string(),
        Slot::Inferred(Value::I64(value), Inference::CStack) => format!("{value}L"),
        Slot::Missing(_) => "?".to_owned(),
        other => panic!("{other:?}"),
    };
    let locals: Vec<String> = frame.locals.iter().map(text).collect();
    locals.join(" ")
}

// What is expected here was read from dumps of the same programs with all their locals.

#[test]
fn unoptimised_c_has_its_frame_bases_again() {
    let frames = frames("c-div-zero");
    let found: Vec<String> = frames.iter().map(locals).collect();
    let expected = [
        "65436 ? 65360",                  // average
        "65432 ? 65376 0 65600 16 ? ? ?", // summarise
        "? 65424 ? ? ? 0",                // report
        "? ? 65504 ? 0",                  // main
        "65520 ? ? ?",                    // __main_void
        "",
        "0", // _start
        "",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_stack_that_is_cut_off_at_its_old_end_is_walked_from_the_young() {
    let frames = frames("rust-index-panic");
    assert_eq!(frames.len(), 20);
    let found: Vec<String> = frames[4..].iter().map(locals).collect();
    assert_eq!(found[0], "? ? 1046800");
    assert_eq!(found[1], "? ? 1046816 0 0 0");
    assert_eq!(found[6], "? ? 1049744 1047280 ? 1047300 1047292 1 0");
    // seat, assign, main
    assert_eq!(found[10], "1047880 ? 1047424 0");
    assert!(
        found[11].starts_with("1047880 ? ? 1047440 ?"),
        "{}",
        found[11]
    );
    assert_eq!(
        found[12],
        "1047568 1047784 1047796 1047808 1047820 ? 1047892 ? ? ? 0 0 0 0 0 0 0"
    );
}
