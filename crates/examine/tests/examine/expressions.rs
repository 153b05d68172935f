//! Expressions over dumps of real programs: each example of `docs/expressions.md`, and any text.

use std::fmt::Write as _;
use std::path::Path;

use super::support::{Fixtures, dump, modules};
use wdb_examine::Doubts;
use wdb_examine::View;
use wdb_examine::expression::{self, evaluate, parse, with_context};
use wdb_examine::places::Location;
use wdb_examine::supposed;
use wdb_examine::view::FrameId;
use wdb_symbols::render::Limits;

/// Calls `with` with the dump that wasmtime wrote of a fixture.
fn with_stop<T>(name: &str, with: impl FnOnce(&mut View<'_>) -> T) -> T {
    let mut debuggee = dump(&format!("{name}.wasmtime"), name);
    let mut fixtures = Fixtures::new(modules(name));
    with(&mut View::new(&mut debuggee, &mut fixtures).unwrap())
}

/// The innermost frame whose function's name ends so.
fn frame_of(view: &mut View<'_>, function: &str) -> FrameId {
    let mut names = Vec::new();
    for number in 0..1000 {
        let Some(id) = view.frame_numbered(0, number) else {
            break;
        };
        let place = view.place(id).unwrap();
        let name = &place.chain[id.inlined].function;
        if name.ends_with(function) {
            return id;
        }
        names.push(name.clone());
    }
    panic!("no frame of {function}, but of {names:?}")
}

/// What the user is shown of the value of `text`.
fn shown(view: &mut View<'_>, at: FrameId, text: &str) -> String {
    let value = parse(text).and_then(|it| evaluate(&it, view, at));
    match value {
        Ok(value) => {
            let limits = Limits {
                depth: 3,
                elements: 12,
                text: 120,
                line: 160,
                values: 100,
            };
            let look =
                |context: &mut wdb_symbols::Context<'_>| context.short(&value.object, &limits);
            format!("= {}\n", with_context(view, value.frame, look).0)
        }
        Err(error) => {
            let shown = error.show(text);
            let caret = shown.lines().nth(2).unwrap();
            format!(
                "{}\n! {}\n",
                caret.strip_prefix("    ").unwrap(),
                error.message
            )
        }
    }
}

/// Every block ```` ```wdb DUMP FUNCTION ```` is a list of expressions, each with what wdb shows of it in the innermost
/// frame of the function.
#[test]
fn the_examples_of_the_document_hold() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/expressions.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let mut actual = String::new();
    let mut lines = document.lines();
    let mut examples = 0;
    while let Some(line) = lines.next() {
        actual.push_str(line);
        actual.push('\n');
        let Some(info) = line.strip_prefix("```wdb ") else {
            continue;
        };
        let (name, function) = info.split_once(' ').unwrap();
        let block = lines.by_ref().take_while(|it| *it != "```");
        let expressions: Vec<&str> = block
            .filter(|it| !it.starts_with(['=', '!']) && !it.trim_start().starts_with('^'))
            .collect();
        examples += expressions.len();
        with_stop(name, |view| {
            let at = frame_of(view, function);
            for expression in expressions {
                let _ = write!(actual, "{expression}\n{}", shown(view, at, expression));
            }
        });
        actual.push_str("```\n");
    }
    assert!(examples > 100, "{examples}");
    if document != actual {
        if std::env::var_os("WDB_UPDATE").is_some() {
            std::fs::write(&path, &actual).unwrap();
        }
        let differs = document.lines().zip(actual.lines()).filter(|(a, b)| a != b);
        let differs: Vec<String> = differs.map(|(a, b)| format!("- {a}\n+ {b}")).collect();
        panic!(
            "the document says otherwise; WDB_UPDATE=1 writes what is so into it\n{}",
            differs.join("\n")
        );
    }
}

#[test]
fn conditions_hold_or_not() {
    with_stop("c-variables", |view| {
        let at = frame_of(view, "arrays");
        let mut holds = |text: &str| expression::holds(&parse(text).unwrap(), view, at);
        assert_eq!(holds("rows == 4 && line[1] > 10"), Ok(true));
        assert_eq!(holds("rows > 4"), Ok(false));
        assert_eq!(holds("global_names[3]"), Ok(false));
        assert_eq!(holds("0.5"), Ok(true));
        // What is not asked for need not be there.
        assert_eq!(holds("rows == 5 && nothing"), Ok(false));
        let error = holds("points[0]").unwrap_err();
        assert_eq!(error.message, "`points[0]`: `struct point` is not a number");
    });
}

#[test]
fn a_value_says_what_it_is_based_on() {
    with_stop("c-variables", |view| {
        let at = frame_of(view, "arrays");
        let mut doubts = |text: &str| evaluate(&parse(text).unwrap(), view, at).unwrap().doubts;
        assert_eq!(doubts("1 + 1"), Doubts::default());
        // The dump has no locals: where the frame is in memory was worked out.
        assert!(doubts("rows + 1").inferred.is_some());
        assert!(doubts("global_count + 1").inferred.is_none());
    });
}

#[test]
fn a_module_that_is_not_at_hand_leaves_the_machine() {
    let reading = wdb_coredump::read(super::support::dump_bytes("wat-state.wasmtime")).unwrap();
    let mut debuggee = wdb_debuggee::PostMortem::new(reading, Vec::new());
    let mut fixtures = Fixtures::new(Vec::new());
    let mut view = View::new(&mut debuggee, &mut fixtures).unwrap();
    let at = view.frame_numbered(0, 0).unwrap();
    assert_eq!(shown(&mut view, at, "$global[0] + 1"), "= 100\n");
    let message = shown(&mut view, at, "small");
    assert!(
        message.contains("the place in the code is not known"),
        "{message}"
    );
    for text in [
        "$pc",
        "$local",
        "$stack",
        "$memory[16]",
        "$table[0]",
        "(int)1",
        "x.y",
        "a::b",
        "$frame[1].x",
    ] {
        shown(&mut view, at, text);
    }
}

/// A generator of numbers that are the same every time.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self, below: usize) -> usize {
        // Knuth's MMIX constants.
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % below
    }
}

#[test]
fn no_text_does_harm() {
    const WORDS: &[&str] = &[
        "line",
        "points",
        "table",
        "ratios",
        "vla",
        "matrix",
        "rows",
        "result",
        "$local",
        "$stack",
        "$global",
        "$memory",
        "$table",
        "$pc",
        "$frame",
        "global_count",
        "file_ring",
        "c-variables.c",
        "scopes",
        "value",
        "x",
        "y",
        "next",
        "0",
        "1",
        "2",
        "-1",
        "0xffffffff",
        "18446744073709551615",
        "1.5",
        "'a'",
        "\"text\"",
        "null",
        "true",
        "sizeof",
        "sum_of",
        "int",
        "static_cast<",
        "dynamic_cast<",
        "operator",
        ",",
        "?",
        ":",
        "@",
        "=",
        "++",
        "as",
        "(",
        ")",
        "[",
        "]",
        ".",
        "->",
        "::",
        "..",
        "..=",
        "+",
        "-",
        "*",
        "/",
        "%",
        "<<",
        ">>",
        "&",
        "|",
        "^",
        "~",
        "!",
        "<",
        ">",
        "==",
        "!=",
        "&&",
        "||",
        "int",
        "unsigned",
        "char",
        "struct point",
        "*const",
        "u8",
        ",",
        ";",
        "🦀",
        "\\",
        "\x1b",
        " ",
    ];
    let mut seeded = Seeded(7);
    for (program, function, names, good) in [
        (
            "c-variables",
            "arrays",
            &["line", "points", "vla", "matrix", "rows", "x", "y", "next"][..],
            [
                "line[2] + points[1].x * 3",
                "(unsigned char)line[3] == 16 && $local[0] > 0",
            ],
        ),
        (
            "cpp-types",
            "objects()",
            &[
                "circle",
                "dynamic_square",
                "second_base",
                "colour",
                "price",
                "Colour::Blue",
            ],
            ["second_base->price + 1", "(int)dynamic_square->side_"],
        ),
        (
            "rust-types",
            "pointers",
            &[
                "boxed",
                "boxed_slice",
                "raw",
                "raw_null",
                "dog",
                "name",
                "x",
                "reference_to_reference",
            ],
            ["boxed_slice[1..]", "boxed.x as u8 + raw.y"],
        ),
    ] {
        with_stop(program, |view| {
            let at = frame_of(view, function);
            for _ in 0..600 {
                let mut text = String::new();
                for _ in 0..=seeded.next(12) {
                    let words = if seeded.next(3) == 0 { names } else { WORDS };
                    text.push_str(words[seeded.next(words.len())]);
                }
                expression::fuzz::expression(text.as_bytes(), view, at);
            }
            for text in good {
                for _ in 0..100 {
                    let mut bytes = text.as_bytes().to_vec();
                    for _ in 0..=seeded.next(3) {
                        let at = seeded.next(bytes.len());
                        bytes[at] = seeded.next(256) as u8;
                    }
                    expression::fuzz::expression(&bytes, view, at);
                }
            }
        });
    }
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
        let texts = lines.by_ref().take_while(|it| *it != "```");
        let parsed: Vec<_> = texts.filter_map(|it| parse(it).ok()).collect();
        with_stop(name, |view| {
            let at = frame_of(view, function);
            let frame = view.frame(at).unwrap();
            let place = view.place(at).unwrap();
            let spot = &place.chain[at.inlined];
            let place = Location {
                at: frame.location().unwrap(),
                function: spot.function.clone(),
                file: spot.location.file.clone(),
                line: spot.location.line,
                column: spot.location.column,
            };
            for expression in parsed {
                let text = expression.text();
                let value = evaluate(&expression, view, at);
                match (
                    value,
                    supposed::check(
                        view,
                        &expression,
                        std::slice::from_ref(&place),
                        expression::check,
                    ),
                ) {
                    (Ok(_), Err(error)) => panic!("{name} {function}: {text}: {error:?}"),
                    (Ok(_), Ok(())) => passed += 1,
                    (Err(_), Err(_)) => refused += 1,
                    (Err(_), Ok(())) => {}
                }
            }
        });
    }
    assert!(passed > 150 && refused > 5, "{passed} {refused}");
}

/// Nothing of the program itself is seen at a place that it has not reached.
#[test]
fn a_supposed_frame_knows_only_where_it_is() {
    with_stop("c-variables", |view| {
        let at = frame_of(view, "arrays");
        let global = parse("$global[0]").unwrap();
        let memory = parse("$memory[1024]").unwrap();
        for expression in [&global, &memory] {
            assert!(evaluate(expression, view, at).is_ok());
        }
        let location = view.frame(at).unwrap().location().unwrap();
        let names = |view: &mut View<'_>, at| {
            let variables = view.variables(at).unwrap();
            let names = variables[0].iter().map(|it| it.name.clone());
            names.collect::<Vec<_>>()
        };
        let known = names(view, at);
        let mut there = view.supposing(location);
        let frame = FrameId::default();
        assert_eq!(there.depth(0), 1);
        assert_eq!(there.frame(frame).unwrap().location(), Some(location));
        assert_eq!(names(&mut there, frame), known);
        assert!(there.instances().is_empty() && there.globals().is_empty());
        for expression in [&global, &memory] {
            let value = evaluate(expression, &mut there, frame);
            let bytes = value
                .map(|it| with_context(&mut there, frame, |context| context.bytes(&it.object)).0);
            assert!(!matches!(bytes, Ok(Ok(_))), "{}", expression.text());
        }
        assert!(there.take_unanswered().is_none());
        drop(there);
        assert!(view.depth(0) > 1 && evaluate(&global, view, at).is_ok());
    });
}
