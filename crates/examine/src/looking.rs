//! A debuggee that can only be looked at.

use std::ops::Range;

use wdb_debuggee::coredump::{
    Capture, Global, Instance, MemoryId, MemoryShape, Process, Rest, Table, TableId,
};
use wdb_debuggee::{Certainty, Debuggee, Error, Frame, Module, StopReason, Thread};

/// A debuggee without its capabilities to run and to be changed: what is remembered of it stays true.
pub struct Looking<'a>(&'a mut dyn Debuggee);

impl<'a> Looking<'a> {
    /// Looks at a debuggee.
    pub fn new(debuggee: &'a mut dyn Debuggee) -> Self {
        Looking(debuggee)
    }
}

impl Debuggee for Looking<'_> {
    fn stop_reasons(&self) -> &[StopReason] {
        self.0.stop_reasons()
    }

    fn process(&self) -> &Process {
        self.0.process()
    }

    fn executable(&self) -> &str {
        self.0.executable()
    }

    fn capture(&self) -> Capture {
        self.0.capture()
    }

    fn notes(&self) -> &[String] {
        self.0.notes()
    }

    fn modules(&self) -> &[Module] {
        self.0.modules()
    }

    fn instances(&mut self) -> Result<Vec<Instance>, Error> {
        self.0.instances()
    }

    fn threads(&mut self) -> Result<Vec<Thread>, Error> {
        self.0.threads()
    }

    fn depth(&mut self, thread: usize) -> Result<usize, Error> {
        self.0.depth(thread)
    }

    fn depth_up_to(&mut self, thread: usize, most: usize) -> Result<usize, Error> {
        self.0.depth_up_to(thread, most)
    }

    fn frame(&mut self, thread: usize, position: usize) -> Result<Frame, Error> {
        self.0.frame(thread, position)
    }

    fn memories(&mut self) -> Result<Vec<MemoryShape>, Error> {
        self.0.memories()
    }

    fn read_memory(
        &mut self,
        memory: MemoryId,
        address: u64,
        buffer: &mut [u8],
    ) -> Result<Certainty, Error> {
        self.0.read_memory(memory, address, buffer)
    }

    fn occupied_memory(&mut self, memory: MemoryId) -> Result<Vec<Range<u64>>, Error> {
        self.0.occupied_memory(memory)
    }

    fn rest_of_memory(&mut self, memory: MemoryId) -> Rest {
        self.0.rest_of_memory(memory)
    }

    fn globals(&mut self) -> Result<Vec<Global>, Error> {
        self.0.globals()
    }

    fn table(&mut self, table: TableId) -> Result<Table, Error> {
        self.0.table(table)
    }

    fn table_count(&mut self) -> Result<u32, Error> {
        self.0.table_count()
    }
}
