//! `cargo xtask lldb`: records what LLDB says of the variables of guests that crash, into
//! `fixtures/lldb/`, for tests that compare with it.
//!
//! wasmtime runs a guest under its own stub for debuggers, LLDB attaches, lets it run into its trap
//! and executes `record.py`. What died of one variable is started again without it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

const SCRIPT: &str = include_str!("lldb/record.py");

const LLDB: &str = "lldb-22";

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
        let text = recording(guest, &digest(guest)?, &lines)?;
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

/// The SHA-256 of a guest's module, by which a recording of another build is told.
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
    let calls = missing(&lines);
    if !calls.is_empty() {
        complete(&mut lines, &session.record(&calls.join(","))?);
    }
    Ok(lines)
}

/// The calls under way in functions with variables that LLDB does not find, for the script.
fn missing(lines: &[Value]) -> Vec<String> {
    let mut calls: Vec<String> = Vec::new();
    let mut innermost = None;
    let mut call = Value::Null;
    for line in lines {
        if line["frame"].is_object() {
            let frame = &line["frame"];
            let pc = &frame["pc"];
            let innermost = innermost.get_or_insert_with(|| pc.clone());
            // Frames that were inlined into one function have the pc in common; the first counts.
            if call["pc"] != *pc {
                call = if pc == innermost {
                    Value::Null
                } else {
                    frame.clone()
                };
            }
        } else if line["unit"].is_string() {
            break;
        }
        let wanted = format!("{}:{}", call["pc"], call["frames"]);
        if call.is_object() && not_found(&line["variable"]) && !calls.contains(&wanted) {
            calls.push(wanted);
        }
    }
    calls
}

fn not_found(variable: &Value) -> bool {
    variable["scalars"][0]["error"] == "variable not available"
}

/// Puts variables that were found at a call in the place of the same ones that were not at the trap.
fn complete(lines: &mut [Value], at_calls: &[Value]) {
    // The last time counts that a call was made.
    let mut found = BTreeMap::new();
    for (identity, variable) in identified(at_calls) {
        found.insert(identity, variable);
    }
    let identities: Vec<_> = identified(lines).map(|(identity, _)| identity).collect();
    let variables = lines.iter_mut().filter(|line| line["variable"].is_object());
    for (identity, line) in identities.iter().zip(variables) {
        let variable = &mut line["variable"];
        if not_found(variable)
            && let Some(other) = found.get(identity)
            && !not_found(other)
        {
            variable["at"] = json!("call");
            variable["scalars"] = other["scalars"].clone();
        }
    }
}

/// Each variable with the number of frames down to its own, its name, and where it is declared.
fn identified(lines: &[Value]) -> impl Iterator<Item = (String, Value)> {
    let mut frames = Value::Null;
    lines.iter().filter_map(move |line| {
        if line["frame"].is_object() {
            frames = line["frame"]["frames"].clone();
        } else if line["unit"].is_string() {
            frames = line["unit"].clone();
        }
        let variable = line["variable"].as_object()?;
        let identity = format!("{frames} {} {}", variable["name"], line["variable"]["line"]);
        Some((identity, line["variable"].clone()))
    })
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
        // The port is free again, and nobody else asks for it this soon.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut guest = Command::new(self.wasmtime)
            .args(["run", "-g", &format!("127.0.0.1:{port}"), self.module])
            .current_dir(self.scratch)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = guest.stderr.take().context("the guest has no stderr")?;
        let mut said = BufReader::new(stderr).lines();
        let ready = said.any(|line| line.is_ok_and(|line| line.contains("Debugger listening")));
        // Else the guest would wait for its reader.
        std::thread::spawn(move || said.for_each(drop));
        let lines = if ready {
            self.attach(port, calls)
        } else {
            Err(anyhow::anyhow!("wasmtime does not listen for a debugger"))
        };
        _ = guest.kill();
        guest.wait()?;
        lines
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

/// The file: an object, a scalar on each line so that a difference is readable.
fn recording(guest: &str, digest: &str, lines: &[Value]) -> Result<String> {
    let mut head = Map::new();
    let mut groups: Vec<(bool, Map<String, Value>, Vec<Value>)> = Vec::new();
    for line in lines {
        if let Some(frame) = line["frame"].as_object() {
            groups.push((true, frame.clone(), Vec::new()));
        } else if line["unit"].is_string() {
            groups.push((
                false,
                Map::from_iter([("unit".into(), line["unit"].clone())]),
                Vec::new(),
            ));
        } else if line["variable"].is_object() {
            let (_, _, variables) = groups.last_mut().context("a variable before any frame")?;
            variables.push(line["variable"].clone());
        } else if line["lldb"].is_string() {
            let version = line["lldb"].as_str().and_then(|it| it.lines().next());
            head.insert("lldb".into(), json!(version));
            head.insert("stop".into(), line["stop"].clone());
        }
    }
    let mut text = format!(
        "{{\"guest\": {}, \"sha256\": {}",
        json!(guest),
        json!(digest)
    );
    for (name, value) in &head {
        text += &format!(", {}: {value}", json!(name));
    }
    for (frames, title) in [(true, "frames"), (false, "units")] {
        let list = groups.iter().filter(|(is_frame, ..)| *is_frame == frames);
        let list: Vec<String> = list
            .map(|(_, about, variables)| group(about, variables))
            .collect();
        text += &format!(",\n{}: [\n{}\n]", json!(title), list.join(",\n"));
    }
    Ok(text + "}\n")
}

/// A frame or a unit with its variables.
fn group(about: &Map<String, Value>, variables: &[Value]) -> String {
    let variables = variables.iter().map(|variable| {
        let mut about = variable.as_object().cloned().unwrap_or_default();
        let scalars = about.remove("scalars").unwrap_or_default();
        let scalars: Vec<String> = scalars
            .as_array()
            .into_iter()
            .flatten()
            .map(|scalar| format!("\n   {scalar}"))
            .collect();
        object(&about, "scalars", &scalars.join(","))
    });
    let variables: Vec<String> = variables
        .map(|variable| format!("\n  {variable}"))
        .collect();
    format!(" {}", object(about, "variables", &variables.join(",")))
}

/// An object on one line but for its last member, a list whose text is given.
fn object(about: &Map<String, Value>, list: &str, items: &str) -> String {
    let about: String = about
        .iter()
        .map(|(name, value)| format!("{}: {value}, ", json!(name)))
        .collect();
    format!("{{{about}{}: [{items}]}}", json!(list))
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

    fn line(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_is_missing_at_the_trap_is_taken_from_the_last_time_of_the_call() {
        let not_found = r#"{"variable": {"name": "a", "line": 3,
            "scalars": [{"path": "a", "error": "variable not available"}]}}"#;
        let found = |number: u32| {
            line(&format!(
                r#"{{"variable": {{"name": "a", "line": 3, "scalars": [{{"path": "a", "number": {number}}}]}}}}"#
            ))
        };
        let mut lines = [
            line(r#"{"frame": {"frames": 3, "pc": 70}}"#),
            line(not_found),
            line(r#"{"frame": {"frames": 2, "pc": 50}}"#),
            line(not_found),
            line(r#"{"frame": {"frames": 1, "pc": 50}}"#),
            line(not_found),
        ];
        // Nothing is to be had of the innermost frame; the others are one function with one call.
        assert_eq!(missing(&lines), ["50:2"]);
        let frame = line(r#"{"frame": {"frames": 2, "pc": 44}}"#);
        complete(&mut lines, &[frame.clone(), found(1), frame, found(2)]);
        assert_eq!(lines[1], line(not_found));
        assert_eq!(lines[3]["variable"]["scalars"][0]["number"], 2);
        assert_eq!(lines[3]["variable"]["at"], "call");
        assert_eq!(lines[5], line(not_found));
    }
}
