//! Why a program could not be started.

use wdb_module::printable::printable;

/// Why a program could not be started. Its text is one line, whatever is in the names of others.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The engine does not take the module.
    #[error(
        "{} is not a valid module for {engine}: {}",
        printable(name),
        printable(cause)
    )]
    Invalid {
        /// The program.
        name: String,
        /// The engine.
        engine: &'static str,
        /// What it found, with the byte offset where it knows one.
        cause: String,
    },
    /// It needs something that is not WASI and not preloaded.
    #[error(
        "{} imports {}, which wdb does not have (it gives WASI preview 1 to modules and WASI preview 2 to components)",
        printable(name),
        list(imports)
    )]
    MissingImport {
        /// The program.
        name: String,
        /// Each as `module.name (what it is)`.
        imports: Vec<String>,
        /// What can be done.
        advice: Option<Advice>,
    },
    /// An import is provided with another type.
    #[error("{} cannot be linked: {}", printable(name), printable(cause))]
    WrongImport {
        /// The program.
        name: String,
        /// Which import, and what does not fit.
        cause: String,
        /// What can be done.
        advice: Option<Advice>,
    },
    /// It has no `_start` and no export was named.
    #[error(
        "{} has no `{entry}` to run: it is a library, which exports {}",
        printable(name),
        if exports.is_empty() { "nothing".to_owned() } else { list(exports) }
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

/// What can be done about a program that cannot be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// To let the program send HTTP requests.
    Http,
    /// To run it until it calls what is not there.
    Trap,
    /// To preload a module.
    Preload,
    /// To preload a module, or to run it until it calls what is not there.
    PreloadOrTrap,
    /// To call one of its exports.
    Invoke,
}

impl LaunchError {
    /// What can be done, if that is known.
    pub fn advice(&self) -> Option<Advice> {
        match self {
            LaunchError::MissingImport { advice, .. } | LaunchError::WrongImport { advice, .. } => {
                *advice
            }
            LaunchError::NoStart { exports, .. } if !exports.is_empty() => Some(Advice::Invoke),
            _ => None,
        }
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
