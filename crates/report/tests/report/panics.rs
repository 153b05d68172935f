//! Rust's panic message: from standard error, from the arguments of the panic hook, from the buffer
//! that the hook printed from; and not from what only looks like one.

use super::scene::{Scene, i32};
use wdb_coredump::{MemoryCapture, Rest, code};
use wdb_module::Operator as Op;
use wdb_report::Panic;

const WAT: &str = r#"(module (memory 17)
  (global $__stack_pointer (mut i32) (i32.const 0x100000))
  (data (i32.const 0x100000) "src/main.rs")
  (func $rust_panic (unreachable))
  (func $std::panicking::panic_with_hook (param i32 i32 i32) (call $rust_panic))
  (func $app::main (call $std::panicking::panic_with_hook
    (i32.const 0) (i32.const 0) (i32.const 0))))"#;

/// Where the payload, the location and the message are.
const PAYLOAD: i32 = 0xf_f000;
const LOCATION: i32 = 0x10_0100;
const MESSAGE: i32 = 0x10_1000;

fn scene() -> Scene {
    let is_call = |op: &Op<'_>| matches!(op, Op::Call { .. });
    Scene::new(WAT, code::UNREACHABLE)
        .frame("rust_panic", |op| matches!(op, Op::Unreachable), &[], &[])
        .frame(
            "std::panicking::panic_with_hook",
            is_call,
            &[i32(PAYLOAD), i32(0), i32(LOCATION)],
            &[],
        )
        .caller("app::main")
        .global(wdb_coredump::Value::I32(0xf_e000))
}

fn words(words: &[i32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn panic(message: &str, thread: Option<&str>) -> Option<Panic> {
    Some(Panic {
        message: message.into(),
        thread: thread.map(str::to_owned),
        file: "src/main.rs".into(),
        line: 5,
        column: 10,
    })
}

#[test]
fn from_the_arguments_of_the_hook() {
    let location = words(&[0x10_0000, 11, 5, 10]);
    // The formatted message: capacity, address, length; and a pointer that is none to a string.
    let payload = words(&[64, MESSAGE, 9, PAYLOAD, 0, 0]);
    let scene = scene()
        .bytes(PAYLOAD as u64, &payload)
        .bytes(0x10_0000, b"src/main.rs")
        .bytes(LOCATION as u64, &location)
        .bytes(MESSAGE as u64, b"too\nmany!");
    assert_eq!(scene.report().panic, panic("too\nmany!", None));
}

#[test]
fn a_dump_of_the_stack_alone_is_enough_for_a_constant_message() {
    let payload = words(&[0x10_0000, 11, 0, 0, 0, 0]);
    let mut scene = scene()
        .bytes(PAYLOAD as u64, &payload)
        .bytes(LOCATION as u64, &words(&[0x10_0000, 11, 5, 10]));
    scene.dump.capture.memory = MemoryCapture::Stack;
    scene.dump.memories[0].contents.rest =
        Rest::ZeroIn(std::iter::once(0xf_e000..0x10_0000).collect());
    // The text is a constant of the module; so it has to be the file's name here.
    assert_eq!(scene.report().panic, panic("src/main.rs", None));
}

#[test]
fn from_the_buffer_on_the_stack() {
    let printed = b"\nthread 'main' (1) panicked at src/main.rs:5:10:\nboom\n";
    let found = scene().bytes(0xf_8000, printed).report().panic;
    assert_eq!(found, panic("boom", Some("main")));
    // Two messages, and no lines to tell which of them it was.
    let twice = scene().bytes(0xf_8000, printed).bytes(0xf_9000, printed);
    assert_eq!(twice.report().panic, None);
    // Outside of the stack it may be anything.
    assert_eq!(scene().bytes(MESSAGE as u64, printed).report().panic, None);
}

#[test]
fn from_standard_error() {
    let mut scene = scene();
    scene.stderr = b"thread 'w' panicked at src/main.rs:1:1:\nfirst\nthread 'main' panicked at src/main.rs:5:10:\nlast\nnote: run with `RUST_BACKTRACE=1` environment variable\n".to_vec();
    let report = scene.report();
    assert_eq!(report.panic, panic("last", Some("main")));
    let text = wdb_report::text(&report, Default::default());
    assert!(text.starts_with("panic: last\n"), "{text}");
}

#[test]
fn a_crash_that_is_no_panic_has_none() {
    let mut scene = Scene::new("(module (func $f (unreachable)))", code::UNREACHABLE).frame(
        "f",
        |op| matches!(op, Op::Unreachable),
        &[],
        &[],
    );
    scene.stderr = b"thread 'main' panicked at src/main.rs:5:10:\ncaught\n".to_vec();
    assert_eq!(scene.report().panic, None);
}
