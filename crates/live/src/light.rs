//! The other way to run: optimised code, and after a trap what wasmtime's own core dump holds.
//!
//! The guest runs at full speed. What the engine can tell of a crash then is less: frames without
//! locals and operand stacks, no tables, no shared memories, and all frames of a module are
//! attributed to its last instance.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Instant;

use bytes::Bytes;
use wasmtime::{
    AsContextMut as _, ExternType, Global, HeapType, Module, Store, ValType, WasmCoreDump,
};
use wdb_coredump::{
    Base, Capture, CoreDump, Crash, Dialect, Frame, Instance, InstanceId, MemoryCapture, ModuleId,
    Reading, Thread, ValueCapture,
};
use wdb_debuggee::PostMortem;
use wdb_debuggee::launch::{Invocation, LaunchError, Program};
use wdb_module::FuncIndex;

use crate::debuggee::{LOOK, WAITS, stopper};
use crate::engine::{self, Mode, Wasmtime};
use crate::guarded::guarded;
use crate::host::Host;
use crate::inventory::Inventory;
use crate::link::{Failure, Linked};
use crate::stop::{Requester, StopRequest};
use crate::timer::Timer;
use crate::{exception, guest, host, link, modules, trap};

/// How a run as optimised code ended.
pub enum Outcome {
    /// By itself, with this exit code and the export's results as text.
    Exited(i32, Vec<String>),
    /// It was to stop and did not, and was given up: why nothing of it can be seen, as a sentence's second half.
    GivenUp(String),
    /// With a crash: its state there, as far as it is known.
    Crashed(Box<PostMortem>),
}

/// What the guest's thread reports.
enum Event {
    /// The program has crashed; what is known of it comes next, which takes long when it has much memory.
    Crashed,
    Ended(Result<Outcome, LaunchError>),
}

/// Runs `program` to its end. When it has crashed, `crashed` is called before its state is taken.
///
/// # Errors
///
/// Whatever keeps the program from starting.
pub fn run(
    engine: &Wasmtime,
    program: &Program,
    invocation: &Invocation,
    mut crashed: impl FnMut(),
) -> Result<Outcome, LaunchError> {
    let no_thread = |error| LaunchError::Host(format!("cannot start a thread: {error}"));
    let request = StopRequest::default();
    let (send, told) = mpsc::channel();
    let began = Instant::now();
    // On a thread of its own: a program that waits for its host is left behind there.
    std::thread::Builder::new()
        .name("guest".into())
        .spawn({
            let (engine, program) = (engine.clone(), program.clone());
            let (invocation, request) = (invocation.clone(), request.clone());
            // If this cannot be sent, the program was given up.
            move || {
                let crashed = || _ = send.send(Event::Crashed);
                let outcome = run_here(&engine, &program, &invocation, &request, crashed);
                _ = send.send(Event::Ended(outcome));
            }
        })
        .map_err(no_thread)?;
    let mut has_crashed = false;
    loop {
        match told.recv_timeout(LOOK) {
            Ok(Event::Ended(outcome)) => return outcome,
            Ok(Event::Crashed) => {
                has_crashed = true;
                crashed();
            }
            Err(RecvTimeoutError::Timeout) if has_crashed || request.in_vain(began).is_none() => {}
            Err(RecvTimeoutError::Timeout) => return Ok(Outcome::GivenUp(WAITS.into())),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(LaunchError::Host("the guest's thread has ended".into()));
            }
        }
    }
}

fn run_here(
    engine: &Wasmtime,
    program: &Program,
    invocation: &Invocation,
    request: &StopRequest,
    crashed: impl FnOnce(),
) -> Result<Outcome, LaunchError> {
    let engine = engine::engine(engine, program, Mode::Light)?;
    let linked = link::link(&engine, program, &invocation.arguments)?;
    let mut store = host::store(&engine, program, invocation, Mode::Light, request)?;
    let mut timer = None;
    if let Some(time) = program.limits.time {
        store.set_epoch_deadline(1);
        let ring = stopper(&engine, request, Requester::Timer);
        let timer: &mut Timer = timer.insert(
            Timer::new(time, ring)
                .map_err(|error| LaunchError::Host(format!("cannot start a thread: {error}")))?,
        );
        timer.start();
    }
    let outcome = guest::block_on(async {
        let sleeps = tokio::spawn(request.clone().end_sleeps());
        let outcome = link::call(&mut store, &linked).await;
        sleeps.abort();
        Ok(outcome)
    });
    drop(timer);
    let error = match outcome.unwrap_or_else(|error| Err(error.into())) {
        Ok(ended) => return Ok(Outcome::Exited(ended.code, ended.results)),
        Err(Failure::Unlinked(error)) => return Err(error),
        Err(Failure::Stopped(error)) => error,
    };
    // Before anything is asked of the state: `proc_exit` is an error too, with all memory behind it.
    if let Some(code) = trap::exit_code(&error) {
        return Ok(Outcome::Exited(code, Vec::new()));
    }
    crashed();
    let mut reading = Reading {
        dump: CoreDump::default(),
        dialect: Dialect::Wdb,
        base: Base::Body,
        notes: Vec::new(),
    };
    let mut memory = MemoryCapture::Unstated;
    let mut compiled = Vec::new();
    if let Some(dump) = error.downcast_ref::<WasmCoreDump>() {
        let whole = serialize(&mut store, dump, &program.main.name)
            .and_then(|bytes| wdb_coredump::read(Bytes::from(bytes)).ok());
        match whole {
            Some(whole) => {
                reading = whole;
                compiled = dump.modules().to_vec();
                memory = MemoryCapture::Full;
            }
            None => (reading.dump, compiled) = frames_only(dump),
        }
    }
    let crash = thrown(&mut store).unwrap_or_else(|| trap::from_error(&error));
    let modules = identify(&mut reading.dump, &compiled, &linked, program);
    reading.dump.executable.clone_from(&program.main.name);
    reading.dump.crash = Some(crash);
    reading.dump.process = engine::process(program, &invocation.arguments);
    reading.dump.capture = Capture {
        values: ValueCapture::Light,
        memory,
    };
    let state = PostMortem::new(reading, modules);
    Ok(Outcome::Crashed(Box::new(state)))
}

/// wasmtime's core dump, as bytes. Asked first whether wasmtime 48 can make them: it panics on the adapters that it
/// makes between the components of a composed one, which have globals of their own, and on globals that hold exceptions.
fn serialize(store: &mut Store<Host>, dump: &WasmCoreDump, name: &str) -> Option<Vec<u8>> {
    let among = |modules: &[&Module], wanted: &Module| {
        modules.iter().any(|module| Module::same(module, wanted))
    };
    let modules: Vec<&Module> = dump.modules().iter().collect();
    let instances = dump.instances().iter();
    let instantiated: Vec<&Module> = instances.map(|it| it.module(&*store)).collect();
    let known = instantiated.iter().all(|module| among(&modules, module))
        && dump
            .frames()
            .iter()
            .all(|frame| among(&instantiated, frame.module()));
    let has_words = |global: &Global| match global.ty(&*store).content() {
        ValType::Ref(ty) => matches!(
            ty.heap_type().top(),
            HeapType::Extern | HeapType::Func | HeapType::Any
        ),
        _ => true,
    };
    let adapts = |module: &&Module| {
        let mut imports = module.imports();
        imports.any(|it| it.module() == "flags" && matches!(it.ty(), ExternType::Global(_)))
    };
    let can = known && dump.globals().iter().all(has_words) && !instantiated.iter().any(adapts);
    // Should there be more: the store is not used again after a panic but to be dropped, and nothing in it was changed.
    can.then(|| guarded(|| dump.serialize(store, name)).ok())?
}

/// The frames of wasmtime's core dump, when the rest of it cannot be had, and the modules that they are of.
fn frames_only(dump: &WasmCoreDump) -> (CoreDump, Vec<Module>) {
    let mut modules: Vec<Module> = Vec::new();
    let mut frames = Vec::new();
    for frame in dump.frames() {
        let known = modules
            .iter()
            .position(|module| Module::same(module, frame.module()));
        let position = known.unwrap_or_else(|| {
            modules.push(frame.module().clone());
            modules.len() - 1
        });
        frames.push(Frame {
            instance: InstanceId(position as u32),
            func: FuncIndex(frame.func_index()),
            codeoffset: frame.func_offset().map_or(0, |offset| offset as u32),
            locals: Vec::new(),
            stack: Vec::new(),
        });
    }
    let dump = CoreDump {
        modules: modules
            .iter()
            .map(|module| wdb_coredump::Module {
                name: module.name().unwrap_or_default().to_owned(),
                ..wdb_coredump::Module::default()
            })
            .collect(),
        instances: (0..modules.len())
            .map(|position| Instance {
                module: ModuleId(position as u32),
                memories: Vec::new(),
                globals: Vec::new(),
                tables: Vec::new(),
            })
            .collect(),
        threads: vec![Thread {
            name: "main".into(),
            frames,
            host_frames: Vec::new(),
        }],
        ..CoreDump::default()
    };
    (dump, modules)
}

/// The crash, if an exception that nothing caught ended the program.
fn thrown(store: &mut Store<Host>) -> Option<Crash> {
    let exception = store.take_pending_exception()?;
    let inventory = Inventory::default();
    let thrown = exception::describe(store.as_context_mut(), exception, &inventory);
    thrown.ok().map(exception::crash)
}

/// Records which module each of wasmtime's dump is: they are in the order of `compiled`. Those that are nested in a
/// component have no handles: one is known by its name where no other has that, or else by its place in the file.
fn identify(
    dump: &mut CoreDump,
    compiled: &[Module],
    linked: &Linked,
    program: &Program,
) -> Vec<Option<Arc<wdb_module::Module>>> {
    let nested = program.main.binary.modules();
    let by_order = dump.modules.len() == nested.len();
    let by_name = |position: usize, name: &str| {
        let mut named = nested.iter().filter(|it| it.name() == Some(name));
        match (named.next(), named.next()) {
            (Some(only), None) => Some(only),
            _ => nested.get(position).filter(|_| by_order),
        }
    };
    dump.modules
        .iter_mut()
        .enumerate()
        .map(|(position, known)| {
            let (file, module) = compiled
                .get(position)
                .and_then(|it| modules::of_file(it, linked, program))
                .or_else(|| Some((&program.main, by_name(position, &known.name)?)))?;
            *known = file.record(module);
            Some(Arc::clone(module))
        })
        .collect()
}
