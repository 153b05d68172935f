//! Commands about the stack and what is in its frames.

use wdb_debuggee::coredump::{Missing, Slot};
use wdb_symbols::glob;
use wdb_symbols::printable;

use crate::call::{Call, Flag, Options, number};
use crate::console::{COMMAND, Command, Completes, Console, Flow, Group, Needs, Repeats};
use crate::failure::Failure;
use crate::format::Format;
use crate::frames::{self, Wanted};
use crate::output::{Output, Style};
use crate::{stopped, values};
use wdb_examine::expression;
use wdb_examine::variables::{self, Which};

pub(super) const GROUP: Group = Group {
    name: "stack",
    summary: "frames, and the variables in them",
    commands: &[
        Command {
            names: &["backtrace", "bt", "where", "info stack", "thread backtrace"],
            arguments: "[N|-N] [full] [all]",
            summary: "shows the frames that are on the stack, innermost first",
            help: "Frames of the language's runtime and rounds of a recursion are folded, as in a report. `all` shows each on a
line of its own. N: only the N innermost lines; -N: only the N outermost. `full`: with the locals of each.

backtrace
backtrace 5
bt full
bt all",
            needs: Needs::Frames,
            run: backtrace,
            ..COMMAND
        },
        Command {
            names: &["frame", "f", "frame select"],
            arguments: "[NUMBER|function NAME]",
            summary: "selects a frame, or shows the selected one",
            help: "Expressions, `info locals` and `list` are about the selected frame.

frame 2
frame function main",
            completes: Completes::Function,
            needs: Needs::Frames,
            run: frame,
            ..COMMAND
        },
        Command {
            names: &["up"],
            arguments: "[N]",
            summary: "selects the frame that called the selected one",
            needs: Needs::Frames,
            repeats: Repeats::Same,
            run: |console, call, out| move_by(console, call, wdb_session::Session::up, out),
            ..COMMAND
        },
        Command {
            names: &["down"],
            arguments: "[N]",
            summary: "selects the frame that the selected one called",
            needs: Needs::Frames,
            repeats: Repeats::Same,
            run: |console, call, out| move_by(console, call, wdb_session::Session::down, out),
            ..COMMAND
        },
        Command {
            names: &["info frame", "frame info"],
            summary: "shows all that is known of the selected frame but its variables",
            needs: Needs::Frames,
            run: info_frame,
            ..COMMAND
        },
        Command {
            names: &["info locals"],
            summary: "shows the local variables of the selected frame",
            needs: Needs::Frames,
            run: |console, call, out| {
                call.none()?;
                variables(console, Shown::Locals, out)
            },
            ..COMMAND
        },
        Command {
            names: &["info args"],
            summary: "shows the arguments of the selected frame",
            needs: Needs::Frames,
            run: |console, call, out| {
                call.none()?;
                variables(console, Shown::Arguments, out)
            },
            ..COMMAND
        },
        Command {
            names: &["frame variable", "v"],
            arguments: "[--no-args] [--no-locals] [--format FORMAT] [EXPRESSION…]",
            summary: "shows the arguments and locals of the selected frame, or some of them",
            help: "frame variable\nframe variable count node->next\nframe variable -f x flags",
            completes: Completes::Expression,
            needs: Needs::Frames,
            run: frame_variable,
            ..COMMAND
        },
        Command {
            names: &["info statics", "info variables", "target variable"],
            arguments: "[PATTERN]",
            summary: "shows the statics of the source file that the selected frame is in",
            help: "Those whose names have a text in them; in PATTERN `*` stands for any text.\n\ninfo statics\ninfo statics count",
            completes: Completes::Expression,
            needs: Needs::Frames,
            run: statics,
            ..COMMAND
        },
        Command {
            names: &["info registers", "register read", "info all-registers"],
            summary: "shows the WebAssembly locals and operands of the selected frame",
            help: "What registers are to other machines. `print $local.name` and `print $stack[0]` compute with them.",
            needs: Needs::Frames,
            run: registers,
            ..COMMAND
        },
        Command {
            names: &["info threads", "thread list"],
            summary: "lists the threads of the program",
            needs: Needs::Frames,
            run: threads,
            ..COMMAND
        },
        Command {
            names: &["thread", "thread select"],
            arguments: "[NUMBER]",
            summary: "selects a thread, or shows the selected one",
            help: "thread 1",
            needs: Needs::Frames,
            run: thread,
            ..COMMAND
        },
    ],
};

fn backtrace(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let flags: &[Flag] = &[
        Flag::valued("count", 'c'),
        Flag::valued("extended", 'e'),
        Flag::bare("full", 'f'),
    ];
    let options = Options::parse(call.rest, flags)?;
    let mut wanted = Wanted {
        full: options.has("full"),
        ..Wanted::default()
    };
    if let Some(count) = options.value("count") {
        wanted.lines = Some(number(count)?.cast_signed());
    }
    let call = Call {
        rest: options.rest,
        ..*call
    };
    for word in call.words() {
        match word {
            "full" => wanted.full = true,
            "all" => wanted.every = true,
            word => match word.parse::<i64>() {
                Ok(count) => wanted.lines = Some(count),
                Err(_) => {
                    return Err(Failure(format!(
                        "`backtrace` takes a number, `full` and `all`, not `{word}`"
                    )));
                }
            },
        }
    }
    let settings = console.settings.clone();
    let (mut view, selected) = console.here()?;
    frames::backtrace(&mut view, selected.thread, selected, wanted, &settings, out);
    Ok(Flow::Go)
}

fn frame(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    if call.rest.is_empty() {
        stopped::place(console, out);
        return Ok(Flow::Go);
    }
    if let Some(name) = call.rest.strip_prefix("function ") {
        let (mut view, selected) = console.here()?;
        let entries = wdb_examine::frames::entries(&mut view, selected.thread);
        let wanted = name.trim();
        let found = entries.iter().find_map(|entry| match entry {
            wdb_examine::frames::Entry::Frame(frame) if is_called(&frame.function, wanted) => {
                Some(frame.index)
            }
            _ => None,
        });
        let found =
            found.ok_or_else(|| Failure(format!("no frame is of a function `{wanted}`")))?;
        select(console, found, out)?;
    } else {
        let number = number(call.rest)?;
        let number = u32::try_from(number).map_err(|_| "there is no such frame")?;
        select(console, number, out)?;
    }
    Ok(Flow::Go)
}

/// Selects the frame that a backtrace gives this number, and shows it.
pub(super) fn select(
    console: &mut Console,
    number: u32,
    out: &mut dyn Output,
) -> Result<(), Failure> {
    console.session.select_number(number)?;
    console.forget_places();
    stopped::place(console, out);
    Ok(())
}

/// Whether a name is that of a function, without its namespaces, parameters and arguments of its type.
fn is_called(function: &str, name: &str) -> bool {
    let bare = function.split(['(', '<']).next().unwrap_or_default();
    function == name || bare == name || bare.rsplit("::").next() == Some(name)
}

fn move_by(
    console: &mut Console,
    call: &Call<'_>,
    step: fn(
        &mut wdb_session::Session,
        u32,
    ) -> Result<wdb_examine::view::FrameId, wdb_session::Error>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let count = u32::try_from(call.count(1)?).unwrap_or(u32::MAX);
    step(&mut console.session, count)?;
    console.forget_places();
    stopped::place(console, out);
    Ok(Flow::Go)
}

fn info_frame(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    call.none()?;
    let settings = console.settings.clone();
    let (mut view, id) = console.here()?;
    let Some(frame) = frames::frame(&mut view, id) else {
        return Err("there is no frame".into());
    };
    frames::line(&mut view, &frame, &settings, out);
    let mut fact = |name: &str, value: &str| {
        out.write(Style::Name, &format!("      {name:<12}"));
        out.write(Style::Plain, &format!("{value}\n"));
    };
    let threads = view.threads();
    if let Some(thread) = threads.get(id.thread) {
        fact(
            "thread",
            &format!("{} ({})", id.thread, printable(&thread.name)),
        );
    }
    let modules = view.modules();
    if let Some(module) = modules.get(frame.module.position()) {
        fact("module", &printable(&module.record.name));
    }
    fact("instance", &frame.instance.0.to_string());
    let outer = if frame.inlined {
        "inlined into"
    } else {
        "function"
    };
    let name = view.function_name(frame.module, frame.func);
    fact(
        outer,
        &format!("{} (index {})", printable(&name), frame.func),
    );
    if let Some(at) = frame.at {
        fact("instruction", &format!("{at} in the module"));
    }
    let activation = view.frame(id);
    let binary = view.binary(frame.module);
    if let Some(offset) = activation
        .as_ref()
        .and_then(|it| it.function_offset(binary))
    {
        fact("", &format!("{offset} in the function"));
    }
    if let Some(family) = frame.family {
        fact("belongs to", &family.to_string());
    }
    match activation.map(|it| it.trust) {
        Some(wdb_debuggee::Trust::Assumed) => fact("certainty", "something of it was assumed"),
        Some(wdb_debuggee::Trust::Doubtful) => fact("certainty", "it does not fit its module"),
        _ => {}
    }
    Ok(Flow::Go)
}

/// Which variables a command shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Arguments,
    Locals,
    Both,
}

fn variables(console: &mut Console, shown: Shown, out: &mut dyn Output) -> Result<Flow, Failure> {
    let limits = frames::of_line(&console.settings.limits);
    let (mut view, id) = console.here()?;
    let which = if shown == Shown::Arguments {
        Which::Arguments
    } else {
        Which::Locals
    };
    let mut found = variables::of_frame(&mut view, id, which, &limits);
    let is_argument = |it: &variables::Valued| it.kind == wdb_symbols::VariableKind::Parameter;
    if shown == Shown::Locals {
        found.retain(|it| !is_argument(it));
    }
    if found.is_empty() {
        let what = match shown {
            Shown::Arguments => "arguments",
            Shown::Locals => "locals",
            Shown::Both => "variables",
        };
        let place = view.place(id);
        let spot = place.as_ref().and_then(|it| it.chain.get(id.inlined));
        let has_symbols = spot.is_some_and(|it| it.location.line.is_some());
        let unfound = view
            .frame(id)
            .and_then(|it| crate::words::without_file(&view, it.module));
        out.line(&match unfound {
            _ if has_symbols => format!("the frame has no {what}"),
            Some(unfound) => format!("the frame's {what} are not known: {unfound}"),
            None => format!(
                "the frame has no {what}: its module has no debug information; `info registers` shows WebAssembly's locals"
            ),
        });
        return Ok(Flow::Go);
    }
    out.text(&wdb_report::variables(&found));
    Ok(Flow::Go)
}

fn frame_variable(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let flags: &[Flag] = &[
        Flag::valued("format", 'f'),
        Flag::bare("no-args", 'a'),
        Flag::bare("no-locals", 'l'),
        Flag::bare("show-types", 'T'),
    ];
    let is_lldb = call.rest.starts_with('-');
    let options = if is_lldb {
        Options::parse(call.rest, flags)?
    } else {
        Options::none(call.rest)
    };
    let text = options.rest;
    if text.is_empty() {
        let shown = match (options.has("no-args"), options.has("no-locals")) {
            (true, true) => return Ok(Flow::Go),
            (true, false) => Shown::Locals,
            (false, true) => Shown::Arguments,
            (false, false) => Shown::Both,
        };
        return variables(console, shown, out);
    }
    let format = Format::parse(options.value("format").and_then(|it| it.get(..1)))?;
    let limits = console.settings.limits;
    let (mut view, frame) = console.here()?;
    // Several are apart, where the line is not one expression that has spaces in it.
    let several: Vec<&str> = text.split_whitespace().collect();
    let is_expression = |it: &&str| expression::parse(it).is_ok();
    let expressions = if is_expression(&text) || !several.iter().all(is_expression) {
        vec![text]
    } else {
        several
    };
    for expression in expressions {
        let found = values::evaluate(&mut view, frame, expression)?;
        let shown = values::shown(&mut view, expression, &found, format, &limits);
        out.text(&shown);
    }
    Ok(Flow::Go)
}

fn statics(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    let limits = frames::of_line(&console.settings.limits);
    let (mut view, id) = console.here()?;
    let mut found = variables::statics(&mut view, id, &limits);
    if found.is_empty() {
        out.line("the source file of the frame has no statics");
        return Ok(Flow::Go);
    }
    let pattern = crate::words::pattern(call.rest);
    found.retain(|it| glob::matches(&pattern, &it.tree.name));
    if found.is_empty() {
        return Err(Failure(format!(
            "no static of the source file of the frame has a name like `{}`; `print NAME` finds others",
            call.rest
        )));
    }
    out.text(&wdb_report::variables(&found));
    Ok(Flow::Go)
}

fn registers(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    call.none()?;
    let (mut view, id) = console.here()?;
    let Some(frame) = view.frame(id) else {
        return Err("there is no frame".into());
    };
    let place = view.place(id);
    for (index, slot) in frame.locals.iter().enumerate() {
        let declared = place.as_ref().and_then(|it| it.locals.get(index));
        let name = declared.and_then(|it| it.0.as_deref()).unwrap_or_default();
        let ty = declared.map_or("", |it| it.1.as_str());
        out.write(Style::Dim, &format!("local {index:<4}"));
        out.write(Style::Plain, &format!("{ty:<5} "));
        if !name.is_empty() {
            out.write(Style::Name, &format!("{} ", printable(name)));
        }
        slot_value(slot, out);
    }
    if frame.locals.is_empty() {
        out.line("the function has no locals, or they were not recorded");
    }
    match &frame.stack {
        None => out.line("the operand stack was not recorded"),
        Some(stack) if stack.is_empty() => out.line("the operand stack is empty"),
        Some(stack) => {
            for (index, slot) in stack.iter().enumerate() {
                out.write(Style::Dim, &format!("stack {index:<4}"));
                slot_value(slot, out);
            }
        }
    }
    Ok(Flow::Go)
}

/// `= 42`, or why there is no value.
pub(super) fn slot_value(slot: &Slot, out: &mut dyn Output) {
    match slot {
        Slot::Known(value) => {
            out.write(Style::Plain, "= ");
            out.write(Style::Value, &wdb_examine::value::text(value));
        }
        Slot::Inferred(value, _) => {
            out.write(Style::Plain, "= ");
            out.write(Style::Value, &wdb_examine::value::text(value));
            out.write(Style::Dim, " (inferred)");
        }
        Slot::Missing(missing) => {
            let why = match missing {
                Missing::NotRecorded => "not recorded",
                Missing::Filler => "the engine wrote a filler in its place",
                Missing::Damaged => "damaged in the dump",
            };
            out.write(Style::Dim, &format!("({why})"));
        }
    }
    out.write(Style::Plain, "\n");
}

fn threads(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    call.none()?;
    let settings = console.settings.clone();
    let (mut view, selected) = console.here()?;
    for (position, thread) in view.threads().iter().enumerate() {
        let mark = if position == selected.thread {
            "> "
        } else {
            "  "
        };
        out.write(Style::Mark, mark);
        out.write(Style::Plain, &format!("{position}  "));
        out.write(Style::Name, &format!("{}  ", printable(&thread.name)));
        let innermost = stopped::innermost(position);
        match frames::frame(&mut view, innermost) {
            Some(frame) => frames::line(&mut view, &frame, &settings, out),
            None => out.line("no frames"),
        }
    }
    Ok(Flow::Go)
}

fn thread(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    if !call.rest.is_empty() {
        let position = number(call.rest)?;
        let thread = usize::try_from(position).unwrap_or(usize::MAX);
        let chosen = console.session.select(stopped::innermost(thread));
        chosen.map_err(|_| Failure(format!("there is no thread {position} with frames")))?;
        console.forget_places();
    }
    let (mut view, selected) = console.here()?;
    let name = view
        .threads()
        .get(selected.thread)
        .map(|it| it.name.clone());
    let name = name.unwrap_or_default();
    out.line(&format!(
        "thread {} ({})",
        selected.thread,
        printable(&name)
    ));
    stopped::place(console, out);
    Ok(Flow::Go)
}
