//! WebAssembly values as a debugger sees them: known, inferred, or missing for a reason.

use wdb_module::FuncIndex;

use crate::InstanceId;

/// One WebAssembly value. Floats are kept as their bits, so that NaN payloads survive and values
/// compare by identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// An `i32`.
    I32(i32),
    /// An `i64`.
    I64(i64),
    /// An `f32`, as its IEEE 754 bits.
    F32(u32),
    /// An `f64`, as its IEEE 754 bits.
    F64(u64),
    /// A `v128`; byte 0 of the vector is the least significant byte.
    V128(u128),
    /// A reference.
    Ref(Reference),
}

impl Value {
    /// Its bytes, as they would be in memory: 4, 8 or 16. `None` for a reference, which has none.
    pub fn to_le_bytes(&self) -> Option<Vec<u8>> {
        Some(match self {
            Value::I32(value) => value.to_le_bytes().to_vec(),
            Value::I64(value) => value.to_le_bytes().to_vec(),
            Value::F32(bits) => bits.to_le_bytes().to_vec(),
            Value::F64(bits) => bits.to_le_bytes().to_vec(),
            Value::V128(bits) => bits.to_le_bytes().to_vec(),
            Value::Ref(_) => return None,
        })
    }
}

/// A reference value, as far as it means something outside the engine that held it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// A null reference of the given heap type (`func`, `extern`, `any`, `exn`, …).
    Null(HeapType),
    /// A function of a WebAssembly instance in this dump.
    Func {
        /// The instance whose function it is.
        instance: InstanceId,
        /// Its index in that instance's module.
        func: FuncIndex,
    },
    /// An `i31ref`, sign-extended.
    I31(i32),
    /// A non-null reference to something that the dump does not hold: a host function, a host
    /// object, a garbage-collected struct or array, an exception.
    Opaque {
        /// What kind of thing it refers to.
        heap: HeapType,
        /// What the engine could say about it, for people: `host function`, `struct {i32 7}`. May
        /// be empty.
        description: String,
    },
}

/// The abstract heap types of the specification (section 2.3.5), by the byte of their encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names are the specification's own")]
pub enum HeapType {
    NoExn = 0x74,
    NoFunc = 0x73,
    NoExtern = 0x72,
    None = 0x71,
    Func = 0x70,
    Extern = 0x6f,
    Any = 0x6e,
    Eq = 0x6d,
    I31 = 0x6c,
    Struct = 0x6b,
    Array = 0x6a,
    Exn = 0x69,
    Cont = 0x68,
}

impl HeapType {
    /// The type whose encoding is `byte`, if there is one.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0x74 => HeapType::NoExn,
            0x73 => HeapType::NoFunc,
            0x72 => HeapType::NoExtern,
            0x71 => HeapType::None,
            0x70 => HeapType::Func,
            0x6f => HeapType::Extern,
            0x6e => HeapType::Any,
            0x6d => HeapType::Eq,
            0x6c => HeapType::I31,
            0x6b => HeapType::Struct,
            0x6a => HeapType::Array,
            0x69 => HeapType::Exn,
            0x68 => HeapType::Cont,
            _ => return None,
        })
    }

    /// Its name in the text format: `func`, `noextern`.
    pub fn name(self) -> &'static str {
        match self {
            HeapType::NoExn => "noexn",
            HeapType::NoFunc => "nofunc",
            HeapType::NoExtern => "noextern",
            HeapType::None => "none",
            HeapType::Func => "func",
            HeapType::Extern => "extern",
            HeapType::Any => "any",
            HeapType::Eq => "eq",
            HeapType::I31 => "i31",
            HeapType::Struct => "struct",
            HeapType::Array => "array",
            HeapType::Exn => "exn",
            HeapType::Cont => "cont",
        }
    }

    /// The top of its hierarchy: `func`, `extern`, `any`, `exn` or `cont`.
    pub fn top(self) -> Self {
        match self {
            HeapType::Func | HeapType::NoFunc => HeapType::Func,
            HeapType::Extern | HeapType::NoExtern => HeapType::Extern,
            HeapType::Exn | HeapType::NoExn => HeapType::Exn,
            HeapType::Cont => HeapType::Cont,
            HeapType::None
            | HeapType::Any
            | HeapType::Eq
            | HeapType::I31
            | HeapType::Struct
            | HeapType::Array => HeapType::Any,
        }
    }
}

impl Reference {
    /// The most general heap type that is known to hold it.
    pub fn heap(&self) -> HeapType {
        match self {
            Reference::Null(heap) | Reference::Opaque { heap, .. } => *heap,
            Reference::Func { .. } => HeapType::Func,
            Reference::I31(_) => HeapType::I31,
        }
    }
}

/// A place that holds a value, or says why it cannot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The value, as the engine had it.
    Known(Value),
    /// A value that was not recorded but follows from what was.
    Inferred(Value, Inference),
    /// No value, and the reason.
    Missing(Missing),
}

/// How an inferred value was found. More ways come with more inference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Inference {
    /// The producer wrote only the low 32 bits of a wider value (old WasmEdge).
    Low32Bits,
    /// Nothing was recorded; what the code of the function does to the stack pointer of the C stack
    /// (`__stack_pointer`) and to its locals until the frame's place decides.
    CStack,
}

/// Why a value is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Missing {
    /// The dump marks it missing (value tag `0x01`) and gives no other reason: code optimised by
    /// the engine keeps no record of its locals.
    NotRecorded,
    /// The producer wrote a constant filler in its place (wasm-coredump-rewriter: 666, 667, 669+i).
    Filler,
    /// It was in a part of the dump that is damaged or cut off.
    Damaged,
}

impl Slot {
    /// The value, if known or inferred.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Slot::Known(value) | Slot::Inferred(value, _) => Some(value),
            Slot::Missing(_) => None,
        }
    }
}
