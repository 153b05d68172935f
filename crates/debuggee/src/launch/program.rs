//! What to run, what it may see of the world, and what stops it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use wdb_coredump::{Process, Producer};

use crate::Module;

/// A program, and all that does not change from one launch to the next.
#[derive(Clone, Debug)]
pub struct Program {
    /// What is run.
    pub main: File,
    /// Modules that are instantiated before it, in this order: it, and those after them, can import what they export.
    pub preloads: Vec<Preload>,
    /// What becomes of imports that nothing provides.
    pub unknown_imports: UnknownImports,
    /// The export to call instead of `_start`.
    pub invoke: Option<String>,
    /// The name that it is given as its own. `None`: that of its file.
    pub name: Option<String>,
    /// What it may see of the world.
    pub wasi: Wasi,
    /// What stops it.
    pub limits: Limits,
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
    /// A module that is in it, as a debuggee has it.
    pub fn module(&self, binary: &Arc<wdb_module::Module>) -> Module {
        Module {
            record: self.record(binary),
            binary: Some(Arc::clone(binary)),
        }
    }

    /// What a dump records of a module that is in it.
    pub fn record(&self, binary: &wdb_module::Module) -> wdb_coredump::Module {
        let path = self.path.as_ref();
        let path = path.map(|it| it.to_string_lossy().into_owned());
        record(binary, &self.name, path)
    }
}

/// What a dump records of a module: its own name, or that of its file, with the place of one that is nested in a
/// component.
pub fn record(
    binary: &wdb_module::Module,
    file: &str,
    path: Option<String>,
) -> wdb_coredump::Module {
    let file_offset = binary.file_offset().0;
    wdb_coredump::Module {
        name: match binary.name() {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ if file_offset == 0 => file.to_owned(),
            _ => format!("{file}@{file_offset:#x}"),
        },
        path,
        sha256: Some(binary.sha256()),
        build_id: binary.build_id().map(<[u8]>::to_vec),
        file_offset,
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

/// What becomes of functions and other imports that nothing provides. Without either the program is not run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnknownImports {
    /// Functions trap when they are called.
    pub trap: bool,
    /// Functions that do not trap return zeros and nulls, everything else is zero or empty (modules only).
    pub default: bool,
}

impl Program {
    /// A program that is only a file: without directories and limits.
    pub fn new(main: File) -> Program {
        Program {
            main,
            preloads: Vec::new(),
            unknown_imports: UnknownImports::default(),
            invoke: None,
            name: None,
            wasi: Wasi::default(),
            limits: Limits::default(),
        }
    }

    /// The program's own file, then the others.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        let preloads = self.preloads.iter().map(|it| &it.file);
        std::iter::once(&self.main).chain(preloads)
    }

    /// What the program is given as its arguments, its own name first. Where an export is called, `arguments` are that
    /// one's.
    pub fn words(&self, arguments: &[String]) -> Vec<String> {
        let name = self.name.as_ref().unwrap_or(&self.main.name);
        let own = match self.invoke {
            Some(_) => &[],
            None => arguments,
        };
        std::iter::once(name).chain(own).cloned().collect()
    }

    /// What is known of a launch before it begins. An engine adds itself to the producers.
    pub fn process(&self, arguments: &[String]) -> Process {
        Process {
            arguments: self.words(arguments),
            pid: Some(std::process::id()),
            time: now(),
            producers: vec![Producer {
                name: "wdb".into(),
                version: env!("CARGO_PKG_VERSION").into(),
            }],
        }
    }
}

/// The time, as a dump records it.
pub fn now() -> Option<u64> {
    let time = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()?;
    time.as_millis().try_into().ok()
}

/// What a program may see of the world.
#[derive(Clone, Debug, Default)]
pub struct Wasi {
    /// The directories it can open.
    pub directories: Vec<Directory>,
    /// Its working directory, as it sees it (components only).
    pub working_directory: Option<String>,
    /// What it may use of the network of the host (components only).
    pub network: Network,
    /// Whether it may send HTTP requests, to any address (components only).
    pub http: bool,
}

/// What a program may use of the network.
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
    /// Sockets, but no address that they could be used with.
    fn default() -> Self {
        Network {
            addresses: false,
            names: false,
            tcp: true,
            udp: true,
        }
    }
}

/// A directory of the host that the program can open.
#[derive(Clone, Debug)]
pub struct Directory {
    /// Where it is.
    pub host: PathBuf,
    /// What the program calls it.
    pub guest: String,
}

/// What stops a program that would go on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Bytes that all linear memories together may have; it ends when it wants more.
    pub memory: Option<u64>,
    /// Bytes that a linear memory may have, and elements that a table may have. It can grow no further, and the program sees that.
    pub each: EachLimit,
    /// Units of work, about one for each instruction. What a unit is may differ between engines.
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
    /// The program ends where a memory or table cannot grow, instead of being told.
    pub trap: bool,
}
