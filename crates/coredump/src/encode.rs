//! How our own sections encode values, lists and options, and how any section is framed.

use wasm_encoder::Encode;

use crate::{Inference, Missing, Reference, Slot, Value, WriteError};

/// The tags of a [`Slot`] in our own sections. Numbers use the specification's type bytes,
/// references the opcodes of the instructions that make them.
pub(crate) mod tag {
    pub(crate) const MISSING: u8 = 0x01;
    pub(crate) const INFERRED: u8 = 0x02;
    pub(crate) const OPAQUE: u8 = 0x03;
    pub(crate) const I31: u8 = 0x6c;
    pub(crate) const V128: u8 = 0x7b;
    pub(crate) const F64: u8 = 0x7c;
    pub(crate) const F32: u8 = 0x7d;
    pub(crate) const I64: u8 = 0x7e;
    pub(crate) const I32: u8 = 0x7f;
    pub(crate) const REF_NULL: u8 = 0xd0;
    pub(crate) const REF_FUNC: u8 = 0xd2;
}

/// An index that stands for "nothing", as wasmtime writes it where an instance's memory is not in
/// the dump.
pub(crate) const ABSENT: u32 = u32::MAX;

/// Lengths are written as u64 so that an absurd one cannot panic: a section that holds more than a
/// `u32` counts does not fit its own size field and is refused in [`section`].
fn length(out: &mut Vec<u8>, length: usize) {
    (length as u64).encode(out);
}

pub(crate) fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    length(out, bytes.len());
    out.extend_from_slice(bytes);
}

pub(crate) fn name(out: &mut Vec<u8>, name: &str) {
    bytes(out, name.as_bytes());
}

pub(crate) fn vec<T>(out: &mut Vec<u8>, items: &[T], mut item: impl FnMut(&mut Vec<u8>, &T)) {
    length(out, items.len());
    for i in items {
        item(out, i);
    }
}

pub(crate) fn option<T>(out: &mut Vec<u8>, value: Option<T>, some: impl FnOnce(&mut Vec<u8>, T)) {
    match value {
        None => out.push(0),
        Some(value) => {
            out.push(1);
            some(out, value);
        }
    }
}

pub(crate) fn slot(out: &mut Vec<u8>, slot: &Slot) {
    match slot {
        Slot::Known(v) => value(out, v),
        Slot::Inferred(v, how) => {
            out.push(tag::INFERRED);
            out.push(match how {
                Inference::Low32Bits => 0,
                Inference::CStack => 1,
            });
            value(out, v);
        }
        Slot::Missing(why) => {
            out.push(tag::MISSING);
            out.push(match why {
                Missing::NotRecorded => 0,
                Missing::Filler => 1,
                Missing::Damaged => 2,
            });
        }
    }
}

fn value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::I32(v) => {
            out.push(tag::I32);
            v.encode(out);
        }
        Value::I64(v) => {
            out.push(tag::I64);
            v.encode(out);
        }
        Value::F32(bits) => {
            out.push(tag::F32);
            out.extend_from_slice(&bits.to_le_bytes());
        }
        Value::F64(bits) => {
            out.push(tag::F64);
            out.extend_from_slice(&bits.to_le_bytes());
        }
        Value::V128(bits) => {
            out.push(tag::V128);
            out.extend_from_slice(&bits.to_le_bytes());
        }
        Value::Ref(r) => reference(out, r),
    }
}

pub(crate) fn reference(out: &mut Vec<u8>, reference: &Reference) {
    match reference {
        Reference::Null(heap) => {
            out.push(tag::REF_NULL);
            out.push(*heap as u8);
        }
        Reference::Func { instance, func } => {
            out.push(tag::REF_FUNC);
            instance.0.encode(out);
            func.0.encode(out);
        }
        Reference::I31(v) => {
            out.push(tag::I31);
            v.encode(out);
        }
        Reference::Opaque { heap, description } => {
            out.push(tag::OPAQUE);
            out.push(*heap as u8);
            name(out, description);
        }
    }
}

/// Frames a section: its id, its size, its payload.
pub(crate) fn section(out: &mut Vec<u8>, id: u8, payload: &[u8]) -> Result<(), WriteError> {
    section_header(out, id, payload.len() as u64)?;
    out.extend_from_slice(payload);
    Ok(())
}

/// The id and size of a section whose payload follows.
pub(crate) fn section_header(out: &mut Vec<u8>, id: u8, size: u64) -> Result<(), WriteError> {
    let size = u32::try_from(size).map_err(|_| WriteError::TooLarge { size })?;
    out.push(id);
    size.encode(out);
    Ok(())
}

/// Frames a custom section.
pub(crate) fn custom(out: &mut Vec<u8>, section: &str, data: &[u8]) -> Result<(), WriteError> {
    let mut payload = Vec::with_capacity(section.len() + data.len() + 5);
    name(&mut payload, section);
    payload.extend_from_slice(data);
    self::section(out, 0, &payload)
}
