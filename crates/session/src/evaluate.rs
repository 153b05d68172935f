//! Evaluates expressions, and calls the functions that they call.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use wdb_examine::expression::{self, Calls, Expression, Progress, Request, Value};
use wdb_examine::values::Named;
use wdb_examine::view::{FrameId, View};

use crate::displays::{Display, Displayed};
use crate::error::Error;
use crate::session::Session;
use crate::stopped::{Reason, ReturnValue, Returned, Stopped};

/// What an expression came to.
#[derive(Clone, Debug)]
pub enum Evaluated {
    /// A value; and the function that gave it back, if the whole expression is its call.
    Value(Value, Option<String>),
    /// A function that it calls has stopped; or the whole expression is a call, and has returned what is no value of the
    /// source.
    Stopped {
        /// Why the program is stopped.
        stopped: Stopped,
        /// Whether there is more of the expression than that call: it is not evaluated.
        is_part: bool,
    },
}

impl Evaluated {
    /// What comes of more than a call, where that has stopped.
    pub(crate) fn part(stopped: Stopped) -> Self {
        Evaluated::Stopped {
            stopped,
            is_part: true,
        }
    }
}

/// What was found out about an expression with the calls that it took.
pub(crate) enum Settled<T> {
    Done(T, Option<String>),
    Stopped { stopped: Stopped, is_part: bool },
}

impl Session {
    /// The value of an expression in the frame `at`, which only matters to what needs a frame. The functions that it calls
    /// are called, each once and in order. Breakpoints and traps in them stop the program there; then the call is
    /// still under way, and [`Session::abandon`] ends it.
    ///
    /// # Errors
    ///
    /// When the expression has no value, or a function cannot be called.
    pub fn evaluate(&mut self, expression: &Expression, at: FrameId) -> Result<Evaluated, Error> {
        let mut made = Calls::default();
        let settled = self.settle(expression, at, &mut made, |view, calls| {
            expression::evaluate_with(expression, view, at, calls)
        })?;
        Ok(match settled {
            Settled::Done(value, function) => Evaluated::Value(value, function),
            Settled::Stopped { stopped, is_part } => Evaluated::Stopped { stopped, is_part },
        })
    }

    /// The value of an expression that is shown without being asked for, in the frame `at`. No breakpoint is hit in a
    /// function that it calls; one that stops for another reason is given up.
    ///
    /// # Errors
    ///
    /// As of [`Session::evaluate`], and when a function stopped.
    pub fn evaluate_unasked(
        &mut self,
        expression: &Expression,
        at: FrameId,
    ) -> Result<Value, Error> {
        // A temporary breakpoint would be gone, and the user would not see it hit.
        let breakpoints = std::mem::take(&mut self.breakpoints);
        // A user who gives up the reading of debug information ends this in the middle.
        let value = catch_unwind(AssertUnwindSafe(|| {
            self.evaluate_or_give_up(expression, at)
        }));
        self.breakpoints = breakpoints;
        value.unwrap_or_else(|payload| resume_unwind(payload))
    }

    fn evaluate_or_give_up(
        &mut self,
        expression: &Expression,
        at: FrameId,
    ) -> Result<Value, Error> {
        let before = self.calls.len();
        let stopped = match self.evaluate(expression, at)? {
            Evaluated::Value(value, _) => return Ok(value),
            Evaluated::Stopped { stopped, .. } => stopped,
        };
        let text = expression.text();
        if let [Reason::Returned(_)] = stopped.reasons[..] {
            return Err(Error::Refused(format!("`{text}` gives back no value")));
        }
        while self.calls.len() > before {
            self.abandon()?;
        }
        if stopped.reasons.contains(&Reason::Interrupted) {
            return Err(Error::GivenUp);
        }
        let message = "a function that it calls has stopped, and was given up";
        Err(Error::Refused(format!("`{text}`: {message}")))
    }

    /// What a display shows in a frame, with the functions that it calls. `None`: the user has given up one of these.
    pub fn display(&mut self, display: &Display, frame: FrameId) -> Option<Displayed> {
        if !display.expression.has_calls() {
            return Some(display.evaluate(&mut self.view(), frame));
        }
        let text = display.expression.text();
        Some(match self.evaluate_unasked(&display.expression, frame) {
            Ok(value) => Displayed::Value(Named {
                name: text.to_owned(),
                expression: Some(text.to_owned()),
                variable: None,
                value,
            }),
            Err(Error::GivenUp) => return None,
            Err(Error::Expression { error, .. }) => Displayed::Failed(error),
            Err(error) => {
                let error = expression::Error::new(error.to_string(), &(0..text.len()));
                Displayed::Failed(error)
            }
        })
    }

    /// Finds something out about an expression, and makes the calls that it takes, besides those that were made.
    pub(crate) fn settle<T>(
        &mut self,
        expression: &Expression,
        at: FrameId,
        calls: &mut Calls,
        mut find: impl FnMut(&mut View<'_>, &mut Calls) -> Result<Progress<T>, expression::Error>,
    ) -> Result<Settled<T>, Error> {
        let wrong = |error| Error::Expression {
            error,
            text: expression.line().to_owned(),
        };
        let refusal = match self.can_call() {
            _ if !expression.has_calls() => None,
            Ok(()) => {
                calls.ask();
                None
            }
            // It may be a cast, or in a branch that is not taken.
            Err(error) => {
                *calls = Calls::refused(error.to_string());
                Some(error)
            }
        };
        let mut function = None;
        // The names of conditions and messages were looked up when they were set.
        let mut is_checked = self.deciding;
        loop {
            let request = match find(&mut self.view(), calls) {
                Ok(Progress::Done(found)) => return Ok(Settled::Done(found, function)),
                Ok(Progress::Call(request)) => request,
                Err(error) => {
                    let is_it =
                        |it: &Error| expression.is_call() && it.to_string() == error.message;
                    return Err(refusal.filter(is_it).unwrap_or_else(|| wrong(error)));
                }
            };
            // A function may change the program, and is not called for what can have no value.
            if !std::mem::replace(&mut is_checked, true) {
                let checked = expression::check_before_calls(expression, &mut self.view(), at);
                // What is wrong with this call itself, it says itself.
                let is_own = |it: &expression::Error| {
                    request.span.start <= it.span.start && it.span.end <= request.span.end
                };
                checked.or_else(|it| if is_own(&it) { Ok(()) } else { Err(wrong(it)) })?;
            }
            let mut stopped = self
                .make(at, &request)
                .map_err(|error| placed(error, &request, expression))?;
            if let [Reason::Returned(returned)] = &mut stopped.reasons[..] {
                if request.is_discarded {
                    returned.value = ReturnValue::Nothing;
                }
                if let Some(value) = value_of(returned, at) {
                    function = request.is_whole.then(|| returned.function.clone());
                    calls.made(&request, value, &mut self.view());
                    continue;
                }
                if !request.is_whole {
                    let message = format!("`{}` gives back no value", request.text);
                    return Err(wrong(expression::Error::new(message, &request.span)));
                }
            }
            let is_part = !request.is_whole;
            return Ok(Settled::Stopped { stopped, is_part });
        }
    }
}

/// What a function gave back, as something to compute with.
fn value_of(returned: &Returned, at: FrameId) -> Option<Value> {
    match &returned.value {
        ReturnValue::Typed(value) => Some(value.clone()),
        ReturnValue::Raw(values) => match &values[..] {
            [value] => Some(Value {
                object: expression::object_of(value.value()?)?,
                frame: at,
                doubts: wdb_examine::Doubts::default(),
            }),
            _ => None,
        },
        ReturnValue::Nothing | ReturnValue::OptimisedOut => None,
    }
}

/// Why a call could not be made, with its place where that is only a part of the expression.
fn placed(error: Error, request: &Request, expression: &Expression) -> Error {
    match error {
        Error::Refused(message) if !request.is_whole => Error::Expression {
            error: expression::Error::new(message, &request.span),
            text: expression.line().to_owned(),
        },
        error => error,
    }
}
