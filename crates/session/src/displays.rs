//! Expressions that are shown at each stop.

use wdb_examine::expression::Expression;

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
    /// How the front end is to write its value.
    pub format: String,
    /// Whether it is shown.
    pub enabled: bool,
}

impl Displays {
    /// Adds one.
    pub fn add(&mut self, expression: Expression, format: &str) -> &Display {
        self.last += 1;
        self.all.push(Display {
            id: self.last,
            expression,
            format: format.to_owned(),
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
