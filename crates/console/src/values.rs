//! Values, as commands show them.

use wdb_examine::expression::{self, Value};
use wdb_examine::variables::Valued;
use wdb_examine::view::{FrameId, View};
use wdb_symbols::printable;
use wdb_symbols::render::Limits;

use crate::failure::{Failure, of_expression};
use crate::format::Format;
use crate::output::{Style, Text};

/// The value of an expression in a frame.
pub(super) fn evaluate(view: &mut View<'_>, frame: FrameId, text: &str) -> Result<Value, Failure> {
    expression::parse(text)
        .and_then(|parsed| expression::evaluate(&parsed, view, frame))
        .map_err(|error| of_expression(&error, text))
}

/// A value as `print` and `display` show it: its type and value, and its parts below where a line does not
/// hold them.
pub(super) fn shown(
    view: &mut View<'_>,
    text: &str,
    value: &Value,
    format: Format,
    limits: &Limits,
) -> Text {
    let Some(notation) = format.notation else {
        let valued = Valued::of_expression(view, text, value, limits);
        return wdb_report::value(&valued);
    };
    let (shown, _) = expression::with_context(view, value.frame, |context| {
        notation.object(context, &value.object, limits)
    });
    let mut out = Text::default();
    out.push(Style::Name, printable(text));
    out.plain(" = ");
    out.push(Style::Value, shown);
    out.end_line();
    out
}
