//! Why the session could not do something.

use wdb_examine::expression;

/// Why something could not be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The debuggee is a core dump.
    #[error("a core dump cannot run")]
    CannotRun,
    /// The debuggee is a core dump.
    #[error("a core dump cannot be changed")]
    CannotChange,
    /// The command was given up before the program ran.
    #[error("given up")]
    GivenUp,
    /// The program has ended.
    #[error("the program has ended")]
    Ended,
    /// The program has crashed: it can be looked at, and cannot go on. What has become of it, as the rest of a sentence.
    #[error("the program {0} and cannot go on")]
    Crashed(&'static str),
    /// A function that the user called has crashed.
    #[error("the call has crashed and cannot go on")]
    CallCrashed,
    /// The program has not started.
    #[error("the program has not started")]
    NotStarted,
    /// The engine cannot call functions of the program.
    #[error("no function of this program can be called by the debugger")]
    CannotCall,
    /// The debuggee does not do it.
    #[error("{0}")]
    Debuggee(#[from] wdb_debuggee::Error),
    /// An expression is wrong; where, in its text.
    #[error("{}", error.show(text))]
    Expression {
        /// What is wrong with it.
        error: expression::Error,
        /// The expression.
        text: String,
    },
    /// It cannot be done, and why.
    #[error("{0}")]
    Refused(String),
}
