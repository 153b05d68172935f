//! The crash report: what happened, where, in whose source line, as plain data.
//!
//! [`build`] asks a debuggee; [`text()`] and [`json()`] render. A report needs a [`Resolver`](wdb_examine::Resolver) for
//! debug information and source files, because nothing here does I/O.

mod build;
mod diagnosis;
mod evidence;
mod json;
mod names;
mod operation;
mod panic;
mod reason;
mod snippet;
pub mod styled;
mod text;
mod values;
mod variables;
mod words;

use wdb_debuggee::coredump::{CrashKind, ModuleId};

use wdb_examine::frames::Entry;
use wdb_examine::variables::{Valued, Which};

pub use build::build;
pub use build::{lacking, why};
pub use diagnosis::Diagnosis;
pub use json::json;
pub use text::{Description, Shown, Title, aside, describe, text};
pub use variables::evaluations;
pub use words::{memory_size, thousands};

pub use variables::{list as variables, locals, value};

/// What else is known of the run, and what is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// The end of what the guest wrote to its standard error. Empty: unknown. A panic message is
    /// looked for here first.
    pub guest_stderr: &'a [u8],
    /// Which variables the frames shall have.
    pub variables: Which,
    /// Whether all frames shall have them, and not only those that the text shows when it folds.
    pub every_frame: bool,
    /// Expressions to evaluate, in the youngest frame of the program's own code.
    pub expressions: &'a [String],
}

/// A crash report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The program's name. May be empty.
    pub program: String,
    /// Its arguments, its own name first. Empty: not recorded.
    pub arguments: Vec<String>,
    /// The process id of the engine.
    pub pid: Option<u32>,
    /// When it happened: milliseconds since 1970-01-01 UTC.
    pub time: Option<u64>,
    /// What wrote the dump, name and version.
    pub producers: Vec<String>,
    /// Why it is stopped. `None`: it has not crashed.
    pub reason: Option<Reason>,
    /// What Rust's panic handler said.
    pub panic: Option<Panic>,
    /// What the state proves about the cause.
    pub diagnosis: Option<Diagnosis>,
    /// What else the state shows that is worth knowing.
    pub circumstances: Vec<Diagnosis>,
    /// Its modules, in the debuggee's order.
    pub modules: Vec<Module>,
    /// The module of each of its instances.
    pub instances: Vec<ModuleId>,
    /// Its threads, the crashed one first.
    pub threads: Vec<Thread>,
    /// The statics of the units that have frames of the program's own code on the crashed thread.
    pub statics: Vec<Statics>,
    /// The values of the expressions that were asked for, in their order.
    pub evaluations: Vec<Evaluation>,
    /// Some lines of the source around the place of the crash.
    pub source: Option<Source>,
    /// What the report lacks and what was assumed: sentences.
    pub notes: Vec<String>,
}

/// Why a program is stopped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Why {
    /// The reason. `None`: it has not crashed.
    pub reason: Option<Reason>,
    /// What Rust's panic handler said.
    pub panic: Option<Panic>,
    /// What the state proves about the cause.
    pub diagnosis: Option<Diagnosis>,
    /// What else the state shows that is worth knowing.
    pub circumstances: Vec<Diagnosis>,
}

/// The crash, in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// The kind of crash.
    pub kind: CrashKind,
    /// Its stable name, from [`wdb_debuggee::coredump::code`]. Empty: unknown.
    pub code: String,
    /// What happened, in words a programmer knows, with the values where they are proven.
    pub message: String,
    /// The engine's own words. May be empty.
    pub engine_message: String,
    /// For an error from a host call: what caused it, outermost first.
    pub causes: Vec<String>,
    /// Whether it was concluded from the instruction, because the producer of the dump did not say.
    pub inferred: bool,
}

/// A Rust panic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panic {
    /// The message; may have several lines.
    pub message: String,
    /// The name of Rust's thread.
    pub thread: Option<String>,
    /// The source file, as the compiler knew it.
    pub file: String,
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// A module of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// What the producer called it.
    pub name: String,
    /// The file it came from.
    pub path: Option<String>,
    /// Its build id.
    pub build_id: Option<Vec<u8>>,
    /// SHA-256 of the core module.
    pub sha256: Option<[u8; 32]>,
    /// Whether it was at hand for this report.
    pub at_hand: bool,
}

/// A thread.
#[derive(Clone, Debug, PartialEq)]
pub struct Thread {
    /// Its name.
    pub name: String,
    /// Whether the crash happened on it.
    pub crashed: bool,
    /// What is on its stack, youngest first.
    pub entries: Vec<Entry>,
}

/// The statics of a unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Statics {
    /// The module of the unit.
    pub module: ModuleId,
    /// The source file that the youngest frame of the unit is in.
    pub file: String,
    /// The statics.
    pub variables: Vec<Valued>,
}

/// An expression and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The expression.
    pub expression: String,
    /// Its value; or what is wrong with it, with the place marked, on several lines.
    pub value: Result<Valued, String>,
}

/// Some lines of a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file.
    pub file: String,
    /// The number of the first of the lines.
    pub first_line: u32,
    /// The lines, without their ends.
    pub lines: Vec<String>,
    /// The line with the spot.
    pub line: u32,
    /// The column of the spot, from 1, in bytes. `None`: unknown.
    pub column: Option<u32>,
    /// The function.
    pub function: String,
    /// The values of what the line names, as the line names it.
    pub values: Vec<(String, String)>,
}
