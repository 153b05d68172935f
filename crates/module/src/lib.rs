//! What a WebAssembly binary is to a debugger.
//!
//! [`Binary`] opens any core module or component; [`Module`] is one core module with its function
//! map, names, imports, exports and identity. Offsets ([`offset`]) and indices ([`index`]) are types
//! of their own. Nothing here does I/O: the caller maps the file and hands over [`bytes::Bytes`].

pub mod index;
pub mod offset;

pub use index::{
    FuncIndex, GlobalIndex, LocalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex,
};
pub use offset::{CodeOffset, FileOffset, FunctionOffset, ModuleOffset};
