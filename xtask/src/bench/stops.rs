//! What it costs to stop at new places and to ask there what a front end asks, beside LLDB; and the programs that
//! only large inputs make slow: a deep recursion, an end with much memory, modules that take long to compile.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::debug::{less, session};
use super::measure::{Cost, Task};
use super::{Bench, RUNS, command};
use crate::lldb::{Guest, LLDB};

const BZIP2: &str = "c-bzip2-o0.wasm";
/// A function at the bottom of bzip2's sort.
const FUNCTION: &str = "mainGtU";
/// How many places are stopped at.
const STOPS: u16 = 1000;
/// The same for LLDB, which takes longer.
const STOPS_OF_LLDB: u16 = 30;

/// What LLDB is to do.
const SCRIPT: &str = include_str!("stops.py");

pub(super) fn stops(bench: &Bench) -> Result<()> {
    bench.fixture("c-bzip2-o0")?;
    println!("## Stops\n");
    println!(
        "{STOPS} stops in `{FUNCTION}` of bzip2 at -O0, nine calls deep, each at another place than the one before: `next` with the place \
         shown, `bt` with the arguments of all frames, `info locals`, and `stepi`. Of wdb whole processes, with the \
         commands in a script, less those without; of LLDB 22, attached to `wasmtime run -g`, the time that its Python \
         interface takes for the same at {STOPS_OF_LLDB} stops. Goals: 5 ms for the first three together, 0.5 ms for `stepi`.\n"
    );
    let lines: [&[&str]; 5] = [
        &[],
        &["next"],
        &["next", "bt"],
        &["next", "bt", "info locals"],
        &["stepi"],
    ];
    let mut tasks = Vec::new();
    for (at, commands) in lines.iter().enumerate() {
        let mut script = format!("tbreak {FUNCTION}\nrun\n");
        for _ in 0..STOPS {
            for command in *commands {
                script += command;
                script += "\n";
            }
        }
        let file = format!("stops{at}.wdb");
        fs::write(bench.scratch.join(&file), script)?;
        let arguments = ["debug", "--no-init", "--batch", "-x", &file, BZIP2];
        tasks.push(Task::new(&commands.join("; "), bench.wdb(&arguments), 0));
    }
    let costs = bench.in_turns(&mut tasks, super::LONG_RUNS)?;
    let [start, next, bt, locals, stepi] = costs[..] else {
        bail!("there are five scripts");
    };
    let ours = [
        less(&next, &start),
        less(&bt, &next),
        less(&locals, &bt),
        less(&locals, &start),
        less(&stepi, &start),
    ];
    let theirs = lldb(bench);
    if let Err(error) = &theirs {
        eprintln!("not measured with LLDB: {error:#}");
    }
    println!("| command | wdb | of it busy | LLDB |\n|---|---|---|---|");
    let names = [
        "`next`",
        "`bt`",
        "`info locals`",
        "the three together",
        "`stepi`",
    ];
    let each = |seconds: f64, stops: u16| format!("{:.2} ms", seconds * 1e3 / f64::from(stops));
    for (at, (name, cost)) in names.iter().zip(ours).enumerate() {
        let lldb = match &theirs {
            Ok([next, bt, locals, stepi]) => each(
                [*next, *bt, *locals, next + bt + locals, *stepi][at],
                STOPS_OF_LLDB,
            ),
            Err(_) => "not measured".into(),
        };
        println!(
            "| {name} | {} | {} | {lldb} |",
            each(cost.wall, STOPS),
            each(cost.busy, STOPS)
        );
    }
    println!();
    recursion(bench)?;
    exit(bench)
}

/// The seconds that LLDB takes for `next`, a backtrace, the locals and `stepi`, at all stops together.
fn lldb(bench: &Bench) -> Result<[f64; 4]> {
    fs::write(bench.scratch.join("stops.py"), SCRIPT)?;
    let script = [
        "--no-lldbinit",
        "--batch",
        "-o",
        "command script import stops.py",
    ];
    let (wasmtime, scratch) = (bench.wasmtime.clone(), bench.scratch.clone());
    let mut lldb = Task::limited("LLDB", &command(Path::new(LLDB), &script, &bench.scratch))
        .with_variable("FUNCTION", FUNCTION)
        .with_variable("STOPS", &STOPS_OF_LLDB.to_string())
        .attached(move || Guest::start(&wasmtime, &scratch, BZIP2));
    let text = lldb.output()?;
    let measured = text.lines().find_map(|it| it.strip_prefix("measured "));
    let measured = measured.with_context(|| format!("LLDB says:\n{text}"))?;
    let numbers: Vec<f64> = measured
        .split(' ')
        .skip(1)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    numbers
        .try_into()
        .map_err(|_| anyhow::anyhow!("LLDB measured {measured}"))
}

fn recursion(bench: &Bench) -> Result<()> {
    bench.fixture("c-deep")?;
    let guest = "c-deep.wasm";
    println!(
        "`next` in a recursion 6000 deep: over all of it, at its outermost activation, into which each of the others returns through the \
         statement that is stepped; and in its innermost. Goal: 50 ms each.\n"
    );
    println!("| `next` | time | of it busy |\n|---|---|---|");
    let with = |commands: &[&str]| session(bench, commands, &[guest]);
    let mut tasks = [
        with(&["tbreak descend", "run", "next", "next"]),
        with(&["tbreak descend", "run", "next"]),
        with(&["tbreak c-deep.c:8", "run", "next"]),
        with(&["tbreak c-deep.c:8", "run"]),
    ];
    let costs = bench.in_turns(&mut tasks, RUNS)?;
    let [over, before, innermost, stopped] = costs[..] else {
        bail!("there are four sessions");
    };
    for (name, cost) in [
        ("over the recursion", less(&over, &before)),
        ("in its innermost activation", less(&innermost, &stopped)),
    ] {
        println!(
            "| {name} | {:.1} ms | {:.1} ms |",
            cost.wall * 1e3,
            cost.busy * 1e3
        );
    }
    println!();
    Ok(())
}

fn exit(bench: &Bench) -> Result<()> {
    bench.fixture("wat-exit-512m")?;
    let guest = "wat-exit-512m.wasm";
    println!(
        "An end with `proc_exit` of a guest with 512 MiB of memory, 64 MiB of them touched: there is nothing to dump. Goal: \
         `--capture light` as `wasmtime run`, in time and memory.\n"
    );
    println!("| command | time | memory at its peak |\n|---|---|---|");
    let mut tasks = [
        Task::new("wasmtime run", bench.wasmtime(&["run", guest]), 3),
        Task::new(
            "wdb run --capture light",
            bench.wdb(&["run", "--capture", "light", guest]),
            3,
        ),
        Task::new("wdb run", bench.wdb(&["run", guest]), 3),
    ];
    let names = ["wasmtime run", "wdb run --capture light", "wdb run"];
    let costs = bench.in_turns(&mut tasks, RUNS)?;
    let base = costs.first().map_or(f64::NAN, |it| it.wall);
    for (name, cost) in names.iter().zip(&costs) {
        println!(
            "| `{name}` | {:.0} ms, {:.2}x | {:.0} MiB |",
            cost.wall * 1e3,
            cost.wall / base,
            cost.peak as f64 / super::MIB
        );
    }
    println!();
    Ok(())
}

/// Programs that were built elsewhere, and that are too large for the repository.
const PROGRAMS: &str = "WDB_BENCH_PROGRAMS";

/// How long it takes to the first prompt when nothing was compiled before.
pub(super) fn cold(bench: &Bench) -> Result<()> {
    let mut programs = vec![bench.fixture("c-sqlite-o0")?];
    let more = std::env::var_os(PROGRAMS).unwrap_or_default();
    programs.extend(std::env::split_paths(&more).filter(|it| !it.as_os_str().is_empty()));
    println!("## Cold\n");
    println!(
        "To the first prompt when nothing was compiled before, `wdb debug --no-cache --batch -ex quit`, one run each; and the \
         compilation for `wdb run --capture light`, which is that of `wasmtime compile`. More programs than SQLite are measured \
         where `${PROGRAMS}` names them.\n"
    );
    println!(
        "| program | size | command | time | of it busy | memory at its peak |\n|---|---|---|---|---|---|"
    );
    for program in programs {
        let name = name(&program);
        let size = fs::metadata(&program)
            .with_context(|| format!("there is no {}", program.display()))?
            .len();
        let path = program.to_string_lossy();
        let debug = |options: &[&str]| {
            let always = ["debug", "--no-init", "--no-cache"];
            let quit = ["--batch", "-ex", "quit", &path];
            Task::new(&name, bench.wdb(&[&always[..], options, &quit].concat()), 0)
        };
        let mut rows = [
            ("wdb debug", debug(&[])),
            (
                "wasmtime compile",
                Task::new(
                    &name,
                    bench.wasmtime(&["compile", "-C", "cache=n", "-o", "cold.cwasm", &path]),
                    0,
                ),
            ),
        ];
        for (what, task) in &mut rows {
            let costs = bench.once(task)?;
            row(&name, size, what, &costs);
        }
    }
    println!();
    Ok(())
}

fn row(name: &str, size: u64, what: &str, cost: &Cost) {
    println!(
        "| `{name}` | {:.1} MB | `{what}` | {:.1} s | {:.1} s | {:.1} GB |",
        size as f64 / 1e6,
        cost.wall,
        cost.busy,
        cost.peak as f64 / 1e9
    );
}

fn name(path: &Path) -> String {
    path.file_name()
        .map_or(String::new(), |it| it.to_string_lossy().into_owned())
}
