//! From an object to what is in it or behind it: members, elements, numbers and texts.
//!
//! What the DWARF says of a type goes first; where that knows no such member or element, what the object is to a person
//! ([`Context::shape`]) does.

use wdb_symbols::object::Scalar;
use wdb_symbols::render::{Elements, Map, Shape};
use wdb_symbols::types::{Array, Count, Encoding, Kind, PointerKind, Record};
use wdb_symbols::{Context, Language, Object, Place, Type, TypeRef, Unavailable};

use super::evaluate::Key;
use super::made;
use super::number::{IntegerType, Number};

/// As many pointers, boxes and references are gone through on the way to a member or a number.
const MOST_STEPS: u32 = 16;
/// As many elements of a list or entries of a map are looked for.
pub(super) const MOST_LISTED: u64 = 100_000;
/// As many elements may be in a slice that is not in one piece.
const MOST_PIECES: u64 = 10_000;

/// A value that can be computed with.
pub(super) enum Term {
    Number(Number),
    /// A pointer: where to, and to what.
    Pointer(u64, TypeRef),
}

pub(super) fn words(words: impl Into<String>) -> Unavailable {
    Unavailable::Unsupported(words.into())
}

/// Whether a pointer is one that its language goes through by itself: a reference, a `Box`.
fn is_reference(ty: &Type) -> bool {
    let rust = ty.language == Some(Language::Rust);
    let raw = ty.name.starts_with('*') || ty.name.starts_with("fn(") || ty.name.contains(" fn(");
    match ty.kind {
        Kind::Pointer(PointerKind::Pointer, _) => rust && !raw,
        Kind::Pointer(..) => true,
        _ => false,
    }
}

/// What a pointer points to.
pub(super) fn target(context: &mut Context<'_>, object: &Object) -> Result<Object, Unavailable> {
    let ty = context.bare(&object.ty);
    if context.unsigned(object)? == 0
        && !matches!(ty.kind, Kind::Pointer(_, ref it) if is_function(context, it))
    {
        return Err(words("it is null"));
    }
    match context.target(object)? {
        Some(target) => Ok(target),
        None => Err(words(format!(
            "nothing is known of what `{}` points to: cast it first",
            ty.name
        ))),
    }
}

fn is_function(context: &Context<'_>, ty: &TypeRef) -> bool {
    matches!(context.bare(ty).kind, Kind::Function(..))
}

/// What an object stands for: what a reference refers to, what is in a box or a cell. `None`: itself.
fn inner(context: &mut Context<'_>, object: &Object) -> Result<Option<Object>, Unavailable> {
    let ty = context.bare(&object.ty);
    match ty.kind {
        Kind::Pointer(..) if is_reference(&ty) => return target(context, object).map(Some),
        Kind::Record(_) => {}
        _ => return Ok(None),
    }
    match context.shape(object, 1) {
        Shape::Wrapper(wrapper) => Ok(Some(wrapper.object)),
        Shape::Pointer(pointer) if pointer.address == 0 => Err(words("it is null")),
        Shape::Pointer(pointer) => Ok(pointer.target),
        Shape::Unavailable(reason) => Err(reason),
        _ => Ok(None),
    }
}

/// An object without the references around it.
pub(super) fn dereferenced(
    context: &mut Context<'_>,
    object: &Object,
) -> Result<Object, Unavailable> {
    let mut found = object.clone();
    for _ in 0..MOST_STEPS {
        let ty = context.bare(&found.ty);
        if !matches!(
            ty.kind,
            Kind::Pointer(PointerKind::Reference | PointerKind::RvalueReference, _)
        ) {
            break;
        }
        found = target(context, &found)?;
    }
    Ok(found)
}

/// `*object`: what a pointer of any kind points to.
pub(super) fn dereference(
    context: &mut Context<'_>,
    object: &Object,
) -> Result<Object, Unavailable> {
    let object = dereferenced(context, object)?;
    let ty = context.bare(&object.ty);
    match ty.kind {
        Kind::Pointer(..) => target(context, &object),
        Kind::Array(_) => element(context, &object, 0),
        _ => match inner(context, &object)? {
            Some(inner) => Ok(inner),
            None => Err(words(format!("`{}` is no pointer", ty.name))),
        },
    }
}

/// The member called `name`, through pointers and boxes. `None`: there is none.
pub(super) fn member(
    context: &mut Context<'_>,
    object: &Object,
    name: &str,
) -> Result<Option<Object>, Unavailable> {
    member_within(context, object, name, MOST_STEPS)
}

fn member_within(
    context: &mut Context<'_>,
    object: &Object,
    name: &str,
    steps: u32,
) -> Result<Option<Object>, Unavailable> {
    let Some(steps) = steps.checked_sub(1) else {
        return Ok(None);
    };
    if let Place::Nowhere(reason) = &object.place {
        return Err(reason.clone());
    }
    let mut known = None;
    match context.bare(&object.ty).kind {
        Kind::Pointer(..) => {
            let target = target(context, object)?;
            let found = member_within(context, &target, name, steps)?;
            if found.is_some() {
                return Ok(found);
            }
            known = Some(target.ty);
        }
        Kind::Record(_) => {
            let field = context.field(object, name);
            // Rust's tuples.
            let field = field.or_else(|| context.field(object, &format!("__{name}")));
            if field.is_some() {
                return Ok(field);
            }
        }
        _ => return Ok(None),
    }
    match context.shape(object, 1) {
        Shape::Fields(fields) => {
            let found = fields.fields.into_iter().find(|it| it.name == name);
            Ok(found.map(|it| it.object))
        }
        Shape::Wrapper(wrapper) => member_within(context, &wrapper.object, name, steps),
        Shape::Pointer(pointer) if pointer.address == 0 => Err(words("it is null")),
        // An object of a class may be of a class that is derived from it.
        Shape::Pointer(pointer) => match pointer.target {
            Some(target) if Some(&target.ty) != known.as_ref() => {
                member_within(context, &target, name, steps)
            }
            _ => Ok(None),
        },
        Shape::Unavailable(reason) => Err(reason),
        _ => Ok(None),
    }
}

/// The names of all members that [`member`] finds, except those of base classes.
pub(super) fn member_names(context: &mut Context<'_>, object: &Object) -> Vec<String> {
    let mut object = object.clone();
    for _ in 0..MOST_STEPS {
        if let Kind::Pointer(..) = context.bare(&object.ty).kind
            && let Ok(target) = target(context, &object)
        {
            object = target;
            continue;
        }
        match context.shape(&object, 1) {
            Shape::Fields(fields) => return fields.fields.into_iter().map(|it| it.name).collect(),
            Shape::Wrapper(wrapper) => object = wrapper.object,
            Shape::Pointer(pointer) => match pointer.target {
                Some(target) => object = target,
                None => break,
            },
            _ => break,
        }
    }
    Vec::new()
}

/// The name of the variant that an object is of, if it is one.
pub(super) fn variant_name(context: &mut Context<'_>, object: &Object) -> Option<String> {
    let Kind::Record(Record {
        variants: Some(_), ..
    }) = &context.bare(&object.ty).kind
    else {
        return None;
    };
    match context.shape(object, 1) {
        Shape::Fields(fields) => Some(fields.name),
        _ => None,
    }
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
            _ => Err(words(format!("`{}` has no elements", ty.name))),
        };
    }
    Err(words("it is a pointer to too many pointers"))
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
        Count::InVariable(_) => match context.shape(object, 1) {
            Shape::Sequence(sequence) => Some(sequence.elements.length()),
            _ => None,
        },
    }
}

fn array_element(
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
            _ => Err(words(format!("`{}` has no elements", ty.name))),
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
            _ => Err(words(format!("`{}` has no elements", ty.name))),
        };
    }
    Err(words("it is a pointer to too many pointers"))
}

fn backwards(from: i128, to: i128) -> Unavailable {
    words(format!(
        "the slice ends at {to}, before it starts at {from}"
    ))
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
        (None, None) => return Err(words("nothing tells where the slice ends")),
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
                Ok(value) => Place::Bytes(
                    value
                        .to_le_bytes()
                        .get(..size as usize)
                        .unwrap_or_default()
                        .into(),
                ),
                Err(reason) => Place::Nowhere(reason),
            },
        };
        pieces.push(wdb_symbols::object::Piece { size, place });
    }
    Ok(Object {
        ty,
        place: Place::Pieces(pieces.into()),
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
    let ty = context.ty(&element);
    Ok(made::array(element, &ty.name, size, count, ty.language))
}

/// An object as something to compute with.
pub(super) fn term(context: &mut Context<'_>, object: &Object) -> Result<Term, Unavailable> {
    let mut object = object.clone();
    for _ in 0..MOST_STEPS {
        if let Place::Nowhere(reason) = &object.place {
            return Err(reason.clone());
        }
        let ty = context.bare(&object.ty);
        match &ty.kind {
            Kind::Base(_) | Kind::Enumeration(_) | Kind::MemberPointer(..) => {
                return number(context, &object, &ty).map(Term::Number);
            }
            Kind::Pointer(_, target) if !is_reference(&ty) => {
                return Ok(Term::Pointer(context.unsigned(&object)?, target.clone()));
            }
            Kind::Array(array) => {
                let Some(address) = object.address() else {
                    return Err(words(
                        "it is an array that is not in memory, and has no address",
                    ));
                };
                let element = match array_element(context, &object, &ty, array, 0) {
                    Ok(first) => first.ty,
                    Err(_) => array.element.clone(),
                };
                return Ok(Term::Pointer(address, element));
            }
            Kind::Function(..) if let Some(address) = object.address() => {
                return Ok(Term::Pointer(address, object.ty.clone()));
            }
            Kind::Void if ty.size.is_some() || ty.name.contains("nullptr") => {
                return Ok(Term::Pointer(0, TypeRef::Void));
            }
            Kind::Record(_) => {
                let null =
                    |it: &Shape| matches!(it, Shape::Pointer(pointer) if pointer.address == 0);
                let shape = context.shape(&object, 1);
                if null(&shape) {
                    return Ok(Term::Pointer(0, TypeRef::Void));
                }
                match shape {
                    Shape::Pointer(pointer) if !pointer.follow => {
                        let target = pointer.target.map_or(TypeRef::Void, |it| it.ty);
                        return Ok(Term::Pointer(pointer.address, target));
                    }
                    Shape::Unavailable(reason) => return Err(reason),
                    _ => {}
                }
            }
            _ => {}
        }
        match inner(context, &object)? {
            Some(inner) => object = inner,
            None => return Err(words(format!("`{}` is no number", ty.name))),
        }
    }
    Err(words("it is a pointer to too many pointers"))
}

fn number(context: &mut Context<'_>, object: &Object, ty: &Type) -> Result<Number, Unavailable> {
    let bits = ty
        .size
        .map_or(32, |size| size.saturating_mul(8).clamp(8, 128) as u32);
    let integer = |value: u128, signed| Number::integer(value, IntegerType { bits, signed });
    Ok(match context.scalar(object)? {
        Scalar::Signed(value) => integer(value.cast_unsigned(), true),
        Scalar::Unsigned(value) => integer(value, false),
        Scalar::Address(value) => integer(u128::from(value), false),
        Scalar::Boolean(value) => integer(u128::from(value), false),
        Scalar::Character { code, .. } => {
            let signed = matches!(ty.kind, Kind::Base(Encoding::SignedChar));
            integer(i128::from(code).cast_unsigned(), signed)
        }
        Scalar::Float(value) => Number::Float(value, bits == 32),
    })
}

/// The text that an object is or refers to. `None`: it is none. `pointers`: whether a C pointer to characters is one.
pub(super) fn text(
    context: &mut Context<'_>,
    object: &Object,
    pointers: bool,
) -> Result<Option<Vec<u8>>, Unavailable> {
    if let Some(bytes) = made::literal_text(object) {
        return Ok(Some(bytes.to_vec()));
    }
    let mut object = object.clone();
    for _ in 0..MOST_STEPS {
        if matches!(
            context.bare(&object.ty).kind,
            Kind::Base(_) | Kind::Enumeration(_)
        ) {
            return Ok(None);
        }
        let text = match context.shape(&object, 1) {
            Shape::Text(text) => text,
            Shape::Wrapper(wrapper) => {
                object = wrapper.object;
                continue;
            }
            Shape::Pointer(pointer) => match (pointer.text, pointer.target) {
                (Some(text), _) if pointers => text,
                (_, Some(target)) if pointer.follow => {
                    object = target;
                    continue;
                }
                _ => return Ok(None),
            },
            Shape::Unavailable(reason) => return Err(reason),
            _ => return Ok(None),
        };
        return if text.length == Some(text.bytes.len() as u64) {
            Ok(Some(text.bytes))
        } else {
            Err(words("the text is too long to be read whole"))
        };
    }
    Ok(None)
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
    Err(words(match map.length {
        0 => "it is empty".to_owned(),
        length if length > map.entries.len() as u64 => {
            format!(
                "there is no such key among the first {} of its {length}",
                map.entries.len()
            )
        }
        length => format!("there is no such key among its {length}"),
    }))
}

/// Whether a key of a map is the one that is looked for.
fn is_key(context: &mut Context<'_>, candidate: &Object, key: &Key) -> bool {
    match key {
        Key::Text(wanted) => {
            let found = text(context, candidate, true);
            matches!(found, Ok(Some(found)) if found == *wanted)
        }
        Key::Number(wanted) => {
            let found = match term(context, candidate) {
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
