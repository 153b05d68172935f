//! The types of Rust's standard library.

use super::Shape;
use crate::object::{Context, Object};

/// `String`: a vector of bytes.
pub(super) fn string(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    let length = cx.path(object, &["vec", "len"])?;
    let length = cx.unsigned(&length).ok()?;
    let data = cx.path(
        object,
        &["vec", "buf", "inner", "ptr", "pointer", "pointer"],
    )?;
    let data = cx.unsigned(&data).ok()?;
    Some(cx.text(data, length))
}
