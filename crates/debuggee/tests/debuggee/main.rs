//! Dumps as debuggees, and debuggees as dumps.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod c_stack;
mod dump;
mod hostile;
mod identity;
mod postmortem;
