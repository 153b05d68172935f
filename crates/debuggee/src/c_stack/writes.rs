//! Where a function writes: what a single pass over its code has to know beforehand.

use wasmparser::Operator as Op;
use wdb_module::{FuncIndex, Module};

/// The place of an instruction in its function, counted from 1.
pub(super) type Position = u32;

/// After every instruction.
pub(super) const NEVER: Position = Position::MAX;

/// The writes of a function's locals, and its loops.
#[derive(Debug)]
pub(super) struct Writes {
    /// For each local up to the last that is written: where that is done first.
    first: Vec<Position>,
    /// For each write of a local, in order: where the same local is written next.
    next: Vec<Position>,
    /// Where the loops end, in the order in which they start.
    loop_ends: Vec<Position>,
}

impl Writes {
    /// Reads the code of `func`. `None` if that is damaged, or names more locals than the `locals`
    /// that the function has.
    pub(super) fn scan(module: &Module, func: FuncIndex, locals: usize) -> Option<Writes> {
        let mut writes = Writes {
            first: Vec::new(),
            next: Vec::new(),
            loop_ends: Vec::new(),
        };
        // For each local, which of the writes was its last one.
        let mut last: Vec<Option<usize>> = Vec::new();
        // For each open block, which of the loops it is.
        let mut blocks: Vec<Option<usize>> = Vec::new();
        for (position, item) in (1..NEVER).zip(module.instructions(func)) {
            match item.ok()?.1 {
                Op::LocalSet { local_index } | Op::LocalTee { local_index } => {
                    let local = local_index as usize;
                    if local >= locals {
                        return None;
                    }
                    if local >= last.len() {
                        last.resize(local + 1, None);
                        writes.first.resize(local + 1, NEVER);
                    }
                    let before = last.get_mut(local)?.replace(writes.next.len());
                    *match before {
                        Some(write) => writes.next.get_mut(write)?,
                        None => writes.first.get_mut(local)?,
                    } = position;
                    writes.next.push(NEVER);
                }
                Op::Loop { .. } => {
                    blocks.push(Some(writes.loop_ends.len()));
                    writes.loop_ends.push(NEVER);
                }
                Op::Block { .. } | Op::If { .. } | Op::Try { .. } | Op::TryTable { .. } => {
                    blocks.push(None);
                }
                Op::End | Op::Delegate { .. } => {
                    if let Some(Some(ended)) = blocks.pop() {
                        *writes.loop_ends.get_mut(ended)? = position;
                    }
                }
                _ => {}
            }
        }
        Some(writes)
    }

    /// Where a local is written first.
    pub(super) fn first(&self, local: usize) -> Position {
        self.first.get(local).copied().unwrap_or(NEVER)
    }

    /// Where the local of this write, counted in order, is written next.
    pub(super) fn next(&self, write: usize) -> Position {
        self.next.get(write).copied().unwrap_or(NEVER)
    }

    /// Where this loop, counted in order, ends.
    pub(super) fn loop_end(&self, ordinal: usize) -> Position {
        self.loop_ends.get(ordinal).copied().unwrap_or(NEVER)
    }
}
