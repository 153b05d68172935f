//! The debuggee: what every debugger feature is written against.
//!
//! A core dump and a program that runs in an engine are the same thing to everything above. What
//! every debuggee can do stands in [`Debuggee`]; what only some can do is a capability of its own
//! that the debuggee hands out, so that nothing has to be faked.

use std::sync::Arc;

use wdb_coredump::{
    Capture, Crash, Global, HostFrame, Instance, InstanceId, MemoryId, MemoryShape, ModuleId,
    Process, Rest, Slot, Table, TableId,
};
use wdb_module::{FuncIndex, FunctionOffset};

use crate::Error;

/// A program to look into: a core dump, or a live program that has stopped.
///
/// The lists keep their order as long as the debuggee does not run: an id taken from one call is
/// good in the next.
pub trait Debuggee {
    /// Why it stands still. Several reasons can hold at once; empty when it has not started.
    fn stop(&self) -> &[StopReason];

    /// Arguments, process id, time and producers, as far as known.
    fn process(&self) -> &Process;

    /// The program's name: what a core dump's `core` section holds. May be empty.
    fn executable(&self) -> &str {
        self.process().arguments.first().map_or("", String::as_str)
    }

    /// How much of its state there is to see.
    fn capture(&self) -> Capture;

    /// What had to be assumed to make sense of it, and what is damaged: sentences for people.
    fn notes(&self) -> &[String] {
        &[]
    }

    /// Its modules, each with its binary if that is at hand.
    fn modules(&self) -> &[Module];

    /// Its instances.
    ///
    /// # Errors
    ///
    /// When a live debuggee has gone away.
    fn instances(&mut self) -> Result<Vec<Instance>, Error>;

    /// Its threads with all their frames, in one trip.
    ///
    /// # Errors
    ///
    /// When a live debuggee has gone away or is running.
    fn threads(&mut self) -> Result<Vec<Thread>, Error>;

    /// The type and size of each memory, in the order of [`MemoryId`].
    ///
    /// # Errors
    ///
    /// When a live debuggee has gone away.
    fn memories(&mut self) -> Result<Vec<MemoryShape>, Error>;

    /// Fills `buffer` with the bytes at `address`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfBounds`] when the range is not wholly inside the memory, [`Error::Absent`] when a
    /// dump does not hold all of it.
    fn read_memory(
        &mut self,
        memory: MemoryId,
        address: u64,
        buffer: &mut [u8],
    ) -> Result<Certainty, Error>;

    /// The ascending, disjoint ranges of addresses outside of which the memory is zero or absent.
    /// Not every byte inside is non-zero. What a dump has to hold.
    ///
    /// # Errors
    ///
    /// When a live debuggee has gone away.
    fn occupied_memory(&mut self, memory: MemoryId) -> Result<Vec<std::ops::Range<u64>>, Error>;

    /// What the bytes outside of [`Debuggee::occupied_memory`] are. A live program's are zero.
    fn rest_of_memory(&mut self, _memory: MemoryId) -> Rest {
        Rest::Zero
    }

    /// All globals, in the order of [`wdb_coredump::GlobalId`].
    ///
    /// # Errors
    ///
    /// When a live debuggee has gone away.
    fn globals(&mut self) -> Result<Vec<Global>, Error>;

    /// A table with its elements.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such table.
    fn table(&mut self, table: TableId) -> Result<Table, Error>;

    /// How many tables it has.
    fn table_count(&mut self) -> u32;

    /// The capability to run.
    fn execute(&mut self) -> Option<&mut dyn Execute>;
}

/// The capability to run.
pub trait Execute {
    /// Runs until the next stop, which [`Debuggee::stop`] then tells.
    ///
    /// # Errors
    ///
    /// When the program has ended already, or the engine fails.
    fn resume(&mut self) -> Result<(), Error>;

    /// A handle that stops the running program from another thread.
    fn interrupt(&self) -> Interrupt;
}

/// Stops a running program from any thread. The only part of a debuggee that crosses threads.
#[derive(Clone)]
pub struct Interrupt(Arc<dyn Fn() + Send + Sync>);

impl Interrupt {
    /// A handle that calls `f`, which must be safe to call at any time and more than once.
    pub fn new(f: impl Fn() + Send + Sync + 'static) -> Self {
        Interrupt(Arc::new(f))
    }

    /// Asks the program to stop as soon as it can.
    pub fn interrupt(&self) {
        (self.0)();
    }
}

/// One reason for which a debuggee stands still.
#[derive(Clone, Debug, PartialEq)]
pub enum StopReason {
    /// It crashed and cannot go on. Also what a dump that does not say why stands at, if it has frames.
    Crash(Crash),
    /// It ended with this exit code.
    Exited(i32),
}

/// A module of the program.
#[derive(Clone, Debug)]
pub struct Module {
    /// Name, path and identity.
    pub record: wdb_coredump::Module,
    /// The module itself, when it was found and is the right one.
    pub binary: Option<Arc<wdb_module::Module>>,
}

/// A thread of the program.
#[derive(Clone, Debug)]
pub struct Thread {
    /// Its name.
    pub name: String,
    /// Its frames, youngest first.
    pub frames: Vec<Frame>,
    /// Where host code stands between them, youngest first.
    pub host_frames: Vec<HostFrame>,
}

/// An activation of a function.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Its instance.
    pub instance: InstanceId,
    /// Its module.
    pub module: ModuleId,
    /// Its function, in the module's index space.
    pub func: FuncIndex,
    /// The instruction it stands at, or waits at for a call to return. `None`: not recorded.
    pub pc: Option<FunctionOffset>,
    /// Its locals, parameters first: as many as the function has when the module is at hand.
    pub locals: Vec<Slot>,
    /// Its operand stack, bottom first. `None`: not recorded.
    pub stack: Option<Vec<Slot>>,
    /// How far to believe all this.
    pub trust: Trust,
}

/// How far to believe a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// The engine recorded it whole.
    Exact,
    /// Something of it was assumed: the base of the offset, the instance.
    Assumed,
    /// It does not fit the module: the function or the offset does not exist there.
    Doubtful,
}

/// How sure the bytes of a memory are. The greater is the less sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// They were in the memory.
    Known,
    /// At least one stands in a gap of the dump, of which the producer did not say whether it is zero.
    AssumedZero,
}
