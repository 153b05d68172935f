//! Runs the program: on, in steps, to a place.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use wdb_debuggee::coredump::{InstanceId, ModuleId, Slot, Value, code};
use wdb_debuggee::{Resume, StopReason, Watch};
use wdb_module::FuncIndex;

use crate::call;
use crate::calls::Before;
use crate::error::Error;
use crate::evaluate::Evaluated;
use crate::run::{self, Counted, Undecided, Watching};
use crate::session::Session;
use crate::step::{Aim, Next, Step};
use crate::stopped::{Reason, ReturnValue, Returned, Stopped};
use wdb_examine::expression::{self, Calls};
use wdb_examine::places::{self, Spec};
use wdb_examine::stop::FrameId;

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

/// How a run has ended.
struct Ran {
    /// Why the program is to stop.
    reasons: Vec<Reason>,
    /// The breakpoints about which functions have to be asked.
    undecided: Vec<Undecided>,
    step: Option<Step>,
    /// What the step does if nobody wants to stop.
    next: Option<Next>,
    returned: bool,
    ahead: usize,
}

/// What comes of breakpoints about which functions were asked.
enum Decided {
    /// The program goes on.
    Runs(Resume),
    /// It is stopped there.
    Stops,
    /// It is stopped in such a function.
    Stopped(Stopped),
}

/// The function whose end a step is to come to.
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
            Motion::UntilPlace(spec) => Some(self.aim_at(&spec, true)?),
            Motion::Advance(spec) => Some(self.aim_at(&spec, false)?),
            Motion::Instruction => Some(Aim::Instruction { over: false }),
            Motion::InstructionOver => Some(Aim::Instruction { over: true }),
        };
        let Some(aim) = aim else {
            return self.go(None, Begin::Resume(Resume::Continue), None);
        };
        let selected = self.looked_at();
        let finishing = match aim {
            Aim::Out => Some(self.finishing(selected)),
            _ => None,
        };
        let skips = self.skips.clone();
        let is_place = matches!(aim, Aim::Place { .. });
        let Some((mut step, mut next)) =
            Step::begin(&mut self.stop(), selected, aim.clone(), &skips)
        else {
            // Nothing has run yet.
            return match is_place {
                true => self.go(
                    Some(Step::to_places(aim, &skips)),
                    Begin::Resume(Resume::Continue),
                    None,
                ),
                false => self.go(
                    Some(Step::to_places(Aim::Instruction { over: false }, &skips)),
                    Begin::Resume(Resume::StepInstruction),
                    None,
                ),
            };
        };
        // An exception that was told of is not told of again when the program goes on.
        let stands_at_throw =
            |it: &StopReason| matches!(it, StopReason::Thrown { caught: true, .. });
        if matches!(next, Next::Run(_)) && self.debuggee.stop().iter().any(stands_at_throw) {
            next = step.thrown();
        }
        match next {
            Next::Run(how) => self.go(Some(step), Begin::Resume(how), finishing),
            Next::Done { ahead, .. } => {
                self.memo.ahead = ahead;
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
        // Between the steps, too: who stops the program then means all of them.
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

    /// Unwinds the youngest call by the user that has not returned.
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
                cannot_call()
            } else {
                Error::NotStarted
            });
        };
        call.abandon_call()?;
        Ok(self.stands(Vec::new(), 0))
    }

    pub(crate) fn can_go_on(&mut self) -> Result<(), Error> {
        if !self.can_run() {
            return Err(Error::CannotRun);
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

    fn aim_at(&mut self, spec: &Spec, within: bool) -> Result<Aim, Error> {
        let selected = self.selected();
        let found = places::resolve(&mut self.stop(), spec, selected);
        let found = found.map_err(|unresolved| Error::Refused(unresolved.to_string()))?;
        Ok(Aim::Place {
            places: found.iter().map(|it| it.at).collect(),
            within,
        })
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
        self.go(None, call, None)
    }

    fn go(
        &mut self,
        step: Option<Step>,
        begin: Begin,
        finishing: Option<Option<Finishing>>,
    ) -> Result<Stopped, Error> {
        // First this, then the question: who gives up in between stops the program instead.
        let ran_before = self.begins_to_run();
        if (self.given_up)() {
            self.running.store(ran_before, Ordering::SeqCst);
            return Err(Error::GivenUp);
        }
        let stopped = self.go_on(step, begin, finishing);
        self.running.store(ran_before, Ordering::SeqCst);
        stopped
    }

    /// Lets the program run until it is to stop, also where only functions that are called then can say so.
    fn go_on(
        &mut self,
        mut step: Option<Step>,
        mut begin: Begin,
        finishing: Option<Option<Finishing>>,
    ) -> Result<Stopped, Error> {
        loop {
            let mut ran = self.go_once(step, begin)?;
            let mut own = None;
            if !ran.undecided.is_empty() {
                // What the debuggee knows of this stop is not what it knows after a call.
                let reasons = self.as_it_stands().reasons;
                self.memo.ahead = ran.ahead;
                match self.decide(&mut ran, &reasons)? {
                    Decided::Stopped(stopped) => return Ok(stopped),
                    Decided::Runs(how) if !self.interrupted.load(Ordering::SeqCst) => {
                        (step, begin) = (ran.step, Begin::Resume(how));
                        continue;
                    }
                    Decided::Runs(_) => ran.reasons.push(Reason::Interrupted),
                    Decided::Stops => {}
                }
                own = Some(reasons);
            }
            if let Some(finishing) = finishing
                && let Some(step) = ran.reasons.iter_mut().find(|it| **it == Reason::Step)
            {
                let of = finishing.filter(|_| ran.returned);
                *step = Reason::Finished(of.and_then(|of| self.finished(&of)));
            }
            return Ok(match own {
                None => self.stands(ran.reasons, ran.ahead),
                Some(own) => self.stands_for(ran.reasons, own, ran.ahead, None),
            });
        }
    }

    /// Lets the program run until somebody has to look at it.
    fn go_once(&mut self, step: Option<Step>, begin: Begin) -> Result<Ran, Error> {
        let known = self.known();
        let starting = self.stopped.reasons.contains(&Reason::Started)
            && self.breakpoints.watch_start()
            && step.is_none();
        let breakpoints = std::mem::take(&mut self.breakpoints);
        let tell = Arc::clone(&self.tell);
        let memo = std::mem::take(&mut self.memo);
        let calls = match self.deciding {
            false => Calls::none(),
            true => {
                Calls::refused("a function is called for the condition of a breakpoint already")
            }
        };
        let watching = Watching::new(breakpoints, step, known, memo, tell, starting, calls);
        let watching = Arc::new(Mutex::new(watching));
        let lock = || watching.lock().unwrap_or_else(PoisonError::into_inner);

        let armed = lock().arm(&mut *self.debuggee);
        let ran = armed.map_err(Error::from).and_then(|()| {
            let shared = Arc::clone(&watching);
            let watch: Watch = Box::new(move |debuggee| {
                let mut watching = shared.lock().unwrap_or_else(PoisonError::into_inner);
                watching.decide(debuggee)
            });
            let debuggee = &mut *self.debuggee;
            match begin {
                Begin::Resume(how) => {
                    let how = match how {
                        Resume::Continue if starting => Resume::StepInstruction,
                        how => how,
                    };
                    let execute = debuggee.execute().ok_or(Error::CannotRun)?;
                    execute.resume(how, Some(watch))
                }
                Begin::Call {
                    instance,
                    func,
                    arguments,
                } => {
                    let call = debuggee.call().ok_or_else(cannot_call)?;
                    call.call_function(instance, func, &arguments, Some(watch))
                }
            }
            .map_err(Error::from)
        });

        let mut watching = lock();
        self.breakpoints = std::mem::take(&mut watching.breakpoints);
        self.memo = std::mem::take(&mut watching.memo);
        let error = watching.error.take();
        let left = Ran {
            reasons: std::mem::take(&mut watching.reasons),
            undecided: std::mem::take(&mut watching.undecided),
            step: watching.step.take(),
            next: watching.next.take(),
            returned: watching.returned,
            ahead: watching.ahead,
        };
        drop(watching);
        self.memo.forget_state();
        self.runs += 1;
        if let Err(error) = ran {
            // Then it has run, and is not where it was.
            if matches!(&error, Error::Debuggee(error) if error.is_failure()) {
                self.selected = None;
                self.stopped = self.as_it_stands();
            }
            return Err(error);
        }
        match error {
            Some(error) => Err(error.into()),
            None => Ok(left),
        }
    }

    /// Decides about breakpoints with functions that their conditions and messages call. `own`: what the debuggee knows
    /// itself of the stop.
    fn decide(&mut self, ran: &mut Ran, own: &[Reason]) -> Result<Decided, Error> {
        self.selected = None;
        let deciding = std::mem::replace(&mut self.deciding, true);
        let mut stopped = None;
        for Undecided { id, frame } in std::mem::take(&mut ran.undecided) {
            match self.decide_one(id, frame, own) {
                Ok(None) => {}
                Ok(Some(reason)) => {
                    ran.reasons.push(reason);
                    ran.ahead = frame.inlined;
                }
                Err(within) => {
                    stopped = Some(within);
                    break;
                }
            }
        }
        self.deciding = deciding;
        if let Some(stopped) = stopped {
            return Ok(Decided::Stopped(stopped));
        }
        let is_seen = |it: &Reason| !matches!(it, Reason::Thrown { .. });
        Ok(match ran.next.take() {
            Some(Next::Done { ahead, returned }) => {
                if ran.reasons.is_empty() {
                    ran.ahead = ahead;
                }
                ran.reasons.push(Reason::Step);
                ran.returned = returned;
                Decided::Stops
            }
            _ if !ran.reasons.is_empty() || own.iter().any(is_seen) => Decided::Stops,
            Some(Next::Run(how)) => Decided::Runs(how),
            None => Decided::Runs(Resume::Continue),
        })
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
        let undecided = |message: String| Reason::Condition {
            breakpoint: Arc::clone(&breakpoint),
            message,
        };
        if let Some(condition) = &breakpoint.condition {
            // What the user comes back to from a function that stops.
            let message = "a function that it calls has stopped";
            let mut reasons = vec![undecided(message.to_owned())];
            reasons.extend(own.iter().cloned());
            self.stopped = Stopped { reasons };
            match self.evaluate_at(condition, frame) {
                Ok(Evaluated::Value(value, _)) => {
                    match expression::is_true(condition, &mut self.stop(), &value) {
                        Ok(true) => {}
                        Ok(false) => return Ok(None),
                        Err(error) => return Ok(Some(undecided(error.show(condition.line())))),
                    }
                }
                Ok(Evaluated::Stopped { stopped, .. }) => {
                    if let [Reason::Returned(_)] = stopped.reasons[..] {
                        let text = condition.text();
                        let message = format!("`{text}` gives back no value");
                        return Ok(Some(undecided(message)));
                    }
                    let mut reasons = vec![undecided(message.to_owned())];
                    reasons.extend(stopped.reasons);
                    self.stopped.reasons.clone_from(&reasons);
                    return Err(Stopped { reasons });
                }
                Err(error) => return Ok(Some(undecided(error.to_string()))),
            }
        }
        let Some(breakpoint) = self.breakpoints.get_shared(id) else {
            return Ok(None);
        };
        Ok(match run::counted(breakpoint) {
            Counted::Ignored => None,
            Counted::Stops(reason) => Some(reason),
            Counted::Tells(message) => {
                let text = message.with_values(|value| {
                    let found = self.evaluate_unasked(value, frame);
                    let found = found.map_err(|error| first_line(&error))?;
                    Ok(expression::in_message(&mut self.stop(), &found))
                });
                (self.tell)(&text);
                None
            }
        })
    }

    /// The program is stopped, for these reasons and those that the debuggee knows itself.
    fn stands(&mut self, reasons: Vec<Reason>, ahead: usize) -> Stopped {
        self.memo.forget_state();
        let mut before = None;
        let stop = self.debuggee.stop().to_vec();
        let ends_call =
            |it: &StopReason| matches!(it, StopReason::Returned(_) | StopReason::Abandoned(_));
        // At the end of a call the others are why the program was stopped before it.
        let mut own = match stop.iter().any(ends_call) {
            true => Vec::new(),
            false => self.as_it_stands().reasons,
        };
        for reason in stop {
            own.extend(match reason {
                StopReason::Returned(values) => self.call_returned(values).map(|it| {
                    before = Some(it.1);
                    Reason::Returned(it.0)
                }),
                StopReason::Abandoned(why) => {
                    before = self.call_abandoned();
                    Some(Reason::Abandoned(why))
                }
                _ => None,
            });
        }
        self.stands_for(reasons, own, ahead, before)
    }

    /// The program is stopped, for these reasons and those of the debuggee's own; `before`: a call is over, and this is
    /// where the user was.
    fn stands_for(
        &mut self,
        mut reasons: Vec<Reason>,
        own: Vec<Reason>,
        ahead: usize,
        before: Option<Before>,
    ) -> Stopped {
        let tell = Arc::clone(&self.tell);
        let mut breakpoints = std::mem::take(&mut self.breakpoints);
        let calls = Calls::refused("no function can be called: the program has crashed");
        let mut stop = self.stop();
        for reason in &own {
            let (hits, _) = match reason {
                Reason::Crash(crash) => {
                    run::crash_hits(&mut breakpoints, &mut stop, crash, &tell, &calls)
                }
                Reason::Thrown {
                    exception,
                    caught: false,
                } => {
                    let hit = &mut breakpoints;
                    run::exception_hits(hit, &mut stop, exception, false, &tell, &calls)
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
        for reason in &reasons {
            if let Reason::Breakpoint(hit) = reason
                && hit.temporary
            {
                self.breakpoints.remove(hit.id);
            }
        }
        let stopped = Stopped { reasons };
        match before {
            // The program is where it was, for the reason that it had then.
            Some(before) => {
                self.memo.ahead = before.ahead;
                self.selected = before.selected;
                self.stopped = before.stopped;
            }
            None => {
                self.memo.ahead = ahead;
                self.selected = None;
                self.stopped = stopped.clone();
            }
        }
        stopped
    }

    /// What a step out of `frame` has to know to tell the result. `None`: it is inlined.
    fn finishing(&mut self, frame: FrameId) -> Option<Finishing> {
        let mut stop = self.stop();
        let place = stop.place(frame)?;
        if frame.inlined + 1 < place.chain.len() {
            return None;
        }
        let threads = stop.threads();
        let hosts = &threads.get(frame.thread)?.host_frames;
        let of_host = hosts
            .iter()
            .any(|it| it.before as usize == frame.activation + 1);
        let found = stop.frame(frame)?;
        let binary = stop.binary(found.module);
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
        let mut stop = self.stop();
        if of.of_host {
            return Some(Returned {
                function: stop.function_name(of.module, of.func),
                value: ReturnValue::Nothing,
            });
        }
        let binary = stop.binary(of.module)?;
        let results = binary.function_type(of.func)?.results().len();
        let frame = stop.frame(FrameId::default())?;
        let stack = frame.stack.as_ref()?;
        let values = stack.get(stack.len().checked_sub(results)?..)?.to_vec();
        let first = of.first.as_ref().and_then(|it| it.value().cloned());
        Some(call::returned(
            &mut stop,
            of.module,
            of.func,
            values,
            first.as_ref(),
        ))
    }
}

/// The program can run, and functions of it cannot be called.
pub(crate) fn cannot_call() -> Error {
    Error::Refused("no function of this program can be called by the debugger".into())
}

/// What is wrong, without the text that it is in.
fn first_line(error: &Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().to_owned()
}
