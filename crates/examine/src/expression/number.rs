//! Arithmetic, as C has it, in every language: integers are taken to at least 32 bits and then to the type that
//! both fit best, the result wraps to that type. Comparison is of the numbers themselves: -1 is less than `1u`.

use std::cmp::Ordering;

use super::lexer::{Literal, Suffix};
use super::tree::Binary;

/// A number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    /// An integer: its bits, extended to 128 as its type does it.
    Integer(u128, IntegerType),
    /// A float, and whether it is one of 32 bits.
    Float(f64, bool),
}

impl Number {
    /// Whether it is of the same type as another.
    pub(super) fn has_type_of(self, other: Number) -> bool {
        match (self, other) {
            (Number::Integer(_, one), Number::Integer(_, other)) => one == other,
            (Number::Float(_, one), Number::Float(_, other)) => one == other,
            _ => false,
        }
    }
}

/// What an integer fits into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IntegerType {
    pub(super) bits: u32,
    pub(super) signed: bool,
}

impl IntegerType {
    pub(super) const I32: IntegerType = IntegerType::signed(32);

    pub(super) const fn signed(bits: u32) -> Self {
        IntegerType { bits, signed: true }
    }

    pub(super) const fn unsigned(bits: u32) -> Self {
        IntegerType {
            bits,
            signed: false,
        }
    }

    /// The bits that an integer of this type has for `value`.
    pub(super) fn wrap(self, value: u128) -> u128 {
        let unused = 128_u32.saturating_sub(self.bits);
        match (unused, self.signed) {
            (128.., _) => 0,
            (_, true) => ((value << unused).cast_signed() >> unused).cast_unsigned(),
            (_, false) => (value << unused) >> unused,
        }
    }

    /// As C promotes it (C23, section 6.3.1.1): what is smaller than an `int` becomes one.
    fn promoted(self) -> Self {
        if self.bits < 32 {
            IntegerType::I32
        } else {
            self
        }
    }

    /// The type that an operation of two has (C23, section 6.3.1.8).
    fn common(self, other: Self) -> Self {
        let (a, b) = (self.promoted(), other.promoted());
        match a.bits.cmp(&b.bits) {
            Ordering::Greater => a,
            Ordering::Less => b,
            Ordering::Equal => IntegerType {
                bits: a.bits,
                signed: a.signed && b.signed,
            },
        }
    }
}

impl Number {
    /// A number as it is written: of the type that its suffix says, else of that of an `int`, or a wider one if it needs
    /// that. In C one that is not decimal is unsigned before it is wider (C23, section 6.4.4.1). `None`: the type that it
    /// says does not hold it.
    pub(super) fn literal(
        value: u128,
        literal: Literal,
        is_c: bool,
        address_bits: u32,
    ) -> Option<Number> {
        let suffix = literal.suffix.unwrap_or(Suffix {
            signed: true,
            bits: Some(32),
            is_least: true,
        });
        let least = suffix.bits.map_or(address_bits, u32::from);
        let wider = [64, 128].into_iter().filter(|bits| *bits > least);
        let wider = wider.filter(|_| suffix.is_least);
        let fitting = std::iter::once(least).chain(wider).find_map(|bits| {
            let signed = suffix.signed.then_some(IntegerType::signed(bits));
            let may_be_unsigned = !suffix.signed || is_c && literal.is_bits;
            let unsigned = may_be_unsigned.then_some(IntegerType::unsigned(bits));
            let holds = |ty: &IntegerType| {
                ty.wrap(value) == value && !(ty.signed && value.cast_signed() < 0)
            };
            [signed, unsigned].into_iter().flatten().find(holds)
        });
        let widest = suffix.is_least.then_some(IntegerType::unsigned(128));
        Some(Number::Integer(value, fitting.or(widest)?))
    }

    /// What is `value` in `ty`.
    pub(super) fn integer(value: u128, ty: IntegerType) -> Number {
        Number::Integer(ty.wrap(value), ty)
    }

    pub(super) fn is_zero(self) -> bool {
        match self {
            Number::Integer(value, _) => value == 0,
            Number::Float(value, _) => value == 0.0,
        }
    }

    /// It as a float.
    pub(super) fn float(self) -> f64 {
        match self {
            Number::Integer(value, IntegerType { signed: true, .. }) => value.cast_signed() as f64,
            Number::Integer(value, _) => value as f64,
            Number::Float(value, _) => value,
        }
    }

    /// Its bits as those of an integer; a float is cut to the whole number towards zero, within `ty`.
    pub(super) fn to_integer(self, ty: IntegerType) -> u128 {
        match self {
            Number::Integer(value, _) => ty.wrap(value),
            Number::Float(value, _) if ty.signed => {
                let most = i128::MAX >> (128 - ty.bits.clamp(1, 128));
                (value as i128).clamp(-most - 1, most).cast_unsigned()
            }
            Number::Float(value, _) => {
                let most = u128::MAX >> (128 - ty.bits.clamp(1, 128));
                (value as u128).min(most)
            }
        }
    }

    /// Which is greater. `None`: one of them is no number (NaN).
    pub(super) fn compare(self, other: Number) -> Option<Ordering> {
        match (self, other) {
            (Number::Integer(a, of), Number::Integer(b, to)) => {
                let negative = |value: u128, ty: IntegerType| ty.signed && value.cast_signed() < 0;
                Some(match (negative(a, of), negative(b, to)) {
                    (true, false) => Ordering::Less,
                    (false, true) => Ordering::Greater,
                    // Two's complement keeps the order of negative numbers.
                    _ => a.cmp(&b),
                })
            }
            _ => self.float().partial_cmp(&other.float()),
        }
    }

    pub(super) fn negate(self) -> Number {
        match self {
            Number::Integer(value, ty) => Number::integer(value.wrapping_neg(), ty.promoted()),
            Number::Float(value, single) => Number::Float(-value, single),
        }
    }

    /// The integer with all bits turned. `None` for a float.
    pub(super) fn complement(self) -> Option<Number> {
        match self {
            Number::Integer(value, ty) => Some(Number::integer(!value, ty.promoted())),
            Number::Float(..) => None,
        }
    }
}

/// `a` and `b` taken together by an arithmetic operator.
///
/// # Errors
///
/// Text that says why, when there is no result.
pub(super) fn arithmetic(operator: Binary, a: Number, b: Number) -> Result<Number, String> {
    let (x, of, y, to) = match (a, b) {
        (Number::Integer(x, of), Number::Integer(y, to)) => (x, of, y, to),
        _ => return float(operator, a, b),
    };
    if matches!(operator, Binary::ShiftLeft | Binary::ShiftRight) {
        let ty = of.promoted();
        let Some(by) = u32::try_from(y).ok().filter(|by| *by < ty.bits) else {
            return Err(format!(
                "a number of {} bits cannot be shifted that far",
                ty.bits
            ));
        };
        let value = match operator {
            Binary::ShiftLeft => x << by,
            _ if ty.signed => (x.cast_signed() >> by).cast_unsigned(),
            _ => x >> by,
        };
        return Ok(Number::integer(value, ty));
    }
    let ty = of.common(to);
    let (x, y) = (ty.wrap(x), ty.wrap(y));
    let value = match operator {
        Binary::Add => x.wrapping_add(y),
        Binary::Subtract => x.wrapping_sub(y),
        Binary::Multiply => x.wrapping_mul(y),
        Binary::BitAnd => x & y,
        Binary::BitOr => x | y,
        Binary::BitXor => x ^ y,
        Binary::Divide | Binary::Remainder if y == 0 => return Err("division by zero".to_owned()),
        Binary::Divide if ty.signed => x
            .cast_signed()
            .wrapping_div(y.cast_signed())
            .cast_unsigned(),
        Binary::Divide => x / y,
        Binary::Remainder if ty.signed => x
            .cast_signed()
            .wrapping_rem(y.cast_signed())
            .cast_unsigned(),
        Binary::Remainder => x % y,
        _ => return Err("this cannot be calculated".to_owned()),
    };
    Ok(Number::integer(value, ty))
}

fn float(operator: Binary, a: Number, b: Number) -> Result<Number, String> {
    let double = |it: Number| matches!(it, Number::Float(_, false));
    let single = !double(a) && !double(b);
    let (x, y) = (a.float(), b.float());
    let value = match operator {
        Binary::Add => x + y,
        Binary::Subtract => x - y,
        Binary::Multiply => x * y,
        Binary::Divide => x / y,
        Binary::Remainder => x % y,
        _ => return Err("floats have no such operation".to_owned()),
    };
    Ok(Number::Float(
        if single {
            f64::from(value as f32)
        } else {
            value
        },
        single,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const U32: IntegerType = IntegerType::unsigned(32);
    const U8: IntegerType = IntegerType::unsigned(8);

    fn int(value: i128, ty: IntegerType) -> Number {
        Number::integer(value.cast_unsigned(), ty)
    }

    #[test]
    fn integers_are_those_of_c() {
        let i64 = IntegerType::signed(64);
        let check = |operator, a, b, expected| {
            assert_eq!(
                arithmetic(operator, a, b),
                Ok(expected),
                "{operator:?} {a:?} {b:?}"
            );
        };
        check(
            Binary::Add,
            int(200, U8),
            int(100, U8),
            int(300, IntegerType::I32),
        );
        check(
            Binary::Subtract,
            int(1, U32),
            int(2, IntegerType::I32),
            int(0xffff_ffff, U32),
        );
        check(Binary::Subtract, int(1, U32), int(2, i64), int(-1, i64));
        let most = int(i128::from(i32::MAX), IntegerType::I32);
        let one = int(1, IntegerType::I32);
        check(
            Binary::Add,
            most,
            one,
            int(i128::from(i32::MIN), IntegerType::I32),
        );
        check(Binary::Divide, int(-7, i64), int(2, i64), int(-3, i64));
        check(Binary::Remainder, int(-7, i64), int(2, i64), int(-1, i64));
        let wide = IntegerType::signed(128);
        check(
            Binary::Divide,
            int(i128::MIN, wide),
            int(-1, wide),
            int(i128::MIN, wide),
        );
        check(
            Binary::ShiftRight,
            int(-8, IntegerType::signed(16)),
            one,
            int(-4, IntegerType::I32),
        );
        check(
            Binary::ShiftLeft,
            int(1, U32),
            int(31, U8),
            int(0x8000_0000, U32),
        );
        assert!(arithmetic(Binary::ShiftLeft, one, int(32, U8)).is_err());
        assert!(arithmetic(Binary::ShiftLeft, one, int(-1, i64)).is_err());
        assert!(arithmetic(Binary::Remainder, one, int(0, i64)).is_err());
    }

    #[test]
    fn literals_have_the_first_type_that_holds_them() {
        use super::super::lexer::{Token, tokens};
        let literal = |text: &str, is_c| match tokens(text).unwrap()[..] {
            [(Token::Integer(value, literal), _)] => {
                let number = Number::literal(value, literal, is_c, 32)?;
                assert_eq!(number, Number::integer(value, type_of(number)), "{text}");
                Some(type_of(number))
            }
            ref other => panic!("{text}: {other:?}"),
        };
        let (signed, unsigned) = (IntegerType::signed, IntegerType::unsigned);
        for (text, in_c, in_rust) in [
            ("0x7fffffff", signed(32), signed(32)),
            ("0xffffffff", unsigned(32), signed(64)),
            ("037777777777", unsigned(32), signed(64)),
            ("0x100000000", signed(64), signed(64)),
            ("0x8000000000000000", unsigned(64), signed(128)),
            ("2147483648", signed(64), signed(64)),
            ("0xffffffffl", unsigned(32), signed(64)),
            ("4294967295l", signed(64), signed(64)),
            ("4294967296u", unsigned(64), unsigned(64)),
            ("0xffffffffffffffffll", unsigned(64), signed(128)),
            ("0xffffffffu32", unsigned(32), unsigned(32)),
            ("0x7fffffffi32", signed(32), signed(32)),
            (
                "340282366920938463463374607431768211455",
                unsigned(128),
                unsigned(128),
            ),
        ] {
            assert_eq!(literal(text, true), Some(in_c), "{text}");
            assert_eq!(literal(text, false), Some(in_rust), "{text}");
        }
        assert_eq!(literal("0xffffffffi32", true), Some(unsigned(32)));
        assert_eq!(literal("0xffffffffi32", false), None);
        for text in ["0x1ffffffffi32", "256u8", "128i8", "4294967296usize"] {
            assert_eq!(literal(text, true), None, "{text}");
            assert_eq!(literal(text, false), None, "{text}");
        }
    }

    fn type_of(number: Number) -> IntegerType {
        match number {
            Number::Integer(_, ty) => ty,
            Number::Float(..) => panic!("it is a float"),
        }
    }

    #[test]
    fn comparison_is_of_the_numbers() {
        let minus = int(-1, IntegerType::I32);
        assert_eq!(minus.compare(int(1, U32)), Some(Ordering::Less));
        assert_eq!(minus.compare(int(0xffff_ffff, U32)), Some(Ordering::Less));
        assert_eq!(
            minus.compare(int(-2, IntegerType::signed(64))),
            Some(Ordering::Greater)
        );
        assert_eq!(minus.compare(Number::Float(f64::NAN, false)), None);
        assert_eq!(
            Number::Float(0.5, true).compare(int(1, U8)),
            Some(Ordering::Less)
        );
    }

    #[test]
    fn floats_become_integers_within_their_type() {
        let cast = |value, ty| Number::Float(value, false).to_integer(ty);
        assert_eq!(cast(-1.9, IntegerType::I32), u128::MAX);
        assert_eq!(cast(1e30, IntegerType::I32), i32::MAX as u128);
        assert_eq!(cast(-5.0, U8), 0);
        assert_eq!(cast(f64::NAN, U8), 0);
        assert_eq!(cast(300.0, U8), 255);
    }
}
