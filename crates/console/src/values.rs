//! Values, as commands show them.

use wdb_examine::expression::{self, Value};
use wdb_examine::stop::{FrameId, Stop};
use wdb_examine::variables::Valued;
use wdb_symbols::printable;
use wdb_symbols::render::Limits;

use crate::failure::Failure;
use crate::format::Format;
use crate::output::{Style, Text};

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
) -> Text {
    let Some(notation) = format.notation else {
        let valued = Valued::of_expression(stop, text, value, limits);
        return wdb_report::value(&valued);
    };
    let (shown, _) = expression::with_context(stop, value.frame, |context| {
        notation.object(context, &value.object, limits)
    });
    let mut out = Text::default();
    out.push(Style::Name, printable(text));
    out.plain(" = ");
    out.push(Style::Value, shown);
    out.end_line();
    out
}
