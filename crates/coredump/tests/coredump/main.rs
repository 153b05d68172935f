//! The format: what is written and read, by us and by others.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod base;
mod dialects;
mod hostile;
mod layout;
mod roundtrip;
mod strict;
mod support;
mod validate;
