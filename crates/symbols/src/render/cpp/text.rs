//! Strings.

use super::class::integer;
use super::{argument, member, number};
use crate::object::{Context, Object, Storage};
use crate::render::{Fields, Shape, Text, Wrapper};
use crate::types::{Encoding, TypeRef};

/// `std::string` and similar: a short text is in the string object itself, where a long one has its pointer and length.
pub(in crate::render) fn string(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let rep = member(context, object, &["__rep_", "__r_"])?;
    let short = context.field(&rep, "__s")?;
    let long = context.field(&rep, "__l")?;
    let text = context.field(&short, "__data_")?;
    let (is_long, short_length) = match number(context, &short, &["__is_long_"]) {
        Some(is_long) => (is_long != 0, number(context, &short, &["__size_"])?),
        None => {
            // Up to LLVM 13: one bit of the size byte. It is the highest bit if the size comes after the text.
            let size = context.field(&short, "__size_")?;
            let byte = context.unsigned(&size).ok()?;
            if offset(&rep, &size)? > offset(&rep, &text)? {
                (byte & 0x80 != 0, byte)
            } else {
                (byte & 1 != 0, byte >> 1)
            }
        }
    };
    let characters = argument(context, &object.ty, 0)?;
    if is_long {
        let address = number(context, &long, &["__data_"])?;
        let length = number(context, &long, &["__size_"])?;
        return characters_at(context, &Storage::Memory(address), length, &characters);
    }
    // A short text fits into the buffer, except in a string before its constructor ran.
    let room = context.size(&text.ty).ok()? / context.size(&characters).ok()?.max(1);
    if short_length > room {
        return None;
    }
    characters_at(context, &text.place, short_length, &characters)
}

/// The offset of a part in `whole`.
fn offset(whole: &Object, part: &Object) -> Option<u64> {
    part.address()?.checked_sub(whole.address()?)
}

/// `std::string_view` and similar.
pub(in crate::render) fn string_view(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let address = number(context, object, &["__data_", "__data"])?;
    let length = number(context, object, &["__size_", "__size"])?;
    let characters = argument(context, &object.ty, 0)?;
    characters_at(context, &Storage::Memory(address), length, &characters)
}

/// `std::filesystem::path`: the string in it.
pub(in crate::render) fn path(context: &mut Context<'_>, object: &Object, _: u64) -> Option<Shape> {
    let object = context.field(object, "__pn_")?;
    Some(Shape::Wrapper(Wrapper { object, note: None }))
}

/// The message of `std::runtime_error` and similar. Programs only declare these classes, so the DWARF does not have
/// their layout: a pointer to the message follows the pointer to the virtual functions. All versions have this
/// layout, because code that is compiled into programs throws them.
pub(in crate::render) fn message(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let size = context.symbols.address_size();
    let message = object.part(size, Some(size), integer(size, Encoding::Unsigned));
    let message = context.unsigned(&message).ok()?;
    Some(Shape::Text(context.text_to_nul(message, 1, "")?))
}

/// `std::bad_alloc` and similar: no members.
pub(in crate::render) fn no_message(_: &mut Context<'_>, _: &Object, _: u64) -> Option<Shape> {
    Some(Shape::Fields(Fields {
        name: String::new(),
        fields: Vec::new(),
        tuple: false,
    }))
}

/// A text of `length` characters.
fn characters_at(
    context: &mut Context<'_>,
    place: &Storage,
    length: u64,
    characters: &TypeRef,
) -> Option<Shape> {
    let ty = context.bare(characters);
    let width = ty.size?;
    let prefix = match &*ty.name {
        "char" => "",
        "wchar_t" => "L",
        "char8_t" => "u8",
        "char16_t" => "u",
        "char32_t" => "U",
        // A string of numbers is not text.
        _ => return None,
    };
    if length == 0 {
        return Some(Shape::Text(Text {
            prefix,
            ..Text::whole(Vec::new())
        }));
    }
    match context.wide_text(place, width, length) {
        Shape::Text(text) => Some(Shape::Text(Text { prefix, ..text })),
        other => Some(other),
    }
}
