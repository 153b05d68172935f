//! `cargo xtask COMMAND`: the project's own chores.

use std::path::Path;
use std::process::ExitCode;

mod bench;
mod dist;
mod fixtures;
mod fuzz;
mod lldb;
mod tidy;

const USAGE: &str = "\
usage: cargo xtask COMMAND
  fixtures [NAME]...   build the guest programs and dumps of fixtures/ (all of them by default)
  fixtures --check     check that sources, recipes and built files belong together
  fixtures --list      print the names
  lldb [NAME]...       record what LLDB says of the variables of guests that crash
  tidy                 check the rules that rustc and clippy do not know
  fuzz [TARGET]... [--seconds N]
                       run the fuzz targets (all of them by default) for N seconds each, 60 by default
  bench [PART]...      measure wdb beside wasmtime, in Markdown; an older wdb too, if $WDB_BASE names it
  dist                 make the archive of a release for this platform, in target/dist";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.split_first() {
        Some((command, rest)) if command == "fixtures" => fixtures::run(rest),
        Some((command, rest)) if command == "lldb" => lldb::run(rest),
        Some((command, rest)) if command == "tidy" => tidy::run(rest),
        Some((command, rest)) if command == "fuzz" => fuzz::run(rest),
        Some((command, rest)) if command == "bench" => bench::run(rest),
        Some((command, rest)) if command == "dist" => dist::run(rest),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The directory of the workspace.
fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}
