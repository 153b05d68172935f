//! How functions take values of the source: as which of WebAssembly's.
//!
//! C and C++ pass as `BasicCABI.md` of the tool conventions says: scalars as they are, a structure of one scalar as
//! that scalar, an empty one not at all, every other as a pointer to a copy. Rust's own convention is nowhere written
//! down; what it does with structures of one or two scalars, slices and `&str` among them, is what C does not.

use std::collections::BTreeSet;

use wasmparser::ValType;
use wdb_symbols::types::{Count, Encoding, Kind, Record, Signature};
use wdb_symbols::{Context, Language, TypeRef};

use wdb_examine::expression;

/// At most this many structures within one another are looked into.
const MOST_LEVELS: u32 = 8;

/// How a type of the source is passed.
pub(super) enum Passing {
    /// Not at all: it is empty.
    Nothing,
    /// As one number of this type.
    Scalar(TypeRef),
    /// As two numbers, the scalars of a structure.
    Two([Scalar; 2]),
    /// As two numbers, the halves of one of 16 bytes.
    Halves,
    /// As a pointer to a copy.
    Copy,
}

impl Passing {
    /// How many parameters of WebAssembly it takes.
    pub(super) fn width(&self) -> usize {
        match self {
            Passing::Nothing => 0,
            Passing::Scalar(_) | Passing::Copy => 1,
            Passing::Two(_) | Passing::Halves => 2,
        }
    }
}

/// A scalar in a structure.
#[derive(Clone)]
pub(super) struct Scalar {
    /// Where it is in the structure, in bytes.
    pub(super) offset: u64,
    /// In bytes.
    pub(super) size: u64,
    pub(super) ty: TypeRef,
}

/// Whether a function that takes `params` can be one of these parameters.
pub(super) fn fit(context: &Context<'_>, source: &Signature, params: &[ValType]) -> bool {
    // What follows the parameters is in memory.
    let params = match (source.variadic, params.split_last()) {
        (false, _) => params,
        (true, Some((rest, before))) if is_address(*rest) => before,
        (true, _) => return false,
    };
    // Of how some types are passed more than one way is possible: how many may be taken already.
    let mut taken = BTreeSet::from([0]);
    for ty in &source.parameters {
        let next = taken.iter().flat_map(|from| {
            let rest = params.get(*from..).unwrap_or_default();
            widths(context, ty, rest).iter().map(move |it| from + it)
        });
        taken = next.filter(|it| *it <= params.len()).collect();
        if taken.is_empty() {
            return false;
        }
    }
    taken.contains(&params.len())
}

/// How many of `params` a parameter of the source may take. None: it is another one's.
fn widths(context: &Context<'_>, ty: &TypeRef, params: &[ValType]) -> &'static [usize] {
    let fits = match passing(context, ty, params) {
        Ok(Passing::Nothing) => return &[0],
        Ok(Passing::Scalar(ty)) => {
            let first = params.first();
            first.is_some_and(|it| is_number_of(context, &ty, *it))
        }
        Ok(Passing::Copy) => params.first().is_some_and(|it| is_address(*it)),
        // It is one only where two such numbers are taken.
        Ok(Passing::Halves) => return &[2],
        Ok(Passing::Two(two)) => {
            let mut pairs = two.iter().zip(params);
            let fits = params.len() >= 2
                && pairs.all(|(part, param)| is_number_of(context, &part.ty, *param));
            return if fits { &[2] } else { &[] };
        }
        // A class of C++ is a number or is referred to.
        Err(_) if context.bare(ty).language == Some(Language::Cpp) => !params.is_empty(),
        Err(_) => return &[1, 2],
    };
    if fits { &[1] } else { &[] }
}

/// Whether a pointer to a copy, or a vector, can be of this type.
fn is_address(ty: ValType) -> bool {
    matches!(ty, ValType::I32 | ValType::I64 | ValType::V128)
}

/// Whether a number of the source is passed as one of this type.
fn is_number_of(context: &Context<'_>, ty: &TypeRef, param: ValType) -> bool {
    let bare = context.bare(ty);
    let expected = match (&bare.kind, bare.size) {
        (Kind::Base(Encoding::Complex) | Kind::MemberPointer(..), _) => return is_address(param),
        (Kind::Base(Encoding::Float), Some(4)) => ValType::F32,
        (Kind::Base(Encoding::Float), Some(8)) => ValType::F64,
        (_, Some(0..=4)) => ValType::I32,
        (_, Some(5..=8)) => ValType::I64,
        _ => return true,
    };
    param == expected
}

/// How a value of this type is passed where the parameters of WebAssembly that are left are `params`.
///
/// # Errors
///
/// When it is not known, as text.
pub(super) fn passing(
    context: &Context<'_>,
    ty: &TypeRef,
    params: &[ValType],
) -> Result<Passing, String> {
    let bare = context.bare(ty);
    let record = match &bare.kind {
        Kind::Record(record) => record,
        Kind::Array(_) if bare.language == Some(Language::Rust) => {
            return match bare.size {
                Some(0) => Ok(Passing::Nothing),
                Some(1..=8) | None => Err(format!(
                    "a `{}` cannot be passed by value: how Rust passes it is not known",
                    bare.name
                )),
                Some(_) => Ok(Passing::Copy),
            };
        }
        Kind::Array(_) | Kind::Base(Encoding::Complex) => return Ok(Passing::Copy),
        // Two words, which the ABI of C++ has as a structure.
        Kind::MemberPointer(_, member) if expression::is_function_type(context, member) => {
            return Ok(Passing::Copy);
        }
        _ if bare.size == Some(16) && params.starts_with(&[ValType::I64, ValType::I64]) => {
            return Ok(Passing::Halves);
        }
        _ => return Ok(Passing::Scalar(ty.clone())),
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
        return Ok(Passing::Copy);
    };
    let is_rust = bare.language == Some(Language::Rust);
    match &scalars[..] {
        [] => Ok(Passing::Nothing),
        [only] if Some(only.size) == bare.size => {
            // A class with a destructor goes by reference, and nothing here says which have one.
            let may_be_reference = bare.language == Some(Language::Cpp);
            if may_be_reference && params.first() == Some(&ValType::I32) {
                return refused("whether it goes as a number or by reference is not known");
            }
            Ok(Passing::Scalar(only.ty.clone()))
        }
        [first, second] if is_rust => Ok(Passing::Two([first.clone(), second.clone()])),
        _ if is_rust && bare.size.is_some_and(|it| it <= 8) => {
            refused("how Rust passes it is not known")
        }
        _ => Ok(Passing::Copy),
    }
}

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
                found.push(Scalar {
                    offset: at,
                    size: ty.size.unwrap_or(0),
                    ty: member_ty,
                });
                true
            }
        }
    })
}
