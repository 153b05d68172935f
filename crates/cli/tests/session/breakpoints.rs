//! Breakpoints: what they stop at, and what they do there.

use wdb_session::breakpoints::{Binding, Breakpoints, Change, Message, NewBreakpoint};

use super::*;

fn steps() -> Guest {
    fixture("c-steps", "c-steps.c", &[])
}

#[test]
fn hits_are_counted_passed_over_and_limited_to_a_condition() {
    let mut guest = steps();
    let id = guest.break_at("factorial");
    let breakpoint = guest.session.breakpoints_mut().get_mut(id).unwrap();
    breakpoint.condition = Some(expression::parse("n % 2 == 1").unwrap());
    breakpoint.ignore = 1;
    breakpoint.commands = vec!["print n".into()];
    let stopped = guest.go();
    let [Reason::Breakpoint(hit)] = &stopped.reasons[..] else {
        panic!("{stopped:?}");
    };
    assert_eq!((hit.id, hit.hits, &*hit.commands[0]), (id, 2, "print n"));
    assert_eq!(guest.value("n"), "3");
    assert_eq!(guest.session.breakpoints().get(id).unwrap().hits, 2);
    guest.session.breakpoints_mut().get_mut(id).unwrap().enabled = false;
    assert_eq!(guest.go().reasons, [Reason::Exited(0)]);
    // Another run has the same breakpoints.
    guest.session.restart().unwrap();
    assert_eq!(guest.session.stopped().reasons, [Reason::Started]);
    guest.session.breakpoints_mut().get_mut(id).unwrap().enabled = true;
    assert_eq!(hits(&guest.go()), [id]);
    assert_eq!(guest.value("n"), "5");
}

#[test]
fn a_wrong_condition_stops_and_says_so() {
    let mut guest = steps();
    let id = guest.break_at("factorial");
    let breakpoint = guest.session.breakpoints_mut().get_mut(id).unwrap();
    breakpoint.condition = Some(expression::parse("nothing > 1").unwrap());
    let stopped = guest.go();
    let [Reason::Condition { breakpoint, error }] = &stopped.reasons[..] else {
        panic!("{stopped:?}");
    };
    assert_eq!(breakpoint.id, id);
    let message = error.to_string();
    assert!(message.contains("nothing"), "{message}");
}

#[test]
fn log_points_tell_and_do_not_stop() {
    let mut guest = steps();
    let told = Arc::new(Mutex::new(Vec::new()));
    let to = Arc::clone(&told);
    guest.session.log_to(Arc::new(move |message: &str| {
        to.lock().unwrap().push(message.to_owned());
    }));
    let id = guest.break_at("factorial");
    let breakpoint = guest.session.breakpoints_mut().get_mut(id).unwrap();
    breakpoint.message = Some(Message::parse("n is {n}, {{{n * 2}}}").unwrap());
    assert_eq!(guest.go().reasons, [Reason::Exited(0)]);
    let told = told.lock().unwrap().clone();
    assert_eq!(told.first().unwrap(), "n is 5, {10}");
    assert_eq!(told.last().unwrap(), "n is 1, {2}");
    assert_eq!(told.len(), 5);
}

#[test]
fn temporary_ones_and_several_at_one_place() {
    let mut guest = steps();
    let first = guest.break_on("/* hot */");
    let second = guest.break_on("/* hot */");
    guest
        .session
        .breakpoints_mut()
        .get_mut(first)
        .unwrap()
        .temporary = true;
    assert_eq!(hits(&guest.go()), [first, second]);
    assert!(guest.session.breakpoints().get(first).is_none());
    assert_eq!(hits(&guest.go()), [second]);
    guest.session.breakpoints_mut().remove(second);
    assert_eq!(guest.go().reasons, [Reason::Exited(0)]);
}

#[test]
fn calls_of_the_host_by_name() {
    let mut guest = steps();
    let trigger = Trigger::HostCall("wasi_snapshot_preview1.fd_wr*".into());
    let id = guest.set(trigger);
    assert_eq!(hits(&guest.go()), [id]);
    assert_eq!(guest.written.text(), "");
    let missing = Trigger::HostCall("nothing".into());
    let new = NewBreakpoint {
        may_be_pending: true,
        ..NewBreakpoint::new("", missing)
    };
    let refused = NewBreakpoint {
        may_be_pending: false,
        ..new.clone()
    };
    assert!(guest.session.set_breakpoint(refused).is_err());
    let pending = guest.session.set_breakpoint(new).unwrap();
    let Binding::Pending(reason) = &pending.binding else {
        panic!("{pending:?}");
    };
    let words = "the program imports no function `nothing`; there are `args_get`, `args_sizes_get`";
    assert!(reason.to_string().starts_with(words), "{reason}");
}

#[test]
fn the_first_instruction_and_traps() {
    let mut guest = fixture("c-div-zero", "c-div-zero.c", &[]);
    let start = guest.set(Trigger::Start);
    let trap = guest.set(Trigger::Trap);
    let stopped = guest.go();
    assert_eq!(hits(&stopped), [start]);
    assert_eq!(guest.depth(), 1);
    let stopped = guest.go();
    assert_eq!(hits(&stopped), [trap]);
    assert!(
        matches!(&stopped.reasons[1], Reason::Crash(crash) if crash.code == "integer-divide-by-zero")
    );
    assert_eq!(guest.place().0, "average");
    assert_eq!(
        refusal(guest.session.run(Motion::Continue)),
        "the program has crashed and cannot go on"
    );
}

#[test]
fn exceptions_caught_or_not() {
    let text = r#"
        (module
          (tag $soft (param i32))
          (tag $hard)
          (func $throw (param $hard i32)
            (if (local.get $hard) (then (throw $hard)))
            (throw $soft (i32.const 7)))
          (func (export "run")
            (block $caught (result i32)
              (try_table (catch $soft $caught) (call $throw (i32.const 0)))
              (i32.const 0))
            (drop)
            (call $throw (i32.const 1))))"#;
    let any = |caught, tag: Option<&str>| Trigger::Thrown {
        tag: tag.map(str::to_owned),
        caught,
    };
    let mut guest = wat(text);
    let id = guest.set(any(None, None));
    let stopped = guest.go();
    assert_eq!(hits(&stopped), [id]);
    assert!(matches!(
        stopped.reasons[1],
        Reason::Thrown { caught: true, .. }
    ));
    assert_eq!(guest.place().0, "throw");
    let stopped = guest.go();
    assert_eq!(hits(&stopped), [id]);
    assert!(stopped.is_over());

    let mut guest = wat(text);
    let id = guest.set(any(None, Some("ha*")));
    let caught = guest.set(any(Some(true), Some("hard")));
    let stopped = guest.go();
    assert_eq!(hits(&stopped), [id]);
    assert!(stopped.is_over());
    assert_eq!(guest.session.breakpoints().get(caught).unwrap().hits, 0);
}

#[test]
fn a_false_condition_never_stops() {
    let rounds = 1000;
    for condition in ["i < 0", "total + i < 0", "state.here.x == i + 100000000"] {
        let mut guest = fixture("c-steps", "c-steps.c", &[&rounds.to_string()]);
        let id = guest.break_on("/* hot */");
        let breakpoint = guest.session.breakpoints_mut().get_mut(id).unwrap();
        breakpoint.condition = Some(expression::parse(condition).unwrap());
        assert_eq!(guest.go().reasons, [Reason::Exited(0)]);
    }
}

#[test]
fn a_program_is_interrupted() {
    let mut guest = fixture("c-hang", "c-hang.c", &[]);
    let interrupt = guest.session.interrupt().unwrap();
    let id = guest.break_at("search");
    let breakpoint = guest.session.breakpoints_mut().get_mut(id).unwrap();
    breakpoint.ignore = u64::MAX;
    let other = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(300));
        interrupt.interrupt();
    });
    let stopped = guest.go();
    other.join().unwrap();
    assert_eq!(stopped.reasons, [Reason::Interrupted]);
    assert_eq!(guest.place().0, "search");
    guest.step(Motion::Over);
}

/// The wish came too late for the run that it was for, and the next one is another.
#[test]
fn an_interrupt_of_a_program_that_is_stopped_stops_no_later_run() {
    let mut guest = fixture("c-steps", "c-steps.c", &["3"]);
    let interrupt = guest.session.interrupt().unwrap();
    interrupt.interrupt();
    guest.break_on("/* hot */");
    for _ in 0..2 {
        let stopped = guest.go();
        assert!(
            matches!(stopped.reasons[..], [Reason::Breakpoint(_)]),
            "{stopped:?}"
        );
        interrupt.interrupt();
    }
    let steps = guest.session.run_times(&Motion::Instruction, 3).unwrap();
    assert_eq!(steps.reasons, [Reason::Step]);
}

/// The program stops at each of the steps by itself, and would forget there that the user wants it to stop.
#[test]
fn steps_without_end_are_interrupted() {
    let mut guest = fixture("c-hang", "c-hang.c", &[]);
    for _ in 0..20 {
        let interrupt = guest.session.interrupt().unwrap();
        let other = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(20));
            interrupt.interrupt();
        });
        let stopped = guest.session.run_times(&Motion::Instruction, 10_000);
        other.join().unwrap();
        let reasons = stopped.unwrap().reasons;
        assert_eq!(reasons, [Reason::Step, Reason::Interrupted]);
    }
}

#[test]
fn what_was_given_up_before_it_ran_does_not_run() {
    let mut guest = fixture("c-hang", "c-hang.c", &[]);
    guest.session.heed(Arc::new(|| true));
    let ran = guest.session.run(Motion::Continue);
    assert!(matches!(ran, Err(wdb_session::Error::GivenUp)), "{ran:?}");
    assert_eq!(guest.session.stopped().reasons, [Reason::Started]);
}

/// What a front end that shows breakpoints gets: it keeps no list of its own.
#[test]
fn changes_of_breakpoints_are_data() {
    let changed = |guest: &Guest, before: &Breakpoints| -> Vec<(&'static str, u32, u64)> {
        let changes = guest.session.breakpoints().changes_since(before);
        let told = changes.into_iter().map(|change| match change {
            Change::Added(it) => ("added", it.id, it.hits),
            Change::Changed(it) => ("changed", it.id, it.hits),
            Change::Removed(it) => ("removed", it.id, it.hits),
        });
        told.collect()
    };
    let mut guest = steps();
    let nothing = guest.session.breakpoints().clone();
    let stays = guest.break_on("/* hot */");
    let once = guest.break_on("/* hot */");
    let breakpoint = guest.session.breakpoints_mut().get_mut(once).unwrap();
    breakpoint.temporary = true;
    let never = guest.break_at("factorial");
    let breakpoint = guest.session.breakpoints_mut().get_mut(never).unwrap();
    breakpoint.condition = Some(expression::parse("n < 0").unwrap());
    let added = [("added", stays, 0), ("added", once, 0), ("added", never, 0)];
    assert_eq!(changed(&guest, &nothing), added);

    let before = guest.session.breakpoints().clone();
    assert_eq!(changed(&guest, &before), []);
    let stopped = guest.go();
    assert_eq!(hits(&stopped), [stays, once]);
    // The one that is gone is still known by the stop.
    let Reason::Breakpoint(gone) = &stopped.reasons[1] else {
        panic!("{stopped:?}");
    };
    assert!(gone.temporary && gone.hits == 1, "{gone:?}");
    let expected = [("removed", once, 0), ("changed", stays, 1)];
    assert_eq!(changed(&guest, &before), expected);

    // A refused one changes nothing, and the program goes on.
    let before = guest.session.breakpoints().clone();
    let spec = places::parse("no_such_function").unwrap();
    let refused = NewBreakpoint::new("", Trigger::Place(spec));
    assert!(guest.session.set_breakpoint(refused).is_err());
    assert_eq!(changed(&guest, &before), []);
    assert_eq!(hits(&guest.go()), [stays]);
    assert_eq!(changed(&guest, &before), [("changed", stays, 2)]);

    // A new start counts from the beginning.
    guest.session.restart().unwrap();
    assert_eq!(changed(&guest, &before), [("changed", stays, 0)]);
    assert_eq!(
        guest.session.breakpoints().get(stays).unwrap().locations()[0].column,
        Some(14)
    );
}

/// A condition that calls a function is decided on this side: who interrupts it stops in the function.
#[test]
fn the_function_of_a_condition_can_be_interrupted() {
    let mut guest = fixture("c-asked", "c-asked.c", &[]);
    let line = guest.line("/* the loop */");
    let id = guest.break_at(&format!("c-asked.c:{line}"));
    let breakpoint = guest.session.breakpoints_mut().get_mut(id).unwrap();
    breakpoint.condition = Some(expression::parse("i == 2 && forever(1)").unwrap());
    let interrupt = guest.session.interrupt().unwrap();
    let running = guest.session.running();
    let thread = std::thread::spawn(move || {
        while !running.load(std::sync::atomic::Ordering::SeqCst) {
            std::thread::yield_now();
        }
        std::thread::sleep(std::time::Duration::from_secs(2));
        interrupt.interrupt();
    });
    let stopped = guest.go();
    thread.join().unwrap();
    let [Reason::Condition { breakpoint, .. }, Reason::Interrupted] = &stopped.reasons[..] else {
        panic!("{stopped:?}");
    };
    assert_eq!((breakpoint.id, breakpoint.hits), (id, 0));
    assert_eq!(guest.value("n"), "1");
    guest.session.abandon().unwrap();
    assert_eq!(guest.value("i"), "2");
    // The next one is decided as if nothing had been.
    let breakpoint = guest.session.breakpoints_mut().get_mut(id).unwrap();
    breakpoint.condition = Some(expression::parse("i > 3 && is_odd(i)").unwrap());
    assert_eq!(hits(&guest.go()), [id]);
    assert_eq!(guest.value("i"), "5");
    assert_eq!(guest.session.breakpoints().get(id).unwrap().hits, 1);
}
