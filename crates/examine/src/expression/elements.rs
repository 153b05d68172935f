//! Elements by index, slices, and the values of maps by key.

use wdb_symbols::object::Piece;
use wdb_symbols::render::{Elements, Limits, Map, Shape};
use wdb_symbols::types::{Array, Count, Kind};
use wdb_symbols::{Context, Object, Storage, Type, TypeRef, Unavailable};

use super::access::{MOST_STEPS, inner, is_reference, target, words};
use super::made;
use super::number::{IntegerType, Number};
use super::terms::{self, Term};

/// At most this many elements of a list or entries of a map are looked for.
pub(super) const MOST_LISTED: u64 = 100_000;
/// At most this many keys are listed in the error message when a key is not found.
const MOST_KEYS: u64 = 8;
/// A slice that is not in one piece may have at most this many elements.
const MOST_PIECES: u64 = 10_000;

/// What a value of a map is asked for by.
pub(super) enum Key {
    Number(Number),
    Text(Vec<u8>),
    /// A name that no variable has: the name of an enumerator, perhaps.
    Name(String),
}

/// The address of the element `index` of an array at `address`.
pub(super) fn advance(address: u64, index: i128, size: u64) -> Result<u64, Unavailable> {
    let at = index
        .checked_mul(i128::from(size))
        .and_then(|offset| offset.checked_add(i128::from(address)));
    at.and_then(|at| u64::try_from(at).ok())
        .ok_or_else(|| words("that is outside of all memory"))
}

/// The element of an array, or behind a pointer, or in a sequence of a library.
pub(super) fn element(
    context: &mut Context<'_>,
    object: &Object,
    index: i128,
) -> Result<Object, Unavailable> {
    let mut object = object.clone();
    for _ in 0..MOST_STEPS {
        let ty = context.bare(&object.ty);
        match &ty.kind {
            Kind::Pointer(_, pointee) if !is_reference(&ty) => {
                let first = target(context, &object)?;
                let size = context.size(pointee)?;
                let address = advance(context.unsigned(&object)?, index, size)?;
                return Ok(Object::at(address, first.ty));
            }
            Kind::Array(array) => {
                let length = length(context, &object, array);
                let index = in_range(index, length)?;
                return array_element(context, &object, &ty, array, index);
            }
            _ => {}
        }
        if let Some(inner) = inner(context, &object)? {
            object = inner;
            continue;
        }
        let most = u64::try_from(index).unwrap_or(0).saturating_add(1);
        return match context.shape(&object, most.min(MOST_LISTED)) {
            Shape::Sequence(sequence) => {
                let index = in_range(index, Some(sequence.elements.length()))?;
                let found = sequence.elements.get(index);
                found.ok_or_else(|| words("there are too many elements before that"))
            }
            Shape::Text(text) => {
                let index = in_range(index, text.length)?;
                let byte = usize::try_from(index)
                    .ok()
                    .and_then(|it| text.bytes.get(it));
                let byte = byte.ok_or_else(|| words("the text was not read that far"))?;
                Ok(made::number(
                    Number::integer(u128::from(*byte), IntegerType::unsigned(8)),
                    ty.language,
                ))
            }
            Shape::Unavailable(reason) => Err(reason),
            _ => Err(no_elements(&ty)),
        };
    }
    Err(words("it is a pointer to too many pointers"))
}

fn no_elements(ty: &Type) -> Unavailable {
    words(match ty.kind {
        // What makes it a sequence may be optimised out.
        Kind::Record(_) => format!("nothing is known of elements of `{}`", ty.name),
        _ => format!("`{}` has no elements", ty.name),
    })
}

fn in_range(index: i128, length: Option<u64>) -> Result<u64, Unavailable> {
    let found = u64::try_from(index).ok();
    match length {
        Some(0) => Err(words("it is empty")),
        Some(length) => found.filter(|it| *it < length).ok_or_else(|| {
            words(format!(
                "there is no element {index}: the last is {}",
                length - 1
            ))
        }),
        None => found.ok_or_else(|| words(format!("there is no element {index}"))),
    }
}

/// How many elements an array has, in its first dimension.
fn length(context: &mut Context<'_>, object: &Object, array: &Array) -> Option<u64> {
    match array.dimensions.first()? {
        Count::Known(length) => Some(*length),
        Count::Unknown => None,
        Count::InVariable(_) => Some(context.elements(object)?.length()),
    }
}

/// How many bytes an object has, also an array whose length is a variable.
pub(super) fn size(context: &mut Context<'_>, object: &Object) -> Result<u64, Unavailable> {
    let ty = context.bare(&object.ty);
    let Kind::Array(array) = &ty.kind else {
        return context.size(&object.ty);
    };
    if let (None, Some(length)) = (ty.size, length(context, object, array)) {
        let first = array_element(context, object, &ty, array, 0)?;
        let size = context.size(&first.ty)?.checked_mul(length);
        return size.ok_or_else(|| words("that is outside of all memory"));
    }
    context.size(&object.ty)
}

pub(super) fn array_element(
    context: &mut Context<'_>,
    object: &Object,
    ty: &Type,
    array: &Array,
    index: u64,
) -> Result<Object, Unavailable> {
    if array.dimensions.len() > 1 {
        return match context.shape(object, 1) {
            Shape::Sequence(sequence) => sequence
                .elements
                .get(index)
                .ok_or_else(|| words("there is no such element")),
            Shape::Unavailable(reason) => Err(reason),
            _ => Err(no_elements(ty)),
        };
    }
    let size = context.size(&array.element)?;
    let offset = index.checked_mul(size);
    let offset = offset.ok_or_else(|| words("that is outside of all memory"))?;
    Ok(object.part(offset, Some(size), array.element.clone()))
}

/// The elements from `from` to `to`, where the one at `to` is not in it, as an array. Where the ends are left out, all.
pub(super) fn slice(
    context: &mut Context<'_>,
    object: &Object,
    from: Option<i128>,
    to: Option<i128>,
) -> Result<Object, Unavailable> {
    let mut object = object.clone();
    for _ in 0..MOST_STEPS {
        let ty = context.bare(&object.ty);
        match &ty.kind {
            Kind::Pointer(_, pointee) if !is_reference(&ty) => {
                let Some(to) = to else {
                    return Err(words("a pointer does not tell where the slice ends"));
                };
                let first = target(context, &object)?;
                let from = from.unwrap_or(0);
                let size = context.size(pointee)?;
                let count =
                    u64::try_from(to.saturating_sub(from)).map_err(|_| backwards(from, to))?;
                let address = advance(first.address().unwrap_or(0), from, size)?;
                let ty = array_of(context, pointee.clone(), count)?;
                return Ok(Object::at(address, ty));
            }
            Kind::Array(array) => {
                let length = length(context, &object, array);
                let (from, to) = ends(from, to, length)?;
                if from == to {
                    return empty(context, array.element.clone());
                }
                let first = array_element(context, &object, &ty, array, from)?;
                let size = context.size(&first.ty)?;
                let ty = array_of(context, first.ty.clone(), to - from)?;
                let bytes = size.saturating_mul(to - from);
                let offset = from.saturating_mul(size);
                return Ok(object.part(offset, Some(bytes), ty));
            }
            _ => {}
        }
        if let Some(inner) = inner(context, &object)? {
            object = inner;
            continue;
        }
        let most = to.and_then(|it| u64::try_from(it).ok()).unwrap_or(u64::MAX);
        return match context.shape(&object, most.min(MOST_LISTED)) {
            Shape::Sequence(sequence) => {
                let (from, to) = ends(from, to, Some(sequence.elements.length()))?;
                part_of(context, &sequence.elements, from, to)
            }
            Shape::Text(text) => {
                let (from, to) = ends(from, to, Some(text.bytes.len() as u64))?;
                let part = text
                    .bytes
                    .get(from as usize..to as usize)
                    .unwrap_or_default();
                Ok(made::text(part.to_vec()))
            }
            Shape::Unavailable(reason) => Err(reason),
            _ => Err(no_elements(&ty)),
        };
    }
    Err(words("it is a pointer to too many pointers"))
}

fn backwards(from: i128, to: i128) -> Unavailable {
    words(format!(
        "the slice ends at {to}, before it starts at {from}"
    ))
}

/// An array whose length is a variable as one of the length that it has now: it keeps it where the variable is gone.
pub(crate) fn of_fixed_length(context: &mut Context<'_>, object: &Object) -> Option<Object> {
    let ty = context.bare(&object.ty);
    match (&ty.kind, ty.size) {
        (Kind::Array(_), None) => slice(context, object, None, None).ok(),
        _ => None,
    }
}

/// The ends of a slice of what has `length` elements.
fn ends(
    from: Option<i128>,
    to: Option<i128>,
    length: Option<u64>,
) -> Result<(u64, u64), Unavailable> {
    let to = match (to, length) {
        (Some(to), _) => to,
        (None, Some(length)) => i128::from(length),
        (None, None) => return Err(words("nothing says where the slice ends")),
    };
    let from = from.unwrap_or(0);
    if from > to {
        return Err(backwards(from, to));
    }
    let end = |at: i128| {
        let at = u64::try_from(at).ok();
        let inside = at.filter(|at| length.is_none_or(|length| *at <= length));
        inside.ok_or_else(|| match length {
            Some(length) => words(format!(
                "the slice reaches out of the {length} elements that there are"
            )),
            None => words("the slice starts before the first element"),
        })
    };
    Ok((end(from)?, end(to)?))
}

/// Elements of a sequence as one array: in one piece where they lie so.
fn part_of(
    context: &mut Context<'_>,
    elements: &Elements,
    from: u64,
    to: u64,
) -> Result<Object, Unavailable> {
    let count = to.saturating_sub(from);
    if count == 0 {
        let element = match elements {
            Elements::Array { first, .. } | Elements::Ring { first, .. } => first.ty.clone(),
            Elements::Listed(objects, _) => {
                objects.first().map_or(TypeRef::Void, |it| it.ty.clone())
            }
        };
        return empty(context, element);
    }
    let missing = || words("there are too many elements before that");
    let first = elements.get(from).ok_or_else(missing)?;
    let size = context.size(&first.ty)?;
    let ty = array_of(context, first.ty.clone(), count)?;
    if let Elements::Array { stride, .. } = elements
        && *stride == size
        && let Some(address) = first.address()
    {
        return Ok(Object::at(address, ty));
    }
    if count > MOST_PIECES {
        return Err(words(format!("{count} elements are too many for a slice")));
    }
    let mut pieces = Vec::new();
    for index in from..to {
        let element = elements.get(index).ok_or_else(missing)?;
        let place = match element.bits {
            None => element.place.part(0, Some(size)),
            // A bit has no bytes of its own.
            Some(_) => match context.unsigned(&element) {
                Ok(value) => Storage::Bytes(
                    value
                        .to_le_bytes()
                        .get(..size as usize)
                        .unwrap_or_default()
                        .into(),
                ),
                Err(reason) => Storage::Nowhere(reason),
            },
        };
        pieces.push(Piece { size, place });
    }
    Ok(Object {
        ty,
        place: Storage::Pieces(pieces.into()),
        bits: None,
    })
}

fn empty(context: &mut Context<'_>, element: TypeRef) -> Result<Object, Unavailable> {
    let ty = array_of(context, element, 0)?;
    Ok(Object::of_bytes(Vec::new(), ty))
}

/// The type of an array of `count` of `element`.
pub(super) fn array_of(
    context: &mut Context<'_>,
    element: TypeRef,
    count: u64,
) -> Result<TypeRef, Unavailable> {
    let size = match count {
        0 => 0,
        _ => context.size(&element)?,
    };
    if size.checked_mul(count).is_none() {
        return Err(words("that is outside of all memory"));
    }
    let language = context.ty(&element).language;
    Ok(made::array(context.symbols, element, size, count, language))
}

/// Whether an object, or what it refers to, has keys.
pub(super) fn is_map(context: &mut Context<'_>, object: &Object) -> bool {
    matches!(map(context, object, 0), Ok(Some(_)))
}

/// The map that an object is or refers to.
fn map(context: &mut Context<'_>, object: &Object, most: u64) -> Result<Option<Map>, Unavailable> {
    let mut object = object.clone();
    for _ in 0..MOST_STEPS {
        let ty = context.bare(&object.ty);
        match ty.kind {
            Kind::Record(_) => {
                if let Shape::Map(map) = context.shape(&object, most) {
                    return Ok(Some(map));
                }
            }
            Kind::Pointer(..) if is_reference(&ty) => {}
            _ => return Ok(None),
        }
        match inner(context, &object)? {
            Some(inner) => object = inner,
            None => return Ok(None),
        }
    }
    Ok(None)
}

/// The value that a map has for a key, and how many entries were looked at. `None`: the object is no map.
pub(super) fn entry(
    context: &mut Context<'_>,
    object: &Object,
    key: &Key,
    most: u64,
) -> Result<Option<(Object, u64)>, Unavailable> {
    let Some(map) = map(context, object, most)? else {
        return Ok(None);
    };
    for (looked_at, (candidate, value)) in (1..).zip(&map.entries) {
        if is_key(context, candidate, key) {
            return Ok(Some((value.clone(), looked_at)));
        }
    }
    let known = map.entries.len() as u64;
    Err(words(match map.length {
        0 => "it is empty".to_owned(),
        length if length > known => {
            format!("there is no such key among the first {known} of its {length}")
        }
        length if length > MOST_KEYS => format!("there is no such key among its {length}"),
        _ => {
            let limits = Limits {
                depth: 1,
                elements: 2,
                text: 24,
                line: 32,
                values: 4,
            };
            let keys = map.entries.iter().map(|it| context.short(&it.0, &limits));
            let keys: Vec<String> = keys.collect();
            format!("there is no such key; the keys are {}", keys.join(", "))
        }
    }))
}

/// Whether a key of a map is the one that is looked for.
fn is_key(context: &mut Context<'_>, candidate: &Object, key: &Key) -> bool {
    match key {
        Key::Text(wanted) => {
            let found = terms::text(context, candidate, terms::Pointers::Texts);
            matches!(found, Ok(Some(found)) if found == *wanted)
        }
        Key::Number(wanted) => {
            let found = match terms::term(context, candidate) {
                Ok(Term::Number(found)) => found,
                Ok(Term::Pointer(address, _)) => {
                    Number::integer(u128::from(address), IntegerType::unsigned(64))
                }
                Err(_) => return false,
            };
            found.compare(*wanted) == Some(std::cmp::Ordering::Equal)
        }
        Key::Name(wanted) => {
            let last = |name: &str| name.rsplit("::").next().unwrap_or_default().to_owned();
            match context.shape(candidate, 1) {
                Shape::Scalar(name) => name == *wanted || last(&name) == last(wanted),
                Shape::Fields(fields) => fields.fields.is_empty() && fields.name == last(wanted),
                _ => false,
            }
        }
    }
}
