//! What is said before the end, to somebody who may not listen.

use std::io::{self, Write as _};
use std::sync::mpsc;
use std::time::Duration;

/// A person who reads has read it by then.
pub(crate) const SOON: Duration = Duration::from_secs(1);

/// Writes a text to standard error, and does not wait for long. A program that was given up may be in the middle of a write
/// that never ends, because nobody reads: then it has the stream, and nobody else can write to it.
pub fn last_words(text: &str) {
    let text = wdb_symbols::printable_text(text).into_owned();
    let (written, is_written) = mpsc::channel();
    let writer = std::thread::Builder::new().spawn(move || {
        // Nothing is left to tell when standard error is closed.
        _ = io::stderr().write_all(text.as_bytes());
        _ = written.send(());
    });
    if writer.is_ok() {
        // Whoever does not read it in time does not read it.
        _ = is_written.recv_timeout(SOON);
    }
}
