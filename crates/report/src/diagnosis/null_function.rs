//! A call through a null function pointer: linkers leave slot 0 of the table empty for null pointers. Fixtures
//! `c-null-function` and `cpp-null-virtual`.

use wasmparser::Operator as Op;
use wdb_debuggee::coredump::code;

use super::address;
use crate::evidence::Evidence;

pub(super) fn find(evidence: &mut Evidence<'_, '_>) -> Option<String> {
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
    // A virtual call reads the address of the vtable from the object, and then the function from the vtable.
    let followed = address::followed(evidence, 0);
    Some(match followed.iter().position(|pointer| *pointer == 0) {
        Some(0) if followed.len() > 1 => {
            "the object is null: the vtable was looked for at address 0".into()
        }
        Some(_) => "the function pointer is null: it was read through a null pointer".into(),
        None => "the function pointer is null".into(),
    })
}
