//! The types of Rust's standard library.
//!
//! The names of their fields are listed here: first those of the standard library of 2026, then older names since
//! 2020. Types that only wrap another (`Unique`, `NonNull`, `UnsafeCell`, `Cap`, …) come and go between releases. So
//! any number of these layers is removed.

mod collections;
mod compiler;
mod smart;

pub(super) use collections::{
    binary_heap, btree_map, btree_set, hash_map, hash_set, linked_list, remaining, vec, vec_deque,
};
pub(super) use compiler::{closure, context, coroutine, fat_pointer, waker};
pub(super) use smart::{
    arc, atomic, cell, cow, guard, lazy_cell, lazy_lock, mutex, once_cell, once_lock, ref_cell,
    reference, rw_lock, thread_local, weak, wrapper,
};

use core::net::IpAddr;
use std::time::Duration;

use super::table::without_arguments;
use super::{Limits, Shape, calendar};
use crate::object::{Context, Object, Scalar};
use crate::types::{Kind, TypeRef};

/// At most this many layers around a value are removed.
const MOST_LAYERS: usize = 16;

/// The names of the only member of a layer around a number or a pointer.
const LAYERS: &[&str] = &["pointer", "__0", "value", "v", "inner", "p"];

/// The types that are only a layer around a value of any type.
const WRAPPERS: &[&str] = &[
    "core::mem::maybe_uninit::MaybeUninit",
    "core::mem::manually_drop::ManuallyDrop",
    "core::mem::maybe_dangling::MaybeDangling",
    "core::cell::UnsafeCell",
    "core::cell::SyncUnsafeCell",
];

impl Context<'_> {
    /// The member at the first path that exists in the type.
    fn first_path(&mut self, object: &Object, paths: &[&[&str]]) -> Option<Object> {
        paths.iter().find_map(|it| self.path(object, it))
    }

    /// The number or pointer under all layers.
    fn leaf(&mut self, object: &Object) -> Option<Object> {
        let mut inner = object.clone();
        for _ in 0..MOST_LAYERS {
            if !matches!(self.bare(&inner.ty).kind, Kind::Record(_)) {
                return Some(inner);
            }
            inner = LAYERS.iter().find_map(|name| self.field(&inner, name))?;
        }
        None
    }

    /// The number at the first path that exists.
    fn number_at(&mut self, object: &Object, paths: &[&[&str]]) -> Option<u64> {
        let member = self.first_path(object, paths)?;
        let leaf = self.leaf(&member)?;
        self.unsigned(&leaf).ok()
    }

    /// The value under all layers that may be around a value of any type.
    fn unwrapped(&mut self, object: &Object) -> Object {
        let mut value = object.clone();
        for _ in 0..MOST_LAYERS {
            let key = without_arguments(&self.bare(&value.ty).name);
            if !WRAPPERS.contains(&&*key) {
                break;
            }
            let Some(inner) = self.first_path(&value, &[&["value"], &["__0"]]) else {
                break;
            };
            value = inner;
        }
        value
    }

    /// The generic argument of this name.
    fn argument(&self, object: &Object, name: &str) -> Option<TypeRef> {
        let ty = self.bare(&object.ty);
        let Kind::Record(record) = &ty.kind else {
            return None;
        };
        let mut parameters = record.parameters.iter();
        let found = parameters.find(|it| &*it.name == name)?;
        Some(found.ty.clone())
    }

    /// The name of the active variant of an enum, and its first field.
    fn variant_of(&mut self, object: &Object) -> Option<(String, Option<Object>)> {
        match self.plain_shape(object) {
            Shape::Fields(variant) => {
                let payload = variant.fields.into_iter().next();
                Some((variant.name, payload.map(|field| field.object)))
            }
            Shape::Scalar(name) => Some((name, None)),
            _ => None,
        }
    }
}

/// Limits for the two ends of a range.
const SHORT: Limits = Limits {
    depth: 1,
    elements: 4,
    text: 40,
    line: 80,
    values: 8,
};

/// `String`: a vector of bytes. Also `OsString`, `PathBuf`: strings in layers.
pub(super) fn string(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    let mut found = object.clone();
    for _ in 0..MOST_LAYERS {
        if let Some(vec) = collections::raw_vec(cx, &found) {
            return Some(cx.text(vec.address, vec.length?));
        }
        found = cx.first_path(&found, &[&["vec"], &["inner"], &["bytes"]])?;
    }
    None
}

/// `CString`: a box of bytes that ends with a NUL.
pub(super) fn c_string(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    let inner = cx.field(object, "inner")?;
    let address = cx.number_at(&inner, &[&["data_ptr"]])?;
    let length = cx.number_at(&inner, &[&["length"]])?;
    Some(cx.text(address, length.saturating_sub(1)))
}

/// The ranges of [`core::ops`] over numbers. A range over another type is shown by its members, because it may
/// contain a range again.
pub(super) fn range(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    let ty = cx.bare(&object.ty);
    let key = without_arguments(&ty.name);
    let mut end = |name: &str| {
        let found = cx.field(object, name)?;
        match cx.bare(&found.ty).kind {
            Kind::Base(_) | Kind::Enumeration(_) => Some(cx.short(&found, &SHORT)),
            _ => None,
        }
    };
    Some(Shape::Scalar(match key.rsplit("::").next()? {
        "Range" => format!("{}..{}", end("start")?, end("end")?),
        "RangeFrom" => format!("{}..", end("start")?),
        "RangeTo" => format!("..{}", end("end")?),
        "RangeToInclusive" => format!("..={}", end("end")?),
        "RangeFull" => "..".to_owned(),
        "RangeInclusive" => {
            let range = format!("{}..={}", end("start")?, end("end")?);
            match cx.number_at(object, &[&["exhausted"]]) {
                Some(1) => format!("{range} (exhausted)"),
                _ => range,
            }
        }
        _ => return None,
    }))
}

/// `Duration`: `1.5s`.
pub(super) fn duration(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    let seconds = cx.number_at(object, &[&["secs"]])?;
    let nanos = u32::try_from(cx.number_at(object, &[&["nanos"]])?).ok()?;
    // A real duration has less than a second of nanoseconds.
    let nanos = Some(nanos).filter(|it| *it < 1_000_000_000)?;
    Some(Shape::Scalar(format!(
        "{:?}",
        Duration::new(seconds, nanos)
    )))
}

/// `SystemTime`: a date. On WASI it is a `Duration` or a `Timespec` since 1970.
pub(super) fn system_time(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    let (seconds, nanos) = time(cx, object)?;
    calendar::utc(seconds.into(), nanos.into()).map(Shape::Scalar)
}

/// `Instant`: the time since the start of its clock, which is unspecified.
pub(super) fn instant(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    let (seconds, nanos) = time(cx, object)?;
    let time = Duration::new(u64::try_from(seconds).ok()?, nanos);
    Some(Shape::Scalar(format!("{time:?} on its clock")))
}

fn time(cx: &mut Context<'_>, object: &Object) -> Option<(i64, u32)> {
    let seconds: &[&[&str]] = &[&["__0", "t", "tv_sec"], &["__0", "__0", "secs"]];
    let nanos: &[&[&str]] = &[&["__0", "t", "tv_nsec"], &["__0", "__0", "nanos"]];
    let seconds = cx.first_path(object, seconds)?;
    let seconds = match cx.scalar(&seconds).ok()? {
        Scalar::Signed(value) => i64::try_from(value).ok()?,
        Scalar::Unsigned(value) => i64::try_from(value).ok()?,
        _ => return None,
    };
    let nanos = u32::try_from(cx.number_at(object, nanos)?).ok()?;
    (nanos < 1_000_000_000).then_some((seconds, nanos))
}

/// `Ipv4Addr` and `Ipv6Addr`: their bytes, in network order.
pub(super) fn ip_address(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    let bytes = cx.bytes(object).ok()?;
    let v4 = <[u8; 4]>::try_from(&*bytes).map(IpAddr::from);
    let address = v4.or_else(|_| <[u8; 16]>::try_from(&*bytes).map(IpAddr::from));
    Some(Shape::Scalar(address.ok()?.to_string()))
}

/// `NonZero`, `NonNull`, `Unique`: the number or pointer in it.
pub(super) fn layer(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    Some(smart::plain_wrapper(cx.leaf(object)?))
}

/// `PhantomData`: only its type matters.
pub(super) fn phantom(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    let ty = cx.bare(&object.ty);
    let name = ty.name.strip_prefix("core::marker::").unwrap_or(&ty.name);
    Some(Shape::Scalar(name.to_owned()))
}

#[cfg(test)]
mod tests;
