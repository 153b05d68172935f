//! What meanings look like. Without colours there are bold, dim and reversed letters left.

use anstyle::{AnsiColor, Effects};
use ratatui::style::{Color, Modifier, Style as Look};
use wdb_console::Style;

/// The looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Theme {
    /// Whether there are colours.
    pub(super) colours: bool,
}

impl Theme {
    /// A piece of text, as on the command line.
    pub(super) fn text(self, style: Style) -> Look {
        let like = style.look();
        let effects = like.get_effects();
        let mut look = match like.get_fg_color() {
            Some(anstyle::Color::Ansi(AnsiColor::Red)) => self.colour(Color::Red),
            Some(anstyle::Color::Ansi(AnsiColor::Green)) => self.colour(Color::Green),
            Some(anstyle::Color::Ansi(AnsiColor::Yellow)) => self.colour(Color::Yellow),
            Some(anstyle::Color::Ansi(AnsiColor::Blue)) => self.colour(Color::Blue),
            Some(anstyle::Color::Ansi(AnsiColor::Magenta)) => self.colour(Color::Magenta),
            Some(anstyle::Color::Ansi(AnsiColor::Cyan)) => self.colour(Color::Cyan),
            _ => Look::new(),
        };
        if effects.contains(Effects::BOLD) {
            look = look.add_modifier(Modifier::BOLD);
        }
        if effects.contains(Effects::DIMMED) {
            look = look.add_modifier(Modifier::DIM);
        }
        look
    }

    pub(super) fn dim(self) -> Look {
        self.text(Style::Dim)
    }

    pub(super) fn path(self) -> Look {
        self.text(Style::Path)
    }

    /// The place where the program is.
    pub(super) fn mark(self) -> Look {
        self.text(Style::Mark)
    }

    /// A breakpoint.
    pub(super) fn breakpoint(self) -> Look {
        self.colour(Color::Red)
    }

    /// A value that is not what it was.
    pub(super) fn changed(self) -> Look {
        self.colour(Color::Yellow).add_modifier(Modifier::BOLD)
    }

    /// The row of a focused pane that keys act on.
    pub(super) fn selected(self) -> Look {
        Look::new().add_modifier(Modifier::REVERSED)
    }

    pub(super) fn prompt(self) -> Look {
        self.colour(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// The line above a pane.
    pub(super) fn rule(self, focused: bool) -> Look {
        if focused {
            self.colour(Color::Cyan)
        } else {
            self.dim()
        }
    }

    /// The name of a pane in the line above it.
    pub(super) fn tab(self, focused: bool) -> Look {
        if focused {
            self.colour(Color::Cyan).add_modifier(Modifier::BOLD)
        } else {
            Look::new()
        }
    }

    /// The status line.
    pub(super) fn status(self, running: bool) -> Look {
        let look = Look::new().add_modifier(Modifier::REVERSED);
        if running && self.colours {
            look.fg(Color::Green)
        } else {
            look
        }
    }

    fn colour(self, colour: Color) -> Look {
        if self.colours {
            Look::new().fg(colour)
        } else {
            Look::new()
        }
    }
}
