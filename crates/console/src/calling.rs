//! Calling functions of the program.

use wdb_session::Reason;

use crate::console::{Console, Flow};
use crate::failure::Failure;
use crate::format::Format;
use crate::output::Output;
use crate::{stopped, values};

/// Calls a function of the program: `f(1, 2)`. What it returns is the value of that expression.
pub(super) fn call(
    console: &mut Console,
    text: &str,
    format: Format,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let stopped = console.session.call(text)?;
    if let [Reason::Returned(returned)] = &stopped.reasons[..]
        && let wdb_session::ReturnValue::Typed(value) = &returned.value
    {
        let limits = console.settings.limits;
        let mut stop = console.session.stop();
        let shown = values::shown(&mut stop, text, value, format, &limits);
        console.session.keep(value);
        out.text(&shown);
        return Ok(Flow::Go);
    }
    Ok(stopped::show(console, &stopped, out))
}
