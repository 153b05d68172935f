//! The one table of commands.

use wdb_session::Session;

use crate::call::Call;
use crate::console::{Command, Console, Group};
use crate::{breaking, data, help, lookup, program, running, source, stack, support};

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
    lookup::commands(GROUPS)
}

/// The command that a line executes, and what the line says to it. None where no command is meant.
pub fn find(line: &str) -> Option<(&'static Command, Call<'_>)> {
    lookup::find(GROUPS, line).ok()
}

/// The reference of all commands, as Markdown: the text of `docs/commands.md`.
pub fn reference() -> String {
    help::reference(GROUPS)
}

impl Console {
    /// A console for a session. What log points log goes where [`Session::log_to`] says.
    pub fn new(session: Session) -> Self {
        Console::with(GROUPS, session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::Completes;
    use crate::failure::Failure;
    use crate::lookup::stands_for;

    fn find(line: &str) -> Result<(&'static Command, Call<'_>), Failure> {
        lookup::find(GROUPS, line)
    }

    fn with_place(line: &str) -> Option<(&'static Command, Call<'_>)> {
        lookup::with_place(GROUPS, line)
    }

    /// Whether what follows a command can be the name of a variable, a function, a type or a file.
    fn takes_names(command: &Command) -> bool {
        matches!(
            command.completes,
            Completes::Place | Completes::Expression | Completes::Function | Completes::Type
        )
    }

    /// What a program may call a variable or a function: a letter, and the words of commands with their beginnings.
    fn possible_names() -> Vec<String> {
        let mut names: Vec<String> = ('a'..='z').map(String::from).collect();
        let words = commands().flat_map(|it| it.names.iter().flat_map(|it| it.split(' ')));
        for word in words.filter(|it| !it.contains('-')) {
            names.extend((1..=word.len()).map(|end| word[..end].to_owned()));
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    #[test]
    fn what_follows_a_short_command_is_no_part_of_its_name() {
        let names = possible_names();
        for command in commands().filter(|it| takes_names(it)) {
            let short = command.names.iter().filter(|it| !it.contains(' '));
            for beginning in short.flat_map(|it| (1..=it.len()).map(|end| &it[..end])) {
                let is_whole = commands().any(|command| {
                    let heads = command.names.iter().filter_map(|it| it.split_once(' '));
                    heads.into_iter().any(|it| it.0 == beginning)
                });
                // Of the beginnings of `breakpoint`, `br` is looked up in the program: see `with_place`.
                let is_known = stands_for(beginning).is_some();
                let Ok((alone, _)) = find(beginning) else {
                    continue;
                };
                if !takes_names(alone) || is_whole || is_known {
                    continue;
                }
                for name in &names {
                    let line = format!("{beginning} {name}");
                    let (found, call) = find(&line).unwrap();
                    assert!(std::ptr::eq(found, alone), "{line}: {}", found.name());
                    assert_eq!(call.rest, name, "{line}");
                }
            }
        }
        for (line, command) in [
            ("p c", "print"),
            ("p k", "print"),
            ("pr c", "print"),
            ("b list.c:95", "break"),
            ("break set.c:4", "break"),
            ("b delete", "break"),
            ("u env", "until"),
            ("s info", "step"),
            ("c source", "continue"),
            ("r read", "run"),
            ("pro st", "info program"),
            ("br s -n main", "break"),
            ("br l", "info breakpoints"),
            ("i lo", "info locals"),
            ("f v x", "frame variable"),
            ("t l", "info threads"),
            ("set args += 1", "set"),
            ("set args.x = 1", "set"),
            ("set args --depth 3", "set args"),
        ] {
            assert_eq!(find(line).unwrap().0.name(), command, "{line}");
        }
        for line in ["br list", "br set", "br delete", "br l if x == 3"] {
            let (command, call) = with_place(line).unwrap();
            assert_eq!(command.name(), "break");
            assert!(line.ends_with(call.rest));
        }
    }

    #[test]
    fn a_command_that_is_not_there_says_what_to_use() {
        for line in [
            "watch x",
            "w s v x",
            "info watchpoints",
            "thread apply all bt",
            "t apply all bt",
            "frame apply all p x",
            "python print(1)",
            "target remote :1234",
            "reverse-step",
            "printf \"%d\", x",
        ] {
            let Err(Failure(message)) = find(line) else {
                panic!("{line} is a command");
            };
            assert!(message.contains('`'), "{line}: {message}");
            assert!(!message.contains("did you mean"), "{line}: {message}");
        }
        for absent in crate::absent::ABSENT {
            for name in absent.names {
                assert!(
                    commands().all(|it| !it.names.contains(name)),
                    "{name} is there"
                );
                let Err(Failure(message)) = find(name) else {
                    panic!("{name} is a command");
                };
                assert_eq!(message, absent.instead, "{name}");
            }
            // What is named instead is there.
            for named in absent.instead.split('`').skip(1).step_by(2) {
                let is_itself = absent.names.contains(&named);
                let is_of_start = named.starts_with("wdb ") || named.starts_with("--");
                let is_there = is_itself || is_of_start || find(named).is_ok();
                assert!(is_there, "`{named}` in {}", absent.instead);
            }
        }
    }
}
