//! What to run and how, and why that can fail before the guest's first instruction.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use wdb_coredump::{Process, Producer};
use wdb_module::printable::printable;

use crate::features::Feature;
use crate::stdio::{Input, Output};

/// A program and all that it is given.
#[derive(Clone, Debug)]
pub struct Program {
    /// What is run.
    pub main: File,
    /// Modules that are instantiated before it, in this order: it, and those after them, can import what they export.
    pub preloads: Vec<Preload>,
    /// What becomes of imports that nobody provides.
    pub unknown_imports: UnknownImports,
    /// The proposals and rules of WebAssembly that are not as they are by themselves.
    pub features: Vec<Feature>,
    /// The export to call instead of `_start`, with its arguments as text.
    pub invoke: Option<(String, Vec<String>)>,
    /// What it sees of the world.
    pub wasi: Wasi,
    /// What stops it.
    pub limits: Limits,
    /// How much a dump of it is to hold.
    pub capture: Capture,
    /// Whether compiled code may be kept in wasmtime's cache.
    pub cache: bool,
}

/// A module or component, and where it is from.
#[derive(Clone, Debug)]
pub struct File {
    /// Its name, for messages: usually that of the file it came from.
    pub name: String,
    /// The path that a dump records, so that a later report finds the module again.
    pub path: Option<PathBuf>,
    /// The module or component.
    pub binary: Arc<wdb_module::Binary>,
}

impl File {
    /// The path, as a dump records it.
    pub(crate) fn path_text(&self) -> Option<String> {
        let path = self.path.as_ref()?;
        Some(path.to_string_lossy().into_owned())
    }
}

/// A module that is instantiated before the program.
#[derive(Clone, Debug)]
pub struct Preload {
    /// The name that imports from it have.
    pub import: String,
    /// The module.
    pub file: File,
}

/// What becomes of functions and other imports that nobody provides. Without either the program is not run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnknownImports {
    /// Functions trap when they are called.
    pub trap: bool,
    /// Functions that do not trap return zeros and nulls, everything else is zero or empty (modules only).
    pub default: bool,
}

impl Program {
    /// A program that is only a file: without arguments, directories, limits.
    pub fn new(main: File) -> Program {
        Program {
            wasi: Wasi {
                arguments: vec![main.name.clone()],
                ..Wasi::default()
            },
            main,
            preloads: Vec::new(),
            unknown_imports: UnknownImports::default(),
            features: Vec::new(),
            invoke: None,
            limits: Limits::default(),
            capture: Capture::Full,
            cache: false,
        }
    }

    /// Gives arguments to it, or to the export that is called.
    pub fn set_arguments(&mut self, arguments: &[String]) {
        match &mut self.invoke {
            Some((_, given)) => *given = arguments.to_vec(),
            None => {
                self.wasi.arguments.truncate(1);
                self.wasi.arguments.extend_from_slice(arguments);
            }
        }
    }

    /// The program's own file, then the others.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        let preloads = self.preloads.iter().map(|it| &it.file);
        std::iter::once(&self.main).chain(preloads)
    }

    /// What is known of the run before it begins.
    pub(crate) fn process(&self) -> Process {
        let producer = |name: &str, version: &str| Producer {
            name: name.into(),
            version: version.into(),
        };
        Process {
            arguments: self.wasi.arguments.clone(),
            pid: Some(std::process::id()),
            time: now(),
            producers: vec![
                producer("wdb", env!("CARGO_PKG_VERSION")),
                producer("wasmtime", WASMTIME_VERSION),
            ],
        }
    }
}

/// The time, as a dump records it.
pub(crate) fn now() -> Option<u64> {
    let time = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()?;
    time.as_millis().try_into().ok()
}

/// The version that the root manifest pins; a test compares the two.
const WASMTIME_VERSION: &str = "48.0.8";

/// What a guest sees of the world.
#[derive(Clone, Debug, Default)]
pub struct Wasi {
    /// The arguments, the program's own name first.
    pub arguments: Vec<String>,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// The directories it can open.
    pub directories: Vec<Directory>,
    /// Its working directory, as it is told (components only).
    pub working_directory: Option<String>,
    /// What it may use of the network of the host (components only).
    pub network: Network,
    /// Whether it may send HTTP requests, to any address (components only).
    pub http: bool,
    /// Where its standard input comes from.
    pub input: Input,
    /// Where its standard output and error go.
    pub output: Output,
}

/// What a guest may use of the network.
#[derive(Clone, Copy, Debug)]
pub struct Network {
    /// All addresses.
    pub addresses: bool,
    /// To look up addresses by names.
    pub names: bool,
    /// TCP.
    pub tcp: bool,
    /// UDP.
    pub udp: bool,
}

impl Default for Network {
    /// As wasmtime: sockets, but no address that they could be used with.
    fn default() -> Self {
        Network {
            addresses: false,
            names: false,
            tcp: true,
            udp: true,
        }
    }
}

/// A directory of the host that the guest can open.
#[derive(Clone, Debug)]
pub struct Directory {
    /// Where it is.
    pub host: PathBuf,
    /// What the guest calls it.
    pub guest: String,
}

/// What stops a guest that would go on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Bytes that all linear memories together may have; it ends when it wants more.
    pub memory: Option<u64>,
    /// Bytes that a linear memory may have, and elements that a table may have; it is told that it cannot have more.
    pub each: EachLimit,
    /// Units of wasmtime's fuel, about one an instruction.
    pub fuel: Option<u64>,
    /// Wall clock time.
    pub time: Option<Duration>,
    /// Bytes of the engine's call stack for WebAssembly frames.
    pub stack: Option<usize>,
}

/// What the greatest memory and the greatest table may have.
#[derive(Clone, Copy, Debug, Default)]
pub struct EachLimit {
    /// Bytes of a memory.
    pub memory: Option<u64>,
    /// Elements of a table.
    pub table: Option<u64>,
    /// The guest ends where a memory or table cannot grow, instead of being told.
    pub trap: bool,
}

/// How a guest runs, and so how much a dump of it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture {
    /// Under guest-debug instrumentation: every local and the operand stack of every frame.
    Full,
    /// As optimised code, at full speed: frames, globals and memories.
    Light,
}

/// Why a program could not be started. Its text is one line, whatever is in the names of others.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The engine does not take the module.
    #[error(
        "{} is not a valid module for wasmtime: {}",
        printable(name),
        printable(cause)
    )]
    Invalid {
        /// The program.
        name: String,
        /// What the engine found, with the byte offset where it knows one.
        cause: String,
    },
    /// It needs something that is not WASI and not preloaded.
    #[error(
        "{} imports {}, which wdb does not have (it gives WASI preview 1 to modules and WASI preview 2 to components){}",
        printable(name),
        list(imports),
        advice(imports)
    )]
    MissingImport {
        /// The program.
        name: String,
        /// Each as `module.name (what it is)`.
        imports: Vec<String>,
    },
    /// An import is provided with another type.
    #[error(
        "{} cannot be linked: {}{}",
        printable(name),
        printable(cause),
        advice(std::slice::from_ref(cause))
    )]
    WrongImport {
        /// The program.
        name: String,
        /// Which import, and what does not fit.
        cause: String,
    },
    /// It has no `_start` and no export was named.
    #[error(
        "{} has no `{entry}` to run: it is a library. Name an export with --invoke; it has {}",
        printable(name),
        list(exports)
    )]
    NoStart {
        /// The program.
        name: String,
        /// What it would be run by.
        entry: &'static str,
        /// Its exported functions, each with its type.
        exports: Vec<String>,
    },
    /// The named export is not there or cannot be called.
    #[error(
        "{} has no exported function `{}`; it has {}",
        printable(name),
        printable(export),
        list(exports)
    )]
    NoExport {
        /// The program.
        name: String,
        /// The name asked for.
        export: String,
        /// Its exported functions, each with its type.
        exports: Vec<String>,
    },
    /// The arguments do not fit the export.
    #[error("cannot call `{}`: {}", printable(export), printable(problem))]
    Arguments {
        /// The export, with its type.
        export: String,
        /// What does not fit.
        problem: String,
    },
    /// A module cannot be preloaded.
    #[error("{} cannot be preloaded: {}", printable(name), printable(cause))]
    Preload {
        /// The module.
        name: String,
        /// Why.
        cause: String,
    },
    /// The host could not provide what was asked for.
    #[error("{}", printable(.0))]
    Host(String),
}

/// What can be done about imports that nobody provides.
fn advice(imports: &[String]) -> &'static str {
    let any = |text| imports.iter().any(|it| it.contains(text));
    if any("component imports instance `wasi:http/") {
        "; -S http lets it send HTTP requests"
    } else if any("component imports instance") {
        "; with -W unknown-imports-trap it runs until it calls what is not there"
    } else if any("incompatible import type") {
        ""
    } else if imports.iter().all(|it| it.ends_with("(a function)")) {
        "; --preload NAME=MODULE gives it the exports of a module, and with -W unknown-imports-trap it runs until it calls one"
    } else {
        "; --preload NAME=MODULE gives it the exports of a module"
    }
}

fn list(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|it| printable(it)).collect();
    match &names[..] {
        [] => "none".into(),
        [first @ .., last] if names.len() <= 12 => {
            let mut out = first.join(", ");
            if !out.is_empty() {
                out.push_str(" and ");
            }
            out + last
        }
        many => format!("{} and {} more", many[..10].join(", "), many.len() - 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_version_is_the_one_that_is_pinned() {
        let manifest = include_str!("../../../Cargo.toml");
        let pinned = format!("wasmtime = {{ version = \"={WASMTIME_VERSION}\"");
        assert!(manifest.contains(&pinned), "{pinned}");
    }
}
