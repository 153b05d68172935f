//! A program that is compiled on a thread of its own: large ones take minutes, in which the user may want to do something
//! else.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use super::{Engine, LaunchError, Prepared, Program};

/// A program that is being compiled, or is compiled and was not asked for yet. It goes on when this is dropped: an
/// engine cannot be stopped in the middle.
pub struct Compilation {
    result: Receiver<Result<Box<dyn Prepared>, LaunchError>>,
    /// One that has not begun when this is dropped does not begin.
    _wanted: Arc<()>,
}

/// How often it is checked whether the user still waits.
const LOOK: Duration = Duration::from_millis(50);

impl Compilation {
    /// Begins to compile `program`, which is launched with `arguments` first. Waits for the end of the one `before`,
    /// whose result is not used any more: a large program takes most of a machine's memory.
    ///
    /// # Errors
    ///
    /// When there can be no further thread.
    pub fn begin(
        engine: Arc<dyn Engine>,
        program: Program,
        arguments: Vec<String>,
        before: Option<Self>,
    ) -> std::io::Result<Self> {
        let (send, result) = mpsc::channel();
        let before = before.map(|it| it.result);
        let wanted = Arc::new(());
        let is_wanted = Arc::downgrade(&wanted);
        let compile = move || {
            if let Some(before) = before {
                _ = before.recv();
            }
            if is_wanted.strong_count() > 0 {
                // If this cannot be sent, the program has changed meanwhile.
                _ = send.send(engine.prepare(&program, &arguments));
            }
        };
        std::thread::Builder::new()
            .name("compile".into())
            .spawn(compile)?;
        Ok(Compilation {
            result,
            _wanted: wanted,
        })
    }

    /// Waits for its end, and takes the result. `given_up` is asked several times a second, which is also the time to show
    /// that it still takes long. `None`: the user has given up the waiting before the end, and may wait again.
    ///
    /// # Errors
    ///
    /// What keeps the program from ever starting; also when the result was taken before.
    pub fn wait(
        &self,
        given_up: impl Fn() -> bool,
    ) -> Option<Result<Box<dyn Prepared>, LaunchError>> {
        loop {
            match self.result.recv_timeout(LOOK) {
                Ok(prepared) => return Some(prepared),
                Err(RecvTimeoutError::Timeout) if given_up() => return None,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let message = "the compilation has ended in the middle".to_owned();
                    return Some(Err(LaunchError::Host(message)));
                }
            }
        }
    }
}
