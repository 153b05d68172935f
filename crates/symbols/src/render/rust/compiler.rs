//! Types that the compiler makes: pointers with a length or a vtable, closures, futures.

use std::collections::HashSet;

use super::super::scalar::last_segment;
use super::super::{Fields, Pointer, Shape};
use super::collections::in_memory;
use super::smart::plain_wrapper;
use crate::object::{Context, Object};
use crate::spelling::{Role, Sign, signs};
use crate::types::{Kind, TypeRef};

/// Pointers, references and boxes to types without a fixed size: slices, texts, `dyn`.
pub(in super::super) fn fat_pointer(
    cx: &mut Context<'_>,
    object: &Object,
    _most: u64,
) -> Option<Shape> {
    let ty = cx.bare(&object.ty);
    let is_raw = ty.name.starts_with('*');
    let name = pointee(&ty.name)?;
    let data = cx.first_path(object, &[&["data_ptr"], &["pointer"]])?;
    let address = cx.unsigned(&data).ok()?;
    let pointer = |target, note| {
        Some(Shape::Pointer(Pointer {
            address,
            target,
            name: None,
            text: None,
            follow: !is_raw,
            note,
        }))
    };
    if cx.field(object, "vtable").is_some() {
        return match vtable_of(cx, object) {
            Some((concrete, _)) => pointer(Some(Object::at(address, concrete)), None),
            // `dyn` with several traits is in parentheses.
            None => pointer(None, Some(name.trim_matches(['(', ')']).to_owned())),
        };
    }
    let length = cx.number_at(object, &[&["length"]])?;
    let Kind::Pointer(_, element) = cx.bare(&data.ty).kind.clone() else {
        return None;
    };
    match name {
        _ if is_raw => pointer(None, Some(format!("length {length}"))),
        "core::ffi::c_str::CStr" => Some(cx.text(address, length.saturating_sub(1))),
        name if is_text(name) => Some(cx.text(address, length)),
        name if name.starts_with('[') => in_memory(cx, address, element, length),
        // A structure whose last member has no fixed size.
        _ => pointer(
            Some(Object::at(address, element)),
            Some(format!("length {length}")),
        ),
    }
}

/// From the name of a pointer or box type, the name of the type that it refers to.
pub(super) fn pointee(name: &str) -> Option<&str> {
    let prefixes = ["&mut ", "&", "*const ", "*mut "];
    if let Some(target) = prefixes.iter().find_map(|it| name.strip_prefix(it)) {
        return Some(target);
    }
    let open = name.find('<')?;
    let inside = &name[open..];
    let is_end = |sign: &Sign| match sign.role {
        Role::Closes => sign.depth == 0,
        _ => sign.depth == 1 && sign.c == ',',
    };
    let end = signs(inside).find(is_end)?;
    inside.get(1..end.at)
}

/// Whether the bytes of a type with this name are a text.
pub(super) fn is_text(name: &str) -> bool {
    matches!(name, "str" | "std::path::Path" | "std::ffi::os_str::OsStr")
}

/// The concrete type behind a pointer to a `dyn`, and its alignment, which is the third word of the vtable.
pub(super) fn vtable_of(cx: &mut Context<'_>, pointer: &Object) -> Option<(TypeRef, u64)> {
    let vtable = cx.field(pointer, "vtable")?;
    let address = cx.unsigned(&vtable).ok()?;
    let concrete = cx.symbols.vtable_type(address)?;
    let word = cx.size(&vtable.ty).ok()?;
    let third_word = address.checked_add(word.checked_mul(2)?)?;
    let align = Object::at(third_word, vtable.ty.clone());
    Some((concrete, cx.unsigned(&align).ok()?))
}

/// A closure: what it captured.
pub(in super::super) fn closure(
    cx: &mut Context<'_>,
    object: &Object,
    _most: u64,
) -> Option<Shape> {
    let ty = cx.bare(&object.ty);
    let Kind::Record(record) = &ty.kind else {
        return None;
    };
    let mut fields = cx.fields(object, &ty, record);
    fields.name = fields.name.replace("_env#", "#");
    captures(&mut fields);
    Some(Shape::Fields(fields))
}

/// Removes the mark before the names of variables that are captured by reference.
fn captures(fields: &mut Fields) {
    for field in &mut fields.fields {
        if let Some(name) = field.name.strip_prefix("_ref__") {
            field.name = name.to_owned();
        }
    }
}

/// `Context`, the argument of `Future::poll`: its waker.
pub(in super::super) fn context(
    cx: &mut Context<'_>,
    object: &Object,
    _most: u64,
) -> Option<Shape> {
    let waker = cx.field(object, "waker")?;
    let waker = cx.target(&waker).ok()??;
    Some(plain_wrapper(waker))
}

/// `Waker`: the executor's pointer to the task, and the name of its vtable.
pub(in super::super) fn waker(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    let vtable = cx.path(object, &["waker", "vtable"])?;
    let vtable = cx.unsigned(&vtable).ok()?;
    let data = cx.path(object, &["waker", "data"])?;
    let address = cx.unsigned(&data).ok()?;
    let name = cx.name_at(vtable);
    Some(Shape::Pointer(Pointer {
        address,
        target: None,
        name: None,
        text: None,
        follow: false,
        note: Some(format!(
            "waker of {}",
            name.unwrap_or_else(|| format!("{vtable:#x}"))
        )),
    }))
}

/// A future or generator: its state, and the variables that are alive in that state.
pub(in super::super) fn coroutine(
    cx: &mut Context<'_>,
    object: &Object,
    _most: u64,
) -> Option<Shape> {
    let ty = cx.bare(&object.ty);
    let Kind::Record(record) = &ty.kind else {
        return None;
    };
    let variant = cx
        .active_variant(object, &ty, record.variants.as_ref()?)
        .ok()?;
    let [state] = variant.members.as_slice() else {
        return None;
    };
    let payload = cx.member(object, state);
    let payload_type = cx.bare(&payload.ty);
    let Kind::Record(payload_record) = &payload_type.kind else {
        return None;
    };
    let mut fields = cx.fields(&payload, &payload_type, payload_record);
    captures(&mut fields);
    let name = last_segment(&payload_type.name);
    match &*name {
        // Nothing is alive in these states.
        "Returned" | "Panicked" => fields.fields.clear(),
        // A captured variable is listed twice: as captured, and as a variable of the function.
        _ => {
            let mut seen = HashSet::new();
            fields
                .fields
                .retain(|field| seen.insert(field.name.clone()));
        }
    }
    for field in fields.fields.iter_mut().filter(|it| it.name == "__awaitee") {
        field.name = "awaiting".to_owned();
    }
    fields.fields.sort_by_key(|it| it.name == "awaiting");
    fields.name = match variant.line {
        Some(line) if name.starts_with("Suspend") => format!("{name} at line {line}"),
        _ => name,
    };
    Some(Shape::Fields(fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pointer_refers_to() {
        assert_eq!(pointee("&str"), Some("str"));
        assert_eq!(pointee("&mut [u8]"), Some("[u8]"));
        assert_eq!(pointee("*const [u8]"), Some("[u8]"));
        assert_eq!(pointee("alloc::boxed::Box<str, A>"), Some("str"));
        assert_eq!(
            pointee("alloc::boxed::Box<[(u8, Vec<u8>)], A>"),
            Some("[(u8, Vec<u8>)]")
        );
        assert_eq!(pointee("alloc::rc::Rc<dyn a::B<c>>"), Some("dyn a::B<c>"));
        assert_eq!(pointee("fn"), None);
    }
}
