//! What to run and how, and why that can fail before the guest's first instruction.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use wdb_coredump::{Process, Producer};

use crate::stdio::{Input, Output};

/// A program and all that it is given.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its name, for messages: usually the file it came from.
    pub name: String,
    /// The path that a dump records, so that a later report finds the module again.
    pub path: Option<PathBuf>,
    /// The module or component.
    pub binary: Arc<wdb_module::Binary>,
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

impl Program {
    /// The path, as a dump records it.
    pub(crate) fn path_text(&self) -> Option<String> {
        let path = self.path.as_ref()?;
        Some(path.to_string_lossy().into_owned())
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
    /// Whether it may use the network of the host (components only).
    pub network: bool,
    /// Where its standard input comes from.
    pub input: Input,
    /// Where its standard output and error go.
    pub output: Output,
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
    /// Bytes that all linear memories together may have.
    pub memory: Option<u64>,
    /// Units of wasmtime's fuel, about one an instruction.
    pub fuel: Option<u64>,
    /// Wall clock time.
    pub time: Option<Duration>,
    /// Bytes of the engine's call stack for WebAssembly frames.
    pub stack: Option<usize>,
}

/// How a guest runs, and so how much a dump of it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture {
    /// Under guest-debug instrumentation: every local and the operand stack of every frame.
    Full,
    /// As optimised code, at full speed: frames, globals and memories.
    Light,
}

/// Why a program could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The engine does not take the module.
    #[error("{name} is not a valid module for wasmtime: {cause}")]
    Invalid {
        /// The program.
        name: String,
        /// What the engine found, with the byte offset where it knows one.
        cause: String,
    },
    /// It needs something that is not WASI.
    #[error("{name} imports {}, which nobody here provides (wdb gives WASI preview 1 to modules and WASI preview 2 to components)", .imports.join(", "))]
    MissingImport {
        /// The program.
        name: String,
        /// Each as `module.name (what it is)`.
        imports: Vec<String>,
    },
    /// It has no `_start` and no export was named.
    #[error("{name} has no `_start` to run: it is a library. Name an export with --invoke; it has {}", list(.exports))]
    NoStart {
        /// The program.
        name: String,
        /// Its exported functions, each with its type.
        exports: Vec<String>,
    },
    /// The named export is not there or cannot be called.
    #[error("{name} has no exported function `{export}`; it has {}", list(.exports))]
    NoExport {
        /// The program.
        name: String,
        /// The name asked for.
        export: String,
        /// Its exported functions, each with its type.
        exports: Vec<String>,
    },
    /// The arguments do not fit the export.
    #[error("cannot call `{export}`: {problem}")]
    Arguments {
        /// The export, with its type.
        export: String,
        /// What does not fit.
        problem: String,
    },
    /// The host could not provide what was asked for.
    #[error("{0}")]
    Host(String),
}

fn list(exports: &[String]) -> String {
    match exports {
        [] => "none".into(),
        [first @ .., last] if exports.len() <= 12 => {
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
