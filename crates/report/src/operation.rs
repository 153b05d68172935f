//! The memory access of an instruction, to explain a crash.

use wasmparser::MemArg;
use wdb_module::Operator;
use wdb_module::instruction::{fixed_arity, memory_argument};

/// A load, a store or an atomic access of a linear memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// The memory, the constant offset and the width.
    pub(crate) argument: MemArg,
    /// How many operands are above the address on the operand stack.
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

/// The memory access of `operator`, if it has a constant offset. Bulk operations have none.
pub(crate) fn access(operator: &Operator<'_>) -> Option<Access> {
    let (pops, pushes) = fixed_arity(operator)?;
    Some(Access {
        argument: memory_argument(operator)?,
        above: pops.checked_sub(1)?,
        writes: pushes == 0,
    })
}

#[cfg(test)]
mod tests {
    use wdb_module::instruction::mnemonic;

    use super::*;

    #[test]
    fn accesses() {
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
    }
}
