//! A session: a program, what the user wants of it, and where they look.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use wdb_debuggee::coredump::CrashKind;
use wdb_debuggee::{Debuggee, Interrupt, StopReason};
use wdb_symbols::{Symbols, reading};

use crate::breakpoints::{self, Binding, Breakpoint, Breakpoints, Message, NewBreakpoint};
use crate::calls::Calling;
use crate::displays::Displays;
use crate::error::Error;
use crate::given::{Given, Launch, Started};
use crate::run::KnownSymbols;
use crate::skips::Skips;
use crate::stopped::{LogSink, Reason, Stopped};
use wdb_examine::expression::{self, Expression};
use wdb_examine::frames;
use wdb_examine::looking::Looking;
use wdb_examine::supposed;
use wdb_examine::view::{FrameId, Memo, Resolver, View};

/// A program or a core dump that is being debugged.
pub struct Session {
    pub(crate) debuggee: Box<dyn Debuggee>,
    resolver: Box<dyn Resolver>,
    launch: Option<Launch>,
    /// What the program was given that is there now.
    launched: Given,
    pub(crate) memo: Memo,
    /// How often the program was let run.
    pub(crate) runs: u64,
    pub(crate) breakpoints: Breakpoints,
    /// The expressions that are shown at each stop.
    pub displays: Displays,
    /// The code that steps do not stop in.
    pub skips: Skips,
    pub(crate) log: LogSink,
    pub(crate) running: Arc<AtomicBool>,
    /// Stops the program of now, which is another one after a new start.
    interrupt: Arc<Mutex<Option<Interrupt>>>,
    /// That was asked for since it began to run.
    pub(crate) interrupted: Arc<AtomicBool>,
    pub(crate) given_up: Arc<dyn Fn() -> bool + Send + Sync>,
    /// The frame that the user looks at. `None`: it was not asked for since the program stopped.
    pub(crate) selected: Option<FrameId>,
    pub(crate) stopped: Stopped,
    /// The calls by the user that have not returned, the innermost last.
    pub(crate) calls: Vec<Calling>,
    /// A function is called for the condition of a breakpoint: conditions of others call none meanwhile.
    pub(crate) deciding: bool,
}

impl Session {
    /// A session with a debuggee. `launch` starts it anew, if that can be, and has what it was given.
    pub fn new(
        debuggee: Box<dyn Debuggee>,
        resolver: Box<dyn Resolver>,
        launch: Option<Launch>,
    ) -> Self {
        let mut session = Session {
            debuggee,
            resolver,
            launched: launch
                .as_ref()
                .map_or_else(Given::default, |it| it.given.clone()),
            launch,
            memo: Memo::default(),
            runs: 0,
            breakpoints: Breakpoints::default(),
            displays: Displays::default(),
            skips: Skips::default(),
            log: Arc::new(|_| {}),
            running: Arc::default(),
            interrupt: Arc::default(),
            interrupted: Arc::default(),
            given_up: Arc::new(|| false),
            selected: None,
            stopped: Stopped::default(),
            calls: Vec::new(),
            deciding: false,
        };
        session.stopped = session.own_reasons();
        session
    }

    /// The thread that a crash is of; without one the first.
    fn crashed_thread(&self) -> usize {
        let crash = self.stopped.reasons.iter().find_map(|reason| match reason {
            Reason::Crash(crash) => usize::try_from(crash.thread).ok(),
            _ => None,
        });
        crash.unwrap_or(0)
    }

    /// The debuggee where it is stopped now. What was asked of it once is remembered until it runs.
    pub fn view(&mut self) -> View<'_> {
        View::over(&mut *self.debuggee, &mut *self.resolver, &mut self.memo)
    }

    /// The debuggee, to be looked at: what lets it run or changes it goes through the session, which forgets then what
    /// it remembers.
    pub fn debuggee(&mut self) -> Looking<'_> {
        Looking::new(&mut *self.debuggee)
    }

    /// What brings debug information and sources.
    pub fn resolver(&mut self) -> &mut dyn Resolver {
        &mut *self.resolver
    }

    /// The debuggee and what brings debug information and sources, for a report.
    pub fn parts(&mut self) -> (Looking<'_>, &mut dyn Resolver) {
        (Looking::new(&mut *self.debuggee), &mut *self.resolver)
    }

    /// What the debuggee did not answer since this was asked last: it has gone away. What was asked for looks as if
    /// there were none of it.
    pub fn unanswered(&mut self) -> Option<wdb_debuggee::Error> {
        let is_expected = |it: &Reason| matches!(it, Reason::Started | Reason::Exited(_));
        let error = self.memo.take_unanswered()?;
        (!self.stopped.reasons.iter().any(is_expected)).then_some(error)
    }

    /// Keeps a value that was shown, as `$`.
    pub fn keep(&mut self, value: &expression::Value) {
        let kept = expression::keep(&mut self.view(), value);
        self.memo.kept.add(kept);
    }

    /// Why it is stopped.
    pub fn stopped(&self) -> &Stopped {
        &self.stopped
    }

    /// Where the messages of log points go, from now on. It is called from the program's thread.
    pub fn log_to(&mut self, log: LogSink) {
        self.log = log;
    }

    /// A number that grows whenever the program runs or is started anew: what was seen of it before may not
    /// hold any more.
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// Whether it can run at all, now or once it is started: a core dump cannot.
    pub fn can_run(&mut self) -> bool {
        self.launch.is_some() || self.debuggee.execute().is_some()
    }

    /// Asks `given_up`, from now on, whenever the program is to run: a user who gave up the command before it ran the program
    /// does not want it to run.
    pub fn heed(&mut self, given_up: Arc<dyn Fn() -> bool + Send + Sync>) {
        self.given_up = given_up;
    }

    /// What the export that is run has returned, as text, when the program has ended by itself.
    pub fn results(&mut self) -> Vec<String> {
        let execute = self.debuggee.execute();
        execute.map_or_else(Vec::new, |it| it.results().to_vec())
    }

    /// A handle that stops the program from another thread, if it is running then, also when it was started anew
    /// meanwhile. `None` for a core dump.
    pub fn interrupt(&mut self) -> Option<Interrupt> {
        self.follow_program();
        self.can_run().then(|| {
            let current = Arc::clone(&self.interrupt);
            let interrupted = Arc::clone(&self.interrupted);
            let running = self.running();
            Interrupt::new(move || {
                let current = current.lock().unwrap_or_else(PoisonError::into_inner);
                // One that is stopped would remember it, and stop when it is to go on.
                if let Some(program) = &*current
                    && running.load(Ordering::SeqCst)
                {
                    interrupted.store(true, Ordering::SeqCst);
                    program.interrupt();
                }
            })
        })
    }

    /// Whether the program cannot run on. One in which a function has crashed that the user called can: after
    /// [`Session::abandon`].
    pub fn is_over(&self) -> bool {
        self.calls.is_empty() && self.stopped.is_over()
    }

    /// From now on the program runs, and can be interrupted; what came too late for the run before is forgotten. Whether
    /// it ran already.
    pub(crate) fn begins_to_run(&mut self) -> bool {
        let current = Arc::clone(&self.interrupt);
        let _no_one_interrupts = current.lock().unwrap_or_else(PoisonError::into_inner);
        let ran_before = self.running.swap(true, Ordering::SeqCst);
        if !ran_before {
            self.interrupted.store(false, Ordering::SeqCst);
            if let Some(execute) = self.debuggee.execute() {
                execute.forget_interrupt();
            }
        }
        ran_before
    }

    /// Directs the handles of [`Session::interrupt`] to the program of now.
    fn follow_program(&mut self) {
        let program = self.debuggee.execute().map(|it| it.interrupt());
        *self
            .interrupt
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = program;
    }

    /// Whether the program runs right now, for another thread to read: only then is there something to stop.
    pub fn running(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.running)
    }

    /// Starts the program anew, with the same breakpoints, displays and settings. It has run nothing then. Gives back
    /// what of the program was built anew, by name: then breakpoints are where they belong in the new one, or pending.
    ///
    /// # Errors
    ///
    /// When it cannot be started; the old one stays.
    pub fn restart(&mut self) -> Result<Vec<String>, Error> {
        let launch = self.launch.as_mut().ok_or(Error::CannotRun)?;
        reading::commit();
        let Started { debuggee, changed } = launch.launcher.start(&launch.given)?;
        let records = |debuggee: &dyn Debuggee| -> Vec<_> {
            let modules = debuggee.modules().iter();
            modules.map(|it| it.record.clone()).collect()
        };
        let has_other_modules = records(&*self.debuggee) != records(&*debuggee);
        self.debuggee = debuggee;
        self.launched = launch.given.clone();
        self.follow_program();
        let mut kept = std::mem::take(&mut self.memo.kept);
        if has_other_modules {
            kept.forget_types();
            self.resolver.renew(self.debuggee.modules());
            for breakpoint in self.breakpoints.select_mut(|_| true) {
                breakpoint.leave_program();
            }
        }
        self.memo = Memo::default();
        self.memo.kept = kept;
        self.runs += 1;
        self.selected = None;
        self.calls.clear();
        self.stopped = self.own_reasons();
        for id in self.breakpoints.iter().map(|it| it.id).collect::<Vec<_>>() {
            self.bind(id);
        }
        for breakpoint in self.breakpoints.select_mut(|it| it.hits > 0) {
            breakpoint.hits = 0;
        }
        Ok(changed)
    }

    /// What the program is given at its next start, to be changed.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn given_mut(&mut self) -> Result<&mut Given, Error> {
        let launch = self.launch.as_mut().ok_or(Error::CannotRun)?;
        Ok(&mut launch.given)
    }

    /// Whether the program was given something else than it is given at its next start, or was built anew.
    pub fn is_outdated(&self) -> bool {
        let launch = self.launch.as_ref();
        launch.is_some_and(|it| it.given != self.launched || it.launcher.has_changed())
    }

    /// Finds again where a breakpoint belongs. What depends on a frame that is gone keeps its places.
    fn bind(&mut self, id: u32) {
        let Some(trigger) = self.breakpoints.get(id).map(|it| it.trigger.clone()) else {
            return;
        };
        let selected = self.selected();
        let found = breakpoints::bind(&trigger, &mut self.view(), selected);
        let is_lost = matches!(found, Binding::Pending(_));
        let wanted = |it: &Breakpoint| it.id == id && (!is_lost || it.locations().is_empty());
        if let Some(breakpoint) = self.breakpoints.select_mut(wanted).next() {
            breakpoint.binding = found;
        }
    }

    /// The frame that the user looks at. `None` where there are no frames.
    pub fn selected(&mut self) -> Option<FrameId> {
        let selected = self.looked_at();
        let mut view = self.view();
        view.frame(selected).map(|_| selected)
    }

    /// The frame that the user looks at, also where there is none.
    pub(crate) fn looked_at(&mut self) -> FrameId {
        if let Some(selected) = self.selected {
            return selected;
        }
        let first = self.first_to_look_at();
        self.selected = Some(first);
        first
    }

    /// The frame that says most of why the program is stopped: the innermost one; of a crash, and of an exception, the
    /// innermost of the program's own code. Where the user has stopped the program, that is where they look.
    fn first_to_look_at(&mut self) -> FrameId {
        let thread = self.crashed_thread();
        let is_of_own_code = |reason: &Reason| match reason {
            Reason::Thrown { .. } => true,
            Reason::Crash(crash) => crash.kind != CrashKind::Requested || crash.exception.is_some(),
            _ => false,
        };
        let own = self.stopped.reasons.iter().any(is_of_own_code);
        let own = own.then(|| frames::own(&mut self.view(), thread)).flatten();
        own.unwrap_or(FrameId {
            thread,
            activation: 0,
            inlined: if thread == 0 {
                self.memo.not_entered
            } else {
                0
            },
        })
    }

    /// Looks at a frame.
    ///
    /// # Errors
    ///
    /// When there is no such frame.
    pub fn select(&mut self, frame: FrameId) -> Result<FrameId, Error> {
        let known = self.view().place(frame);
        if known.is_none_or(|place| frame.inlined >= place.chain.len()) {
            return Err(Error::Refused("there is no such frame".into()));
        }
        self.selected = Some(frame);
        Ok(frame)
    }

    /// Looks at the frame that a backtrace gives this number.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn select_number(&mut self, number: u32) -> Result<FrameId, Error> {
        let thread = self.looked_at().thread;
        let found = self.view().frame_numbered(thread, number);
        match found {
            Some(frame) => self.select(frame),
            None => Err(Error::Refused(format!("there is no frame {number}"))),
        }
    }

    /// The number of the selected frame in a backtrace.
    pub fn selected_number(&mut self) -> u32 {
        let selected = self.looked_at();
        self.view().frame_number(selected)
    }

    /// Looks at a frame `count` calls further out.
    ///
    /// # Errors
    ///
    /// When the selected frame is the outermost.
    pub fn up(&mut self, count: u32) -> Result<FrameId, Error> {
        let number = self.selected_number();
        let selected = self.looked_at();
        let thread = selected.thread;
        let mut view = self.view();
        let wanted = number.saturating_add(count.max(1));
        let found = view.frame_numbered(thread, wanted);
        match found.or_else(|| view.outermost(thread)) {
            Some(frame) if frame != selected => self.select(frame),
            _ => Err(Error::Refused("this is the outermost frame".into())),
        }
    }

    /// Looks at a frame `count` calls further in.
    ///
    /// # Errors
    ///
    /// When the selected frame is the innermost.
    pub fn down(&mut self, count: u32) -> Result<FrameId, Error> {
        match self.selected_number() {
            0 => Err(Error::Refused("this is the innermost frame".into())),
            number => self.select_number(number.saturating_sub(count.max(1))),
        }
    }

    /// The breakpoints.
    pub fn breakpoints(&self) -> &Breakpoints {
        &self.breakpoints
    }

    /// The breakpoints, to be changed. What is changed counts from the next time that the program runs.
    pub fn breakpoints_mut(&mut self) -> &mut Breakpoints {
        &mut self.breakpoints
    }

    /// Sets a breakpoint.
    ///
    /// # Errors
    ///
    /// When it belongs nowhere and may not be pending; when a name in its condition or message means nothing at any of its
    /// places, or for an event nothing in the program; when its condition is neither true nor false.
    pub fn set_breakpoint(&mut self, new: NewBreakpoint) -> Result<Arc<Breakpoint>, Error> {
        let selected = self.selected();
        let binding = breakpoints::bind(&new.trigger, &mut self.view(), selected);
        if let Binding::Pending(reason) = &binding
            && !new.may_be_pending
        {
            return Err(Error::Refused(reason.to_string()));
        }
        if let Some(condition) = &new.condition {
            self.check_condition(condition, &binding)?;
        }
        for expression in new.message.iter().flat_map(Message::expressions) {
            self.check(expression, &binding, expression::check)?;
        }
        Ok(self.breakpoints.add(new, binding))
    }

    /// Whether an expression can be a condition where a breakpoint is.
    ///
    /// # Errors
    ///
    /// As of [`supposed::check`], and of [`supposed::check_anywhere`] for an event.
    pub fn check_condition(
        &mut self,
        condition: &Expression,
        binding: &Binding,
    ) -> Result<(), Error> {
        self.check(condition, binding, expression::check_condition)
    }

    fn check(
        &mut self,
        expression: &Expression,
        binding: &Binding,
        check: supposed::Check,
    ) -> Result<(), Error> {
        let checked = match binding {
            Binding::Code(places) => supposed::check(&mut self.view(), expression, places, check),
            Binding::Event => supposed::check_anywhere(&mut self.view(), expression, check),
            Binding::Pending(_) => Ok(()),
        };
        checked.map_err(|error| Error::Expression {
            error,
            text: expression.text().to_owned(),
        })
    }

    /// The debug information of all modules.
    pub(crate) fn known(&mut self) -> KnownSymbols {
        let mut view = self.view();
        let symbols = view.module_ids().map(|module| {
            let known: Option<Arc<Symbols>> = view.symbols(module);
            (module, known)
        });
        KnownSymbols(symbols.collect())
    }

    /// Why the debuggee is stopped, as far as it knows itself.
    pub(crate) fn own_reasons(&self) -> Stopped {
        let reasons = self.debuggee.stop_reasons().iter().filter_map(|reason| {
            Some(match reason {
                StopReason::Started => Reason::Started,
                StopReason::Thrown { exception, caught } => Reason::Thrown {
                    exception: exception.clone(),
                    caught: *caught,
                },
                StopReason::Interrupted => Reason::Interrupted,
                StopReason::Crash(crash) => Reason::Crash(crash.clone()),
                StopReason::Exited(code) => Reason::Exited(*code),
                StopReason::Breakpoint
                | StopReason::Step
                | StopReason::Returned(_)
                | StopReason::Abandoned(_) => return None,
            })
        });
        Stopped {
            reasons: reasons.collect(),
        }
    }
}
