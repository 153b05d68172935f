//! Lines that grow at the end and are scrolled back: what the debugger answers, what the guest writes.

use std::collections::VecDeque;

use unicode_width::UnicodeWidthChar;
use wdb_console::Style;

use super::scene::Piece;

/// At most this many lines are kept.
const MOST_LINES: usize = 10_000;
/// At most this many bytes are kept, and one more line.
const MOST_BYTES: usize = 8 << 20;
/// A line without an end is cut here, in bytes.
const LONGEST_LINE: usize = 16 << 10;

/// Lines, and how far they are scrolled back.
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    lines: VecDeque<Vec<Piece>>,
    /// How many bytes they have.
    bytes: usize,
    /// Whether the last line has ended.
    ended: bool,
    /// The beginning of a character whose other bytes are still to come.
    begun: Vec<u8>,
    /// How many rows are below what is shown.
    pub(super) back: usize,
    /// Whether there is something new that was not shown.
    pub(super) unseen: bool,
}

impl Text {
    /// Writes at the end.
    pub(super) fn write(&mut self, style: Style, text: &str) {
        self.unseen |= !text.is_empty();
        for part in text.split_inclusive('\n') {
            let ends = part.ends_with('\n');
            let part = part.trim_end_matches(['\r', '\n']);
            if self.lines.is_empty() || self.ended {
                self.lines.push_back(Vec::new());
            }
            if let Some(line) = self.lines.back_mut() {
                self.bytes += part.len();
                push(line, style, part);
                let length: usize = line.iter().map(|it| it.1.len()).sum();
                self.ended = ends || length > LONGEST_LINE;
            }
        }
        while self.lines.len() > MOST_LINES || self.bytes > MOST_BYTES && self.lines.len() > 1 {
            let line = self.lines.pop_front().unwrap_or_default();
            self.bytes -= line.iter().map(|it| it.1.len()).sum::<usize>();
        }
    }

    /// Writes bytes that should be UTF-8, at the end.
    pub(super) fn write_bytes(&mut self, style: Style, bytes: &[u8]) {
        let mut all = std::mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        let incomplete = all.utf8_chunks().last().map_or(0, |last| {
            let tail = last.invalid();
            let is_begun = std::str::from_utf8(tail).is_err_and(|it| it.error_len().is_none());
            if is_begun { tail.len() } else { 0 }
        });
        let (whole, begun) = all.split_at(all.len() - incomplete);
        self.begun = begun.to_vec();
        self.write(style, &String::from_utf8_lossy(whole));
    }

    /// The `height` rows that are shown where a row has `width` characters.
    pub(super) fn rows(&self, width: usize, height: usize) -> Vec<Vec<Piece>> {
        let mut rows: VecDeque<Vec<Piece>> = VecDeque::new();
        let wanted = height.saturating_add(self.back);
        for line in self.lines.iter().rev() {
            if rows.len() >= wanted {
                break;
            }
            for row in wrap(line, width).into_iter().rev() {
                rows.push_front(row);
            }
        }
        // Scrolled back further than there is: the beginning.
        let end = rows
            .len()
            .saturating_sub(self.back)
            .max(height.min(rows.len()));
        let start = end.saturating_sub(height);
        rows.drain(start..end).collect()
    }

    /// Scrolls back or, below zero, on. Not further than the beginning.
    pub(super) fn scroll(&mut self, rows: isize, width: usize, height: usize) {
        self.back = self.back.saturating_add_signed(rows);
        if rows > 0 {
            let mut all = 0_usize;
            for line in self.lines.iter().rev() {
                all = all.saturating_add(wrap(line, width).len());
                if all >= self.back.saturating_add(height) {
                    return;
                }
            }
            self.back = all.saturating_sub(height);
        }
    }
}

fn push(line: &mut Vec<Piece>, style: Style, text: &str) {
    match line.last_mut() {
        _ if text.is_empty() => {}
        Some((last, before)) if *last == style => before.push_str(text),
        _ => line.push((style, text.to_owned())),
    }
}

/// A line in rows of `width` columns. A tab is four spaces, what cannot be shown a `?`.
pub(super) fn wrap(line: &[Piece], width: usize) -> Vec<Vec<Piece>> {
    let width = width.max(2);
    let mut rows = vec![Vec::new()];
    let mut used = 0;
    for (style, text) in line {
        for c in text.chars() {
            let mut bytes = [0; 4];
            let shown: &str = match c {
                '\t' => "    ",
                c if c.is_control() => "?",
                c => c.encode_utf8(&mut bytes),
            };
            let columns: usize = shown.chars().filter_map(UnicodeWidthChar::width).sum();
            if used + columns > width {
                rows.push(Vec::new());
                used = 0;
            }
            used += columns;
            if let Some(row) = rows.last_mut() {
                push(row, *style, shown);
            }
        }
    }
    rows
}

/// The part of a row from a column on, whose characters have widths.
pub(super) fn from_column(row: Vec<Piece>, column: usize) -> Vec<Piece> {
    let mut left = column;
    let mut rest = Vec::new();
    for (style, text) in row {
        let start = text.char_indices().find(|(_, c)| {
            let before = left;
            left = left.saturating_sub(c.width().unwrap_or(0));
            before == 0
        });
        if let Some(text) = start.and_then(|(at, _)| text.get(at..)) {
            rest.push((style, text.to_owned()));
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(rows: Vec<Vec<Piece>>) -> Vec<String> {
        let text = |row: Vec<Piece>| row.into_iter().map(|it| it.1).collect();
        rows.into_iter().map(text).collect()
    }

    #[test]
    fn the_end_is_shown_until_it_is_scrolled_back() {
        let mut text = Text::default();
        for number in 0..10 {
            text.write(Style::Plain, &format!("line {number}\n"));
        }
        text.write(Style::Plain, "abc");
        text.write(Style::Plain, "def");
        assert_eq!(plain(text.rows(20, 2)), ["line 9", "abcdef"]);
        text.scroll(3, 20, 2);
        assert_eq!(plain(text.rows(20, 2)), ["line 6", "line 7"]);
        text.scroll(100, 20, 2);
        assert_eq!(plain(text.rows(20, 2)), ["line 0", "line 1"]);
        text.scroll(-100, 20, 2);
        assert_eq!(plain(text.rows(3, 3)), ["e 9", "abc", "def"]);
        assert_eq!(plain(Text::default().rows(3, 3)), [""; 0]);
    }

    #[test]
    fn nothing_that_moves_the_cursor_is_shown() {
        let mut text = Text::default();
        text.write(Style::Plain, "a\x1b[2Jb\r\n\tc\n");
        assert_eq!(plain(text.rows(20, 2)), ["a?[2Jb", "    c"]);
    }

    #[test]
    fn a_line_without_an_end_does_not_grow_for_ever() {
        let mut text = Text::default();
        for _ in 0..100 {
            text.write(Style::Plain, &"x".repeat(1 << 10));
        }
        assert!(
            text.lines
                .iter()
                .all(|it| it[0].1.len() <= LONGEST_LINE + 1024)
        );
    }
}
