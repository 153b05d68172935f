//! The types of the source language, as plain data.
//!
//! A [`Type`] refers to others by [`TypeRef`]. So a type is read only when it is needed, and it may refer to itself.
//! [`Symbols::ty`] reads one.

mod builtin;
mod functions;
pub(crate) mod name;
mod read;
mod record;
#[cfg(test)]
mod tests;
pub(crate) mod vtable;

pub use functions::Signature;
pub use name::Declarator;

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::dwarf::Dwarf;
use crate::fuel::Fuel;
use crate::scopes::ScopeKind;
use crate::{Language, Symbols, index, spelling};

/// A reference to a type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TypeRef {
    /// No type: `void`. The DWARF has no entry for it.
    Void,
    /// The type that this entry of the DWARF describes.
    Entry(TypeId),
    /// A type that no entry describes, for example from an expression of the user.
    Made(Arc<Type>),
}

/// An entry of a type: its offset in `.debug_info` of its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub(crate) usize);

/// A type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Type {
    /// Its name as its language writes it, with namespaces and parameters: `unsigned int`,
    /// `std::vector<int>`, `&[u8]`, `int (*)(char)`; `struct point` in C, and `point` in C++.
    ///
    /// A type has exactly one name. The name leaves out what programmers do not write: inline namespaces
    /// (`std::__2`), arguments that the library adds (`std::allocator<int>`, `alloc::alloc::Global`), and the
    /// function that declares the type. An unnamed structure has the name of its typedef; without one the name is
    /// made up: `struct {...}` in C, `{unnamed struct}`, `{lambda}`.
    pub name: Arc<str>,
    /// The language of its unit.
    pub language: Option<Language>,
    /// Its size in bytes. `None`: it has no size (`void`, a function, a C++ class that is only declared).
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
    /// A function.
    Function(Function),
    /// The entry could not be read: why.
    Broken(String),
}

/// The type of a function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Function {
    /// The types of its parameters.
    pub parameters: Vec<TypeRef>,
    /// It takes more arguments: `int (const char *, ...)`.
    pub variadic: bool,
    /// The type of its result.
    pub result: TypeRef,
}

/// How the bits of a base type are read (DWARF 5, section 5.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// A signed integer.
    Signed,
    /// An unsigned integer.
    Unsigned,
    /// An unsigned integer that is an address, and is written as one.
    Address,
    /// A truth value.
    Boolean,
    /// An IEEE 754 number.
    Float,
    /// Two IEEE 754 numbers: real and imaginary part.
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
    /// `T *`, and all pointers of Rust: in its DWARF, only the name distinguishes `&T` from `*const T`.
    Pointer,
    /// `T &`.
    Reference,
    /// `T &&`.
    RvalueReference,
}

/// A type with members.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// The keyword of its declaration.
    pub kind: RecordKind,
    /// Base classes and members, in order of declaration.
    pub members: Vec<Member>,
    /// Members that depend on a value: Rust's enums have them.
    pub variants: Option<Variants>,
    /// The template arguments, by parameter.
    pub parameters: Vec<Parameter>,
    /// The static data members that the entry declares: their names. Their values are variables.
    pub statics: Vec<Arc<str>>,
}

/// The keyword for a type with members.
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
    /// Its name. `None` for an unnamed structure or union, whose members are used like members of the outer one.
    pub name: Option<Arc<str>>,
    /// Its type.
    pub ty: TypeRef,
    /// Its offset in the record in bytes. 0 for a virtual base class.
    pub offset: u64,
    /// Its bits, for a bit-field.
    pub bits: Option<Bits>,
    /// Whether it is a member or a base class.
    pub role: Role,
    /// Whether the compiler made it (`DW_AT_artificial`): a pointer to the table of virtual functions.
    pub artificial: bool,
}

/// The role of a member in its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A data member.
    Field,
    /// A base class.
    Base,
    /// A virtual base class. Its offset from the start of the object is stored in memory, this many bytes before the
    /// address in the object's pointer to its table of virtual functions.
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
    /// The member that selects the variant. `None`: there is only one variant.
    pub discriminant: Option<Member>,
    /// The variants, in order of declaration.
    pub variants: Vec<Variant>,
}

/// One of the variants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Variant {
    /// The values of the discriminant that select it, as unsigned numbers of the discriminant's size. Empty: all values
    /// that select no other variant.
    pub values: Vec<RangeInclusive<u128>>,
    /// Its members: in Rust one, with the name of the variant.
    pub members: Vec<Member>,
    /// The line of its declaration: for a state of an async function, the line of the `await`.
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
    /// The number is in a variable, whose entry is at this offset of `.debug_info` (C's arrays of variable length).
    InVariable(usize),
    /// The type does not say: a flexible array member, `extern int all[]`.
    Unknown,
}

/// An enumeration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Enumeration {
    /// Its integer type. `Void` if the entry does not say: then the type is unsigned with the size of the entry,
    /// unless an enumerator is negative.
    pub underlying: TypeRef,
    /// Its values, in order of declaration. Negative values are sign-extended.
    pub enumerators: Vec<(Arc<str>, i128)>,
    /// Whether a name needs the type's name before it: `enum class`, and all enums of Rust.
    pub scoped: bool,
}

/// The types read so far, by entry.
#[derive(Default)]
pub(crate) struct Cache {
    types: HashMap<TypeId, Arc<Type>>,
    /// Their size in bytes, roughly.
    bytes: usize,
}

/// At most this many bytes are cached; then the cache is emptied. The types in the frames of a large program have a few
/// megabytes.
const MOST_CACHED: usize = 64 << 20;

impl Cache {
    fn add(&mut self, id: TypeId, ty: &Arc<Type>) {
        let size = |names: usize, count: usize| names + 96 * count;
        let kind = match &ty.kind {
            Kind::Record(record) => {
                let variants = record.variants.iter().flat_map(|it| &it.variants);
                let members = record
                    .members
                    .iter()
                    .chain(variants.flat_map(|it| &it.members));
                let names = members.map(|it| it.name.as_deref().unwrap_or_default());
                names.map(|name| size(name.len(), 1)).sum()
            }
            Kind::Enumeration(it) => it
                .enumerators
                .iter()
                .map(|(name, _)| size(name.len(), 1))
                .sum(),
            Kind::Function(it) => size(0, it.parameters.len()),
            Kind::Array(it) => size(0, it.dimensions.len()),
            _ => 0,
        };
        self.bytes += size(ty.name.len(), 2) + kind;
        if self.bytes > MOST_CACHED {
            *self = Cache::default();
        }
        self.types.insert(id, Arc::clone(ty));
    }
}

impl Symbols {
    /// The type behind a reference. A type that cannot be read is a [`Kind::Broken`].
    ///
    /// For a type that is only declared in its unit, this is the definition in another unit, if one exists.
    pub fn ty(&self, ty: &TypeRef) -> Arc<Type> {
        let id = match ty {
            TypeRef::Made(ty) => return Arc::clone(ty),
            TypeRef::Entry(id) => *id,
            TypeRef::Void => return void(),
        };
        // An entry without DWARF comes from the symbols of another module.
        let Some(sections) = &self.dwarf else {
            return void();
        };
        // Most types are cached: callers ask for the same ones thousands of times.
        if let Some(ty) = sections.types().types.get(&id) {
            return Arc::clone(ty);
        }
        let dwarf = sections.read();
        self.ty_within(&dwarf, id, &Fuel::for_one(dwarf.size()))
    }

    /// The same, as long as there is fuel.
    pub(crate) fn ty_within(&self, dwarf: &Dwarf<'_>, id: TypeId, fuel: &Fuel) -> Arc<Type> {
        if let Some(ty) = dwarf.types().types.get(&id) {
            return Arc::clone(ty);
        }
        let ty = Arc::new(read::read(dwarf, id, fuel));
        // A type that exhausts a shared fuel may be readable with fuel of its own.
        if !matches!(ty.kind, Kind::Broken(_)) {
            dwarf.types().add(id, &ty);
        }
        ty
    }

    /// The types with this name, complete ones first, from all units: `sample`, `struct sample`, `geometry::Point`,
    /// `Point` of any namespace, `unsigned int` or just `unsigned`. Types with the same name and size are returned
    /// once.
    ///
    /// The built-in numbers of C and Rust are known without any debug information.
    pub fn types_named(&self, name: &str) -> Vec<TypeRef> {
        let (tag, name) = tagged(name.trim());
        let Some(dwarf) = self.dwarf() else {
            return self.builtin(name).into_iter().collect();
        };
        let is_type = |it| matches!(it, ScopeKind::Type | ScopeKind::DeclaredType);
        let mut found = index::named(&dwarf, name, is_type);
        // With clang's `-gsimple-template-names`, the names in the DWARF have no arguments.
        let mut arguments = None;
        if found.is_empty()
            && let Some((template, _)) = name.split_once('<')
        {
            found = index::named(&dwarf, template, is_type);
            arguments = spelling::split(name).pop();
        }
        let mut types: Vec<(TypeRef, Arc<Type>)> = Vec::new();
        // Every type is read from different bytes.
        let fuel = Fuel::for_reading(dwarf.size());
        for named in found.into_iter().take(MOST_NAMED) {
            let id = TypeId(named.offset.0);
            let reference = TypeRef::Entry(id);
            let ty = self.ty_within(&dwarf, id, &fuel);
            let is_alias = matches!(ty.kind, Kind::Alias(_));
            let is_same = |other: &Type| {
                other.name == ty.name
                    && other.size == ty.size
                    && is_alias == matches!(other.kind, Kind::Alias(_))
            };
            let is_wanted = tag.is_none_or(|tag| is_declared_with(tag, &ty));
            let is_broken = matches!(ty.kind, Kind::Broken(_));
            let has_arguments = arguments.is_none_or(|wanted| {
                let last = spelling::split(&ty.name).pop();
                last.is_some_and(|last| spelling::same(last, wanted))
            });
            if is_wanted && has_arguments && !is_broken && !types.iter().any(|it| is_same(&it.1)) {
                types.push((reference, ty));
            }
        }
        // A type comes before a typedef with the same name.
        types.sort_by_key(|(_, it)| (it.size.is_none(), matches!(it.kind, Kind::Alias(_))));
        let found: Vec<TypeRef> = types.into_iter().map(|it| it.0).collect();
        if found.is_empty() && tag.is_none() {
            self.builtin(name).into_iter().collect()
        } else {
            found
        }
    }

    fn builtin(&self, name: &str) -> Option<TypeRef> {
        let ty = builtin::ty(name, self.address_size())?;
        Some(TypeRef::Made(Arc::new(ty)))
    }
}

impl Type {
    /// Whether it is a structure, union or enumeration without a name in the source.
    pub fn is_unnamed(&self) -> bool {
        let has_members = matches!(self.kind, Kind::Record(_) | Kind::Enumeration(_));
        has_members && (self.name.ends_with(UNNAMED) || self.name.starts_with("{unnamed "))
    }
}

/// Stands for the members in the name of an unnamed type of C.
const UNNAMED: &str = "{...}";

/// The keyword before the name of a type, if any, and the name: `struct point`.
pub fn tagged(name: &str) -> (Option<&str>, &str) {
    match name.split_once(' ') {
        Some((tag @ ("struct" | "class" | "union" | "enum"), name)) => (Some(tag), name.trim()),
        _ => (None, name),
    }
}

/// Whether this keyword may come before the name of the type.
fn is_declared_with(tag: &str, ty: &Type) -> bool {
    match &ty.kind {
        // Enums of Rust are records too.
        Kind::Record(_) if ty.language == Some(Language::Rust) => true,
        Kind::Record(record) if record.kind == RecordKind::Union => tag == "union",
        // C++ allows either keyword for the same class.
        Kind::Record(_) => matches!(tag, "struct" | "class"),
        Kind::Enumeration(_) => tag == "enum",
        _ => false,
    }
}

/// At most this many types of one name are compared.
const MOST_NAMED: usize = 1_000;

fn void() -> Arc<Type> {
    Arc::new(Type {
        name: "void".into(),
        language: None,
        size: None,
        kind: Kind::Void,
    })
}
