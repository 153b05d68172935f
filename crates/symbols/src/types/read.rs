//! Reads an entry of the DWARF as a [`Type`].

use std::sync::Arc;

use gimli::{AttributeValue, DebugInfoOffset, UnitOffset};

use super::{
    Array, Count, Encoding, Enumeration, Function, Kind, PointerKind, RecordKind, Type, TypeId,
    TypeRef,
};
use crate::dwarf::{Dwarf, Slice};
use crate::fuel::{CutShort, Fuel};
use crate::scopes::{self, ScopeKind};
use crate::units::Unit;
use crate::{Language, index};

/// An entry with its attributes.
pub(crate) type Entry<'a> = gimli::DebuggingInformationEntry<Slice<'a>>;

/// At most this many typedefs, qualifiers and arrays of arrays are followed from one type: they may form a cycle.
pub(super) const MOST_HOPS: usize = 64;

/// A name has at most this many bytes; the rest is cut.
pub(super) const LONGEST_NAME: usize = 16 << 10;

/// Why a type could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Stopped(#[from] CutShort),
    #[error(transparent)]
    Broken(#[from] gimli::Error),
    #[error("it lies outside of .debug_info")]
    Outside,
    #[error(
        "its definition is in a type unit that is not in .debug_info; .debug_types is not read"
    )]
    NoTypeUnit,
    #[error("its size is that of itself")]
    MadeOfItself,
    #[error("it is larger than any memory")]
    TooLarge,
    #[error("its encoding, {0:#x}, is of no known kind")]
    UnknownEncoding(u8),
    #[error("{0} is not a type that is known")]
    UnknownTag(gimli::DwTag),
}

/// Reads types, as long as there is fuel.
pub(super) struct Reader<'d, 'a> {
    pub(super) dwarf: &'d Dwarf<'a>,
    pub(super) fuel: &'d Fuel,
}

/// An entry and the unit that it is in.
pub(super) struct Found<'a> {
    pub(super) unit: Unit<'a>,
    pub(super) entry: Entry<'a>,
}

/// The type whose entry is at `id`.
pub(super) fn read(dwarf: &Dwarf<'_>, id: TypeId, fuel: &Fuel) -> Type {
    let reader = Reader { dwarf, fuel };
    reader.ty(id).unwrap_or_else(|error| {
        broken(format!(
            "the type at .debug_info+{:#x} is broken: {error}",
            id.0
        ))
    })
}

/// A type that could not be read, with the reason.
fn broken(why: String) -> Type {
    Type {
        name: "{broken type}".into(),
        language: None,
        size: None,
        kind: Kind::Broken(why),
    }
}

/// A reference to a type that could not be read, with the reason.
pub(super) fn broken_ref(why: String) -> TypeRef {
    TypeRef::Made(Arc::new(broken(why)))
}

impl<'a> Reader<'_, 'a> {
    fn ty(&self, id: TypeId) -> Result<Type, Error> {
        let mut id = id;
        let mut found = self.find(id)?;
        if found.is_declaration() {
            if let Some(definition) = self.definition(&found) {
                id = definition;
                found = self.find(id)?;
            } else if found.entry.has_attr(gimli::DW_AT_signature) {
                return Err(Error::NoTypeUnit);
            }
        }
        let (unit, entry) = (&found.unit, &found.entry);
        let reference = || self.reference(unit, entry.attr_value(gimli::DW_AT_type));
        let mut size = self.size(&TypeRef::Entry(id))?;
        let kind = match entry.tag() {
            gimli::DW_TAG_base_type => Kind::Base(encoding(entry)?),
            gimli::DW_TAG_pointer_type => Kind::Pointer(PointerKind::Pointer, reference()),
            gimli::DW_TAG_reference_type => Kind::Pointer(PointerKind::Reference, reference()),
            gimli::DW_TAG_rvalue_reference_type => {
                Kind::Pointer(PointerKind::RvalueReference, reference())
            }
            gimli::DW_TAG_ptr_to_member_type => {
                let class = entry.attr_value(gimli::DW_AT_containing_type);
                Kind::MemberPointer(self.reference(unit, class), reference())
            }
            gimli::DW_TAG_structure_type => Kind::Record(self.record(&found, RecordKind::Struct)?),
            gimli::DW_TAG_class_type | gimli::DW_TAG_interface_type => {
                Kind::Record(self.record(&found, RecordKind::Class)?)
            }
            gimli::DW_TAG_union_type => Kind::Record(self.record(&found, RecordKind::Union)?),
            gimli::DW_TAG_array_type => Kind::Array(Array {
                element: reference(),
                dimensions: self.dimensions(&found)?,
            }),
            gimli::DW_TAG_enumeration_type => Kind::Enumeration(self.enumeration(&found)?),
            gimli::DW_TAG_typedef
            | gimli::DW_TAG_template_alias
            // A range of integers in Ada and Pascal.
            | gimli::DW_TAG_subrange_type => Kind::Alias(reference()),
            tag if is_qualifier(tag) => Kind::Qualified(reference()),
            gimli::DW_TAG_subroutine_type => Kind::Function(self.function(&found, reference())?),
            gimli::DW_TAG_unspecified_type => {
                size = None;
                Kind::Void
            }
            tag => return Err(Error::UnknownTag(tag)),
        };
        Ok(Type {
            name: self.name(&TypeRef::Entry(id)).into(),
            language: unit.language,
            size,
            kind,
        })
    }

    /// The entry of a type.
    pub(super) fn find(&self, id: TypeId) -> Result<Found<'a>, Error> {
        let units = self.dwarf.units();
        let place = units.containing(DebugInfoOffset(id.0));
        let (unit, offset) = place.ok_or(Error::Outside)?;
        let unit = units.open(self.dwarf, unit)?;
        let mut entry = Entry::null();
        let mut entries = unit.gimli.entries_raw(Some(offset))?;
        if !entries.read_entry(&mut entry)? {
            return Err(Error::Outside);
        }
        self.fuel.burn(1 + entry.attrs().len())?;
        Ok(Found { unit, entry })
    }

    /// Calls `see` with each entry below `found` and its depth. The children have depth 1. Children of an entry are
    /// visited only if `enter` accepts its tag.
    pub(super) fn each_below(
        &self,
        found: &Found<'a>,
        enter: impl Fn(gimli::DwTag) -> bool,
        mut see: impl FnMut(isize, &Entry<'a>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if !found.entry.has_children() {
            return Ok(());
        }
        let unit = &found.unit.gimli;
        let mut entries = unit.entries_raw(Some(found.entry.offset()))?;
        let mut entry = Entry::null();
        entries.read_entry(&mut entry)?;
        // Entries below this depth are skipped.
        let mut skipped = None;
        while !entries.is_empty() {
            let depth = entries.next_depth();
            if depth <= 0 {
                break;
            }
            if skipped.is_some_and(|skipped| depth <= skipped) {
                skipped = None;
            }
            if skipped.is_some() {
                self.fuel.burn(1)?;
                if let Some(abbreviation) = entries.read_abbreviation()? {
                    self.fuel.burn(abbreviation.attributes().len())?;
                    entries.skip_attributes(abbreviation.attributes())?;
                }
                continue;
            }
            if !entries.read_entry(&mut entry)? {
                self.fuel.burn(1)?;
                continue;
            }
            self.fuel.burn(1 + entry.attrs().len())?;
            see(depth, &entry)?;
            if !enter(entry.tag()) {
                skipped = Some(depth);
            }
        }
        Ok(())
    }

    /// The type that the value of an attribute refers to.
    pub(super) fn reference(
        &self,
        unit: &Unit<'a>,
        value: Option<AttributeValue<Slice<'a>>>,
    ) -> TypeRef {
        let offset = match value {
            None => return TypeRef::Void,
            Some(AttributeValue::UnitRef(it)) => it.to_debug_info_offset(&unit.gimli.header),
            Some(AttributeValue::DebugInfoRef(it)) => Some(it),
            Some(AttributeValue::DebugTypesRef(signature)) => {
                match self.dwarf.units().with_signature(signature) {
                    Some(it) => Some(it),
                    None => {
                        return broken_ref(Error::NoTypeUnit.to_string());
                    }
                }
            }
            Some(_) => None,
        };
        match offset {
            Some(offset) => TypeRef::Entry(TypeId(offset.0)),
            None => broken_ref("a reference to a type refers to none".to_owned()),
        }
    }

    /// The definition of the type that `found` declares.
    pub(super) fn definition(&self, found: &Found<'a>) -> Option<TypeId> {
        let (unit, entry) = (&found.unit, &found.entry);
        if let signature @ Some(_) = entry.attr_value(gimli::DW_AT_signature) {
            let TypeRef::Entry(id) = self.reference(unit, signature) else {
                return None;
            };
            return Some(id);
        }
        let name = scopes::qualified_name(self.dwarf, unit, entry.offset(), self.fuel)?;
        let candidates = index::named(self.dwarf, &name, |it| it == ScopeKind::Type);
        candidates.into_iter().find_map(|named| {
            let id = TypeId(named.offset.0);
            let candidate = self.find(id).ok()?;
            let same_kind = is_enumeration(&candidate.entry) == is_enumeration(entry);
            let (unit, offset) = (&candidate.unit, candidate.entry.offset());
            let is_definition = same_kind
                && is_defined_by_members(candidate.entry.tag())
                && scopes::qualified_name(self.dwarf, unit, offset, self.fuel)? == name;
            is_definition.then_some(id)
        })
    }

    /// The size of a type in bytes, if it has one.
    pub(super) fn size(&self, ty: &TypeRef) -> Result<Option<u64>, Error> {
        let mut ty = ty.clone();
        let mut factor = 1_u64;
        for _ in 0..MOST_HOPS {
            let id = match &ty {
                TypeRef::Void => return Ok(None),
                TypeRef::Made(ty) => return Ok(ty.size),
                TypeRef::Entry(id) => *id,
            };
            let found = self.find(id)?;
            let (unit, entry) = (&found.unit, &found.entry);
            let times = |size| factor.checked_mul(size).ok_or(Error::TooLarge);
            let byte_size = entry.attr_value(gimli::DW_AT_byte_size);
            if let Some(size) = byte_size.and_then(|it| it.udata_value()) {
                return times(size).map(Some);
            }
            let address = u64::from(unit.gimli.header.encoding().address_size);
            let target = || self.reference(unit, entry.attr_value(gimli::DW_AT_type));
            match entry.tag() {
                gimli::DW_TAG_pointer_type
                | gimli::DW_TAG_reference_type
                | gimli::DW_TAG_rvalue_reference_type => return times(address).map(Some),
                gimli::DW_TAG_ptr_to_member_type => {
                    // Itanium C++ ABI, section 2.3: an offset; for functions, with an adjustment of `this`.
                    let words = if self.is_function(target()) { 2 } else { 1 };
                    return times(words * address).map(Some);
                }
                gimli::DW_TAG_array_type => {
                    for count in self.dimensions(&found)? {
                        let Count::Known(count) = count else {
                            return Ok(None);
                        };
                        factor = factor.checked_mul(count).ok_or(Error::TooLarge)?;
                    }
                    ty = target();
                }
                gimli::DW_TAG_typedef
                | gimli::DW_TAG_template_alias
                | gimli::DW_TAG_subrange_type
                | gimli::DW_TAG_enumeration_type => ty = target(),
                tag if is_qualifier(tag) => ty = target(),
                _ if found.is_declaration() => match self.definition(&found) {
                    Some(definition) => ty = TypeRef::Entry(definition),
                    None => return Ok(None),
                },
                _ => return Ok(None),
            }
        }
        Err(Error::MadeOfItself)
    }

    fn is_function(&self, ty: TypeRef) -> bool {
        let mut ty = ty;
        for _ in 0..MOST_HOPS {
            let TypeRef::Entry(id) = ty else {
                return false;
            };
            let Ok(found) = self.find(id) else {
                return false;
            };
            match found.entry.tag() {
                gimli::DW_TAG_subroutine_type => return true,
                tag if tag == gimli::DW_TAG_typedef || is_qualifier(tag) => {
                    let target = found.entry.attr_value(gimli::DW_AT_type);
                    ty = self.reference(&found.unit, target);
                }
                _ => return false,
            }
        }
        false
    }

    /// How many elements an array has in each dimension.
    pub(super) fn dimensions(&self, found: &Found<'a>) -> Result<Vec<Count>, Error> {
        let mut dimensions = Vec::new();
        self.each_below(
            found,
            |_| false,
            |_, entry| {
                match entry.tag() {
                    gimli::DW_TAG_subrange_type => dimensions.push(count(&found.unit, entry)),
                    gimli::DW_TAG_enumeration_type => dimensions.push(Count::Unknown),
                    _ => {}
                }
                Ok(())
            },
        )?;
        if dimensions.is_empty() {
            dimensions.push(Count::Unknown);
        }
        Ok(dimensions)
    }

    fn enumeration(&self, found: &Found<'a>) -> Result<Enumeration, Error> {
        let (unit, entry) = (&found.unit, &found.entry);
        let underlying = self.reference(unit, entry.attr_value(gimli::DW_AT_type));
        let (size, is_signed) = match self.is_signed(&underlying) {
            Some(is_signed) => (self.size(&underlying)?, is_signed),
            None => (None, false),
        };
        let mut enumerators = Vec::new();
        self.each_below(
            found,
            |_| false,
            |_, entry| {
                let value = entry.attr_value(gimli::DW_AT_const_value);
                if entry.tag() == gimli::DW_TAG_enumerator
                    && let Some(value) = value.and_then(|it| constant(it, size, is_signed))
                {
                    let name = self.own_name(unit, entry)?;
                    enumerators.push((name.unwrap_or_default(), value));
                }
                Ok(())
            },
        )?;
        let is_class = matches!(
            entry.attr_value(gimli::DW_AT_enum_class),
            Some(AttributeValue::Flag(true))
        );
        Ok(Enumeration {
            underlying,
            enumerators,
            scoped: is_class || unit.language == Some(Language::Rust),
        })
    }

    /// Whether a type of integers is signed. `None`: its values are not integers.
    pub(super) fn is_signed(&self, ty: &TypeRef) -> Option<bool> {
        let mut ty = ty.clone();
        for _ in 0..MOST_HOPS {
            let TypeRef::Entry(id) = ty else {
                return None;
            };
            let found = self.find(id).ok()?;
            match found.entry.tag() {
                gimli::DW_TAG_base_type => {
                    let encoding = encoding(&found.entry).ok()?;
                    return Some(matches!(encoding, Encoding::Signed | Encoding::SignedChar));
                }
                gimli::DW_TAG_pointer_type => return Some(false),
                tag if is_qualifier(tag)
                    || tag == gimli::DW_TAG_typedef
                    || tag == gimli::DW_TAG_enumeration_type =>
                {
                    let target = found.entry.attr_value(gimli::DW_AT_type);
                    ty = self.reference(&found.unit, target);
                }
                _ => return None,
            }
        }
        None
    }

    fn function(&self, found: &Found<'a>, result: TypeRef) -> Result<Function, Error> {
        let mut parameters = Vec::new();
        let mut variadic = false;
        self.each_below(
            found,
            |_| false,
            |_, entry| {
                if entry.tag() == gimli::DW_TAG_formal_parameter {
                    let ty = entry.attr_value(gimli::DW_AT_type);
                    parameters.push(self.reference(&found.unit, ty));
                }
                variadic |= entry.tag() == gimli::DW_TAG_unspecified_parameters;
                Ok(())
            },
        )?;
        Ok(Function {
            parameters,
            variadic,
            result,
        })
    }

    /// The name in the entry itself, without namespaces.
    pub(super) fn own_name(
        &self,
        unit: &Unit<'a>,
        entry: &Entry<'a>,
    ) -> Result<Option<Arc<str>>, Error> {
        let Some(name) = entry.attr_value(gimli::DW_AT_name) else {
            return Ok(None);
        };
        let Ok(name) = self.dwarf.gimli.attr_string(&unit.gimli, name) else {
            return Ok(None);
        };
        // Thousands of entries may share one name of a megabyte.
        let bytes = name.slice();
        let bytes = bytes.get(..LONGEST_NAME).unwrap_or(bytes);
        self.fuel.burn(bytes.len())?;
        Ok(Some(String::from_utf8_lossy(bytes).into()))
    }
}

impl Found<'_> {
    /// Whether the type is only declared here.
    pub(super) fn is_declaration(&self) -> bool {
        is_defined_by_members(self.entry.tag()) && flag(&self.entry, gimli::DW_AT_declaration)
    }
}

pub(super) fn flag(entry: &Entry<'_>, name: gimli::DwAt) -> bool {
    matches!(entry.attr_value(name), Some(AttributeValue::Flag(true)))
}

pub(super) fn is_qualifier(tag: gimli::DwTag) -> bool {
    matches!(
        tag,
        gimli::DW_TAG_const_type
            | gimli::DW_TAG_volatile_type
            | gimli::DW_TAG_restrict_type
            | gimli::DW_TAG_atomic_type
            | gimli::DW_TAG_immutable_type
            | gimli::DW_TAG_packed_type
            | gimli::DW_TAG_shared_type
    )
}

/// Whether types with this tag may be declared in one place and defined in another.
fn is_defined_by_members(tag: gimli::DwTag) -> bool {
    matches!(
        tag,
        gimli::DW_TAG_structure_type
            | gimli::DW_TAG_class_type
            | gimli::DW_TAG_interface_type
            | gimli::DW_TAG_union_type
            | gimli::DW_TAG_enumeration_type
    )
}

fn is_enumeration(entry: &Entry<'_>) -> bool {
    entry.tag() == gimli::DW_TAG_enumeration_type
}

fn encoding(entry: &Entry<'_>) -> Result<Encoding, Error> {
    let Some(AttributeValue::Encoding(encoding)) = entry.attr_value(gimli::DW_AT_encoding) else {
        return Err(Error::UnknownEncoding(0));
    };
    Ok(match encoding {
        gimli::DW_ATE_signed => Encoding::Signed,
        gimli::DW_ATE_unsigned | gimli::DW_ATE_address => Encoding::Unsigned,
        gimli::DW_ATE_boolean => Encoding::Boolean,
        gimli::DW_ATE_float | gimli::DW_ATE_imaginary_float => Encoding::Float,
        gimli::DW_ATE_complex_float => Encoding::Complex,
        gimli::DW_ATE_signed_char => Encoding::SignedChar,
        gimli::DW_ATE_unsigned_char | gimli::DW_ATE_ASCII => Encoding::UnsignedChar,
        gimli::DW_ATE_UTF | gimli::DW_ATE_UCS => Encoding::Unicode,
        other => return Err(Error::UnknownEncoding(other.0)),
    })
}

/// How many elements a `DW_TAG_subrange_type` gives an array (DWARF 5, section 5.13).
fn count(unit: &Unit<'_>, entry: &Entry<'_>) -> Count {
    let reference = |value| match value {
        AttributeValue::UnitRef(offset) => {
            let offset: UnitOffset = offset;
            offset.to_debug_info_offset(&unit.gimli.header)
        }
        AttributeValue::DebugInfoRef(it) => Some(it),
        _ => None,
    };
    if let Some(value) = entry.attr_value(gimli::DW_AT_count) {
        return match (reference(value), constant(value, None, false)) {
            (Some(variable), _) => Count::InVariable(variable.0),
            // Clang writes -1 for a flexible array member.
            (None, Some(count)) => u64::try_from(count).map_or(Count::Unknown, Count::Known),
            (None, None) => Count::Unknown,
        };
    }
    // All languages that are compiled to WebAssembly count from 0. If the upper bound is in a variable, the count is
    // that variable plus one, which `Count` cannot express.
    let lower = entry.attr_value(gimli::DW_AT_lower_bound);
    let lower = lower.and_then(|it| constant(it, None, true)).unwrap_or(0);
    let upper = entry.attr_value(gimli::DW_AT_upper_bound);
    let Some(upper) = upper.and_then(|it| constant(it, None, true)) else {
        return Count::Unknown;
    };
    let count = upper.checked_sub(lower).and_then(|it| it.checked_add(1));
    let count = count.and_then(|it| u64::try_from(it).ok());
    count.map_or(Count::Unknown, Count::Known)
}

/// The number in a constant of any form. `size` and `is_signed` come from its type, if it has one: the forms of a fixed
/// size do not say whether they are signed.
pub(super) fn constant(
    value: AttributeValue<Slice<'_>>,
    size: Option<u64>,
    is_signed: bool,
) -> Option<i128> {
    let (bits, width) = match value {
        AttributeValue::Sdata(value) => return Some(value.into()),
        AttributeValue::Udata(value) => return Some(value.into()),
        AttributeValue::Flag(value) => return Some(value.into()),
        AttributeValue::Data1(value) => (u128::from(value), 1),
        AttributeValue::Data2(value) => (u128::from(value), 2),
        AttributeValue::Data4(value) => (u128::from(value), 4),
        AttributeValue::Data8(value) => (u128::from(value), 8),
        AttributeValue::Data16(value) => (value, 16),
        AttributeValue::Block(bytes) if (1..=16).contains(&bytes.len()) => {
            let bytes = bytes.slice();
            let value = bytes.iter().rev();
            let value = value.fold(0, |value, byte| value << 8 | u128::from(*byte));
            (value, bytes.len() as u64)
        }
        _ => return None,
    };
    let unused = 128 - 8 * width as u32;
    Some(if is_signed && size.is_none_or(|size| size == width) {
        (bits << unused).cast_signed() >> unused
    } else {
        bits.cast_signed()
    })
}
