//! The wish that the guest stop where it is, from those who have it to the places where the guest can be.
//!
//! A guest that computes meets wasmtime's epoch at its next loop or call. One that waits in a host call
//! must first come back from it: a read of standard input ends, a sleep is over. It then stops before
//! it can tell the difference. One that does not come back cannot be stopped, and is given up in the end.

use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use wasmtime::Engine;

/// Who wants the guest to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Requester {
    User,
    Timer,
    /// The fuel is used up: see `Guest::reasons`.
    Fuel,
}

/// What was asked for.
#[derive(Clone, Copy, Debug)]
struct Asked {
    by: Requester,
    since: Instant,
    /// More than once.
    again: bool,
}

/// The wish, if there is one. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct StopRequest(Arc<watch::Sender<Option<Asked>>>);

impl Default for StopRequest {
    fn default() -> Self {
        StopRequest(Arc::new(watch::Sender::new(None)))
    }
}

/// A guest that computes stops in milliseconds. One that has not stopped after this time waits for something.
const PATIENCE: Duration = Duration::from_secs(3);

impl StopRequest {
    /// Asks for a stop. The timer is remembered before the user: its limit holds also when the program stops for
    /// another reason first.
    pub(crate) fn set(&self, requester: Requester, engine: &Engine) {
        // Those who wait are woken last: the guest must not get past the epoch on its way.
        self.0.send_if_modified(|asked| {
            match asked {
                Some(asked) => {
                    asked.again = true;
                    if requester == Requester::Timer {
                        asked.by = requester;
                    }
                }
                None => {
                    *asked = Some(Asked {
                        by: requester,
                        since: Instant::now(),
                        again: false,
                    });
                }
            }
            false
        });
        advance_epoch(engine);
        self.0.send_modify(|_| {});
    }

    /// Takes the request.
    pub(crate) fn take(&self) -> Option<Requester> {
        self.0.send_replace(None).map(|it| it.by)
    }

    /// Forgets what the user asked for: it was for a run that is over.
    pub(crate) fn forget_user(&self) {
        self.0.send_if_modified(|asked| {
            if asked.is_some_and(|it| it.by == Requester::User) {
                *asked = None;
            }
            false
        });
    }

    /// Whether there is a request.
    pub(crate) fn is_set(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Who has asked in vain for so long that it is no use to wait: the timer, or anybody who asked twice. The program
    /// runs since `running_since`; one that is stopped cannot heed what is asked.
    pub(crate) fn in_vain(&self, running_since: Instant) -> Option<Requester> {
        let asked = (*self.0.borrow())?;
        let insists = asked.again || asked.by == Requester::Timer;
        let since = asked.since.max(running_since);
        (insists && since.elapsed() >= PATIENCE).then_some(asked.by)
    }

    /// Waits for a request.
    pub(crate) async fn wait(&self) {
        // The sender cannot be gone: it is here.
        let _ = self.0.subscribe().wait_for(Option::is_some).await;
    }

    /// Ends every sleep of the guest as soon as there is a request. Never returns.
    pub(crate) async fn end_sleeps(self) {
        loop {
            self.wait().await;
            tokio::time::pause();
            tokio::time::advance(LONGEST_SLEEP).await;
            tokio::time::resume();
            // Between two sleeps there may be no place where the guest looks at the epoch, so the next one is ended too.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Makes the guest look at what was written before this. The engine's epoch orders nothing by itself: on a machine
/// with a weak memory order the guest could see the new epoch and not yet the reason for it.
pub(crate) fn advance_epoch(engine: &Engine) {
    fence(Ordering::SeqCst);
    engine.increment_epoch();
}

/// The other half of [`advance_epoch`], for the guest that has seen the epoch.
pub(crate) fn epoch_was_seen() {
    fence(Ordering::SeqCst);
}

/// Longer than anybody waits for a program.
pub(crate) const LONGEST_SLEEP: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
