//! A frame that stands still, made by hand.

use std::collections::BTreeMap;

use wdb_module::FuncIndex;
use wdb_symbols::{Machine, Number, Unavailable};

/// What it does not have was not recorded.
#[derive(Default)]
pub(crate) struct Frame {
    pub(crate) locals: BTreeMap<u32, Number>,
    pub(crate) globals: BTreeMap<u32, Number>,
    pub(crate) operands: BTreeMap<u32, Number>,
    /// Bytes by their address.
    pub(crate) memory: BTreeMap<u64, u8>,
}

impl Frame {
    pub(crate) fn new() -> Self {
        Frame::default()
    }

    pub(crate) fn local(mut self, index: u32, value: Number) -> Self {
        self.locals.insert(index, value);
        self
    }

    pub(crate) fn operand(mut self, index: u32, value: Number) -> Self {
        self.operands.insert(index, value);
        self
    }

    pub(crate) fn bytes(mut self, address: u64, bytes: &[u8]) -> Self {
        self.memory.extend((address..).zip(bytes.iter().copied()));
        self
    }
}

fn find(all: &BTreeMap<u32, Number>, kind: &str, index: u32) -> Result<Number, Unavailable> {
    let found = all.get(&index).copied();
    found.ok_or_else(|| Unavailable::NotRecorded(format!("{kind} {index}")))
}

impl Machine for Frame {
    fn local(&mut self, index: u32) -> Result<Number, Unavailable> {
        find(&self.locals, "local", index)
    }

    fn global(&mut self, index: u32) -> Result<Number, Unavailable> {
        find(&self.globals, "global", index)
    }

    fn operand(&mut self, index: u32) -> Result<Number, Unavailable> {
        find(&self.operands, "operand", index)
    }

    fn read(&mut self, address: u64, buffer: &mut [u8]) -> Result<(), Unavailable> {
        for (at, byte) in (address..).zip(buffer) {
            *byte = *self.memory.get(&at).ok_or(Unavailable::NotInDump(at))?;
        }
        Ok(())
    }

    fn element(&mut self, index: u64) -> Result<Option<FuncIndex>, Unavailable> {
        Err(Unavailable::NotRecorded(format!("table element {index}")))
    }
}
