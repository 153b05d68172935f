//! Numbers, characters, truth values and enumerators, as their language writes them.

use std::fmt::Write as _;

use super::Shape;
use super::table::without_arguments;
use super::text::{self, Escapes};
use crate::Language;
use crate::machine::Unavailable;
use crate::object::{Context, Object, Scalar, unsigned};
use crate::types::{Encoding, Enumeration, Kind, Type, TypeRef};

/// The types of wide and Unicode characters, each with the prefix of its literals.
const CHARACTERS: [(&str, &str); 4] = [
    ("wchar_t", "L"),
    ("char8_t", "u8"),
    ("char16_t", "u"),
    ("char32_t", "U"),
];

/// Aliases of character types that are used for numbers.
const NUMBERS: &[&str] = &[
    "int8_t",
    "uint8_t",
    "__int8_t",
    "__uint8_t",
    "u8",
    "i8",
    "s8",
    "byte",
];

impl Context<'_> {
    /// The size of a character in bytes and the prefix of its literals. `None`: the type is not a character type.
    pub(super) fn character(&self, ty: &TypeRef) -> Option<(u64, &'static str)> {
        let bare = self.bare(ty);
        let names = CHARACTERS.map(|it| it.0);
        let prefix = self
            .first_alias(ty, &names)
            .map(|index| CHARACTERS[index].1);
        let prefix = match bare.kind {
            // Texts in Rust and Zig are slices, which have shapes of their own.
            _ if matches!(bare.language, Some(Language::Rust | Language::Zig)) => return None,
            _ if self.first_alias(ty, NUMBERS).is_some() => return None,
            Kind::Base(Encoding::SignedChar | Encoding::UnsignedChar | Encoding::Unicode) => {
                prefix.unwrap_or_default()
            }
            // Wide characters of C are aliases of numbers, and the DWARF describes `wchar_t` of C++ as a number.
            Kind::Base(Encoding::Signed | Encoding::Unsigned) => prefix?,
            _ => return None,
        };
        Some((bare.size.filter(|it| matches!(it, 1 | 2 | 4))?, prefix))
    }

    /// Follows the type's aliases and returns the index of the first name that is in `names`.
    fn first_alias(&self, ty: &TypeRef, names: &[&str]) -> Option<usize> {
        let mut ty = self.ty(ty);
        for _ in 0..16 {
            let name = ty.name.rsplit("::").next().unwrap_or_default();
            if let Some(index) = names.iter().position(|it| *it == name) {
                return Some(index);
            }
            let (Kind::Alias(inner) | Kind::Qualified(inner)) = &ty.kind else {
                return None;
            };
            ty = self.ty(inner);
        }
        None
    }

    /// Whether a character type may also be meant as a byte: true of `unsigned char` and `signed char`.
    pub(super) fn may_be_bytes(&self, ty: &TypeRef) -> bool {
        matches!(&*self.bare(ty).name, "unsigned char" | "signed char")
    }

    /// The shape of an object of a base type.
    pub(super) fn number(&mut self, object: &Object, ty: &Type, encoding: Encoding) -> Shape {
        if ty.size == Some(0) {
            // Rust's `()`.
            return Shape::Scalar(ty.name.to_string());
        }
        if encoding == Encoding::Complex {
            return self.complex(object, ty);
        }
        let scalar = match self.scalar(object) {
            Ok(scalar) => scalar,
            Err(reason) => return Shape::Unavailable(reason),
        };
        // A byte may be a character or a number: nothing says which.
        let character = self
            .character(&object.ty)
            .filter(|_| !self.may_be_bytes(&object.ty));
        match (character, scalar) {
            (Some((_, prefix)), Scalar::Character { code, .. }) => {
                Shape::Scalar(c_character(code, prefix))
            }
            (Some((_, prefix)), Scalar::Signed(code)) => {
                Shape::Scalar(c_character(code as i64, prefix))
            }
            (Some((_, prefix)), Scalar::Unsigned(code)) => {
                Shape::Scalar(c_character(code as i64, prefix))
            }
            (_, scalar) => written(scalar, ty),
        }
    }

    fn complex(&mut self, object: &Object, ty: &Type) -> Shape {
        let half = ty.size.unwrap_or_default() / 2;
        let part = TypeRef::Made(
            Type {
                size: Some(half),
                kind: Kind::Base(Encoding::Float),
                ..ty.clone()
            }
            .into(),
        );
        let mut number = |offset| {
            let part = object.part(offset, Some(half), part.clone());
            match self.scalar(&part)? {
                Scalar::Float(value) => Ok(float(value, half, ty.language)),
                other => Err(Unavailable::Unsupported(format!("no float: {other:?}"))),
            }
        };
        match (number(0), number(half)) {
            (Ok(real), Ok(imaginary)) => Shape::Scalar(format!("{real} + {imaginary}i")),
            (Err(reason), _) | (_, Err(reason)) => Shape::Unavailable(reason),
        }
    }

    /// The shape of an object of an enumeration.
    pub(super) fn enumerator(
        &mut self,
        object: &Object,
        ty: &Type,
        enumeration: &Enumeration,
    ) -> Shape {
        let value = match self.scalar(object) {
            Ok(Scalar::Signed(value)) => value,
            Ok(Scalar::Unsigned(value)) => value.cast_signed(),
            Ok(Scalar::Boolean(value)) => i128::from(value),
            Ok(Scalar::Character { code, .. }) => i128::from(code),
            Ok(Scalar::Float(_) | Scalar::Address(_)) => {
                let words = "an enumeration of what are no integers".to_owned();
                return Shape::Unavailable(Unavailable::Broken(words));
            }
            Err(reason) => return Shape::Unavailable(reason),
        };
        let mask = match ty.size {
            Some(size @ 1..16) => (1 << (size * 8)) - 1,
            _ => u128::MAX,
        };
        let qualified = |name: &str| match ty.language {
            Some(Language::Cpp) if enumeration.scoped => {
                format!("{}::{name}", last_segment(&ty.name))
            }
            _ => name.to_owned(),
        };
        let bits = value.cast_unsigned() & mask;
        let mut enumerators = enumeration.enumerators.iter();
        if let Some((name, _)) = enumerators.find(|(_, value)| value.cast_unsigned() & mask == bits)
        {
            return Shape::Scalar(qualified(name));
        }
        if let Some((names, rest)) = flags(enumeration, bits, mask) {
            let mut text = String::new();
            for name in names {
                let bar = if text.is_empty() { "" } else { " | " };
                let _ = write!(text, "{bar}{}", qualified(name));
            }
            if rest != 0 {
                let _ = write!(text, " | {rest:#x}");
            }
            return Shape::Scalar(text);
        }
        Shape::Scalar(match value {
            0 => "0".to_owned(),
            // `std::byte`, an enumeration without enumerators.
            value if enumeration.enumerators.is_empty() => value.to_string(),
            value => format!("({}){value}", last_segment(&ty.name)),
        })
    }

    /// The first 16 bytes of an object, or fewer, as an unsigned number, whatever its type is.
    pub(super) fn bits(&mut self, object: &Object) -> Result<u128, Unavailable> {
        let size = self.size(&object.ty)?;
        Ok(unsigned(&self.read(&object.place, size.min(16))?))
    }
}

/// The enumerators whose bits make up a value, and the bits that are left over. `None`: the enumeration is not a set of
/// flags, or none of them is set.
fn flags(enumeration: &Enumeration, bits: u128, mask: u128) -> Option<(Vec<&str>, u128)> {
    let values = || {
        enumeration
            .enumerators
            .iter()
            .map(|(_, value)| value.cast_unsigned() & mask)
    };
    let single_bits = values().filter(|value| value.is_power_of_two());
    let all_bits: u128 = single_bits.clone().fold(0, |all, bit| all | bit);
    let only_flags = values().all(|value| value & !all_bits == 0);
    // 1, 2, 3 are consecutive numbers; 1, 2 and 1, 2, 4 are bits.
    let one_to_three = values().any(|value| value == 3) && values().max() < Some(1 << 2);
    let consecutive = values().filter(|value| *value != 0).count() > 2
        && (1..=values().max()?.min(8)).all(|wanted| values().any(|value| value == wanted));
    if single_bits.count() < 2 || !only_flags || one_to_three || consecutive {
        return None;
    }
    let mut rest = bits;
    let mut names = Vec::new();
    for (name, value) in &enumeration.enumerators {
        let value = value.cast_unsigned() & mask;
        if value.is_power_of_two() && rest & value != 0 {
            rest &= !value;
            names.push(&**name);
        }
    }
    (!names.is_empty()).then_some((names, rest))
}

fn written(scalar: Scalar, ty: &Type) -> Shape {
    let rust = ty.language == Some(Language::Rust);
    Shape::Scalar(match scalar {
        Scalar::Signed(value) => value.to_string(),
        Scalar::Unsigned(value) => value.to_string(),
        Scalar::Float(value) => float(value, ty.size.unwrap_or(8), ty.language),
        Scalar::Boolean(0) => "false".to_owned(),
        Scalar::Boolean(1) => "true".to_owned(),
        Scalar::Boolean(value) => format!("{value} (neither true nor false)"),
        Scalar::Address(value) => format!("{value:#x}"),
        Scalar::Character { code, .. } if rust => {
            let c = u32::try_from(code).ok().and_then(char::from_u32);
            let Some(c) = c else {
                let words = format!("{code:#x} is no `char`");
                return Shape::Unavailable(Unavailable::Unsupported(words));
            };
            let mut text = String::from('\'');
            text::character(&mut text, c, '\'', Escapes::Rust);
            text.push('\'');
            text
        }
        Scalar::Character { code, .. } => code.to_string(),
    })
}

/// A character of C: its number, and the character if it is known. What a byte above 127 is depends on the encoding.
fn c_character(code: i64, prefix: &str) -> String {
    let mut text = code.to_string();
    let c = u32::try_from(code).ok().and_then(char::from_u32);
    let is_known = |c: &char| c.is_ascii() || !matches!(prefix, "" | "u8");
    if let Some(c) = c.filter(is_known) {
        text.push(' ');
        text.push_str(prefix);
        text.push('\'');
        text::character(&mut text, c, '\'', Escapes::C);
        text.push('\'');
    }
    text
}

/// A float of `size` bytes, with the fewest digits that distinguish it from its neighbours.
fn float(value: f64, size: u64, language: Option<Language>) -> String {
    let text = match size {
        4 => format!("{:?}", value as f32),
        _ => format!("{value:?}"),
    };
    match language {
        Some(Language::Rust) => text,
        _ if value.is_nan() => "nan".to_owned(),
        _ => text.strip_suffix(".0").unwrap_or(&text).to_owned(),
    }
}

/// The last part of a qualified name, without template arguments: `Point` of `geometry::Point<i32>`.
pub(super) fn last_segment(name: &str) -> String {
    let key = without_arguments(name);
    let at = key.rfind("::").map_or(0, |at| at + 2);
    key.get(at..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags_of(values: &[i128], bits: u128) -> Option<(usize, u128)> {
        let name = |value: &i128| (format!("V{value}").into(), *value);
        let enumeration = Enumeration {
            underlying: TypeRef::Void,
            enumerators: values.iter().map(name).collect(),
            scoped: false,
        };
        flags(&enumeration, bits, u128::from(u32::MAX)).map(|(names, rest)| (names.len(), rest))
    }

    #[test]
    fn flags_are_told_from_counts() {
        assert_eq!(flags_of(&[1, 2], 3), Some((2, 0)));
        assert_eq!(flags_of(&[0, 1, 2, 4, 7], 5), Some((2, 0)));
        assert_eq!(flags_of(&[1, 2, 4], 0x42), Some((1, 0x40)));
        assert_eq!(flags_of(&[1, 2, 4], 0x40), None);
        assert_eq!(flags_of(&[0, 1, 2, 3], 7), None);
        assert_eq!(flags_of(&[1, 2, 3, 4], 5), None);
        assert_eq!(flags_of(&[1, 2, 5], 7), None);
    }

    #[test]
    fn characters_and_floats() {
        assert_eq!(c_character(97, ""), "97 'a'");
        assert_eq!(c_character(-1, ""), "-1");
        assert_eq!(c_character(27, ""), r"27 '\033'");
        assert_eq!(c_character(0x5b57, "u"), "23383 u'字'");
        assert_eq!(float(f64::from(0.1_f32), 4, Some(Language::C)), "0.1");
        assert_eq!(float(1e300, 8, Some(Language::C)), "1e300");
        assert_eq!(float(1.0, 8, Some(Language::Rust)), "1.0");
        assert_eq!(float(-0.0, 8, Some(Language::C)), "-0");
        assert_eq!(last_segment("a::b::Point<c::d<e>>"), "Point");
    }
}
