//! What it costs to debug a program that runs, beside wasmtime, which runs the same instrumented code, and
//! LLDB.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use super::measure::{Cost, Task};
use super::{Bench, RUNS, command};
use crate::lldb::{Guest, LLDB};

/// The argument of the guests that work for long.
const ROUNDS: &str = "50";
/// How often what works for long is measured; the median counts.
const LONG_RUNS: usize = 3;

/// What LLDB is to do.
const SCRIPT: &str = include_str!("debug.py");

const COMPUTE: &str = "c-compute-o0.wasm";
const SQLITE: &str = "c-sqlite-o0.wasm";

pub(super) fn debug(bench: &Bench) -> Result<()> {
    for name in ["c-compute-o0", "c-sqlite-o0", "rust-index-panic"] {
        bench.fixture(name)?;
    }
    println!("## `wdb debug`\n");
    println!(
        "Ratios are of the time that processors were busy, in brackets, which other work on the machine changes \
         least.\n"
    );
    prompt(bench)?;
    speed(bench)?;
    conditions(bench)?;
    step(bench)
}

/// The commands in a new `wdb debug`, for a guest and its arguments.
pub(super) fn session(bench: &Bench, commands: &[&str], guest: &[&str]) -> Task {
    let mut arguments = vec!["debug", "--no-init", "--batch"];
    for command in commands {
        arguments.extend(["-ex", command]);
    }
    arguments.extend(guest);
    Task::new(&commands.join("; "), bench.wdb(&arguments), 0)
}

fn prompt(bench: &Bench) -> Result<()> {
    println!(
        "To the first prompt, with the code compiled before, `wdb debug --batch -ex quit`; and to `main`, with \
         `-ex start -ex quit`. Goal: under 1 s.\n"
    );
    println!("| guest | to the prompt | to `main` | memory at its peak |\n|---|---|---|---|");
    for guest in ["rust-index-panic.wasm", SQLITE] {
        let mut tasks = [
            session(bench, &["quit"], &[guest]),
            session(bench, &["start", "quit"], &[guest]),
        ];
        let costs = bench.in_turns(&mut tasks, RUNS)?;
        let [first, main] = costs[..] else {
            bail!("there are two commands");
        };
        println!(
            "| `{guest}` | {:.0} ms ({:.0} ms) | {:.0} ms ({:.0} ms) | {:.0} MB |",
            first.wall * 1e3,
            first.busy * 1e3,
            main.wall * 1e3,
            main.busy * 1e3,
            main.peak as f64 / 1e6
        );
    }
    println!();
    Ok(())
}

fn speed(bench: &Bench) -> Result<()> {
    println!(
        "The speed of the guest: {ROUNDS} rounds of work, without start-up. Cold is a breakpoint that is never hit, \
         hot one that is passed over at each hit, with `ignore`.\n"
    );
    println!(
        "| guest | `wasmtime run -D guest-debug` | no breakpoint | cold | hot | hits | each |\n|---|---|---|---|---|---|---|"
    );
    let guests = [
        (COMPUTE, "break abort", "break c-compute.c:50"),
        (SQLITE, "break title_case", "break sqlite3BtreeInsert"),
    ];
    for (guest, cold, hot) in guests {
        let ways: [&[&str]; 3] = [&["run"], &[cold, "run"], &[hot, IGNORE, "run"]];
        let mut tasks = Vec::new();
        for rounds in [ROUNDS, "0"] {
            let run = bench.wasmtime(&["run", "-D", "guest-debug", guest, rounds]);
            tasks.push(Task::new("wasmtime run", run, 0));
            tasks.extend(ways.map(|commands| session(bench, commands, &[guest, rounds])));
        }
        let costs = bench.in_turns(&mut tasks, LONG_RUNS)?;
        let (work, start) = costs.split_at(costs.len() / 2);
        let pairs = work.iter().zip(start);
        let costs: Vec<Cost> = pairs.map(|(work, start)| less(work, start)).collect();
        let [theirs, none, cold, with_hits] = costs[..] else {
            bail!("there are four ways");
        };
        let hits = hits(bench, hot, &[guest, ROUNDS])?;
        println!(
            "| `{guest}` | {} | {} | {} | {} | {hits} | {:.1} µs |",
            seconds(&theirs),
            compared(&none, &theirs),
            compared(&cold, &theirs),
            compared(&with_hits, &theirs),
            (with_hits.busy - cold.busy) * 1e6 / f64::from(hits)
        );
    }
    println!();
    Ok(())
}

/// Passes over every hit of the first breakpoint.
const IGNORE: &str = "ignore 1 1000000000";

/// How often a breakpoint is hit in a run, as wdb counts it.
fn hits(bench: &Bench, breakpoint: &str, guest: &[&str]) -> Result<u32> {
    let commands = [breakpoint, IGNORE, "run", "info breakpoints"];
    let text = session(bench, &commands, guest).output()?;
    let hits = text.split_once("(hit ");
    let hits = hits.and_then(|(_, rest)| rest.split_once(" times)"));
    let (hits, _) = hits.with_context(|| format!("wdb shows no hits:\n{text}"))?;
    Ok(hits.parse()?)
}

fn conditions(bench: &Bench) -> Result<()> {
    println!(
        "A condition that never holds: what one hit costs, a run with the breakpoint less one without. LLDB 22 is \
         attached to `wasmtime run -g` and has the same condition in a line that is executed 96 times, and once more as a callback \
         in Python, its quickest way; the time is all that the guest runs. Goal: 1000 times as fast as LLDB.\n"
    );
    println!("| condition | hits | each | of it busy |\n|---|---|---|---|");
    let breakpoints = [
        ("break next_random", "if 1 == 2"),
        ("break next_random", "if seed == 0"),
        ("break fibonacci", "if n == 99"),
    ];
    let mut tasks = vec![session(bench, &["run"], &[COMPUTE])];
    for (place, condition) in breakpoints {
        let breakpoint = format!("{place} {condition}");
        tasks.push(session(bench, &[&breakpoint, "run"], &[COMPUTE]));
    }
    let costs = bench.in_turns(&mut tasks, LONG_RUNS)?;
    let Some((without, costs)) = costs.split_first() else {
        bail!("there is a run without a breakpoint");
    };
    for ((place, condition), cost) in breakpoints.iter().zip(costs) {
        let hits = hits(bench, place, &[COMPUTE])?;
        let cost = less(cost, without);
        println!(
            "| wdb, `{place} {condition}` | {hits} | {:.1} µs | {:.1} µs |",
            cost.wall * 1e6 / f64::from(hits),
            cost.busy * 1e6 / f64::from(hits)
        );
    }
    fs::write(bench.scratch.join("debug.py"), SCRIPT)?;
    for (what, condition) in [
        ("`-c 'seed == 0'`", "seed == 0"),
        ("`seed` in a callback", ""),
    ] {
        let (hits, seconds) = lldb(bench, condition)?;
        println!(
            "| LLDB, {what} | {hits} | {:.0} µs | |",
            seconds * 1e6 / f64::from(hits)
        );
    }
    println!();
    Ok(())
}

/// How many hits took LLDB how many seconds: of some runs the median.
fn lldb(bench: &Bench, condition: &str) -> Result<(u32, f64)> {
    let script = [
        "--no-lldbinit",
        "--batch",
        "-o",
        "command script import debug.py",
    ];
    let mut lldb = Task::limited("LLDB", &command(Path::new(LLDB), &script, &bench.scratch))
        .with_variable("CONDITION", condition);
    let (wasmtime, scratch) = (bench.wasmtime.clone(), bench.scratch.clone());
    lldb = lldb.attached(move || Guest::start(&wasmtime, &scratch, COMPUTE));
    let mut runs = Vec::new();
    for _ in 0..LONG_RUNS {
        let text = lldb.output()?;
        let measured = text.lines().find_map(|it| it.strip_prefix("measured "));
        let measured = measured.and_then(|it| it.split_once(' '));
        let (hits, seconds) = measured.with_context(|| format!("LLDB says:\n{text}"))?;
        runs.push((hits.parse::<u32>()?, seconds.parse::<f64>()?));
    }
    runs.sort_by(|a, b| a.1.total_cmp(&b.1));
    let median = runs[runs.len() / 2];
    ensure!(median.0 > 0, "LLDB hits nothing");
    Ok(median)
}

fn step(bench: &Bench) -> Result<()> {
    println!(
        "`next` over a call, beside going on to the same place at full speed, both from the call on. The first is \
         all of SQLite's work, {ROUNDS} rounds of it; the second calls itself 150048 times, and each of these calls returns through \
         the statement that is stepped. Goal for the first: 1.2x of `wasmtime run -D guest-debug`.\n"
    );
    println!(
        "| call | `next` | to the same place without it | `wasmtime run -D guest-debug` |\n|---|---|---|---|"
    );
    let sqlite = |command| {
        session(
            bench,
            &["tbreak c-sqlite.c:64", "run", command],
            &[SQLITE, ROUNDS],
        )
    };
    let fibonacci = |commands: &[&str]| {
        let commands = [&["tbreak fibonacci", "run"], commands].concat();
        session(bench, &commands, &[COMPUTE])
    };
    let wasmtime = |rounds| {
        let run = bench.wasmtime(&["run", "-D", "guest-debug", SQLITE, rounds]);
        Task::new("wasmtime run", run, 0)
    };
    let mut tasks = [
        sqlite("next"),
        sqlite("continue"),
        sqlite("quit"),
        fibonacci(&["next"]),
        fibonacci(&["tbreak c-compute.c:66", "continue"]),
        fibonacci(&["quit"]),
        wasmtime(ROUNDS),
        wasmtime("0"),
    ];
    let costs = bench.in_turns(&mut tasks, LONG_RUNS)?;
    let [
        next,
        on,
        start,
        deep_next,
        deep_on,
        deep_start,
        theirs,
        theirs_start,
    ] = costs[..]
    else {
        bail!("there are eight commands");
    };
    let theirs = less(&theirs, &theirs_start);
    let on = less(&on, &start);
    println!(
        "| `work` of `{SQLITE}` | {} | {} | {} |",
        compared(&less(&next, &start), &theirs),
        compared(&on, &theirs),
        seconds(&theirs)
    );
    println!(
        "| `fibonacci(24)` of `{COMPUTE}` | {} | {} | |\n",
        seconds(&less(&deep_next, &deep_start)),
        seconds(&less(&deep_on, &deep_start))
    );
    Ok(())
}

/// What the first costs more than the second.
pub(super) fn less(whole: &Cost, part: &Cost) -> Cost {
    Cost {
        wall: whole.wall - part.wall,
        busy: whole.busy - part.busy,
        peak: whole.peak,
    }
}

fn seconds(cost: &Cost) -> String {
    format!("{:.2} s ({:.2} s)", cost.wall, cost.busy)
}

fn compared(cost: &Cost, base: &Cost) -> String {
    format!("{}, {:.2}x", seconds(cost), cost.busy / base.busy)
}
