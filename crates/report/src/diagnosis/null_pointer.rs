//! A null pointer with an index or an offset that leads out of the memory. Fixtures `c-null-read` and `c-null-write`.
//!
//! Address 0 is valid in WebAssembly: only accesses far from it trap.

use wdb_debuggee::coredump::code;

use super::address::{self, Term};
use crate::evidence::Evidence;
use crate::operation;

pub(super) fn find(evidence: &mut Evidence<'_, '_>) -> Option<String> {
    if evidence.crash.code != code::MEMORY_OUT_OF_BOUNDS {
        return None;
    }
    let access = operation::access(&evidence.site(0)?.operator)?;
    let base = evidence.unsigned(access.above)?;
    let constant = access.argument.offset;
    if base == 0 {
        return Some(format!(
            "the pointer is null: the access is at offset {constant} from it"
        ));
    }
    let terms = address::terms(evidence, access.above)?;
    // The pointer is a term without a factor. Indices are multiplied by the size of an element; if that is 1, they come
    // after the pointer.
    let (pointer, rest) = terms.split_first()?;
    let scaled = rest.iter().any(|term| matches!(term, Term::Scaled { .. }));
    let Term::Plain(0) = pointer else {
        return None;
    };
    let unclear = rest
        .iter()
        .filter(|term| matches!(term, Term::Plain(_)))
        .count();
    if rest.is_empty() || unclear > 1 || (unclear == 1 && scaled) {
        return None;
    }
    let mut parts: Vec<String> = rest.iter().map(ToString::to_string).collect();
    if constant > 0 {
        parts.push(constant.to_string());
    }
    Some(format!(
        "the pointer is null: the address is 0 + {}",
        parts.join(" + ")
    ))
}
