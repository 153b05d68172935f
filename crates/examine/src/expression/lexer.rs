//! From text to tokens.

use std::ops::Range;

use super::Error;

/// A word of the language.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// An integer, and what its text says of its type.
    Integer(u128, Literal),
    /// A float, and whether it is one of 32 bits.
    Float(f64, bool),
    /// A character in single quotes.
    Character(char),
    /// What is a character of C and no other, in single quotes: `'\xff'`.
    Byte(u8),
    /// A text in double quotes. Bytes, because `\xff` is one.
    Text(Vec<u8>),
    /// A name: `count`. Also what other languages have as keywords.
    Name(String),
    /// A file that a name is looked for in, before `::`: `main.c`, and what was in quotes there.
    File(String),
    /// A name of the machine or the user, without its `$`; what is left of `$$` begins with one.
    Raw(String),
    /// An operator or bracket: one of [`SIGNS`].
    Sign(&'static str),
}

/// What the text of an integer says of its type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Literal {
    /// It is hexadecimal, octal or binary.
    pub(super) is_bits: bool,
    pub(super) suffix: Option<Suffix>,
}

/// The type that a suffix says an integer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suffix {
    pub(super) signed: bool,
    /// Its bits. `None`: as C's `long` and Rust's `isize`, those of an address.
    pub(super) bits: Option<u8>,
    /// It is C's, and the type may be wider.
    pub(super) is_least: bool,
}

/// A token and where it is.
pub(super) type Spanned = (Token, Range<usize>);

/// Operators and brackets; of two that fit, the longer comes first.
const SIGNS: &[&str] = &[
    "..=", "...", "->", "::", "..", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "+", "-", "*",
    "/", "%", "&", "|", "^", "~", "!", "<", ">", "(", ")", "[", "]", ".", ",", ";", "=", "?", ":",
    "@",
];

/// The tokens of `text`.
pub(super) fn tokens(text: &str) -> Result<Vec<Spanned>, Error> {
    let mut tokens: Vec<Spanned> = Vec::new();
    let mut lexer = Lexer { text, at: 0 };
    loop {
        lexer.skip(char::is_whitespace);
        let start = lexer.at;
        let Some(first) = lexer.peek() else {
            return Ok(tokens);
        };
        // `pair.0.1` has no float in it.
        let after_point = matches!(tokens.last(), Some((Token::Sign("."), _)));
        let token = match first {
            '0'..='9' if after_point => lexer.tuple_index()?,
            '0'..='9' => lexer.number()?,
            // `.5`, which is not that of `t.5`.
            '.' if !ends_value(tokens.last())
                && lexer.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) =>
            {
                lexer.float(start)?
            }
            '\'' | '"' => lexer.quoted(first, Backslash::Escapes)?,
            '$' => {
                lexer.at += 1;
                let before = lexer.at;
                if lexer.peek() == Some('$') {
                    lexer.at += 1;
                }
                lexer.word();
                Token::Raw(text.get(before..lexer.at).unwrap_or_default().to_owned())
            }
            _ if starts_name(first) => lexer.name()?,
            // `main::{closure#0}`
            '{' if matches!(tokens.last(), Some((Token::Sign("::"), _))) => lexer.braced()?,
            _ => {
                let rest = lexer.rest();
                let sign = SIGNS.iter().find(|it| rest.starts_with(**it));
                let sign = sign.ok_or_else(|| {
                    let span = start..start + first.len_utf8();
                    Error::new(format!("`{first}` means nothing here"), &span)
                })?;
                lexer.at += sign.len();
                Token::Sign(sign)
            }
        };
        tokens.push((token, start..lexer.at));
    }
}

/// Whether a token ends something that may have members.
fn ends_value(token: Option<&Spanned>) -> bool {
    token.is_some_and(|it| !matches!(&it.0, Token::Sign(sign) if !matches!(*sign, ")" | "]")))
}

pub(super) fn starts_name(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

pub(super) fn in_name(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes what `is` accepts.
    fn skip(&mut self, is: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !is(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn word(&mut self) -> &'a str {
        self.skip(in_name)
    }

    fn error<T>(&self, start: usize, message: impl Into<String>) -> Result<T, Error> {
        Err(Error::new(message, &(start..self.at)))
    }

    fn name(&mut self) -> Result<Token, Error> {
        if let Some(file) = self.file() {
            return Ok(Token::File(file.to_owned()));
        }
        let word = self.word();
        match (word, self.peek()) {
            // The prefixes of C's, C++'s and Rust's literals. What they say of the type is not needed.
            // A byte of Rust.
            ("b", Some(quote @ '\'')) => {
                let start = self.at;
                match self.quoted(quote, Backslash::Escapes)? {
                    Token::Character(c) => match u8::try_from(c) {
                        Ok(byte) if c.is_ascii() => Ok(Token::Byte(byte)),
                        _ => self.error(start, "the character is more than one byte"),
                    },
                    token => Ok(token),
                }
            }
            ("b" | "c" | "u8", Some(quote @ ('"' | '\''))) => {
                self.quoted(quote, Backslash::Escapes)
            }
            ("L" | "u" | "U", Some(quote @ ('"' | '\''))) => {
                Ok(match self.quoted(quote, Backslash::Escapes)? {
                    Token::Byte(byte) => Token::Character(char::from(byte)),
                    token => token,
                })
            }
            ("r" | "br" | "R", Some('"')) => self.quoted('"', Backslash::IsText),
            _ => Ok(Token::Name(word.to_owned())),
        }
    }

    /// A name that the compiler made: `{closure#0}`, `{{closure}}`.
    fn braced(&mut self) -> Result<Token, Error> {
        let start = self.at;
        let mut open = 0_u32;
        for (at, c) in self.rest().char_indices() {
            match c {
                '{' => open += 1,
                '}' => open = open.saturating_sub(1),
                _ => {}
            }
            if open == 0 {
                let name = self.rest()[..=at].to_owned();
                self.at += name.len();
                return Ok(Token::Name(name));
            }
        }
        self.at += 1;
        self.error(start, "the { has no partner")
    }

    /// The name of a file, if that is what is before the next `::`: it has a point in it, and may have what else would
    /// divide or subtract.
    fn file(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let end = rest.find(|c| !in_name(c) && !matches!(c, '.' | '/' | '-' | '+'))?;
        let name = &rest[..end];
        let is_file = rest[end..].starts_with("::") && name.contains('.') && !name.contains("..");
        is_file.then(|| {
            self.at += end;
            name
        })
    }

    fn tuple_index(&mut self) -> Result<Token, Error> {
        let start = self.at;
        let digits = self.word();
        match digits.parse() {
            Ok(index) => Ok(Token::Integer(index, Literal::default())),
            Err(_) => self.error(start, format!("`{digits}` is not a field of a tuple")),
        }
    }

    fn number(&mut self) -> Result<Token, Error> {
        let start = self.at;
        let rest = self.rest();
        let (radix, skipped) = match rest.as_bytes() {
            [b'0', b'x' | b'X', ..] => (16, 2),
            [b'0', b'o' | b'O', ..] => (8, 2),
            [b'0', b'b' | b'B', ..] => (2, 2),
            _ => (10, 0),
        };
        self.at += skipped;
        let word = self.skip(|c| c == '_' || c.is_ascii_alphanumeric());
        if radix == 10 {
            let point = self.rest().strip_prefix('.');
            // `1.` and `1.f` are floats, `1..2` and `1.max` are none.
            let fraction = point.is_some_and(|it| {
                !it.starts_with(|c: char| c == '.' || starts_name(c)) || ends_float(it)
            });
            let (_, letters) = split_suffix(word, radix);
            // `5usize` has an `e`, and is an integer.
            let exponent = letters.starts_with(['e', 'E']);
            if fraction || exponent || matches!(letters, "f32" | "f64") {
                return self.float(start);
            }
        }
        let (digits, suffix) = split_suffix(word, radix);
        let Some(suffix) = integer_suffix(suffix) else {
            return self.error(start, format!("`{suffix}` cannot follow a number"));
        };
        let digits: String = digits.chars().filter(|c| *c != '_').collect();
        // C's octal numbers.
        let octal = radix == 10 && digits.len() > 1 && digits.starts_with('0');
        let radix = if octal { 8 } else { radix };
        match u128::from_str_radix(&digits, radix) {
            Ok(value) => {
                let is_bits = radix != 10;
                Ok(Token::Integer(value, Literal { is_bits, suffix }))
            }
            Err(error) => self.error(
                start,
                match error.kind() {
                    std::num::IntErrorKind::PosOverflow => {
                        "the number has more than 128 bits".to_owned()
                    }
                    _ if octal => {
                        "a number that starts with 0 is octal, as in C, and has no digits above 7"
                            .to_owned()
                    }
                    _ => match digits.chars().find(|c| !c.is_digit(radix)) {
                        Some(wrong) => {
                            let prefix = &rest[..skipped];
                            format!("a number that starts with {prefix} has no digit `{wrong}`")
                        }
                        None => "the number has no digits".to_owned(),
                    },
                },
            ),
        }
    }

    /// A float; its digits before the point, and what else was a word with them, have been passed.
    fn float(&mut self, start: usize) -> Result<Token, Error> {
        if self.peek() == Some('.') {
            self.at += 1;
            self.skip(|c| c == '_' || c.is_ascii_alphanumeric());
        }
        let taken = self.text.get(start..self.at).unwrap_or_default();
        if taken.ends_with(['e', 'E']) && self.rest().starts_with(['+', '-']) {
            self.at += 1;
            self.skip(|c| c == '_' || c.is_ascii_alphanumeric());
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        let (digits, single) = match text {
            _ if text.ends_with("f32") => (&text[..text.len() - 3], true),
            _ if text.ends_with("f64") => (&text[..text.len() - 3], false),
            _ if text.ends_with(['f', 'F']) => (&text[..text.len() - 1], true),
            _ if text.ends_with(['l', 'L']) => (&text[..text.len() - 1], false),
            _ => (text, false),
        };
        match digits.replace('_', "").parse() {
            Ok(value) => Ok(Token::Float(value, single)),
            Err(_) => self.error(start, format!("`{text}` is not a number")),
        }
    }

    /// A text, a character, or a name in quotes: what has `::` behind it, or is in single quotes and longer
    /// than a character.
    fn quoted(&mut self, quote: char, backslash: Backslash) -> Result<Token, Error> {
        let start = self.at;
        self.at += 1;
        let mut bytes = Vec::new();
        loop {
            let Some(c) = self.peek() else {
                return self.error(start, format!("the {quote} has no partner"));
            };
            self.at += c.len_utf8();
            match c {
                '\\' if backslash == Backslash::Escapes => self.escape(&mut bytes)?,
                _ if c == quote => break,
                _ => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes()),
            }
        }
        let text = std::str::from_utf8(&bytes);
        if self.rest().trim_start().starts_with("::")
            && let Ok(name) = text
        {
            return Ok(Token::File(name.to_owned()));
        }
        if quote == '"' {
            return Ok(Token::Text(bytes));
        }
        let mut characters = text.unwrap_or_default().chars();
        match (bytes.as_slice(), characters.next(), characters.next()) {
            // `'\xff'` is a byte and no UTF-8.
            ([byte @ 0x80..=0xff], _, _) => Ok(Token::Byte(*byte)),
            (_, Some(c), None) => Ok(Token::Character(c)),
            (_, Some(_), Some(_)) => Ok(Token::Name(text.unwrap_or_default().to_owned())),
            ([], ..) => self.error(start, "there is nothing between the quotes"),
            _ => self.error(start, "there is more than one character between the quotes"),
        }
    }

    /// What comes after a backslash.
    fn escape(&mut self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        let start = self.at.saturating_sub(1);
        let Some(c) = self.peek() else {
            return self.error(start, "the text ends in a backslash");
        };
        self.at += c.len_utf8();
        let byte = match c {
            'n' => b'\n',
            't' => b'\t',
            'r' => b'\r',
            'a' => 7,
            'b' => 8,
            'v' => 11,
            'f' => 12,
            'e' => 27,
            '0'..='7' => {
                self.at -= 1;
                self.digits(3, 8) as u8
            }
            'x' => self.digits(2, 16) as u8,
            'u' | 'U' => {
                let braced = self.rest().starts_with('{');
                self.at += usize::from(braced);
                let most = match c {
                    _ if braced => 8,
                    'u' => 4,
                    _ => 8,
                };
                let code = self.digits(most, 16);
                if braced && !self.rest().starts_with('}') {
                    return self.error(start, "the { has no partner");
                }
                self.at += usize::from(braced);
                let Some(c) = char::from_u32(code) else {
                    return self.error(start, "there is no such character in Unicode");
                };
                bytes.extend(c.encode_utf8(&mut [0; 4]).bytes());
                return Ok(());
            }
            '\\' | '\'' | '"' | '?' => c as u8,
            _ => return self.error(start, format!("`\\{c}` means nothing")),
        };
        bytes.push(byte);
        Ok(())
    }

    /// The number of at most `most` digits.
    fn digits(&mut self, most: usize, radix: u32) -> u32 {
        let mut value = 0_u32;
        for _ in 0..most {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(radix)) else {
                break;
            };
            value = value.wrapping_mul(radix).wrapping_add(digit);
            self.at += 1;
        }
        value
    }
}

/// What a backslash is in a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Backslash {
    /// The start of an escape sequence.
    Escapes,
    /// A character like others, as in `r"\d"`.
    IsText,
}

/// Whether what follows a point without digits belongs to a float of C: `f`, `e3`, `e-3L`.
fn ends_float(text: &str) -> bool {
    let digits = |it: &str| it.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = match text.strip_prefix(['e', 'E']) {
        Some(exponent) => {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let length = digits(exponent);
            if length == exponent.len() {
                return false;
            }
            &exponent[exponent.len() - length..]
        }
        None if !text.starts_with(['f', 'F', 'l', 'L']) => return false,
        None => text,
    };
    let after = rest.strip_prefix(['f', 'F', 'l', 'L']).unwrap_or(rest);
    !after.starts_with(|c: char| in_name(c) || c == '(')
}

/// The digits of a number, and the letters at its end.
fn split_suffix(word: &str, radix: u32) -> (&str, &str) {
    let is_digit = |c: char| c == '_' || c.is_digit(if radix == 16 { 16 } else { 10 });
    word.split_at(word.find(|c| !is_digit(c)).unwrap_or(word.len()))
}

/// The type that the letters mean: Rust's and C's. Outer `None`: they mean nothing.
fn integer_suffix(suffix: &str) -> Option<Option<Suffix>> {
    let (signed, bits, is_least) = match suffix.to_ascii_lowercase().as_str() {
        "" => return Some(None),
        "i8" => (true, Some(8), false),
        "i16" => (true, Some(16), false),
        "i32" => (true, Some(32), false),
        "i64" => (true, Some(64), false),
        "i128" => (true, Some(128), false),
        "isize" => (true, None, false),
        "u8" => (false, Some(8), false),
        "u16" => (false, Some(16), false),
        "u32" => (false, Some(32), false),
        "u64" => (false, Some(64), false),
        "u128" => (false, Some(128), false),
        "usize" => (false, None, false),
        "u" => (false, Some(32), true),
        "l" | "z" => (true, None, true),
        "ul" | "lu" | "uz" | "zu" => (false, None, true),
        "ll" => (true, Some(64), true),
        "ull" | "llu" => (false, Some(64), true),
        _ => return None,
    };
    Some(Some(Suffix {
        signed,
        bits,
        is_least,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lex(text: &str) -> Vec<Token> {
        tokens(text).unwrap().into_iter().map(|it| it.0).collect()
    }

    fn number(text: &str) -> Token {
        let found = lex(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        found[0].clone()
    }

    #[test]
    fn numbers_of_all_languages() {
        for (text, value) in [
            ("0", 0),
            ("42", 42),
            ("1_000_000", 1_000_000),
            ("0x5ead_BEEF", 0x5ead_beef),
            ("0o17", 15),
            ("017", 15),
            ("0b1010", 10),
            ("340282366920938463463374607431768211455", u128::MAX),
        ] {
            let suffix = None;
            let is_bits = value != 0 && text.starts_with('0');
            let literal = Literal { is_bits, suffix };
            assert_eq!(number(text), Token::Integer(value, literal), "{text}");
        }
        let suffixed = |text: &str, signed, bits, is_least| {
            let suffix = Some(Suffix {
                signed,
                bits,
                is_least,
            });
            let is_bits = text.starts_with('0');
            let literal = Literal { is_bits, suffix };
            assert_eq!(number(text), Token::Integer(5, literal), "{text}");
        };
        suffixed("5u8", false, Some(8), false);
        suffixed("5_i64", true, Some(64), false);
        suffixed("5usize", false, None, false);
        suffixed("5ULL", false, Some(64), true);
        suffixed("5L", true, None, true);
        suffixed("0x5usize", false, None, false);
        suffixed("05u", false, Some(32), true);
        for (text, value, single) in [
            ("1.5", 1.5, false),
            ("1e3", 1000.0, false),
            ("1_0e1_0", 1e11, false),
            ("2.5e-3", 0.0025, false),
            ("1E+2", 100.0, false),
            ("1.5f", 1.5, true),
            ("2f32", 2.0, true),
            ("0.5f64", 0.5, false),
            (".5", 0.5, false),
            (".5e1f", 5.0, true),
            ("1.", 1.0, false),
            ("1.f", 1.0, true),
            ("5.F", 5.0, true),
            ("1.e3", 1000.0, false),
            ("1.e-3f", 0.001, true),
            ("1.0L", 1.0, false),
            ("1.l", 1.0, false),
        ] {
            assert_eq!(number(text), Token::Float(value, single), "{text}");
        }
        for text in [
            "09",
            "0x",
            "12q",
            "1e",
            "1.5.5e",
            "340282366920938463463374607431768211456",
        ] {
            assert!(tokens(text).is_err(), "{text}");
        }
    }

    #[test]
    fn points_and_ranges_are_no_floats() {
        let int = |value| Token::Integer(value, Literal::default());
        let sign = Token::Sign;
        assert_eq!(lex("2..5"), [int(2), sign(".."), int(5)]);
        let t = Token::Name("t".into());
        assert_eq!(
            lex("t.0.1"),
            [t.clone(), sign("."), int(0), sign("."), int(1)]
        );
        assert_eq!(lex("t .5"), [t, sign("."), int(5)]);
        assert_eq!(lex("2..")[0], int(2));
        assert_eq!(lex("1.max")[0], int(1));
        assert_eq!(lex("1.f(2)")[0], int(1));
        assert_eq!(lex("1.e")[0], int(1));
        assert_eq!(lex("1..2")[0], int(1));
        assert_eq!(lex("1.e3x")[0], int(1));
    }

    #[test]
    fn texts_characters_and_quoted_names() {
        assert_eq!(lex(r"'a'"), [Token::Character('a')]);
        assert_eq!(lex(r"'\''"), [Token::Character('\'')]);
        assert_eq!(lex(r"'\xff'"), [Token::Byte(0xff)]);
        assert_eq!(lex(r"L'\xff'"), [Token::Character('\u{ff}')]);
        assert_eq!(lex("b'a'"), [Token::Byte(b'a')]);
        assert_eq!(lex("'ÿ'"), [Token::Character('\u{ff}')]);
        assert_eq!(lex(r"'\u{1f980}'"), [Token::Character('🦀')]);
        assert_eq!(lex("L'東'"), [Token::Character('東')]);
        assert_eq!(
            lex(r#""a\"\n\x80\033""#),
            [Token::Text(b"a\"\n\x80\x1b".to_vec())]
        );
        assert_eq!(lex(r#"r"\n""#), [Token::Text(b"\\n".to_vec())]);
        assert_eq!(lex("'odd name'"), [Token::Name("odd name".into())]);
        assert_eq!(lex("'a b.c'::x")[0], Token::File("a b.c".into()));
        assert_eq!(lex("src/main.c::x")[0], Token::File("src/main.c".into()));
        assert_eq!(lex("a.b").len(), 3);
        for text in [
            "'",
            "\"abc",
            "''",
            r"'\q'",
            "b'é'",
            r#""\"#,
            r"'\u{110000}'",
            "#",
            "§",
        ] {
            assert!(tokens(text).is_err(), "{text}");
        }
    }
}
