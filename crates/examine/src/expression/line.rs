//! What a line means that a user writes where an expression can be.

use super::parser::{self, Parsed};
use super::{Error, Expression, Side};

/// What a line means.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// A value. It may call functions: [`Expression::has_calls`].
    Evaluate(Expression),
    /// A place gets a value: `x = 5`, `x += 1`, `x++`.
    Assign {
        /// What is changed.
        place: Expression,
        /// What it is to be: of `x += 1` that is all of the line.
        value: Expression,
    },
}

/// Reads a line.
///
/// # Errors
///
/// When it is neither an expression nor an assignment.
pub fn line(text: &str) -> Result<Line, Error> {
    let sides = parser::line(text, &|_| false)?;
    let expression = |side, root| Expression {
        text: text.to_owned(),
        side,
        parsed: Parsed {
            root,
            doubtful: sides.doubtful.clone(),
        },
    };
    Ok(match sides.place {
        None => Line::Evaluate(expression(Side::Whole, sides.value)),
        Some(place) => Line::Assign {
            place: expression(Side::Place, place),
            value: expression(Side::Value, sides.value),
        },
    })
}
