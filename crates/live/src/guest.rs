//! The guest's thread: it runs the program, and while the program is stopped it does what the
//! debugger says.
//!
//! wasmtime calls the debug handler with the guest's frames on the stack, and they are only there
//! until the handler returns. So the handler stays, reports the stop and waits for commands: a
//! question is a closure over the program that is stopped, `Resume` lets the handler return. Before
//! the program's start and after its end the same loop goes on outside of any handler.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime::{
    AsContextMut as _, DebugEvent, DebugHandler, Error, RootScope, Store, StoreContextMut,
    UpdateDeadline,
};
use wdb_coredump::Process;
use wdb_debuggee::launch::{self, Program};
use wdb_debuggee::{Resume, StopFilter, StopReason, Verdict};

use crate::asked::Asked;
use crate::breakpoints::Armed;
use crate::call::Call;
use crate::frames::{Calls, Standing, Standings};
use crate::guarded::{guarded, until_unwound, unwind};
use crate::host::Host;
use crate::inventory::Inventory;
use crate::link::{self, Ended, Failure, Linked};
use crate::paused::Paused;
use crate::step::Steps;
use crate::stop::{self, Requester, StopRequest};
use crate::timer::Timer;

/// A question to a program that is stopped.
pub(crate) type Question = Box<dyn FnOnce(&mut Paused<'_>) + Send>;

/// What the guest's thread is asked while the program is stopped.
pub(crate) enum Command {
    Ask(Question),
    Resume(Resume, Option<StopFilter>),
    /// Whether the call begins is answered at once.
    Call(
        Call,
        Option<StopFilter>,
        SyncSender<Result<(), wdb_debuggee::Error>>,
    ),
    Abandon(SyncSender<Result<(), wdb_debuggee::Error>>),
}

/// The program is stopped.
pub(crate) struct Halt {
    pub(crate) reasons: Vec<StopReason>,
    /// The program is over; what its export returned, as text.
    pub(crate) ended: Option<Vec<String>>,
    /// What kept it from being decided whether the program is to stop.
    pub(crate) failed: Option<wdb_debuggee::Error>,
}

/// What is known of the program, and what the debugger wants of it.
pub(crate) struct Guest {
    pub(crate) name: String,
    pub(crate) process: Process,
    pub(crate) inventory: Inventory,
    pub(crate) stop: Vec<StopReason>,
    pub(crate) standings: Standings,
    pub(crate) calls: Calls,
    pub(crate) armed: Armed,
    pub(crate) at_exceptions: bool,
    pub(crate) how: Resume,
    pub(crate) steps: Steps,
    pub(crate) asked: Arc<Asked>,
    /// Whether code of the program can run when it calls what it imports.
    pub(crate) imports_run_code: bool,
    /// What limits the time that the program runs.
    timer: Option<Timer>,
    filter: Option<StopFilter>,
    /// The filter has failed at this stop.
    failed: Option<wdb_debuggee::Error>,
    /// A stop was asked for and waits for the next instruction.
    pub(crate) stopping: Option<Requester>,
    /// The program has crashed and is being unwound: each activation on the way reports the same
    /// error again.
    pub(crate) unwinding: bool,
    /// The innermost call by the debugger is to be unwound.
    pub(crate) abandon: bool,
}

impl Guest {
    pub(crate) fn new(
        program: &Program,
        process: Process,
        inventory: Inventory,
        timer: Option<Timer>,
    ) -> Guest {
        Guest {
            name: program.main.name.clone(),
            process,
            inventory,
            stop: vec![StopReason::Started],
            standings: Standings {
                now: Standing::Before,
                below: Vec::new(),
                activations: 0,
            },
            calls: Calls::default(),
            armed: Armed::default(),
            at_exceptions: false,
            how: Resume::Continue,
            steps: Steps::default(),
            asked: Arc::default(),
            // WASI preview 1 calls nothing back; a component's host functions call `realloc`, and a preloaded module is code.
            imports_run_code: program.main.binary.kind() == wdb_module::Kind::Component
                || !program.preloads.is_empty(),
            timer,
            filter: None,
            failed: None,
            stopping: None,
            unwinding: false,
            abandon: false,
        }
    }

    /// Lets the program go on.
    fn go_on(&mut self, store: StoreContextMut<'_, Host>, how: Resume) {
        self.how = how;
        // A program whose time is over cannot go on, but the debugger may still call its functions.
        let called = !self.standings.below.is_empty();
        if let Some(timer) = &mut self.timer
            && !(called && timer.is_over())
        {
            timer.start();
        }
        self.set_steps(store);
    }

    /// Whether the program is to stop at the next instruction, because it was asked to.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.is_some()
    }
}

/// The debug handler.
#[derive(Clone)]
pub(crate) struct Handler(Arc<Shared>);

struct Shared {
    events: Sender<Halt>,
    commands: Mutex<Receiver<Command>>,
    request: StopRequest,
    guest: Mutex<Guest>,
}

impl Handler {
    pub(crate) fn new(
        events: Sender<Halt>,
        commands: Receiver<Command>,
        request: StopRequest,
        guest: Guest,
    ) -> Self {
        Handler(Arc::new(Shared {
            events,
            commands: Mutex::new(commands),
            request,
            guest: Mutex::new(guest),
        }))
    }

    /// Never held while the program runs.
    pub(crate) fn guest(&self) -> MutexGuard<'_, Guest> {
        self.0.guest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the program has to stop at `event`.
    fn stops(&self, mut store: StoreContextMut<'_, Host>, event: DebugEvent<'_>) -> bool {
        let guest = &mut *self.guest();
        if guest.unwinding {
            return false;
        }
        guest.inventory.update(store.as_context_mut());
        let found = guest.reasons(store.as_context_mut(), event, &self.0.request);
        let Some((reasons, standing)) = found else {
            return false;
        };
        guest.stop = reasons;
        guest.standings.now = standing;
        if !guest.standings.below.is_empty()
            && let Ok((_, activations)) = crate::stack::count(store.as_context_mut(), usize::MAX)
        {
            guest.standings.activations = activations;
        }
        if guest.stop.iter().any(can_be_passed)
            && let Some(mut filter) = guest.filter.take()
        {
            let verdict = guarded(|| {
                filter(&mut Paused {
                    store: store.as_context_mut(),
                    guest: &mut *guest,
                })
            });
            guest.filter = Some(filter);
            match verdict {
                Ok(Verdict::Resume(how)) => {
                    guest.stop.retain(|reason| !can_be_passed(reason));
                    if guest.stop.is_empty() {
                        guest.stop.extend(guest.deadlock(store.as_context_mut()));
                    }
                    if guest.stop.is_empty() {
                        guest.go_on(store, how);
                        return false;
                    }
                }
                Ok(Verdict::Stop) => {}
                Err(error) => guest.failed = Some(error),
            }
        }
        guest.process.time = launch::now();
        true
    }

    /// Reports that the program is stopped, and does what the debugger says until it has to leave the stop.
    pub(crate) async fn stay_stopped(
        &self,
        mut store: StoreContextMut<'_, Host>,
        ended: Option<Vec<String>>,
    ) -> Left {
        self.tell(&ended);
        loop {
            let command = {
                let commands = &self.0.commands;
                commands
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .recv()
            };
            match command {
                Ok(Command::Ask(question)) => question(&mut Paused {
                    store: store.as_context_mut(),
                    guest: &mut self.guest(),
                }),
                Ok(Command::Resume(how, filter)) => {
                    let mut guest = self.guest();
                    guest.filter = filter;
                    guest.go_on(store, how);
                    return Left::Resumed;
                }
                Ok(Command::Call(call, filter, begun)) => {
                    let prepared = guarded(|| self.enter(store.as_context_mut(), &call));
                    let (answer, prepared) = match prepared.and_then(|it| it) {
                        Ok(prepared) => (Ok(()), Some(prepared)),
                        Err(error) => (Err(error), None),
                    };
                    // The asker waits; if it does not, the answer is not needed.
                    let _ = begun.send(answer);
                    if let Some(prepared) = prepared {
                        self.guest().filter = filter;
                        self.guest().go_on(store.as_context_mut(), Resume::Continue);
                        self.call(store.as_context_mut(), prepared).await;
                        self.tell(&ended);
                    }
                }
                Ok(Command::Abandon(begun)) => {
                    let may = self.guest().may_abandon();
                    let abandons = may.is_ok();
                    let _ = begun.send(may);
                    if abandons {
                        return Left::Unwanted;
                    }
                }
                Err(_) => return Left::Unwanted,
            }
        }
    }

    /// Whether the program, which is to go on, would wait for ever; then that is what it is stopped for.
    fn is_deadlocked(&self, store: StoreContextMut<'_, Host>) -> bool {
        let guest = &mut *self.guest();
        let crashed = |it: &StopReason| matches!(it, StopReason::Crash(_));
        if guest.stop.iter().any(crashed) {
            return false;
        }
        let Some(deadlock) = guest.deadlock(store) else {
            return false;
        };
        guest.stop = vec![deadlock];
        true
    }

    fn tell(&self, ended: &Option<Vec<String>>) {
        let guest = &mut *self.guest();
        if let Some(timer) = &mut guest.timer {
            timer.pause();
        }
        // If the other end is gone, the commands have ended too.
        let _ = self.0.events.send(Halt {
            reasons: guest.stop.clone(),
            ended: ended.clone(),
            failed: guest.failed.take(),
        });
    }
}

/// How the program leaves a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    Resumed,
    /// Its innermost call is abandoned, or the program is not wanted any more.
    Unwanted,
}

/// Whether a filter may let the program go on.
fn can_be_passed(reason: &StopReason) -> bool {
    match reason {
        StopReason::Breakpoint | StopReason::Step => true,
        StopReason::Thrown { caught, .. } => *caught,
        StopReason::Started
        | StopReason::Interrupted
        | StopReason::Returned(_)
        | StopReason::Abandoned(_)
        | StopReason::Crash(_)
        | StopReason::Exited(_) => false,
    }
}

impl DebugHandler for Handler {
    type Data = Host;

    async fn handle(&self, mut store: StoreContextMut<'_, Host>, event: DebugEvent<'_>) {
        // wasmtime raises these while it unwinds, and goes on with that when this returns.
        let raised = !matches!(event, DebugEvent::Breakpoint | DebugEvent::EpochYield);
        // If this fails the program goes on as if there were no debugger.
        let stops = guarded(|| self.stops(store.as_context_mut(), event));
        if !stops.unwrap_or(false) {
            return;
        }
        let mut left = self.stay_stopped(store.as_context_mut(), None).await;
        if left == Left::Resumed && !raised && self.is_deadlocked(store.as_context_mut()) {
            left = self.stay_stopped(store.as_context_mut(), None).await;
        }
        {
            let mut guest = self.guest();
            let crashed = |it: &StopReason| matches!(it, StopReason::Crash(_));
            // A limit is reported at an instruction that could run.
            if left == Left::Resumed && (raised || !guest.stop.iter().any(crashed)) {
                return;
            }
            guest.unwinding = true;
        }
        if raised {
            // Nothing catches an exception that is not there any more.
            let mut scope = RootScope::new(&mut store);
            scope.as_context_mut().take_pending_exception();
        } else {
            unwind();
        }
    }
}

/// Runs the program to its end and then answers questions until the other end is gone.
pub(crate) fn run(
    mut store: Store<Host>,
    linked: &Linked,
    handler: &Handler,
    abandoned: Arc<AtomicBool>,
) {
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        stop::epoch_was_seen();
        Ok(if abandoned.load(Ordering::Relaxed) {
            UpdateDeadline::Interrupt
        } else {
            UpdateDeadline::Continue(1)
        })
    });
    store.set_debug_handler(handler.clone());
    {
        let Guest {
            armed, inventory, ..
        } = &mut *handler.guest();
        // It only fails for a module of another engine.
        let _ = armed.arm_waits(store.as_context_mut(), inventory);
    }
    let engine = store.engine().clone();
    let has_fuel = store.get_fuel().is_ok();
    // It fails where the system has no more files; then there is no one to report it to.
    let _ = block_on(async {
        if handler.stay_stopped(store.as_context_mut(), None).await == Left::Unwanted {
            return Ok(());
        }
        let sleeps = tokio::spawn(handler.0.request.clone().end_sleeps());
        let outcome = {
            let mut running = pin!(until_unwound(link::call(&mut store, linked)));
            poll_fn(|context| {
                let polled = running.as_mut().poll(context);
                if has_fuel && polled.is_pending() {
                    // Perhaps because the fuel is used up: the handler has a look. See `host::fuel_is_used_up`.
                    stop::advance_epoch(&engine);
                }
                polled
            })
            .await
        };
        sleeps.abort();
        let mut unlinked = None;
        let (reason, results) = match outcome {
            Some(Ok(Ended { code, results })) => (Some(StopReason::Exited(code)), results),
            Some(Err(Failure::Stopped(error))) => (Some(link::end(&error)), Vec::new()),
            Some(Err(Failure::Unlinked(error))) => {
                unlinked = Some(error);
                (None, Vec::new())
            }
            None => (None, Vec::new()),
        };
        {
            let mut guest = handler.guest();
            guest.inventory.update(store.as_context_mut());
            // One that was unwound has come to no other end than that which it is stopped for.
            guest
                .stop
                .retain(|it| reason.is_none() && matches!(it, StopReason::Crash(_)));
            guest.stop.extend(reason);
            guest.failed = unlinked.map(|error| wdb_debuggee::Error::Debuggee(error.to_string()));
            guest.standings.now = Standing::Before;
            guest.unwinding = false;
            guest.process.time = launch::now();
            store.take_pending_exception();
        }
        while handler
            .stay_stopped(store.as_context_mut(), Some(results.clone()))
            .await
            == Left::Resumed
        {}
        Ok(())
    });
}

/// Runs `future` with what WASI needs of tokio.
pub(crate) fn block_on<T>(
    future: impl Future<Output = wasmtime::Result<T>>,
) -> wasmtime::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .enable_io()
        .build()
        .map_err(Error::new)?
        .block_on(future)
}
