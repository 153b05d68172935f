//! What Ctrl-C means at each moment: the guest stops, a command or a dump is given up, and only where there is
//! nothing else to stop, or it does not heed, wdb ends.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wdb_debuggee::Interrupt;

use crate::last_words::{last_words, soon};

/// Routes Ctrl-C, from the handler of the signal, to what is at work. Clones are the same.
///
/// While a line editor reads there is no signal: the editor reads the key.
#[derive(Clone)]
pub struct CtrlC {
    state: Arc<Mutex<State>>,
    before_end: fn(),
}

enum State {
    /// Nothing that could be stopped is there: wdb ends with this status.
    Ends(i32),
    /// The user is asked for a line. The text is the prompt that is written again, where no editor does it.
    Prompt(Option<String>),
    /// A command has ended, and the next line is not there yet.
    Between {
        /// How often the keys were pressed since.
        presses: u32,
    },
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
    /// A core dump is written.
    Writing {
        /// What went on before, and goes on afterwards.
        during: Box<State>,
        /// How often the keys were pressed since the dump began.
        presses: u32,
    },
}

impl State {
    fn given_up(&self) -> bool {
        match self {
            State::Work { given_up, .. } => *given_up,
            State::Writing { presses, .. } => *presses > 1,
            State::Ends(_) | State::Prompt(_) | State::Between { .. } => false,
        }
    }
}

/// What is to be done about Ctrl-C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// What is at work was asked to stop; that is all.
    Asked,
    /// This is said.
    Warn(&'static str),
    /// It is given up, and wdb with it, which ends with this status.
    End(i32),
    /// The line that was begun is dropped, by the terminal itself; this is written.
    Prompt(String),
}

impl CtrlC {
    /// Ctrl-C ends the process, until something begins that it can stop. `before_end` is called before the process
    /// ends because of Ctrl-C, from any thread.
    pub fn new(before_end: fn()) -> Self {
        CtrlC {
            state: Arc::new(Mutex::new(State::Ends(INTERRUPTED))),
            before_end,
        }
    }

    /// To be called at every Ctrl-C, from any thread.
    ///
    /// It ends the process where nothing can be stopped, and when a program does not heed it: one that waits in a host
    /// call stops only when that returns.
    pub fn pressed(&self) {
        match self.react() {
            Reaction::Asked => {}
            // A write to standard error may never end: to a pipe that is not read. The next press must get through.
            Reaction::Warn(words) => {
                std::thread::spawn(move || _ = writeln!(io::stderr(), "\n{words}"));
            }
            // Nothing is left to tell when standard error is closed.
            Reaction::Prompt(prompt) => _ = write!(io::stderr(), "\n{prompt}"),
            Reaction::End(status) => {
                self.prepare_end();
                // A write there may never end: a terminal can hang too.
                if io::stderr().is_terminal() {
                    last_words("\n");
                }
                std::process::exit(status)
            }
        }
    }

    /// To be called before any end of the process that comes from outside: the terminal is what it was before, and
    /// nothing half done stays behind.
    pub fn prepare_end(&self) {
        (self.before_end)();
        // A terminal that hangs cannot be put back, and must not keep the process.
        soon(crate::tui::restore);
    }

    pub(crate) fn react(&self) -> Reaction {
        match &mut *self.state() {
            State::Ends(status) => Reaction::End(*status),
            State::Prompt(Some(prompt)) => Reaction::Prompt(prompt.clone()),
            State::Prompt(None) => Reaction::Asked,
            State::Between { presses } => {
                *presses += 1;
                match presses {
                    1 | 2 => Reaction::Asked,
                    _ => Reaction::End(INTERRUPTED),
                }
            }
            State::Work {
                program,
                running,
                presses,
                given_up,
            } => {
                *presses += 1;
                let runs = running.load(Ordering::SeqCst);
                match program {
                    // One that is stopped would remember it, and stop when it is to go on.
                    Some(program) if runs => program.interrupt(),
                    _ => *given_up = true,
                }
                match presses {
                    1 => Reaction::Asked,
                    2 if runs => Reaction::Warn(NOT_STOPPED),
                    2 => Reaction::Warn(AT_WORK),
                    _ => Reaction::End(INTERRUPTED),
                }
            }
            State::Writing { presses, .. } => {
                *presses += 1;
                match presses {
                    1 => Reaction::Warn(WRITING),
                    2 => Reaction::Asked,
                    _ => Reaction::End(INTERRUPTED),
                }
            }
        }
    }

    /// Whether the command or the dump that is at work is to end.
    pub fn given_up(&self) -> bool {
        self.state().given_up()
    }

    /// From now on Ctrl-C ends the process with this status.
    pub fn ends_with(&self, status: i32) {
        *self.state() = State::Ends(status);
    }

    /// A command begins. Ctrl-C is for `program` while it is `running`, and for the command otherwise, until the
    /// guard is dropped.
    pub fn during(&self, program: Option<Interrupt>, running: Arc<AtomicBool>) -> Guard<'_> {
        *self.state() = State::Work {
            program,
            running,
            presses: 0,
            given_up: false,
        };
        Guard(self)
    }

    /// A core dump is written, or what it is to hold is taken, until the guard is dropped. [`CtrlC::given_up`] says whether
    /// it is still wanted.
    pub fn writing(&self) -> Writing<'_> {
        let mut state = self.state();
        let during = std::mem::replace(&mut *state, State::Between { presses: 0 });
        let presses = match &during {
            // The state that is written was taken before.
            State::Writing { presses, .. } => *presses,
            _ => 0,
        };
        *state = State::Writing {
            during: Box::new(during),
            presses,
        };
        Writing(self)
    }

    /// A line is read, until the guard is dropped. The user is asked for it with the prompt, which is written again
    /// where no editor does that; `None`: it comes from elsewhere, and nothing can be stopped.
    pub(crate) fn reading(&self, asked: Option<Option<String>>) -> Guard<'_> {
        *self.state() = match asked {
            Some(prompt) => State::Prompt(prompt),
            None => State::Ends(INTERRUPTED),
        };
        Guard(self)
    }

    /// Whether the keys were pressed since the last command ended: the user then wants no other one.
    pub(crate) fn pressed_between(&self) -> bool {
        matches!(*self.state(), State::Between { presses: 1.. })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const NOT_STOPPED: &str = "it has not stopped yet: one that waits for its host is given up in a moment; Ctrl-C once more ends wdb";
const AT_WORK: &str = "the command is still at work; Ctrl-C once more ends wdb";
const WRITING: &str = "writing the dump; Ctrl-C again gives it up";

/// 128 and SIGINT.
const INTERRUPTED: i32 = 130;

/// What Ctrl-C means, until this is dropped.
pub struct Guard<'a>(&'a CtrlC);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        *self.0.state() = State::Between { presses: 0 };
    }
}

/// A core dump that is written, until this is dropped.
pub struct Writing<'a>(&'a CtrlC);

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        let before = std::mem::replace(&mut *state, State::Between { presses: 0 });
        let dump_given_up = before.given_up();
        *state = match before {
            State::Writing { during, .. } => *during,
            other => other,
        };
        if let State::Work {
            presses, given_up, ..
        } = &mut *state
        {
            *presses = 0;
            *given_up |= dump_given_up;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    fn ctrl_c() -> CtrlC {
        CtrlC::new(|| {})
    }

    fn counting() -> (Interrupt, Arc<AtomicU32>) {
        let asked = Arc::new(AtomicU32::new(0));
        let counter = asked.clone();
        let program = Interrupt::new(move || _ = counter.fetch_add(1, Ordering::Relaxed));
        (program, asked)
    }

    #[test]
    fn the_program_is_asked_before_the_debugger_ends() {
        let (program, asked) = counting();
        let ctrl_c = ctrl_c();
        assert_eq!(ctrl_c.react(), Reaction::End(130));
        for _ in 0..2 {
            let _at_work = ctrl_c.during(Some(program.clone()), Arc::new(AtomicBool::new(true)));
            let reactions = [ctrl_c.react(), ctrl_c.react(), ctrl_c.react()];
            let expected = [
                Reaction::Asked,
                Reaction::Warn(NOT_STOPPED),
                Reaction::End(130),
            ];
            assert_eq!(reactions, expected);
            assert!(!ctrl_c.given_up());
        }
        assert_eq!(asked.load(Ordering::Relaxed), 6);
        ctrl_c.ends_with(134);
        assert_eq!(ctrl_c.react(), Reaction::End(134));
    }

    #[test]
    fn a_program_that_is_stopped_is_not_asked() {
        let (program, asked) = counting();
        let ctrl_c = ctrl_c();
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
        let ctrl_c = ctrl_c();
        let prompt = ctrl_c.reading(Some(Some("(wdb) ".into())));
        assert_eq!(ctrl_c.react(), Reaction::Prompt("(wdb) ".into()));
        drop(prompt);
        let _editor = ctrl_c.reading(Some(None));
        assert_eq!(
            [ctrl_c.react(), ctrl_c.react()],
            [Reaction::Asked, Reaction::Asked]
        );
    }

    /// The second of two quick presses often comes when what the first was for has ended.
    #[test]
    fn between_two_commands_it_ends_the_script_and_not_the_debugger() {
        let (program, asked) = counting();
        let ctrl_c = ctrl_c();
        drop(ctrl_c.during(Some(program), Arc::new(AtomicBool::new(true))));
        assert!(!ctrl_c.pressed_between());
        assert_eq!(ctrl_c.react(), Reaction::Asked);
        assert!(ctrl_c.pressed_between());
        assert_eq!(ctrl_c.react(), Reaction::Asked);
        assert_eq!(ctrl_c.react(), Reaction::End(130));
        drop(ctrl_c.reading(Some(None)));
        assert!(!ctrl_c.pressed_between());
        assert_eq!(asked.load(Ordering::Relaxed), 0);
        let _pipe = ctrl_c.reading(None);
        assert_eq!(ctrl_c.react(), Reaction::End(130));
    }

    #[test]
    fn a_dump_is_given_up_at_the_second_press() {
        let ctrl_c = ctrl_c();
        let at_work = ctrl_c.during(None, Arc::default());
        for presses in 0..3 {
            let writing = ctrl_c.writing();
            let expected = [Reaction::Warn(WRITING), Reaction::Asked];
            for reaction in &expected[..presses] {
                assert!(!ctrl_c.given_up());
                assert_eq!(ctrl_c.react(), *reaction);
            }
            assert_eq!(ctrl_c.given_up(), presses == 2);
            drop(writing);
            // The command goes on when the dump was only asked after.
            assert_eq!(ctrl_c.given_up(), presses == 2);
        }
        assert_eq!(ctrl_c.react(), Reaction::Asked);
        drop(at_work);
    }
}
