//! The subcommands, one a file.

mod core;
mod debug;
mod generate;
mod inspect;
mod report;
mod run;
mod validate;

use std::process::ExitCode;

use clap::Subcommand;

/// What every help page ends with.
pub(crate) const EXIT_STATUS: &str = "\
Exit status:
  the guest's own   it ended by itself
  134               it crashed; there is a report and a core dump
  130               it was interrupted (Ctrl-C)
  1                 a check found something
  2                 bad usage or input";

#[derive(Subcommand)]
pub(crate) enum Command {
    Run(run::Arguments),
    Debug(debug::Arguments),
    Core(core::Arguments),
    Report(report::Arguments),
    Inspect(inspect::Arguments),
    Validate(validate::Arguments),
    Completions(generate::Completions),
    #[command(hide = true)]
    ManPages(generate::ManPages),
}

impl Command {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Command::Run(arguments) => run::run(arguments),
            Command::Debug(arguments) => debug::run(arguments),
            Command::Core(arguments) => core::run(&arguments),
            Command::Report(arguments) => report::run(&arguments),
            Command::Inspect(arguments) => inspect::run(&arguments),
            Command::Validate(arguments) => validate::run(&arguments),
            Command::Completions(arguments) => generate::completions(&arguments),
            Command::ManPages(arguments) => generate::man_pages(&arguments),
        }
    }
}
