//! The other way to run: optimised code, and after a trap what wasmtime's own core dump holds.
//!
//! The guest runs at full speed. What the engine can tell of a crash then is less: frames without
//! locals and operand stacks, no tables, no shared memories, and all frames of a module are
//! attributed to its last instance.

use std::sync::Arc;

use bytes::Bytes;
use wasmtime::{AsContextMut as _, Store, WasmCoreDump};
use wdb_coredump::{
    Base, Capture, CoreDump, Crash, Dialect, MemoryCapture, Reading, ValueCapture,
};
use wdb_target::{PostMortem, StopReason};

use crate::debuggee::{process, record};
use crate::host::Host;
use crate::program::{LaunchError, Program};
use crate::stdio::Tail;
use crate::stop::StopRequest;
use crate::{engine, exception, guest, host, link};

/// How a run as optimised code ended.
pub enum Outcome {
    /// By itself, with this exit code and the export's results as text.
    Exited(i32, Vec<String>),
    /// With a crash.
    Crashed {
        /// The state at the crash, as far as it is known.
        state: Box<PostMortem>,
        /// The end of what the guest wrote to its standard error.
        stderr: Tail,
    },
}

/// Runs `program` to its end.
///
/// # Errors
///
/// Whatever keeps the program from starting.
pub fn run(program: &Program) -> Result<Outcome, LaunchError> {
    let engine = engine::engine(program)?;
    let linked = link::link(&engine, program)?;
    let stderr = Tail::default();
    let mut store = host::store(&engine, program, &stderr, &StopRequest::default())?;
    if let Some(time) = program.limits.time {
        store.set_epoch_deadline(1);
        let engine = engine.clone();
        std::thread::spawn(move || {
            std::thread::sleep(time);
            engine.increment_epoch();
        });
    }
    let outcome = guest::block_on(guest::call(&mut store, &linked));
    let dump = outcome.as_ref().err().and_then(|error| {
        let dump = error.downcast_ref::<WasmCoreDump>()?;
        Some(dump.serialize(&mut store, &program.name))
    });
    let (reason, results) = guest::end(outcome);
    let crash = match reason {
        StopReason::Exited(code) => return Ok(Outcome::Exited(code, results)),
        StopReason::Crash(crash) => thrown(&mut store).unwrap_or(crash),
    };
    let mut reading = dump
        .and_then(|dump| wdb_coredump::read(Bytes::from(dump)).ok())
        .unwrap_or_else(|| Reading {
            dump: CoreDump::default(),
            dialect: Dialect::Wdb,
            base: Base::Body,
            notes: Vec::new(),
        });
    let modules = identify(&mut reading.dump, program);
    reading.dump.executable.clone_from(&program.name);
    reading.dump.crash = Some(crash);
    reading.dump.process = process(program);
    reading.dump.capture = Capture {
        values: ValueCapture::Light,
        memory: MemoryCapture::Full,
    };
    Ok(Outcome::Crashed {
        state: Box::new(PostMortem::new(reading, modules)),
        stderr,
    })
}

/// The crash, if an exception that nothing caught ended the program.
fn thrown(store: &mut Store<Host>) -> Option<Crash> {
    let exception = store.take_pending_exception()?;
    let tag = exception.tag(&mut *store).ok()?;
    exception::describe(store.as_context_mut(), exception, &tag).ok()
}

/// Records which module each of wasmtime's dump is. It gives no identity, but its modules are those of
/// the program: by name, or else in the order of the file.
fn identify(dump: &mut CoreDump, program: &Program) -> Vec<Option<Arc<wdb_module::Module>>> {
    let own = program.binary.modules();
    let path = program.path_text();
    let by_order = dump.modules.len() == own.len();
    dump.modules
        .iter_mut()
        .enumerate()
        .map(|(position, known)| {
            let module = own
                .iter()
                .find(|module| module.name() == Some(&known.name))
                .or_else(|| own.get(position).filter(|_| by_order))?;
            *known = record(module, &program.name, path.as_deref());
            Some(module.clone())
        })
        .collect()
}
