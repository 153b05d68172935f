//! Watches: what is decided next to the guest.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use wdb_coredump::MemoryId;
use wdb_debuggee::Verdict;

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
    let store = at(&*live, 0, 0, 2);
    set(&mut *live, &[store]);
    let hits = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&hits);
    let stop = filtered(
        &mut *live,
        Resume::Continue,
        Box::new(move |debuggee| {
            assert_eq!(debuggee.stop_reasons(), [StopReason::Breakpoint]);
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
    assert_eq!(word(&mut *live), 999);
    assert_eq!(places(&mut *live), [(0, 2), (1, 5)]);
    // Without a filter it stops at once.
    assert_eq!(resume(&mut *live), [StopReason::Breakpoint]);
    assert_eq!(word(&mut *live), 1000);
}

#[test]
fn a_watch_can_step_and_change_breakpoints() {
    let mut live = launch(COUNTS);
    let (store, end) = (at(&*live, 0, 0, 2), at(&*live, 0, 0, 3));
    set(&mut *live, &[store]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let stop = filtered(
        &mut *live,
        Resume::Continue,
        Box::new(move |debuggee| {
            assert!(debuggee.execute().is_none());
            let mut seen = noted.lock().unwrap();
            let stop = debuggee.stop_reasons().to_vec();
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
    let never = || -> StopFilter { Box::new(|_| panic!("asked")) };
    let mut live = launch(r#"(module (func (export "run") unreachable))"#);
    filtered(&mut *live, Resume::Continue, never());
    assert_eq!(crash_code(&*live).unwrap(), "unreachable");
    let mut live = launch(r#"(module (func (export "run")))"#);
    let stop = filtered(&mut *live, Resume::Continue, never());
    assert_eq!(stop, [StopReason::Exited(0)]);
}

#[test]
fn an_interrupt_comes_through_a_watch_that_never_stops() {
    let mut live = launch(COUNTS);
    let store = at(&*live, 0, 0, 2);
    set(&mut *live, &[store]);
    let interrupt = execute(&mut *live).interrupt();
    let stop = filtered(
        &mut *live,
        Resume::Continue,
        Box::new(move |debuggee| {
            if word(debuggee) == 100 {
                interrupt.interrupt();
            }
            Verdict::Resume(Resume::Continue)
        }),
    );
    assert!(stop.contains(&StopReason::Interrupted), "{stop:?}");
    assert!(word(&mut *live) < 110, "{}", word(&mut *live));
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
        interrupt_after(&mut *live, 20);
        assert_eq!(resume(&mut *live), [StopReason::Interrupted]);
        counts.push(locals(&thread(&mut *live).frames[0])[0]);
        // It can be stepped from there.
        assert_eq!(step(&mut *live), [StopReason::Step]);
    }
    assert!(counts[0] < counts[1] && counts[1] < counts[2], "{counts:?}");
    let mutate = live.mutate().unwrap();
    mutate.write_memory(MemoryId(0), 0, &[1]).unwrap();
    assert_eq!(resume(&mut *live), [StopReason::Exited(0)]);
}

/// An interrupt takes nothing from the breakpoint at the same instruction.
#[test]
fn a_breakpoint_where_the_program_is_interrupted_is_decided_too() {
    for verdict in [Verdict::Stop, Verdict::Resume(Resume::Continue)] {
        let mut live = launch(COUNTS);
        let store = at(&*live, 0, 0, 2);
        set(&mut *live, &[store]);
        let interrupt = execute(&mut *live).interrupt();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        filtered(
            &mut *live,
            Resume::Continue,
            Box::new(move |debuggee| {
                let mut asked = noted.lock().unwrap();
                asked.push(debuggee.stop_reasons().to_vec());
                if debuggee.stop_reasons().contains(&StopReason::Interrupted) {
                    return verdict;
                }
                // It is set where the next stop is: the program stops step by step from here.
                interrupt.interrupt();
                Verdict::Resume(Resume::StepInstruction)
            }),
        );
        let asked = asked.lock().unwrap();
        assert_eq!(asked.len(), 2, "{asked:?}");
        assert_eq!(asked[1], [StopReason::Step, StopReason::Interrupted]);
        // What the filter has passed is no reason any more.
        let expected = match verdict {
            Verdict::Stop => asked[1].clone(),
            Verdict::Resume(_) => vec![StopReason::Interrupted],
        };
        assert_eq!(live.stop_reasons(), expected);
    }
}

/// The wish of a user whose program has stopped by itself meanwhile is fulfilled.
#[test]
fn an_interrupt_of_a_program_that_stops_is_not_kept() {
    let mut live = launch(COUNTS);
    let store = at(&*live, 0, 0, 2);
    set(&mut *live, &[store]);
    let interrupt = execute(&mut *live).interrupt();
    let filter: StopFilter = Box::new(move |_| {
        interrupt.interrupt();
        Verdict::Stop
    });
    let stop = filtered(&mut *live, Resume::Continue, filter);
    assert_eq!(stop, [StopReason::Breakpoint]);
    for _ in 0..3 {
        assert_eq!(resume(&mut *live), [StopReason::Breakpoint]);
    }
}

/// A filter that fails stops the program, with all that there is to see, and the debugger goes on.
#[test]
fn a_watch_that_panics_is_an_error() {
    let panics = || -> StopFilter { Box::new(|_| panic!("of the test")) };
    let mut live = launch(COUNTS);
    let store = at(&*live, 0, 0, 2);
    set(&mut *live, &[store]);
    let failed = execute(&mut *live).resume(Resume::Continue, Some(panics()));
    let message = failed.unwrap_err().to_string();
    assert!(message.ends_with(": of the test"), "{message}");
    assert_eq!(live.stop_reasons(), [StopReason::Breakpoint]);
    assert_eq!(places(&mut *live), [(0, 2), (1, 5)]);
    assert_eq!(resume(&mut *live), [StopReason::Breakpoint]);
    assert_eq!(word(&mut *live), 1);
}

const THROWS: &str = r#"
(module
  (tag $oops)
  (memory 1)
  (func $throws (throw $oops))
  (func (export "run")
    (block $caught
      (try_table (catch_all $caught) (call $throws)))
    (i32.store (i32.const 8) (i32.const 5))
    unreachable))"#;

/// The handler is called where nothing can be unwound.
#[test]
fn a_watch_that_panics_at_an_exception_is_an_error_too() {
    let mut live = launch(THROWS);
    breakpoints(&mut *live).stop_at_exceptions(true).unwrap();
    let failed = execute(&mut *live).resume(
        Resume::Continue,
        Some(Box::new(|_| panic!("of the test {}", 2))),
    );
    let message = failed.unwrap_err().to_string();
    assert!(message.ends_with(": of the test 2"), "{message}");
    assert_eq!(places(&mut *live), [(0, 0), (1, 2)]);
    // It is caught as if nothing had been.
    resume(&mut *live);
    assert_eq!(crash_code(&*live).unwrap(), "unreachable");
    assert_eq!(word(&mut *live), 5);
}

#[test]
fn a_watch_at_an_exception_sees_all_and_can_step() {
    let mut live = launch(THROWS);
    breakpoints(&mut *live).stop_at_exceptions(true).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let filter: StopFilter = Box::new(move |debuggee| {
        let mut seen = noted.lock().unwrap();
        seen.push(places(debuggee));
        match seen.len() {
            1 => Verdict::Resume(Resume::StepInstruction),
            _ => Verdict::Stop,
        }
    });
    assert_eq!(
        filtered(&mut *live, Resume::Continue, filter),
        [StopReason::Step]
    );
    assert_eq!(*seen.lock().unwrap(), [vec![(0, 0), (1, 2)], vec![(1, 5)]]);
}

/// The guest has used up nearly all of its stack; the handler has its own.
#[test]
fn a_watch_has_room_on_a_stack_that_is_nearly_used_up() {
    let mut live = launch(
        r#"
(module
  (func $deep (param i32) (result i32)
    (i32.add (call $deep (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
  (func (export "run") (result i32) (call $deep (i32.const 0))))"#,
    );
    let entry = at(&*live, 0, 0, 0);
    set(&mut *live, &[entry]);
    let deepest = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&deepest);
    let filter: StopFilter = Box::new(move |debuggee| {
        let n = counted.fetch_add(1, Ordering::Relaxed);
        // Reading it all each time would take its square.
        assert_eq!(locals(&debuggee.frame(0, 0).unwrap()), [n as i32]);
        if n.is_multiple_of(1000) {
            assert_eq!(debuggee.depth(0).unwrap(), n as usize + 2);
            assert_eq!(debuggee.threads().unwrap()[0].frames.len(), n as usize + 2);
        }
        Verdict::Resume(Resume::Continue)
    });
    filtered(&mut *live, Resume::Continue, filter);
    assert_eq!(crash_code(&*live).unwrap(), "stack-overflow");
    let deepest = deepest.load(Ordering::Relaxed) as usize;
    // The innermost has run nothing, and so has not come to its breakpoint.
    assert_eq!(live.depth(0).unwrap(), deepest + 2);
}

/// What a component's host function calls back has its breakpoints, and its filter.
#[test]
fn a_watch_sees_what_a_component_is_called_back_with() {
    let text = include_str!("../../../../tests/cli/run/activations.wat")
        .replace("(i32.const 0))))", "(i32.const 1))))");
    let mut live = launch(&text);
    let (callback, calls) = (at(&*live, 0, 0, 0), at(&*live, 1, 1, 0));
    set(&mut *live, &[callback, calls]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let filter: StopFilter = Box::new(move |debuggee| {
        let hosts = debuggee.threads().unwrap()[0].host_frames.len();
        noted.lock().unwrap().push((places(debuggee), hosts));
        Verdict::Resume(Resume::Continue)
    });
    filtered(&mut *live, Resume::Continue, filter);
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0], (vec![(1, 0), (2, 0)], 0));
    assert_eq!(seen[1], (vec![(0, 0), (1, 1), (2, 0)], 1));
}
