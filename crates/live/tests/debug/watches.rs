//! Watches: what is decided next to the guest.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use wdb_coredump::MemoryId;
use wdb_target::Verdict;

use super::*;

/// Counts to a million and stores the count in memory.
const COUNTS: &str = r#"
(module
  (memory 1)
  (func $store (param i32)
    i32.const 8
    local.get 0
    i32.store)
  (func (export "run") (local $n i32)
    loop $again
      local.get $n
      i32.const 1
      i32.add
      local.tee $n
      call $store
      local.get $n
      i32.const 1000000
      i32.lt_u
      br_if $again
    end))"#;

fn word(debuggee: &mut dyn Debuggee) -> u32 {
    let mut bytes = [0; 4];
    debuggee.read_memory(MemoryId(0), 8, &mut bytes).unwrap();
    u32::from_le_bytes(bytes)
}

#[test]
fn a_condition_is_decided_next_to_the_guest() {
    let mut live = launch(COUNTS);
    let store = at(&live, 0, 0, 2);
    set(&mut live, &[store]);
    let hits = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&hits);
    let stop = watched(
        &mut live,
        Resume::Continue,
        Box::new(move |debuggee| {
            assert_eq!(debuggee.stop(), [StopReason::Breakpoint]);
            let hit = counted.fetch_add(1, Ordering::Relaxed);
            // The store has not happened.
            assert_eq!(word(debuggee), hit);
            let frame = debuggee.frame(0, 0).unwrap();
            match locals(&frame)[0] {
                1000 => Verdict::Stop,
                _ => Verdict::Resume(Resume::Continue),
            }
        }),
    );
    assert_eq!(stop, [StopReason::Breakpoint]);
    assert_eq!(hits.load(Ordering::Relaxed), 1000);
    assert_eq!(word(&mut live), 999);
    assert_eq!(places(&mut live), [(0, 2), (1, 5)]);
    // Without a watch it stops at once.
    assert_eq!(resume(&mut live), [StopReason::Breakpoint]);
    assert_eq!(word(&mut live), 1000);
}

#[test]
fn a_watch_can_step_and_change_breakpoints() {
    let mut live = launch(COUNTS);
    let (store, end) = (at(&live, 0, 0, 2), at(&live, 0, 0, 3));
    set(&mut live, &[store]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let stop = watched(
        &mut live,
        Resume::Continue,
        Box::new(move |debuggee| {
            assert!(debuggee.execute().is_none());
            let mut seen = noted.lock().unwrap();
            let stop = debuggee.stop().to_vec();
            let places = places(debuggee);
            seen.push((stop, places[0], word(debuggee)));
            match seen.len() {
                1 => Verdict::Resume(Resume::StepInstruction),
                2 => {
                    let breakpoints = debuggee.breakpoints().unwrap();
                    breakpoints.set_breakpoints(&[end].into()).unwrap();
                    Verdict::Resume(Resume::Continue)
                }
                _ => Verdict::Stop,
            }
        }),
    );
    assert_eq!(stop, [StopReason::Breakpoint]);
    let seen = seen.lock().unwrap();
    assert_eq!(
        *seen,
        [
            (vec![StopReason::Breakpoint], (0, 2), 0),
            (vec![StopReason::Step], (0, 3), 1),
            (vec![StopReason::Breakpoint], (0, 3), 2),
        ]
    );
}

#[test]
fn crashes_and_ends_are_not_up_to_a_watch() {
    let never = || -> Watch { Box::new(|_| panic!("asked")) };
    let mut live = launch(r#"(module (func (export "run") unreachable))"#);
    watched(&mut live, Resume::Continue, never());
    assert_eq!(crash_code(&live).unwrap(), "unreachable");
    let mut live = launch(r#"(module (func (export "run")))"#);
    let stop = watched(&mut live, Resume::Continue, never());
    assert_eq!(stop, [StopReason::Exited(0)]);
}

#[test]
fn an_interrupt_comes_through_a_watch_that_never_stops() {
    let mut live = launch(COUNTS);
    let store = at(&live, 0, 0, 2);
    set(&mut live, &[store]);
    let interrupt = execute(&mut live).interrupt();
    let stop = watched(
        &mut live,
        Resume::Continue,
        Box::new(move |debuggee| {
            if word(debuggee) == 100 {
                interrupt.interrupt();
            }
            Verdict::Resume(Resume::Continue)
        }),
    );
    assert!(stop.contains(&StopReason::Interrupted), "{stop:?}");
    assert!(word(&mut live) < 110, "{}", word(&mut live));
}

#[test]
fn a_loop_without_calls_is_interrupted_and_goes_on() {
    let mut live = launch(
        r#"
(module
  (memory 1)
  (func (export "run") (local $n i32)
    loop $again
      local.get $n
      i32.const 1
      i32.add
      local.set $n
      (br_if $again (i32.eqz (i32.load (i32.const 0))))
    end))"#,
    );
    let mut counts = Vec::new();
    for _ in 0..3 {
        let interrupt = execute(&mut live).interrupt();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            interrupt.interrupt();
        });
        assert_eq!(resume(&mut live), [StopReason::Interrupted]);
        counts.push(locals(&thread(&mut live).frames[0])[0]);
        // It can be stepped from there.
        assert_eq!(step(&mut live), [StopReason::Step]);
    }
    assert!(counts[0] < counts[1] && counts[1] < counts[2], "{counts:?}");
    let mutate = live.mutate().unwrap();
    mutate.write_memory(MemoryId(0), 0, &[1]).unwrap();
    assert_eq!(resume(&mut live), [StopReason::Exited(0)]);
}
