//! `wdb validate`: is a core dump what the specification says?

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;
use wdb_coredump::{Severity, validate};

use crate::open;

/// Check a core dump strictly against the specification and against itself
///
/// Reading is liberal, this is not: every departure from tool-conventions' Coredump.md and every
/// contradiction is listed with its byte offset.
#[derive(clap::Args)]
#[command(after_help = "\
Exit status: 0 when there is nothing to find fault with, 1 when there is, 2 when the file is no core dump.")]
pub(crate) struct Arguments {
    /// The core dump; it may be compressed with zstd
    dump: PathBuf,
    /// The module that it was taken of, to check values against types; repeat it for several
    #[arg(long = "module", value_name = "FILE")]
    modules: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}
