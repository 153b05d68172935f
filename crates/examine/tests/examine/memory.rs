//! Ranges of a memory, and what can be at a cursor.

use super::support::{Fixtures, dump, modules, reading};
use wdb_debuggee::PostMortem;
use wdb_examine::View;
use wdb_examine::completions::{self, Kind};
use wdb_examine::memory::{self, MOST};
use wdb_examine::view::FrameId;
use wdb_symbols::Unavailable;

#[test]
fn a_range_over_the_end_of_the_memory_has_two_parts() {
    let mut debuggee = dump("c-div-zero.wasmtime", "c-div-zero");
    let mut resolver = Fixtures::new(modules("c-div-zero"));
    let mut view = View::new(&mut debuggee, &mut resolver).unwrap();
    let frame = FrameId::default();
    let id = view.memory_of(frame).unwrap();
    let end = view.memory(id).unwrap().len();
    let parts = memory::read(&mut view, frame, end - 10, 30);
    let [known, missing] = &parts[..] else {
        panic!("{parts:?}");
    };
    assert_eq!(
        (known.range.clone(), missing.range.clone()),
        (end - 10..end, end..end + 20)
    );
    assert_eq!(known.bytes.as_ref().unwrap().len(), 10);
    assert_eq!(known.get(end - 2..end + 5).unwrap().len(), 2);
    assert_eq!(known.get(end - 20..end), None);
    assert_eq!(
        missing.missing(end + 3),
        Some(Unavailable::OutOfBounds(end + 3))
    );
    // Wholly outside, at the last address, of nothing, and of too much.
    for (start, length, expected) in [
        (end, 5, Some(end..end + 5)),
        (u64::MAX - 3, 9, Some(u64::MAX - 3..u64::MAX)),
        (u64::MAX, 9, None),
        (0, 0, None),
        (0, u64::MAX, Some(0..MOST.min(end))),
    ] {
        let parts = memory::read(&mut view, frame, start, length);
        let ranges: Vec<_> = parts.iter().map(|it| it.range.clone()).collect();
        assert_eq!(ranges, Vec::from_iter(expected), "{start:#x}");
    }
    // Without a frame there is no memory, and one reason for all of it.
    let none = FrameId {
        activation: 1 << 40,
        ..frame
    };
    let parts = memory::read(&mut view, none, 16, MOST);
    assert_eq!(parts.len(), 1);
    assert!(parts[0].bytes.is_err());
}

/// Of a dump without the memory each byte is missing but those that the module says.
#[test]
fn what_a_dump_does_not_hold_is_a_part_of_its_own() {
    let mut dump = reading("c-div-zero.wasmtime");
    let memory = &mut dump.dump.memories[0];
    let whole = memory.clone();
    memory.contents.rest = wdb_debuggee::coredump::Rest::ZeroIn(Vec::new());
    let known = modules("c-div-zero").into_iter().map(Some).collect();
    let mut debuggee = PostMortem::new(dump, known);
    let mut resolver = Fixtures::new(modules("c-div-zero"));
    let mut view = View::new(&mut debuggee, &mut resolver).unwrap();
    let frame = FrameId::default();
    let parts = memory::read(&mut view, frame, 0, MOST);
    assert!(parts.len() > 1 && parts.len() < 100, "{}", parts.len());
    let mut at = 0;
    for part in &parts {
        assert_eq!(part.range.start, at);
        at = part.range.end;
        // The same byte by byte.
        for address in [part.range.start, part.range.end - 1] {
            let one = memory::read(&mut view, frame, address, 1);
            assert_eq!(one[0].bytes.is_ok(), part.bytes.is_ok(), "{address:#x}");
            let byte = part.get(address..address + 1);
            assert_eq!(one[0].get(address..address + 1), byte, "{address:#x}");
        }
    }
    assert_eq!(at, MOST.min(whole.shape.len()));
}

#[test]
fn names_at_a_cursor() {
    let mut debuggee = dump("c-variables.wasmtime", "c-variables");
    let mut resolver = Fixtures::new(modules("c-variables"));
    let mut view = View::new(&mut debuggee, &mut resolver).unwrap();
    let frame = view.frame_numbered(0, 2).unwrap();
    let mut at = |text: &str, cursor: usize| {
        let found = completions::completions(&mut view, frame, text, cursor);
        let names = found.into_iter().map(|it| (it.start, it.name, it.kind));
        names.collect::<Vec<_>>()
    };
    let all = at("1 + unna and more", 8);
    assert_eq!(all, [(4, "unnamed".into(), Kind::Variable)]);
    let found = at("2 * unnamed.in", 14);
    assert_eq!(
        found,
        [(12, "inner".into(), Kind::Member("struct point".into()))]
    );
    let found = at("$lo", 3);
    assert_eq!(found, [(0, "$local".into(), Kind::Machine)]);
    // In the middle of a character, at its sides and behind the end.
    let text = "ü + unn";
    assert_eq!(at(text, 1), at(text, 0));
    assert_eq!(at(text, 2), []);
    for cursor in [text.len(), text.len() + 1, usize::MAX] {
        assert_eq!(at(text, cursor), [(5, "unnamed".into(), Kind::Variable)]);
    }
    assert_eq!(at("nothing.", 8), []);
    let outside = completions::completions(
        &mut view,
        FrameId {
            activation: 99,
            ..frame
        },
        "$lo",
        3,
    );
    assert_eq!(outside.len(), 1);
}
