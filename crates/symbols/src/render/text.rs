//! Texts: reading them, and writing their characters in a form that is safe for a terminal.

use std::fmt::Write as _;

use super::{Shape, Text};
use crate::machine::Unavailable;
use crate::object::{Context, Storage, unsigned};
use crate::{Language, printable};

/// At most this many bytes of a text are read.
const MOST_TEXT: u64 = 1 << 16;

/// The first read of a text of unknown length has at most this many bytes, and does not cross the end of a memory page.
const STEP: u64 = 256;

/// Further reads grow up to this size. They stay small because the text may be a buffer without a NUL.
const LONG_STEP: u64 = 4096;

impl Context<'_> {
    /// The shape of a text of `length` bytes at `address`, or why it is unavailable.
    pub(super) fn text(&mut self, address: u64, length: u64) -> Shape {
        match self.read(&Storage::Memory(address), length.min(MOST_TEXT)) {
            _ if length == 0 => Shape::Text(Text::whole(Vec::new())),
            Ok(bytes) => Shape::Text(Text {
                bytes,
                length: Some(length),
                ..Text::default()
            }),
            Err(reason) => Shape::Unavailable(reason),
        }
    }

    /// A text of `length` code units of `width` bytes (2: UTF-16, 4: UTF-32) at a place.
    pub(super) fn wide_text(&mut self, place: &Storage, width: u64, length: u64) -> Shape {
        let most = MOST_TEXT / width.max(1);
        match self.read(place, length.min(most).saturating_mul(width)) {
            Ok(bytes) => {
                let bytes = to_utf8(&bytes, width);
                Shape::Text(Text {
                    length: (length <= most).then_some(bytes.len() as u64),
                    bytes,
                    ..Text::default()
                })
            }
            Err(reason) => Shape::Unavailable(reason),
        }
    }

    /// The text at `address` that ends with a NUL, with code units of `width` bytes.
    ///
    /// `None`: no memory is there.
    pub(super) fn text_to_nul(
        &mut self,
        address: u64,
        width: u64,
        prefix: &'static str,
    ) -> Option<Text> {
        let width = width.clamp(1, 4);
        let mut bytes = Vec::new();
        let mut at = address;
        let mut whole = false;
        let mut size = STEP;
        while (bytes.len() as u64) < MOST_TEXT && !whole {
            let mut step = size - at % size;
            size = (2 * size).min(LONG_STEP);
            let read = loop {
                let wanted = step.max(width).next_multiple_of(width);
                match self.read(&Storage::Memory(at), wanted) {
                    Ok(read) => break Some(read),
                    Err(_) if step > width => step /= 2,
                    Err(_) => break None,
                }
            };
            let Some(read) = read else { break };
            let end = nul(&read, width);
            whole = end.is_some();
            bytes.extend_from_slice(read.get(..end.unwrap_or(read.len()))?);
            at = at.checked_add(read.len() as u64)?;
        }
        if at == address {
            return None;
        }
        let bytes = if width == 1 {
            bytes
        } else {
            to_utf8(&bytes, width)
        };
        Some(Text {
            prefix,
            length: whole.then_some(bytes.len() as u64),
            bytes,
            after: 0,
        })
    }

    /// The text in an array of `length` characters of `width` bytes, up to the first NUL, and whether there is a NUL.
    pub(super) fn text_in(
        &mut self,
        array: &Storage,
        width: u64,
        length: u64,
    ) -> Result<(Text, bool), Unavailable> {
        let wanted = length.min(MOST_TEXT / width.max(1));
        let bytes = self.read(array, wanted.saturating_mul(width))?;
        let end = nul(&bytes, width);
        let (text, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        let text = if width == 1 {
            text.to_vec()
        } else {
            to_utf8(text, width)
        };
        let text = Text {
            prefix: "",
            length: (end.is_some() || wanted == length).then_some(text.len() as u64),
            bytes: text,
            after: if rest.iter().all(|byte| *byte == 0) {
                0
            } else {
                (rest.len() as u64).saturating_sub(width)
            },
        };
        Ok((text, end.is_some()))
    }
}

/// The byte offset of the first code unit that is zero.
fn nul(bytes: &[u8], width: u64) -> Option<usize> {
    if width == 1 {
        let text = std::ffi::CStr::from_bytes_until_nul(bytes).ok()?;
        return Some(text.count_bytes());
    }
    let width = width as usize;
    let units = bytes.chunks_exact(width);
    let is_zero = |unit: &[u8]| unit.iter().all(|byte| *byte == 0);
    let index = units.into_iter().position(is_zero)?;
    index.checked_mul(width)
}

/// Converts UTF-16 or UTF-32 to UTF-8. Invalid units become the replacement character.
fn to_utf8(bytes: &[u8], width: u64) -> Vec<u8> {
    let units = bytes.chunks_exact(width as usize).map(unsigned);
    let text: String = match width {
        2 => char::decode_utf16(units.map(|unit| unit as u16))
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
        4 => units
            .map(|unit| char::from_u32(unit as u32).unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
        _ => return bytes.to_vec(),
    };
    text.into_bytes()
}

/// Whether these bytes are readable text: UTF-8 whose only control characters are white space.
pub(super) fn readable(bytes: &[u8]) -> bool {
    // Several bytes at a time: the buffer may have tens of thousands.
    let plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t' | b'\r');
    let all_plain = |piece: &[u8]| piece.iter().fold(true, |all, byte| all & plain(byte));
    if bytes.chunks(64).all(all_plain) {
        return true;
    }
    let fine = |c: char| !c.is_control() || matches!(c, '\n' | '\t' | '\r');
    std::str::from_utf8(bytes).is_ok_and(|it| it.chars().all(fine))
}

/// Whether these bytes contain ASCII control characters that no text has: all except white space, bell, backspace and
/// escape.
pub(super) fn has_control(bytes: &[u8]) -> bool {
    let is_control = |byte: &u8| byte.is_ascii_control() && !matches!(byte, 7..=13 | 27);
    bytes.iter().any(is_control)
}

/// How a language escapes characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escapes {
    /// `\u{1b}`, `\xff`.
    Rust,
    /// `\033`, `\377`: at most three digits, so a digit that follows does not change the meaning.
    C,
}

impl Escapes {
    pub(super) fn of(language: Option<Language>) -> Self {
        match language {
            Some(Language::Rust | Language::Zig) => Escapes::Rust,
            _ => Escapes::C,
        }
    }
}

/// Writes characters as they are between quotes. Escapes `"`, `\`, what a terminal must not receive, and bytes that are
/// not UTF-8. Writes at most `most` bytes of the text, and returns how many it wrote.
pub(super) fn escape(out: &mut String, bytes: &[u8], most: usize, escapes: Escapes) -> usize {
    // 4 more for a character that crosses the limit: `utf8_chunks` looks at all bytes that it gets.
    let bytes = &bytes[..bytes.len().min(most.saturating_add(4))];
    let mut written = 0;
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if written + c.len_utf8() > most {
                return written;
            }
            written += c.len_utf8();
            character(out, c, '"', escapes);
        }
        for byte in chunk.invalid() {
            if written == most {
                return written;
            }
            written += 1;
            let _ = match escapes {
                Escapes::Rust => write!(out, "\\x{byte:02x}"),
                Escapes::C => write!(out, "\\{byte:03o}"),
            };
        }
    }
    written
}

/// Writes a character as it is between `quote`s.
pub(super) fn character(out: &mut String, c: char, quote: char, escapes: Escapes) {
    match c {
        '"' | '\'' if c != quote => out.push(c),
        c if printable(c.encode_utf8(&mut [0; 4])).len() == c.len_utf8() => {
            out.extend(c.escape_debug());
        }
        '\n' | '\r' | '\t' | '\0' => out.extend(c.escape_debug()),
        c if c.is_ascii() && escapes == Escapes::C => {
            let _ = write!(out, "\\{:03o}", u32::from(c));
        }
        c => out.extend(c.escape_unicode()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_should_not_see_is_escaped() {
        let mut out = String::new();
        let text = b"a\x1b[31m\n\"it's\"\\ gr\xc3\xbcn \xff\xe2\x80\xae\0";
        let all = escape(&mut out, text, 1000, Escapes::Rust);
        assert_eq!(all, text.len());
        assert_eq!(out, r#"a\u{1b}[31m\n\"it's\"\\ grün \xff\u{202e}\0"#);
        let mut out = String::new();
        escape(&mut out, text, 1000, Escapes::C);
        assert_eq!(out, r#"a\033[31m\n\"it's\"\\ grün \377\u{202e}\0"#);
        let mut out = String::new();
        assert_eq!(escape(&mut out, "aü".as_bytes(), 2, Escapes::C), 1);
        assert_eq!(out, "a");
    }
}
