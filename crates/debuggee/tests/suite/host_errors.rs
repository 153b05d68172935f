//! Errors of host functions: reported at the call, whatever comes after it.

use wdb_coredump::{CrashKind, Missing, Slot};

use std::sync::Mutex;

use wdb_debuggee::launch::Input;

use super::*;

/// Every instruction after which a `call` could be taken for something else: those that can trap themselves.
const NEXT: [&str; 14] = [
    "i32.load",
    "i32.load8_u offset=16",
    "memory.grow",
    "i32.const 1 i32.div_s",
    "i32.const 0 i32.const 0 memory.fill i32.const 0",
    "drop unreachable",
    "unreachable",
    "f32.reinterpret_i32 i32.trunc_f32_s",
    "table.get 0 drop i32.const 0",
    "call_indirect (type $none) i32.const 0",
    "i64.extend_i32_u i64.const 0 i64.rem_u drop i32.const 0",
    "ref.i31 i31.get_s",
    "drop i32.const 4",
    "call $function",
];

fn program_of(body: &str) -> String {
    format!(
        r#"
(module
  (type $none (func))
  (type $write (func (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (type $write)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (type $write)))
  (memory (export "memory") 1)
  (global $global (mut i32) (i32.const 7))
  (table 2 funcref)
  (elem (i32.const 0) $fd_write)
  (elem declare func $fd_write)
  (func $function (param i32) (result i32) local.get 0)
  (func $fails (result i32)
    nop
    {body})
  (func (export "_start") (drop (call $fails))))"#
    )
}

const FAILS: u32 = 3;
const START: u32 = 4;
/// Memory that there is not.
const OUTSIDE: &str = "i32.const 1 i32.const 0x7ffffff0 i32.const 4 i32.const 8";

/// Runs into the error, which is reported at the call at `position`; gives back the name of the host function.
fn fails(body: &str, position: usize) -> (Box<dyn Debuggee>, String) {
    let mut live = launch(&program_of(body));
    let stop = resume(&mut *live);
    let [StopReason::Crash(crash)] = stop else {
        panic!("{body}: {stop:?}");
    };
    assert_eq!(crash.kind, CrashKind::HostError, "{body}");
    assert_eq!(
        places(&mut *live),
        [(FAILS, position), (START, 0)],
        "{body}"
    );
    let hosts = thread(&mut *live).host_frames;
    assert_eq!(hosts.len(), 1, "{body}");
    assert_eq!(hosts[0].before, 0, "{body}");
    (live, hosts[0].name.clone())
}

#[test]
fn are_told_at_the_call_whatever_follows_it() {
    for next in NEXT {
        let (_, name) = fails(&format!("{OUTSIDE} call $fd_write {next}"), 5);
        assert_eq!(name, "wasi_snapshot_preview1.fd_write", "{next}");
    }
}

#[test]
fn are_told_at_calls_through_tables_and_references() {
    for next in NEXT {
        let through = "i32.const 0 call_indirect (type $write)";
        fails(&format!("{OUTSIDE} {through} {next}"), 6);
        let through = "ref.func $fd_write call_ref $write";
        fails(&format!("{OUTSIDE} {through} {next}"), 6);
    }
}

/// The caller is gone: what is left is the call of it.
#[test]
fn are_told_at_the_call_of_what_has_called_the_host_in_its_place() {
    let mut live = launch(&program_of(&format!("{OUTSIDE} return_call $fd_write")));
    resume(&mut *live);
    assert_eq!(places(&mut *live), [(START, 0)]);
    assert_eq!(thread(&mut *live).host_frames.len(), 1);
}

/// A trap after a call that has returned is the instruction's own.
#[test]
fn are_not_made_of_traps() {
    for (next, code) in [
        ("unreachable", "unreachable"),
        ("i32.const 0 i32.div_u", "integer-divide-by-zero"),
        ("drop i32.const -1 i32.load", "memory-out-of-bounds"),
        (
            "drop i32.const 1 call_indirect (type $none) i32.const 0",
            "indirect-call-null",
        ),
        (
            "drop i32.const 0 call_indirect (type $none) i32.const 0",
            "indirect-call-type",
        ),
        (
            "drop i32.const 9 call_indirect (type $none) i32.const 0",
            "table-out-of-bounds",
        ),
        (
            "drop ref.null $none call_ref $none i32.const 0",
            "null-reference",
        ),
    ] {
        let body = format!("i32.const 1 i32.const 0 i32.const 0 i32.const 8 call $fd_write {next}");
        let mut live = launch(&program_of(&body));
        resume(&mut *live);
        assert_eq!(crash_code(&*live).as_deref(), Some(code), "{next}");
        let found = thread(&mut *live);
        assert_eq!(found.host_frames, [], "{next}");
        let (func, position) = place(&*live, &found.frames[0]);
        assert_eq!(func, FAILS, "{next}");
        assert!(position > 5, "{next}: at the call");
    }
}

/// The host has read into the memory from which the code took its operands, and has then failed.
#[test]
fn do_not_change_the_operands_of_the_call() {
    let known = |n| Slot::Known(Value::I32(n));
    let operands = [known(3), known(0), known(32), known(7), known(0x7fff_fff0)];
    let arguments =
        "i32.const 3 (i32.const 0) (i32.load (i32.const 100)) (i32.const 32) (global.get $global)
      (i32.const 0x7ffffff0)";
    let arguments = arguments.replace("(i32.const 0) ", "");
    for (call, index) in [
        ("call $fd_read", None),
        (
            "(i32.load8_u (i32.const 101)) call_indirect (type $write)",
            Some(Slot::Missing(Missing::NotRecorded)),
        ),
    ] {
        let body = format!(
            "(i32.store (i32.const 32) (i32.const 100)) (i32.store (i32.const 36) (i32.const 8))
             {arguments} {call} i32.add"
        );
        let text = program_of(&body)
            .replace(
                "(elem (i32.const 0) $fd_write)",
                "(elem (i32.const 0) $fd_read)",
            )
            .replace("(i32.const 7)", "(i32.const 1)");
        let file = std::fs::File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        let invocation = Invocation {
            input: Input::Reader(Arc::new(Mutex::new(file.unwrap()))),
            ..Invocation::default()
        };
        let compiled = prepare(&program(&text)).unwrap();
        let mut live = compiled.launch(&invocation).unwrap();
        resume(&mut *live);
        assert_eq!(crash_code(&*live).unwrap(), "host-error", "{call}");
        let mut read = [0; 4];
        live.read_memory(wdb_coredump::MemoryId(0), 100, &mut read)
            .unwrap();
        assert_eq!(&read, b"[pac", "for the test to be one");
        let frame = &thread(&mut *live).frames[0];
        let mut expected = operands.to_vec();
        expected[3] = known(1);
        expected.extend(index);
        assert_eq!(frame.stack.as_ref().unwrap()[..], expected, "{call}");
    }
}

/// The limit is reached in `memory.grow`, which no host function is part of.
#[test]
fn are_not_made_of_limits() {
    let body = "i32.const 1 i32.const 0 i32.const 0 i32.const 8 call $fd_write drop i32.const 100 memory.grow";
    let mut program = program(&program_of(body));
    program.limits.memory = Some(100_000);
    let mut live = start(&program).unwrap();
    resume(&mut *live);
    assert_eq!(crash_code(&*live).unwrap(), "memory-limit");
    assert_eq!(places(&mut *live), [(FAILS, 8), (START, 0)]);
    assert_eq!(thread(&mut *live).host_frames, []);
    assert_eq!(operands(&thread(&mut *live).frames[0]), [100]);
}

/// A component's host function that cannot take what it is given.
#[test]
fn are_told_at_the_call_in_components() {
    let mut live = launch(
        r#"
(component
  (import "wasi:cli/environment@0.2.0" (instance $environment
    (export "get-arguments" (func (result (list string))))))
  (core module $memory
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0x7ffffff0))
  (core instance $memory (instantiate $memory))
  (core func $get (canon lower (func $environment "get-arguments")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core module $main
    (import "host" "get-arguments" (func $get (param i32)))
    (func (export "run") (result i32)
      i32.const 0x7ffffff0
      call $get
      unreachable))
  (core instance $main (instantiate $main
    (with "host" (instance (export "get-arguments" (func $get))))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $run (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $run)))"#,
    );
    let stop = resume(&mut *live).to_vec();
    assert!(
        matches!(&stop[..], [StopReason::Crash(crash)] if crash.kind == CrashKind::HostError),
        "{stop:?}"
    );
    assert_eq!(places(&mut *live), [(1, 1)]);
    let hosts = thread(&mut *live).host_frames;
    assert_eq!(hosts[0].name, "host.get-arguments");
}
