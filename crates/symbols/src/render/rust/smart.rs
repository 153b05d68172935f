//! Smart pointers, cells and locks.

use super::super::{Pointer, Shape, Wrapper};
use super::collections::in_memory;
use super::compiler::{self, vtable_of};
use crate::object::{Context, Object, Scalar};
use crate::types::Kind;

/// An object that is shown as another.
pub(super) fn plain_wrapper(object: Object) -> Shape {
    Shape::Wrapper(Wrapper { object, note: None })
}

fn noted(object: Object, note: Option<String>) -> Shape {
    Shape::Wrapper(Wrapper { object, note })
}

/// The types that are only a layer around a value.
pub(in super::super) fn wrapper(
    cx: &mut Context<'_>,
    object: &Object,
    _most: u64,
) -> Option<Shape> {
    let inner = cx.unwrapped(object);
    (inner != *object).then(|| plain_wrapper(inner))
}

/// `Cell`.
pub(in super::super) fn cell(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    let value = cx.field(object, "value")?;
    Some(plain_wrapper(cx.unwrapped(&value)))
}

/// `RefCell`: a number counts the borrows, negative for mutable ones.
pub(in super::super) fn ref_cell(
    cx: &mut Context<'_>,
    object: &Object,
    _most: u64,
) -> Option<Shape> {
    let value = cx.field(object, "value")?;
    let value = cx.unwrapped(&value);
    let note = match signed(cx, object, &["borrow"])? {
        0 => None,
        1 => Some("borrowed".to_owned()),
        count @ 2.. => Some(format!("borrowed {count} times")),
        ..0 => Some("mutably borrowed".to_owned()),
    };
    Some(noted(value, note))
}

/// The signed number at a path, under all layers.
fn signed(cx: &mut Context<'_>, object: &Object, path: &[&str]) -> Option<i128> {
    let found = cx.path(object, path)?;
    let leaf = cx.leaf(&found)?;
    match cx.scalar(&leaf).ok()? {
        Scalar::Signed(value) => Some(value),
        Scalar::Unsigned(value) => i128::try_from(value).ok(),
        Scalar::Boolean(value) => Some(value.into()),
        _ => None,
    }
}

/// `Ref`, `RefMut`, `MutexGuard`: the value that they give access to.
pub(in super::super) fn guard(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    let paths: &[&[&str]] = &[&["value"], &["lock"], &["data"], &["inner_lock"]];
    let pointer = cx.first_path(object, paths)?;
    let pointer = cx.leaf(&pointer)?;
    let target = cx.target(&pointer).ok()??;
    let value = match cx.field(&target, "poison") {
        // The target is the lock, not the value in it.
        Some(_) => cx.field(&target, "data")?,
        None => target,
    };
    Some(plain_wrapper(cx.unwrapped(&value)))
}

/// `Mutex`.
pub(in super::super) fn mutex(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    let state = signed(cx, object, &["inner", "locked"])
        .or_else(|| signed(cx, object, &["inner", "futex"]));
    let locked = state.is_some_and(|state| state != 0).then_some("locked");
    lock(cx, object, locked.map(str::to_owned))
}

/// `RwLock`. Without threads it counts readers, and a writer is -1.
pub(in super::super) fn rw_lock(
    cx: &mut Context<'_>,
    object: &Object,
    _most: u64,
) -> Option<Shape> {
    // In the state of the futex, a writer sets all of the low 30 bits.
    let readers_of_futex = |state: i128| match state & 0x3fff_ffff {
        0x3fff_ffff => -1,
        readers => readers,
    };
    let readers = match signed(cx, object, &["inner", "mode"]) {
        Some(mode) => mode,
        None => signed(cx, object, &["inner", "state"]).map_or(0, readers_of_futex),
    };
    let note = match readers {
        0 => None,
        ..0 => Some("locked for writing".to_owned()),
        1 => Some("locked for reading".to_owned()),
        count => Some(format!("locked for reading {count} times")),
    };
    lock(cx, object, note)
}

fn lock(cx: &mut Context<'_>, object: &Object, state: Option<String>) -> Option<Shape> {
    let value = cx.field(object, "data")?;
    let value = cx.unwrapped(&value);
    let poisoned = signed(cx, object, &["poison", "failed"]).is_some_and(|it| it != 0);
    let note = match (state, poisoned) {
        (Some(state), true) => Some(format!("{state}, poisoned")),
        (None, true) => Some("poisoned".to_owned()),
        (state, false) => state,
    };
    Some(noted(value, note))
}

/// `OnceCell`: an `Option`.
pub(in super::super) fn once_cell(
    cx: &mut Context<'_>,
    object: &Object,
    _most: u64,
) -> Option<Shape> {
    let inner = cx.field(object, "inner")?;
    let inner = cx.unwrapped(&inner);
    Some(match cx.variant_of(&inner)? {
        (_, Some(value)) => plain_wrapper(value),
        (_, None) => uninitialised(),
    })
}

fn uninitialised() -> Shape {
    Shape::Scalar("(not initialised)".to_owned())
}

/// `LazyCell`: an enum of its own.
pub(in super::super) fn lazy_cell(
    cx: &mut Context<'_>,
    object: &Object,
    _most: u64,
) -> Option<Shape> {
    let state = cx.field(object, "state")?;
    let state = cx.unwrapped(&state);
    Some(match cx.variant_of(&state)? {
        (name, Some(value)) if name == "Init" => plain_wrapper(value),
        (name, _) if name == "Poisoned" => Shape::Scalar("(poisoned)".to_owned()),
        _ => uninitialised(),
    })
}

/// `OnceLock`.
pub(in super::super) fn once_lock(
    cx: &mut Context<'_>,
    object: &Object,
    _most: u64,
) -> Option<Shape> {
    let value = cx.field(object, "value")?;
    once(cx, object, value)
}

/// `LazyLock`: a union of the value and the function that makes it.
pub(in super::super) fn lazy_lock(
    cx: &mut Context<'_>,
    object: &Object,
    _most: u64,
) -> Option<Shape> {
    let data = cx.field(object, "data")?;
    let data = cx.unwrapped(&data);
    let value = cx.field(&data, "value")?;
    once(cx, object, value)
}

/// A value that is initialised when its `Once` says so. Only the `Once` of programs without threads is known: the
/// numbers of the others changed between releases.
fn once(cx: &mut Context<'_>, object: &Object, value: Object) -> Option<Shape> {
    let state = cx.path(object, &["once", "inner", "state"])?;
    let state = cx.first_path(&state, &[&["value"]]).unwrap_or(state);
    let state = cx.unwrapped(&state);
    let (state, _) = cx.variant_of(&state)?;
    Some(match &*state {
        "Complete" => plain_wrapper(cx.unwrapped(&value)),
        "Poisoned" => Shape::Scalar("(poisoned)".to_owned()),
        "Incomplete" | "Running" => uninitialised(),
        _ => return None,
    })
}

/// The value of a `thread_local!`, in programs without threads.
pub(in super::super) fn thread_local(
    cx: &mut Context<'_>,
    object: &Object,
    _most: u64,
) -> Option<Shape> {
    let value = cx.field(object, "value")?;
    let value = plain_wrapper(cx.unwrapped(&value));
    // A value that is initialised at its first use has a state.
    let Some(state) = cx.path(object, &["state", "value"]) else {
        return Some(value);
    };
    let state = cx.unwrapped(&state);
    Some(match &*cx.variant_of(&state)?.0 {
        "Alive" => value,
        _ => uninitialised(),
    })
}

/// The atomics.
pub(in super::super) fn atomic(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    let leaf = cx.leaf(object)?;
    let ty = cx.bare(&object.ty);
    // Its number is a `u8`.
    let is_bool = ty.name.ends_with("Atomic<bool>") || ty.name.ends_with("AtomicBool");
    Some(match cx.unsigned(&leaf) {
        Ok(value @ 0..=1) if is_bool => Shape::Scalar((value == 1).to_string()),
        _ => plain_wrapper(leaf),
    })
}

/// `Cow`: shown as the value that it owns or borrows.
pub(in super::super) fn cow(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    Some(plain_wrapper(cx.variant_of(object)?.1?))
}

/// `Pin`, and other types with one pointer to the value.
pub(in super::super) fn reference(
    cx: &mut Context<'_>,
    object: &Object,
    _most: u64,
) -> Option<Shape> {
    let paths: &[&[&str]] = &[&["pointer"], &["__pointer"]];
    Some(plain_wrapper(cx.first_path(object, paths)?))
}

/// `Rc` and `Arc`: the value, and the counts if there is more than one owner or a weak pointer.
pub(in super::super) fn arc(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    let shared = shared(cx, object)?;
    let mut counts = Vec::new();
    if shared.strong > 1 {
        counts.push(format!("strong {}", shared.strong));
    }
    // All strong pointers together hold one weak count.
    if shared.weak > 1 {
        counts.push(format!("weak {}", shared.weak - 1));
    }
    match shared.value {
        Ok(value) => Some(Shape::Pointer(Pointer {
            address: value.address()?,
            target: Some(value),
            name: None,
            text: None,
            follow: true,
            note: (!counts.is_empty()).then(|| counts.join(", ")),
        })),
        Err(shape) => Some(shape),
    }
}

/// `Weak`: a pointer. The short form does not follow it, even if its value still exists.
pub(in super::super) fn weak(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    let pointer = cx.field(object, "ptr")?;
    let address = match cx.leaf(&pointer) {
        Some(thin) => cx.unsigned(&thin).ok()?,
        None => return None,
    };
    let size = cx.size(&pointer.ty).ok()?;
    if address == u64::MAX || size == 4 && address == u64::from(u32::MAX) {
        return Some(Shape::Scalar("(Weak of nothing)".to_owned()));
    }
    let shared = shared(cx, object)?;
    let target = shared.value.ok().filter(|_| shared.strong > 0);
    Some(Shape::Pointer(Pointer {
        address,
        target,
        name: None,
        text: None,
        follow: false,
        note: Some(match shared.strong {
            0 => "weak, dropped".to_owned(),
            strong => format!("weak, strong {strong}"),
        }),
    }))
}

/// The allocation that `Rc`s or `Arc`s share.
struct Shared {
    strong: u64,
    weak: u64,
    /// The value, or its shape if it is a slice or text, which is not an [`Object`].
    value: Result<Object, Shape>,
}

fn shared(cx: &mut Context<'_>, object: &Object) -> Option<Shared> {
    let pointer = cx.first_path(object, &[&["ptr", "pointer"], &["ptr"]])?;
    let thin = match cx.bare(&pointer.ty).kind {
        Kind::Pointer(..) => pointer.clone(),
        _ => cx.first_path(&pointer, &[&["data_ptr"], &["pointer"]])?,
    };
    let inner = cx.target(&thin).ok()??;
    let strong = cx.number_at(&inner, &[&["strong"]])?;
    let weak = cx.number_at(&inner, &[&["weak"]])?;
    let value = cx.first_path(&inner, &[&["value"], &["data"]])?;
    let value = if let Some((concrete, align)) = vtable_of(cx, &pointer) {
        // The alignment of the concrete type decides the offset of the value of a `dyn`.
        let header = value.address()?.checked_sub(inner.address()?)?;
        let offset = header.checked_next_multiple_of(align.max(1))?;
        Ok(Object::at(inner.address()?.checked_add(offset)?, concrete))
    } else if let Some(length) = cx.number_at(&pointer, &[&["length"]]) {
        let address = value.address()?;
        match compiler::pointee(&cx.bare(&object.ty).name) {
            Some(name) if compiler::is_text(name) => Err(cx.text(address, length)),
            _ => Err(in_memory(cx, address, value.ty, length)?),
        }
    } else {
        Ok(value)
    };
    Some(Shared {
        strong,
        weak,
        value,
    })
}
