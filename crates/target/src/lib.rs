//! The hub: the trait [`Debuggee`] with its vocabulary and capabilities, and [`PostMortem`], a core
//! dump as a debuggee. [`dump`] turns any debuggee into a core dump.

mod debuggee;
mod error;

pub use debuggee::{
    Certainty, Debuggee, Execute, Frame, Interrupt, Module, StopReason, Thread, Trust,
};
pub use error::Error;
pub use wdb_coredump as coredump;
