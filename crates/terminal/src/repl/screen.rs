//! What is written to the terminal, a pipe and the transcript: by commands and by the guest, in order.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use wdb_console::Style;

use crate::Abilities;
use crate::progress::{self, Progress};

/// What commands and the guest write to. Clones are the same; the guest's thread has one.
#[derive(Clone)]
pub struct Screen(Arc<Mutex<State>>);

struct State {
    out: Box<dyn Write + Send>,
    abilities: Abilities,
    transcript: Option<Box<dyn Write + Send>>,
    /// The writer of a line that is not ended.
    unfinished: Option<Writer>,
    /// The first error of writing: no one reads any more.
    error: Option<io::Error>,
    /// What shows everything instead, while there is a full screen.
    viewer: Option<Viewer>,
}

/// Something that takes long, until this is dropped.
pub struct TakesLong {
    screen: Screen,
    _line: Option<Progress>,
}

impl Drop for TakesLong {
    fn drop(&mut self) {
        self.screen.progress("");
    }
}

/// Shows what is written.
pub(crate) type Viewer = Box<dyn Fn(Written) + Send>;

/// What is written.
#[derive(Clone, Debug)]
pub(crate) enum Written {
    /// A piece of the debugger's answer.
    Answer(Style, String),
    /// What the guest writes.
    Guest(Vec<u8>),
    /// What takes long right now. Empty: it is over.
    Progress(String),
}

/// The writer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writer {
    Guest,
    Command,
}

impl Screen {
    /// A screen whose text goes to `out`, in colours if it can show them, and without to `transcript`.
    pub fn new(
        out: Box<dyn Write + Send>,
        abilities: Abilities,
        transcript: Option<Box<dyn Write + Send>>,
    ) -> Self {
        Screen(Arc::new(Mutex::new(State {
            out,
            abilities,
            transcript,
            unfinished: None,
            error: None,
            viewer: None,
        })))
    }

    /// What the guest writes to the same terminal. It goes through as it is, and no command writes into the
    /// middle of its last line.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn guest(&self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        if let Some(viewer) = &state.viewer {
            viewer(Written::Guest(bytes.to_vec()));
            state.record(bytes);
            return Ok(());
        }
        state.out.write_all(bytes)?;
        state.out.flush()?;
        state.record(bytes);
        state.wrote(Writer::Guest, bytes);
        Ok(())
    }

    /// What the guest writes to another place: the transcript has it too.
    pub fn guest_elsewhere(&self, bytes: &[u8]) {
        self.state().record(bytes);
    }

    /// What the terminal can do.
    pub fn abilities(&self) -> Abilities {
        self.state().abilities
    }

    /// From now on something else shows what is written, or nothing else any more.
    pub(crate) fn divert(&self, viewer: Option<Viewer>) {
        self.state().viewer = viewer;
    }

    /// Reports what takes long right now, if something else shows what is written.
    pub(super) fn progress(&self, what: &str) -> bool {
        let state = self.state();
        if let Some(viewer) = &state.viewer {
            viewer(Written::Progress(what.to_owned()));
        }
        state.viewer.is_some()
    }

    /// Shows what takes long, until this is dropped.
    pub fn takes_long(&self, what: &str) -> TakesLong {
        let is_shown = self.progress(what);
        TakesLong {
            screen: self.clone(),
            _line: (!is_shown).then(|| progress::begin(what, self.abilities())),
        }
    }

    /// Shows something beside the answer of a command, in a line of its own.
    pub fn note(&self, text: &str) {
        self.end_line();
        self.write(Style::Note, &format!("{text}\n"));
    }

    /// What a command answers, made safe: the one door from commands to the terminal, the full screen and the transcript.
    pub(super) fn write(&self, style: Style, text: &str) {
        let text = &*wdb_symbols::printable_text(text);
        let mut state = self.state();
        if let Some(viewer) = &state.viewer {
            viewer(Written::Answer(style, text.to_owned()));
            state.record(text.as_bytes());
            return;
        }
        if state.unfinished == Some(Writer::Guest) {
            state.end_line();
        }
        if state.abilities.colour {
            // A line end belongs to no colour: the rest of a line would have its background.
            for piece in text.split_inclusive('\n') {
                let line = piece.trim_end_matches('\n');
                if !line.is_empty() {
                    state.put(&style.paint(line));
                }
                state.put(&piece[line.len()..]);
            }
        } else {
            state.put(text);
        }
        state.record(text.as_bytes());
        state.wrote(Writer::Command, text.as_bytes());
    }

    /// Whether within `time` nothing else is writing any more.
    pub(super) fn is_free_within(&self, time: Duration) -> bool {
        let began = Instant::now();
        while let Err(TryLockError::WouldBlock) = self.0.try_lock() {
            if began.elapsed() > time {
                return false;
            }
            std::thread::sleep(time / 100);
        }
        true
    }

    /// Ends a line that was begun.
    pub(super) fn end_line(&self) {
        let mut state = self.state();
        if state.viewer.is_none() {
            state.end_line();
        }
    }

    /// Before the user is asked for a line: everything is out, and the cursor at the beginning of a line.
    pub(crate) fn settle(&self) -> io::Result<()> {
        let mut state = self.state();
        state.end_line();
        if let Err(error) = state.out.flush() {
            state.error.get_or_insert(error);
        }
        state.error.take().map_or(Ok(()), Err)
    }

    /// A line that was read: for the transcript, and for a reader who does not see what is typed.
    pub(crate) fn entered(&self, prompt: &str, line: &str, echo: bool) {
        let mut state = self.state();
        // Scripts may come from someone else.
        let text = format!("{prompt}{}\n", wdb_symbols::printable(line));
        if echo {
            state.put(&text);
        }
        state.record(text.as_bytes());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn put(&mut self, text: &str) {
        if let Err(error) = self.out.write_all(text.as_bytes()) {
            self.error.get_or_insert(error);
        }
    }

    fn record(&mut self, bytes: &[u8]) {
        if let Some(transcript) = &mut self.transcript
            && let Err(error) = transcript
                .write_all(bytes)
                .and_then(|()| transcript.flush())
        {
            self.error.get_or_insert(error);
        }
    }

    fn wrote(&mut self, writer: Writer, bytes: &[u8]) {
        if let Some(last) = bytes.last() {
            self.unfinished = (*last != b'\n').then_some(writer);
        }
    }

    fn end_line(&mut self) {
        if self.unfinished.take().is_some() {
            // The guest may have left a colour behind.
            if self.abilities.colour {
                self.put(&anstyle::Reset.to_string());
            }
            self.put("\n");
            self.record(b"\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Buffer {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn screen(colour: bool) -> (Screen, Buffer, Buffer) {
        let (out, transcript) = (Buffer::default(), Buffer::default());
        let screen = Screen::new(
            Box::new(out.clone()),
            Abilities {
                colour,
                cursor: true,
            },
            Some(Box::new(transcript.clone())),
        );
        (screen, out, transcript)
    }

    #[test]
    fn commands_do_not_write_into_a_line_of_the_guest() {
        let (screen, out, transcript) = screen(false);
        screen.entered("(wdb) ", "run", true);
        screen.guest(b"one\ntwo").unwrap();
        screen.write(Style::Title, "it ended\n");
        screen.guest(b"three").unwrap();
        screen.settle().unwrap();
        screen.settle().unwrap();
        screen.write(Style::Plain, "a");
        screen.write(Style::Plain, "b");
        screen.settle().unwrap();
        assert_eq!(out.text(), "(wdb) run\none\ntwo\nit ended\nthree\nab\n");
        assert_eq!(transcript.text(), out.text());
    }

    #[test]
    fn what_commands_write_steers_no_terminal_and_what_the_guest_writes_is_its_own() {
        let (screen, out, transcript) = screen(true);
        screen.guest(b"\x1b[2J\n").unwrap();
        screen.write(Style::Error, "a\x1b[2J\x07\n\tb\u{202e}\n");
        let safe = "a\\u{1b}[2J\\u{7}\n\tb\\u{202e}\n";
        assert_eq!(transcript.text(), format!("\x1b[2J\n{safe}"));
        let red = safe
            .replace("a\\", "\x1b[1m\x1b[31ma\\")
            .replace("7}\n\tb", "7}\x1b[0m\n\x1b[1m\x1b[31m\tb");
        assert_eq!(out.text(), format!("\x1b[2J\n{}\x1b[0m\n", red.trim_end()));
    }

    #[test]
    fn colours_end_before_the_line_does_and_are_not_in_the_transcript() {
        let (screen, out, transcript) = screen(true);
        screen.write(Style::Title, "a\nb");
        screen.write(Style::Plain, "c\n");
        assert_eq!(out.text(), "\x1b[1ma\x1b[0m\n\x1b[1mb\x1b[0mc\n");
        assert_eq!(transcript.text(), "a\nbc\n");
    }
}
