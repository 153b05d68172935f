//! What a command is.

use crate::call::Call;
use crate::console::{Console, Flow};
use crate::output::Output;

/// A command.
pub struct Command {
    /// Its full name, then what else it is called: by gdb, by LLDB, for short. A name may have several words.
    pub names: &'static [&'static str],
    /// What comes after the name, as a reader of help sees it. May be empty.
    pub arguments: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What else there is to say, with examples. May be empty.
    pub help: &'static str,
    /// What its arguments are.
    pub completes: Completes,
    /// What it cannot do without.
    pub needs: Needs,
    /// What an empty line does after it.
    pub repeats: Repeats,
    pub(crate) run: fn(&mut Console, &Call<'_>, &mut dyn Output) -> Result<Flow, Failure>,
}

/// What the arguments of a command are, for who completes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completes {
    /// Nothing that is known.
    Nothing,
    /// The name of a command.
    Command,
    /// A place in the code: a function, a file with a line.
    Place,
    /// A source file.
    Source,
    /// A function.
    Function,
    /// An expression.
    Expression,
    /// The name of a type.
    Type,
    /// The number of a breakpoint.
    Breakpoint,
    /// The number of a display.
    Display,
    /// The name of a setting.
    Setting,
    /// A file of the front end's machine.
    Path,
}

/// What a command cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// It can always run.
    Nothing,
    /// A program with frames: one that runs, or the dump of one.
    Frames,
    /// A program that can run: no core dump. It stays where it is.
    Program,
    /// The same, and it runs meanwhile.
    Execution,
}

/// What an empty line does after a command, where a person types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// Nothing.
    No,
    /// The same again.
    Same,
    /// The same without arguments: what goes on where it ended.
    Onwards,
}

/// Commands that belong together.
pub struct Group {
    /// Its name, for `help`.
    pub name: &'static str,
    /// What it is about, in a line.
    pub summary: &'static str,
    /// Its commands, in the order in which a person reads about them.
    pub commands: &'static [Command],
}

impl Command {
    /// The first of its names.
    pub fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }
}

/// Why a command did nothing, or not all: words for people, on one line or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure(pub(crate) String);

impl From<wdb_debuggee::Error> for Failure {
    fn from(error: wdb_debuggee::Error) -> Self {
        Failure(error.to_string())
    }
}

impl From<wdb_session::Error> for Failure {
    fn from(error: wdb_session::Error) -> Self {
        Failure(error.to_string())
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Failure(message.to_owned())
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Failure(message)
    }
}
