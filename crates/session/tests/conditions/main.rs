//! What is checked of a condition before the program reaches it.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../../examine/tests/examine/support/mod.rs"]
mod support;

use std::path::Path;

use support::{Fixtures, dump, modules};
use wdb_debuggee::CodeLocation;
use wdb_examine::Stop;
use wdb_examine::expression::{evaluate, parse};
use wdb_examine::places::Location;
use wdb_examine::stop::FrameId;
use wdb_session::Session;

/// The youngest frame whose function's name ends so.
fn frame_of(stop: &mut Stop<'_>, function: &str) -> FrameId {
    let mut names = Vec::new();
    for number in 0..1000 {
        let Some(id) = stop.frame_numbered(0, number) else {
            break;
        };
        let place = stop.place(id).unwrap();
        let name = &place.chain[id.inlined].function;
        if name.ends_with(function) {
            return id;
        }
        names.push(name.clone());
    }
    panic!("no frame of {function}, but of {names:?}")
}

/// A condition is checked where nothing is known of the program but its debug information: what has a value there must pass.
#[test]
fn what_has_a_value_is_not_refused_as_a_condition() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/expressions.md");
    let document = std::fs::read_to_string(path).unwrap();
    let mut lines = document.lines();
    let (mut passed, mut refused) = (0, 0);
    while let Some(line) = lines.next() {
        let Some((name, function)) = line
            .strip_prefix("```wdb ")
            .and_then(|it| it.split_once(' '))
        else {
            continue;
        };
        let debuggee = dump(&format!("{name}.wasmtime"), name);
        let resolver = Fixtures::new(modules(name));
        let mut session = Session::new(Box::new(debuggee), Box::new(resolver), None);
        let mut stop = session.stop();
        let at = frame_of(&mut stop, function);
        let frame = stop.frame(at).unwrap();
        let place = stop.place(at).unwrap();
        let spot = &place.chain[at.inlined];
        let place = Location {
            at: CodeLocation {
                module: frame.module,
                func: frame.func,
                pc: frame.pc.unwrap(),
            },
            function: spot.function.clone(),
            file: spot.location.file.clone(),
            line: spot.location.line,
        };
        for text in lines.by_ref().take_while(|it| *it != "```") {
            let Ok(parsed) = parse(text) else {
                continue;
            };
            let value = evaluate(&parsed, &mut session.stop(), at);
            match (value, session.check(&parsed, std::slice::from_ref(&place))) {
                (Ok(_), Err(error)) => panic!("{name} {function}: {text}: {error}"),
                (Ok(_), Ok(())) => passed += 1,
                (Err(_), Err(_)) => refused += 1,
                (Err(_), Ok(())) => {}
            }
        }
    }
    assert!(passed > 150 && refused > 5, "{passed} {refused}");
}
