//! `wdb` as a shell, a supervisor or an impatient user has it: pipes that are closed, signals that come at any moment,
//! and a look at what is left behind.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// Nothing takes so long on any machine, unless it never comes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A directory to run in, one for temporary files, and programs that are in neither.
pub(crate) struct Scene(TempDir);

impl Scene {
    pub(crate) fn new() -> Scene {
        let scene = Scene(tempfile::tempdir().unwrap());
        for name in ["here", "tmp", "guests"] {
            std::fs::create_dir(scene.path(name)).unwrap();
        }
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a program, and gives back its path.
    pub(crate) fn guest(&self, name: &str, text: &str) -> String {
        let path = self.path("guests").join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// `wdb` with these arguments, in the directory.
    pub(crate) fn wdb(&self, arguments: &[&str]) -> Command {
        self.command(env!("CARGO_BIN_EXE_wdb"), arguments)
    }

    /// A script of `sh`, in which `"$@"` is `wdb` with these arguments.
    pub(crate) fn shell(&self, script: &str, arguments: &[&str]) -> Command {
        let begin = ["-c", script, "sh", env!("CARGO_BIN_EXE_wdb")];
        self.command("sh", &[&begin, arguments].concat())
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.path("here"))
            .env("HOME", self.0.path())
            .env("TMPDIR", self.path("tmp"))
            .env("XDG_CACHE_HOME", super::cache())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("RUST_BACKTRACE")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Every file in the two directories, hidden ones too.
    pub(crate) fn left(&self) -> Vec<PathBuf> {
        let mut all = Vec::new();
        for name in ["here", "tmp"] {
            if let Ok(entries) = std::fs::read_dir(self.path(name)) {
                all.extend(entries.map(|entry| entry.unwrap().path()));
            }
        }
        all.sort();
        all
    }

    /// Asserts that nothing is left behind.
    pub(crate) fn is_empty(&self) {
        assert_eq!(self.left(), <[PathBuf; 0]>::default());
    }

    /// Asserts that one dump is left behind, whole, and nothing else. Its path.
    pub(crate) fn one_dump(&self) -> PathBuf {
        let left = self.left();
        let [dump] = &left[..] else {
            panic!("{left:?}");
        };
        is_whole(dump);
        dump.clone()
    }
}

/// Asserts that a file is a dump to its last byte.
pub(crate) fn is_whole(dump: &Path) {
    let bytes = std::fs::read(dump).unwrap();
    let bytes = if dump.extension().is_some_and(|it| it == "zst") {
        zstd::decode_all(&bytes[..]).unwrap()
    } else {
        bytes
    };
    let findings = wdb_coredump::validate(&bytes.into(), &[]);
    assert!(findings.is_empty(), "{}: {findings:?}", dump.display());
}

/// Text that comes from a program.
#[derive(Clone, Default)]
pub(crate) struct Text(Arc<Mutex<Vec<u8>>>);

impl Text {
    fn from(mut source: impl Read + Send + 'static) -> Text {
        let text = Text::default();
        let shared = text.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = source.read(&mut bytes) {
                shared.0.lock().unwrap().extend(&bytes[..count]);
            }
        });
        text
    }

    pub(crate) fn get(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    /// Waits until it holds `text`.
    pub(crate) fn see(&self, text: &str) {
        until(text, || self.get().contains(text));
    }
}

/// Waits for something.
pub(crate) fn until(what: &str, mut is_there: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_there() {
        assert!(began.elapsed() < PATIENCE, "{what}: it does not come");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A `wdb` that runs.
pub(crate) struct Running {
    child: Child,
    pub(crate) out: Text,
    pub(crate) err: Text,
}

impl Running {
    /// Starts it; what it writes to pipes is read.
    pub(crate) fn start(command: &mut Command) -> Running {
        let mut child = command.spawn().unwrap();
        let out = child.stdout.take().map(Text::from).unwrap_or_default();
        let err = child.stderr.take().map(Text::from).unwrap_or_default();
        Running { child, out, err }
    }

    pub(crate) fn send(&self, signal: Signal) {
        // One that has ended needs none.
        _ = kill(self.pid(), signal);
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().unwrap())
    }

    pub(crate) fn stdin(&mut self) -> &mut Option<std::process::ChildStdin> {
        &mut self.child.stdin
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits until it has written so much to a file that has no name of its own.
    pub(crate) fn writes(&mut self, bytes: u64, scene: &Scene) {
        let files = format!("/proc/{}/fd", self.child.id());
        until("the dump", || {
            assert!(!self.has_ended(), "the dump was written too fast");
            let open = std::fs::read_dir(&files).into_iter().flatten().flatten();
            let nameless = open.map(|it| it.path()).filter(|path| {
                let name = std::fs::read_link(path).unwrap_or_default();
                name.starts_with(scene.0.path()) && name.to_string_lossy().ends_with(" (deleted)")
            });
            let hidden = |it: &PathBuf| it.to_string_lossy().contains("/.wdb-core-");
            let temporary = scene.left().into_iter().filter(hidden);
            let mut sizes = nameless.chain(temporary).flat_map(|it| it.metadata());
            sizes.any(|it| it.len() >= bytes)
        });
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if began.elapsed() > PATIENCE {
                _ = self.child.kill();
                panic!("it does not end:\n{}{}", self.out.get(), self.err.get());
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        // What it wrote last may not have been read yet.
        until("the end of its output", || {
            let last = |it: &Text| Arc::strong_count(&it.0) == 1;
            last(&self.out) && last(&self.err)
        });
        Ended {
            status,
            out: self.out.get(),
            err: self.err.get(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended is not there to be killed.
        _ = self.child.kill();
    }
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    #[track_caller]
    pub(crate) fn with(&self, code: i32) -> &Self {
        assert_eq!(self.status.code(), Some(code), "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn by(&self, signal: Signal) -> &Self {
        use std::os::unix::process::ExitStatusExt as _;
        assert_eq!(self.status.signal(), Some(signal as i32), "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(self.err.contains(text), "{text:?} is not in {self:?}");
        self
    }
}

/// Runs it to its end.
pub(crate) fn run(command: &mut Command) -> Ended {
    Running::start(command).end()
}

/// The write end of a pipe that no one reads any more.
pub(crate) fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// A device that is always full.
pub(crate) fn full() -> Stdio {
    std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap()
        .into()
}

/// Runs something where the system calls that `rules` names are refused: a file system that cannot do them, for the
/// programs that are started there. Threads that were there before do not notice.
pub(crate) fn refusing<T: Send>(rules: &[Refused], work: impl FnOnce() -> T + Send) -> T {
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule, apply_filter,
    };
    let arch = std::env::consts::ARCH.try_into().unwrap();
    std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            for refused in rules {
                let rules = match refused.flag {
                    None => Vec::new(),
                    Some((argument, flag)) => {
                        let has = SeccompCmpOp::MaskedEq(flag);
                        let condition =
                            SeccompCondition::new(argument, SeccompCmpArgLen::Dword, has, flag);
                        vec![SeccompRule::new(vec![condition.unwrap()]).unwrap()]
                    }
                };
                let filter = SeccompFilter::new(
                    [(refused.call, rules)].into(),
                    SeccompAction::Allow,
                    SeccompAction::Errno(refused.error as u32),
                    arch,
                );
                let program: BpfProgram = filter.unwrap().try_into().unwrap();
                apply_filter(&program).unwrap();
            }
            work()
        });
        run.join().unwrap()
    })
}

/// A system call that is refused.
pub(crate) struct Refused {
    pub(crate) call: i64,
    /// Only with this flag in this argument.
    pub(crate) flag: Option<(u8, u64)>,
    pub(crate) error: i32,
}

/// No file without a name.
pub(crate) const NO_NAMELESS: Refused = Refused {
    call: nix::libc::SYS_openat,
    flag: Some((2, (nix::libc::O_TMPFILE & !nix::libc::O_DIRECTORY) as u64)),
    error: nix::libc::EOPNOTSUPP,
};

/// No renaming that does not overwrite.
pub(crate) const NO_NOREPLACE: Refused = Refused {
    call: nix::libc::SYS_renameat2,
    flag: Some((4, nix::libc::RENAME_NOREPLACE as u64)),
    error: nix::libc::EINVAL,
};

/// No hard links.
pub(crate) const NO_LINKS: Refused = Refused {
    call: nix::libc::SYS_linkat,
    flag: None,
    error: nix::libc::EPERM,
};

/// No renaming at all.
pub(crate) const NO_RENAMING: Refused = Refused {
    call: nix::libc::SYS_renameat,
    flag: None,
    error: nix::libc::EPERM,
};

/// No syncing.
pub(crate) const NO_SYNC: Refused = Refused {
    call: nix::libc::SYS_fsync,
    flag: None,
    error: nix::libc::EINVAL,
};
