//! The debugger above any debuggee: a program that is stopped ([`stop`]), its variables, the crash
//! report and the diagnosis of crashes.

pub mod breakpoints;
mod call;
mod change;
pub mod command;
mod diagnosis;
pub mod disassembly;
mod evidence;
pub mod expression;
mod given;
pub mod kept;
pub mod listing;
pub mod looking;
pub mod machine;
mod motion;
mod operation;
pub mod places;
pub mod report;
pub mod run;
pub mod session;
pub mod skips;
mod source_paths;
mod step;
pub mod stop;
mod supposed;
pub mod value;
pub mod variables;

pub use call::{ReturnValue, Returned};
pub use given::{Given, Launch, Launcher, Started};
pub use motion::Motion;
pub use report::Report;
pub use run::{Reason, Stopped};
pub use session::Session;
pub use source_paths::SourcePaths;
pub use stop::{Resolver, Stop};
