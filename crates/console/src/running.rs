//! Commands that let the program run.

use wdb_symbols::printable;

use crate::call::{Call, first_word};
use crate::console::{COMMAND, Command, Completes, Console, Flow, Group, Needs, Repeats};
use crate::failure::Failure;
use crate::output::{Output, Style};
use crate::{given, stopped};
use wdb_examine::places;
use wdb_session::Motion;
use wdb_session::Reason;
use wdb_session::breakpoints::{Binding, NewBreakpoint, Trigger};

pub(super) const GROUP: Group = Group {
    name: "running",
    summary: "start the program, let it go on, step",
    commands: &[
        Command {
            names: &["run", "r", "process launch"],
            arguments: "[ARGUMENTS…]",
            summary: "runs the program from its beginning to the first reason to stop",
            help: "A program that has run already is started anew, with the same breakpoints and displays. Without ARGUMENTS it is
given those of the last time; the first time those that wdb was started with. `set args` without any takes them away.

run
run --depth 3 'two words'",
            needs: Needs::Execution,
            run,
            ..COMMAND
        },
        Command {
            names: &["start"],
            arguments: "[ARGUMENTS…]",
            summary: "runs the program from its beginning to its function `main`",
            help: "Where there is no `main`: to its first instruction.",
            needs: Needs::Execution,
            run: start,
            ..COMMAND
        },
        Command {
            names: &["restart", "kill", "k", "process kill"],
            summary: "ends the program and goes back to its beginning, where nothing has run yet",
            help: "Breakpoints, displays and settings stay. `run` does this by itself.",
            needs: Needs::Execution,
            run: restart,
            ..COMMAND
        },
        Command {
            names: &["set args"],
            arguments: "[ARGUMENTS…]",
            summary: "says with which arguments the program is started next",
            help: "As in a shell, quotes keep words together; nothing else of a shell is there.

set args --depth 3 'two words'",
            needs: Needs::Start,
            run: given::set_arguments,
            ..COMMAND
        },
        Command {
            names: &["show args"],
            summary: "shows with which arguments the program is started",
            help: "The arguments of a frame's function are shown by `info args`.",
            needs: Needs::Start,
            run: given::show_arguments,
            ..COMMAND
        },
        Command {
            names: &["set environment", "set env"],
            arguments: "NAME=VALUE",
            summary: "gives the program a variable of its environment, from its next start on",
            help: "set environment RUST_BACKTRACE=1",
            needs: Needs::Start,
            run: given::set_environment,
            ..COMMAND
        },
        Command {
            names: &["unset environment", "unset env"],
            arguments: "[NAME…]",
            summary: "takes variables from the program's environment, all without a name",
            needs: Needs::Start,
            run: given::unset_environment,
            ..COMMAND
        },
        Command {
            names: &["show environment", "show env"],
            arguments: "[NAME]",
            summary: "shows the program's environment, or a variable of it",
            needs: Needs::Start,
            run: given::show_environment,
            ..COMMAND
        },
        Command {
            names: &["tty", "set inferior-tty", "set tty"],
            arguments: "[DEVICE]",
            summary: "lets the program read from and write to another terminal, from its next start on",
            help: "Without DEVICE: to what wdb was started with. `tty` in a shell prints the name of its terminal.

tty /dev/pts/7",
            completes: Completes::Path,
            needs: Needs::Start,
            run: given::set_terminal,
            ..COMMAND
        },
        Command {
            names: &["show inferior-tty", "show tty"],
            summary: "shows which terminal the program has",
            needs: Needs::Start,
            run: given::show_terminal,
            ..COMMAND
        },
        Command {
            names: &["continue", "c", "fg", "process continue", "thread continue"],
            arguments: "[N]",
            summary: "lets the program go on to the next reason to stop",
            help: "N: the breakpoint where it is does not stop it the next N-1 times.",
            needs: Needs::Execution,
            repeats: Repeats::Same,
            run: continue_,
            ..COMMAND
        },
        Command {
            names: &["step", "s", "thread step-in", "sif"],
            arguments: "[N]",
            summary: "goes to the next line, into functions that are called",
            help: "Functions without source and those of the language's library are passed over; `skip` adds others.
A function that one of them calls back is entered: what `qsort` or `map` is given.",
            needs: Needs::Execution,
            repeats: Repeats::Same,
            run: |console, call, out| times(console, &Motion::Into, call, out),
            ..COMMAND
        },
        Command {
            names: &["next", "n", "thread step-over"],
            arguments: "[N]",
            summary: "goes to the next line, over functions that are called",
            needs: Needs::Execution,
            repeats: Repeats::Same,
            run: |console, call, out| times(console, &Motion::Over, call, out),
            ..COMMAND
        },
        Command {
            names: &["finish", "fin", "thread step-out"],
            summary: "goes on until the selected frame returns, and shows what it returns",
            needs: Needs::Execution,
            repeats: Repeats::Same,
            run: |console, call, out| {
                call.none()?;
                go(console, &Motion::Out, 1, out)
            },
            ..COMMAND
        },
        Command {
            names: &["until", "u", "thread until"],
            arguments: "[PLACE]",
            summary: "goes to a line further down, or to a place in this function: out of loops",
            help: "A place in this function is reached in this call of it: calls that the function makes to itself are passed over.
The program stops at the end of the function in any case.

until
until 42",
            completes: Completes::Place,
            needs: Needs::Execution,
            repeats: Repeats::Same,
            run: until,
        },
        Command {
            names: &["advance"],
            arguments: "PLACE",
            summary: "goes on to a place, wherever it is",
            help: "advance parse.c:120\nadvance flush",
            completes: Completes::Place,
            needs: Needs::Execution,
            run: advance,
            ..COMMAND
        },
        Command {
            names: &["stepi", "si", "thread step-inst"],
            arguments: "[N]",
            summary: "runs one WebAssembly instruction, into functions that are called",
            needs: Needs::Execution,
            repeats: Repeats::Same,
            run: |console, call, out| times(console, &Motion::Instruction, call, out),
            ..COMMAND
        },
        Command {
            names: &["nexti", "ni", "thread step-inst-over"],
            arguments: "[N]",
            summary: "runs one WebAssembly instruction, with all that it calls",
            needs: Needs::Execution,
            repeats: Repeats::Same,
            run: |console, call, out| times(console, &Motion::InstructionOver, call, out),
            ..COMMAND
        },
        Command {
            names: &["abandon", "thread return"],
            summary: "gives up a function that `call` has called and that has stopped",
            help: "Its frames are gone, and the program is where it was before. What it did to memory stays.",
            needs: Needs::Execution,
            run: abandon,
            ..COMMAND
        },
        Command {
            names: &["detach", "process detach"],
            summary: "lets the program run to its end without the debugger, which ends with its exit code",
            needs: Needs::Execution,
            run: detach,
            ..COMMAND
        },
        Command {
            names: &["skip"],
            arguments: "[function [NAME]|file [NAME]|runtime on|runtime off|delete]",
            summary: "says which functions and files `step` does not stop in",
            help: "Without anything: the function of the selected frame. The name of a function is as for `break`, and in names
`*` stands for any text. The runtime and the standard library of the language are passed over unless
`skip runtime off` says otherwise. `skip delete` takes back what was added.

skip
skip function std::*
skip file *.h
skip runtime off",
            completes: Completes::Function,
            run: skip,
            ..COMMAND
        },
        Command {
            names: &["info skip"],
            summary: "lists what `step` does not stop in",
            run: skips,
            ..COMMAND
        },
    ],
};

/// Lets the program go on, `count` times, and says why it is stopped.
pub(super) fn go(
    console: &mut Console,
    motion: &Motion,
    count: u64,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    renew(console, out)?;
    let stopped = console.session.run_times(motion, count)?;
    console.at_instruction = matches!(motion, Motion::Instruction | Motion::InstructionOver);
    let flow = stopped::show(console, &stopped, out);
    console.at_instruction = false;
    Ok(flow)
}

fn times(
    console: &mut Console,
    motion: &Motion,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    match call.count(1)? {
        0 => Ok(Flow::Go),
        count => go(console, motion, count, out),
    }
}

/// Whether the program has run nothing yet, and was given what it is to be given.
fn is_fresh(console: &Console) -> bool {
    let reasons = &console.session.stopped().reasons;
    reasons.contains(&Reason::Started) && !console.session.is_outdated()
}

/// Starts a program anew that has run nothing yet, and is to be given something else.
fn renew(console: &mut Console, out: &mut dyn Output) -> Result<(), Failure> {
    let reasons = &console.session.stopped().reasons;
    if reasons.contains(&Reason::Started) && console.session.is_outdated() {
        start_anew(console, out)?;
    }
    Ok(())
}

/// Starts the program anew, and says what was built anew and which breakpoints have no place in it.
fn start_anew(console: &mut Console, out: &mut dyn Output) -> Result<(), Failure> {
    let changed = console.session.restart()?;
    if changed.is_empty() {
        return Ok(());
    }
    for name in &changed {
        out.line(&format!(
            "`{}` has changed; it was read again",
            printable(name)
        ));
    }
    console.forget_places();
    for breakpoint in console.session.breakpoints().iter() {
        if let Binding::Pending(reason) = &breakpoint.binding {
            out.line(&format!(
                "breakpoint {} ({}) is pending: {}",
                breakpoint.id,
                printable(&breakpoint.text),
                printable(&reason.to_string())
            ));
        }
    }
    Ok(())
}

fn run(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    begin(console, call, out)?;
    go(console, &Motion::Continue, 1, out)
}

/// Runs the program from its beginning.
pub(super) fn run_anew(console: &mut Console, out: &mut dyn Output) -> Result<Flow, Failure> {
    if !is_fresh(console) {
        start_anew(console, out)?;
    }
    go(console, &Motion::Continue, 1, out)
}

/// Goes to the beginning of the program, with other arguments if there are any.
fn begin(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    // LLDB's `process launch -- ARGUMENTS`.
    let rest = match (call.name, call.rest.split_once("--")) {
        ("process launch", Some(("", rest))) => rest,
        _ => call.rest,
    };
    if !rest.trim().is_empty() {
        given::arguments(console, rest)?;
    }
    if !is_fresh(console) {
        start_anew(console, out)?;
    }
    Ok(())
}

fn start(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    begin(console, call, out)?;
    let spec = places::parse("main").map_err(|it| it.to_string())?;
    let main = places::resolve(&mut console.session.view(), &spec, None);
    let (text, trigger) = match main {
        Ok(_) => ("main", Trigger::Place(spec)),
        Err(_) => ("start", Trigger::Start),
    };
    let new = NewBreakpoint {
        temporary: true,
        ..NewBreakpoint::new(text, trigger)
    };
    crate::placing::add(console, new)?;
    go(console, &Motion::Continue, 1, out)
}

fn restart(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    call.none()?;
    start_anew(console, out)?;
    console.forget_places();
    out.line("the program is at its beginning; `run` runs it");
    Ok(Flow::Go)
}

fn continue_(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let count = call.count(1)?;
    if count > 1 {
        let reasons = console.session.stopped().reasons.clone();
        let hit = reasons.iter().find_map(|reason| match reason {
            Reason::Breakpoint(breakpoint) => Some(breakpoint.id),
            _ => None,
        });
        let breakpoint = hit.and_then(|id| console.session.breakpoints_mut().get_mut(id));
        let breakpoint =
            breakpoint.ok_or("the program is not at a breakpoint that could be passed over")?;
        breakpoint.ignore = count - 1;
    }
    go(console, &Motion::Continue, 1, out)
}

fn place(call: &Call<'_>) -> Result<places::Spec, Failure> {
    let text = call.required("a place: a line, a function, an *ADDRESS")?;
    places::parse(text).map_err(|unresolved| Failure(unresolved.to_string()))
}

fn until(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    let motion = match call.rest {
        "" => Motion::Until,
        _ => Motion::UntilPlace(place(call)?),
    };
    go(console, &motion, 1, out)
}

fn advance(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    go(console, &Motion::Advance(place(call)?), 1, out)
}

fn abandon(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    call.none()?;
    let stopped = console.session.abandon()?;
    Ok(stopped::show(console, &stopped, out))
}

fn detach(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    call.none()?;
    for breakpoint in console.session.breakpoints_mut().select_mut(|_| true) {
        breakpoint.enabled = false;
    }
    let stopped = console.session.run(Motion::Continue)?;
    let code = stopped.reasons.iter().find_map(|reason| match reason {
        Reason::Exited(code) => Some(*code),
        _ => None,
    });
    match code {
        Some(code) => Ok(Flow::Quit(code)),
        None => Ok(stopped::show(console, &stopped, out)),
    }
}

fn skip(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    let (what, name) = first_word(call.rest).unwrap_or(("function", ""));
    let (mut view, frame) = console.here()?;
    let place = view.place(frame);
    let spot = place.as_ref().and_then(|it| it.chain.get(frame.inlined));
    let function = spot.map(|it| it.function.clone());
    let file = spot.and_then(|it| it.location.file.clone());
    let name_or = |here: Option<String>| match name {
        "" => here.ok_or_else(|| Failure(format!("`skip {what}` needs a name here"))),
        name => Ok(name.to_owned()),
    };
    let skips = &mut console.session.skips;
    match what {
        "function" | "-fu" => {
            let name = name_or(function)?;
            out.line(&format!(
                "steps pass over the function `{}`",
                printable(&name)
            ));
            skips.functions.push(name);
        }
        "file" | "-fi" => {
            let name = name_or(file)?;
            out.line(&format!(
                "steps pass over the functions of `{}`",
                printable(&name)
            ));
            // A file is named by the end of its path.
            let is_whole = name.starts_with(['/', '*']);
            skips
                .files
                .push(if is_whole { name } else { format!("*{name}") });
        }
        "runtime" => match name {
            "on" => skips.runtime = true,
            "off" => skips.runtime = false,
            _ => return Err("`skip runtime` is `on` or `off`".into()),
        },
        "delete" => {
            skips.functions.clear();
            skips.files.clear();
        }
        name => {
            out.line(&format!(
                "steps pass over the function `{}`",
                printable(name)
            ));
            skips.functions.push(name.to_owned());
        }
    }
    Ok(Flow::Go)
}

fn skips(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    call.none()?;
    let skips = &console.session.skips;
    let runtime = if skips.runtime {
        "passed over"
    } else {
        "stopped in"
    };
    out.line(&format!(
        "the runtime and the standard library of the language are {runtime}"
    ));
    for (what, names) in [("function", &skips.functions), ("file", &skips.files)] {
        for name in names {
            out.write(Style::Dim, &format!("{what:<9}"));
            out.line(&printable(name));
        }
    }
    Ok(Flow::Go)
}
