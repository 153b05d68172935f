//! How a global's type and value become an entry of the global section.

use wasm_encoder::{ConstExpr, Ieee32, Ieee64, RefType, ValType};

use crate::{Global, HeapType, Reference, Slot, Value};

/// What the global section can say of a global.
pub(crate) struct Initialiser {
    /// The declared type where that is a number, a vector or an abstract reference, and the top of
    /// the hierarchy where it is a concrete reference: the dump has no types of its own.
    pub(crate) ty: ValType,
    pub(crate) expression: ConstExpr,
    /// Whether the expression is the value. If not it is zero, and our own section has the value.
    pub(crate) exact: bool,
}

/// The entry of the global section for a global.
pub(crate) fn initialiser(global: &Global) -> Initialiser {
    let ty = value_type(&global.ty).unwrap_or_else(|| match global.known() {
        Some(value) => type_of(value),
        None => ValType::Ref(top(&global.ty)),
    });
    let expression = match (&global.value, ty) {
        (Slot::Known(Value::I32(v)), ValType::I32) => Some(ConstExpr::i32_const(*v)),
        (Slot::Known(Value::I64(v)), ValType::I64) => Some(ConstExpr::i64_const(*v)),
        (Slot::Known(Value::F32(v)), ValType::F32) => Some(ConstExpr::f32_const(Ieee32::new(*v))),
        (Slot::Known(Value::F64(v)), ValType::F64) => Some(ConstExpr::f64_const(Ieee64::new(*v))),
        (Slot::Known(Value::V128(v)), ValType::V128) => {
            Some(ConstExpr::v128_const(v.cast_signed()))
        }
        _ => None,
    };
    let exact = expression.is_some();
    Initialiser {
        ty,
        expression: expression.unwrap_or_else(|| zero(ty)),
        exact,
    }
}

/// The zero of a type. References are always written as null: `ref.func` would need the dump to
/// have functions.
fn zero(ty: ValType) -> ConstExpr {
    match ty {
        ValType::I32 => ConstExpr::i32_const(0),
        ValType::I64 => ConstExpr::i64_const(0),
        ValType::F32 => ConstExpr::f32_const(Ieee32::new(0)),
        ValType::F64 => ConstExpr::f64_const(Ieee64::new(0)),
        ValType::V128 => ConstExpr::v128_const(0),
        ValType::Ref(reference) => ConstExpr::ref_null(reference.heap_type),
    }
}

fn value_type(name: &str) -> Option<ValType> {
    Some(match name {
        "i32" => ValType::I32,
        "i64" => ValType::I64,
        "f32" => ValType::F32,
        "f64" => ValType::F64,
        "v128" => ValType::V128,
        "funcref" => ValType::FUNCREF,
        "externref" => ValType::EXTERNREF,
        "anyref" => ValType::Ref(RefType::ANYREF),
        "exnref" => ValType::Ref(RefType::EXNREF),
        _ => return None,
    })
}

fn type_of(value: &Value) -> ValType {
    match value {
        Value::I32(_) => ValType::I32,
        Value::I64(_) => ValType::I64,
        Value::F32(_) => ValType::F32,
        Value::F64(_) => ValType::F64,
        Value::V128(_) => ValType::V128,
        Value::Ref(reference) => ValType::Ref(top_of(reference)),
    }
}

fn top_of(reference: &Reference) -> RefType {
    match reference.heap().top() {
        HeapType::Func => RefType::FUNCREF,
        HeapType::Extern => RefType::EXTERNREF,
        HeapType::Exn => RefType::EXNREF,
        _ => RefType::ANYREF,
    }
}

/// The top type for a reference type of which only the name is known.
fn top(name: &str) -> RefType {
    if name.contains("func") {
        RefType::FUNCREF
    } else if name.contains("extern") {
        RefType::EXTERNREF
    } else if name.contains("exn") {
        RefType::EXNREF
    } else {
        RefType::ANYREF
    }
}
