//! Where everything is, for any size of the terminal.

use std::ops::Range;

use ratatui::layout::Rect;

use super::state::{Pane, State};

/// Rows that the window of the code and those beside it have at least, where all three of those are shown.
const ROWS_FOR_ALL: u16 = 24;
/// Columns from which log and output are side by side.
const COLUMNS_FOR_BOTH: u16 = 110;
/// With fewer columns there is one window.
const COLUMNS_FOR_TWO: u16 = 60;
/// With fewer rows there is one window.
const ROWS_FOR_TWO: u16 = 14;

/// A window: a title row with a content below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// All of it.
    pub(super) area: Rect,
    /// What can be shown in it.
    pub(super) tabs: Vec<Pane>,
    /// What is.
    pub(super) shown: Pane,
}

/// The parts of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// The windows.
    pub(super) windows: Vec<Window>,
    /// The state of the program.
    pub(super) status: Rect,
    /// Where commands are typed.
    pub(super) command: Rect,
}

impl Window {
    /// The tabs with their names, short ones where the others do not fit, and the columns of each in the title.
    pub(super) fn titles(&self, state: &State) -> Vec<(Pane, &'static str, Range<u16>)> {
        // Each has a sign on both sides.
        let width = |name: &str| u16::try_from(name.len() + 2).unwrap_or(u16::MAX);
        let names = self.tabs.iter().map(|it| (*it, state.names(*it)));
        let all = names.clone().map(|(_, names)| width(names.0));
        let fits = all.fold(1, u16::saturating_add) <= self.area.width;
        let mut end = self.area.x.saturating_add(1);
        let tabs = names.map(|(pane, (long, short))| {
            let name = if fits { long } else { short };
            let start = end;
            end = start.saturating_add(width(name));
            (pane, name, start..end)
        });
        tabs.collect()
    }

    /// Whether another window is to the left, and a line between them.
    pub(super) fn is_divided(&self) -> bool {
        self.area.x > 0
    }

    /// Where its content is.
    pub(super) fn content(&self) -> Rect {
        let left = u16::from(self.is_divided());
        Rect {
            x: self.area.x.saturating_add(left),
            y: self.area.y.saturating_add(1),
            width: self.area.width.saturating_sub(left),
            height: self.area.height.saturating_sub(1),
        }
    }
}

/// Lays out the screen.
pub(super) fn layout(state: &State) -> Layout {
    let (width, height) = state.size;
    let body = height.saturating_sub(2);
    let status = Rect::new(0, body, width, 1.min(height));
    let command = Rect::new(0, height.saturating_sub(1), width, 1.min(height));
    let windows = if width < COLUMNS_FOR_TWO || body < ROWS_FOR_TWO {
        single(state, Rect::new(0, 0, width, body))
    } else {
        several(state, width, body)
    };
    Layout {
        windows,
        status,
        command,
    }
}

/// One window for everything.
fn single(state: &State, area: Rect) -> Vec<Window> {
    let shown = match state.focus {
        Pane::Command => Pane::Code,
        pane => pane,
    };
    if area.height < 2 {
        return Vec::new();
    }
    let tabs = Pane::ALL.into_iter().skip(1).collect();
    vec![Window { area, tabs, shown }]
}

fn several(state: &State, width: u16, body: u16) -> Vec<Window> {
    let low = (body / 3).clamp(5, 14);
    let high = body - low;
    let left = width * 6 / 10;
    let right = width - left;
    let mut windows: Vec<(Rect, &[Pane])> = vec![(Rect::new(0, 0, left, high), &[Pane::Code])];
    if high >= ROWS_FOR_ALL {
        let part = high / 4;
        let rest = high - 2 * part;
        windows.push((Rect::new(left, 0, right, rest), &[Pane::Variables]));
        windows.push((Rect::new(left, rest, right, part), &[Pane::Stack]));
        let last = Rect::new(left, rest + part, right, part);
        windows.push((last, &[Pane::Breakpoints]));
    } else {
        let tabs = &[Pane::Variables, Pane::Stack, Pane::Breakpoints];
        windows.push((Rect::new(left, 0, right, high), tabs));
    }
    if width >= COLUMNS_FOR_BOTH {
        windows.push((Rect::new(0, high, left, low), &[Pane::Log]));
        windows.push((Rect::new(left, high, right, low), &[Pane::Output]));
    } else {
        let tabs = &[Pane::Log, Pane::Output];
        windows.push((Rect::new(0, high, width, low), tabs));
    }
    let windows = windows.into_iter().map(|(area, tabs)| Window {
        area,
        tabs: tabs.to_vec(),
        shown: state.shown(tabs),
    });
    windows.collect()
}

impl Layout {
    /// The columns and rows of a pane's content. None: it is not shown.
    pub(super) fn content(&self, pane: Pane) -> (usize, usize) {
        let window = self.windows.iter().find(|it| it.shown == pane);
        let area = window.map(Window::content).unwrap_or_default();
        (usize::from(area.width), usize::from(area.height))
    }
}
