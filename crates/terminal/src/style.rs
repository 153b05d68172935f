//! What the meanings of a text look like: bold, dim and the 16 colours, whose shades are the terminal's own.

use anstyle::{AnsiColor, Style as Look};
use wdb_console::{Code, Style};

/// How a piece of text looks, on the command line and in the full screen.
pub(crate) fn look(style: Style) -> Look {
    match style {
        Style::Plain | Style::Value | Style::Code(Code::Other) => Look::new(),
        Style::Title => Look::new().bold(),
        Style::Dim | Style::Code(Code::Comment) => Look::new().dimmed(),
        Style::Error => AnsiColor::Red.on_default().bold(),
        Style::Note => AnsiColor::Cyan.on_default().bold(),
        Style::Name => AnsiColor::Yellow.on_default(),
        Style::Address => AnsiColor::Blue.on_default(),
        Style::Path | Style::Code(Code::Text) => AnsiColor::Green.on_default(),
        Style::Mark => AnsiColor::Green.on_default().bold(),
        Style::Code(Code::Keyword) => AnsiColor::Magenta.on_default(),
        Style::Code(Code::Number) => AnsiColor::Cyan.on_default(),
    }
}

/// A text with the escapes for its looks around it.
pub(crate) fn painted(style: Style, text: &str) -> String {
    let look = look(style);
    format!("{look}{text}{look:#}")
}
