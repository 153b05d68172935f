//! A limit that the user set ended the run. Any fixture shows it with `--fuel`, `--timeout` or `--max-memory`.

use wdb_debuggee::coredump::{CrashKind, code};

use crate::evidence::Evidence;

pub(super) fn find(evidence: &mut Evidence<'_, '_>) -> Option<String> {
    if evidence.crash.kind != CrashKind::Limit {
        return None;
    }
    let option = match evidence.crash.code.as_str() {
        code::FUEL => "--fuel",
        code::TIMEOUT => "--timeout",
        code::MEMORY_LIMIT => "--max-memory",
        _ => return None,
    };
    Some(format!(
        "the program itself did nothing wrong here: {option} ended it"
    ))
}
