//! Objects as a person of their language writes them.
//!
//! [`shape`] says what an object is to a person, with one table keyed by type name ([`table`]) for the types of standard libraries: a
//! `Vec` is a sequence, whatever its fields are. [`short`] writes it on one line, [`tree`] as a tree.

use crate::machine::Unavailable;
use crate::object::{Context, Object};

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
    Wrapper(Object),
    /// The value is not there, or nothing that its type allows: why.
    Unavailable(Unavailable),
}

/// A text in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// What comes before the quotes: `u8`, `L`, `b`.
    pub prefix: &'static str,
    /// The characters, as far as they were read; not checked, not escaped. UTF-8, as far as it is.
    pub bytes: Vec<u8>,
    /// How many bytes the text has in all, where that is known.
    pub length: Option<u64>,
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
    /// Whether it is followed in the short form: a reference, a `Box`.
    pub follow: bool,
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
    /// What `object` is to a person. At most `most` elements of a sequence or map are looked for.
    pub fn shape(&mut self, object: &Object, most: u64) -> Shape {
        let _ = most;
        Shape::Unavailable(Unavailable::Unsupported(format!("{:?}", object.ty)))
    }
}
