//! Where a program's standard input comes from, and where its standard output and error go.

use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, Mutex};

use super::BlockingInput;

/// One of the two streams that a program writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Its standard output.
    Stdout,
    /// Its standard error.
    Stderr,
}

/// What takes what a program writes, on the program's thread.
pub trait Sink: Send + Sync {
    /// Takes all of `bytes`.
    ///
    /// # Errors
    ///
    /// The program gets the error.
    fn write(&self, stream: Stream, bytes: &[u8]) -> io::Result<()>;

    /// Whether the program is to believe that it writes to a terminal: its library then holds no line back.
    fn is_terminal(&self, stream: Stream) -> bool;
}

/// Where a program's standard output and error go.
#[derive(Clone, Default)]
pub enum Output {
    /// To those of this process.
    #[default]
    Inherited,
    /// To a sink.
    To(Arc<dyn Sink>),
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Output::Inherited => "Inherited",
            Output::To(_) => "To(_)",
        })
    }
}

/// Where a program's standard input comes from.
#[derive(Clone, Default)]
pub enum Input {
    /// From that of this process.
    #[default]
    Inherited,
    /// There is none: it is at its end from the beginning.
    Empty,
    /// From a file or the like, whose reads do not wait.
    Reader(Arc<Mutex<dyn Read + Send>>),
    /// From where reads may wait.
    Blocking(BlockingInput),
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Input::Inherited => "Inherited",
            Input::Empty => "Empty",
            Input::Reader(_) => "Reader(_)",
            Input::Blocking(_) => "Blocking(_)",
        })
    }
}
