//! Reports of fixtures' dumps and of crashes made by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod diagnosis;
mod dumps;
mod hostile;
mod json;
mod panics;
mod reasons;
mod render;
mod scene;
#[path = "../../../examine/tests/examine/support/mod.rs"]
mod support;
