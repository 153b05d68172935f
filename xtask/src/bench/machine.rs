//! What the benchmark runs on: the programs, their versions, the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// The release whose command line wdb is compared with.
const WASMTIME: &str = "wasmtime 49.";

/// Where cargo puts what it builds.
pub(super) fn target_directory() -> Result<PathBuf> {
    let metadata = output(cargo().args(["metadata", "--format-version", "1", "--no-deps"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let path = metadata["target_directory"].as_str();
    Ok(PathBuf::from(
        path.context("cargo metadata names no target directory")?,
    ))
}

/// Builds wdb as a user gets it.
pub(super) fn release_build() -> Result<PathBuf> {
    let built = cargo()
        .args(["build", "--release", "--package", "wdb"])
        .status()?;
    ensure!(built.success(), "wdb does not build");
    Ok(target_directory()?.join("release/wdb"))
}

/// The program that an environment variable names.
pub(super) fn named(variable: &str) -> Result<Option<PathBuf>> {
    let Some(program) = std::env::var_os(variable) else {
        return Ok(None);
    };
    let found = fs::canonicalize(&program);
    let absent = || format!("${variable}: there is no {}", Path::new(&program).display());
    found.with_context(absent).map(Some)
}

pub(super) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.current_dir(crate::root());
    cargo
}

/// wasmtime's command line: what `.ci/tools` installed, or else what is on PATH. A script on PATH that
/// starts the program would count as its start-up.
pub(crate) fn wasmtime() -> Result<PathBuf> {
    let installed = crate::root().join("target/tools/bin/wasmtime");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|directory| directory.join("wasmtime"));
    for candidate in std::iter::once(installed).chain(on_path) {
        let version = output(Command::new(&candidate).arg("--version"));
        if version.is_ok_and(|version| version.starts_with(WASMTIME)) {
            return Ok(candidate);
        }
    }
    bail!("there is no {WASMTIME}x here: run .ci/tools, which installs it")
}

/// A line of Markdown that says what was measured on what.
pub(super) fn describe(wdb: &Path, wasmtime: &Path) -> Result<String> {
    let mut describe = Command::new("git");
    describe.args(["describe", "--always", "--dirty"]);
    let commit = output(describe.current_dir(crate::root()))?;
    let cores = std::thread::available_parallelism()?;
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    Ok(format!(
        "{} (commit {commit}), {}, {}; {cores} cores, {}, {}.",
        output(Command::new(wdb).arg("--version"))?,
        output(Command::new(wasmtime).arg("--version"))?,
        output(Command::new("rustc").arg("--version"))?,
        cpu.map_or("unknown processor", |(_, name)| name),
        output(Command::new("uname").args(["-sr"]))?,
    ))
}

/// The first line that a command prints.
fn output(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} ended with {}",
        output.status
    );
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// A commit's name in short.
pub(super) fn commit(name: &str) -> Result<String> {
    let mut parse = Command::new("git");
    parse.args(["rev-parse", "--short", name]);
    output(parse.current_dir(crate::root()))
}

/// Empties the system's cache of files, so that the next to read one reads the disk. Only root can, and
/// only on Linux.
pub(super) fn drop_file_cache() -> Result<()> {
    // Pages that are not written yet cannot be dropped.
    ensure!(Command::new("sync").status()?.success(), "sync failed");
    fs::write("/proc/sys/vm/drop_caches", "3").context("cannot empty the file cache")
}
