//! `cargo xtask lldb`: records what LLDB says of the variables of guests that crash, into
//! `fixtures/lldb/`, for tests that compare with it.
//!
//! wasmtime runs a guest under its own stub for debuggers, LLDB attaches, lets it run into its trap
//! and executes `record.py`. What died of one variable is started again without it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use sha2::{Digest, Sha256};

mod recording;

const SCRIPT: &str = include_str!("lldb/record.py");

pub(crate) const LLDB: &str = "lldb-22";

/// The guests that are recorded. Of Rust LLDB knows too little for a comparison.
const GUESTS: [&str; 10] = [
    "c-div-zero",
    "c-inlined-o2",
    "c-sqlite-o0",
    "c-variables",
    "c-variables-dwarf5",
    "c-variables-o1",
    "c-variables-o2",
    "cpp-null-virtual",
    "cpp-types",
    "cpp-types-o2",
];

/// LLDB answers within seconds, or not at all.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many variables of one guest LLDB may die of.
const MAX_CRASHES: usize = 30;

pub(crate) fn run(names: &[String]) -> Result<()> {
    for name in names {
        ensure!(
            GUESTS.contains(&&name[..]),
            "{name} is not recorded; these are: {}",
            GUESTS.join(", ")
        );
    }
    let wasmtime = crate::bench::machine::wasmtime()?;
    let chosen = GUESTS
        .iter()
        .filter(|guest| names.is_empty() || names.iter().any(|n| n == *guest));
    for guest in chosen {
        let lines = record(&wasmtime, guest).with_context(|| format!("guest {guest}"))?;
        let text = recording::text(guest, &digest(guest)?, &lines)?;
        let path = path(guest);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{guest}");
    }
    Ok(())
}

fn path(guest: &str) -> PathBuf {
    crate::root().join(format!("fixtures/lldb/{guest}.json"))
}

/// The SHA-256 of a guest's module, which shows that a recording is of another build.
fn digest(guest: &str) -> Result<String> {
    let module = crate::fixtures::read_stored(&format!("{guest}.wasm"))?;
    Ok(crate::fixtures::hex(Sha256::digest(module)))
}

/// What LLDB says at the trap, and of the callers what it says right before their calls where it says
/// nothing at the trap: LLDB 22 finds no entry of a location list in any frame but the innermost.
fn record(wasmtime: &Path, guest: &str) -> Result<Vec<Value>> {
    let scratch = tempfile::tempdir()?;
    let module = format!("{guest}.wasm");
    fs::write(
        scratch.path().join(&module),
        crate::fixtures::read_stored(&module)?,
    )?;
    fs::write(scratch.path().join("record.py"), SCRIPT)?;
    let mut session = Session {
        wasmtime,
        module: &module,
        scratch: scratch.path(),
        without: Vec::new(),
    };
    let mut lines = session.record("")?;
    let calls = recording::missing(&lines);
    if !calls.is_empty() {
        recording::complete(&mut lines, &session.record(&calls.join(","))?);
    }
    Ok(lines)
}

/// What all runs of one guest have in common.
struct Session<'a> {
    wasmtime: &'a Path,
    module: &'a str,
    scratch: &'a Path,
    /// Variables that LLDB dies of.
    without: Vec<String>,
}

impl Session<'_> {
    /// The lines that the script wrote.
    fn record(&mut self, calls: &str) -> Result<Vec<Value>> {
        while self.without.len() <= MAX_CRASHES {
            let lines = self.attempt(calls)?;
            match lines.last() {
                Some(line) if line["end"] == true => return Ok(lines),
                Some(line) if line["begin"].is_string() => {
                    let fatal = line["begin"].as_str().unwrap_or_default();
                    eprintln!("{}: LLDB dies of {fatal}", self.module);
                    self.without.push(fatal.to_owned());
                }
                _ => bail!("LLDB recorded no variable: is its Python (python3-lldb-22) installed?"),
            }
        }
        bail!("LLDB dies of more than {MAX_CRASHES} variables")
    }

    /// One run of the guest and of LLDB.
    fn attempt(&self, calls: &str) -> Result<Vec<Value>> {
        let guest = Guest::start(self.wasmtime, self.scratch, self.module)?;
        self.attach(guest.port, calls)
    }

    fn attach(&self, port: u16, calls: &str) -> Result<Vec<Value>> {
        let record = self.scratch.join("record.jsonl");
        fs::write(&record, "")?;
        let mut lldb = Command::new(LLDB)
            .args(["--no-lldbinit", "--batch"])
            .args([
                "-o",
                &format!("process connect --plugin wasm connect://127.0.0.1:{port}"),
            ])
            .args(["-o", "command script import record.py"])
            .env("RECORD_TO", &record)
            .env("RECORD_WITHOUT", self.without.join("\n"))
            .env("RECORD_CALLS", calls)
            .current_dir(self.scratch)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run {LLDB}: apt-get install {LLDB} python3-{LLDB}"))?;
        wait(&mut lldb)?;
        let text = fs::read_to_string(&record)?;
        // The last line may be cut off.
        Ok(text
            .lines()
            .map_while(|line| serde_json::from_str(line).ok())
            .collect())
    }
}

/// A guest that wasmtime runs under its stub for debuggers, where it waits for one. Ends when dropped.
pub(crate) struct Guest {
    wasmtime: Child,
    /// Where it listens on this machine.
    pub(crate) port: u16,
}

impl Guest {
    /// Starts the module, a file in the directory, and waits until a debugger can attach.
    pub(crate) fn start(wasmtime: &Path, directory: &Path, module: &str) -> Result<Guest> {
        // The port is free again, and no other process asks for it this soon.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let wasmtime = Command::new(wasmtime)
            .args(["run", "-g", &format!("127.0.0.1:{port}"), module])
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut guest = Guest { wasmtime, port };
        let stderr = guest.wasmtime.stderr.take();
        let mut said = BufReader::new(stderr.context("the guest has no stderr")?).lines();
        let ready = said.any(|line| line.is_ok_and(|line| line.contains("Debugger listening")));
        ensure!(ready, "wasmtime does not listen for a debugger");
        // Else the guest would wait for its reader.
        std::thread::spawn(move || said.for_each(drop));
        Ok(guest)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        _ = self.wasmtime.kill();
        _ = self.wasmtime.wait();
    }
}

fn wait(child: &mut Child) -> Result<()> {
    let begun = Instant::now();
    while child.try_wait()?.is_none() {
        if begun.elapsed() > PATIENCE {
            child.kill()?;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_are_of_the_guests_as_they_are_stored() {
        for guest in GUESTS {
            let text = fs::read_to_string(path(guest)).unwrap();
            let recording: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(
                recording["sha256"],
                digest(guest).unwrap(),
                "run `cargo xtask lldb {guest}`"
            );
            let frames = recording["frames"].as_array().unwrap();
            assert!(
                frames
                    .iter()
                    .any(|frame| frame["variables"][0]["scalars"][0].is_object())
            );
        }
    }
}
