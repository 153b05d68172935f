//! An exception that nothing caught: for C++ ones, where the object is. Fixtures `wat-exception` and
//! `cpp-exception`.

use super::Names;
use crate::evidence::{Evidence, unsigned};

/// The tag that LLVM gives to C++ exceptions; its payload is the address of the exception object
/// (tool-conventions, `EHScheme.md`).
const CPP: &str = "__cpp_exception";

pub(super) fn find(evidence: &mut Evidence<'_>, _names: Names<'_>) -> Option<String> {
    let exception = evidence.crash.exception.as_ref()?;
    let (instance, tag) = exception.tag?;
    let module = evidence.instances.get(instance.position())?.module;
    let name = evidence.binary(module)?.tag_name(tag)?;
    if name != CPP {
        return None;
    }
    let [payload] = exception.payload.as_slice() else {
        return None;
    };
    let object = unsigned(payload.value()?)?;
    Some(format!(
        "a C++ exception reached the end of the stack without a handler; its object is at {object:#x}"
    ))
}
