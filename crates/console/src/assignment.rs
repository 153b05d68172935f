//! Assignments, as commands take them apart: `x = 5`, `x += 2`, `x++`.

use crate::failure::Failure;
use std::borrow::Cow;

/// Both sides of an assignment: the place and the value that it is to have. `None`: the text is none.
///
/// # Errors
///
/// When there is nothing on one side.
pub(super) fn parse(text: &str) -> Result<Option<(&str, Cow<'_, str>)>, Failure> {
    let text = text.trim();
    for sign in ["++", "--"] {
        let place = text.strip_prefix(sign).or_else(|| text.strip_suffix(sign));
        if let Some(place) = place.map(str::trim) {
            return match place {
                "" => Err(Failure(format!("`{sign}` needs a place to change"))),
                // C means the pointer by it, and whoever types it may mean what it points to.
                pointer if pointer.starts_with('*') && text.ends_with(sign) => {
                    let operator = &sign[1..];
                    Err(Failure(format!(
                        "which is to change? `{pointer} {operator}= 1` or `{} {operator}= 1`",
                        pointer.trim_start_matches(['*', ' '])
                    )))
                }
                place => Ok(Some((place, format!("{place} {} 1", &sign[1..]).into()))),
            };
        }
    }
    let Some(at) = sign(text) else {
        return Ok(None);
    };
    let (before, value) = (text[..at].trim_end(), text[at + 1..].trim());
    let signs = ["<<", ">>", "+", "-", "*", "/", "%", "&", "|", "^"];
    let compound = signs
        .iter()
        .find_map(|sign| Some((before.strip_suffix(sign)?.trim_end(), sign)))
        // `x + = 2` is none.
        .filter(|_| before.len() == at);
    let (place, value): (_, Cow<'_, str>) = match compound {
        Some((place, sign)) if !value.is_empty() => {
            (place, format!("{place} {sign} ({value})").into())
        }
        Some((place, _)) => (place, value.into()),
        None => (before, value.into()),
    };
    match (place.is_empty(), value.is_empty()) {
        (true, _) => Err("there is nothing on the left of the `=`".into()),
        (_, true) => Err("there is nothing on the right of the `=`".into()),
        _ => Ok(Some((place, value))),
    }
}

/// Where the `=` is that assigns: in no quotes and brackets, and no comparison.
fn sign(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut depth = 0_i32;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(q), _) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, '=') if depth == 0 => {
                let before = &text[..at];
                let shifts = before.ends_with("<<") || before.ends_with(">>");
                let is_comparison = before.ends_with(['=', '!'])
                    || before.ends_with(['<', '>']) && !shifts
                    || text[at + 1..].starts_with('=');
                if !is_comparison {
                    return Some(at);
                }
            }
            (None, _) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_is_no_comparison() {
        let parsed = |text| parse(text).unwrap().map(|it| (it.0, it.1.into_owned()));
        for (text, place, value) in [
            ("x = 5", "x", "5"),
            ("a[b == c].d=e == f", "a[b == c].d", "e == f"),
            ("x += 2", "x", "x + (2)"),
            ("x<<=a | b", "x", "x << (a | b)"),
            ("p->x ^= 1", "p->x", "p->x ^ (1)"),
            ("x++", "x", "x + 1"),
            ("-- x.y", "x.y", "x.y - 1"),
            ("++*p", "*p", "*p + 1"),
            ("$n = $n + 1", "$n", "$n + 1"),
        ] {
            assert_eq!(parsed(text), Some((place, value.to_owned())), "{text}");
        }
        for text in [
            "a == b",
            "a <= b && c >= d && e != f",
            "a[\"=\"]",
            "f(a = b)",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
        for text in ["= 5", "x =", "x +=", "++", "+= 2", "*p++"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
