//! The formats of gdb: `/x`, `/4xw`.

use wdb_debuggee::coredump::ModuleId;
use wdb_module::ModuleOffset;
use wdb_symbols::render::Notation;

use crate::call::{Call, first_word};
use crate::failure::Failure;

/// What follows the slash: how many, in which notation, of which size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Format {
    /// How many. `None`: it was not said.
    pub(super) count: Option<u64>,
    /// In which notation.
    pub(super) notation: Option<Notation>,
    /// How many bytes each has: 1, 2, 4 or 8.
    pub(super) size: Option<u64>,
}

/// What a bare `x` goes on with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Examined {
    /// What is after what was shown.
    pub(super) next: Next,
    /// How it was shown.
    pub(super) format: Format,
}

/// What is after what `x` has shown.
#[derive(Clone, Copy, Debug)]
pub(super) enum Next {
    /// An address of the memory.
    Address(u64),
    /// An instruction of a module. None: the module has no more code.
    Instruction(ModuleId, Option<ModuleOffset>),
}

/// At most this many may be asked for.
const MOST: u64 = 1 << 16;

impl Format {
    /// Reads what follows the slash.
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
            format.notation = Some(notation(letter)?);
        }
        Ok(format)
    }
}

/// The letter of a notation.
pub(super) fn letter(notation: Notation) -> char {
    let mut known = LETTERS.iter().filter(|it| it.1 == notation);
    known.next().map_or('x', |it| it.0)
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

/// The notation that a letter stands for.
fn notation(letter: char) -> Result<Notation, Failure> {
    let found = LETTERS.iter().find(|it| it.0 == letter).map(|it| it.1);
    found.ok_or_else(|| {
        Failure(format!(
            "there is no format `{letter}`; there are x (hexadecimal), z (with zeros), d (signed), u (unsigned), o (octal), t (binary), c (character), f (float), a (address), s (text) and, for `x` and `display`, i (instruction), and the sizes b (1 byte), h (2), w (4) and g (8)"
        ))
    })
}

/// The format and the expression of a command, as gdb and as LLDB write them.
pub(super) fn with_options<'a>(call: &Call<'a>) -> Result<(Format, &'a str), Failure> {
    let (given, mut text) = call.spaced_format();
    let mut format = Format::parse(given)?;
    if let Some(after) = text
        .strip_prefix("-f ")
        .or_else(|| text.strip_prefix("--format "))
    {
        let (letter, after) = first_word(after).unwrap_or_default();
        format = Format::parse(letter.get(..1))?;
        text = after;
    }
    let text = match text.strip_prefix("--") {
        Some(after) if after.starts_with(' ') => after.trim_start(),
        _ => text,
    };
    Ok((format, text))
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
        for (letter, notation) in LETTERS {
            let again = Format::parse(Some(&super::letter(notation).to_string()));
            assert_eq!(again.unwrap().notation, Some(notation), "{letter}");
        }
        assert!(Format::parse(Some("4q")).is_err());
        assert!(Format::parse(Some("99999999999999999999999x")).is_err());
    }
}
