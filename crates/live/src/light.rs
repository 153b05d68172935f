//! The other way to run: optimised code, and after a trap what wasmtime's own core dump holds.
//!
//! The guest runs at full speed. What the engine can tell of a crash then is less: frames without
//! locals and operand stacks, no tables, no shared memories, and all frames of a module are
//! attributed to its last instance.

use wasmtime::WasmCoreDump;
use wdb_coredump::Crash;
use wdb_target::StopReason;

use crate::debuggee::process;
use crate::program::{LaunchError, Program};
use crate::stdio::Tail;
use crate::{engine, guest, host, link};

/// How a run as optimised code ended.
pub enum Outcome {
    /// By itself, with this exit code and the export's results as text.
    Exited(i32, Vec<String>),
    /// With a crash.
    Crashed {
        /// Why.
        crash: Crash,
        /// The core dump that wasmtime wrote. `None` when the crash was outside of any WebAssembly frame.
        dump: Option<Vec<u8>>,
        /// What is known of the run.
        process: wdb_coredump::Process,
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
    let mut store = host::store(&engine, program, &stderr)?;
    let process = process(program);
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
    Ok(match guest::end(outcome) {
        (StopReason::Exited(code), results) => Outcome::Exited(code, results),
        (StopReason::Crash(crash), _) => Outcome::Crashed {
            crash,
            dump,
            process,
            stderr,
        },
    })
}
