//! What an instruction does with its operands, as far as a crash can be explained by it.

use wasmparser::MemArg;
use wdb_module::Operator;

/// A load, a store or an atomic access of a linear memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// The memory, the constant offset and the width.
    pub(crate) argument: MemArg,
    /// How many operands lie above the address on the stack.
    pub(crate) above: usize,
    /// Whether it only writes. Atomic read-modify-write counts as a read.
    pub(crate) writes: bool,
}

impl Access {
    /// The number of bytes accessed.
    pub(crate) fn bytes(self) -> u64 {
        1 << self.argument.max_align.min(4)
    }
}

/// How many values an instruction pops and pushes, where that does not depend on types or labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arity {
    pub(crate) pops: usize,
    pub(crate) pushes: usize,
}

macro_rules! arity {
    (arity $pops:literal -> $pushes:literal) => {
        Some(Arity {
            pops: $pops,
            pushes: $pushes,
        })
    };
    ($($other:tt)*) => {
        None
    };
}

macro_rules! memory_argument {
    (memarg $value:ident $found:ident) => {
        $found = Some(*$value);
    };
    ($other:ident $value:ident $found:ident) => {
        let _ = $value;
    };
}

macro_rules! describe {
    ($(@$proposal:ident $op:ident $({ $($field:ident: $ty:ty),* })? => $visit:ident ($($arity:tt)*))*) => {
        /// The access that `operator` makes, its arity, and the name of its visitor function.
        fn describe(operator: &Operator<'_>) -> (Option<MemArg>, Option<Arity>, &'static str) {
            let mut argument = None;
            match operator {
                $(Operator::$op $({ $($field),* })? => {
                    $($(memory_argument!($field $field argument);)*)?
                    (argument, arity!($($arity)*), stringify!($visit))
                })*
                _ => (None, None, ""),
            }
        }
    };
}

wasmparser::for_each_operator!(describe);

/// The memory access that `operator` makes, if it is one with a constant offset (bulk operations
/// have none).
pub(crate) fn access(operator: &Operator<'_>) -> Option<Access> {
    let (argument, arity, _) = describe(operator);
    let arity = arity?;
    Some(Access {
        argument: argument?,
        above: arity.pops.checked_sub(1)?,
        writes: arity.pushes == 0,
    })
}

/// How many values `operator` pops and pushes; `None` for calls and control flow.
pub(crate) fn arity(operator: &Operator<'_>) -> Option<Arity> {
    describe(operator).1
}

/// The name of `operator` in the text format.
pub(crate) fn mnemonic(operator: &Operator<'_>) -> String {
    // The visitors are named after the text format, with `_` for `.`.
    const PREFIXES: &[&str] = &[
        "i32", "i64", "f32", "f64", "v128", "i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2",
        "local", "global", "table", "memory", "ref", "struct", "array", "i31", "data", "elem",
        "any", "extern", "atomic",
    ];
    let name = describe(operator).2.trim_start_matches("visit_");
    let name = match name.split_once('_') {
        Some((prefix, rest)) if PREFIXES.contains(&prefix) => format!("{prefix}.{rest}"),
        _ => name.to_owned(),
    };
    match name.split_once("atomic_") {
        Some((before, after)) => {
            let after = match after.split_once('_') {
                Some((rmw, rest)) if rmw.starts_with("rmw") => format!("{rmw}.{rest}"),
                _ => after.to_owned(),
            };
            format!("{before}atomic.{after}")
        }
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accesses_and_names() {
        use Operator as O;
        let memarg = MemArg {
            align: 0,
            max_align: 2,
            offset: 8,
            memory: 0,
        };
        let lane = 1;
        let (type_index, table_index) = (0, 0);
        for (operator, name, expected) in [
            (O::I32Load { memarg }, "i32.load", Some((0, false))),
            (O::I64Store32 { memarg }, "i64.store32", Some((1, true))),
            (
                O::V128Load8x8S { memarg },
                "v128.load8x8_s",
                Some((0, false)),
            ),
            (
                O::V128Store16Lane { memarg, lane },
                "v128.store16_lane",
                Some((1, true)),
            ),
            (
                O::I32AtomicRmw8CmpxchgU { memarg },
                "i32.atomic.rmw8.cmpxchg_u",
                Some((2, false)),
            ),
            (
                O::MemoryAtomicWait32 { memarg },
                "memory.atomic.wait32",
                Some((2, false)),
            ),
            (O::I32DivS, "i32.div_s", None),
            (O::Unreachable, "unreachable", None),
            (
                O::CallIndirect {
                    type_index,
                    table_index,
                },
                "call_indirect",
                None,
            ),
            (O::MemoryFill { mem: 0 }, "memory.fill", None),
        ] {
            assert_eq!(mnemonic(&operator), name);
            let found = access(&operator);
            assert_eq!(found.map(|it| (it.above, it.writes)), expected, "{name}");
            assert!(found.is_none_or(|it| it.argument == memarg && it.bytes() == 4));
        }
        let divide = Arity { pops: 2, pushes: 1 };
        assert_eq!(arity(&Operator::I32DivS), Some(divide));
        assert_eq!(arity(&Operator::Return), None);
    }
}
