//! Decides about breakpoints whose condition or message calls functions of the program. Next to the guest none can be
//! called: the program stops, the functions are called from here, and it goes on if the breakpoint is not hit.

use std::sync::Arc;

use wdb_debuggee::Resume;
use wdb_examine::expression;
use wdb_examine::view::FrameId;

use crate::error::Error;
use crate::evaluate::Evaluated;
use crate::run::{self, Counted, Outcome, Undecided};
use crate::session::Session;
use crate::step::Next;
use crate::stopped::{Reason, Stopped};

/// What was decided about breakpoints after their functions were called.
pub(crate) enum Decided {
    /// The program goes on.
    Runs(Resume),
    /// It stops there.
    Stops,
    /// It has stopped in such a function.
    Stopped(Stopped),
}

impl Session {
    /// Decides about breakpoints with functions that their conditions and messages call. `own`: what the debuggee knows
    /// itself of the stop.
    pub(crate) fn decide(&mut self, outcome: &mut Outcome, own: &[Reason]) -> Decided {
        self.selected = None;
        let deciding = std::mem::replace(&mut self.deciding, true);
        let mut stopped = None;
        for Undecided { id, frame } in std::mem::take(&mut outcome.undecided) {
            match self.decide_one(id, frame, own) {
                Ok(None) => {}
                Ok(Some(reason)) => {
                    outcome.reasons.push(reason);
                    outcome.not_entered = frame.inlined;
                }
                Err(within) => {
                    stopped = Some(within);
                    break;
                }
            }
        }
        self.deciding = deciding;
        if let Some(mut stopped) = stopped {
            // What was decided before it holds, and is reported with it.
            let mut hits = std::mem::take(&mut outcome.reasons);
            if let Some(Next::Done { .. }) = outcome.next {
                hits.push(Reason::Step);
            }
            self.delete_temporary(&hits);
            stopped.reasons.splice(..0, hits.iter().cloned());
            self.stopped.reasons.splice(..0, hits);
            return Decided::Stopped(stopped);
        }
        let is_seen = |it: &Reason| !matches!(it, Reason::Thrown { .. });
        match outcome.next.take() {
            Some(Next::Done {
                not_entered,
                returned,
            }) => {
                if outcome.reasons.is_empty() {
                    outcome.not_entered = not_entered;
                }
                outcome.reasons.push(Reason::Step);
                outcome.returned = returned;
                Decided::Stops
            }
            _ if !outcome.reasons.is_empty() || own.iter().any(is_seen) => Decided::Stops,
            Some(Next::Run(how)) => Decided::Runs(how),
            None => Decided::Runs(Resume::Continue),
        }
    }

    /// Whether a breakpoint is hit in a frame. `Err`: a function that its condition calls has stopped.
    fn decide_one(
        &mut self,
        id: u32,
        frame: FrameId,
        own: &[Reason],
    ) -> Result<Option<Reason>, Stopped> {
        let Some(breakpoint) = self.breakpoints.get_shared(id).map(|it| Arc::clone(it)) else {
            return Ok(None);
        };
        let undecided = |error: Error| Reason::Condition {
            breakpoint: Arc::clone(&breakpoint),
            error,
        };
        if let Some(condition) = &breakpoint.condition {
            // What the user comes back to from a function that stops.
            let stops = || Error::Refused("a function that it calls has stopped".into());
            let mut reasons = vec![undecided(stops())];
            reasons.extend(own.iter().cloned());
            self.stopped = Stopped { reasons };
            match self.evaluate(condition, frame) {
                Ok(Evaluated::Value(value, _)) => {
                    match expression::is_true(condition, &mut self.view(), &value) {
                        Ok(true) => {}
                        Ok(false) => return Ok(None),
                        Err(error) => {
                            let text = condition.line().to_owned();
                            return Ok(Some(undecided(Error::Expression { error, text })));
                        }
                    }
                }
                Ok(Evaluated::Stopped { stopped, .. }) => {
                    if let [Reason::Returned(_)] = stopped.reasons[..] {
                        let text = condition.text();
                        let message = format!("`{text}` gives back no value");
                        return Ok(Some(undecided(Error::Refused(message))));
                    }
                    let mut reasons = vec![undecided(stops())];
                    reasons.extend(stopped.reasons);
                    self.stopped.reasons.clone_from(&reasons);
                    return Err(Stopped { reasons });
                }
                Err(error) => return Ok(Some(undecided(error))),
            }
        }
        let Some(breakpoint) = self.breakpoints.get_shared(id) else {
            return Ok(None);
        };
        Ok(match run::counted(breakpoint) {
            Counted::Ignored => None,
            Counted::Stops(reason) => Some(reason),
            Counted::Logs(message) => {
                let mut given_up = false;
                let text = message.with_values(|value| {
                    // One Ctrl-C is for all functions that the message calls.
                    if given_up {
                        return Err(Error::GivenUp.to_string());
                    }
                    let found = self.evaluate_unasked(value, frame);
                    given_up = matches!(found, Err(Error::GivenUp));
                    let found = found.map_err(|error| first_line(&error))?;
                    Ok(expression::in_message(&mut self.view(), &found))
                });
                (self.log)(&text);
                None
            }
        })
    }
}

/// What is wrong, without the text that it is in.
fn first_line(error: &Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().to_owned()
}
