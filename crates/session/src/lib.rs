//! The debugger above any debuggee: a program that stands still ([`stop`]), its variables, the crash
//! report and the diagnosis of crashes.

pub mod command;
mod diagnosis;
mod evidence;
pub mod expression;
pub mod machine;
mod operation;
pub mod places;
pub mod report;
pub mod stop;
pub mod value;
pub mod variables;

pub use report::Report;
pub use stop::{Resolver, Stop};
