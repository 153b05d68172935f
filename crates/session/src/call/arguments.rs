//! Arguments as a function takes them: WebAssembly's values, and what has to be in memory for them.

use std::sync::Arc;

use wasmparser::ValType;
use wdb_debuggee::coredump::{HeapType, Reference, Value};
use wdb_module::spelling;
use wdb_symbols::types::{Encoding, Kind, PointerKind};
use wdb_symbols::{Context, Object, Storage, Type, TypeRef};

use super::abi::{Passing, Scalar, passing};
use super::methods;
use crate::Error;
use wdb_examine::expression;
use wdb_examine::view::View;

/// A part of an argument.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Passed {
    /// A value.
    Value(Value),
    /// A pointer to a copy of these bytes.
    Copy(Vec<u8>),
    /// A pointer to what `...` takes, one after the other, each where its size is aligned.
    Rest(Vec<Passed>),
}

/// A size as that of what may be of every type.
pub(super) fn aligned(size: u64) -> u64 {
    size.saturating_add(15) & !15
}

impl Passed {
    /// How much of the stack it takes.
    pub(super) fn room(&self) -> u64 {
        match self {
            Passed::Value(_) => 0,
            Passed::Copy(bytes) => aligned(bytes.len() as u64),
            Passed::Rest(all) => {
                // No value has more than 8 bytes.
                let own = aligned((all.len() as u64).saturating_mul(8).max(1));
                all.iter().map(Passed::room).fold(own, u64::saturating_add)
            }
        }
    }

    /// The value that is passed; `write` puts what it points to into memory and gives the pointer.
    pub(super) fn written(
        self,
        write: &mut dyn FnMut(&[u8]) -> Result<Value, Error>,
    ) -> Result<Value, Error> {
        match self {
            Passed::Value(value) => Ok(value),
            Passed::Copy(bytes) => write(&bytes),
            Passed::Rest(all) => {
                let mut bytes = Vec::new();
                for part in all {
                    let Some(value) = part.written(write)?.to_le_bytes() else {
                        continue;
                    };
                    bytes.resize(bytes.len().next_multiple_of(value.len()), 0);
                    bytes.extend(value);
                }
                // A function that reads more than there is finds zeros.
                bytes.resize(bytes.len().max(1).next_multiple_of(16), 0);
                write(&bytes)
            }
        }
    }
}

/// An argument.
#[derive(Clone)]
pub(super) struct Argument {
    /// As it is written.
    pub(super) text: String,
    pub(super) value: expression::Value,
    /// It is before the `.` of a method.
    pub(super) is_receiver: bool,
}

/// An argument as it is passed; the parameters of WebAssembly that it uses are taken from the front of `params`. `ty`
/// is the type of the parameter in the source, if that is known.
pub(super) fn pass(
    view: &mut View<'_>,
    argument: &Argument,
    ty: Option<&TypeRef>,
    params: &mut &[ValType],
) -> Result<Vec<Passed>, Error> {
    let Argument { text, value, .. } = argument;
    if let ([ValType::Ref(reference), after @ ..], "null") = (*params, text.as_str()) {
        *params = after;
        return Ok(vec![Passed::Value(null(reference, text)?)]);
    }
    let refused = |why: String| Error::Refused(format!("`{text}`: {why}"));
    let ty = match (ty, params.first()) {
        (Some(ty), _) => ty.clone(),
        (None, Some(ValType::Ref(_))) => {
            return Err(refused("no reference except `null` can be given".into()));
        }
        (None, Some(param)) => plain(param),
        (None, None) => return Err(refused("there is nothing that takes it".into())),
    };
    let (found, _) = expression::with_context(view, value.frame, |context| {
        let passing = passing(context, &ty, params)?;
        let width = passing.width().min(params.len());
        Ok::<_, String>((parts(context, argument, &ty, passing)?, width))
    });
    let (parts, width) = found.map_err(refused)?;
    let (own, after) = params.split_at(width);
    *params = after;
    let passed = parts.into_iter().zip(own).map(|(part, ty)| match part {
        Part::Copy(bytes) => Ok(Passed::Copy(bytes)),
        Part::Number { bytes, signed } => as_wasm(&bytes, signed, ty)
            .map(Passed::Value)
            .ok_or_else(|| refused("no reference except `null` can be given".into())),
    });
    passed.collect()
}

/// What an argument is passed as, before it is of one of WebAssembly's types.
enum Part {
    /// A number; one with a sign is extended by that.
    Number { bytes: Vec<u8>, signed: bool },
    /// A pointer to a copy of these bytes.
    Copy(Vec<u8>),
}

impl Part {
    /// A length or an address.
    fn unsigned(number: u64) -> Part {
        Part::Number {
            bytes: number.to_le_bytes().to_vec(),
            signed: false,
        }
    }
}

fn parts(
    context: &mut Context<'_>,
    argument: &Argument,
    ty: &TypeRef,
    passing: Passing,
) -> Result<Vec<Part>, String> {
    let object = &argument.value.object;
    if let Some(parts) = text(context, object, ty)? {
        return Ok(parts);
    }
    let (takes, given) = (context.bare(ty), context.bare(&object.ty));
    // C++ refers to what is given without a word, and every language to what a method is called on.
    if let Kind::Pointer(kind, target) = &takes.kind
        && (*kind != PointerKind::Pointer
            || argument.is_receiver
                && !matches!(given.kind, Kind::Pointer(PointerKind::Pointer, _)))
    {
        let object = expression::dereferenced(context, object).map_err(said)?;
        let is_copy_enough =
            *kind == PointerKind::RvalueReference || methods::is_const(context, target);
        return referred(context, &object, &takes.name, target, is_copy_enough).map(|it| vec![it]);
    }
    // A reference is what it refers to, except where a reference itself is wanted.
    let is_same = match (&takes.kind, &given.kind) {
        (Kind::Pointer(_, to), Kind::Pointer(_, from)) => context.bare(to) == context.bare(from),
        _ => false,
    };
    let bytes = if is_same {
        context.bytes(object)
    } else {
        expression::convert(context, object, ty)
    };
    let bytes = bytes.map_err(said)?;
    let number = |offset: u64, size: u64, signed: bool| {
        let start = usize::try_from(offset).ok();
        let end = offset
            .checked_add(size)
            .and_then(|it| usize::try_from(it).ok());
        let bytes = start
            .zip(end)
            .and_then(|(start, end)| bytes.get(start..end));
        let bytes = bytes
            .ok_or("its parts are not where its type says")?
            .to_vec();
        Ok::<_, String>(Part::Number { bytes, signed })
    };
    Ok(match passing {
        Passing::Nothing => Vec::new(),
        Passing::Scalar(ty) => vec![Part::Number {
            signed: is_signed(context, &ty),
            bytes,
        }],
        Passing::Copy => vec![Part::Copy(bytes)],
        Passing::Halves => vec![number(0, 8, false)?, number(8, 8, false)?],
        Passing::Two(two) => {
            let part = |it: &Scalar| number(it.offset, it.size, is_signed(context, &it.ty));
            two.iter().map(part).collect::<Result<_, _>>()?
        }
    })
}

/// A text that was written in the call, and so is nowhere in memory yet. `None`: it is another object, or not taken as a
/// text.
fn text(
    context: &mut Context<'_>,
    object: &Object,
    ty: &TypeRef,
) -> Result<Option<Vec<Part>>, String> {
    let (takes, given) = (context.bare(ty), context.bare(&object.ty));
    let (Kind::Array(array), None) = (&given.kind, object.address()) else {
        return Ok(None);
    };
    if let Kind::Pointer(PointerKind::Pointer, target) = &takes.kind {
        let (target, character) = (context.bare(target), context.bare(&array.element));
        let takes_text = match target.kind {
            Kind::Void => true,
            Kind::Base(_) => target.size == character.size,
            _ => false,
        };
        if takes_text {
            return Ok(Some(vec![Part::Copy(context.bytes(object).map_err(said)?)]));
        }
    }
    if matches!(&*takes.name, "&str" | "&[u8]") {
        let mut bytes = context.bytes(object).map_err(said)?;
        bytes.pop_if(|it| *it == 0);
        let length = Part::unsigned(bytes.len() as u64);
        return Ok(Some(vec![Part::Copy(bytes), length]));
    }
    Ok(None)
}

fn said(reason: wdb_symbols::Unavailable) -> String {
    reason.to_string()
}

/// What a reference to a `target` refers to: an object, the part of it that is its base class, or a copy.
fn referred(
    context: &mut Context<'_>,
    object: &Object,
    reference: &str,
    target: &TypeRef,
    is_copy_enough: bool,
) -> Result<Part, String> {
    let (to, given) = (context.bare(target), context.bare(&object.ty));
    let is_same = object.bits.is_none() && expression::is_same_type(&given, &to);
    let mut parts = if is_same {
        vec![object.clone()]
    } else {
        expression::parts_of_class(context, object, &|it| it == &*to.name)
    };
    match (parts.pop(), parts.is_empty()) {
        (Some(part), true) => match part.address() {
            Some(address) => Ok(Part::unsigned(address)),
            None => Ok(Part::Copy(context.bytes(&part).map_err(said)?)),
        },
        (Some(_), false) => Err(format!(
            "`{}` is a base class of `{}` more than once",
            to.name, given.name
        )),
        (None, _) => {
            // What a pointer to an object of a class points to may be meant.
            if let (Kind::Pointer(..), Kind::Record(_)) = (&given.kind, &to.kind)
                && let Some(object) = context.target(object).map_err(said)?
                && !matches!(context.bare(&object.ty).kind, Kind::Pointer(..))
            {
                return referred(context, &object, reference, target, is_copy_enough);
            }
            let is_scalar = |kind: &Kind| {
                matches!(
                    kind,
                    Kind::Base(_)
                        | Kind::Enumeration(_)
                        | Kind::Pointer(..)
                        | Kind::MemberPointer(..)
                )
            };
            let is_pointer = |it: &Kind| matches!(it, Kind::Pointer(..));
            let is_number = object.address().is_none() && !is_pointer(&given.kind);
            let are_alike = is_pointer(&given.kind) == is_pointer(&to.kind) || is_number;
            let converts = is_scalar(&given.kind) && is_scalar(&to.kind) && are_alike;
            let is_own = matches!(object.place, Storage::Bytes(_));
            if !converts || !(is_copy_enough || is_own) {
                return Err(format!(
                    "a `{reference}` cannot refer to a `{}`",
                    given.name
                ));
            }
            let bytes = expression::convert(context, object, target).map_err(said)?;
            Ok(Part::Copy(bytes))
        }
    }
}

/// What is given for `...`, as C passes it: after the default promotions.
///
/// # Errors
///
/// When something cannot be given so.
pub(super) fn rest(view: &mut View<'_>, arguments: &[Argument]) -> Result<Passed, Error> {
    let mut all = Vec::new();
    for Argument { text, value, .. } in arguments {
        let (promoted, _) = expression::with_context(view, value.frame, |context| {
            promoted(context, &value.object)
        });
        all.push(promoted.map_err(|why| Error::Refused(format!("`{text}`: {why}")))?);
    }
    Ok(Passed::Rest(all))
}

fn promoted(context: &mut Context<'_>, object: &Object) -> Result<Passed, String> {
    let object = expression::dereferenced(context, object).map_err(said)?;
    let ty = context.bare(&object.ty);
    let signed = is_signed(context, &object.ty);
    let wasm = match (&ty.kind, ty.size) {
        (Kind::Array(_), _) => {
            return match object.address() {
                Some(address) => Ok(Passed::Value(match context.symbols.address_size() {
                    8 => Value::I64(address.cast_signed()),
                    _ => Value::I32(address as i32),
                })),
                None => Ok(Passed::Copy(context.bytes(&object).map_err(said)?)),
            };
        }
        (Kind::Base(Encoding::Float), Some(4 | 8)) => {
            let bytes = expression::convert(context, &object, &plain(&ValType::F64));
            let value = as_wasm(&bytes.map_err(said)?, false, &ValType::F64);
            return value.map(Passed::Value).ok_or_else(String::new);
        }
        (Kind::Base(Encoding::Complex | Encoding::Float) | Kind::MemberPointer(..), _)
        | (Kind::Record(_) | Kind::Function(_), _) => None,
        (_, Some(1..=4)) => Some(ValType::I32),
        (_, Some(8)) => Some(ValType::I64),
        _ => None,
    };
    let cannot = || format!("a `{}` cannot be given for `...`", ty.name);
    let wasm = wasm.ok_or_else(cannot)?;
    let bytes = expression::convert(context, &object, &object.ty).map_err(said)?;
    as_wasm(&bytes, signed, &wasm)
        .map(Passed::Value)
        .ok_or_else(cannot)
}

fn is_signed(context: &Context<'_>, ty: &TypeRef) -> bool {
    match &context.bare(ty).kind {
        Kind::Base(encoding) => matches!(encoding, Encoding::Signed | Encoding::SignedChar),
        Kind::Enumeration(it) => it.enumerators.iter().any(|it| it.1 < 0),
        _ => false,
    }
}

/// Bytes as a value of WebAssembly. `None`: it would be a reference.
fn as_wasm(bytes: &[u8], signed: bool, ty: &ValType) -> Option<Value> {
    let is_negative = signed && bytes.last().is_some_and(|it| it & 0x80 != 0);
    let mut wide = [if is_negative { 0xff } else { 0 }; 16];
    for (to, from) in wide.iter_mut().zip(bytes) {
        *to = *from;
    }
    let all = u128::from_le_bytes(wide);
    Some(match ty {
        ValType::I32 => Value::I32(all as i32),
        ValType::I64 => Value::I64(all as i64),
        ValType::F32 => Value::F32(all as u32),
        ValType::F64 => Value::F64(all as u64),
        ValType::V128 => Value::V128(all),
        ValType::Ref(_) => return None,
    })
}

fn null(ty: &wasmparser::RefType, text: &str) -> Result<Value, Error> {
    let heap = match *ty {
        _ if !ty.is_nullable() => None,
        wasmparser::RefType::EXTERNREF => Some(HeapType::Extern),
        wasmparser::RefType::FUNCREF => Some(HeapType::Func),
        wasmparser::RefType::ANYREF => Some(HeapType::Any),
        _ => None,
    };
    let ty = || spelling::value_type(ValType::Ref(*ty), |index| index.to_string());
    heap.map(|it| Value::Ref(Reference::Null(it)))
        .ok_or_else(|| Error::Refused(format!("`{text}`: a `{}` cannot be given", ty())))
}

/// The type of a parameter of which only WebAssembly's is known.
fn plain(ty: &ValType) -> TypeRef {
    let (name, encoding, size) = match ty {
        ValType::I32 => ("i32", Encoding::Signed, 4),
        ValType::I64 => ("i64", Encoding::Signed, 8),
        ValType::F32 => ("f32", Encoding::Float, 4),
        ValType::F64 => ("f64", Encoding::Float, 8),
        ValType::V128 | ValType::Ref(_) => ("v128", Encoding::Unsigned, 16),
    };
    TypeRef::Made(Arc::new(Type {
        name: name.into(),
        language: None,
        size: Some(size),
        kind: Kind::Base(encoding),
    }))
}
