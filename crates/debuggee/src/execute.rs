//! What only some debuggees can do: run, call functions, stop at breakpoints, be changed.

use std::collections::BTreeSet;
use std::sync::Arc;

use wdb_coredump::{GlobalId, InstanceId, MemoryId, ModuleId, Reference, TableId, Value};
use wdb_module::{FuncIndex, LocalIndex, ModuleOffset};

use crate::{Debuggee, Error};

/// An instruction of a program's code. All instances of the module share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeLocation {
    /// The module.
    pub module: ModuleId,
    /// The instruction. Its function is [`wdb_module::Module::function_at`] this.
    pub offset: ModuleOffset,
}

/// How far to run.
///
/// A step ends before the next instruction of the program that runs, in whatever function that is:
///
/// * A branch to a block or an `if` goes to the instruction after its `end`, and one to a loop to the first
///   instruction in the loop: `end` and `loop` do not run then. An `end` that is reached by running into it is an
///   instruction of its own.
/// * An `if` whose condition is false goes to the instruction after its `else`, or after its `end`. An `else` that is
///   reached by running into it is an instruction of its own, and goes to the one after the `end`.
/// * `return`, and a branch to the outermost label, go to the instruction after the call in the caller; so does the
///   `end` of the function. A function that the host has called returns to what the host does next: its next
///   instruction, or the end of the program.
/// * A call goes to the first instruction of the function. A call of the host is one step, unless the host calls a
///   function of the program.
/// * `throw` goes to the first instruction of the handler, by way of [`StopReason::Thrown`](crate::StopReason::Thrown)
///   where that is asked for. What traps ends in a crash, which is no step.
///
/// A backend may pass over instructions that do nothing (`nop`, `block`, `loop`, `end`, `else`). It then passes over them
/// always, and gives breakpoints on them back as ones that can never be hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// Until there is a reason to stop. The instruction that the program is at runs, also when it
    /// has a breakpoint.
    Continue,
    /// One instruction of the program. That is the first one of the callee after a call, and the one
    /// after a call where the callee is the host's.
    StepInstruction,
}

/// What is to be done at a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The program is stopped, and [`Execute::resume`] returns.
    Stop,
    /// It goes on.
    Resume(Resume),
}

/// Decides at each event whether the program is to stop there. It runs next to the guest, so that a stop
/// that is none costs no trip between threads; it sees the debuggee as it is there, where
/// [`Debuggee::execute`] is `None`, but breakpoints and state can be changed.
///
/// It is asked at breakpoints, steps and exceptions that are caught. What no caller could want to miss
/// ends the run without it: a crash, the end, an interrupt, the return of a call.
pub type StopFilter = Box<dyn FnMut(&mut dyn Debuggee) -> Verdict + Send>;

/// The capability to run.
///
/// # Where a program can be stopped from outside
///
/// An interrupt, the time limit and the fuel are looked at when a function begins and each time that a loop goes round.
/// The program is then stopped before the first instruction of the function or of the loop. A backend may look more
/// often, but not less: a program that computes always stops. One that waits in a call of the host may not stop; then
/// [`Error::GivenUp`] says so, some seconds after it was asked to.
///
/// The time is that of a clock on the wall, and passes only while the program runs, in all of its runs together. What a unit
/// of fuel is may differ between backends. A limit that was reached is a crash; functions of the program can still be called
/// then, if the backend can call any.
///
/// A wait that nothing can end (`memory.atomic.wait` without a time limit in a program of one thread) is a crash before
/// it begins. A backend with threads cannot tell, and lets it wait.
pub trait Execute {
    /// Runs until the next stop that `filter` does not pass over; [`Debuggee::stop_reasons`] then says why.
    ///
    /// # Errors
    ///
    /// When the program has ended already, or the engine fails.
    fn resume(&mut self, how: Resume, filter: Option<StopFilter>) -> Result<(), Error>;

    /// A handle that stops the running program from another thread. A guest that sleeps or reads in a host
    /// call comes back from it early, and takes the end of the sleep or of the input for real.
    fn interrupt(&self) -> Interrupt;

    /// What the export that is run has returned, as text, when the program has ended by itself.
    fn results(&self) -> &[String];

    /// Forgets a request to stop that came after the program had stopped: that was for the run before, and the next one is
    /// not to stop for it.
    fn forget_interrupt(&mut self);
}

/// The capability to call functions of the program while it is stopped. A recording has none: it can only run what ran.
pub trait Call: Execute {
    /// Calls a function of the program on top of what it is doing, and runs until that returns
    /// ([`StopReason::Returned`](crate::StopReason::Returned)) or there is another reason to stop. Then
    /// the frames of the call are above those that were there, [`Execute::resume`] goes on with it,
    /// and [`Call::abandon_call`] ends it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such function, [`Error::Refused`] when the arguments do not
    /// fit it or it cannot be called now.
    fn call_function(
        &mut self,
        instance: InstanceId,
        func: FuncIndex,
        arguments: &[Value],
        filter: Option<StopFilter>,
    ) -> Result<(), Error>;

    /// Unwinds the innermost call that has not returned. Nothing that it did to memory is undone.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when there is none.
    fn abandon_call(&mut self) -> Result<(), Error>;
}

/// The capability to stop at breakpoints.
pub trait Breakpoints {
    /// Makes these the breakpoints, and no others. Gives back those that can never be hit and so are
    /// none: not the beginning of an instruction, or code that nothing can reach.
    ///
    /// # Errors
    ///
    /// When the engine fails.
    fn set_breakpoints(
        &mut self,
        locations: &BTreeSet<CodeLocation>,
    ) -> Result<Vec<CodeLocation>, Error>;

    /// Whether the program is to stop at every exception that it throws.
    ///
    /// # Errors
    ///
    /// When the engine fails.
    fn stop_at_exceptions(&mut self, yes: bool) -> Result<(), Error>;
}

/// The capability to be changed while it is stopped.
pub trait Mutate {
    /// Writes `bytes` at `address`, all or nothing.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfBounds`] when the range is not wholly inside the memory.
    fn write_memory(&mut self, memory: MemoryId, address: u64, bytes: &[u8]) -> Result<(), Error>;

    /// Gives a global a value, which must have its type.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such global, [`Error::Refused`] when it is immutable or of
    /// another type.
    fn set_global(&mut self, global: GlobalId, value: &Value) -> Result<(), Error>;

    /// Gives an element of a table a value.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such element, [`Error::Refused`] when the table is of
    /// another type.
    fn set_table_element(
        &mut self,
        table: TableId,
        index: u64,
        value: &Reference,
    ) -> Result<(), Error>;
}

/// The capability to have the locals of its frames changed while it is stopped. Compiled code keeps locals in registers:
/// an engine that cannot write those has not got it, and an interpreter has.
pub trait SetLocal {
    /// Gives a local of a frame a value, which must have its type. Threads and frames count as in
    /// [`Debuggee::frame`].
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such local, [`Error::Refused`] when it is of another type.
    fn set_frame_local(
        &mut self,
        thread: usize,
        frame: usize,
        local: LocalIndex,
        value: &Value,
    ) -> Result<(), Error>;
}

/// Stops a running program from any thread.
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
