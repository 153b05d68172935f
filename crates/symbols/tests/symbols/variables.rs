//! The variables of real programs: which there are at a place, and where they are.

use crate::common;

use std::sync::Arc;

use common::frame::Frame;
use common::walk::Walk;
use wdb_module::{FuncIndex, Module, ModuleOffset, Operator};
use wdb_symbols::{Number, Storage, Symbols, Unavailable, Variable, VariableKind};

struct Program {
    module: Arc<Module>,
    symbols: Symbols,
}

impl Program {
    fn new(name: &str) -> Self {
        let module = common::module(name);
        let symbols = Symbols::new(Arc::clone(&module), None, None);
        Program { module, symbols }
    }

    fn function(&self, name: &str) -> FuncIndex {
        let mut all = (0..self.module.function_count()).map(FuncIndex);
        all.find(|it| self.symbols.function_name(*it).display == name)
            .unwrap_or_else(|| panic!("no function {name}"))
    }

    fn instructions(&self, function: &str) -> impl Iterator<Item = (ModuleOffset, Operator<'_>)> {
        let all = self.module.instructions(self.function(function));
        all.map(Result::unwrap)
    }

    /// The last call in `caller` of `callee`.
    fn call(&self, caller: &str, callee: &str) -> ModuleOffset {
        let callee = self.function(callee).0;
        self.instructions(caller)
            .filter(
                |it| matches!(it.1, Operator::Call { function_index } if function_index == callee),
            )
            .last()
            .unwrap()
            .0
    }

    /// The first instruction of the function that fits.
    fn first(&self, function: &str, fits: impl Fn(&Operator<'_>) -> bool) -> ModuleOffset {
        self.instructions(function)
            .find(|it| fits(&it.1))
            .unwrap()
            .0
    }

    /// Where a variable of the innermost place is that is not hidden.
    fn place(&self, name: &str, pc: ModuleOffset, frame: &mut Frame) -> Storage {
        let places = self.symbols.variables(pc);
        let mut all = places.iter().flatten();
        let found = all.find(|it| &*it.name == name && !it.shadowed);
        self.symbols.object(found.unwrap(), pc, frame).place
    }
}

/// Names, with what is special about each.
fn text(variables: &[Variable]) -> String {
    let all: Vec<String> = variables
        .iter()
        .map(|variable| {
            let kind = match variable.kind {
                VariableKind::Parameter => "parameter ",
                VariableKind::Local => "",
                VariableKind::Static => "static ",
                VariableKind::ThreadLocal => "thread-local ",
            };
            let shadowed = if variable.shadowed { "(hidden) " } else { "" };
            format!("{shadowed}{kind}{}", variable.name)
        })
        .collect();
    all.join(", ")
}

/// The line of the fixture's source, from 1, that has `text` in it first.
fn line_of(source: &str, text: &str) -> u32 {
    let path = format!("{}/../../fixtures/src/{source}", env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(path).unwrap();
    source.lines().position(|it| it.contains(text)).unwrap() as u32 + 1
}

#[test]
fn blocks_and_shadowed_variables() {
    let program = Program::new("c-variables");
    let places = program.symbols.variables(program.call("scopes", "share"));
    let [place] = &places[..] else {
        panic!("{places:?}")
    };
    assert_eq!(
        text(place),
        "parameter depth, parameter origin, static calls, static last_caller, \
         static innermost_static, (hidden) value, result, i, (hidden) value, \
         (hidden) value, inner_only, value"
    );
    let not_yet: Vec<&str> = place
        .iter()
        .filter(|it| it.is_ahead(line_of("c-variables.c", "const char *value =")))
        .map(|it| &*it.name)
        .collect();
    assert_eq!(not_yet, ["inner_only", "value"]);
    let declared = |text| Some(line_of("c-variables.c", text));
    assert_eq!(place[0].line, declared("NOINLINE int scopes("));
    assert_eq!(place[6].line, declared("int result = 0;"));
}

/// The optimiser inlined `share`, gave its parameters other places and dropped `remainder`'s.
#[test]
fn inlined_functions_have_their_own_variables() {
    let program = Program::new("c-variables-o2");
    let pc = program.first("scopes", |it| matches!(it, Operator::I32DivS));
    let places = program.symbols.variables(pc);
    assert_eq!(places.len(), program.symbols.locate(pc).len());
    assert_eq!(
        text(&places[0]),
        "parameter amount, parameter parts, rounded, remainder, each"
    );
    assert!(text(&places[1]).starts_with("parameter depth, parameter origin, "));
}

/// At every row of the line table the names are those of another walk over the same entries.
fn same_names(name: &str, step: usize) {
    let program = Program::new(name);
    let walk = Walk::new(&program.module);
    let mut compared = 0;
    for (pc, expected) in walk.all().into_iter().step_by(step) {
        let mut found: Vec<Vec<String>> = program
            .symbols
            .variables(pc)
            .into_iter()
            .map(|it| it.iter().map(|it| it.name.to_string()).collect())
            .collect();
        found.iter_mut().for_each(|it| it.sort());
        assert!(
            expected.contains(&found),
            "{name} at {pc}: {found:?}, not {expected:?}"
        );
        assert_eq!(found.len(), program.symbols.locate(pc).len());
        compared += found.iter().flatten().count();
    }
    assert!(200 < compared, "{name} has variables: {compared}");
}

#[test]
fn names_in_scope_c() {
    // The rows of the C library are the same in all.
    for (name, step) in [
        ("c-variables", 1),
        ("c-variables-dwarf5", 3),
        ("c-variables-o1", 4),
        ("c-variables-o2", 1),
        ("c-inlined-o2", 4),
        ("c-inlined-o2-dwarf5", 3),
    ] {
        same_names(name, step);
    }
}

#[test]
fn names_in_scope_rust() {
    same_names("rust-explicit-panic", 2);
    same_names("rust-inlined-release", 3);
}

#[test]
fn on_the_stack_in_memory() {
    let program = Program::new("c-variables");
    let pc = program.call("scopes", "share");
    // The frame is at what local 2 has, `depth` 44 bytes into it.
    let mut frame = Frame::new().local(2, Number::I32(0x1000));
    assert_eq!(
        program.place("depth", pc, &mut frame),
        Storage::Memory(0x102c)
    );
    assert_eq!(
        program.place("last_caller", pc, &mut frame),
        Storage::Memory(0x103d4)
    );
    let mut unset = Frame::new().local(2, Number::I32(0));
    let Storage::Nowhere(reason) = program.place("depth", pc, &mut unset) else {
        panic!()
    };
    assert_eq!(
        reason.to_string(),
        "not there yet: the function has not set up its frame"
    );
    let mut nothing = Frame::new();
    assert_eq!(
        program.place("depth", pc, &mut nothing),
        Storage::Nowhere(Unavailable::NotRecorded("local 2".to_owned()))
    );
}

/// A parameter passed by value is a copy whose address is passed.
#[test]
fn at_an_address_in_a_local() {
    let program = Program::new("c-variables");
    let mut frame = Frame::new().local(0, Number::I32(0x2000));
    let pc = program.call("records", "layouts");
    assert_eq!(
        program.place("segment", pc, &mut frame),
        Storage::Memory(0x2000)
    );
}

/// Where each of the variables of the inlined `share` is, from instruction to instruction: as numbers that say which local or operand it was.
#[test]
fn in_locals_and_operands() {
    let program = Program::new("c-variables-o2");
    let mut frame = Frame::new();
    for index in 0..20 {
        frame = frame.local(index, Number::I32(1000 + 7 * index));
        frame = frame.operand(index, Number::I32(2000 + 7 * index));
    }
    let mut seen = |name: &str| {
        let mut seen = Vec::new();
        for (pc, _) in program.instructions("scopes") {
            let places = program.symbols.variables(pc);
            let [share, _] = &places[..] else { continue };
            let variable = share.iter().find(|it| &*it.name == name).unwrap();
            let text = match program.symbols.object(variable, pc, &mut frame).place {
                Storage::Bytes(bytes) => match u32::from_le_bytes(*bytes.first_chunk().unwrap()) {
                    it @ 1000..2000 if (it - 1000) % 7 == 0 => "local".to_owned(),
                    it @ 2000.. if (it - 2000) % 7 == 0 => "operand".to_owned(),
                    it => it.to_string(),
                },
                Storage::Nowhere(Unavailable::OptimisedOut(_)) => "nowhere".to_owned(),
                place => panic!("{place:?}"),
            };
            if seen.last() != Some(&text) {
                seen.push(text);
            }
        }
        seen.join(", ")
    };
    assert!(seen("amount").ends_with("local"));
    assert!(seen("parts").ends_with("local"));
    assert_eq!(seen("rounded"), "nowhere, local");
    assert_eq!(seen("remainder"), "nowhere, operand, local");
}

/// Parameters of a pack have one name; of a coroutine's captures and its locals the locals are meant.
#[test]
fn variables_of_one_name() {
    let all = |program: &Program, function: FuncIndex| {
        let pc = program.module.first_instruction(function).unwrap();
        text(program.symbols.variables(pc).last().unwrap())
    };
    let program = Program::new("cpp-types");
    let mut functions = (0..program.module.function_count()).map(FuncIndex);
    let pack = functions.find(|function| {
        let name = program.symbols.function_name(*function).display;
        name.starts_with("make_unique<shapes::Circle,")
    });
    assert_eq!(
        all(&program, pack.unwrap()),
        "parameter __args, parameter __args"
    );
    let program = Program::new("rust-types");
    let coroutine = program.function("rust_types::download::{closure#0}");
    let mut pcs = program
        .module
        .instructions(coroutine)
        .map(|it| it.unwrap().0);
    let both = pcs.find_map(|pc| {
        let places = program.symbols.variables(pc);
        let pages: Vec<bool> = places
            .last()?
            .iter()
            .filter(|it| &*it.name == "pages")
            .map(|it| it.shadowed)
            .collect();
        (pages.len() == 2).then_some(pages)
    });
    assert_eq!(both, Some(vec![true, false]));
}

/// For a variable that cannot be seen, the lines where it can be are given.
#[test]
fn optimised_out() {
    let program = Program::new("c-variables-o2");
    let mut pcs = program.instructions("scopes").map(|it| it.0);
    let pc = pcs
        .find(|it| program.symbols.locate(*it).len() == 2)
        .unwrap();
    let reason = |name: &str| match program.place(name, pc, &mut Frame::new()) {
        Storage::Nowhere(Unavailable::OptimisedOut(lines)) => lines,
        place => panic!("{name}: {place:?}"),
    };
    let first = line_of("c-variables.c", "const int remainder");
    let last = line_of("c-variables.c", "return each + remainder");
    assert_eq!(reason("rounded"), [first..=last]);
    assert_eq!(reason("last_caller"), []);
}

#[test]
fn statics() {
    let program = Program::new("c-variables");
    let pc = program.call("scopes", "share");
    let all = program.symbols.statics(pc);
    for name in [
        "static scopes::calls, ",
        "static file_ratio, ",
        "thread-local thread_local_total, ",
    ] {
        assert!(text(&all).contains(name), "{}", text(&all));
    }
    let only = |name: &str| {
        let found = program.symbols.statics_named(name);
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        found.into_iter().next().unwrap()
    };
    for name in [
        "global_count",
        "scopes::calls",
        "calls",
        "file_ring",
        "thread_local_total",
    ] {
        let found = only(name);
        let mut frame = Frame::new();
        let place = program
            .symbols
            .object(&found, ModuleOffset(0), &mut frame)
            .place;
        let Storage::Memory(address) = place else {
            panic!("{name}: {place:?}")
        };
        for into in [0, 1] {
            let (at, offset) = program.symbols.static_at(address + into).unwrap();
            assert_eq!((&at, offset), (&found, into));
        }
    }
    assert_eq!(only("thread_local_total").kind, VariableKind::ThreadLocal);
    assert_eq!(only("calls").kind, VariableKind::Static);
    assert_eq!(program.symbols.static_at(0xffff_0000), None);
    assert_eq!(program.symbols.static_at(0), None);
    let program = Program::new("cpp-types");
    for (name, expected) in [
        ("Ticket::sold", "static shapes::Ticket::sold"),
        ("readings", "thread-local gauges::readings"),
        ("hidden_count", "static (anonymous namespace)::hidden_count"),
        ("runs", "static gauges::Pump::run::runs"),
    ] {
        assert_eq!(text(&program.symbols.statics_named(name)), expected);
    }
    let program = Program::new("rust-types");
    for (name, expected) in [
        ("COUNTER", "static rust_types::COUNTER"),
        ("rust_types::LOCAL", "static rust_types::LOCAL"),
    ] {
        assert_eq!(text(&program.symbols.statics_named(name)), expected);
    }
}
