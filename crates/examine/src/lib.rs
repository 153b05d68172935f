//! A stopped program in the terms of its source. Nothing here changes the program or lets it run.
//!
//! [`View`] is a debuggee that is stopped, together with its debug information: every question about a
//! program is asked of it. A [`FrameId`](view::FrameId) names a frame as the source has it. Of a frame, [`variables`]
//! gives the variables, and [`expression`] evaluates what a user writes; both end in an object of
//! `wdb_symbols`, whose bytes are read through [`machine::FrameMachine`], and in [`Doubts`], which say what the value
//! was based on.
//!
//! | what is wanted | where it is |
//! |---|---|
//! | the stack, by page, with inlined calls and host code | [`frames::page`], folded for a reader in [`frames::fold`] |
//! | scopes, variables, the parts of a value by page, a value as text | [`values`] |
//! | what a line of the user means: to evaluate, to assign | [`expression::line`]; a value, [`expression::evaluate`] |
//! | what can come next in a line | [`completions`] |
//! | the code that a text means, with lines and columns | [`places`] |
//! | instructions, over functions, with their bytes | [`disassembly`] |
//! | a range of memory, with what is not known of it | [`memory`] |
//! | values that were shown, `$1`, and the user's variables | [`kept`] |
//! | the name of an exception's tag | [`tags`] |
//!
//! The variables of the innermost frame of a core dump, with their parts:
//!
//! ```
//! use std::sync::Arc;
//!
//! use wdb_debuggee::PostMortem;
//! use wdb_debuggee::coredump::{self, ModuleId};
//! use wdb_examine::view::{FrameId, Resolver, View};
//! use wdb_examine::values::{self, Named};
//! use wdb_module::Binary;
//! use wdb_symbols::Symbols;
//! use wdb_symbols::render::Limits;
//!
//! struct OfModule(Arc<Symbols>);
//!
//! impl Resolver for OfModule {
//!     fn symbols(&mut self, _: ModuleId) -> Option<Arc<Symbols>> {
//!         Some(Arc::clone(&self.0))
//!     }
//!     fn source(&mut self, _: ModuleId, path: &str) -> Option<String> {
//!         std::fs::read_to_string(path).ok()
//!     }
//! }
//!
//! fn print(view: &mut View<'_>, of: &Named, depth: usize) {
//!     let limits = Limits { depth: 2, elements: 10, text: 80, line: 80, values: 100 };
//!     let shown = values::show(view, &of.value, &limits, None);
//!     let text = shown.text.unwrap_or_else(|why| format!("<{why}>"));
//!     println!("{:indent$}{}: {} = {text}", "", of.name, shown.ty, indent = depth * 2);
//!     if depth < 3 {
//!         for part in values::children(view, of, 0..20).parts {
//!             print(view, &part, depth + 1);
//!         }
//!     }
//! }
//!
//! # fn read(name: &str) -> std::io::Result<Vec<u8>> {
//! #     let path = if name == "app.wasm" { "built/cpp-types.wasm" } else { "dumps/cpp-types.wasmtime.core" };
//! #     zstd::decode_all(std::fs::File::open(format!("../../fixtures/{path}.zst"))?)
//! # }
//! let module = Binary::parse(read("app.wasm")?.into())?.modules()[0].clone();
//! let mut symbols = OfModule(Arc::new(Symbols::new(Arc::clone(&module), None, None)));
//! let reading = coredump::read(read("app.core")?.into())?;
//! let mut dump = PostMortem::new(reading, vec![Some(module)]);
//! let mut view = View::new(&mut dump, &mut symbols)?;
//! let frame = FrameId::default();
//! for scope in values::scopes(&mut view, frame) {
//!     println!("{:?}", scope.kind);
//!     for variable in values::variables(&mut view, frame, scope.kind, 0..scope.length) {
//!         print(&mut view, &variable, 1);
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod completions;
pub mod disassembly;
pub mod doubts;
pub mod expression;
pub mod frames;
pub mod kept;
pub mod looking;
pub mod machine;
pub mod memory;
pub mod places;
mod source_paths;
mod starts;
pub mod supposed;
pub mod tags;
pub mod value;
pub mod values;
pub mod variables;
pub mod view;

pub use doubts::Doubts;
pub use source_paths::SourcePaths;
pub use view::{Resolver, View};
