//! Where commands write to: pieces of text, each with its meaning.

use std::path::Path;

use wdb_debuggee::Debuggee;

/// What a piece of text is. A terminal gives each a colour, a transcript none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// Nothing in particular.
    Plain,
    /// What heads a list, or names the reason of a stop.
    Title,
    /// What is there if one looks for it: numbers of frames, what was left out.
    Dim,
    /// What went wrong.
    Error,
    /// What a person should know, and did not ask for.
    Note,
    /// The name of a function, a variable, a command.
    Name,
    /// A value of the program.
    Value,
    /// An address, an offset or an index.
    Address,
    /// The path of a file, with its line.
    Path,
    /// What marks the place where the program stands, or a breakpoint.
    Mark,
    /// A part of source text.
    Code(Code),
}

/// What a part of source text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// A word of the language.
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

/// What commands write to, and what only who may open files can do for them.
pub trait Output {
    /// A piece of text, which may hold line ends. Who shows it makes it safe for a terminal; names are [`printable`]
    /// before that, so that a line end in one begins no line.
    ///
    /// [`printable`]: wdb_symbols::printable
    fn write(&mut self, style: Style, text: &str);

    /// Whether the user has given the line up that is executed: nothing more of it is to begin.
    fn given_up(&self) -> bool {
        false
    }

    /// What takes long right now. An empty text: it is over.
    fn progress(&mut self, _what: &str) {}

    /// Writes a core dump of the debuggee. What was written, in words.
    ///
    /// # Errors
    ///
    /// Why it was not, in words.
    fn dump_core(&mut self, _debuggee: &mut dyn Debuggee, _path: &Path) -> Result<String, String> {
        Err("files cannot be written from here".to_owned())
    }

    /// Writes a file of commands, in the place of one that is there.
    ///
    /// # Errors
    ///
    /// Why it was not, in words.
    fn save(&mut self, _path: &Path, _text: &str) -> Result<(), String> {
        Err("files cannot be written from here".to_owned())
    }

    /// The text of a file of commands.
    ///
    /// # Errors
    ///
    /// Why there is none, in words.
    fn script(&mut self, _path: &Path) -> Result<String, String> {
        Err("files cannot be read from here".to_owned())
    }

    /// Goes to a full screen once the line is executed, or back from it.
    ///
    /// # Errors
    ///
    /// Why there is none, in words.
    fn full_screen(&mut self, _yes: bool) -> Result<(), String> {
        Err("a full screen needs a terminal".to_owned())
    }
}

impl dyn Output + '_ {
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

    /// A line that a person should know of.
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
