//! A failed `assert` of C, with its text. Fixture `c-assert`.
//!
//! The arguments of `__assert_fail` are in its locals, unless the compiler reused the locals. So they count only if
//! they lead to strings and a possible line number.

use crate::evidence::Evidence;

/// Larger numbers are not line numbers.
const LINES: u64 = 10_000_000;

pub(super) fn find(evidence: &mut Evidence<'_, '_>) -> Option<String> {
    let frame = evidence.frame_of(&["__assert_fail"])?;
    // `__assert_fail(const char *expression, const char *file, int line, const char *function)`,
    // as musl and wasi-libc declare it.
    let expression = evidence.local(frame, 0)?;
    let expression = evidence.c_string(frame, expression)?;
    let file = evidence.local(frame, 1)?;
    let file = evidence.c_string(frame, file)?;
    let line = evidence
        .local(frame, 2)
        .filter(|line| (1..LINES).contains(line))?;
    let function = evidence.local(frame, 3)?;
    let function = evidence.c_string(frame, function)?;
    Some(format!(
        "assertion failed: `{expression}` in {function} at {file}:{line}"
    ))
}
