//! The core dump as one owned model: what the reader returns and the writer takes.
//!
//! Everything that a standard dump (tool-conventions, `Coredump.md`) holds and everything that our
//! own sections add is here once; `read(write(x)) == x`. The indices of a dump are types:
//! [`ModuleId`], [`InstanceId`], [`MemoryId`], [`GlobalId`] and [`TableId`] count the dump's own
//! lists, not a module's index spaces.

use std::ops::Range;

use bytes::Bytes;
use wdb_module::FuncIndex;

use crate::value::{Slot, Value};

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in the dump's list.
            pub fn position(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

id! {
    /// A position in [`CoreDump::modules`].
    ModuleId;
    /// A position in [`CoreDump::instances`].
    InstanceId;
    /// A position in [`CoreDump::memories`].
    MemoryId;
    /// A position in [`CoreDump::globals`].
    GlobalId;
    /// A position in [`CoreDump::tables`].
    TableId;
}

/// A core dump.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CoreDump {
    /// The program's name, from the `core` section. May be empty.
    pub executable: String,
    /// Arguments, time and producer.
    pub process: Process,
    /// Why the dump was taken. `None`: the producer did not say.
    pub crash: Option<Crash>,
    /// How much of the state was captured.
    pub capture: Capture,
    /// The modules of the program.
    pub modules: Vec<Module>,
    /// The instances of the program.
    pub instances: Vec<Instance>,
    /// One per thread.
    pub threads: Vec<Thread>,
    /// All memories of all instances.
    pub memories: Vec<Memory>,
    /// All globals of all instances.
    pub globals: Vec<Global>,
    /// All tables of all instances. The standard has no place for them.
    pub tables: Vec<Table>,
}

/// Facts about the run. None of them has a place in the standard sections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// The program's arguments, its own name first. Empty: not recorded.
    pub arguments: Vec<String>,
    /// The process id of the engine.
    pub pid: Option<u32>,
    /// When the crash happened: milliseconds since 1970-01-01 UTC.
    pub time: Option<u64>,
    /// What wrote the dump, for example `wdb 0.1.0` and `wasmtime 48.0.8`.
    pub producers: Vec<Producer>,
}

/// A program that had a hand in the dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Producer {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// How much of the state the producer set out to record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    /// Whether locals and operand stacks were recorded.
    pub values: ValueCapture,
    /// How much of the linear memories was recorded.
    pub memory: MemoryCapture,
}

/// Whether a dump holds locals and operand stacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ValueCapture {
    /// The producer did not say.
    #[default]
    Unstated,
    /// Every frame has all its locals and its operand stack.
    Full,
    /// The guest ran as optimised code, of which the engine can recover neither.
    Light,
}

/// How much of the linear memories a dump holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MemoryCapture {
    /// The producer did not say.
    #[default]
    Unstated,
    /// All of it; bytes that are not there are zero.
    Full,
    /// Only the guest's C stack (`--memory stack`).
    Stack,
    /// None of it (`--memory none`).
    None,
}

/// Why the dump was taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Crash {
    /// The thread it happened on, as a position in [`CoreDump::threads`].
    pub thread: u32,
    /// The kind of crash.
    pub kind: CrashKind,
    /// A stable name in kebab case: `integer-divide-by-zero`. The known ones are in
    /// [`crate::code`].
    pub code: String,
    /// The engine's own words.
    pub message: String,
    /// For an error from a host call: what caused it, outermost first. Empty otherwise.
    pub causes: Vec<String>,
    /// For an uncaught exception: its tag and payload.
    pub exception: Option<Exception>,
}

/// The kinds of crash. New kinds may come; readers treat an unknown one as [`CrashKind::Other`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CrashKind {
    /// A WebAssembly trap.
    Trap,
    /// An exception that nothing caught.
    Exception,
    /// A host function returned an error.
    HostError,
    /// A limit that was set for the run: memory, fuel, time.
    Limit,
    /// The user interrupted the program (Ctrl-C).
    Interrupt,
    /// No crash: the dump was asked for.
    Requested,
    /// Something else.
    Other,
}

/// An exception.
#[derive(Clone, Debug, PartialEq)]
pub struct Exception {
    /// The instance that defines or imports the tag, and the tag's index there, if known.
    pub tag: Option<(InstanceId, wdb_module::TagIndex)>,
    /// The payload, in the order of the tag's parameters.
    pub payload: Vec<Slot>,
}

/// A module. The standard holds only the name; identity is ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Module {
    /// What the producer called it: a name, a path, a URL, or `<anonymous-module-3>`.
    pub name: String,
    /// The path of the file that it came from, as the producer saw it.
    pub path: Option<String>,
    /// SHA-256 of the core module's bytes.
    pub sha256: Option<[u8; 32]>,
    /// The bytes of its `build_id` section, without the length.
    pub build_id: Option<Vec<u8>>,
    /// Where in the file of `path` the core module starts: above zero inside a component.
    pub file_offset: u64,
}

/// An instance. Each list is in the order of the module's index space, imports included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its module.
    pub module: ModuleId,
    /// Its memories; `None` where the producer left one out.
    pub memories: Vec<Option<MemoryId>>,
    /// Its globals; `None` where the producer left one out.
    pub globals: Vec<Option<GlobalId>>,
    /// Its tables; `None` where the producer left one out.
    pub tables: Vec<Option<TableId>>,
}

/// A thread of the guest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thread {
    /// Its name; `main` for the only one.
    pub name: String,
    /// Its frames, innermost first.
    pub frames: Vec<Frame>,
    /// Where host code is between two frames, innermost first. The standard has no place for it.
    pub host_frames: Vec<HostFrame>,
}

/// Host code that is on the stack between WebAssembly frames, or above the innermost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFrame {
    /// It was called by the frame with this position in [`Thread::frames`]; every frame with a
    /// smaller position is nearer to the innermost.
    pub before: u32,
    /// What it is, as far as known: `wasi_snapshot_preview1.fd_write`.
    pub name: String,
}

/// An activation of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Its instance.
    pub instance: InstanceId,
    /// Its function, in the module's index space. [`Frame::NO_FUNCTION`] where the dump does not
    /// name it.
    pub func: FuncIndex,
    /// Where it is, as the dump says it. In a dump that follows the standard as wasmtime does:
    /// bytes from the start of the function's body (its local declarations), 0 for "unknown"; the
    /// call instruction for a frame that waits for a call. In other dialects the base differs: see
    /// [`crate::Base`].
    pub codeoffset: u32,
    /// Its locals, parameters first. Empty also when the producer knew none.
    pub locals: Vec<Slot>,
    /// Its operand stack, bottom first.
    pub stack: Vec<Slot>,
}

impl Frame {
    /// What stands for a function that the dump does not name (drafts of early 2023): no module has
    /// so many. [`crate::refine`] finds it from the offset.
    pub const NO_FUNCTION: FuncIndex = FuncIndex(u32::MAX);
}

/// A linear memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Its type and size.
    pub shape: MemoryShape,
    /// What is known of its bytes.
    pub contents: Contents,
}

/// The type and the current size of a linear memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryShape {
    /// 64-bit addresses.
    pub memory64: bool,
    /// Shared between threads.
    pub shared: bool,
    /// Base 2 logarithm of the page size; 16 unless the module uses custom page sizes.
    pub page_size_log2: u32,
    /// Size in pages.
    pub pages: u64,
    /// The declared limit in pages.
    pub maximum: Option<u64>,
}

/// The bytes of a memory, sparse.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The recorded runs: ascending, not empty, not overlapping, inside the memory.
    pub runs: Vec<Run>,
    /// What the bytes outside of all runs are.
    pub rest: Rest,
}

/// A run of recorded bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The address of the first byte.
    pub address: u64,
    /// The bytes.
    pub bytes: Bytes,
}

/// What the bytes of a memory outside of its runs are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Rest {
    /// The producer did not say: zero or absent.
    #[default]
    Unstated,
    /// Zero: the producer leaves zeros out.
    Zero,
    /// Zero inside these ascending ranges of addresses, absent from the dump outside of them.
    ZeroIn(Vec<Range<u64>>),
}

/// A global.
#[derive(Clone, Debug, PartialEq)]
pub struct Global {
    /// Its declared type, by name as in the text format: `i32`, `funcref`, `(ref null $t)`.
    pub ty: String,
    /// Whether its module may change it.
    pub mutable: bool,
    /// Its value.
    pub value: Slot,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The type of its elements, by name as in the text format: `funcref`.
    pub element: String,
    /// 64-bit indices.
    pub table64: bool,
    /// The declared limit in elements.
    pub maximum: Option<u64>,
    /// Its size in elements.
    pub size: u64,
    /// The elements that are not null, by ascending index.
    pub elements: Vec<(u64, crate::Reference)>,
}

impl Global {
    /// Its value, if known.
    pub fn known(&self) -> Option<&Value> {
        self.value.value()
    }
}

impl Run {
    /// The addresses of its bytes.
    pub fn range(&self) -> Range<u64> {
        self.address..self.address.saturating_add(self.bytes.len() as u64)
    }
}

impl Contents {
    /// Copies what is recorded of the bytes at `address` into `buffer`, and leaves the bytes in
    /// gaps as they are.
    pub fn copy(&self, address: u64, buffer: &mut [u8]) {
        let end = address.saturating_add(buffer.len() as u64);
        let first = self.runs.partition_point(|run| run.range().end <= address);
        for run in self.runs.iter().skip(first) {
            if run.address >= end {
                break;
            }
            let from = address.max(run.address);
            let to = end.min(run.range().end);
            let source = (from - run.address) as usize..(to - run.address) as usize;
            let target = (from - address) as usize..(to - address) as usize;
            if let (Some(source), Some(target)) = (run.bytes.get(source), buffer.get_mut(target)) {
                target.copy_from_slice(source);
            }
        }
    }
}

impl MemoryShape {
    /// Size in bytes, saturating.
    pub fn len(&self) -> u64 {
        1u64.checked_shl(self.page_size_log2)
            .map_or(u64::MAX, |page| self.pages.saturating_mul(page))
    }

    /// Whether it has no pages.
    pub fn is_empty(&self) -> bool {
        self.pages == 0
    }
}
