//! The debugger above any debuggee: the crash report and the diagnosis of crashes.

mod diagnosis;
mod evidence;
mod operation;
pub mod report;
mod value;

pub use report::Report;
