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

/// [`printable`] for text of several lines: line ends and tabs stay.
pub fn printable_text(text: &str) -> Cow<'_, str> {
    escaped(text, |_| 0, |c, out| out.extend(c.escape_unicode()))
}

/// [`printable_text`] for text that has colours: the escapes that set these (SGR) stay, too.
pub fn printable_styled(text: &str) -> Cow<'_, str> {
    escaped(text, colour, |c, out| out.extend(c.escape_unicode()))
}

/// [`printable_text`] for JSON, where such characters are in strings only: it says the same as before.
pub fn printable_json(text: &str) -> Cow<'_, str> {
    let unit = |c: char, out: &mut String| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            out.push_str(&format!("\\u{unit:04x}"));
        }
    };
    escaped(text, |_| 0, unit)
}

/// `text` with what is not safe written by `escape`. `passes` says how many of the bytes that follow stay as they are.
fn escaped(
    text: &str,
    passes: fn(&str) -> usize,
    escape: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    let steers = |c: char| is_unsafe(c) && !matches!(c, '\n' | '\t');
    if !text.contains(steers) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.find(steers) {
        let (safe, from) = rest.split_at(at);
        out.push_str(safe);
        let (passed, from) = from.split_at(passes(from));
        out.push_str(passed);
        rest = from;
        if passed.is_empty()
            && let Some(c) = rest.chars().next()
        {
            escape(c, &mut out);
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
    }
    out.push_str(rest);
    out.into()
}

/// The length of the escape that `text` begins with, if it only sets colours: `ESC [ 1 ; 31 m`.
fn colour(text: &str) -> usize {
    let Some(parameters) = text.strip_prefix("\x1b[") else {
        return 0;
    };
    let end = parameters.find(|c: char| !matches!(c, '0'..='9' | ';'));
    match end {
        Some(end) if parameters[end..].starts_with('m') => 2 + end + 1,
        _ => 0,
    }
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

/// Control characters, and those of the categories Cf (format), Zl and Zp (separators of lines and
/// paragraphs), except the few of Cf that are signs around numbers and can be seen.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{70f}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e007f}')
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
            printable_text("a\r\n\tb\x1b[1m\u{202e}"),
            "a\\u{d}\n\tb\\u{1b}[1m\\u{202e}"
        );
        assert_eq!(
            printable_styled("\x1b[1;31ma\x1b[0m\x1b[2J\x1b]0;x\x07\x1b[1"),
            "\x1b[1;31ma\x1b[0m\\u{1b}[2J\\u{1b}]0;x\\u{7}\\u{1b}[1"
        );
        assert_eq!(
            printable_json("{\n\"\u{9b}\u{e0001}é\""),
            "{\n\"\\u009b\\udb40\\udc01é\""
        );
        assert_eq!(
            printable_source("\tif\x07 \u{2066}x"),
            "\tif\u{fffd} \u{fffd}x"
        );
    }

    /// Unicode's own table says which characters are format characters.
    #[test]
    fn no_format_character_gets_through() {
        use unicode_properties::{GeneralCategory as Category, UnicodeGeneralCategory as _};
        // Prepended_Concatenation_Mark: signs that are drawn around the digits after them.
        let seen = |c: char| {
            matches!(c, '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{890}'..='\u{891}' | '\u{8e2}')
                || matches!(c, '\u{110bd}' | '\u{110cd}')
        };
        for c in '\0'..=char::MAX {
            let expected = match c.general_category() {
                Category::Control | Category::LineSeparator | Category::ParagraphSeparator => true,
                Category::Format => !seen(c),
                // Reserved for more of them.
                Category::Unassigned => matches!(c, '\u{2065}' | '\u{e0000}'..='\u{e007f}'),
                _ => false,
            };
            assert_eq!(is_unsafe(c), expected, "{:?}", c.escape_unicode());
        }
    }
}
