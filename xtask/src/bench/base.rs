//! An older wdb beside the one that is measured: each command is run by both, in turn; and what it takes to build
//! them.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::measure::{Cost, Task};
use super::{Bench, machine};

/// An older wdb, and what each command takes with it and with the one that is measured.
pub(super) struct Base {
    /// The one that is measured.
    wdb: PathBuf,
    older: PathBuf,
    rows: RefCell<Vec<Row>>,
}

struct Row {
    command: String,
    before: Cost,
    now: Cost,
}

impl Base {
    pub(super) fn new(wdb: &Path, older: PathBuf) -> Base {
        Base {
            wdb: wdb.to_owned(),
            older,
            rows: RefCell::default(),
        }
    }

    /// The task for the older program, where it is one of wdb's.
    pub(super) fn task(&self, task: &Task) -> Option<Task> {
        let is_ours = task.command.get_program() == self.wdb;
        is_ours.then(|| task.with_program(&self.older))
    }

    /// Keeps what both programs need for a task. The older one may not know an option.
    pub(super) fn compare(&self, task: &Task, before: Result<Cost>, now: Cost) {
        let arguments = task.command.get_args().map(OsStr::to_string_lossy);
        let command = format!("wdb {}", arguments.collect::<Vec<_>>().join(" "));
        match before {
            Ok(before) => self.rows.borrow_mut().push(Row {
                command,
                before,
                now,
            }),
            Err(error) => eprintln!("the older program fails in `{command}`: {error:#}"),
        }
    }

    /// Prints a table of all commands.
    pub(super) fn print(&self) {
        println!("## Beside the older program\n");
        println!(
            "Whole processes, both programs in turn. The ratio is of the time that processors were busy, in brackets.\n"
        );
        println!(
            "| command | before | now | ratio | memory before | now |\n|---|---|---|---|---|---|"
        );
        for row in self.rows.borrow().iter() {
            let (before, now) = (&row.before, &row.now);
            println!(
                "| `{}` | {:.0} ms ({:.0} ms) | {:.0} ms ({:.0} ms) | {:.2}x | {:.0} MB | {:.0} MB |",
                row.command.replace('|', "\\|"),
                before.wall * 1e3,
                before.busy * 1e3,
                now.wall * 1e3,
                now.busy * 1e3,
                now.busy / before.busy,
                before.peak as f64 / 1e6,
                now.peak as f64 / 1e6
            );
        }
        println!();
    }
}

/// The commit that the part `build` builds too.
const COMMIT: &str = "WDB_BASE_COMMIT";

/// What a release needs to be built from nothing, and how large it is.
pub(super) fn build(bench: &Bench) -> Result<()> {
    println!("## The build\n");
    println!(
        "`cargo build --release --locked --package wdb` with an empty target directory, the dependencies downloaded \
         before, once each; and the size of the program, without symbols. Goal: at most a twentieth more than \
         the commit that `${COMMIT}` names. The programs stay in `target/wdb-COMMIT`.\n"
    );
    println!("| commit | clean build | of it busy | program |\n|---|---|---|---|");
    let base = std::env::var(COMMIT).ok();
    for commit in base.as_deref().into_iter().chain(["HEAD"]) {
        let source = checkout(commit, &bench.scratch)?;
        let mut fetch = machine::cargo();
        fetch.args(["fetch", "--locked"]).current_dir(&source);
        ensure!(fetch.status()?.success(), "cargo fetch failed");
        let mut command = machine::cargo();
        command
            .args(["build", "--release", "--locked", "--package", "wdb"])
            .current_dir(&source);
        let target = source.join("target");
        let target_directory = target.to_string_lossy();
        let mut task = Task::new(&format!("build of {commit}"), command, 0)
            .with_variable("CARGO_TARGET_DIR", &target_directory);
        let cost = bench.once(&mut task)?;
        let short = machine::commit(commit)?;
        let program = machine::target_directory()?.join(format!("wdb-{short}"));
        let size = fs::copy(target.join("release/wdb"), &program)?;
        println!(
            "| `{short}` | {:.0} s | {:.0} s | {:.1} MB |",
            cost.wall,
            cost.busy,
            size as f64 / 1e6
        );
        fs::remove_dir_all(source)?;
    }
    println!();
    Ok(())
}

/// The files of a commit in a directory of their own.
fn checkout(commit: &str, scratch: &Path) -> Result<PathBuf> {
    let directory = scratch.join("source");
    fs::create_dir_all(&directory)?;
    let mut archive = Command::new("git")
        .args(["archive", commit])
        .current_dir(crate::root())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run git")?;
    let files = archive.stdout.take().context("git has no output")?;
    let unpacked = Command::new("tar")
        .arg("x")
        .current_dir(&directory)
        .stdin(files)
        .status()
        .context("cannot run tar")?;
    ensure!(
        archive.wait()?.success() && unpacked.success(),
        "the files of {commit} cannot be unpacked"
    );
    Ok(directory)
}
