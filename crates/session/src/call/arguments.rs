//! Arguments as a function takes them: WebAssembly's values, and what has to be in memory for them.
//!
//! C and C++ pass as `BasicCABI.md` of the tool conventions says: scalars as they are, a structure of one scalar as
//! that scalar, an empty one not at all, every other as a pointer to a copy. Rust's own convention is nowhere written
//! down; what it does with structures of one or two scalars, slices and `&str` among them, is what C does not.

use std::collections::BTreeSet;
use std::sync::Arc;

use wasmparser::ValType;
use wdb_debuggee::coredump::{HeapType, Reference, Value};
use wdb_module::spelling;
use wdb_symbols::types::{Count, Encoding, Kind, PointerKind, Record, Signature};
use wdb_symbols::{Context, Language, Object, Storage, Type, TypeRef};

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
                    let (value, size) = match part.written(write)? {
                        Value::I32(value) => (value.to_le_bytes().to_vec(), 4),
                        Value::I64(value) => (value.to_le_bytes().to_vec(), 8),
                        Value::F64(bits) => (bits.to_le_bytes().to_vec(), 8),
                        _ => continue,
                    };
                    bytes.resize(bytes.len().next_multiple_of(size), 0);
                    bytes.extend(value);
                }
                // A function that reads more than there is finds zeros.
                bytes.resize(bytes.len().max(1).next_multiple_of(16), 0);
                write(&bytes)
            }
        }
    }
}

/// Structures in structures are looked into as deep as this.
const MOST_LEVELS: u32 = 8;

/// How many of `wanted` a parameter takes.
///
/// # Errors
///
/// When arguments of this type cannot be given, as text.
fn width(context: &Context<'_>, ty: &TypeRef, wanted: &[ValType]) -> Result<usize, String> {
    Ok(match way(context, ty, wanted)? {
        Way::Nothing => 0,
        Way::Scalar(_) | Way::Copy => 1,
        Way::Two(_) => 2,
    })
}

/// Whether a function that takes `wanted` can be one of these parameters.
pub(super) fn fit(context: &Context<'_>, of: &Signature, wanted: &[ValType]) -> bool {
    // What follows the parameters is in memory.
    let (wanted, last) = match (of.variadic, wanted.split_last()) {
        (false, _) => (wanted, None),
        (true, Some((last, before))) => (before, Some(last)),
        (true, None) => return false,
    };
    if last.is_some_and(|it| !is_address(*it)) {
        return false;
    }
    // Of how some types are passed more than one way is possible: how many may be taken already.
    let mut taken = BTreeSet::from([0]);
    for ty in &of.parameters {
        let next = taken.iter().flat_map(|from| {
            let rest = wanted.get(*from..).unwrap_or_default();
            widths(context, ty, rest).iter().map(move |it| from + it)
        });
        taken = next.filter(|it| *it <= wanted.len()).collect();
        if taken.is_empty() {
            return false;
        }
    }
    taken.contains(&wanted.len())
}

/// How many of `wanted` a parameter may take. None: it is another one's.
fn widths(context: &Context<'_>, ty: &TypeRef, wanted: &[ValType]) -> &'static [usize] {
    let is = |ty: &TypeRef, wanted: Option<&ValType>| {
        wanted.is_some_and(|it| is_number_of(context, ty, *it))
    };
    let fits = match way(context, ty, wanted) {
        Ok(Way::Nothing) => return &[0],
        Ok(Way::Scalar(ty)) => is(&ty, wanted.first()),
        Ok(Way::Copy) => wanted.first().is_some_and(|it| is_address(*it)),
        Ok(Way::Two(two)) => {
            let is = |(part, wanted): (&(_, _, Option<TypeRef>), &ValType)| {
                let ty = part.2.as_ref();
                ty.is_none_or(|ty| is_number_of(context, ty, *wanted))
            };
            return if wanted.len() >= 2 && two.iter().zip(wanted).all(is) {
                &[2]
            } else {
                &[]
            };
        }
        // A class of C++ is a number or is referred to.
        Err(_) if context.bare(ty).language == Some(Language::Cpp) => !wanted.is_empty(),
        Err(_) => return &[1, 2],
    };
    if fits { &[1] } else { &[] }
}

/// Whether a pointer to a copy, or a vector, can be of this type.
fn is_address(ty: ValType) -> bool {
    matches!(ty, ValType::I32 | ValType::I64 | ValType::V128)
}

/// Whether a number of the source is passed as one of this type.
fn is_number_of(context: &Context<'_>, ty: &TypeRef, wanted: ValType) -> bool {
    let bare = context.bare(ty);
    let expected = match (&bare.kind, bare.size) {
        (Kind::Base(Encoding::Complex) | Kind::MemberPointer(..), _) => return is_address(wanted),
        (Kind::Base(Encoding::Float), Some(4)) => ValType::F32,
        (Kind::Base(Encoding::Float), Some(8)) => ValType::F64,
        (_, Some(0..=4)) => ValType::I32,
        (_, Some(5..=8)) => ValType::I64,
        _ => return true,
    };
    wanted == expected
}

/// How a type is passed.
enum Way {
    Nothing,
    /// As a number of this type.
    Scalar(TypeRef),
    /// As two numbers, each with where it is in the bytes and its size.
    Two([(u64, u64, Option<TypeRef>); 2]),
    /// As a pointer to a copy.
    Copy,
}

fn way(context: &Context<'_>, ty: &TypeRef, wanted: &[ValType]) -> Result<Way, String> {
    let bare = context.bare(ty);
    let record = match &bare.kind {
        Kind::Record(record) => record,
        Kind::Array(_) if bare.language == Some(Language::Rust) => {
            return match bare.size {
                Some(0) => Ok(Way::Nothing),
                Some(1..=8) | None => Err(format!(
                    "a `{}` cannot be passed by value: how Rust passes it is not known",
                    bare.name
                )),
                Some(_) => Ok(Way::Copy),
            };
        }
        Kind::Array(_) | Kind::Base(Encoding::Complex) => return Ok(Way::Copy),
        // Two words, which the ABI of C++ has as a structure.
        Kind::MemberPointer(_, member) if expression::is_function_type(context, member) => {
            return Ok(Way::Copy);
        }
        _ if bare.size == Some(16) && wanted.starts_with(&[ValType::I64, ValType::I64]) => {
            return Ok(Way::Two([(0, 8, None), (8, 8, None)]));
        }
        _ => return Ok(Way::Scalar(ty.clone())),
    };
    let refused = |why: &str| {
        Err(format!(
            "a `{}` cannot be passed by value: {why}",
            bare.name
        ))
    };
    if record.variants.is_some() {
        return refused("which of its variants are how in memory is not known");
    }
    let Some(scalars) = scalars(context, ty) else {
        return Ok(Way::Copy);
    };
    let is_rust = bare.language == Some(Language::Rust);
    match &scalars[..] {
        [] => Ok(Way::Nothing),
        [(_, size, only)] if Some(*size) == bare.size => {
            // A class with a destructor goes by reference, and nothing here tells which have one.
            let may_be_reference = bare.language == Some(Language::Cpp);
            if may_be_reference && wanted.first() == Some(&ValType::I32) {
                return refused("whether it goes as a number or by reference is not known");
            }
            Ok(Way::Scalar(only.clone()))
        }
        [(first, a, one), (second, b, other)] if is_rust => Ok(Way::Two([
            (*first, *a, Some(one.clone())),
            (*second, *b, Some(other.clone())),
        ])),
        _ if is_rust && bare.size.is_some_and(|it| it <= 8) => {
            refused("how Rust passes it is not known")
        }
        _ => Ok(Way::Copy),
    }
}

/// A scalar in a structure: where it is, its size and its type.
pub(super) type Scalar = (u64, u64, TypeRef);

/// The scalars of a structure. `None`: it has more than two, or other parts; or it is no structure.
pub(super) fn scalars(context: &Context<'_>, ty: &TypeRef) -> Option<Vec<Scalar>> {
    let ty = context.bare(ty);
    let Kind::Record(record) = &ty.kind else {
        return None;
    };
    let mut found = Vec::new();
    let all = record.variants.is_none() && collect(context, record, 0, MOST_LEVELS, &mut found);
    all.then_some(found)
}

/// Adds the scalars of a structure to those that were found. `false`: there are more than two, or other parts.
fn collect(
    context: &Context<'_>,
    record: &Record,
    start: u64,
    levels: u32,
    found: &mut Vec<Scalar>,
) -> bool {
    record.members.iter().all(|member| {
        let mut member_ty = member.ty.clone();
        let mut ty = context.bare(&member_ty);
        let mut at = start.saturating_add(member.offset);
        // In C an array of one element is that element, and one of none is nothing.
        for _ in 0..levels {
            let Kind::Array(array) = &ty.kind else {
                break;
            };
            let is_c = matches!(ty.language, Some(Language::C | Language::Cpp));
            if is_c && array.dimensions.contains(&Count::Known(0)) {
                return true;
            }
            if !is_c || array.dimensions.iter().any(|it| *it != Count::Known(1)) {
                return false;
            }
            member_ty = array.element.clone();
            ty = context.bare(&member_ty);
        }
        // A bit-field is the number that it is in.
        if let (Some(_), Some(size @ 1..)) = (member.bits, ty.size) {
            at -= member.offset % size;
        }
        match (&ty.kind, levels.checked_sub(1)) {
            (Kind::Record(inner), Some(levels)) if inner.variants.is_none() => {
                collect(context, inner, at, levels, found)
            }
            (Kind::Record(_) | Kind::Array(_) | Kind::Base(Encoding::Complex), _) => false,
            (Kind::MemberPointer(_, of), _) if expression::is_function_type(context, of) => false,
            _ if found.len() == 2 => false,
            _ => {
                found.push((at, ty.size.unwrap_or(0), member_ty));
                true
            }
        }
    })
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

/// The parts of an argument; those that are used are taken from the front of `wanted`. `ty` is the type of the
/// parameter in the source, if that is known.
pub(super) fn pass(
    view: &mut View<'_>,
    argument: &Argument,
    ty: Option<&TypeRef>,
    wanted: &mut &[ValType],
) -> Result<Vec<Passed>, Error> {
    let Argument {
        text,
        value,
        is_receiver,
    } = argument;
    if let ([ValType::Ref(reference), after @ ..], "null") = (*wanted, text.as_str()) {
        *wanted = after;
        return Ok(vec![Passed::Value(null(reference, text)?)]);
    }
    let refused = |why: String| Error::Refused(format!("`{text}`: {why}"));
    let ty = match (ty, wanted.first()) {
        (Some(ty), _) => ty.clone(),
        (None, Some(ValType::Ref(_))) => {
            return Err(refused("no reference except `null` can be given".into()));
        }
        (None, Some(wanted)) => plain(wanted),
        (None, None) => return Err(refused("there is nothing that takes it".into())),
    };
    let before = *wanted;
    let (found, _) = expression::with_context(view, value.frame, |context| {
        let parts = parts(context, &value.object, *is_receiver, &ty, before)?;
        let width = width(context, &ty, before)?;
        Ok::<_, String>((parts, width))
    });
    let (parts, width) = found.map_err(refused)?;
    *wanted = before.get(width..).unwrap_or_default();
    let types = &before[..width.min(before.len())];
    let passed = parts.into_iter().zip(types).map(|(part, ty)| match part {
        Part::Copy(bytes) => Ok(Passed::Copy(bytes)),
        Part::Bytes(bytes, signed) => wide(&bytes, signed, ty)
            .map(Passed::Value)
            .ok_or_else(|| refused("no reference except `null` can be given".into())),
    });
    passed.collect()
}

/// A part of an argument as bytes, with whether they are those of a number with a sign; or what a pointer points to.
enum Part {
    Bytes(Vec<u8>, bool),
    Copy(Vec<u8>),
}

fn parts(
    context: &mut Context<'_>,
    object: &Object,
    is_receiver: bool,
    ty: &TypeRef,
    wanted: &[ValType],
) -> Result<Vec<Part>, String> {
    let bare = context.bare(ty);
    let said = |reason: wdb_symbols::Unavailable| reason.to_string();
    let given = context.bare(&object.ty);
    // A text that was written in the call is nowhere in memory yet.
    if let (Kind::Array(array), None) = (&given.kind, object.address()) {
        if let Kind::Pointer(PointerKind::Pointer, target) = &bare.kind {
            let (target, character) = (context.bare(target), context.bare(&array.element));
            let takes_text = match target.kind {
                Kind::Void => true,
                Kind::Base(_) => target.size == character.size,
                _ => false,
            };
            if takes_text {
                return Ok(vec![Part::Copy(context.bytes(object).map_err(said)?)]);
            }
        }
        if matches!(&*bare.name, "&str" | "&[u8]") {
            let mut bytes = context.bytes(object).map_err(said)?;
            bytes.pop_if(|it| *it == 0);
            let length = bytes.len() as u64;
            let length = Part::Bytes(length.to_le_bytes().to_vec(), false);
            return Ok(vec![Part::Copy(bytes), length]);
        }
    }
    // C++ refers to what is given without a word, and every language to what a method is called on.
    if let Kind::Pointer(kind, target) = &bare.kind
        && (*kind != PointerKind::Pointer
            || is_receiver && !matches!(given.kind, Kind::Pointer(PointerKind::Pointer, _)))
    {
        let object = expression::dereferenced(context, object).map_err(said)?;
        let is_copy_enough =
            *kind == PointerKind::RvalueReference || methods::is_const(context, target);
        return referred(context, &object, &bare.name, target, is_copy_enough).map(|it| vec![it]);
    }
    let way = way(context, ty, wanted)?;
    // A reference is what it refers to, except where a reference itself is wanted.
    let is_same = match (&bare.kind, &given.kind) {
        (Kind::Pointer(_, to), Kind::Pointer(_, from)) => context.bare(to) == context.bare(from),
        _ => false,
    };
    let bytes = if is_same {
        context.bytes(object)
    } else {
        expression::convert(context, object, ty)
    };
    let bytes = bytes.map_err(said)?;
    let part = |at: u64, size: u64| {
        let start = usize::try_from(at).ok()?;
        let end = start.checked_add(usize::try_from(size).ok()?)?;
        bytes.get(start..end).map(<[u8]>::to_vec)
    };
    Ok(match way {
        Way::Nothing => Vec::new(),
        Way::Scalar(ty) => vec![Part::Bytes(bytes, is_signed(context, &ty))],
        Way::Copy => vec![Part::Copy(bytes)],
        Way::Two(two) => two
            .into_iter()
            .map(|(at, size, ty)| {
                let signed = ty.is_some_and(|it| is_signed(context, &it));
                Some(Part::Bytes(part(at, size)?, signed))
            })
            .collect::<Option<_>>()
            .ok_or("its parts are not where its type says")?,
    })
}

/// What a reference to a `target` refers to: an object, the part of it that is its base class, or a copy.
fn referred(
    context: &mut Context<'_>,
    object: &Object,
    reference: &str,
    target: &TypeRef,
    is_copy_enough: bool,
) -> Result<Part, String> {
    let said = |reason: wdb_symbols::Unavailable| reason.to_string();
    let (to, given) = (context.bare(target), context.bare(&object.ty));
    let is_same = object.bits.is_none() && expression::is_same_type(&given, &to);
    let mut parts = if is_same {
        vec![object.clone()]
    } else {
        expression::parts_of_class(context, object, &|it| it == &*to.name)
    };
    match (parts.pop(), parts.is_empty()) {
        (Some(part), true) => match part.address() {
            Some(address) => Ok(Part::Bytes(address.to_le_bytes().to_vec(), false)),
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
    let said = |reason: wdb_symbols::Unavailable| reason.to_string();
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
            let value = wide(&bytes.map_err(said)?, false, &ValType::F64);
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
    wide(&bytes, signed, &wasm)
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
fn wide(bytes: &[u8], signed: bool, ty: &ValType) -> Option<Value> {
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
