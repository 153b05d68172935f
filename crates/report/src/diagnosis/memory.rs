//! The memory is near its maximum, so that `memory.grow` fails for an allocator. Fixtures `c-heap-exhausted` and
//! `rust-heap-exhausted`.
//!
//! A C program without memory may end in any way, or continue with a null pointer. That almost no memory is left is a
//! fact in each case.

use wdb_module::MemoryIndex;

use crate::evidence::Evidence;

/// The memory counts as full if less than one part in this many of the maximum is left.
const PART: u64 = 8;

pub(super) fn find(evidence: &mut Evidence<'_, '_>) -> Option<String> {
    let (_, shape) = evidence.memory(0, MemoryIndex(0))?;
    let maximum = shape.maximum?;
    let left = maximum.checked_sub(shape.pages)?;
    // A memory that starts at its maximum cannot grow by design.
    let frame = evidence.frames().first()?;
    let declared = evidence.binary(frame.module)?.memories().first()?.initial;
    if left.saturating_mul(PART) >= maximum || shape.pages <= declared {
        return None;
    }
    Some(match left {
        0 => format!(
            "the memory has grown to its maximum of {maximum} pages: every further allocation that needs it to grow fails"
        ),
        left => format!(
            "the memory has grown to {} of its maximum of {maximum} pages: an allocation that needs it to grow by more than {left} fails",
            shape.pages
        ),
    })
}
