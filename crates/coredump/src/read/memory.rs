//! Memories, their contents, and globals: the parts of a dump that are standard sections.

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use wasmparser::{BinaryReader, GlobalType, MemoryType, ValType};

use super::Notes;
use super::list::{MOST_GLOBALS, MOST_PARTS, list};
use crate::decode::{self, Result};
use crate::encode::tag;
use crate::{CoreDump, Global, HeapType, MemoryShape, Missing, Reference, Run, Slot, Value};

/// The shapes that a memory section declares: all that are whole.
pub(crate) fn shapes(
    reader: &mut BinaryReader<'_>,
    out: &mut Vec<MemoryShape>,
    notes: &mut Notes,
) -> Result<()> {
    list(reader, MOST_PARTS, out, notes, |reader| {
        let ty: MemoryType = reader.read()?;
        Ok(MemoryShape {
            memory64: ty.memory64,
            shared: ty.shared,
            page_size_log2: ty.page_size_log2.unwrap_or(16),
            pages: ty.initial,
            maximum: ty.maximum,
        })
    })
}

/// The bytes of an active data segment.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) memory: u32,
    pub(crate) address: u64,
    /// In the file.
    pub(crate) bytes: Range<usize>,
}

/// The active segments of a data section: all that are there; the last may be cut.
pub(crate) fn segments(
    reader: &mut BinaryReader<'_>,
    out: &mut Vec<Segment>,
    notes: &mut Notes,
) -> Result<()> {
    for _ in 0..reader.read_var_u32()? {
        let start = reader.original_position();
        let flags = reader.read_var_u32()?;
        let memory = if flags == 2 {
            reader.read_var_u32()?
        } else {
            0
        };
        let address = match flags {
            0 | 2 => address(&constant(reader)?),
            1 => None,
            other => return decode::error(reader, format!("unknown kind {other} of data segment")),
        };
        let length = reader.read_var_u32()? as usize;
        let from = reader.original_position();
        // A segment that is cut off is worth its front part.
        let there = length.min(reader.bytes_remaining());
        reader.read_bytes(there)?;
        match address {
            Some(address) if there > 0 => out.push(Segment {
                memory,
                address,
                bytes: from..from + there,
            }),
            Some(_) => {}
            None => notes.push(
                start as u64,
                "left out a data segment without a known address",
            ),
        }
        if there < length {
            return decode::error(reader, "the file ends inside a data segment");
        }
    }
    Ok(())
}

fn address(slot: &Slot) -> Option<u64> {
    match slot.value()? {
        Value::I32(v) => Some(u64::from(v.cast_unsigned())),
        Value::I64(v) => Some(v.cast_unsigned()),
        _ => None,
    }
}

/// Fills the memories with their segments. Segments of memories that are not there are left out.
pub(crate) fn fill(
    file: &Bytes,
    dump: &mut CoreDump,
    mut segments: Vec<Segment>,
    notes: &mut Notes,
) {
    // Stable: the order of the file decides between segments that overlap.
    segments.sort_by_key(|segment| segment.memory);
    let mut rest = segments.as_slice();
    for (id, memory) in (0..).zip(&mut dump.memories) {
        let (own, others) = rest.split_at(rest.partition_point(|segment| segment.memory <= id));
        rest = others;
        memory.contents.runs = runs(file, own, memory.shape.len(), notes);
    }
    if let Some(first) = rest.first() {
        let message = format!(
            "left out data segments of memory {}, which the dump does not have",
            first.memory
        );
        notes.push(first.bytes.start as u64, message);
    }
}

/// The contents of one memory from its segments in the order of the file, where later ones
/// overwrite earlier ones. What lies outside of `size` bytes is dropped with a note.
fn runs(file: &Bytes, segments: &[Segment], size: u64, notes: &mut Notes) -> Vec<Run> {
    // Keyed by address; what is in the map came later in the file and wins.
    let mut taken: BTreeMap<u64, u64> = BTreeMap::new();
    let mut runs = Vec::with_capacity(segments.len());
    for segment in segments.iter().rev() {
        let end = segment.address.saturating_add(segment.bytes.len() as u64);
        if end > size {
            notes.push(
                segment.bytes.start as u64,
                format_args!(
                    "left out the part of a data segment at {:#x}..{end:#x} that is outside of \
                        the memory of {size:#x} bytes",
                    segment.address
                ),
            );
        }
        let range = segment.address..end.min(size);
        let wanted = range.end.saturating_sub(range.start);
        let free = claim(&mut taken, range);
        if free.iter().map(|free| free.end - free.start).sum::<u64>() < wanted {
            notes.push(
                segment.bytes.start as u64,
                "a data segment overlaps a later one, which counts",
            );
        }
        for free in free {
            let offset = segment.bytes.start + (free.start - segment.address) as usize;
            let length = (free.end - free.start) as usize;
            runs.push(Run {
                address: free.start,
                bytes: file.slice(offset..offset + length),
            });
        }
    }
    runs.sort_unstable_by_key(|run| run.address);
    runs
}

/// Marks `range` as taken and returns the parts of it that were free. Every taken range that it
/// meets melts into one, so the work of all calls together is that of sorting.
fn claim(taken: &mut BTreeMap<u64, u64>, range: Range<u64>) -> Vec<Range<u64>> {
    if range.is_empty() {
        return Vec::new();
    }
    let mut free = Vec::new();
    let mut whole = range.clone();
    let mut next = range.start;
    if let Some((&start, &end)) = taken.range(..range.start).next_back()
        && end >= range.start
    {
        whole.start = start;
        next = end;
        taken.remove(&start);
    }
    while let Some((&start, &end)) = taken.range(range.start..=range.end).next() {
        if start > next {
            free.push(next..start);
        }
        next = next.max(end);
        taken.remove(&start);
    }
    if next < range.end {
        free.push(next..range.end);
    }
    whole.end = next.max(range.end);
    taken.insert(whole.start, whole.end);
    free
}

/// The globals of a global section: all that are whole.
pub(crate) fn globals(
    reader: &mut BinaryReader<'_>,
    out: &mut Vec<Global>,
    notes: &mut Notes,
) -> Result<()> {
    list(reader, MOST_GLOBALS, out, notes, |reader| {
        let ty: GlobalType = reader.read()?;
        Ok(Global {
            ty: type_name(ty.content_type),
            mutable: ty.mutable,
            value: constant(reader)?,
        })
    })
}

fn type_name(ty: ValType) -> String {
    match ty {
        ValType::Ref(reference) if reference.type_index().is_some() => {
            // The index counts types of a module that the dump does not have.
            let null = if reference.is_nullable() { "null " } else { "" };
            format!("(ref {null}$?)")
        }
        ty => ty.to_string(),
    }
}

/// A constant expression, as far as a value can be had from it.
pub(crate) fn constant(reader: &mut BinaryReader<'_>) -> Result<Slot> {
    let value = match reader.read_u8()? {
        0x41 => Value::I32(reader.read_var_i32()?),
        0x42 => Value::I64(reader.read_var_i64()?),
        0x43 => Value::F32(reader.read_u32()?),
        0x44 => Value::F64(reader.read_u64()?),
        0xfd => match reader.read_var_u32()? {
            12 => Value::V128(decode::v128(reader)?),
            other => return decode::error(reader, format!("unknown vector instruction {other}")),
        },
        tag::REF_NULL => {
            let heap = reader.read_var_s33()?;
            Value::Ref(Reference::Null(abstract_heap(heap)))
        }
        tag::REF_FUNC => Value::Ref(Reference::Opaque {
            heap: HeapType::Func,
            // Whose function it is the standard does not say.
            description: format!("ref.func {}", reader.read_var_u32()?),
        }),
        0x23 => {
            reader.read_var_u32()?;
            return end(reader, Slot::Missing(Missing::NotRecorded));
        }
        // An expression without a value: old WasmEdge.
        0x0b => return Ok(Slot::Missing(Missing::NotRecorded)),
        other => {
            return decode::error(
                reader,
                format!("unknown instruction {other:#04x} in a constant"),
            );
        }
    };
    end(reader, Slot::Known(value))
}

fn end(reader: &mut BinaryReader<'_>, slot: Slot) -> Result<Slot> {
    match reader.read_u8()? {
        0x0b => Ok(slot),
        other => decode::error(
            reader,
            format!("unknown instruction {other:#04x} in a constant"),
        ),
    }
}

/// Abstract heap types are one byte, which as a signed LEB128 is negative; a type index is not, and
/// of its type nothing is known but that null is null.
fn abstract_heap(heap: i64) -> HeapType {
    u8::try_from(heap & 0x7f)
        .ok()
        .filter(|_| heap < 0)
        .and_then(HeapType::from_byte)
        .unwrap_or(HeapType::None)
}
