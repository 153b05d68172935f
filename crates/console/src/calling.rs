//! Lines that a user writes: values, assignments, and the functions that both call.

use wdb_examine::expression::{self, Expression};
use wdb_session::{Evaluated, Stopped};
use wdb_symbols::printable;

use crate::console::{Console, Flow};
use crate::failure::Failure;
use crate::format::Format;
use crate::output::Output;
use crate::{stopped, values};

/// Evaluates an expression, with the calls in it. Its value is shown, and then is `$`. What needs no frame has a value
/// without one.
pub(super) fn evaluate(
    console: &mut Console,
    expression: &Expression,
    format: Format,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    if expression.needs_frame() && !expression.is_call() {
        console.here()?;
    }
    let at = console.session.selected().unwrap_or_default();
    let evaluated = console.session.evaluate(expression, at)?;
    let text = expression.text();
    show(console, text, evaluated, text, format, out)
}

/// Shows the value that a line came to, by its name, and keeps it; or why the program is stopped.
pub(super) fn show(
    console: &mut Console,
    name: &str,
    evaluated: Evaluated,
    line: &str,
    format: Format,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let found = match evaluated {
        Evaluated::Value(found, _) => found,
        Evaluated::Stopped { stopped, is_part } => {
            return Ok(show_stopped(console, &stopped, is_part, line, out));
        }
    };
    let limits = console.settings.limits;
    let mut view = console.session.view();
    let shown = values::shown(&mut view, name, &found, format, &limits);
    console.session.keep(&found);
    out.text(&shown);
    Ok(Flow::Go)
}

/// Gives a place a value, and shows what it has then.
pub(super) fn assign(
    console: &mut Console,
    place: &Expression,
    value: &Expression,
    line: &str,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let at = console.session.selected().unwrap_or_default();
    // What it is now: a number may have been cut to the size of its type.
    let changed = match console.session.assign(place, value, at)? {
        Evaluated::Value(changed, _) => changed,
        Evaluated::Stopped { stopped, is_part } => {
            return Ok(show_stopped(console, &stopped, is_part, line, out));
        }
    };
    // The user's own variables are there to be counted with, and have what they were given.
    if expression::user_variable(place).is_some() {
        return Ok(Flow::Go);
    }
    let limits = console.settings.limits;
    let mut view = console.session.view();
    let name = place.text();
    let shown = values::shown(&mut view, name, &changed, Format::default(), &limits);
    out.text(&shown);
    Ok(Flow::Go)
}

/// Says why the program is stopped, because of a function that a line has called; `is_part`: there is more of the line.
fn show_stopped(
    console: &mut Console,
    stopped: &Stopped,
    is_part: bool,
    line: &str,
    out: &mut dyn Output,
) -> Flow {
    let flow = stopped::show(console, stopped, out);
    if is_part {
        out.note(&format!(
            "the rest of `{}` is not evaluated: a function that it calls has stopped",
            printable(line)
        ));
    }
    flow
}
