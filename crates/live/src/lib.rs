//! The live debuggee: a guest in wasmtime under its guest-debug instrumentation.
//!
//! [`Live::launch`] compiles and links a program; [`wdb_debuggee::Execute::resume`] runs it until it
//! stops. The guest runs on a thread of its own, because wasmtime's debug handler is called with the
//! guest's frames on the stack and has to stay in that call for as long as somebody looks at them
//! ([`mod@guest`]). There the program that is stopped is a debuggee itself ([`mod@paused`]); [`Live`]
//! asks it, in closures that it sends over ([`mod@debuggee`]).
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
mod program;
mod source;
mod stack;
mod stdio;
mod step;
mod stop;
mod successors;
mod table;
mod timer;
mod trap;
mod unlaunched;
mod value;

pub use asked::Asked;
pub use compiled::Compiled;
pub use debuggee::Live;
pub use features::Feature;
pub use program::{
    Capture, Directory, EachLimit, File, LaunchError, Limits, Network, Preload, Program,
    UnknownImports, Wasi,
};
pub use source::Source;
pub use stdio::{Input, Output, Sink, Stream, Tail};
pub use unlaunched::Unlaunched;
