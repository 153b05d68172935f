//! What functions give back, as the source has it: from WebAssembly's results, or from memory.
//!
//! C and C++ give back as `BasicCABI.md` of the tool conventions says: a scalar and a structure of one scalar as a
//! result, every other value where the first argument points. Rust does so with more than two numbers or with more
//! than 8 bytes. An optimiser that knows all callers removes results that none of them reads.

use wasmparser::{FuncType, Operator, ValType};
use wdb_debuggee::coredump::{ModuleId, Slot, Value};
use wdb_module::{FuncIndex, Module};
use wdb_symbols::types::{Encoding, Kind, Signature};
use wdb_symbols::{Context, Language, Object};

use super::abi::{fit, scalars};
use crate::stopped::{ReturnValue, Returned};
use wdb_examine::expression;
use wdb_examine::value::unsigned;
use wdb_examine::view::{FrameId, View};

/// How a function gives back its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Returning {
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
    /// Where the first argument points, or not at all: an optimiser has changed what it takes.
    Unproven,
}

/// How a function of the type `wasm` gives back what its source says.
pub(super) fn returning(context: &Context<'_>, source: &Signature, wasm: &FuncType) -> Returning {
    let ty = context.bare(&source.result);
    if let Kind::Void = ty.kind {
        // Constructors of C++ give back `this`, of which the source says nothing.
        return Returning::Nothing;
    }
    let Ok(size) = context.size(&source.result) else {
        return Returning::Raw;
    };
    let parts = scalars(context, &source.result);
    let is_empty = size == 0 || parts.as_ref().is_some_and(Vec::is_empty);
    let is_scalar = match &ty.kind {
        // One with a destructor is in memory, and nothing here says which have one.
        Kind::Record(_) if ty.language == Some(Language::Cpp) => false,
        Kind::Record(_) => matches!(parts.as_deref(), Some([it]) if it.size == size && size <= 8),
        Kind::Array(_) | Kind::Base(Encoding::Complex) => false,
        Kind::MemberPointer(_, member) if expression::is_function_type(context, member) => false,
        // LLVM gives back in memory what is wider than any register.
        _ => size <= 8,
    };
    let is_float = |ty| matches!(context.bare(ty).kind, Kind::Base(Encoding::Float));
    let is_float = match (&ty.kind, parts.as_deref()) {
        (Kind::Record(_), Some([it])) => is_float(&it.ty),
        (Kind::Record(_), _) => false,
        _ => is_float(&source.result),
    };
    match (wasm.results(), wasm.params().first()) {
        ([], _) if is_empty => Returning::Nothing,
        ([], Some(_)) if !is_scalar && takes_where(context, source, wasm.params()) => {
            Returning::Memory
        }
        ([], Some(ValType::I32 | ValType::I64)) if !is_scalar => Returning::Unproven,
        ([], _) => Returning::OptimisedOut,
        ([one], _) => {
            let fits = match one {
                ValType::I32 => size <= 4 && !is_float,
                ValType::I64 => size > 4 && size <= 8 && !is_float,
                ValType::F32 => size == 4 && is_float,
                ValType::F64 => size == 8 && is_float,
                ValType::V128 => size == 16,
                ValType::Ref(_) => return Returning::Raw,
            };
            if fits {
                Returning::Value
            } else {
                Returning::OptimisedOut
            }
        }
        _ => Returning::Raw,
    }
}

/// Whether the first of the arguments is where a function puts its result. Of one that an optimiser has rewritten it may be
/// any other, and not all of them are marked: what follows the first has to be all that the source describes, and the
/// first no part of that.
fn takes_where(context: &Context<'_>, source: &Signature, wasm: &[ValType]) -> bool {
    let Some((ValType::I32 | ValType::I64, rest)) = wasm.split_first() else {
        return false;
    };
    !source.rewritten && fit(context, source, rest) && !fit(context, source, wasm)
}

/// What a function has given back, of which its source says `source`: `values`, or what is in memory at `first`, its first
/// argument.
pub(crate) fn returned(
    view: &mut View<'_>,
    module: ModuleId,
    func: FuncIndex,
    source: Option<Signature>,
    values: Vec<Slot>,
    first: Option<&Value>,
) -> Returned {
    let function = view.function_name(module, func);
    let value = source.and_then(|source| typed(view, module, func, source, &values, first));
    let value = value.unwrap_or(if values.is_empty() {
        ReturnValue::Nothing
    } else {
        ReturnValue::Raw(values)
    });
    Returned { function, value }
}

fn typed(
    view: &mut View<'_>,
    module: ModuleId,
    func: FuncIndex,
    source: Signature,
    values: &[Slot],
    first: Option<&Value>,
) -> Option<ReturnValue> {
    let frame = FrameId::default();
    let wasm = view.binary(module)?.function_type(func)?.clone();
    // Types are those of a module, and the frame's is the one that looks at them.
    if view.frame(frame)?.module != module {
        return None;
    }
    let ((way, size), _) = expression::with_context(view, frame, |context| {
        let size = context.size(&source.result).unwrap_or(0);
        (returning(context, &source, &wasm), size)
    });
    let object = match (way, values) {
        (Returning::Nothing, _) => return Some(ReturnValue::Nothing),
        (Returning::Value, [value]) => {
            let bytes = value.value()?.to_le_bytes()?;
            let bytes = bytes.get(..usize::try_from(size).ok()?)?;
            Object::of_bytes(bytes.to_vec(), source.result)
        }
        (Returning::Memory, []) => match first {
            Some(first) => Object::at(unsigned(first)?, source.result),
            None => return Some(ReturnValue::OptimisedOut),
        },
        (Returning::OptimisedOut | Returning::Unproven, _) => {
            return Some(ReturnValue::OptimisedOut);
        }
        _ => return None,
    };
    Some(ReturnValue::Typed(expression::Value {
        object,
        frame,
        doubts: wdb_examine::doubts::Doubts::default(),
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

/// Whether an instruction of a function reads a local.
pub(super) fn reads(binary: &Module, func: FuncIndex, local: u32) -> bool {
    let reads = |it: &Operator<'_>| matches!(it, Operator::LocalGet { local_index } if *local_index == local);
    let mut instructions = binary.instructions(func);
    instructions.any(|it| it.map_or(true, |it| reads(&it.1)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ValType::{F64, I32, I64};
    use wdb_symbols::types::{Member, PointerKind, Record, RecordKind, Role};
    use wdb_symbols::{Machine, Number, Symbols, Type, TypeRef, Unavailable};

    use super::*;

    /// A machine that has nothing.
    struct Nothing;

    impl Machine for Nothing {
        fn local(&mut self, index: u32) -> Result<Number, Unavailable> {
            Err(Unavailable::NotRecorded(format!("local {index}")))
        }
        fn global(&mut self, index: u32) -> Result<Number, Unavailable> {
            Err(Unavailable::NotRecorded(format!("global {index}")))
        }
        fn operand(&mut self, index: u32) -> Result<Number, Unavailable> {
            Err(Unavailable::NotRecorded(format!("operand {index}")))
        }
        fn read(&mut self, address: u64, _: &mut [u8]) -> Result<(), Unavailable> {
            Err(Unavailable::OutOfBounds(address))
        }
        fn element(&mut self, _: u64) -> Result<Option<FuncIndex>, Unavailable> {
            Ok(None)
        }
    }

    fn ty(name: &str, size: u64, language: Language, kind: Kind) -> TypeRef {
        TypeRef::Made(Arc::new(Type {
            name: name.into(),
            language: Some(language),
            size: Some(size),
            kind,
        }))
    }

    fn int() -> TypeRef {
        ty("int", 4, Language::C, Kind::Base(Encoding::Signed))
    }

    fn double() -> TypeRef {
        ty("double", 8, Language::C, Kind::Base(Encoding::Float))
    }

    fn pointer() -> TypeRef {
        let kind = Kind::Pointer(PointerKind::Pointer, TypeRef::Void);
        ty("void *", 4, Language::C, kind)
    }

    fn record(language: Language, members: &[(u64, TypeRef)]) -> TypeRef {
        let member = |(offset, ty): &(u64, TypeRef)| Member {
            name: Some("it".into()),
            ty: ty.clone(),
            offset: *offset,
            bits: None,
            role: Role::Field,
            artificial: false,
        };
        let kind = Kind::Record(Record {
            kind: RecordKind::Struct,
            members: members.iter().map(member).collect(),
            variants: None,
            parameters: Vec::new(),
            statics: Vec::new(),
        });
        ty("point", 8, language, kind)
    }

    #[test]
    fn a_result_in_memory_is_proven_by_the_other_arguments() {
        let module = wat::parse_str("(module)").unwrap();
        let binary = wdb_module::Binary::parse(module.into()).unwrap();
        let symbols = Symbols::new(binary.modules()[0].clone(), None, None);
        let context = Context {
            symbols: &symbols,
            machine: &mut Nothing,
            pc: None,
        };
        let point = || record(Language::C, &[(0, int()), (4, int())]);
        let slice = || record(Language::Rust, &[(0, pointer()), (4, int())]);
        for (parameters, variadic, wasm, expected) in [
            (vec![], false, &[I32][..], Returning::Memory),
            (
                vec![int(), pointer()],
                false,
                &[I32, I32, I32],
                Returning::Memory,
            ),
            // The pointer to the result was removed, or another argument with it.
            (
                vec![int(), pointer()],
                false,
                &[I32, I32],
                Returning::Unproven,
            ),
            (vec![int(), pointer()], false, &[I32], Returning::Unproven),
            (
                vec![int(), double()],
                false,
                &[I32, F64],
                Returning::Unproven,
            ),
            (
                vec![int(), double()],
                false,
                &[I32, I32, F64],
                Returning::Memory,
            ),
            (
                vec![point(), int()],
                false,
                &[I32, I32, I32],
                Returning::Memory,
            ),
            // The same number, and others.
            (
                vec![double(), int()],
                false,
                &[I32, I32, I32],
                Returning::Unproven,
            ),
            (vec![int()], false, &[I64, F64], Returning::Unproven),
            // What `...` stands for is one more pointer.
            (vec![int()], true, &[I32, I32, I32], Returning::Memory),
            (vec![int()], true, &[I32, I32], Returning::Unproven),
            // A slice is two numbers.
            (vec![slice()], false, &[I32, I32, I32], Returning::Memory),
            (vec![slice()], false, &[I32, I32], Returning::Unproven),
        ] {
            let mut source = Signature {
                parameters,
                has_this: false,
                located: Vec::new(),
                variadic,
                result: point(),
                virtual_index: None,
                rewritten: false,
            };
            let wasm = FuncType::new(wasm.iter().copied(), []);
            assert_eq!(
                returning(&context, &source, &wasm),
                expected,
                "{source:?} {wasm:?}"
            );
            source.rewritten = true;
            assert_eq!(returning(&context, &source, &wasm), Returning::Unproven);
        }
    }
}
