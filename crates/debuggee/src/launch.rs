//! How a program is started, in whatever engine.
//!
//! An [`Engine`] prepares a [`Program`]: it compiles and links it, which can take minutes. What it gives can be launched
//! any number of times, each with an [`Invocation`] of its own. A [`Compilation`] does that on a thread of its own. Until a program is prepared, [`Unlaunched`] stands for
//! it: its modules are known, so that places in its code can be found.

mod blocking_input;
mod compilation;
mod error;
mod program;
mod streams;
mod unlaunched;

pub use blocking_input::BlockingInput;
pub use compilation::Compilation;
pub use error::{Advice, LaunchError};
pub use program::{
    Directory, EachLimit, File, Limits, Network, Preload, Program, UnknownImports, Wasi, now,
    record,
};
pub use streams::{Input, Output, Sink, Stream};
pub use unlaunched::Unlaunched;

use crate::Debuggee;

/// What runs programs.
pub trait Engine: Send + Sync {
    /// Compiles and links `program`. Returns when that is done: a caller that does not want to wait calls it on a thread of
    /// its own. `arguments` are those of the first launch, so that wrong ones are reported before the code is compiled.
    ///
    /// # Errors
    ///
    /// What keeps the program from ever starting.
    fn prepare(
        &self,
        program: &Program,
        arguments: &[String],
    ) -> Result<Box<dyn Prepared>, LaunchError>;
}

/// A program, ready to be launched, any number of times.
pub trait Prepared: Send {
    /// Launches it, and stops it before its first instruction. It can [execute](Debuggee::execute).
    ///
    /// # Errors
    ///
    /// When the arguments do not fit the export that is called, or when the host cannot provide what the program
    /// needs: a directory, a thread.
    fn launch(&self, invocation: &Invocation) -> Result<Box<dyn Debuggee>, LaunchError>;
}

/// What one launch gives to a program.
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    /// Its arguments, without its own name; or those of the export that is called.
    pub arguments: Vec<String>,
    /// Its environment, each name once.
    pub environment: Vec<(String, String)>,
    /// Where its standard input comes from.
    pub input: Input,
    /// Where its standard output and error go.
    pub output: Output,
}
