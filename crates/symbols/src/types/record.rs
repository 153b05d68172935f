//! The members of structures, classes, unions and Rust's enums.

use std::ops::RangeInclusive;
use std::sync::Arc;

use gimli::{AttributeValue, Reader as _, UnitOffset};

use super::read::{Entry, Error, Found, Reader, broken_ref, constant, flag};
use super::{
    Bits, Kind, Member, Parameter, Record, RecordKind, Role, Type, TypeRef, Variant, Variants,
};
use crate::dwarf::Slice;
use crate::units::Unit;

/// The part of a record that depends on a value, while it is read.
struct Part<'a> {
    /// The reference to the discriminant's entry, if the part has one.
    discriminant: Option<AttributeValue<Slice<'a>>>,
    /// The members directly in the part. One of them is the discriminant.
    members: Vec<(UnitOffset, Member)>,
    variants: Vec<(Choice<'a>, Variant)>,
}

/// Which values of the discriminant select a variant, as its entry says it.
enum Choice<'a> {
    Default,
    Value(AttributeValue<Slice<'a>>),
    List(AttributeValue<Slice<'a>>),
}

impl<'a> Reader<'_, 'a> {
    pub(super) fn record(&self, found: &Found<'a>, kind: RecordKind) -> Result<Record, Error> {
        let unit = &found.unit;
        let mut record = Record {
            kind,
            members: Vec::new(),
            variants: None,
            parameters: Vec::new(),
            statics: Vec::new(),
        };
        let mut places: Vec<UnitOffset> = Vec::new();
        let mut part: Option<Part<'a>> = None;
        let enter = |tag| {
            matches!(
                tag,
                gimli::DW_TAG_variant_part
                    | gimli::DW_TAG_variant
                    | gimli::DW_TAG_GNU_template_parameter_pack
            )
        };
        self.each_below(found, enter, |depth, entry| {
            match (entry.tag(), depth) {
                (gimli::DW_TAG_member | gimli::DW_TAG_variable, 1) if is_static(entry) => {
                    let name = self.own_name(unit, entry)?;
                    let is_shown = !flag(entry, gimli::DW_AT_artificial);
                    record.statics.extend(name.filter(|_| is_shown));
                }
                (gimli::DW_TAG_member | gimli::DW_TAG_inheritance, 1) => {
                    places.push(entry.offset());
                    record.members.push(self.member(unit, entry)?);
                }
                (gimli::DW_TAG_variant_part, 1) if part.is_none() => {
                    part = Some(Part {
                        discriminant: entry.attr_value(gimli::DW_AT_discr),
                        members: Vec::new(),
                        variants: Vec::new(),
                    });
                }
                (gimli::DW_TAG_member, 2) => {
                    if let Some(part) = &mut part {
                        let member = self.member(unit, entry)?;
                        part.members.push((entry.offset(), member));
                    }
                }
                (gimli::DW_TAG_variant, 2) => {
                    if let Some(part) = &mut part {
                        part.variants.push(variant(entry));
                    }
                }
                (gimli::DW_TAG_member, 3) => {
                    let variant = part.as_mut().and_then(|it| it.variants.last_mut());
                    if let Some((_, variant)) = variant {
                        variant.line = variant.line.or(line(entry));
                        variant.members.push(self.member(unit, entry)?);
                    }
                }
                (
                    gimli::DW_TAG_template_type_parameter
                    | gimli::DW_TAG_template_value_parameter
                    | gimli::DW_TAG_GNU_template_template_param,
                    _,
                ) => record.parameters.push(self.parameter(unit, entry)?),
                _ => {}
            }
            Ok(())
        })?;
        if let Some(part) = part {
            let outside = |offset| {
                let index = places.iter().position(|place| *place == offset)?;
                Some(record.members[index].clone())
            };
            record.variants = Some(self.variants(part, outside)?);
        }
        Ok(record)
    }

    fn member(&self, unit: &Unit<'a>, entry: &Entry<'a>) -> Result<Member, Error> {
        let is_base = entry.tag() == gimli::DW_TAG_inheritance;
        let ty = self.reference(unit, entry.attr_value(gimli::DW_AT_type));
        let (location, virtual_base) = location(unit, entry);
        let mut member = Member {
            name: self.own_name(unit, entry)?,
            ty,
            offset: location.unwrap_or(0),
            bits: None,
            role: match (is_base, virtual_base) {
                (false, _) => Role::Field,
                (true, None) => Role::Base,
                (true, Some(before)) => Role::VirtualBase(before),
            },
            artificial: flag(entry, gimli::DW_AT_artificial),
        };
        let is_virtual = matches!(
            entry.attr_value(gimli::DW_AT_virtuality),
            Some(AttributeValue::Virtuality(it)) if it != gimli::DW_VIRTUALITY_none
        );
        if is_base && is_virtual && virtual_base.is_none() {
            member.ty =
                broken_ref("where this virtual base class is, is said in no known way".into());
        }
        if let Some(size) = number(entry, gimli::DW_AT_bit_size) {
            match self.bits(entry, &member, size)? {
                Some((offset, bits)) => (member.offset, member.bits) = (offset, Some(bits)),
                None => member.ty = broken_ref("a bit-field lies outside of its record".into()),
            }
        }
        Ok(member)
    }

    /// The byte offset of a bit-field of `size` bits, and its bits from there.
    fn bits(
        &self,
        entry: &Entry<'a>,
        member: &Member,
        size: i128,
    ) -> Result<Option<(u64, Bits)>, Error> {
        let byte = i128::from(member.offset) * 8;
        // The numbers may have 128 bits.
        let first = if let Some(offset) = number(entry, gimli::DW_AT_data_bit_offset) {
            Some(offset)
        } else if let Some(offset) = number(entry, gimli::DW_AT_bit_offset) {
            // DWARF 3, section 5.6.6: from the most significant bit of the unit that holds it.
            let unit = match number(entry, gimli::DW_AT_byte_size) {
                Some(size) => size,
                None => self.size(&member.ty)?.unwrap_or(0).into(),
            };
            let end = unit.checked_mul(8).and_then(|it| it.checked_add(byte));
            end.and_then(|it| it.checked_sub(offset)?.checked_sub(size))
        } else {
            Some(byte)
        };
        let place = || {
            let first = first?;
            let bits = Bits {
                offset: (first & 7) as u8,
                size: u8::try_from(size)
                    .ok()
                    .filter(|it| (1..=128).contains(it))?,
            };
            Some((u64::try_from(first >> 3).ok()?, bits))
        };
        Ok(place())
    }

    fn parameter(&self, unit: &Unit<'a>, entry: &Entry<'a>) -> Result<Parameter, Error> {
        let mut ty = self.reference(unit, entry.attr_value(gimli::DW_AT_type));
        if let Some(template) = entry.attr_value(gimli::DW_AT_GNU_template_name)
            && let Ok(template) = self.dwarf.gimli.attr_string(&unit.gimli, template)
        {
            // A template as an argument is not a type; it has only a name.
            self.fuel.burn(template.len())?;
            let name = crate::spelling::tidy(template.to_string_lossy());
            ty = TypeRef::Made(Arc::new(Type {
                name: name.into(),
                language: unit.language,
                size: None,
                kind: Kind::Void,
            }));
        }
        let value = match entry.attr_value(gimli::DW_AT_const_value) {
            Some(value) => {
                let is_signed = self.is_signed(&ty).unwrap_or(false);
                constant(value, self.size(&ty)?, is_signed)
            }
            None => None,
        };
        Ok(Parameter {
            name: self.own_name(unit, entry)?.unwrap_or_default(),
            ty,
            value,
        })
    }

    fn variants(
        &self,
        part: Part<'a>,
        outside: impl Fn(UnitOffset) -> Option<Member>,
    ) -> Result<Variants, Error> {
        let Part {
            discriminant,
            mut members,
            variants,
        } = part;
        let discriminant = match discriminant {
            Some(AttributeValue::UnitRef(entry)) => {
                match members.iter().position(|(offset, _)| *offset == entry) {
                    Some(index) => Some(members.swap_remove(index).1),
                    None => outside(entry),
                }
            }
            // Without the attribute the part has no discriminant (DWARF 5, section 5.7.10).
            Some(_) | None => None,
        };
        let (size, is_signed) = match &discriminant {
            Some(member) => {
                let is_signed = self.is_signed(&member.ty).unwrap_or(false);
                (self.size(&member.ty)?.unwrap_or(16).min(16), is_signed)
            }
            None => (16, false),
        };
        let variants = variants.into_iter().map(|(choice, mut variant)| {
            variant.values = match choice {
                Choice::Default => Vec::new(),
                Choice::Value(value) => constant(value, Some(size), is_signed)
                    .map(|value| ranges(value, value, size))
                    .unwrap_or_default(),
                Choice::List(value) => discriminants(value, size, is_signed).unwrap_or_default(),
            };
            variant
        });
        Ok(Variants {
            variants: variants.collect(),
            discriminant,
        })
    }
}

/// Static data members are declared as members in DWARF 4 and as variables in DWARF 5.
fn is_static(entry: &Entry<'_>) -> bool {
    entry.tag() == gimli::DW_TAG_variable
        || flag(entry, gimli::DW_AT_external)
        || flag(entry, gimli::DW_AT_declaration)
}

fn line(entry: &Entry<'_>) -> Option<u32> {
    let line = number(entry, gimli::DW_AT_decl_line)?;
    u32::try_from(line).ok().filter(|it| *it != 0)
}

fn number(entry: &Entry<'_>, name: gimli::DwAt) -> Option<i128> {
    constant(entry.attr_value(name)?, None, false)
}

fn variant<'a>(entry: &Entry<'a>) -> (Choice<'a>, Variant) {
    let value = entry.attr_value(gimli::DW_AT_discr_value);
    let list = entry.attr_value(gimli::DW_AT_discr_list);
    let choice = match (value, list) {
        (Some(value), _) => Choice::Value(value),
        (None, Some(list)) => Choice::List(list),
        (None, None) => Choice::Default,
    };
    let variant = Variant {
        values: Vec::new(),
        members: Vec::new(),
        line: line(entry),
    };
    (choice, variant)
}

/// The offset of a member; or, for a virtual base class, the distance before the address point of the table of virtual
/// functions where its offset is stored.
fn location(unit: &Unit<'_>, entry: &Entry<'_>) -> (Option<u64>, Option<u64>) {
    let Some(value) = entry.attr_value(gimli::DW_AT_data_member_location) else {
        return (None, None);
    };
    if let Some(offset) = value.udata_value() {
        return (Some(offset), None);
    }
    let Some(expression) = value.exprloc_value() else {
        return (None, None);
    };
    let mut operations = expression.operations(unit.gimli.encoding());
    let mut seen = Vec::new();
    while let Ok(Some(operation)) = operations.next() {
        if seen.len() == 8 {
            return (None, None);
        }
        seen.push(operation);
    }
    use gimli::Operation as Op;
    match seen.as_slice() {
        [Op::PlusConstant { value }] => (Some(*value), None),
        [Op::UnsignedConstant { value }, Op::Plus] => (Some(*value), None),
        // `*(*object - value) + object`: all compilers write this for a virtual base class.
        [
            Op::Pick { index: 0 },
            Op::Deref { .. },
            Op::UnsignedConstant { value },
            Op::Minus,
            Op::Deref { .. },
            Op::Plus,
        ] => (None, Some(*value)),
        _ => (None, None),
    }
}

/// The values of a `DW_AT_discr_list` (DWARF 5, section 5.7.10).
fn discriminants(
    list: AttributeValue<Slice<'_>>,
    size: u64,
    is_signed: bool,
) -> Option<Vec<RangeInclusive<u128>>> {
    let (AttributeValue::Block(mut bytes) | AttributeValue::Exprloc(gimli::Expression(mut bytes))) =
        list
    else {
        return None;
    };
    let mut values = Vec::new();
    while !bytes.is_empty() {
        let kind = gimli::DwDsc(bytes.read_u8().ok()?);
        let mut number = || {
            if is_signed {
                bytes.read_sleb128().ok().map(i128::from)
            } else {
                bytes.read_uleb128().ok().map(i128::from)
            }
        };
        let low = number()?;
        let high = match kind {
            gimli::DW_DSC_label => low,
            gimli::DW_DSC_range => number()?,
            _ => return None,
        };
        values.extend(ranges(low, high, size));
    }
    Some(values)
}

/// The numbers from `low` to `high` as unsigned numbers of `size` bytes: two ranges if `low` is negative and `high` is
/// not.
fn ranges(low: i128, high: i128, size: u64) -> Vec<RangeInclusive<u128>> {
    let mask = match u32::try_from(size * 8) {
        Ok(bits @ 0..128) => (1_u128 << bits) - 1,
        _ => u128::MAX,
    };
    let unsigned = |number: i128| number.cast_unsigned() & mask;
    if low < 0 && 0 <= high {
        vec![unsigned(low)..=mask, 0..=unsigned(high)]
    } else {
        vec![unsigned(low)..=unsigned(high)]
    }
}
