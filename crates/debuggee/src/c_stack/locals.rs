//! The locals of a function along one pass over its code, in the order of the bytes.
//!
//! Where control flow merges, what each way brings would have to be compared, local by local; with
//! 50,000 locals and as many merges that is too much. So a local is given up at a merge if it was
//! written between the first way there that leaves the straight order and the merge. That is little: a
//! frame's base and the like are computed before all branches.

use super::symbolic::Sum;
use super::writes::{Position, Writes};

pub(super) struct Locals<'a> {
    writes: &'a Writes,
    locals: Vec<Local>,
    /// How many writes the pass has seen.
    seen: usize,
    /// Ascending in both.
    forgotten: Vec<Forgotten>,
    /// The loops that the pass is in, outermost first.
    loops: Vec<Loop>,
}

struct Local {
    value: Option<Sum>,
    /// Where it was written last. 0: it has the value that it had at the start.
    written: Position,
    /// Where it will be written next.
    next: Position,
}

/// At `at` everything was given up that had been written after `since`.
struct Forgotten {
    at: Position,
    since: Position,
}

struct Loop {
    start: Position,
    end: Position,
}

impl<'a> Locals<'a> {
    /// Locals with these values at the start.
    pub(super) fn new(writes: &'a Writes, values: impl Iterator<Item = Option<Sum>>) -> Self {
        let local = |(index, value)| Local {
            value,
            written: 0,
            next: writes.first(index),
        };
        Locals {
            writes,
            locals: values.enumerate().map(local).collect(),
            seen: 0,
            forgotten: Vec::new(),
            loops: Vec::new(),
        }
    }

    /// The value of a local here.
    pub(super) fn get(&self, index: usize) -> Option<Sum> {
        let local = self.locals.get(index)?;
        let later = self
            .forgotten
            .partition_point(|forgotten| forgotten.at <= local.written);
        let forgotten = self.forgotten.get(later);
        if forgotten.is_some_and(|forgotten| forgotten.since < local.written) {
            return None;
        }
        // A loop that writes the local further on may have come round.
        let entered = self
            .loops
            .partition_point(|inside| inside.start <= local.written);
        let outermost = self.loops.get(entered);
        if outermost.is_some_and(|inside| local.next < inside.end) {
            return None;
        }
        local.value
    }

    /// The instruction at `now` writes a local.
    pub(super) fn set(&mut self, index: usize, value: Option<Sum>, now: Position) {
        let next = self.writes.next(self.seen);
        self.seen += 1;
        if let Some(local) = self.locals.get_mut(index) {
            *local = Local {
                value,
                written: now,
                next,
            };
        }
    }

    /// Gives up, at `now`, all that was written after `since`.
    pub(super) fn forget(&mut self, since: Position, now: Position) {
        while self
            .forgotten
            .pop_if(|forgotten| forgotten.since >= since)
            .is_some()
        {}
        self.forgotten.push(Forgotten { at: now, since });
    }

    /// The pass comes to a loop.
    pub(super) fn enter_loop(&mut self, start: Position, end: Position) {
        self.loops.push(Loop { start, end });
    }

    /// The pass comes to the end of the innermost loop.
    pub(super) fn leave_loop(&mut self) {
        self.loops.pop();
    }

    /// Whether the pass is in a loop.
    pub(super) fn in_loop(&self) -> bool {
        !self.loops.is_empty()
    }

    /// All values that are known here, with their locals.
    pub(super) fn known(&self) -> impl Iterator<Item = (usize, Sum)> {
        (0..self.locals.len()).filter_map(|index| Some((index, self.get(index)?)))
    }
}
