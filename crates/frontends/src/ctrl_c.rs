//! What Ctrl-C means while a command is at work: the guest stops, and the debugger does not.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wdb_target::Interrupt;

/// Routes Ctrl-C, from the handler of the signal, to what is at work. Clones are the same.
///
/// At the prompt of a line editor there is no signal: the editor reads the key.
#[derive(Clone, Default)]
pub struct CtrlC(Arc<Mutex<State>>);

#[derive(Default)]
enum State {
    /// Nothing that could be stopped is there.
    #[default]
    Nothing,
    /// A line is read at a terminal that does no more than print.
    Prompt(String),
    /// A command is at work.
    Work {
        /// Stops the program, if it runs.
        program: Option<Interrupt>,
        /// Whether it does.
        running: Arc<AtomicBool>,
        /// How often the keys were pressed since the command began.
        presses: u32,
        /// Whether they were when the program did not run: the command itself is to end.
        given_up: bool,
    },
}

/// What is to be done about Ctrl-C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// What is at work was asked to stop; that is all.
    Asked,
    /// It was asked before, and has not stopped: this is said.
    Warn(&'static str),
    /// It is given up, and the debugger with it.
    End,
    /// The line that was begun is dropped, by the terminal itself; this is written.
    Prompt(String),
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
        // Nothing is left to tell when standard error is closed.
        match self.react() {
            Reaction::Asked => {}
            Reaction::Warn(words) => _ = writeln!(io::stderr(), "\n{words}"),
            Reaction::Prompt(prompt) => _ = write!(io::stderr(), "\n{prompt}"),
            Reaction::End => {
                crate::tui::restore();
                if io::stderr().is_terminal() {
                    _ = writeln!(io::stderr());
                }
                std::process::exit(INTERRUPTED)
            }
        }
    }

    pub(crate) fn react(&self) -> Reaction {
        match &mut *self.state() {
            State::Nothing => Reaction::End,
            State::Prompt(prompt) => Reaction::Prompt(prompt.clone()),
            State::Work {
                program,
                running,
                presses,
                given_up,
            } => {
                *presses += 1;
                let runs = running.load(Ordering::SeqCst);
                match program {
                    // One that stands still would remember it, and stop when it is to go on.
                    Some(program) if runs => program.interrupt(),
                    _ => *given_up = true,
                }
                match presses {
                    1 => Reaction::Asked,
                    2 if runs => Reaction::Warn(NOT_STOPPED),
                    2 => Reaction::Warn(AT_WORK),
                    _ => Reaction::End,
                }
            }
        }
    }

    /// Whether the command that is at work is to end.
    pub(crate) fn given_up(&self) -> bool {
        matches!(*self.state(), State::Work { given_up: true, .. })
    }

    /// A command begins. Ctrl-C is for `program` while it is `running`, and for the command otherwise, until the
    /// guard is dropped.
    pub(crate) fn during(&self, program: Option<Interrupt>, running: Arc<AtomicBool>) -> Guard<'_> {
        *self.state() = State::Work {
            program,
            running,
            presses: 0,
            given_up: false,
        };
        Guard(self)
    }

    /// A line is read behind `prompt`, until the guard is dropped.
    pub(crate) fn at_prompt(&self, prompt: &str) -> Guard<'_> {
        *self.state() = State::Prompt(prompt.to_owned());
        Guard(self)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const NOT_STOPPED: &str =
    "it has not stopped yet: a host call stops when it returns; Ctrl-C once more ends wdb";
const AT_WORK: &str = "the command is still at work; Ctrl-C once more ends wdb";

/// 128 and SIGINT.
pub(crate) const INTERRUPTED: i32 = 130;

/// What Ctrl-C means, until this is dropped.
pub(crate) struct Guard<'a>(&'a CtrlC);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        *self.0.state() = State::Nothing;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    fn counting() -> (Interrupt, Arc<AtomicU32>) {
        let asked = Arc::new(AtomicU32::new(0));
        let counter = asked.clone();
        let program = Interrupt::new(move || _ = counter.fetch_add(1, Ordering::Relaxed));
        (program, asked)
    }

    #[test]
    fn the_program_is_asked_before_the_debugger_ends() {
        let (program, asked) = counting();
        let ctrl_c = CtrlC::new();
        assert_eq!(ctrl_c.react(), Reaction::End);
        for _ in 0..2 {
            let _at_work = ctrl_c.during(Some(program.clone()), Arc::new(AtomicBool::new(true)));
            let reactions = [ctrl_c.react(), ctrl_c.react(), ctrl_c.react()];
            let expected = [Reaction::Asked, Reaction::Warn(NOT_STOPPED), Reaction::End];
            assert_eq!(reactions, expected);
            assert!(!ctrl_c.given_up());
        }
        assert_eq!(asked.load(Ordering::Relaxed), 6);
        assert_eq!(ctrl_c.react(), Reaction::End);
    }

    #[test]
    fn a_program_that_stands_still_is_not_asked() {
        let (program, asked) = counting();
        let ctrl_c = CtrlC::new();
        let at_work = ctrl_c.during(Some(program), Arc::default());
        assert_eq!(ctrl_c.react(), Reaction::Asked);
        assert!(ctrl_c.given_up());
        assert_eq!(ctrl_c.react(), Reaction::Warn(AT_WORK));
        drop(at_work);
        assert!(!ctrl_c.given_up());
        assert_eq!(asked.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_line_is_dropped() {
        let ctrl_c = CtrlC::new();
        let _prompt = ctrl_c.at_prompt("(wdb) ");
        assert_eq!(ctrl_c.react(), Reaction::Prompt("(wdb) ".into()));
    }
}
