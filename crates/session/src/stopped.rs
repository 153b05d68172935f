//! Why a program is stopped again.

use std::fmt;
use std::sync::Arc;

use wdb_debuggee::coredump::{Crash, Exception, Slot};
use wdb_examine::view::View;
use wdb_examine::{expression, tags};
use wdb_symbols::printable;

use crate::breakpoints::Breakpoint;
use crate::error::Error;

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
    /// A breakpoint was hit: what it was then. One that is temporary is deleted now.
    Breakpoint(Arc<Breakpoint>),
    /// The condition of a breakpoint could not be evaluated.
    Condition {
        /// The breakpoint.
        breakpoint: Arc<Breakpoint>,
        /// What is wrong with it.
        error: Error,
    },
    /// A step has come to where it was to come.
    Step,
    /// A function has returned, as was asked for; with what, if that is known.
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
    /// The user asked it to stop.
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

impl Reason {
    /// A sentence about it, safe for a terminal, without what the reason has as data besides: the error of a condition,
    /// the payload of an exception. `None`: the place of the program says it, or what a function has
    /// returned. Of a crash `wdb_report` says more.
    pub fn describe(&self, view: &mut View<'_>) -> Option<String> {
        Some(match self {
            Reason::Started => "the program has run nothing yet".to_owned(),
            Reason::Breakpoint(breakpoint) => {
                let word = if breakpoint.temporary {
                    "temporary "
                } else {
                    ""
                };
                let text = printable(&breakpoint.text);
                format!("{word}breakpoint {}, {text}", breakpoint.id)
            }
            Reason::Condition { breakpoint, .. } => {
                format!(
                    "breakpoint {}: cannot evaluate its condition",
                    breakpoint.id
                )
            }
            Reason::Abandoned(why) => format!("the call was given up: {}", printable(why)),
            Reason::Thrown { exception, caught } => {
                // One without a name has its number.
                let name = tags::tag_name(view, exception);
                let name = name.map_or_else(String::new, |name| match name.parse::<u32>() {
                    Ok(tag) => format!(" with tag {tag}"),
                    Err(_) => format!(" `{}`", printable(&name)),
                });
                let end = if *caught {
                    "a frame catches it"
                } else {
                    "nothing catches it"
                };
                format!("an exception{name} was thrown; {end}")
            }
            Reason::Exited(code) => format!("the program has ended with exit code {code}"),
            Reason::Interrupted | Reason::Crash(_) => self.to_string(),
            Reason::Step | Reason::Finished(_) | Reason::Returned(_) => return None,
        })
    }
}

/// In a few words: what a line of status has room for.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Started => "not started",
            Reason::Breakpoint(breakpoint) => return write!(f, "breakpoint {}", breakpoint.id),
            Reason::Condition { breakpoint, .. } => {
                return write!(f, "breakpoint {}: its condition is wrong", breakpoint.id);
            }
            Reason::Step => "stepped",
            Reason::Finished(_) => "finished",
            Reason::Returned(_) => "the call has returned",
            Reason::Abandoned(_) => "the call was given up",
            Reason::Thrown { .. } => "an exception is thrown",
            Reason::Interrupted => "interrupted",
            Reason::Crash(_) => "crashed",
            Reason::Exited(code) => return write!(f, "ended with {code}"),
        })
    }
}

/// Takes the messages of log points, in order, while the program runs.
pub type LogSink = Arc<dyn Fn(&str) + Send + Sync>;

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
