//! Source files that were written after the module that is made of them.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, SystemTime};

use libtest_mimic::Failed;

use super::foreign::{answer, said, wdb};
use super::{fixtures, root};

/// A second of the year 2020, and of other years.
fn second(number: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000 + number)
}

fn set(directory: &Path, file: &str, time: SystemTime) -> Result<(), Failed> {
    let file = File::options().append(true).open(directory.join(file))?;
    Ok(file.set_modified(time)?)
}

/// How many notes say that the source is newer, each of which names both files.
fn notes(text: &str) -> usize {
    let begin = "the source file src/c-div-zero.c is newer than ";
    let whole = text.matches(begin).count();
    let named = text.matches("app.wasm: its lines").count();
    assert_eq!(
        (whole, text.matches("is newer than").count()),
        (named, named),
        "{text}"
    );
    whole
}

fn counted(output: &Output, expected: usize, what: &str) {
    assert_eq!(notes(&said(output)), expected, "{what}: {}", said(output));
}

pub(crate) fn newer() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let directory = directory.path();
    fs::create_dir(directory.join("src"))?;
    let module = fs::read(fixtures().join("c-div-zero.wasm"))?;
    fs::write(directory.join("app.wasm"), &module)?;
    fs::copy(
        root().join("fixtures/src/c-div-zero.c"),
        directory.join("src/c-div-zero.c"),
    )?;
    let source = "src/c-div-zero.c";
    let in_future = SystemTime::now() + Duration::from_secs(1_000_000);
    for (module, of_source, expected) in [
        (second(10), second(9), 0),
        (second(10), second(10), 0),
        (second(10), second(12), 0),
        (second(10), second(13), 1),
        (second(10), in_future, 1),
        (in_future, second(10), 0),
    ] {
        set(directory, "app.wasm", module)?;
        set(directory, source, of_source)?;
        let what = format!("{module:?}, {of_source:?}");
        let given = ["--sources", "src", "app.wasm"];
        let run = [&["run", "--core", "x.core"], &given[..]].concat();
        counted(&wdb(directory, &run).output()?, expected, &what);
        let report = ["report", "--sources", "src", "x.core"];
        counted(&wdb(directory, &report).output()?, expected, &what);
        // The module is where the user says, and not where it was.
        fs::create_dir_all(directory.join("other"))?;
        fs::rename(directory.join("app.wasm"), directory.join("other/app.wasm"))?;
        let elsewhere = [&report[..], &["--module", "other/app.wasm"]].concat();
        counted(&wdb(directory, &elsewhere).output()?, expected, &what);
        let json = [&elsewhere[..], &["--json"]].concat();
        let json = wdb(directory, &json).output()?;
        let json: serde_json::Value = serde_json::from_slice(&json.stdout)?;
        assert_eq!(
            notes(&json["notes"].to_string()),
            expected,
            "{what}: {json}"
        );
        fs::rename(directory.join("other/app.wasm"), directory.join("app.wasm"))?;
        fs::remove_file(directory.join("x.core"))?;
    }

    // Each file once, also when the program starts again; what is built or edited meanwhile is judged anew.
    set(directory, "app.wasm", second(10))?;
    set(directory, source, second(13))?;
    let arguments = ["debug", "--nx", "--sources", "src", "app.wasm"];
    let mut child = wdb(directory, &arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut ask = |command: &str, expected: usize| -> Result<(), Failed> {
        let shown = answer(&mut child, command)?;
        assert_eq!(notes(&shown), expected, "{command}: {shown}");
        Ok(())
    };
    ask("list main", 1)?;
    ask("list average", 0)?;
    ask("run", 0)?;
    ask("list average", 0)?;
    // The same module with a custom section behind it.
    let rebuilt = [&module[..], b"\0\x03\x02ab"].concat();
    fs::write(directory.join("app.wasm"), &rebuilt)?;
    set(directory, "app.wasm", second(20))?;
    ask("run", 0)?;
    ask("list average", 0)?;
    set(directory, source, second(23))?;
    ask("list average", 1)?;
    ask("list average", 0)?;
    fs::write(directory.join("app.wasm"), &module)?;
    set(directory, "app.wasm", second(15))?;
    ask("run", 1)?;
    child.stdin = None;
    assert!(child.wait()?.code().is_some());

    // A module that comes from a pipe has no time.
    if cfg!(unix) {
        let script = "cat app.wasm | \"$@\"";
        let piped = [
            "-c",
            script,
            "sh",
            env!("CARGO_BIN_EXE_wdb"),
            "run",
            "--sources",
            "src",
            "/dev/stdin",
        ];
        let mut command = std::process::Command::new("sh");
        command
            .args(piped)
            .current_dir(directory)
            .env("XDG_CACHE_HOME", super::cache());
        let output = command.output()?;
        assert!(said(&output).contains("in average"), "{}", said(&output));
        counted(&output, 0, "a pipe");
    }
    Ok(())
}
