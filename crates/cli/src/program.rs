//! The program that is run or debugged: its file, what it is given and what stops it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use wdb_debuggee::launch::{Directory, File, Preload, Program};

use crate::{open, units, wasmtime_options};

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
    /// Call this export instead of `_start` or `wasi:cli/run`; of a component also as `NAME(ARGS)`, in WAVE
    #[arg(long, value_name = "NAME")]
    invoke: Option<String>,
    /// Instantiate a module before the program, which can import its exports under this name; may be repeated
    #[arg(long = "preload", value_name = "NAME=MODULE", value_parser = preload)]
    preloads: Vec<(String, PathBuf)>,
    /// The name that the program is given as its own, instead of that of its file
    #[arg(long, value_name = "NAME")]
    argv0: Option<String>,
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
    pub(crate) no_cache: bool,
    #[command(flatten)]
    pub(crate) wasmtime: wasmtime_options::Arguments,
}

impl Arguments {
    /// What the program, or the export that is called, is given.
    pub(crate) fn arguments(&self) -> anyhow::Result<Vec<String>> {
        let words = self.program.iter().skip(1);
        let text = |word: &OsString| match word.to_str() {
            Some(text) => Ok(text.to_owned()),
            None => bail!(
                "the argument {word:?} is not UTF-8, and a WebAssembly program can have no other"
            ),
        };
        words.map(text).collect()
    }

    /// The program's environment. What --env sets counts more than what is inherited.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let mut environment: Vec<(String, String)> = Vec::new();
        for variable in &self.environment {
            let (name, value) = match variable.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                None => match std::env::var(variable) {
                    Ok(value) => (variable.as_str(), value),
                    Err(_) => continue,
                },
            };
            environment.retain(|it| it.0 != name);
            environment.push((name.to_owned(), value));
        }
        if self.wasmtime.inherits_environment() {
            // A guest's environment is UTF-8.
            let text = |variable: (OsString, OsString)| {
                Some((
                    variable.0.into_string().ok()?,
                    variable.1.into_string().ok()?,
                ))
            };
            let inherited = std::env::vars_os().filter_map(text);
            let inherited: Vec<_> = inherited
                .filter(|(name, _)| !environment.iter().any(|it| it.0 == *name))
                .collect();
            environment.extend(inherited);
        }
        environment
    }

    /// The files that it is read from, its own first.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        let preloads = self.preloads.iter().map(|(_, path)| path.as_path());
        std::iter::once(self.path()).chain(preloads)
    }

    fn path(&self) -> &Path {
        self.program.first().map_or(Path::new(""), Path::new)
    }

    /// Opens the program.
    pub(crate) fn open(&self) -> anyhow::Result<Program> {
        self.open_with(|_, path| open_file(path))
    }

    /// The same, with another way to open each of [`Arguments::paths`], by its position there.
    pub(crate) fn open_with(
        &self,
        open: impl Fn(usize, &Path) -> anyhow::Result<File>,
    ) -> anyhow::Result<Program> {
        let mut program = Program::new(open(0, self.path())?);
        for (position, (import, path)) in (1..).zip(&self.preloads) {
            program.preloads.push(Preload {
                import: import.clone(),
                file: open(position, path)?,
            });
        }
        program.name.clone_from(&self.argv0);
        program.invoke.clone_from(&self.invoke);
        program.wasi.directories.clone_from(&self.directories);
        self.wasmtime.apply(&mut program);
        if self.inherit_network {
            program.wasi.network.addresses = true;
            program.wasi.network.names = true;
        }
        let limits = &mut program.limits;
        let stack = self.max_stack;
        let stack = stack.map(|size| usize::try_from(size).unwrap_or(usize::MAX));
        limits.memory = self.max_memory;
        limits.fuel = self.fuel.or(limits.fuel);
        limits.time = self.timeout.or(limits.time);
        limits.stack = stack.or(limits.stack);
        Ok(program)
    }
}

/// Opens one of a program's files.
pub(crate) fn open_file(path: &Path) -> anyhow::Result<File> {
    let binary = open::binary(path)?;
    let is_dump = |module: &Arc<wdb_module::Module>| module.custom_section("corestack").is_some();
    if binary.modules().first().is_some_and(is_dump) {
        let path = path.display();
        bail!(
            "{path} is a core dump and not a program; `wdb report {path}` shows what it says, and `wdb core {path}` debugs it"
        );
    }
    // Not the whole path, which the guest has no need of: as wasmtime does.
    let name = path.file_name().unwrap_or(path.as_os_str());
    Ok(File {
        name: name.to_string_lossy().into_owned(),
        path: std::path::absolute(path).ok(),
        binary: Arc::new(binary),
    })
}

fn preload(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !path.is_empty() => Ok((name.to_owned(), path.into())),
        _ => Err("use NAME=MODULE, such as env=library.wasm".into()),
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
