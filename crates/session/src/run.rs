//! What happens at a stop, next to the guest: breakpoints are counted, their conditions and messages
//! evaluated, steps go on. The program stops only where the user should know of it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use wdb_debuggee::coredump::{Crash, CrashKind, Exception, ModuleId};
use wdb_debuggee::{CodeLocation, Debuggee, StopReason, Verdict};
use wdb_symbols::{Symbols, glob};

use crate::breakpoints::{Breakpoint, Breakpoints, Message, Trigger};
use crate::error::Error;
use crate::step::{Next, Step};
use crate::stopped::{LogSink, Reason};
use wdb_examine::expression::{self, Calls, Expression, Progress};
use wdb_examine::places::Location;
use wdb_examine::tags::tag_name;
use wdb_examine::view::{FrameId, Memo, Resolver, View};

/// What is decided at the stops of one run of the program, and with what. Goes to the guest's thread and back.
pub(crate) struct Decider {
    pub(crate) breakpoints: Breakpoints,
    by_code: HashMap<CodeLocation, Vec<(u32, Location)>>,
    pub(crate) step: Option<Step>,
    symbols: KnownSymbols,
    pub(crate) memo: Memo,
    log: LogSink,
    /// What conditions and messages may call: nothing, next to the guest.
    calls: Calls,
    /// What was decided at the last stop.
    pub(crate) outcome: Outcome,
    /// The first instruction of the program is a breakpoint.
    starting: bool,
}

/// Why a run has ended, as far as this side decides it.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Why the program stops.
    pub(crate) reasons: Vec<Reason>,
    /// The breakpoints that are hit if functions say so, which have to be called first.
    pub(crate) undecided: Vec<Undecided>,
    /// How the program goes on if they say no.
    pub(crate) next: Option<Next>,
    /// The step is done because its function has returned.
    pub(crate) returned: bool,
    /// How many of the functions that are inlined there are not entered yet, as the user sees it.
    pub(crate) not_entered: usize,
    /// What the engine would not do.
    pub(crate) error: Option<wdb_debuggee::Error>,
}

/// A breakpoint of which the condition or the message calls functions, and the frame that it is hit in.
pub(crate) struct Undecided {
    pub(crate) id: u32,
    pub(crate) frame: FrameId,
}

/// What comes of a breakpoint where the program is.
enum Hit {
    /// The program goes on.
    Passed,
    Stops(Reason),
    /// Functions have to be called first.
    Undecided,
}

/// The debug information of all modules, on the guest's thread.
#[derive(Clone, Default)]
pub(crate) struct KnownSymbols(pub(crate) HashMap<ModuleId, Option<Arc<Symbols>>>);

impl Resolver for KnownSymbols {
    fn symbols(&mut self, module: ModuleId) -> Option<Arc<Symbols>> {
        self.0.get(&module)?.clone()
    }

    fn source(&mut self, _: ModuleId, _: &str) -> Option<String> {
        None
    }
}

impl Decider {
    pub(crate) fn new(
        breakpoints: Breakpoints,
        step: Option<Step>,
        symbols: KnownSymbols,
        memo: Memo,
        log: LogSink,
        starting: bool,
        calls: Calls,
    ) -> Self {
        Decider {
            by_code: breakpoints.by_code(),
            breakpoints,
            step,
            symbols,
            memo,
            log,
            calls,
            outcome: Outcome::default(),
            starting,
        }
    }

    /// Gives the code the breakpoints that are wanted at the beginning of the run.
    pub(crate) fn arm(&mut self, debuggee: &mut dyn Debuggee) -> Result<(), wdb_debuggee::Error> {
        let places = self.step.as_mut().map_or_else(BTreeSet::new, Step::places);
        self.set_places(debuggee, places)
    }

    /// Gives the code the breakpoints of the user, and `places` for the step. Those that the code cannot have are taken
    /// from the user's.
    fn set_places(
        &mut self,
        debuggee: &mut dyn Debuggee,
        places: BTreeSet<CodeLocation>,
    ) -> Result<(), wdb_debuggee::Error> {
        let mut wanted = places;
        wanted.extend(self.by_code.keys());
        // Exceptions leave functions without coming to where these return.
        let exceptions = self.breakpoints.wants_exceptions() || self.step.is_some();
        let Some(breakpoints) = debuggee.breakpoints() else {
            return Ok(());
        };
        breakpoints.stop_at_exceptions(exceptions)?;
        let refused = breakpoints.set_breakpoints(&wanted)?;
        let is_refused = |breakpoint: &Breakpoint| {
            let mut places = breakpoint.locations().iter();
            places.any(|place| refused.contains(&place.at))
        };
        for breakpoint in self.breakpoints.select_mut(is_refused) {
            breakpoint.drop_places(&refused);
        }
        for location in &refused {
            self.by_code.remove(location);
        }
        Ok(())
    }

    /// What is to be done at a stop.
    pub(crate) fn decide(&mut self, debuggee: &mut dyn Debuggee) -> Verdict {
        self.memo.forget_state();
        let thrown = debuggee
            .stop_reasons()
            .iter()
            .find_map(|reason| match reason {
                StopReason::Thrown { exception, caught } => Some((exception.clone(), *caught)),
                _ => None,
            });
        let next = match thrown {
            Some((exception, caught)) => self.thrown(debuggee, exception, caught),
            None => self.arrived(debuggee),
        };
        match next {
            _ if !self.outcome.reasons.is_empty() => Verdict::Stop,
            _ if !self.outcome.undecided.is_empty() => {
                self.outcome.next = next;
                Verdict::Stop
            }
            Some(Next::Run(how)) => {
                let places = self.step.as_mut().and_then(Step::new_places);
                match places.map_or(Ok(()), |it| self.set_places(debuggee, it)) {
                    Ok(()) => Verdict::Resume(how),
                    Err(error) => {
                        self.outcome.error = Some(error);
                        Verdict::Stop
                    }
                }
            }
            Some(Next::Done {
                not_entered,
                returned,
            }) => {
                self.outcome.reasons.push(Reason::Step);
                self.outcome.not_entered = not_entered;
                self.outcome.returned = returned;
                Verdict::Stop
            }
            None => Verdict::Resume(wdb_debuggee::Resume::Continue),
        }
    }

    fn thrown(
        &mut self,
        debuggee: &mut dyn Debuggee,
        exception: Exception,
        caught: bool,
    ) -> Option<Next> {
        let mut view = View::over(debuggee, &mut self.symbols, &mut self.memo);
        (self.outcome.reasons, self.outcome.undecided) = exception_hits(
            &mut self.breakpoints,
            &mut view,
            &exception,
            caught,
            &self.log,
            &self.calls,
        );
        if !self.outcome.reasons.is_empty() {
            let thrown = Reason::Thrown { exception, caught };
            self.outcome.reasons.push(thrown);
            return None;
        }
        self.step.as_mut().map(Step::thrown)
    }

    fn arrived(&mut self, debuggee: &mut dyn Debuggee) -> Option<Next> {
        let mut view = View::over(debuggee, &mut self.symbols, &mut self.memo);
        let at = view.frame(FrameId::default())?.location()?;
        if std::mem::take(&mut self.starting) {
            let all = self.breakpoints.shared_mut();
            let starts = all.filter(|it| it.enabled && it.is_start());
            let (reasons, undecided) = hit_all(starts, &mut view, &self.log, &self.calls);
            self.outcome.reasons.extend(reasons);
            self.outcome.undecided.extend(undecided);
        }
        let mut outermost: Option<usize> = None;
        for (id, location) in self.by_code.get(&at).into_iter().flatten() {
            let Some(breakpoint) = self.breakpoints.get_shared(*id).filter(|it| it.enabled) else {
                continue;
            };
            let frame = location.frame(&mut view);
            match hit(breakpoint, &mut view, frame, &self.log, &self.calls) {
                Hit::Passed => {}
                Hit::Stops(reason) => {
                    self.outcome.reasons.push(reason);
                    let before = outermost.unwrap_or(frame.inlined);
                    outermost = Some(before.min(frame.inlined));
                }
                Hit::Undecided => self.outcome.undecided.push(Undecided { id: *id, frame }),
            }
        }
        if let Some(not_entered) = outermost {
            self.outcome.not_entered = not_entered;
        }
        let next = self.step.as_mut().map(|step| step.arrived(&mut view, at));
        match next {
            // Both hold: a breakpoint is where the step has ended.
            Some(Next::Done { returned, .. }) if !self.outcome.reasons.is_empty() => {
                self.outcome.reasons.push(Reason::Step);
                self.outcome.returned = returned;
                None
            }
            next => next,
        }
    }
}

/// What comes of a breakpoint that the program has reached: its condition is evaluated, and the hit counted.
fn hit(
    shared: &mut Arc<Breakpoint>,
    view: &mut View<'_>,
    frame: FrameId,
    log: &LogSink,
    calls: &Calls,
) -> Hit {
    if let Some(condition) = &shared.condition {
        let found = expression::evaluate_with(condition, view, frame, &mut calls.clone());
        let holds = found.and_then(|found| match found {
            Progress::Done(value) => expression::is_true(condition, view, &value).map(Some),
            Progress::Call(_) => Ok(None),
        });
        match holds {
            Ok(Some(true)) => {}
            Ok(Some(false)) => return Hit::Passed,
            Ok(None) => return Hit::Undecided,
            Err(error) => {
                let text = condition.text().to_owned();
                return Hit::Stops(Reason::Condition {
                    error: Error::Expression { error, text },
                    breakpoint: Arc::clone(shared),
                });
            }
        }
    }
    let calls_in = |it: &Message| it.expressions().any(Expression::has_calls);
    if calls.are_asked_for() && shared.message.as_ref().is_some_and(calls_in) {
        return Hit::Undecided;
    }
    match counted(shared) {
        Counted::Ignored => Hit::Passed,
        Counted::Logs(message) => {
            log(&message.show(view, frame));
            Hit::Passed
        }
        Counted::Stops(reason) => Hit::Stops(reason),
    }
}

/// What comes of a hit with its condition true.
pub(crate) enum Counted {
    Ignored,
    /// The program goes on, and this is reported.
    Logs(Message),
    Stops(Reason),
}

/// Counts a hit.
pub(crate) fn counted(shared: &mut Arc<Breakpoint>) -> Counted {
    let breakpoint = Arc::make_mut(shared);
    breakpoint.hits += 1;
    if let Some(left) = breakpoint.ignore.checked_sub(1) {
        breakpoint.ignore = left;
        return Counted::Ignored;
    }
    match &breakpoint.message {
        Some(message) => Counted::Logs(message.clone()),
        None => Counted::Stops(Reason::Breakpoint(Arc::clone(shared))),
    }
}

/// What comes of breakpoints that are hit in the innermost frame: why the program stops, and what is not decided.
type Hits = (Vec<Reason>, Vec<Undecided>);

fn hit_all<'b>(
    breakpoints: impl Iterator<Item = &'b mut Arc<Breakpoint>>,
    view: &mut View<'_>,
    log: &LogSink,
    calls: &Calls,
) -> Hits {
    let frame = FrameId::default();
    let mut hits = Hits::default();
    for breakpoint in breakpoints {
        let id = breakpoint.id;
        match hit(breakpoint, view, frame, log, calls) {
            Hit::Passed => {}
            Hit::Stops(reason) => hits.0.push(reason),
            Hit::Undecided => hits.1.push(Undecided { id, frame }),
        }
    }
    hits
}

/// The breakpoints that an exception hits.
pub(crate) fn exception_hits(
    breakpoints: &mut Breakpoints,
    view: &mut View<'_>,
    exception: &Exception,
    caught: bool,
    log: &LogSink,
    calls: &Calls,
) -> Hits {
    let name = tag_name(view, exception);
    let hits = breakpoints.shared_mut().filter(|breakpoint| {
        let Trigger::Thrown { tag, caught: which } = &breakpoint.trigger else {
            return false;
        };
        let is_tag = |tag: &String| name.as_ref().is_some_and(|name| glob::matches(tag, name));
        breakpoint.enabled && which.is_none_or(|it| it == caught) && tag.as_ref().is_none_or(is_tag)
    });
    hit_all(hits, view, log, calls)
}

/// The breakpoints that a crash hits.
pub(crate) fn crash_hits(
    breakpoints: &mut Breakpoints,
    view: &mut View<'_>,
    crash: &Crash,
    log: &LogSink,
    calls: &Calls,
) -> Hits {
    let is_trap = matches!(crash.kind, CrashKind::Trap);
    let hits = breakpoints
        .shared_mut()
        .filter(|it| is_trap && it.enabled && matches!(it.trigger, Trigger::Trap));
    hit_all(hits, view, log, calls)
}
