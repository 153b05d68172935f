//! Control of a program: breakpoints, steps, runs, calls and changes, as data. Knows no text of a command.
//!
//! A [`Session`] has a debuggee and what the user wants of it: breakpoints ([`breakpoints`]), the code that steps do
//! not stop in ([`skips`]), the frame that the user looks at. [`Session::run`] lets the program go on with a
//! [`Motion`] and says why it is stopped again: [`Stopped`], a list of [`Reason`]s.
//!
//! | what is wanted | where it is |
//! |---|---|
//! | a breakpoint from plain data; what became of all of them | [`Session::set_breakpoint`], [`breakpoints::Breakpoints::changes_since`] |
//! | to go on, to step, to reach a place; to stop it | [`Session::run`], [`Session::run_times`], [`Session::interrupt`] |
//! | why it is stopped, as text | [`Reason::describe`] |
//! | a value, with the functions that the expression calls | [`Session::evaluate`], [`Session::display`] |
//! | to end a call that has stopped | [`Session::abandon`] |
//! | to give something a value | [`Session::assign`], by its handle [`Session::set_value`], as bytes [`Session::write_memory`] |
//! | to start the program again, with other arguments | [`Session::restart`], [`Session::given_mut`] |
//! | what `wdb_examine` answers | [`Session::view`] |
//!
//! A program is run until it reaches a breakpoint with a condition, and a variable is printed there:
//!
//! ```
//! use std::sync::Arc;
//!
//! use wdb_debuggee::coredump::ModuleId;
//! use wdb_debuggee::launch::{Engine as _, File, Invocation, Program};
//! use wdb_examine::{Resolver, expression, places};
//! use wdb_live::Wasmtime;
//! use wdb_module::Binary;
//! use wdb_session::breakpoints::{NewBreakpoint, Trigger};
//! use wdb_session::{Motion, Reason, Session};
//! use wdb_symbols::Symbols;
//!
//! struct OfModule(Arc<Symbols>);
//!
//! impl Resolver for OfModule {
//!     fn symbols(&mut self, _: ModuleId) -> Option<Arc<Symbols>> {
//!         Some(Arc::clone(&self.0))
//!     }
//!     fn source(&mut self, _: ModuleId, path: &str) -> Option<String> {
//!         std::fs::read_to_string(path).ok()
//!     }
//! }
//!
//! # fn read(_: &str) -> std::io::Result<Vec<u8>> {
//! #     zstd::decode_all(std::fs::File::open("../../fixtures/built/c-steps.wasm.zst")?)
//! # }
//! let binary = Arc::new(Binary::parse(read("app.wasm")?.into())?);
//! let symbols = Symbols::new(Arc::clone(&binary.modules()[0]), None, None);
//! let program = Program::new(File { name: "app.wasm".into(), path: None, binary });
//! let debuggee = Wasmtime::default().prepare(&program, &[])?.launch(&Invocation::default())?;
//! let mut session = Session::new(debuggee, Box::new(OfModule(Arc::new(symbols))), None);
//!
//! let place = "factorial";
//! session.set_breakpoint(NewBreakpoint {
//!     condition: Some(expression::parse("n == 3")?),
//!     ..NewBreakpoint::new(place, Trigger::Place(places::parse(place)?))
//! })?;
//! let stopped = session.run(Motion::Continue)?;
//! assert!(matches!(stopped.reasons[..], [Reason::Breakpoint(_)]));
//!
//! let frame = session.selected().ok_or("the program has no frames")?;
//! let n = expression::show(&expression::parse("n")?, &mut session.view(), frame)?;
//! println!("{place} is called with {n}");
//! assert_eq!(n, "3");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod breakpoints;
mod call;
mod calls;
mod change;
mod deciding;
pub mod displays;
mod error;
mod evaluate;
mod given;
mod motion;
mod run;
mod session;
pub mod skips;
mod step;
mod stopped;

pub use error::Error;
pub use evaluate::Evaluated;
pub use given::{Given, Launch, Launcher, Started};
pub use motion::Motion;
pub use session::Session;
pub use stopped::{LogSink, Reason, ReturnValue, Returned, Stopped};
