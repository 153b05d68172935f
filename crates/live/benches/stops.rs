//! What stopping costs: `cargo bench --workspace --bench stops`. With `GUEST=/path/to/sqlite.wasm` also
//! the costs that grow with a program.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use wdb_coredump::{MemoryId, ModuleId, Value};
use wdb_debuggee::launch::{File, Invocation, Program};
use wdb_debuggee::{CodeLocation, Debuggee, Resume, StopFilter, StopReason, Verdict};
use wdb_live::{Compiled, Live, Wasmtime};
use wdb_module::{Binary, FuncIndex};

fn main() {
    costs();
    if let Ok(path) = std::env::var("GUEST") {
        costs_of_a_large_program(std::fs::read(path).unwrap());
    }
}

fn program(bytes: Vec<u8>, invoke: Option<&str>) -> Program {
    let main = File {
        name: "program".into(),
        path: None,
        binary: Arc::new(Binary::parse(Bytes::from(bytes)).unwrap()),
    };
    Program {
        invoke: invoke.map(str::to_owned),
        ..Program::new(main)
    }
}

fn launch(text: &str) -> Live {
    let bytes = wat::parse_str(text).unwrap();
    compile(&program(bytes, Some("run")))
        .launch(&Invocation::default())
        .unwrap()
}

fn compile(program: &Program) -> Compiled {
    Compiled::new(&Wasmtime::default(), program, &[]).unwrap()
}

/// The instruction at `position` in a function.
fn at(live: &Live, func: u32, position: usize) -> CodeLocation {
    let func = FuncIndex(func);
    let binary = live.modules()[0].binary.as_ref().unwrap();
    let (offset, _) = binary.instructions(func).nth(position).unwrap().unwrap();
    CodeLocation {
        module: ModuleId(0),
        offset,
    }
}

/// The instruction after the one where the program is.
fn next(live: &mut Live) -> CodeLocation {
    let frame = live.frame(0, 0).unwrap();
    let binary = live.modules()[0].binary.as_ref().unwrap();
    let here = frame.offset().unwrap();
    let mut code = binary.instructions(frame.func);
    let position = code.position(|it| it.unwrap().0 == here).unwrap();
    at(live, frame.func.0, position + 1)
}

fn set(live: &mut Live, locations: &[CodeLocation]) {
    let breakpoints = live.breakpoints().unwrap();
    let refused = breakpoints.set_breakpoints(&locations.iter().copied().collect());
    assert_eq!(refused.unwrap(), []);
}

fn resume(live: &mut Live) {
    filtered(live, Resume::Continue, None);
}

fn step(live: &mut Live) {
    filtered(live, Resume::StepInstruction, None);
    assert_eq!(live.stop_reasons()[0], StopReason::Step);
}

fn filtered(live: &mut Live, how: Resume, filter: Option<StopFilter>) {
    live.execute().unwrap().resume(how, filter).unwrap();
}

/// Calls a function a million times; a call is some fifteen instructions.
const CALLS: &str = r#"
(module
  (memory 1)
  (func $work (param $n i32) (local $square i32)
    local.get $n
    local.get $n
    i32.mul
    local.set $square
    i32.const 8
    local.get $square
    i32.store)
  (func $never nop)
  (func (export "run") (local $n i32)
    loop $again
      local.get $n
      i32.const 1
      i32.add
      local.tee $n
      call $work
      local.get $n
      i32.const 1000000
      i32.lt_u
      br_if $again
    end))"#;

type Look = fn(&mut dyn Debuggee);

const HITS: u32 = 100_000;

fn time(what: &str, times: u32, run: impl FnOnce()) {
    let start = Instant::now();
    run();
    let each = start.elapsed() / times;
    println!("{what}: {each:?}");
}

fn costs() {
    let mut live = launch(CALLS);
    let start = Instant::now();
    resume(&mut live);
    println!("a million calls: {:?}", start.elapsed());

    let mut live = launch(CALLS);
    let never = at(&live, 1, 0);
    set(&mut live, &[never]);
    let start = Instant::now();
    resume(&mut live);
    println!(
        "a million calls, with a breakpoint elsewhere: {:?}",
        start.elapsed()
    );

    let watches: [(&str, Look); 4] = [
        ("a hit that nothing is read at", |_| {}),
        ("a hit, a local and a word of memory", |debuggee| {
            let frame = debuggee.frame(0, 0).unwrap();
            assert_ne!(frame.locals[0].value(), Some(&Value::I32(0)));
            let mut word = [0; 4];
            debuggee.read_memory(MemoryId(0), 8, &mut word).unwrap();
        }),
        ("a hit, the depth", |debuggee| {
            assert_eq!(debuggee.depth(0).unwrap(), 2);
        }),
        ("a hit, all frames", |debuggee| {
            assert_eq!(debuggee.threads().unwrap()[0].frames.len(), 2);
        }),
    ];
    for (what, look) in watches {
        let mut live = launch(CALLS);
        let store = at(&live, 0, 6);
        set(&mut live, &[store]);
        time(what, HITS, || {
            let mut left = HITS;
            filtered(
                &mut live,
                Resume::Continue,
                Some(Box::new(move |debuggee| {
                    look(debuggee);
                    left -= 1;
                    match left {
                        0 => Verdict::Stop,
                        _ => Verdict::Resume(Resume::Continue),
                    }
                })),
            );
        });
    }

    let mut live = launch(CALLS);
    step(&mut live);
    time("a step next to the guest", HITS, || {
        let mut left = HITS;
        filtered(
            &mut live,
            Resume::StepInstruction,
            Some(Box::new(move |_| {
                left -= 1;
                match left {
                    0 => Verdict::Stop,
                    _ => Verdict::Resume(Resume::StepInstruction),
                }
            })),
        );
    });
    time("a step from the other thread", 10_000, || {
        for _ in 0..10_000 {
            step(&mut live);
        }
    });
    let store = at(&live, 0, 6);
    set(&mut live, &[store]);
    time("a stop from the other thread", 10_000, || {
        for _ in 0..10_000 {
            resume(&mut live);
        }
    });
    time(
        "a stop from the other thread, and its frame",
        10_000,
        || {
            for _ in 0..10_000 {
                resume(&mut live);
                live.frame(0, 0).unwrap();
            }
        },
    );
}

fn costs_of_a_large_program(bytes: Vec<u8>) {
    let start = Instant::now();
    let compiled = compile(&program(bytes, None));
    println!("compiled in {:?}", start.elapsed());
    let start = Instant::now();
    let mut live = compiled.launch(&Invocation::default()).unwrap();
    println!("launched in {:?}", start.elapsed());
    let start = Instant::now();
    step(&mut live);
    println!("first step: {:?}", start.elapsed());
    time("a step", 10_000, || {
        for _ in 0..10_000 {
            step(&mut live);
        }
    });
    let start = Instant::now();
    let place = next(&mut live);
    set(&mut live, &[place]);
    resume(&mut live);
    println!("from steps to full speed: {:?}", start.elapsed());
    time("a step after a breakpoint", 50, || {
        for _ in 0..50 {
            step(&mut live);
        }
    });
    let place = next(&mut live);
    set(&mut live, &[place]);
    let start = Instant::now();
    resume(&mut live);
    println!("and on to a breakpoint: {:?}", start.elapsed());
    let start = Instant::now();
    set(&mut live, &[place]);
    println!("one breakpoint set: {:?}", start.elapsed());
    let start = Instant::now();
    set(&mut live, &[]);
    println!("one breakpoint taken away: {:?}", start.elapsed());
    let all: Vec<CodeLocation> = (0..1000)
        .map(|index| {
            live.modules()[0]
                .binary
                .as_ref()
                .unwrap()
                .imported_function_count()
                + index
        })
        .map(|func| at(&live, func, 0))
        .collect();
    let start = Instant::now();
    set(&mut live, &all);
    println!("a thousand set: {:?}", start.elapsed());
}
