//! The debugger above any debuggee: the crash report and the diagnosis of crashes.

mod diagnosis;
mod evidence;
pub mod expression;
pub mod machine;
mod operation;
pub mod report;
pub mod stop;
pub mod value;

pub use report::Report;
pub use stop::{Resolver, Stop};
