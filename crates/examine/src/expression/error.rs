//! What is wrong with an expression, and where in its text.

use std::borrow::Cow;
use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use wdb_symbols::printable;

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What is wrong, as text.
    pub message: String,
    /// Where: bytes of the expression's text.
    pub span: Range<usize>,
    /// What may have been meant, which no expression does.
    pub wish: Option<Wish>,
}

/// What a user may want who writes an expression that has no value. A front end says how it is done there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To make a variable of their own, called `$` and this.
    Variable(String),
    /// To change a value by one: `+` or `-`.
    Step(char),
}

/// At most this many bytes of the text are shown before and after the place.
const AROUND: usize = 60;

impl Error {
    /// What is wrong with the part `span` of an expression.
    pub fn new(message: impl Into<String>, span: &Range<usize>) -> Self {
        Error {
            message: message.into(),
            span: span.clone(),
            wish: None,
        }
    }

    pub(super) fn with_wish(self, wish: Wish) -> Self {
        Error {
            wish: Some(wish),
            ..self
        }
    }

    /// The message, and below it the text of the expression with the place marked. Safe for a terminal.
    pub fn show(&self, text: &str) -> String {
        let start = text.floor_char_boundary(self.span.start);
        let end = text.ceil_char_boundary(self.span.end.max(start));
        let first = text.floor_char_boundary(start.saturating_sub(AROUND));
        let last = text.ceil_char_boundary(end.min(start + AROUND).saturating_add(AROUND));
        let part = |range: Range<usize>| printable(text.get(range).unwrap_or_default());
        let cut = |is: bool| if is { "…" } else { "" };
        let before = format!("{}{}", cut(first > 0), part(first..start));
        let marked = part(start..end.min(last));
        let after = format!("{}{}", part(end.min(last)..last), cut(last < text.len()));
        let message = printable(&self.message);
        format!(
            "{message}\n    {before}{marked}{after}\n    {}{}",
            " ".repeat(before.width()),
            "^".repeat(marked.width().max(1))
        )
    }
}

/// `; did you mean …?` for the names that are nearly `name`, at most three; empty when there are none.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let mut near: Vec<(u64, &str)> = known
        .into_iter()
        .filter(|it| !it.is_empty() && it.len() < 200)
        .map(|width| {
            let (name, known) = (name.to_lowercase(), width.to_lowercase());
            let score = strsim::jaro_winkler(&name, &known);
            // Two letters the wrong way round, or one too many, in a word too short for that score.
            let is_slip = name.len() > 2
                && name.len().abs_diff(known.len()) < 2
                && strsim::osa_distance(&name, &known) == 1;
            let score = if is_slip { score.max(0.9) } else { score };
            ((score * 1000.0) as u64, width)
        })
        .filter(|(score, _)| *score >= 840)
        .collect();
    near.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    near.dedup_by(|a, b| a.1 == b.1);
    near.truncate(3);
    match near.as_slice() {
        [] => String::new(),
        near => format!(
            "; did you mean {}?",
            quoted(near.iter().map(|it| it.1), "or")
        ),
    }
}

/// Names for a sentence: `` `a`, `b` or `c` ``.
pub(super) fn quoted<'a>(names: impl IntoIterator<Item = &'a str>, last: &str) -> String {
    let names: Vec<Cow<'_, str>> = names
        .into_iter()
        .map(|it| Cow::Owned(format!("`{it}`")))
        .collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => only.to_string(),
        [rest @ .., end] => format!("{} {last} {end}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place() {
        let text = "größe[\"東京\"].x + 1";
        let start = text.find(".x").unwrap();
        let shown = Error::new("no member `x`", &(start..start + 2)).show(text);
        assert_eq!(
            shown,
            "no member `x`\n    größe[\"東京\"].x + 1\n                 ^^"
        );
    }

    #[test]
    fn long_and_hostile_text_is_cut_and_made_safe() {
        let text = format!("{}\x1b[31m{}", "a".repeat(1000), "b".repeat(1000));
        let shown = Error::new("\x07", &(1000..1001)).show(&text);
        assert!(!shown.contains('\x1b') && !shown.contains('\x07'));
        assert!(
            shown.lines().all(|line| line.chars().count() < 200),
            "{shown}"
        );
        for (start, end) in [(0, 0), (5, 2), (4000, 9000), (2000, 2000), (3, usize::MAX)] {
            Error::new("x", &(start..end)).show(&text);
            Error::new("x", &(start..end)).show("é東");
        }
    }

    #[test]
    fn near_names_are_proposed() {
        let known = ["point", "points", "count", "Point"];
        assert_eq!(
            did_you_mean("pont", known),
            "; did you mean `Point`, `point` or `points`?"
        );
        assert_eq!(did_you_mean("zzz", known), "");
    }
}
