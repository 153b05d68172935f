//! The program that is stopped, on the guest's thread: all that a debuggee is, straight from the
//! store. [`crate::Live`] asks it from the other thread, a [`wdb_debuggee::StopFilter`] sees it directly.

use std::collections::BTreeSet;
use std::ops::Range;

use wasmtime::{AsContext as _, AsContextMut as _, StoreContextMut};
use wdb_coredump::{
    Capture, Global, GlobalId, Instance, MemoryCapture, MemoryId, MemoryShape, Process, Reference,
    Table, TableId, Value, ValueCapture,
};
use wdb_debuggee::{
    Breakpoints, Certainty, CodeLocation, Debuggee, Error, Frame, Module, Mutate, StopReason,
    Thread,
};
use wdb_module::MemoryIndex;

use crate::frames::{self, Standing};
use crate::guest::Guest;
use crate::host::Host;
use crate::{memory, operands, stack, table};

/// What a live program's dump holds: everything.
pub(crate) const CAPTURE: Capture = Capture {
    values: ValueCapture::Full,
    memory: MemoryCapture::Full,
};

/// The program that is stopped.
pub(crate) struct Paused<'a> {
    pub(crate) store: StoreContextMut<'a, Host>,
    pub(crate) guest: &'a mut Guest,
}

impl Paused<'_> {
    /// Gives the innermost frame the operands of the instruction that it crashed at, if it did.
    fn complete_operands(&mut self, frame: &mut Frame) {
        let host_failed = match self.guest.standings.now {
            Standing::Before | Standing::Entering(_) => return,
            Standing::Trapped(_) => false,
            Standing::HostFailed(_) => true,
        };
        let binary = self.guest.inventory.modules[frame.module.position()]
            .binary
            .clone();
        let Some((binary, pc)) = binary.zip(frame.offset()) else {
            return;
        };
        let (Some(stack), Ok(globals)) = (&mut frame.stack, self.globals()) else {
            return;
        };
        let instance = &self.guest.inventory.instances[frame.instance.position()].1;
        let mut state = AtCrash {
            instance: instance.clone(),
            paused: self,
            globals,
            host_failed,
        };
        operands::complete(&binary, frame.func, pc, &frame.locals, stack, &mut state);
    }

    /// Those of the bytes at `start` that the memory has, to be kept until the program runs or is changed. `None`
    /// where there are none, and of a memory that others can change meanwhile.
    pub(crate) fn memory_block(
        &self,
        memory: MemoryId,
        start: u64,
        length: usize,
    ) -> Option<Vec<u8>> {
        memory::block(
            self.store.as_context(),
            &self.guest.inventory,
            memory,
            start,
            length,
        )
    }

    fn is_main(&self, thread: usize) -> Result<(), Error> {
        match thread {
            0 => Ok(()),
            _ => Err(Error::NotFound(format!("thread {thread}"))),
        }
    }
}

/// The state of the crashed frame's instance.
struct AtCrash<'a, 'b> {
    paused: &'a mut Paused<'b>,
    instance: Instance,
    globals: Vec<Global>,
    /// A function of the host has run since the code read them, and may have changed them.
    host_failed: bool,
}

impl operands::State for AtCrash<'_, '_> {
    fn global(&mut self, index: u32) -> Option<Value> {
        if self.host_failed {
            return None;
        }
        let id = (*self.instance.globals.get(index as usize)?)?;
        self.globals.get(id.position())?.known().cloned()
    }

    fn memory(&mut self, index: MemoryIndex, address: u64, length: usize) -> Option<Vec<u8>> {
        if self.host_failed {
            return None;
        }
        let id = (*self.instance.memories.get(index.position())?)?;
        let mut bytes = vec![0; length];
        self.paused.read_memory(id, address, &mut bytes).ok()?;
        Some(bytes)
    }
}

impl Debuggee for Paused<'_> {
    fn stop_reasons(&self) -> &[StopReason] {
        &self.guest.stop
    }

    fn process(&self) -> &Process {
        &self.guest.process
    }

    fn executable(&self) -> &str {
        &self.guest.name
    }

    fn capture(&self) -> Capture {
        CAPTURE
    }

    fn modules(&self) -> &[Module] {
        &self.guest.inventory.modules
    }

    fn instances(&mut self) -> Result<Vec<Instance>, Error> {
        let instances = &self.guest.inventory.instances;
        Ok(instances.iter().map(|(_, record)| record.clone()).collect())
    }

    fn threads(&mut self) -> Result<Vec<Thread>, Error> {
        let guest = &mut *self.guest;
        let store = self.store.as_context_mut();
        let mut thread =
            frames::thread(store, &guest.inventory, &guest.standings, &mut guest.calls)
                .map_err(failed)?;
        guest.asked.add_frames(thread.frames.len());
        if let Some(innermost) = thread.frames.first_mut() {
            self.complete_operands(innermost);
        }
        Ok(vec![thread])
    }

    fn depth(&mut self, thread: usize) -> Result<usize, Error> {
        self.depth_up_to(thread, usize::MAX)
    }

    fn depth_up_to(&mut self, thread: usize, most: usize) -> Result<usize, Error> {
        self.is_main(thread)?;
        let (frames, _) = stack::count(self.store.as_context_mut(), most).map_err(failed)?;
        self.guest.asked.add_frames(frames);
        Ok(frames.min(most))
    }

    fn frame(&mut self, thread: usize, position: usize) -> Result<Frame, Error> {
        self.is_main(thread)?;
        let missing = || Error::NotFound(format!("frame {position}"));
        let guest = &mut *self.guest;
        guest.asked.add_frames(position + 1);
        let store = self.store.as_context_mut();
        let (inventory, standings) = (&guest.inventory, &guest.standings);
        let mut frame = frames::frame(store, position, inventory, standings, &mut guest.calls)
            .map_err(failed)?
            .ok_or_else(missing)?;
        if position == 0 {
            self.complete_operands(&mut frame);
        }
        Ok(frame)
    }

    fn memories(&mut self) -> Result<Vec<MemoryShape>, Error> {
        let shape = |memory| memory::shape(self.store.as_context(), memory);
        Ok(self.guest.inventory.memories.iter().map(shape).collect())
    }

    fn read_memory(
        &mut self,
        memory: MemoryId,
        address: u64,
        buffer: &mut [u8],
    ) -> Result<Certainty, Error> {
        let store = self.store.as_context();
        memory::read(store, &self.guest.inventory, memory, address, buffer)?;
        Ok(Certainty::Known)
    }

    fn occupied_memory(&mut self, memory: MemoryId) -> Result<Vec<Range<u64>>, Error> {
        memory::occupied(self.store.as_context(), &self.guest.inventory, memory)
    }

    fn globals(&mut self) -> Result<Vec<Global>, Error> {
        let store = self.store.as_context_mut();
        Ok(table::globals(store, &self.guest.inventory))
    }

    fn table(&mut self, table: TableId) -> Result<Table, Error> {
        table::read(self.store.as_context_mut(), &self.guest.inventory, table)
    }

    fn table_count(&mut self) -> Result<u32, Error> {
        Ok(self.guest.inventory.tables.len() as u32)
    }

    fn breakpoints(&mut self) -> Option<&mut dyn Breakpoints> {
        Some(self)
    }

    fn mutate(&mut self) -> Option<&mut dyn Mutate> {
        Some(self)
    }
}

impl Breakpoints for Paused<'_> {
    fn set_breakpoints(
        &mut self,
        locations: &BTreeSet<CodeLocation>,
    ) -> Result<Vec<CodeLocation>, Error> {
        let guest = &mut *self.guest;
        // Each edit makes all code writable and executable again.
        if guest.armed.are(locations) {
            return Ok(Vec::new());
        }
        // The engine forgets where a place slipped to when two have slipped from there.
        guest.clear_steps(self.store.as_context_mut());
        let store = self.store.as_context_mut();
        guest.armed.set(store, &guest.inventory, locations)
    }

    fn stop_at_exceptions(&mut self, yes: bool) -> Result<(), Error> {
        self.guest.at_exceptions = yes;
        Ok(())
    }
}

impl Mutate for Paused<'_> {
    fn write_memory(&mut self, memory: MemoryId, address: u64, bytes: &[u8]) -> Result<(), Error> {
        let store = self.store.as_context_mut();
        memory::write(store, &self.guest.inventory, memory, address, bytes)
    }

    fn set_global(&mut self, global: GlobalId, value: &Value) -> Result<(), Error> {
        let store = self.store.as_context_mut();
        table::set_global(store, &self.guest.inventory, global, value)
    }

    fn set_table_element(
        &mut self,
        table: TableId,
        index: u64,
        value: &Reference,
    ) -> Result<(), Error> {
        let store = self.store.as_context_mut();
        table::set_element(store, &self.guest.inventory, table, index, value)
    }
}

fn failed(error: wasmtime::Error) -> Error {
    Error::Debuggee(format!("{error:#}"))
}
