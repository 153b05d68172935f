//! The guest in wasmtime as a debuggee.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::SystemTime;

use wasmtime::{AsContext as _, Engine, StoreContextMut};
use wdb_coredump::{
    Capture, Global, Instance, InstanceId, MemoryCapture, MemoryId, MemoryShape, Process, Producer,
    Table, TableId, Value, ValueCapture, code,
};
use wdb_module::{FuncIndex, MemoryIndex};
use wdb_target::{
    Certainty, Debuggee, Error, Execute, Interrupt, Module, Resume, StopReason, Thread, Watch,
};

use crate::guest::{Binaries, Command, Event, Handler};
use crate::host::Host;
use crate::inventory::Inventory;
use crate::program::{LaunchError, Program};
use crate::stdio::Tail;
use crate::stop::{Requester, StopRequest};
use crate::{engine, frames, guest, host, link, memory, operands, stack, table};

/// A program in wasmtime, under guest-debug instrumentation.
pub struct Live {
    name: String,
    path: Option<String>,
    engine: Engine,
    request: StopRequest,
    abandoned: Arc<AtomicBool>,
    /// `None` once this is dropped.
    commands: Option<Sender<Command>>,
    events: Receiver<Event>,
    binaries: Arc<Binaries>,
    stderr: Tail,
    process: Process,
    stop: Vec<StopReason>,
    results: Vec<String>,
    ended: bool,
    modules: Vec<Module>,
    inventory: Arc<Inventory>,
}

impl Live {
    /// Compiles and links `program`, and stops before its first instruction.
    ///
    /// # Errors
    ///
    /// Whatever keeps the program from starting.
    pub fn launch(program: &Program) -> Result<Live, LaunchError> {
        let engine = engine::engine(program)?;
        let linked = link::link(&engine, program)?;
        let stderr = Tail::default();
        let request = StopRequest::default();
        let store = host::store(&engine, program, &stderr, &request)?;
        let binaries = Arc::new(Binaries::new(program.binary.clone()));
        let abandoned = Arc::new(AtomicBool::new(false));
        let (commands, receive_commands) = mpsc::channel();
        let (send_events, events) = mpsc::channel();
        let handler = Handler::new(
            send_events,
            receive_commands,
            request.clone(),
            binaries.clone(),
        );
        std::thread::Builder::new()
            .name("guest".into())
            .spawn({
                let abandoned = abandoned.clone();
                move || guest::run(store, linked, handler, abandoned)
            })
            .map_err(|error| LaunchError::Host(format!("cannot start a thread: {error}")))?;
        if let Some(time) = program.limits.time {
            let stop = stopper(&engine, &request, Requester::Timer);
            std::thread::spawn(move || {
                std::thread::sleep(time);
                stop();
            });
        }
        Ok(Live {
            name: program.name.clone(),
            path: program.path_text(),
            engine,
            request,
            abandoned,
            commands: Some(commands),
            events,
            binaries,
            stderr,
            process: process(program),
            stop: vec![StopReason::Started],
            results: Vec::new(),
            ended: false,
            modules: Vec::new(),
            inventory: Arc::default(),
        })
    }

    /// The end of what the guest wrote to its standard error.
    pub fn stderr(&self) -> &Tail {
        &self.stderr
    }

    /// What the export returned, as text, when the program has ended by itself.
    pub fn results(&self) -> &[String] {
        &self.results
    }

    /// Asks the guest's thread, which must stand still, and waits for the answer.
    fn ask<R: Send + 'static>(
        &self,
        question: impl FnOnce(StoreContextMut<'_, Host>) -> R + Send + 'static,
    ) -> Result<R, Error> {
        let gone = || Error::Debuggee("the guest's thread has ended".into());
        let (send, receive) = mpsc::sync_channel(1);
        let question = Box::new(move |store: StoreContextMut<'_, Host>| {
            // The asker waits; if it does not, nobody needs the answer.
            let _ = send.send(question(store));
        });
        let commands = self.commands.as_ref().ok_or_else(gone)?;
        commands.send(Command::Ask(question)).map_err(|_| gone())?;
        receive.recv().map_err(|_| gone())
    }

    fn take_inventory(&mut self) -> Result<(), Error> {
        let inventory = self.ask(Inventory::take)?;
        self.modules = inventory
            .modules
            .iter()
            .map(|module| self.module(module))
            .collect();
        self.inventory = Arc::new(inventory);
        Ok(())
    }

    /// Gives the youngest frame the operands of the instruction that it crashed at.
    fn complete_operands(&mut self, thread: &mut Thread) {
        let Some(frame) = thread.frames.first_mut() else {
            return;
        };
        let binary = self.modules[frame.module.position()].binary.clone();
        let Some((binary, pc)) = binary.zip(frame.pc) else {
            return;
        };
        let (Some(pc), Some(stack), Ok(globals)) = (
            binary.from_function(frame.func, pc),
            &mut frame.stack,
            self.globals(),
        ) else {
            return;
        };
        let instance = self.inventory.instances[frame.instance.position()]
            .1
            .clone();
        let mut state = AtCrash {
            live: self,
            instance,
            globals,
        };
        operands::complete(&binary, frame.func, pc, &frame.locals, stack, &mut state);
    }

    fn module(&self, module: &wasmtime::Module) -> Module {
        let binary = self.binaries.get(module);
        let record = match &binary {
            Some(binary) if self.binaries.is_own(binary) => {
                record(binary, &self.name, self.path.as_deref())
            }
            Some(binary) => record(binary, ADAPTER, None),
            None => wdb_coredump::Module {
                name: module.name().unwrap_or(&self.name).to_owned(),
                ..wdb_coredump::Module::default()
            },
        };
        Module { record, binary }
    }
}

/// The state of the crashed frame's instance.
struct AtCrash<'a> {
    live: &'a mut Live,
    instance: Instance,
    globals: Vec<Global>,
}

impl operands::State for AtCrash<'_> {
    fn global(&mut self, index: u32) -> Option<Value> {
        let id = (*self.instance.globals.get(index as usize)?)?;
        self.globals.get(id.position())?.known().cloned()
    }

    fn memory(&mut self, index: MemoryIndex, address: u64, length: usize) -> Option<Vec<u8>> {
        let id = (*self.instance.memories.get(index.position())?)?;
        let mut bytes = vec![0; length];
        self.live.read_memory(id, address, &mut bytes).ok()?;
        Some(bytes)
    }
}

/// The name of a module that wasmtime makes itself, between the components of a composed one.
const ADAPTER: &str = "wasmtime's adapter";

/// What asks the guest to stop, from any thread.
fn stopper(
    engine: &Engine,
    request: &StopRequest,
    requester: Requester,
) -> impl Fn() + Send + Sync + 'static {
    let engine = engine.clone();
    let request = request.clone();
    move || request.set(requester, &engine)
}

/// What a dump records of a module: its own name, or the program's, with the place of one that is
/// nested in a component.
pub(crate) fn record(
    binary: &wdb_module::Module,
    program: &str,
    path: Option<&str>,
) -> wdb_coredump::Module {
    let file_offset = binary.file_offset().0;
    wdb_coredump::Module {
        name: match binary.name() {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ if file_offset == 0 => program.to_owned(),
            _ => format!("{program}@{file_offset:#x}"),
        },
        path: path.map(str::to_owned),
        sha256: Some(binary.sha256()),
        build_id: binary.build_id().map(<[u8]>::to_vec),
        file_offset,
    }
}

/// What is known of the run before it begins.
pub(crate) fn process(program: &Program) -> Process {
    let producer = |name: &str, version: &str| Producer {
        name: name.into(),
        version: version.into(),
    };
    Process {
        arguments: program.wasi.arguments.clone(),
        pid: Some(std::process::id()),
        time: now(),
        producers: vec![
            producer("wdb", env!("CARGO_PKG_VERSION")),
            producer("wasmtime", WASMTIME_VERSION),
        ],
    }
}

fn now() -> Option<u64> {
    let time = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()?;
    time.as_millis().try_into().ok()
}

/// The version that the root manifest pins; a test compares the two.
const WASMTIME_VERSION: &str = "48.0.8";

impl Debuggee for Live {
    fn stop(&self) -> &[StopReason] {
        &self.stop
    }

    fn process(&self) -> &Process {
        &self.process
    }

    fn capture(&self) -> Capture {
        Capture {
            values: ValueCapture::Full,
            memory: MemoryCapture::Full,
        }
    }

    fn executable(&self) -> &str {
        &self.name
    }

    fn modules(&self) -> &[Module] {
        &self.modules
    }

    fn instances(&mut self) -> Result<Vec<Instance>, Error> {
        Ok(self
            .inventory
            .instances
            .iter()
            .map(|(_, record)| record.clone())
            .collect())
    }

    fn threads(&mut self) -> Result<Vec<Thread>, Error> {
        let inventory = self.inventory.clone();
        let in_prologue = self.stop.iter().any(
            |reason| matches!(reason, StopReason::Crash(crash) if crash.code == code::STACK_OVERFLOW),
        );
        let activations = self
            .ask(move |store| stack::activations(store, &inventory, in_prologue))?
            .map_err(|error| Error::Debuggee(format!("{error:#}")))?;
        let instances = &self.inventory.instances;
        let mut thread = frames::thread(activations, &self.modules, |id| {
            instances[id.position()].1.module
        });
        self.complete_operands(&mut thread);
        Ok(vec![thread])
    }

    fn memories(&mut self) -> Result<Vec<MemoryShape>, Error> {
        let inventory = self.inventory.clone();
        self.ask(move |store| {
            let shape = |memory| memory::shape(store.as_context(), memory);
            inventory.memories.iter().map(shape).collect()
        })
    }

    fn read_memory(
        &mut self,
        memory: MemoryId,
        address: u64,
        buffer: &mut [u8],
    ) -> Result<Certainty, Error> {
        let inventory = self.inventory.clone();
        let length = buffer.len();
        let bytes =
            self.ask(move |store| memory::read(store, &inventory, memory, address, length))??;
        buffer.copy_from_slice(&bytes);
        Ok(Certainty::Known)
    }

    fn occupied_memory(&mut self, memory: MemoryId) -> Result<Vec<Range<u64>>, Error> {
        let inventory = self.inventory.clone();
        self.ask(move |store| memory::occupied(store, &inventory, memory))?
    }

    fn globals(&mut self) -> Result<Vec<Global>, Error> {
        let inventory = self.inventory.clone();
        self.ask(move |store| table::globals(store, &inventory))
    }

    fn table(&mut self, table: TableId) -> Result<Table, Error> {
        let inventory = self.inventory.clone();
        self.ask(move |store| table::read(store, &inventory, table))?
    }

    fn table_count(&mut self) -> u32 {
        self.inventory.tables.len() as u32
    }

    fn execute(&mut self) -> Option<&mut dyn Execute> {
        Some(self)
    }
}

impl Execute for Live {
    fn resume(&mut self, how: Resume, watch: Option<Watch>) -> Result<(), Error> {
        if how != Resume::Continue || watch.is_some() {
            return Err(Error::Refused(
                "a live program cannot be stepped yet".into(),
            ));
        }
        let gone = || Error::Debuggee("the guest's thread has ended".into());
        if self.ended {
            return Err(Error::Debuggee("the program has ended".into()));
        }
        let commands = self.commands.as_ref().ok_or_else(gone)?;
        commands.send(Command::Resume).map_err(|_| gone())?;
        let reason = match self.events.recv().map_err(|_| gone())? {
            Event::Stopped(reason) => reason,
            Event::Ended(reason, results) => {
                self.ended = true;
                self.results = results;
                reason
            }
        };
        self.stop = vec![reason];
        self.process.time = now();
        self.take_inventory()
    }

    fn call(
        &mut self,
        _: InstanceId,
        _: FuncIndex,
        _: &[Value],
        _: Option<Watch>,
    ) -> Result<(), Error> {
        Err(Error::Refused(
            "functions of a live program cannot be called yet".into(),
        ))
    }

    fn abandon_call(&mut self) -> Result<(), Error> {
        Err(Error::Refused("no call is under way".into()))
    }

    fn interrupt(&self) -> Interrupt {
        Interrupt::new(stopper(&self.engine, &self.request, Requester::User))
    }
}

impl Drop for Live {
    /// Ends the guest, wherever it is. One that waits in a host call ends when the call does; it is not
    /// waited for.
    fn drop(&mut self) {
        self.abandoned.store(true, Ordering::Relaxed);
        self.engine.increment_epoch();
        self.commands = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_version_is_the_one_that_is_pinned() {
        let manifest = include_str!("../../../Cargo.toml");
        let pinned = format!("wasmtime = {{ version = \"={WASMTIME_VERSION}\"");
        assert!(manifest.contains(&pinned), "{pinned}");
    }
}
