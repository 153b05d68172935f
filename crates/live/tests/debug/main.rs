//! Programs in wasmtime, debugged: the suite of every engine, and what it costs here.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod costs;
#[path = "../../../debuggee/tests/suite/mod.rs"]
mod suite;

use suite::Backend;
use wdb_live::Wasmtime;

const BACKEND: Backend = Backend {
    engine: || Box::new(Wasmtime::default()),
    passes_over: false,
    looks_often: false,
    sets_locals: false,
    calls: true,
};
