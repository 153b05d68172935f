//! A line that says what takes so long; on a terminal it disappears.

use std::io::{self, IsTerminal as _, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::Abilities;

/// What takes less time is not worth a word.
const PATIENCE: Duration = Duration::from_millis(400);

/// The same where the line stays: in a log, or for another program that reads it.
const LONG_PATIENCE: Duration = Duration::from_secs(30);

/// How often the line is written again.
const STEP: Duration = Duration::from_millis(500);

/// Something that may take long is under way, until this is dropped.
pub struct Progress {
    /// `None` once it is over.
    over: Option<Sender<()>>,
    teller: Option<JoinHandle<()>>,
}

/// Begins to show `what`, on standard error: in a line that disappears if that is a terminal that can erase, in one that
/// stays otherwise, and only of what takes very long.
pub fn begin(what: &str, abilities: Abilities) -> Progress {
    let mut progress = Progress {
        over: None,
        teller: None,
    };
    let erases = abilities.cursor && io::stderr().is_terminal();
    let what = wdb_symbols::printable(what).into_owned();
    let (over, is_over) = mpsc::channel();
    let teller = std::thread::Builder::new()
        .name("progress".into())
        .spawn(move || {
            if erases {
                tell_seconds(&what, &is_over)
            } else {
                tell_once(&what, LONG_PATIENCE, &is_over, &mut io::stderr())
            }
        });
    // Without a thread there is no line; the work goes on.
    if let Ok(teller) = teller {
        progress.over = Some(over);
        progress.teller = Some(teller);
    }
    progress
}

fn tell_seconds(what: &str, is_over: &Receiver<()>) {
    let began = Instant::now();
    let mut wait = PATIENCE;
    let mut told = false;
    while is_over.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
        let seconds = began.elapsed().as_secs();
        // Nothing is lost when it cannot be written.
        _ = write!(io::stderr(), "\r\x1b[K{what}… {seconds} s");
        _ = io::stderr().flush();
        told = true;
        wait = STEP;
    }
    if told {
        _ = write!(io::stderr(), "\r\x1b[K");
        _ = io::stderr().flush();
    }
}

fn tell_once(what: &str, patience: Duration, is_over: &Receiver<()>, out: &mut dyn Write) {
    if is_over.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
        // Nothing is lost when it cannot be written.
        _ = writeln!(out, "{what}…");
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_can_be_erased_it_is_told_once_and_late() {
        let told = |patience, work| {
            let (over, is_over) = mpsc::channel();
            std::thread::spawn(move || {
                std::thread::sleep(work);
                drop::<Sender<()>>(over);
            });
            let mut out = Vec::new();
            tell_once("compiling app", patience, &is_over, &mut out);
            String::from_utf8(out).unwrap()
        };
        let (short, long) = (Duration::from_millis(1), Duration::from_secs(60));
        assert_eq!(told(long, short), "");
        assert_eq!(told(short, long), "compiling app…\n");
    }
}
