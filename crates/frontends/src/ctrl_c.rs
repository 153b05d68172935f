//! What Ctrl-C means while a command is at work: the guest stops, and the debugger does not.

use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wdb_target::Interrupt;

/// Routes Ctrl-C, from the handler of the signal, to the program that runs. Clones are the same.
///
/// At the prompt of a terminal there is no signal: the line editor reads the key.
#[derive(Clone, Default)]
pub struct CtrlC(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Stops the program, while a command is at work.
    program: Option<Interrupt>,
    /// A command is at work.
    at_work: bool,
    /// How often the keys were pressed since it began.
    presses: u32,
}

/// What is to be done about Ctrl-C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// The program was asked to stop; that is all.
    Asked,
    /// It was asked before, and has not stopped.
    Warn,
    /// It is given up.
    End,
}

impl CtrlC {
    /// Nothing runs yet.
    pub fn new() -> Self {
        CtrlC::default()
    }

    /// To be called at every Ctrl-C, from any thread.
    ///
    /// It ends the process with status 130 where nothing can be stopped, and when a program does not heed it:
    /// one that waits in a host call stops only when that returns.
    pub fn pressed(&self) {
        match self.react() {
            Reaction::Asked => {}
            // Nothing is left to tell when standard error is closed.
            Reaction::Warn => {
                _ = writeln!(
                    std::io::stderr(),
                    "\nit has not stopped yet: a host call stops when it returns; Ctrl-C once more ends wdb"
                );
            }
            Reaction::End => {
                crate::tui::restore();
                std::process::exit(INTERRUPTED)
            }
        }
    }

    pub(crate) fn react(&self) -> Reaction {
        let mut state = self.state();
        if !state.at_work {
            return Reaction::End;
        }
        state.presses += 1;
        if let Some(program) = &state.program {
            program.interrupt();
        }
        match state.presses {
            1 => Reaction::Asked,
            2 => Reaction::Warn,
            _ => Reaction::End,
        }
    }

    /// A command begins; Ctrl-C is for `program` until the guard is dropped.
    pub(crate) fn during(&self, program: Option<Interrupt>) -> AtWork<'_> {
        *self.state() = State {
            program,
            at_work: true,
            presses: 0,
        };
        AtWork(self)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 128 and SIGINT.
pub(crate) const INTERRUPTED: i32 = 130;

/// A command is at work.
pub(crate) struct AtWork<'a>(&'a CtrlC);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        *self.0.state() = State::default();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn the_program_is_asked_before_the_debugger_ends() {
        let asked = Arc::new(AtomicU32::new(0));
        let counter = asked.clone();
        let program = Interrupt::new(move || _ = counter.fetch_add(1, Ordering::Relaxed));
        let ctrl_c = CtrlC::new();
        assert_eq!(ctrl_c.react(), Reaction::End);
        for _ in 0..2 {
            let _at_work = ctrl_c.during(Some(program.clone()));
            let reactions = [ctrl_c.react(), ctrl_c.react(), ctrl_c.react()];
            assert_eq!(reactions, [Reaction::Asked, Reaction::Warn, Reaction::End]);
        }
        assert_eq!(asked.load(Ordering::Relaxed), 6);
        assert_eq!(ctrl_c.react(), Reaction::End);
    }
}
