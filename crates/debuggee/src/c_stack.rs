//! Where a module that LLVM's linker made keeps the C stack: the stack in linear memory that C, C++
//! and Rust programs have besides the engine's own call stack.

mod chain;
mod interpret;
mod locals;
mod recover;
mod symbolic;
#[cfg(test)]
mod tests;
mod writes;

use std::ops::Range;

use wdb_coredump::{Global, Instance, Value};
use wdb_module::{GlobalIndex, Module};

use crate::initial::{constant, section, segments};
pub(crate) use interpret::follow;
pub(crate) use recover::{Program, recover};

/// The C stack of a module. It grows downwards from the end of its range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CStack {
    /// The global that holds the stack pointer.
    pub pointer: GlobalIndex,
    /// The addresses reserved for it in memory 0. The start is exact when the stack lies below all
    /// data (wasm-ld's `--stack-first`, and Rust); otherwise zero-initialised data, of which a binary
    /// holds no trace, may lie at the start of the range; and in a snapshot of a memory in use all data.
    pub range: Range<u64>,
    /// Whether the start of the range is exact.
    pub exact: bool,
}

/// The name that wasm-ld gives to the stack pointer (tool-conventions, `Linking.md`).
const POINTER: &str = "__stack_pointer";

impl CStack {
    /// Finds the C stack of `module`: by the name `__stack_pointer` of a global in the name section or
    /// the exports, else, in a module without names, global 0 if it is what wasm-ld makes it: mutable,
    /// of an address type, and starting at a multiple of 16. `None` when there is no such global, or
    /// it is imported, so that its first value is not known.
    pub fn find(module: &Module) -> Option<CStack> {
        let (pointer, top) = pointer(module)?;
        let (mut below, mut above) = (0, false);
        for (range, _) in segments(module) {
            above |= range.end > top;
            if range.start < top {
                below = below.max(range.end.min(top));
            }
        }
        // A linker puts data on one side only. On both it is in a snapshot of a memory in use (Wizer, wasi-vfs), which
        // has what was on the stack as data, too.
        let exact = below == 0 && above;
        if above {
            below = 0;
        }
        Some(CStack {
            pointer,
            range: below..top,
            exact,
        })
    }

    /// The stack pointer of `instance` now, if the debuggee knows it.
    pub fn current(&self, instance: &Instance, globals: &[Global]) -> Option<u64> {
        let id = (*instance.globals.get(self.pointer.position())?)?;
        match globals.get(id.position())?.known()? {
            Value::I32(value) => Some(u64::from(value.cast_unsigned())),
            Value::I64(value) => Some(value.cast_unsigned()),
            _ => None,
        }
    }

    /// The part that frames use when the stack pointer is `current`: all of it when that is not
    /// inside the stack.
    pub fn used(&self, current: u64) -> Range<u64> {
        // LLVM lets a function that calls nothing use 128 bytes below the pointer without moving it
        // (`WebAssemblyFrameLowering`, "red zone").
        let start = if self.range.contains(&current) {
            current.saturating_sub(128).max(self.range.start)
        } else {
            self.range.start
        };
        start..self.range.end
    }
}

/// The stack pointer's global and its first value.
fn pointer(module: &Module) -> Option<(GlobalIndex, u64)> {
    let imported = module.globals().len() as u32 - defined_globals(module).count() as u32;
    let named = |index: GlobalIndex| module.global_name(index) == Some(POINTER);
    let exported = module
        .exports()
        .iter()
        .find(|export| export.kind == wasmparser::ExternalKind::Global && export.name == POINTER)
        .map(|export| GlobalIndex(export.index));
    let mut nameless = None;
    for (position, global) in (imported..).zip(defined_globals(module)) {
        let index = GlobalIndex(position);
        let Some(top) = constant(&global.init_expr) else {
            continue;
        };
        if named(index) || exported == Some(index) {
            return Some((index, top));
        }
        if position == 0 && global.ty.mutable && top > 0 && top.is_multiple_of(16) {
            nameless = Some((index, top));
        }
    }
    let has_names = (0..module.globals().len() as u32)
        .any(|index| module.global_name(GlobalIndex(index)).is_some());
    nameless.filter(|_| !has_names)
}

fn defined_globals(module: &Module) -> impl Iterator<Item = wasmparser::Global<'_>> {
    section(module, 6)
        .and_then(|reader| wasmparser::GlobalSectionReader::new(reader).ok())
        .into_iter()
        .flatten()
        .map_while(Result::ok)
}
