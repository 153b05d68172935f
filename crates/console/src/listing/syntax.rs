//! Just enough of the languages' lexical rules to tell comments, texts, numbers and keywords from the rest.

use std::collections::HashSet;
use std::ops::Range;

use crate::output::Code;

/// A part of a line that is of one kind, and not [`Code::Other`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where in the line it is, in bytes.
    pub range: Range<usize>,
    /// What it is.
    pub code: Code,
}

/// A language, as far as its lexical rules go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// C.
    C,
    /// C++.
    Cpp,
    /// Rust.
    Rust,
    /// Go.
    Go,
    /// Zig.
    Zig,
    /// TypeScript, JavaScript and AssemblyScript.
    TypeScript,
    /// Any other: all of it is `Code::Other`.
    Unknown,
}

impl Syntax {
    /// The language of a file, by the end of its name.
    pub fn of(file: &str) -> Syntax {
        match file.rsplit_once('.').map_or("", |it| it.1) {
            "c" => Syntax::C,
            "h" | "cc" | "cpp" | "cxx" | "c++" | "hh" | "hpp" | "hxx" | "inc" | "ipp" => {
                Syntax::Cpp
            }
            "rs" => Syntax::Rust,
            "go" => Syntax::Go,
            "zig" => Syntax::Zig,
            "ts" | "js" | "mjs" => Syntax::TypeScript,
            // The standard library's headers have no ending.
            _ if file.contains("/include/c++/") => Syntax::Cpp,
            _ => Syntax::Unknown,
        }
    }

    /// Separated by spaces.
    fn keywords(self) -> &'static str {
        match self {
            Syntax::C => C,
            Syntax::Cpp => CPP,
            Syntax::Rust => RUST,
            Syntax::Go => GO,
            Syntax::Zig => ZIG,
            Syntax::TypeScript => TYPESCRIPT,
            Syntax::Unknown => "",
        }
    }

    fn is_c(self) -> bool {
        matches!(self, Syntax::C | Syntax::Cpp)
    }

    fn has_block_comments(self) -> bool {
        self != Syntax::Zig
    }

    /// Texts in double quotes may go on after a line's end.
    fn newline_in_text(self) -> Newline {
        match self {
            Syntax::Rust => Newline::IsText,
            _ => Newline::Ends,
        }
    }

    fn has_backquotes(self) -> bool {
        matches!(self, Syntax::Go | Syntax::TypeScript)
    }
}

const C: &str = "\
    _Alignas _Alignof _Atomic _Bool _Noreturn _Static_assert _Thread_local auto bool break case char \
    const constexpr continue default do double else enum extern false float for goto if inline int long \
    nullptr register restrict return short signed sizeof static struct switch true typedef typeof union \
    unsigned void volatile while";

const CPP: &str = "\
    alignas alignof auto bool break case catch char char16_t char32_t char8_t class co_await co_return \
    co_yield concept const const_cast consteval constexpr constinit continue decltype default delete do \
    double dynamic_cast else enum explicit export extern false final float for friend goto if inline int \
    long mutable namespace new noexcept nullptr operator override private protected public register \
    reinterpret_cast requires return short signed sizeof static static_assert static_cast struct switch \
    template this thread_local throw true try typedef typeid typename union unsigned using virtual void \
    volatile wchar_t while";

const RUST: &str = "\
    Self as async await bool break char const continue crate dyn else enum extern f32 f64 false fn for \
    i128 i16 i32 i64 i8 if impl in isize let loop match mod move mut pub ref return self static str \
    struct super trait true type u128 u16 u32 u64 u8 union unsafe use usize where while";

const GO: &str = "\
    any bool break byte case chan const continue default defer else error fallthrough false float32 \
    float64 for func go goto if import int int16 int32 int64 int8 interface map nil package range return \
    rune select string struct switch true type uint uint16 uint32 uint64 uint8 uintptr var";

const ZIG: &str = "\
    align and anyerror anytype bool break callconv catch comptime const continue defer else enum \
    errdefer error export extern f32 f64 false fn for i16 i32 i64 i8 if inline isize noreturn null \
    opaque or orelse packed pub return struct switch test threadlocal true try type u16 u32 u64 u8 \
    undefined union unreachable usingnamespace usize var void volatile while";

const TYPESCRIPT: &str = "\
    abstract as async await bool boolean break case catch class const continue default delete do else \
    enum export extends f32 f64 false finally for from function i16 i32 i64 i8 if implements import in \
    instanceof interface is let namespace new null number of private protected public readonly return \
    static string super switch this throw true try type typeof u16 u32 u64 u8 undefined usize var void \
    while yield";

/// The spans of each of the first `lines` lines of a file. What goes over several lines is a span in each.
pub(super) fn spans(text: &str, syntax: Syntax, lines: usize) -> Vec<Vec<Span>> {
    // The end of the last line that is wanted: nothing after it changes what is before.
    let end = text.match_indices('\n').nth(lines.saturating_sub(1));
    let text = end.map_or(text, |it| &text[..it.0]);
    let mut out = Lines {
        starts: line_starts(text),
        spans: Vec::new(),
    };
    out.spans.resize(out.starts.len(), Vec::new());
    if syntax != Syntax::Unknown {
        let mut lexer = Lexer {
            text,
            at: 0,
            syntax,
            keywords: syntax.keywords().split(' ').collect(),
        };
        let mut line = 0;
        while let Some((range, code)) = lexer.next() {
            line = out.add(line, text, range, code);
        }
    }
    out.spans
}

fn line_starts(text: &str) -> Vec<usize> {
    let after = text.match_indices('\n').map(|it| it.0 + 1);
    [0].into_iter().chain(after).collect()
}

/// The spans by line.
struct Lines {
    starts: Vec<usize>,
    spans: Vec<Vec<Span>>,
}

impl Lines {
    /// Adds what starts on `line` or later; the line on which it starts.
    fn add(&mut self, mut line: usize, text: &str, range: Range<usize>, code: Code) -> usize {
        let ends = |starts: &[usize], line: usize| starts.get(line + 1).copied();
        while ends(&self.starts, line).is_some_and(|end| end <= range.start) {
            line += 1;
        }
        let mut last = line;
        loop {
            let start = self.starts[last];
            let end = ends(&self.starts, last).unwrap_or(text.len());
            let whole = text[start..end].trim_end_matches(['\n', '\r']).len();
            let part = range.start.saturating_sub(start)
                ..range.end.min(start + whole).saturating_sub(start);
            if part.start < part.end {
                self.spans[last].push(Span { range: part, code });
            }
            if range.end <= end || last + 1 == self.starts.len() {
                return line;
            }
            last += 1;
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    syntax: Syntax,
    keywords: HashSet<&'static str>,
}

impl Lexer<'_> {
    /// The next part that is of a kind.
    fn next(&mut self) -> Option<(Range<usize>, Code)> {
        while let Some(first) = self.rest().chars().next() {
            let start = self.at;
            let code = self.take(first);
            if self.at == start {
                self.at += first.len_utf8();
            }
            if let Some(code) = code {
                return Some((start..self.at, code));
            }
        }
        None
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Goes past what begins with `first`; at least that character.
    fn take(&mut self, first: char) -> Option<Code> {
        let rest = self.rest();
        if rest.starts_with("//") || rest.starts_with("\\\\") && self.syntax == Syntax::Zig {
            let code = if first == '/' {
                Code::Comment
            } else {
                Code::Text
            };
            self.at += rest.find('\n').unwrap_or(rest.len());
            return Some(code);
        }
        if rest.starts_with("/*") && self.syntax.has_block_comments() {
            self.at += block_comment(rest, self.syntax == Syntax::Rust);
            return Some(Code::Comment);
        }
        if let Some(length) = raw_text(rest, self.syntax) {
            self.at += length;
            return Some(Code::Text);
        }
        match first {
            '"' => {
                self.at += quoted(rest, '"', self.syntax.newline_in_text());
                Some(Code::Text)
            }
            '`' if self.syntax.has_backquotes() => {
                let escapes = self.syntax == Syntax::TypeScript;
                let plain = rest[1..].find('`').map_or(rest.len(), |it| it + 2);
                self.at += if escapes {
                    quoted(rest, '`', Newline::IsText)
                } else {
                    plain
                };
                Some(Code::Text)
            }
            '\'' if self.syntax == Syntax::Rust && is_lifetime(rest) => {
                self.at += 1 + word(&rest[1..]);
                None
            }
            '\'' => {
                self.at += quoted(rest, '\'', Newline::Ends);
                Some(Code::Text)
            }
            '#' if self.syntax.is_c() && self.is_first_of_line() => {
                let spaces = rest[1..].len() - rest[1..].trim_start_matches([' ', '\t']).len();
                self.at += 1 + spaces + word(&rest[1 + spaces..]);
                Some(Code::Keyword)
            }
            '0'..='9' => {
                self.at += number(rest, self.syntax.is_c());
                Some(Code::Number)
            }
            _ if first == '_' || first.is_alphabetic() => {
                let length = word(rest);
                let is_keyword = self.keywords.contains(&rest[..length]);
                self.at += length;
                is_keyword.then_some(Code::Keyword)
            }
            _ => {
                self.at += first.len_utf8();
                None
            }
        }
    }

    fn is_first_of_line(&self) -> bool {
        let before = self.text.get(..self.at).unwrap_or_default();
        before.trim_end_matches([' ', '\t']).ends_with('\n') || before.trim().is_empty()
    }
}

/// How long the word is that `text` begins with.
fn word(text: &str) -> usize {
    text.find(|it: char| it != '_' && !it.is_alphanumeric())
        .unwrap_or(text.len())
}

fn number(text: &str, apostrophes: bool) -> usize {
    let mut end = 0;
    let bytes = text.as_bytes();
    let is_part = |it: u8| it == b'_' || it.is_ascii_alphanumeric();
    let is_hex = text.starts_with("0x") || text.starts_with("0X");
    while let Some(byte) = bytes.get(end) {
        let next = bytes.get(end + 1).copied().unwrap_or(0);
        let before = end
            .checked_sub(1)
            .and_then(|it| bytes.get(it))
            .copied()
            .unwrap_or(0);
        let goes_on = match byte {
            // `0..9` and `1.max()` have no point in their numbers.
            b'.' => next.is_ascii_digit(),
            b'\'' => apostrophes && is_part(next),
            b'+' | b'-' => {
                next.is_ascii_digit()
                    && (matches!(before, b'e' | b'E') && !is_hex
                        || matches!(before, b'p' | b'P') && is_hex)
            }
            byte => is_part(*byte),
        };
        if !goes_on {
            break;
        }
        end += 1;
    }
    end
}

/// How long the comment is that `text` begins with.
fn block_comment(text: &str, nests: bool) -> usize {
    let (mut at, mut depth) = (2, 1_u32);
    while let Some(found) = text.get(at..).and_then(|it| it.find(['*', '/'])) {
        at += found;
        if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else if nests && text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else {
            at += 1;
        }
    }
    text.len()
}

/// What the end of a line is in a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Newline {
    /// The end of the text.
    Ends,
    /// A part of it.
    IsText,
}

/// How long the text is that `text` begins with, its quotes included.
fn quoted(text: &str, quote: char, newline: Newline) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            // C goes on after a backslash at the end of the line.
            '\n' if newline == Newline::Ends && !escaped => return at,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// How long the text is that `text` begins with if that is one in which a backslash means nothing.
fn raw_text(text: &str, syntax: Syntax) -> Option<usize> {
    let (body, end) = match syntax {
        Syntax::Rust => {
            let prefix = ["r", "br", "cr"].into_iter().find(|prefix| {
                let after = text.strip_prefix(prefix).unwrap_or_default();
                after.trim_start_matches('#').starts_with('"')
            })?;
            let after = &text[prefix.len()..];
            let hashes = after.len() - after.trim_start_matches('#').len();
            (
                prefix.len() + hashes + 1,
                format!("\"{}", "#".repeat(hashes)),
            )
        }
        Syntax::Cpp => {
            let prefix = ["R\"", "LR\"", "u8R\"", "uR\"", "UR\""];
            let prefix = prefix.into_iter().find(|it| text.starts_with(it))?;
            let (delimiter, _) = text[prefix.len()..].split_once('(')?;
            // C++, [lex.string]: at most 16 characters.
            if delimiter.len() > 16 {
                return None;
            }
            (
                prefix.len() + delimiter.len() + 1,
                format!("){delimiter}\""),
            )
        }
        _ => return None,
    };
    let found = text.get(body..)?.find(&end);
    Some(found.map_or(text.len(), |it| body + it + end.len()))
}

/// Whether an apostrophe begins a lifetime of Rust, and not a character.
fn is_lifetime(text: &str) -> bool {
    let mut after = text.chars().skip(1);
    let (first, second) = (after.next(), after.next());
    first.is_some_and(|it| it == '_' || it.is_alphabetic()) && second != Some('\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts, each as its first letter and its text, by line.
    fn shown(text: &str, syntax: Syntax) -> Vec<Vec<String>> {
        let spans = spans(text, syntax, usize::MAX);
        let lines = text.lines().zip(spans);
        let show = |line: &str, it: &Span| {
            let code = format!("{:?}", it.code);
            format!("{} {}", &code[..1], &line[it.range.clone()])
        };
        lines
            .map(|(line, spans)| spans.iter().map(|it| show(line, it)).collect())
            .collect()
    }

    fn one(text: &str, syntax: Syntax) -> Vec<String> {
        shown(text, syntax).concat()
    }

    #[test]
    fn c() {
        let line = "  return sum / 0x1F + 1e-3; // a \"text\"";
        assert_eq!(
            one(line, Syntax::C),
            ["K return", "N 0x1F", "N 1e-3", "C // a \"text\""]
        );
        assert_eq!(one("# include <a.h>", Syntax::C), ["K # include"]);
        assert_eq!(
            one(r#"char c = '\'', *s = "a\"//b";"#, Syntax::C),
            ["K char", r"T '\''", r#"T "a\"//b""#]
        );
        assert_eq!(
            one("x = 1'000'000 - 'a';", Syntax::Cpp),
            ["N 1'000'000", "T 'a'"]
        );
        assert_eq!(
            one(r#"auto s = R"x(a)"b\)x" + u8"é";"#, Syntax::Cpp),
            ["K auto", r#"T R"x(a)"b\)x""#, "T \"é\""]
        );
    }

    #[test]
    fn comments_go_over_lines() {
        let text = "int a; /* one\r\n two\n\n three */ int b;\n\"open\nint";
        let expected: [&[&str]; 6] = [
            &["K int", "C /* one"],
            &["C  two"],
            &[],
            &["C  three */", "K int"],
            &["T \"open"],
            &["K int"],
        ];
        assert_eq!(shown(text, Syntax::C), expected);
        assert_eq!(
            one("/* /* */ */ fn", Syntax::Rust),
            ["C /* /* */ */", "K fn"]
        );
        assert_eq!(one("/* open", Syntax::Rust), ["C /* open"]);
    }

    #[test]
    fn rust() {
        let line = "fn f<'a>(x: &'a str) -> char { let r#type = 0..9; 'x' }";
        assert_eq!(
            one(line, Syntax::Rust),
            [
                "K fn", "K str", "K char", "K let", "K type", "N 0", "N 9", "T 'x'"
            ]
        );
        assert_eq!(
            one(r##"r#"a"b"# b"c" r"\""##, Syntax::Rust),
            [r##"T r#"a"b"#"##, "T \"c\"", r#"T r"\""#]
        );
        assert_eq!(
            shown("\"a\n b\" 1.5f32", Syntax::Rust),
            [vec!["T \"a"], vec!["T  b\"", "N 1.5f32"]]
        );
        assert_eq!(
            one(r"'\u{1f600}' 'loop: loop", Syntax::Rust),
            [r"T '\u{1f600}'", "K loop"]
        );
    }

    #[test]
    fn other_languages() {
        assert_eq!(
            one("var s = `a\\` // b", Syntax::Go),
            ["K var", "T `a\\`", "C // b"]
        );
        assert_eq!(
            one("const s = \\\\ a \"b\n// c", Syntax::Zig),
            ["K const", "T \\\\ a \"b", "C // c"]
        );
        assert_eq!(
            one("let s = `a\\`b` as i32;", Syntax::TypeScript),
            ["K let", "T `a\\`b`", "K as", "K i32"]
        );
        assert_eq!(
            one("int 1 \"a\" // b", Syntax::Unknown),
            Vec::<String>::new()
        );
    }

    #[test]
    fn no_text_breaks_it() {
        let pieces = [
            "\"", "'", "/*", "*/", "//", "\\", "R\"(", "r#\"", "`", "\n", "é", "1'", "#", "a",
            "0x", "e-",
        ];
        let mut seed = 1_u64;
        for _ in 0..2_000 {
            let mut text = String::new();
            for _ in 0..12 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text += pieces[(seed >> 33) as usize % pieces.len()];
            }
            for syntax in [
                Syntax::C,
                Syntax::Cpp,
                Syntax::Rust,
                Syntax::Go,
                Syntax::Zig,
                Syntax::TypeScript,
            ] {
                for (line, spans) in text.lines().zip(spans(&text, syntax, usize::MAX)) {
                    let mut end = 0;
                    for span in spans {
                        assert!(
                            end <= span.range.start && span.range.start < span.range.end,
                            "{text:?}"
                        );
                        assert!(line.get(span.range.clone()).is_some(), "{text:?}");
                        end = span.range.end;
                    }
                }
            }
        }
    }
}
