//! The one door from wdb to a terminal: what it writes has names of modules, dumps and files in it, and is made safe here.
//!
//! What the guest writes does not come through here, and a debugger's [`Screen`](wdb_terminal::repl::Screen) is a door of
//! the same kind.

use std::borrow::Cow;
use std::io::{self, Write};

use wdb_symbols::{printable_json, printable_styled, printable_text};

/// Standard output.
pub(crate) fn stdout() -> Safe<io::StdoutLock<'static>> {
    Safe::new(io::stdout().lock(), printable_text)
}

/// Standard output, for JSON: what is not safe is escaped as JSON does it.
pub(crate) fn json() -> Safe<io::StdoutLock<'static>> {
    Safe::new(io::stdout().lock(), printable_json)
}

/// Standard error.
pub(crate) fn stderr() -> Safe<io::StderrLock<'static>> {
    Safe::new(io::stderr().lock(), printable_text)
}

/// Either of them, for text that has colours where `out` shows them.
pub(crate) fn coloured<W: Write>(out: W) -> Safe<W> {
    Safe::new(out, printable_styled)
}

/// Writes text that cannot steer a terminal.
pub(crate) struct Safe<W: Write> {
    out: W,
    make: fn(&str) -> Cow<'_, str>,
    /// The beginning of a character whose other bytes have not come yet.
    begun: Vec<u8>,
}

impl<W: Write> Safe<W> {
    fn new(out: W, make: fn(&str) -> Cow<'_, str>) -> Self {
        Safe {
            out,
            make,
            begun: Vec::new(),
        }
    }
}

impl<W: Write> Write for Safe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.begun) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => self.begun.len(),
        };
        let begun = self.begun.split_off(whole);
        let text = std::mem::replace(&mut self.begun, begun);
        let safe = (self.make)(&String::from_utf8_lossy(&text)).into_owned();
        self.out.write_all(safe.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_a_character_are_put_together() {
        let mut out = Vec::new();
        let mut safe = Safe::new(&mut out, printable_text);
        for byte in "a\u{9b}é\x1b\n".bytes() {
            safe.write_all(&[byte]).unwrap();
        }
        safe.write_all(b"\xff!").unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "a\\u{9b}é\\u{1b}\n\u{fffd}!"
        );
    }
}
