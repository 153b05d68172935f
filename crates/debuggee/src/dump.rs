//! Any debuggee becomes a core dump.

use std::io::{self, Write};
use std::ops::Range;

use wdb_coredump::{
    Contents, CoreDump, Crash, CrashKind, Frame, Memory, MemoryCapture, MemoryId, MemoryShape,
    MemorySource, Rest, Table, TableId, Thread, WriteError, code,
};

use crate::{CStack, Debuggee, StopReason};

/// Why no dump was written, or not wholly.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The debuggee could not be asked.
    #[error("the program's state cannot be read: {0}")]
    Debuggee(#[from] crate::Error),
    /// The dump could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Writes the state of `debuggee` as a core dump to `out`.
///
/// `memory` says how much of the linear memories goes in. [`MemoryCapture::Stack`] takes what the
/// frames use of each instance's C stack ([`CStack::used`]): that is where variables that are not in
/// wasm locals live. The call stack itself is not in linear memory, so a dump without any
/// memory has all frames too. Memory is read in pieces while it is written: no copy is made.
///
/// # Errors
///
/// When the debuggee has gone away, `out` fails, or a part of the dump does not fit the format. What
/// was written until then is not a dump.
pub fn write(
    debuggee: &mut dyn Debuggee,
    memory: MemoryCapture,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let shapes = debuggee.memories()?;
    let kept = match memory {
        MemoryCapture::Unstated | MemoryCapture::Full => {
            shapes.iter().map(|shape| whole(shape.len())).collect()
        }
        MemoryCapture::Stack => stacks(debuggee, &shapes)?,
        MemoryCapture::None => vec![Vec::new(); shapes.len()],
    };
    let dump = state(debuggee, memory, shapes, &kept)?;
    let mut source = DebuggeeMemory { debuggee, kept };
    wdb_coredump::write_streaming(&dump, &mut source, out)?;
    Ok(())
}

/// The dump without the bytes of its memories, of each of which it will hold the `kept` ranges.
fn state(
    debuggee: &mut dyn Debuggee,
    memory: MemoryCapture,
    shapes: Vec<MemoryShape>,
    kept: &[Vec<Range<u64>>],
) -> Result<CoreDump, crate::Error> {
    let stop = debuggee.stop_reasons();
    let crash = stop.iter().find_map(StopReason::crash);
    // A reader without it would look for a crash, and might find one that never was.
    let crash = crash.or_else(|| stop.iter().find_map(requested));
    let mut memories = Vec::with_capacity(shapes.len());
    for (id, (shape, kept)) in (0..).map(MemoryId).zip(shapes.into_iter().zip(kept)) {
        let rest = match debuggee.rest_of_memory(id) {
            rest if *kept == whole(shape.len()) => rest,
            Rest::Zero => Rest::ZeroIn(kept.clone()),
            // The producer did not say what is zero: neither can a part of its dump.
            Rest::Unstated => Rest::Unstated,
            Rest::ZeroIn(zero) => Rest::ZeroIn(intersect(&zero, kept)),
        };
        memories.push(Memory {
            shape,
            contents: Contents {
                runs: Vec::new(),
                rest,
            },
        });
    }
    Ok(CoreDump {
        executable: debuggee.executable().to_owned(),
        process: debuggee.process().clone(),
        crash,
        capture: wdb_coredump::Capture {
            memory: narrower(debuggee.capture().memory, memory),
            ..debuggee.capture()
        },
        modules: debuggee
            .modules()
            .iter()
            .map(|m| m.record.clone())
            .collect(),
        instances: debuggee.instances()?,
        threads: threads(debuggee)?,
        memories,
        globals: debuggee.globals()?,
        tables: (0..debuggee.table_count()?)
            .map(|id| debuggee.table(TableId(id)))
            .collect::<Result<Vec<Table>, _>>()?,
    })
}

fn threads(debuggee: &mut dyn Debuggee) -> Result<Vec<Thread>, crate::Error> {
    let threads = debuggee.threads()?;
    let modules = debuggee.modules();
    let frame = |frame: crate::Frame| {
        let module = modules.get(frame.module.position());
        let binary = module.and_then(|it| it.binary.as_deref());
        Frame {
            instance: frame.instance,
            func: frame.func,
            // 0 is the format's "unknown".
            codeoffset: frame.function_offset(binary).map_or(0, |it| it.0),
            locals: frame.locals,
            stack: frame.stack.unwrap_or_default(),
        }
    };
    let thread = |thread: crate::Thread| Thread {
        name: thread.name,
        frames: thread.frames.into_iter().map(frame).collect(),
        host_frames: thread.host_frames,
    };
    Ok(threads.into_iter().map(thread).collect())
}

/// What a dump holds when `asked` is asked for of a debuggee that has `have`.
fn narrower(have: MemoryCapture, asked: MemoryCapture) -> MemoryCapture {
    let rank = |capture| match capture {
        MemoryCapture::Unstated => 0,
        MemoryCapture::Full => 1,
        MemoryCapture::Stack => 2,
        MemoryCapture::None => 3,
    };
    // A whole copy of a dump that does not say what it holds does not say either.
    if asked == MemoryCapture::Full || rank(have) > rank(asked) {
        have
    } else {
        asked
    }
}

/// For each memory, the used part of the C stacks in it.
fn stacks(
    debuggee: &mut dyn Debuggee,
    shapes: &[MemoryShape],
) -> Result<Vec<Vec<Range<u64>>>, crate::Error> {
    let globals = debuggee.globals()?;
    let mut kept: Vec<Vec<Range<u64>>> = vec![Vec::new(); shapes.len()];
    for instance in &debuggee.instances()? {
        let module = debuggee.modules().get(instance.module.position());
        let Some(stack) = module
            .and_then(|module| module.binary.as_deref())
            .and_then(CStack::find)
        else {
            continue;
        };
        let memory = instance.memories.first().copied().flatten();
        let used = match stack.current(instance, &globals) {
            Some(current) => stack.used(current),
            None => stack.range,
        };
        if let Some(kept) = memory.and_then(|memory| kept.get_mut(memory.position())) {
            kept.push(used);
        }
    }
    Ok(kept
        .into_iter()
        .zip(shapes)
        .map(|(kept, shape)| intersect(&union(kept), &whole(shape.len())))
        .collect())
}

/// What a dump says that was taken of a program that can go on.
fn requested(reason: &StopReason) -> Option<Crash> {
    let (message, exception) = match reason {
        StopReason::Breakpoint => ("at a breakpoint", None),
        StopReason::Step => ("after a step", None),
        StopReason::Thrown { exception, .. } => ("where an exception was thrown", Some(exception)),
        StopReason::Returned(_) | StopReason::Abandoned(_) => {
            ("after a call by the debugger", None)
        }
        StopReason::Started
        | StopReason::Interrupted
        | StopReason::Crash(_)
        | StopReason::Exited(_) => return None,
    };
    Some(Crash {
        thread: 0,
        kind: CrashKind::Requested,
        code: code::REQUESTED.into(),
        message: message.into(),
        causes: Vec::new(),
        exception: exception.cloned(),
    })
}

fn whole(size: u64) -> Vec<Range<u64>> {
    std::iter::once(0..size)
        .filter(|range| !range.is_empty())
        .collect()
}

/// Sorts ranges and joins those that overlap or touch.
fn union(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| range.start);
    let mut out: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

/// The parts that are in both of two lists of ascending ranges.
fn intersect(a: &[Range<u64>], b: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut out = Vec::new();
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        let common = x.start.max(y.start)..x.end.min(y.end);
        if x.end < y.end {
            a.next();
        } else {
            b.next();
        }
        if !common.is_empty() {
            out.push(common);
        }
    }
    out
}

/// A debuggee as the source of memory contents.
struct DebuggeeMemory<'a> {
    debuggee: &'a mut dyn Debuggee,
    kept: Vec<Vec<Range<u64>>>,
}

impl MemorySource for DebuggeeMemory<'_> {
    fn runs(&mut self, memory: MemoryId) -> io::Result<Vec<Range<u64>>> {
        let kept = self
            .kept
            .get(memory.position())
            .map_or(&[][..], Vec::as_slice);
        if kept.is_empty() {
            return Ok(Vec::new());
        }
        let occupied = self
            .debuggee
            .occupied_memory(memory)
            .map_err(io::Error::other)?;
        Ok(intersect(&occupied, kept))
    }

    fn read(&mut self, memory: MemoryId, address: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.debuggee
            .read_memory(memory, address, buffer)
            .map(|_| ())
            .map_err(io::Error::other)
    }
}
