//! The commands of the debugger: one table, whichever front end reads the lines.
//!
//! A [`Command`] has its names, those of gdb and of LLDB, and its help, from which `docs/commands.md` is
//! generated; a [`Console`] executes lines on a [`Session`](wdb_session::Session) and writes to an [`Output`].

mod absent;
mod action;
mod breaking;
mod call;
mod calling;
mod completion;
mod console;
mod data;
mod defining;
mod directories;
mod displays;
mod execute;
mod failure;
mod format;
mod frames;
mod given;
mod help;
pub mod listing;
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
mod table;
mod typed;
mod values;
mod words;

pub use action::Action;
pub use call::Call;
pub use completion::Completion;
pub use console::{Command, Completes, Console, Flow, Group, Needs, Repeats};
pub use output::{Code, Files, Output, Style, Switch, Text};
pub use settings::Settings;
pub use table::{GROUPS, commands, find, reference};
