//! Objects as a programmer of their language writes them.
//!
//! `shape` says what an object means to the user. One table, keyed by type name (`table`), has the types of
//! standard libraries: a `Vec` is a sequence, whatever its fields are. `short` writes an object on one line,
//! `tree` as a tree.

mod calendar;
mod cpp;
pub mod float;
#[cfg(test)]
mod made;
mod notation;
mod rust;
mod scalar;
mod shape;
mod short;
mod slice;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod tree;

pub use notation::{Notation, little};
pub use tree::{Children, Part, Way};

use crate::machine::Unavailable;
use crate::object::{Context, Object, Storage};
use crate::types::Kind;

/// At most this many elements of a sequence or map are looked for, whatever the caller asks for.
const MOST_ELEMENTS: u64 = 1 << 20;

/// How much is shown. The text says what was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// At most this many levels of members, elements and pointers are followed.
    pub depth: u32,
    /// At most this many elements of an array, a vector, a map.
    pub elements: u64,
    /// At most this many bytes of a text.
    pub text: u64,
    /// At most about this many bytes of one line.
    pub line: usize,
    /// At most this many values in all: an object may be wide at every level.
    pub values: u32,
}

/// What an object means to the user.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A number, a character, a truth value, the name of an enumerator: as text.
    Scalar(String),
    /// A text.
    Text(Text),
    /// A value with named parts: a structure, a variant of an enum, a closure.
    Fields(Fields),
    /// Values in order.
    Sequence(Sequence),
    /// Keys with values.
    Map(Map),
    /// A pointer or reference.
    Pointer(Pointer),
    /// A box or a cell: its content is shown instead.
    Wrapper(Wrapper),
    /// The value is unavailable, or its type does not allow it: why.
    Unavailable(Unavailable),
}

/// A text in memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    /// The prefix of the literal: `u8`, `L`, `b`.
    pub prefix: &'static str,
    /// The characters that were read; not checked, not escaped. Usually UTF-8.
    pub bytes: Vec<u8>,
    /// How many bytes the text has in all. `None`: unknown, because reading ended before the text did.
    pub length: Option<u64>,
    /// How many bytes of its buffer follow the NUL that ends it; 0 if all of them are zero.
    pub after: u64,
}

/// A value that is shown as another.
#[derive(Clone, Debug, PartialEq)]
pub struct Wrapper {
    /// The object that is shown.
    pub object: Object,
    /// Additional information: `mutably borrowed`, `strong 2`.
    pub note: Option<String>,
}

/// Named parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    /// The name that is written before them: of a Rust struct or variant. May be empty.
    pub name: String,
    /// The parts, in order.
    pub fields: Vec<Field>,
    /// Whether the names are only indices: a tuple.
    pub tuple: bool,
}

/// A named part.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name; of a base class, the name of its type.
    pub name: String,
    /// Its value.
    pub object: Object,
}

/// Values in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequence {
    /// Whether the order has no meaning.
    pub set: bool,
    /// The values.
    pub elements: Elements,
}

/// Where the values of a sequence are.
#[derive(Clone, Debug, PartialEq)]
pub enum Elements {
    /// One after the other in memory.
    Array {
        /// The first element. All have its type.
        first: Object,
        /// The bytes from each to the next.
        stride: u64,
        /// How many there are.
        length: u64,
    },
    /// In a ring buffer with `capacity` slots.
    Ring {
        /// The element in slot 0.
        first: Object,
        /// The bytes from each to the next.
        stride: u64,
        /// How many slots there are.
        capacity: u64,
        /// The slot of the first value.
        head: u64,
        /// How many values there are.
        length: u64,
    },
    /// Found one by one: at most the wanted number of elements, and how many there are in all.
    Listed(Vec<Object>, u64),
}

/// Keys with values.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// At most the wanted number of entries.
    pub entries: Vec<(Object, Object)>,
    /// How many there are in all.
    pub length: u64,
}

/// A pointer or reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Pointer {
    /// Where it points.
    pub address: u64,
    /// What it points to, if its type says that.
    pub target: Option<Object>,
    /// The name of the function or static that it points to.
    pub name: Option<String>,
    /// The text that it points to, if it is a text.
    pub text: Option<Text>,
    /// Whether the short form shows the target instead of the address: a reference, a `Box`.
    pub follow: bool,
    /// Additional information, as for a [`Wrapper`].
    pub note: Option<String>,
}

/// A value as a tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// The name of the variable, member or element.
    pub name: String,
    /// The name of its type.
    pub ty: String,
    /// The short form. Safe for a terminal.
    pub value: String,
    /// Why there is no value, and [`Tree::value`] is empty.
    pub unavailable: Option<Unavailable>,
    /// The parts, as far as the limits allow.
    pub children: Vec<Tree>,
    /// Which parts were left out, as text.
    pub cut: Option<String>,
}

impl Context<'_> {
    /// What `object` means to the user. At most `most` elements of a sequence or map are looked for, and at most 2^20.
    pub fn shape(&mut self, object: &Object, most: u64) -> Shape {
        // Lengths come from memory, and a damaged list may be circular.
        let most = most.min(MOST_ELEMENTS);
        if let Storage::Nowhere(reason) = &object.place {
            return Shape::Unavailable(reason.clone());
        }
        let ty = self.bare(&object.ty);
        let find_shape = match ty.kind {
            Kind::Record(_) => table::find(&ty.name),
            _ => None,
        };
        match find_shape.and_then(|find| find(self, object, most)) {
            Some(shape) => shape,
            None => self.plain_shape(object),
        }
    }
}

impl Text {
    /// A text that was read to its end.
    pub fn whole(bytes: Vec<u8>) -> Text {
        Text {
            length: Some(bytes.len() as u64),
            bytes,
            ..Text::default()
        }
    }
}

impl Elements {
    /// How many elements there are.
    pub fn length(&self) -> u64 {
        match self {
            Elements::Array { length, .. }
            | Elements::Ring { length, .. }
            | Elements::Listed(_, length) => *length,
        }
    }

    /// The element at `index`. `None`: no such element, or it was not looked for.
    pub fn get(&self, index: u64) -> Option<Object> {
        if index >= self.length() {
            return None;
        }
        let (first, stride, slot) = match self {
            Elements::Listed(objects, _) => {
                return objects.get(usize::try_from(index).ok()?).cloned();
            }
            Elements::Array { first, stride, .. } => (first, stride, index),
            Elements::Ring {
                first,
                stride,
                capacity,
                head,
                ..
            } => {
                let slot = head.checked_add(index)?;
                (first, stride, slot.checked_rem(*capacity).unwrap_or(slot))
            }
        };
        let reason = || Unavailable::Broken("an element lies outside of all memory".to_owned());
        Some(match slot.checked_mul(*stride) {
            // Reading checks that it ends inside of memory.
            Some(offset) => first.part(offset, None, first.ty.clone()),
            None => Object::nowhere(first.ty.clone(), reason()),
        })
    }
}
