//! The commands of the debugger: one table, whichever front end reads the lines.
//!
//! A [`Command`] has its names, those of gdb and of LLDB, and its help, from which `docs/commands.md` is
//! generated; a [`Console`] executes lines on a [`Session`](crate::session::Session) and writes to an [`Output`].

mod absent;
mod assignment;
mod breaking;
mod call;
mod completion;
mod console;
mod data;
mod directories;
mod format;
mod frames;
mod given;
mod help;
mod lookup;
mod memory;
mod named;
mod output;
mod own;
mod placing;
mod program;
mod running;
mod saving;
mod settings;
mod source;
mod stack;
mod stopped;
mod support;
mod typed;

pub use call::Call;
pub use completion::Completion;
use console::{Collecting, Collects};
pub use console::{Console, Flow};
pub use data::displayed;
pub use help::reference;
pub use output::{Code, Output, Style};
pub use settings::Settings;

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

/// Every command.
pub static GROUPS: &[Group] = &[
    running::GROUP,
    breaking::GROUP,
    stack::GROUP,
    data::GROUP,
    source::GROUP,
    program::GROUP,
    support::GROUP,
];

/// All commands, in the order of [`GROUPS`].
pub fn commands() -> impl Iterator<Item = &'static Command> {
    GROUPS.iter().flat_map(|it| it.commands)
}

/// The command that a line executes, and what the line says to it. None where no command is meant.
pub fn find(line: &str) -> Option<(&'static Command, Call<'_>)> {
    lookup::find(line).ok()
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

impl From<wdb_target::Error> for Failure {
    fn from(error: wdb_target::Error) -> Self {
        Failure(error.to_string())
    }
}

impl From<crate::session::Error> for Failure {
    fn from(error: crate::session::Error) -> Self {
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

/// What names are held against where a person gives a part of them, or stars.
fn pattern(text: &str) -> String {
    match text.contains('*') {
        true => text.to_owned(),
        false => format!("*{text}*"),
    }
}

/// What is told where not all names are listed, and how to see them.
fn rest_of_list(command: &str, more: usize, out: &mut dyn Output) {
    if more > 0 {
        out.line(&format!(
            "… {more} more; `{command} TEXT` lists those with a text in their names, `set height unlimited` all"
        ));
    }
}

/// Items for a sentence: `a, b or c`.
fn list(items: &[String], last: &str) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., end] => format!("{} {last} {end}", rest.join(", ")),
    }
}
