//! What happens at a stop, next to the guest: breakpoints are counted, their conditions and messages
//! evaluated, steps go on. The program is stopped only where the user is to know of it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use wdb_debuggee::coredump::{Crash, CrashKind, Exception, ModuleId};
use wdb_debuggee::{CodeLocation, Debuggee, StopReason, Verdict};
use wdb_symbols::{Symbols, glob};

use crate::breakpoints::{Breakpoint, Breakpoints, Trigger};
use crate::step::{Next, Step};
use crate::stopped::{Reason, Teller};
use wdb_examine::expression;
use wdb_examine::places::Location;
use wdb_examine::stop::{FrameId, Memo, Resolver, Stop};
use wdb_examine::tags::tag_name;

/// What is decided at the stops of one run of the program, and with what. Goes to the guest's thread and back.
pub(crate) struct Watching {
    pub(crate) breakpoints: Breakpoints,
    by_code: HashMap<CodeLocation, Vec<(u32, Location)>>,
    pub(crate) step: Option<Step>,
    /// The breakpoints that the code has are those of the step after as many changes.
    armed: Option<u32>,
    symbols: Known,
    pub(crate) memo: Memo,
    tell: Teller,
    /// Why the program is to stop.
    pub(crate) reasons: Vec<Reason>,
    /// The step has come to its end: that its function has returned.
    pub(crate) returned: bool,
    /// How many of the functions inlined there are not entered.
    pub(crate) ahead: usize,
    /// The first instruction of the program is a breakpoint.
    starting: bool,
    /// What the engine would not do.
    pub(crate) error: Option<wdb_debuggee::Error>,
}

/// The debug information of all modules, on the guest's thread.
#[derive(Clone, Default)]
pub(crate) struct Known(pub(crate) HashMap<ModuleId, Option<Arc<Symbols>>>);

impl Resolver for Known {
    fn symbols(&mut self, module: ModuleId) -> Option<Arc<Symbols>> {
        self.0.get(&module)?.clone()
    }

    fn source(&mut self, _: ModuleId, _: &str) -> Option<String> {
        None
    }
}

impl Watching {
    pub(crate) fn new(
        breakpoints: Breakpoints,
        step: Option<Step>,
        symbols: Known,
        memo: Memo,
        tell: Teller,
        starting: bool,
    ) -> Self {
        Watching {
            by_code: breakpoints.by_code(),
            breakpoints,
            step,
            armed: None,
            symbols,
            memo,
            tell,
            reasons: Vec::new(),
            returned: false,
            ahead: 0,
            starting,
            error: None,
        }
    }

    /// Gives the code the breakpoints that are wanted now. Those that the code cannot have are taken from the
    /// user's.
    pub(crate) fn arm(&mut self, debuggee: &mut dyn Debuggee) -> Result<(), wdb_debuggee::Error> {
        let changes = self.step.as_ref().map_or(0, Step::changes);
        if self.armed == Some(changes) {
            return Ok(());
        }
        self.armed = Some(changes);
        let mut wanted: BTreeSet<CodeLocation> = self.by_code.keys().copied().collect();
        wanted.extend(self.step.iter().flat_map(Step::places));
        // Exceptions leave functions without coming to where these return.
        let exceptions = self.breakpoints.watch_exceptions() || self.step.is_some();
        let Some(breakpoints) = debuggee.breakpoints() else {
            return Ok(());
        };
        breakpoints.stop_at_exceptions(exceptions)?;
        let refused = breakpoints.set_breakpoints(&wanted)?;
        let is_refused = |it: &Breakpoint| {
            let mut places = it.locations().iter();
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
        let thrown = debuggee.stop().iter().find_map(|reason| match reason {
            StopReason::Thrown { exception, caught } => Some((exception.clone(), *caught)),
            _ => None,
        });
        let next = match thrown {
            Some((exception, caught)) => self.thrown(debuggee, exception, caught),
            None => self.arrived(debuggee),
        };
        match next {
            _ if !self.reasons.is_empty() => Verdict::Stop,
            Some(Next::Run(how)) => match self.arm(debuggee) {
                Ok(()) => Verdict::Resume(how),
                Err(error) => {
                    self.error = Some(error);
                    Verdict::Stop
                }
            },
            Some(Next::Done { ahead, returned }) => {
                self.done(ahead, returned);
                Verdict::Stop
            }
            None => Verdict::Resume(wdb_debuggee::Resume::Continue),
        }
    }

    /// The step has come to its end.
    pub(crate) fn done(&mut self, ahead: usize, returned: bool) {
        self.reasons.push(Reason::Step);
        self.ahead = ahead;
        self.returned = returned;
    }

    fn thrown(
        &mut self,
        debuggee: &mut dyn Debuggee,
        exception: Exception,
        caught: bool,
    ) -> Option<Next> {
        let mut stop = Stop::over(debuggee, &mut self.symbols, &mut self.memo);
        self.reasons = exception_hits(
            &mut self.breakpoints,
            &mut stop,
            &exception,
            caught,
            &self.tell,
        );
        if !self.reasons.is_empty() {
            self.reasons.push(Reason::Thrown { exception, caught });
            return None;
        }
        self.step.as_mut().map(Step::thrown)
    }

    fn arrived(&mut self, debuggee: &mut dyn Debuggee) -> Option<Next> {
        let mut stop = Stop::over(debuggee, &mut self.symbols, &mut self.memo);
        let at = stop.frame(FrameId::default())?.location()?;
        if std::mem::take(&mut self.starting) {
            let starts = self.breakpoints.shared_mut();
            for breakpoint in starts.filter(|it| it.enabled && it.is_start()) {
                let reason = hit(breakpoint, &mut stop, FrameId::default(), &self.tell);
                self.reasons.extend(reason);
            }
        }
        let mut ahead = usize::MAX;
        for (id, location) in self.by_code.get(&at).into_iter().flatten() {
            let Some(breakpoint) = self.breakpoints.get_shared(*id).filter(|it| it.enabled) else {
                continue;
            };
            let frame = location.frame(&mut stop);
            if let Some(reason) = hit(breakpoint, &mut stop, frame, &self.tell) {
                self.reasons.push(reason);
                ahead = ahead.min(frame.inlined);
            }
        }
        if ahead != usize::MAX {
            self.ahead = ahead;
        }
        let next = self.step.as_mut().map(|step| step.arrived(&mut stop, at));
        match next {
            // Both hold: a breakpoint is where the step has come to.
            Some(Next::Done { returned, .. }) if !self.reasons.is_empty() => {
                self.reasons.push(Reason::Step);
                self.returned = returned;
                None
            }
            next => next,
        }
    }
}

/// Counts a hit. Gives back why the program is to stop, if it is.
fn hit(
    shared: &mut Arc<Breakpoint>,
    stop: &mut Stop<'_>,
    frame: FrameId,
    tell: &Teller,
) -> Option<Reason> {
    if let Some(condition) = &shared.condition {
        match expression::holds(condition, stop, frame) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => {
                return Some(Reason::Condition {
                    message: error.show(condition.text()),
                    breakpoint: Arc::clone(shared),
                });
            }
        }
    }
    let breakpoint = Arc::make_mut(shared);
    breakpoint.hits += 1;
    if let Some(left) = breakpoint.ignore.checked_sub(1) {
        breakpoint.ignore = left;
        return None;
    }
    if let Some(message) = &breakpoint.message {
        tell(&message.show(stop, frame));
        return None;
    }
    Some(Reason::Breakpoint(Arc::clone(shared)))
}

/// The breakpoints that an exception hits.
pub(crate) fn exception_hits(
    breakpoints: &mut Breakpoints,
    stop: &mut Stop<'_>,
    exception: &Exception,
    caught: bool,
    tell: &Teller,
) -> Vec<Reason> {
    let name = tag_name(stop, exception);
    let hits = breakpoints.shared_mut().filter(|it| {
        let Trigger::Thrown { tag, caught: which } = &it.trigger else {
            return false;
        };
        let is_tag = |tag: &String| name.as_ref().is_some_and(|name| glob::matches(tag, name));
        it.enabled && which.is_none_or(|it| it == caught) && tag.as_ref().is_none_or(is_tag)
    });
    hits.filter_map(|it| hit(it, stop, FrameId::default(), tell))
        .collect()
}

/// The breakpoints that a crash hits.
pub(crate) fn crash_hits(
    breakpoints: &mut Breakpoints,
    stop: &mut Stop<'_>,
    crash: &Crash,
    tell: &Teller,
) -> Vec<Reason> {
    let is_trap = matches!(crash.kind, CrashKind::Trap);
    let hits = breakpoints
        .shared_mut()
        .filter(|it| is_trap && it.enabled && matches!(it.trigger, Trigger::Trap));
    hits.filter_map(|it| hit(it, stop, FrameId::default(), tell))
        .collect()
}
