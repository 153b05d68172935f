//! The suite of an engine's debuggees: where a program stops, what it shows there, what can be done to it.
//!
//! It knows no engine. A crate that has one includes this file in a test binary, and names its [`Backend`] in the root of
//! that: `const BACKEND: Backend`. What the documentation of [`Debuggee`] and of its capabilities leaves to a backend is in
//! [`Backend`] too; everything else has to be the same. Each program that is looked at is also written as a core dump, and
//! what the dump shows has to be what the program shows.

#![allow(clippy::unwrap_used)]

mod abandoned;
mod calls;
mod changes;
mod deadlocks;
mod exceptions;
mod filters;
mod fuel;
mod host_errors;
mod limits;
mod memory;
mod overflows;
mod steps;
mod stops;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use wdb_coredump::{MemoryCapture, ModuleId, Value};
use wdb_debuggee::launch::{Engine, File, Invocation, LaunchError, Prepared, Program};
use wdb_debuggee::{
    Breakpoints, Call, CodeLocation, Debuggee, Execute, Frame, PostMortem, Resume, StopFilter,
    StopReason, Thread, dump,
};
use wdb_module::{Binary, FuncIndex, Operator};

use crate::BACKEND;

/// An engine, and how its debuggees differ from others.
pub(crate) struct Backend {
    /// Makes the engine.
    pub(crate) engine: fn() -> Box<dyn Engine>,
    /// Instructions that do nothing (`nop`, `block`, `loop`, `end`, `else`) are no stops. The programs then have
    /// `atomic.fence` for `nop`, which has no effect either and is a stop.
    pub(crate) passes_over: bool,
    /// The fuel is looked at in other places too than where functions and loops begin.
    pub(crate) looks_often: bool,
    /// Locals can be set.
    pub(crate) sets_locals: bool,
    /// Functions can be called. Where not, the tests that call some are skipped, and say so.
    pub(crate) calls: bool,
}

impl Backend {
    /// Whether a program stops at the instruction.
    fn stops_at(&self, operator: &Operator<'_>) -> bool {
        let does_nothing = matches!(
            operator,
            Operator::Nop
                | Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::End
                | Operator::Else
        );
        !(self.passes_over && does_nothing)
    }
}

fn named(binary: Binary) -> File {
    File {
        name: "program".into(),
        path: None,
        binary: Arc::new(binary),
    }
}

/// A program from its text. The export `run` is called, or `_start` where there is none.
fn program(text: &str) -> Program {
    let text = if BACKEND.passes_over {
        text.replace("nop", "atomic.fence")
    } else {
        text.to_owned()
    };
    let binary = Binary::parse(Bytes::from(wat::parse_str(text).unwrap())).unwrap();
    let exports = |name: &str| {
        let modules = binary.modules();
        modules[0].exports().iter().any(|it| it.name == name)
    };
    let is_module = binary.kind() == wdb_module::Kind::Module;
    let invoke = (is_module && exports("run")).then(|| "run".to_owned());
    Program {
        invoke,
        ..Program::new(named(binary))
    }
}

fn launch(text: &str) -> Box<dyn Debuggee> {
    start(&program(text)).unwrap()
}

fn start(program: &Program) -> Result<Box<dyn Debuggee>, LaunchError> {
    prepare(program)?.launch(&Invocation::default())
}

fn prepare(program: &Program) -> Result<Box<dyn Prepared>, LaunchError> {
    (BACKEND.engine)().prepare(program, &[])
}

/// The instruction at `position` in a function of a module.
fn at(live: &dyn Debuggee, module: u32, func: u32, position: usize) -> CodeLocation {
    let (module, func) = (ModuleId(module), FuncIndex(func));
    let binary = live.modules()[module.position()].binary.as_ref().unwrap();
    let (offset, _) = binary.instructions(func).nth(position).unwrap().unwrap();
    CodeLocation { module, offset }
}

/// Those of the instructions, by function and position in the first module, that are stops.
fn stops(live: &dyn Debuggee, places: impl IntoIterator<Item = (u32, usize)>) -> Vec<(u32, usize)> {
    let binary = live.modules()[0].binary.as_ref().unwrap();
    let is_stop = |(func, position): &(u32, usize)| {
        let mut code = binary.instructions(FuncIndex(*func));
        BACKEND.stops_at(&code.nth(*position).unwrap().unwrap().1)
    };
    places.into_iter().filter(is_stop).collect()
}

fn set(live: &mut dyn Debuggee, locations: &[CodeLocation]) {
    let refused = breakpoints(live).set_breakpoints(&locations.iter().copied().collect());
    assert_eq!(refused.unwrap(), []);
}

fn breakpoints(live: &mut dyn Debuggee) -> &mut dyn Breakpoints {
    live.breakpoints().unwrap()
}

fn execute(live: &mut dyn Debuggee) -> &mut dyn Execute {
    live.execute().unwrap()
}

/// Whether a test that calls functions can run.
fn has_calls() -> bool {
    if !BACKEND.calls {
        // Not by a macro: what these write is not shown of a test that passes.
        let test = std::thread::current();
        let test = test.name().unwrap_or_default();
        let _ = writeln!(
            std::io::stderr(),
            "skipped: {test}: this engine calls no functions"
        );
    }
    BACKEND.calls
}

fn callable(live: &mut dyn Debuggee) -> &mut dyn Call {
    live.call().unwrap()
}

fn resume(live: &mut dyn Debuggee) -> &[StopReason] {
    execute(live).resume(Resume::Continue, None).unwrap();
    live.stop_reasons()
}

/// Interrupts the program some time after this, from another thread.
fn interrupt_after(live: &mut dyn Debuggee, millis: u64) {
    let interrupt = execute(live).interrupt();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(millis));
        interrupt.interrupt();
    });
}

fn step(live: &mut dyn Debuggee) -> &[StopReason] {
    let how = Resume::StepInstruction;
    execute(live).resume(how, None).unwrap();
    live.stop_reasons()
}

fn filtered(live: &mut dyn Debuggee, how: Resume, filter: StopFilter) -> &[StopReason] {
    execute(live).resume(how, Some(filter)).unwrap();
    live.stop_reasons()
}

fn thread(live: &mut dyn Debuggee) -> Thread {
    let found = whole_thread(live);
    let in_dump = whole_thread(&mut dumped(live));
    assert_eq!(format!("{in_dump:?}"), format!("{found:?}"), "in a dump");
    found
}

fn whole_thread(debuggee: &mut dyn Debuggee) -> Thread {
    let mut threads = debuggee.threads().unwrap();
    assert_eq!(threads.len(), 1);
    // What is read frame by frame is the same.
    assert_eq!(debuggee.depth(0).unwrap(), threads[0].frames.len());
    for (position, frame) in threads[0].frames.iter().enumerate() {
        let alone = debuggee.frame(0, position).unwrap();
        assert_eq!(format!("{alone:?}"), format!("{frame:?}"));
    }
    assert!(debuggee.frame(0, threads[0].frames.len()).is_err());
    threads.remove(0)
}

/// A core dump of the program where it is stopped.
fn dumped(live: &mut dyn Debuggee) -> PostMortem {
    let mut bytes = Vec::new();
    dump::write(live, MemoryCapture::Full, &mut bytes).unwrap();
    let reading = wdb_coredump::read(Bytes::from(bytes)).unwrap();
    let binaries = live.modules().iter().map(|it| it.binary.clone());
    PostMortem::new(reading, binaries.collect())
}

/// What holds of the program where it is stopped, and of a core dump of it.
fn both(live: &mut dyn Debuggee, holds: impl Fn(&mut dyn Debuggee)) {
    holds(live);
    holds(&mut dumped(live));
}

fn results(live: &mut dyn Debuggee) -> &[String] {
    live.execute().unwrap().results()
}

/// Where the frames are, innermost first, by function and instruction.
fn places(live: &mut dyn Debuggee) -> Vec<(u32, usize)> {
    let frames = thread(live).frames;
    frames.iter().map(|frame| place(live, frame)).collect()
}

fn place(live: &dyn Debuggee, frame: &Frame) -> (u32, usize) {
    let binary = &live.modules()[frame.module.position()].binary;
    let binary = binary.as_ref().unwrap();
    let at = frame.offset().unwrap();
    let position = binary
        .instructions(frame.func)
        .position(|it| it.unwrap().0 == at);
    (frame.func.0, position.unwrap())
}

/// The values of a frame's locals that are i32.
fn locals(frame: &Frame) -> Vec<i32> {
    let values = frame.locals.iter().map(|slot| slot.value().unwrap());
    values.map(i32_of).collect()
}

fn operands(frame: &Frame) -> Vec<i32> {
    let values = frame.stack.as_ref().unwrap().iter();
    values.map(|slot| i32_of(slot.value().unwrap())).collect()
}

fn i32_of(value: &Value) -> i32 {
    match value {
        Value::I32(n) => *n,
        other => panic!("{other:?}"),
    }
}

fn crash_code(live: &dyn Debuggee) -> Option<String> {
    live.stop_reasons().iter().find_map(|reason| match reason {
        StopReason::Crash(crash) => Some(crash.code.clone()),
        _ => None,
    })
}
