//! The built-in numeric types of C and Rust, for casts to types that the debug information does not mention.

use super::{Encoding, Kind, Type};
use crate::{Language, spelling};

/// The type that C or Rust calls `name`.
pub(super) fn ty(name: &str, address_size: u64) -> Option<Type> {
    use Encoding::{Boolean, Float, Signed, SignedChar, Unicode, Unsigned, UnsignedChar};
    let spelled = spelling::c_integer(name).unwrap_or(name);
    let (encoding, size, language) = match spelled {
        "char" | "signed char" => (SignedChar, 1, Language::C),
        "unsigned char" => (UnsignedChar, 1, Language::C),
        "short" => (Signed, 2, Language::C),
        "unsigned short" => (Unsigned, 2, Language::C),
        "int" => (Signed, 4, Language::C),
        "unsigned int" => (Unsigned, 4, Language::C),
        "long" => (Signed, address_size, Language::C),
        "unsigned long" => (Unsigned, address_size, Language::C),
        "long long" => (Signed, 8, Language::C),
        "unsigned long long" => (Unsigned, 8, Language::C),
        "__int128" => (Signed, 16, Language::C),
        "unsigned __int128" => (Unsigned, 16, Language::C),
        "int8_t" => (Signed, 1, Language::C),
        "int16_t" => (Signed, 2, Language::C),
        "int32_t" => (Signed, 4, Language::C),
        "int64_t" => (Signed, 8, Language::C),
        "uint8_t" => (Unsigned, 1, Language::C),
        "uint16_t" => (Unsigned, 2, Language::C),
        "uint32_t" => (Unsigned, 4, Language::C),
        "uint64_t" => (Unsigned, 8, Language::C),
        "size_t" | "uintptr_t" => (Unsigned, address_size, Language::C),
        "ssize_t" | "intptr_t" | "ptrdiff_t" => (Signed, address_size, Language::C),
        "_Bool" => (Boolean, 1, Language::C),
        "float" => (Float, 4, Language::C),
        "double" => (Float, 8, Language::C),
        "long double" => (Float, 16, Language::C),
        "bool" => (Boolean, 1, Language::Rust),
        "i8" => (Signed, 1, Language::Rust),
        "i16" => (Signed, 2, Language::Rust),
        "i32" => (Signed, 4, Language::Rust),
        "i64" => (Signed, 8, Language::Rust),
        "i128" => (Signed, 16, Language::Rust),
        "isize" => (Signed, address_size, Language::Rust),
        "u8" => (Unsigned, 1, Language::Rust),
        "u16" => (Unsigned, 2, Language::Rust),
        "u32" => (Unsigned, 4, Language::Rust),
        "u64" => (Unsigned, 8, Language::Rust),
        "u128" => (Unsigned, 16, Language::Rust),
        "usize" => (Unsigned, address_size, Language::Rust),
        "f32" => (Float, 4, Language::Rust),
        "f64" => (Float, 8, Language::Rust),
        "char32_t" => (Unicode, 4, Language::Cpp),
        _ => return None,
    };
    Some(Type {
        name: spelled.into(),
        language: Some(language),
        size: Some(size),
        kind: Kind::Base(encoding),
    })
}
