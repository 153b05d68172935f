//! What a front end can ask for without a line of text: what its keys and buttons mean.

use std::fmt;

use wdb_examine::places::Spec;
use wdb_session::Motion;
use wdb_session::breakpoints::{NewBreakpoint, Trigger};

use crate::console::{Console, Flow, Needs};
use crate::failure::Failure;
use crate::output::{Output, Switch};
use crate::{breaking, placing, running, stack};

/// What a key asks for. It does what a command does and answers the same; its [`Display`](fmt::Display) is the line with
/// which a user types it, for logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Runs the program from its beginning.
    Run,
    /// Lets the program go on.
    Move(Motion),
    /// Selects the frame that a backtrace gives this number.
    Frame(u32),
    /// Sets a breakpoint.
    Break(Spec),
    /// Deletes breakpoints.
    Delete(Vec<u32>),
    /// Enables breakpoints.
    Enable(Vec<u32>),
    /// Disables breakpoints.
    Disable(Vec<u32>),
}

impl Action {
    /// Whether an empty line does it again.
    pub(super) fn repeats(&self) -> bool {
        matches!(self, Action::Move(_))
    }

    pub(super) fn perform(
        self,
        console: &mut Console,
        out: &mut dyn Output,
    ) -> Result<Flow, Failure> {
        console.has(match self {
            Action::Run | Action::Move(_) => Needs::Execution,
            Action::Frame(_) => Needs::Nothing,
            Action::Break(_) | Action::Delete(_) | Action::Enable(_) | Action::Disable(_) => {
                Needs::Breakpoints
            }
        })?;
        match self {
            Action::Run => return running::run_anew(console, out),
            Action::Move(motion) => return running::go(console, &motion, 1, out),
            Action::Frame(number) => stack::select(console, number, out)?,
            Action::Break(place) => {
                let new = NewBreakpoint::new(place.to_string(), Trigger::Place(place));
                placing::add_and_show(console, new, out)?;
            }
            Action::Delete(ids) => {
                breaking::all_exist(console, &ids)?;
                breaking::delete_all(console, &ids, out);
            }
            Action::Enable(ids) => {
                breaking::all_exist(console, &ids)?;
                breaking::set_enabled(console, &ids, Switch::On, out);
            }
            Action::Disable(ids) => {
                breaking::all_exist(console, &ids)?;
                breaking::set_enabled(console, &ids, Switch::Off, out);
            }
        }
        Ok(Flow::Go)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (command, ids) = match self {
            Action::Run => return f.write_str("run"),
            Action::Move(motion) => {
                return match motion {
                    Motion::Continue => f.write_str("continue"),
                    Motion::Into => f.write_str("step"),
                    Motion::Over => f.write_str("next"),
                    Motion::Out => f.write_str("finish"),
                    Motion::Until => f.write_str("until"),
                    Motion::UntilPlace(place) => write!(f, "until {place}"),
                    Motion::Advance(place) => write!(f, "advance {place}"),
                    Motion::Instruction => f.write_str("stepi"),
                    Motion::InstructionOver => f.write_str("nexti"),
                };
            }
            Action::Frame(number) => return write!(f, "frame {number}"),
            Action::Break(place) => return write!(f, "break {place}"),
            Action::Delete(ids) => ("delete", ids),
            Action::Enable(ids) => ("enable", ids),
            Action::Disable(ids) => ("disable", ids),
        };
        f.write_str(command)?;
        ids.iter().try_for_each(|id| write!(f, " {id}"))
    }
}
