//! Classes with virtual functions: the dynamic class of an object behind a pointer to a base class.

use wdb_module::FuncIndex;

use crate::Language;
use crate::machine::Unavailable;
use crate::name::{Name, Origin};
use crate::object::{Context, Object, Scalar};
use crate::render::{Shape, table};
use crate::types::{Encoding, Kind, Record, RecordKind, Role, Type, TypeRef};

/// Base classes are followed at most this deep.
const MOST_BASES: u32 = 16;

/// At most this many base classes are looked into in all.
const MOST_LOOKED_INTO: u32 = 1_000;

/// A mangled class name has at most this many bytes; longer ones are ignored.
const LONGEST_NAME: u64 = 4096;

impl Context<'_> {
    /// The whole object that contains `object` as a base class with virtual functions. `None`: `object` is already the
    /// whole object, or its dynamic class is unknown.
    ///
    /// The pointer to the table of virtual functions gives the answer. In front of the address that it points to are
    /// the distance to the start of the whole object, and the `std::type_info` of the type (Itanium C++ ABI, section
    /// 2.5.2). Many WebAssembly programs have no RTTI. Then the DWARF of clang says which class the table belongs to,
    /// unless the table is that of a second base class or of a class with virtual bases.
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
        // Not the same class under another spelling, and not a class that has nothing to show.
        let whole = self.bare(&ty);
        let is_known = whole.size.is_some() || table::find(&whole.name).is_some();
        let is_other = whole.name != self.bare(&object.ty).name && is_known;
        is_other.then(|| Some(Object::at(u64::try_from(start).ok()?, ty)))?
    }

    /// The function that a virtual call on `object` calls: that with this index in the table of its class.
    pub fn virtual_function(&mut self, object: &Object, index: u64) -> Option<FuncIndex> {
        let pointer = self.table_pointer(object, MOST_BASES, &mut { MOST_LOOKED_INTO })?;
        let size = self.size(&pointer.ty).ok()?;
        let table = self.unsigned(&pointer).ok()?;
        let entry = table.checked_add(index.checked_mul(size)?)?;
        let element = Object::at(entry, integer(size, Encoding::Unsigned));
        let element = self.unsigned(&element).ok()?;
        self.machine.element(element).ok()?
    }

    fn class_named(&self, name: &str) -> Option<TypeRef> {
        let known = self.symbols.types_named(name).into_iter().next();
        // A program may throw an exception of the library without naming its class.
        known.or_else(|| table::find(name).is_some().then(|| declared(name)))
    }

    /// The name of the class whose `std::type_info` the pointer at `address` points to. A `type_info` is a pointer to
    /// a table and a pointer to the mangled name (section 2.9.3). `None` without RTTI.
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

    /// A pointer to a member function has two words. The first is the index of the function in table 0, or the offset
    /// of its entry in the table of virtual functions. The second is twice the adjustment of `this`, plus 1 if the
    /// function is virtual (Itanium C++ ABI, section 2.3, in the variant of ARM and WebAssembly, where an index may
    /// be odd).
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

    /// Finds the pointer to the table of virtual functions. Looks into no more than `left` base classes, because base
    /// classes of base classes may multiply.
    fn table_pointer(&mut self, object: &Object, depth: u32, left: &mut u32) -> Option<Object> {
        let ty = self.bare(&object.ty);
        let Kind::Record(record) = &ty.kind else {
            return None;
        };
        // Programs have only a declaration of `std::exception`, the base class of all exceptions of the library.
        if ty.size.is_none() && &*ty.name == "std::exception" {
            let size = self.symbols.address_size();
            return Some(object.part(0, Some(size), integer(size, Encoding::Unsigned)));
        }
        let is_pointer = |name: &str| name.starts_with("_vptr");
        if let Some(pointer) = record
            .members
            .iter()
            .find(|it| it.artificial && it.name.as_deref().is_some_and(is_pointer))
        {
            return Some(self.member(object, pointer));
        }
        let depth = depth.checked_sub(1)?;
        let mut bases = record.members.iter().filter(|it| it.role != Role::Field);
        bases.find_map(|base| {
            *left = left.checked_sub(1)?;
            let base = self.member(object, base);
            self.table_pointer(&base, depth, left)
        })
    }
}

/// A class with a known name and nothing else.
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

/// An integer of the size of a pointer. The DWARF may have no such type.
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
