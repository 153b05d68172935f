//! An allocation failed, because the memory could not grow. Fixtures `c-heap-exhausted` and
//! `rust-heap-exhausted`.

use wdb_module::MemoryIndex;
use wdb_target::coredump::code;

use super::Names;
use crate::evidence::Evidence;
use crate::report::memory_size;

/// Functions that are called when an allocation has failed, and for nothing else.
const HANDLERS: &[&str] = &[
    "alloc::alloc::handle_alloc_error",
    "__rust_alloc_error_handler",
    "__rustc::__rust_alloc_error_handler",
    "rust_oom",
    "std::alloc::rust_oom",
    "std::__throw_bad_alloc()",
];

pub(super) fn find(evidence: &mut Evidence<'_>, _names: Names<'_>) -> Option<String> {
    let reported = evidence.frame_of(HANDLERS);
    // A C program notices by itself and gives up; that it is for want of memory is not proven then,
    // but that none is to be had is worth knowing.
    let gave_up = evidence.crash.code == code::UNREACHABLE
        || evidence.crash.code == code::MEMORY_OUT_OF_BOUNDS;
    if reported.is_none() && !gave_up {
        return None;
    }
    let (_, shape) = evidence.memory(reported.unwrap_or(0), MemoryIndex(0))?;
    let full = shape.maximum.is_some_and(|maximum| shape.pages >= maximum);
    let size = memory_size(shape);
    match (reported, full) {
        (Some(_), true) => Some(format!(
            "out of memory: an allocation failed, and the memory has its maximum of {size}"
        )),
        (Some(_), false) => Some(format!("an allocation failed; the memory has {size}")),
        (None, true) => Some(format!(
            "the memory has its maximum of {size}: allocations fail that need it to grow"
        )),
        (None, false) => None,
    }
}
