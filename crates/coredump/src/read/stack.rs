//! A `corestack` section, in each of the layouts that producers have written.

use wasmparser::BinaryReader;
use wdb_module::FuncIndex;

use crate::decode::{self, Fault, Result};
use crate::encode::tag;
use crate::{Frame, Inference, InstanceId, Missing, Slot, Thread, Value};

/// How a producer lays out a frame. Everything `false` is the standard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    /// No instance index: before 2023-05.
    pub(crate) no_instance: bool,
    /// Both counts stand before the values.
    pub(crate) counts_first: bool,
    /// Integers are 4 or 8 bytes, little endian.
    pub(crate) fixed: bool,
    /// Operands are counted but not written (WasmEdge's wasmgdb mode).
    pub(crate) no_operands: bool,
    /// Values have no type byte: 2023-02.
    pub(crate) untyped: bool,
    /// Frames have no leading zero and no function, but a reserved number at the end: 2023-02.
    pub(crate) reserved: bool,
}

/// What a section yielded under a layout.
pub(crate) struct Stack {
    pub(crate) thread: Thread,
    /// What is wrong, if not the whole section was read.
    pub(crate) fault: Option<Fault>,
}

/// Reads a section, as many frames as are whole.
pub(crate) fn read(mut reader: BinaryReader<'_>, layout: Layout) -> Stack {
    let mut thread = Thread::default();
    let fault = fill(&mut reader, layout, &mut thread).err();
    let fault = fault.or_else(|| {
        (!reader.eof()).then(|| Fault {
            message: format!(
                "{} bytes too many at the end of the section",
                reader.bytes_remaining()
            ),
            offset: reader.original_position() as u64,
        })
    });
    Stack { thread, fault }
}

fn fill(reader: &mut BinaryReader<'_>, layout: Layout, thread: &mut Thread) -> Result<()> {
    zero(reader)?;
    thread.name = decode::name(reader)?;
    for _ in 0..reader.read_var_u32()? {
        thread.frames.push(frame(reader, layout)?);
    }
    Ok(())
}

/// The byte before a thread, a frame, a module, an instance: kept for future variants.
pub(crate) fn zero(reader: &mut BinaryReader<'_>) -> Result<()> {
    match reader.read_u8()? {
        0 => Ok(()),
        other => decode::error(
            reader,
            format!("expected the leading byte 0, found {other:#04x}"),
        ),
    }
}

fn frame(reader: &mut BinaryReader<'_>, layout: Layout) -> Result<Frame> {
    if !layout.reserved {
        zero(reader)?;
    }
    let instance = if layout.no_instance || layout.reserved {
        0
    } else {
        reader.read_var_u32()?
    };
    let func = if layout.reserved {
        0
    } else {
        reader.read_var_u32()?
    };
    let codeoffset = reader.read_var_u32()?;
    let (locals, stack) = if layout.counts_first {
        let (locals, stack) = (reader.read_var_u32()?, reader.read_var_u32()?);
        let stack = if layout.no_operands { 0 } else { stack };
        (
            slots(reader, locals, layout)?,
            slots(reader, stack, layout)?,
        )
    } else {
        let locals = reader.read_var_u32()?;
        let locals = slots(reader, locals, layout)?;
        let stack = reader.read_var_u32()?;
        (locals, slots(reader, stack, layout)?)
    };
    if layout.reserved {
        reader.read_var_u32()?;
    }
    Ok(Frame {
        instance: InstanceId(instance),
        func: FuncIndex(func),
        codeoffset,
        locals,
        stack,
    })
}

fn slots(reader: &mut BinaryReader<'_>, count: u32, layout: Layout) -> Result<Vec<Slot>> {
    let mut slots = Vec::new();
    for _ in 0..count {
        slots.push(slot(reader, layout)?);
    }
    Ok(slots)
}

fn slot(reader: &mut BinaryReader<'_>, layout: Layout) -> Result<Slot> {
    if layout.untyped {
        // A bare u32 in place of a value of any type.
        let bits = reader.read_var_u32()?;
        return Ok(Slot::Inferred(
            Value::I32(bits.cast_signed()),
            Inference::Low32Bits,
        ));
    }
    Ok(Slot::Known(match reader.read_u8()? {
        tag::MISSING => return Ok(Slot::Missing(Missing::NotRecorded)),
        tag::I32 if layout.fixed => Value::I32(reader.read_u32()?.cast_signed()),
        tag::I32 => Value::I32(reader.read_var_i32()?),
        tag::I64 if layout.fixed => Value::I64(reader.read_u64()?.cast_signed()),
        tag::I64 => Value::I64(reader.read_var_i64()?),
        tag::F32 => Value::F32(reader.read_u32()?),
        tag::F64 => Value::F64(reader.read_u64()?),
        other => return decode::error(reader, format!("unknown type {other:#04x} of a value")),
    }))
}
