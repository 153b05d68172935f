//! The guest's thread: it runs the program, and while the program stands still it answers questions.
//!
//! wasmtime calls the debug handler with the guest's frames on the stack, and they are only there
//! until the handler returns. So the handler stays, reports the stop and waits for commands: a
//! question is a closure over the store, `Resume` lets the handler return. After the program's end
//! the same loop goes on outside of any handler: memories can still be read, the frames are gone.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use wasmtime::{
    AsContextMut as _, DebugEvent, DebugHandler, Error, Store, StoreContextMut, UpdateDeadline, Val,
};
use wdb_coredump::Crash;
use wdb_target::StopReason;

use crate::host::Host;
use crate::link::{Entry, Linked};
use crate::stop::{Requester, StopRequest};
use crate::{exception, trap};

/// A question to a guest that stands still.
pub(crate) type Question = Box<dyn FnOnce(StoreContextMut<'_, Host>) + Send>;

/// What the guest's thread is told.
pub(crate) enum Command {
    Ask(Question),
    Resume,
}

/// What the guest's thread tells.
pub(crate) enum Event {
    Stopped(StopReason),
    /// The program is over; what its export returned, as text.
    Ended(StopReason, Vec<String>),
}

/// The modules of the engine with what the debugger knows of them.
pub(crate) struct Binaries {
    program: Arc<wdb_module::Binary>,
    known: Mutex<HashMap<u64, Option<Arc<wdb_module::Module>>>>,
}

impl Binaries {
    pub(crate) fn new(program: Arc<wdb_module::Binary>) -> Self {
        Binaries {
            program,
            known: Mutex::default(),
        }
    }

    /// The module as a binary. One that the engine made itself, to adapt components to each other,
    /// is not in the program's file; then its bytes come from the engine.
    pub(crate) fn get(&self, module: &wasmtime::Module) -> Option<Arc<wdb_module::Module>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .entry(module.debug_index_in_engine())
            .or_insert_with(|| {
                let bytes = module.debug_bytecode()?;
                let own = self
                    .program
                    .modules()
                    .iter()
                    .find(|own| own.bytes()[..] == *bytes);
                if let Some(own) = own {
                    return Some(own.clone());
                }
                // An adapter; see `is_own`.
                let binary = wdb_module::Binary::parse(Bytes::copy_from_slice(bytes)).ok()?;
                binary.modules().first().cloned()
            })
            .clone()
    }
}

impl Binaries {
    /// Whether the module is one of the program's file.
    pub(crate) fn is_own(&self, module: &Arc<wdb_module::Module>) -> bool {
        self.program
            .modules()
            .iter()
            .any(|own| Arc::ptr_eq(own, module))
    }
}

/// The debug handler.
#[derive(Clone)]
pub(crate) struct Handler(Arc<Shared>);

struct Shared {
    events: Sender<Event>,
    commands: Mutex<Receiver<Command>>,
    request: StopRequest,
    binaries: Arc<Binaries>,
    /// A stop was asked for and waits for the next instruction.
    stopping: Mutex<Option<Requester>>,
    /// The program has crashed and is being unwound: each activation on the way tells of the same
    /// error again.
    crashed: AtomicBool,
}

impl Handler {
    pub(crate) fn new(
        events: Sender<Event>,
        commands: Receiver<Command>,
        request: StopRequest,
        binaries: Arc<Binaries>,
    ) -> Self {
        Handler(Arc::new(Shared {
            events,
            commands: Mutex::new(commands),
            request,
            binaries,
            stopping: Mutex::default(),
            crashed: AtomicBool::new(false),
        }))
    }

    /// Waits for the first `Resume`. `false`: nobody wants the program any more.
    pub(crate) fn wait(&self, store: &mut Store<Host>) -> bool {
        self.serve(store.as_context_mut())
    }

    fn stopping(&self) -> MutexGuard<'_, Option<Requester>> {
        self.0
            .stopping
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers questions until the guest may go on.
    fn serve(&self, mut store: StoreContextMut<'_, Host>) -> bool {
        let commands = self
            .0
            .commands
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        loop {
            match commands.recv() {
                Ok(Command::Ask(question)) => question(store.as_context_mut()),
                Ok(Command::Resume) => return true,
                Err(_) => return false,
            }
        }
    }

    fn reason(
        &self,
        mut store: StoreContextMut<'_, Host>,
        event: DebugEvent<'_>,
    ) -> Option<StopReason> {
        let crash = match event {
            DebugEvent::Trap(trap) => trap::from_trap(trap),
            DebugEvent::HostcallError(error) if trap::exit_code(error).is_some() => return None,
            DebugEvent::HostcallError(error) => trap::from_error(error),
            DebugEvent::Exception(exception) => {
                // An error here means that the engine itself has lost the exception.
                exception::uncaught(store, &exception, &self.0.binaries).ok()??
            }
            DebugEvent::EpochYield => {
                // wasmtime 48 puts the epoch's check out of line, where its frame table has the pc
                // and the operand stack of another place. One instruction further both are right.
                let requester = self.0.request.take()?;
                *self.stopping() = Some(requester);
                step(store, true);
                return None;
            }
            DebugEvent::Breakpoint => {
                let requester = self.stopping().take()?;
                step(store.as_context_mut(), false);
                return Some(match requester {
                    Requester::User => StopReason::Interrupted,
                    Requester::Timer => StopReason::Crash(trap::timeout()),
                });
            }
        };
        self.0.crashed.store(true, Ordering::Relaxed);
        Some(StopReason::Crash(crash))
    }
}

/// Sets whether the guest stops at every instruction.
fn step(store: StoreContextMut<'_, Host>, on: bool) {
    if let Some(mut edit) = store.edit_breakpoints() {
        // It only fails for a module of another engine.
        let _ = edit.single_step(on);
    }
}

impl DebugHandler for Handler {
    type Data = Host;

    async fn handle(&self, mut store: StoreContextMut<'_, Host>, event: DebugEvent<'_>) {
        if self.0.crashed.load(Ordering::Relaxed) {
            return;
        }
        if let Some(reason) = self.reason(store.as_context_mut(), event)
            && self.0.events.send(Event::Stopped(reason)).is_ok()
        {
            self.serve(store);
        }
    }
}

/// Runs the program to its end and then answers questions until nobody is left to ask.
pub(crate) fn run(
    mut store: Store<Host>,
    linked: Linked,
    handler: Handler,
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
    if !handler.wait(&mut store) {
        return;
    }
    let request = handler.0.request.clone();
    let ended = end(block_on(async {
        let sleeps = tokio::spawn(request.end_sleeps());
        let outcome = call(&mut store, &linked).await;
        sleeps.abort();
        outcome
    }));
    let (reason, results) = match ended {
        Ok(Ended { code, results }) => (StopReason::Exited(code), results),
        Err(crash) => (StopReason::Crash(crash), Vec::new()),
    };
    if handler.0.events.send(Event::Ended(reason, results)).is_ok() {
        while handler.serve(store.as_context_mut()) {}
    }
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

/// How the program ended: `proc_exit` comes as an error.
pub(crate) fn end(outcome: wasmtime::Result<Ended>) -> Result<Ended, Crash> {
    outcome.or_else(|error| match trap::exit_code(&error) {
        Some(code) => Ok(Ended {
            code,
            results: Vec::new(),
        }),
        None => Err(trap::from_error(&error)),
    })
}

/// A program that came to its end by itself.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) results: Vec<String>,
}

/// Instantiates and calls.
pub(crate) async fn call(store: &mut Store<Host>, linked: &Linked) -> wasmtime::Result<Ended> {
    match linked {
        Linked::Module { module, pre, entry } => {
            store.debug_register_module(module)?;
            let instance = pre.instantiate_async(&mut *store).await?;
            let (name, arguments): (&str, &[Val]) = match entry {
                Entry::Start => ("_start", &[]),
                Entry::Export { name, arguments } => {
                    if let Some(initialize) = instance.get_func(&mut *store, "_initialize")
                        && name != "_initialize"
                    {
                        initialize.call_async(&mut *store, &[], &mut []).await?;
                    }
                    (name, arguments)
                }
            };
            let Some(func) = instance.get_func(&mut *store, name) else {
                return Err(Error::msg(format!(
                    "there is no exported function `{name}`"
                )));
            };
            let count = func.ty(&mut *store).results().len();
            let mut results = vec![Val::I32(0); count];
            func.call_async(&mut *store, arguments, &mut results)
                .await?;
            Ok(Ended {
                code: 0,
                results: results.iter().map(crate::invoke::result).collect(),
            })
        }
        Linked::Component { component, command } => {
            store.debug_register_component(component)?;
            let instance = command.instantiate_async(&mut *store).await?;
            let outcome = instance.wasi_cli_run().call_run(&mut *store).await?;
            Ok(Ended {
                code: i32::from(outcome.is_err()),
                results: Vec::new(),
            })
        }
    }
}
