//! Input that may have to be waited for: a terminal, a pipe. A thread of its own reads it, so that a program
//! that waits can give up, and nothing that comes later is lost.

use std::io::{self, Read};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

/// At most this many bytes are read at once.
const PIECE: usize = 16 << 10;

/// Input whose reads may wait. Clones read from the same place, one run of a program after the other.
#[derive(Clone)]
pub struct BlockingInput {
    state: Arc<Mutex<State>>,
    /// Asks the thread for one read. It ends with the last sender, once a read that it is in comes back.
    wanted: Sender<()>,
    is_terminal: bool,
}

enum State {
    /// Nothing has been asked for: what is typed stays with the terminal.
    Idle,
    /// The thread reads. These wait for what it reads.
    Asked(Vec<Waker>),
    /// This has been read. Empty: the end, which at a terminal is not the last.
    Arrived(Bytes),
    Failed(io::Error),
}

impl BlockingInput {
    /// Reads from `input`, on a thread of its own.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub fn new(input: impl Read + Send + 'static, is_terminal: bool) -> io::Result<BlockingInput> {
        let state = Arc::new(Mutex::new(State::Idle));
        let (wanted, asked) = mpsc::channel();
        std::thread::Builder::new().name("input".into()).spawn({
            let state = Arc::clone(&state);
            move || serve(input, &state, &asked)
        })?;
        Ok(BlockingInput {
            state,
            wanted,
            is_terminal,
        })
    }

    /// Whether it is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Asks for input. Ready when [`BlockingInput::read`] has something to say.
    pub fn poll_ready(&self, context: &Context<'_>) -> Poll<()> {
        let mut state = lock(&self.state);
        match &mut *state {
            State::Idle if self.wanted.send(()).is_ok() => {
                *state = State::Asked(vec![context.waker().clone()]);
                Poll::Pending
            }
            State::Asked(waiting) => {
                if !waiting.iter().any(|it| it.will_wake(context.waker())) {
                    waiting.push(context.waker().clone());
                }
                Poll::Pending
            }
            // Without its thread there is nothing to wait for.
            State::Idle | State::Arrived(_) | State::Failed(_) => Poll::Ready(()),
        }
    }

    /// Takes at most `size` bytes of what has arrived, none where nothing has. `None`: the end of the input.
    ///
    /// # Errors
    ///
    /// When the input could not be read.
    pub fn read(&self, size: usize) -> io::Result<Option<Bytes>> {
        let mut state = lock(&self.state);
        match std::mem::replace(&mut *state, State::Idle) {
            State::Idle => Ok(Some(Bytes::new())),
            State::Asked(waiting) => {
                *state = State::Asked(waiting);
                Ok(Some(Bytes::new()))
            }
            State::Arrived(bytes) if bytes.is_empty() => Ok(None),
            State::Arrived(mut bytes) => {
                let taken = bytes.split_to(size.min(bytes.len()));
                if !bytes.is_empty() {
                    *state = State::Arrived(bytes);
                }
                Ok(Some(taken))
            }
            State::Failed(error) => Err(error),
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(mut input: impl Read, state: &Mutex<State>, asked: &Receiver<()>) {
    let mut piece = vec![0; PIECE];
    while asked.recv().is_ok() {
        let read = loop {
            match input.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        let arrived = match read {
            Ok(count) => State::Arrived(Bytes::copy_from_slice(&piece[..count])),
            Err(error) => State::Failed(error),
        };
        let before = std::mem::replace(&mut *lock(state), arrived);
        if let State::Asked(waiting) = before {
            waiting.into_iter().for_each(Waker::wake);
        }
    }
}
