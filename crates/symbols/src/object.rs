//! Objects: a type and the place of its bytes; and the ways from an object to its parts and targets.

use std::sync::Arc;

use wdb_module::ModuleOffset;

use crate::Symbols;
use crate::machine::{Machine, Unavailable};
use crate::types::{Bits, Encoding, Kind, Member, Role, Type, TypeRef};

/// A value of the program: its type and the place of its bytes. Making one reads no memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its type.
    pub ty: TypeRef,
    /// The place of its bytes.
    pub place: Storage,
    /// For a bit-field: its bits in these bytes.
    pub bits: Option<Bits>,
}

/// The place of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// At this address of memory 0.
    Memory(u64),
    /// These bytes: they came from the machine's locals, or were computed. There may be more than the type needs.
    Bytes(Arc<[u8]>),
    /// In several places; the pieces follow each other.
    Pieces(Arc<[Piece]>),
    /// Nowhere, for this reason.
    Nowhere(Unavailable),
}

/// Some bytes of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// How many bytes.
    pub size: u64,
    /// Their place; never in pieces again.
    pub place: Storage,
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
    /// A truth value. Compilers write only 0 and 1.
    Boolean(u8),
    /// A character.
    Character {
        /// Its number.
        code: i64,
        /// Whether it is a Unicode code unit or scalar value. Otherwise it is a byte of an unknown character set.
        unicode: bool,
    },
    /// A pointer or reference.
    Address(u64),
}

/// The debug information of a module and the state of a frame: everything that is needed to read objects.
pub struct Context<'a> {
    /// The debug information.
    pub symbols: &'a Symbols,
    /// The frame.
    pub machine: &'a mut dyn Machine,
    /// The pc of the frame, if it is a real one: the lengths of C's arrays of variable length are variables of the
    /// frame.
    pub pc: Option<ModuleOffset>,
}

/// At most this many bytes are read at once.
const MOST_BYTES: u64 = 1 << 20;

/// At most this many base classes and unnamed members are searched for a name. A few hostile types that each contain
/// the next one twice have millions.
const MOST_INNER: u32 = 10_000;

/// At most this many typedefs and qualifiers are followed: they may form a cycle.
const MOST_ALIASES: usize = 64;

impl Object {
    /// Whether it is a function that an expression names: then its type is not from the debug information.
    pub fn is_function(&self) -> bool {
        matches!(&self.ty, TypeRef::Made(ty) if matches!(ty.kind, Kind::Function(..)))
    }

    /// An object in memory.
    pub fn at(address: u64, ty: TypeRef) -> Object {
        Object {
            ty,
            place: Storage::Memory(address),
            bits: None,
        }
    }

    /// An object that is unavailable.
    pub fn nowhere(ty: TypeRef, reason: Unavailable) -> Object {
        Object {
            ty,
            place: Storage::Nowhere(reason),
            bits: None,
        }
    }

    /// An object whose bytes only the debugger has.
    pub fn of_bytes(bytes: impl Into<Arc<[u8]>>, ty: TypeRef) -> Object {
        Object {
            ty,
            place: Storage::Bytes(bytes.into()),
            bits: None,
        }
    }

    /// Its address, if it has one. A bit-field has no address.
    pub fn address(&self) -> Option<u64> {
        match self.place {
            Storage::Memory(address) if self.bits.is_none() => Some(address),
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

impl Storage {
    /// The place `offset` bytes further, for `size` bytes (`None`: all the rest).
    pub fn part(&self, offset: u64, size: Option<u64>) -> Storage {
        let outside = || {
            Storage::Nowhere(Unavailable::Broken(
                "a part lies outside of the whole".to_owned(),
            ))
        };
        match self {
            Storage::Memory(address) => match address.checked_add(offset) {
                Some(address) => Storage::Memory(address),
                None => {
                    let address = u128::from(*address) + u128::from(offset);
                    let words = format!("no memory at {address:#x}");
                    Storage::Nowhere(Unavailable::Unsupported(words))
                }
            },
            Storage::Bytes(bytes) => {
                let part = usize::try_from(offset).ok().and_then(|start| {
                    let end = match size {
                        Some(size) => start.checked_add(usize::try_from(size).ok()?)?,
                        None => bytes.len(),
                    };
                    bytes.get(start..end)
                });
                part.map_or_else(outside, |it| Storage::Bytes(it.into()))
            }
            Storage::Pieces(pieces) => pieces_part(pieces, offset, size).unwrap_or_else(outside),
            Storage::Nowhere(reason) => Storage::Nowhere(reason.clone()),
        }
    }
}

/// The pieces of a part; if it is only one, the place of that.
fn pieces_part(pieces: &[Piece], offset: u64, size: Option<u64>) -> Option<Storage> {
    let end = match size {
        Some(size) => offset.checked_add(size)?,
        None => u64::MAX,
    };
    let mut parts = Vec::new();
    let mut piece_start = 0_u64;
    for piece in pieces {
        let piece_end = piece_start.checked_add(piece.size)?;
        let (part_start, part_end) = (offset.max(piece_start), end.min(piece_end));
        if part_start < part_end {
            let size = part_end - part_start;
            parts.push(Piece {
                size,
                place: piece.place.part(part_start - piece_start, Some(size)),
            });
        }
        piece_start = piece_end;
    }
    let is_complete = size.is_none_or(|_| end <= piece_start);
    match parts.len() {
        _ if !is_complete => None,
        0 if size == Some(0) => Some(Storage::Bytes(Arc::default())),
        0 => None,
        1 => parts.pop().map(|part| part.place),
        _ => Some(Storage::Pieces(parts.into())),
    }
}

impl Symbols {
    /// A type without the typedefs and qualifiers around it.
    pub fn bare(&self, ty: &TypeRef) -> Arc<Type> {
        let mut bare = self.ty(ty);
        for _ in 0..MOST_ALIASES {
            let (Kind::Alias(inner) | Kind::Qualified(inner)) = &bare.kind else {
                break;
            };
            bare = self.ty(inner);
        }
        bare
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
    /// The type behind a reference.
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

    /// All bytes of an object.
    ///
    /// # Errors
    ///
    /// When they are unavailable, or more than a mebibyte.
    pub fn bytes(&mut self, object: &Object) -> Result<Vec<u8>, Unavailable> {
        let size = self.size(&object.ty)?;
        self.read(&object.place, size)
    }

    /// The first `size` bytes of a place.
    ///
    /// # Errors
    ///
    /// As for [`Context::bytes`].
    pub fn read(&mut self, place: &Storage, size: u64) -> Result<Vec<u8>, Unavailable> {
        if size > MOST_BYTES {
            return Err(Unavailable::Unsupported(format!(
                "{size} bytes are too many to look at"
            )));
        }
        let length = size as usize;
        match place {
            Storage::Memory(address) => {
                let mut buffer = vec![0; length];
                self.machine.read(*address, &mut buffer)?;
                Ok(buffer)
            }
            Storage::Bytes(bytes) => match bytes.get(..length) {
                Some(bytes) => Ok(bytes.to_vec()),
                None => Err(Unavailable::Broken(format!(
                    "a value of {size} bytes is in a place of {}",
                    bytes.len()
                ))),
            },
            Storage::Pieces(pieces) => {
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
            Storage::Nowhere(reason) => Err(reason.clone()),
        }
    }

    /// An object of a base type, an enumeration, a pointer or a bit-field as a number.
    ///
    /// # Errors
    ///
    /// When it is unavailable or has another type.
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
            // A pointer to a data member is an offset; a pointer to a member function is a pair.
            Kind::MemberPointer(..) if ty.size.is_some_and(|it| it <= 8) => Some(Encoding::Signed),
            // A pointer to a function is its index in table 0.
            Kind::Function(..) => {
                return match (object.address(), &object.place) {
                    (Some(index), _) => Ok(Scalar::Address(index)),
                    (None, Storage::Nowhere(reason)) => Err(reason.clone()),
                    (None, _) => Err(not_scalar()),
                };
            }
            Kind::Broken(reason) => return Err(Unavailable::Broken(reason.clone())),
            _ => return Err(not_scalar()),
        };
        let size = match object.bits {
            // A bit-field may use more bytes than its type has.
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

    /// The offset of a virtual base class in `object`, from the table of virtual functions (Itanium C++ ABI, section
    /// 2.5.2: "vbase offsets").
    fn virtual_base(&mut self, object: &Object, before: u64) -> Result<u64, Unavailable> {
        let table = unsigned(&self.read(&object.place, 4)?) as u64;
        let at = table.wrapping_sub(before);
        let distance = unsigned(&self.read(&Storage::Memory(at), 4)?);
        u64::try_from(sign_extend(distance, 32)).map_err(|_| {
            Unavailable::Unsupported("its table of virtual functions is damaged".into())
        })
    }

    /// The member with this name. Base classes and unnamed members are searched after the members themselves.
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
        let has_name = |it: &&Member| it.role == Role::Field && it.name.as_deref() == Some(name);
        if let Some(member) = record.members.iter().find(has_name) {
            return Some(self.member(object, member));
        }
        let depth = depth.checked_sub(1)?;
        let is_searched = |it: &&Member| it.role != Role::Field || it.name.is_none();
        record
            .members
            .iter()
            .filter(is_searched)
            .find_map(|member| {
                *left = left.checked_sub(1)?;
                let inner = self.member(object, member);
                self.field_within(&inner, name, depth, left)
            })
    }

    /// The member at the end of a path of names: `["buf", "inner", "ptr"]`.
    pub fn path(&mut self, object: &Object, names: &[&str]) -> Option<Object> {
        let mut member = object.clone();
        for name in names {
            member = self.field(&member, name)?;
        }
        Some(member)
    }

    /// The target of a pointer or reference. `None`: the object is not a pointer, or is a pointer to `void`.
    ///
    /// # Errors
    ///
    /// When the pointer itself is unavailable. The target may be outside of the memory: reading it reports that.
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

/// The first 16 bytes as a little-endian number.
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

/// An IEEE 754 binary128 as the f64 next to it; of two that are as near, the even one.
fn from_binary128(bits: u128) -> f64 {
    let sign = ((bits >> 127) as u64) << 63;
    let exponent = ((bits >> 112) & 0x7fff) as i64;
    let fraction = bits & ((1 << 112) - 1);
    // Without the bits that an f64 has not. That may carry into the exponent, which then is the next one.
    let rounded = |value: u128, unused: u32| {
        let (top, rest) = (value >> unused, value & ((1 << unused) - 1));
        let half = 1 << (unused - 1);
        let is_up = rest > half || rest == half && top & 1 == 1;
        (top + u128::from(is_up)) as u64
    };
    let value = match exponent {
        0x7fff if fraction == 0 => f64::INFINITY.to_bits(),
        0x7fff => f64::NAN.to_bits(),
        _ => match exponent - 16383 + 1023 {
            scaled @ 1..=2046 => ((scaled as u64) << 52) + rounded(fraction, 60),
            2047.. => f64::INFINITY.to_bits(),
            // Those of the smallest exponent have no hidden bit.
            scaled @ -52..=0 => rounded(1 << 112 | fraction, (61 - scaled) as u32),
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
        // 0.1, whose next bits are 1001…: it is not the double below it.
        assert_eq!(
            from_binary128(0x3ffb_9999_9999_9999_9999_9999_9999_999a),
            0.1
        );
        // Half way between two: the even one; and a bit more.
        let half = 0x3fff_u128 << 112 | 1 << 59;
        assert_eq!(from_binary128(half), 1.0);
        assert_eq!(from_binary128(half | 1 << 60), 1.0 + 2.0 * f64::EPSILON);
        assert_eq!(from_binary128(half | 1), 1.0 + f64::EPSILON);
        // Beyond the largest, and below the smallest of full precision.
        assert_eq!(
            from_binary128(0x43fe_ffff_u128 << 96 | u128::MAX >> 32),
            f64::INFINITY
        );
        assert_eq!(from_binary128(0x3c00_u128 << 112), f64::MIN_POSITIVE / 2.0);
        assert_eq!(from_binary128(0x3bcd_u128 << 112), f64::from_bits(1));
        assert_eq!(from_binary128(0x3bcc_u128 << 112), 0.0);
        assert_eq!(from_binary128(0x3bcc_8000_u128 << 96), f64::from_bits(1));
    }

    #[test]
    fn pieces_are_cut_and_joined() {
        let pieces = Storage::Pieces(
            vec![
                Piece {
                    size: 4,
                    place: Storage::Memory(100),
                },
                Piece {
                    size: 4,
                    place: Storage::Bytes(vec![1, 2, 3, 4].into()),
                },
            ]
            .into(),
        );
        assert_eq!(pieces.part(1, Some(2)), Storage::Memory(101));
        assert_eq!(pieces.part(6, Some(2)), Storage::Bytes(vec![3, 4].into()));
        assert!(matches!(pieces.part(2, Some(4)), Storage::Pieces(it) if it.len() == 2));
        assert!(matches!(pieces.part(6, Some(4)), Storage::Nowhere(_)));
    }
}
