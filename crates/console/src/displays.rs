//! Displays: expressions that are shown at each stop.

use std::ops::ControlFlow;

use wdb_examine::expression;
use wdb_session::displays::{Display, Displayed};
use wdb_symbols::printable;

use crate::call::{Call, Flag, Options, number};
use crate::console::{Console, Flow};
use crate::failure::{Failure, of_expression};
use crate::format::{Format, letter, with_options};
use crate::output::{Output, Style, Switch};
use crate::values::shown;
use crate::{lookup, source};

/// What LLDB calls a display.
pub(super) const STOP_HOOK: &str = "target stop-hook add";

pub(super) fn display(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    if call.name == STOP_HOOK {
        let options = Options::parse(call.rest, &[Flag::valued("one-liner", 'o')])?;
        if let Some(line) = options.value("one-liner") {
            return display(console, &shown_by(console, line)?, out);
        }
    }
    let (format, text) = with_options(call)?;
    if text.is_empty() {
        show_displays(console, out);
        return Ok(Flow::Go);
    }
    // What is no expression would be reported at each stop.
    let parsed = expression::parse(text).map_err(|error| of_expression(&error, text))?;
    let added = console.session.displays.add(parsed, format.notation);
    let added = added.clone();
    if console.session.selected().is_some() {
        let _ = show_display(console, &added, out);
    }
    Ok(Flow::Go)
}

/// The `display` that shows what a command line shows.
fn shown_by<'l>(console: &Console, line: &'l str) -> Result<Call<'l>, Failure> {
    let (_, call) = lookup::find(console.groups, line)?;
    match call.command {
        "print" | "frame variable" if !call.rest.is_empty() => Ok(call),
        _ => Err("at a stop only expressions are shown: `display EXPRESSION`; `commands` says what is executed where a breakpoint stops".into()),
    }
}

/// Shows the values of all displays.
pub(super) fn show_displays(console: &mut Console, out: &mut dyn Output) {
    for display in console.session.displays.all.clone() {
        if display.enabled && show_display(console, &display, out).is_break() {
            break;
        }
    }
}

/// Shows the value of a display. Breaks off when the user has given up a function that it calls: those after it may be as
/// slow.
fn show_display(console: &mut Console, display: &Display, out: &mut dyn Output) -> ControlFlow<()> {
    let limits = console.settings.limits;
    let text = display.expression.text();
    let Some(frame) = console.session.selected() else {
        return ControlFlow::Continue(());
    };
    let displayed = console.session.display(display, frame);
    let mut view = console.session.view();
    out.write(Style::Dim, &format!("{}: ", display.id));
    let Some(displayed) = displayed else {
        out.write(Style::Name, &printable(text));
        out.write(Style::Dim, ": given up\n");
        return ControlFlow::Break(());
    };
    match displayed {
        Displayed::Value(found) => {
            let format = Format {
                notation: display.notation,
                ..Format::default()
            };
            out.text(&shown(&mut view, text, &found.value, format, &limits));
        }
        Displayed::Instruction(_) => source::instruction(&mut view, frame, out),
        // One line: it comes again at each stop.
        Displayed::Failed(error) => {
            let Failure(message) = of_expression(&error, text);
            let first = message.lines().next().unwrap_or_default();
            out.write(Style::Name, &printable(text));
            out.write(Style::Dim, &format!(": {first}\n"));
        }
    }
    ControlFlow::Continue(())
}

pub(super) fn undisplay(
    console: &mut Console,
    call: &Call<'_>,
    _: &mut dyn Output,
) -> Result<Flow, Failure> {
    if call.rest.is_empty() {
        console.session.displays.all.clear();
    }
    for word in call.words() {
        let id = id(console, word)?;
        console.session.displays.remove(id);
    }
    Ok(Flow::Go)
}

/// The display of this number, which there must be.
fn id(console: &Console, text: &str) -> Result<u32, Failure> {
    let number = number(text)?;
    let all = &console.session.displays.all;
    let found = all.iter().find(|it| u64::from(it.id) == number);
    found.map(|it| it.id).ok_or_else(|| {
        Failure(format!(
            "there is no display {number}; `info display` lists them"
        ))
    })
}

/// Enables displays or disables them, all without a number.
pub(super) fn enable(console: &mut Console, ids: &str, switch: Switch) -> Result<Flow, Failure> {
    let ids = ids.split_whitespace().map(|it| id(console, it));
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    for display in &mut console.session.displays.all {
        if ids.is_empty() || ids.contains(&display.id) {
            display.enabled = switch == Switch::On;
        }
    }
    Ok(Flow::Go)
}

/// Lists the displays.
pub(super) fn list(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    call.none()?;
    if console.session.displays.all.is_empty() {
        out.line("nothing is displayed; `display EXPRESSION` does it");
    }
    for display in &console.session.displays.all {
        out.write(Style::Dim, &format!("{}: ", display.id));
        let format = match display.notation {
            None => String::new(),
            Some(notation) => format!("/{} ", letter(notation)),
        };
        let disabled = if display.enabled { "" } else { " (disabled)" };
        let text = printable(display.expression.text());
        out.line(&format!("{format}{text}{disabled}"));
    }
    Ok(Flow::Go)
}
