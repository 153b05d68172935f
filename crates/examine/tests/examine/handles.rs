//! Values as handles: the expression of a part names it, pages are parts of the whole, and what is shown is what a tree of
//! the value shows.

use wdb_examine::View;
use wdb_examine::expression::{evaluate, parse};
use wdb_examine::values::{self, Named, ScopeKind};
use wdb_examine::view::FrameId;
use wdb_symbols::render::{Limits, Notation};

use super::support::{Fixtures, dump, modules};

const LIMITS: Limits = Limits {
    depth: 3,
    elements: 8,
    text: 60,
    line: 200,
    values: 60,
};

/// How many values were seen, how many of them have an expression, and which expressions are wrong.
#[derive(Default)]
struct Seen {
    values: u32,
    named: u32,
    wrong: Vec<String>,
    unnamed: Vec<String>,
}

fn walk(view: &mut View<'_>, frame: FrameId, of: &Named, depth: u32, seen: &mut Seen) {
    seen.values += 1;
    match &of.expression {
        None => seen.unnamed.push(of.name.clone()),
        Some(text) => {
            seen.named += 1;
            let found = parse(text).and_then(|it| evaluate(&it, view, frame));
            match found {
                Ok(found) if found.object == of.value.object => {}
                Ok(found) => {
                    let one = values::show(view, &found, &LIMITS, None);
                    let other = values::show(view, &of.value, &LIMITS, None);
                    if one.text != other.text || one.ty != other.ty {
                        seen.wrong.push(format!("{text}: {one:?} {other:?}"));
                    }
                }
                Err(error) => seen.wrong.push(format!("{text}: {}", error.show(text))),
            }
        }
    }
    let shown = values::show(view, &of.value, &LIMITS, None);
    let page = values::children(view, of, 0..20);
    assert_eq!(shown.children > 0, page.length > 0, "{}", of.name);
    if depth > 0 {
        for part in &page.parts {
            walk(view, frame, part, depth - 1, seen);
        }
    }
}

/// Walks through all values of all frames.
fn seen(name: &str) -> Seen {
    let mut debuggee = dump(&format!("{name}.wasmtime"), name);
    let mut fixtures = Fixtures::new(modules(name));
    let mut view = View::new(&mut debuggee, &mut fixtures).unwrap();
    let mut seen = Seen::default();
    for number in 0..100 {
        let Some(frame) = view.frame_numbered(0, number) else {
            break;
        };
        for scope in values::scopes(&mut view, frame) {
            if scope.kind == ScopeKind::Globals {
                continue;
            }
            let all = values::variables(&mut view, frame, scope.kind, 0..scope.length);
            for variable in &all {
                walk(&mut view, frame, variable, 3, &mut seen);
            }
        }
    }
    seen
}

#[test]
fn expressions_of_parts_name_them() {
    for (name, least) in [
        ("c-variables", 1000),
        ("cpp-types", 200),
        ("cpp-library", 300),
        ("rust-types", 500),
    ] {
        let Seen {
            values,
            named,
            wrong,
            unnamed,
        } = seen(name);
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
        assert!(
            named >= least,
            "{name}: {named} of {values}, not {unnamed:?}"
        );
    }
}

#[test]
fn pages_are_parts_of_the_whole() {
    for name in ["c-variables", "cpp-types", "rust-types"] {
        let mut debuggee = dump(&format!("{name}.wasmtime"), name);
        let mut fixtures = Fixtures::new(modules(name));
        let mut view = View::new(&mut debuggee, &mut fixtures).unwrap();
        let mut pages = 0;
        for number in 0..100 {
            let Some(frame) = view.frame_numbered(0, number) else {
                break;
            };
            let kind = ScopeKind::Locals;
            for variable in values::variables(&mut view, frame, kind, 0..1000) {
                let all = values::children(&mut view, &variable, 0..1000);
                assert_eq!(all.parts.len() as u64, all.length.min(1000));
                for start in (0..all.length.min(100)).step_by(7) {
                    let page = values::children(&mut view, &variable, start..start + 7);
                    let end = usize::try_from(start + 7).unwrap().min(all.parts.len());
                    assert_eq!(page.parts, all.parts[usize::try_from(start).unwrap()..end]);
                    assert_eq!(page.length, all.length, "{}", variable.name);
                    pages += 1;
                }
                let none = values::children(&mut view, &variable, all.length..u64::MAX);
                assert_eq!(none.parts, []);
            }
        }
        assert!(pages > 20, "{name}: {pages}");
    }
}

#[test]
fn values_in_another_notation() {
    let mut debuggee = dump("c-variables.wasmtime", "c-variables");
    let mut fixtures = Fixtures::new(modules("c-variables"));
    let mut view = View::new(&mut debuggee, &mut fixtures).unwrap();
    let mut number = 0;
    let frame = loop {
        let id = view.frame_numbered(0, number).unwrap();
        if view.place(id).unwrap().chain[id.inlined].function == "arrays" {
            break id;
        }
        number += 1;
    };
    let value = evaluate(&parse("points[1]").unwrap(), &mut view, frame).unwrap();
    let mut shown = |notation| {
        let shown = values::show(&mut view, &value, &LIMITS, notation);
        (shown.ty, shown.text.unwrap(), shown.children)
    };
    let point = |text: &str| ("struct point".to_owned(), text.to_owned(), 2);
    assert_eq!(shown(None), point("{x = -3, y = 4}"));
    assert_eq!(
        shown(Some(Notation::Hex)),
        point("{x = 0xfffffffd, y = 0x4}")
    );
}
