//! The memory is near its maximum, so that `memory.grow` fails for what an allocator asks for. Fixtures
//! `c-heap-exhausted` and `rust-heap-exhausted`.
//!
//! A C program that gives up for want of memory, or goes on with a null pointer, does so in ways of
//! its own. That hardly any memory is left is a fact in any case.

use wdb_module::MemoryIndex;

use crate::evidence::Evidence;

/// Less than this part of the maximum left is worth a word.
const PART: u64 = 8;

pub(super) fn find(evidence: &mut Evidence<'_, '_>) -> Option<String> {
    let (_, shape) = evidence.memory(0, MemoryIndex(0))?;
    let maximum = shape.maximum?;
    let left = maximum.checked_sub(shape.pages)?;
    // A memory that starts at its maximum was never meant to grow.
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
