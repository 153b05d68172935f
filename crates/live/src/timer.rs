//! The time that the program may run. It passes while the program runs, not while it is stopped.

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// A time that can be stopped. Its thread ends when this is dropped.
pub(crate) struct Timer {
    left: Duration,
    running_since: Option<Instant>,
    alarm: Sender<Option<Instant>>,
}

impl Timer {
    /// A timer of `time` that is not running yet; `ring` is called on a thread of the timer's each time
    /// that the program runs and has no time left.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub(crate) fn new(time: Duration, ring: impl Fn() + Send + 'static) -> io::Result<Timer> {
        let (alarm, set) = mpsc::channel();
        std::thread::Builder::new()
            .name("timer".into())
            .spawn(move || serve(&set, ring))?;
        Ok(Timer {
            left: time,
            running_since: None,
            alarm,
        })
    }

    /// The program runs, from now on if it did not before.
    pub(crate) fn start(&mut self) {
        if self.running_since.is_none() {
            let now = Instant::now();
            self.running_since = Some(now);
            let _ = self.alarm.send(now.checked_add(self.left));
        }
    }

    /// Whether no time is left.
    pub(crate) fn is_over(&self) -> bool {
        self.left.is_zero()
    }

    /// The program is stopped.
    pub(crate) fn pause(&mut self) {
        if let Some(since) = self.running_since.take() {
            self.left = self.left.saturating_sub(since.elapsed());
            let _ = self.alarm.send(None);
        }
    }
}

fn serve(set: &Receiver<Option<Instant>>, ring: impl Fn()) {
    let mut at: Option<Instant> = None;
    loop {
        let changed = match at {
            None => set.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(at) => set.recv_timeout(at.saturating_duration_since(Instant::now())),
        };
        at = match changed {
            Ok(at) => at,
            Err(RecvTimeoutError::Timeout) => {
                ring();
                None
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
    }
}
