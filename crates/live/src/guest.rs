//! The guest's thread: it runs the program, and while the program stands still it does what the
//! debugger says.
//!
//! wasmtime calls the debug handler with the guest's frames on the stack, and they are only there
//! until the handler returns. So the handler stays, reports the stop and waits for commands: a
//! question is a closure over the program that stands still, `Resume` lets the handler return. Before
//! the program's start and after its end the same loop goes on outside of any handler.

use std::future::poll_fn;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use wasmtime::{
    AsContext as _, AsContextMut as _, DebugEvent, DebugHandler, Error, Store, StoreContextMut,
    UpdateDeadline,
};
use wdb_coredump::Process;
use wdb_module::FuncIndex;
use wdb_target::{Resume, StopReason, Verdict, Watch};

use crate::breakpoints::Armed;
use crate::call::Call;
use crate::frames::{Calls, Standing, Standings};
use crate::host::Host;
use crate::inventory::Inventory;
use crate::link::{self, Ended, Linked};
use crate::paused::Paused;
use crate::program::{self, Program};
use crate::step::Steps;
use crate::stop::{Requester, StopRequest};
use crate::{exception, stack, trap};

/// A question to a program that stands still.
pub(crate) type Question = Box<dyn FnOnce(&mut Paused<'_>) + Send>;

/// What the guest's thread is told while the program stands still.
pub(crate) enum Command {
    Ask(Question),
    Resume(Resume, Option<Watch>),
    /// Whether the call begins is answered at once.
    Call(
        Call,
        Option<Watch>,
        SyncSender<Result<(), wdb_target::Error>>,
    ),
    Abandon(SyncSender<Result<(), wdb_target::Error>>),
}

/// The program stands still.
pub(crate) struct Stopped {
    pub(crate) reasons: Vec<StopReason>,
    /// The program is over; what its export returned, as text.
    pub(crate) ended: Option<Vec<String>>,
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
    /// Whether host functions can call the program back.
    pub(crate) host_calls_back: bool,
    watch: Option<Watch>,
    /// A stop was asked for and waits for the next instruction.
    stopping: Option<Requester>,
    /// The program has crashed and is being unwound: each activation on the way tells of the same
    /// error again.
    pub(crate) unwinding: bool,
    /// The youngest call by the debugger is to be unwound.
    pub(crate) abandon: bool,
    /// Nobody wants the program any more.
    forsaken: bool,
}

impl Guest {
    pub(crate) fn new(program: &Program, inventory: Inventory) -> Guest {
        Guest {
            name: program.name.clone(),
            process: program.process(),
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
            // WASI preview 1 does not; a component's host functions call `realloc`.
            host_calls_back: program.binary.kind() == wdb_module::Kind::Component,
            watch: None,
            stopping: None,
            unwinding: false,
            abandon: false,
            forsaken: false,
        }
    }

    /// Why the program has to stop at `event`, if it has to.
    fn reasons(
        &mut self,
        mut store: StoreContextMut<'_, Host>,
        event: DebugEvent<'_>,
        request: &StopRequest,
    ) -> Option<(Vec<StopReason>, Standing)> {
        let crash = match event {
            DebugEvent::Trap(trap) => trap::from_trap(trap),
            DebugEvent::HostcallError(error) if trap::exit_code(error).is_some() => return None,
            DebugEvent::HostcallError(error) => trap::from_error(error),
            DebugEvent::Exception(thrown) => {
                // An error here means that the engine itself has lost the exception.
                let caught =
                    exception::caught(store.as_context_mut(), &thrown, &self.inventory).ok()?;
                if caught && !self.at_exceptions {
                    return None;
                }
                let thrown = thrown.to_rooted(&mut store);
                let exception = exception::describe(store, thrown, &self.inventory).ok()?;
                let crash = (!caught).then(|| exception::crash(exception.clone()));
                self.unwinding = !caught;
                let thrown = StopReason::Thrown { exception, caught };
                let told = self.at_exceptions.then_some(thrown);
                let reasons = told.into_iter().chain(crash.map(StopReason::Crash));
                return Some((reasons.collect(), Standing::Within));
            }
            DebugEvent::EpochYield => {
                // wasmtime 48 puts the epoch's check out of line, where its frame table has the pc
                // and the operand stack of another place. One instruction further both are right.
                self.stopping = Some(request.take()?);
                self.set_steps(store);
                return None;
            }
            DebugEvent::Breakpoint => return self.at_instruction(store, request),
        };
        self.unwinding = true;
        let standing = match crash.code.as_str() {
            wdb_coredump::code::STACK_OVERFLOW => Standing::Prologue,
            // Fuel is looked at where a function begins, before its frame is set up, and in loops.
            wdb_coredump::code::FUEL if self.stands_at_a_beginning(store).unwrap_or(true) => {
                Standing::Prologue
            }
            _ => Standing::Within,
        };
        Some((vec![StopReason::Crash(crash)], standing))
    }

    /// Whether the youngest frame stands at the first instruction of its function. Does not ask the frame for its
    /// instance, which it may not have.
    fn stands_at_a_beginning(&self, store: StoreContextMut<'_, Host>) -> Option<bool> {
        let found = stack::walk(store, |store, frame, _| {
            Ok(ControlFlow::Break(stack::place(store, frame)?))
        });
        let (defined, pc) = found.ok()???;
        let mut binaries = self
            .inventory
            .modules
            .iter()
            .filter_map(|it| it.binary.as_ref());
        Some(binaries.any(|binary| {
            let func = FuncIndex(binary.imported_function_count() + defined.0);
            let first = binary.instructions(func).next();
            first.is_some_and(|it| it.is_ok_and(|(at, _)| pc <= at))
                && binary
                    .function(func)
                    .and_then(|it| it.body)
                    .is_some_and(|it| it.contains(&pc))
        }))
    }

    /// The program stands before an instruction that has a breakpoint, or every instruction has one.
    fn at_instruction(
        &mut self,
        store: StoreContextMut<'_, Host>,
        request: &StopRequest,
    ) -> Option<(Vec<StopReason>, Standing)> {
        let mut reasons = Vec::new();
        // See `breakpoints::patch` for what is different when there is more than one module.
        let anywhere = self.how == Resume::StepInstruction
            || store.as_context().is_single_step()
            || self.inventory.modules.len() > 1;
        if self.how == Resume::StepInstruction {
            reasons.push(StopReason::Step);
        }
        if !anywhere || self.armed.stands_at_one(store, &self.inventory) {
            reasons.push(StopReason::Breakpoint);
        }
        // Who waits for the guest in a host call wants to see that call.
        let standing = match reasons.is_empty() {
            true => Standing::Within,
            false => Standing::Before,
        };
        let asked = || request.is_set().then(|| request.take()).flatten();
        match self.stopping.take().or_else(asked) {
            Some(Requester::User) => reasons.push(StopReason::Interrupted),
            Some(Requester::Timer) => reasons.push(StopReason::Crash(trap::timeout())),
            None => {}
        }
        (!reasons.is_empty()).then_some((reasons, standing))
    }

    /// Lets the program go on.
    fn go_on(&mut self, store: StoreContextMut<'_, Host>, how: Resume) {
        self.how = how;
        self.set_steps(store);
    }

    /// Whether the program is to stop at the next instruction, because somebody has asked for it.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.is_some()
    }
}

/// The debug handler.
#[derive(Clone)]
pub(crate) struct Handler(Arc<Shared>);

struct Shared {
    events: Sender<Stopped>,
    commands: Mutex<Receiver<Command>>,
    request: StopRequest,
    guest: Mutex<Guest>,
}

impl Handler {
    pub(crate) fn new(
        events: Sender<Stopped>,
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

    /// Whether the program has to stand still at `event`.
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
        let passable = reasons.iter().all(can_be_passed);
        guest.stop = reasons;
        guest.standings.now = standing;
        if !guest.standings.below.is_empty()
            && let Ok((_, activations)) = crate::stack::count(store.as_context_mut())
        {
            guest.standings.activations = activations;
        }
        if passable && let Some(mut watch) = guest.watch.take() {
            let verdict = watch(&mut Paused {
                store: store.as_context_mut(),
                guest: &mut *guest,
            });
            guest.watch = Some(watch);
            if let Verdict::Resume(how) = verdict {
                guest.go_on(store, how);
                return false;
            }
        }
        guest.process.time = program::now();
        true
    }

    /// Tells that the program stands still, and does what the debugger says until it may go on.
    /// `false`: nobody wants the program any more.
    pub(crate) async fn stand(
        &self,
        mut store: StoreContextMut<'_, Host>,
        ended: Option<Vec<String>>,
    ) -> bool {
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
                Ok(Command::Resume(how, watch)) => {
                    let mut guest = self.guest();
                    guest.watch = watch;
                    guest.go_on(store, how);
                    return true;
                }
                Ok(Command::Call(call, watch, begun)) => {
                    let prepared = self.enter(store.as_context_mut(), &call);
                    let (answer, prepared) = match prepared {
                        Ok(prepared) => (Ok(()), Some(prepared)),
                        Err(error) => (Err(error), None),
                    };
                    // The asker waits; if it does not, nobody needs the answer.
                    let _ = begun.send(answer);
                    if let Some(prepared) = prepared {
                        self.guest().watch = watch;
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
                        // The call's future is dropped where it was made, and this with it.
                        std::future::pending::<()>().await;
                    }
                }
                Err(_) => return false,
            }
        }
    }

    fn tell(&self, ended: &Option<Vec<String>>) {
        // If nobody listens, the commands have ended too.
        let _ = self.0.events.send(Stopped {
            reasons: self.guest().stop.clone(),
            ended: ended.clone(),
        });
    }
}

/// Whether a watch may let the program go on.
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
        if self.stops(store.as_context_mut(), event) && !self.stand(store, None).await {
            {
                let mut guest = self.guest();
                guest.forsaken = true;
                guest.unwinding = true;
            }
            // It must not go on, not even to what it was about to ask of its host: its future is dropped.
            std::future::pending::<()>().await;
        }
    }
}

/// Runs the program to its end and then answers questions until nobody is left to ask.
pub(crate) fn run(
    mut store: Store<Host>,
    linked: &Linked,
    handler: &Handler,
    abandoned: Arc<AtomicBool>,
) {
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        Ok(if abandoned.load(Ordering::Relaxed) {
            UpdateDeadline::Interrupt
        } else {
            UpdateDeadline::Continue(1)
        })
    });
    store.set_debug_handler(handler.clone());
    // It fails where the system has no more files; then there is nobody to tell.
    let _ = block_on(async {
        if !handler.stand(store.as_context_mut(), None).await {
            return Ok(());
        }
        let sleeps = tokio::spawn(handler.0.request.clone().end_sleeps());
        let outcome = {
            let mut running = pin!(link::call(&mut store, linked));
            poll_fn(|context| match running.as_mut().poll(context) {
                Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
                Poll::Pending if handler.guest().forsaken => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            })
            .await
        };
        sleeps.abort();
        let Some(outcome) = outcome else {
            return Ok(());
        };
        let (reason, results) = match link::end(outcome) {
            Ok(Ended { code, results }) => (StopReason::Exited(code), results),
            Err(crash) => (StopReason::Crash(crash), Vec::new()),
        };
        {
            let mut guest = handler.guest();
            guest.inventory.update(store.as_context_mut());
            guest.stop = vec![reason];
            guest.unwinding = false;
            guest.process.time = program::now();
        }
        while handler
            .stand(store.as_context_mut(), Some(results.clone()))
            .await
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
