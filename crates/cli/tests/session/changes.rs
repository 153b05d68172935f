//! Changes of a program's state, and calls of its functions.

use super::*;
use wdb_examine::expression::Line;
use wdb_examine::memory;
use wdb_examine::values::{self, Named, ScopeKind};
use wdb_examine::view::FrameId;
use wdb_session::{Evaluated, Returned};
use wdb_symbols::render::Limits;

const LIMITS: Limits = Limits {
    depth: 2,
    elements: 10,
    text: 100,
    line: 100,
    values: 10,
};

/// Gives what `place` means a value.
fn assign(
    session: &mut Session,
    place: &str,
    value: &str,
) -> Result<wdb_session::Evaluated, wdb_session::Error> {
    let parse = |text: &str| {
        expression::parse(text).map_err(|error| wdb_session::Error::Expression {
            error,
            text: text.to_owned(),
        })
    };
    let at = session.selected().unwrap_or_default();
    session.assign(&parse(place)?, &parse(value)?, at)
}

/// Calls a function, and says why the program is stopped then.
fn call(session: &mut Session, text: &str) -> Result<Stopped, wdb_session::Error> {
    let expression = expression::parse(text).unwrap();
    let at = session.selected().unwrap_or_default();
    Ok(match session.evaluate(&expression, at)? {
        Evaluated::Stopped { stopped, .. } => stopped,
        Evaluated::Value(value, function) => Stopped {
            reasons: vec![Reason::Returned(Returned {
                function: function.unwrap(),
                value: ReturnValue::Typed(value),
            })],
        },
    })
}

fn at(text: &str) -> Guest {
    let mut guest = fixture("c-steps", "c-steps.c", &[]);
    let id = guest.break_on(text);
    assert_eq!(hits(&guest.go()), [id]);
    guest
}

#[test]
fn variables_in_memory() {
    let mut guest = at("/* sorted */");
    for (place, value, shown) in [
        ("product", "-7", "-7"),
        ("values[1]", "product * 2", "-14"),
        ("state.color", "BLUE", "BLUE"),
        ("state.flags.high", "100", "100"),
        ("state.flags.sign", "-8", "-8"),
        ("state.here", "state.there", "{x = 6, y = 7}"),
        ("state.wide", "1", "1"),
        ("state.name", "0", ""),
        ("*(&state.there.x)", "'a'", "97"),
    ] {
        assign(&mut guest.session, place, value).unwrap();
        if !shown.is_empty() {
            assert_eq!(guest.value(place), shown, "{place}");
        }
    }
    assert_eq!(
        guest.value("state.flags"),
        "{low = 1, high = 100, sign = -8}"
    );
    assert_eq!(guest.value("state.name == 0"), "true");
    // The program goes on with them.
    guest.go();
    assert_eq!(guest.written.text(), "-7 14 -10 14 13\n");
}

#[test]
fn what_cannot_be_changed_is_refused_in_words() {
    let mut guest = at("/* sorted */");
    let refused = |guest: &mut Guest, place: &str, value: &str| {
        refusal(assign(&mut guest.session, place, value))
    };
    assert!(refused(&mut guest, "1 + 1", "2").contains("is not in memory"));
    assert!(refused(&mut guest, "$local[0]", "2").contains("is not in memory"));
    assert!(refused(&mut guest, "state.here", "5").contains("cannot be converted to"));
    assert!(refused(&mut guest, "nothing", "5").contains("nothing"));
    assert!(refused(&mut guest, "product", "1 +").contains('^'));
}

/// The value of this name in a scope of the selected frame.
fn handle(guest: &mut Guest, kind: ScopeKind, name: &str) -> Named {
    let frame = guest.session.selected().unwrap();
    let all = values::variables(&mut guest.session.view(), frame, kind, 0..100);
    let found = all.into_iter().find(|it| it.name == name);
    found.unwrap_or_else(|| panic!("{name}"))
}

/// The part of this name.
fn part(guest: &mut Guest, of: &Named, name: &str) -> Named {
    let parts = values::children(&mut guest.session.view(), of, 0..100).parts;
    let found = parts.into_iter().find(|it| it.name == name);
    found.unwrap_or_else(|| panic!("{name}"))
}

/// Sets a value by its handle, and shows what it is then.
fn set(guest: &mut Guest, of: &Named, value: &str) -> Result<String, wdb_session::Error> {
    let value = expression::parse(value).unwrap();
    match guest.session.set_value(of, &value)? {
        Evaluated::Value(value, _) => {
            let shown = values::show(&mut guest.session.view(), &value, &LIMITS, None);
            Ok(shown.text.unwrap())
        }
        Evaluated::Stopped { stopped, .. } => Ok(format!("{:?}", stopped.reasons)),
    }
}

#[test]
fn values_are_set_by_their_handles() {
    let mut guest = at("/* sorted */");
    let product = handle(&mut guest, ScopeKind::Locals, "product");
    assert_eq!(
        set(&mut guest, &product, "quotient(7, 2) - 10").unwrap(),
        "-7"
    );
    assert_eq!(guest.value("product"), "-7");
    let values = handle(&mut guest, ScopeKind::Locals, "values");
    let second = part(&mut guest, &values, "[1]");
    assert_eq!(set(&mut guest, &second, "product * 2").unwrap(), "-14");
    assert_eq!(guest.value("values[1]"), "-14");
    let state = handle(&mut guest, ScopeKind::Statics, "state");
    let color = part(&mut guest, &state, "color");
    assert_eq!(set(&mut guest, &color, "BLUE").unwrap(), "BLUE");
    let flags = part(&mut guest, &state, "flags");
    let high = part(&mut guest, &flags, "high");
    assert_eq!(set(&mut guest, &high, "100").unwrap(), "100");
    assert!(refusal(set(&mut guest, &high, "128")).contains("does not fit in the 7 bits"));
    assert_eq!(guest.value("state.flags.high"), "100");
    let here = part(&mut guest, &state, "here");
    assert_eq!(
        set(&mut guest, &here, "state.there").unwrap(),
        "{x = 6, y = 7}"
    );
    // A function that stops leaves the value as it is.
    let stopped = set(&mut guest, &product, "quotient(1, 0)").unwrap();
    assert!(stopped.contains("Crash"), "{stopped}");
    guest.session.abandon().unwrap();
    assert_eq!(guest.value("product"), "-7");
    let local = handle(&mut guest, ScopeKind::WasmLocals, "$local[0]");
    assert!(refusal(set(&mut guest, &local, "1")).contains("is not in memory"));
    let global = handle(&mut guest, ScopeKind::Globals, "$global[0]");
    let old = guest.value("$global[0]");
    assert_eq!(
        set(&mut guest, &global, "$global[0] - 16 + 16").unwrap(),
        old
    );
    assert_eq!(
        set(&mut guest, &global, "$global[0] + 16").unwrap(),
        guest.value("$global[0]")
    );
    assert_ne!(guest.value("$global[0]"), old);
}

/// The sides of a line that are the same are evaluated once.
#[test]
fn what_both_sides_of_a_line_call_is_called_once() {
    let mut guest = at("/* sorted */");
    let line = expression::line("values[printf(\"once\") - 3] += 5").unwrap();
    let Line::Assign { place, value } = line else {
        panic!("{line:?}");
    };
    let assigned = guest
        .session
        .assign(&place, &value, FrameId::default())
        .unwrap();
    assert!(matches!(assigned, Evaluated::Value(..)), "{assigned:?}");
    assert_eq!(guest.value("values"), "{1, 7, 3}");
    guest.go();
    assert_eq!(guest.written.text().matches("once").count(), 1);
}

#[test]
fn globals_and_memory_by_their_raw_names() {
    let mut guest = wat(r#"(module
          (global $count (mut i32) (i32.const 3))
          (global $fixed i32 (i32.const 9))
          (table 3 funcref) (elem (i32.const 1) $other)
          (memory 1)
          (func $other)
          (func (export "run") (result i32) (nop)
            (i32.add (global.get $count) (i32.load8_u (i32.const 16)))))"#);
    guest.break_at("run");
    guest.go();
    assign(&mut guest.session, "$global[0]", "40").unwrap();
    assert_eq!(guest.value("$global.count"), "40");
    assign(&mut guest.session, "$global[\"count\"]", "41").unwrap();
    assign(&mut guest.session, "$memory[16]", "1").unwrap();
    assign(&mut guest.session, "$table[2]", "1").unwrap();
    assert!(
        guest.value("$table[2]").contains("other"),
        "{}",
        guest.value("$table[2]")
    );
    assert!(refusal(assign(&mut guest.session, "$global[1]", "1")).contains("immutable"));
    assert!(refusal(assign(&mut guest.session, "$global[7]", "1")).contains("no such global"));
    let id = guest.session.breakpoints().iter().next().unwrap().id;
    guest.session.breakpoints_mut().remove(id);
    let stopped = guest.run(Motion::Out);
    assert!(
        matches!(stopped.reasons[..], [Reason::Exited(0)]),
        "{stopped:?}"
    );
}

#[test]
fn bytes_of_memory() {
    let mut guest = at("/* sorted */");
    let frame = guest.session.selected().unwrap();
    let parse = |text: &str| expression::parse(text).unwrap();
    let address = expression::show(&parse("(int)&product"), &mut guest.session.view(), frame);
    let address = address.unwrap().parse().unwrap();
    let bytes = 1234_i32.to_le_bytes();
    guest.session.write_memory(frame, address, &bytes).unwrap();
    assert_eq!(guest.value("product"), "1234");
    let parts = memory::read(&mut guest.session.view(), frame, address, 4);
    assert_eq!(parts[0].bytes.as_deref(), Ok(&bytes[..]));
    let outside = guest.session.write_memory(frame, u64::MAX - 1, &bytes);
    assert!(
        refusal(outside).contains("memory"),
        "an address that there is not"
    );
    assert_eq!(guest.value("product"), "1234");
}

fn returned(guest: &mut Guest, text: &str) -> String {
    let stopped = call(&mut guest.session, text).unwrap();
    let [Reason::Returned(returned)] = &stopped.reasons[..] else {
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
    text
}

#[test]
fn functions_are_called() {
    let mut guest = at("/* sorted */");
    guest.session.breakpoints_mut().get_mut(1).unwrap().enabled = false;
    let before = guest.value("$global");
    assert_eq!(returned(&mut guest, "factorial(product - 117)"), "6");
    assert_eq!(returned(&mut guest, "widen(values[2])"), "25769803776");
    assert_eq!(returned(&mut guest, "halve(5)"), "2.5");
    assert_eq!(returned(&mut guest, "next_color(BLUE)"), "RED");
    assert_eq!(returned(&mut guest, "sum_of(&state.there)"), "13");
    assert_eq!(
        returned(&mut guest, "make_box(4)"),
        "{from = {x = 0, y = 0}, to = {x = 4, y = 4}, weight = 1}"
    );
    guest.expect("main", "sorted");
    assert_eq!(guest.value("$global"), before);
    assert!(refusal(call(&mut guest.session, "factorial()")).contains("takes 1 argument"));
    assert!(refusal(call(&mut guest.session, "nothing()")).contains("no function"));
    guest.go();
    assert_eq!(guest.written.text(), "120 14 6 30 9\n");
}

#[test]
fn a_call_that_stops_is_still_under_way() {
    let mut guest = at("/* sorted */");
    let depth = guest.depth();
    let before = guest.value("$global");
    let id = guest.break_on("the end of the recursion");
    assert_eq!(
        hits(&call(&mut guest.session, "factorial(3)").unwrap()),
        [id]
    );
    assert!(guest.depth() > depth);
    guest.expect("factorial", "the end of the recursion");
    let stopped = guest.go();
    assert!(matches!(&stopped.reasons[..], [Reason::Returned(it)] if it.function == "factorial"));
    guest.expect("main", "sorted");
    // One that is given up, and one that traps.
    assert_eq!(
        hits(&call(&mut guest.session, "factorial(3)").unwrap()),
        [id]
    );
    let stopped = guest.session.abandon().unwrap();
    assert!(
        matches!(&stopped.reasons[..], [Reason::Abandoned(_)]),
        "{stopped:?}"
    );
    assert_eq!(
        (guest.depth(), guest.value("$global")),
        (depth, before.clone())
    );
    let stopped = call(&mut guest.session, "quotient(1, 0)").unwrap();
    assert!(
        matches!(&stopped.reasons[..], [Reason::Crash(_)]),
        "{stopped:?}"
    );
    assert!(guest.depth() > depth);
    assert_eq!(
        refusal(guest.session.run(Motion::Continue)),
        "the call has crashed and cannot go on"
    );
    // The program itself can still run, after `abandon`: no front end starts it anew for that.
    assert!(guest.session.stopped().is_over() && !guest.session.is_over());
    let stopped = guest.session.abandon().unwrap();
    assert!(
        matches!(&stopped.reasons[..], [Reason::Abandoned(_)]),
        "{stopped:?}"
    );
    assert_eq!((guest.depth(), guest.value("$global")), (depth, before));
}

#[test]
fn a_dump_can_be_looked_at_and_no_more() {
    let path = fixtures().join("dumps/c-variables.wasmtime.core.zst");
    let dump = zstd::decode_all(&std::fs::read(path).unwrap()[..]).unwrap();
    let path = fixtures().join("built/c-variables.wasm.zst");
    let module = zstd::decode_all(&std::fs::read(path).unwrap()[..]).unwrap();
    let modules = Binary::parse(module.into()).unwrap().modules().to_vec();
    let reading = wdb_debuggee::coredump::read(dump.into()).unwrap();
    let known = modules.iter().cloned().map(Some).collect();
    let debuggee = wdb_debuggee::PostMortem::new(reading, known);
    let resolver = Fixtures {
        modules,
        symbols: HashMap::new(),
    };
    let mut session = Session::new(Box::new(debuggee), Box::new(resolver), None);
    let selected = session.selected().unwrap();
    assert_eq!(selected.activation, 0);
    session.up(1).unwrap();
    assert_eq!(session.selected_number(), 1);
    for result in [
        refusal(session.run(Motion::Continue)),
        refusal(session.run(Motion::Over)),
        refusal(session.restart()),
    ] {
        assert_eq!(result, "a core dump cannot run");
    }
    assert_eq!(
        refusal(call(&mut session, "f()")),
        "no function can be called in a core dump"
    );
    assert_eq!(
        refusal(assign(&mut session, "x", "1")),
        "a core dump cannot be changed"
    );
    assert!(session.interrupt().is_none());
}

/// A handle means nothing once the program has run, and does no harm.
#[test]
fn a_handle_that_is_kept_over_a_run_gives_no_wrong_value() {
    let mut guest = at("/* sorted */");
    let state = handle(&mut guest, ScopeKind::Statics, "state");
    let before = part(&mut guest, &state, "here");
    let seen = guest.session.runs();
    guest.go();
    assert!(guest.session.is_over() && guest.session.runs() != seen);
    for _ in 0..2 {
        let mut view = guest.session.view();
        let parts = values::children(&mut view, &state, 0..100).parts;
        for of in parts.iter().chain([&state, &before]) {
            let shown = values::show(&mut view, &of.value, &LIMITS, None);
            // Of a structure its members are what is missing.
            let text = shown.text.unwrap_or_else(|reason| reason.to_string());
            assert!(text.contains("there is no frame"), "{text}");
        }
        let five = expression::parse("5").unwrap();
        guest.session.set_value(&before, &five).unwrap_err();
        // The program that was started anew is not the one that the handle is of.
        guest.session.restart().unwrap();
    }
    // And that one can still be debugged.
    let id = guest.break_on("/* sorted */");
    assert!(hits(&guest.go()).contains(&id));
    let state = handle(&mut guest, ScopeKind::Statics, "state");
    let wide = part(&mut guest, &state, "wide");
    assert_eq!(set(&mut guest, &wide, "1").unwrap(), "1");
}
