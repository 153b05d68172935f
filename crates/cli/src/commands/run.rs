//! `wdb run`: run a program; when it crashes, write a core dump and print a report.

mod tail;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use wdb_coredump::MemoryCapture;
use wdb_debuggee::launch::{Invocation, Output, Program};
use wdb_debuggee::{Debuggee, Interrupt, Resume, StopReason, dump};
use wdb_terminal::{CtrlC, last_words};

use crate::commands::report::{self, Shown};
use crate::core_file::{Pattern, Place};
use crate::engines::{self, Outcome};
use crate::{describe, program, signals, symbols, terminal};
use tail::Tail;

/// Run a WASI program; when it crashes, write a core dump and report what happened
///
/// The program runs under the engine's debug instrumentation, so that the dump holds everything: all
/// memories, globals and tables, and every local of every frame. With --capture light it runs as
/// optimised code at full speed, and the dump holds no locals.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  wdb run app.wasm                             run a WASI command
  wdb run --dir . --env LANG=C app.wasm in.txt give it a directory, a variable and an argument
  wdb run --invoke add lib.wasm 1 2            call an export, and print what it returns
  wdb run --core '/tmp/%n.%p.core.zst' app.wasm  dump to another place, compressed
  wdb run --timeout 10s --max-memory 64MiB app.wasm

Ctrl-C stops the program, reports where it is and writes a dump; with --capture light it only ends
the program. While the dump is written, Ctrl-C twice gives the dump up.

Exit status: the guest's own; 134 when it crashed, also when its dump or its report could not be
written; 130 after Ctrl-C, 2 for bad usage or input.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    program: program::Arguments,
    /// How much a dump is to hold: `full` runs instrumented code, `light` optimised code
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    capture: Capture,
    /// Where a dump goes: %n is the program, %p the process, %t the time, %% a percent sign;
    /// a name that ends in .zst compresses. Never overwrites [default: %n.%p.core, or in the
    /// directory for temporary files where that cannot be written]
    #[arg(long, value_name = "PATTERN")]
    core: Option<Pattern>,
    /// Write no dump
    #[arg(long, conflicts_with = "core")]
    no_core: bool,
    /// How much of the program's memory goes into the dump: memory can hold secrets. So can what
    /// is in every dump: arguments, globals, tables, locals, operands and the path of the module
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    memory: Memory,
    #[command(flatten)]
    symbols: symbols::Arguments,
    #[command(flatten)]
    shown: Shown,
}

/// The guest crashed: 128 and SIGABRT, as a shell reports a native program that aborts.
const CRASHED: u8 = 134;
/// 128 and SIGINT.
const INTERRUPTED: u8 = 130;

/// How the program runs.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Capture {
    #[default]
    Full,
    Light,
}

/// How much of the memory is kept.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Memory {
    None,
    Stack,
    #[default]
    Full,
}

impl From<Memory> for MemoryCapture {
    fn from(memory: Memory) -> MemoryCapture {
        match memory {
            Memory::None => MemoryCapture::None,
            Memory::Stack => MemoryCapture::Stack,
            Memory::Full => MemoryCapture::Full,
        }
    }
}

/// A run.
struct Run {
    arguments: Arguments,
    program: Program,
    invocation: Invocation,
    /// The end of what the program writes to its standard error.
    stderr: Arc<Tail>,
    /// Where a dump goes.
    core: Option<Place>,
    ctrl_c: CtrlC,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let ctrl_c = signals::listen()?;
    let program = arguments.program.open()?;
    let stderr = Arc::<Tail>::default();
    let invocation = Invocation {
        arguments: arguments.program.arguments()?,
        environment: arguments.program.environment(),
        output: Output::To(stderr.clone()),
        ..Invocation::default()
    };
    let core = match &arguments.core {
        _ if arguments.no_core => None,
        Some(pattern) => Some(Place::named(pattern, &program.main.name)?),
        None => {
            let (place, warning) = Place::usual(&program.main.name);
            if let Some(warning) = warning {
                say(&format!("warning: {warning}\n"));
            }
            Some(place)
        }
    };
    let capture = arguments.capture;
    let run = Run {
        arguments,
        program,
        invocation,
        stderr,
        core,
        ctrl_c,
    };
    match capture {
        Capture::Full => full(&run),
        Capture::Light => light(&run),
    }
}

fn full(run: &Run) -> anyhow::Result<ExitCode> {
    let engine = engines::debugging(&run.arguments.program);
    let prepared = engine.prepare(&run.program, &run.invocation.arguments)?;
    let mut debuggee = prepared.launch(&run.invocation)?;
    let execute = debuggee.execute().context("the engine runs nothing")?;
    let resumed = {
        let guest = execute.interrupt();
        // All that Ctrl-C wants is that it stops: one that does not is given up.
        let insisting = Interrupt::new(move || (0..2).for_each(|_| guest.interrupt()));
        let running = Arc::new(AtomicBool::new(true));
        let _at_work = run.ctrl_c.during(Some(insisting), running);
        execute.resume(Resume::Continue, None)
    };
    let results = execute.results().to_vec();
    match resumed {
        Err(wdb_debuggee::Error::GivenUp(why)) => {
            return Ok(given_up(debuggee.stop_reasons(), &why));
        }
        resumed => resumed?,
    }
    if let [StopReason::Exited(code)] = debuggee.stop_reasons() {
        return exited(*code, &results);
    }
    Ok(crashed(run, debuggee.as_mut()))
}

fn light(run: &Run) -> anyhow::Result<ExitCode> {
    let Run {
        arguments,
        program,
        invocation,
        ..
    } = run;
    // From the crash on there is a dump that can be lost.
    let mut writing = None;
    let takes_state = || writing = run.core.as_ref().map(|_| run.ctrl_c.writing());
    match engines::run_optimised(&arguments.program, program, invocation, takes_state)? {
        Outcome::Exited(code, results) => exited(code, &results),
        Outcome::GivenUp(why) => Ok(given_up(&[], &why)),
        Outcome::Crashed(mut state) => Ok(crashed(run, state.as_mut())),
    }
}

/// Says what a program was stopped for that does not stop.
fn given_up(reasons: &[StopReason], why: &str) -> ExitCode {
    let (what, code) = if reasons.contains(&StopReason::Interrupted) {
        ("interrupted", INTERRUPTED)
    } else {
        ("limit: the time limit is reached", CRASHED)
    };
    last_words(&format!("{what}; the program does not stop: {why}\n"));
    ExitCode::from(code)
}

/// The dump first: the report can be made again from it. Neither changes the exit status when it cannot be written.
fn crashed(run: &Run, debuggee: &mut dyn Debuggee) -> ExitCode {
    let Run {
        arguments, ctrl_c, ..
    } = run;
    let stderr = run.stderr.bytes();
    let memory = arguments.memory.into();
    let interrupted = debuggee.stop_reasons().contains(&StopReason::Interrupted);
    let status = if interrupted { INTERRUPTED } else { CRASHED };
    let core = run.core.as_ref();
    let written =
        core.map(|core| core.write(ctrl_c, |out| Ok(dump::write(debuggee, memory, out)?)));
    ctrl_c.ends_with(status.into());
    if stderr.last().is_some_and(|byte| *byte != b'\n') {
        say("\n");
    }
    let reported = report::print(
        debuggee,
        &arguments.symbols,
        &arguments.shown,
        &stderr,
        anstream::stderr(),
    );
    if let Err(error) = reported {
        say(&format!("{}\n", describe(&error)));
    }
    match written {
        None => {}
        Some(Ok(written)) => {
            let path = written.path.display();
            say(&format!(
                "\n{written}; `wdb report {path}` shows this again\n"
            ));
            if let Some(note) = written.note() {
                say(&format!("{note}\n"));
            }
        }
        Some(Err(error)) => say(&format!("{}\n", describe(&error))),
    }
    ExitCode::from(status)
}

/// Says it to the user, if standard error is still read.
fn say(text: &str) {
    let _ = terminal::stderr().write_all(text.as_bytes());
}

fn exited(code: i32, results: &[String]) -> anyhow::Result<ExitCode> {
    let text: String = results.iter().map(|result| format!("{result}\n")).collect();
    let mut out = terminal::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // The reader has read enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            return Err(error).context("cannot write the results");
        }
        _ => {}
    }
    // Not `ExitCode`, which knows only eight bits: the system decides what becomes of the rest.
    std::process::exit(code)
}
