//! `wdb` at a terminal: a pseudo-terminal that types keys, and a screen to read from.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtyPair, PtySize, native_pty_system};

/// Nothing takes so long on any machine, unless it never comes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Rows and columns.
type Size = (u16, u16);

const SIZE: Size = (50, 100);

/// A user with a home directory of their own.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn new() -> Home {
        Home(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Starts `wdb` with these arguments; `%f/` is the directory of the fixtures.
    pub(crate) fn wdb(&self, arguments: &[&str]) -> Terminal {
        self.wdb_with(arguments, &[])
    }

    /// The same in another directory.
    pub(crate) fn wdb_in(&self, directory: &Path, arguments: &[&str]) -> Terminal {
        Terminal::start(self.command(directory, arguments, &[]), SIZE)
    }

    /// The same with other variables in the environment.
    pub(crate) fn wdb_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Terminal {
        Terminal::start(self.command(self.0.path(), arguments, environment), SIZE)
    }

    /// The same at a terminal of another size.
    pub(crate) fn wdb_sized(&self, arguments: &[&str], size: Size) -> Terminal {
        Terminal::start(self.command(self.0.path(), arguments, &[]), size)
    }

    /// The same as a job of a shell, which says so when it is stopped and lets it go on at a key.
    #[cfg(unix)]
    pub(crate) fn wdb_as_job(&self, arguments: &[&str], size: Size) -> Terminal {
        let script = r#"set -m; "$0" "$@"; echo "stopped: $?"; read -r _; fg > /dev/null"#;
        let mut command = self.command(self.0.path(), arguments, &[]);
        let shell = ["sh", "-c", script].map(Into::into);
        command.get_argv_mut().splice(0..0, shell);
        Terminal::start(command, size)
    }

    fn command(
        &self,
        directory: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> CommandBuilder {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_wdb"));
        for argument in arguments {
            match argument.strip_prefix("%f/") {
                Some(name) => command.arg(fixture(name)),
                None => command.arg(argument),
            }
        }
        command.cwd(directory);
        for variable in ["NO_COLOR", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "COLUMNS"] {
            command.env_remove(variable);
        }
        command.env("HOME", self.0.path());
        command.env("TERM", "xterm-256color");
        for (name, value) in environment {
            command.env(name, value);
        }
        command
    }
}

/// A fixture, decompressed into a directory of this test.
pub(crate) fn fixture(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("terminal");
    std::fs::create_dir_all(&out).unwrap();
    let kinds = ["built", "dumps"].map(|kind| root.join(kind).join(format!("{name}.zst")));
    let packed = kinds.iter().find(|it| it.is_file()).unwrap();
    let bytes = zstd::decode_all(std::fs::File::open(packed).unwrap()).unwrap();
    // Several tests write the same at once.
    let part = tempfile::NamedTempFile::new_in(&out).unwrap();
    std::fs::write(part.path(), bytes).unwrap();
    part.persist(out.join(name)).unwrap();
    out.join(name)
}

/// A terminal with nothing at it yet.
pub(crate) struct Device {
    keyboard: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    pair: PtyPair,
}

impl Device {
    pub(crate) fn new() -> Device {
        let pair = native_pty_system()
            .openpty(pty_size(SIZE.0, SIZE.1))
            .unwrap();
        Device {
            keyboard: pair.master.take_writer().unwrap(),
            screen: screen(pair.master.as_ref(), SIZE),
            pair,
        }
    }

    /// Where it is.
    #[cfg(unix)]
    pub(crate) fn path(&self) -> PathBuf {
        self.pair.master.tty_name().unwrap()
    }

    /// Presses keys.
    pub(crate) fn keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits until it shows a text.
    pub(crate) fn see(&self, text: &str) {
        let shown = || self.screen.lock().unwrap().screen().contents();
        let began = Instant::now();
        while !shown().contains(text) {
            let late = began.elapsed() > PATIENCE;
            assert!(!late, "{text} does not come; the screen:\n{}", shown());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// What a terminal shows, from now on.
fn screen(master: &dyn MasterPty, (rows, columns): Size) -> Arc<Mutex<vt100::Parser>> {
    let (rows, columns) = (rows.try_into().unwrap(), columns.try_into().unwrap());
    let screen = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 1000)));
    let mut output = master.try_clone_reader().unwrap();
    let shown = screen.clone();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut bytes) {
            shown.lock().unwrap().process(&bytes[..count]);
        }
    });
    screen
}

/// A program at a terminal.
pub(crate) struct Terminal {
    keyboard: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    fn start(command: CommandBuilder, (rows, columns): Size) -> Terminal {
        let pair = native_pty_system()
            .openpty(pty_size(rows, columns))
            .unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        Terminal {
            keyboard: pair.master.take_writer().unwrap(),
            screen: screen(pair.master.as_ref(), (rows, columns)),
            child,
            master: pair.master,
        }
    }

    /// What the screen shows, without the spaces at the ends of lines.
    pub(crate) fn text(&self) -> String {
        let text = self.screen.lock().unwrap().screen().contents();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        lines.join("\n")
    }

    /// Presses keys.
    pub(crate) fn keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits for the prompt, types a line, and enters it when it is there: a prompt that is seen afterwards is
    /// the next one.
    pub(crate) fn line(&mut self, line: &str) {
        self.prompt();
        self.keys(line);
        self.typed(line);
        self.keys("\r");
    }

    /// Waits until this is behind the last prompt.
    pub(crate) fn typed(&mut self, line: &str) {
        let shown = format!("(wdb) {line}");
        self.until(&shown, |screen| screen.trim_end().ends_with(&shown));
    }

    /// Waits until the screen shows something.
    pub(crate) fn until(&mut self, what: &str, shown: impl Fn(&str) -> bool) {
        let began = Instant::now();
        while !shown(&self.text()) {
            assert!(
                began.elapsed() < PATIENCE,
                "{what} does not come; the screen:\n{}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends the signal that Ctrl-C is where no editor reads keys.
    #[cfg(unix)]
    pub(crate) fn interrupt(&self) {
        let id = self.child.process_id().unwrap();
        let process = nix::unistd::Pid::from_raw(id.try_into().unwrap());
        nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGINT).unwrap();
    }

    /// Reads nothing any more, and draws until `wdb` waits for that. Whether a signal ends it then.
    #[cfg(target_os = "linux")]
    pub(crate) fn hangs_until(&mut self, signal: nix::sys::signal::Signal) -> bool {
        let screen = Arc::clone(&self.screen);
        let _no_one_reads = screen.lock().unwrap();
        let id = self.child.process_id().unwrap();
        for round in 0..200 {
            self.master.resize(pty_size(40 + round % 10, 150)).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
        let process = nix::unistd::Pid::from_raw(id.try_into().unwrap());
        nix::sys::signal::kill(process, signal).unwrap();
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(20) {
            if self.child.try_wait().unwrap().is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// The time that the process has spent in its own code so far, in the system's ticks.
    #[cfg(target_os = "linux")]
    pub(crate) fn processor_time(&self) -> u64 {
        let id = self.child.process_id().unwrap();
        let text = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        let user = text.rsplit_once(')').unwrap().1.split(' ').nth(12).unwrap();
        user.parse().unwrap()
    }

    /// Waits until the process does nothing any more. Its time until then.
    #[cfg(target_os = "linux")]
    pub(crate) fn until_idle(&self) -> u64 {
        let threads = format!("/proc/{}/task", self.child.process_id().unwrap());
        // One that has work waits for nothing but a processor, which on a busy machine may take long.
        let works = |thread: std::io::Result<std::fs::DirEntry>| {
            let text = std::fs::read_to_string(thread.ok()?.path().join("stat")).ok()?;
            Some(matches!(
                text.rsplit_once(')')?.1.trim_start().chars().next()?,
                'R' | 'D'
            ))
        };
        let mut idle = 0;
        while idle < 20 {
            let mut threads = std::fs::read_dir(&threads).unwrap();
            idle = if threads.any(|it| works(it) == Some(true)) {
                0
            } else {
                idle + 1
            };
            std::thread::sleep(Duration::from_millis(50));
        }
        self.processor_time()
    }

    /// The same as [`Terminal::until`], with Ctrl-C whenever nothing comes for a while.
    #[cfg(unix)]
    pub(crate) fn until_pressing(&mut self, what: &str, shown: impl Fn(&str) -> bool) {
        for _ in 0..20 {
            let began = Instant::now();
            while began.elapsed() < Duration::from_secs(1) {
                if shown(&self.text()) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            self.interrupt();
        }
        panic!("{what} does not come; the screen:\n{}", self.text());
    }

    /// Waits until the screen shows a text.
    pub(crate) fn see(&mut self, text: &str) {
        self.until(text, |screen| screen.contains(text));
    }

    /// Waits until the screen shows a text so often.
    pub(crate) fn see_times(&mut self, text: &str, count: usize) {
        self.until(&format!("{text}, {count} times"), |screen| {
            screen.matches(text).count() == count
        });
    }

    /// Waits until the last line is an empty prompt.
    pub(crate) fn prompt(&mut self) {
        self.until("the prompt", |screen| {
            screen.trim_end().ends_with("\n(wdb)") || screen.trim_end() == "(wdb)"
        });
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&mut self, (rows, columns): Size) {
        let mut screen = self.screen.lock().unwrap();
        screen.set_size(rows.try_into().unwrap(), columns.try_into().unwrap());
        drop(screen);
        self.master.resize(pty_size(rows, columns)).unwrap();
    }

    /// Whether a full screen hides what was there before.
    pub(crate) fn is_alternate(&self) -> bool {
        self.screen.lock().unwrap().screen().alternate_screen()
    }

    /// The colour of the text that is found first on the screen.
    pub(crate) fn colour(&self, text: &str) -> vt100::Color {
        let screen = self.screen.lock().unwrap();
        let screen = screen.screen();
        let (rows, columns) = SIZE;
        let found = (0..rows).find_map(|row| {
            let line = screen.contents_between(row, 0, row, columns);
            Some((row, line.find(text)? as u16))
        });
        let (row, column) = found.unwrap();
        screen.cell(row, column).unwrap().fgcolor()
    }

    /// Waits for the end. The exit status.
    pub(crate) fn end(&mut self) -> u32 {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(
                began.elapsed() < PATIENCE,
                "it does not end:\n{}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn pty_size(rows: u16, cols: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        ..PtySize::default()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // One that has ended is not there to be killed.
        _ = self.child.kill();
    }
}
