//! Slices and strings of Zig and Go: a pointer with a length.

use super::text::readable;
use super::{Elements, Sequence, Shape};
use crate::object::{Context, Object};
use crate::types::{Kind, TypeRef};

/// Zig's `[]T`, Go's `[]T`.
pub(super) fn slice(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    let (address, element, length) = parts(cx, object)?;
    let stride = cx.size(&element).ok()?;
    // The only texts of Zig are slices of `u8`.
    if cx.bare(&object.ty).name.ends_with("u8") && stride == 1 {
        match cx.text(address, length) {
            Shape::Text(text) if readable(&text.bytes) => return Some(Shape::Text(text)),
            _ => {}
        }
    }
    Some(Shape::Sequence(Sequence {
        set: false,
        elements: Elements::Array {
            first: Object::at(address, element),
            stride,
            length,
        },
    }))
}

/// Go's `string`.
pub(super) fn string(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    let (address, _, length) = parts(cx, object)?;
    Some(cx.text(address, length))
}

fn parts(cx: &mut Context<'_>, object: &Object) -> Option<(u64, TypeRef, u64)> {
    let names = ["ptr", "str", "array"];
    let pointer = names.iter().find_map(|it| cx.field(object, it))?;
    let length = cx.field(object, "len")?;
    let Kind::Pointer(_, element) = &cx.bare(&pointer.ty).kind else {
        return None;
    };
    let address = cx.unsigned(&pointer).ok()?;
    Some((address, element.clone(), cx.unsigned(&length).ok()?))
}
