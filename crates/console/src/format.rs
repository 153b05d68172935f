//! The formats of gdb: `/x`, `/4xw`.

use std::fmt::{self, Write as _};

use wdb_symbols::object::Scalar;
use wdb_symbols::render::{Elements, Limits, Shape};
use wdb_symbols::{Context, Object, printable};

use crate::command::Failure;
use wdb_examine::expression;

/// What stands behind the slash: how many, in which notation, of which size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Format {
    /// How many. `None`: it was not said.
    pub(super) count: Option<u64>,
    /// In which notation.
    pub(super) notation: Option<Notation>,
    /// How many bytes each has: 1, 2, 4 or 8.
    pub(super) size: Option<u64>,
}

/// A notation of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    /// Hexadecimal.
    Hex,
    /// Hexadecimal, with all its zeros.
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

/// As many may be asked for.
const MOST: u64 = 1 << 16;

impl Format {
    /// Reads what stands behind the slash.
    pub(super) fn parse(text: Option<&str>) -> Result<Format, Failure> {
        let text = text.unwrap_or_default();
        let digits = text.find(|c: char| !c.is_ascii_digit());
        let (count, letters) = text.split_at(digits.unwrap_or(text.len()));
        let mut format = Format::default();
        if !count.is_empty() {
            let count = count.parse::<u64>().ok().filter(|it| *it <= MOST);
            let count = count.ok_or_else(|| Failure(format!("at most {MOST} can be shown")))?;
            format.count = Some(count);
        }
        for letter in letters.chars() {
            let size = match letter {
                'b' => Some(1),
                'h' => Some(2),
                'w' => Some(4),
                'g' => Some(8),
                _ => None,
            };
            if size.is_some() {
                format.size = size;
                continue;
            }
            format.notation = Some(Notation::parse(letter)?);
        }
        Ok(format)
    }
}

/// As it is written behind the slash.
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(count) = self.count {
            write!(f, "{count}")?;
        }
        if let Some(notation) = self.notation {
            let mut known = LETTERS.iter().filter(|it| it.1 == notation);
            f.write_char(known.next().map_or('x', |it| it.0))?;
        }
        match self.size {
            Some(1) => f.write_char('b'),
            Some(2) => f.write_char('h'),
            Some(4) => f.write_char('w'),
            Some(_) => f.write_char('g'),
            None => Ok(()),
        }
    }
}

/// The letters of the notations.
const LETTERS: [(char, Notation); 12] = [
    ('x', Notation::Hex),
    ('z', Notation::PaddedHex),
    ('d', Notation::Signed),
    ('u', Notation::Unsigned),
    ('o', Notation::Octal),
    ('t', Notation::Binary),
    ('c', Notation::Character),
    ('f', Notation::Float),
    ('a', Notation::Address),
    ('p', Notation::Address),
    ('s', Notation::Text),
    ('i', Notation::Instruction),
];

impl Notation {
    fn parse(letter: char) -> Result<Notation, Failure> {
        let found = LETTERS.iter().find(|it| it.0 == letter).map(|it| it.1);
        found.ok_or_else(|| {
            Failure(format!(
                "there is no format `{letter}`; there are x (hexadecimal), z (with zeros), d (signed), u (unsigned), o (octal), t (binary), c (character), f (float), a (address), s (text) and, for `x` and `display`, i (instruction), and the sizes b (1 byte), h (2), w (4) and g (8)"
            ))
        })
    }

    /// A number of `size` bytes, 1 to 16, whose bits are `bits`.
    pub(super) fn number(self, bits: u128, size: u64) -> String {
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
                32 => wdb_examine::value::text(&Value::F32(bits as u32)),
                64 => wdb_examine::value::text(&Value::F64(bits as u64)),
                _ => signed.to_string(),
            },
            Notation::Text | Notation::Instruction => signed.to_string(),
        }
    }

    /// An object and its parts in this notation, on one line.
    pub(super) fn object(
        self,
        context: &mut Context<'_>,
        object: &Object,
        limits: &Limits,
    ) -> String {
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

use wdb_debuggee::coredump::Value;

/// One may not look deeper.
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
                // It was read as UTF-8, whatever its units are.
                let chars = || String::from_utf8_lossy(&text.bytes);
                let (units, size): (Vec<u128>, u64) = match text.prefix {
                    "u" => (chars().encode_utf16().map(u128::from).collect(), 2),
                    "L" | "U" => (chars().chars().map(|it| it as u128).collect(), 4),
                    _ => (text.bytes.iter().map(|it| u128::from(*it)).collect(), 1),
                };
                let shown = units.iter().map(|it| self.notation.number(*it, size));
                format!("{{{}}}", shown.collect::<Vec<_>>().join(", "))
            }
            Shape::Fields(fields) => {
                let mut parts = Vec::new();
                for field in &fields.fields {
                    let value = self.object(context, &field.object, depth);
                    parts.push(match fields.tuple {
                        true => value,
                        false => format!("{} = {value}", printable(&field.name)),
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
        let unavailable =
            |reason: wdb_symbols::Unavailable| format!("<{}>", printable(&reason.to_string()));
        let size = match context.size(&object.ty) {
            // Only what pointers to it are is shown of it.
            _ if expression::is_function(object) => 8,
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

/// The number that at most 16 bytes are, the least first.
pub(super) fn little(bytes: &[u8]) -> u128 {
    let bytes = bytes.iter().take(16).rev();
    bytes.fold(0, |number, byte| number << 8 | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_has_a_count_a_notation_and_a_size() {
        let parsed = Format::parse(Some("12xg")).unwrap();
        assert_eq!(parsed.count, Some(12));
        assert_eq!(parsed.notation, Some(Notation::Hex));
        assert_eq!(parsed.size, Some(8));
        assert_eq!(Format::parse(None).unwrap(), Format::default());
        for text in ["12xg", "", "i", "3s", "dw", "ob", "4hz"] {
            let format = Format::parse(Some(text)).unwrap();
            let again = Format::parse(Some(&format.to_string())).unwrap();
            assert_eq!(format, again, "{text}");
        }
        assert!(Format::parse(Some("4q")).is_err());
        assert!(Format::parse(Some("99999999999999999999999x")).is_err());
    }

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
