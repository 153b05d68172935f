//! The types of the source language: what an entry of the DWARF says of a type, as plain data.
//!
//! A [`Type`] refers to others by [`TypeRef`], so that one is read when it is looked at and a type
//! may contain itself. [`Symbols::ty`](crate::Symbols::ty) reads one.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::Language;
use crate::index;
use crate::scopes::ScopeKind;

/// A reference to a type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TypeRef {
    /// No type: `void`, and what the DWARF leaves out for it.
    Void,
    /// The type that the DWARF describes there.
    Entry(TypeId),
    /// A type that no entry describes: one that an expression made.
    Made(Arc<Type>),
}

/// An entry of a type: its offset in `.debug_info` of its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub(crate) usize);

/// A type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Type {
    /// Its name as its language writes it, with namespaces and parameters: `unsigned int`,
    /// `std::vector<int>`, `&[u8]`, `int (*)(char)`, `struct point` as `point`. Made up for what has none:
    /// `{unnamed struct}`.
    pub name: Arc<str>,
    /// The language of its unit.
    pub language: Option<Language>,
    /// Its size in bytes. `None`: it has none (`void`, a function, a C++ class that was only declared).
    pub size: Option<u64>,
    /// What it is.
    pub kind: Kind,
}

/// What a type is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `void`, `nullptr_t` and other types without a value (`DW_TAG_unspecified_type`).
    Void,
    /// A number, a character, a truth value.
    Base(Encoding),
    /// A pointer or a reference.
    Pointer(PointerKind, TypeRef),
    /// A pointer to a member of a class (`DW_TAG_ptr_to_member_type`): the class, the member's type.
    MemberPointer(TypeRef, TypeRef),
    /// A structure, class or union; also a Rust enum with data, a tuple and a closure.
    Record(Record),
    /// An array.
    Array(Array),
    /// An enumeration.
    Enumeration(Enumeration),
    /// Another name for a type (`DW_TAG_typedef`).
    Alias(TypeRef),
    /// A type with `const`, `volatile`, `restrict` or `_Atomic`.
    Qualified(TypeRef),
    /// A function: its parameters and result.
    Function(Vec<TypeRef>, TypeRef),
    /// The entry makes no sense: why.
    Broken(String),
}

/// How the bits of a base type are read (DWARF 5, section 5.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// A signed integer.
    Signed,
    /// An unsigned integer.
    Unsigned,
    /// A truth value.
    Boolean,
    /// An IEEE 754 number.
    Float,
    /// Two of them: real and imaginary part.
    Complex,
    /// A signed number that is a character in C.
    SignedChar,
    /// An unsigned number that is a character in C.
    UnsignedChar,
    /// A Unicode code unit or scalar value: `char8_t`, `char16_t`, `char32_t`, Rust's `char`.
    Unicode,
}

/// What a pointer type promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PointerKind {
    /// `T *`, and all pointers of Rust, whose DWARF does not tell `&T` from `*const T` but in the name.
    Pointer,
    /// `T &`.
    Reference,
    /// `T &&`.
    RvalueReference,
}

/// A type with members.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// With which word it was declared.
    pub kind: RecordKind,
    /// Base classes and members, in order of declaration.
    pub members: Vec<Member>,
    /// Which members it has besides, depending on a value: what Rust's enums are made of.
    pub variants: Option<Variants>,
    /// The template arguments, by parameter.
    pub parameters: Vec<Parameter>,
    /// The static data members that the entry declares: their names. Their values are variables.
    pub statics: Vec<Arc<str>>,
}

/// The word for a type with members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// `struct`, tuple, closure.
    Struct,
    /// `class`.
    Class,
    /// `union`.
    Union,
}

/// A member or base class.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    /// Its name. `None` for an unnamed structure or union whose members are used as the outer one's.
    pub name: Option<Arc<str>>,
    /// Its type.
    pub ty: TypeRef,
    /// Where it is in the record: bytes from its start. 0 for a virtual base class.
    pub offset: u64,
    /// The bits of it, for a bit-field.
    pub bits: Option<Bits>,
    /// Whether it is a member or a base class.
    pub role: Role,
    /// Whether the compiler made it (`DW_AT_artificial`): a pointer to the table of virtual functions.
    pub artificial: bool,
}

/// What a member is to its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A data member.
    Field,
    /// A base class.
    Base,
    /// A virtual base class. How far it is from the start of the object is stored this many bytes before the
    /// address that the object's pointer to its table of virtual functions has.
    VirtualBase(u64),
}

/// Bits of an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bits {
    /// From the least significant bit of the first byte. 0 to 7, because [`Member::offset`] has the bytes.
    pub offset: u8,
    /// How many; 1 to 128.
    pub size: u8,
}

/// The part of a record that depends on a value (`DW_TAG_variant_part`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Variants {
    /// The member that decides. `None`: there is only one variant, and nothing to decide.
    pub discriminant: Option<Member>,
    /// The variants, in order of declaration.
    pub variants: Vec<Variant>,
}

/// One of the variants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Variant {
    /// The values of the discriminant that mean it, as unsigned numbers of its size. Empty: it is meant by all values that
    /// no other variant has.
    pub values: Vec<RangeInclusive<u128>>,
    /// Its members: in Rust one, named like the variant.
    pub members: Vec<Member>,
    /// Where it was declared: for an async function's, the line of the `await`.
    pub line: Option<u32>,
}

/// A template argument.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Parameter {
    /// The name of the parameter. May be empty.
    pub name: Arc<str>,
    /// Its type, or the type of its value.
    pub ty: TypeRef,
    /// The value, for a parameter that has one.
    pub value: Option<i128>,
}

/// An array.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Array {
    /// The type of the elements of the innermost dimension.
    pub element: TypeRef,
    /// How many there are in each dimension, outermost first. Not empty.
    pub dimensions: Vec<Count>,
}

/// How many elements an array has in a dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Count {
    /// This many.
    Known(u64),
    /// As many as the variable says that the entry at this offset of `.debug_info` describes (C's arrays of variable length).
    InVariable(usize),
    /// The type does not say: a flexible array member, `extern int all[]`.
    Unknown,
}

/// An enumeration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Enumeration {
    /// The integer type that it is. `Void` when the entry does not say: then it is unsigned of the entry's size, unless
    /// an enumerator is negative.
    pub underlying: TypeRef,
    /// Its values, in order of declaration. Values are sign-extended where they were negative.
    pub enumerators: Vec<(Arc<str>, i128)>,
    /// Whether the names need the type's in front: `enum class`, and all of Rust.
    pub scoped: bool,
}

impl crate::Symbols {
    /// The type that a reference means. What is broken is a type too, that says so.
    pub fn ty(&self, ty: &TypeRef) -> Arc<Type> {
        match ty {
            TypeRef::Made(ty) => Arc::clone(ty),
            TypeRef::Void | TypeRef::Entry(_) => Arc::new(Type {
                name: "void".into(),
                language: None,
                size: None,
                kind: Kind::Void,
            }),
        }
    }

    /// The types of this name, complete ones first, from all units: `sample`, `struct sample`, `geometry::Point`, `unsigned int`.
    pub fn types_named(&self, name: &str) -> Vec<TypeRef> {
        let Some(dwarf) = self.dwarf() else {
            return Vec::new();
        };
        let words = ["struct ", "class ", "union ", "enum "];
        let name = name.trim();
        let name = words
            .iter()
            .find_map(|it| name.strip_prefix(it))
            .unwrap_or(name);
        let is_type = |it| matches!(it, ScopeKind::Type | ScopeKind::DeclaredType);
        let mut found = index::named(&dwarf, name, is_type);
        found.sort_by_key(|it| it.kind != ScopeKind::Type);
        found
            .into_iter()
            .map(|it| TypeRef::Entry(TypeId(it.offset.0)))
            .collect()
    }
}
