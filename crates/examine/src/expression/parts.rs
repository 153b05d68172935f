//! The expression that names a part of a value.

use wdb_symbols::render::{Part, Way};
use wdb_symbols::{Context, Object};

use super::number::Number;
use super::terms::Term;
use super::{access, elements, lexer, terms};

/// Whether a text is a name that may be in an expression.
fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(lexer::starts_name) && chars.all(lexer::in_name)
}

/// The expression that names a part of `object`, which `whole` names. `before` is the part before it. `None`: none does.
pub(crate) fn name_of_part(
    context: &mut Context<'_>,
    whole: &str,
    object: &Object,
    before: Option<&Part>,
    part: &Part,
) -> Option<String> {
    let name = &part.name;
    // A dot and an index bind more than a star, and a star more than other operators.
    let is_plain = |c: char| lexer::in_name(c) || "$.[]".contains(c);
    let is_whole = whole.chars().all(is_plain) || super::parse(whole).is_ok_and(|it| it.is_whole());
    let owner = if is_whole {
        whole.to_owned()
    } else {
        format!("({whole})")
    };
    match &part.way {
        Way::Member => {
            let is_index = !name.is_empty() && name.bytes().all(|it| it.is_ascii_digit());
            if !is_index && !is_name(name) {
                return None;
            }
            let found = access::member(context, object, name).ok()??;
            (found == part.object).then(|| format!("{owner}.{name}"))
        }
        Way::Element(index) => {
            let found = elements::element(context, object, i128::from(*index)).ok()?;
            (found == part.object).then(|| format!("{owner}[{index}]"))
        }
        Way::Entry(key) => {
            let text = key_text(context, key)?;
            // In a multimap only the first with a key is found by it.
            if let Some(Part {
                way: Way::Entry(key),
                ..
            }) = before
                && key_text(context, key).is_some_and(|it| it == text)
            {
                return None;
            }
            Some(format!("{owner}[{text}]"))
        }
        Way::Target => {
            let found = access::dereference(context, object).ok()?;
            let target = if whole.starts_with('*') {
                format!("*{whole}")
            } else {
                format!("*{owner}")
            };
            (found == part.object).then_some(target)
        }
    }
}

/// The key of a map as an expression writes it: a number or a text.
fn key_text(context: &mut Context<'_>, key: &Object) -> Option<String> {
    if let Ok(Some(text)) = terms::text(context, key, terms::Pointers::Texts) {
        return Some(format!("{:?}", String::from_utf8(text).ok()?));
    }
    match terms::term(context, key) {
        Ok(Term::Number(Number::Integer(value, ty))) if ty.signed => {
            Some(value.cast_signed().to_string())
        }
        Ok(Term::Number(Number::Integer(value, _))) => Some(value.to_string()),
        _ => None,
    }
}
