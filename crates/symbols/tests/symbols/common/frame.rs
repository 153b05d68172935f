//! A frame of a stopped program, made by hand.

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
    /// What everything is that it does not have.
    pub(crate) filler: Option<u8>,
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

impl Frame {
    /// One that has everything, and all of it is `filler`.
    pub(crate) fn full_of(filler: u8) -> Self {
        Frame {
            filler: Some(filler),
            ..Frame::default()
        }
    }

    fn find(&self, found: Option<&Number>, kind: &str, index: u32) -> Result<Number, Unavailable> {
        let filler = || Some(Number::I32(self.filler?.into()));
        let found = found.copied().or_else(filler);
        found.ok_or_else(|| Unavailable::NotRecorded(format!("{kind} {index}")))
    }
}

impl Machine for Frame {
    fn local(&mut self, index: u32) -> Result<Number, Unavailable> {
        self.find(self.locals.get(&index), "local", index)
    }

    fn global(&mut self, index: u32) -> Result<Number, Unavailable> {
        self.find(self.globals.get(&index), "global", index)
    }

    fn operand(&mut self, index: u32) -> Result<Number, Unavailable> {
        self.find(self.operands.get(&index), "operand", index)
    }

    fn read(&mut self, address: u64, buffer: &mut [u8]) -> Result<(), Unavailable> {
        for (at, byte) in (address..).zip(buffer) {
            let found = self.memory.get(&at).copied().or(self.filler);
            *byte = found.ok_or(Unavailable::NotInDump(at))?;
        }
        Ok(())
    }

    fn element(&mut self, index: u64) -> Result<Option<FuncIndex>, Unavailable> {
        Err(Unavailable::NotRecorded(format!("table element {index}")))
    }
}
