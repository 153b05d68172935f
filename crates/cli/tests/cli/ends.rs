//! Every way in which a run can end: its exit status, and what is left behind. A crash is 134 whatever became of its dump
//! and its report, and a dump is there whole or not at all.

use std::io::{Read as _, Write as _};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use nix::sys::signal::Signal;

use crate::process::{self, Running, Scene, closed, full, run, until};

pub(crate) const TRIALS: &[(&str, fn())] = &[
    ("ends: by itself", by_itself),
    ("ends: by a signal", by_a_signal),
    (
        "ends: Ctrl-C while the dump is written",
        ctrl_c_while_writing,
    ),
    (
        "ends: a signal while the dump is written",
        signal_while_writing,
    ),
    (
        "ends: Ctrl-C gives up gcore, and the session goes on",
        ctrl_c_gives_up_gcore,
    ),
    (
        "ends: no one reads standard error",
        no_one_reads_standard_error,
    ),
    ("ends: no one reads the terminal", no_one_reads_the_terminal),
    (
        "ends: no one reads standard output",
        no_one_reads_standard_output,
    ),
    ("ends: the disk is full", the_disk_is_full),
    ("ends: the name of the dump is refused", the_name_is_refused),
    (
        "ends: the directory cannot be written",
        the_directory_cannot_be_written,
    ),
    (
        "ends: file systems that can do less",
        file_systems_that_can_do_less,
    ),
    ("ends: --capture light", light),
    (
        "ends: Ctrl-C while the state of a light run is taken",
        ctrl_c_while_the_state_is_taken,
    ),
    (
        "ends: a program is given up, and no one reads what it writes",
        no_one_reads_what_was_given_up,
    ),
];

const OK: &str = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;

const EXIT_7: &str = r#"(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") (call $exit (i32.const 7))))"#;

const CRASH: &str = r#"(module (memory (export "memory") 1) (func (export "_start") unreachable))"#;

const LOOP: &str =
    r#"(module (memory (export "memory") 1) (func (export "_start") (loop $l (br $l))))"#;

const ADD: &str = r#"(module (func (export "add") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1))))"#;

/// It crashes with 192 MiB of memory that is not zero.
const BIG: &str = r#"(module (memory (export "memory") 3072)
    (func (export "_start")
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 201326592))
        unreachable))"#;

/// It writes a line without its end to standard error, waits for a byte of standard input, and crashes.
const UNFINISHED_LINE: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\64\00\00\00\0a\00\00\00")
    (data (i32.const 16) "\c8\00\00\00\01\00\00\00")
    (data (i32.const 100) "no newline")
    (func (export "_start")
        (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
        (drop (call $read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 8)))
        unreachable))"#;

const BOTH: [&str; 2] = ["full", "light"];

fn by_itself() {
    for capture in BOTH {
        for (guest, code) in [(OK, 0), (EXIT_7, 7)] {
            let scene = Scene::new();
            let guest = scene.guest("a.wat", guest);
            run(&mut scene.wdb(&["run", "--capture", capture, &guest])).with(code);
            scene.is_empty();
        }
    }
    let scene = Scene::new();
    let bad = scene.guest("bad.wat", "(module");
    run(&mut scene.wdb(&["run", &bad])).with(2);
    // However many exports there are to list.
    let exports = (0..100_000).map(|n| format!("(export \"f{n}\" (func $f))"));
    let many = format!(
        "(module (func $f (param i32)) {})",
        exports.collect::<String>()
    );
    let many = scene.guest("many.wat", &many);
    run(&mut scene.wdb(&["run", &many]))
        .with(2)
        .says("`f9(i32)` and 99990 more");
    let add = scene.guest("add.wat", ADD);
    run(&mut scene.wdb(&["run", "--invoke", "sub", &add])).with(2);
    assert_eq!(
        run(&mut scene.wdb(&["run", "--invoke", "add", &add, "1", "2"]))
            .with(0)
            .out,
        "3\n"
    );
    scene.is_empty();
}

fn by_a_signal() {
    for capture in BOTH {
        for signal in [
            Signal::SIGTERM,
            Signal::SIGHUP,
            Signal::SIGKILL,
            Signal::SIGINT,
        ] {
            let scene = Scene::new();
            let guest = scene.guest("a.wat", LOOP);
            let child = Running::start(&mut scene.wdb(&["run", "--capture", capture, &guest]));
            computes(&child);
            child.send(signal);
            let ended = child.end();
            match (signal, capture) {
                (Signal::SIGINT, "light") => _ = ended.with(130),
                (Signal::SIGINT, _) => {
                    ended.with(130).says("interrupted").says("core dump: ");
                    scene.one_dump();
                    continue;
                }
                _ => _ = ended.by(signal),
            }
            scene.is_empty();
        }
    }
    // One that is to outlive its terminal does.
    let scene = Scene::new();
    let guest = scene.guest("a.wat", LOOP);
    let child = Running::start(&mut scene.shell("trap '' HUP; exec \"$@\"", &["run", &guest]));
    computes(&child);
    child.send(Signal::SIGHUP);
    std::thread::sleep(std::time::Duration::from_millis(200));
    child.send(Signal::SIGTERM);
    child.end().by(Signal::SIGTERM);
}

/// Waits until the guest has begun: its processor time grows.
fn computes(child: &Running) {
    let stat = format!("/proc/{}/stat", child.pid());
    until("the guest", || {
        let text = std::fs::read_to_string(&stat).unwrap();
        let user = text.rsplit_once(')').unwrap().1.split(' ').nth(12).unwrap();
        let name = std::fs::read_dir(format!("/proc/{}/task", child.pid()))
            .unwrap()
            .count();
        name > 1 && user.parse::<u64>().unwrap() > 40
    });
}

fn ctrl_c_while_writing() {
    // Once: it is said, and the dump is written.
    let scene = Scene::new();
    let guest = scene.guest("big.wat", BIG);
    let mut child = Running::start(&mut scene.wdb(&["run", &guest]));
    child.writes(1, &scene);
    child.send(Signal::SIGINT);
    child
        .end()
        .with(134)
        .says("writing the dump; Ctrl-C again gives it up")
        .says("core dump: ");
    scene.one_dump();
    // Twice: it is given up, and the report is there.
    let scene = Scene::new();
    let guest = scene.guest("big.wat", BIG);
    let mut child = Running::start(&mut scene.wdb(&["run", &guest]));
    child.writes(1, &scene);
    child.send(Signal::SIGINT);
    child.err.see("Ctrl-C again gives it up");
    child.send(Signal::SIGINT);
    let ended = child.end();
    ended
        .with(134)
        .says("it was given up")
        .says("crash: ")
        .says("#0  _start");
    scene.is_empty();
}

fn signal_while_writing() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGKILL] {
        let scene = Scene::new();
        let guest = scene.guest("big.wat", BIG);
        let mut child = Running::start(&mut scene.wdb(&["run", &guest]));
        child.writes(1, &scene);
        child.send(signal);
        child.end().by(signal);
        // A dump that was finished in the meantime is whole.
        if !scene.left().is_empty() {
            scene.one_dump();
        }
    }
}

fn ctrl_c_gives_up_gcore() {
    let scene = Scene::new();
    let guest = scene.guest("big.wat", BIG);
    let mut command = scene.wdb(&["debug", "--no-init", &guest]);
    let mut child = Running::start(command.stdin(Stdio::piped()));
    let mut lines = child.stdin().take().unwrap();
    lines.write_all(b"run\ngcore x.core\n").unwrap();
    child.writes(1, &scene);
    child.send(Signal::SIGINT);
    child.err.see("Ctrl-C again gives it up");
    child.send(Signal::SIGINT);
    child.out.see("given up");
    scene.is_empty();
    lines
        .write_all(b"print 6*7\ndump core y.core.zst\n")
        .unwrap();
    drop(lines);
    let ended = child.end();
    ended.with(0);
    assert!(ended.out.contains("= 42"), "{ended:?}");
    assert!(ended.out.contains("core dump: y.core.zst ("), "{ended:?}");
    assert!(scene.one_dump().ends_with("y.core.zst"));
}

fn no_one_reads_standard_error() {
    let scene = Scene::new();
    let crash = scene.guest("crash.wat", CRASH);
    for stderr in [closed, full] {
        for capture in BOTH {
            let mut command = scene.wdb(&["run", "--capture", capture, "--core", "x.core", &crash]);
            run(command.stderr(stderr())).with(134);
            std::fs::remove_file(scene.one_dump()).unwrap();
        }
    }
    // The reader goes away while the guest is in the middle of a line.
    let guest = scene.guest("line.wat", UNFINISHED_LINE);
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = scene.wdb(&["run", &guest]);
    let mut child = Running::start(command.stdin(Stdio::piped()).stderr(writer));
    drop(command);
    reader.read_exact(&mut [0; 5]).unwrap();
    drop(reader);
    drop(child.stdin().take());
    child.end().with(134);
    std::fs::remove_file(scene.one_dump()).unwrap();
    // The process that has it does not read: the dump is there all the same, whole, and a signal ends the waiting at once.
    let forever = scene.guest("loop.wat", LOOP);
    for command in [
        &["run", &*crash][..],
        &["run", "--timeout", "300ms", &forever],
    ] {
        for signal in [None, Some(Signal::SIGINT), Some(Signal::SIGTERM)] {
            let (reader, writer) = std::io::pipe().unwrap();
            fill(&writer);
            let mut child = Running::start(scene.wdb(command).stderr(writer));
            has_dump_and_waits(&scene, &mut child);
            match signal {
                Some(signal) => sent(signal, child),
                None => {
                    drop(reader);
                    child.end().with(134);
                }
            }
        }
    }
}

/// A terminal that hangs is like a pipe that no one reads.
fn no_one_reads_the_terminal() {
    use std::os::unix::fs::OpenOptionsExt as _;

    let scene = Scene::new();
    let crash = scene.guest("crash.wat", CRASH);
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let size = portable_pty::PtySize::default();
        let pair = portable_pty::native_pty_system().openpty(size).unwrap();
        let terminal = std::fs::File::options()
            .write(true)
            .custom_flags(nix::libc::O_NOCTTY)
            .open(pair.master.tty_name().unwrap())
            .unwrap();
        fill(&terminal);
        let mut child = Running::start(scene.wdb(&["run", &crash]).stderr(terminal));
        has_dump_and_waits(&scene, &mut child);
        sent(signal, child);
    }
}

/// Writes until nothing more can be written.
fn fill(out: impl AsFd) {
    rustix::fs::fcntl_setfl(&out, rustix::fs::OFlags::NONBLOCK).unwrap();
    // A terminal passes on what it has been given, and then has room again.
    let mut idle = 0;
    while idle < 10 {
        match rustix::io::write(&out, &[b'x'; 512]) {
            Ok(_) => idle = 0,
            Err(_) => {
                idle += 1;
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
        }
    }
    rustix::fs::fcntl_setfl(&out, rustix::fs::OFlags::empty()).unwrap();
}

/// Waits for a whole dump, and removes it. `child` goes on.
fn has_dump_and_waits(scene: &Scene, child: &mut Running) {
    until("the dump", || !scene.left().is_empty());
    std::fs::remove_file(scene.one_dump()).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(!child.has_ended());
}

/// Sends a signal, which ends it at once.
fn sent(signal: Signal, child: Running) {
    let began = std::time::Instant::now();
    child.send(signal);
    let ended = child.end();
    match signal {
        Signal::SIGINT => _ = ended.with(134),
        _ => _ = ended.by(signal),
    }
    let took = began.elapsed();
    assert!(took < std::time::Duration::from_secs(10), "{took:?}");
}

fn no_one_reads_standard_output() {
    let scene = Scene::new();
    let (add, crash) = (scene.guest("add.wat", ADD), scene.guest("crash.wat", CRASH));
    let add = ["run", "--invoke", "add", &add, "1", "2"];
    run(scene.wdb(&add).stdout(closed())).with(0);
    run(scene.wdb(&add).stdout(full()))
        .with(2)
        .says("cannot write the results");
    run(scene
        .wdb(&["run", "--core", "x.core", &crash])
        .stdout(closed()))
    .with(134);
    scene.one_dump();
    // What a check found does not depend on who reads it, nor does what became of the program.
    run(scene.wdb(&["report", "x.core"]).stdout(closed())).with(0);
    run(scene.wdb(&["validate", "x.core"]).stdout(closed())).with(0);
    run(scene.wdb(&["validate", &crash]).stdout(closed())).with(2);
    let whole = std::fs::read(scene.path("here/x.core")).unwrap();
    std::fs::write(scene.path("here/cut.core"), &whole[..whole.len() - 1]).unwrap();
    run(&mut scene.wdb(&["validate", "cut.core"])).with(1);
    for json in [&[][..], &["--json"]] {
        run(scene
            .wdb(&[&["validate", "cut.core"], json].concat())
            .stdout(closed()))
        .with(1);
    }
    let batch = [
        "debug",
        "--no-init",
        "--batch",
        "-ex",
        "run",
        "-ex",
        "bt",
        &crash,
    ];
    run(&mut scene.wdb(&batch)).with(134);
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = scene.wdb(&batch);
    let child = Running::start(command.stdout(writer));
    drop(command);
    let mut begin = Vec::new();
    while !begin.ends_with(b"(wdb) run") {
        let mut byte = [0];
        reader.read_exact(&mut byte).unwrap();
        begin.extend(byte);
    }
    drop(reader);
    child.end().with(134);
}

/// wasmtime needs a second or so to make its dump of 192 MiB, before any file is written.
fn ctrl_c_while_the_state_is_taken() {
    let says_and_crashes = r#"
        (i32.store (i32.const 0) (i32.const 64))
        (i32.store (i32.const 4) (i32.const 1))
        (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
        unreachable"#;
    let guest = filled(says_and_crashes);
    for presses in [1, 2] {
        let scene = Scene::new();
        let guest = scene.guest("big.wat", &guest);
        let command = ["run", "--capture", "light", "--core", "x.core", &guest];
        let child = Running::start(&mut scene.wdb(&command));
        child.err.see("\u{1}");
        let memory = || {
            let pages = std::fs::read_to_string(format!("/proc/{}/statm", child.pid())).unwrap();
            pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
        };
        let before = memory();
        until("the state", || memory() > before + (16 << 20));
        child.send(Signal::SIGINT);
        child.err.see("writing the dump; Ctrl-C again gives it up");
        if presses == 2 {
            child.send(Signal::SIGINT);
        }
        let ended = child.end();
        ended.with(134).says("crash: ").says("#0  _start");
        match presses {
            1 => _ = scene.one_dump(),
            _ => {
                ended.says("it was given up");
                scene.is_empty();
            }
        }
    }
}

/// The program waits in a write, and has the stream that wdb is to write to.
fn no_one_reads_what_was_given_up() {
    let writes = |stream: u32| {
        format!(
            r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\64\00\00\00\00\80\00\00")
    (func (export "_start")
        (loop $again
            (drop (call $write (i32.const {stream}) (i32.const 0) (i32.const 1) (i32.const 8)))
            (br $again))))"#
        )
    };
    let scene = Scene::new();
    let guest = scene.guest("err.wat", &writes(2));
    for capture in BOTH {
        let (_reader, writer) = std::io::pipe().unwrap();
        let limit = ["run", "--timeout", "300ms", "--capture", capture, &guest];
        run(scene.wdb(&limit).stderr(writer)).with(134);
        scene.is_empty();
    }
    let (reader, writer) = std::io::pipe().unwrap();
    let child = Running::start(scene.wdb(&["run", &guest]).stderr(writer));
    until("the full pipe", || {
        rustix::io::ioctl_fionread(&reader).unwrap() >= 65536
    });
    child.send(Signal::SIGINT);
    child.end().with(130);
    let guest = scene.guest("out.wat", &writes(1));
    let (_reader, writer) = std::io::pipe().unwrap();
    let batch = ["debug", "--no-init", "--batch", "--timeout", "300ms"];
    let batch = [&batch[..], &["-ex", "run", "-ex", "bt", &guest]].concat();
    run(scene.wdb(&batch).stdout(writer))
        .with(1)
        .says("the program was given up");
    scene.is_empty();
}

fn the_disk_is_full() {
    let scene = Scene::new();
    let guest = scene.guest("big.wat", BIG);
    let limit = "ulimit -f 8; exec \"$@\"";
    run(&mut scene.shell(limit, &["run", &guest]))
        .with(134)
        .says("crash: ")
        .says("File too large");
    scene.is_empty();
    let small =
        "mount -t tmpfs -o size=1m none . && cd . || exit 99; \"$@\"; code=$?; ls -A; exit $code";
    let Some(ended) = in_own_mounts(&scene, small, &["run", "--core", "x.core", &guest]) else {
        return;
    };
    ended
        .with(134)
        .says("crash: ")
        .says("cannot write the core dump x.core: No space left on device");
    assert_eq!(ended.out, "");
    let gcore = [
        "debug",
        "--no-init",
        "--batch",
        "-ex",
        "run",
        "-ex",
        "gcore x.core",
        &guest,
    ];
    let ended = in_own_mounts(
        &scene,
        &small.replace(". && cd .", "\"$PWD\" && cd \"$PWD\""),
        &gcore,
    );
    let ended = ended.unwrap();
    ended.with(1);
    assert!(ended.out.contains("No space left on device"), "{ended:?}");
    assert!(!ended.out.contains("\nx.core"), "{ended:?}");
}

/// Runs a script that may mount, where a test may do that.
fn in_own_mounts(scene: &Scene, script: &str, arguments: &[&str]) -> Option<process::Ended> {
    // Who is not root can mount as the root of a namespace of users, where the system has that.
    let ways = ["unshare --mount", "unshare --map-root-user --mount"];
    let probe = |way: &&str| {
        let probe = run(&mut scene.shell(&format!("{way} mount -t tmpfs none \"$PWD\""), &[]));
        probe.status.success()
    };
    let Some(way) = ways.iter().find(|way| probe(way)) else {
        let why = "this user cannot mount a small file system";
        let required = std::env::var_os("WDB_TEST_REQUIRE_TOOLS").is_some();
        assert!(!required, "{why}");
        eprintln!("skipped in part: {why}");
        return None;
    };
    let script = script
        .replace("none .", "none \"$PWD\"")
        .replace("cd .", "cd \"$PWD\"");
    let inner = format!("exec {way} sh -c \"$SCRIPT\" sh \"$@\"");
    Some(run(scene.shell(&inner, arguments).env("SCRIPT", script)))
}

fn the_name_is_refused() {
    let scene = Scene::new();
    let crash = scene.guest("crash.wat", CRASH);
    // Too long: a shorter one in the same directory.
    let long = "n".repeat(300);
    for (name, ending) in [
        (long.clone(), ".core"),
        (format!("{long}.zst"), ".core.zst"),
    ] {
        let ended = run(&mut scene.wdb(&["run", "--core", &name, &crash]));
        ended
            .with(134)
            .says(&format!("note: it cannot be {name}: File name too long"));
        let dump = scene.one_dump();
        let name = dump.file_name().unwrap().to_string_lossy();
        assert!(name.starts_with("wdb.") && name.ends_with(ending), "{name}");
        assert_eq!(dump.parent(), Some(&*scene.path("here")));
        ended.says(&format!("core dump: {name} ("));
        std::fs::remove_file(dump).unwrap();
    }
    // The directory is removed while the program runs: that for temporary files.
    for core in [&["--core", "gone/x.core"][..], &[]] {
        let scene = Scene::new();
        let guest = scene.guest("line.wat", UNFINISHED_LINE);
        let gone = scene.path(if core.is_empty() { "here" } else { "here/gone" });
        std::fs::create_dir_all(&gone).unwrap();
        let mut command = scene.wdb(&[&["run"], core, &[&guest]].concat());
        let mut child = Running::start(command.stdin(Stdio::piped()));
        child.err.see("no newline");
        std::fs::remove_dir_all(&gone).unwrap();
        drop(child.stdin().take());
        child
            .end()
            .with(134)
            .says("note: it cannot be ")
            .says("No such file or directory");
        let dump = scene.one_dump();
        assert_eq!(dump.parent(), Some(&*scene.path("tmp")));
        let mode = dump.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

fn the_directory_cannot_be_written() {
    let scene = Scene::new();
    let (ok, crash) = (scene.guest("ok.wat", OK), scene.guest("crash.wat", CRASH));
    let read_only = "mount -t tmpfs -o ro none . && cd . || exit 99; exec \"$@\"";
    let Some(ended) = in_own_mounts(&scene, read_only, &["run", &ok]) else {
        return;
    };
    // A program that needs no dump need not know.
    assert_eq!(ended.with(0).err, "");
    let ended = in_own_mounts(&scene, read_only, &["run", &crash]).unwrap();
    ended
        .with(134)
        .says("note: it cannot be crash.")
        .says("Read-only file system");
    let dump = scene.one_dump();
    assert_eq!(dump.parent(), Some(&*scene.path("tmp")));
    std::fs::remove_file(dump).unwrap();
    // A user who has named the place learns it before the program runs.
    let ended = in_own_mounts(&scene, read_only, &["run", "--core", "x.core", &crash]).unwrap();
    ended
        .with(2)
        .says("cannot write a core dump to .: Read-only file system");
    // Nowhere: said early, and again.
    let nowhere = format!("mount -t tmpfs -o ro none \"$TMPDIR\"; {read_only}");
    let ended = in_own_mounts(&scene, &nowhere, &["run", &crash]).unwrap();
    ended
        .with(134)
        .says("warning: no core dump can be written")
        .says("error: cannot write the core dump");
    scene.is_empty();
    let ended = in_own_mounts(&scene, &nowhere, &["run", "--no-core", &crash]).unwrap();
    assert!(!ended.with(134).err.contains("dump"), "{ended:?}");
}

fn file_systems_that_can_do_less() {
    use process::{NO_LINKS, NO_NAMELESS, NO_NOREPLACE, NO_RENAMING, NO_SYNC, refusing};

    let crash = |scene: &Scene, core: &str| {
        let guest = scene.guest("crash.wat", CRASH);
        run(&mut scene.wdb(&["run", "--core", core, &guest]))
    };
    // Each time the second dump must not touch the first.
    let all = [
        &[NO_SYNC][..],
        &[NO_LINKS],
        &[NO_NAMELESS],
        &[NO_NAMELESS, NO_LINKS],
        &[NO_NAMELESS, NO_NOREPLACE],
        &[NO_NAMELESS, NO_NOREPLACE, NO_LINKS],
        &[NO_LINKS, NO_NOREPLACE],
    ];
    for rules in all {
        let scene = Scene::new();
        std::fs::write(scene.path("here/x.core"), "mine").unwrap();
        refusing(rules, || crash(&scene, "x.core"))
            .with(134)
            .says("core dump: x.core.1 (");
        let left = scene.left();
        assert_eq!(
            left,
            [scene.path("here/x.core"), scene.path("here/x.core.1")]
        );
        assert_eq!(std::fs::read(&left[0]).unwrap(), b"mine");
        process::is_whole(&left[1]);
    }
    // No name can be given at all: the temporary one is kept.
    let scene = Scene::new();
    let none = &[NO_NAMELESS, NO_NOREPLACE, NO_LINKS, NO_RENAMING];
    refusing(none, || crash(&scene, "x.core"))
        .with(134)
        .says("/.wdb-core-")
        .says("it cannot be x.core");
    scene.one_dump();
    // Where every file has a name, nothing is left of it either, whatever ends the run.
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        for guest in [LOOP, BIG] {
            let scene = Scene::new();
            let path = scene.guest("a.wat", guest);
            refusing(&[NO_NAMELESS], || {
                let mut child =
                    Running::start(&mut scene.wdb(&["run", "--capture", "light", &path]));
                match guest {
                    LOOP => computes(&child),
                    _ => child.writes(1, &scene),
                }
                for _ in 0..3 {
                    child.send(signal);
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
                child.end();
            });
            if !scene.left().is_empty() {
                scene.one_dump();
            }
        }
    }
    for guest in [OK, EXIT_7] {
        let scene = Scene::new();
        let path = scene.guest("a.wat", guest);
        refusing(&[NO_NAMELESS], || run(&mut scene.wdb(&["run", &path])));
        scene.is_empty();
    }
}

/// 192 MiB of memory that is not zero, and an end.
fn filled(end: &str) -> String {
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (import "wasi_snapshot_preview1" "fd_write"
                (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 3072)
            (func (export "_start")
                (memory.fill (i32.const 0) (i32.const 1) (i32.const 201326592))
                {end}))"#
    )
}

fn light() {
    use wait4::Wait4 as _;

    let scene = Scene::new();
    // An exit is no crash: it costs what a return costs.
    let used = |end: &str| {
        let guest = scene.guest("big.wat", &filled(end));
        let mut command = scene.wdb(&["run", "--no-cache", "--capture", "light", &guest]);
        let child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let used = child.wait4().unwrap();
        assert_eq!(used.status.code(), Some(0));
        (used.rusage.maxrss, used.rusage.utime + used.rusage.stime)
    };
    let (returned, exited) = (used(""), used("(call $exit (i32.const 0))"));
    assert!(
        exited.0 < returned.0 + (64 << 20),
        "{exited:?} {returned:?}"
    );
    assert!(exited.1 < returned.1 * 2, "{exited:?} {returned:?}");
    scene.is_empty();
    let code = scene.guest("big.wat", &filled("(call $exit (i32.const 3))"));
    run(&mut scene.wdb(&["run", "--capture", "light", &code])).with(3);
    scene.is_empty();
    let crash = scene.guest("big.wat", &filled("unreachable"));
    run(&mut scene.wdb(&["run", "--capture", "light", "--core", "x.core.zst", &crash])).with(134);
    std::fs::remove_file(scene.one_dump()).unwrap();
    // wasmtime 48 panics when it is to dump this; frames and reason are there.
    let global = r#"(module (global (mut exnref) (ref.null exn)) (memory (export "memory") 1)
        (func (export "_start") unreachable))"#;
    let global = scene.guest("exnref.wat", global);
    let ended = run(&mut scene.wdb(&["run", "--capture", "light", "--core", "x.core", &global]));
    ended
        .with(134)
        .says("crash: the program gave up")
        .says("#0  _start");
    assert!(!ended.err.contains("panicked"), "{ended:?}");
    std::fs::remove_file(scene.one_dump()).unwrap();
    // A component made of several, between which wasmtime has code of its own.
    let composed = super::fixtures()
        .join("component-nested.wasm")
        .display()
        .to_string();
    let ended = run(&mut scene.wdb(&["run", "--capture", "light", "--core", "x.core", &composed]));
    assert!(!ended.with(134).err.contains("panicked"), "{ended:?}");
    std::fs::remove_file(scene.one_dump()).unwrap();
    // Ctrl-C ends a program that computes, and one that waits.
    let reads = scene.guest("line.wat", UNFINISHED_LINE);
    let mut command = scene.wdb(&["run", "--capture", "light", &reads]);
    let mut child = Running::start(command.stdin(Stdio::piped()));
    child.err.see("no newline");
    child.send(Signal::SIGINT);
    let input = child.stdin().take();
    child.end().with(130);
    drop(input);
    scene.is_empty();
}
