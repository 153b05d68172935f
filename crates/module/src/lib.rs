//! What a WebAssembly binary is to a debugger.
//!
//! [`Binary`] opens any core module or component; [`Module`] is one core module with its function
//! map, names, imports, exports and identity. Offsets ([`offset`]) and indices ([`index`]) are types
//! of their own. Nothing here does I/O: the caller maps the file and hands over [`bytes::Bytes`].
//! Types of values and instructions are [`wasmparser`]'s.

mod binary;
mod code;
mod control;
mod convert;
mod declarations;
mod error;
pub mod foreign;
#[doc(hidden)]
pub mod fuzz;
pub mod index;
pub mod instruction;
mod metadata;
mod module;
mod names;
pub mod offset;
mod outline;
pub mod printable;
mod section;
pub mod spelling;

pub use binary::{Binary, Kind};
pub use code::Function;
pub use control::Control;
pub use declarations::{Export, Import};
pub use error::Error;
pub use index::{FuncIndex, GlobalIndex, LocalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex};
pub use metadata::Producer;
pub use module::{Module, Origin};
pub use offset::{CodeOffset, FileOffset, FunctionOffset, ModuleOffset};
pub use section::Section;
pub use wasmparser::{
    ExternalKind, FuncType, GlobalType, MemoryType, Operator, SubType, TableType, TagType, TypeRef,
    ValType,
};
