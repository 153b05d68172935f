//! `wdb debug`: the debugger on a program that runs.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use wdb_frontends::progress;
use wdb_frontends::repl::Screen;
use wdb_live::{Compiled, Input, Output, Sink, Source, Stream};
use wdb_session::Session;
use wdb_target::Debuggee;

use crate::debugger::{self, Debugger};
use crate::{program, symbols};

/// Debug a program: breakpoints, steps, variables, and a complete picture of a crash
///
/// The program stands still before its first instruction; `run` or `continue` lets it go. It writes to the
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
    let mut program = arguments.program.open()?;
    let terminal = arguments.tty.as_deref().map(open_terminal).transpose()?;
    program.wasi.output = Output::To(Arc::new(GuestOutput::open(
        &arguments,
        terminal.as_ref(),
        &debugger.screen,
    )?));
    let input = match terminal {
        Some(terminal) => GuestInput::Shared(Input::Source(source(terminal)?)),
        None => GuestInput::open(arguments.stdin)?,
    };
    let mut compiled = {
        let what = format!("compiling {}", program.name);
        let _progress = progress::begin(&what, debugger.screen.abilities());
        Compiled::new(&program)?
    };
    let mut launch = move || launch(&mut compiled, &input);
    let debuggee = launch()?;
    let finder = symbols::Finder::new(&arguments.symbols, debuggee.modules());
    let again = move || launch().map_err(|error| wdb_target::Error::Refused(format!("{error:#}")));
    debugger.run(Session::new(
        debuggee,
        Box::new(finder),
        Some(Box::new(again)),
    ))
}

/// Starts the program.
fn launch(compiled: &mut Compiled, input: &GuestInput) -> anyhow::Result<Box<dyn Debuggee>> {
    compiled.wasi().input = match input {
        GuestInput::Shared(input) => input.clone(),
        GuestInput::File(path) => Input::File(Arc::new(open_input(path)?)),
    };
    Ok(Box::new(compiled.launch()?))
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
    fn open(
        arguments: &Arguments,
        terminal: Option<&File>,
        screen: &Screen,
    ) -> anyhow::Result<GuestOutput> {
        let open = |path: &Option<PathBuf>| match (path, terminal) {
            (Some(path), _) => File::create(path)
                .with_context(|| format!("cannot open {} for the program to write", path.display()))
                .map(Some),
            (None, Some(terminal)) => terminal
                .try_clone()
                .context("cannot share the program's terminal")
                .map(Some),
            (None, None) => Ok(None),
        };
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
