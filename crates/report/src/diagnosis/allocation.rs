//! An allocation failed, and the language's runtime reported it. Fixture `rust-heap-exhausted`.

use wdb_module::MemoryIndex;

use crate::evidence::Evidence;
use crate::words::memory_size;

/// Functions that are called only after a failed allocation.
const HANDLERS: &[&str] = &[
    "alloc::alloc::handle_alloc_error",
    "__rust_alloc_error_handler",
    "__rustc::__rust_alloc_error_handler",
    "rust_oom",
    "std::alloc::rust_oom",
    "std::__throw_bad_alloc()",
];

pub(super) fn find(evidence: &mut Evidence<'_, '_>) -> Option<String> {
    let frame = evidence.frame_of(HANDLERS)?;
    let size = match evidence.memory(frame, MemoryIndex(0)) {
        Some((_, shape)) => format!("; the memory has {}", memory_size(shape)),
        None => String::new(),
    };
    Some(format!("out of memory: an allocation failed{size}"))
}
