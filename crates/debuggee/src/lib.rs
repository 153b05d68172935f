//! The hub: the trait [`Debuggee`] with its vocabulary and capabilities, and [`PostMortem`], a core
//! dump as a debuggee. [`dump`] turns any debuggee into a core dump.

mod c_stack;
mod contents;
mod debuggee;
pub mod dump;
mod error;
mod execute;
#[doc(hidden)]
pub mod fuzz;
pub mod identity;
mod initial;
pub mod launch;
mod postmortem;

pub use c_stack::CStack;
pub use debuggee::{Certainty, Debuggee, Frame, Module, Pc, StopReason, Thread, Trust};
pub use error::Error;
pub use execute::{
    Breakpoints, Call, CodeLocation, Execute, Interrupt, Mutate, Resume, SetLocal, StopFilter,
    Verdict,
};
pub use initial::{initial_element, initial_memory};
pub use postmortem::PostMortem;
pub use wdb_coredump as coredump;
