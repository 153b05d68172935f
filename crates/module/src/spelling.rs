//! Types as the text format writes them.

use wasmparser::{CompositeInnerType, HeapType, RefType, TypeRef, UnpackedIndex, ValType};

use crate::{Module, TypeIndex};

impl Module {
    /// A type of this module: `i32`, `funcref`, `(ref null $person)`. Types without a name, or with one that the text
    /// format cannot write, are written as their indices.
    pub fn spelled(&self, ty: ValType) -> String {
        value_type(ty, |index| {
            let name = self.type_name(TypeIndex(index));
            let name = name.filter(|it| !it.is_empty() && it.bytes().all(is_identifier));
            name.map_or_else(|| index.to_string(), |it| format!("${it}"))
        })
    }

    /// The type of an import of this module as the text format writes it: `(global (mut i32))`.
    pub fn spelled_import(&self, ty: TypeRef) -> String {
        let limits = |is_64: bool, least: u64, most: Option<u64>| {
            let index = if is_64 { "i64 " } else { "" };
            let most = most.map(|it| format!(" {it}")).unwrap_or_default();
            format!("{index}{least}{most}")
        };
        match ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                format!("(func{})", self.spelled_function(ty))
            }
            TypeRef::Tag(tag) => format!("(tag{})", self.spelled_function(tag.func_type_idx)),
            TypeRef::Global(ty) => {
                let content = self.spelled(ty.content_type);
                if ty.mutable {
                    format!("(global (mut {content}))")
                } else {
                    format!("(global {content})")
                }
            }
            TypeRef::Table(ty) => {
                let limits = limits(ty.table64, ty.initial, ty.maximum);
                let element = self.spelled(ValType::Ref(ty.element_type));
                format!("(table {limits} {element})")
            }
            TypeRef::Memory(ty) => {
                let limits = limits(ty.memory64, ty.initial, ty.maximum);
                let shared = if ty.shared { " shared" } else { "" };
                let page = ty.page_size_log2.map(|it| 1u64.checked_shl(it));
                let page = page.flatten().map(|it| format!(" (pagesize {it})"));
                format!("(memory {limits}{shared}{})", page.unwrap_or_default())
            }
        }
    }

    /// The parameters and results of a type of functions.
    fn spelled_function(&self, ty: u32) -> String {
        let ty = self.types().get(ty as usize);
        let Some(CompositeInnerType::Func(ty)) = ty.map(|it| &it.composite_type.inner) else {
            return String::new();
        };
        let list = |what: &str, types: &[ValType]| {
            let types: String = types
                .iter()
                .map(|it| format!(" {}", self.spelled(*it)))
                .collect();
            if types.is_empty() {
                types
            } else {
                format!(" ({what}{types})")
            }
        };
        list("param", ty.params()) + &list("result", ty.results())
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
    let index = |index: UnpackedIndex| match index {
        UnpackedIndex::Module(index) | UnpackedIndex::RecGroup(index) => named(index),
        other => other.to_string(),
    };
    match ty {
        HeapType::Concrete(it) => index(it),
        HeapType::Exact(it) => format!("(exact {})", index(it)),
        HeapType::Abstract { shared, ty } => {
            // The types' names in Rust are those of the text format.
            let name = format!("{ty:?}").to_lowercase();
            if shared {
                format!("(shared {name})")
            } else {
                name
            }
        }
    }
}

/// What an identifier of the text format consists of (WebAssembly 3.0, 6.3.5).
fn is_identifier(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-./:<=>?@\\^_`|~".contains(&byte)
}
