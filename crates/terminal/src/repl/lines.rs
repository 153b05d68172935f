//! Where lines come from: a user at a terminal with an editor, or anything else.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, BufRead, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::rc::Rc;

use wdb_console::Console;

use super::editor::{Editor, Next, commands_of};
use crate::Abilities;

/// Where lines come from.
pub struct Lines(Kind);

enum Kind {
    Editor {
        editor: Box<Editor>,
        /// Lines that were pasted with the last one.
        pasted: VecDeque<String>,
    },
    Plain {
        /// The user types them and sees what is typed: the terminal does that.
        by_hand: bool,
    },
}

/// The longest line that a pipe can give; more is no command.
const LONGEST: u64 = 1 << 20;

impl Lines {
    /// Standard input: with an editor if it is a terminal that can do more than print.
    ///
    /// The lines are remembered in the file `history`, if there is one.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be used.
    pub fn standard(
        console: &Rc<RefCell<Console>>,
        abilities: Abilities,
        history: Option<PathBuf>,
    ) -> io::Result<Lines> {
        let by_hand = io::stdin().is_terminal();
        if !by_hand || !abilities.cursor || !io::stdout().is_terminal() {
            return Ok(Lines(Kind::Plain { by_hand }));
        }
        let editor = Editor::new(console.clone(), abilities.colour, history)?;
        Ok(Lines(Kind::Editor {
            editor: Box::new(editor),
            pasted: VecDeque::new(),
        }))
    }

    pub(super) fn next(&mut self, prompt: &str) -> io::Result<Next> {
        match &mut self.0 {
            Kind::Editor { editor, pasted } => {
                if let Some(line) = pasted.pop_front() {
                    return Ok(Next::Pasted(line));
                }
                let next = editor.next(prompt)?;
                if let Next::Line(line) = &next {
                    pasted.extend(commands_of(line));
                }
                Ok(match pasted.pop_front() {
                    Some(first) => Next::Line(first),
                    None => next,
                })
            }
            Kind::Plain { by_hand } => {
                if *by_hand {
                    let mut out = io::stdout();
                    out.write_all(prompt.as_bytes())?;
                    out.flush()?;
                }
                let mut line = Vec::new();
                let mut input = io::Read::take(io::stdin().lock(), LONGEST);
                if input.read_until(b'\n', &mut line)? == 0 {
                    return Ok(Next::End);
                }
                let line = String::from_utf8_lossy(&line);
                Ok(Next::Line(line.trim_end_matches(['\r', '\n']).to_owned()))
            }
        }
    }

    /// The line editor, if there is one.
    pub(super) fn editor(&mut self) -> Option<&mut Editor> {
        match &mut self.0 {
            Kind::Editor { editor, .. } => Some(editor),
            Kind::Plain { .. } => None,
        }
    }

    /// Whether the user types.
    pub(super) fn by_hand(&self) -> bool {
        match self.0 {
            Kind::Editor { .. } => true,
            Kind::Plain { by_hand } => by_hand,
        }
    }

    /// Whether lines must be written where the answers are, because they cannot be seen there otherwise.
    pub(super) fn echo(&self) -> bool {
        !self.by_hand()
    }
}
