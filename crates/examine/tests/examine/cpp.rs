//! What the types of C++ and of its library show as: the variables of all frames of `cpp-types` and `cpp-library`, from the
//! dumps that wasmtime wrote of them.

use std::collections::BTreeMap;

use super::support::Fixtures;
use wdb_examine::machine::FrameMachine;
use wdb_examine::view::{FrameId, View};
use wdb_symbols::Context;
use wdb_symbols::render::Limits;

const LIMITS: Limits = Limits {
    depth: 5,
    elements: 6,
    text: 40,
    line: 200,
    values: 2000,
};

/// Each variable of each frame as `function.variable`, with its short form.
fn variables(program: &str) -> BTreeMap<String, String> {
    let mut debuggee = super::support::dump(&format!("{program}.wasmtime"), program);
    let mut resolver = Fixtures::new(super::support::modules(program));
    let mut view = View::new(&mut debuggee, &mut resolver).unwrap();
    let mut found = BTreeMap::new();
    for activation in 0..view.depth(0) {
        let id = FrameId {
            thread: 0,
            activation,
            inlined: 0,
        };
        let place = view.place(id).unwrap();
        let Some(pc) = place.at else { continue };
        let module = view.frame(id).unwrap().module;
        let symbols = view.symbols(module).unwrap();
        for (spot, variables) in place.chain.iter().zip(symbols.variables(pc)) {
            let function = spot.function.split('(').next().unwrap();
            for variable in variables {
                let mut machine = FrameMachine::new(&mut view, id);
                let object = symbols.object(&variable, pc, &mut machine);
                let mut context = Context {
                    symbols: &symbols,
                    machine: &mut machine,
                    pc: Some(pc),
                };
                let short = context.short(&object, &LIMITS);
                found.insert(format!("{function}.{}", variable.name), short);
            }
        }
    }
    found
}

/// Holds the variables of a function against what they should show as, with all addresses as `0x…`.
fn check(program: &str, function: &str, expected: &[(&str, &str)]) {
    let variables = variables(program);
    for (name, expected) in expected {
        let shown = &variables[&format!("{function}.{name}")];
        assert_eq!(without_addresses(shown), *expected, "{function}.{name}");
    }
}

fn without_addresses(text: &str) -> String {
    let mut parts = text.split("0x");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.chars().take_while(char::is_ascii_hexdigit).count();
        out += match digits {
            4.. => "0x…",
            _ => "0x",
        };
        out += &part[if digits >= 4 { digits } else { 0 }..];
    }
    out
}

#[test]
fn strings() {
    check(
        "cpp-types",
        "strings",
        &[
            ("by_reference", r#""passed by reference, on the heap!""#),
            ("by_value", r#""by value""#),
            (
                "controls",
                r#""tab\there, escape \033[31m, quote \" newline\n""#,
            ),
            ("empty", r#""""#),
            ("first_long", r#""eleven byte""#),
            ("invalid", r#""caf\351 \377\376""#),
            (
                "lengthy",
                r#""This string is longer than a hundred cha"… (178 bytes)"#,
            ),
            ("longest_short", r#""ten bytes.""#),
            ("no_view", r#""""#),
            ("part", r#""string""#),
            ("pointer", "0x…"),
            ("reserved", r#""in a reserve""#),
            ("shortest", r#""short""#),
            ("utf16", r#"u"utf-16 東京 🦀""#),
            ("utf32", r#"U"utf-32 🦀""#),
            ("utf8", r#""Zürich, 東京, 🦀""#),
            ("view", r#""a view""#),
            ("wide", r#"L"wide ß""#),
            ("with_nul", r#""before\0after""#),
        ],
    );
}

#[test]
fn containers() {
    check(
        "cpp-types",
        "containers",
        &[
            ("array", "{7, -8, 42}"),
            (
                "big_map",
                "{[0] = 0, [1] = -29, [2] = -58, [3] = -87, [4] = -15, [5] = -44, … 94 more}",
            ),
            (
                "bits",
                "{true, false, false, true, false, false, … 34 more}",
            ),
            (
                "bitset",
                "1000000000000000000000000000000000000000000000000000000000000000010110",
            ),
            ("by_reference", r#"{["key"] = 42, ["other"] = -1}"#),
            ("by_value", "{42, 2, 3}"),
            ("deque", "{-42, -1, 1, 2, 3}"),
            ("empty", "{}"),
            ("empty_deque", "{}"),
            ("empty_hash_map", "{}"),
            ("empty_list", "{}"),
            ("empty_map", "{}"),
            ("end", "end"),
            ("fixed_span", "{7, -8}"),
            ("forward_list", r#"{"front", "back"}"#),
            ("hash_map", r#"{["z"] = 42, ["y"] = -20, ["x"] = 10}"#),
            ("hash_set", "{-42, 200, 100}"),
            ("heap", "{42, 3, 9}"),
            ("iterator", "0x…"),
            ("list", "{10, 20, -42}"),
            ("long_deque", "{600, 601, 602, 603, 604, 605, … 894 more}"),
            ("many", "{-42, -41, -38, -33, -26, -17, … 994 more}"),
            ("map", r#"{["minus"] = -2, ["one"] = 1, ["seed"] = 42}"#),
            ("map_iterator", r#"{first = "one", second = 1}"#),
            ("multimap", "{[1] = 97 'a', [1] = 98 'b', [2] = 99 'c'}"),
            ("multiset", "{1, 2, 2}"),
            (
                "names",
                r#"{"Ada", "", "Grace Brewster Murray Hopper", "Zoë"}"#,
            ),
            ("no_array", "{}"),
            ("numbers", "{3, -1, 4, 42}"),
            ("points", "{{x = 1, y = -1}, {x = 2, y = 42}}"),
            ("queue", "{-6}"),
            ("set", "{-5, 5, 42}"),
            ("span", "{3, -1, 4, 42}"),
            ("stack", "{1, -42}"),
        ],
    );
}

#[test]
fn types_in_types() {
    check(
        "cpp-types",
        "nested",
        &[
            ("grid", "{{1, 2}, {3, 4}, {5, 42}}"),
            (
                "maps",
                r#"{[1] = {[10] = "ten", [11] = "eleven"}, [2] = {}}"#,
            ),
            ("points", "{{x = 1, y = 2}, nullopt}"),
            ("sets", r#"{["odd"] = {1, 3, 5}}"#),
            ("shared_words", r#"{"a", "b"} (1 owner)"#),
            (
                "table",
                r#"{["empty"] = {}, ["one"] = {{first = 1, second = 0.5}}, ["two"] = {{first = 42, second = -1.5}, {first = 7, second = 2.25}}}"#,
            ),
            (
                "words",
                r#"{{"a", "b"}, {}, {"a text of more than 22 bytes"}}"#,
            ),
        ],
    );
}

#[test]
fn types_that_hold_others() {
    check(
        "cpp-types",
        "holders",
        &[
            ("atomic", "41"),
            ("complex", "-0.5 + 42i"),
            ("double_variant", "2.5 (double)"),
            ("empty_tuple", "{}"),
            ("empty_variant", "monostate"),
            ("expired", "0x… (expired)"),
            ("function", "0x2 <twice(int)>"),
            ("hours", "-3h"),
            ("int_variant", "-42 (int)"),
            ("lambda_function", "{unit = 42} ({lambda})"),
            ("millis", "1542ms"),
            ("moment", "2023-11-14 22:14:02 UTC"),
            ("nested_none", "{nullopt}"),
            ("no_function", "empty"),
            ("none", "nullopt"),
            ("pair", r#"{first = 42, second = "second"}"#),
            ("referenced", "90"),
            ("seconds", "0.25s"),
            ("shared", r#""shared text" (2 owners, 1 weak)"#),
            ("shared_null", "null"),
            ("shared_too", r#""shared text" (2 owners, 1 weak)"#),
            ("some", "42"),
            ("some_text", r#""optional text""#),
            ("text_variant", r#""in a variant" (std::string)"#),
            ("tuple", r#"{42, -1.25, "third", 100 'd'}"#),
            ("unique", "126"),
            ("unique_array", "0x…"),
            ("unique_null", "null"),
            ("vector_variant", "{4, 5} (std::vector<int>)"),
            ("weak", r#""shared text" (2 owners, 1 weak)"#),
            ("wrapper", "90"),
        ],
    );
}

#[test]
fn references_and_members() {
    check(
        "cpp-types",
        "language",
        &[
            ("bound_x", "42"),
            ("bound_y", "-42"),
            ("by_reference", "{point = {x = 42, y = -42}, out = 90}"),
            (
                "by_value",
                r#"{point = {x = 42, y = -42}, text = "shared text"}"#,
            ),
            ("compile_time", "1234"),
            ("constant", "{x = 42, y = -42}"),
            ("deduced", "42"),
            (
                "everything",
                "{point = {x = 42, y = -42}, numbers = {1, 2, -42}, temporary = 42}",
            ),
            ("first", "43"),
            ("function", "0x2 <twice(int)>"),
            ("function_reference", "0x2 <twice(int)>"),
            ("initializers", "{9, 8, 42}"),
            ("member", "&Point::y"),
            ("method", "&shapes::Shape::area (virtual)"),
            ("moved", "{x = 8, y = -9}"),
            ("no_member", "null"),
            ("nothing", "nullptr"),
            ("nothing_captured", "{}"),
            ("numbers", "{1, 2, -42}"),
            ("one", "1"),
            ("out", "90"),
            ("point", "{x = 42, y = -42}"),
            ("raw", "165"),
            ("reference", "{x = 42, y = -42}"),
            ("second", r#""bound""#),
            ("temporary", "42"),
            ("text", r#""shared text""#),
            ("three", "-42"),
            ("to_array", "{1, 2, -42}"),
            ("two", "2"),
            ("utf16_unit", "26481 u'東'"),
            ("utf32_unit", "129408 U'🦀'"),
            ("utf8_text", r#"0x… u8"u8: 東京""#),
            ("utf8_unit", "122 u8'z'"),
            ("wide", "223 L'ß'"),
            ("yes", "true"),
        ],
    );
}

#[test]
fn classes() {
    check(
        "cpp-types",
        "objects",
        &[
            (
                "cell",
                "{whole = -1077936128, fraction = -1.5, at = {x = -1077936128, y = 0}}",
            ),
            (
                "circle",
                r#"{shapes::Shape = {label_ = 0x… "circle"}, radius_ = 43.5}"#,
            ),
            ("colour", "Colour::Blue"),
            (
                "copier",
                r#"{shapes::Scanner = {shapes::Device = {serial = 7001}, dots = 600}, shapes::Printer = {shapes::Device = {serial = 7001}, pages = -54}, model = 0x… "C-3000"}"#,
            ),
            ("cursor", "{ring = null, step = 0.5}"),
            (
                "dynamic_circle",
                r#"{shapes::Shape = {label_ = 0x… "circle"}, radius_ = 43.5} (shapes::Circle)"#,
            ),
            ("dynamic_square", "0x… (shapes::Square)"),
            ("first_base", "0x… (shapes::Poster)"),
            ("level", "Level::Lowest"),
            ("no_colour", "(Colour)43"),
            ("no_shape", "null"),
            ("odd", "{held = {just = 43}, value = 118 'v'}"),
            ("pack", "{items = {42, 112 'p', -0.75}}"),
            ("plain", "PlainMinus"),
            (
                "poster",
                r#"{shapes::Circle = {shapes::Shape = {label_ = 0x… "poster"}, radius_ = 2.5}, shapes::Named = {named_since = 1999}, price = -58}"#,
            ),
            (
                "pump",
                r#"{name_ = "north", pressure_ = 420, history_ = {3, 1, -4}, self_ = 0x…}"#,
            ),
            ("ring", "{items = {1, -2, 3, -42}, head = 2}"),
            ("seat", "{row = 76 'L', number = 42}"),
            ("second_base", "0x… (shapes::Poster)"),
            (
                "shapes",
                r#"{{shapes::Shape = {label_ = 0x… "first"}, radius_ = 1} (shapes::Circle), {shapes::Shape = {label_ = 0x… "second"}, side_ = 42} (shapes::Square), null}"#,
            ),
            ("side_base", "0x… (shapes::Copier)"),
            (
                "square",
                r#"{shapes::Shape = {label_ = 0x… "square"}, side_ = 42}"#,
            ),
            (
                "ticket",
                "{shapes::Tag = {}, shapes::Point = {x = 42, y = -42}, seat = {row = 75 'K', number = 14}, kind = Adult, paid = 1, looked_at = 3}",
            ),
            ("virtual_base", "0x… (shapes::Copier)"),
        ],
    );
}

#[test]
fn a_method_and_its_lambda() {
    check(
        "cpp-types",
        "gauges::Pump::run",
        &[
            ("at", "{x = 10, y = -10}"),
            ("limit", "840"),
            ("load", "8"),
            ("note", r#""round north""#),
            ("rounds", "3"),
            ("runs", "503"),
            ("share", "3"),
            (
                "step",
                r#"{this = 0x…, limit = 840, note = "round north", at = {x = 10, y = -10}, copy = {x = -10, y = 10}}"#,
            ),
            ("this", "0x…"),
            ("total", "1299"),
        ],
    );
}

#[test]
fn rarer_containers() {
    check(
        "cpp-library",
        "containers",
        &[
            ("backwards", "{[2] = 20, [1] = 10}"),
            ("byte", "10100101"),
            ("characters", r#""abcd""#),
            ("deep", "{{{1}, {2, 3}}, {}}"),
            ("empties", "{{}, {}, {}}"),
            ("multimap", r#"{[1] = "one", [1] = "uno"}"#),
            ("path", r#""/usr/lib""#),
            ("pmr_string", r#""a text in a memory resource""#),
            ("pmr_vector", "{1, 42}"),
            ("pointers", "{4 (1 owner), null}"),
            ("strings", r#"{"p", "q"}"#),
            ("valarray", "{1, 2, 42}"),
            (
                "word",
                "1000000000000000000000000000000000000000000000000000000000000001",
            ),
        ],
    );
}

#[test]
fn types_that_hold_any_type() {
    check(
        "cpp-library",
        "holders",
        &[
            ("bad", r#"unexpected {"why"}"#),
            ("captured", r#""captured in a function""#),
            ("deleter", r#""with a deleter""#),
            ("failed", "unexpected {-42}"),
            ("function", "0x3 <same(int)>"),
            ("good", "42"),
            (
                "lambda",
                r#"{big = {numbers = {1, 2, 3, 0, 0, 0, … 4 more}}, captured = "captured in a function"} ({lambda})"#,
            ),
            ("large", "{numbers = {1, 2, 3, 0, 0, 0, … 4 more}} (Big)"),
            ("no_weak", "null"),
            ("none", "empty"),
            ("nothing", "void"),
            ("number", "42"),
            (
                "object",
                r#"{Base = {base = 5}, name = "derived"} (Derived)"#,
            ),
            ("optional_pointer", "null"),
            ("optional_vector", "{1}"),
            ("pair_with_empty", "{first = {}, second = 4}"),
            ("second_of_two", "7 (int)"),
            ("shared_array", "0x… (1 owner)"),
            ("small", "42 (int)"),
            ("text", r#""in any" (std::string)"#),
            ("tuple_of_pointers", r#"{42, 0x… "text"}"#),
            ("tuple_with_empty", "{{}, 3}"),
            ("variant", "{numbers = {1, 2, 3, 0, 0, 0, … 4 more}} (Big)"),
        ],
    );
}

#[test]
fn iterators() {
    check(
        "cpp-library",
        "iterators",
        &[
            ("bit", "true"),
            ("bits", "{true, false}"),
            ("deque", "{1, 26, 3}"),
            ("forward", "{1, 26}"),
            ("forward_end", "end"),
            ("hash_map", "{[5] = 26}"),
            ("hash_map_end", "end"),
            ("in_deque", "0x…"),
            ("in_forward", "1"),
            ("in_hash_map", "{first = 5, second = 26}"),
            ("in_list", "0x…"),
            ("in_set", "4"),
            ("in_text", r#"0x… "erate""#),
            ("list", r#"{"x", "y"}"#),
            ("set", "{4}"),
            ("set_end", "end"),
            ("text", r#""iterate""#),
        ],
    );
}

#[test]
fn classes_without_rtti() {
    check(
        "cpp-library",
        "classes",
        &[
            ("bad_alloc", "{} (std::bad_alloc)"),
            (
                "base_of_mine",
                r#"{std::out_of_range = "it is mine", code = 3} (Mine)"#,
            ),
            ("error", r#""what happened""#),
            ("function", "&Base::twice (virtual)"),
            ("hidden", "0x… ((anonymous namespace)::Hidden)"),
            ("holder", "0x… (Holder<std::vector<int>>)"),
            ("method", "&Base::next(int) const"),
            ("mine", r#"{std::out_of_range = "it is mine", code = 3}"#),
            ("no_exception", "null"),
            ("no_method", "null"),
            (
                "registry",
                r#"{["one"] = {Base = {base = 5}, name = "derived"} (Derived, 2 owners)}"#,
            ),
            (
                "shared",
                r#"{Base = {base = 5}, name = "derived"} (Derived, 2 owners)"#,
            ),
            (
                "unique",
                r#"{Base = {base = 5}, name = "derived"} (Derived)"#,
            ),
            ("virtual_method", "&Base::twice (virtual)"),
        ],
    );
}
