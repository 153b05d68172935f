//! Calls by the user that have not returned.

use wdb_debuggee::coredump::{GlobalId, ModuleId, Value};
use wdb_examine::view::FrameId;
use wdb_module::FuncIndex;
use wdb_symbols::types::Signature;

use crate::stopped::Stopped;

/// A call by the user that has not returned.
pub(crate) struct Calling {
    pub(crate) module: ModuleId,
    pub(crate) func: FuncIndex,
    /// What the source says that it gives back, if it says so.
    pub(crate) source: Option<Signature>,
    /// Where the result is, if that is in memory.
    pub(crate) result: Option<Value>,
    /// The stack pointer of the C stack, as it was.
    pub(crate) stack_pointer: Option<(GlobalId, Value)>,
    /// Where the user was.
    pub(crate) before: Before,
}

/// Where the user was before a call: it is none of the program's own steps, and changes nothing of that.
pub(crate) struct Before {
    pub(crate) selected: Option<FrameId>,
    pub(crate) not_entered: usize,
    pub(crate) stopped: Stopped,
}
