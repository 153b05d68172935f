//! Types and objects that expressions make: the DWARF of the program describes none of them.

use wdb_symbols::types::{Array, Count, Declarator, Encoding, Kind, PointerKind};
use wdb_symbols::{Language, Object, Symbols, Type, TypeRef};

use super::number::{IntegerType, Number};

/// Whether types are spelled as in Rust.
fn is_rust(language: Option<Language>) -> bool {
    matches!(language, Some(Language::Rust | Language::Zig))
}

/// A type that nothing but the expression knows.
pub(super) fn ty(name: &str, language: Option<Language>, size: u64, kind: Kind) -> TypeRef {
    let ty = Type {
        name: name.into(),
        language,
        size: Some(size),
        kind,
    };
    TypeRef::Made(ty.into())
}

/// An integer type by the name that the language has for it.
pub(super) fn integer(ty: IntegerType, language: Option<Language>) -> TypeRef {
    let rust = is_rust(language);
    let name = match (ty.bits, ty.signed) {
        (bits, true) if rust => format!("i{bits}"),
        (bits, false) if rust => format!("u{bits}"),
        (8, true) => "signed char".into(),
        (8, false) => "unsigned char".into(),
        (16, true) => "short".into(),
        (16, false) => "unsigned short".into(),
        (32, true) => "int".into(),
        (32, false) => "unsigned int".into(),
        (64, true) => "long long".into(),
        (64, false) => "unsigned long long".into(),
        (_, true) => "__int128".into(),
        (_, false) => "unsigned __int128".into(),
    };
    let encoding = if ty.signed {
        Encoding::Signed
    } else {
        Encoding::Unsigned
    };
    self::ty(
        &name,
        language,
        u64::from(ty.bits.div_ceil(8)),
        Kind::Base(encoding),
    )
}

/// A number.
pub(super) fn number(number: Number, language: Option<Language>) -> Object {
    let float = |name: [&str; 2], size| {
        let name = name[usize::from(is_rust(language))];
        ty(name, language, size, Kind::Base(Encoding::Float))
    };
    match number {
        Number::Integer(value, ty) => {
            let size = ty.bits.div_ceil(8) as usize;
            let bytes = value.to_le_bytes();
            Object::of_bytes(bytes[..size.min(16)].to_vec(), integer(ty, language))
        }
        Number::Float(value, true) => {
            let bytes = (value as f32).to_le_bytes();
            Object::of_bytes(bytes.to_vec(), float(["float", "f32"], 4))
        }
        Number::Float(value, false) => {
            Object::of_bytes(value.to_le_bytes().to_vec(), float(["double", "f64"], 8))
        }
    }
}

/// `true` or `false`.
pub(super) fn boolean(value: bool, language: Option<Language>) -> Object {
    let ty = ty("bool", language, 1, Kind::Base(Encoding::Boolean));
    Object::of_bytes(vec![u8::from(value)], ty)
}

/// A character, of the smallest type that C has for it.
pub(super) fn character(c: char, language: Option<Language>) -> Object {
    let code = u32::from(c);
    if is_rust(language) || code >= 0x80 {
        let name = if is_rust(language) {
            "char"
        } else {
            "char32_t"
        };
        let ty = ty(name, language, 4, Kind::Base(Encoding::Unicode));
        return Object::of_bytes(code.to_le_bytes().to_vec(), ty);
    }
    Object::of_bytes(vec![code as u8], byte_of_text())
}

/// A byte that is written as a character: in C it has a sign, as others have.
pub(super) fn byte(byte: u8, language: Option<Language>) -> Object {
    if is_rust(language) {
        let number = Number::integer(u128::from(byte), IntegerType::unsigned(8));
        return self::number(number, language);
    }
    Object::of_bytes(vec![byte], byte_of_text())
}

fn byte_of_text() -> TypeRef {
    ty(
        "char",
        Some(Language::C),
        1,
        Kind::Base(Encoding::SignedChar),
    )
}

/// A text, as C has it in memory.
pub(super) fn text(mut bytes: Vec<u8>) -> Object {
    bytes.push(0);
    let size = bytes.len() as u64;
    let kind = array_of(byte_of_text(), size);
    let ty = ty(&format!("char[{size}]"), Some(Language::C), size, kind);
    Object::of_bytes(bytes, ty)
}

/// The bytes of what [`text`] made.
pub(super) fn literal_text(object: &Object) -> Option<&[u8]> {
    let (TypeRef::Made(ty), wdb_symbols::Storage::Bytes(bytes)) = (&object.ty, &object.place)
    else {
        return None;
    };
    let Kind::Array(array) = &ty.kind else {
        return None;
    };
    let is_text = array.element == byte_of_text();
    bytes.strip_suffix(&[0]).filter(|_| is_text)
}

/// The type of a pointer to `target`, of `size` bytes.
pub(super) fn pointer(
    symbols: &Symbols,
    target: TypeRef,
    size: u64,
    language: Option<Language>,
) -> TypeRef {
    let name = if is_rust(language) {
        format!("*const {}", symbols.ty(&target).name)
    } else {
        around(symbols, &target, Declarator::pointer())
    };
    ty(
        &name,
        language,
        size,
        Kind::Pointer(PointerKind::Pointer, target),
    )
}

/// A pointer type with qualifiers of its own: `char *const`.
pub(super) fn qualified(symbols: &Symbols, words: &str, of: TypeRef) -> TypeRef {
    let inner = symbols.ty(&of);
    let ty = |name: &str| Type {
        name: name.into(),
        language: inner.language,
        size: inner.size,
        kind: Kind::Qualified(of.clone()),
    };
    // The name says the qualifiers, and is made of what they are of.
    let unnamed = TypeRef::Made(ty(&format!("*{words}")).into());
    let name = around(symbols, &unnamed, Declarator::default());
    TypeRef::Made(ty(&name).into())
}

/// The type of `count` elements of the type `element`, which has `size` bytes.
pub(super) fn array(
    symbols: &Symbols,
    element: TypeRef,
    size: u64,
    count: u64,
    language: Option<Language>,
) -> TypeRef {
    let name = if is_rust(language) {
        format!("[{}; {count}]", symbols.ty(&element).name)
    } else {
        around(symbols, &element, Declarator::array(count))
    };
    let kind = array_of(element, count);
    ty(&name, language, size.saturating_mul(count), kind)
}

/// The name of a type of C that is made of another.
fn around(symbols: &Symbols, of: &TypeRef, mut declarator: Declarator) -> String {
    let base = symbols.declare(&mut declarator, of);
    declarator.around(&symbols.ty(&base).name)
}

fn array_of(element: TypeRef, count: u64) -> Kind {
    Kind::Array(Array {
        element,
        dimensions: vec![Count::Known(count)],
    })
}
