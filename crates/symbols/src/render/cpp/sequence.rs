//! Containers whose elements are one after the other in memory, or in blocks.

use super::{argument, member, number, pointee};
use crate::object::{Context, Object};
use crate::render::{Elements, Sequence, Shape, Wrapper};
use crate::types::{Bits, Kind};

/// At most this many bits of a `std::bitset` are shown.
const MOST_BITS: u64 = 1024;

fn array(first: Object, stride: u64, length: u64) -> Option<Shape> {
    Some(Shape::Sequence(Sequence {
        set: false,
        elements: Elements::Array {
            first,
            stride,
            length,
        },
    }))
}

/// The elements that the pointer `first` points to.
fn pointed_to(context: &mut Context<'_>, first: &Object, length: u64) -> Option<Shape> {
    let element = pointee(context, &first.ty)?;
    let stride = context.size(&element).ok()?;
    let address = context.unsigned(first).ok()?;
    array(Object::at(address, element), stride, length)
}

/// `std::vector` and `std::valarray`: a pointer to the first element and one after the last.
pub(in crate::render) fn vector(
    context: &mut Context<'_>,
    object: &Object,
    most: u64,
) -> Option<Shape> {
    let is_bits =
        argument(context, &object.ty, 0).is_some_and(|it| &*context.ty(&it).name == "bool");
    if is_bits && context.field(object, "__end_").is_none() {
        return bits(context, object, most);
    }
    let first = member(context, object, &["__begin_"])?;
    let element = pointee(context, &first.ty)?;
    let stride = context.size(&element).ok()?;
    let end = number(context, object, &["__end_"])?;
    // A vector before its constructor ran holds arbitrary bytes: then its members are shown.
    let bytes = end.checked_sub(context.unsigned(&first).ok()?)?;
    if bytes.checked_rem(stride)? != 0 {
        return None;
    }
    pointed_to(context, &first, bytes / stride)
}

/// `std::vector<bool>`: the bits of words, the least significant first.
fn bits(context: &mut Context<'_>, object: &Object, most: u64) -> Option<Shape> {
    let words = number(context, object, &["__begin_"])?;
    let length = number(context, object, &["__size_"])?;
    let boolean = argument(context, &object.ty, 0)?;
    // In little-endian memory the bits of consecutive words are consecutive.
    let bit = |index: u64| Object {
        bits: Some(Bits {
            offset: (index % 8) as u8,
            size: 1,
        }),
        ..Object::at(words.wrapping_add(index / 8), boolean.clone())
    };
    let found = (0..length.min(most)).map(bit).collect();
    Some(Shape::Sequence(Sequence {
        set: false,
        elements: Elements::Listed(found, length),
    }))
}

/// `std::vector<bool>::reference`: the bit that it refers to.
pub(in crate::render) fn bit_reference(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let word = context.field(object, "__seg_")?;
    let word = context.target(&word).ok()??;
    let mask = number(context, object, &["__mask_"])?;
    let is_set = context.unsigned(&word).ok()? & mask != 0;
    Some(Shape::Scalar(is_set.to_string()))
}

/// `std::bitset`: its digits, the most significant first, as C++ writes them.
pub(in crate::render) fn bitset(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let ty = context.bare(&object.ty);
    let Kind::Record(record) = &ty.kind else {
        return None;
    };
    let length = u64::try_from(record.parameters.first()?.value?).ok()?;
    if length == 0 {
        return None;
    }
    let shown = length.min(MOST_BITS);
    let words = context.field(object, "__first_")?;
    let bytes = context.read(&words.place, shown.div_ceil(8)).ok()?;
    let digits = (0..shown).rev().map(|index| {
        let byte = bytes.get((index / 8) as usize).unwrap_or(&0);
        if byte >> (index % 8) & 1 == 1 {
            '1'
        } else {
            '0'
        }
    });
    let more = if shown < length { "…" } else { "" };
    let text = format!("{more}{}", digits.collect::<String>());
    Some(Shape::Scalar(text))
}

/// `std::array`. An empty one may have no member with elements.
pub(in crate::render) fn fixed_array(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let ty = context.bare(&object.ty);
    let Kind::Record(record) = &ty.kind else {
        return None;
    };
    let element = record.parameters.first()?.ty.clone();
    if record.parameters.get(1)?.value? == 0 {
        return array(object.part(0, Some(0), element), 1, 0);
    }
    let elements = context.field(object, "__elems_")?;
    Some(context.plain_shape(&elements))
}

/// `std::span`. With a fixed extent, its size is only in the type.
pub(in crate::render) fn span(context: &mut Context<'_>, object: &Object, _: u64) -> Option<Shape> {
    let first = member(context, object, &["__data_", "__data"])?;
    let length = match number(context, object, &["__size_", "__size"]) {
        Some(length) => length,
        None => match &context.bare(&object.ty).kind {
            Kind::Record(record) => u64::try_from(record.parameters.get(1)?.value?).ok()?,
            _ => return None,
        },
    };
    pointed_to(context, &first, length)
}

/// `std::initializer_list`.
pub(in crate::render) fn initializer_list(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let first = member(context, object, &["__begin_"])?;
    let length = number(context, object, &["__size_"])?;
    pointed_to(context, &first, length)
}

/// `std::deque`: an array of pointers to blocks of elements.
pub(in crate::render) fn deque(
    context: &mut Context<'_>,
    object: &Object,
    most: u64,
) -> Option<Shape> {
    let length = number(context, object, &["__size_"])?;
    let start = number(context, object, &["__start_"])?;
    let map = context.field(object, "__map_")?;
    let blocks = member(context, &map, &["__begin_"])?;
    let block = pointee(context, &blocks.ty)?;
    let element = pointee(context, &block)?;
    let (pointer, stride) = (context.size(&block).ok()?, context.size(&element).ok()?);
    // `__deque_block_size` of the header: a constant that is not in the DWARF.
    let capacity = match stride {
        0 => return None,
        1..256 => 4096 / stride,
        _ => 16,
    };
    let first = context.unsigned(&blocks).ok()?;
    let mut elements = Vec::new();
    // Where a block is has to be read once for all of its elements.
    let mut known = None;
    for index in 0..length.min(most) {
        let slot = start.checked_add(index)?;
        let number = slot / capacity;
        let block_start = match known.take() {
            Some((of, at)) if of == number => at,
            _ => {
                let entry = first.wrapping_add(number.wrapping_mul(pointer));
                context.unsigned(&Object::at(entry, block.clone()))
            }
        };
        elements.push(match &block_start {
            Ok(at) => {
                let offset = (slot % capacity).wrapping_mul(stride);
                Object::at(at.wrapping_add(offset), element.clone())
            }
            Err(reason) => Object::nowhere(element.clone(), reason.clone()),
        });
        known = Some((number, block_start));
    }
    Some(Shape::Sequence(Sequence {
        set: false,
        elements: Elements::Listed(elements, length),
    }))
}

/// `std::stack`, `std::queue`, `std::priority_queue`: the container in it.
pub(in crate::render) fn adaptor(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let object = context.field(object, "c")?;
    Some(Shape::Wrapper(Wrapper { object, note: None }))
}
