//! An indirect call of a slot with a function of another type. Fixture `c-bad-signature`.

use wasmparser::Operator as Op;
use wdb_debuggee::coredump::{Reference, code};
use wdb_module::{FuncType, TableIndex};

use crate::evidence::Evidence;

pub(super) fn find(evidence: &mut Evidence<'_, '_>) -> Option<String> {
    if evidence.crash.code != code::INDIRECT_CALL_TYPE {
        return None;
    }
    let site = evidence.site(0)?;
    let (Op::CallIndirect {
        type_index,
        table_index,
    }
    | Op::ReturnCallIndirect {
        type_index,
        table_index,
    }) = site.operator
    else {
        return None;
    };
    let expected = site.module.types().get(type_index as usize)?;
    let expected = match &expected.composite_type.inner {
        wasmparser::CompositeInnerType::Func(ty) => signature(ty),
        _ => return None,
    };
    let slot = evidence.unsigned(0)?;
    let table = evidence.table(0, TableIndex(table_index))?;
    let element = table.elements.iter().find(|(index, _)| *index == slot);
    let Some((_, Reference::Func { instance, func })) = element else {
        return None;
    };
    let module = evidence.instances.get(instance.position())?.module;
    let actual = signature(evidence.binary(module)?.function_type(*func)?);
    Some(format!(
        "slot {slot} of the table holds `{}`, which is {actual}; the call is for {expected}",
        evidence.view.function_name(module, *func)
    ))
}

/// `(i32, i32) -> i32`.
fn signature(ty: &FuncType) -> String {
    let list = |types: &[wdb_module::ValType]| {
        let names: Vec<String> = types.iter().map(ToString::to_string).collect();
        names.join(", ")
    };
    match ty.results() {
        [] => format!("({}) -> nothing", list(ty.params())),
        [one] => format!("({}) -> {one}", list(ty.params())),
        many => format!("({}) -> ({})", list(ty.params()), list(many)),
    }
}
