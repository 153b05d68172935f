//! Reading debug information takes long where a question is about all of a large module. Who asks can show that, and can
//! give it up.
//!
//! What is given up unwinds: nothing that was read by half is kept, and a later question reads again.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, OnceLock};

/// The observer of the reading of a module's debug information.
pub trait Reading: Send + Sync {
    /// Something begins that may take long. It is over when what this gives back is dropped; others may begin in it.
    fn begins(&self) -> Box<dyn Any>;

    /// Whether the wait for it was given up. Asked often. It ends what [`cancellable`] does, and nothing else.
    fn is_given_up(&self) -> bool;
}

/// It was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp;

thread_local! {
    static CANCELLABLE: Cell<bool> = const { Cell::new(false) };
}

/// Whether reading may be given up on this thread, as it was before, when this is dropped.
struct Before(bool);

impl Drop for Before {
    fn drop(&mut self) {
        CANCELLABLE.set(self.0);
    }
}

/// Does something that may read debug information, until its end or until that is given up. Then it ends in the middle: what
/// changes more than one thing calls [`commit`] first.
///
/// # Errors
///
/// When it was given up.
pub fn cancellable<T>(work: impl FnOnce() -> T) -> Result<T, GivenUp> {
    let _before = Before(CANCELLABLE.replace(true));
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        if payload.is::<GivenUp>() {
            GivenUp
        } else {
            resume_unwind(payload)
        }
    })
}

/// From here on the work of [`cancellable`] on this thread goes on to its end.
pub fn commit() {
    CANCELLABLE.set(false);
}

/// The observer, if there is one.
#[derive(Clone, Default)]
pub(crate) struct Observer(pub(crate) Option<Arc<dyn Reading>>);

impl Observer {
    /// A table of all of the debug information, made on first use.
    pub(crate) fn table<'t, T>(&self, table: &'t OnceLock<T>, make: impl FnOnce() -> T) -> &'t T {
        table.get_or_init(|| {
            let _shown = self.0.as_ref().map(|it| it.begins());
            make()
        })
    }

    /// Ends here if it was given up.
    pub(crate) fn check(&self) {
        if let Some(reading) = &self.0
            && CANCELLABLE.get()
            && reading.is_given_up()
        {
            // No panic: no hook is called.
            resume_unwind(Box::new(GivenUp));
        }
    }
}
