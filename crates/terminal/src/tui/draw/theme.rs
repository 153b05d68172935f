//! What meanings look like. Without colours there are bold, dim and reversed letters left.

use ratatui::style::{Color, Modifier, Style as Look};
use wdb_console::{Code, Style};

/// The looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Theme {
    /// Whether there are colours.
    pub(super) colours: bool,
}

impl Theme {
    /// A piece of text.
    pub(super) fn text(self, style: Style) -> Look {
        match style {
            Style::Plain | Style::Code(Code::Other) => Look::new(),
            Style::Title => Look::new().add_modifier(Modifier::BOLD),
            Style::Dim => self.dim(),
            Style::Error => self.colour(Color::Red),
            Style::Note => self.colour(Color::Yellow),
            Style::Name => self.colour(Color::Cyan),
            Style::Value => Look::new(),
            Style::Address => self.colour(Color::Blue),
            Style::Path => self.path(),
            Style::Mark => self.mark(),
            Style::Code(Code::Keyword) => self.colour(Color::Magenta),
            Style::Code(Code::Text) => self.colour(Color::Green),
            Style::Code(Code::Number) => self.colour(Color::Cyan),
            Style::Code(Code::Comment) => self.dim(),
        }
    }

    pub(super) fn dim(self) -> Look {
        Look::new().add_modifier(Modifier::DIM)
    }

    pub(super) fn path(self) -> Look {
        self.colour(Color::Green)
    }

    /// The place where the program stands.
    pub(super) fn mark(self) -> Look {
        self.colour(Color::Yellow).add_modifier(Modifier::BOLD)
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
        match focused {
            true => self.colour(Color::Cyan),
            false => self.dim(),
        }
    }

    /// The name of a pane in the line above it.
    pub(super) fn tab(self, focused: bool) -> Look {
        match focused {
            true => self.colour(Color::Cyan).add_modifier(Modifier::BOLD),
            false => Look::new(),
        }
    }

    /// The status line.
    pub(super) fn status(self, running: bool) -> Look {
        let look = Look::new().add_modifier(Modifier::REVERSED);
        match running && self.colours {
            true => look.fg(Color::Green),
            false => look,
        }
    }

    fn colour(self, colour: Color) -> Look {
        match self.colours {
            true => Look::new().fg(colour),
            false => Look::new(),
        }
    }
}
