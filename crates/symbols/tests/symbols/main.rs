//! What debug information says: of real programs, of crafted and of broken ones.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod addr2line;
mod common;
mod crafted;
mod expressions;
mod fixtures;
mod hostile;
mod llvm;
mod names;
mod places;
mod variables;
