//! Values, as commands show them.

use wdb_examine::expression::{self, Value};
use wdb_examine::stop::{FrameId, Stop};
use wdb_examine::variables::Valued;
use wdb_symbols::printable;
use wdb_symbols::render::Limits;

use crate::failure::Failure;
use crate::format::Format;
use crate::output::{Output, Style};

/// The value of an expression in a frame.
pub(super) fn evaluate(stop: &mut Stop<'_>, frame: FrameId, text: &str) -> Result<Value, Failure> {
    expression::parse(text)
        .and_then(|parsed| expression::evaluate(&parsed, stop, frame))
        .map_err(|error| Failure(error.show(text)))
}

/// A value as `print` and `display` show it: its type and value, and its parts below where a line does not
/// hold them.
pub(super) fn shown(
    stop: &mut Stop<'_>,
    text: &str,
    value: &Value,
    format: Format,
    limits: &Limits,
) -> String {
    let Some(notation) = format.notation else {
        let valued = Valued::of_expression(stop, text, value, limits);
        return wdb_report::value(&valued);
    };
    let (shown, _) = expression::with_context(stop, value.frame, |context| {
        notation.object(context, &value.object, limits)
    });
    format!("{} = {shown}\n", printable(text))
}

/// What `wdb_report::value` gives, with its value in the colour of values.
pub(super) fn value(shown: &str, out: &mut dyn Output) {
    for line in shown.lines() {
        match line.split_once(" = ") {
            Some((name, value)) => {
                out.write(Style::Name, name);
                out.write(Style::Plain, " = ");
                out.write(Style::Value, value);
                out.write(Style::Plain, "\n");
            }
            None => out.line(line),
        }
    }
}
