//! Modules and dumps that come from someone else: their names steer no terminal, their paths open no file that the user did not
//! mean, and their bytes take memory and time in proportion.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use wait4::Wait4;
use wdb_console::commands;
use wdb_coredump as core;

use super::{Trial, fixtures, trial};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("foreign, names", "", names),
        trial("foreign, sources", "", sources),
        trial("foreign, compressed", "", compressed),
        trial("foreign, memory and time", "", resources),
        trial("foreign, a module named many times", "", one_file),
        trial("foreign, a debug file of another build", "", debug_files),
        trial("foreign, the program's file changes", "", rewritten),
    ]
}

pub(crate) fn wdb(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wdb"));
    command
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .env_remove("RUST_BACKTRACE")
        .env("HOME", directory)
        .env_remove("XDG_CONFIG_HOME")
        .env("XDG_CACHE_HOME", super::cache())
        .env("NO_COLOR", "1");
    command
}

/// What a debugger answers to a command that comes through a pipe.
pub(crate) fn answer(child: &mut Child, command: &str) -> Result<String, Failed> {
    // A line that is echoed when it is executed shows that the one before it has ended.
    let input = child.stdin.as_mut().unwrap();
    input.write_all(format!("{command}\necho done\n").as_bytes())?;
    let output = child.stdout.as_mut().unwrap();
    let mut shown = Vec::new();
    while !shown.ends_with(b"\ndone\n") {
        let mut byte = [0];
        if output.read(&mut byte)? == 0 {
            return Err(String::from_utf8_lossy(&shown).into());
        }
        shown.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&shown).into_owned())
}

/// Runs `wdb` with lines to read.
pub(crate) fn told(directory: &Path, arguments: &[&str], lines: &str) -> Result<Output, Failed> {
    fs::write(directory.join("lines"), lines)?;
    let input = fs::File::open(directory.join("lines"))?;
    Ok(wdb(directory, arguments).stdin(input).output()?)
}

/// Both outputs.
pub(crate) fn said(output: &Output) -> String {
    let bytes = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What steers a terminal, or the order of what it shows.
fn steers(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

/// A name that would do all kinds of things to a terminal.
fn hostile() -> impl Strategy<Value = String> {
    let parts = [
        "\x1b[31m",
        "\x1b]0;pwned\x07",
        "\x07",
        "\r",
        "\u{202e}",
        "\u{9b}2J",
        "\u{85}",
        "\u{2066}",
        "\x7f",
        "\x08",
        "\x1b[2J",
        "\x1bP",
        "\n",
        "a",
        "main",
        "::",
        " ",
        "é",
    ];
    proptest::collection::vec(proptest::sample::select(parts.to_vec()), 2..6)
        .prop_map(|it| it.concat())
}

/// Makes names, each another one.
struct Names {
    runner: TestRunner,
    count: u32,
}

impl Names {
    fn next(&mut self) -> String {
        self.count += 1;
        let name = hostile().new_tree(&mut self.runner).unwrap().current();
        format!("{name}{}", self.count)
    }

    /// In quotes, as the text format has it.
    fn quoted(&mut self) -> String {
        let bytes: String = self
            .next()
            .bytes()
            .map(|byte| format!("\\{byte:02x}"))
            .collect();
        format!("\"{bytes}\"")
    }
}

/// A program that calls, throws, and crashes, with such a name wherever a module can have one.
fn program(names: &mut Names, imports: bool) -> Vec<u8> {
    let mut name = || names.quoted();
    let import = if imports {
        format!("(import {} {} (func (@name {})))", name(), name(), name())
    } else {
        String::new()
    };
    let text = format!(
        "(module (@name {}) {import}
           (memory (export \"memory\") 1) (table (export {}) 2 funcref)
           (global $g (@name {}) (export {}) (mut i32) (i32.const 1))
           (tag (@name {}) (export {}) (param i32))
           (func $f (@name {}) (export {}) (param $p (@name {}) i32) (local $l (@name {}) i64)
             unreachable)
           (func $start (@name {}) (export \"_start\") i32.const 1 call $f)
           (data (@name {}) (i32.const 0) \"\\1b[31m\")
           (@producers (language {} {}) (processed-by {} {}))
           (@custom {} \"x\") (@custom \"sourceMappingURL\" \"\\04\\1b]0;\") (@custom \"external_debug_info\" \"\\04\\1b[2J\"))",
        name(), name(), name(), name(), name(), name(), name(), name(), name(), name(), name(), name(), name(), name(),
        name(), name(), name()
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A dump with such a name wherever it can have one.
fn dump(names: &mut Names) -> Vec<u8> {
    let mut name = || names.next();
    let opaque = |description| {
        core::Slot::Known(core::Value::Ref(core::Reference::Opaque {
            heap: core::HeapType::from_byte(0x6f).unwrap(),
            description,
        }))
    };
    let dump = core::CoreDump {
        executable: name(),
        process: core::Process {
            arguments: vec![name(), name()],
            pid: Some(1),
            time: Some(1),
            producers: vec![core::Producer {
                name: name(),
                version: name(),
            }],
        },
        crash: Some(core::Crash {
            thread: 0,
            kind: core::CrashKind::HostError,
            code: name(),
            message: name(),
            causes: vec![name(), name()],
            exception: Some(core::Exception {
                tag: None,
                payload: vec![opaque(name())],
            }),
        }),
        modules: vec![core::Module {
            name: name(),
            path: Some(name()),
            sha256: Some([1; 32]),
            ..core::Module::default()
        }],
        instances: vec![core::Instance {
            module: core::ModuleId(0),
            memories: Vec::new(),
            globals: vec![Some(core::GlobalId(0))],
            tables: vec![Some(core::TableId(0))],
        }],
        threads: vec![core::Thread {
            name: name(),
            frames: vec![core::Frame {
                instance: core::InstanceId(0),
                func: wdb_module::FuncIndex(0),
                codeoffset: 1,
                locals: vec![opaque(name())],
                stack: vec![opaque(name())],
            }],
            host_frames: vec![core::HostFrame {
                before: 0,
                name: name(),
            }],
        }],
        globals: vec![core::Global {
            ty: name(),
            mutable: true,
            value: opaque(name()),
        }],
        tables: vec![core::Table {
            element: name(),
            table64: false,
            maximum: None,
            size: 1,
            elements: vec![(
                0,
                core::Reference::Opaque {
                    heap: core::HeapType::from_byte(0x6f).unwrap(),
                    description: name(),
                },
            )],
        }],
        ..core::CoreDump::default()
    };
    let mut bytes = Vec::new();
    core::write(&dump, &mut bytes).unwrap();
    // Sections of ours that no one knows, and frames that lead nowhere: names in findings and notes.
    bytes.extend(custom(&format!("wdb.{}", name()), b"\x01"));
    bytes.extend(custom(
        "corestack",
        &[&[0][..], &text(&name()), b"\x01\0\x07\x05\x09\0\0"].concat(),
    ));
    bytes
}

/// Every command of the debugger, with several arguments.
fn every_command() -> String {
    let left_out = ["quit", "exit", "tui", "gui", "shell", "kill"];
    let names = commands().flat_map(|it| it.names.iter());
    let names = names.filter(|it| !left_out.iter().any(|out| it.starts_with(out)));
    let lines = names.flat_map(|name| {
        ["", " nosuch", " 1", " \x1b[31mx", " -5"].map(|it| format!("{name}{it}\nend\n"))
    });
    lines.collect()
}

fn names() -> Result<(), Failed> {
    let mut names = Names {
        runner: TestRunner::deterministic(),
        count: 0,
    };
    let lines = every_command();
    for round in 0..4 {
        let directory = tempfile::tempdir()?;
        let directory = directory.path();
        // The name of a file, too.
        let mut file = || {
            if cfg!(windows) {
                names
                    .next()
                    .replace(|c: char| !c.is_ascii_alphanumeric(), "_")
            } else {
                names.next().replace('/', "_")
            }
        };
        let (module, importing, crash, missing) = (file(), file(), file(), file());
        fs::write(directory.join(&module), program(&mut names, false))?;
        fs::write(directory.join(&importing), program(&mut names, true))?;
        fs::write(directory.join(&crash), dump(&mut names))?;
        fs::write(
            directory.join("text"),
            format!("(module {}", names.quoted()),
        )?;
        let (module, importing, crash, missing) = (&*module, &*importing, &*crash, &*missing);
        let invoked = names.next();
        let runs: &[&[&str]] = &[
            &["run", "--core", "x.core", module],
            &["run", module],
            &["run", "--no-core", "--capture", "light", module],
            &["run", "--no-core", "--invoke", &invoked, module],
            &["run", "--no-core", importing],
            &["run", "--no-core", missing],
            &["run", "--no-core", crash],
            &["run", "--no-core", "text"],
            &["inspect", module],
            &["inspect", "--json", module],
            &["inspect", "--functions", importing],
            &["inspect", crash],
            &["inspect", "--json", crash],
            &["inspect", "--memory", "0..5", crash],
            &["inspect", missing],
            &["report", "x.core"],
            &["report", "--json", "--module", module, "x.core"],
            &["report", "--eval", "nosuch", "x.core"],
            &["report", crash],
            &["report", "--json", "--all-frames", crash],
            &["report", "--module", module, crash],
            &["report", "--force", "--module", module, crash],
            &["report", module],
            &["validate", "x.core"],
            &["validate", crash],
            &["validate", "--json", crash],
            &["validate", "--module", module, crash],
            &["core", missing],
        ];
        for arguments in runs {
            check(
                &format!("{arguments:?}, round {round}"),
                &wdb(directory, arguments).output()?,
            )?;
        }
        for arguments in [
            &["core", crash][..],
            &["core", "x.core", "--module", module],
        ] {
            check(
                &format!("{arguments:?}, round {round}"),
                &told(directory, arguments, &lines)?,
            )?;
        }
        // At the crash, and before the start.
        for begin in ["run\n", ""] {
            let lines = format!("catch throw nosuch\n{begin}{lines}");
            check(
                &format!("debug, round {round}"),
                &told(directory, &["debug", module], &lines)?,
            )?;
        }
    }
    Ok(())
}

fn check(what: &str, output: &Output) -> Result<(), Failed> {
    if output.status.code().is_none() {
        return Err(format!("{what}: {}: {}", output.status, said(output)).into());
    }
    for bytes in [&output.stdout, &output.stderr] {
        let text = std::str::from_utf8(bytes).map_err(|error| format!("{what}: {error}"))?;
        if let Some(line) = text.lines().find(|line| line.contains(steers)) {
            return Err(format!("{what} prints {line:?}").into());
        }
    }
    if output.stdout.is_empty() && output.stderr.is_empty() {
        return Err(format!("{what} prints nothing").into());
    }
    Ok(())
}

fn leb(mut number: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
    out
}

/// A name with its length.
fn text(name: &str) -> Vec<u8> {
    [leb(name.len()), name.as_bytes().to_vec()].concat()
}

fn custom(name: &str, payload: &[u8]) -> Vec<u8> {
    let body = [&text(name)[..], payload].concat();
    [vec![0], leb(body.len()), body].concat()
}

/// A dump of these sections after the header and the name.
fn dump_of(sections: &[Vec<u8>]) -> Vec<u8> {
    [
        &b"\0asm\x01\0\0\0"[..],
        &custom("core", b"\0\0"),
        &sections.concat(),
    ]
    .concat()
}

fn stack(name: &str, frames: usize, bytes: &[u8]) -> Vec<u8> {
    custom(
        "corestack",
        &[&[0][..], &text(name), &leb(frames), bytes].concat(),
    )
}

fn many(count: usize, one: &[u8]) -> Vec<u8> {
    [leb(count), one.repeat(count)].concat()
}

/// Dumps whose counts are as large as their bytes allow.
fn large_dumps() -> Vec<(&'static str, Vec<u8>)> {
    let module = custom("coremodules", b"\x01\0\x01m");
    let instance = custom("coreinstances", b"\x01\0\0\0\0");
    let frame = |locals: Vec<u8>| [&b"\0\0\x05\x09"[..], &locals, b"\0"].concat();
    let missing = |count| frame(many(count, b"\x01"));
    vec![
        (
            "a frame of many locals",
            dump_of(&[
                module.clone(),
                instance.clone(),
                stack("t", 1, &missing(3_000_000)),
            ]),
        ),
        (
            "many frames of many locals",
            dump_of(&[
                module.clone(),
                instance.clone(),
                stack("t", 60, &missing(50_000).repeat(60)),
            ]),
        ),
        (
            "a long name and many frames of no instance",
            dump_of(&[
                module.clone(),
                instance.clone(),
                stack(
                    &"A".repeat(1 << 20),
                    300_000,
                    &b"\0\x01\x05\x09\0\0".repeat(300_000),
                ),
            ]),
        ),
        (
            "many modules and instances",
            dump_of(&[
                custom("coremodules", &many(600_000, b"\0\0")),
                custom("coreinstances", &many(300_000, b"\0\0\0\0")),
                stack("t", 1, &missing(1)),
            ]),
        ),
        (
            "many memories",
            dump_of(&[module, instance, {
                let memories = many(600_000, b"\0\0");
                [vec![5], leb(memories.len()), memories].concat()
            }]),
        ),
    ]
}

/// What a command may take of memory for such a dump of a few megabytes, the program itself included.
const MOST_MEMORY: u64 = 400 << 20;

/// What it may take of time, unoptimised and on a machine that does other things.
const MOST_TIME: Duration = Duration::from_secs(100);

fn resources() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let directory = directory.path();
    for (what, bytes) in large_dumps() {
        // Small, as it would be sent.
        fs::write(
            directory.join("x.core.zst"),
            zstd::encode_all(&bytes[..], 1)?,
        )?;
        for arguments in [
            &["report", "x.core.zst"][..],
            &["report", "--json", "x.core.zst"],
            &["inspect", "x.core.zst"],
            &["inspect", "--json", "x.core.zst"],
            &["validate", "x.core.zst"],
            &[
                "core",
                "--batch",
                "-ex",
                "bt",
                "-ex",
                "info threads",
                "x.core.zst",
            ],
        ] {
            let (memory, time) = measure(wdb(directory, arguments))?;
            if memory > MOST_MEMORY || time > MOST_TIME {
                return Err(
                    format!("{what}: {arguments:?} takes {} MiB, {time:?}", memory >> 20).into(),
                );
            }
        }
    }
    Ok(())
}

/// The most memory that a command had, and how long it took.
fn measure(mut command: Command) -> Result<(u64, Duration), Failed> {
    let began = Instant::now();
    let child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let used = child.wait4()?;
    if used.status.code().is_none() {
        return Err(format!("{command:?}: {}", used.status).into());
    }
    Ok((used.rusage.maxrss, began.elapsed()))
}

/// A dump may name one file as often as it likes: it is opened and hashed once.
fn one_file() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let directory = directory.path();
    let count = 20_000;
    let path = |at: usize| ["app.wasm", "./app.wasm"][at % 2];
    let records: Vec<u8> = (0..count)
        .flat_map(|at| [&b"\x01"[..], &text(path(at)), b"\x01", &[0x11; 32], b"\0\0"].concat())
        .collect();
    let dump = dump_of(&[
        custom("coremodules", &many(count, b"\0\x01m")),
        custom("coreinstances", b"\x01\0\0\0\0"),
        stack("t", 1, b"\0\0\x05\x09\0\0"),
        custom(
            "wdb.modules",
            &[&b"\x01"[..], &leb(count), &records].concat(),
        ),
    ]);
    fs::write(directory.join("x.core"), dump)?;
    let padding = custom("pad", &vec![0; 8 << 20]);
    fs::write(
        directory.join("app.wasm"),
        [&b"\0asm\x01\0\0\0"[..], &padding].concat(),
    )?;
    let (_, time) = measure(wdb(directory, &["report", "x.core"]))?;
    if time > MOST_TIME {
        Err(format!("{time:?}").into())
    } else {
        Ok(())
    }
}

/// Compressed files: cut off, in two parts, and one that is a thousand times what it seems.
fn compressed() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let directory = directory.path();
    let dump = fs::read(fixtures().join("c-div-zero.wasmtime.core"))?;
    let pack = |bytes: &[u8]| zstd::encode_all(bytes, 3);
    let whole = pack(&dump)?;
    let report = |bytes: &[u8]| -> Result<Output, Failed> {
        fs::write(directory.join("x.core.zst"), bytes)?;
        Ok(wdb(directory, &["report", "x.core.zst"]).output()?)
    };
    let expected = report(&whole)?;
    assert_eq!(expected.status.code(), Some(0));
    let (front, back) = dump.split_at(dump.len() / 2);
    let parts = report(&[pack(front)?, pack(back)?].concat())?;
    assert_eq!(said(&parts), said(&expected));
    for cut in [5, whole.len() / 2, whole.len() - 1] {
        let output = report(&whole[..cut])?;
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(
            said(&output).starts_with("error: cannot decompress x.core.zst"),
            "{}",
            said(&output)
        );
    }
    // Not to the end: a bomb of ten kilobytes has hundreds of megabytes.
    let zeros = pack(&vec![0; 80 << 20])?;
    assert!(zeros.len() < 20_000);
    let began = Instant::now();
    let output = report(&zeros)?;
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("expand to more than 64 MiB"),
        "{}",
        said(&output)
    );
    assert!(began.elapsed() < MOST_TIME);
    Ok(())
}

/// A module whose source map names a file in the home directory, one beside it, and one above it.
fn sources() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let directory = directory.path();
    for (path, text) in [
        ("secret.txt", "a private line\n"),
        ("src/app.txt", "a line of the program\n"),
    ] {
        let path = directory.join(path);
        fs::create_dir_all(path.parent().unwrap())?;
        fs::write(path, text)?;
    }
    let module = wat::parse_str(
        "(module (func (export \"_start\") unreachable) (@custom \"sourceMappingURL\" \"\\05m.map\"))",
    )?;
    fs::write(directory.join("m.wasm"), &module)?;
    // The code section has its count, the size of the body and no locals before the first instruction.
    let code = module
        .windows(5)
        .position(|it| it == [1, 3, 0, 0, 0x0b])
        .unwrap()
        + 3;
    let show = |source: &str, arguments: &[&str]| -> Result<String, Failed> {
        let map = serde_json::json!({
            "version": 3, "sources": [source], "names": [], "mappings": format!("{}AAA", vlq(code)),
        });
        fs::write(directory.join("m.map"), map.to_string())?;
        _ = fs::remove_file(directory.join("x.core"));
        let run = wdb(directory, &["run", "--core", "x.core", "m.wasm"]).output()?;
        assert_eq!(run.status.code(), Some(134), "{}", said(&run));
        let arguments = [&["report", "x.core"], arguments].concat();
        let reported = wdb(directory, &arguments).output()?;
        Ok(said(&run) + &said(&reported))
    };
    let here = directory.join("src/app.txt").display().to_string();
    // Home is the directory of this test.
    let home = show("~/secret.txt", &[])?;
    assert!(
        home.contains("~/secret.txt") && !home.contains("a private line"),
        "{home}"
    );
    // Where it is, as every debugger does; and with the flag only where the user says.
    assert!(show(&here, &[])?.matches("a line of the program").count() == 2);
    assert!(
        show(&here, &["--sources-only"])?
            .matches("a line of the program")
            .count()
            == 1
    );
    assert!(
        show(&here, &["--json"])?
            .matches("a line of the program")
            .count()
            == 1
    );
    for arguments in [
        &["--sources-only", "--sources", "src"][..],
        &["--json", "--sources", "~/src"],
    ] {
        let shown = show("/build/app.txt", arguments)?;
        assert!(
            shown.contains("a line of the program"),
            "{arguments:?}: {shown}"
        );
    }
    // Not out of the directory that the user named.
    let above = show("x/../../secret.txt", &["--json", "--sources", "src"])?;
    assert!(!above.contains("a private line"), "{above}");
    Ok(())
}

/// A number as source maps have it.
fn vlq(number: usize) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut rest = number << 1;
    let mut out = String::new();
    loop {
        let digit = rest & 31;
        rest >>= 5;
        out.push(DIGITS[digit | usize::from(rest > 0) << 5].into());
        if rest == 0 {
            return out;
        }
    }
}

/// The name alone makes no debug file that of a module: an older one has wrong lines.
fn debug_files() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let directory = directory.path();
    fs::create_dir(directory.join("debug"))?;
    let module = |code: &str, more: &str| {
        wat::parse_str(format!(
            "(module (func $f (export \"_start\") {code}) {more})"
        ))
    };
    let url = "(@custom \"external_debug_info\" \"\\09app.debug\")";
    fs::write(
        directory.join("app.wasm"),
        module("i32.const 1 drop unreachable", url)?,
    )?;
    let show = |debug: Vec<u8>| -> Result<String, Failed> {
        fs::write(directory.join("debug/app.debug"), debug)?;
        let run = wdb(
            directory,
            &["run", "--no-core", "--symbols", "debug", "app.wasm"],
        )
        .output()?;
        Ok(said(&run))
    };
    let info = "(@custom \".debug_info\" \"\")";
    let same = show(module("i32.const 1 drop unreachable", info)?)?;
    assert!(
        !same.contains("is not used") && !same.contains("believed"),
        "{same}"
    );
    let other = show(module("i32.const 2 drop unreachable", info)?)?;
    assert!(
        other.contains("app.debug has other code than the module and is not used"),
        "{other}"
    );
    let more = show(module("i32.const 1 drop unreachable", "(func)")?)?;
    assert!(
        more.contains("app.debug has another number of functions than the module and is not used"),
        "{more}"
    );
    let without = show(wat::parse_str(format!("(module {info})"))?)?;
    assert!(
        without.contains("neither a build id nor code: it is believed"),
        "{without}"
    );
    Ok(())
}

/// What happens to the file of a program.
type Change<'a> = &'a dyn Fn(&Path) -> std::io::Result<()>;

/// The file of the program is emptied, replaced or deleted while it is debugged: what was read is what runs and is shown.
fn rewritten() -> Result<(), Failed> {
    let original = fs::read(fixtures().join("c-steps.wasm"))?;
    let other = fs::read(fixtures().join("c-div-zero.wasm"))?;
    let ways: [(&str, Change<'_>); 4] = [
        ("emptied", &|path| fs::write(path, b"")),
        ("cut", &|path| fs::write(path, &original[..100])),
        ("replaced", &|path| fs::write(path, &other)),
        ("deleted", &|path| fs::remove_file(path)),
    ];
    let commands = [
        "break factorial",
        "run",
        "info functions fact",
        "bt",
        "info locals",
        "disassemble",
        "list",
    ];
    let ask = |path: &Path, at: usize, change: Change<'_>| -> Result<String, Failed> {
        let directory = path.parent().unwrap();
        fs::write(path, &original)?;
        let mut child = wdb(directory, &["debug", "--nx", "p.wasm"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut shown = String::new();
        for (number, command) in commands.iter().enumerate() {
            if number == at {
                change(path)?;
            }
            shown += &answer(&mut child, command)?;
        }
        child.stdin = None;
        let status = child.wait()?;
        assert!(status.code().is_some(), "{status}: {shown}");
        Ok(shown)
    };
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("p.wasm");
    let expected = ask(&path, 99, &|_| Ok(()))?;
    assert!(expected.contains("factorial"), "{expected}");
    for (way, change) in ways {
        // Before the program starts it may be compiled anew: then it need only live.
        ask(&path, 1, change)?;
        for (at, command) in commands.iter().enumerate().take(4).skip(2) {
            let shown = ask(&path, at, change)?;
            if shown != expected {
                let difference = super::difference(&expected, &shown);
                return Err(format!("{way} before `{command}`:\n{difference}").into());
            }
        }
    }
    Ok(())
}
