//! Values that code computes, as far as they are known without running it.

/// What a value counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// Nothing: the value is a constant.
    Zero,
    /// The stack pointer when the function was entered, a multiple of [`ALIGNMENT`].
    Entry,
    /// A parameter of the function, as it was passed.
    Parameter(u32),
    /// `offset` bytes from [`Base::Entry`], and from there down to a multiple of a power of two, of
    /// which this is the negative: what a frame with variables of great alignment starts with.
    Aligned { offset: i64, mask: i64 },
}

/// The stack pointer is a multiple of this wherever one function calls another (tool-conventions,
/// `BasicCABI.md`, "The linear stack").
pub(super) const ALIGNMENT: i64 = 16;

/// A value: `base + offset`, modulo the size of its type. Values of 32 bits are sign-extended, so that
/// equal values are equal here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) base: Base,
    pub(super) offset: i64,
}

/// The integer types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    I32,
    I64,
}

impl Width {
    /// What remains of `value` in this type, sign-extended.
    pub(super) fn wrap(self, value: i64) -> i64 {
        match self {
            Width::I32 => i64::from(value as i32),
            Width::I64 => value,
        }
    }

    /// A value of this type as an address.
    pub(super) fn address(self, value: i64) -> u64 {
        match self {
            Width::I32 => u64::from(value as u32),
            Width::I64 => value.cast_unsigned(),
        }
    }
}

/// The binary instructions that are followed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operation {
    Add,
    Sub,
    And,
    Or,
    Mul,
    Shl,
}

impl Sum {
    pub(super) fn constant(offset: i64) -> Sum {
        Sum {
            base: Base::Zero,
            offset,
        }
    }

    /// The constant that it is.
    pub(super) fn as_constant(self) -> Option<i64> {
        (self.base == Base::Zero).then_some(self.offset)
    }

    /// The value, once the stack pointer at the function's entry and the arguments of its call are
    /// known, as far as they are.
    pub(super) fn at(
        self,
        entry: Option<i64>,
        arguments: &[Option<i64>],
        width: Width,
    ) -> Option<i64> {
        let base = match self.base {
            Base::Zero => 0,
            Base::Entry => entry?,
            Base::Parameter(index) => (*arguments.get(index as usize)?)?,
            Base::Aligned { offset, mask } => width.wrap(entry?.wrapping_add(offset)) & mask,
        };
        Some(width.wrap(base.wrapping_add(self.offset)))
    }

    /// Of what power of two the base is a multiple, at least.
    fn alignment(self) -> i64 {
        match self.base {
            Base::Zero | Base::Parameter(_) => 1,
            Base::Entry => ALIGNMENT,
            Base::Aligned { mask, .. } => mask.wrapping_neg(),
        }
    }

    /// The result of a binary instruction, if it is of the same form.
    pub(super) fn combine(
        operation: Operation,
        left: Sum,
        right: Sum,
        width: Width,
    ) -> Option<Sum> {
        let (base, offset) = match (operation, left.as_constant(), right.as_constant()) {
            (Operation::Add, _, Some(right)) => (left.base, left.offset.wrapping_add(right)),
            (Operation::Add, Some(left), _) => (right.base, right.offset.wrapping_add(left)),
            (Operation::Sub, _, Some(right)) => (left.base, left.offset.wrapping_sub(right)),
            (Operation::Sub, ..) if left.base == right.base => {
                (Base::Zero, left.offset.wrapping_sub(right.offset))
            }
            (Operation::And, Some(left), Some(right)) => (Base::Zero, left & right),
            (Operation::And, _, Some(mask)) => return left.align(mask),
            (Operation::And, Some(mask), _) => return right.align(mask),
            (Operation::Or, Some(left), Some(right)) => (Base::Zero, left | right),
            (Operation::Or, _, Some(bits)) => (left.base, left.set(bits)?),
            (Operation::Or, Some(bits), _) => (right.base, right.set(bits)?),
            (Operation::Mul, Some(left), Some(right)) => (Base::Zero, left.wrapping_mul(right)),
            (Operation::Shl, Some(left), Some(right)) => {
                let bits = match width {
                    Width::I32 => right & 31,
                    Width::I64 => right & 63,
                };
                (Base::Zero, left.wrapping_shl(bits as u32))
            }
            _ => return None,
        };
        Some(Sum {
            base,
            offset: width.wrap(offset),
        })
    }

    /// Itself down to a multiple of the power of two of which `mask` is the negative.
    fn align(self, mask: i64) -> Option<Sum> {
        let alignment = mask.wrapping_neg();
        if alignment <= 0 || !alignment.cast_unsigned().is_power_of_two() {
            return None;
        }
        if alignment <= self.alignment() {
            let offset = self.offset & mask;
            return Some(Sum { offset, ..self });
        }
        (self.base == Base::Entry).then_some(Sum {
            base: Base::Aligned {
                offset: self.offset,
                mask,
            },
            offset: 0,
        })
    }

    /// The offset with `bits` set, none of which is: how LLVM adds to an address when it knows its
    /// alignment.
    fn set(self, bits: i64) -> Option<i64> {
        let known = self.alignment().wrapping_sub(1);
        (bits & !known == 0 && self.offset & bits == 0).then_some(self.offset | bits)
    }
}
