//! What is printed when the program stops.

use wdb_symbols::printable;

use crate::console::{Console, Flow};
use crate::failure::Failure;
use crate::output::{Output, Style};
use crate::{displays, frames, source};
use wdb_examine::expression;
use wdb_examine::view::FrameId;
use wdb_report::Title;
use wdb_session::Reason;
use wdb_session::ReturnValue;
use wdb_session::Returned;
use wdb_session::Stopped;

/// Says why the program is stopped and where, and what is displayed. The commands of the breakpoints that
/// were hit come next.
pub(super) fn show(console: &mut Console, stopped: &Stopped, out: &mut dyn Output) -> Flow {
    console.forget_places();
    let commands = stopped.reasons.iter().filter_map(|reason| match reason {
        Reason::Breakpoint(breakpoint) => Some(breakpoint.commands.clone()),
        _ => None,
    });
    let mut commands: Vec<String> = commands.flatten().collect();
    let is_silent = commands.first().is_some_and(|it| it.trim() == "silent");
    if is_silent {
        commands.remove(0);
    }
    console.queue = commands.into();
    if !is_silent {
        tell(console, stopped, out);
    }
    Flow::Go
}

/// Why the program is stopped, and where.
pub(super) fn tell(console: &mut Console, stopped: &Stopped, out: &mut dyn Output) {
    let mut place = true;
    // The crash reports an uncaught exception.
    let is_crash = |it: &Reason| matches!(it, Reason::Crash(_));
    let crashed = stopped.reasons.iter().any(is_crash);
    let is_told = |it: &&Reason| !(crashed && matches!(it, Reason::Thrown { .. }));
    for reason in stopped.reasons.iter().filter(is_told) {
        place &= self::reason(console, reason, out);
    }
    if place && console.session.selected().is_some() {
        self::place(console, out);
        displays::show_displays(console, out);
    }
}

/// Prints one reason. Gives whether the place of the program is printed, too.
fn reason(console: &mut Console, reason: &Reason, out: &mut dyn Output) -> bool {
    let text = reason.describe(&mut console.session.view());
    let text = text.unwrap_or_default();
    match reason {
        Reason::Started => {
            out.line(&format!("{text}; `run` runs it"));
            return false;
        }
        Reason::Condition { error, .. } => {
            out.write(Style::Error, &format!("{text}: "));
            out.line(&Failure::from(error.clone()).0);
        }
        Reason::Finished(Some(value)) => returned(console, value, out),
        Reason::Returned(value) => {
            returned(console, value, out);
            return false;
        }
        Reason::Crash(_) => crash(console, out),
        Reason::Step | Reason::Finished(None) => {}
        _ => out.title(&text),
    }
    let Reason::Exited(_) = reason else {
        return true;
    };
    let results = console.session.results();
    if !results.is_empty() {
        out.write(Style::Plain, "it has returned ");
        out.write(Style::Value, &printable(&results.join(", ")));
        out.write(Style::Plain, "\n");
    }
    false
}

/// What a function has returned.
fn returned(console: &mut Console, returned: &Returned, out: &mut dyn Output) {
    let values = match &returned.value {
        ReturnValue::Nothing | ReturnValue::OptimisedOut => String::new(),
        ReturnValue::Typed(value) => {
            console.session.keep(value);
            let limits = console.settings.limits;
            let mut view = console.session.view();
            let short = expression::with_context(&mut view, value.frame, |context| {
                context.short(&value.object, &limits)
            });
            short.0
        }
        ReturnValue::Raw(values) => {
            let known = values.iter().filter_map(|it| it.value());
            known
                .map(wdb_examine::value::text)
                .collect::<Vec<_>>()
                .join(", ")
        }
    };
    out.write(Style::Name, &printable(&returned.function));
    match (&returned.value, values.is_empty()) {
        (ReturnValue::OptimisedOut, _) => out.line(" has returned; its value is optimised out"),
        (_, true) => out.line(" has returned"),
        (_, false) => {
            out.write(Style::Plain, " has returned ");
            out.write(Style::Value, &values);
            out.write(Style::Plain, "\n");
        }
    }
}

/// The crash in the words of a report.
fn crash(console: &mut Console, out: &mut dyn Output) {
    let Some(Title {
        label,
        title,
        remarks,
    }) = Title::of_crash(&mut console.session.view())
    else {
        return;
    };
    out.write(Style::Error, &format!("{label}: "));
    out.title(&title);
    for (label, text) in remarks {
        out.write(Style::Note, &format!("  {label}: "));
        out.line(&text.replace('\n', "\n    "));
    }
}

/// The selected frame and its source line, or its instruction.
pub(super) fn place(console: &mut Console, out: &mut dyn Output) {
    let settings = console.settings.clone();
    let at_instruction = console.at_instruction;
    let Ok((mut view, id)) = console.here() else {
        return;
    };
    let Some(frame) = frames::frame(&mut view, id) else {
        return;
    };
    frames::line(&mut view, &frame, &settings, out);
    let has_source = source::around(&mut view, &frame, &settings, out);
    if !has_source || at_instruction {
        source::instruction(&mut view, id, out);
    }
}

/// The innermost frame of a thread.
pub(super) fn innermost(thread: usize) -> FrameId {
    FrameId {
        thread,
        ..FrameId::default()
    }
}
