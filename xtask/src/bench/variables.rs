//! What the variables of all frames of a crash cost, beside other debuggers that are shown the same crash.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::measure::{Cost, Task};
use super::{Bench, command, large};
use crate::lldb::{Guest, LLDB};

/// Of debug information, in megabytes.
const LARGE: u64 = 200;

/// What LLDB is to do.
const SCRIPT: &str = include_str!("variables.py");

/// A program that crashes.
struct Program {
    name: &'static str,
    /// A variable that the innermost frame of its own code can see.
    expression: &'static str,
    /// What all variables of all frames may take, in milliseconds.
    goal: u32,
    /// How often each command is measured; the median counts.
    runs: usize,
}

const PROGRAMS: [Program; 3] = [
    Program {
        name: "rust-index-panic",
        expression: "plan",
        goal: 250,
        runs: 9,
    },
    Program {
        name: "c-sqlite-o0",
        expression: "style",
        goal: 300,
        runs: 9,
    },
    Program {
        name: "large",
        expression: "record",
        goal: 2000,
        // Other debuggers take minutes.
        runs: 3,
    },
];

pub(super) fn variables(bench: &Bench) -> Result<()> {
    fs::write(bench.scratch.join("variables.py"), SCRIPT)?;
    fs::write(bench.scratch.join("bt"), "bt\n")?;
    let wasmgdb = wasmgdb();
    println!("## Variables\n");
    println!(
        "All that the source calls a variable, in every frame of a crash: a new process each time, the files in \
         the system's cache. wasmgdb 0.2.2 reads a dump and prints the backtrace, without values. LLDB 22 \
         attaches to the program in `wasmtime run -g` and prints `frame variable` of every frame at the same trap, from its \
         start to its end, without wasmtime's own start. Goals, for all variables: {}, and for the first at most 150 MB \
         of memory.\n",
        PROGRAMS
            .map(|it| format!("`{}` {} ms", it.name, it.goal))
            .join(", ")
    );
    for program in &PROGRAMS {
        let module = match program.name {
            "large" => large::module(&bench.scratch, LARGE)?,
            name => bench.fixture(name)?,
        };
        let sections = debug_information(bench, &module)?;
        if program.name == "large" {
            ensure!(
                sections >= LARGE * 1_000_000,
                "it has only {sections} bytes"
            );
        }
        println!(
            "`{}`: a module of {:.1} MB, {:.1} MB of it debug information.\n",
            program.name,
            fs::metadata(&module)?.len() as f64 / 1e6,
            sections as f64 / 1e6
        );
        table(bench, program, wasmgdb.as_deref())
            .with_context(|| format!("program {}", program.name))?;
    }
    Ok(())
}

/// Measures and prints what is asked of the crash of one program.
fn table(bench: &Bench, program: &Program, wasmgdb: Option<&Path>) -> Result<()> {
    let (module, core) = (
        &*format!("{}.wasm", program.name),
        &*format!("{}.core", program.name),
    );
    let run = bench.wdb(&["run", "--core", core, module]);
    bench.in_turns(&mut [Task::new("wdb run", run, 134)], 0)?;
    let ways: [(&[&str], Told); 6] = [
        (&["report", "--vars", "none", "--json", core], in_report),
        (&["report", "--vars", "locals", "--json", core], in_report),
        (&["report", "--vars", "all", "--json", core], in_report),
        (&["report", "--vars", "locals", core], in_text),
        (&["report", "--vars", "all", core], in_text),
        (&["report", "--eval", program.expression, core], in_text),
    ];
    let mut rows: Vec<(String, Task, Told)> = Vec::new();
    for (arguments, told) in ways {
        let name = format!("`wdb {}`", arguments[..arguments.len() - 1].join(" "));
        let task = Task::new(&name, bench.wdb(arguments), 0);
        rows.push((name, task, told));
    }
    match wasmgdb {
        Some(wasmgdb) => {
            let theirs = format!("{}.wasmtime.core", program.name);
            let run = bench.wasmtime(&["run", "-D", &format!("coredump={theirs}"), module]);
            bench.in_turns(&mut [Task::new("wasmtime run", run, 134)], 0)?;
            for (name, core) in [("wdb", core), ("wasmtime", &theirs)] {
                let command = command(wasmgdb, &[module, core], &bench.scratch);
                let task = Task::limited("wasmgdb", &command).reading(&bench.scratch.join("bt"));
                rows.push((format!("wasmgdb, `bt` of {name}'s dump"), task, in_wasmgdb));
            }
        }
        None => eprintln!("wasmgdb is not measured: cargo install wasmgdb"),
    }
    let script = [
        "--no-lldbinit",
        "--batch",
        "-o",
        "command script import variables.py",
    ];
    let lldb = command(Path::new(LLDB), &script, &bench.scratch);
    let (wasmtime, scratch) = (bench.wasmtime.clone(), bench.scratch.clone());
    let guest = module.to_owned();
    let lldb =
        Task::limited("LLDB", &lldb).attached(move || Guest::start(&wasmtime, &scratch, &guest));
    rows.push(("LLDB, `frame variable`".to_owned(), lldb, in_lldb));

    let (mut names, mut tasks) = (Vec::new(), Vec::new());
    for (name, task, told) in rows {
        names.push((name, told));
        tasks.push(task);
    }
    let costs = bench.attempts(&mut tasks, program.runs);
    let report: Value = serde_json::from_str(&tasks[0].output()?)?;

    println!("| command | time | of it busy | of wdb's, all | memory at its peak | shows |");
    println!("|---|---|---|---|---|---|");
    let all = costs[2].as_ref().ok().copied().flatten();
    for (((name, told), task), cost) in names.iter().zip(&mut tasks).zip(costs) {
        let is_ours = name.starts_with("`wdb");
        let told = match &cost {
            Ok(_) => told(&report, &task.output()?),
            Err(error) if is_ours => bail!("{error:#}"),
            Err(error) => Err(anyhow::anyhow!(failure(error))),
        };
        let told = told.unwrap_or_else(|error| format!("**{error}**"));
        match (cost, all) {
            (Ok(Some(Cost { wall, busy, peak })), Some(all)) => println!(
                "| {name} | {:.0} ms | {:.0} ms | {:.2}x | {:.0} MB | {told} |",
                wall * 1e3,
                busy * 1e3,
                wall / all.wall,
                peak as f64 / 1e6
            ),
            _ => println!("| {name} | | | | | {told} |"),
        }
    }
    println!();
    Ok(())
}

/// How another debugger failed, in a few words.
fn failure(error: &anyhow::Error) -> String {
    let text = error.to_string();
    let mut lines = text.lines().skip_while(|it| !it.contains("panicked at"));
    match (lines.next(), lines.next()) {
        (Some(_), Some(why)) => format!("it panics: {why}"),
        _ => text.lines().next().unwrap_or_default().to_owned(),
    }
}

/// What a command said, in a few words, given what wdb reports of the same crash.
type Told = fn(&Value, &str) -> Result<String>;

fn in_text(_: &Value, text: &str) -> Result<String> {
    Ok(match text.lines().count() {
        1 => "1 line".to_owned(),
        many => format!("{many} lines"),
    })
}

fn in_report(_: &Value, text: &str) -> Result<String> {
    let report: Value = serde_json::from_str(text)?;
    let frames = frames(&report);
    let count = |it: &Value| it["variables"].as_array().map_or(0, Vec::len);
    let variables: usize = frames.iter().map(|it| count(it)).sum();
    let statics = report["statics"].as_array().into_iter().flatten();
    let statics: usize = statics.map(count).sum();
    let mut told = format!("{} frames", frames.len());
    if variables > 0 {
        told += &format!(", {variables} variables");
    }
    if statics > 0 {
        told += &format!(", {statics} statics");
    }
    Ok(told)
}

/// The frames of the crashed thread, innermost first.
fn frames(report: &Value) -> Vec<&Value> {
    let all = report["threads"][0]["frames"].as_array();
    all.into_iter()
        .flatten()
        .filter(|it| it["index"].is_u64())
        .collect()
}

/// The backtrace, and how many frames are at another line than wdb says. wasmgdb does not know inlined functions.
fn in_wasmgdb(report: &Value, text: &str) -> Result<String> {
    let all = frames(report);
    let real = all.iter().filter(|it| it["inlined"] != true);
    let found: Vec<&str> = text.lines().filter(|it| it.contains(" as ")).collect();
    ensure!(
        !found.is_empty(),
        "no frames: {}",
        text.lines().next().unwrap_or_default()
    );
    let mut wrong = 0;
    for (frame, line) in real.zip(&found) {
        let file = frame["file"].as_str().unwrap_or_default();
        let file = file.rsplit('/').next().unwrap_or_default();
        let place = format!("/{file}:{}", frame["line"]);
        wrong += usize::from(frame["line"].is_u64() && !line.ends_with(&place));
    }
    Ok(format!(
        "{} frames of {}, {wrong} of them without their line or in a wrong one; no values",
        found.len(),
        all.len()
    ))
}

fn in_lldb(_: &Value, text: &str) -> Result<String> {
    ensure!(
        text.lines().last() == Some("end"),
        "it does not come to the end"
    );
    let count = |start: &str| text.lines().filter(|it| it.starts_with(start)).count();
    Ok(format!(
        "{} frames, {} variables",
        count("frame #"),
        count("(")
    ))
}

/// The bytes of a module's `.debug_` sections.
fn debug_information(bench: &Bench, module: &Path) -> Result<u64> {
    let module = module.to_string_lossy();
    let inspect = bench.wdb(&["inspect", "--json", &module]);
    let text = Task::new("wdb inspect", inspect, 0).output()?;
    let tree: Value = serde_json::from_str(&text)?;
    let sections = tree["modules"][0]["sections"].as_array();
    let sections = sections.context("wdb inspect lists no sections")?;
    let debug = sections.iter().filter(|section| {
        section["name"]
            .as_str()
            .is_some_and(|it| it.starts_with(".debug_"))
    });
    Ok(debug.filter_map(|it| it["size"].as_u64()).sum())
}

/// wasmgdb, if it is on PATH.
fn wasmgdb() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut on_path = std::env::split_paths(&path).map(|it| it.join("wasmgdb"));
    on_path.find(|it| it.is_file())
}
