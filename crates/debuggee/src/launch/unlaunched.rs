//! A program that is not compiled yet: its modules are known, and nothing else is there.

use std::ops::Range;

use wdb_coredump::{
    Capture, Global, Instance, MemoryCapture, MemoryId, MemoryShape, Process, Table, TableId,
    ValueCapture,
};

use super::Program;
use crate::{Certainty, Debuggee, Error, Module, StopReason, Thread};

/// A program that was read and is not prepared yet. It is stopped before its first instruction and can only be looked at:
/// [`Prepared::launch`](super::Prepared::launch) gives one that can run.
pub struct Unlaunched {
    name: String,
    process: Process,
    modules: Vec<Module>,
}

impl Unlaunched {
    /// The program before it is compiled.
    pub fn new(program: &Program, arguments: &[String]) -> Unlaunched {
        let modules = program.files().flat_map(|file| {
            let modules = file.binary.modules().iter();
            modules.map(move |module| file.module(module))
        });
        Unlaunched {
            name: program.main.name.clone(),
            process: program.process(arguments),
            modules: modules.collect(),
        }
    }
}

fn not_there() -> Error {
    Error::Refused("the program is not compiled yet".into())
}

impl Debuggee for Unlaunched {
    fn stop_reasons(&self) -> &[StopReason] {
        &[StopReason::Started]
    }

    fn process(&self) -> &Process {
        &self.process
    }

    fn executable(&self) -> &str {
        &self.name
    }

    fn capture(&self) -> Capture {
        Capture {
            values: ValueCapture::Full,
            memory: MemoryCapture::Full,
        }
    }

    fn modules(&self) -> &[Module] {
        &self.modules
    }

    fn instances(&mut self) -> Result<Vec<Instance>, Error> {
        Ok(Vec::new())
    }

    fn threads(&mut self) -> Result<Vec<Thread>, Error> {
        Ok(vec![Thread {
            name: "main".into(),
            frames: Vec::new(),
            host_frames: Vec::new(),
        }])
    }

    fn memories(&mut self) -> Result<Vec<MemoryShape>, Error> {
        Ok(Vec::new())
    }

    fn read_memory(&mut self, _: MemoryId, _: u64, _: &mut [u8]) -> Result<Certainty, Error> {
        Err(not_there())
    }

    fn occupied_memory(&mut self, _: MemoryId) -> Result<Vec<Range<u64>>, Error> {
        Err(not_there())
    }

    fn globals(&mut self) -> Result<Vec<Global>, Error> {
        Ok(Vec::new())
    }

    fn table(&mut self, _: TableId) -> Result<Table, Error> {
        Err(not_there())
    }

    fn table_count(&mut self) -> Result<u32, Error> {
        Ok(0)
    }
}
