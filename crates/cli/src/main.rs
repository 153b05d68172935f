//! The `wdb` command: arguments, wiring, the error printer and the exit codes.
//!
//! Each subcommand is a file under `commands/` with its arguments and its `run`. Results go to standard
//! output, everything else to standard error. Exit codes: the guest's own; 134 when it crashed, 130
//! when it was interrupted; 1 when a check found something; 2 for bad usage or input. Who does not read what wdb
//! writes does not change them.

// The texts of the arguments are help texts: `<build id>.wasm` is no tag.
#![allow(rustdoc::invalid_html_tags)]

mod advice;
mod commands;
mod core_file;
mod debugger;
mod engines;
mod foreign;
mod modules;
mod open;
mod program;
mod scripts;
mod signals;
mod symbols;
mod terminal;
mod units;
mod wasmtime_options;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};

/// The WebAssembly debugger: crashes become complete core dumps and readable reports.
#[derive(Parser)]
#[command(name = "wdb", version, propagate_version = true, after_help = commands::EXIT_STATUS)]
struct Arguments {
    #[command(subcommand)]
    command: commands::Command,
}

/// Bad usage or input.
const BAD_INPUT: u8 = 2;

fn main() -> ExitCode {
    let words = scripts::with_gdbs_spelling(std::env::args_os().collect());
    let arguments = Arguments::parse_from(words);
    match arguments.command.run() {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to tell when standard error is closed too.
            let _ = writeln!(terminal::stderr(), "{}", describe(&error));
            ExitCode::from(BAD_INPUT)
        }
    }
}

/// The definition of all arguments.
fn command() -> clap::Command {
    Arguments::command()
}

/// One paragraph: the error, then its causes.
fn describe(error: &anyhow::Error) -> String {
    let mut text = format!("error: {error}");
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text.push_str(advice::advice(error));
    text
}

/// The reader of our output has read enough.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
