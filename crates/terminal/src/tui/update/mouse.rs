//! What the mouse does: the wheel scrolls what is below it, a click goes to a pane, a tab or a row.

use ratatui::crossterm::event::{
    KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::layout::Position;

use super::{Effect, MARGIN, pane_key, scroll, toggle_breakpoint};
use crate::tui::layout::{Window, layout};
use crate::tui::state::{List, Pane, State};

/// Rows that a step of the wheel scrolls.
const WHEEL: isize = 3;
/// In the columns before the text of a line, a click sets a breakpoint.
const GUTTER: u16 = 5;

pub(super) fn mouse(state: &mut State, event: MouseEvent) -> Option<Effect> {
    let at = Position::new(event.column, event.row);
    let layout = layout(state);
    let window = layout.windows.iter().find(|it| it.area.contains(at));
    match event.kind {
        MouseEventKind::ScrollUp => wheel(state, window?, -WHEEL),
        MouseEventKind::ScrollDown => wheel(state, window?, WHEEL),
        MouseEventKind::Down(MouseButton::Left) if state.help => state.help = false,
        MouseEventKind::Down(MouseButton::Left) if layout.command.contains(at) => {
            state.focus = Pane::Command;
        }
        MouseEventKind::Down(MouseButton::Left) => return click(state, window?, at),
        _ => {}
    }
    None
}

fn wheel(state: &mut State, window: &Window, rows: isize) {
    let pane = window.shown;
    let height = usize::from(window.content().height);
    let Some((list, all)) = state.list(pane) else {
        return scroll(state, pane, rows);
    };
    let margin = if pane == Pane::Code { MARGIN } else { 0 };
    // What is selected has moved along, and is to be seen.
    if move_window(list, rows, all.saturating_sub(height), height, margin) {
        state.focus = pane;
    }
}

/// Shows other rows of a list, the selected one always among them. Whether there are others.
fn move_window(list: &mut List, rows: isize, last: usize, height: usize, margin: usize) -> bool {
    let top = list.top.saturating_add_signed(rows).min(last);
    let moved = top != list.top;
    list.top = top;
    let margin = margin.min(height.saturating_sub(1) / 2);
    let lowest = if top == 0 { 0 } else { top + margin };
    let highest = if top == last {
        usize::MAX
    } else {
        (top + height).saturating_sub(1 + margin)
    };
    list.selected = list.selected.clamp(lowest, highest.max(lowest));
    moved
}

fn click(state: &mut State, window: &Window, at: Position) -> Option<Effect> {
    if at.y == window.area.y {
        let mut tabs = window.titles(state).into_iter();
        let tab = tabs.find(|it| it.2.contains(&at.x));
        state.go_to(tab.map_or(window.shown, |it| it.0));
        return None;
    }
    let content = window.content();
    let row = usize::from(at.y.saturating_sub(content.y));
    let was_focused = state.focus == window.shown;
    state.go_to(window.shown);
    let (list, rows) = state.list(window.shown)?;
    let row = list.top.saturating_add(row);
    if row >= rows {
        return None;
    }
    let again = was_focused && list.selected == row;
    list.selected = row;
    match window.shown {
        Pane::Code if at.x < content.x.saturating_add(GUTTER) => toggle_breakpoint(state),
        Pane::Code => None,
        _ if again => {
            let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
            pane_key(state, enter)
        }
        _ => None,
    }
}
