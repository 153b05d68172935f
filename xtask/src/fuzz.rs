//! `cargo xtask fuzz`: builds the fuzz targets, gives them the fixtures to begin with, and runs them one after another within
//! limits of memory and time.
//!
//! What a target learns stays in its folder of the corpus, so that the next run goes on from there. An input that breaks a
//! property, or a limit, stays among the artifacts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// A program of `fuzz/fuzz_targets`.
struct Target {
    name: &'static str,
    /// The folder of `fixtures` that it begins with, and how the names of those files end.
    seeds: Option<(&'static str, &'static str)>,
}

const MODULES: Option<(&str, &str)> = Some(("built", ".wasm.zst"));

const TARGETS: [Target; 6] = [
    Target {
        name: "module",
        seeds: MODULES,
    },
    Target {
        name: "dump",
        seeds: Some(("dumps", ".core.zst")),
    },
    Target {
        name: "code",
        seeds: MODULES,
    },
    Target {
        name: "symbols",
        seeds: MODULES,
    },
    Target {
        name: "rendering",
        seeds: None,
    },
    Target {
        name: "expression",
        seeds: None,
    },
];

/// The longest input. What a longer one finds, a shorter one finds sooner.
const LONGEST: usize = 128 << 10;

/// What a target may have in memory, its corpus and the programs that it knows included.
const MEMORY_MB: u32 = 1024;

/// What one input may take. libFuzzer measures the time of the clock: on a machine with ten other things to do, inputs that take one
/// second of work were seen to take 13.
const SECONDS_PER_INPUT: u32 = 30;

/// How long each target runs when nothing else is said.
const SECONDS: u64 = 60;

/// A corpus of more files than this is reduced to those that reach something of their own.
const MOST_FILES: usize = 3000;

const USAGE: &str = "usage: cargo xtask fuzz [TARGET]... [--seconds N]";

pub(crate) fn run(args: &[String]) -> Result<()> {
    let mut seconds = SECONDS;
    let mut chosen: Vec<&Target> = Vec::new();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        if arg == "--seconds" {
            let number = rest.next().context(USAGE)?;
            seconds = number
                .parse()
                .with_context(|| format!("--seconds {number}: {USAGE}"))?;
            continue;
        }
        let found = TARGETS.iter().find(|target| target.name == arg);
        chosen.push(found.with_context(|| {
            let names = TARGETS.map(|target| target.name).join(", ");
            format!("there is no target `{arg}`; there are {names}")
        })?);
    }
    if chosen.is_empty() {
        chosen.extend(&TARGETS);
    }
    needs_a_cpp_compiler()?;
    let directory = crate::root().join("fuzz");
    let built = cargo(&directory)
        .args(["build", "--locked", "--bins"])
        .status()?;
    ensure!(built.success(), "the fuzz targets do not compile");

    let mut findings = Vec::new();
    for target in chosen {
        println!("\nfuzz target {}, for {seconds} s", target.name);
        findings.extend(one(&directory, target, seconds)?);
    }
    if findings.is_empty() {
        return Ok(());
    }
    let list: String = findings
        .iter()
        .map(|finding| format!("\n  {finding}"))
        .collect();
    bail!("the fuzzer found something; in fuzz/, each of these runs its input again:{list}")
}

/// Runs a target. The commands that run what it found again.
fn one(directory: &Path, target: &Target, seconds: u64) -> Result<Vec<String>> {
    let corpus = directory.join("corpus").join(target.name);
    let artifacts = directory.join("artifacts").join(target.name);
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&artifacts)?;
    shrink(directory, target, &corpus)?;
    let before = files(&artifacts)?;

    let mut command = fuzzer(directory, target);
    command
        .arg(format!("-max_total_time={seconds}"))
        .arg("-print_final_stats=1")
        // The slash at its end says that it is a directory.
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(&corpus);
    if let Some((folder, ending)) = target.seeds {
        command.arg(seeds(directory, folder, ending)?);
    }
    let status = command.status()?;

    let new = files(&artifacts)?
        .into_iter()
        .filter(|path| !before.contains(path));
    let mut findings: Vec<String> = new
        .map(|path| {
            let path = path
                .strip_prefix(directory)
                .unwrap_or(&path)
                .display()
                .to_string();
            format!(
                "cargo run --bin {} -- -timeout={SECONDS_PER_INPUT} {path}",
                target.name
            )
        })
        .collect();
    if findings.is_empty() && !status.success() {
        findings.push(format!(
            "cargo run --bin {}   ({status}, without an input)",
            target.name
        ));
    }
    Ok(findings)
}

/// The fuzzer of a target, with its limits.
fn fuzzer(directory: &Path, target: &Target) -> Command {
    let mut command = cargo(directory);
    command
        .args(["run", "--locked", "--quiet", "--bin", target.name, "--"])
        .arg(format!("-rss_limit_mb={MEMORY_MB}"))
        .arg(format!("-timeout={SECONDS_PER_INPUT}"))
        .arg(format!("-max_len={LONGEST}"))
        // An input that is only slow is no finding.
        .arg(format!("-report_slow_units={SECONDS_PER_INPUT}"));
    command
}

/// Cargo in the workspace of the targets, with the flags of its configuration and no others: without the coverage that they
/// ask for the fuzzer would be blind.
fn cargo(directory: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .current_dir(directory)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    command
}

/// libFuzzer is compiled from its sources, in C++.
fn needs_a_cpp_compiler() -> Result<()> {
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    let found = Command::new(&compiler).arg("--version").output();
    ensure!(
        found.is_ok_and(|output| output.status.success()),
        "the fuzzer needs a C++ compiler, and `{}` does not work; install one, for example g++, or name one with CXX",
        compiler.display()
    );
    Ok(())
}

/// The fixtures of a folder that are short enough, decompressed.
fn seeds(directory: &Path, folder: &str, ending: &str) -> Result<PathBuf> {
    let seeds = directory.join("target/seeds").join(folder);
    fs::create_dir_all(&seeds)?;
    for path in files(&crate::root().join("fixtures").join(folder))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.ends_with(ending) {
            continue;
        }
        let bytes = zstd::decode_all(fs::File::open(&path)?)?;
        if bytes.len() <= LONGEST {
            fs::write(seeds.join(name.trim_end_matches(".zst")), bytes)?;
        }
    }
    Ok(seeds)
}

/// Keeps of a corpus that has become large the files that together reach all that it reaches.
fn shrink(directory: &Path, target: &Target, corpus: &Path) -> Result<()> {
    let count = files(corpus)?.len();
    if count <= MOST_FILES {
        return Ok(());
    }
    let smaller = corpus.with_extension("smaller");
    _ = fs::remove_dir_all(&smaller);
    fs::create_dir_all(&smaller)?;
    let status = fuzzer(directory, target)
        .arg("-merge=1")
        .args([&smaller, corpus])
        .status()?;
    ensure!(
        status.success(),
        "the corpus {} cannot be reduced",
        corpus.display()
    );
    fs::remove_dir_all(corpus)?;
    fs::rename(&smaller, corpus)?;
    println!(
        "{} has {} files, of {count}",
        corpus.display(),
        files(corpus)?.len()
    );
    Ok(())
}

fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    let mut files: Vec<_> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();
    Ok(files)
}
