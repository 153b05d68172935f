//! The debug information of WebAssembly code.
//!
//! For an address in a module, [`Symbols`] finds the function, the source line and the calls that were inlined there.
//! It reads DWARF 4 and 5 in the module or in a file beside it, source maps, and the names in the binary itself. With
//! a [`Machine`], the state of a frame, it finds the frame's variables ([`variables`]), their types ([`types`]) and
//! their values ([`object`], [`render`]). It does no I/O: [`Symbols::wanted`] says which files would help, and the
//! caller brings them.

mod blocks;
mod dwarf;
mod fuel;
mod functions;
mod functions_by_name;
#[doc(hidden)]
pub mod fuzz;
pub mod glob;
mod index;
mod inlines;
mod line_places;
mod lines;
mod lookup;
mod machine;
mod name;
mod notes;
pub mod object;
mod ranges;
pub mod reading;
pub mod render;
mod runs;
pub mod runtime;
mod scopes;
mod source_map;
mod sources;
mod spelling;
mod statements;
mod symbols;
pub mod types;
mod units;
pub mod variables;

pub use functions_by_name::InlinedCopy;
pub use line_places::{LinePlace, NoPlace};
pub use machine::{Machine, Number, Unavailable};
pub use name::{Language, Name, Origin};
pub use object::{Context, Object, Storage};
pub use spelling::split_outside_brackets;
pub use symbols::{SourceLocation, Symbols, Wanted};
pub use types::{Type, TypeRef};
pub use variables::{Variable, VariableKind};
pub use wdb_module::printable::{
    printable, printable_json, printable_source, printable_styled, printable_text,
};
