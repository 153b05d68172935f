//! From an object to what is in it or behind it: targets and members.
//!
//! What the DWARF says of a type goes first; where that knows no such member, what the object is to a reader
//! ([`Context::shape`]) does.

use wdb_symbols::render::Shape;
use wdb_symbols::types::{Kind, PointerKind, Record};
use wdb_symbols::{Context, Language, Object, Storage, Type, TypeRef, Unavailable};

use super::elements;

/// At most this many pointers, boxes and references are followed on the way to a member or a number.
pub(super) const MOST_STEPS: u32 = 16;

pub(super) fn words(words: impl Into<String>) -> Unavailable {
    Unavailable::Unsupported(words.into())
}

/// Whether a pointer is one that its language goes through by itself: a reference, a `Box`.
pub(super) fn is_reference(ty: &Type) -> bool {
    let rust = ty.language == Some(Language::Rust);
    let raw = ty.name.starts_with('*') || ty.name.starts_with("fn(") || ty.name.contains(" fn(");
    match ty.kind {
        Kind::Pointer(PointerKind::Pointer, _) => rust && !raw,
        Kind::Pointer(..) => true,
        _ => false,
    }
}

/// What a pointer points to.
pub(super) fn target(context: &mut Context<'_>, object: &Object) -> Result<Object, Unavailable> {
    let ty = context.bare(&object.ty);
    if context.unsigned(object)? == 0
        && !matches!(ty.kind, Kind::Pointer(_, ref it) if is_function_type(context, it))
    {
        return Err(words("it is null"));
    }
    match context.target(object)? {
        Some(target) => {
            // Of a structure that is only declared there is nothing to see.
            if let Kind::Record(_) = context.bare(&target.ty).kind {
                context.size(&target.ty)?;
            }
            Ok(target)
        }
        None => Err(words(format!(
            "nothing is known of what `{}` points to: cast it first",
            ty.name
        ))),
    }
}

/// Whether a type is that of functions.
pub fn is_function_type(context: &Context<'_>, ty: &TypeRef) -> bool {
    matches!(context.bare(ty).kind, Kind::Function(..))
}

/// What an object stands for: what a reference refers to, what is in a box or a cell. `None`: itself.
pub(super) fn inner(
    context: &mut Context<'_>,
    object: &Object,
) -> Result<Option<Object>, Unavailable> {
    let ty = context.bare(&object.ty);
    match ty.kind {
        Kind::Pointer(..) if is_reference(&ty) => return target(context, object).map(Some),
        Kind::Record(_) => {}
        _ => return Ok(None),
    }
    match context.shape(object, 1) {
        Shape::Wrapper(wrapper) => Ok(Some(wrapper.object)),
        Shape::Pointer(pointer) if pointer.address == 0 => Err(words("it is null")),
        Shape::Pointer(pointer) => Ok(pointer.target),
        Shape::Unavailable(reason) => Err(reason),
        _ => Ok(None),
    }
}

/// An object without the references around it.
///
/// # Errors
///
/// When one of them cannot be read.
pub fn dereferenced(context: &mut Context<'_>, object: &Object) -> Result<Object, Unavailable> {
    let mut found = object.clone();
    for _ in 0..MOST_STEPS {
        let ty = context.bare(&found.ty);
        if !matches!(
            ty.kind,
            Kind::Pointer(PointerKind::Reference | PointerKind::RvalueReference, _)
        ) {
            break;
        }
        found = target(context, &found)?;
    }
    Ok(found)
}

/// `*object`: what a pointer of any kind points to.
pub(super) fn dereference(
    context: &mut Context<'_>,
    object: &Object,
) -> Result<Object, Unavailable> {
    let object = dereferenced(context, object)?;
    let ty = context.bare(&object.ty);
    match ty.kind {
        Kind::Pointer(..) => target(context, &object),
        Kind::Array(_) => elements::element(context, &object, 0),
        // In C `*f` is `f`.
        Kind::Function(..) => Ok(object),
        _ => match inner(context, &object)? {
            Some(inner) => Ok(inner),
            None => Err(words(format!("`{}` is not a pointer", ty.name))),
        },
    }
}

/// The member called `name`, through pointers and boxes. `None`: there is none.
pub(super) fn member(
    context: &mut Context<'_>,
    object: &Object,
    name: &str,
) -> Result<Option<Object>, Unavailable> {
    member_within(context, object, name, MOST_STEPS)
}

fn member_within(
    context: &mut Context<'_>,
    object: &Object,
    name: &str,
    steps: u32,
) -> Result<Option<Object>, Unavailable> {
    let Some(steps) = steps.checked_sub(1) else {
        return Ok(None);
    };
    if let Storage::Nowhere(reason) = &object.place {
        return Err(reason.clone());
    }
    let mut known = None;
    match context.bare(&object.ty).kind {
        Kind::Pointer(..) => {
            let target = target(context, object)?;
            let found = member_within(context, &target, name, steps)?;
            if found.is_some() {
                return Ok(found);
            }
            known = Some(target.ty);
        }
        Kind::Record(_) => {
            let field = context.field(object, name);
            // Rust's tuples.
            let field = field.or_else(|| context.field(object, &format!("__{name}")));
            if field.is_some() {
                return Ok(field);
            }
        }
        _ => return Ok(None),
    }
    match context.shape(object, 1) {
        Shape::Fields(fields) => {
            let found = fields.fields.into_iter().find(|it| it.name == name);
            Ok(found.map(|it| it.object))
        }
        Shape::Wrapper(wrapper) => member_within(context, &wrapper.object, name, steps),
        Shape::Pointer(pointer) if pointer.address == 0 => Err(words("it is null")),
        // An object of a class may be of a class that is derived from it.
        Shape::Pointer(pointer) => match pointer.target {
            Some(target) if Some(&target.ty) != known.as_ref() => {
                member_within(context, &target, name, steps)
            }
            _ => Ok(None),
        },
        Shape::Unavailable(reason) => Err(reason),
        _ => Ok(None),
    }
}

/// The names of all members that [`member`] finds, except those of base classes.
pub(super) fn member_names(context: &mut Context<'_>, object: &Object) -> Vec<String> {
    let mut object = object.clone();
    for _ in 0..MOST_STEPS {
        if let Kind::Pointer(..) = context.bare(&object.ty).kind
            && let Ok(target) = target(context, &object)
        {
            object = target;
            continue;
        }
        match context.shape(&object, 1) {
            Shape::Fields(fields) => return fields.fields.into_iter().map(|it| it.name).collect(),
            Shape::Wrapper(wrapper) => object = wrapper.object,
            Shape::Pointer(pointer) => match pointer.target {
                Some(target) => object = target,
                None => break,
            },
            _ => break,
        }
    }
    Vec::new()
}

/// The name of the variant that an object is of, if it is one.
pub(super) fn variant_name(context: &mut Context<'_>, object: &Object) -> Option<String> {
    let Kind::Record(Record {
        variants: Some(_), ..
    }) = &context.bare(&object.ty).kind
    else {
        return None;
    };
    match context.shape(object, 1) {
        Shape::Fields(fields) => Some(fields.name),
        _ => None,
    }
}
