//! The WebAssembly core dump format: one owned model, a strict writer, a liberal reader, a
//! validator.

mod base;
mod check;
pub mod code;
mod cut;
mod decode;
mod encode;
#[doc(hidden)]
pub mod fuzz;
mod globals;
mod model;
mod ours;
mod read;
mod refine;
mod scan;
mod segments;
mod validate;
mod value;
mod write;

pub use base::{find_base, module_offset};
pub use model::{
    Capture, Contents, CoreDump, Crash, CrashKind, Exception, Frame, Global, GlobalId, HostFrame,
    Instance, InstanceId, Memory, MemoryCapture, MemoryId, MemoryShape, Module, ModuleId, Process,
    Producer, Rest, Run, Table, TableId, Thread, ValueCapture,
};
pub use read::{Dialect, Note, ReadError, Reading, read};
pub use refine::refine;
pub use scan::nonzero_runs;
pub use validate::{Finding, Severity, validate};
pub use value::{HeapType, Inference, Missing, Reference, Slot, Value};
pub use write::{MemorySource, WriteError, write, write_streaming};

/// What `codeoffset` of a dump's frames counts from. Four bases were seen in the wild.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Base {
    /// The function's body, which begins with its local declarations: wasmtime, wasmer, and us.
    Body,
    /// The first instruction, after the local declarations: wasm-coredump-rewriter 0.2.2.
    FirstInstruction,
    /// The code section's payload, as DWARF counts: wasm-coredump-rewriter up to 0.2.1, early 2023
    /// drafts.
    CodeSection,
    /// The module file: WasmEdge up to 2026-08.
    Module,
}
