//! A stopped program in the terms of its source. Nothing here changes the program or lets it run.
//!
//! [`Stop`] is a debuggee that is stopped, together with its debug information: every question about a
//! program is asked of it. A [`FrameId`](stop::FrameId) names a frame as the source has it. Of a frame, [`variables`]
//! gives the variables, and [`expression`] evaluates what a user writes; both end in an object of
//! `wdb_symbols`, whose bytes are read through [`machine::FrameMachine`], and in [`Doubts`], which say what the value
//! was based on. [`frames`] gives the stack, [`places`] the code that a text means, [`disassembly`] the instructions.

pub mod disassembly;
pub mod doubts;
pub mod expression;
pub mod frames;
pub mod kept;
pub mod looking;
pub mod machine;
pub mod places;
mod source_paths;
mod starts;
pub mod stop;
pub mod tags;
pub mod value;
pub mod variables;

pub use doubts::Doubts;
pub use source_paths::SourcePaths;
pub use stop::{Resolver, Stop};
