//! What is seen of a stopped program: fixtures' dumps, and other people's tools where there are any.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod cpp;
mod disassembly;
mod expressions;
mod frames;
mod handles;
mod memory;
mod places;
mod support;
mod values;
