//! Pointers that own or count, and wrappers that point.

use super::{member, number};
use crate::object::{Context, Object};
use crate::render::{Shape, Wrapper};

/// A pointer that is in a member; its value shows with it.
fn pointer(
    context: &mut Context<'_>,
    pointer: &Object,
    note: Option<String>,
    follow: bool,
) -> Option<Shape> {
    match context.shape(pointer, 0) {
        Shape::Pointer(it) => Some(Shape::Pointer(crate::render::Pointer {
            follow: follow && it.target.is_some(),
            note: note.or(it.note),
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
    pointer(context, &inner, None, true)
}

/// `std::shared_ptr`, with the number of those that share.
pub(in crate::render) fn shared(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let inner = context.field(object, "__ptr_")?;
    let note = counts(context, object).map(|(shared, weak)| match weak {
        0 => format!("{shared} shared"),
        _ => format!("{shared} shared, {weak} weak"),
    });
    pointer(context, &inner, note, true)
}

/// `std::weak_ptr`, which keeps the address of a value that is gone.
pub(in crate::render) fn weak(context: &mut Context<'_>, object: &Object, _: u64) -> Option<Shape> {
    let inner = context.field(object, "__ptr_")?;
    let counts = counts(context, object);
    let note = counts.map(|(shared, weak)| match shared {
        0 => "expired".to_owned(),
        _ => format!("{shared} shared, {weak} weak"),
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

/// How many share the value, and how many weak pointers there are. `None`: the pointer was never given a value.
fn counts(context: &mut Context<'_>, object: &Object) -> Option<(i128, i128)> {
    let control = context.field(object, "__cntrl_")?;
    if context.unsigned(&control).ok()? == 0 {
        return None;
    }
    let control = context.target(&control).ok()??;
    // What is stored is one less; all that share hold one weak count together.
    let shared = count(context, &control, "__shared_owners_")? + 1;
    let weak = count(context, &control, "__shared_weak_owners_")? + i128::from(shared == 0);
    Some((shared, weak))
}

fn count(context: &mut Context<'_>, control: &Object, name: &str) -> Option<i128> {
    let found = context.field(control, name)?;
    match context.scalar(&found).ok()? {
        crate::object::Scalar::Signed(value) => Some(value),
        _ => None,
    }
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
    number(context, object, &["__ptr_"])?;
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
