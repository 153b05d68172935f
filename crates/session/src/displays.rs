//! Expressions that are shown at each stop.

use wdb_examine::disassembly::{self, Instruction};
use wdb_examine::expression::{self, Error, Expression};
use wdb_examine::values::Named;
use wdb_examine::view::{FrameId, View};
use wdb_symbols::render::Notation;

/// Expressions that are shown at each stop.
#[derive(Clone, Debug, Default)]
pub struct Displays {
    /// They, by ascending number.
    pub all: Vec<Display>,
    last: u32,
}

/// An expression that is shown at each stop.
#[derive(Clone, Debug)]
pub struct Display {
    /// Its number, from 1.
    pub id: u32,
    /// The expression.
    pub expression: Expression,
    /// How its value is written. `None`: as its language does. [`Notation::Instruction`]: the instruction at which the
    /// frame is, whatever the expression.
    pub notation: Option<Notation>,
    /// Whether it is shown.
    pub enabled: bool,
}

/// What a display shows in a frame.
#[derive(Clone, Debug)]
pub enum Displayed {
    /// A value, to be written in the notation of the display.
    Value(Named),
    /// The instruction at which the frame is. `None`: there is no code of it.
    Instruction(Option<Instruction>),
    /// The expression has no value here.
    Failed(Error),
}

impl Displays {
    /// Adds one.
    pub fn add(&mut self, expression: Expression, notation: Option<Notation>) -> &Display {
        self.last += 1;
        self.all.push(Display {
            id: self.last,
            expression,
            notation,
            enabled: true,
        });
        &self.all[self.all.len() - 1]
    }

    /// Takes one away. Whether there was one.
    pub fn remove(&mut self, id: u32) -> bool {
        let before = self.all.len();
        self.all.retain(|it| it.id != id);
        self.all.len() < before
    }
}

impl Display {
    /// What it shows in a frame.
    pub fn evaluate(&self, view: &mut View<'_>, frame: FrameId) -> Displayed {
        if self.notation == Some(Notation::Instruction) {
            return Displayed::Instruction(disassembly::of_frame(view, frame));
        }
        match expression::evaluate(&self.expression, view, frame) {
            Ok(value) => Displayed::Value(Named {
                name: self.expression.text().to_owned(),
                expression: Some(self.expression.text().to_owned()),
                variable: None,
                value,
            }),
            Err(error) => Displayed::Failed(error),
        }
    }
}
