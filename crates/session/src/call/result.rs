//! What functions give back, as the source has it: from WebAssembly's results, or from memory.
//!
//! C and C++ give back as `BasicCABI.md` of the tool conventions says: a scalar and a structure of one scalar as a
//! result, every other value where the first argument points. Rust does so with more than two numbers or with more
//! than 8 bytes. An optimiser that knows all callers takes results away that nobody reads.

use wasmparser::{FuncType, Operator, ValType};
use wdb_module::{FuncIndex, Module};
use wdb_symbols::types::{Encoding, Kind, Signature};
use wdb_symbols::{Context, Language, Object};
use wdb_target::coredump::{ModuleId, Slot, Value};

use super::arguments::scalars;
use crate::evidence::unsigned;
use crate::expression;
use crate::stop::{FrameId, Stop};

/// What a function has given back.
#[derive(Clone, Debug, PartialEq)]
pub struct Returned {
    /// Its name.
    pub function: String,
    /// Its result.
    pub value: ReturnValue,
}

/// The result of a function.
#[derive(Clone, Debug, PartialEq)]
pub enum ReturnValue {
    /// It has none.
    Nothing,
    /// As the source has it.
    Typed(expression::Value),
    /// As WebAssembly has it: what the source says of it is not known.
    Raw(Vec<Slot>),
    /// The source says that there is one, and the code does not give it back.
    OptimisedOut,
}

/// How a function gives back its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// There is none.
    Nothing,
    /// As the only result.
    Value,
    /// Where the first argument points.
    Memory,
    /// As results that the source does not describe.
    Raw,
    /// Not at all.
    OptimisedOut,
}

/// How a function of the type `wasm` gives back what its source says.
pub(super) fn way(context: &Context<'_>, source: &Signature, wasm: &FuncType) -> Way {
    let ty = context.bare(&source.result);
    if let Kind::Void = ty.kind {
        // Constructors of C++ give back `this`, of which the source says nothing.
        return Way::Nothing;
    }
    let Ok(size) = context.size(&source.result) else {
        return Way::Raw;
    };
    let parts = scalars(context, &source.result);
    let is_empty = size == 0 || parts.as_ref().is_some_and(Vec::is_empty);
    let is_scalar = match &ty.kind {
        // One with a destructor is in memory, and nothing here tells which have one.
        Kind::Record(_) if ty.language == Some(Language::Cpp) => false,
        Kind::Record(_) => matches!(parts.as_deref(), Some([it]) if it.1 == size && size <= 8),
        Kind::Array(_) | Kind::Base(Encoding::Complex) => false,
        // LLVM gives back in memory what is wider than any register.
        _ => size <= 8,
    };
    let is_float = |ty| matches!(context.bare(ty).kind, Kind::Base(Encoding::Float));
    let is_float = match (&ty.kind, parts.as_deref()) {
        (Kind::Record(_), Some([it])) => is_float(&it.2),
        (Kind::Record(_), _) => false,
        _ => is_float(&source.result),
    };
    match (wasm.results(), wasm.params().first()) {
        ([], _) if is_empty => Way::Nothing,
        // Of a function that was rewritten the first argument may be any other.
        ([], Some(ValType::I32 | ValType::I64)) if !is_scalar && !source.rewritten => Way::Memory,
        ([], _) => Way::OptimisedOut,
        ([one], _) => {
            let fits = match one {
                ValType::I32 => size <= 4 && !is_float,
                ValType::I64 => size > 4 && size <= 8 && !is_float,
                ValType::F32 => size == 4 && is_float,
                ValType::F64 => size == 8 && is_float,
                ValType::V128 => size == 16,
                ValType::Ref(_) => return Way::Raw,
            };
            match fits {
                true => Way::Value,
                false => Way::OptimisedOut,
            }
        }
        _ => Way::Raw,
    }
}

/// What a function has given back: `values`, or what is in memory at `first`, its first argument.
pub(crate) fn returned(
    stop: &mut Stop<'_>,
    module: ModuleId,
    func: FuncIndex,
    values: Vec<Slot>,
    first: Option<&Value>,
) -> Returned {
    let function = stop.function_name(module, func);
    let value = typed(stop, module, func, &values, first);
    let value = value.unwrap_or(match values.is_empty() {
        true => ReturnValue::Nothing,
        false => ReturnValue::Raw(values),
    });
    Returned { function, value }
}

fn typed(
    stop: &mut Stop<'_>,
    module: ModuleId,
    func: FuncIndex,
    values: &[Slot],
    first: Option<&Value>,
) -> Option<ReturnValue> {
    let frame = FrameId::default();
    let source = stop.symbols(module)?.signature(func)?;
    let wasm = stop.binary(module)?.function_type(func)?.clone();
    // Types are those of a module, and the frame's is the one that looks at them.
    if stop.frame(frame)?.module != module {
        return None;
    }
    let ((way, size), _) = expression::with_context(stop, frame, |context| {
        let size = context.size(&source.result).unwrap_or(0);
        (way(context, &source, &wasm), size)
    });
    let object = match (way, values) {
        (Way::Nothing, _) => return Some(ReturnValue::Nothing),
        (Way::Value, [value]) => {
            let bytes = bytes(value.value()?)?;
            let bytes = bytes.get(..usize::try_from(size).ok()?)?;
            Object::of_bytes(bytes.to_vec(), source.result)
        }
        (Way::Memory, []) => match first {
            Some(first) => Object::at(unsigned(first)?, source.result),
            None => return Some(ReturnValue::OptimisedOut),
        },
        (Way::OptimisedOut, _) => return Some(ReturnValue::OptimisedOut),
        _ => return None,
    };
    Some(ReturnValue::Typed(expression::Value {
        object,
        frame,
        doubts: crate::machine::Doubts::default(),
    }))
}

/// Whether no instruction of a function writes its first parameter: its value is then what it was called with.
pub(crate) fn keeps_first(binary: &Module, func: FuncIndex) -> bool {
    let writes = |operator: &Operator<'_>| {
        use Operator::{LocalSet, LocalTee};
        matches!(
            operator,
            LocalSet { local_index: 0 } | LocalTee { local_index: 0 }
        )
    };
    let mut instructions = binary.instructions(func);
    !instructions.any(|it| it.map_or(true, |it| writes(&it.1)))
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    Some(match value {
        Value::I32(value) => value.to_le_bytes().to_vec(),
        Value::I64(value) => value.to_le_bytes().to_vec(),
        Value::F32(bits) => bits.to_le_bytes().to_vec(),
        Value::F64(bits) => bits.to_le_bytes().to_vec(),
        Value::V128(bits) => bits.to_le_bytes().to_vec(),
        Value::Ref(_) => return None,
    })
}
