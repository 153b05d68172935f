//! Runs the program: on, in steps, to a place.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use wdb_debuggee::coredump::{InstanceId, ModuleId, Slot, Value, code};
use wdb_debuggee::{CodeLocation, Resume, StopFilter, StopReason};
use wdb_module::FuncIndex;
use wdb_symbols::reading;

use crate::call;
use crate::calls::Before;
use crate::deciding::Decided;
use crate::error::Error;
use crate::run::{self, Decider, Outcome};
use crate::session::Session;
use crate::step::{Aim, Next, Step};
use crate::stopped::{Reason, ReturnValue, Returned, Stopped};
use wdb_examine::expression::Calls;
use wdb_examine::places::{self, Spec};
use wdb_examine::view::FrameId;

/// How the program is to run on. Steps are of the selected frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Motion {
    /// To the next breakpoint.
    Continue,
    /// To another line, also one of a function that is called.
    Into,
    /// To another line of the function, or of its caller when it returns.
    Over,
    /// To the end of the function.
    Out,
    /// To a line further down, or the end of the function: out of loops.
    Until,
    /// To a place, or the end of the function.
    UntilPlace(Spec),
    /// To a place, or the end of the function; also in a deeper activation of it.
    Advance(Spec),
    /// One instruction.
    Instruction,
    /// One instruction, with the whole of what it calls.
    InstructionOver,
}

/// How a run begins.
enum Begin {
    Resume(Resume),
    Call {
        instance: InstanceId,
        func: FuncIndex,
        arguments: Vec<Value>,
    },
}

/// What is reported at the end of a step.
enum Reports {
    /// That it is done.
    Step,
    /// That the function has returned. Of an inlined one the result is not known.
    Return(Option<Finishing>),
}

/// The function whose end a step goes to.
struct Finishing {
    module: ModuleId,
    func: FuncIndex,
    /// The host has called it, and takes its result.
    of_host: bool,
    /// The first parameter, if it is still what it was: where the result is, if that is in memory.
    first: Option<Slot>,
}

impl Session {
    /// Runs the program, and says why it is stopped again.
    ///
    /// # Errors
    ///
    /// When it cannot run, has ended, or the place is nowhere.
    pub fn run(&mut self, motion: Motion) -> Result<Stopped, Error> {
        self.can_go_on()?;
        let aim = match motion {
            Motion::Continue => None,
            Motion::Into => Some(Aim::Line {
                into: true,
                forward: false,
            }),
            Motion::Over => Some(Aim::Line {
                into: false,
                forward: false,
            }),
            Motion::Until => Some(Aim::Line {
                into: false,
                forward: true,
            }),
            Motion::Out => Some(Aim::Out),
            Motion::UntilPlace(spec) => Some(Aim::Place {
                places: self.places_of(&spec)?,
                within: true,
            }),
            Motion::Advance(spec) => Some(Aim::Place {
                places: self.places_of(&spec)?,
                within: false,
            }),
            Motion::Instruction => Some(Aim::Instruction { over: false }),
            Motion::InstructionOver => Some(Aim::Instruction { over: true }),
        };
        let Some(aim) = aim else {
            return self.go(None, Begin::Resume(Resume::Continue), Reports::Step);
        };
        let selected = self.looked_at();
        let reports = match aim {
            Aim::Out => Reports::Return(self.finishing(selected)),
            _ => Reports::Step,
        };
        let skips = self.skips.clone();
        let is_place = matches!(aim, Aim::Place { .. });
        let Some((mut step, mut next)) =
            Step::begin(&mut self.view(), selected, aim.clone(), &skips)
        else {
            // Nothing has run yet: there is no function to go out of, and no loop.
            if matches!(aim, Aim::Out | Aim::Line { forward: true, .. }) {
                return Err(Error::NotStarted);
            }
            let (aim, how) = if is_place {
                (aim, Resume::Continue)
            } else {
                (Aim::Instruction { over: false }, Resume::StepInstruction)
            };
            let step = Step::to_places(aim, &skips);
            return self.go(Some(step), Begin::Resume(how), Reports::Step);
        };
        // An exception that was reported is not reported again when the program goes on.
        let is_throw = |it: &StopReason| matches!(it, StopReason::Thrown { caught: true, .. });
        if matches!(next, Next::Run(_)) && self.debuggee.stop_reasons().iter().any(is_throw) {
            next = step.thrown();
        }
        match next {
            Next::Run(how) => self.go(Some(step), Begin::Resume(how), reports),
            Next::Done { not_entered, .. } => {
                self.memo.not_entered = not_entered;
                self.selected = None;
                self.stopped = Stopped {
                    reasons: vec![Reason::Step],
                };
                Ok(self.stopped.clone())
            }
        }
    }

    /// The same `count` times, as long as nothing but the end of a step stops the program.
    ///
    /// # Errors
    ///
    /// As of [`Session::run`].
    pub fn run_times(&mut self, motion: &Motion, count: u64) -> Result<Stopped, Error> {
        // Between the steps, too: a user who stops the program then means all of them.
        self.begins_to_run();
        let mut stopped = self.run(motion.clone());
        for _ in 1..count {
            if !stopped.as_ref().is_ok_and(Stopped::is_step) {
                break;
            }
            // The program forgets the wish when it stops for another reason, such as the end of a step.
            if self.interrupted.load(Ordering::SeqCst) {
                self.stopped.reasons.push(Reason::Interrupted);
                stopped = Ok(self.stopped.clone());
                break;
            }
            stopped = self.run(motion.clone());
        }
        self.running.store(false, Ordering::SeqCst);
        stopped
    }

    /// Unwinds the innermost call by the user that has not returned.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn abandon(&mut self) -> Result<Stopped, Error> {
        if !self.can_run() {
            return Err(Error::CannotRun);
        }
        let Some(call) = self.debuggee.call() else {
            // One that is not compiled yet will have functions that can be called.
            let has_started = !self.stopped.reasons.contains(&Reason::Started);
            return Err(if has_started {
                Error::CannotCall
            } else {
                Error::NotStarted
            });
        };
        reading::commit();
        call.abandon_call()?;
        Ok(self.has_stopped(Vec::new(), 0))
    }

    pub(crate) fn can_go_on(&mut self) -> Result<(), Error> {
        if !self.can_run() {
            return Err(Error::CannotRun);
        }
        if self.debuggee.execute().is_none() {
            return Err(Error::NotStarted);
        }
        for reason in &self.stopped.reasons {
            match reason {
                Reason::Crash(_) if !self.calls.is_empty() => return Err(Error::CallCrashed),
                Reason::Crash(crash) => {
                    return Err(Error::Crashed(match crash.code.as_ref() {
                        code::TIMEOUT => "has run out of time",
                        code::FUEL => "has run out of fuel",
                        code::MEMORY_LIMIT => "wanted more memory than it may have",
                        _ => "has crashed",
                    }));
                }
                Reason::Exited(_) => return Err(Error::Ended),
                _ => {}
            }
        }
        Ok(())
    }

    fn places_of(&mut self, spec: &Spec) -> Result<BTreeSet<CodeLocation>, Error> {
        let selected = self.selected();
        let found = places::resolve(&mut self.view(), spec, selected);
        let found = found.map_err(|unresolved| Error::Refused(unresolved.to_string()))?;
        Ok(found.iter().map(|it| it.at).collect())
    }

    /// Calls a function of the program on top of what it is doing.
    pub(crate) fn go_call(
        &mut self,
        instance: InstanceId,
        func: FuncIndex,
        arguments: Vec<Value>,
    ) -> Result<Stopped, Error> {
        let call = Begin::Call {
            instance,
            func,
            arguments,
        };
        self.go(None, call, Reports::Step)
    }

    fn go(&mut self, step: Option<Step>, begin: Begin, reports: Reports) -> Result<Stopped, Error> {
        // First this, then the question: a user who gives up in between stops the program instead.
        let ran_before = self.begins_to_run();
        if (self.given_up)() {
            self.running.store(ran_before, Ordering::SeqCst);
            return Err(Error::GivenUp);
        }
        reading::commit();
        let stopped = self.run_on(step, begin, reports);
        self.running.store(ran_before, Ordering::SeqCst);
        stopped
    }

    /// Lets the program run until it stops, also where functions have to be called to decide that.
    fn run_on(
        &mut self,
        mut step: Option<Step>,
        mut begin: Begin,
        reports: Reports,
    ) -> Result<Stopped, Error> {
        loop {
            let mut outcome = self.run_once(&mut step, begin)?;
            let mut own = None;
            if !outcome.undecided.is_empty() {
                // What the debuggee knows of this stop is not what it knows after a call.
                let reasons = self.own_reasons().reasons;
                self.memo.not_entered = match outcome.next {
                    Some(Next::Done { not_entered, .. }) => not_entered,
                    _ => outcome.not_entered,
                };
                match self.decide(&mut outcome, &reasons) {
                    Decided::Stopped(stopped) => return Ok(stopped),
                    Decided::Runs(how) if !self.interrupted.load(Ordering::SeqCst) => {
                        // What was said while functions were called is over, also where the program cannot go on.
                        self.stopped = Stopped { reasons };
                        begin = Begin::Resume(how);
                        continue;
                    }
                    Decided::Runs(_) => outcome.reasons.push(Reason::Interrupted),
                    Decided::Stops => {}
                }
                own = Some(reasons);
            }
            let mut reasons = outcome.reasons;
            if let Reports::Return(finishing) = reports
                && let Some(step) = reasons.iter_mut().find(|it| **it == Reason::Step)
            {
                let of = finishing.filter(|_| outcome.returned);
                *step = Reason::Finished(of.and_then(|of| self.finished(&of)));
            }
            return Ok(match own {
                None => self.has_stopped(reasons, outcome.not_entered),
                Some(own) => self.stopped_for(reasons, own, outcome.not_entered, None),
            });
        }
    }

    /// Lets the program run until this side has to decide about it.
    fn run_once(&mut self, step: &mut Option<Step>, begin: Begin) -> Result<Outcome, Error> {
        let known = self.known();
        let starting = self.stopped.reasons.contains(&Reason::Started)
            && self.breakpoints.wants_start()
            && step.is_none();
        let breakpoints = std::mem::take(&mut self.breakpoints);
        let log = Arc::clone(&self.log);
        let memo = std::mem::take(&mut self.memo);
        let calls = if self.deciding {
            Calls::refused("a function is called for the condition of a breakpoint already")
        } else {
            Calls::none()
        };
        let step_now = step.take();
        let decider = Decider::new(breakpoints, step_now, known, memo, log, starting, calls);
        let decider = Arc::new(Mutex::new(decider));
        let lock = || decider.lock().unwrap_or_else(PoisonError::into_inner);

        let armed = lock().arm(&mut *self.debuggee);
        let ran = armed.map_err(Error::from).and_then(|()| {
            let shared = Arc::clone(&decider);
            let filter: StopFilter = Box::new(move |debuggee| {
                let mut decider = shared.lock().unwrap_or_else(PoisonError::into_inner);
                decider.decide(debuggee)
            });
            let debuggee = &mut *self.debuggee;
            match begin {
                Begin::Resume(how) => {
                    let how = match how {
                        Resume::Continue if starting => Resume::StepInstruction,
                        how => how,
                    };
                    let execute = debuggee.execute().ok_or(Error::NotStarted)?;
                    execute.resume(how, Some(filter))
                }
                Begin::Call {
                    instance,
                    func,
                    arguments,
                } => {
                    let call = debuggee.call().ok_or(Error::CannotCall)?;
                    call.call_function(instance, func, &arguments, Some(filter))
                }
            }
            .map_err(Error::from)
        });

        let mut decider = lock();
        self.breakpoints = std::mem::take(&mut decider.breakpoints);
        self.memo = std::mem::take(&mut decider.memo);
        *step = decider.step.take();
        let mut outcome = std::mem::take(&mut decider.outcome);
        drop(decider);
        self.memo.forget_state();
        self.runs += 1;
        if let Err(error) = ran {
            // Then it has run, and is not where it was.
            if matches!(&error, Error::Debuggee(error) if error.is_failure()) {
                self.selected = None;
                self.stopped = self.own_reasons();
            }
            return Err(error);
        }
        match outcome.error.take() {
            Some(error) => Err(error.into()),
            None => Ok(outcome),
        }
    }

    /// The program is stopped, for these reasons and those that the debuggee knows itself.
    fn has_stopped(&mut self, reasons: Vec<Reason>, not_entered: usize) -> Stopped {
        self.memo.forget_state();
        let mut before = None;
        let told = self.debuggee.stop_reasons().to_vec();
        let ends_call =
            |it: &StopReason| matches!(it, StopReason::Returned(_) | StopReason::Abandoned(_));
        // At the end of a call the others are why the program was stopped before it.
        let mut own = if told.iter().any(ends_call) {
            Vec::new()
        } else {
            self.own_reasons().reasons
        };
        for reason in told {
            own.extend(match reason {
                StopReason::Returned(values) => self.call_returned(values).map(|ended| {
                    before = Some(ended.1);
                    Reason::Returned(ended.0)
                }),
                StopReason::Abandoned(why) => {
                    before = self.call_abandoned();
                    Some(Reason::Abandoned(why))
                }
                _ => None,
            });
        }
        self.stopped_for(reasons, own, not_entered, before)
    }

    /// The program is stopped, for these reasons and those of the debuggee's own; `before`: a call is over, and this is
    /// where the user was.
    fn stopped_for(
        &mut self,
        mut reasons: Vec<Reason>,
        own: Vec<Reason>,
        not_entered: usize,
        before: Option<Before>,
    ) -> Stopped {
        let log = Arc::clone(&self.log);
        let mut breakpoints = std::mem::take(&mut self.breakpoints);
        let calls = Calls::refused("no function can be called: the program has crashed");
        let mut view = self.view();
        for reason in &own {
            let (hits, _) = match reason {
                Reason::Crash(crash) => {
                    run::crash_hits(&mut breakpoints, &mut view, crash, &log, &calls)
                }
                Reason::Thrown {
                    exception,
                    caught: false,
                } => {
                    let hit = &mut breakpoints;
                    run::exception_hits(hit, &mut view, exception, false, &log, &calls)
                }
                _ => continue,
            };
            reasons.extend(hits);
        }
        self.breakpoints = breakpoints;
        for reason in own {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        self.delete_temporary(&reasons);
        let stopped = Stopped { reasons };
        match before {
            // The program is where it was, for the reason that it had then.
            Some(before) => {
                self.memo.not_entered = before.not_entered;
                self.selected = before.selected;
                self.stopped = before.stopped;
            }
            None => {
                self.memo.not_entered = not_entered;
                self.selected = None;
                self.stopped = stopped.clone();
            }
        }
        stopped
    }

    /// Deletes the temporary breakpoints that were hit.
    pub(crate) fn delete_temporary(&mut self, reasons: &[Reason]) {
        for reason in reasons {
            if let Reason::Breakpoint(hit) = reason
                && hit.temporary
            {
                self.breakpoints.remove(hit.id);
            }
        }
    }

    /// What a step out of `frame` has to know to give the result. `None`: it is inlined.
    fn finishing(&mut self, frame: FrameId) -> Option<Finishing> {
        let mut view = self.view();
        let place = view.place(frame)?;
        if frame.inlined + 1 < place.chain.len() {
            return None;
        }
        let threads = view.threads();
        let hosts = &threads.get(frame.thread)?.host_frames;
        let of_host = hosts
            .iter()
            .any(|it| it.before as usize == frame.activation + 1);
        let found = view.frame(frame)?;
        let binary = view.binary(found.module);
        let keeps_first = binary.is_some_and(|it| call::keeps_first(it, found.func));
        Some(Finishing {
            module: found.module,
            func: found.func,
            of_host,
            first: found.locals.first().cloned().filter(|_| keeps_first),
        })
    }

    /// The result of a function that has just returned: it is on top of the caller's operands.
    fn finished(&mut self, of: &Finishing) -> Option<Returned> {
        let mut view = self.view();
        if of.of_host {
            return Some(Returned {
                function: view.function_name(of.module, of.func),
                value: ReturnValue::Nothing,
            });
        }
        let binary = view.binary(of.module)?;
        let results = binary.function_type(of.func)?.results().len();
        let frame = view.frame(FrameId::default())?;
        let stack = frame.stack.as_ref()?;
        let values = stack.get(stack.len().checked_sub(results)?..)?.to_vec();
        let first = of.first.as_ref().and_then(|it| it.value().cloned());
        let source = view.symbols(of.module);
        let source = source.and_then(|it| it.signature(of.func));
        Some(call::returned(
            &mut view,
            of.module,
            of.func,
            source,
            values,
            first.as_ref(),
        ))
    }
}
