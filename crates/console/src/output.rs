//! Where commands write to: pieces of text, each with its meaning.

use std::path::Path;

use wdb_debuggee::Debuggee;

pub use wdb_report::styled::{Code, Style, Text};

/// What a command turns something to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// It is on from now on.
    On,
    /// It is off from now on.
    Off,
}

/// What commands write to.
pub trait Output {
    /// A piece of text, which may hold line ends. The front end that shows it makes it safe for a terminal; names are [`printable`]
    /// before that, so that a line end in one begins no line.
    ///
    /// [`printable`]: wdb_symbols::printable
    fn write(&mut self, style: Style, text: &str);

    /// Whether the user has given the line up that is executed: nothing more of it is to begin.
    fn given_up(&self) -> bool {
        false
    }

    /// What opens files for commands.
    ///
    /// # Errors
    ///
    /// That nothing does, as text.
    fn files(&mut self) -> Result<&mut dyn Files, String> {
        Err("files cannot be opened from here".to_owned())
    }

    /// Goes to a full screen once the line is executed, or back from it.
    ///
    /// # Errors
    ///
    /// Why there is none, as text.
    fn full_screen(&mut self, _switch: Switch) -> Result<(), String> {
        Err("a full screen needs a terminal".to_owned())
    }
}

/// What only a caller that may open files can do for commands.
pub trait Files {
    /// Writes a core dump of the debuggee. What was written, as text.
    ///
    /// # Errors
    ///
    /// Why it was not, as text.
    fn dump_core(&mut self, debuggee: &mut dyn Debuggee, path: &Path) -> Result<String, String>;

    /// Writes a file of commands, in the place of one that is there.
    ///
    /// # Errors
    ///
    /// Why it was not, as text.
    fn save(&mut self, path: &Path, text: &str) -> Result<(), String>;

    /// The text of a file of commands.
    ///
    /// # Errors
    ///
    /// Why there is none, as text.
    fn script(&mut self, path: &Path) -> Result<String, String>;
}

impl dyn Output + '_ {
    /// Text in pieces.
    pub(super) fn text(&mut self, text: &Text) {
        for (style, text) in &text.pieces {
            self.write(*style, text);
        }
    }

    /// A line without a particular meaning.
    pub(super) fn line(&mut self, text: &str) {
        self.write(Style::Plain, text);
        self.write(Style::Plain, "\n");
    }

    /// A line that heads what comes below it.
    pub(super) fn title(&mut self, text: &str) {
        self.write(Style::Title, text);
        self.write(Style::Plain, "\n");
    }

    /// A line that the user should know of.
    pub(super) fn note(&mut self, text: &str) {
        self.write(Style::Note, "note: ");
        self.line(text);
    }
}

/// Keeps the text and drops what it means: a transcript.
impl Output for String {
    fn write(&mut self, _: Style, text: &str) {
        self.push_str(&wdb_symbols::printable_text(text));
    }
}
