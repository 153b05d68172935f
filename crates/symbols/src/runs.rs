//! Pieces of code of the same source, and at which of them a breakpoint stops.
//!
//! The code of a line, or of an inlined call, may be in several pieces, because a compiler copied it or moved some of
//! it. A breakpoint at only one of them misses the others. A breakpoint at each of them stops several times in a line
//! that runs once.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::iter;

use wdb_module::{Control, FuncIndex, Module, ModuleOffset};

use crate::statements::{Code, Span};

/// The start of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) at: ModuleOffset,
    /// The size of the piece in bytes.
    size: u64,
    /// The index of the file, the line and the column at the start.
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

    /// Adds a span at the end of the piece.
    pub(crate) fn extend(&mut self, span: &Span) {
        self.size = self
            .size
            .saturating_add(span.code.end.0 - span.code.start.0);
    }

    /// Whether the piece is code of this line.
    pub(crate) fn is_of(&self, files: &BTreeSet<u32>, line: u32) -> bool {
        files.contains(&self.source.0) && self.source.1 == line
    }

    /// Whether both are code of the same line.
    pub(crate) fn is_line_of(&self, other: &Start) -> bool {
        (self.source.0, self.source.1) == (other.source.0, other.source.1)
    }

    /// Whether this seems to be the start of another copy of the same code.
    fn is_copy_of(&self, other: &Start) -> bool {
        self.source == other.source && self.source.2 != 0
    }

    /// Whether both have about the same size. Then this is not a part that a compiler moved away from the other.
    fn is_as_large_as(&self, other: &Start) -> bool {
        self.size <= other.size.saturating_mul(2) && other.size <= self.size.saturating_mul(2)
    }
}

/// A piece is compared with at most this many pieces before it.
const MOST_COMPARED: usize = 64;

/// The code of a function, and its structured control flow, which is read when it is first needed.
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

    /// The starts at which a breakpoint stops: all except those that continue another piece. The program cannot reach
    /// them without passing that piece.
    ///
    /// In optimised code, a part that was moved out of a loop does not remove the rest in the loop. In unoptimised
    /// code, a piece that starts at another column is a later part of the line, as in a `for`.
    pub(crate) fn thinned(&self, starts: Vec<Start>) -> Vec<ModuleOffset> {
        self.kept(starts).into_iter().map(|it| it.at).collect()
    }

    /// Like [`Runs::thinned`], for the statements of a line in a function whose body starts at `body`.
    ///
    /// LLVM always starts a statement at the end of the prologue. In an unrolled loop, this may be a part of the
    /// first copy that is not a statement in the other copies. So it must not decide which of the others are copies.
    pub(crate) fn thinned_from(&self, body: ModuleOffset, starts: Vec<Start>) -> Vec<ModuleOffset> {
        if self.code.is_optimised
            && let Some(first) = starts.iter().find(|it| it.at == body)
        {
            let is_other_line = |span: &&Span| {
                span.code.start > body && span.line != 0 && !Start::of(span).is_line_of(first)
            };
            let end = self.code.spans.iter().find(is_other_line);
            let is_other = |start: &&Start| {
                !start.is_copy_of(first) && end.is_some_and(|end| start.at >= end.code.start)
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
            let continues = if self.code.is_optimised {
                before()
                    .any(|it| !start.is_copy_of(it) && self.control().is_before(it.at, start.at))
            } else {
                let is_later = || before().any(|it| self.control().dominates(it.at, start.at));
                !kept.is_empty() && (!is_copy || is_later())
            };
            if !continues && before().all(|it| it.at != start.at) {
                kept.push(start);
            }
        }
        kept
    }

    /// The starts of inlined calls in copies of a line that have no statement. For example, of `sum += clamp(a[0])`
    /// only `clamp` is left where `sum` was 0. `statements` are the statements of the line, `calls` the pieces of its
    /// calls.
    pub(crate) fn without_statement(
        &self,
        statements: &[Start],
        calls: Vec<Start>,
    ) -> Vec<ModuleOffset> {
        if statements.is_empty() {
            return self.thinned(calls);
        }
        let pieces = self.kept(calls);
        let ends = pieces.iter().skip(1).map(|it| Some(it.at)).chain([None]);
        let has_statement = |(piece, end): &(&Start, Option<ModuleOffset>)| {
            statements.iter().any(|statement| {
                let is_next = end.is_none_or(|end| statement.at < end);
                self.control().dominates(statement.at, piece.at)
                    || is_next && self.control().dominates(piece.at, statement.at)
            })
        };
        let (with, without): (Vec<_>, Vec<_>) = pieces.iter().zip(ends).partition(has_statement);
        let is_copy = |piece: &&Start| {
            let mut with = with.iter().map(|(other, _)| other);
            with.any(|other| piece.is_copy_of(other) && piece.is_as_large_as(other))
        };
        let without = without.into_iter().map(|it| it.0);
        without.filter(is_copy).map(|it| it.at).collect()
    }
}
