//! Values that are kept from one stop to the next: those that were shown, and the user's own variables.

use std::collections::{BTreeMap, VecDeque};

use wdb_debuggee::coredump::ModuleId;
use wdb_symbols::Object;

use crate::doubts::Doubts;

/// A value as it was when it was kept: the program may have changed since, and what pointers point to is what is there
/// now.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The value, with its bytes.
    pub object: Object,
    /// What it was based on.
    pub doubts: Doubts,
    /// The module whose debug information has its type. `None`: the type is whole without.
    pub module: Option<ModuleId>,
}

/// All that is kept in a session.
#[derive(Clone, Debug, Default)]
pub struct Keeping {
    variables: BTreeMap<String, Kept>,
    /// The values that were shown last, the first of them first.
    shown: VecDeque<Kept>,
    /// How many were shown in all.
    count: u64,
}

/// At most this many of the values that were shown are kept.
const MOST_SHOWN: usize = 1000;
/// At most this many variables of the user are kept.
const MOST_VARIABLES: usize = 10_000;

impl Keeping {
    /// The variable of this name.
    pub fn variable(&self, name: &str) -> Option<&Kept> {
        self.variables.get(name)
    }

    /// The names of all variables, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    /// Gives a variable a value.
    ///
    /// # Errors
    ///
    /// When there are too many, as text.
    pub fn set(&mut self, name: &str, value: Kept) -> Result<(), String> {
        if self.variables.len() == MOST_VARIABLES && !self.variables.contains_key(name) {
            return Err(format!("there are {MOST_VARIABLES} variables already"));
        }
        self.variables.insert(name.to_owned(), value);
        Ok(())
    }

    /// Adds a value that was shown.
    pub fn add(&mut self, value: Kept) {
        if self.shown.len() == MOST_SHOWN {
            self.shown.pop_front();
        }
        self.shown.push_back(value);
        self.count += 1;
    }

    /// Forgets the values whose types are those of a program that is no longer there.
    pub fn forget_types(&mut self) {
        self.variables.retain(|_, it| it.module.is_none());
        if self.shown.iter().any(|it| it.module.is_some()) {
            self.shown.clear();
        }
    }

    /// How many values were shown: the number of the last.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The value of this number, from 1. `None`: there was none, or it is no longer kept.
    pub fn numbered(&self, number: u64) -> Option<&Kept> {
        let back = self.count.checked_sub(number)?;
        let at = (self.shown.len() as u64)
            .checked_sub(1)?
            .checked_sub(back)?;
        self.shown.get(usize::try_from(at).ok()?)
    }
}
