//! What is in each pane.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Stylize as _;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use crate::tui::scene::{Piece, Rows, place_in_words};
use crate::tui::state::{List, Pane, Part, State};
use crate::tui::text::{Text, from_column, wrap};
use wdb_console::Style;
use wdb_examine::frames::Entry;
use wdb_examine::places::Location;
use wdb_session::breakpoints::{Binding, Breakpoint};

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
        let lines = rows.map(|(row, it)| {
            if is_focused && row == list.selected {
                line(it).style(self.theme.selected())
            } else {
                line(it)
            }
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
        let breakpoints = &self.state.scene.breakpoints;
        let is_enabled = |id: &u32| breakpoints.get(*id).is_some_and(|it| it.enabled);
        self.listed(0..code.rows.len(), list, |row| {
            let is_current = code.current == Some(row);
            let breakpoint = match code.marks.get(&row) {
                Some(ids) if ids.iter().any(is_enabled) => "●",
                Some(_) => "○",
                None => " ",
            };
            let (arrow, look) = if is_current {
                (">", theme.mark())
            } else {
                (" ", theme.dim())
            };
            let (label, pieces) = code.rows.row(row, digits).unwrap_or_default();
            let mut line = vec![
                Span::styled(breakpoint, theme.breakpoint()),
                Span::styled(format!("{label}{arrow} "), look),
            ];
            // Tabs have a width, and nothing moves the cursor.
            let text = wrap(&pieces, usize::MAX).into_iter().next();
            let text = from_column(text.unwrap_or_default(), self.state.code_column);
            line.extend(self.spans(&text));
            if is_current {
                Line::from(line).bold()
            } else {
                Line::from(line)
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
            let (mark, look) = if changed {
                ("*", theme.changed())
            } else {
                (" ", theme.text(Style::Value))
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
            match &value.shown.text {
                Ok(text) if text.is_empty() => {}
                Ok(text) => line.extend([Span::raw(" = "), Span::styled(safe(text), look)]),
                Err(reason) => {
                    let words = format!(": {}", safe(&reason.to_string()));
                    line.push(Span::styled(words, theme.dim()));
                }
            }
            if !value.shown.ty.is_empty() {
                line.push(Span::styled(
                    format!("  {}", safe(&value.shown.ty)),
                    theme.dim(),
                ));
            }
            Line::from(line)
        })
    }

    fn stack(&self) -> Vec<Line<'static>> {
        let theme = self.theme;
        let rows = &self.state.scene.stack;
        let digits = rows.len().to_string().len();
        self.listed(rows, self.state.stack, |entry| match entry {
            Entry::Frame(frame) => {
                let is_selected = Some(frame.id) == self.state.scene.selected;
                let mark = if is_selected { ">" } else { " " };
                let look = match frame.family {
                    Some(_) => theme.dim(),
                    None => theme.text(Style::Name),
                };
                let place = place_in_words(frame.file.as_ref(), frame.line);
                Line::from(vec![
                    Span::styled(mark, theme.mark()),
                    Span::styled(format!("{:>digits$} ", frame.index), theme.dim()),
                    Span::styled(safe(&frame.function), look),
                    Span::styled(format!("  {}", safe(&place)), theme.path()),
                ])
            }
            Entry::Host(name) => {
                let text = format!("{:digits$}  {}", "", safe(name));
                Line::from(Span::styled(text, theme.dim()))
            }
            Entry::Omitted(more) => {
                let text = format!("{:digits$}  … {more} more", "");
                Line::from(Span::styled(text, theme.dim()))
            }
        })
    }

    fn breakpoints(&self) -> Vec<Line<'static>> {
        let theme = self.theme;
        let rows = &self.state.scene.breakpoints;
        if rows.iter().next().is_none() {
            let text = " none: F9 sets one on the selected line";
            return vec![Line::styled(text, theme.dim())];
        }
        self.listed(rows.iter(), self.state.breakpoints, |row| {
            let mark = if row.enabled { "●" } else { "○" };
            let hits = match row.hits {
                0 => String::new(),
                1 => "  1 hit".to_owned(),
                hits => format!("  {hits} hits"),
            };
            Line::from(vec![
                Span::styled(mark, theme.breakpoint()),
                Span::styled(format!(" {} ", row.id), theme.dim()),
                Span::raw(safe(&breakpoint(row))),
                Span::styled(hits, theme.dim()),
            ])
        })
    }
}

/// Where a breakpoint is and what else there is to it.
fn breakpoint(it: &Breakpoint) -> String {
    let place = |at: &Location| match place_in_words(at.file.as_ref(), at.line) {
        place if place.is_empty() => at.function.clone(),
        place => format!("{place} {}", at.function),
    };
    let mut text = match it.locations() {
        [] => it.text.clone(),
        [only] => place(only),
        [first, rest @ ..] => format!("{} and {} more", place(first), rest.len()),
    };
    if let Some(condition) = &it.condition {
        text.push_str(&format!(" if {}", condition.text()));
    }
    if let Some(message) = &it.message {
        text.push_str(&format!(" log {}", message.text));
    }
    if it.temporary {
        text.push_str(" (once)");
    }
    if let Binding::Pending(why) = &it.binding {
        text.push_str(&format!(" pending: {why}"));
    }
    text
}

/// A text of the program on one line.
fn safe(text: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(clean).collect()
}
