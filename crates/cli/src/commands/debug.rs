//! `wdb debug`: the debugger on a program that runs.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use wdb_frontends::repl::Screen;
use wdb_frontends::{Abilities, progress};
use wdb_live::{Input, Live, Output, Program, Sink, Stream};
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
    program.wasi.output = Output::To(Arc::new(GuestOutput::open(&arguments, &debugger.screen)?));
    let standard_input = arguments.stdin.or(arguments.tty);
    let abilities = debugger.screen.abilities();
    let mut launch = move || launch(&mut program, standard_input.as_deref(), abilities);
    let debuggee = launch()?;
    let finder = symbols::Finder::new(&arguments.symbols, debuggee.modules());
    let again = move || launch().map_err(|error| wdb_target::Error::Refused(format!("{error:#}")));
    debugger.run(Session::new(
        debuggee,
        Box::new(finder),
        Some(Box::new(again)),
    ))
}

/// Starts the program, with its input from the beginning.
fn launch(
    program: &mut Program,
    input: Option<&Path>,
    abilities: Abilities,
) -> anyhow::Result<Box<dyn Debuggee>> {
    program.wasi.input = match input {
        None => Input::Empty,
        Some(path) if path.as_os_str() == "-" => Input::Inherited,
        Some(path) => {
            let file = File::open(path).with_context(|| {
                format!("cannot open {} for the program to read", path.display())
            })?;
            Input::File(Arc::new(file))
        }
    };
    let _progress = progress::begin(&format!("compiling {}", program.name), abilities);
    Ok(Box::new(Live::launch(program)?))
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
        let create = |path: &Option<PathBuf>| {
            let create = |path: &PathBuf| {
                File::options()
                    .write(true)
                    .create(true)
                    .truncate(true)
                    .open(path)
                    .with_context(|| {
                        format!("cannot open {} for the program to write", path.display())
                    })
            };
            path.as_ref().map(create).transpose()
        };
        Ok(GuestOutput {
            screen: screen.clone(),
            stdout: create(
                arguments
                    .tty
                    .as_ref()
                    .map_or(&arguments.stdout, |_| &arguments.tty),
            )?,
            stderr: create(
                arguments
                    .tty
                    .as_ref()
                    .map_or(&arguments.stderr, |_| &arguments.tty),
            )?,
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
