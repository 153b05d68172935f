//! Pointers that own or count, and wrappers that point.

use super::class::integer;
use super::{Follow, argument, member};
use crate::object::{Context, Object, Scalar};
use crate::render::{Shape, Wrapper};
use crate::types::{Encoding, Kind};

/// The shape of a pointer in a member of a smart pointer.
fn pointer(
    context: &mut Context<'_>,
    pointer: &Object,
    note: Option<String>,
    follow: Follow,
) -> Option<Shape> {
    match context.plain_shape(pointer) {
        Shape::Pointer(shape) => Some(Shape::Pointer(crate::render::Pointer {
            follow: follow == Follow::Target && shape.target.is_some(),
            // The dynamic class of the target, and the additional note.
            note: match (shape.note, note) {
                (Some(class), Some(note)) => Some(format!("{class}, {note}")),
                (class, note) => class.or(note),
            },
            ..shape
        })),
        _ => None,
    }
}

/// `std::unique_ptr`.
pub(in crate::render) fn unique(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let inner = member(context, object, &["__ptr_"])?;
    let follow = follow(context, object);
    pointer(context, &inner, None, follow)
}

/// A pointer to an array is not followed, because the length of the array is unknown.
fn follow(context: &Context<'_>, object: &Object) -> Follow {
    match argument(context, &object.ty, 0) {
        Some(target) if matches!(context.bare(&target).kind, Kind::Array(_)) => Follow::Address,
        _ => Follow::Target,
    }
}

/// `std::shared_ptr`, with the number of owners.
pub(in crate::render) fn shared(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let inner = context.field(object, "__ptr_")?;
    let note = counts(context, object).map(owners);
    let follow = follow(context, object);
    pointer(context, &inner, note, follow)
}

/// `std::weak_ptr`. It keeps the address when its value is gone.
pub(in crate::render) fn weak(context: &mut Context<'_>, object: &Object, _: u64) -> Option<Shape> {
    let inner = context.field(object, "__ptr_")?;
    let counts = counts(context, object);
    let note = counts.map(|(shared, weak)| match shared {
        0 => "expired".to_owned(),
        _ => owners((shared, weak)),
    });
    let is_alive = counts.is_some_and(|(shared, _)| shared > 0);
    let follow = if is_alive {
        Follow::Target
    } else {
        Follow::Address
    };
    let shape = pointer(context, &inner, note, follow)?;
    match shape {
        Shape::Pointer(pointer) if !is_alive => Some(Shape::Pointer(crate::render::Pointer {
            target: None,
            text: None,
            ..pointer
        })),
        shape => Some(shape),
    }
}

fn owners((shared, weak): (i128, i128)) -> String {
    let owners = match shared {
        1 => "1 owner".to_owned(),
        shared => format!("{shared} owners"),
    };
    match weak {
        0 => owners,
        weak => format!("{owners}, {weak} weak"),
    }
}

/// How many owners and how many weak pointers the value has. `None`: the pointer never had a value.
///
/// The counts are in a class of the library that programs only declare, so the DWARF does not have their offsets. They
/// follow the pointer to the virtual functions, each of the size of a pointer. All versions have this layout, because
/// code that is compiled into programs changes the counts.
fn counts(context: &mut Context<'_>, object: &Object) -> Option<(i128, i128)> {
    let pointer = context.field(object, "__cntrl_")?;
    let control = context.unsigned(&pointer).ok()?;
    if control == 0 {
        return None;
    }
    let size = context.size(&pointer.ty).ok()?;
    let mut count = |index: u64| {
        let place = control.checked_add(size.checked_mul(index)?)?;
        let count = Object::at(place, integer(size, Encoding::Signed));
        match context.scalar(&count).ok()? {
            Scalar::Signed(count @ -1..) => Some(count + 1),
            _ => None,
        }
    };
    // The stored counts are one less. All owners together hold one weak count.
    let (shared, weak) = (count(1)?, count(2)?);
    Some((shared, weak - i128::from(shared > 0)))
}

/// `std::reference_wrapper`: shown as a reference.
pub(in crate::render) fn reference(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let inner = context.field(object, "__f_")?;
    pointer(context, &inner, None, Follow::Target)
}

/// `std::exception_ptr`: the address of the thrown object. Its type is unknown.
pub(in crate::render) fn exception(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let inner = context.field(object, "__ptr_")?;
    pointer(context, &inner, None, Follow::Address)
}

/// `std::atomic`: its value.
pub(in crate::render) fn atomic(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let inner = context.field(object, "__a_")?;
    let object = context.field(&inner, "__a_value").unwrap_or(inner);
    Some(Shape::Wrapper(Wrapper { object, note: None }))
}
