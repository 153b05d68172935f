//! `cargo xtask bench`: what wdb costs, side by side with wasmtime's own command line in one run, as
//! Markdown.
//!
//! Whole processes are measured, as a user starts them, from a release build. Commands that are
//! compared take turns, so that a machine that gets slower meanwhile is slower for all of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

mod base;
mod debug;
mod large;
pub(crate) mod machine;
mod measure;
mod pages;
mod stops;
mod variables;

use base::Base;
use measure::{Cost, Task};

/// How often each command is measured; the median counts.
const RUNS: usize = 9;
/// The same for commands that run for seconds.
const LONG_RUNS: usize = 5;

const MIB: f64 = 1024.0 * 1024.0;

/// The programs that are measured, and where their files go.
struct Bench {
    wdb: PathBuf,
    wasmtime: PathBuf,
    scratch: PathBuf,
    /// What `$WDB_BASE` names.
    base: Option<Base>,
}

type Part = fn(&Bench) -> Result<()>;

const PARTS: [(&str, Part); 9] = [
    ("dump", dump),
    ("report", report),
    ("variables", variables::variables),
    ("pages", pages::pages),
    ("speed", speed),
    ("debug", debug::debug),
    ("stops", stops::stops),
    ("cold", stops::cold),
    ("build", base::build),
];

pub(crate) fn run(args: &[String]) -> Result<()> {
    for arg in args {
        let names = PARTS.map(|(name, _)| name).join(", ");
        ensure!(
            PARTS.iter().any(|(name, _)| name == arg),
            "bench has no part {arg}; it has {names}"
        );
    }
    let scratch = machine::target_directory()?.join("bench");
    let wdb = match machine::named("WDB")? {
        Some(named) => named,
        None => machine::release_build()?,
    };
    let bench = Bench {
        base: machine::named("WDB_BASE")?.map(|older| Base::new(&wdb, older)),
        wdb,
        wasmtime: machine::wasmtime()?,
        scratch: scratch.clone(),
    };
    // What an interrupted run left.
    _ = fs::remove_dir_all(&scratch);
    fs::create_dir_all(&scratch)?;
    println!("{}\n", machine::describe(&bench.wdb, &bench.wasmtime)?);
    for (name, part) in PARTS {
        if args.is_empty() || args.iter().any(|arg| arg == name) {
            part(&bench).with_context(|| format!("part {name}"))?;
        }
    }
    if let Some(base) = &bench.base {
        base.print();
    }
    fs::remove_dir_all(&scratch)?;
    Ok(())
}

impl Bench {
    /// A fixture, decompressed as a file.
    fn fixture(&self, name: &str) -> Result<PathBuf> {
        self.unpacked(&format!("built/{name}.wasm"))
    }

    /// The dump of a fixture, decompressed as a file.
    fn dump(&self, name: &str) -> Result<PathBuf> {
        self.unpacked(&format!("dumps/{name}.core"))
    }

    fn unpacked(&self, path: &str) -> Result<PathBuf> {
        let stored = crate::root().join(format!("fixtures/{path}.zst"));
        let name = path.rsplit('/').next().unwrap_or(path);
        let path = self.scratch.join(name);
        let packed =
            fs::File::open(&stored).with_context(|| format!("cannot open {}", stored.display()))?;
        // In pieces: what this process needs at its peak counts for its children.
        zstd::stream::copy_decode(packed, fs::File::create(&path)?)?;
        Ok(path)
    }

    fn wdb(&self, args: &[&str]) -> Command {
        command(&self.wdb, args, &self.scratch)
    }

    fn wasmtime(&self, args: &[&str]) -> Command {
        command(&self.wasmtime, args, &self.scratch)
    }
}

fn command(program: &Path, args: &[&str], directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(directory);
    command
}

/// From the trap to the dump on the disk: a run that ends with a dump, less one that ends without.
fn dump(bench: &Bench) -> Result<()> {
    bench.fixture("wat-memory-512m")?;
    let guest = "wat-memory-512m.wasm";
    let plain = || bench.wasmtime(&["run", guest]);
    let rows = [
        (
            "wasmtime run -D coredump",
            "a.core",
            bench.wasmtime(&["run", "-D", "coredump=a.core", guest]),
            plain(),
        ),
        (
            "wdb run --capture light",
            "b.core",
            bench.wdb(&["run", "--capture", "light", "--core", "b.core", guest]),
            // Its own run without a dump on the disk takes one in memory, for the report.
            plain(),
        ),
        (
            "wdb run",
            "c.core",
            bench.wdb(&["run", "--core", "c.core", guest]),
            bench.wdb(&["run", "--no-core", guest]),
        ),
        (
            "wdb run, compressed (.zst)",
            "d.core.zst",
            bench.wdb(&["run", "--core", "d.core.zst", guest]),
            bench.wdb(&["run", "--no-core", guest]),
        ),
    ];
    let mut tasks = Vec::new();
    let mut names = Vec::new();
    for (name, file, with, without) in rows {
        let path = bench.scratch.join(file);
        // wdb never overwrites, and wasmtime is to have a new file too.
        tasks.push(Task::new(name, with, 134).removing(&path));
        tasks.push(Task::new(name, without, 134));
        names.push((name, path));
    }
    let costs = bench.in_turns(&mut tasks, RUNS)?;

    println!("## From the trap to the dump on the disk\n");
    println!(
        "A guest with 512 MiB of memory, 64 MiB of them touched. The time is that of a run that ends with a \
         dump less that of one that ends without (for `--capture light` that of `wasmtime run`, which runs the \
         same code). Goals: `wdb run` is not slower than wasmtime, and at its peak has at most 128 MiB of \
         memory: the 64 MiB that the guest touched and 64 more.\n"
    );
    println!("| command | whole run | for the dump | of wasmtime's | dump | memory at its peak |");
    println!("|---|---|---|---|---|---|");
    let mut wasmtimes = None;
    for ((name, path), costs) in names.iter().zip(costs.chunks(2)) {
        let [with, without] = costs else {
            bail!("every row has two commands");
        };
        let time = with.wall - without.wall;
        let base = *wasmtimes.get_or_insert(time);
        println!(
            "| `{name}` | {:.0} ms | {:.0} ms | {:.2}x | {:.1} MiB | {:.0} MiB |",
            with.wall * 1e3,
            time * 1e3,
            time / base,
            fs::metadata(path)?.len() as f64 / MIB,
            with.peak as f64 / MIB
        );
    }
    println!();
    Ok(())
}

/// A new process that reads a dump and its module and prints the report.
fn report(bench: &Bench) -> Result<()> {
    let names = ["rust-index-panic", "c-sqlite-o0", "c-sqlite-o2"];
    let mut tasks = Vec::new();
    let mut sizes = Vec::new();
    for name in names {
        let module = bench.fixture(name)?;
        sizes.push(fs::metadata(module)?.len());
        let core = format!("{name}.core");
        let run = bench.wdb(&["run", "--core", &core, &format!("{name}.wasm")]);
        bench.in_turns(&mut [Task::new("wdb run", run, 134)], 0)?;
        tasks.push(Task::new(name, bench.wdb(&["report", &core]), 0));
    }
    let warm = bench.in_turns(&mut tasks, RUNS)?;
    let cold = match machine::drop_file_cache() {
        Ok(()) => {
            tasks = tasks.into_iter().map(Task::cold).collect();
            Some(bench.in_turns(&mut tasks, RUNS)?)
        }
        Err(error) => {
            eprintln!("not measured with a cold file cache: {error:#}");
            None
        }
    };

    println!("## `wdb report`\n");
    println!(
        "A new process each time: cold means that the system's file cache was emptied before, of wdb itself \
         too. Goals for the Rust program: under 150 ms, and at its peak under 100 MB of memory.\n"
    );
    println!("| dump of | module | cold | warm | memory at its peak |\n|---|---|---|---|---|");
    for (at, name) in names.iter().enumerate() {
        let cold = cold.as_ref().map_or("not measured".to_owned(), |costs| {
            format!("{:.0} ms", costs[at].wall * 1e3)
        });
        println!(
            "| `{name}` | {:.1} MB | {cold} | {:.0} ms | {:.0} MB |",
            sizes[at] as f64 / 1e6,
            warm[at].wall * 1e3,
            warm[at].peak as f64 / 1e6
        );
    }
    println!();
    Ok(())
}

/// How fast a guest runs: a run with work less one with next to none, so that neither start-up nor
/// compilation counts.
fn speed(bench: &Bench) -> Result<()> {
    println!("## Speed of the guest\n");
    println!(
        "The time that {ROUNDS} rounds of work take, without start-up and compilation. With `-W timeout` wasmtime \
         compiles in what lets a running guest be stopped; `wdb run` always does, for Ctrl-C. In brackets: \
         `--capture light` against `wasmtime run`, goal 1.0x; `wdb run` against `wasmtime run -D guest-debug`, \
         goal not slower, and against the same with `-W timeout`.\n"
    );
    println!(
        "| guest | `wasmtime run` | `wdb run --capture light` | `wasmtime run -D guest-debug` | with `-W timeout=3600s` \
         | `wdb run` |"
    );
    println!("|---|---|---|---|---|---|");
    for name in ["c-compute-o0", "c-compute-o2", "c-sqlite-o0", "c-sqlite-o2"] {
        bench.fixture(name)?;
        let guest = format!("{name}.wasm");
        let ways: [(bool, &[&str]); 5] = [
            (false, &["run"]),
            (true, &["run", "--capture", "light"]),
            (false, &["run", "-D", "guest-debug"]),
            (false, &["run", "-D", "guest-debug", "-W", "timeout=3600s"]),
            (true, &["run"]),
        ];
        let mut tasks = Vec::new();
        for (ours, options) in ways {
            for rounds in [ROUNDS, "0"] {
                let args = [options, &[&guest, rounds]].concat();
                let command = if ours {
                    bench.wdb(&args)
                } else {
                    bench.wasmtime(&args)
                };
                tasks.push(Task::new(name, command, 0));
            }
        }
        let costs = bench.in_turns(&mut tasks, LONG_RUNS)?;
        let [plain, light, debug, stoppable, full] = times(&costs)[..] else {
            bail!("there are five ways");
        };
        println!(
            "| `{name}` | {plain:.2} s | {light:.2} s ({:.2}x) | {debug:.2} s | {stoppable:.2} s \
             | {full:.2} s ({:.2}x, {:.2}x) |",
            light / plain,
            full / debug,
            full / stoppable
        );
    }
    println!();
    Ok(())
}

/// The argument of the guests that work.
const ROUNDS: &str = "100";

/// Of each pair, the first less the second, in seconds.
fn times(costs: &[Cost]) -> Vec<f64> {
    let pairs = costs.chunks_exact(2);
    pairs.map(|pair| pair[0].wall - pair[1].wall).collect()
}
