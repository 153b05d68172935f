//! Help, on the terminal and as the document `docs/commands.md`.

use std::fmt::Write as _;

use crate::absent::ABSENT;
use crate::console::{Command, Group, Groups};
use crate::failure::Failure;
use crate::lookup;
use crate::output::{Output, Style};

/// What `help` says about `topic`: a command, a group, the first word of several names, or all if it is empty.
pub(super) fn show(groups: Groups, topic: &str, out: &mut dyn Output) -> Result<(), Failure> {
    if topic.is_empty() {
        for group in groups {
            out.title(&format!("{}: {}", group.name, group.summary));
            brief(group.commands.iter(), out);
            out.line("");
        }
        out.line("`help COMMAND` says more about one. Beginnings of names will do where they can mean only one.");
        return Ok(());
    }
    if let Some(group) = groups.iter().find(|it| it.name == topic) {
        out.title(&format!("{}: {}", group.name, group.summary));
        brief(group.commands.iter(), out);
        return Ok(());
    }
    let is_of_family = |command: &&Command| {
        let mut heads = command.names.iter().filter_map(|name| name.split_once(' '));
        heads.any(|(head, _)| head == topic)
    };
    let is_command = lookup::commands(groups).any(|it| it.names.contains(&topic));
    if lookup::commands(groups).any(|it| is_of_family(&it)) && (!is_command || topic == "info") {
        let is_own = |it: &&&str| it.split(' ').next() == Some(topic) && it.contains(' ');
        let own = lookup::commands(groups)
            .filter(is_of_family)
            .map(|command| {
                let name = command.names.iter().find(is_own);
                (name.copied().unwrap_or_default(), command)
            });
        lines(own, out);
        return Ok(());
    }
    let (command, _) = lookup::find(groups, topic)?;
    whole(command, out);
    Ok(())
}

/// The commands that have `text` in a name or in what there is to say about them.
pub(super) fn about(groups: Groups, text: &str, out: &mut dyn Output) -> Result<(), Failure> {
    let text = text.to_lowercase();
    let has = |it: &&str| it.to_lowercase().contains(&text);
    let found: Vec<_> = lookup::commands(groups)
        .filter(|it| [it.summary, it.help].iter().chain(it.names).any(has))
        .collect();
    let absent = ABSENT.iter().filter(|it| it.names.iter().any(has));
    let absent: Vec<_> = absent.collect();
    if found.is_empty() && absent.is_empty() {
        return Err(Failure(format!("no command is about `{text}`")));
    }
    brief(found.into_iter(), out);
    for absent in absent {
        let name = absent.names.first().copied().unwrap_or_default();
        out.write(Style::Name, &format!("  {name:<18}"));
        out.line(&format!(" {}", absent.instead));
    }
    Ok(())
}

fn brief(commands: impl Iterator<Item = &'static Command>, out: &mut dyn Output) {
    lines(commands.map(|it| (it.name(), it)), out);
}

/// A line for each command, under one of its names.
fn lines(commands: impl Iterator<Item = (&'static str, &'static Command)>, out: &mut dyn Output) {
    let commands: Vec<_> = commands.collect();
    let longest = commands.iter().map(|it| it.0.len()).max().unwrap_or(0);
    let width = longest.max(18);
    for (name, command) in commands {
        out.write(Style::Name, &format!("  {name:<width$}"));
        out.line(&format!(" {}", command.summary));
    }
}

fn whole(command: &Command, out: &mut dyn Output) {
    out.write(Style::Name, command.name());
    if !command.arguments.is_empty() {
        out.write(Style::Plain, &format!(" {}", command.arguments));
    }
    out.line("");
    out.line(&format!("  {}.", capitalised(command.summary)));
    if command.names.len() > 1 {
        out.line(&format!("  Also: {}.", command.names[1..].join(", ")));
    }
    if !command.help.is_empty() {
        out.line("");
        for line in command.help.lines() {
            let indent = if line.is_empty() { "" } else { "  " };
            out.line(&format!("{indent}{line}"));
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// The reference of all commands, as Markdown: the text of `docs/commands.md`.
pub(super) fn reference(groups: Groups) -> String {
    let mut out = String::from(
        "# Commands\n\nGenerated from the table of commands; a test holds the two together.\n",
    );
    for Group {
        name,
        summary,
        commands,
    } in groups
    {
        let _ = write!(
            out,
            "\n## {}\n\n{}.\n",
            capitalised(name),
            capitalised(summary)
        );
        for command in *commands {
            let arguments = match command.arguments {
                "" => String::new(),
                arguments => format!(" {arguments}"),
            };
            let _ = write!(
                out,
                "\n### `{}{arguments}`\n\n{}.\n",
                command.name(),
                capitalised(command.summary)
            );
            if command.names.len() > 1 {
                let also: Vec<String> = command.names[1..]
                    .iter()
                    .map(|it| format!("`{it}`"))
                    .collect();
                let _ = write!(out, "\nAlso {}.\n", crate::words::list(&also, "and"));
            }
            for paragraph in command.help.split("\n\n").filter(|it| !it.is_empty()) {
                let paragraph = paragraph.trim_end();
                let _ = if is_example(groups, paragraph) {
                    write!(out, "\n```text\n{paragraph}\n```\n")
                } else {
                    write!(out, "\n{paragraph}\n")
                };
            }
        }
    }
    out.push_str("\n## Not there yet\n\nCommands of gdb and LLDB that wdb does not have, and what to use instead.\n\n");
    out.push_str("| command | instead |\n|---|---|\n");
    for absent in ABSENT {
        let names: Vec<String> = absent.names.iter().map(|it| format!("`{it}`")).collect();
        let _ = writeln!(out, "| {} | {} |", names.join(", "), absent.instead);
    }
    out
}

/// Whether a paragraph of help is lines to type: it begins with the name of a command, as no sentence does.
fn is_example(groups: Groups, paragraph: &str) -> bool {
    let is_name = |name: &&str| {
        let head = name.split(' ').next().unwrap_or_default();
        let rest = paragraph.strip_prefix(head);
        rest.is_some_and(|it| it.is_empty() || it.starts_with([' ', '\n', '/']))
    };
    lookup::commands(groups).any(|it| it.names.iter().any(is_name))
}
