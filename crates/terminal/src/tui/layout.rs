//! Where everything stands, for any size of the terminal.

use std::ops::Range;

use ratatui::layout::Rect;

use super::state::{Lower, Pane, Side, State};

/// Rows that the window of the code and those beside it have at least, where all three of those are shown.
const ROWS_FOR_ALL: u16 = 24;
/// Columns from which log and output stand side by side.
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
    /// Whether another window is to the left, and a line between them.
    pub(super) divided: bool,
}

/// The parts of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// The windows.
    pub(super) windows: Vec<Window>,
    /// How the program stands.
    pub(super) status: Rect,
    /// Where commands are typed.
    pub(super) command: Rect,
}

impl Window {
    /// The tabs with their names, short ones where the others do not fit, and the columns of each in the title.
    pub(super) fn titles(&self, state: &State) -> Vec<(Pane, &'static str, Range<u16>)> {
        // Each has a sign on both sides.
        let width = |name: &str| {
            u16::try_from(name.len())
                .unwrap_or(u16::MAX)
                .saturating_add(2)
        };
        let all = self.tabs.iter().map(|pane| width(state.title(*pane)));
        let fits = all.fold(1, u16::saturating_add) <= self.area.width;
        let mut start = self.area.x.saturating_add(1);
        let tabs = self.tabs.iter().map(|pane| {
            let name = match fits {
                true => state.title(*pane),
                false => state.short_title(*pane),
            };
            let end = start.saturating_add(width(name));
            let range = start..end;
            start = end;
            (*pane, name, range)
        });
        tabs.collect()
    }

    /// Where its content stands.
    pub(super) fn content(&self) -> Rect {
        let left = u16::from(self.divided);
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
    vec![Window {
        area,
        tabs: Pane::ALL.into_iter().skip(1).collect(),
        shown,
        divided: false,
    }]
}

fn several(state: &State, width: u16, body: u16) -> Vec<Window> {
    let lower_height = (body / 3).clamp(5, 14);
    let upper = body - lower_height;
    let left = width * 6 / 10;
    let mut windows = vec![Window {
        area: Rect::new(0, 0, left, upper),
        tabs: vec![Pane::Code],
        shown: Pane::Code,
        divided: false,
    }];
    let side = |y: u16, height: u16, tabs: Vec<Pane>, shown: Pane| Window {
        area: Rect::new(left, y, width - left, height),
        tabs,
        shown,
        divided: true,
    };
    if upper >= ROWS_FOR_ALL {
        let low = upper / 4;
        let high = upper - 2 * low;
        windows.push(side(0, high, vec![Pane::Variables], Pane::Variables));
        windows.push(side(high, low, vec![Pane::Stack], Pane::Stack));
        let rest = vec![Pane::Breakpoints];
        windows.push(side(high + low, low, rest, Pane::Breakpoints));
    } else {
        let tabs = vec![Pane::Variables, Pane::Stack, Pane::Breakpoints];
        windows.push(side(0, upper, tabs, state.side.pane()));
    }
    if width >= COLUMNS_FOR_BOTH {
        windows.push(Window {
            area: Rect::new(0, upper, left, lower_height),
            tabs: vec![Pane::Log],
            shown: Pane::Log,
            divided: false,
        });
        windows.push(side(upper, lower_height, vec![Pane::Output], Pane::Output));
    } else {
        windows.push(Window {
            area: Rect::new(0, upper, width, lower_height),
            tabs: vec![Pane::Log, Pane::Output],
            shown: state.lower.pane(),
            divided: false,
        });
    }
    windows
}

impl Layout {
    /// The columns and rows of a pane's content. None: it is not shown.
    pub(super) fn content(&self, pane: Pane) -> (usize, usize) {
        let window = self.windows.iter().find(|it| it.shown == pane);
        let area = window.map(Window::content).unwrap_or_default();
        (usize::from(area.width), usize::from(area.height))
    }
}

impl Side {
    /// It as one of all panes.
    pub(super) fn pane(self) -> Pane {
        match self {
            Side::Variables => Pane::Variables,
            Side::Stack => Pane::Stack,
            Side::Breakpoints => Pane::Breakpoints,
        }
    }
}

impl Lower {
    /// It as one of all panes.
    pub(super) fn pane(self) -> Pane {
        match self {
            Lower::Log => Pane::Log,
            Lower::Output => Pane::Output,
        }
    }
}
