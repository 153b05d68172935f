//! The live debuggee: a guest in wasmtime under its guest-debug instrumentation.
//!
//! [`Wasmtime`] prepares programs; [`wdb_debuggee::Execute::resume`] runs one until it stops. The guest runs on a thread of its own, because wasmtime's debug handler is called with the
//! guest's frames on the stack and has to stay in that call for as long as the debugger looks at
//! them (`guest`). There the program that is stopped is a debuggee itself (`paused`); [`Live`]
//! asks it, in closures that it sends over (`debuggee`).
//!
//! [`light`] is the other way to run: optimised code, no handler, and after a trap what wasmtime's own
//! core dump holds.

mod asked;
mod blocks;
mod breakpoints;
mod call;
mod compiled;
mod deadlock;
mod debuggee;
mod engine;
mod events;
mod exception;
mod features;
mod frames;
mod guarded;
mod guest;
mod host;
mod http;
mod inventory;
mod invoke;
pub mod light;
mod link;
mod memory;
mod modules;
mod operands;
mod paused;
mod stack;
mod stdio;
mod step;
mod stop;
mod successors;
mod table;
mod timer;
mod trap;
mod value;

pub use asked::Asked;
pub use compiled::Compiled;
pub use debuggee::Live;
pub use engine::Wasmtime;
pub use features::Feature;
