//! The limit on the time that a program runs.

use std::io;
use std::time::{Duration, Instant};

use wdb_debuggee::Verdict;
use wdb_debuggee::launch::{Output, Sink, Stream};

use super::*;

const LOOPS: &str = r#"
(module
  (func $begins nop)
  (func (export "run")
    call $begins
    call $begins
    (loop $forever (br $forever))))"#;

fn launch_with(time: Duration) -> Box<dyn Debuggee> {
    let mut program = program(LOOPS);
    program.limits.time = Some(time);
    start(&program).unwrap()
}

/// A user who looks at the program takes nothing of its time.
#[test]
fn only_the_time_counts_in_which_the_program_runs() {
    if !has_calls() {
        return;
    }
    let limit = Duration::from_millis(400);
    let mut live = launch_with(limit);
    let begins = at(&*live, 0, 0, 0);
    set(&mut *live, &[begins]);
    std::thread::sleep(2 * limit);
    for _ in 0..2 {
        assert_eq!(resume(&mut *live), [StopReason::Breakpoint]);
        std::thread::sleep(2 * limit);
    }
    let began = Instant::now();
    resume(&mut *live);
    assert_eq!(crash_code(&*live).unwrap(), "timeout");
    assert!(began.elapsed() > limit / 2, "{:?}", began.elapsed());
    assert_eq!(places(&mut *live)[0].0, 1);
    // It cannot go on, but functions can be called.
    let called =
        callable(&mut *live).call_function(wdb_coredump::InstanceId(0), FuncIndex(0), &[], None);
    called.unwrap();
    assert_eq!(live.stop_reasons(), [StopReason::Breakpoint]);
    resume(&mut *live);
    assert!(matches!(live.stop_reasons()[1], StopReason::Returned(_)));
    resume(&mut *live);
    assert_eq!(crash_code(&*live).unwrap(), "timeout");
    assert_eq!(places(&mut *live), []);
    assert!(execute(&mut *live).resume(Resume::Continue, None).is_err());
}

/// Time that has passed in pieces is time that has passed.
#[test]
fn the_time_of_all_runs_counts() {
    let limit = Duration::from_millis(600);
    let mut live = launch_with(limit);
    let mut ran = Duration::ZERO;
    loop {
        interrupt_after(&mut *live, 150);
        let began = Instant::now();
        let stop = resume(&mut *live).to_vec();
        ran += began.elapsed();
        if stop != [StopReason::Interrupted] {
            break;
        }
    }
    assert_eq!(crash_code(&*live).unwrap(), "timeout");
    assert!(ran >= limit, "{ran:?}");
    assert!(ran < 5 * limit, "{ran:?}");
}

/// A limit that is reached in a call by the debugger is not used up by it.
#[test]
fn a_limit_that_is_reached_in_a_call_holds_after_it() {
    if !has_calls() {
        return;
    }
    let mut live = launch_with(Duration::from_millis(300));
    let begins = at(&*live, 0, 0, 0);
    set(&mut *live, &[begins]);
    assert_eq!(resume(&mut *live), [StopReason::Breakpoint]);
    set(&mut *live, &[]);
    let forever = FuncIndex(1);
    let called =
        callable(&mut *live).call_function(wdb_coredump::InstanceId(0), forever, &[], None);
    called.unwrap();
    assert_eq!(crash_code(&*live).unwrap(), "timeout");
    callable(&mut *live).abandon_call().unwrap();
    resume(&mut *live);
    assert_eq!(crash_code(&*live).unwrap(), "timeout");
}

/// Takes its time for each write.
struct Slow;

impl Sink for Slow {
    fn write(&self, _: Stream, _: &[u8]) -> io::Result<()> {
        std::thread::sleep(Duration::from_secs(1));
        Ok(())
    }

    fn is_terminal(&self, _: Stream) -> bool {
        false
    }
}

/// One that was stopped when its time ran out, and is looked at for long, has had no chance to heed it.
#[test]
fn a_program_that_was_stopped_for_long_is_not_given_up_at_once() {
    let mut program = program(
        r#"
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\08\00\00\00\01\00\00\00")
  (func $run (export "run")
    nop
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
    (loop $forever (br $forever))))"#,
    );
    program.limits.time = Some(Duration::from_millis(100));
    let invocation = Invocation {
        output: Output::To(Arc::new(Slow)),
        ..Invocation::default()
    };
    let mut live = prepare(&program).unwrap().launch(&invocation).unwrap();
    let first = at(&*live, 0, 1, 0);
    set(&mut *live, &[first]);
    let looks: StopFilter = Box::new(|_| {
        std::thread::sleep(Duration::from_millis(400));
        Verdict::Stop
    });
    assert_eq!(
        filtered(&mut *live, Resume::Continue, looks),
        [StopReason::Breakpoint]
    );
    std::thread::sleep(Duration::from_secs(4));
    resume(&mut *live);
    assert_eq!(crash_code(&*live).unwrap(), "timeout");
    assert_eq!(places(&mut *live)[0].0, 1);
}
