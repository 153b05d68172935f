//! The limit on the time that a program runs.

use std::time::{Duration, Instant};

use super::*;

const LOOPS: &str = r#"
(module
  (func $begins nop)
  (func (export "run")
    call $begins
    call $begins
    (loop $forever (br $forever))))"#;

fn launch_with(time: Duration) -> Live {
    let mut program = program(LOOPS);
    program.limits.time = Some(time);
    Live::launch(&program).unwrap()
}

/// A person who looks at the program takes nothing of its time.
#[test]
fn only_the_time_counts_in_which_the_program_runs() {
    let limit = Duration::from_millis(400);
    let mut live = launch_with(limit);
    let begins = at(&live, 0, 0, 0);
    set(&mut live, &[begins]);
    std::thread::sleep(2 * limit);
    for _ in 0..2 {
        assert_eq!(resume(&mut live), [StopReason::Breakpoint]);
        std::thread::sleep(2 * limit);
    }
    let began = Instant::now();
    resume(&mut live);
    assert_eq!(crash_code(&live).unwrap(), "timeout");
    assert!(began.elapsed() > limit / 2, "{:?}", began.elapsed());
    assert_eq!(places(&mut live)[0].0, 1);
    // It cannot go on, but functions can be called.
    let called = execute(&mut live).call(wdb_coredump::InstanceId(0), FuncIndex(0), &[], None);
    called.unwrap();
    assert_eq!(live.stop(), [StopReason::Breakpoint]);
    resume(&mut live);
    assert!(matches!(live.stop()[1], StopReason::Returned(_)));
    resume(&mut live);
    assert_eq!(crash_code(&live).unwrap(), "timeout");
    assert_eq!(places(&mut live), []);
    assert!(execute(&mut live).resume(Resume::Continue, None).is_err());
}

/// Time that has passed in pieces is time that has passed.
#[test]
fn the_time_of_all_runs_counts() {
    let limit = Duration::from_millis(600);
    let mut live = launch_with(limit);
    let mut ran = Duration::ZERO;
    loop {
        let interrupt = execute(&mut live).interrupt();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(150));
            interrupt.interrupt();
        });
        let began = Instant::now();
        let stop = resume(&mut live).to_vec();
        ran += began.elapsed();
        if stop != [StopReason::Interrupted] {
            break;
        }
    }
    assert_eq!(crash_code(&live).unwrap(), "timeout");
    assert!(ran >= limit, "{ran:?}");
    assert!(ran < 5 * limit, "{ran:?}");
}

/// A limit that is reached in a call by the debugger is not used up by it.
#[test]
fn a_limit_that_is_reached_in_a_call_holds_after_it() {
    let mut live = launch_with(Duration::from_millis(300));
    let begins = at(&live, 0, 0, 0);
    set(&mut live, &[begins]);
    assert_eq!(resume(&mut live), [StopReason::Breakpoint]);
    set(&mut live, &[]);
    let forever = FuncIndex(1);
    let called = execute(&mut live).call(wdb_coredump::InstanceId(0), forever, &[], None);
    called.unwrap();
    assert_eq!(crash_code(&live).unwrap(), "timeout");
    execute(&mut live).abandon_call().unwrap();
    resume(&mut live);
    assert_eq!(crash_code(&live).unwrap(), "timeout");
}
