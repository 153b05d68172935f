//! What stopping costs. Measurements, not tests: `cargo test --release --workspace --test debug -- --ignored --nocapture`.

use std::time::Instant;

use wdb_coredump::MemoryId;
use wdb_target::Verdict;

use super::*;

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

#[test]
#[ignore = "a measurement"]
fn costs() {
    let mut live = launch(CALLS);
    let start = Instant::now();
    resume(&mut live);
    println!("a million calls: {:?}", start.elapsed());

    let mut live = launch(CALLS);
    let never = at(&live, 0, 1, 0);
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
            assert!(locals(&frame)[0] > 0);
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
        let store = at(&live, 0, 0, 6);
        set(&mut live, &[store]);
        time(what, HITS, || {
            let mut left = HITS;
            watched(
                &mut live,
                Resume::Continue,
                Box::new(move |debuggee| {
                    look(debuggee);
                    left -= 1;
                    match left {
                        0 => Verdict::Stop,
                        _ => Verdict::Resume(Resume::Continue),
                    }
                }),
            );
        });
    }

    let mut live = launch(CALLS);
    step(&mut live);
    time("a step next to the guest", HITS, || {
        let mut left = HITS;
        watched(
            &mut live,
            Resume::StepInstruction,
            Box::new(move |_| {
                left -= 1;
                match left {
                    0 => Verdict::Stop,
                    _ => Verdict::Resume(Resume::StepInstruction),
                }
            }),
        );
    });
    time("a step from the other thread", 10_000, || {
        for _ in 0..10_000 {
            step(&mut live);
        }
    });
    let store = at(&live, 0, 0, 6);
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

/// The costs that grow with the program, on a large one: `GUEST=/path/to/sqlite.wasm`.
#[test]
#[ignore = "a measurement"]
fn costs_of_a_large_program() {
    let Ok(path) = std::env::var("GUEST") else {
        return;
    };
    let bytes = Bytes::from(std::fs::read(path).unwrap());
    let start = Instant::now();
    let compiled = wdb_live::Compiled::new(&Program {
        binary: Arc::new(Binary::parse(bytes).unwrap()),
        invoke: None,
        ..program("(module)")
    })
    .unwrap();
    println!("compiled in {:?}", start.elapsed());
    let start = Instant::now();
    let mut live = compiled.launch().unwrap();
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
    let next = here(&mut live, 1);
    set(&mut live, &[next]);
    resume(&mut live);
    println!("from steps to full speed: {:?}", start.elapsed());
    time("a step after a breakpoint", 50, || {
        for _ in 0..50 {
            step(&mut live);
        }
    });
    let next = here(&mut live, 1);
    set(&mut live, &[next]);
    let start = Instant::now();
    resume(&mut live);
    println!("and on to a breakpoint: {:?}", start.elapsed());
    let start = Instant::now();
    set(&mut live, &[next]);
    println!("one breakpoint set: {:?}", start.elapsed());
    let start = Instant::now();
    set(&mut live, &[]);
    println!("one breakpoint taken away: {:?}", start.elapsed());
    let all: Vec<CodeLocation> = (0..1000)
        .map(|it| {
            live.modules()[0]
                .binary
                .as_ref()
                .unwrap()
                .imported_function_count()
                + it
        })
        .map(|func| at(&live, 0, func, 0))
        .collect();
    let start = Instant::now();
    let refused = breakpoints(&mut live).set_breakpoints(&all.iter().copied().collect());
    println!(
        "a thousand set: {:?}, {} refused",
        start.elapsed(),
        refused.unwrap().len()
    );
}

/// The instruction that is `further` instructions after the one where the program stands.
fn here(live: &mut Live, further: usize) -> CodeLocation {
    let frame = live.frame(0, 0).unwrap();
    let (func, position) = place(live, &frame);
    at(live, 0, func, position + further)
}
