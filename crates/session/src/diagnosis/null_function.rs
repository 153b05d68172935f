//! A call through a null function pointer: slot 0 of the table, which linkers leave empty so that a
//! null pointer calls nothing. Fixtures `c-null-function` and `cpp-null-virtual`.

use wasmparser::Operator as Op;
use wdb_target::coredump::code;

use super::Names;
use crate::evidence::Evidence;

pub(super) fn find(evidence: &mut Evidence<'_>, _names: Names<'_>) -> Option<String> {
    if evidence.crash.code != code::INDIRECT_CALL_NULL {
        return None;
    }
    let indirect = matches!(
        evidence.site(0)?.operator,
        Op::CallIndirect { .. } | Op::ReturnCallIndirect { .. }
    );
    if !indirect || evidence.unsigned(0)? != 0 {
        return None;
    }
    Some("the function pointer is null".into())
}
