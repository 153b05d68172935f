//! `wdb debug`: the debugger on a program that runs.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context, bail};
use wdb_frontends::progress;
use wdb_frontends::repl::Screen;
use wdb_live::{Compiled, Input, Output, Program, Sink, Source, Stream};
use wdb_session::{Given, Launch, Launcher, Session, Started};
use wdb_target::Debuggee;

use crate::debugger::{self, Debugger};
use crate::{program, symbols};

/// Debug a program: breakpoints, steps, variables, and a complete picture of a crash
///
/// The program is stopped before its first instruction; `run` or `continue` lets it go. It writes to the
/// same terminal, and reads nothing unless it is given --stdin or --tty: what is typed is for the debugger.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  wdb debug app.wasm                            then `break main`, `run`, `next`, `help`
  wdb debug --dir . --stdin in.txt app.wasm -v  its directory, its input, its arguments
  wdb debug --batch -ex run -ex bt app.wasm     a backtrace where it ends or crashes
  wdb debug -x bug.wdb --transcript log app.wasm
  wdb debug --tty /dev/pts/7 app.wasm           the program at another terminal

Exit status: 0 or that of `quit`; with --batch the program's own when it has ended, 134 when it has crashed, 1 when
a command failed; 2 for bad usage or input.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    debugger: debugger::Arguments,
    #[command(flatten)]
    program: program::Arguments,
    /// The program's standard input: a file, or `-` for that of wdb (only with --batch)
    #[arg(long, value_name = "FILE")]
    stdin: Option<PathBuf>,
    /// A file for the program's standard output
    #[arg(long, value_name = "FILE")]
    stdout: Option<PathBuf>,
    /// A file for the program's standard error
    #[arg(long, value_name = "FILE")]
    stderr: Option<PathBuf>,
    /// Another terminal, for the program's input and output
    #[arg(long, value_name = "DEVICE", conflicts_with_all = ["stdin", "stdout", "stderr"])]
    tty: Option<PathBuf>,
    #[command(flatten)]
    symbols: symbols::Arguments,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    if arguments
        .stdin
        .as_deref()
        .is_some_and(|it| it.as_os_str() == "-")
        && !arguments.debugger.batch
    {
        bail!("--stdin - needs --batch: without it the debugger reads standard input itself");
    }
    let debugger = Debugger::prepare(&arguments.debugger)?;
    let files = Files::now(&arguments.program);
    let program = arguments.program.open()?;
    let own = Streams {
        output: Output::To(Arc::new(GuestOutput::open(&arguments, &debugger.screen)?)),
        input: GuestInput::open(arguments.stdin)?,
    };
    let given = Given {
        arguments: arguments.program.arguments()?,
        environment: program.wasi.environment.clone(),
        terminal: arguments.tty,
    };
    let mut launcher = Starter {
        compiled: compile(&program, &debugger.screen)?,
        program: arguments.program,
        files,
        changed: Vec::new(),
        own,
        terminal: None,
        screen: debugger.screen.clone(),
    };
    let debuggee = launcher.launch(&given)?;
    let finder = symbols::Finder::new(&arguments.symbols, debuggee.modules());
    let launch = Launch {
        given,
        launcher: Box::new(launcher),
    };
    debugger.run(Session::new(debuggee, Box::new(finder), Some(launch)))
}

fn compile(program: &Program, screen: &Screen) -> anyhow::Result<Compiled> {
    let what = format!("compiling {}", program.main.name);
    let _progress = progress::begin(&what, screen.abilities());
    Ok(Compiled::new(program)?)
}

/// Starts the program, any number of times.
struct Starter {
    program: program::Arguments,
    compiled: Compiled,
    /// The files, as they were when they were read.
    files: Files,
    /// What was read again since the program was started last, by name.
    changed: Vec<String>,
    /// Where it reads and writes when it has no terminal of its own.
    own: Streams,
    /// The terminal that it had last.
    terminal: Option<(PathBuf, Streams)>,
    screen: Screen,
}

/// When each of the program's files was written last, and its size. `None`: it is not a file that can be read twice, or it is
/// gone.
#[derive(PartialEq, Eq)]
struct Files(Vec<Option<(SystemTime, u64)>>);

impl Files {
    fn now(program: &program::Arguments) -> Files {
        let seen = |path: &Path| {
            let file = path.metadata().ok().filter(|it| it.is_file())?;
            Some((file.modified().ok()?, file.len()))
        };
        Files(program.paths().map(seen).collect())
    }

    /// Whether a file is there that is not as it was.
    fn changed_to(&self, now: &Files) -> bool {
        let mut pairs = self.0.iter().zip(&now.0);
        pairs.any(|it| matches!(it, (Some(before), Some(now)) if before != now))
    }
}

/// What the program reads and where it writes.
struct Streams {
    input: GuestInput,
    output: Output,
}

impl Launcher for Starter {
    fn start(&mut self, given: &Given) -> Result<Started, wdb_target::Error> {
        let refused = |error| wdb_target::Error::Refused(format!("{error:#}"));
        self.read_again(given).map_err(refused)?;
        let debuggee = self.launch(given).map_err(refused)?;
        Ok(Started {
            debuggee,
            changed: std::mem::take(&mut self.changed),
        })
    }

    fn has_changed(&self) -> bool {
        self.files.changed_to(&Files::now(&self.program))
    }
}

impl Starter {
    /// Reads and compiles the program again, if it was built anew. One that is gone stays as it was.
    fn read_again(&mut self, given: &Given) -> anyhow::Result<()> {
        // Before they are read: what is written to them later is seen the next time.
        let files = Files::now(&self.program);
        if !self.files.changed_to(&files) {
            return Ok(());
        }
        let mut program = self.program.open()?;
        let before = self.compiled.program();
        let changed: Vec<String> = program
            .files()
            .zip(before.files())
            .filter(|(now, before)| now.binary.bytes() != before.binary.bytes())
            .map(|(now, _)| now.name.clone())
            .collect();
        if !changed.is_empty() {
            program.set_arguments(&given.arguments);
            self.compiled = compile(&program, &self.screen)?;
            self.changed.extend(changed);
        }
        self.files = files;
        Ok(())
    }

    fn launch(&mut self, given: &Given) -> anyhow::Result<Box<dyn Debuggee>> {
        let streams = match &given.terminal {
            None => &self.own,
            Some(path) => {
                let known = self.terminal.take().filter(|it| it.0 == *path);
                let streams = match known {
                    Some((_, streams)) => streams,
                    None => Streams::at_terminal(path, &self.screen)?,
                };
                &self.terminal.insert((path.clone(), streams)).1
            }
        };
        let input = match &streams.input {
            GuestInput::Shared(input) => input.clone(),
            GuestInput::File(path) => Input::File(Arc::new(open_input(path)?)),
        };
        self.compiled.set_arguments(&given.arguments)?;
        let wasi = self.compiled.wasi();
        wasi.environment.clone_from(&given.environment);
        wasi.output = streams.output.clone();
        wasi.input = input;
        Ok(Box::new(self.compiled.launch()?))
    }
}

impl Streams {
    fn at_terminal(path: &Path, screen: &Screen) -> anyhow::Result<Streams> {
        let terminal = open_terminal(path)?;
        let share = || {
            terminal
                .try_clone()
                .context("cannot share the program's terminal")
        };
        let output = GuestOutput {
            screen: screen.clone(),
            stdout: Some(share()?),
            stderr: Some(share()?),
            shared: false,
        };
        Ok(Streams {
            output: Output::To(Arc::new(output)),
            input: GuestInput::Shared(Input::Source(source(terminal)?)),
        })
    }
}

/// Where the program's standard input comes from.
enum GuestInput {
    /// All runs go on reading where the one before has ended.
    Shared(Input),
    /// Each run reads the file from its beginning.
    File(PathBuf),
}

impl GuestInput {
    fn open(path: Option<PathBuf>) -> anyhow::Result<GuestInput> {
        let Some(path) = path else {
            return Ok(GuestInput::Shared(Input::Empty));
        };
        if path.as_os_str() == "-" {
            return Ok(GuestInput::Shared(Input::Inherited));
        }
        let file = open_input(&path)?;
        // A pipe or a device has no beginning, and its reads wait.
        if file.metadata().is_ok_and(|it| it.is_file()) {
            return Ok(GuestInput::File(path));
        }
        Ok(GuestInput::Shared(Input::Source(source(file)?)))
    }
}

fn open_input(path: &Path) -> anyhow::Result<File> {
    let file = File::open(path)
        .with_context(|| format!("cannot open {} for the program to read", path.display()))?;
    if file.metadata().is_ok_and(|it| it.is_dir()) {
        bail!(
            "the program cannot read {}: it is a directory",
            path.display()
        );
    }
    Ok(file)
}

fn source(file: File) -> anyhow::Result<Source> {
    Source::new(file).context("cannot start a thread that reads the program's input")
}

/// Opens the terminal that the program is to have, which is there already.
fn open_terminal(path: &Path) -> anyhow::Result<File> {
    let device = File::options()
        .read(true)
        .write(true)
        .open(path)
        .with_context(|| format!("cannot open the terminal {}", path.display()))?;
    if !device.is_terminal() {
        bail!(
            "{} is not a terminal; --stdin, --stdout and --stderr take files",
            path.display()
        );
    }
    Ok(device)
}

/// What the program writes: to the debugger's own terminal, or to where the user wants it.
struct GuestOutput {
    screen: Screen,
    stdout: Option<File>,
    stderr: Option<File>,
    /// Standard error is the same terminal as standard output.
    shared: bool,
}

impl GuestOutput {
    fn open(arguments: &Arguments, screen: &Screen) -> anyhow::Result<GuestOutput> {
        let create = |path: &PathBuf| {
            File::create(path)
                .with_context(|| format!("cannot open {} for the program to write", path.display()))
        };
        let open = |path: &Option<PathBuf>| path.as_ref().map(create).transpose();
        Ok(GuestOutput {
            screen: screen.clone(),
            stdout: open(&arguments.stdout)?,
            stderr: open(&arguments.stderr)?,
            shared: io::stdout().is_terminal() && io::stderr().is_terminal(),
        })
    }

    fn file(&self, stream: Stream) -> Option<&File> {
        match stream {
            Stream::Stdout => self.stdout.as_ref(),
            Stream::Stderr => self.stderr.as_ref(),
        }
    }
}

impl Sink for GuestOutput {
    fn write(&self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        match (self.file(stream), stream) {
            (Some(mut file), _) => file.write_all(bytes),
            (None, Stream::Stderr) if !self.shared => {
                self.screen.guest_elsewhere(bytes);
                io::stderr().write_all(bytes)
            }
            (None, _) => self.screen.guest(bytes),
        }
    }

    fn is_terminal(&self, stream: Stream) -> bool {
        match (self.file(stream), stream) {
            (Some(file), _) => file.is_terminal(),
            (None, Stream::Stdout) => io::stdout().is_terminal(),
            (None, Stream::Stderr) => io::stderr().is_terminal(),
        }
    }
}
