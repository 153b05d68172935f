//! What is in each pane.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style as Look;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use crate::tui::scene::{BreakpointRow, Mark, Piece, Rows, StackRow};
use crate::tui::state::{List, Pane, Part, State, VariableRow};
use crate::tui::text::{Text, from_column, wrap};
use wdb_console::Style;

use super::theme::Theme;

/// Draws the content of a pane.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, pane: Pane, state: &State, theme: Theme) {
    let lines = match pane {
        Pane::Command => Vec::new(),
        Pane::Code => code(state, area, theme),
        Pane::Variables => variables(state, area, theme),
        Pane::Stack => stack(state, area, theme),
        Pane::Breakpoints => breakpoints(state, area, theme),
        Pane::Log => text(&state.log, area, theme),
        Pane::Output => text(&state.output, area, theme),
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

fn spans(pieces: &[Piece], theme: Theme) -> impl Iterator<Item = Span<'static>> {
    let span = move |(style, text): &Piece| Span::styled(text.clone(), theme.text(*style));
    pieces.iter().map(span)
}

fn text(text: &Text, area: Rect, theme: Theme) -> Vec<Line<'static>> {
    let rows = text.rows(usize::from(area.width), usize::from(area.height));
    let rows = rows.iter().map(|row| spans(row, theme).collect());
    rows.collect()
}

fn code(state: &State, area: Rect, theme: Theme) -> Vec<Line<'static>> {
    let code = &state.scene.code;
    let height = usize::from(area.height);
    let (first, last) = (state.code.top, state.code.top.saturating_add(height));
    let rows: Vec<(String, &[Piece])> = match &code.rows {
        Rows::None(why) => {
            let why = [(Style::Dim, why.clone())];
            let width = usize::from(area.width).saturating_sub(1);
            let rows = wrap(&why, width);
            return rows.iter().map(|row| spans(row, theme).collect()).collect();
        }
        Rows::Source { lines, .. } => {
            let width = last.min(lines.len()).to_string().len().max(3);
            let lines = lines.iter().enumerate().skip(first).take(height);
            lines
                .map(|(row, line)| (format!("{:>width$}", row + 1), &line[..]))
                .collect()
        }
        Rows::Instructions(rows) => {
            let rows = rows.iter().skip(first).take(height);
            rows.map(|it| (it.address.clone(), &it.text[..])).collect()
        }
    };
    let lines = rows.into_iter().zip(first..).map(|((label, pieces), row)| {
        let current = code.current == Some(row);
        let selected = state.focus == Pane::Code && state.code.selected == row;
        let breakpoint = match code.marks.get(&row) {
            Some(Mark { enabled: true, .. }) => "●",
            Some(_) => "○",
            None => " ",
        };
        let arrow = if current { ">" } else { " " };
        let look = match current {
            true => theme.mark(),
            false => theme.dim(),
        };
        let mut line = vec![
            Span::styled(breakpoint, theme.breakpoint()),
            Span::styled(format!("{label}{arrow} "), look),
        ];
        // Tabs have a width, and nothing moves the cursor.
        let row = wrap(pieces, usize::from(u16::MAX)).into_iter().next();
        let row = from_column(row.unwrap_or_default(), state.code_column);
        line.extend(spans(&row, theme));
        finish(line, selected, current, area, theme)
    });
    lines.collect()
}

fn variables(state: &State, area: Rect, theme: Theme) -> Vec<Line<'static>> {
    let rows = state.variable_rows();
    if rows.is_empty() {
        return vec![Line::styled(" none", theme.dim())];
    }
    let line = |(row, is_selected): (&VariableRow<'_>, bool)| {
        let indent = "  ".repeat(row.depth);
        let value = row.value;
        let (changed, open) = match row.part {
            Part::More(left) => {
                let line = format!("  {indent}  … {left} more");
                let line = vec![Span::styled(line, theme.dim())];
                return finish(line, is_selected, false, area, theme);
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
            Ok(text) => {
                line.push(Span::raw(" = "));
                line.push(Span::styled(safe(text), look));
            }
            Err(reason) => {
                let words = format!(": {}", safe(&reason.to_string()));
                line.push(Span::styled(words, theme.dim()));
            }
        }
        if !value.ty.is_empty() {
            line.push(Span::styled(format!("  {}", safe(&value.ty)), theme.dim()));
        }
        finish(line, is_selected, false, area, theme)
    };
    let is_focused = state.focus == Pane::Variables;
    let rows = visible(&rows, state.variables, is_focused, area);
    rows.map(line).collect()
}

fn stack(state: &State, area: Rect, theme: Theme) -> Vec<Line<'static>> {
    let rows = &state.scene.stack;
    let digits = rows.len().to_string().len();
    let line = |(row, is_selected): (&StackRow, bool)| {
        let mark = if row.selected { ">" } else { " " };
        let number = row.number.map_or(String::new(), |it| it.to_string());
        let look = match row.runtime || row.number.is_none() {
            true => theme.dim(),
            false => theme.text(Style::Name),
        };
        let line = vec![
            Span::styled(mark, theme.mark()),
            Span::styled(format!("{number:>digits$} "), theme.dim()),
            Span::styled(safe(&row.function), look),
            Span::styled(format!("  {}", safe(&row.place)), theme.path()),
        ];
        finish(line, is_selected, false, area, theme)
    };
    let rows = visible(rows, state.stack, state.focus == Pane::Stack, area);
    rows.map(line).collect()
}

fn breakpoints(state: &State, area: Rect, theme: Theme) -> Vec<Line<'static>> {
    let rows = &state.scene.breakpoints;
    if rows.is_empty() {
        let text = " none: F9 sets one on the selected line";
        return vec![Line::styled(text, theme.dim())];
    }
    let line = |(row, is_selected): (&BreakpointRow, bool)| {
        let mark = if row.enabled { "●" } else { "○" };
        let mut line = vec![
            Span::styled(mark, theme.breakpoint()),
            Span::styled(format!(" {} ", row.number), theme.dim()),
            Span::raw(safe(&row.text)),
        ];
        if row.hits > 0 {
            let times = if row.hits == 1 { "hit" } else { "hits" };
            line.push(Span::styled(format!("  {} {times}", row.hits), theme.dim()));
        }
        finish(line, is_selected, false, area, theme)
    };
    let is_focused = state.focus == Pane::Breakpoints;
    let rows = visible(rows, state.breakpoints, is_focused, area);
    rows.map(line).collect()
}

/// The rows of a list that can be seen, each with whether it is selected.
fn visible<T>(
    rows: &[T],
    list: List,
    is_focused: bool,
    area: Rect,
) -> impl Iterator<Item = (&T, bool)> {
    rows.iter()
        .enumerate()
        .skip(list.top)
        .take(usize::from(area.height))
        .map(move |(row, it)| (it, is_focused && row == list.selected))
}

/// A line that is as wide as its pane, with the look of the whole row.
fn finish(
    mut line: Vec<Span<'static>>,
    selected: bool,
    current: bool,
    area: Rect,
    theme: Theme,
) -> Line<'static> {
    let look = match (selected, current) {
        (true, _) => theme.selected(),
        (false, true) => Look::new().add_modifier(ratatui::style::Modifier::BOLD),
        (false, false) => return Line::from(line),
    };
    let used: usize = line.iter().map(Span::width).sum();
    let rest = usize::from(area.width).saturating_sub(used);
    line.push(Span::raw(" ".repeat(rest)));
    Line::from(line).patch_style(look)
}

/// A text of the program on one line.
fn safe(text: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(clean).collect()
}
