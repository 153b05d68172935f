//! The guest in wasmtime as a debuggee: the end of the channel that is not on the guest's thread.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use wasmtime::Engine;
use wdb_coredump::{
    Capture, Global, GlobalId, Instance, InstanceId, MemoryId, MemoryShape, Process, Reference,
    Table, TableId, Value,
};
use wdb_debuggee::launch::now;
use wdb_debuggee::{
    Breakpoints, Call, Certainty, CodeLocation, Debuggee, Error, Execute, Frame, Interrupt, Module,
    Mutate, Resume, StopFilter, StopReason, Thread,
};
use wdb_module::FuncIndex;

use crate::asked::Asked;
use crate::blocks::{BLOCK, Blocks};
use crate::call;
use crate::guarded::guarded;
use crate::guest::{Command, Halt};
use crate::paused::{CAPTURE, Paused};
use crate::stop::{Requester, StopRequest, advance_epoch};
use crate::trap;

/// A program in wasmtime, under guest-debug instrumentation.
pub struct Live {
    pub(crate) name: String,
    pub(crate) engine: Engine,
    pub(crate) request: StopRequest,
    pub(crate) abandoned: Arc<AtomicBool>,
    /// `None` once this is dropped.
    pub(crate) commands: Option<Sender<Command>>,
    pub(crate) events: Receiver<Halt>,
    pub(crate) process: Process,
    pub(crate) stop: Vec<StopReason>,
    pub(crate) results: Vec<String>,
    pub(crate) ended: bool,
    pub(crate) modules: Vec<Module>,
    pub(crate) blocks: Blocks,
    pub(crate) asked: Arc<Asked>,
}

impl Live {
    /// What it was asked so far, counted.
    pub fn asked(&self) -> Arc<Asked> {
        Arc::clone(&self.asked)
    }

    fn send(&self, command: Command) -> Result<(), Error> {
        self.asked.add_trip();
        let commands = self.commands.as_ref().ok_or_else(gone)?;
        commands.send(command).map_err(|_| gone())
    }

    /// Changes the program, which must be stopped.
    fn change<R: Send + 'static>(
        &mut self,
        change: impl FnOnce(&mut Paused<'_>) -> R + Send + 'static,
    ) -> Result<R, Error> {
        self.blocks.forget();
        self.ask(change)
    }

    /// Asks the program, which must be stopped, and waits for the answer.
    fn ask<R: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Paused<'_>) -> R + Send + 'static,
    ) -> Result<R, Error> {
        let (send, receive) = mpsc::sync_channel(1);
        self.send(Command::Ask(Box::new(move |paused| {
            // The asker waits; if it does not, the answer is not needed.
            let _ = send.send(guarded(|| question(paused)));
        })))?;
        receive.recv().map_err(|_| gone())?
    }

    /// Reads a small piece of memory, together with what is around it. Whether it could: a large piece is read by
    /// itself, and so is one that is not wholly inside the memory, which is an error with its own words.
    fn read_block(
        &mut self,
        memory: MemoryId,
        address: u64,
        buffer: &mut [u8],
    ) -> Result<bool, Error> {
        let Some(numbers) = Blocks::of(address, buffer.len()) else {
            return Ok(false);
        };
        for number in numbers {
            if self.blocks.has(memory, number) {
                continue;
            }
            let start = number * BLOCK as u64;
            match self.ask(move |paused| paused.memory_block(memory, start, BLOCK))? {
                Some(bytes) => self.blocks.keep(memory, number, bytes),
                None => return Ok(false),
            }
        }
        Ok(self.blocks.read(memory, address, buffer))
    }

    /// Waits until the program is stopped.
    pub(crate) fn wait(&mut self) -> Result<(), Error> {
        let began = Instant::now();
        let Halt {
            reasons,
            ended,
            failed,
        } = loop {
            match self.events.recv_timeout(LOOK) {
                Ok(stopped) => break stopped,
                Err(RecvTimeoutError::Disconnected) => return Err(gone()),
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(requester) = self.request.in_vain(began) {
                        return Err(self.give_up(requester));
                    }
                }
            }
        };
        self.request.forget_user();
        self.stop = reasons;
        self.process.time = now();
        self.ended = ended.is_some();
        self.results = ended.unwrap_or_default();
        failed.map_or(Ok(()), Err)
    }

    /// Lets go of a program that does not stop.
    fn give_up(&mut self, requester: Requester) -> Error {
        self.abandon();
        self.ended = true;
        self.stop = vec![match requester {
            Requester::User => StopReason::Interrupted,
            Requester::Timer | Requester::Fuel => StopReason::Crash(trap::timeout()),
        }];
        Error::GivenUp(WAITS.into())
    }

    /// Ends the guest, wherever it is. One that waits in a host call ends when the call does; it is not
    /// waited for.
    fn abandon(&mut self) {
        self.abandoned.store(true, Ordering::Relaxed);
        advance_epoch(&self.engine);
        self.commands = None;
    }
}

/// So often it is looked whether a program has not stopped that was to stop.
pub(crate) const LOOK: Duration = Duration::from_millis(100);

/// Why a program that does not stop cannot be looked at.
pub(crate) const WAITS: &str = "it waits for its host, in a call such as a read of a pipe, or in `memory.atomic.wait`, and \
     does not come back to be stopped; its frames cannot be read meanwhile, so there is nothing \
     to look at and no core dump";

fn gone() -> Error {
    Error::Debuggee("the guest's thread has ended".into())
}

/// What asks the guest to stop, from any thread.
pub(crate) fn stopper(
    engine: &Engine,
    request: &StopRequest,
    requester: Requester,
) -> impl Fn() + Send + Sync + 'static {
    let engine = engine.clone();
    let request = request.clone();
    move || request.set(requester, &engine)
}

impl Debuggee for Live {
    fn stop_reasons(&self) -> &[StopReason] {
        &self.stop
    }

    fn process(&self) -> &Process {
        &self.process
    }

    fn capture(&self) -> Capture {
        CAPTURE
    }

    fn executable(&self) -> &str {
        &self.name
    }

    fn modules(&self) -> &[Module] {
        &self.modules
    }

    fn instances(&mut self) -> Result<Vec<Instance>, Error> {
        self.ask(|paused| paused.instances())?
    }

    fn threads(&mut self) -> Result<Vec<Thread>, Error> {
        self.ask(|paused| paused.threads())?
    }

    fn depth(&mut self, thread: usize) -> Result<usize, Error> {
        self.ask(move |paused| paused.depth(thread))?
    }

    fn depth_up_to(&mut self, thread: usize, most: usize) -> Result<usize, Error> {
        self.ask(move |paused| paused.depth_up_to(thread, most))?
    }

    fn frame(&mut self, thread: usize, position: usize) -> Result<Frame, Error> {
        self.ask(move |paused| paused.frame(thread, position))?
    }

    fn memories(&mut self) -> Result<Vec<MemoryShape>, Error> {
        self.ask(|paused| paused.memories())?
    }

    fn read_memory(
        &mut self,
        memory: MemoryId,
        address: u64,
        buffer: &mut [u8],
    ) -> Result<Certainty, Error> {
        if self.read_block(memory, address, buffer)? {
            return Ok(Certainty::Known);
        }
        let length = buffer.len();
        let (certainty, bytes) = self.ask(move |paused| {
            let mut bytes = vec![0; length];
            let certainty = paused.read_memory(memory, address, &mut bytes)?;
            Ok((certainty, bytes))
        })??;
        buffer.copy_from_slice(&bytes);
        Ok(certainty)
    }

    fn occupied_memory(&mut self, memory: MemoryId) -> Result<Vec<Range<u64>>, Error> {
        self.ask(move |paused| paused.occupied_memory(memory))?
    }

    fn globals(&mut self) -> Result<Vec<Global>, Error> {
        self.ask(|paused| paused.globals())?
    }

    fn table(&mut self, table: TableId) -> Result<Table, Error> {
        self.ask(move |paused| paused.table(table))?
    }

    fn table_count(&mut self) -> Result<u32, Error> {
        self.ask(|paused| paused.table_count())?
    }

    fn execute(&mut self) -> Option<&mut dyn Execute> {
        Some(self)
    }

    fn call(&mut self) -> Option<&mut dyn Call> {
        Some(self)
    }

    fn breakpoints(&mut self) -> Option<&mut dyn Breakpoints> {
        Some(self)
    }

    fn mutate(&mut self) -> Option<&mut dyn Mutate> {
        Some(self)
    }
}

impl Execute for Live {
    fn resume(&mut self, how: Resume, filter: Option<StopFilter>) -> Result<(), Error> {
        if self.ended {
            return Err(Error::Debuggee("the program has ended".into()));
        }
        self.blocks.forget();
        self.send(Command::Resume(how, filter))?;
        self.wait()
    }

    fn interrupt(&self) -> Interrupt {
        Interrupt::new(stopper(&self.engine, &self.request, Requester::User))
    }

    fn results(&self) -> &[String] {
        &self.results
    }

    fn forget_interrupt(&mut self) {
        self.request.forget_user();
    }
}

impl Call for Live {
    fn call_function(
        &mut self,
        instance: InstanceId,
        func: FuncIndex,
        arguments: &[Value],
        filter: Option<StopFilter>,
    ) -> Result<(), Error> {
        let call = call::Call {
            instance,
            func,
            arguments: arguments.to_vec(),
        };
        self.blocks.forget();
        let (begun, has_begun) = mpsc::sync_channel(1);
        self.send(Command::Call(call, filter, begun))?;
        has_begun.recv().map_err(|_| gone())??;
        self.wait()
    }

    fn abandon_call(&mut self) -> Result<(), Error> {
        self.blocks.forget();
        let (begun, has_begun) = mpsc::sync_channel(1);
        self.send(Command::Abandon(begun))?;
        has_begun.recv().map_err(|_| gone())??;
        self.wait()
    }
}

impl Breakpoints for Live {
    fn set_breakpoints(
        &mut self,
        locations: &BTreeSet<CodeLocation>,
    ) -> Result<Vec<CodeLocation>, Error> {
        let locations = locations.clone();
        self.ask(move |paused| paused.set_breakpoints(&locations))?
    }

    fn stop_at_exceptions(&mut self, yes: bool) -> Result<(), Error> {
        self.ask(move |paused| paused.stop_at_exceptions(yes))?
    }
}

impl Mutate for Live {
    fn write_memory(&mut self, memory: MemoryId, address: u64, bytes: &[u8]) -> Result<(), Error> {
        let bytes = bytes.to_vec();
        self.change(move |paused| paused.write_memory(memory, address, &bytes))?
    }

    fn set_global(&mut self, global: GlobalId, value: &Value) -> Result<(), Error> {
        let value = value.clone();
        self.change(move |paused| paused.set_global(global, &value))?
    }

    fn set_table_element(
        &mut self,
        table: TableId,
        index: u64,
        value: &Reference,
    ) -> Result<(), Error> {
        let value = value.clone();
        self.change(move |paused| paused.set_table_element(table, index, &value))?
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.abandon();
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use wdb_debuggee::launch::{File, Invocation, Program};
    use wdb_module::Binary;

    use super::*;
    use crate::{Compiled, Wasmtime};

    fn launch(text: &str) -> Live {
        let binary = Binary::parse(Bytes::from(wat::parse_str(text).unwrap())).unwrap();
        let program = Program::new(File {
            name: "program".into(),
            path: None,
            binary: Arc::new(binary),
        });
        let compiled = Compiled::new(&Wasmtime::default(), &program, &[]).unwrap();
        compiled.launch(&Invocation::default()).unwrap()
    }

    /// The debugger fails while it answers, where the handler can be unwound and where it cannot.
    #[test]
    fn a_question_that_panics_is_an_error() {
        let text = r#"(module (func (export "_start") nop unreachable))"#;
        let mut live = launch(text);
        for how in [Resume::StepInstruction, Resume::Continue] {
            live.resume(how, None).unwrap();
            for _ in 0..2 {
                let failed: Result<(), Error> = live.ask(|_| panic!("of the test"));
                let message = failed.unwrap_err().to_string();
                assert!(message.ends_with(": of the test"), "{message}");
                assert_eq!(live.threads().unwrap()[0].frames.len(), 1);
            }
        }
        assert!(matches!(live.stop_reasons(), [StopReason::Crash(_)]));
        live.resume(Resume::Continue, None).unwrap();
        assert!(live.ended);
    }

    #[test]
    fn a_program_that_has_gone_away_answers_nothing() {
        let text = r#"(module (memory 1) (table 1 funcref) (func (export "_start")))"#;
        let mut live = launch(text);
        assert_eq!(live.table_count().unwrap(), 0);
        live.abandon();
        let failures = [
            live.table_count().map(|_| ()),
            live.table(TableId(0)).map(|_| ()),
            live.memories().map(|_| ()),
            live.globals().map(|_| ()),
            live.instances().map(|_| ()),
            live.threads().map(|_| ()),
            live.depth_up_to(0, 1).map(|_| ()),
            live.read_memory(MemoryId(0), 0, &mut [0]).map(|_| ()),
            live.occupied_memory(MemoryId(0)).map(|_| ()),
        ];
        for failure in failures {
            assert!(failure.unwrap_err().is_failure());
        }
    }
}
