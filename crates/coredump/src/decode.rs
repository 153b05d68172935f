//! How our own sections decode values, lists and options. The inverse of `encode`.
//!
//! wasmparser's [`BinaryReader`] reads the integers and carries the file offset; what is here never
//! reserves memory for a count that the bytes have not yet made good.

use wasmparser::BinaryReader;
use wdb_module::FuncIndex;

use crate::encode::tag;
use crate::{HeapType, Inference, InstanceId, Missing, Reference, Slot, Value};

/// What is wrong with the bytes, and where.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) message: String,
    /// In the file.
    pub(crate) offset: u64,
    /// The bytes end too early, but what is there is good.
    pub(crate) cut: bool,
}

pub(crate) type Result<T> = std::result::Result<T, Fault>;

impl From<wasmparser::Error> for Fault {
    fn from(error: wasmparser::Error) -> Self {
        Fault {
            message: error.message().to_owned(),
            offset: error.offset() as u64,
            cut: error.message() == "unexpected end-of-file",
        }
    }
}

/// A fault just before the position of `reader`.
pub(crate) fn error<T>(reader: &BinaryReader<'_>, message: impl Into<String>) -> Result<T> {
    Err(Fault {
        message: message.into(),
        offset: (reader.original_position() as u64).saturating_sub(1),
        cut: false,
    })
}

/// A reader of `range` of `file`, whose errors give offsets in the file.
pub(crate) fn at(file: &[u8], range: std::ops::Range<usize>) -> BinaryReader<'_> {
    let start = range.start;
    BinaryReader::new(file.get(range).unwrap_or_default(), start)
}

pub(crate) fn bytes<'a>(reader: &mut BinaryReader<'a>) -> Result<&'a [u8]> {
    let length = reader.read_var_u32()?;
    Ok(reader.read_bytes(length as usize)?)
}

/// A name. Bytes that are not UTF-8 become U+FFFD: a name is for people.
pub(crate) fn name(reader: &mut BinaryReader<'_>) -> Result<String> {
    Ok(String::from_utf8_lossy(bytes(reader)?).into_owned())
}

pub(crate) fn vec<'a, T>(
    reader: &mut BinaryReader<'a>,
    mut item: impl FnMut(&mut BinaryReader<'a>) -> Result<T>,
) -> Result<Vec<T>> {
    let count = reader.read_var_u32()?;
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(item(reader)?);
    }
    Ok(items)
}

pub(crate) fn option<'a, T>(
    reader: &mut BinaryReader<'a>,
    some: impl FnOnce(&mut BinaryReader<'a>) -> Result<T>,
) -> Result<Option<T>> {
    match reader.read_u8()? {
        0 => Ok(None),
        1 => some(reader).map(Some),
        other => error(reader, format!("expected 0 or 1, found {other:#04x}")),
    }
}

pub(crate) fn slot(reader: &mut BinaryReader<'_>) -> Result<Slot> {
    let first = reader.read_u8()?;
    tagged_slot(reader, first)
}

/// A slot whose tag has been read already.
pub(crate) fn tagged_slot(reader: &mut BinaryReader<'_>, first: u8) -> Result<Slot> {
    match first {
        tag::MISSING => Ok(Slot::Missing(match reader.read_u8()? {
            0 => Missing::NotRecorded,
            1 => Missing::Filler,
            2 => Missing::Damaged,
            other => {
                return error(
                    reader,
                    format!("unknown reason {other:#04x} for a missing value"),
                );
            }
        })),
        tag::INFERRED => {
            let how = match reader.read_u8()? {
                0 => Inference::Low32Bits,
                1 => Inference::CStack,
                other => return error(reader, format!("unknown inference {other:#04x}")),
            };
            let tag = reader.read_u8()?;
            Ok(Slot::Inferred(value(reader, tag)?, how))
        }
        tag => value(reader, tag).map(Slot::Known),
    }
}

fn value(reader: &mut BinaryReader<'_>, tag: u8) -> Result<Value> {
    Ok(match tag {
        tag::I32 => Value::I32(reader.read_var_i32()?),
        tag::I64 => Value::I64(reader.read_var_i64()?),
        tag::F32 => Value::F32(reader.read_u32()?),
        tag::F64 => Value::F64(reader.read_u64()?),
        tag::V128 => Value::V128(v128(reader)?),
        tag => Value::Ref(tagged_reference(reader, tag)?),
    })
}

pub(crate) fn v128(reader: &mut BinaryReader<'_>) -> Result<u128> {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(reader.read_bytes(16)?);
    Ok(u128::from_le_bytes(bytes))
}

pub(crate) fn reference(reader: &mut BinaryReader<'_>) -> Result<Reference> {
    let tag = reader.read_u8()?;
    tagged_reference(reader, tag)
}

fn tagged_reference(reader: &mut BinaryReader<'_>, tag: u8) -> Result<Reference> {
    Ok(match tag {
        tag::REF_NULL => Reference::Null(heap_type(reader)?),
        tag::REF_FUNC => Reference::Func {
            instance: InstanceId(reader.read_var_u32()?),
            func: FuncIndex(reader.read_var_u32()?),
        },
        tag::I31 => Reference::I31(reader.read_var_i32()?),
        tag::OPAQUE => Reference::Opaque {
            heap: heap_type(reader)?,
            description: name(reader)?,
        },
        other => return error(reader, format!("unknown value tag {other:#04x}")),
    })
}

pub(crate) fn heap_type(reader: &mut BinaryReader<'_>) -> Result<HeapType> {
    let byte = reader.read_u8()?;
    match HeapType::from_byte(byte) {
        Some(heap) => Ok(heap),
        None => error(reader, format!("unknown heap type {byte:#04x}")),
    }
}
