//! A core dump as a debuggee.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use wdb_coredump::{
    Base, Capture, CoreDump, Crash, CrashKind, Dialect, Global, Inference, Instance, MemoryId,
    MemoryShape, Missing, ModuleId, Process, Reading, Rest, Slot, Table, TableId, ValueCapture,
    code,
};
use wdb_module::instruction::is_call;
use wdb_module::{FuncIndex, FunctionOffset, ModuleOffset};

use crate::{
    Certainty, Debuggee, Error, Frame, Module, Pc, StopReason, Thread, Trust, c_stack, contents,
};

/// A core dump as a debuggee.
#[derive(Debug)]
pub struct PostMortem {
    dump: CoreDump,
    base: Base,
    dialect: Dialect,
    /// Whether something was assumed that concerns every frame.
    assumed: bool,
    modules: Vec<Module>,
    stop: Vec<StopReason>,
    notes: Vec<String>,
}

impl PostMortem {
    /// A dump with the modules that were found for it, in the order of the dump's modules. Never fails:
    /// what does not fit is marked where it is.
    pub fn new(mut reading: Reading, binaries: Vec<Option<Arc<wdb_module::Module>>>) -> PostMortem {
        let usual = reading.base;
        let at_hand: Vec<_> = binaries.iter().map(Option::as_deref).collect();
        wdb_coredump::refine(&mut reading, &at_hand);
        let Reading {
            dump,
            dialect,
            base,
            notes,
        } = reading;
        let mut notes: Vec<String> = notes.iter().map(ToString::to_string).collect();
        notes.extend(cut_off(&dump, dialect));
        let mut binaries = binaries.into_iter();
        let modules = dump
            .modules
            .iter()
            .map(|record| Module {
                record: record.clone(),
                binary: binaries.next().flatten(),
            })
            .collect();
        PostMortem {
            stop: stop(&dump),
            dump,
            base,
            dialect,
            assumed: base != usual || !names_instances(dialect),
            modules,
            notes,
        }
    }

    /// The dump.
    pub fn dump(&self) -> &CoreDump {
        &self.dump
    }

    fn memory(&self, memory: MemoryId) -> Result<&wdb_coredump::Memory, Error> {
        self.dump
            .memories
            .get(memory.position())
            .ok_or_else(|| Error::NotFound(format!("memory {}", memory.0)))
    }
}

/// wasmtime captures this many frames unless its embedder says otherwise
/// (`Config::wasm_backtrace_max_frames`).
const WASMTIME_FRAMES: usize = 20;

/// Says so when a stack is probably deeper than the dump.
fn cut_off(dump: &CoreDump, dialect: Dialect) -> Option<String> {
    let full = |thread: &wdb_coredump::Thread| thread.frames.len() == WASMTIME_FRAMES;
    (dialect == Dialect::Wasmtime && dump.threads.iter().any(full)).then(|| {
        format!(
            "wasmtime records {WASMTIME_FRAMES} frames and no more: there may be more further out"
        )
    })
}

/// Whether frames of a dialect say whose instance they are of.
fn names_instances(dialect: Dialect) -> bool {
    match dialect {
        Dialect::Wdb | Dialect::Standard | Dialect::Wasmtime | Dialect::WasmEdge => true,
        Dialect::Wasmer
        | Dialect::OldWasmEdge
        | Dialect::Rewriter
        | Dialect::OldRewriter
        | Dialect::Early
        | Dialect::Draft => false,
    }
}

/// A dump with frames was taken of a crash, also where it does not say of which.
fn stop(dump: &CoreDump) -> Vec<StopReason> {
    let unknown = || Crash {
        thread: 0,
        kind: CrashKind::Other,
        code: String::new(),
        message: String::new(),
        causes: Vec::new(),
        exception: None,
    };
    match &dump.crash {
        Some(crash) => vec![StopReason::Crash(crash.clone())],
        None if dump.threads.iter().any(|thread| !thread.frames.is_empty()) => {
            vec![StopReason::Crash(unknown())]
        }
        None => Vec::new(),
    }
}

impl Debuggee for PostMortem {
    fn stop_reasons(&self) -> &[StopReason] {
        &self.stop
    }

    fn process(&self) -> &Process {
        &self.dump.process
    }

    fn executable(&self) -> &str {
        &self.dump.executable
    }

    fn capture(&self) -> Capture {
        self.dump.capture
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }

    fn modules(&self) -> &[Module] {
        &self.modules
    }

    fn instances(&mut self) -> Result<Vec<Instance>, Error> {
        Ok(self.dump.instances.clone())
    }

    fn threads(&mut self) -> Result<Vec<Thread>, Error> {
        let mut reader = FrameReader::new(self);
        let mut threads: Vec<Thread> = self
            .dump
            .threads
            .iter()
            .map(|thread| Thread {
                name: thread.name.clone(),
                frames: thread
                    .frames
                    .iter()
                    .enumerate()
                    .map(|(position, frame)| reader.read(frame, position > 0))
                    .collect(),
                host_frames: thread.host_frames.clone(),
            })
            .collect();
        let program = c_stack::Program {
            modules: &self.modules,
            instances: &self.dump.instances,
            globals: &self.dump.globals,
            exhausted: match &self.dump.crash {
                Some(crash) => crash.code == code::STACK_OVERFLOW,
                // wasmtime knows the offset of every other trap.
                None => self.dialect == Dialect::Wasmtime,
            },
        };
        let light = self.dump.capture.values != ValueCapture::Full;
        let whole = |thread: &Thread| !light || thread.frames.len() != WASMTIME_FRAMES;
        c_stack::recover(&mut threads, &program, whole);
        Ok(threads)
    }

    fn depth(&mut self, thread: usize) -> Result<usize, Error> {
        let found = self.dump.threads.get(thread);
        let found = found.ok_or_else(|| Error::NotFound(format!("thread {thread}")))?;
        Ok(found.frames.len())
    }

    fn memories(&mut self) -> Result<Vec<MemoryShape>, Error> {
        Ok(self
            .dump
            .memories
            .iter()
            .map(|memory| memory.shape)
            .collect())
    }

    fn read_memory(
        &mut self,
        memory: MemoryId,
        address: u64,
        buffer: &mut [u8],
    ) -> Result<Certainty, Error> {
        let found = self.memory(memory)?;
        let size = found.shape.len();
        let length = buffer.len() as u64;
        match address.checked_add(length) {
            Some(end) if end <= size => contents::read(&found.contents, address..end, buffer),
            _ => Err(Error::OutOfBounds {
                memory,
                address,
                length,
                size,
            }),
        }
    }

    fn occupied_memory(&mut self, memory: MemoryId) -> Result<Vec<Range<u64>>, Error> {
        let runs = &self.memory(memory)?.contents.runs;
        Ok(runs.iter().map(contents::range).collect())
    }

    fn rest_of_memory(&mut self, memory: MemoryId) -> Rest {
        self.memory(memory)
            .map_or(Rest::Unstated, |memory| memory.contents.rest.clone())
    }

    fn globals(&mut self) -> Result<Vec<Global>, Error> {
        Ok(self.dump.globals.clone())
    }

    fn table(&mut self, table: TableId) -> Result<Table, Error> {
        self.dump
            .tables
            .get(table.position())
            .cloned()
            .ok_or_else(|| Error::NotFound(format!("table {}", table.0)))
    }

    fn table_count(&mut self) -> Result<u32, Error> {
        Ok(u32::try_from(self.dump.tables.len()).unwrap_or(u32::MAX))
    }
}

/// Reads the frames of a dump, most of which are at few places.
struct FrameReader<'a> {
    dump: &'a PostMortem,
    guessed_instances: Vec<ModuleId>,
    places: HashMap<(ModuleId, FuncIndex, u32, bool), Place>,
    padding: usize,
}

/// Whether the producer had no part in what the slot holds.
fn is_unrecorded(slot: &Slot) -> bool {
    matches!(
        slot,
        Slot::Missing(Missing::NotRecorded) | Slot::Inferred(_, Inference::CStack)
    )
}

/// What a frame's function and offset say, given the module.
#[derive(Clone, Copy)]
struct Place {
    pc: Pc,
    locals: usize,
    fits: bool,
}

/// How many missing locals are spelled out over all frames. Beyond that a frame has those that the
/// dump holds: a module may declare 50,000 in a function that a dump has thousands of frames of.
const PADDING: usize = 1 << 20;

impl<'a> FrameReader<'a> {
    fn new(dump: &'a PostMortem) -> Self {
        let mut guessed_instances = Vec::new();
        if dump.dialect == Dialect::Wasmtime {
            // wasmtime takes the last instance of the frame's module (its `coredump.rs` says so).
            let mut seen = HashSet::new();
            let instances = dump.dump.instances.iter();
            guessed_instances.extend(instances.map(|i| i.module).filter(|m| !seen.insert(*m)));
        }
        FrameReader {
            dump,
            guessed_instances,
            places: HashMap::new(),
            padding: PADDING,
        }
    }

    /// `waits`: the frame is not the innermost.
    fn read(&mut self, frame: &wdb_coredump::Frame, waits: bool) -> Frame {
        let instance = self.dump.dump.instances.get(frame.instance.position());
        let module = instance.map_or(ModuleId(0), |instance| instance.module);
        let place = self.place(module, frame.func, frame.codeoffset, waits);
        let mut locals = frame.locals.clone();
        let missing = place.locals.saturating_sub(locals.len());
        if missing <= self.padding {
            self.padding -= missing;
            locals.resize(locals.len() + missing, Slot::Missing(Missing::NotRecorded));
        }
        let recorded = match self.dump.dump.capture.values {
            ValueCapture::Full => true,
            ValueCapture::Light => false,
            // An operand stack may well be empty; a producer that writes none writes no locals either.
            ValueCapture::Unstated => {
                !frame.stack.is_empty() || frame.locals.iter().any(|slot| !is_unrecorded(slot))
            }
        };
        let trust = if instance.is_none() || !place.fits {
            Trust::Doubtful
        } else if self.dump.assumed || self.guessed_instances.contains(&module) {
            Trust::Assumed
        } else {
            Trust::Exact
        };
        Frame {
            instance: frame.instance,
            module,
            func: frame.func,
            pc: place.pc,
            locals,
            stack: recorded.then(|| frame.stack.clone()),
            trust,
        }
    }

    fn place(&mut self, module: ModuleId, func: FuncIndex, codeoffset: u32, waits: bool) -> Place {
        *self
            .places
            .entry((module, func, codeoffset, waits))
            .or_insert_with(|| {
                let at_hand = self.dump.modules.get(module.position());
                match at_hand.and_then(|module| module.binary.as_deref()) {
                    Some(binary) => locate(self.dump.base, binary, func, codeoffset, waits),
                    // Without the module only an offset from the body is an offset from the body.
                    None => Place {
                        pc: match (self.dump.base, codeoffset) {
                            (Base::Body, 1..) => Pc::InFunction(FunctionOffset(codeoffset)),
                            _ => Pc::Unknown,
                        },
                        locals: 0,
                        fits: true,
                    },
                }
            })
    }
}

fn locate(
    base: Base,
    module: &wdb_module::Module,
    func: FuncIndex,
    codeoffset: u32,
    waits: bool,
) -> Place {
    let mut pc = wdb_coredump::module_offset(base, codeoffset, func, module);
    if waits {
        pc = pc.map(|pc| call_at_or_before(module, func, pc).unwrap_or(pc));
    }
    let instruction = pc.and_then(|pc| module.instruction_at(pc));
    let defined = module.function(func).is_some_and(|f| f.body.is_some());
    // Only an offset from the body can be 0 without pointing at an instruction: "unknown".
    let unknown = base == Base::Body && codeoffset == 0;
    Place {
        pc: match pc {
            Some(pc) if !unknown => Pc::InModule(pc),
            _ => Pc::Unknown,
        },
        locals: module.locals(func).map_or(0, |locals| locals.len()),
        fits: defined && (unknown || instruction.is_some()),
    }
}

/// The call that a frame waits for. Dumps have its offset, but wasmtime 48 has that of the instruction
/// after it when an exception ended the program.
fn call_at_or_before(
    module: &wdb_module::Module,
    func: FuncIndex,
    pc: ModuleOffset,
) -> Option<ModuleOffset> {
    if is_call(&module.instruction_at(pc)?) {
        return Some(pc);
    }
    module.call_before(func, pc).map(|(call, _)| call)
}
