//! Types of values as the text format writes them.

use wasmparser::{HeapType, RefType, UnpackedIndex, ValType};

use crate::{Module, TypeIndex};

impl Module {
    /// A type of this module: `i32`, `funcref`, `(ref null $person)`. Types without a name, or with one that the text
    /// format cannot write, are told by their indices.
    pub fn spelled(&self, ty: ValType) -> String {
        value_type(ty, |index| {
            let name = self.type_name(TypeIndex(index));
            let name = name.filter(|it| !it.is_empty() && it.bytes().all(is_identifier));
            name.map_or_else(|| index.to_string(), |it| format!("${it}"))
        })
    }
}

/// A type in the text format, with what `named` says for the index of a type.
pub fn value_type(ty: ValType, named: impl Fn(u32) -> String) -> String {
    match ty {
        ValType::Ref(ty) => reference_type(ty.is_nullable(), ty.heap_type(), named),
        ty => ty.to_string(),
    }
}

/// The type of references to a heap type, in the text format.
pub fn reference_type(nullable: bool, ty: HeapType, named: impl Fn(u32) -> String) -> String {
    if let HeapType::Abstract { shared: false, .. } = ty
        && let Some(ty) = RefType::new(nullable, ty)
    {
        return ty.to_string();
    }
    let null = if nullable { "null " } else { "" };
    format!("(ref {null}{})", heap_type(ty, named))
}

/// A heap type in the text format.
pub fn heap_type(ty: HeapType, named: impl Fn(u32) -> String) -> String {
    let index = |it: UnpackedIndex| match it {
        UnpackedIndex::Module(index) | UnpackedIndex::RecGroup(index) => named(index),
        other => other.to_string(),
    };
    match ty {
        HeapType::Concrete(it) => index(it),
        HeapType::Exact(it) => format!("(exact {})", index(it)),
        HeapType::Abstract { shared, ty } => {
            // The types' names in Rust are those of the text format.
            let name = format!("{ty:?}").to_lowercase();
            match shared {
                true => format!("(shared {name})"),
                false => name,
            }
        }
    }
}

/// What an identifier of the text format consists of (WebAssembly 3.0, 6.3.5).
fn is_identifier(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-./:<=>?@\\^_`|~".contains(&byte)
}
