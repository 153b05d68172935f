//! `wdb completions` and `wdb man-pages`: files that are made from the definition of the arguments.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap_complete::Shell;

use crate::terminal;

/// Print a shell's completions of wdb's commands and flags
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  wdb completions bash > ~/.local/share/bash-completion/completions/wdb
  wdb completions zsh > \"${fpath[1]}/_wdb\"
  wdb completions fish > ~/.config/fish/completions/wdb.fish")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

pub(crate) fn completions(arguments: &Completions) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut crate::command(), "wdb", &mut script);
    terminal::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// Write the man pages into a directory, for packages
#[derive(clap::Args)]
pub(crate) struct ManPages {
    /// The directory, which must exist
    directory: PathBuf,
}

pub(crate) fn man_pages(arguments: &ManPages) -> anyhow::Result<ExitCode> {
    clap_mangen::generate_to(crate::command(), &arguments.directory)
        .with_context(|| format!("cannot write to {}", arguments.directory.display()))?;
    Ok(ExitCode::SUCCESS)
}
