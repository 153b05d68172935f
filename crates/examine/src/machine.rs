//! A frame of a debuggee as the debug information looks at it.

use std::sync::Arc;

use wdb_debuggee::coredump::{Missing, Reference, Slot, Value};
use wdb_debuggee::{Certainty, Error, Frame};
use wdb_module::FuncIndex;
use wdb_symbols::{Machine, Number, Unavailable};

use crate::doubts::Doubts;
use crate::view::{FrameId, View};

/// The machine as one activation sees it, with a record of how sure its answers were.
pub struct FrameMachine<'s, 'a> {
    view: &'s mut View<'a>,
    id: FrameId,
    /// What the answers so far were based on.
    pub doubts: Doubts,
}

impl<'s, 'a> FrameMachine<'s, 'a> {
    /// The machine of a frame. Where there is no such frame, every answer is that nothing was recorded.
    pub fn new(view: &'s mut View<'a>, id: FrameId) -> Self {
        FrameMachine {
            view,
            id,
            doubts: Doubts::default(),
        }
    }

    /// The stop that the frame is of.
    pub fn view(&mut self) -> &mut View<'a> {
        self.view
    }

    fn frame(&mut self) -> Option<Arc<Frame>> {
        self.view.frame(self.id)
    }

    fn number(&mut self, slot: Option<Slot>, what: String) -> Result<Number, Unavailable> {
        let value = match slot {
            None => {
                return Err(Unavailable::Broken(format!("there is no {what}")));
            }
            Some(Slot::Missing(Missing::NotRecorded | Missing::Filler | Missing::Damaged)) => {
                return Err(Unavailable::NotRecorded(what));
            }
            Some(Slot::Inferred(value, inference)) => {
                self.doubts.inferred = Some(inference);
                value
            }
            Some(Slot::Known(value)) => value,
        };
        match value {
            Value::I32(value) => Ok(Number::I32(value.cast_unsigned())),
            Value::I64(value) => Ok(Number::I64(value.cast_unsigned())),
            Value::F32(bits) => Ok(Number::F32(bits)),
            Value::F64(bits) => Ok(Number::F64(bits)),
            Value::V128(bits) => Ok(Number::V128(bits)),
            Value::Ref(_) => Err(Unavailable::Unsupported(format!(
                "{what} holds a reference, which no source value is made of"
            ))),
        }
    }
}

impl Machine for FrameMachine<'_, '_> {
    fn local(&mut self, index: u32) -> Result<Number, Unavailable> {
        let frame = self.frame();
        let slot = frame.and_then(|it| it.locals.get(index as usize).cloned());
        self.number(slot, format!("local {index}"))
    }

    fn global(&mut self, index: u32) -> Result<Number, Unavailable> {
        let what = format!("global {index}");
        let frame = self.frame();
        let instance = frame.and_then(|it| self.view.instance(it.instance));
        let Some(id) = instance.and_then(|it| it.globals.get(index as usize).copied()) else {
            return Err(Unavailable::Broken(format!("there is no {what}")));
        };
        let global = id.and_then(|it| self.view.global(it));
        let slot = global.map_or(Slot::Missing(Missing::NotRecorded), |it| it.value);
        self.number(Some(slot), what)
    }

    fn operand(&mut self, index: u32) -> Result<Number, Unavailable> {
        let what = format!("operand {index}");
        let frame = self.frame();
        let Some(stack) = frame.as_ref().and_then(|it| it.stack.as_ref()) else {
            return Err(Unavailable::NotRecorded(what));
        };
        let slot = stack.get(index as usize).cloned();
        self.number(slot, what)
    }

    fn read(&mut self, address: u64, buffer: &mut [u8]) -> Result<(), Unavailable> {
        if buffer.is_empty() {
            return Ok(());
        }
        let Some(module) = self.frame().map(|frame| frame.module) else {
            let words = "there is no frame whose memory it could be in".to_owned();
            return Err(Unavailable::Unsupported(words));
        };
        let Some(memory) = self.view.memory_of(self.id) else {
            return Err(Unavailable::OutOfBounds(address));
        };
        match self.view.read_memory(memory, address, buffer) {
            Ok(certainty) => {
                self.doubts.assumed_zero |= certainty == Certainty::AssumedZero;
                Ok(())
            }
            Err(Error::OutOfBounds { .. }) => Err(Unavailable::OutOfBounds(address)),
            Err(Error::Absent { address: missing }) => {
                let binary = self.view.binary(module);
                let constant = binary
                    .and_then(|it| wdb_debuggee::initial_memory(it, address, buffer.len()))
                    .ok_or(Unavailable::NotInDump(missing))?;
                buffer.copy_from_slice(constant);
                self.doubts.initial = true;
                Ok(())
            }
            Err(other) => Err(Unavailable::Unsupported(other.to_string())),
        }
    }

    fn element(&mut self, index: u64) -> Result<Option<FuncIndex>, Unavailable> {
        let what = || format!("element {index} of table 0");
        let Some((of, module)) = self.frame().map(|it| (it.instance, it.module)) else {
            return Err(Unavailable::NotRecorded(what()));
        };
        let instance = self.view.instance(of);
        let id = instance.and_then(|it| *it.tables.first()?);
        let Some(table) = id.and_then(|it| self.view.table(it)) else {
            let binary = self.view.binary(module);
            let found = binary.and_then(|it| wdb_debuggee::initial_element(it, index));
            self.doubts.initial |= found.is_some();
            return found.map(Some).ok_or(Unavailable::NotRecorded(what()));
        };
        if index >= table.size {
            return Err(Unavailable::Unsupported(format!("there is no {}", what())));
        }
        let found = table.elements.binary_search_by_key(&index, |it| it.0);
        match found.ok().map(|at| &table.elements[at].1) {
            None | Some(Reference::Null(_)) => Ok(None),
            Some(Reference::Func { instance, func }) if *instance == of => Ok(Some(*func)),
            Some(_) => Err(Unavailable::Unsupported(format!(
                "{} is a function of another instance",
                what()
            ))),
        }
    }
}
