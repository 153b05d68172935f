//! The head of the text: what happened, and the place in the source.

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

use super::{Report, Source};
use wdb_symbols::{printable, printable_source};

/// Names of functions with at most this many bytes are shown here; longer ones only in the backtrace.
const LONGEST_LABEL: usize = 60;

/// Renders `title`, labelled `label`, the source of `report`, and `remarks`, each with its label.
pub(super) fn render(
    label: &str,
    title: &str,
    report: &Report,
    remarks: &[(&str, String)],
    colour: bool,
) -> String {
    let mut group = Level::ERROR
        .with_name(label)
        .primary_title(title)
        .elements(std::iter::empty::<annotate_snippets::Message<'_>>());
    if let Some(source) = &report.source {
        if source.lines.is_empty() {
            let mut origin = Origin::path(printable(&source.file)).line(source.line as usize);
            if let Some(column) = source.column {
                origin = origin.char_column(column as usize);
            }
            group = group.element(origin);
        } else {
            group = group.element(snippet(source));
        }
    }
    let Some(_) = &report.source else {
        // The renderer would draw a margin for a source that does not exist.
        return alone(&renderer(colour).render(&[group]), remarks);
    };
    for (label, text) in remarks {
        group = group.element(Level::NOTE.with_name(*label).message(text.as_str()));
    }
    renderer(colour).render(&[group])
}

fn renderer(colour: bool) -> Renderer {
    if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    }
}

/// A title with remarks and no source.
fn alone(title: &str, remarks: &[(&str, String)]) -> String {
    let mut out = title.to_owned();
    for (label, text) in remarks {
        let indent = " ".repeat(label.len() + 5);
        let text = text.replace('\n', &format!("\n{indent}"));
        out.push_str(&format!("\n = {label}: {text}"));
    }
    out
}

fn snippet(source: &Source) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    let position = (source.line - source.first_line) as usize;
    let mut text = String::new();
    let mut span = 0..0;
    for (index, line) in source.lines.iter().enumerate() {
        if index == position {
            let (start, end) = spot(line, source.column);
            let before = printable_source(line.get(..start).unwrap_or_default());
            let marked = printable_source(line.get(start..end).unwrap_or_default());
            let start = text.len() + before.len();
            span = start..start + marked.len();
        }
        text.push_str(&printable_source(line));
        text.push('\n');
    }
    let mut mark = AnnotationKind::Primary.span(span);
    if source.function.len() <= LONGEST_LABEL {
        mark = mark.label(format!("in {}", printable(&source.function)));
    }
    Snippet::source(text)
        .line_start(source.first_line as usize)
        .path(printable(&source.file))
        .fold(false)
        .annotation(mark)
}

/// The part of a line to mark: the word or the sign at the column; without a column, everything except the indentation.
fn spot(line: &str, column: Option<u32>) -> (usize, usize) {
    let start = column.map(|column| column.saturating_sub(1) as usize);
    match start.and_then(|start| Some((start, line.get(start..)?))) {
        Some((start, rest)) if !rest.trim().is_empty() => {
            let word = |c: char| c.is_alphanumeric() || c == '_';
            let length = match rest.find(|c: char| !word(c)) {
                Some(0) => rest.chars().next().map_or(0, char::len_utf8),
                Some(length) => length,
                None => rest.len(),
            };
            (start, start + length)
        }
        _ => {
            let end = line.trim_end().len();
            (end - line.trim().len(), end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spot_is_a_word_a_sign_or_the_line() {
        for (line, column, expected) in [
            ("  return sum / count;", Some(10), "sum"),
            ("  return sum / count;", Some(14), "/"),
            ("  return sum / count;", None, "return sum / count;"),
            ("  return sum / count;", Some(99), "return sum / count;"),
            ("  é();", Some(4), "é();"),
            ("  é();", Some(3), "é"),
            ("", Some(1), ""),
            ("x", Some(0), "x"),
        ] {
            let (start, end) = spot(line, column);
            assert_eq!(&line[start..end], expected, "{line:?} {column:?}");
        }
    }
}
