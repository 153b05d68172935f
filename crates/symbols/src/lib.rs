//! The meaning of WebAssembly code.
//!
//! [`Symbols`] knows, for an address in a module, the function and the source line it was made from,
//! and the calls that were inlined there: from DWARF 4 and 5 in the module or beside it, from source
//! maps, and from the names in the binary itself. It does no I/O: [`Symbols::wanted`] says which
//! files would help, the caller brings them.

mod dwarf;
mod fuel;
mod functions;
mod inlines;
mod lines;
mod lookup;
mod name;
mod notes;
mod ranges;
pub mod runtime;
mod source_map;
mod symbols;
mod units;

pub use name::{Language, Name, Origin};
pub use symbols::{Location, Symbols, Wanted};
