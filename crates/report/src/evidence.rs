//! The state of a crash, for the code that explains it.

use std::sync::Arc;

use wdb_debuggee::coredump::{
    Crash, Global, Instance, MemoryId, MemoryShape, ModuleId, Table, Value,
};
use wdb_debuggee::{CStack, Error, Frame, Module};
use wdb_module::{MemoryIndex, ModuleOffset, Operator, TableIndex};
use wdb_symbols::runtime::Family;

use wdb_examine::value::unsigned;
use wdb_examine::view::View;

/// Everything that may be needed to explain a crash.
pub(crate) struct Evidence<'s, 'a> {
    pub(crate) view: &'s mut View<'a>,
    pub(crate) crash: Crash,
    modules: &'s [Module],
    frames: Vec<Arc<Frame>>,
    pub(crate) instances: Arc<[Instance]>,
    globals: Arc<[Global]>,
    memories: Arc<[MemoryShape]>,
    /// The function of each frame of the crashed thread.
    pub(crate) functions: Vec<Function>,
    /// Whether the report already has the message of a panic.
    pub(crate) has_panic: bool,
}

/// The function of a frame.
pub(crate) struct Function {
    /// Its demangled name.
    pub(crate) name: String,
    /// The part of a runtime that it belongs to.
    pub(crate) family: Option<Family>,
}

/// The instruction at which a frame is.
pub(crate) struct Site<'a> {
    pub(crate) module: &'a wdb_module::Module,
    pub(crate) at: ModuleOffset,
    pub(crate) operator: Operator<'a>,
}

/// Strings of at most this many bytes are read: the text of an assertion, a file name.
const LONGEST_STRING: usize = 4096;

impl<'s, 'a> Evidence<'s, 'a> {
    /// The evidence of `crash`. `modules` are the modules of `stop`, and `functions` the functions of the frames of the
    /// crashed thread.
    pub(crate) fn new(
        view: &'s mut View<'a>,
        modules: &'s [Module],
        crash: Crash,
        functions: Vec<Function>,
    ) -> Self {
        let threads = view.threads();
        let thread = threads.get(crash.thread as usize);
        Evidence {
            frames: thread.map_or(Vec::new(), |it| it.frames.clone()),
            instances: view.instances(),
            globals: view.globals(),
            memories: view.memories(),
            view,
            crash,
            modules,
            functions,
            has_panic: false,
        }
    }

    /// The frames of the crashed thread, innermost first.
    pub(crate) fn frames(&self) -> &[Arc<Frame>] {
        &self.frames
    }

    /// The binary of a module.
    pub(crate) fn binary(&self, module: ModuleId) -> Option<&'s wdb_module::Module> {
        self.modules.get(module.position())?.binary.as_deref()
    }

    /// The instruction at which the frame at `position` is.
    pub(crate) fn site(&self, position: usize) -> Option<Site<'s>> {
        let frame = self.frames().get(position)?;
        let module = self.binary(frame.module)?;
        let at = frame.offset()?;
        Some(Site {
            module,
            at,
            operator: module.instruction_at(at)?,
        })
    }

    /// The operand of the crashed instruction with `above` others above it on the stack.
    pub(crate) fn operand(&self, above: usize) -> Option<&Value> {
        let stack = self.frames().first()?.stack.as_ref()?;
        stack.get(stack.len().checked_sub(above + 1)?)?.value()
    }

    /// The operand as an unsigned address, index or size.
    pub(crate) fn unsigned(&self, above: usize) -> Option<u64> {
        unsigned(self.operand(above)?)
    }

    /// The value of a local of a frame, unsigned.
    pub(crate) fn local(&self, position: usize, local: usize) -> Option<u64> {
        unsigned(self.frames().get(position)?.locals.get(local)?.value()?)
    }

    /// The position of the innermost frame of a function with one of these names.
    pub(crate) fn frame_of(&self, names: &[&str]) -> Option<usize> {
        self.functions
            .iter()
            .position(|function| names.contains(&function.name.as_str()))
    }

    /// The instance of the frame at `position`.
    pub(crate) fn instance(&self, position: usize) -> Option<&Instance> {
        let frame = self.frames().get(position)?;
        self.instances.get(frame.instance.position())
    }

    /// A memory of the frame at `position`.
    pub(crate) fn memory(
        &self,
        position: usize,
        index: MemoryIndex,
    ) -> Option<(MemoryId, MemoryShape)> {
        let id = (*self.instance(position)?.memories.get(index.position())?)?;
        Some((id, *self.memories.get(id.position())?))
    }

    /// A table of the frame at `position`.
    pub(crate) fn table(&mut self, position: usize, index: TableIndex) -> Option<Arc<Table>> {
        let id = (*self.instance(position)?.tables.get(index.position())?)?;
        self.view.table(id)
    }

    /// The C stack of the frame at `position`, and the stack pointer.
    pub(crate) fn c_stack(&self, position: usize) -> Option<(CStack, u64)> {
        let frame = self.frames().get(position)?;
        let stack = CStack::find(self.binary(frame.module)?)?;
        let current = stack.current(self.instance(position)?, &self.globals)?;
        Some((stack, current))
    }

    /// Reads memory 0 of the frame at `position`. Bytes that the dump left out come from the constant data of its
    /// module.
    pub(crate) fn read(&mut self, position: usize, address: u64, buffer: &mut [u8]) -> Option<()> {
        let (memory, _) = self.memory(position, MemoryIndex(0))?;
        match self.view.read_memory(memory, address, buffer) {
            Ok(_) => Some(()),
            Err(Error::Absent { .. }) => {
                let module = self.binary(self.frames().get(position)?.module)?;
                let constant = wdb_debuggee::initial_memory(module, address, buffer.len())?;
                buffer.copy_from_slice(constant);
                Some(())
            }
            Err(_) => None,
        }
    }

    /// The NUL-terminated string at `address` of memory 0 of the frame at `position`. `None` if it is empty, is not
    /// UTF-8 or contains control characters.
    pub(crate) fn c_string(&mut self, position: usize, address: u64) -> Option<String> {
        let mut bytes = Vec::new();
        // Byte by byte, because the bytes after the string may be outside of the memory or the dump.
        while address != 0 && bytes.len() < LONGEST_STRING {
            let mut byte = [0];
            self.read(
                position,
                address.checked_add(bytes.len() as u64)?,
                &mut byte,
            )?;
            match byte {
                [0] => {
                    let text = String::from_utf8(bytes).ok()?;
                    return (!text.is_empty() && !text.contains(char::is_control)).then_some(text);
                }
                [byte] => bytes.push(byte),
            }
        }
        None
    }
}
