//! What single instructions can do.

use wasmparser::{
    BlockType, ContType, FrameKind, FuncType, MemArg, ModuleArity, Operator, RefType, SubType,
};

/// How many blocks out an instruction branches that names one place. Tables of branches and of catches name several.
pub fn branch_target(operator: &Operator<'_>) -> Option<u32> {
    match operator {
        Operator::Br { relative_depth }
        | Operator::BrIf { relative_depth }
        | Operator::BrOnNull { relative_depth }
        | Operator::BrOnNonNull { relative_depth }
        | Operator::BrOnCast { relative_depth, .. }
        | Operator::BrOnCastFail { relative_depth, .. }
        | Operator::BrOnCastDescEq { relative_depth, .. }
        | Operator::BrOnCastDescEqFail { relative_depth, .. } => Some(*relative_depth),
        _ => None,
    }
}

/// Whether the instruction itself can trap or throw (core specification, section 4.4), calls apart:
/// those of [`is_call`] trap only where a call is indirect.
pub fn may_trap(operator: &Operator<'_>) -> bool {
    use Operator as O;
    if memory_argument(operator).is_some() {
        return true;
    }
    matches!(
        operator,
        O::Unreachable
            | O::I32DivS
            | O::I32DivU
            | O::I32RemS
            | O::I32RemU
            | O::I64DivS
            | O::I64DivU
            | O::I64RemS
            | O::I64RemU
            | O::I32TruncF32S
            | O::I32TruncF32U
            | O::I32TruncF64S
            | O::I32TruncF64U
            | O::I64TruncF32S
            | O::I64TruncF32U
            | O::I64TruncF64S
            | O::I64TruncF64U
            | O::CallIndirect { .. }
            | O::ReturnCallIndirect { .. }
            | O::CallRef { .. }
            | O::ReturnCallRef { .. }
            | O::TableGet { .. }
            | O::TableSet { .. }
            | O::TableFill { .. }
            | O::TableCopy { .. }
            | O::TableInit { .. }
            | O::TableGrow { .. }
            | O::MemoryFill { .. }
            | O::MemoryCopy { .. }
            | O::MemoryInit { .. }
            | O::MemoryGrow { .. }
            | O::Throw { .. }
            | O::ThrowRef
            | O::Rethrow { .. }
            | O::RefAsNonNull
            | O::RefCastNonNull { .. }
            | O::RefCastNullable { .. }
            | O::StructNew { .. }
            | O::StructNewDefault { .. }
            | O::StructGet { .. }
            | O::StructGetS { .. }
            | O::StructGetU { .. }
            | O::StructSet { .. }
            | O::ArrayNew { .. }
            | O::ArrayNewDefault { .. }
            | O::ArrayNewFixed { .. }
            | O::ArrayNewData { .. }
            | O::ArrayNewElem { .. }
            | O::ArrayGet { .. }
            | O::ArrayGetS { .. }
            | O::ArrayGetU { .. }
            | O::ArraySet { .. }
            | O::ArrayLen
            | O::ArrayFill { .. }
            | O::ArrayCopy { .. }
            | O::ArrayInitData { .. }
            | O::ArrayInitElem { .. }
            | O::I31GetS
            | O::I31GetU
    )
}

/// Whether the instruction is a call that leaves a frame waiting.
pub fn is_call(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Call { .. } | Operator::CallIndirect { .. } | Operator::CallRef { .. }
    )
}

/// Where a load, a store or an atomic access goes; `None` for an instruction without a `memarg`.
pub fn memory_argument(operator: &Operator<'_>) -> Option<MemArg> {
    // One arm for each of the 170 instructions would repeat the parser's own table.
    macro_rules! find {
        ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
            match operator {
                $(Operator::$op $({ $($arg),* })? => { find!(@in $($($arg)*)?; $($($arg)*)?) })*
                _ => None,
            }
        };
        (@in memarg $($name:ident)*; $memarg:ident $($other:ident)*) => {
            { $(let _ = $other;)* Some(*$memarg) }
        };
        (@in $($name:ident)*; $($other:ident)*) => {
            { $(let _ = $other;)* None }
        };
    }
    wasmparser::for_each_operator!(find)
}

/// How many values the instruction pops and pushes, where that depends neither on types nor on
/// labels; `None` for calls and control flow, for example.
pub fn fixed_arity(operator: &Operator<'_>) -> Option<(usize, usize)> {
    let (pops, pushes) = operator.operator_arity(&NoModule)?;
    Some((pops as usize, pushes as usize))
}

/// A module of which no type and no label is known.
struct NoModule;

impl ModuleArity for NoModule {
    fn sub_type_at(&self, _: u32) -> Option<&SubType> {
        None
    }

    fn tag_type_arity(&self, _: u32) -> Option<(u32, u32)> {
        None
    }

    fn type_index_of_function(&self, _: u32) -> Option<u32> {
        None
    }

    fn func_type_of_cont_type(&self, _: &ContType) -> Option<&FuncType> {
        None
    }

    fn sub_type_of_ref_type(&self, _: &RefType) -> Option<&SubType> {
        None
    }

    fn control_stack_height(&self) -> u32 {
        0
    }

    fn label_block(&self, _: u32) -> Option<(BlockType, FrameKind)> {
        None
    }

    // A block without parameters is control flow, too.
    fn block_type_arity(&self, _: BlockType) -> Option<(u32, u32)> {
        None
    }
}

/// Instructions that have one name in the text format and several in the parser.
const NAMED_APART: &[(&str, &str)] = &[
    ("typed_select", "select"),
    ("typed_select_multi", "select"),
    ("ref_test_non_null", "ref.test"),
    ("ref_test_nullable", "ref.test"),
    ("ref_cast_non_null", "ref.cast"),
    ("ref_cast_nullable", "ref.cast"),
    ("ref_cast_desc_eq_non_null", "ref.cast_desc_eq"),
    ("ref_cast_desc_eq_nullable", "ref.cast_desc_eq"),
];

/// The part of a name before its dot.
const FAMILIES: &[&str] = &[
    "i32", "i64", "f32", "f64", "v128", "i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2",
    "local", "global", "table", "memory", "ref", "elem", "data", "struct", "array", "i31", "any",
    "extern", "atomic", "cont",
];

/// The name of the instruction in the text format (core specification, section 6.5).
pub fn mnemonic(operator: &Operator<'_>) -> String {
    macro_rules! visited {
        ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
            match operator {
                $(Operator::$op { .. } => stringify!($visit),)*
                _ => "visit_unknown",
            }
        };
    }
    // The parser's visitors are named after the text format, with `_` for `.`.
    let visited = wasmparser::for_each_operator!(visited);
    let name = visited.strip_prefix("visit_").unwrap_or(visited);
    if let Some((_, name)) = NAMED_APART.iter().find(|apart| apart.0 == name) {
        return (*name).to_owned();
    }
    let Some((family, rest)) = name
        .split_once('_')
        .filter(|parts| FAMILIES.contains(&parts.0))
    else {
        return name.to_owned();
    };
    let Some(atomic) = rest.strip_prefix("atomic_") else {
        return format!("{family}.{rest}");
    };
    match atomic.split_once('_') {
        Some((rmw, what)) if rmw.starts_with("rmw") => format!("{family}.atomic.{rmw}.{what}"),
        _ => format!("{family}.atomic.{atomic}"),
    }
}
