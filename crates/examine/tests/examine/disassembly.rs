//! Disassembly: every instruction reads as wasmprinter has it, and says what it means.

use std::sync::Arc;

use super::support::Fixtures;
use wdb_coredump::{Base, CoreDump, Dialect, Reading};
use wdb_debuggee::PostMortem;
use wdb_debuggee::coredump::ModuleId;
use wdb_examine::View;
use wdb_examine::disassembly::{self, Instruction};
use wdb_examine::places;
use wdb_module::{Binary, FuncIndex, Module, ModuleOffset};

/// Asks about a program that has not run yet.
fn ask<T>(module: Arc<Module>, question: impl FnOnce(&mut View<'_>) -> T) -> T {
    let reading = Reading {
        dump: CoreDump {
            modules: vec![Default::default()],
            ..Default::default()
        },
        dialect: Dialect::Wdb,
        base: Base::Body,
        notes: Vec::new(),
    };
    let mut debuggee = PostMortem::new(reading, vec![Some(module.clone())]);
    let mut resolver = Fixtures::new(vec![module]);
    question(&mut View::new(&mut debuggee, &mut resolver).unwrap())
}

fn all(view: &mut View<'_>, module: &Module) -> Vec<Instruction> {
    (module.imported_function_count()..module.function_count())
        .flat_map(|it| disassembly::function(view, ModuleId(0), FuncIndex(it)))
        .collect()
}

/// The module without names and debug information, which wasmprinter would write in place of the indices.
fn bare(module: &Module) -> Vec<u8> {
    let bytes = module.bytes();
    let mut out = bytes[..8].to_vec();
    for payload in wasmparser::Parser::new(0).parse_all(bytes) {
        if let Some((id, range)) = payload.unwrap().as_section()
            && id != 0
        {
            out.push(id);
            let mut size = range.len();
            while size > 0x7f {
                out.push(size as u8 | 0x80);
                size >>= 7;
            }
            out.push(size as u8);
            out.extend(&bytes[range]);
        }
    }
    out
}

/// Without comments; floats as their values.
fn plain(line: &str) -> String {
    let mut parts = line.split(" (;");
    let mut out = parts.next().unwrap().to_owned();
    out.extend(parts.map(|it| it.split_once(";)").unwrap().1));
    out.truncate(out.find(" ;;").unwrap_or(out.len()));
    let mut out = out.trim().to_owned();
    if let Some(parameters) = out.find(" (param") {
        out.truncate(parameters);
    }
    match out.split_once(".const ") {
        Some((ty @ ("f32" | "f64"), value)) => {
            let wat = format!("(module (global {ty} ({ty}.const {value})))");
            format!("{ty}.const {:?}", wat::parse_str(wat).unwrap())
        }
        _ => out,
    }
}

/// Compares the code of a module, instruction by instruction; how many there are.
fn compare(module: Arc<Module>) -> usize {
    let bare = bare(&module);
    let mut storage = String::new();
    let config = wasmprinter::Config::new();
    let theirs = config.offsets_and_lines(&bare, &mut storage).unwrap();
    let theirs = theirs.map(|(_, line)| line.trim());
    let ours = ask(module.clone(), |view| all(view, &module));
    let is_end = |at: wdb_module::ModuleOffset| {
        let body = module
            .function(module.function_at(at).unwrap())
            .unwrap()
            .body;
        at.0 + 1 == body.unwrap().end.0
    };
    let starts = ["(", ")"];
    // Instructions are on lines of their own; the last of a function, its `end`, is a bracket there.
    let mut theirs = theirs.filter(|it| !starts.iter().any(|start| it.starts_with(start)));
    let mut compared = 0;
    for instruction in &ours {
        if is_end(instruction.at) {
            continue;
        }
        let theirs = theirs.next().unwrap();
        assert_eq!(
            plain(&instruction.text),
            plain(theirs),
            "{}",
            instruction.at
        );
        compared += 1;
    }
    assert_eq!(theirs.next(), None);
    compared
}

fn fixture(name: &str) -> Arc<Module> {
    super::support::modules(name)[0].clone()
}

#[test]
fn programs_read_as_wasmprinter_has_them() {
    let mut compared = 0;
    for name in [
        "c-div-zero",
        "rust-inlined-release",
        "wat-gc",
        "wat-exception",
        "wat-tail-call",
        "wat-shared-memory",
        "cpp-exception",
        "wat-multi-value",
    ] {
        compared += compare(fixture(name));
    }
    assert!(compared > 20_000, "{compared}");
}

#[test]
fn rare_instructions_read_as_wasmprinter_has_them() {
    let wat = r#"(module
        (type $pair (struct (field (mut i32)) (field (mut i8))))
        (type $list (array (mut i32)))
        (type $bytes (array (mut i8)))
        (type $f (func (param i32) (result i32)))
        (memory $m 1 1 shared) (memory $n 1)
        (table $t 2 funcref) (table $u 2 externref)
        (global $g (mut i32) (i32.const 0))
        (tag $e (param i32))
        (data $d "abcd") (elem $s func $h)
        (func $h (type $f)
            (f32.const nan:0x200000) drop (f32.const -nan) drop (f64.const inf) drop (f64.const -0) drop
            (f32.const 0.1) drop (f64.const 1e300) drop (f64.const 5e-324) drop (i64.const -1) drop
            (v128.const i32x4 1 2 3 0xdeadbeef) drop
            (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31 (v128.const i64x2 0 0) (v128.const i64x2 0 0)) 
            (i32x4.extract_lane 3) drop
            (v128.load8x8_s offset=8 (i32.const 0)) drop
            (v128.load32_lane $n align=1 2 (i32.const 0) (v128.const i64x2 0 0)) drop
            (i32x4.relaxed_trunc_f32x4_s (v128.const i64x2 0 0)) drop
            (i32.load16_u $n offset=4 align=1 (i32.const 0)) drop
            (i32.atomic.rmw8.add_u (i32.const 0) (i32.const 1)) drop
            (i64.atomic.rmw.cmpxchg (i32.const 0) (i64.const 1) (i64.const 2)) drop
            (memory.atomic.wait32 (i32.const 0) (i32.const 1) (i64.const 2)) drop
            atomic.fence
            (memory.copy $n $m (i32.const 0) (i32.const 0) (i32.const 0))
            (memory.init $n $d (i32.const 0) (i32.const 0) (i32.const 0))
            (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)) (data.drop $d)
            (memory.grow $n (i32.const 0)) drop memory.size drop
            (table.init $t $s (i32.const 0) (i32.const 0) (i32.const 0)) (elem.drop $s)
            (table.copy $t $t (i32.const 0) (i32.const 0) (i32.const 0))
            (table.set $u (i32.const 0) (table.get $u (i32.const 1)))
            (table.size $t) drop (table.grow $u (ref.null extern) (i32.const 1)) drop
            (i32.trunc_sat_f64_u (f64.const 0)) drop (i64.extend32_s (i64.const 0)) drop
            (select (result funcref) (ref.null func) (ref.func $h) (i32.const 0)) (ref.is_null) drop
            (struct.new $pair (i32.const 1) (i32.const 2)) (struct.get_s $pair 1) drop
            (array.new_fixed $list 2 (i32.const 1) (i32.const 2)) (array.len) drop
            (array.new_data $bytes $d (i32.const 0) (i32.const 0)) drop
            (ref.i31 (i32.const 3)) (i31.get_u) drop
            (ref.test (ref null $pair) (ref.null any)) drop (ref.cast anyref (ref.null any)) drop
            (ref.null none) drop (ref.null nofunc) drop (ref.null $pair) drop (ref.null exn) drop
            (extern.convert_any (ref.null any)) (any.convert_extern) drop
            (block (result (ref null $pair)) (br_on_cast 0 anyref (ref null $pair) (ref.null any)) drop (ref.null $pair)) drop
            (block $l (result i32) (try_table (catch $e $l) (throw $e (i32.const 1))) (i32.const 2)) drop
            (block $l (result exnref) (try_table (catch_all_ref $l)) (return (i32.const 7))) drop
            (block (block (block (br_table 0 1 2 1 (local.get 0)))))
            (loop (result i32) (if (result i32) (local.get 0) (then (i32.const 1)) (else (br 1))))
            (call_indirect (type $f) (i32.const 0))
            (return_call $h)))"#;
    let bytes = wat::parse_str(wat).unwrap();
    let module = Binary::parse(bytes.into()).unwrap().modules()[0].clone();
    assert!(compare(module) > 150);
}

#[test]
fn what_instructions_mean() {
    let module = fixture("c-div-zero");
    ask(module.clone(), |view| {
        let spec = places::parse("summarise").unwrap();
        let summarise = places::resolve(view, &spec, None).unwrap().remove(0);
        let at = summarise.at.offset;
        let func = view.function_at(summarise.at).unwrap();
        let whole = disassembly::function(view, ModuleId(0), func);
        let calls = whole.iter().filter(|it| it.text.starts_with("call "));
        let called: Vec<&str> = calls.map(|it| it.note.as_deref().unwrap()).collect();
        assert!(called.contains(&"average"), "{called:?}");
        let stack = whole
            .iter()
            .find(|it| it.text.starts_with("global.get"))
            .unwrap();
        assert_eq!(stack.note.as_deref(), Some("__stack_pointer"));
        let line = whole.iter().filter_map(|it| it.source.as_ref());
        let line = line.into_iter().find(|it| it.line == 41).unwrap();
        assert_eq!(
            line.text.as_deref(),
            Some("  int mean = average(sample.values, sample.count);")
        );
        // A window holds the same, except the source line at its beginning.
        let around = disassembly::around(view, ModuleId(0), at, 2, 3);
        assert_eq!(around.len(), 6);
        let position = whole.iter().position(|it| it.at == at).unwrap();
        assert_eq!(around[1..], whole[position - 1..position + 4]);
        assert_eq!(
            disassembly::around(view, ModuleId(0), wdb_module::ModuleOffset(3), 2, 3),
            []
        );
        assert_eq!(disassembly::function(view, ModuleId(0), FuncIndex(0)), []);
    });
}

#[test]
fn branches_say_where_they_go() {
    let wat =
        "(module (func (block (loop (br_if 0 (i32.const 1)) (br_if 1 (i32.const 1)))) (br 0)))";
    let bytes = wat::parse_str(wat).unwrap();
    let module = Binary::parse(bytes.into()).unwrap().modules()[0].clone();
    let lines = ask(module.clone(), |view| all(view, &module));
    let note = |at: usize| lines[at].note.clone().unwrap();
    let texts: Vec<(u32, &str)> = lines
        .iter()
        .map(|it| (it.depth, it.text.as_str()))
        .collect();
    assert_eq!(
        texts,
        [
            (0, "block"),
            (1, "loop"),
            (2, "i32.const 1"),
            (2, "br_if 0"),
            (2, "i32.const 1"),
            (2, "br_if 1"),
            (1, "end"),
            (0, "end"),
            (0, "br 0"),
            (0, "end"),
        ]
    );
    assert_eq!(note(3), format!("to {}", lines[1].at));
    assert_eq!(note(5), format!("to {}", lines[7].at));
    assert_eq!(note(8), format!("to {}", lines[9].at));
}

/// Instructions of the whole code of a module, whatever function they are of, with the bytes that they are made of.
#[test]
fn ranges_go_over_the_ends_of_functions() {
    let modules = super::support::modules("c-div-zero");
    let module = modules[0].clone();
    let mut debuggee = super::support::dump("c-div-zero.wasmtime", "c-div-zero");
    let mut resolver = Fixtures::new(modules);
    let mut view = View::new(&mut debuggee, &mut resolver).unwrap();
    let id = ModuleId(0);
    let functions = (0..module.function_count()).map(FuncIndex);
    let all: Vec<_> = functions
        .flat_map(|func| disassembly::function(&mut view, id, func))
        .collect();
    for line in &all {
        let (start, length) = (line.at.0 as usize, line.bytes.len());
        assert_eq!(line.bytes, module.bytes()[start..start + length]);
    }
    let follows = |two: &[Instruction]| {
        two[0].func != two[1].func || two[0].at.0 + two[0].bytes.len() as u64 == two[1].at.0
    };
    assert!(all.windows(2).all(follows));
    let code = |lines: &[Instruction]| -> Vec<_> {
        let plain = lines
            .iter()
            .map(|it| (it.at, it.func, it.bytes.clone(), it.text.clone()));
        plain.collect()
    };
    let end_of = |lines: &[Instruction]| lines.windows(2).position(|it| it[0].func != it[1].func);
    let end = end_of(&all).unwrap();
    let last = all.len() - 1;
    for (at, before, after) in [
        (end, 3, 3),
        (end + 1, 3, 3),
        (0, 5, 2),
        (0, 0, 0),
        (last, 2, 5),
        (last, 0, 0),
        (end, 0, 2_000),
        (end, 2_000, 0),
        (last / 2, last, last),
        (last / 2, usize::MAX, usize::MAX),
    ] {
        let found = disassembly::range(&mut view, id, all[at].at, before, after);
        let expected = &all[at.saturating_sub(before)..=at.saturating_add(after).min(last)];
        assert_eq!(code(&found), code(expected), "{at} -{before} +{after}");
    }
    let beyond = ModuleOffset(all[last].at.0 + 1_000_000);
    assert_eq!(disassembly::range(&mut view, id, beyond, 3, 3), []);
    assert_eq!(disassembly::range(&mut view, id, ModuleOffset(0), 3, 3), []);
}
