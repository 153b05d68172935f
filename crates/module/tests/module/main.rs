//! What is said of binaries: well-formed, corrupt, real ones.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod corrupt;
mod fixtures;
mod instruction;
mod wellformed;
