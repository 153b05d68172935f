//! The wish that the guest stop where it is, from whoever has it to the places where the guest can be.
//!
//! A guest that computes meets wasmtime's epoch at its next loop or call. One that waits in a host call
//! must first come back from it: a read of standard input ends, a sleep is over. It then stops before
//! it can tell the difference.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use wasmtime::Engine;

/// Who wants the guest to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Requester {
    User,
    Timer,
}

/// The wish, if there is one. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct StopRequest(Arc<watch::Sender<Option<Requester>>>);

impl Default for StopRequest {
    fn default() -> Self {
        StopRequest(Arc::new(watch::Sender::new(None)))
    }
}

impl StopRequest {
    /// Asks for a stop; the first who asks is remembered.
    pub(crate) fn set(&self, requester: Requester, engine: &Engine) {
        // Whoever waits is woken last: the guest must not get past the epoch on its way.
        self.0.send_if_modified(|request| {
            request.get_or_insert(requester);
            false
        });
        engine.increment_epoch();
        self.0.send_modify(|_| {});
    }

    /// Takes the request.
    pub(crate) fn take(&self) -> Option<Requester> {
        self.0.send_replace(None)
    }

    /// Whether somebody asks.
    pub(crate) fn is_set(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Waits until somebody asks.
    pub(crate) async fn wait(&self) {
        // The sender cannot be gone: it is here.
        let _ = self.0.subscribe().wait_for(Option::is_some).await;
    }

    /// Ends every sleep of the guest as soon as somebody asks. Never returns.
    pub(crate) async fn end_sleeps(self) {
        loop {
            self.wait().await;
            tokio::time::pause();
            tokio::time::advance(LONGEST_SLEEP).await;
            tokio::time::resume();
            while self.is_set() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

/// Longer than anybody waits for a program.
const LONGEST_SLEEP: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
