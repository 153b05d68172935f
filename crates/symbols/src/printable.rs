//! Strings of the guest and of files, made safe for a terminal.

use std::borrow::Cow;

/// `text` with everything that could steer a terminal or reorder what it shows written as an escape,
/// `\u{1b}`: control characters (C0 and C1, line ends too), and Unicode's invisible and directional
/// format characters.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out.into()
}

/// [`printable`] for a line of source: one replacement character for each unsafe one, and tabs stay.
pub fn printable_source(line: &str) -> String {
    line.chars()
        .map(|c| match c {
            '\t' => c,
            c if is_unsafe(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(c, '\u{61c}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_gets_through() {
        assert_eq!(printable("grün 字 é"), "grün 字 é");
        assert_eq!(
            printable("a\x1b[31mred\r\n\u{9b}2J\u{202e}b"),
            r"a\u{1b}[31mred\u{d}\u{a}\u{9b}2J\u{202e}b"
        );
        assert_eq!(
            printable_source("\tif\x07 \u{2066}x"),
            "\tif\u{fffd} \u{fffd}x"
        );
    }
}
