//! The brackets in names of functions and types, of all languages. All code that looks into brackets uses this one
//! walk.

use std::ops::Range;

/// A character of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sign {
    /// Its byte offset in the name.
    pub(crate) at: usize,
    pub(crate) c: char,
    /// How many brackets it is in; for a bracket, how many are around the pair.
    pub(crate) depth: u32,
    pub(crate) role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Opens,
    Closes,
    /// Part of the name of an operator, or of a character as a template argument: not a bracket.
    Literal,
    Other,
}

/// The characters of a name in order. The arrow of a result is not a bracket, nor are the signs of `operator<`,
/// `operator->` and `operator()`. A closing bracket without an opening one is outside of all brackets.
pub(crate) fn signs(name: &str) -> impl Iterator<Item = Sign> {
    let mut depth = 0_u32;
    let mut before = ' ';
    let mut literal = 0..0;
    name.char_indices().map(move |(at, c)| {
        if at >= literal.end {
            literal = literal_at(name, at, before);
        }
        let is_arrow = c == '>' && before == '-';
        before = c;
        let role = match c {
            _ if literal.contains(&at) => Role::Literal,
            '<' | '(' | '[' | '{' => Role::Opens,
            '>' | ')' | ']' | '}' if !is_arrow => Role::Closes,
            _ => Role::Other,
        };
        if role == Role::Closes {
            depth = depth.saturating_sub(1);
        }
        let sign = Sign { at, c, depth, role };
        if role == Role::Opens {
            depth = depth.saturating_add(1);
        }
        sign
    })
}

/// The offsets of the characters that are outside of all brackets and are not brackets themselves.
pub(crate) fn outside(name: &str) -> impl Iterator<Item = usize> {
    let is_outside = |it: &Sign| it.depth == 0 && matches!(it.role, Role::Literal | Role::Other);
    signs(name).filter(is_outside).map(|it| it.at)
}

/// The range of the literal that starts at `at`: the name of an operator, a character. Empty if no literal starts
/// there.
fn literal_at(name: &str, at: usize, before: char) -> Range<usize> {
    const WORD: &str = "operator";
    let rest = &name[at..];
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    if let Some(after) = rest.strip_prefix(WORD)
        && !is_part(before)
    {
        let start = at + WORD.len();
        if after.starts_with("()") || after.starts_with("[]") {
            return at..start + 2;
        }
        let end = after.find(|c| !"<>=-+*/%&|^!~,".contains(c));
        let end = end.unwrap_or(after.len());
        // In `operator<<<int>` the last bracket before `int` opens the arguments of the template.
        let has_arguments = after[end..].starts_with(is_part);
        let is_bracket = end > 1 && after[..end].ends_with('<');
        return at..start + end - usize::from(has_arguments && is_bracket);
    }
    // A character in quotes, not a lifetime of Rust.
    match rest.strip_prefix('\'').map(|it| it.char_indices().nth(1)) {
        Some(Some((length, '\''))) => at..at + length + 2,
        _ => at..at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name without brackets and their contents.
    fn without_brackets(name: &str) -> String {
        outside(name)
            .filter_map(|at| name[at..].chars().next())
            .collect()
    }

    #[test]
    fn brackets_of_all_languages() {
        for (name, expected) in [
            ("a::f<b<c>>(int[3])", "a::f"),
            ("<a::B<T> as c::D>::e", "::e"),
            ("a::F<fn(b) -> c>::g", "a::F::g"),
            ("fn(b) -> c", "fn -> c"),
            ("a::{closure#0}::<u8>", "a::::"),
            ("operator<", "operator<"),
            ("a::operator<(a, b)", "a::operator<"),
            ("operator<<(int)", "operator<<"),
            ("operator<<int>(int)", "operator<"),
            ("operator<<<int>(int)", "operator<<"),
            ("operator><int>(int)", "operator>"),
            ("operator-><int>()", "operator->"),
            ("operator<=>(int)", "operator<=>"),
            ("operator()(int)", "operator()"),
            ("operator()<int>(int)", "operator()"),
            ("operator[](int)", "operator[]"),
            ("operator,(int)", "operator,"),
            ("my_operator<int>", "my_operator"),
            ("Sign<'<', 'é'>::f", "Sign::f"),
            ("f<'a>", "f"),
            (">>::<<::", "::"),
            ("f(", "f"),
            ("", ""),
        ] {
            assert_eq!(without_brackets(name), expected, "{name}");
        }
    }

    #[test]
    fn pairs_have_the_depth_around_them() {
        let depths: Vec<u32> = signs("a<(b)>").map(|it| it.depth).collect();
        assert_eq!(depths, [0, 0, 1, 2, 1, 0]);
    }
}
