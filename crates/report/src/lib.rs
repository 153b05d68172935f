//! The crash report as plain data: what happened, where, and in which source line.
//!
//! [`build`] makes a report of a debuggee; [`text()`] and [`json()`] render it. A report needs a
//! [`Resolver`](wdb_examine::Resolver) for debug information and source files, because this crate does no I/O.

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

/// What else is known about the run, and what the report should contain.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// The end of the guest's standard error. Empty: unknown. A panic message is searched here first.
    pub guest_stderr: &'a [u8],
    /// Which variables the frames should have.
    pub variables: Which,
    /// Whether all frames should have variables, not only the frames that the folded text shows.
    pub every_frame: bool,
    /// Expressions to evaluate, in the innermost frame of user code.
    pub expressions: &'a [String],
}

/// A crash report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The program's name. May be empty.
    pub program: String,
    /// Its arguments; the first is its name. Empty: not recorded.
    pub arguments: Vec<String>,
    /// The process id of the engine.
    pub pid: Option<u32>,
    /// When it happened: milliseconds since 1970-01-01 UTC.
    pub time: Option<u64>,
    /// The producers of the dump: name and version.
    pub producers: Vec<String>,
    /// Why it is stopped. `None`: it has not crashed.
    pub reason: Option<CrashReason>,
    /// What Rust's panic handler said.
    pub panic: Option<Panic>,
    /// What the state proves about the cause.
    pub diagnosis: Option<Diagnosis>,
    /// Other useful facts that the state shows.
    pub circumstances: Vec<Diagnosis>,
    /// Its modules, in the debuggee's order.
    pub modules: Vec<Module>,
    /// The module of each of its instances.
    pub instances: Vec<ModuleId>,
    /// Its threads, the crashed one first.
    pub threads: Vec<Thread>,
    /// The statics of the units that have frames of user code on the crashed thread.
    pub statics: Vec<Statics>,
    /// The values of the expressions of the options, in the same order.
    pub evaluations: Vec<Evaluation>,
    /// Some lines of the source around the place of the crash.
    pub source: Option<Source>,
    /// Sentences about missing information and assumptions.
    pub notes: Vec<String>,
}

/// Why a program is stopped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Why {
    /// The reason. `None`: it has not crashed.
    pub reason: Option<CrashReason>,
    /// What Rust's panic handler said.
    pub panic: Option<Panic>,
    /// What the state proves about the cause.
    pub diagnosis: Option<Diagnosis>,
    /// Other useful facts that the state shows.
    pub circumstances: Vec<Diagnosis>,
}

/// The reason of a crash.
#[derive(Clone, Debug, PartialEq)]
pub struct CrashReason {
    /// The kind of crash.
    pub kind: CrashKind,
    /// Its stable name, from [`wdb_debuggee::coredump::code`]. Empty: unknown.
    pub code: String,
    /// What happened, in terms that programmers know, with values if they are proven.
    pub message: String,
    /// The message of the engine. May be empty.
    pub engine_message: String,
    /// For an error from a host call: its causes, outermost first.
    pub causes: Vec<String>,
    /// Whether it was inferred from the instruction, because the producer of the dump did not record it.
    pub inferred: bool,
}

/// A Rust panic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panic {
    /// The message; may have several lines.
    pub message: String,
    /// The name of Rust's thread.
    pub thread: Option<String>,
    /// The source file, as the compiler recorded it.
    pub file: String,
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// A module of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Its name for the producer.
    pub name: String,
    /// The file that it was loaded from.
    pub path: Option<String>,
    /// Its build id.
    pub build_id: Option<Vec<u8>>,
    /// SHA-256 of the core module.
    pub sha256: Option<[u8; 32]>,
    /// Whether its binary was available for this report.
    pub at_hand: bool,
}

/// A thread.
#[derive(Clone, Debug, PartialEq)]
pub struct Thread {
    /// Its name.
    pub name: String,
    /// Whether the crash happened on it.
    pub crashed: bool,
    /// Its stack, innermost frame first.
    pub entries: Vec<Entry>,
}

/// The statics of a unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Statics {
    /// The module of the unit.
    pub module: ModuleId,
    /// The source file of the innermost frame of the unit.
    pub file: String,
    /// The statics.
    pub variables: Vec<Valued>,
}

/// An expression and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The expression.
    pub expression: String,
    /// Its value; or an error of several lines, with a mark at the place in the expression.
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
    /// The line of the crash.
    pub line: u32,
    /// The column of the crash, from 1, in bytes. `None`: unknown.
    pub column: Option<u32>,
    /// The function.
    pub function: String,
    /// The names in the line, with their values.
    pub values: Vec<(String, String)>,
}
