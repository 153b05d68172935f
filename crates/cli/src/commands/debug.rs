//! `wdb debug`: the debugger on a program that runs.

mod starter;

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use wdb_debuggee::launch::{BlockingInput, Input, Output, Sink, Stream};
use wdb_session::Given;
use wdb_session::Launch;
use wdb_session::Session;
use wdb_terminal::repl::Screen;

use crate::debugger::{self, Debugger};
use crate::{program, symbols};
use starter::Starter;

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
    let own = || -> anyhow::Result<Streams> {
        Ok(Streams {
            output: Output::To(Arc::new(GuestOutput::open(&arguments, &debugger.screen)?)),
            input: GuestInput::open(arguments.stdin.clone())?,
        })
    };
    let ctrl_c = debugger.ctrl_c.clone();
    let screen = debugger.screen.clone();
    let mut starter = Starter::read(arguments.program.clone(), own, screen, ctrl_c.clone())?;
    let given = Given {
        arguments: arguments.program.arguments()?,
        environment: arguments.program.environment(),
        terminal: arguments.tty,
    };
    let debuggee = {
        // With a prompt the user does not have to wait. Everywhere else Ctrl-C ends wdb.
        let _compiles = debugger
            .by_hand
            .then(|| ctrl_c.during(None, Arc::default()));
        starter.first(&given, debugger.begins_with_prompt)?
    };
    let screen = debugger.screen.clone();
    let modules = debuggee.modules();
    let finder = symbols::Finder::for_debugger(&arguments.symbols, modules, screen, ctrl_c);
    let launch = Launch {
        given,
        launcher: Box::new(starter),
    };
    debugger.run(Session::new(debuggee, Box::new(finder), Some(launch)))
}

/// What the program reads and where it writes.
struct Streams {
    input: GuestInput,
    output: Output,
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
            input: GuestInput::Shared(Input::Blocking(source(terminal)?)),
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
        Ok(GuestInput::Shared(Input::Blocking(source(file)?)))
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

fn source(file: File) -> anyhow::Result<BlockingInput> {
    let is_terminal = file.is_terminal();
    BlockingInput::new(file, is_terminal)
        .context("cannot start a thread that reads the program's input")
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
