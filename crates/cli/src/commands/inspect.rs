//! `wdb inspect`: the raw contents of a core dump, a module or a component.
//!
//! What is shown is built once as a JSON tree; the text is an outline of the same tree.

mod dump;
mod module;
mod outline;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use serde_json::Value;

use crate::{open, terminal};

/// Show the raw contents of a core dump, a module or a component
///
/// For a dump: which producer's dialect it is in and what was assumed to read it, the modules with
/// their identity, instances, memories, globals, tables, and all frames with their values. For a
/// module: identity, sections, imports, exports and names.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  wdb inspect crash.core
  wdb inspect crash.core --memory 0x10f00..0x10f80      bytes of memory 0
  wdb inspect crash.core --memory 1:0..64               bytes of memory 1
  wdb inspect app.wasm --functions
  wdb inspect --json app.wasm | jq .modules[0].build_id

Exit status: 0, or 2 when the file cannot be read.")]
pub(crate) struct Arguments {
    /// The dump, module or component; it may be compressed with zstd
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// For a module: list all functions with their place and name
    #[arg(long)]
    functions: bool,
    /// For a dump: show bytes of a memory
    #[arg(long, value_name = "[ID:]START..END", value_parser = dump::range)]
    memory: Option<dump::MemoryRange>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let path = &arguments.file;
    let mut out = terminal::stdout();
    let bytes = open::open(path)?;
    let tree: Value = match wdb_coredump::read(bytes) {
        Ok(reading) => {
            if let Some(range) = &arguments.memory {
                dump::memory(&reading.dump, range, &mut out)?;
                return Ok(ExitCode::SUCCESS);
            }
            dump::tree(&reading)
        }
        Err(not_a_dump) => match open::binary(path) {
            Ok(binary) if arguments.memory.is_none() => module::tree(&binary, arguments.functions),
            Ok(_) => {
                return Err(not_a_dump)
                    .with_context(|| format!("{} has no memory to show", path.display()));
            }
            Err(error) => return Err(error),
        },
    };
    if arguments.json {
        let mut out = io::BufWriter::new(terminal::json());
        serde_json::to_writer_pretty(&mut out, &tree)?;
        writeln!(out)?;
        out.flush()?;
    } else {
        out.write_all(outline::text(&tree).as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}
