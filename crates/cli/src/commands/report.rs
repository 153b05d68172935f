//! `wdb report`: what a core dump says of a crash, as text or JSON.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use wdb_debuggee::{Debuggee, PostMortem};
use wdb_examine::variables::Which;
use wdb_report::{self as report, Options};

use crate::{modules, open, symbols, terminal};

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
  wdb report --vars all crash.core              with the statics of the program
  wdb report --eval 'queue->head.name' crash.core
  wdb report --json crash.core | jq .reason

Exit status: 0, or 2 when the dump, a module or an expression cannot be used.")]
pub(crate) struct Arguments {
    /// The core dump
    dump: PathBuf,
    /// Print JSON (docs/formats/report.md)
    #[arg(long)]
    json: bool,
    /// Print the value of an expression instead of the report (docs/expressions.md); repeat it for several
    ///
    /// Names are those that the innermost frame of user code can see; `$frame[3].name` is one of
    /// another frame.
    #[arg(long, value_name = "EXPRESSION", allow_hyphen_values = true)]
    eval: Vec<String>,
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
    /// Which variables to show: those hidden by others and the statics too with `all`
    #[arg(long, value_name = "WHICH", value_enum, default_value_t)]
    vars: Variables,
}

/// Which variables are shown.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Variables {
    None,
    Args,
    #[default]
    Locals,
    All,
}

impl From<Variables> for Which {
    fn from(variables: Variables) -> Which {
        match variables {
            Variables::None => Which::None,
            Variables::Args => Which::Arguments,
            Variables::Locals => Which::Locals,
            Variables::All => Which::All,
        }
    }
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
    let (symbols, shown) = (&arguments.symbols, &arguments.shown);
    if !arguments.json && arguments.eval.is_empty() {
        print(&mut debuggee, symbols, shown, &[], anstream::stdout())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut options = Options {
        variables: shown.vars.into(),
        every_frame: true,
        expressions: &arguments.eval,
        ..Options::default()
    };
    if !arguments.json {
        options.variables = Which::None;
    }
    // A service that makes reports of what others send hands out no files of its own.
    let symbols = symbols::Arguments {
        sources_only: symbols.sources_only || arguments.json,
        ..symbols.clone()
    };
    let report = build(&mut debuggee, &symbols, &options)?;
    // JSON comes in thousands of pieces, and standard output would write each line of it.
    if arguments.json {
        let mut out = io::BufWriter::new(terminal::json());
        serde_json::to_writer_pretty(&mut out, &report::json(&report))?;
        writeln!(out)?;
        out.flush()?;
    } else {
        terminal::stdout().write_all(report::evaluations(&report).to_string().as_bytes())?;
    }
    let mut status = ExitCode::SUCCESS;
    for evaluation in &report.evaluations {
        if let Err(error) = &evaluation.value {
            writeln!(terminal::stderr(), "error: {error}")?;
            status = ExitCode::from(2);
        }
    }
    Ok(status)
}

/// Prints the report of a debuggee that has stopped. Colours go where `out` shows them.
pub(crate) fn print(
    debuggee: &mut dyn Debuggee,
    symbols: &symbols::Arguments,
    shown: &Shown,
    guest_stderr: &[u8],
    out: impl Write,
) -> anyhow::Result<()> {
    let options = Options {
        guest_stderr,
        variables: shown.vars.into(),
        every_frame: shown.all_frames,
        ..Options::default()
    };
    let report = build(debuggee, symbols, &options)?;
    let shown = report::Shown {
        colour: true,
        all_frames: shown.all_frames,
    };
    terminal::coloured(out).write_all(report::text(&report, shown).as_bytes())?;
    Ok(())
}

fn build(
    debuggee: &mut dyn Debuggee,
    symbols: &symbols::Arguments,
    options: &Options<'_>,
) -> anyhow::Result<report::Report> {
    let mut finder = symbols::Finder::new(symbols, debuggee.modules());
    let mut report = report::build(debuggee, &mut finder, options)?;
    report.notes.append(&mut finder.notes);
    Ok(report)
}
