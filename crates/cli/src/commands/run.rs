//! `wdb run`: run a program; when it crashes, a core dump lies on the disk and a report on the terminal.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use wdb_coredump::MemoryCapture;
use wdb_live::{Capture, Live, Program, light};
use wdb_target::{Debuggee, Resume, StopReason, dump};

use crate::commands::report::{self, Shown};
use crate::core_file::{CoreFile, Pattern};
use crate::{program, symbols, units};

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

Exit status: the guest's own; 134 when it crashed, 130 after Ctrl-C, 2 for bad usage or input.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    program: program::Arguments,
    /// How much a dump is to hold: `full` runs instrumented code, `light` optimised code
    #[arg(long, value_name = "HOW", default_value = "full", value_parser = ["full", "light"])]
    capture: String,
    /// Where a dump goes: %n is the program, %p the process, %t the time, %% a percent sign;
    /// a name that ends in .zst compresses. Never overwrites
    #[arg(long, value_name = "PATTERN", default_value = "%n.%p.core")]
    core: Pattern,
    /// Write no dump
    #[arg(long, conflicts_with = "core")]
    no_core: bool,
    /// How much of the program's memory goes into the dump: memory can hold secrets
    #[arg(long, value_name = "WHAT", default_value = "full", value_parser = ["none", "stack", "full"])]
    memory: String,
    #[command(flatten)]
    symbols: symbols::Arguments,
    #[command(flatten)]
    shown: Shown,
}

/// The guest crashed: 128 and SIGABRT, as a shell reports a native program that aborts.
const CRASHED: u8 = 134;
/// 128 and SIGINT.
const INTERRUPTED: u8 = 130;

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let mut program = arguments.program.open()?;
    if arguments.capture == "light" {
        program.capture = Capture::Light;
    }
    let core = (!arguments.no_core)
        .then(|| CoreFile::create(&arguments.core, &program.name))
        .transpose()?;
    match program.capture {
        Capture::Full => full(&arguments, &program, core),
        Capture::Light => light(&arguments, &program, core),
    }
}

fn full(
    arguments: &Arguments,
    program: &Program,
    core: Option<CoreFile>,
) -> anyhow::Result<ExitCode> {
    let mut live = Live::launch(program)?;
    if let Some(execute) = live.execute() {
        on_interrupt(execute.interrupt())?;
        match execute.resume(Resume::Continue, None) {
            Err(wdb_target::Error::GivenUp(why)) => return given_up(live.stop(), &why),
            resumed => resumed?,
        }
    }
    if let [StopReason::Exited(code)] = live.stop() {
        return exited(*code, live.results());
    }
    let stderr = live.stderr().bytes();
    crashed(arguments, &mut live, &stderr, core)
}

fn light(
    arguments: &Arguments,
    program: &Program,
    core: Option<CoreFile>,
) -> anyhow::Result<ExitCode> {
    match light::run(program)? {
        light::Outcome::Exited(code, results) => exited(code, &results),
        light::Outcome::GivenUp(why) => given_up(&[], &why),
        light::Outcome::Crashed { mut state, stderr } => {
            crashed(arguments, state.as_mut(), &stderr.bytes(), core)
        }
    }
}

/// Says what a program was stopped for that does not stop.
fn given_up(stop: &[StopReason], why: &str) -> anyhow::Result<ExitCode> {
    let (what, code) = match stop.contains(&StopReason::Interrupted) {
        true => ("interrupted", INTERRUPTED),
        false => ("limit: the time limit is reached", CRASHED),
    };
    // Nothing is left to tell when standard error is closed.
    _ = writeln!(io::stderr(), "{what}; the program does not stop: {why}");
    Ok(ExitCode::from(code))
}

fn crashed(
    arguments: &Arguments,
    debuggee: &mut dyn Debuggee,
    stderr: &[u8],
    core: Option<CoreFile>,
) -> anyhow::Result<ExitCode> {
    let memory = match arguments.memory.as_str() {
        "none" => MemoryCapture::None,
        "stack" => MemoryCapture::Stack,
        _ => MemoryCapture::Full,
    };
    if stderr.last().is_some_and(|byte| *byte != b'\n') {
        writeln!(io::stderr())?;
    }
    // The dump first: it is what cannot be had again.
    let written = core.map(|core| core.write(|out| Ok(dump::write(debuggee, memory, out)?)));
    report::print(
        debuggee,
        &arguments.symbols,
        &arguments.shown,
        stderr,
        &mut anstream::stderr(),
    )?;
    if let Some(written) = written {
        let path = written?;
        let size = path.metadata().map_or(0, |file| file.len());
        writeln!(
            io::stderr(),
            "\ncore dump: {} ({}); `wdb report {}` shows this again",
            path.display(),
            units::bytes(size),
            path.display()
        )?;
    }
    let interrupted = debuggee.stop().contains(&StopReason::Interrupted);
    Ok(ExitCode::from(if interrupted {
        INTERRUPTED
    } else {
        CRASHED
    }))
}

/// The first Ctrl-C stops the guest where it is. One that waits in a host call does not come back to
/// be stopped; the second ends wdb too.
fn on_interrupt(guest: wdb_target::Interrupt) -> anyhow::Result<()> {
    let again = AtomicBool::new(false);
    ctrlc::set_handler(move || {
        if again.swap(true, Ordering::SeqCst) {
            std::process::exit(INTERRUPTED.into());
        }
        // Nobody waits for more than that it stops: one that does not is given up.
        guest.interrupt();
        guest.interrupt();
    })
    .context("cannot listen for Ctrl-C")
}

fn exited(code: i32, results: &[String]) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout();
    for result in results {
        writeln!(out, "{result}")?;
    }
    out.flush()?;
    // Not `ExitCode`, which knows only eight bits: the system decides what becomes of the rest.
    std::process::exit(code)
}
