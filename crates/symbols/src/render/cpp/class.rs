//! Classes with virtual functions: of which class an object behind a pointer to a base really is.

use crate::Language;
use crate::machine::Unavailable;
use crate::name::{Name, Origin};
use crate::object::{Context, Object, Scalar};
use crate::render::{Shape, table};
use crate::types::{Encoding, Kind, Record, RecordKind, Role, Type, TypeRef};

/// Base classes in base classes are looked into as deep as this.
const MOST_BASES: u32 = 16;

/// As many base classes are looked into in all.
const MOST_LOOKED_INTO: u32 = 1_000;

/// Longer mangled names of classes are not believed.
const LONGEST_NAME: u64 = 4096;

impl Context<'_> {
    /// The whole object that `object`, of a class with virtual functions, is a base class of. `None`: it is none,
    /// or nothing tells what it is.
    ///
    /// Its pointer to the table of virtual functions tells: in front of what it points to are the distance to the start
    /// of the whole object, and the type's `std::type_info` (Itanium C++ ABI, section 2.5.2). Without RTTI, which
    /// many WebAssembly programs go without, the DWARF of clang tells whose table it is, unless it is one of a second
    /// base class or has virtual ones.
    pub fn whole_object(&mut self, object: &Object) -> Option<Object> {
        let pointer = self.table_pointer(object, MOST_BASES, &mut { MOST_LOOKED_INTO })?;
        let table = self.unsigned(&pointer).ok()?;
        let size = self.size(&pointer.ty).ok()?;
        let entry = |back: u64| table.checked_sub(size.checked_mul(back)?);
        let ty = match self.class_name(entry(1)?, size) {
            Some(class) if class == *self.bare(&object.ty).name => return None,
            Some(class) => self.class_named(&class)?,
            None => self.symbols.vtable_type(table)?,
        };
        let distance = Object::at(entry(2)?, integer(size, Encoding::Signed));
        let Scalar::Signed(distance) = self.scalar(&distance).ok()? else {
            return None;
        };
        let start = i128::from(pointer.address()?).checked_add(distance)?;
        // Not the class itself under another spelling, and nothing of which there is nothing to show.
        let whole = self.bare(&ty);
        let is_known = whole.size.is_some() || table::find(&whole.name).is_some();
        let is_other = whole.name != self.bare(&object.ty).name && is_known;
        is_other.then(|| Some(Object::at(u64::try_from(start).ok()?, ty)))?
    }

    fn class_named(&self, name: &str) -> Option<TypeRef> {
        let known = self.symbols.types_named(name).into_iter().next();
        // Programs need not name the library's exceptions to throw them.
        known.or_else(|| table::find(name).is_some().then(|| declared(name)))
    }

    /// The class whose `std::type_info` is pointed to from `address`: a pointer to a table and one to the mangled
    /// name (section 2.9.3). Without RTTI there is none.
    fn class_name(&mut self, address: u64, size: u64) -> Option<String> {
        let word = || integer(size, Encoding::Unsigned);
        let info = self.unsigned(&Object::at(address, word())).ok()?;
        if info == 0 {
            return None;
        }
        let name = Object::at(info.checked_add(size)?, word());
        let name = self.unsigned(&name).ok()?;
        let name = self.text_to_nul(name, 1, "")?;
        name.length.filter(|it| (1..=LONGEST_NAME).contains(it))?;
        let name = format!("_Z{}", String::from_utf8(name.bytes).ok()?);
        let class = Name::from_symbol(name.clone(), Origin::NameSection).display;
        (class != name).then_some(class)
    }

    /// A pointer to a member function: the index of the function in table 0, or the offset of its entry in the table of
    /// virtual functions; and twice the adjustment of `this`, plus 1 when it is virtual (Itanium C++ ABI,
    /// section 2.3, in the form that ARM and WebAssembly have, where every index may be odd).
    pub(in crate::render) fn member_function(&mut self, object: &Object, class: &TypeRef) -> Shape {
        let (function, adjustment) = match self.member_function_parts(object) {
            Ok(parts) => parts,
            Err(reason) => return Shape::Unavailable(reason),
        };
        let size = self.size(&object.ty).unwrap_or(8) / 2;
        let class_name = self.ty(class).name.clone();
        let mut text = if adjustment & 1 == 1 {
            let index = function / size.max(1);
            match self.symbols.virtual_function(class, index) {
                Some(name) => format!("&{class_name}::{name} (virtual)"),
                None => format!("virtual function {index} of `{class_name}`"),
            }
        } else if function == 0 {
            "null".to_owned()
        } else {
            match self.machine.element(function) {
                Ok(Some(function)) => format!("&{}", self.function_name(function)),
                Ok(None) => format!("null function {function}"),
                Err(_) => format!("function {function} of the table"),
            }
        };
        match adjustment >> 1 {
            0 => {}
            bytes => text += &format!(" ({bytes} bytes into the object)"),
        }
        Shape::Scalar(text)
    }

    fn member_function_parts(&mut self, object: &Object) -> Result<(u64, i128), Unavailable> {
        let word = self.size(&object.ty)? / 2;
        let function = object.part(0, Some(word), integer(word, Encoding::Unsigned));
        let adjustment = object.part(word, Some(word), integer(word, Encoding::Signed));
        match self.scalar(&adjustment)? {
            Scalar::Signed(adjustment) => Ok((self.unsigned(&function)?, adjustment)),
            _ => Ok((self.unsigned(&function)?, 0)),
        }
    }

    /// Looks into no more than `left` base classes, because those of base classes may multiply.
    fn table_pointer(&mut self, object: &Object, depth: u32, left: &mut u32) -> Option<Object> {
        let ty = self.bare(&object.ty);
        let Kind::Record(record) = &ty.kind else {
            return None;
        };
        // Of the class that all the library's exceptions have as their base, programs have only a declaration.
        if ty.size.is_none() && &*ty.name == "std::exception" {
            let size = self.symbols.address_size();
            return Some(object.part(0, Some(size), integer(size, Encoding::Unsigned)));
        }
        let is_pointer = |name: &str| name.starts_with("_vptr");
        if let Some(found) = record
            .members
            .iter()
            .find(|it| it.artificial && it.name.as_deref().is_some_and(is_pointer))
        {
            return Some(self.member(object, found));
        }
        let depth = depth.checked_sub(1)?;
        let mut bases = record.members.iter().filter(|it| it.role != Role::Field);
        bases.find_map(|it| {
            *left = left.checked_sub(1)?;
            let base = self.member(object, it);
            self.table_pointer(&base, depth, left)
        })
    }
}

/// A class of which only the name is known.
fn declared(name: &str) -> TypeRef {
    TypeRef::Made(
        Type {
            name: name.into(),
            language: Some(Language::Cpp),
            size: None,
            kind: Kind::Record(Record {
                kind: RecordKind::Class,
                members: Vec::new(),
                variants: None,
                parameters: Vec::new(),
                statics: Vec::new(),
            }),
        }
        .into(),
    )
}

/// An integer of the size of a pointer, which the DWARF need not have.
pub(super) fn integer(size: u64, encoding: Encoding) -> TypeRef {
    TypeRef::Made(
        Type {
            name: "long".into(),
            language: None,
            size: Some(size),
            kind: Kind::Base(encoding),
        }
        .into(),
    )
}
