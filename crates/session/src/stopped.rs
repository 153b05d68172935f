//! Why a program is stopped again.

use std::sync::Arc;

use wdb_debuggee::coredump::{Crash, Exception, Slot};
use wdb_examine::expression;

/// Why the program is stopped: everything that holds at once, what the user asked for first. May be
/// empty: that of a dump which does not say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stopped {
    /// The reasons.
    pub reasons: Vec<Reason>,
}

/// A reason to be stopped.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// It was launched and has run nothing yet.
    Started,
    /// A breakpoint was hit.
    Breakpoint {
        /// Its number.
        id: u32,
        /// What the front end is to do now.
        commands: Vec<String>,
    },
    /// The condition of a breakpoint could not be evaluated.
    Condition {
        /// The number of the breakpoint.
        id: u32,
        /// What is wrong with it, with the place.
        message: String,
    },
    /// A step has come to where it was to come.
    Step,
    /// A function has returned, as was asked for; with what, if that can be told.
    Finished(Option<Returned>),
    /// A function that the debugger called has returned.
    Returned(Returned),
    /// A function that the debugger called did not return, and why: a sentence's second half.
    Abandoned(String),
    /// An exception was thrown.
    Thrown {
        /// The exception.
        exception: Exception,
        /// Whether a frame catches it.
        caught: bool,
    },
    /// Somebody asked it to stop.
    Interrupted,
    /// It crashed and cannot go on.
    Crash(Crash),
    /// It ended with this exit code.
    Exited(i32),
}

impl Stopped {
    /// Whether a step came to its end, and nothing else happened: another one may follow.
    pub fn is_step(&self) -> bool {
        let done = |it: &Reason| matches!(it, Reason::Step | Reason::Finished(_));
        !self.reasons.is_empty() && self.reasons.iter().all(done)
    }

    /// Whether the program can run on.
    pub fn is_over(&self) -> bool {
        let over = |it: &Reason| matches!(it, Reason::Crash(_) | Reason::Exited(_));
        self.reasons.iter().any(over)
    }
}

/// Tells the messages of log points, in order, while the program runs.
pub type Teller = Arc<dyn Fn(&str) + Send + Sync>;

/// What a function has given back.
#[derive(Clone, Debug, PartialEq)]
pub struct Returned {
    /// Its name.
    pub function: String,
    /// Its result.
    pub value: ReturnValue,
}

/// The result of a function.
#[derive(Clone, Debug, PartialEq)]
pub enum ReturnValue {
    /// It has none.
    Nothing,
    /// As the source has it.
    Typed(expression::Value),
    /// As WebAssembly has it: what the source says of it is not known.
    Raw(Vec<Slot>),
    /// The source says that there is one, and the code does not give it back.
    OptimisedOut,
}
