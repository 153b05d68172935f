//! What is in each pane.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Stylize as _;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use crate::tui::scene::{Mark, Piece, Rows};
use crate::tui::state::{List, Pane, Part, State};
use crate::tui::text::{Text, from_column, wrap};
use wdb_console::Style;

use super::theme::Theme;

/// A pane that is drawn.
struct Drawn<'a> {
    state: &'a State,
    pane: Pane,
    area: Rect,
    theme: Theme,
}

/// Draws the content of a pane.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, pane: Pane, state: &State, theme: Theme) {
    let drawn = Drawn {
        state,
        pane,
        area,
        theme,
    };
    let lines = match pane {
        Pane::Command => Vec::new(),
        Pane::Code => drawn.code(),
        Pane::Variables => drawn.variables(),
        Pane::Stack => drawn.stack(),
        Pane::Breakpoints => drawn.breakpoints(),
        Pane::Log => drawn.text(&state.log),
        Pane::Output => drawn.text(&state.output),
    };
    for (line, row) in lines.iter().zip(area.rows()) {
        line.render(row, buffer);
        if line.width() > usize::from(row.width) {
            mark_cut(buffer, row);
        }
    }
}

/// Puts a sign at the end of a row that is longer than what is shown.
fn mark_cut(buffer: &mut Buffer, row: Rect) {
    let last = row.right().saturating_sub(1);
    let before = (last.saturating_sub(1), row.y);
    // A wide character would hide it.
    if last > row.x
        && let Some(cell) = buffer.cell_mut(before)
        && cell.symbol().width() > 1
    {
        cell.set_symbol("…");
    } else if let Some(cell) = buffer.cell_mut((last, row.y)) {
        cell.set_symbol("…");
    }
}

impl Drawn<'_> {
    fn spans(&self, pieces: &[Piece]) -> impl Iterator<Item = Span<'static>> {
        let span = |(style, text): &Piece| Span::styled(text.clone(), self.theme.text(*style));
        pieces.iter().map(span)
    }

    fn text(&self, text: &Text) -> Vec<Line<'static>> {
        let (width, height) = (self.area.width.into(), self.area.height.into());
        let rows = text.rows(width, height);
        rows.iter().map(|row| self.spans(row).collect()).collect()
    }

    /// The rows of a list that can be seen.
    fn listed<T>(
        &self,
        rows: impl IntoIterator<Item = T>,
        list: List,
        line: impl Fn(T) -> Line<'static>,
    ) -> Vec<Line<'static>> {
        let rows = rows.into_iter().enumerate().skip(list.top);
        let rows = rows.take(self.area.height.into());
        let is_focused = self.state.focus == self.pane;
        let lines = rows.map(|(row, it)| match is_focused && row == list.selected {
            true => line(it).style(self.theme.selected()),
            false => line(it),
        });
        lines.collect()
    }

    fn code(&self) -> Vec<Line<'static>> {
        let (code, list, theme) = (&self.state.scene.code, self.state.code, self.theme);
        if let Rows::None(why) = &code.rows {
            let why = [(Style::Dim, why.clone())];
            let rows = wrap(&why, usize::from(self.area.width).saturating_sub(1));
            return rows.iter().map(|row| self.spans(row).collect()).collect();
        }
        let last = list.top.saturating_add(self.area.height.into());
        let digits = last.min(code.rows.len()).to_string().len().max(3);
        self.listed(0..code.rows.len(), list, |row| {
            let is_current = code.current == Some(row);
            let breakpoint = match code.marks.get(&row) {
                Some(Mark { enabled: true, .. }) => "●",
                Some(_) => "○",
                None => " ",
            };
            let (arrow, look) = match is_current {
                true => (">", theme.mark()),
                false => (" ", theme.dim()),
            };
            let (label, pieces) = match &code.rows {
                Rows::Instructions(rows) => (rows[row].address.clone(), &rows[row].text),
                Rows::Source { lines, .. } => (format!("{:>digits$}", row + 1), &lines[row]),
                Rows::None(_) => return Line::default(),
            };
            let mut line = vec![
                Span::styled(breakpoint, theme.breakpoint()),
                Span::styled(format!("{label}{arrow} "), look),
            ];
            // Tabs have a width, and nothing moves the cursor.
            let text = wrap(pieces, usize::MAX).into_iter().next();
            let text = from_column(text.unwrap_or_default(), self.state.code_column);
            line.extend(self.spans(&text));
            match is_current {
                true => Line::from(line).bold(),
                false => Line::from(line),
            }
        })
    }

    fn variables(&self) -> Vec<Line<'static>> {
        let theme = self.theme;
        let rows = self.state.variable_rows();
        if rows.is_empty() {
            return vec![Line::styled(" none", theme.dim())];
        }
        self.listed(rows, self.state.variables, |row| {
            let indent = "  ".repeat(row.depth);
            let value = row.value;
            let (changed, open) = match row.part {
                Part::More(left) => {
                    let text = format!("  {indent}  … {left} more");
                    return Line::from(Span::styled(text, theme.dim()));
                }
                Part::Value { changed, open } => (changed, open),
            };
            let (mark, look) = match changed {
                true => ("*", theme.changed()),
                false => (" ", theme.text(Style::Value)),
            };
            let arrow = match open {
                None => " ",
                Some(false) => "▸",
                Some(true) => "▾",
            };
            let mut line = vec![
                Span::styled(mark, theme.changed()),
                Span::raw(format!("{indent}{arrow} ")),
                Span::styled(safe(&value.name), theme.text(Style::Name)),
            ];
            match &value.text {
                Ok(text) if text.is_empty() => {}
                Ok(text) => line.extend([Span::raw(" = "), Span::styled(safe(text), look)]),
                Err(reason) => {
                    let words = format!(": {}", safe(&reason.to_string()));
                    line.push(Span::styled(words, theme.dim()));
                }
            }
            if !value.ty.is_empty() {
                line.push(Span::styled(format!("  {}", safe(&value.ty)), theme.dim()));
            }
            Line::from(line)
        })
    }

    fn stack(&self) -> Vec<Line<'static>> {
        let theme = self.theme;
        let rows = &self.state.scene.stack;
        let digits = rows.len().to_string().len();
        self.listed(rows, self.state.stack, |row| {
            let mark = if row.selected { ">" } else { " " };
            let number = row.number.map_or(String::new(), |it| it.to_string());
            let look = match row.runtime || row.number.is_none() {
                true => theme.dim(),
                false => theme.text(Style::Name),
            };
            Line::from(vec![
                Span::styled(mark, theme.mark()),
                Span::styled(format!("{number:>digits$} "), theme.dim()),
                Span::styled(safe(&row.function), look),
                Span::styled(format!("  {}", safe(&row.place)), theme.path()),
            ])
        })
    }

    fn breakpoints(&self) -> Vec<Line<'static>> {
        let theme = self.theme;
        let rows = &self.state.scene.breakpoints;
        if rows.is_empty() {
            let text = " none: F9 sets one on the selected line";
            return vec![Line::styled(text, theme.dim())];
        }
        self.listed(rows, self.state.breakpoints, |row| {
            let mark = if row.enabled { "●" } else { "○" };
            let hits = match row.hits {
                0 => String::new(),
                1 => "  1 hit".to_owned(),
                hits => format!("  {hits} hits"),
            };
            Line::from(vec![
                Span::styled(mark, theme.breakpoint()),
                Span::styled(format!(" {} ", row.number), theme.dim()),
                Span::raw(safe(&row.text)),
                Span::styled(hits, theme.dim()),
            ])
        })
    }
}

/// A text of the program on one line.
fn safe(text: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(clean).collect()
}
