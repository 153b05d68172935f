//! Types that hold one or a few values of other types.

use super::argument;
use crate::machine::Unavailable;
use crate::object::{Context, Object};
use crate::render::{Field, Fields, Shape, Wrapper};
use crate::types::{Kind, Member, Role};

/// At most this many alternatives of a variant are followed.
const MOST_ALTERNATIVES: u64 = 1024;

/// Values without names, like those of a tuple.
fn tuple_of(name: &str, values: Vec<Object>) -> Shape {
    let fields = values.into_iter().enumerate().map(|(index, object)| Field {
        name: index.to_string(),
        object,
    });
    Shape::Fields(Fields {
        name: name.to_owned(),
        fields: fields.collect(),
        tuple: true,
    })
}

/// `std::pair`.
pub(in crate::render) fn pair(context: &mut Context<'_>, object: &Object, _: u64) -> Option<Shape> {
    let parts = ["first", "second"].map(|name| {
        Some(Field {
            name: name.to_owned(),
            object: context.field(object, name)?,
        })
    });
    Some(Shape::Fields(Fields {
        name: String::new(),
        fields: parts.into_iter().collect::<Option<_>>()?,
        tuple: false,
    }))
}

/// `std::tuple`: it has one base class for each value. The base class of an empty value derives from the value's type.
pub(in crate::render) fn tuple(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let Some(inner) = context.field(object, "__base_") else {
        // `std::tuple<>` is a class without members.
        let is_empty = context.bare(&object.ty).name.ends_with("tuple<>");
        return is_empty.then(|| tuple_of("", Vec::new()));
    };
    let ty = context.bare(&inner.ty);
    let Kind::Record(record) = &ty.kind else {
        return None;
    };
    let leaves = record.members.iter().filter(|it| it.role == Role::Base);
    let values = leaves.map(|leaf| {
        let leaf = context.member(&inner, leaf);
        context.field(&leaf, "__value_").or_else(|| {
            let ty = context.bare(&leaf.ty);
            let Kind::Record(record) = &ty.kind else {
                return None;
            };
            let base = record.members.iter().find(|it| it.role == Role::Base)?;
            Some(context.member(&leaf, base))
        })
    });
    Some(tuple_of("", values.collect::<Option<_>>()?))
}

/// `std::optional`: its value or `nullopt`. An optional in an optional is shown in braces, so that its `nullopt` does
/// not look like that of the outer one.
pub(in crate::render) fn optional(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let value = match context.field(object, "__engaged_") {
        Some(engaged) => {
            let engaged = context.unsigned(&engaged).ok()?;
            let value = context.field(object, "__val_")?;
            (engaged != 0).then_some(value)
        }
        // An optional of a reference is a pointer.
        None => {
            let pointer = context.field(object, "__value_")?;
            match context.unsigned(&pointer).ok()? {
                0 => None,
                _ => context.target(&pointer).ok()?,
            }
        }
    };
    let Some(object) = value else {
        return Some(Shape::Scalar("nullopt".to_owned()));
    };
    if context.bare(&object.ty).name.starts_with("std::optional<") {
        return Some(tuple_of("", vec![object]));
    }
    Some(Shape::Wrapper(Wrapper { object, note: None }))
}

/// `std::expected`: its value, or the error with `unexpected` in front.
pub(in crate::render) fn expected(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    // Since LLVM 18 the value and the flag are each in a structure that may be empty.
    let inner = context.path(object, &["__repr_", "__v"]);
    let inner = inner.unwrap_or_else(|| object.clone());
    let has_value = context.field(&inner, "__has_val_")?;
    let union = context.path(&inner, &["__union_", "__v"]);
    let union = union.or_else(|| context.field(&inner, "__union_"));
    let union = union.unwrap_or(inner);
    if context.unsigned(&has_value).ok()? == 0 {
        let error = context.field(&union, "__unex_")?;
        return Some(tuple_of("unexpected", vec![error]));
    }
    match context.field(&union, "__val_") {
        Some(object) => Some(Shape::Wrapper(Wrapper { object, note: None })),
        // `std::expected<void, E>`
        None => Some(Shape::Scalar("void".to_owned())),
    }
}

/// `std::variant`: the alternative that it holds, with its type. The alternatives are a list of nested unions: each
/// union has one alternative as its head, and the others as its tail.
pub(in crate::render) fn variant(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let inner = ["__impl_", "__impl"]
        .iter()
        .find_map(|it| context.field(object, it))?;
    let index = context.field(&inner, "__index")?;
    let no_index = u64::MAX >> (64 - 8 * context.size(&index.ty).ok()?.clamp(1, 8));
    let index = context.unsigned(&index).ok()?;
    if index == no_index {
        return Some(Shape::Scalar("valueless by exception".to_owned()));
    }
    let mut union = context.field(&inner, "__data")?;
    for position in 0..=index.min(MOST_ALTERNATIVES) {
        let Some(head) = direct_member(context, &union, "__head") else {
            return Some(Shape::Unavailable(Unavailable::Unsupported(format!(
                "no alternative has the index {index}: there are {position}"
            ))));
        };
        if position == index {
            let object = context.field(&head, "__value")?;
            let name = context.ty(&object.ty).name.to_string();
            return Some(match name.as_str() {
                "std::monostate" => Shape::Scalar("monostate".to_owned()),
                _ => Shape::Wrapper(Wrapper {
                    object,
                    note: Some(name),
                }),
            });
        }
        union = direct_member(context, &union, "__tail")?;
    }
    None
}

/// A member of the object itself, not of its base classes or unnamed members.
fn direct_member(context: &mut Context<'_>, object: &Object, name: &str) -> Option<Object> {
    let ty = context.bare(&object.ty);
    let Kind::Record(record) = &ty.kind else {
        return None;
    };
    let has_name = |member: &&Member| member.name.as_deref() == Some(name);
    let member = record.members.iter().find(has_name)?;
    Some(context.member(object, member))
}

/// `std::complex`, written as in C.
pub(in crate::render) fn complex(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    argument(context, &object.ty, 0)?;
    let mut part = |name: &str| {
        let part = context.field(object, name)?;
        match context.plain_shape(&part) {
            Shape::Scalar(text) => Some(text),
            _ => None,
        }
    };
    let (real, imaginary) = (part("__re_")?, part("__im_")?);
    let (sign, imaginary) = match imaginary.strip_prefix('-') {
        Some(rest) => ('-', rest),
        None => ('+', imaginary.as_str()),
    };
    Some(Shape::Scalar(format!("{real} {sign} {imaginary}i")))
}
