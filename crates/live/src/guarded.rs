//! Panics that must not go further.
//!
//! While the program is stopped, the debugger's own code runs below the guest's frames, and below a call of
//! wasmtime's that cannot be unwound when the program has crashed: a panic there would end the process. The same
//! channel carries the one unwinding that is wanted, that of a program that is to end where it is.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::task::Poll;

use wdb_debuggee::Error;

/// Calls `f`; a panic in it is an error. What `f` was changing may be half changed.
pub(crate) fn guarded<T>(f: impl FnOnce() -> T) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|panic| {
        let message = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Error::Debuggee(format!(
            "wdb itself has failed here, please report it: {}",
            message.unwrap_or("a panic")
        ))
    })
}

/// Unwinds the WebAssembly below, as a panic that is not reported, to [`until_unwound`].
///
/// To be called where wasmtime can be unwound: in a debug handler, at a breakpoint or an epoch. wasmtime 48 has no
/// other way out of there that leaves the store as it was: when the future of the call is dropped, the store loses
/// its debug handler.
pub(crate) fn unwind() -> ! {
    resume_unwind(Box::new(Unwound))
}

struct Unwound;

/// Runs `future` to its end. `None`: it was unwound.
pub(crate) async fn until_unwound<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        match polled {
            Ok(poll) => poll.map(Some),
            Err(panic) if is_wanted(&*panic) => Poll::Ready(None),
            Err(panic) => resume_unwind(panic),
        }
    })
    .await
}

fn is_wanted(panic: &(dyn Any + Send)) -> bool {
    panic.is::<Unwound>()
}
