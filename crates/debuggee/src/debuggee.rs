//! The debuggee: what every debugger feature is written against.
//!
//! A core dump and a program that runs in an engine are the same thing to everything above. What
//! every debuggee can do is in [`Debuggee`]; what only some can do is a capability of its own
//! that the debuggee hands out, so that nothing has to be faked.

use std::sync::Arc;

use wdb_coredump::{
    Capture, Crash, CrashKind, Exception, Global, HostFrame, Instance, InstanceId, MemoryId,
    MemoryShape, ModuleId, Process, Rest, Slot, Table, TableId, code,
};
use wdb_module::{FuncIndex, FunctionOffset, ModuleOffset};

#[cfg(doc)]
use crate::Resume;
use crate::{Breakpoints, Call, CodeLocation, Error, Execute, Mutate, SetLocal};

/// A program to look into: a core dump, or a live program that has stopped.
///
/// The lists keep their order as long as the debuggee does not run: an id taken from one call is
/// good in the next.
///
/// # What a backend keeps to
///
/// The words of the trait leave open what an engine does at its edges. This is what the layers above rely on; where a
/// backend may differ, it says so.
///
/// **The pc of a frame** is the instruction that explains why the frame is where it is, never the next one:
///
/// | the frame | its pc | its operands |
/// |---|---|---|
/// | the innermost, at a breakpoint, after a step or an interrupt | the instruction that runs next; nothing of it has happened | all |
/// | the innermost, at a trap | the instruction that trapped | as before it: an operand that the engine has popped and that cannot be proven is [`Slot::Missing`] |
/// | the innermost, at an error of the host | the call of the host function; after a tail call of it the call that is left | as before it; what came from a global or a memory is missing, because the host may have changed that |
/// | the innermost, at an exception | the `throw` or `throw_ref` | as at a trap |
/// | the innermost, when it found the call stack used up | its first instruction | none, and its parameters may be missing |
/// | one that waits for a call | the call, also where the engine counts from the one after it | whether the arguments of the call are among them may differ |
///
/// A frame that a tail call has replaced does not exist. A dump shows what its producer recorded:
/// [`Frame::trust`] and [`Slot`] say how far to believe it.
///
/// **The order of the reasons** at one stop is: [`Step`](StopReason::Step), [`Breakpoint`](StopReason::Breakpoint),
/// [`Thrown`](StopReason::Thrown), and then one of [`Interrupted`](StopReason::Interrupted) and
/// [`Crash`](StopReason::Crash). [`Returned`](StopReason::Returned) and [`Abandoned`](StopReason::Abandoned) come after the
/// reasons that the program had before the call. A limit that is reached counts more than an interrupt at the same
/// instruction. No layer above chooses by position, but the user reads them in this order.
///
/// **A crash is reported once**, before anything is unwound. A program that is resumed from it is unwound to its end; then it
/// reports the same crash again, without frames, and cannot be resumed any more.
///
/// How steps go and where limits are looked at is in the documentation of [`Resume`] and [`Execute`].
pub trait Debuggee {
    /// Why it is stopped. Several reasons can hold at once, in the order that is said [above](Debuggee); a dump of a
    /// program that was stopped for no reason has none.
    fn stop_reasons(&self) -> &[StopReason];

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

    /// Its modules, each with its binary if that is available. All that a program will ever have, from
    /// the beginning: neither modules nor components can load others later.
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

    /// How many frames a thread has: what distinguishes an activation of a function from the one that it
    /// calls. A live debuggee counts them without reading them.
    ///
    /// # Errors
    ///
    /// As of [`Debuggee::threads`], and [`Error::NotFound`] when there is no such thread.
    fn depth(&mut self, thread: usize) -> Result<usize, Error> {
        let threads = self.threads()?;
        let thread = threads.get(thread).ok_or_else(|| no_thread(thread))?;
        Ok(thread.frames.len())
    }

    /// The same, counted no further than `most`: whether a recursion is deeper than an activation of it must not cost
    /// more the deeper it is.
    ///
    /// # Errors
    ///
    /// As of [`Debuggee::depth`].
    fn depth_up_to(&mut self, thread: usize, most: usize) -> Result<usize, Error> {
        Ok(self.depth(thread)?.min(most))
    }

    /// One frame of a thread, as [`Debuggee::threads`] has it, the innermost at position 0. A live
    /// debuggee reads no more than this one.
    ///
    /// # Errors
    ///
    /// As of [`Debuggee::threads`], and [`Error::NotFound`] when there is no such thread or frame.
    fn frame(&mut self, thread: usize, position: usize) -> Result<Frame, Error> {
        let mut threads = self.threads()?;
        let found = threads.get_mut(thread).ok_or_else(|| no_thread(thread))?;
        if position >= found.frames.len() {
            return Err(Error::NotFound(format!("frame {position}")));
        }
        Ok(found.frames.swap_remove(position))
    }

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
    ///
    /// # Errors
    ///
    /// When a live debuggee has gone away.
    fn table_count(&mut self) -> Result<u32, Error>;

    /// The capability to run.
    fn execute(&mut self) -> Option<&mut dyn Execute> {
        None
    }

    /// The capability to call functions of the program.
    fn call(&mut self) -> Option<&mut dyn Call> {
        None
    }

    /// The capability to stop at breakpoints.
    fn breakpoints(&mut self) -> Option<&mut dyn Breakpoints> {
        None
    }

    /// The capability to be changed.
    fn mutate(&mut self) -> Option<&mut dyn Mutate> {
        None
    }

    /// The capability to have the locals of its frames changed.
    fn set_local(&mut self) -> Option<&mut dyn SetLocal> {
        None
    }
}

fn no_thread(position: usize) -> Error {
    Error::NotFound(format!("thread {position}"))
}

/// One reason for which a debuggee is stopped.
#[derive(Clone, Debug, PartialEq)]
pub enum StopReason {
    /// It was launched and has run nothing yet. Its modules are known, its instances are not made.
    Started,
    /// The innermost frame is at a breakpoint, whose instruction has not run.
    Breakpoint,
    /// The instruction that it was resumed for has run.
    Step,
    /// It has thrown an exception, and no frame is unwound yet.
    /// Only reported when [`Breakpoints::stop_at_exceptions`] asks for it.
    Thrown {
        /// What it has thrown.
        exception: Exception,
        /// Whether a frame on the stack catches it. If none does it also crashes, here.
        caught: bool,
    },
    /// It was asked to stop. It can go on.
    Interrupted,
    /// The function that [`Call::call_function`] called has returned this; it is where it was before.
    Returned(Vec<Slot>),
    /// The function that [`Call::call_function`] called did not return, and why: a sentence's second half. It
    /// is where it was before.
    Abandoned(String),
    /// It crashed and cannot go on. Also what a dump has that has frames and does not say why it was taken.
    Crash(Crash),
    /// It ended with this exit code.
    Exited(i32),
}

impl StopReason {
    /// The crash that a report or a dump is about: also that it was stopped from outside.
    pub fn crash(&self) -> Option<Crash> {
        match self {
            StopReason::Crash(crash) => Some(crash.clone()),
            StopReason::Interrupted => Some(Crash {
                thread: 0,
                kind: CrashKind::Interrupt,
                code: code::INTERRUPTED.into(),
                message: "stopped from outside".into(),
                causes: Vec::new(),
                exception: None,
            }),
            StopReason::Started
            | StopReason::Breakpoint
            | StopReason::Step
            | StopReason::Thrown { .. }
            | StopReason::Returned(_)
            | StopReason::Abandoned(_)
            | StopReason::Exited(_) => None,
        }
    }
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
    /// Its frames, innermost first.
    pub frames: Vec<Frame>,
    /// Where host code is between them, innermost first.
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
    /// The instruction at which it is stopped, or the call that it waits for. Which instruction that is at a trap or an
    /// error of the host is in the table of [`Debuggee`].
    pub pc: Pc,
    /// Its locals, parameters first: all of the function's, when the module is available.
    pub locals: Vec<Slot>,
    /// Its operand stack, bottom first. `None`: not recorded.
    pub stack: Option<Vec<Slot>>,
    /// How far to believe all this.
    pub trust: Trust,
}

impl Frame {
    /// Its instruction in its module. `None`: not recorded, or the module is not available.
    pub fn offset(&self) -> Option<ModuleOffset> {
        match self.pc {
            Pc::InModule(offset) => Some(offset),
            Pc::InFunction(_) | Pc::Unknown => None,
        }
    }

    /// Its instruction, among all of the program's code. `None`: as of [`Frame::offset`].
    pub fn location(&self) -> Option<CodeLocation> {
        let module = self.module;
        let offset = self.offset()?;
        Some(CodeLocation { module, offset })
    }

    /// Its instruction in its function, as a dump counts. `binary` is that of its module.
    pub fn function_offset(&self, binary: Option<&wdb_module::Module>) -> Option<FunctionOffset> {
        match self.pc {
            Pc::InModule(offset) => binary?.to_function(self.func, offset),
            Pc::InFunction(offset) => Some(offset),
            Pc::Unknown => None,
        }
    }
}

/// The instruction at which a frame is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pc {
    /// In its module, whose binary is available.
    InModule(ModuleOffset),
    /// In its function: all that a dump says of a module that was not found.
    InFunction(FunctionOffset),
    /// Not recorded.
    Unknown,
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
    /// At least one is in a gap of the dump, of which the producer did not say whether it is zero.
    AssumedZero,
}
