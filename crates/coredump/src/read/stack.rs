//! A `corestack` section, in each of the layouts that producers have written.

use wasmparser::BinaryReader;
use wdb_module::FuncIndex;

use crate::decode::{self, Fault, Result};
use crate::encode::tag;
use crate::{Frame, Inference, InstanceId, Missing, Slot, Thread, Value};

/// How a producer lays out a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) head: Head,
    pub(crate) counts: Counts,
    pub(crate) integers: Integers,
}

/// What comes before the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// `00 instance function offset`: the standard.
    Instance,
    /// `00 function offset`: the standard before 2023-05.
    Function,
    /// `offset`, and a reserved number after the values: the standard before 2023-03.
    Offset,
    /// `offset` in four bytes, then the count of locals in four bytes, then the locals; no
    /// operands. The section has four bytes of frame count and four of size. wasm-coredump-rewriter
    /// in early 2023.
    Words,
}

/// How many values there are, and where that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counts {
    /// Before the locals and before the operands: the standard.
    Each,
    /// Both before the locals: wasm-coredump-rewriter, WasmEdge, wasmgdb.
    First,
    /// Both before the locals, but the operands are not there: old WasmEdge for wasmgdb.
    FirstWithoutOperands,
}

/// How integer values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Integers {
    /// LEB128 after a type byte, as in WebAssembly: the standard.
    Leb,
    /// 4 or 8 bytes, little endian, after a type byte.
    Fixed,
    /// The low 4 bytes of a value of any type after the type byte of `i32`: old WasmEdge.
    LowHalf,
    /// An LEB128 without a type: drafts before 2023-02-16.
    Untyped,
}

impl Layout {
    pub(crate) const fn new(head: Head, counts: Counts, integers: Integers) -> Self {
        Layout {
            head,
            counts,
            integers,
        }
    }

    /// The standard since 2023-05.
    pub(crate) const STANDARD: Layout = Layout::new(Head::Instance, Counts::Each, Integers::Leb);
    /// wasm-coredump-rewriter since 0.2.2, and new WasmEdge for wasmgdb.
    pub(crate) const WASMGDB: Layout = Layout::new(Head::Instance, Counts::First, Integers::Fixed);
    /// wasm-coredump-rewriter 0.1.20 to 0.2.1.
    pub(crate) const OLD_WASMGDB: Layout =
        Layout::new(Head::Function, Counts::First, Integers::Fixed);
    /// wasm-coredump-rewriter before 0.1.20.
    pub(crate) const WORDS: Layout = Layout::new(Head::Words, Counts::Each, Integers::Fixed);
    /// The standard from 2023-02-28 to 2023-05.
    pub(crate) const EARLY: Layout = Layout::new(Head::Function, Counts::Each, Integers::Leb);
    /// WasmEdge before 2026-08.
    pub(crate) const OLD_WASMEDGE: Layout =
        Layout::new(Head::Function, Counts::First, Integers::LowHalf);
    /// The same, written for wasmgdb.
    pub(crate) const OLD_WASMEDGE_FOR_WASMGDB: Layout = Layout::new(
        Head::Function,
        Counts::FirstWithoutOperands,
        Integers::LowHalf,
    );

    /// Every layout that was ever written, the likely ones first.
    pub(crate) const ALL: [Layout; 12] = [
        Layout::STANDARD,
        Layout::EARLY,
        Layout::WASMGDB,
        Layout::OLD_WASMGDB,
        Layout::new(Head::Instance, Counts::Each, Integers::Fixed),
        Layout::new(Head::Function, Counts::Each, Integers::Fixed),
        Layout::OLD_WASMEDGE_FOR_WASMGDB,
        Layout::new(
            Head::Instance,
            Counts::FirstWithoutOperands,
            Integers::Fixed,
        ),
        Layout::new(Head::Offset, Counts::Each, Integers::Leb),
        Layout::new(Head::Offset, Counts::Each, Integers::Fixed),
        Layout::new(Head::Offset, Counts::Each, Integers::Untyped),
        Layout::WORDS,
    ];
}

/// What a section yielded under a layout.
pub(crate) struct Stack {
    pub(crate) thread: Thread,
    /// How many frames the section says it has.
    pub(crate) count: u32,
    /// What is wrong, if not all bytes were read.
    pub(crate) fault: Option<Fault>,
}

/// How many values of frames are kept. One takes a byte or more of the file, and fifty of memory.
pub(crate) struct Room {
    /// How many missing values still are.
    missing: usize,
    /// The values that were read and not kept.
    pub(crate) dropped: usize,
}

impl Room {
    /// For all stacks of a dump that has so many bytes of values to put in the places of missing ones.
    pub(crate) fn new(bytes: usize) -> Room {
        Room {
            missing: MOST_MISSING + bytes / SHORTEST_OVERRIDE,
            dropped: 0,
        }
    }
}

/// The most locals of a frame that are kept, and the most operands: no engine takes a function with more locals
/// (`MAX_WASM_FUNCTION_LOCALS` of wasmparser, from the limits of the JavaScript API).
const MOST_VALUES: usize = 50_000;

/// The most missing values that are kept, over all frames, and that nothing is put in the place of. A value of one byte that
/// says nothing is what a small file can have most of.
const MOST_MISSING: usize = 1 << 18;

/// What `wdb.values` has for each: the frame, which of its values, and the value.
const SHORTEST_OVERRIDE: usize = 4;

/// Reads a section: all frames that are whole. A section that ends between two frames is whole,
/// even if it has fewer than it says: old WasmEdge counts frames that it leaves out.
pub(crate) fn read(mut reader: BinaryReader<'_>, layout: Layout, room: &mut Room) -> Stack {
    let mut stack = Stack {
        thread: Thread::default(),
        count: 0,
        fault: None,
    };
    let result = fill(&mut reader, layout, room, &mut stack);
    stack.fault = result.err().or_else(|| {
        (!reader.eof()).then(|| Fault {
            message: format!("{} bytes too many at its end", reader.bytes_remaining()),
            offset: reader.original_position() as u64,
            cut: false,
        })
    });
    stack
}

fn fill(
    reader: &mut BinaryReader<'_>,
    layout: Layout,
    room: &mut Room,
    stack: &mut Stack,
) -> Result<()> {
    zero(reader)?;
    stack.thread.name = decode::name(reader)?;
    stack.count = if layout.head == Head::Words {
        let count = reader.read_u32()?;
        reader.read_u32()?;
        count
    } else {
        reader.read_var_u32()?
    };
    frames(reader, layout, stack.count, room, &mut stack.thread.frames)
}

/// Up to `count` frames, fewer only where the bytes end between two.
pub(crate) fn frames(
    reader: &mut BinaryReader<'_>,
    layout: Layout,
    count: u32,
    room: &mut Room,
    out: &mut Vec<Frame>,
) -> Result<()> {
    for _ in 0..count {
        if reader.eof() {
            break;
        }
        out.push(frame(reader, layout, room)?);
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

fn frame(reader: &mut BinaryReader<'_>, layout: Layout, room: &mut Room) -> Result<Frame> {
    let (instance, func, codeoffset) = match layout.head {
        Head::Instance => {
            zero(reader)?;
            let instance = InstanceId(reader.read_var_u32()?);
            (
                instance,
                FuncIndex(reader.read_var_u32()?),
                reader.read_var_u32()?,
            )
        }
        Head::Function => {
            zero(reader)?;
            (
                InstanceId(0),
                FuncIndex(reader.read_var_u32()?),
                reader.read_var_u32()?,
            )
        }
        Head::Offset => (InstanceId(0), Frame::NO_FUNCTION, reader.read_var_u32()?),
        Head::Words => (InstanceId(0), Frame::NO_FUNCTION, reader.read_u32()?),
    };
    let (locals, stack) = if layout.head == Head::Words {
        let locals = reader.read_u32()?;
        (slots(reader, locals, layout, room)?, Vec::new())
    } else if layout.counts == Counts::Each {
        let locals = reader.read_var_u32()?;
        let locals = slots(reader, locals, layout, room)?;
        let stack = reader.read_var_u32()?;
        (locals, slots(reader, stack, layout, room)?)
    } else {
        let (locals, stack) = (reader.read_var_u32()?, reader.read_var_u32()?);
        let written = if layout.counts == Counts::First {
            stack
        } else {
            0
        };
        (
            slots(reader, locals, layout, room)?,
            slots(reader, written, layout, room)?,
        )
    };
    if layout.head == Head::Offset {
        reader.read_var_u32()?;
    }
    Ok(Frame {
        instance,
        func,
        codeoffset,
        locals,
        stack,
    })
}

fn slots(
    reader: &mut BinaryReader<'_>,
    count: u32,
    layout: Layout,
    room: &mut Room,
) -> Result<Vec<Slot>> {
    let count = count as usize;
    // No more than the bytes can make good.
    let kept = count.min(MOST_VALUES).min(reader.bytes_remaining());
    let mut slots = Vec::with_capacity(kept);
    let mut missing = 0;
    for _ in 0..count {
        let slot = slot(reader, layout.integers)?;
        if slots.len() < MOST_VALUES {
            missing += usize::from(matches!(slot, Slot::Missing(_)));
            slots.push(slot);
        }
    }
    if missing > room.missing {
        slots = Vec::new();
    } else {
        room.missing -= missing;
    }
    room.dropped += count - slots.len();
    Ok(slots)
}

fn slot(reader: &mut BinaryReader<'_>, integers: Integers) -> Result<Slot> {
    let low = |bits: u32| Slot::Inferred(Value::I32(bits.cast_signed()), Inference::Low32Bits);
    if integers == Integers::Untyped {
        return Ok(low(reader.read_var_u32()?));
    }
    Ok(Slot::Known(match (reader.read_u8()?, integers) {
        (tag::MISSING, _) => return Ok(Slot::Missing(Missing::NotRecorded)),
        (tag::I32, Integers::LowHalf) => return Ok(low(reader.read_u32()?)),
        (tag::I32, Integers::Fixed) => Value::I32(reader.read_u32()?.cast_signed()),
        (tag::I32, _) => Value::I32(reader.read_var_i32()?),
        (tag::I64, Integers::Fixed) => Value::I64(reader.read_u64()?.cast_signed()),
        (tag::I64, _) => Value::I64(reader.read_var_i64()?),
        (tag::F32, _) => Value::F32(reader.read_u32()?),
        (tag::F64, _) => Value::F64(reader.read_u64()?),
        (other, _) => {
            return decode::error(reader, format!("unknown type {other:#04x} of a value"));
        }
    }))
}
