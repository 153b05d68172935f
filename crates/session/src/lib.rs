//! Control of a program: breakpoints, steps, runs, calls and changes, as data. Knows no text of a command.
//!
//! A [`Session`] has a debuggee and what the user wants of it: breakpoints ([`breakpoints`]), the code that steps do
//! not stop in ([`skips`]), the frame that the user looks at. [`Session::run`] lets the program go on with a
//! [`Motion`] and says why it is stopped again: [`Stopped`], a list of [`Reason`]s.

pub mod breakpoints;
mod call;
mod calls;
mod change;
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
pub use stopped::{Reason, ReturnValue, Returned, Stopped, Teller};
