//! The notations of gdb: a value and its parts as hexadecimal, octal, binary numbers.

use super::float;
use super::{Elements, Limits, Shape};
use crate::object::{Context, Object, Scalar};
use crate::{Unavailable, printable};

/// A notation of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// Hexadecimal.
    Hex,
    /// Hexadecimal, with leading zeros.
    PaddedHex,
    /// Decimal, signed.
    Signed,
    /// Decimal, unsigned.
    Unsigned,
    /// Octal.
    Octal,
    /// Binary.
    Binary,
    /// A character.
    Character,
    /// A floating point number.
    Float,
    /// An address.
    Address,
    /// A text.
    Text,
    /// An instruction.
    Instruction,
}

impl Notation {
    /// A number of `size` bytes, 1 to 16, whose bits are `bits`.
    pub fn number(self, bits: u128, size: u64) -> String {
        let width = size.clamp(1, 16) as u32 * 8;
        self.bits(bits, width)
    }

    fn bits(self, bits: u128, width: u32) -> String {
        let unused = 128 - width.clamp(1, 128);
        let bits = bits << unused >> unused;
        let signed = (bits << unused).cast_signed() >> unused;
        match self {
            Notation::Hex | Notation::Address => format!("{bits:#x}"),
            Notation::PaddedHex => {
                format!("{bits:#0digits$x}", digits = width.div_ceil(4) as usize + 2)
            }
            Notation::Signed => signed.to_string(),
            Notation::Unsigned => bits.to_string(),
            Notation::Octal if bits == 0 => "0".to_owned(),
            Notation::Octal => format!("0{bits:o}"),
            Notation::Binary => format!("{bits:b}"),
            Notation::Character => character(bits, signed),
            Notation::Float => match width {
                32 => float::single(bits as u32),
                64 => float::double(bits as u64),
                _ => signed.to_string(),
            },
            Notation::Text | Notation::Instruction => signed.to_string(),
        }
    }

    /// An object and its parts in this notation, on one line.
    pub fn object(self, context: &mut Context<'_>, object: &Object, limits: &Limits) -> String {
        match self {
            Notation::Text => return context.short_text(object, limits),
            Notation::Instruction => return context.short(object, limits),
            _ => {}
        }
        let mut line = Line {
            notation: self,
            values: limits.values,
            elements: limits.elements,
        };
        line.object(context, object, limits.depth.min(DEEPEST))
    }
}

/// At most this many levels of parts are shown.
const DEEPEST: u32 = 64;

/// `65 'A'`.
fn character(bits: u128, signed: i128) -> String {
    let shown = u32::try_from(bits).ok().and_then(char::from_u32);
    match shown {
        Some('\'') => format!("{signed} '\\''"),
        Some('\\') => format!("{signed} '\\\\'"),
        Some('\n') => format!("{signed} '\\n'"),
        Some('\t') => format!("{signed} '\\t'"),
        Some('\r') => format!("{signed} '\\r'"),
        Some('\0') => format!("{signed} '\\0'"),
        // What a byte above 127 is depends on the text that it is in.
        Some(c) if !c.is_control() && (c.is_ascii() || bits > 0xff) => format!("{signed} '{c}'"),
        _ => signed.to_string(),
    }
}

/// An object that is being written.
struct Line {
    notation: Notation,
    values: u32,
    elements: u64,
}

impl Line {
    fn object(&mut self, context: &mut Context<'_>, object: &Object, depth: u32) -> String {
        let Some(left) = self.values.checked_sub(1) else {
            return "…".to_owned();
        };
        self.values = left;
        let Some(depth) = depth.checked_sub(1) else {
            return "…".to_owned();
        };
        match context.shape(object, self.elements) {
            Shape::Scalar(_) | Shape::Pointer(_) => self.scalar(context, object),
            Shape::Text(text) => {
                if let Some(elements) = context.elements(object) {
                    return self.elements(context, &elements, depth);
                }
                // The text was converted to UTF-8 when it was read.
                let chars = || String::from_utf8_lossy(&text.bytes);
                let (units, size): (Vec<u128>, u64) = match text.prefix {
                    "u" => (chars().encode_utf16().map(u128::from).collect(), 2),
                    "L" | "U" => (chars().chars().map(|c| c as u128).collect(), 4),
                    _ => (text.bytes.iter().map(|byte| u128::from(*byte)).collect(), 1),
                };
                let shown = units.iter().map(|unit| self.notation.number(*unit, size));
                format!("{{{}}}", shown.collect::<Vec<_>>().join(", "))
            }
            Shape::Fields(fields) => {
                let mut parts = Vec::new();
                for field in &fields.fields {
                    let value = self.object(context, &field.object, depth);
                    parts.push(if fields.tuple {
                        value
                    } else {
                        format!("{} = {value}", printable(&field.name))
                    });
                }
                let name = printable(&fields.name);
                let space = if name.is_empty() { "" } else { " " };
                format!("{name}{space}{{{}}}", parts.join(", "))
            }
            Shape::Sequence(sequence) => self.elements(context, &sequence.elements, depth),
            Shape::Map(map) => {
                let mut parts = Vec::new();
                for (key, value) in &map.entries {
                    let key = self.object(context, key, depth);
                    let value = self.object(context, value, depth);
                    parts.push(format!("{key}: {value}"));
                }
                if (map.entries.len() as u64) < map.length {
                    parts.push("…".to_owned());
                }
                format!("{{{}}}", parts.join(", "))
            }
            Shape::Wrapper(wrapper) => self.object(context, &wrapper.object, depth),
            Shape::Unavailable(reason) => format!("<{}>", printable(&reason.to_string())),
        }
    }

    fn elements(&mut self, context: &mut Context<'_>, elements: &Elements, depth: u32) -> String {
        let length = elements.length();
        let mut parts = Vec::new();
        for index in 0..length.min(self.elements) {
            let Some(element) = elements.get(index).filter(|_| self.values > 0) else {
                break;
            };
            parts.push(self.object(context, &element, depth));
        }
        if (parts.len() as u64) < length {
            parts.push("…".to_owned());
        }
        format!("{{{}}}", parts.join(", "))
    }

    fn scalar(&self, context: &mut Context<'_>, object: &Object) -> String {
        let unavailable = |reason: Unavailable| format!("<{}>", printable(&reason.to_string()));
        let size = match context.size(&object.ty) {
            // A function is shown as a pointer to it.
            _ if object.is_function() => 8,
            Ok(size) => size.clamp(1, 16),
            Err(reason) => return unavailable(reason),
        };
        let width = object.bits.map_or(size as u32 * 8, |it| u32::from(it.size));
        match context.scalar(object) {
            Ok(Scalar::Signed(value)) => self.notation.bits(value.cast_unsigned(), width),
            Ok(Scalar::Unsigned(value)) => self.notation.bits(value, width),
            Ok(Scalar::Boolean(value)) => self.notation.bits(value.into(), width),
            Ok(Scalar::Character { code, .. }) => {
                self.notation.bits(i128::from(code).cast_unsigned(), width)
            }
            Ok(Scalar::Address(value)) => self.notation.bits(value.into(), width),
            Ok(Scalar::Float(_)) => match context.bytes(object) {
                Ok(bytes) => self.notation.bits(little(&bytes), width),
                Err(reason) => unavailable(reason),
            },
            Err(reason) => unavailable(reason),
        }
    }
}

/// The little-endian number in the first 16 bytes.
pub fn little(bytes: &[u8]) -> u128 {
    let bytes = bytes.iter().take(16).rev();
    bytes.fold(0, |number, byte| number << 8 | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_notation_of_their_size() {
        let minus_one = u128::MAX;
        for (notation, bits, size, expected) in [
            (Notation::Hex, minus_one, 1, "0xff"),
            (Notation::PaddedHex, 0x1f, 4, "0x0000001f"),
            (Notation::Signed, 0xfffe, 2, "-2"),
            (Notation::Unsigned, minus_one, 2, "65535"),
            (Notation::Octal, 8, 4, "010"),
            (Notation::Binary, 10, 4, "1010"),
            (Notation::Character, 65, 1, "65 'A'"),
            (Notation::Character, 0xc3, 1, "-61"),
            (Notation::Float, 0x3f00_0000, 4, "0.5"),
            (Notation::Float, 0x3fe0_0000_0000_0000, 8, "0.5"),
            (Notation::Float, 7, 2, "7"),
            (Notation::Signed, minus_one, 16, "-1"),
        ] {
            assert_eq!(notation.number(bits, size), expected, "{notation:?}");
        }
    }
}
