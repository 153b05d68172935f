//! The one table of commands.

use crate::call::Call;
use crate::command::{Command, Group};
use crate::{breaking, data, lookup, program, running, source, stack, support};

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
