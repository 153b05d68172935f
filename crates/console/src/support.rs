//! Commands about the debugger itself.

use wdb_symbols::printable;

use crate::call::Call;
use crate::console::{COMMAND, Command, Completes, Console, DEEPEST, Flow, Group};
use crate::failure::Failure;
use crate::output::{Output, Style, Switch};
use crate::settings::{self, SETTINGS};
use crate::{defining, help};

pub(super) const GROUP: Group = Group {
    name: "support",
    summary: "the debugger itself",
    commands: &[
        Command {
            names: &["help", "h"],
            arguments: "[COMMAND|GROUP]",
            summary: "lists the commands, or shows what one does",
            help: "help\nhelp break\nhelp data",
            completes: Completes::Command,
            run: |console, call, out| {
                match console.own.get(call.rest) {
                    Some(own) => defining::definition(call.rest, own, out),
                    None => help::show(console.groups, call.rest, out)?,
                }
                Ok(Flow::Go)
            },
            ..COMMAND
        },
        Command {
            names: &["apropos"],
            arguments: "TEXT",
            summary: "lists the commands whose names or help have a text in them",
            help: "apropos memory",
            run: |console, call, out| {
                help::about(console.groups, call.required("a text to look for")?, out)?;
                Ok(Flow::Go)
            },
            ..COMMAND
        },
        Command {
            names: &["show", "settings show"],
            arguments: "[SETTING]",
            summary: "shows the settings, or one of them",
            help: "show\nshow print elements",
            completes: Completes::Setting,
            run: show,
            ..COMMAND
        },
        Command {
            names: &["info", "i"],
            arguments: "WHAT",
            summary: "lists what there is to know: `info locals`, `info breakpoints`, …",
            completes: Completes::Command,
            run: info,
            ..COMMAND
        },
        Command {
            names: &["source", "command source"],
            arguments: "FILE",
            summary: "executes the commands in a file, up to the first that fails",
            completes: Completes::Path,
            run: script,
            ..COMMAND
        },
        Command {
            names: &["define"],
            arguments: "NAME",
            summary: "makes a command of one's own, of the lines up to `end`",
            help: "In its lines `$arg0`, `$arg1`, … are the words behind the name, `$argc` is how many there are, and `$*` is all of
them.

define entry
  print *table->buckets[$arg0]
  backtrace 3
end
entry 4",
            run: defining::define,
            ..COMMAND
        },
        Command {
            names: &["alias", "command alias"],
            arguments: "NAME = COMMAND",
            summary: "gives a command another name",
            help: "What follows the name goes to the command.\n\nalias nn = next 2\nalias px = print/x",
            run: defining::alias,
            ..COMMAND
        },
        Command {
            names: &["show user", "show alias"],
            summary: "lists the commands of one's own",
            run: defining::show,
            ..COMMAND
        },
        Command {
            names: &["handle", "process handle"],
            arguments: "SIGNAL ACTION…",
            summary: "does nothing: a WebAssembly program gets no signals",
            help: "It is there for scripts that were written for gdb and LLDB.",
            run: |_, _, _| Ok(Flow::Go),
            ..COMMAND
        },
        Command {
            names: &["echo"],
            arguments: "TEXT",
            summary: "writes a text",
            help: "For the output of scripts. `\\n` ends a line, `\\\\` is a backslash; without a `\\n` at its end\nthe line goes on.\n\necho the list is empty\\n",
            run: echo,
            ..COMMAND
        },
        Command {
            names: &["tui", "tui enable", "gui"],
            summary: "fills the screen: source, variables, stack, breakpoints, output",
            help: "The line for commands is at the bottom; F1 shows the keys, and F2 or `tui disable` goes back.",
            run: |_, call, out| full_screen(call, out, Switch::On),
            ..COMMAND
        },
        Command {
            names: &["tui disable"],
            summary: "goes back from the full screen to the line editor",
            run: |_, call, out| full_screen(call, out, Switch::Off),
            ..COMMAND
        },
        Command {
            names: &["quit", "q", "exit"],
            arguments: "[STATUS]",
            summary: "ends the debugger, and the program with it",
            help: "STATUS is the exit status of the debugger; 0 without one.",
            run: quit,
            ..COMMAND
        },
    ],
};

fn show(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    let mut found = false;
    for setting in SETTINGS {
        if setting.name.starts_with(call.rest) || setting.alias == call.rest {
            out.write(Style::Name, setting.name);
            out.write(Style::Plain, " = ");
            out.write(Style::Value, &setting.show(&console.settings));
            out.write(Style::Dim, &format!("  {}\n", setting.summary));
            found = true;
        }
    }
    if found {
        return Ok(Flow::Go);
    }
    if let Some(absent) = settings::absent(call.rest) {
        out.line(absent.instead);
        return Ok(Flow::Go);
    }
    if settings::is_known(call.rest) {
        out.line(&format!(
            "{} is a setting that changes nothing here",
            printable(call.rest)
        ));
        return Ok(Flow::Go);
    }
    Err(no_setting(call.rest))
}

pub(super) fn no_setting(text: &str) -> Failure {
    let names = SETTINGS.iter().map(|it| it.name);
    let near = crate::lookup::near(text, names, "`show` lists them");
    Failure(format!("there is no setting `{text}`{near}"))
}

fn echo(_: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    let mut text = String::new();
    let mut chars = call.rest.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(other) => text.push(other),
                None => {}
            },
            c => text.push(c),
        }
    }
    out.write(Style::Plain, &text);
    Ok(Flow::Go)
}

fn full_screen(call: &Call<'_>, out: &mut dyn Output, switch: Switch) -> Result<Flow, Failure> {
    call.none()?;
    out.full_screen(switch)?;
    Ok(Flow::Go)
}

fn quit(_: &mut Console, call: &Call<'_>, _: &mut dyn Output) -> Result<Flow, Failure> {
    match call.rest {
        "" => Ok(Flow::Quit(0)),
        text => match text.parse::<u8>() {
            Ok(status) => Ok(Flow::Quit(i32::from(status))),
            Err(_) => Err("an exit status is a number from 0 to 255".into()),
        },
    }
}

fn info(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    if call.rest.is_empty() {
        help::show(console.groups, "info", out)?;
        return Ok(Flow::Go);
    }
    Err(crate::lookup::no_such(console.groups, "info", call.rest))
}

fn script(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    let path = call.required("a file of commands")?;
    let path = crate::call::first_word(path).unwrap_or_default().0;
    let text = out.files()?.script(path.as_ref())?;
    if console.scripts == DEEPEST {
        return Err("files of commands nest too deeply".into());
    }
    console.scripts += 1;
    let mut flow = Flow::Go;
    for (number, line) in (1..).zip(text.lines()) {
        flow = console.execute(line, out);
        match flow {
            Flow::Go | Flow::NeedsMore => {}
            Flow::Quit(_) => break,
            Flow::Failed => {
                out.write(
                    Style::Error,
                    &format!("{path}:{number}: the rest is not executed\n"),
                );
                break;
            }
        }
    }
    console.scripts -= 1;
    Ok(flow)
}
