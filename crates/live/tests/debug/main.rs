//! A program in wasmtime, debugged: where it stops, what it shows there, what can be done to it.

#![allow(clippy::unwrap_used)]

mod abandoned;
mod calls;
mod changes;
mod deadlocks;
mod exceptions;
mod fuel;
mod host_errors;
mod limits;
mod memory;
mod overflows;
mod steps;
mod stops;
mod watches;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use wdb_coredump::{ModuleId, Value};
use wdb_debuggee::launch::{File, Invocation, LaunchError, Program};
use wdb_debuggee::{
    Breakpoints, Call, CodeLocation, Debuggee, Execute, Frame, Resume, StopReason, Thread, Watch,
};
use wdb_live::{Compiled, Live, Wasmtime};
use wdb_module::{Binary, FuncIndex};

fn named(binary: Binary) -> File {
    File {
        name: "program".into(),
        path: None,
        binary: Arc::new(binary),
    }
}

/// A program from its text. The export `run` is called, or `_start` where there is none.
fn program(text: &str) -> Program {
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

fn launch(text: &str) -> Live {
    start(&program(text)).unwrap()
}

fn start(program: &Program) -> Result<Live, LaunchError> {
    compile(program)?.launch(&Invocation::default())
}

fn compile(program: &Program) -> Result<Compiled, LaunchError> {
    Compiled::new(&Wasmtime::default(), program, &[])
}

/// The instruction at `position` in a function of a module.
fn at(live: &dyn Debuggee, module: u32, func: u32, position: usize) -> CodeLocation {
    let (module, func) = (ModuleId(module), FuncIndex(func));
    let binary = live.modules()[module.position()].binary.as_ref().unwrap();
    let (offset, _) = binary.instructions(func).nth(position).unwrap().unwrap();
    CodeLocation { module, offset }
}

fn set(live: &mut Live, locations: &[CodeLocation]) {
    let refused = breakpoints(live).set_breakpoints(&locations.iter().copied().collect());
    assert_eq!(refused.unwrap(), []);
}

fn breakpoints(live: &mut Live) -> &mut dyn Breakpoints {
    live.breakpoints().unwrap()
}

fn execute(live: &mut Live) -> &mut dyn Execute {
    live.execute().unwrap()
}

fn callable(live: &mut Live) -> &mut dyn Call {
    live.call().unwrap()
}

fn resume(live: &mut Live) -> &[StopReason] {
    execute(live).resume(Resume::Continue, None).unwrap();
    live.stop()
}

/// Interrupts the program some time after this, from another thread.
fn interrupt_after(live: &mut Live, millis: u64) {
    let interrupt = execute(live).interrupt();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(millis));
        interrupt.interrupt();
    });
}

fn step(live: &mut Live) -> &[StopReason] {
    let how = Resume::StepInstruction;
    execute(live).resume(how, None).unwrap();
    live.stop()
}

fn watched(live: &mut Live, how: Resume, watch: Watch) -> &[StopReason] {
    execute(live).resume(how, Some(watch)).unwrap();
    live.stop()
}

fn thread(live: &mut dyn Debuggee) -> Thread {
    let mut threads = live.threads().unwrap();
    assert_eq!(threads.len(), 1);
    // What is read frame by frame is the same.
    assert_eq!(live.depth(0).unwrap(), threads[0].frames.len());
    for (position, frame) in threads[0].frames.iter().enumerate() {
        let alone = live.frame(0, position).unwrap();
        assert_eq!(format!("{alone:?}"), format!("{frame:?}"));
    }
    assert!(live.frame(0, threads[0].frames.len()).is_err());
    threads.remove(0)
}

/// Where the frames stand, youngest first, by function and instruction.
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

fn crash_code(live: &Live) -> Option<String> {
    live.stop().iter().find_map(|reason| match reason {
        StopReason::Crash(crash) => Some(crash.code.clone()),
        _ => None,
    })
}
