//! What single instructions can do.

use wasmparser::Operator;

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
    if accesses_memory(operator) {
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

/// Whether the instruction loads, stores, or works on memory atomically, that is: has a `memarg`.
fn accesses_memory(operator: &Operator<'_>) -> bool {
    // One arm for each of the 170 instructions would repeat the parser's own table.
    macro_rules! has_memarg {
        ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
            match operator {
                $(Operator::$op { .. } => has_memarg!(@one $($($arg)*)?),)*
                _ => false,
            }
        };
        (@one memarg $($rest:ident)*) => { true };
        (@one $($rest:ident)*) => { false };
    }
    wasmparser::for_each_operator!(has_memarg)
}
