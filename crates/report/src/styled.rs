//! Text in pieces, each with a meaning. A terminal shows the meaning as a colour; a transcript ignores it.

use std::fmt;

use anstyle::AnsiColor;

/// The meaning of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// Nothing in particular.
    Plain,
    /// The title of a list, or the reason of a stop.
    Title,
    /// Less important text: the numbers of frames, what was left out.
    Dim,
    /// An error.
    Error,
    /// Something that the user should know but did not ask for.
    Note,
    /// The name of a function, a variable, a command.
    Name,
    /// A value of the program.
    Value,
    /// An address, an offset or an index.
    Address,
    /// The path of a file, with its line.
    Path,
    /// The mark of the place where the program is stopped, or of a breakpoint.
    Mark,
    /// A part of source text.
    Code(Code),
}

/// The kind of a part of source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// A keyword of the language.
    Keyword,
    /// A text or a character.
    Text,
    /// A number.
    Number,
    /// A comment.
    Comment,
    /// Anything else.
    Other,
}

impl Style {
    /// Its look: bold, dim and the 16 colours, whose shades the terminal decides. The same in a report, on the
    /// command line and in the full screen.
    pub fn look(self) -> anstyle::Style {
        match self {
            Style::Plain | Style::Value | Style::Code(Code::Other) => anstyle::Style::new(),
            Style::Title => anstyle::Style::new().bold(),
            Style::Dim | Style::Code(Code::Comment) => anstyle::Style::new().dimmed(),
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

    /// A text with the escapes for its look around it.
    pub fn paint(self, text: &str) -> String {
        let look = self.look();
        format!("{look}{text}{look:#}")
    }
}

/// Text in pieces. [`fmt::Display`] writes it without its meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The pieces in their order. They may hold line ends.
    pub pieces: Vec<(Style, String)>,
}

impl Text {
    /// Adds a piece.
    pub fn push(&mut self, style: Style, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.pieces.push((style, text));
        }
    }

    /// Adds a piece without a particular meaning.
    pub fn plain(&mut self, text: impl Into<String>) {
        self.push(Style::Plain, text);
    }

    /// Adds a line end.
    pub fn end_line(&mut self) {
        self.plain("\n");
    }

    /// Adds a whole text.
    pub fn append(&mut self, other: Text) {
        self.pieces.extend(other.pieces);
    }

    /// The text with the escapes for the look of its pieces.
    pub fn painted(&self) -> String {
        let pieces = self.pieces.iter();
        pieces.map(|(style, text)| style.paint(text)).collect()
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces
            .iter()
            .try_for_each(|(_, text)| f.write_str(text))
    }
}
