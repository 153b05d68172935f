//! Input that may have to be waited for: a terminal, a pipe. A thread of its own reads it, so that a guest
//! that waits can give up, and nothing that comes later is lost.

use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{InputStream, Pollable, StreamError, StreamResult};

/// As much is read at once.
const PIECE: usize = 16 << 10;

/// A file whose reads may wait. Clones read from the same place, one run of a program after the other.
#[derive(Clone)]
pub struct Source {
    shared: Arc<Shared>,
    /// Asks the thread for one read. It ends with the last sender, once a read that it is in comes back.
    wanted: Sender<()>,
    is_terminal: bool,
}

struct Shared {
    state: Mutex<State>,
    arrived: Notify,
}

enum State {
    /// Nothing has been asked for: what is typed stays with the terminal.
    Idle,
    /// The thread reads.
    Asked,
    /// This has been read. Empty: the end, which at a terminal is not the last.
    Arrived(Bytes),
    Failed(io::Error),
}

impl Source {
    /// Reads from `file`.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub fn new(file: File) -> io::Result<Source> {
        let is_terminal = file.is_terminal();
        let shared = Arc::new(Shared {
            state: Mutex::new(State::Idle),
            arrived: Notify::new(),
        });
        let (wanted, asked) = mpsc::channel();
        std::thread::Builder::new().name("input".into()).spawn({
            let shared = shared.clone();
            move || shared.serve(file, &asked)
        })?;
        Ok(Source {
            shared,
            wanted,
            is_terminal,
        })
    }

    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source(_)")
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, mut file: File, asked: &Receiver<()>) {
        let mut piece = vec![0; PIECE];
        while asked.recv().is_ok() {
            let read = loop {
                match file.read(&mut piece) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read,
                }
            };
            *self.state() = match read {
                Ok(count) => State::Arrived(Bytes::copy_from_slice(&piece[..count])),
                Err(error) => State::Failed(error),
            };
            self.arrived.notify_waiters();
        }
    }
}

#[async_trait]
impl Pollable for Source {
    async fn ready(&mut self) {
        loop {
            // Before the look at the state: what arrives after it is noticed.
            let arrived = self.shared.arrived.notified();
            {
                let mut state = self.shared.state();
                match *state {
                    State::Idle if self.wanted.send(()).is_ok() => *state = State::Asked,
                    State::Asked => {}
                    // Without its thread there is nothing to wait for.
                    State::Idle | State::Arrived(_) | State::Failed(_) => return,
                }
            }
            arrived.await;
        }
    }
}

impl InputStream for Source {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        let mut state = self.shared.state();
        match std::mem::replace(&mut *state, State::Idle) {
            State::Idle => Ok(Bytes::new()),
            State::Asked => {
                *state = State::Asked;
                Ok(Bytes::new())
            }
            State::Arrived(bytes) if bytes.is_empty() => Err(StreamError::Closed),
            State::Arrived(mut bytes) => {
                let taken = bytes.split_to(size.min(bytes.len()));
                if !bytes.is_empty() {
                    *state = State::Arrived(bytes);
                }
                Ok(taken)
            }
            State::Failed(error) => Err(StreamError::LastOperationFailed(error.into())),
        }
    }
}
