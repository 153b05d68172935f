//! `wdb report`: what a core dump says of a crash, as text or JSON.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use wdb_session::report::{self, Options, Style};
use wdb_target::{Debuggee, PostMortem};

use crate::{modules, open, symbols};

/// Report what happened, from a core dump of any engine
///
/// The dump may come from wdb, wasmtime, wasmer, WasmEdge or wasm-coredump-rewriter, and may be
/// compressed with zstd.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  wdb report app.4711.core                      find the module by the recorded path
  wdb report crash.core --module app.wasm       name it
  wdb report crash.core --symbols debug/ --sources src/
  wdb report --json crash.core | jq .reason

Exit status: 0, or 2 when the dump or a module cannot be used.")]
pub(crate) struct Arguments {
    /// The core dump
    dump: PathBuf,
    /// Print JSON (docs/formats/report.md)
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    modules: modules::Arguments,
    #[command(flatten)]
    symbols: symbols::Arguments,
    #[command(flatten)]
    shown: Shown,
}

/// How much of a report is shown.
#[derive(clap::Args)]
pub(crate) struct Shown {
    /// Show all frames: fold no runtime code and no recursion
    #[arg(long)]
    all_frames: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let bytes = open::open(&arguments.dump)?;
    let reading = wdb_coredump::read(bytes)
        .with_context(|| format!("{} cannot be read as a core dump", arguments.dump.display()))?;
    let modules = modules::find(
        &reading.dump,
        &arguments.dump,
        &arguments.modules,
        &arguments.symbols.symbols,
    )?;
    let mut debuggee = PostMortem::new(reading, modules);
    if arguments.json {
        let report = build(&mut debuggee, &arguments.symbols, &[])?;
        let mut out = io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, &report::json(&report))?;
        writeln!(out)?;
    } else {
        print(
            &mut debuggee,
            &arguments.symbols,
            &arguments.shown,
            &[],
            &mut anstream::stdout(),
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the report of a debuggee that has stopped. Colours go where `out` shows them.
pub(crate) fn print(
    debuggee: &mut dyn Debuggee,
    symbols: &symbols::Arguments,
    shown: &Shown,
    guest_stderr: &[u8],
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let report = build(debuggee, symbols, guest_stderr)?;
    let style = Style {
        colour: true,
        all_frames: shown.all_frames,
    };
    out.write_all(report::text(&report, style).as_bytes())?;
    Ok(())
}

fn build(
    debuggee: &mut dyn Debuggee,
    symbols: &symbols::Arguments,
    guest_stderr: &[u8],
) -> anyhow::Result<report::Report> {
    let mut finder = symbols::Finder::new(symbols, debuggee.modules());
    let mut report = report::build(debuggee, &mut finder, &Options { guest_stderr })?;
    report.notes.append(&mut finder.notes);
    Ok(report)
}
