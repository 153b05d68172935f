//! Objects: a type and the place of its bytes; and the ways from one to the next.

use std::sync::Arc;

use wdb_module::ModuleOffset;

use crate::Symbols;
use crate::machine::{Machine, Unavailable};
use crate::types::{Bits, Encoding, Kind, Member, Role, Type, TypeRef};

/// A value of the program: what its bytes mean, and where they are. Making one reads nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its type.
    pub ty: TypeRef,
    /// Its bytes.
    pub place: Place,
    /// The bits of them that it has, for a bit-field.
    pub bits: Option<Bits>,
}

/// Where bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At this address of memory 0.
    Memory(u64),
    /// Here: they were in the machine's locals, or were computed. There may be more than the type needs.
    Bytes(Arc<[u8]>),
    /// One after the other, in several places.
    Pieces(Arc<[Piece]>),
    /// Nowhere.
    Nowhere(Unavailable),
}

/// Some bytes of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// How many.
    pub size: u64,
    /// Where they are; never in pieces again.
    pub place: Place,
}

/// A number, a character, a truth value or an address.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// A signed integer.
    Signed(i128),
    /// An unsigned integer.
    Unsigned(u128),
    /// A float. A `long double`, which has 128 bits in WebAssembly, is rounded.
    Float(f64),
    /// A truth value; anything but 0 and 1 is none that a compiler made.
    Boolean(u8),
    /// A C character, as a number, and whether it is one of Unicode.
    Character {
        /// Its number.
        code: i64,
        /// Whether it is a Unicode code unit or scalar value, and not a byte of an unknown character set.
        unicode: bool,
    },
    /// A pointer or reference.
    Address(u64),
}

/// The debug information of a module and the state of a frame of it: what it takes to look at objects.
pub struct Context<'a> {
    /// The debug information.
    pub symbols: &'a Symbols,
    /// The frame.
    pub machine: &'a mut dyn Machine,
    /// Where the frame stands, if it is one: the lengths of C's arrays of variable length are variables of it.
    pub pc: Option<ModuleOffset>,
}

/// Larger objects are not read as a whole.
const MOST_BYTES: u64 = 1 << 20;

/// As many base classes and unnamed members as are looked into for a name. A few hostile types, each with two of the next,
/// have millions.
const MOST_INNER: u32 = 10_000;

/// As many typedefs and qualifiers as are looked through. In a circle there is no end of them.
const MOST_ALIASES: usize = 64;

impl Object {
    /// Whether it is a function that an expression names: its type was made for it, and is not the program's.
    pub fn is_function(&self) -> bool {
        matches!(&self.ty, TypeRef::Made(ty) if matches!(ty.kind, Kind::Function(..)))
    }

    /// An object in memory.
    pub fn at(address: u64, ty: TypeRef) -> Object {
        Object {
            ty,
            place: Place::Memory(address),
            bits: None,
        }
    }

    /// An object that is nowhere.
    pub fn nowhere(ty: TypeRef, reason: Unavailable) -> Object {
        Object {
            ty,
            place: Place::Nowhere(reason),
            bits: None,
        }
    }

    /// An object that only the debugger has.
    pub fn of_bytes(bytes: impl Into<Arc<[u8]>>, ty: TypeRef) -> Object {
        Object {
            ty,
            place: Place::Bytes(bytes.into()),
            bits: None,
        }
    }

    /// Its address, if it has one: a bit-field has none.
    pub fn address(&self) -> Option<u64> {
        match self.place {
            Place::Memory(address) if self.bits.is_none() => Some(address),
            _ => None,
        }
    }

    /// The part of it that starts at `offset` and is a `ty` of `size` bytes.
    pub fn part(&self, offset: u64, size: Option<u64>, ty: TypeRef) -> Object {
        Object {
            ty,
            place: self.place.part(offset, size),
            bits: None,
        }
    }
}

impl Place {
    /// The place `offset` bytes further, where `size` bytes are wanted (`None`: all that is there).
    pub fn part(&self, offset: u64, size: Option<u64>) -> Place {
        let outside = || {
            Place::Nowhere(Unavailable::Broken(
                "a part lies outside of the whole".to_owned(),
            ))
        };
        match self {
            Place::Memory(address) => address
                .checked_add(offset)
                .map_or_else(outside, Place::Memory),
            Place::Bytes(bytes) => {
                let part = usize::try_from(offset).ok().and_then(|from| {
                    let end = match size {
                        Some(size) => from.checked_add(usize::try_from(size).ok()?)?,
                        None => bytes.len(),
                    };
                    bytes.get(from..end)
                });
                part.map_or_else(outside, |it| Place::Bytes(it.into()))
            }
            Place::Pieces(pieces) => pieces_part(pieces, offset, size).unwrap_or_else(outside),
            Place::Nowhere(reason) => Place::Nowhere(reason.clone()),
        }
    }
}

/// The pieces that a part is made of; the place of a piece where it is only one.
fn pieces_part(pieces: &[Piece], offset: u64, size: Option<u64>) -> Option<Place> {
    let end = match size {
        Some(size) => offset.checked_add(size)?,
        None => u64::MAX,
    };
    let mut found = Vec::new();
    let mut start = 0_u64;
    for piece in pieces {
        let stop = start.checked_add(piece.size)?;
        let (from, to) = (offset.max(start), end.min(stop));
        if from < to {
            found.push(Piece {
                size: to - from,
                place: piece.place.part(from - start, Some(to - from)),
            });
        }
        start = stop;
    }
    let whole = size.is_none_or(|_| end <= start);
    match found.len() {
        _ if !whole => None,
        0 if size == Some(0) => Some(Place::Bytes(Arc::default())),
        0 => None,
        1 => found.pop().map(|it| it.place),
        _ => Some(Place::Pieces(found.into())),
    }
}

impl Symbols {
    /// A type without the typedefs and qualifiers around it.
    pub fn bare(&self, ty: &TypeRef) -> Arc<Type> {
        let mut found = self.ty(ty);
        for _ in 0..MOST_ALIASES {
            let (Kind::Alias(inner) | Kind::Qualified(inner)) = &found.kind else {
                break;
            };
            found = self.ty(inner);
        }
        found
    }

    /// How many bytes an object of a type has.
    ///
    /// # Errors
    ///
    /// When the type is incomplete.
    pub(crate) fn size(&self, ty: &TypeRef) -> Result<u64, Unavailable> {
        let bare = self.bare(ty);
        match (&bare.kind, bare.size) {
            (Kind::Broken(reason), _) => Err(Unavailable::Broken(reason.clone())),
            (Kind::Function(..), _) => {
                Err(Unavailable::Unsupported("a function has no size".into()))
            }
            (_, Some(size)) => Ok(size),
            (_, None) => Err(Unavailable::Unsupported(format!(
                "the type `{}` is incomplete: it is declared, and not defined, in what was compiled with debug information",
                bare.name
            ))),
        }
    }
}

impl Context<'_> {
    /// The type that a reference means.
    pub fn ty(&self, ty: &TypeRef) -> Arc<Type> {
        self.symbols.ty(ty)
    }

    /// The same without the typedefs and qualifiers around it.
    pub fn bare(&self, ty: &TypeRef) -> Arc<Type> {
        self.symbols.bare(ty)
    }

    /// How many bytes an object of a type has.
    ///
    /// # Errors
    ///
    /// When the type is incomplete.
    pub fn size(&self, ty: &TypeRef) -> Result<u64, Unavailable> {
        self.symbols.size(ty)
    }

    /// The bytes of an object, as many as its type has.
    ///
    /// # Errors
    ///
    /// When they are not there, or more than a mebibyte.
    pub fn bytes(&mut self, object: &Object) -> Result<Vec<u8>, Unavailable> {
        let size = self.size(&object.ty)?;
        self.read(&object.place, size)
    }

    /// The first `size` bytes of a place.
    ///
    /// # Errors
    ///
    /// As for [`Context::bytes`].
    pub fn read(&mut self, place: &Place, size: u64) -> Result<Vec<u8>, Unavailable> {
        if size > MOST_BYTES {
            return Err(Unavailable::Unsupported(format!(
                "{size} bytes are too many to look at"
            )));
        }
        let length = size as usize;
        match place {
            Place::Memory(address) => {
                let mut buffer = vec![0; length];
                self.machine.read(*address, &mut buffer)?;
                Ok(buffer)
            }
            Place::Bytes(bytes) => match bytes.get(..length) {
                Some(bytes) => Ok(bytes.to_vec()),
                None => Err(Unavailable::Broken(format!(
                    "a value of {size} bytes is in a place of {}",
                    bytes.len()
                ))),
            },
            Place::Pieces(pieces) => {
                let mut buffer = Vec::new();
                for piece in pieces.iter() {
                    let wanted = piece.size.min(size.saturating_sub(buffer.len() as u64));
                    buffer.extend(self.read(&piece.place, wanted)?);
                }
                if buffer.len() < length {
                    return Err(Unavailable::Broken(format!(
                        "the pieces of a value of {size} bytes have only {}",
                        buffer.len()
                    )));
                }
                Ok(buffer)
            }
            Place::Nowhere(reason) => Err(reason.clone()),
        }
    }

    /// An object as a number: of a base type, an enumeration, a pointer or a bit-field of those.
    ///
    /// # Errors
    ///
    /// When it is not there or is nothing of that kind.
    pub fn scalar(&mut self, object: &Object) -> Result<Scalar, Unavailable> {
        let ty = self.bare(&object.ty);
        let not_scalar = || Unavailable::Unsupported(format!("`{}` is not a number", ty.name));
        let encoding = match &ty.kind {
            Kind::Base(encoding) => Some(*encoding),
            Kind::Enumeration(it) => match self.bare(&it.underlying).kind {
                Kind::Base(encoding) => Some(encoding),
                _ if it.enumerators.iter().any(|(_, value)| *value < 0) => Some(Encoding::Signed),
                _ => Some(Encoding::Unsigned),
            },
            Kind::Pointer(..) => None,
            // A pointer to a data member is its offset; one to a function is a pair.
            Kind::MemberPointer(..) if ty.size.is_some_and(|it| it <= 8) => Some(Encoding::Signed),
            // Where it is in table 0 is what pointers to it are.
            Kind::Function(..) => {
                return match (object.address(), &object.place) {
                    (Some(index), _) => Ok(Scalar::Address(index)),
                    (None, Place::Nowhere(reason)) => Err(reason.clone()),
                    (None, _) => Err(not_scalar()),
                };
            }
            Kind::Broken(reason) => return Err(Unavailable::Broken(reason.clone())),
            _ => return Err(not_scalar()),
        };
        let size = match object.bits {
            // The bits may reach into more bytes than the type has.
            Some(bits) => (u64::from(bits.offset) + u64::from(bits.size)).div_ceil(8),
            None => self.size(&object.ty)?,
        };
        if size == 0 || size > 16 + u64::from(object.bits.is_some()) {
            return Err(not_scalar());
        }
        let bytes = self.read(&object.place, size)?;
        let (raw, width) = match object.bits {
            Some(bits) => (bit_field(&bytes, bits), u32::from(bits.size)),
            None => (unsigned(&bytes), bytes.len() as u32 * 8),
        };
        let signed = sign_extend(raw, width);
        Ok(match encoding {
            None | Some(Encoding::Address) => Scalar::Address(raw as u64),
            Some(Encoding::Signed) => Scalar::Signed(signed),
            Some(Encoding::Unsigned) => Scalar::Unsigned(raw),
            Some(Encoding::Boolean) => Scalar::Boolean(u8::try_from(raw).unwrap_or(u8::MAX)),
            Some(Encoding::Float) => match width {
                32 => Scalar::Float(f64::from(f32::from_bits(raw as u32))),
                64 => Scalar::Float(f64::from_bits(raw as u64)),
                128 => Scalar::Float(from_binary128(raw)),
                _ => return Err(not_scalar()),
            },
            Some(Encoding::Complex) => return Err(not_scalar()),
            Some(Encoding::SignedChar) => Scalar::Character {
                code: signed as i64,
                unicode: false,
            },
            Some(Encoding::UnsignedChar) => Scalar::Character {
                code: raw as i64,
                unicode: false,
            },
            Some(Encoding::Unicode) => Scalar::Character {
                code: raw as i64,
                unicode: true,
            },
        })
    }

    /// An object as an address, a length or a count: not negative.
    ///
    /// # Errors
    ///
    /// As for [`Context::scalar`].
    pub fn unsigned(&mut self, object: &Object) -> Result<u64, Unavailable> {
        let found = match self.scalar(object)? {
            Scalar::Unsigned(value) => u64::try_from(value).ok(),
            Scalar::Signed(value) => u64::try_from(value).ok(),
            Scalar::Address(value) => Some(value),
            Scalar::Boolean(value) => Some(u64::from(value)),
            Scalar::Character { code, .. } => u64::try_from(code).ok(),
            Scalar::Float(_) => None,
        };
        found.ok_or_else(|| Unavailable::Unsupported("no count: it is negative".to_owned()))
    }

    /// The member of an object.
    pub fn member(&mut self, object: &Object, member: &Member) -> Object {
        let size = match member.bits {
            Some(bits) => Some((u64::from(bits.offset) + u64::from(bits.size)).div_ceil(8)),
            None => self.size(&member.ty).ok(),
        };
        let offset = match member.role {
            Role::Field | Role::Base => Ok(member.offset),
            Role::VirtualBase(before) => self.virtual_base(object, before),
        };
        match offset {
            Ok(offset) => Object {
                bits: member.bits,
                ..object.part(offset, size, member.ty.clone())
            },
            Err(reason) => Object::nowhere(member.ty.clone(), reason),
        }
    }

    /// How far into `object` its virtual base is, of which the table of virtual functions knows
    /// (Itanium C++ ABI, section 2.5.2: "vbase offsets").
    fn virtual_base(&mut self, object: &Object, before: u64) -> Result<u64, Unavailable> {
        let table = unsigned(&self.read(&object.place, 4)?) as u64;
        let at = table.wrapping_sub(before);
        let distance = unsigned(&self.read(&Place::Memory(at), 4)?);
        u64::try_from(sign_extend(distance, 32)).map_err(|_| {
            Unavailable::Unsupported("its table of virtual functions is damaged".into())
        })
    }

    /// The member with this name, also in base classes and unnamed members, where outer ones go first.
    pub fn field(&mut self, object: &Object, name: &str) -> Option<Object> {
        self.field_within(object, name, 16, &mut { MOST_INNER })
    }

    fn field_within(
        &mut self,
        object: &Object,
        name: &str,
        depth: u32,
        left: &mut u32,
    ) -> Option<Object> {
        let ty = self.bare(&object.ty);
        let Kind::Record(record) = &ty.kind else {
            return None;
        };
        let named = |it: &&Member| it.role == Role::Field && it.name.as_deref() == Some(name);
        if let Some(member) = record.members.iter().find(named) {
            return Some(self.member(object, member));
        }
        let depth = depth.checked_sub(1)?;
        let inner = |it: &&Member| it.role != Role::Field || it.name.is_none();
        record.members.iter().filter(inner).find_map(|it| {
            *left = left.checked_sub(1)?;
            let inner = self.member(object, it);
            self.field_within(&inner, name, depth, left)
        })
    }

    /// The member at the end of a path of names: `["buf", "inner", "ptr"]`.
    pub fn path(&mut self, object: &Object, names: &[&str]) -> Option<Object> {
        let mut found = object.clone();
        for name in names {
            found = self.field(&found, name)?;
        }
        Some(found)
    }

    /// What a pointer or reference points to. `None`: it is no pointer, or one to `void`.
    ///
    /// # Errors
    ///
    /// When the pointer itself is not there. Whether anything is where it points, reading tells.
    pub fn target(&mut self, object: &Object) -> Result<Option<Object>, Unavailable> {
        let ty = self.bare(&object.ty);
        let Kind::Pointer(_, target) = &ty.kind else {
            return Ok(None);
        };
        if matches!(self.bare(target).kind, Kind::Void) {
            return Ok(None);
        }
        let address = self.unsigned(object)?;
        Ok(Some(Object::at(address, target.clone())))
    }
}

/// The bytes as a number, the first the least significant. At most 16.
pub(crate) fn unsigned(bytes: &[u8]) -> u128 {
    let from_the_top = bytes.iter().take(16).rev();
    from_the_top.fold(0, |value, byte| value << 8 | u128::from(*byte))
}

fn bit_field(bytes: &[u8], bits: Bits) -> u128 {
    let (low, rest) = bytes.split_at(bytes.len().min(16));
    let mut value = unsigned(low) >> bits.offset;
    if let (Some(top), 1..) = (rest.first(), bits.offset) {
        value |= u128::from(*top) << (128 - u32::from(bits.offset));
    }
    match bits.size {
        128.. => value,
        size => value & ((1 << size) - 1),
    }
}

fn sign_extend(raw: u128, width: u32) -> i128 {
    match 128_u32.checked_sub(width) {
        Some(unused @ 0..128) => (raw << unused).cast_signed() >> unused,
        _ => raw.cast_signed(),
    }
}

/// An IEEE 754 binary128 as the nearest f64, towards zero.
fn from_binary128(bits: u128) -> f64 {
    let sign = ((bits >> 127) as u64) << 63;
    let exponent = ((bits >> 112) & 0x7fff) as i64;
    let fraction = bits & ((1 << 112) - 1);
    let top = (fraction >> 60) as u64;
    let value = match exponent {
        0x7fff if fraction == 0 => f64::INFINITY.to_bits(),
        0x7fff => f64::NAN.to_bits(),
        _ => match exponent - 16383 + 1023 {
            scaled @ 1..=2046 => (scaled as u64) << 52 | top,
            2047.. => f64::INFINITY.to_bits(),
            _ => 0,
        },
    };
    f64::from_bits(sign | value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_out_signed_and_across_bytes() {
        let bytes = [0b1010_0000, 0b0000_0101];
        let bits = |offset, size| bit_field(&bytes, Bits { offset, size });
        assert_eq!(bits(5, 3), 0b101);
        assert_eq!(bits(5, 6), 0b101_101);
        assert_eq!(sign_extend(bits(5, 3), 3), -3);
        let wide = [0xff; 17];
        assert_eq!(
            bit_field(
                &wide,
                Bits {
                    offset: 7,
                    size: 128
                }
            ),
            u128::MAX
        );
    }

    #[test]
    fn a_quad_is_the_double_next_to_it() {
        assert_eq!(from_binary128(0x3fff_u128 << 112), 1.0);
        assert_eq!(from_binary128(0xc000_8000_u128 << 96), -3.0);
        assert_eq!(from_binary128(0x7fff_u128 << 112), f64::INFINITY);
        assert_eq!(from_binary128(1), 0.0);
    }

    #[test]
    fn pieces_are_cut_and_joined() {
        let pieces = Place::Pieces(
            vec![
                Piece {
                    size: 4,
                    place: Place::Memory(100),
                },
                Piece {
                    size: 4,
                    place: Place::Bytes(vec![1, 2, 3, 4].into()),
                },
            ]
            .into(),
        );
        assert_eq!(pieces.part(1, Some(2)), Place::Memory(101));
        assert_eq!(pieces.part(6, Some(2)), Place::Bytes(vec![3, 4].into()));
        assert!(matches!(pieces.part(2, Some(4)), Place::Pieces(it) if it.len() == 2));
        assert!(matches!(pieces.part(6, Some(4)), Place::Nowhere(_)));
    }
}
