//! How sure an answer is.

use wdb_debuggee::coredump::Inference;

/// What answers were based on, besides what was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doubts {
    /// A local or operand was inferred.
    pub inferred: Option<Inference>,
    /// Memory was read that the dump leaves out without saying that it is zero.
    pub assumed_zero: bool,
    /// Memory or a table element was not in the dump; it is what the module started with.
    pub initial: bool,
}

impl Doubts {
    /// Adds those of another answer.
    pub fn add(&mut self, other: Doubts) {
        self.inferred = self.inferred.or(other.inferred);
        self.assumed_zero |= other.assumed_zero;
        self.initial |= other.initial;
    }
}
