//! The normal form of the name of a type. Clang (`Ring<int, 4UL>`), a demangler (`Ring<int, (unsigned long)4>`) and the
//! user (`Ring<int,4>`) spell it differently.

use super::{c_integer, cpp, tidy};

/// The words and signs of a name in its normal form, which is the same for all spellings.
pub(super) fn tokens(name: &str) -> Vec<String> {
    let mut name = tidy(name.into());
    if name.contains("std::") {
        // The name may lack its namespace: `vector<int, std::allocator<int>>`.
        name = cpp::without_defaults(&name, cpp::Qualified::Maybe).into();
    }
    let mut tokens = with_short_numbers(lexed(&name));
    tokens = with_qualifiers_last(tokens);
    with_short_integers(tokens)
}

/// Whether two names mean the same type. `wanted` may leave out namespaces.
pub(super) fn omits(shown: &[String], wanted: &[String]) -> bool {
    let is_same = |(shown, wanted): (&String, &String)| {
        shown == wanted
            || is_word(wanted)
                && shown
                    .strip_suffix(wanted.as_str())
                    .is_some_and(|it| it.ends_with("::"))
    };
    shown.len() == wanted.len() && shown.iter().zip(wanted).all(is_same)
}

pub(super) fn is_word(token: &str) -> bool {
    token.starts_with(is_part)
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | ':' | '$')
}

fn lexed(name: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            ' ' => {
                rest = rest.trim_start();
                continue;
            }
            _ if is_part(first) => rest.find(|c| !is_part(c)).unwrap_or(rest.len()),
            // A character, which may be a bracket; not a lifetime of Rust.
            '\'' => match rest.char_indices().nth(2) {
                Some((at, '\'')) => at + 1,
                _ => 1,
            },
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token.to_owned());
        rest = after;
    }
    tokens
}

/// A cast to an integer type has at most this many tokens, as in `(unsigned long long int)`.
const LONGEST_CAST: usize = 6;

/// Removes the integer types of numbers: `4UL` and `(unsigned long)4` become `4`, and `'A'` becomes `65`.
fn with_short_numbers(tokens: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let character = token
            .strip_prefix('\'')
            .and_then(|it| it.strip_suffix('\'')?.chars().next());
        let is_number = token.starts_with(|c: char| c.is_ascii_digit()) || character.is_some();
        if !is_number {
            out.push(token);
            continue;
        }
        let sign = out.pop_if(|it| *it == "-");
        let cast = out.len().saturating_sub(LONGEST_CAST);
        if out.last().is_some_and(|it| it == ")")
            && let Some(open) = out[cast..].iter().rposition(|it| it == "(")
            && let open = cast + open
            && c_integer(&out[open + 1..out.len() - 1].join(" ")).is_some()
        {
            out.truncate(open);
        }
        out.extend(sign);
        out.push(match character {
            Some(character) => u32::from(character).to_string(),
            None => token.trim_end_matches(['u', 'U', 'l', 'L']).to_owned(),
        });
    }
    out
}

/// Moves `const` after the type that it qualifies, as demanglers write it, and removes `struct` and similar keywords.
fn with_qualifiers_last(tokens: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(tokens.len());
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        let is_start = out
            .last()
            .is_none_or(|it| matches!(it.as_str(), "<" | "," | "("));
        let word = token.as_str();
        if is_start && matches!(word, "struct" | "class" | "union" | "enum" | "typename") {
            continue;
        }
        if !is_start || !matches!(word, "const" | "volatile") {
            out.push(token);
            continue;
        }
        let mut qualifiers = vec![token];
        let is_qualifier = |it: &String| matches!(it.as_str(), "const" | "volatile");
        let mut depth = 0_u32;
        while let Some(next) = rest.peek() {
            match next.as_str() {
                "<" => depth += 1,
                ">" if depth > 0 => depth -= 1,
                _ if depth > 0 => {}
                "struct" | "class" | "union" | "enum" | "typename" => {
                    rest.next();
                    continue;
                }
                _ if is_qualifier(next) => {
                    qualifiers.extend(rest.next());
                    continue;
                }
                word if is_word(word) => {}
                _ => break,
            }
            out.extend(rest.next());
        }
        out.append(&mut qualifiers);
    }
    out
}

/// Joins the words of an integer type of C to one token.
fn with_short_integers(tokens: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(tokens.len());
    let is_integer = |it: &String| c_integer(it).is_some();
    for run in tokens.chunk_by(|one, other| is_integer(one) == is_integer(other)) {
        match c_integer(&run.join(" ")) {
            Some(name) => out.push(name.to_owned()),
            None => out.extend_from_slice(run),
        }
    }
    out
}
