//! What the program writes, passed on; of its standard error the end is remembered. A panic message is printed before
//! the trap that ends the program, so the end of what it wrote belongs in a crash report.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};

use wdb_debuggee::launch::{Sink, Stream};

/// How much is remembered.
const LIMIT: usize = 64 << 10;

/// Passes all on to this process's own streams.
#[derive(Default)]
pub(super) struct Tail(Mutex<Vec<u8>>);

impl Tail {
    /// The last 64 KiB of standard error.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let tail = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tail[tail.len().saturating_sub(LIMIT)..].to_vec()
    }

    fn push(&self, bytes: &[u8]) {
        let mut tail = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tail.extend_from_slice(bytes);
        if tail.len() > 2 * LIMIT {
            let cut = tail.len() - LIMIT;
            tail.drain(..cut);
        }
    }
}

impl Sink for Tail {
    fn write(&self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        match stream {
            Stream::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(bytes)?;
                out.flush()
            }
            Stream::Stderr => {
                io::stderr().write_all(bytes)?;
                self.push(bytes);
                Ok(())
            }
        }
    }

    fn is_terminal(&self, stream: Stream) -> bool {
        match stream {
            Stream::Stdout => io::stdout().is_terminal(),
            Stream::Stderr => io::stderr().is_terminal(),
        }
    }
}
