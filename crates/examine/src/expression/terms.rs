//! Objects as something to compute with and compare: numbers, addresses, texts.

use wdb_symbols::object::Scalar;
use wdb_symbols::render::Shape;
use wdb_symbols::types::{Encoding, Kind};
use wdb_symbols::{Context, Object, Storage, Type, TypeRef, Unavailable};

use super::access::{MOST_STEPS, inner, is_reference, words};
use super::elements::array_element;
use super::made;
use super::number::{IntegerType, Number};

/// A value that can be computed with.
pub(super) enum Term {
    Number(Number),
    /// A pointer: where to, and to what.
    Pointer(u64, TypeRef),
}

/// An object as something to compute with.
pub(super) fn term(context: &mut Context<'_>, object: &Object) -> Result<Term, Unavailable> {
    let mut object = object.clone();
    for _ in 0..MOST_STEPS {
        if let Storage::Nowhere(reason) = &object.place {
            return Err(reason.clone());
        }
        let ty = context.bare(&object.ty);
        match &ty.kind {
            Kind::Base(_) | Kind::Enumeration(_) | Kind::MemberPointer(..) => {
                return number(context, &object, &ty).map(Term::Number);
            }
            Kind::Pointer(_, target) if !is_reference(&ty) => {
                return Ok(Term::Pointer(context.unsigned(&object)?, target.clone()));
            }
            Kind::Array(array) => {
                let Some(address) = object.address() else {
                    return Err(words(
                        "it is an array that is not in memory, and has no address",
                    ));
                };
                let element = match array_element(context, &object, &ty, array, 0) {
                    Ok(first) => first.ty,
                    Err(_) => array.element.clone(),
                };
                return Ok(Term::Pointer(address, element));
            }
            Kind::Function(..) if let Some(address) = object.address() => {
                return Ok(Term::Pointer(address, object.ty.clone()));
            }
            Kind::Void if ty.size.is_some() || ty.name.contains("nullptr") => {
                return Ok(Term::Pointer(0, TypeRef::Void));
            }
            Kind::Record(_) => {
                let null =
                    |it: &Shape| matches!(it, Shape::Pointer(pointer) if pointer.address == 0);
                let shape = context.shape(&object, 1);
                if null(&shape) {
                    return Ok(Term::Pointer(0, TypeRef::Void));
                }
                match shape {
                    Shape::Pointer(pointer) if !pointer.follow => {
                        let target = pointer.target.map_or(TypeRef::Void, |it| it.ty);
                        return Ok(Term::Pointer(pointer.address, target));
                    }
                    Shape::Unavailable(reason) => return Err(reason),
                    _ => {}
                }
            }
            _ => {}
        }
        match inner(context, &object)? {
            Some(inner) => object = inner,
            None => return Err(words(format!("`{}` is not a number", ty.name))),
        }
    }
    Err(words("it is a pointer to too many pointers"))
}

fn number(context: &mut Context<'_>, object: &Object, ty: &Type) -> Result<Number, Unavailable> {
    let bits = ty
        .size
        .map_or(32, |size| size.saturating_mul(8).clamp(8, 128) as u32);
    let integer = |value: u128, signed| Number::integer(value, IntegerType { bits, signed });
    Ok(match context.scalar(object)? {
        Scalar::Signed(value) => integer(value.cast_unsigned(), true),
        Scalar::Unsigned(value) => integer(value, false),
        Scalar::Address(value) => integer(u128::from(value), false),
        Scalar::Boolean(value) => integer(u128::from(value), false),
        Scalar::Character { code, .. } => {
            let signed = matches!(ty.kind, Kind::Base(Encoding::SignedChar));
            integer(i128::from(code).cast_unsigned(), signed)
        }
        Scalar::Float(value) => Number::Float(value, bits == 32),
    })
}

/// What a C pointer to characters is meant as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pointers {
    Addresses,
    Texts,
}

/// The text that an object is or refers to. `None`: it is none.
pub(super) fn text(
    context: &mut Context<'_>,
    object: &Object,
    pointers: Pointers,
) -> Result<Option<Vec<u8>>, Unavailable> {
    if let Some(bytes) = made::literal_text(object) {
        return Ok(Some(bytes.to_vec()));
    }
    let mut object = object.clone();
    for _ in 0..MOST_STEPS {
        if matches!(
            context.bare(&object.ty).kind,
            Kind::Base(_) | Kind::Enumeration(_)
        ) {
            return Ok(None);
        }
        let text = match context.shape(&object, 1) {
            Shape::Text(text) => text,
            Shape::Wrapper(wrapper) => {
                object = wrapper.object;
                continue;
            }
            Shape::Pointer(pointer) => match (pointer.text, pointer.target) {
                (Some(text), _) if pointers == Pointers::Texts => text,
                (_, Some(target)) if pointer.follow => {
                    object = target;
                    continue;
                }
                _ => return Ok(None),
            },
            Shape::Unavailable(reason) => return Err(reason),
            _ => return Ok(None),
        };
        return if text.length == Some(text.bytes.len() as u64) {
            Ok(Some(text.bytes))
        } else {
            Err(words("the text is too long to be read whole"))
        };
    }
    Ok(None)
}
