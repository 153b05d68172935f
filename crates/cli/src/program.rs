//! The program that is run or debugged: its file, what it is given and what stops it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use wdb_live::{Capture, Directory, Limits, Program, Wasi};

use crate::{open, units};

/// A program and all that it is given.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Arguments {
    /// The module or component, binary or text, also compressed with zstd; and its arguments, or those of the export
    /// that --invoke names. All that follows PROGRAM is given to it
    // One list for both: what follows its first word is not an option of ours, be it `-h` or `--`.
    #[arg(
        trailing_var_arg = true,
        required = true,
        value_names = ["PROGRAM", "ARGS"],
        num_args = 1..
    )]
    program: Vec<OsString>,
    /// Call this export instead of `_start`
    #[arg(long, value_name = "NAME")]
    invoke: Option<String>,
    /// Let the program open a directory, under its own or another name
    #[arg(long = "dir", value_name = "HOST[::GUEST]", value_parser = directory)]
    directories: Vec<Directory>,
    /// Set an environment variable of the program, or pass one on
    #[arg(long = "env", value_name = "NAME[=VALUE]")]
    environment: Vec<String>,
    /// Let the program use the network (components only)
    #[arg(long)]
    inherit_network: bool,
    /// End the program when its memories want more than this
    #[arg(long, value_name = "SIZE", value_parser = units::parse_bytes)]
    max_memory: Option<u64>,
    /// End the program after about this many instructions
    #[arg(long, value_name = "N")]
    fuel: Option<u64>,
    /// End the program after this time
    #[arg(long, value_name = "TIME", value_parser = units::parse_duration)]
    timeout: Option<Duration>,
    /// The size of the call stack that the engine gives the program
    #[arg(long, value_name = "SIZE", value_parser = units::parse_bytes)]
    max_stack: Option<u64>,
    /// Do not keep compiled code in wasmtime's cache
    #[arg(long)]
    no_cache: bool,
}

impl Arguments {
    /// What the program, or the export that is called, is given.
    pub(crate) fn arguments(&self) -> anyhow::Result<Vec<String>> {
        let words = self.program.iter().skip(1);
        let text = |word: &OsString| match word.to_str() {
            Some(text) => Ok(text.to_owned()),
            None => bail!("the argument {word:?} is not UTF-8, and a WebAssembly program can have no other"),
        };
        words.map(text).collect()
    }

    fn path(&self) -> &Path {
        self.program.first().map_or(Path::new(""), Path::new)
    }

    /// Opens the program. It is to be run as instrumented code.
    pub(crate) fn open(&self) -> anyhow::Result<Program> {
        let arguments = self.arguments()?;
        let path = self.path();
        let binary = open::binary(path)?;
        let is_dump =
            |module: &Arc<wdb_module::Module>| module.custom_section("corestack").is_some();
        if binary.modules().first().is_some_and(is_dump) {
            let path = path.display();
            bail!(
                "{path} is a core dump and not a program; `wdb report {path}` shows what it says, and `wdb core {path}` debugs it"
            );
        }
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy().into_owned();
        // Not the whole path, which is nobody's business in there: as wasmtime does.
        let own = name.clone();
        let guest_arguments = match self.invoke {
            Some(_) => vec![own],
            None => std::iter::once(own)
                .chain(arguments.iter().cloned())
                .collect(),
        };
        Ok(Program {
            name,
            path: std::path::absolute(path).ok(),
            binary: Arc::new(binary),
            invoke: self.invoke.clone().map(|name| (name, arguments)),
            wasi: Wasi {
                arguments: guest_arguments,
                environment: self
                    .environment
                    .iter()
                    .filter_map(|variable| match variable.split_once('=') {
                        Some((name, value)) => Some((name.to_owned(), value.to_owned())),
                        None => Some((variable.clone(), std::env::var(variable).ok()?)),
                    })
                    .collect(),
                directories: self.directories.clone(),
                network: self.inherit_network,
                ..Wasi::default()
            },
            limits: Limits {
                memory: self.max_memory,
                fuel: self.fuel,
                time: self.timeout,
                stack: self
                    .max_stack
                    .map(|size| usize::try_from(size).unwrap_or(usize::MAX)),
            },
            capture: Capture::Full,
            cache: !self.no_cache,
        })
    }
}

fn directory(text: &str) -> Result<Directory, String> {
    let (host, guest) = text.split_once("::").unwrap_or((text, text));
    if host.is_empty() || guest.is_empty() {
        return Err("use HOST or HOST::GUEST".into());
    }
    Ok(Directory {
        host: host.into(),
        guest: guest.into(),
    })
}
