//! The shapes of what needs no special knowledge: every type of C and of most programs.

use std::fmt::Write as _;

use super::scalar::last_segment;
use super::text::{has_control, readable};
use super::{Elements, Field, Fields, Pointer, Sequence, Shape, Text};
use crate::Language;
use crate::machine::Unavailable;
use crate::object::{Context, Object};
use crate::types::{
    Array, Count, Kind, Member, PointerKind, Record, Role, Type, TypeRef, Variant, Variants,
};
use wdb_module::FuncIndex;

/// Unnamed members are nested at most this deep.
const MOST_NESTING: u32 = 16;

/// At most this many members of a structure are shown: no real structure has more.
const MOST_FIELDS: u32 = 10_000;

impl Context<'_> {
    /// The shape that follows from the type alone, without [`super::table`]. A function of the table that needs the
    /// shape of a part must use this: hostile debug information can say that a part has the type of the whole.
    pub(super) fn plain_shape(&mut self, object: &Object) -> Shape {
        let ty = self.bare(&object.ty);
        match &ty.kind {
            Kind::Void => match &*ty.name {
                "decltype(nullptr)" | "std::nullptr_t" | "nullptr_t" => {
                    Shape::Scalar("nullptr".to_owned())
                }
                name => unsupported(format!("`{name}` has no values")),
            },
            Kind::Base(encoding) => self.number(object, &ty, *encoding),
            Kind::Pointer(kind, target) => self.pointer(object, &ty, *kind, target),
            Kind::MemberPointer(class, member) => match self.bare(member).kind {
                Kind::Function(..) => self.member_function(object, class),
                _ => self.member_pointer(object, class),
            },
            Kind::Record(_) if ty.size.is_none() => match self.size(&object.ty) {
                Err(reason) => Shape::Unavailable(reason),
                Ok(_) => unsupported(format!("`{}` has no members", ty.name)),
            },
            Kind::Record(record) => match &record.variants {
                Some(variants) => self.variant(object, &ty, record, variants),
                None => Shape::Fields(self.fields(object, &ty, record)),
            },
            Kind::Array(array) => self.array(object, &ty, array),
            Kind::Enumeration(enumeration) => self.enumerator(object, &ty, enumeration),
            Kind::Function(..) => match object.address() {
                Some(index) => Shape::Pointer(self.function(index)),
                None => unsupported("a function has no value".to_owned()),
            },
            Kind::Broken(reason) => Shape::Unavailable(Unavailable::Broken(reason.clone())),
            Kind::Alias(_) | Kind::Qualified(_) => Shape::Unavailable(Unavailable::Broken(
                format!("`{}` is a name for too many other names", ty.name),
            )),
        }
    }

    fn pointer(
        &mut self,
        object: &Object,
        ty: &Type,
        kind: PointerKind,
        target: &TypeRef,
    ) -> Shape {
        let address = match self.unsigned(object) {
            Ok(address) => address,
            Err(reason) => return Shape::Unavailable(reason),
        };
        let pointee = self.bare(target);
        if matches!(pointee.kind, Kind::Function(..)) {
            let mut function = self.function(address);
            // The DWARF does not distinguish a function pointer from a function item, which has no bytes.
            if ty.language == Some(Language::Rust) && function.name.is_none() {
                function.note = Some("no function; a function item has no value".to_owned());
            }
            return Shape::Pointer(function);
        }
        let text = match self.character(target) {
            Some((width, prefix)) if address != 0 => self.text_to_nul(address, width, prefix),
            _ => None,
        };
        let is_raw = |name: &str| name.starts_with('*') || name.starts_with("fn(");
        let mut target_object = match pointee.kind {
            Kind::Void => None,
            _ if address == 0 => None,
            _ => Some(Object::at(address, target.clone())),
        };
        let follow = kind != PointerKind::Pointer
            || ty.language == Some(Language::Rust) && !is_raw(&ty.name);
        let mut note = None;
        if let Some(object) = &mut target_object
            && pointee.language == Some(Language::Cpp)
            && let Some(whole) = self.whole_object(object)
        {
            note = Some(self.ty(&whole.ty).name.to_string());
            *object = whole;
        }
        Shape::Pointer(Pointer {
            address,
            target: target_object,
            name: if follow { None } else { self.name_at(address) },
            text: text.filter(|text| {
                !self.may_be_bytes(target) || !text.bytes.is_empty() && readable(&text.bytes)
            }),
            follow,
            note,
        })
    }

    /// A pointer to the function in table 0 at `index`.
    fn function(&mut self, index: u64) -> Pointer {
        let (name, note) = match self.machine.element(index) {
            Ok(Some(function)) => (Some(self.function_name(function)), None),
            Ok(None) if index != 0 => (None, Some("no function".to_owned())),
            Err(Unavailable::Unsupported(why)) => (None, Some(why)),
            Ok(None) | Err(_) => (None, None),
        };
        Pointer {
            address: index,
            target: None,
            name,
            text: None,
            follow: false,
            note,
        }
    }

    /// The demangled name of a function.
    pub(super) fn function_name(&self, function: FuncIndex) -> String {
        self.symbols.function_name(function).display
    }

    /// The name of the static at an address.
    pub(super) fn name_at(&self, address: u64) -> Option<String> {
        let (variable, offset) = self.symbols.static_at(address)?;
        Some(match offset {
            0 => variable.name.to_string(),
            offset => format!("{}+{offset}", variable.name),
        })
    }

    /// A pointer to a data member: its offset in the class, and -1 for null (Itanium C++ ABI, section 2.3).
    fn member_pointer(&mut self, object: &Object, class: &TypeRef) -> Shape {
        let offset = match self.bits(object) {
            Ok(bits) => bits as u32,
            Err(reason) => return Shape::Unavailable(reason),
        };
        let class = self.bare(class);
        let name = match &class.kind {
            Kind::Record(record) => {
                let is_at_offset =
                    |it: &&Member| it.offset == u64::from(offset) && it.bits.is_none();
                let mut members = record.members.iter().filter(is_at_offset);
                members.find_map(|it| it.name.clone())
            }
            _ => None,
        };
        Shape::Scalar(match name {
            _ if offset == u32::MAX => "null".to_owned(),
            Some(name) => format!("&{}::{name}", last_segment(&class.name)),
            None => format!("{offset} bytes into `{}`", class.name),
        })
    }

    /// The members of a record by name. The members of an unnamed member count as members of the record.
    pub(super) fn fields(&mut self, object: &Object, ty: &Type, record: &Record) -> Fields {
        let rust = ty.language == Some(Language::Rust);
        let mut fields = Vec::new();
        let left = &mut { MOST_FIELDS };
        self.members(object, &record.members, MOST_NESTING, left, &mut fields);
        let tuple = rust
            && fields.iter().enumerate().all(|(index, field)| {
                let number = field
                    .name
                    .strip_prefix("__")
                    .and_then(|digits| digits.parse().ok());
                number == Some(index)
            });
        for field in fields.iter_mut().filter(|_| tuple) {
            field.name.drain(.."__".len());
        }
        Fields {
            name: if rust && !ty.name.starts_with('(') {
                last_segment(&ty.name)
            } else {
                String::new()
            },
            tuple: tuple && !fields.is_empty(),
            fields,
        }
    }

    /// Adds members to `fields`. Looks at no more than `left` of them, because nested unnamed members may multiply.
    fn members(
        &mut self,
        object: &Object,
        members: &[Member],
        depth: u32,
        left: &mut u32,
        fields: &mut Vec<Field>,
    ) {
        for member in members {
            *left = match left.checked_sub(1) {
                Some(left) => left,
                None => return,
            };
            let part = self.member(object, member);
            let name = match (&member.name, member.role) {
                // The pointer to the table of virtual functions says only what the type says.
                (Some(name), _) if member.artificial && name.starts_with("_vptr") => continue,
                (Some(name), Role::Field) => name.to_string(),
                (_, Role::Base | Role::VirtualBase(_)) => self.ty(&member.ty).name.to_string(),
                (None, Role::Field) => match (&self.bare(&member.ty).kind, depth.checked_sub(1)) {
                    (Kind::Record(inner), Some(depth)) => {
                        self.members(&part, &inner.members, depth, left, fields);
                        continue;
                    }
                    // An unnamed bit-field is padding.
                    _ => continue,
                },
            };
            fields.push(Field { name, object: part });
        }
    }

    /// A record with the variant that its discriminant selects.
    fn variant(&mut self, object: &Object, ty: &Type, record: &Record, all: &Variants) -> Shape {
        let variant = match self.active_variant(object, ty, all) {
            Ok(variant) => variant,
            Err(reason) => return Shape::Unavailable(reason),
        };
        let mut fields = self.fields(object, ty, record).fields;
        let [member] = variant.members.as_slice() else {
            let left = &mut { MOST_FIELDS };
            self.members(object, &variant.members, 0, left, &mut fields);
            return Shape::Fields(Fields {
                name: last_segment(&ty.name),
                fields,
                tuple: false,
            });
        };
        // In Rust each variant has one member, a structure with the variant's name.
        let payload = self.member(object, member);
        let payload_type = self.bare(&payload.ty);
        let Kind::Record(payload_record) = &payload_type.kind else {
            fields.push(Field {
                name: member.name.as_deref().unwrap_or_default().to_owned(),
                object: payload,
            });
            return Shape::Fields(Fields {
                name: last_segment(&ty.name),
                fields,
                tuple: false,
            });
        };
        let mut variant_fields = self.fields(&payload, &payload_type, payload_record);
        fields.append(&mut variant_fields.fields);
        Shape::Fields(Fields {
            name: last_segment(&payload_type.name),
            fields,
            tuple: variant_fields.tuple,
        })
    }

    /// The variant that an object has.
    ///
    /// # Errors
    ///
    /// When the discriminant is unavailable or selects no variant.
    pub(super) fn active_variant<'v>(
        &mut self,
        object: &Object,
        ty: &Type,
        all: &'v Variants,
    ) -> Result<&'v Variant, Unavailable> {
        let Some(discriminant) = &all.discriminant else {
            let no_values = || Unavailable::Unsupported(format!("`{}` has no values", ty.name));
            return all.variants.first().ok_or_else(no_values);
        };
        let discriminant = self.member(object, discriminant);
        let value = self.bits(&discriminant)?;
        let is_selected = |variant: &&Variant| variant.values.iter().any(|it| it.contains(&value));
        let is_default = |variant: &&Variant| variant.values.is_empty();
        let selected = all.variants.iter().find(is_selected);
        let selected = selected.or_else(|| all.variants.iter().find(is_default));
        selected.ok_or_else(|| {
            Unavailable::Unsupported(format!(
                "no variant of `{}` has the discriminant {value}",
                ty.name
            ))
        })
    }

    /// The elements of an array, also of one that is shown as text. `None`: the object is not an array, or its type
    /// does not give its length.
    pub fn elements(&mut self, object: &Object) -> Option<Elements> {
        let ty = self.bare(&object.ty);
        let Kind::Array(array) = &ty.kind else {
            return None;
        };
        self.array_elements(object, &ty, array).ok()?
    }

    /// The text in an array of characters, up to its NUL. `None`: the object is not such an array, or is unavailable.
    pub(super) fn text_of_array(&mut self, object: &Object) -> Option<Text> {
        let ty = self.bare(&object.ty);
        let Kind::Array(array) = &ty.kind else {
            return None;
        };
        let (width, prefix) = self.characters(array)?;
        let length = self.array_elements(object, &ty, array).ok()??.length();
        let (text, _) = self.text_in(&object.place, width, length).ok()?;
        Some(Text { prefix, ..text })
    }

    /// For an array of characters, the size of each in bytes and the prefix of its literals.
    fn characters(&self, array: &Array) -> Option<(u64, &'static str)> {
        match array.dimensions.len() {
            1 => self.character(&array.element),
            _ => None,
        }
    }

    /// Like [`Context::elements`]. `Ok(None)`: a flexible array member.
    fn array_elements(
        &mut self,
        object: &Object,
        ty: &Type,
        array: &Array,
    ) -> Result<Option<Elements>, Unavailable> {
        let (count, inner) = match array.dimensions.as_slice() {
            [] => {
                let words = "an array without dimensions".to_owned();
                return Err(Unavailable::Broken(words));
            }
            [count] => (*count, array.element.clone()),
            [count, rest @ ..] => (*count, self.inner_array(ty, array, rest)?),
        };
        let Some(length) = self.count(count)? else {
            return Ok(None);
        };
        Ok(Some(Elements::Array {
            stride: self.size(&inner)?,
            first: object.part(0, None, inner),
            length,
        }))
    }

    fn array(&mut self, object: &Object, ty: &Type, array: &Array) -> Shape {
        let character = self.characters(array);
        let elements = match self.array_elements(object, ty, array) {
            Ok(Some(elements)) => elements,
            // A text ends with a NUL, so its length is known.
            Ok(None) => {
                let text = match (character, object.address()) {
                    (Some((width, prefix)), Some(at)) => self.text_to_nul(at, width, prefix),
                    _ => None,
                };
                return match text {
                    Some(text) => Shape::Text(text),
                    None => unsupported("its type does not say how many there are".to_owned()),
                };
            }
            Err(reason) => return Shape::Unavailable(reason),
        };
        let length = elements.length();
        if let Some((width, prefix)) = character.filter(|_| length > 0) {
            match self.text_in(&object.place, width, length) {
                // Elements that may be bytes are shown as text only if it is readable and ends with its NUL.
                Ok((text, ends))
                    if has_control(&text.bytes) && text.after > 0
                        || self.may_be_bytes(&array.element)
                            && !(ends && text.after == 0 && readable(&text.bytes)) => {}
                Ok((text, _)) => return Shape::Text(Text { prefix, ..text }),
                Err(reason) => return Shape::Unavailable(reason),
            }
        }
        Shape::Sequence(Sequence {
            set: false,
            elements,
        })
    }

    /// The type of the elements of an array of several dimensions: an array with one dimension less.
    fn inner_array(
        &mut self,
        ty: &Type,
        array: &Array,
        rest: &[Count],
    ) -> Result<TypeRef, Unavailable> {
        let mut size = self.size(&array.element).ok();
        let mut dimensions = Vec::new();
        for count in rest {
            let length = self.count(*count)?;
            size = size
                .zip(length)
                .and_then(|(size, length)| size.checked_mul(length));
            dimensions.push(length.map_or(Count::Unknown, Count::Known));
        }
        let mut name = self.ty(&array.element).name.to_string();
        for count in &dimensions {
            let _ = match count {
                Count::Known(length) => write!(name, "[{length}]"),
                _ => write!(name, "[]"),
            };
        }
        Ok(TypeRef::Made(
            Type {
                name: name.into(),
                language: ty.language,
                size,
                kind: Kind::Array(Array {
                    element: array.element.clone(),
                    dimensions,
                }),
            }
            .into(),
        ))
    }

    fn count(&mut self, count: Count) -> Result<Option<u64>, Unavailable> {
        let entry = match count {
            Count::Known(length) => return Ok(Some(length)),
            Count::Unknown => return Ok(None),
            Count::InVariable(entry) => entry,
        };
        let missing = || Unavailable::Unsupported("nothing says how long it is".to_owned());
        let pc = self.pc.ok_or_else(missing)?;
        let variables = self.symbols.variables(pc);
        let mut variables = variables.iter().flatten();
        let variable = variables.find(|it| it.entry == entry).ok_or_else(missing)?;
        let length = self.symbols.object(variable, pc, self.machine);
        self.unsigned(&length).map(Some)
    }
}

fn unsupported(words: String) -> Shape {
    Shape::Unavailable(Unavailable::Unsupported(words))
}
