//! What is said before the end, which may not be read.

use std::io::{self, Write as _};
use std::sync::mpsc;
use std::time::Duration;

/// A user who reads has read it by then.
pub(crate) const SOON: Duration = Duration::from_secs(1);

/// Writes a text to standard error, and does not wait for long. A program that was given up may be in the middle of a write
/// that never ends, because it is not read: then it has the stream, and nothing else can write to it.
pub fn last_words(text: &str) {
    let text = wdb_symbols::printable_text(text).into_owned();
    // Nothing is left to tell when standard error is closed, and what is not read in time is not read.
    soon(move || _ = io::stderr().write_all(text.as_bytes()));
}

/// Does what never ends when it is not read, and does not wait for long.
pub(crate) fn soon(work: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    let worker = std::thread::Builder::new().spawn(move || {
        work();
        _ = done.send(());
    });
    if worker.is_ok() {
        _ = is_done.recv_timeout(SOON);
    }
}
