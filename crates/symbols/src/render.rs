//! Objects as a person of their language writes them.
//!
//! [`shape`] says what an object is to a person, with one table keyed by type name ([`table`]) for the types of standard libraries: a
//! `Vec` is a sequence, whatever its fields are. [`short`] writes it on one line, [`tree`] as a tree.

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
use crate::object::{Context, Object, Place};
use crate::types::Kind;

/// As many elements are looked for, whoever asks.
const MOST_ELEMENTS: u64 = 1 << 20;

/// How much is shown. What is cut is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many levels of members, elements and pointers are followed.
    pub depth: u32,
    /// How many elements of an array, a vector, a map.
    pub elements: u64,
    /// How many bytes of a text.
    pub text: u64,
    /// How many characters a line may have.
    pub line: usize,
    /// How many values in all, against objects that are wide at every level.
    pub values: u32,
}

/// What an object is to a person.
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
    /// A box or a cell: it is shown as what is in it.
    Wrapper(Wrapper),
    /// The value is not there, or nothing that its type allows: why.
    Unavailable(Unavailable),
}

/// A text in memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    /// What comes before the quotes: `u8`, `L`, `b`.
    pub prefix: &'static str,
    /// The characters, as far as they were read; not checked, not escaped. UTF-8, as far as it is.
    pub bytes: Vec<u8>,
    /// How many bytes the text has in all. `None`: nobody knows, because reading ended before the text did.
    pub length: Option<u64>,
    /// How many bytes of its buffer come after the NUL that ends it, where those are not all zero.
    pub after: u64,
}

/// A value that is shown as another.
#[derive(Clone, Debug, PartialEq)]
pub struct Wrapper {
    /// The other.
    pub object: Object,
    /// What else there is to say: `mutably borrowed`, `strong 2`.
    pub note: Option<String>,
}

/// Named parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    /// What stands before them: the name of a Rust struct or variant. May be empty.
    pub name: String,
    /// The parts, in order.
    pub fields: Vec<Field>,
    /// Whether the names are only numbers: a tuple.
    pub tuple: bool,
}

/// A named part.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name. A base class has its type's.
    pub name: String,
    /// Its value.
    pub object: Object,
}

/// Values in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequence {
    /// Whether order means nothing.
    pub set: bool,
    /// The values.
    pub elements: Elements,
}

/// Where the values of a sequence are.
#[derive(Clone, Debug, PartialEq)]
pub enum Elements {
    /// One after the other: the first, the bytes from each to the next, and how many there are.
    Array {
        /// The first; its type is that of all.
        first: Object,
        /// The bytes from each to the next.
        stride: u64,
        /// How many there are.
        length: u64,
    },
    /// In a ring of `capacity` places, the first at the place `head`.
    Ring {
        /// The place 0.
        first: Object,
        /// The bytes from each to the next.
        stride: u64,
        /// How many places there are.
        capacity: u64,
        /// The place of the first value.
        head: u64,
        /// How many values there are.
        length: u64,
    },
    /// Found one by one: those that were wanted, and how many there are in all.
    Listed(Vec<Object>, u64),
}

/// Keys with values.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// As many as were wanted.
    pub entries: Vec<(Object, Object)>,
    /// How many there are in all.
    pub length: u64,
}

/// A pointer or reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Pointer {
    /// Where it points.
    pub address: u64,
    /// What it points to, where its type says that.
    pub target: Option<Object>,
    /// The name of the function or static that it points to.
    pub name: Option<String>,
    /// The text that it points to, if it is a text.
    pub text: Option<Text>,
    /// Whether the short form shows the target, not the address: a reference, a `Box`.
    pub follow: bool,
    /// What else there is to say, as for a [`Wrapper`].
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
    /// What was left out of the parts, in words.
    pub cut: Option<String>,
}

impl Context<'_> {
    /// What `object` is to a person. At most `most` elements of a sequence or map are looked for, and never more than 2^20.
    pub fn shape(&mut self, object: &Object, most: u64) -> Shape {
        // Lengths are read from memory, and a list may be a circle.
        let most = most.min(MOST_ELEMENTS);
        if let Place::Nowhere(reason) = &object.place {
            return Shape::Unavailable(reason.clone());
        }
        let ty = self.bare(&object.ty);
        let known = match ty.kind {
            Kind::Record(_) => table::find(&ty.name),
            _ => None,
        };
        match known.and_then(|it| it(self, object, most)) {
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

    /// The element at `index`. `None`: there is none, or it was not looked for.
    pub fn get(&self, index: u64) -> Option<Object> {
        if index >= self.length() {
            return None;
        }
        let (first, stride, place) = match self {
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
                let place = head.checked_add(index)?;
                (first, stride, place.checked_rem(*capacity).unwrap_or(place))
            }
        };
        let reason = || Unavailable::Broken("an element lies outside of all memory".to_owned());
        Some(match place.checked_mul(*stride) {
            // Where it ends is known when it is read.
            Some(offset) => first.part(offset, None, first.ty.clone()),
            None => Object::nowhere(first.ty.clone(), reason()),
        })
    }
}
