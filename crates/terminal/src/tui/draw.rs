//! The state as a screen.

mod panes;
mod theme;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style as Look;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Borders, Clear, Paragraph, Widget};
use unicode_truncate::UnicodeTruncateStr;
use unicode_width::UnicodeWidthStr;

use super::layout::{Window, layout};
use super::line::Proposals;
use super::state::{Pane, State};
use theme::Theme;

/// The keys, for the help.
const KEYS: &[(&str, &str)] = &[
    ("F5", "continue"),
    ("F10", "next: a line, over calls"),
    ("F11", "step: a line, into calls"),
    ("F12, Shift-F11", "finish: out of the function"),
    ("F9", "breakpoint on the selected line, or none"),
    ("Ctrl-C", "interrupt what takes long; clear the line"),
    ("Tab, Shift-Tab", "the next pane; complete what is typed"),
    ("arrows, PgUp, PgDn", "move in the pane; older lines"),
    ("Enter", "open, select, switch on or off; in the code: F9"),
    (
        "Left, Right",
        "close or open a variable; move the code sideways",
    ),
    ("Del", "delete the selected breakpoint"),
    ("F3", "source or disassembly"),
    ("F4", "what the program writes, or the debugger"),
    ("F2", "to the line editor; `tui` comes back"),
    ("Esc", "back to the command line"),
    ("Ctrl-L, Ctrl-Z", "draw everything again; suspend wdb"),
    ("F1, ?", "these keys"),
    ("q Enter, Ctrl-D", "quit; `help` lists all commands"),
];

/// At most this many proposals are shown at once.
const MOST_PROPOSALS: usize = 8;

/// Draws the state. The same state is always the same screen.
pub(super) fn draw(frame: &mut Frame<'_>, state: &State) {
    let theme = Theme {
        colours: state.colours,
    };
    let layout = layout(state);
    let buffer = frame.buffer_mut();
    for window in &layout.windows {
        draw_window(buffer, window, state, theme);
    }
    draw_status(buffer, layout.status, state, theme);
    let cursor = draw_command(buffer, layout.command, state, theme);
    if let Some(proposals) = &state.line.proposals {
        draw_proposals(buffer, layout.status.y, proposals, theme);
    }
    if state.help {
        draw_help(buffer, theme);
    } else if state.focus == Pane::Command {
        frame.set_cursor_position(cursor);
    }
}

fn draw_window(buffer: &mut Buffer, window: &Window, state: &State, theme: Theme) {
    let focused = window.shown == state.focus;
    let (corner, border) = match (window.is_divided(), focused) {
        (true, true) => ("┯", BorderType::Thick),
        (true, false) => ("┬", BorderType::Plain),
        (false, true) => ("━", BorderType::Thick),
        (false, false) => ("─", BorderType::Plain),
    };
    if window.is_divided() {
        let line = Block::new().borders(Borders::LEFT);
        let line = line.border_style(theme.rule(false));
        line.render(window.area, buffer);
    }
    // What is written over a line has nothing of its look.
    let over = Look::reset();
    let mut title = vec![Span::styled(corner, over.patch(theme.rule(focused)))];
    for (tab, name, _) in window.titles(state) {
        let shown = tab == window.shown;
        let is_new = match tab {
            Pane::Log => state.log.unseen,
            Pane::Output => state.output.unseen,
            _ => false,
        };
        let (before, after) = match (shown, is_new) {
            (true, _) if window.tabs.len() > 1 => ("[", "]"),
            (false, true) => (" ", "*"),
            _ => (" ", " "),
        };
        let look = over.patch(theme.tab(shown && focused));
        title.push(Span::styled(format!("{before}{name}{after}"), look));
    }
    if window.tabs == [Pane::Code] {
        let used: usize = title.iter().map(Span::width).sum();
        let room = usize::from(window.area.width).saturating_sub(used + 2);
        let name = shortened(&state.scene.code.title, room);
        title.push(Span::styled(format!("{name} "), over.patch(theme.path())));
    }
    Block::new()
        .borders(Borders::TOP)
        .border_type(border)
        .border_style(theme.rule(focused))
        .title(title)
        .render(window.area, buffer);
    panes::draw(buffer, window.content(), window.shown, state, theme);
}

fn draw_status(buffer: &mut Buffer, area: Rect, state: &State, theme: Theme) {
    let scene = &state.scene;
    let text = if let Some(seconds) = state.slow {
        let what = match (&*state.progress, state.reads) {
            ("", false) => "running",
            ("", true) => "reading debug information",
            (what, _) => what,
        };
        let since = match seconds {
            0 => String::new(),
            seconds => format!(" {seconds} s"),
        };
        format!("{what}…{since} (Ctrl-C interrupts)")
    } else {
        let mut parts = vec![&*scene.condition, &scene.thread, &scene.place];
        parts.retain(|it| !it.is_empty());
        parts.join(" │ ")
    };
    let width = usize::from(area.width);
    let text = shortened_end(&format!(" {text}"), width.saturating_sub(1));
    let free = width.saturating_sub(text.width());
    let keys = " F1 keys  F5 continue  F10 next  F11 step ";
    let keys = match free {
        _ if free >= keys.width() => keys,
        10.. => " F1 keys ",
        _ => "",
    };
    let look = theme.status(state.slow.is_some());
    Line::styled(text, look).render(area, buffer);
    let keys = Line::styled(keys, look).right_aligned();
    keys.render(area, buffer);
}

/// The cursor's position.
fn draw_command(buffer: &mut Buffer, area: Rect, state: &State, theme: Theme) -> Position {
    let (prompt, text) = (&*state.prompt, state.line.text());
    let before = text.get(..state.line.cursor()).unwrap_or_default();
    let at = prompt.width() + before.width();
    // A line that is too long is scrolled so that the cursor can be seen.
    let hidden = (at + 1).saturating_sub(usize::from(area.width));
    let line = Line::from(vec![Span::styled(prompt, theme.prompt()), Span::raw(text)]);
    let offset = u16::try_from(hidden).unwrap_or(u16::MAX);
    let line = Paragraph::new(line).scroll((0, offset));
    line.render(area, buffer);
    let column = u16::try_from(at.saturating_sub(hidden)).unwrap_or(0);
    Position::new(area.x.saturating_add(column), area.y)
}

/// What can be at the cursor, above the row `bottom`.
fn draw_proposals(buffer: &mut Buffer, bottom: u16, proposals: &Proposals, theme: Theme) {
    let all = &proposals.all;
    let first = proposals.chosen.unwrap_or(0);
    let first = first.saturating_sub(MOST_PROPOSALS - 1);
    let longest = all.iter().map(|it| it.text.width()).max();
    let column = longest.unwrap_or(0).min(40) + 2;
    let lines = all.iter().enumerate().skip(first).take(MOST_PROPOSALS);
    let lines = lines.map(|(position, one)| {
        let look = if proposals.chosen == Some(position) {
            theme.selected()
        } else {
            Look::new()
        };
        let text = format!(" {:column$}", one.text);
        let about = Span::styled(one.about.as_str(), theme.dim());
        Line::from(vec![Span::styled(text, look), about])
    });
    let mut lines: Vec<Line<'_>> = lines.collect();
    let rest = all.len().saturating_sub(first + lines.len());
    if rest > 0 {
        lines.push(Line::styled(format!(" … {rest} more"), theme.dim()));
    }
    let (width, height) = size(&lines);
    let height = height.saturating_add(1);
    let area = Rect::new(0, bottom.saturating_sub(height), width + 1, height);
    Clear.render(area, buffer);
    let block = Block::new().borders(Borders::TOP);
    let block = block.border_style(theme.rule(true));
    Paragraph::new(lines).block(block).render(area, buffer);
}

fn draw_help(buffer: &mut Buffer, theme: Theme) {
    let lines = KEYS.iter().map(|(keys, what)| {
        let keys = Span::styled(format!(" {keys:<19}"), theme.prompt());
        Line::from(vec![keys, Span::raw(format!("{what} "))])
    });
    let lines: Vec<Line<'_>> = lines.collect();
    let (width, height) = size(&lines);
    let screen = buffer.area;
    let (width, height) = (screen.width.min(width + 2), screen.height.min(height + 2));
    let (x, y) = ((screen.width - width) / 2, (screen.height - height) / 2);
    let area = Rect::new(x, y, width, height);
    Clear.render(area, buffer);
    let block = Block::bordered()
        .title(" Keys (any key closes this) ")
        .border_style(theme.rule(true));
    Paragraph::new(lines).block(block).render(area, buffer);
}

/// The columns and rows of lines, below the most that there are of either.
fn size(lines: &[Line<'_>]) -> (u16, u16) {
    let width = lines.iter().map(Line::width).max().unwrap_or(0);
    let size = |it: usize| u16::try_from(it).unwrap_or(u16::MAX).min(u16::MAX - 2);
    (size(width), size(lines.len()))
}

/// The end of a text that is too long for `width` columns: of a path the more telling part.
fn shortened(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (end, _) = text.unicode_truncate_start(width.saturating_sub(1));
    format!("…{end}")
}

/// The beginning of a text that is too long for `width` columns.
fn shortened_end(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (start, _) = text.unicode_truncate(width.saturating_sub(1));
    format!("{start}…")
}
