//! The debugger above any debuggee: the crash report and the diagnosis of crashes.

mod diagnosis;
mod evidence;
mod operation;
pub mod report;
pub mod value;

pub use report::Report;
