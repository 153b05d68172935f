//! Waits that nothing ends: reported before they begin.

use wdb_coredump::{CrashKind, MemoryId};

use super::*;

fn waits(wait: &str) -> String {
    format!(
        r#"
(module
  (memory (export "memory") 1 1 shared)
  (data (i32.const 32) "\07\00\00\00\00\00\00\00")
  (func $waits (result i32) (local $timeout i64)
    (local.set $timeout (i64.const -1))
    {wait})
  (func (export "run") (result i32) (call $waits)))"#
    )
}

const FOR_EVER: &str =
    "(memory.atomic.wait32 offset=16 (i32.const 16) (i32.const 7) (local.get $timeout))";

fn ends_with(live: &mut dyn Debuggee, result: &str) {
    assert_eq!(resume(live), [StopReason::Exited(0)]);
    assert_eq!(results(&mut *live), [result]);
}

#[test]
fn are_crashes() {
    let wait64 = "(memory.atomic.wait64 (i32.const 32) (i64.const 7) (local.get $timeout))";
    for wait in [FOR_EVER, wait64] {
        let mut live = launch(&waits(wait));
        let stop = resume(&mut *live).to_vec();
        let [StopReason::Crash(crash)] = &stop[..] else {
            panic!("{stop:?}");
        };
        assert_eq!(crash.kind, CrashKind::Other);
        assert_eq!(crash.code, "deadlock");
        assert_eq!(
            crash.message,
            "deadlock: the program waits for a change at 0x20, and has no other thread that could wake it"
        );
        assert_eq!(places(&mut *live), [(0, 5), (1, 0)]);
        // It cannot go on.
        resume(&mut *live);
        assert_eq!(crash_code(&*live).unwrap(), "deadlock");
        assert_eq!(places(&mut *live), []);
    }
}

#[test]
fn are_told_whatever_else_stops_there() {
    let mut live = launch(&waits(FOR_EVER));
    let wait = at(&*live, 0, 0, 5);
    set(&mut *live, &[wait]);
    assert_eq!(resume(&mut *live), [StopReason::Breakpoint]);
    step(&mut *live);
    assert_eq!(crash_code(&*live).unwrap(), "deadlock");
    // A filter that lets it pass.
    let mut live = launch(&waits(FOR_EVER));
    set(&mut *live, &[wait]);
    let pass: StopFilter = Box::new(|_| wdb_debuggee::Verdict::Resume(Resume::Continue));
    filtered(&mut *live, Resume::Continue, pass);
    assert_eq!(crash_code(&*live).unwrap(), "deadlock");
    // Steps that come there.
    let mut live = launch(&waits(FOR_EVER));
    while crash_code(&*live).is_none() {
        let stop = step(&mut *live).to_vec();
        assert!(stop == [StopReason::Step] || stop.len() == 1, "{stop:?}");
    }
    assert_eq!(crash_code(&*live).unwrap(), "deadlock");
    assert_eq!(places(&mut *live), [(0, 5), (1, 0)]);
}

#[test]
fn are_none_where_the_wait_ends() {
    // Another value; a time; and one that the user changes.
    let other = FOR_EVER.replace("(i32.const 7)", "(i32.const 8)");
    ends_with(&mut *launch(&waits(&other)), "1");
    let short = FOR_EVER.replace("(local.get $timeout)", "(i64.const 1000)");
    ends_with(&mut *launch(&waits(&short)), "2");
    let mut live = launch(&waits(FOR_EVER));
    let wait = at(&*live, 0, 0, 5);
    set(&mut *live, &[wait]);
    resume(&mut *live);
    live.mutate()
        .unwrap()
        .write_memory(MemoryId(0), 32, &[9])
        .unwrap();
    ends_with(&mut *live, "1");
}
