//! The full-screen view of the debugger.
//!
//! The program stays where it is, with the thread that executes lines; a second thread draws the screen and
//! reads the keys, so that the screen lives while the program runs. Between them goes plain data:
//!
//! ```text
//!  keys ──► update(state, event) ──► Request ──► worker: executes lines, looks at the program
//!                 ▲                                        │
//!  screen ◄── draw(state)                                  │
//!                 └─────────────── Report ◄────────────────┘
//! ```

mod draw;
mod layout;
mod line;
mod look;
mod scene;
mod state;
mod terminal;
#[cfg(test)]
mod tests;
mod text;
mod update;
mod worker;

use std::io;
use std::sync::mpsc;
use std::thread;

use crate::repl::Repl;
use look::Looker;
use state::{Ended, Report, State};
pub(crate) use terminal::restore;
use terminal::{Connection, Terminal};

/// At most this many reports may wait for the screen. Then the writer waits too: a guest that writes faster than
/// it can be shown does not fill the memory.
const REPORTS: usize = 1_024;

/// The view, which keeps its state while the user is at the line editor.
#[derive(Default)]
pub(crate) struct Tui {
    state: State,
    looker: Looker,
    /// How many lines of the history the line editor knows.
    known: usize,
}

impl Tui {
    /// Shows the view until the user leaves it. The exit status, if that is to end the debugger.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be used.
    pub(crate) fn run(&mut self, repl: &mut Repl, history: Vec<String>) -> io::Result<Option<i32>> {
        repl.screen.settle()?;
        self.state.resume(history, &repl.prompt());
        self.state.colours = repl.screen.abilities().colour;
        self.known = self.state.line.history().len();
        let (requests, asked) = mpsc::channel();
        let (reports, told) = mpsc::sync_channel::<Report>(REPORTS);
        let connection = Connection {
            requests,
            told,
            ctrl_c: repl.ctrl_c.clone(),
        };
        let state = &mut self.state;
        let looker = &mut self.looker;
        let terminal = Terminal::open()?;
        let ended = thread::scope(|scope| {
            let screen = thread::Builder::new().name("screen".into());
            let screen = screen.spawn_scoped(scope, move || terminal.show(state, connection))?;
            let worked = worker::work(repl, looker, &asked, &reports);
            // The screen ends with the last report.
            drop(reports);
            let ended = screen
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            worked?;
            ended
        })?;
        Ok(match ended {
            Ended::Left => None,
            Ended::Quit(status) => Some(status),
        })
    }

    /// The lines that were typed since the view was shown.
    pub(crate) fn new_lines(&self) -> Vec<String> {
        let lines = self.state.line.history();
        lines.get(self.known..).unwrap_or_default().to_vec()
    }
}
