//! Steps.

use super::*;

fn steps() -> Guest {
    fixture("c-steps", "c-steps.c", &[])
}

/// Is at the line with this text for the first time.
fn at(text: &str) -> Guest {
    let mut guest = steps();
    let id = guest.break_on(text);
    assert_eq!(hits(&guest.go()), [id]);
    guest.session.breakpoints_mut().remove(id);
    guest
}

#[test]
fn over_does_not_stop_in_what_is_called() {
    let mut guest = at("/* first */");
    guest.expect("main", "factorial(5)");
    guest.step(Motion::Over);
    guest.expect("main", "clamp(product, 14)");
    assert_eq!(guest.value("product"), "120");
    guest.step(Motion::Over);
    guest.expect("main", "int values[]");
    assert_eq!(guest.value("clamped"), "14");
    guest.step(Motion::Over);
    guest.expect("main", "qsort");
    guest.step(Motion::Over);
    guest.expect("main", "sorted");
    assert_eq!(guest.value("values"), "{1, 2, 3}");
}

#[test]
fn into_enters_a_function_after_its_prologue() {
    let mut guest = at("/* first */");
    let depth = guest.depth();
    guest.step(Motion::Into);
    guest.expect("factorial", "if (n < 2)");
    assert_eq!(guest.depth(), depth + 1);
    assert_eq!(guest.value("n"), "5");
}

#[test]
fn activations_of_a_recursion_are_told_apart() {
    let mut guest = at("/* first */");
    guest.step(Motion::Into);
    guest.step(Motion::Over);
    guest.expect("factorial", "int smaller");
    let depth = guest.depth();
    // All the inner activations pass the line that the step goes to.
    guest.step(Motion::Over);
    guest.expect("factorial", "on the way back");
    assert_eq!((guest.depth(), guest.value("n")), (depth, "5".into()));
    assert_eq!(guest.value("smaller"), "24");
    // The closing brace, and the caller's statement.
    guest.step(Motion::Over);
    guest.expect("factorial", "}");
    guest.step(Motion::Over);
    guest.expect("main", "first");
    assert_eq!(guest.depth(), depth - 1);
    guest.step(Motion::Over);
    guest.expect("main", "calls clamp");
}

#[test]
fn out_shows_what_the_function_gives_back() {
    let mut guest = at("/* first */");
    guest.step(Motion::Into);
    guest.step(Motion::Over);
    guest.step(Motion::Into);
    guest.step(Motion::Over);
    assert_eq!(guest.value("n"), "4");
    let stopped = guest.run(Motion::Out);
    assert_eq!(finished(&mut guest, &stopped), "factorial: 24");
    guest.expect("factorial", "int smaller");
    let stopped = guest.run(Motion::Out);
    assert_eq!(finished(&mut guest, &stopped), "factorial: 120");
    guest.expect("main", "first");
}

fn finished(guest: &mut Guest, stopped: &Stopped) -> String {
    let [Reason::Finished(Some(returned))] = &stopped.reasons[..] else {
        panic!("{stopped:?}");
    };
    let ReturnValue::Typed(value) = returned.value.clone() else {
        panic!("{returned:?}");
    };
    let limits = wdb_symbols::render::Limits {
        depth: 8,
        elements: 10,
        text: 100,
        line: 200,
        values: 100,
    };
    let mut view = guest.session.view();
    let (text, _) = expression::with_context(&mut view, value.frame, |context| {
        context.short(&value.object, &limits)
    });
    format!("{}: {text}", returned.function)
}

#[test]
fn results_have_the_types_of_the_source() {
    for (function, expected) in [
        (
            "make_box",
            "make_box: {from = {x = 0, y = 0}, to = {x = 8, y = 8}, weight = 2}",
        ),
        ("widen", "widen: 51539607552"),
        ("halve", "halve: 1.5"),
        ("next_color", "next_color: GREEN"),
    ] {
        let mut guest = steps();
        guest.break_at(function);
        guest.go();
        let stopped = guest.run(Motion::Out);
        assert_eq!(finished(&mut guest, &stopped), expected);
    }
}

#[test]
fn an_inlined_function_is_a_frame_of_its_own() {
    let mut guest = at("/* calls clamp */");
    guest.expect("main", "calls clamp");
    let depth = guest.depth();
    guest.step(Motion::Into);
    guest.expect("clamp", "int clamped = value");
    assert_eq!(guest.depth(), depth);
    assert_eq!(guest.value("value"), "120");
    guest.session.up(1).unwrap();
    guest.expect("main", "calls clamp");
    guest.session.down(1).unwrap();
    guest.step(Motion::Over);
    guest.expect("clamp", "if (clamped > most)");
    let stopped = guest.run(Motion::Out);
    assert_eq!(stopped.reasons, [Reason::Finished(None)]);
    guest.expect("main", "");
    guest.step(Motion::Over);
    guest.expect("main", "int values[]");
}

#[test]
fn a_loop_is_left_by_until() {
    let mut guest = at("/* hot */");
    guest.step(Motion::Over);
    guest.expect("spin", "for (int i");
    guest.step(Motion::Over);
    guest.expect("spin", "/* hot */");
    assert_eq!(guest.value("i"), "1");
    guest.step(Motion::Until);
    guest.expect("spin", "return total");
    assert_eq!(guest.value("total"), "12");
}

#[test]
fn a_breakpoint_on_the_way_ends_a_step() {
    let mut guest = at("/* first */");
    let id = guest.break_on("the end of the recursion");
    let stopped = guest.run(Motion::Over);
    assert_eq!(hits(&stopped), [id]);
    assert!(!stopped.is_step());
    guest.expect("factorial", "the end of the recursion");
    assert_eq!(guest.value("n"), "1");
    // The frame further out is stepped through from here.
    let main = guest.session.view().depth(0) as u32 - 1;
    while guest.place().0 != "main" {
        guest.session.up(1).unwrap();
    }
    guest.step(Motion::Over);
    guest.expect("main", "calls clamp");
    assert!(main > 4);
}

#[test]
fn the_library_is_not_entered_and_what_it_calls_back_is() {
    let mut guest = at("/* sorts */");
    guest.step(Motion::Over);
    guest.expect("main", "sorted");
    let mut guest = at("/* sorts */");
    guest.step(Motion::Into);
    guest.expect("ascending", "called by the library");
    let mut guest = at("/* sorts */");
    let id = guest.break_at("ascending");
    assert_eq!(hits(&guest.run(Motion::Over)), [id]);
    guest.expect("ascending", "called by the library");
    guest.session.breakpoints_mut().remove(id);
    // Out of the callback, through the library, to where there is a source of our own.
    guest.step(Motion::Over);
    guest.expect("main", "sort");
}

#[test]
fn to_a_place() {
    let mut guest = at("/* first */");
    let line = guest.line("/* sorts */");
    let spec = places::parse(&format!("c-steps.c:{line}")).unwrap();
    guest.step(Motion::Advance(spec.clone()));
    guest.expect("main", "sorts");
    // The function ends before the place is come to again.
    let mut guest = at("/* first */");
    guest.step(Motion::Into);
    guest.step(Motion::UntilPlace(spec));
    guest.expect("main", "first");
}

#[test]
fn a_place_in_the_function_is_come_to_in_the_same_activation() {
    let mut guest = at("/* first */");
    guest.step(Motion::Into);
    let depth = guest.depth();
    let line = guest.line("/* on the way back */");
    let spec = places::parse(&format!("c-steps.c:{line}")).unwrap();
    guest.step(Motion::UntilPlace(spec.clone()));
    assert_eq!((guest.depth(), guest.value("n")), (depth, "5".into()));
    // Wherever it is: in the activation that reaches it first.
    let mut guest = at("/* first */");
    guest.step(Motion::Advance(spec.clone()));
    assert_eq!((guest.depth(), guest.value("n")), (depth + 3, "2".into()));
    // In another function: in any.
    let mut guest = at("/* first */");
    guest.step(Motion::UntilPlace(spec));
    assert_eq!((guest.depth(), guest.value("n")), (depth + 3, "2".into()));
}

#[test]
fn instructions() {
    let mut guest = at("/* first */");
    let depth = guest.depth();
    let mut calls = 0;
    while guest.place().1.contains("first") {
        guest.step(Motion::InstructionOver);
        assert_eq!(guest.depth(), depth);
        calls += 1;
    }
    assert!(calls > 2);
    let mut guest = at("/* first */");
    while guest.depth() == depth {
        guest.step(Motion::Instruction);
    }
    assert_eq!(guest.place().0, "factorial");
}

#[test]
fn the_end_of_the_program_ends_a_step() {
    let mut guest = at("/* prints */");
    let stopped = guest.run(Motion::Out);
    assert_eq!(finished(&mut guest, &stopped), "main: 0");
    assert_eq!(guest.run(Motion::Over).reasons, [Reason::Exited(0)]);
    assert_eq!(guest.written.text(), "120 14 6 30 9\n");
    assert_eq!(
        refusal(guest.session.run(Motion::Over)),
        "the program has ended"
    );
}

/// What has no lines is stepped through by instructions.
const THROWS: &str = r#"
(module
  (tag $oops (param i32))
  (func $deep (param $n i32)
    (if (i32.eqz (local.get $n)) (then (throw $oops (i32.const 7))))
    (call $deep (i32.sub (local.get $n) (i32.const 1))))
  (func $between (call $deep (i32.const 3)) (nop))
  (func $tail (param $n i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (return (i32.const 42))))
    (return_call $tail (i32.sub (local.get $n) (i32.const 1))))
  (func (export "run") (result i32)
    (block $caught (result i32)
      (try_table (catch $oops $caught) (call $between))
      (i32.const 0))
    (drop)
    (call $tail (i32.const 5))))"#;

#[test]
fn an_exception_out_of_the_frame_ends_a_step() {
    let mut guest = wat(THROWS);
    guest.break_at("between");
    guest.go();
    assert_eq!(guest.place().0, "between");
    let stopped = guest.run(Motion::InstructionOver);
    assert!(stopped.is_step(), "{stopped:?}");
    guest.step(Motion::InstructionOver);
    assert_eq!((guest.place().0.as_str(), guest.depth()), ("run", 1));
    let mut guest = wat(THROWS);
    guest.break_at("between");
    guest.go();
    let stopped = guest.run(Motion::Out);
    assert_eq!(stopped.reasons, [Reason::Finished(None)]);
    assert_eq!((guest.place().0.as_str(), guest.depth()), ("run", 1));
}

#[test]
fn a_step_from_where_an_exception_was_thrown_comes_to_where_it_is_caught() {
    for (up, motion) in [(0, Motion::Out), (1, Motion::InstructionOver)] {
        let mut guest = wat(THROWS);
        let thrown = Trigger::Thrown {
            tag: None,
            caught: None,
        };
        let id = guest.set(thrown);
        assert_eq!(hits(&guest.go()), [id]);
        assert_eq!((guest.place().0.as_str(), guest.depth()), ("deep", 6));
        if up > 0 {
            guest.session.up(up).unwrap();
        }
        let stopped = guest.run(motion);
        assert_eq!(stopped.reasons.len(), 1, "{stopped:?}");
        assert_eq!((guest.place().0.as_str(), guest.depth()), ("run", 1));
        // There is the payload, on the way to the `drop`.
        let frame = guest
            .session
            .view()
            .frame(wdb_examine::view::FrameId::default())
            .unwrap();
        let stack = frame.stack.clone().unwrap();
        let payload = stack.last().and_then(|it| it.value().cloned());
        assert_eq!(payload, Some(wdb_debuggee::coredump::Value::I32(7)));
    }
}

#[test]
fn tail_calls_keep_the_depth() {
    let mut guest = wat(THROWS);
    guest.break_at("tail");
    guest.go();
    for id in guest
        .session
        .breakpoints()
        .iter()
        .map(|it| it.id)
        .collect::<Vec<_>>()
    {
        guest.session.breakpoints_mut().remove(id);
    }
    let stopped = guest.run(Motion::Out);
    let [Reason::Finished(Some(returned))] = &stopped.reasons[..] else {
        panic!("{stopped:?}");
    };
    assert_eq!(returned.function, "tail");
    let ReturnValue::Raw(values) = &returned.value else {
        panic!("{returned:?}");
    };
    let values: Vec<_> = values.iter().map(|it| it.value().cloned()).collect();
    assert_eq!(values, [Some(wdb_debuggee::coredump::Value::I32(42))]);
}
