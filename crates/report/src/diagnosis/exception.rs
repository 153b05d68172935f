//! An uncaught C++ exception: the address of its object. Fixture `cpp-exception`.

use wdb_module::{FuncIndex, Module, TagIndex};

use crate::evidence::Evidence;
use wdb_examine::value::unsigned;

pub(super) fn find(evidence: &mut Evidence<'_, '_>) -> Option<String> {
    let exception = evidence.crash.exception.as_ref()?;
    let (instance, tag) = exception.tag?;
    let module = evidence.instances.get(instance.position())?.module;
    let [payload] = exception.payload.as_slice() else {
        return None;
    };
    let object = unsigned(payload.value()?)?;
    is_cpp(evidence.binary(module)?, tag)
        .then(|| format!("nothing caught a C++ exception; the exception object is at {object:#x}"))
}

/// LLVM gives C++ exceptions the tag `__cpp_exception` (tool-conventions, `EHScheme.md`), but its linker does not
/// write the names of tags. Without a name, the presence of the function that throws decides.
fn is_cpp(module: &Module, tag: TagIndex) -> bool {
    if let Some(name) = module.tag_name(tag) {
        return name == "__cpp_exception";
    }
    let functions = (0..module.function_count()).map(FuncIndex);
    functions
        .filter_map(|func| module.function_name(func))
        .any(|name| name == "__cxa_throw")
}
