//! Golden tests through the built binary: transcripts in `tests/cli/`, one test a file.
//!
//! A transcript is a list of commands, each with what it printed; `tests/cli/README.md` teaches the format.
//! `BLESS=1 cargo test --test cli` writes what is printed now into the files.

#![allow(clippy::unwrap_used)]

mod c_stack;
mod compiled;
mod coverage;
#[cfg(target_os = "linux")]
mod ends;
mod foreign;
mod generated;
mod http;
#[cfg(target_os = "linux")]
mod interrupts;
mod lldb;
#[cfg(target_os = "linux")]
mod process;
mod same;
mod times;
mod truth;
mod waits;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use libtest_mimic::{Failed, Trial};

fn main() {
    let arguments = libtest_mimic::Arguments::from_args();
    let mut trials = Vec::new();
    collect(&root().join("tests/cli"), &mut trials);
    trials.push(trial("HTTP, answered", "", http::answers));
    trials.push(trial("HTTP, not answered", "", http::waits));
    trials.push(trial("HTTP, silent in the middle", "", http::limits));
    #[cfg(unix)]
    trials.push(trial(
        "HTTP, stopped in the middle",
        "",
        http::outlives_a_stop,
    ));
    trials.push(trial("every dump", "# needs: wasm-tools", every_dump));
    for (name, module) in [
        ("computes", "fixtures/c-hang.wasm"),
        ("sleeps", "sleeps.wat"),
        ("reads", "reads.wat"),
    ] {
        let name = format!("interrupt one that {name}");
        trials.push(trial(&name, "# needs: kill", move || interrupt(module)));
    }
    for wait in &waits::WAITS {
        for (capture, end) in [
            ("full", waits::End::Timeout),
            ("light", waits::End::Timeout),
            ("full", waits::End::CtrlC),
            ("light", waits::End::CtrlC),
        ] {
            let name = format!("waits for {}, {capture}, {end:?}", wait.name);
            trials.push(trial(&name, "# needs: kill\n# needs: mkfifo", move || {
                waits::check(wait, capture, end)
            }));
        }
    }
    for guest in lldb::guests() {
        let name = format!("variables as LLDB sees them: {guest}");
        trials.push(trial(&name, "", move || lldb::compare(&guest)));
    }
    trials.push(trial("variables as the guest prints them", "", || {
        truth::compare("rust-collections")
    }));
    let completions = "# needs: bash";
    trials.push(trial("completions", completions, generated::completions));
    trials.push(trial("man pages", "", generated::man_pages));
    trials.push(trial("debug, every command", "", coverage::check));
    for guest in same::GUESTS {
        let name = format!("debug, live and on the dump: {}", guest.title());
        trials.push(trial(&name, "", || same::compare(guest)));
    }
    // They look into the process through /proc.
    #[cfg(not(target_os = "linux"))]
    eprintln!("skipped: the ends of runs, and Ctrl-C at any moment, need Linux");
    #[cfg(target_os = "linux")]
    for (name, test) in ends::TRIALS.iter().chain(interrupts::TRIALS) {
        trials.push(trial(name, "", || {
            test();
            Ok(())
        }));
    }
    trials.extend(foreign::trials());
    let compiler = "# needs: cc";
    trials.push(trial("types of C, compiled", compiler, compiled::check));
    trials.push(trial("sources newer than the module", "", times::newer));
    libtest_mimic::run(&arguments, trials).exit();
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn collect(directory: &Path, trials: &mut Vec<Trial>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, trials);
        } else if path.extension().is_some_and(|ending| ending == "test") {
            let name = path
                .strip_prefix(root().join("tests/cli"))
                .unwrap()
                .with_extension("");
            let text = fs::read_to_string(&path).unwrap();
            trials.push(trial(&name.display().to_string(), &text, move || {
                check(&path)
            }));
        }
    }
}

/// A test that is skipped, and says so, where a tool that `text` names is missing.
fn trial(
    name: &str,
    text: &str,
    test: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let required = std::env::var_os("WDB_TEST_REQUIRE_TOOLS").is_some();
    let missing = missing_tool(text).filter(|_| !required);
    if let Some(tool) = &missing {
        eprintln!("skipped: {name} needs `{tool}`, which is not installed");
    }
    Trial::test(name, test).with_ignored_flag(missing.is_some())
}

/// A tool that a transcript names with `# needs: TOOL` and that is not there.
fn missing_tool(text: &str) -> Option<String> {
    text.lines()
        .filter_map(|line| line.strip_prefix("# needs: "))
        .find(|tool| {
            Command::new(tool.trim())
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_err()
        })
        .map(str::to_owned)
}

fn check(path: &Path) -> Result<(), Failed> {
    let expected = fs::read_to_string(path)?;
    let directory = tempfile::tempdir()?;
    let mut actual = String::new();
    let mut lines = expected.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(command) = line.strip_prefix("$ ") {
            writeln!(actual, "{line}")?;
            let mut input = String::new();
            while let Some(line) = lines.next_if(|line| line.starts_with('|')) {
                writeln!(actual, "{line}")?;
                input.push_str(line[1..].strip_prefix(' ').unwrap_or_default());
                input.push('\n');
            }
            while lines.next_if(|line| is_output(line)).is_some() {}
            let output = run_with(command, directory.path(), &input)?;
            if output.status.code() != Some(0) {
                match output.status.code() {
                    Some(code) => writeln!(actual, "? {code}")?,
                    None => writeln!(actual, "? {}", output.status)?,
                }
            }
            quote(&mut actual, ">", &output.stdout, directory.path());
            quote(&mut actual, "!", &output.stderr, directory.path());
        } else {
            writeln!(actual, "{line}")?;
        }
    }
    if actual == expected {
        return Ok(());
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, actual)?;
        return Ok(());
    }
    Err(format!(
        "{} differs (- expected, + actual); BLESS=1 accepts\n{}",
        path.display(),
        difference(&expected, &actual)
    )
    .into())
}

fn is_output(line: &str) -> bool {
    [">", "!", "?"].iter().any(|mark| line.starts_with(mark))
}

fn run(command: &str, directory: &Path) -> io::Result<Output> {
    run_with(command, directory, "")
}

/// Runs a command. `input` is what it reads where it ends in `<<`.
fn run_with(command: &str, directory: &Path, input: &str) -> io::Result<Output> {
    let fixtures = fixtures();
    let sources = root().join("fixtures/src");
    let words: Vec<String> = split(command)
        .into_iter()
        .map(|word| {
            word.replace("%f/", &format!("{}/", fixtures.display()))
                .replace("%s/", &format!("{}/", sources.display()))
                .replace("%t/", &format!("{}/", root().join("tests/cli").display()))
        })
        .collect();
    let (stdin, words) = match &words[..] {
        [rest @ .., less, file] if less == "<" => {
            (Stdio::from(fs::File::open(directory.join(file))?), rest)
        }
        [rest @ .., less] if less == "<<" => {
            let mut file = tempfile::tempfile()?;
            io::Write::write_all(&mut file, input.as_bytes())?;
            io::Seek::rewind(&mut file)?;
            (Stdio::from(file), rest)
        }
        all => (Stdio::null(), all),
    };
    let words: Vec<&str> = words
        .iter()
        .map(|word| match word.as_str() {
            "wdb" => env!("CARGO_BIN_EXE_wdb"),
            other => other,
        })
        .collect();
    let program = words[0];
    Command::new(program)
        .args(&words[1..])
        .current_dir(directory)
        .stdin(stdin)
        .env_remove("RUST_BACKTRACE")
        .env("COLUMNS", "100")
        // No scripts of a user, and wasmtime's cache of compiled code where it always is.
        .env("HOME", directory)
        .env_remove("XDG_CONFIG_HOME")
        .env("XDG_CACHE_HOME", cache())
        .env("NO_COLOR", "1")
        .output()
        .map_err(|error| io::Error::other(format!("{program}: {error}")))
}

/// Where programs of this user keep what can be made again.
fn cache() -> PathBuf {
    let home = || std::env::home_dir().unwrap_or_default().join(".cache");
    std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from)
}

/// Words, with single and double quotes.
fn split(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in command.chars() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (c, Some(_)) => word.get_or_insert_default().push(c),
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (' ', None) => words.extend(word.take()),
            (c, None) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// All fixtures, decompressed once for all tests, and newer than all sources.
fn fixtures() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fixtures");
        fs::create_dir_all(&out).unwrap();
        let in_2100 = SystemTime::UNIX_EPOCH + Duration::from_secs(4_102_444_800);
        for kind in ["built", "dumps"] {
            for entry in fs::read_dir(root().join("fixtures").join(kind)).unwrap() {
                let path = entry.unwrap().path();
                let compressed = path.extension().is_some_and(|ending| ending == "zst");
                let name = path.file_name().unwrap();
                let bytes = fs::read(&path).unwrap();
                if compressed {
                    let bytes = zstd::decode_all(&bytes[..]).unwrap();
                    // Several test processes may run at once; each writes the same bytes.
                    let part = tempfile::NamedTempFile::new_in(&out).unwrap();
                    fs::write(part.path(), bytes).unwrap();
                    part.as_file().set_modified(in_2100).unwrap();
                    part.persist(out.join(name).with_extension("")).unwrap();
                } else {
                    fs::write(out.join(name), bytes).unwrap();
                }
            }
        }
        out
    })
}

/// Appends output, each line marked, with what differs from run to run replaced.
/// Without what another run has another of: the order of hash tables with random keys, clocks.
fn unordered(line: String) -> String {
    let random = ["HashMap<", "HashSet<", ": Instant ", "RandomState "];
    match line.split_once(" = ") {
        Some((declaration, _))
            if random
                .iter()
                .any(|it| format!("{declaration} ").contains(it)) =>
        {
            format!("{declaration} = [RANDOM]")
        }
        _ => line,
    }
}

fn quote(out: &mut String, mark: &str, bytes: &[u8], directory: &Path) {
    let text = String::from_utf8_lossy(bytes);
    let sources = root().join("fixtures/src").display().to_string();
    let mut replacements = BTreeMap::from([
        (fixtures().display().to_string(), "[FIXTURES]"),
        (directory.display().to_string(), "[DIR]"),
        (sources, "[SOURCES]"),
        (root().join("tests/cli").display().to_string(), "[TESTS]"),
    ]);
    if let Ok(real) = directory.canonicalize() {
        replacements.insert(real.display().to_string(), "[DIR]");
    }
    for line in text.lines() {
        let mut line = line.to_owned();
        for (from, to) in &replacements {
            line = line.replace(from, to);
        }
        let end = line.find("); `wdb report ");
        // The dump holds the process id, the time and paths.
        let end = end.or_else(|| {
            line.strip_prefix("core dump: ")?
                .ends_with(" bytes)")
                .then(|| line.len() - 1)
        });
        let line = match (line.find(" ("), end) {
            (Some(start), Some(end)) => format!("{} ([SIZE]{}", &line[..start], &line[end..]),
            _ => line,
        };
        let line = unordered(line);
        let line = numbers_after(&line, "pid: ", "[PID]");
        let line = numbers_after(&line, "time: ", "[TIME]");
        let line = numbers_after(&line, "process ", "[PID]");
        let line = numbers_after(&line, "\"pid\": ", "[PID]");
        let line = numbers_after(&line, "\"time\": ", "[TIME]");
        let space = if line.is_empty() { "" } else { " " };
        _ = writeln!(out, "{mark}{space}{line}");
    }
}

/// Replaces the number after `before`.
fn numbers_after(line: &str, before: &str, with: &str) -> String {
    let Some(at) = line.find(before) else {
        return line.to_owned();
    };
    let (head, tail) = line.split_at(at + before.len());
    let rest = tail.trim_start_matches(|c: char| c.is_ascii_digit());
    if rest.len() == tail.len() {
        return line.to_owned();
    }
    format!("{head}{with}{rest}")
}

/// The lines that differ, with a few around them.
fn difference(expected: &str, actual: &str) -> String {
    let expected: Vec<&str> = expected.lines().collect();
    let actual: Vec<&str> = actual.lines().collect();
    let same = expected
        .iter()
        .zip(&actual)
        .take_while(|(a, b)| a == b)
        .count();
    let same_end = expected[same..]
        .iter()
        .rev()
        .zip(actual[same..].iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let mut out = String::new();
    for line in &expected[same.saturating_sub(3)..same] {
        _ = writeln!(out, "  {line}");
    }
    for line in &expected[same..expected.len() - same_end] {
        _ = writeln!(out, "- {line}");
    }
    for line in &actual[same..actual.len() - same_end] {
        _ = writeln!(out, "+ {line}");
    }
    out
}

/// Every fixture that crashes by itself leaves a dump that other people's strict reader takes, that our
/// own validator finds no fault with, and whose report has the same stack as the report of the run.
fn every_dump() -> Result<(), Failed> {
    let (mut crashes, mut inferred) = (0, 0);
    let mut modules: Vec<PathBuf> = fs::read_dir(fixtures())?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    modules.retain(|path| path.extension().is_some_and(|ending| ending == "wasm"));
    modules.sort();
    for module in modules {
        let name = module.file_stem().unwrap_or_default().to_string_lossy();
        // One computes for minutes, the other fills 64 MiB; both have nothing else to show.
        if name.starts_with("c-compute") || name == "wat-memory-512m" {
            continue;
        }
        let directory = tempfile::tempdir()?;
        let path = &module;
        let module = module.display();
        let lived = run(
            &format!("wdb run --timeout 2s --core x.core {module}"),
            directory.path(),
        )?;
        if lived.status.code() != Some(134) {
            continue;
        }
        crashes += 1;
        for check in ["wasm-tools dump x.core", "wdb validate x.core"] {
            let output = run(check, directory.path())?;
            if !output.status.success() {
                let said = String::from_utf8_lossy(if output.stderr.is_empty() {
                    &output.stdout
                } else {
                    &output.stderr
                });
                return Err(format!("{name}: `{check}` says: {said}").into());
            }
        }
        let reported = run("wdb report x.core", directory.path())?;
        inferred += c_stack::compare(&directory.path().join("x.core"), path)?;
        let (lived, reported) = (stack(&lived.stderr), stack(&reported.stdout));
        if lived != reported || lived.is_empty() {
            return Err(format!("{name}: {}", difference(&lived, &reported)).into());
        }
    }
    if crashes < 30 {
        return Err(format!("only {crashes} fixtures crashed").into());
    }
    if inferred < 1000 {
        return Err(format!("only {inferred} locals were worked out").into());
    }
    Ok(())
}

/// Ctrl-C stops a guest that computes, sleeps or waits for input, in its own code, with a dump.
fn interrupt(module: &str) -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let module = match module.strip_prefix("fixtures/") {
        Some(name) => fixtures().join(name),
        None => root().join("tests/cli/run").join(module),
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_wdb"))
        .args(["run", "--core", "x.core"])
        .arg(module)
        .current_dir(directory.path())
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    // Each prints a word when it has begun.
    let mut word = [0; 4];
    if let Some(out) = &mut child.stdout {
        io::Read::read_exact(out, &mut word)?;
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()?;
    assert!(killed.success());
    let input = child.stdin.take();
    let output = child.wait_with_output()?;
    drop(input);
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() != Some(130) || !said.starts_with("interrupted: ") {
        return Err(format!("{}: {said}", output.status).into());
    }
    let reported = run("wdb report x.core", directory.path())?;
    if stack(&output.stderr) != stack(&reported.stdout) || !said.contains("#0  ") {
        return Err(said.into_owned().into());
    }
    Ok(())
}

/// The stack of a report: from its heading to the next empty line.
fn stack(report: &[u8]) -> String {
    let text = String::from_utf8_lossy(report);
    text.lines()
        .skip_while(|line| !line.starts_with("stack, "))
        .take_while(|line| !line.is_empty())
        // The modules that the engine made itself cannot be found again.
        .filter(|line| !line.contains("wasmtime's adapter"))
        .collect::<Vec<_>>()
        .join("\n")
}
