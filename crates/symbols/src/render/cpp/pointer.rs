//! Pointers that own or count, and wrappers that point.

use super::class::integer;
use super::{argument, member};
use crate::object::{Context, Object, Scalar};
use crate::render::{Shape, Wrapper};
use crate::types::{Encoding, Kind};

/// A pointer that is in a member; its value shows with it.
fn pointer(
    context: &mut Context<'_>,
    pointer: &Object,
    note: Option<String>,
    follow: bool,
) -> Option<Shape> {
    match context.plain_shape(pointer) {
        Shape::Pointer(it) => Some(Shape::Pointer(crate::render::Pointer {
            follow: follow && it.target.is_some(),
            // Which class it really is of, and what else there is to say.
            note: match (it.note, note) {
                (Some(class), Some(note)) => Some(format!("{class}, {note}")),
                (class, note) => class.or(note),
            },
            ..it
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
    let follow = !is_array(context, object);
    pointer(context, &inner, None, follow)
}

/// Whether it is a pointer to an array, which does not know how long that is.
fn is_array(context: &Context<'_>, object: &Object) -> bool {
    argument(context, &object.ty, 0)
        .is_some_and(|it| matches!(context.bare(&it).kind, Kind::Array(_)))
}

/// `std::shared_ptr`, with the number of those that share.
pub(in crate::render) fn shared(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let inner = context.field(object, "__ptr_")?;
    let note = counts(context, object).map(owners);
    let follow = !is_array(context, object);
    pointer(context, &inner, note, follow)
}

/// `std::weak_ptr`, which keeps the address of a value that is gone.
pub(in crate::render) fn weak(context: &mut Context<'_>, object: &Object, _: u64) -> Option<Shape> {
    let inner = context.field(object, "__ptr_")?;
    let counts = counts(context, object);
    let note = counts.map(|(shared, weak)| match shared {
        0 => "expired".to_owned(),
        _ => owners((shared, weak)),
    });
    let alive = counts.is_some_and(|(shared, _)| shared > 0);
    let shape = pointer(context, &inner, note, alive)?;
    match shape {
        Shape::Pointer(it) if !alive => Some(Shape::Pointer(crate::render::Pointer {
            target: None,
            text: None,
            ..it
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

/// How many share the value, and how many weak pointers there are. `None`: the pointer was never given a value.
///
/// The class of the counts is the library's own, and programs have only its declaration. So it is not from the DWARF that
/// they come after the pointer to the virtual functions, each of the size of a pointer: it has been so in all
/// versions, because code that is compiled into programs counts there.
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
    // What is stored is one less, and all that share hold one of the weak counts together.
    let (shared, weak) = (count(1)?, count(2)?);
    Some((shared, weak - i128::from(shared > 0)))
}

/// `std::reference_wrapper`: as the reference.
pub(in crate::render) fn reference(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let inner = context.field(object, "__f_")?;
    pointer(context, &inner, None, true)
}

/// `std::exception_ptr`: the address of what was thrown, of which it does not tell the type.
pub(in crate::render) fn exception(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let inner = context.field(object, "__ptr_")?;
    pointer(context, &inner, None, false)
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
