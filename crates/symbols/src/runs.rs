//! Pieces of code that were made of the same source, and at which of them a program is to be stopped.
//!
//! The code of a line, or of an inlined call, is in several pieces: a compiler has copied it, or has moved some of it
//! elsewhere. A program that is stopped at one of them only is missed at the others; one that is stopped at each is
//! stopped several times in a line that is executed once.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::iter;

use wdb_module::{Control, FuncIndex, Module, ModuleOffset};

use crate::statements::{Code, Span};

/// The beginning of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) at: ModuleOffset,
    /// Of how many bytes it is.
    size: u64,
    /// The index of the file, the line and the column there.
    source: (u32, u32, u16),
}

impl Start {
    pub(crate) fn of(span: &Span) -> Self {
        Start {
            at: span.code.start,
            size: span.code.end.0 - span.code.start.0,
            source: (span.file, span.line, span.column),
        }
    }

    /// The piece goes on with this span.
    pub(crate) fn extend(&mut self, span: &Span) {
        self.size = self
            .size
            .saturating_add(span.code.end.0 - span.code.start.0);
    }

    /// Whether it is of this line.
    pub(crate) fn is_of(&self, files: &BTreeSet<u32>, line: u32) -> bool {
        files.contains(&self.source.0) && self.source.1 == line
    }

    /// Whether it is of the same line.
    pub(crate) fn is_line_of(&self, other: &Start) -> bool {
        (self.source.0, self.source.1) == (other.source.0, other.source.1)
    }

    /// Whether this is where another copy of the same code begins, as far as can be told.
    fn is_copy_of(&self, other: &Start) -> bool {
        self.source == other.source && self.source.2 != 0
    }

    /// Whether it has about as much code: it is no part of the other that a compiler has moved away from it.
    fn is_as_large_as(&self, other: &Start) -> bool {
        self.size <= other.size.saturating_mul(2) && other.size <= self.size.saturating_mul(2)
    }
}

/// A piece is compared with as many before it.
const MOST_COMPARED: usize = 64;

/// What tells the pieces of a function apart: its code, and its structured control, which is read once, when it is needed.
pub(crate) struct Runs<'a> {
    module: &'a Module,
    func: FuncIndex,
    code: &'a Code,
    control: OnceCell<Control>,
}

impl<'a> Runs<'a> {
    pub(crate) fn new(module: &'a Module, func: FuncIndex, code: &'a Code) -> Self {
        Runs {
            module,
            func,
            code,
            control: OnceCell::new(),
        }
    }

    fn control(&self) -> &Control {
        let read = || Control::of(self.module, self.func);
        self.control.get_or_init(read)
    }

    /// Of the beginnings of pieces, those at which a program is to be stopped: all but those that continue a
    /// piece, because the program cannot come there without having come by that one.
    ///
    /// What an optimiser has moved out of a loop is no reason to miss the rest in it. Without one, what begins at another
    /// column is a later part of the line, as in a `for`.
    pub(crate) fn thinned(&self, starts: Vec<Start>) -> Vec<ModuleOffset> {
        self.kept(starts).into_iter().map(|it| it.at).collect()
    }

    /// As [`Runs::thinned`], for the statements of a line in a function whose body begins at `body`.
    ///
    /// Where the prologue ends LLVM has a statement begin, whatever is there. In a loop that was unrolled it can be a
    /// part of the first copy that is no statement in the others: it does not tell which of those are copies.
    pub(crate) fn thinned_from(&self, body: ModuleOffset, starts: Vec<Start>) -> Vec<ModuleOffset> {
        if self.code.is_optimised
            && let Some(first) = starts.iter().find(|it| it.at == body)
        {
            let is_other_line = |it: &&Span| {
                it.code.start > body && it.line != 0 && !Start::of(it).is_line_of(first)
            };
            let end = self.code.spans.iter().find(is_other_line);
            let is_other = |it: &&Start| {
                !it.is_copy_of(first) && end.is_some_and(|end| it.at >= end.code.start)
            };
            let others = self.kept(starts.iter().filter(is_other).copied().collect());
            let [one, rest @ ..] = &*others else {
                return self.thinned(starts);
            };
            if rest.iter().any(|it| it.is_copy_of(one)) {
                return iter::once(body)
                    .chain(others.iter().map(|it| it.at))
                    .collect();
            }
        }
        self.thinned(starts)
    }

    fn kept(&self, mut starts: Vec<Start>) -> Vec<Start> {
        starts.sort_by_key(|it| it.at);
        if starts.len() < 2 {
            return starts;
        }
        let mut kept: Vec<Start> = Vec::new();
        for start in starts {
            let before = || kept.iter().rev().take(MOST_COMPARED);
            let is_copy = before().any(|it| start.is_copy_of(it));
            let continues = match self.code.is_optimised {
                true => before()
                    .any(|it| !start.is_copy_of(it) && self.control().is_before(it.at, start.at)),
                false => {
                    let is_later = || before().any(|it| self.control().dominates(it.at, start.at));
                    !kept.is_empty() && (!is_copy || is_later())
                }
            };
            if !continues && before().all(|it| it.at != start.at) {
                kept.push(start);
            }
        }
        kept
    }

    /// Where the calls of a line that were inlined begin in the copies of the line that have no statement of their own: of
    /// `sum += clamp(a[0])` nothing but `clamp` is left where `sum` was 0. `own` are the statements of the line, `called`
    /// the pieces of the calls.
    pub(crate) fn without_statement(&self, own: &[Start], called: Vec<Start>) -> Vec<ModuleOffset> {
        if own.is_empty() {
            return self.thinned(called);
        }
        let pieces = self.kept(called);
        let ends = pieces.iter().skip(1).map(|it| Some(it.at)).chain([None]);
        let has_statement = |(piece, end): &(&Start, Option<ModuleOffset>)| {
            own.iter().any(|it| {
                let is_next = end.is_none_or(|end| it.at < end);
                self.control().dominates(it.at, piece.at)
                    || is_next && self.control().dominates(piece.at, it.at)
            })
        };
        let (with, without): (Vec<_>, Vec<_>) = pieces.iter().zip(ends).partition(has_statement);
        let is_copy = |it: &&Start| {
            let mut with = with.iter().map(|it| it.0);
            with.any(|other| it.is_copy_of(other) && it.is_as_large_as(other))
        };
        let without = without.into_iter().map(|it| it.0);
        without.filter(is_copy).map(|it| it.at).collect()
    }
}
