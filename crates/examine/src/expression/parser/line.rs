//! What a line means: a value, or a change of a place.

use std::ops::Range;

use super::super::Error;
use super::super::lexer::{Literal, Token};
use super::super::tree::{Binary, Kind, Node, Unary};
use super::{COMPARISON, Parser, binary};

/// The trees of a line: of the place that it changes, if it changes one, and of the value.
pub(in super::super) fn line(text: &str, is_type: &dyn Fn(&str) -> bool) -> Result<Sides, Error> {
    let mut parser = Parser::new(text, is_type)?;
    let sides = parser.line()?;
    parser.end()?;
    let (place, value) = sides;
    Ok(Sides {
        place,
        value,
        doubtful: parser.doubtful,
    })
}

/// What came of a line.
pub(in super::super) struct Sides {
    /// What is to be changed.
    pub(in super::super) place: Option<Node>,
    pub(in super::super) value: Node,
    /// As of [`Parsed`].
    pub(in super::super) doubtful: Vec<String>,
}

/// What changes what is before it.
pub(super) enum Change {
    /// `=`, or `+=` with its operator.
    Assign(Option<Binary>),
    /// `++` or `--`, with its operator.
    Step(Binary),
}

/// Pairs of signs that change something, where they are next to one another.
fn step(sign: &str) -> Option<Binary> {
    match sign {
        "+" => Some(Binary::Add),
        "-" => Some(Binary::Subtract),
        _ => None,
    }
}

impl Parser<'_> {
    /// A line, and the parser behind it.
    pub(super) fn line(&mut self) -> Result<(Option<Node>, Node), Error> {
        let whole = self.here().start..self.text.trim_end().len();
        let one =
            |parser: &Self, at: Range<usize>| parser.node(Kind::Integer(1, Literal::default()), at);
        let needs_place = |sign: &Range<usize>| {
            let sign_text = self.text.get(sign.clone()).unwrap_or_default();
            Error::new(format!("`{sign_text}` needs a place to change"), sign)
        };
        if let Some((operator, sign)) = self.step() {
            if self.tokens.len() == 2 {
                return Err(needs_place(&sign));
            }
            self.at += 2;
            let place = self.expression()?;
            let operands = (Box::new(place.clone()), Box::new(one(self, sign)?));
            let value = self.node(Kind::Binary(operator, operands.0, operands.1), whole)?;
            return Ok((Some(place), value));
        }
        if self.change().is_some() {
            let message = "there is nothing on the left of the `=`";
            return Err(Error::new(message, &self.here()));
        }
        let place = self.choice()?;
        let (operator, right) = match self.change() {
            None => return Ok((None, place)),
            Some(Change::Step(operator)) => {
                let sign = self.here().start..whole.end;
                // C means the pointer by it, and the user may mean what it points to.
                if let Kind::Unary(Unary::Dereference, _) = place.kind
                    && self.text[place.span.clone()].starts_with('*')
                {
                    let pointer = &self.text[place.span.clone()];
                    let (operator, target) = (
                        &self.text[sign.start..sign.start + 1],
                        pointer.trim_start_matches(['*', ' ']),
                    );
                    let message = format!(
                        "which is to change? `{pointer} {operator}= 1` or `{target} {operator}= 1`"
                    );
                    return Err(Error::new(message, &sign));
                }
                self.at += 2;
                (Some(operator), one(self, sign)?)
            }
            Some(Change::Assign(operator)) => {
                self.at += 1 + usize::from(operator.is_some());
                if self.peek().is_none() {
                    let message = "there is nothing on the right of the `=`";
                    return Err(Error::new(message, &self.here()));
                }
                (operator, self.expression()?)
            }
        };
        let value = match operator {
            None => right,
            Some(operator) => {
                let operands = (Box::new(place.clone()), Box::new(right));
                self.node(Kind::Binary(operator, operands.0, operands.1), whole)?
            }
        };
        Ok((Some(place), value))
    }

    /// Two signs next to one another here that count up or down, and where they are.
    pub(super) fn step(&self) -> Option<(Binary, Range<usize>)> {
        match self.tokens.get(self.at..)? {
            [(Token::Sign(one), at), (Token::Sign(other), next), ..]
                if one == other && at.end == next.start =>
            {
                Some((step(one)?, at.start..next.end))
            }
            _ => None,
        }
    }

    /// Whether what follows the two signs here makes them `-` and the sign of a number, as Rust reads `a--b`. In C that
    /// means nothing.
    pub(super) fn is_difference(&self) -> bool {
        let begins_value = match self.tokens.get(self.at + 2) {
            // `a--*b` and `a--&b` have a meaning in C, and change `a`.
            Some((Token::Sign(sign), _)) => matches!(*sign, "(" | "!" | "~"),
            Some((Token::Name(name), _)) => name != "as",
            Some(_) => true,
            None => false,
        };
        begins_value && matches!(self.step(), Some((Binary::Subtract, _)))
    }

    /// What here changes what was before it: `=`, `+=`, and `++` at the end of the text.
    pub(super) fn change(&self) -> Option<Change> {
        match self.tokens.get(self.at..)? {
            [(Token::Sign("="), _), ..] => Some(Change::Assign(None)),
            [(Token::Sign(sign), at), (Token::Sign("="), next), ..] if at.end == next.start => {
                let (operator, strength) = binary(sign)?;
                (strength > COMPARISON).then_some(Change::Assign(Some(operator)))
            }
            [_, _] => self.step().map(|it| Change::Step(it.0)),
            _ => None,
        }
    }
}
