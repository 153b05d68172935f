//! The state as a screen.

mod panes;
mod theme;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style as Look};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph, Widget};
use unicode_width::UnicodeWidthStr;

use super::layout::{Layout, Window, layout};
use super::line::Proposals;
use super::state::{Activity, Pane, State};
use theme::Theme;

/// The keys, for the help.
const KEYS: &[(&str, &str)] = &[
    ("F5", "continue"),
    ("F10", "next: a line, over calls"),
    ("F11", "step: a line, into calls"),
    ("F12, Shift-F11", "finish: out of the function"),
    ("F9", "breakpoint on the selected line, or none"),
    ("Ctrl-C", "interrupt the program; clear the line"),
    ("Tab, Shift-Tab", "the next pane; complete what is typed"),
    ("arrows, PgUp, PgDn", "move in the pane; older lines"),
    ("Enter", "in a list: open, select, switch on or off"),
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
    let screen = frame.area();
    let buffer = frame.buffer_mut();
    for window in &layout.windows {
        draw_window(buffer, screen, window, state, theme);
    }
    draw_status(buffer, screen, &layout, state, theme);
    let cursor = draw_command(buffer, screen, &layout, state, theme);
    if let Some(proposals) = &state.line.proposals {
        draw_proposals(buffer, screen, &layout, proposals, theme);
    }
    if state.help {
        draw_help(buffer, screen, theme);
    } else if state.focus == Pane::Command {
        frame.set_cursor_position(cursor);
    }
}

fn draw_window(buffer: &mut Buffer, screen: Rect, window: &Window, state: &State, theme: Theme) {
    let area = window.area.intersection(screen);
    let title = Rect {
        height: 1.min(area.height),
        ..area
    };
    let focused = window.shown == state.focus;
    let rule = if focused { "━" } else { "─" };
    let look = theme.rule(focused);
    let mut spans = vec![Span::styled(rule, look)];
    if window.divided {
        spans = vec![Span::styled(if focused { "┯" } else { "┬" }, look)];
    }
    for (tab, name, _) in window.titles(state) {
        let shown = tab == window.shown;
        let is_new = !shown
            && match tab {
                Pane::Log => state.log.unseen,
                Pane::Output => state.output.unseen,
                _ => false,
            };
        let (before, after) = match (shown && window.tabs.len() > 1, is_new) {
            (true, _) => ("[", "]"),
            (false, true) => (" ", "*"),
            (false, false) => (" ", " "),
        };
        let look = theme.tab(shown && focused);
        spans.push(Span::styled(format!("{before}{name}{after}"), look));
    }
    if window.shown == Pane::Code && window.tabs.len() == 1 {
        let used: usize = spans.iter().map(Span::width).sum();
        let room = usize::from(area.width).saturating_sub(used + 2);
        let title = shortened(&state.scene.code.title, room);
        spans.push(Span::styled(format!("{title} "), theme.path()));
    }
    let used: usize = spans.iter().map(Span::width).sum();
    let rest = usize::from(area.width).saturating_sub(used);
    spans.push(Span::styled(rule.repeat(rest), look));
    Line::from(spans).render(title, buffer);
    if window.divided {
        for y in area.top().saturating_add(1)..area.bottom() {
            buffer.set_string(area.x, y, "│", theme.rule(false));
        }
    }
    let content = window.content().intersection(screen);
    panes::draw(buffer, content, window.shown, state, theme);
}

fn draw_status(buffer: &mut Buffer, screen: Rect, layout: &Layout, state: &State, theme: Theme) {
    let scene = &state.scene;
    let condition = match state.activity {
        Activity::Slow if state.progress.is_empty() => "running… (Ctrl-C interrupts)".to_owned(),
        Activity::Slow => state.progress.clone(),
        _ => scene.condition.clone(),
    };
    let mut text = format!(" {condition}");
    if state.activity != Activity::Slow {
        for part in [&scene.thread, &scene.place] {
            if !part.is_empty() {
                text.push_str(" │ ");
                text.push_str(part);
            }
        }
    }
    let keys = " F1 keys  F5 continue  F10 next  F11 step ";
    let width = usize::from(layout.status.width);
    let room = width.saturating_sub(1);
    let mut text = shortened_end(&text, room);
    let free = width.saturating_sub(text.width());
    let keys = match free.checked_sub(keys.width()) {
        Some(_) => keys,
        None if free >= 10 => " F1 keys ",
        None => "",
    };
    text.push_str(&" ".repeat(free.saturating_sub(keys.width())));
    text.push_str(keys);
    let look = theme.status(state.activity == Activity::Slow);
    Line::from(Span::styled(text, look)).render(layout.status.intersection(screen), buffer);
}

/// The cursor's position.
fn draw_command(
    buffer: &mut Buffer,
    screen: Rect,
    layout: &Layout,
    state: &State,
    theme: Theme,
) -> Position {
    let area = layout.command.intersection(screen);
    let prompt = &state.prompt;
    let before = state
        .line
        .text()
        .get(..state.line.cursor())
        .unwrap_or_default();
    let at = prompt.width() + before.width();
    // A line that is too long is scrolled so that the cursor can be seen.
    let width = usize::from(area.width);
    let hidden = (at + 1).saturating_sub(width);
    let line = Line::from(vec![
        Span::styled(prompt.as_str(), theme.prompt()),
        Span::raw(state.line.text()),
    ]);
    let offset = u16::try_from(hidden).unwrap_or(u16::MAX);
    Paragraph::new(line)
        .scroll((0, offset))
        .render(area, buffer);
    let column = u16::try_from(at.saturating_sub(hidden)).unwrap_or(0);
    Position::new(area.x.saturating_add(column), area.y)
}

fn draw_proposals(
    buffer: &mut Buffer,
    screen: Rect,
    layout: &Layout,
    proposals: &Proposals,
    theme: Theme,
) {
    let chosen = proposals.chosen.unwrap_or(0);
    let count = proposals.all.len();
    let first = chosen.saturating_sub(MOST_PROPOSALS - 1);
    let shown = proposals
        .all
        .iter()
        .enumerate()
        .skip(first)
        .take(MOST_PROPOSALS);
    let longest = proposals.all.iter().map(|it| it.text.width()).max();
    let column = longest.unwrap_or(0).min(40) + 2;
    let mut lines: Vec<Line<'_>> = Vec::new();
    for (position, one) in shown {
        let look = match proposals.chosen == Some(position) {
            true => Look::new().add_modifier(Modifier::REVERSED),
            false => Look::new(),
        };
        let text = format!(" {:column$}", one.text);
        lines.push(Line::from(vec![
            Span::styled(text, look),
            Span::styled(one.about.as_str(), theme.dim()),
        ]));
    }
    let rest = count.saturating_sub(first + lines.len());
    if rest > 0 {
        lines.push(Line::styled(format!(" … {rest} more"), theme.dim()));
    }
    let wide = lines.iter().map(Line::width).max().unwrap_or(0) + 1;
    let height = u16::try_from(lines.len()).unwrap_or(0) + 1;
    let bottom = layout.status.y;
    let area = Rect {
        x: 0,
        y: bottom.saturating_sub(height),
        width: u16::try_from(wide).unwrap_or(u16::MAX).min(screen.width),
        height,
    };
    let area = area.intersection(screen);
    Clear.render(area, buffer);
    let block = Block::new()
        .borders(ratatui::widgets::Borders::TOP)
        .border_style(theme.rule(true));
    Paragraph::new(lines).block(block).render(area, buffer);
}

fn draw_help(buffer: &mut Buffer, screen: Rect, theme: Theme) {
    let lines = KEYS.iter().map(|(keys, what)| {
        Line::from(vec![
            Span::styled(format!(" {keys:<19}"), theme.prompt()),
            Span::raw(format!("{what} ")),
        ])
    });
    let lines: Vec<Line<'_>> = lines.collect();
    let width = lines.iter().map(Line::width).max().unwrap_or(0) + 2;
    let height = lines.len() + 2;
    let width = u16::try_from(width).unwrap_or(u16::MAX).min(screen.width);
    let height = u16::try_from(height).unwrap_or(u16::MAX).min(screen.height);
    let area = Rect {
        x: (screen.width - width) / 2,
        y: (screen.height - height) / 2,
        width,
        height,
    };
    Clear.render(area, buffer);
    let block = Block::bordered()
        .title(" Keys (any key closes this) ")
        .border_style(theme.rule(true));
    Paragraph::new(lines).block(block).render(area, buffer);
}

/// The end of a text that is too long for `width` columns: of a path the more telling part.
fn shortened(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut start = text.len();
    for (at, _) in text.char_indices().rev() {
        let tail = text.get(at..).unwrap_or_default();
        if tail.width() + 1 > width {
            break;
        }
        start = at;
    }
    format!("…{}", text.get(start..).unwrap_or_default())
}

/// The beginning of a text that is too long for `width` columns.
fn shortened_end(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut end = 0;
    for (at, c) in text.char_indices() {
        let head = text.get(..at + c.len_utf8()).unwrap_or_default();
        if head.width() + 1 > width {
            break;
        }
        end = at + c.len_utf8();
    }
    format!("{}…", text.get(..end).unwrap_or_default())
}
