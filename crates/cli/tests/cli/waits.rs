//! Programs that wait for their host: whatever they wait for, a time limit and Ctrl-C end them, with a dump or with the
//! reason why there is none.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

/// What a program can wait for.
pub(crate) const WAITS: [Wait; 5] = [
    Wait {
        name: "standard input",
        code: READ,
        ends: Ends::Asked,
    },
    Wait {
        name: "the opening of a FIFO",
        code: OPEN_FIFO,
        ends: Ends::Never,
    },
    Wait {
        name: "a full pipe",
        code: WRITE,
        ends: Ends::Never,
    },
    Wait {
        name: "a clock",
        code: SLEEP,
        ends: Ends::Asked,
    },
    Wait {
        name: "another thread",
        code: ATOMIC,
        ends: Ends::Known,
    },
];

pub(crate) struct Wait {
    pub(crate) name: &'static str,
    code: &'static str,
    ends: Ends,
}

#[derive(Clone, Copy, PartialEq)]
enum Ends {
    /// It comes back when it is asked to stop.
    Asked,
    Never,
    /// The debugger sees before that it would not end; optimised code has no debugger.
    Known,
}

const READ: &str =
    "(drop (call $fd_read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 24)))";
/// A FIFO that was opened is no wait: wasmtime 48 reads files at a position, which a FIFO has not.
const OPEN_FIFO: &str = "
    (drop (call $path_open (i32.const 3) (i32.const 0) (i32.const 36) (i32.const 4) (i32.const 0)
      (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 40)))";
const WRITE: &str = "
    (i32.store (i32.const 20) (i32.const 60000))
    (loop $again
      (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))
      (br $again))";
const SLEEP: &str = "
    (i32.store (i32.const 80) (i32.const 1))
    (i64.store (i32.const 88) (i64.const 3600000000000))
    (drop (call $poll_oneoff (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 256)))";
const ATOMIC: &str = "(drop (memory.atomic.wait32 (i32.const 512) (i32.const 0) (i64.const -1)))";

fn program(wait: &Wait) -> String {
    // The functions of WASI want a memory that is not shared.
    let (memory, shared) = if wait.code == ATOMIC {
        ("", "(memory (export \"memory\") 1 1 shared)")
    } else {
        ("(memory (export \"memory\") 2)", "")
    };
    format!(
        r#"
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  {memory} {shared}
  (data (i32.const 36) "fifo")
  (func $waits
    (i32.store (i32.const 16) (i32.const 1024))
    (i32.store (i32.const 20) (i32.const 5))
    {})
  (func (export "_start")
    call $waits
    call $waits
    call $waits
    (loop $forever (br $forever))))"#,
        wait.code
    )
}

/// How it is ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum End {
    Timeout,
    CtrlC,
}

pub(crate) fn check(wait: &Wait, capture: &str, end: End) -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    std::fs::write(directory.path().join("program.wat"), program(wait))?;
    // No one opens it for writing.
    let made = Command::new("mkfifo")
        .arg(directory.path().join("fifo"))
        .status()?;
    assert!(made.success());
    let started = Instant::now();
    let mut child = start(directory.path(), capture, end)?;
    if end == End::CtrlC {
        std::thread::sleep(Duration::from_secs(2));
        interrupt(&child);
    }
    let limit = Duration::from_secs(30);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if started.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Err("it does not end".into());
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let said = std::fs::read_to_string(directory.path().join("said"))?;
    let is_known = wait.ends == Ends::Known && capture == "full";
    let expected = match end {
        End::CtrlC if !is_known => 130,
        _ => 134,
    };
    if status.code() != Some(expected) {
        return Err(format!("{status}: {said}").into());
    }
    let has_dump = directory.path().join("x.core").exists();
    if capture == "light" && end == End::CtrlC {
        // Optimised code has nothing that could stop it: the process ends at once.
        return Ok(());
    }
    let says_why = said.contains("does not stop") && said.contains("no core dump");
    let can = wait.ends == Ends::Asked || is_known;
    if has_dump == says_why || has_dump != can {
        return Err(format!("dump: {has_dump}: {said}").into());
    }
    if has_dump && !said.contains("#0  ") {
        return Err(said.into());
    }
    Ok(())
}

fn start(directory: &Path, capture: &str, end: End) -> Result<Child, Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wdb"));
    command.args([
        "run",
        "--capture",
        capture,
        "--core",
        "x.core",
        "--dir",
        ".",
    ]);
    if end == End::Timeout {
        command.args(["--timeout", "500ms"]);
    }
    // Its standard output is a pipe that no one reads.
    Ok(command
        .arg("program.wat")
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(File::create(directory.join("said"))?)
        .spawn()?)
}

fn interrupt(child: &Child) {
    // One that has ended by itself is not there any more.
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .stderr(Stdio::null())
        .status();
    assert!(killed.is_ok());
}
