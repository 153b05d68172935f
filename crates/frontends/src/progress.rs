//! A line on a terminal that says what takes so long, and disappears.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::Abilities;

/// What takes less time is not worth a word.
const PATIENCE: Duration = Duration::from_millis(400);

/// How often the line is written again.
const STEP: Duration = Duration::from_millis(500);

/// Something that may take long is under way, until this is dropped.
pub struct Progress {
    /// `None` once it is over.
    over: Option<Sender<()>>,
    teller: Option<JoinHandle<()>>,
}

/// Begins to tell of `what`, on standard error if that is a terminal that can erase it again.
pub fn begin(what: &str, abilities: Abilities) -> Progress {
    let mut progress = Progress {
        over: None,
        teller: None,
    };
    if !abilities.cursor || !io::stderr().is_terminal() {
        return progress;
    }
    let what = wdb_symbols::printable(what).into_owned();
    let (over, is_over) = mpsc::channel();
    let teller = std::thread::Builder::new()
        .name("progress".into())
        .spawn(move || {
            let began = Instant::now();
            let mut wait = PATIENCE;
            let mut told = false;
            while is_over.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                let seconds = began.elapsed().as_secs();
                // Nobody is there to be told when it cannot be written.
                _ = write!(io::stderr(), "\r\x1b[K{what}… {seconds} s");
                _ = io::stderr().flush();
                told = true;
                wait = STEP;
            }
            if told {
                _ = write!(io::stderr(), "\r\x1b[K");
                _ = io::stderr().flush();
            }
        });
    // Without a thread there is no line; the work goes on.
    if let Ok(teller) = teller {
        progress.over = Some(over);
        progress.teller = Some(teller);
    }
    progress
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.over = None;
        if let Some(teller) = self.teller.take() {
            // It does nothing that could panic.
            _ = teller.join();
        }
    }
}
