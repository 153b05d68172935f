//! `wdb core`: the debugger on a core dump.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use wdb_debuggee::{Debuggee as _, PostMortem};
use wdb_session::Session;

use crate::debugger::{self, Debugger};
use crate::{modules, open, symbols};

/// Debug a core dump: look around in it with the commands of `wdb debug`
///
/// Everything works that needs no program that runs: frames, variables, expressions, memory.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  wdb core app.4711.core                        find the module by the recorded path
  wdb core crash.core --module app.wasm         name it
  wdb core --batch -ex bt -ex 'info locals' crash.core

Exit status: 0 or that of `quit`; with --batch 134 when the program crashed, 1 when a command failed; 2 when
the dump or a module cannot be used.")]
pub(crate) struct Arguments {
    /// The core dump
    dump: PathBuf,
    #[command(flatten)]
    debugger: debugger::Arguments,
    #[command(flatten)]
    modules: modules::Arguments,
    #[command(flatten)]
    symbols: symbols::Arguments,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let debugger = Debugger::prepare(&arguments.debugger)?;
    let bytes = open::open(&arguments.dump)?;
    let reading = wdb_coredump::read(bytes)
        .with_context(|| format!("{} cannot be read as a core dump", arguments.dump.display()))?;
    let modules = modules::find(
        &reading.dump,
        &arguments.dump,
        &arguments.modules,
        &arguments.symbols.symbols,
    )?;
    let debuggee = Box::new(PostMortem::new(reading, modules));
    let (screen, ctrl_c) = (debugger.screen.clone(), debugger.ctrl_c.clone());
    let modules = debuggee.modules();
    let finder = symbols::Finder::for_debugger(&arguments.symbols, modules, screen, ctrl_c);
    let session = Session::new(debuggee, Box::new(finder), None);
    debugger.run(session)
}
