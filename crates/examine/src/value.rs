//! WebAssembly values as text.

use wdb_debuggee::coredump::{HeapType, Reference, Value};
use wdb_symbols::render::float;

/// The value, in the notation of the text format where it has one: `-1`, `0.5`, `nan:0x400000`,
/// `0x0123…` for a vector, `null`.
pub fn text(value: &Value) -> String {
    match value {
        Value::I32(value) => value.to_string(),
        Value::I64(value) => value.to_string(),
        Value::F32(bits) => float::single(*bits),
        Value::F64(bits) => float::double(*bits),
        Value::V128(bits) => format!("{bits:#034x}"),
        Value::Ref(Reference::Null(_)) => "null".into(),
        Value::Ref(Reference::Func { instance, func }) => {
            format!("func[{func}] of instance {}", instance.0)
        }
        Value::Ref(Reference::I31(value)) => format!("i31 {value}"),
        Value::Ref(Reference::Opaque { heap, description }) if description.is_empty() => {
            format!("a non-null {} reference", heap.name())
        }
        Value::Ref(Reference::Opaque { description, .. }) => description.clone(),
    }
}

/// The type of a value, as far as the value shows it.
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::I32(_) => "i32",
        Value::I64(_) => "i64",
        Value::F32(_) => "f32",
        Value::F64(_) => "f64",
        Value::V128(_) => "v128",
        Value::Ref(Reference::Func { .. }) => "funcref",
        Value::Ref(Reference::I31(_)) => "i31ref",
        Value::Ref(Reference::Null(heap) | Reference::Opaque { heap, .. }) => match heap {
            HeapType::NoExn => "nullexnref",
            HeapType::NoFunc => "nullfuncref",
            HeapType::NoExtern => "nullexternref",
            HeapType::None => "nullref",
            HeapType::Func => "funcref",
            HeapType::Extern => "externref",
            HeapType::Any => "anyref",
            HeapType::Eq => "eqref",
            HeapType::I31 => "i31ref",
            HeapType::Struct => "structref",
            HeapType::Array => "arrayref",
            HeapType::Exn => "exnref",
            HeapType::Cont => "contref",
        },
    }
}

/// A value as an address, an index or a size.
pub fn unsigned(value: &Value) -> Option<u64> {
    match value {
        Value::I32(value) => Some(u64::from(value.cast_unsigned())),
        Value::I64(value) => Some(value.cast_unsigned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_well() {
        let f32 = |value: f32| text(&Value::F32(value.to_bits()));
        assert_eq!(f32(0.5), "0.5");
        assert_eq!(f32(-0.0), "-0");
        assert_eq!(f32(f32::INFINITY), "inf");
        assert_eq!(text(&Value::F32(0x7fc0_0000)), "nan");
        assert_eq!(text(&Value::F32(0xffc0_0001)), "-nan:0x400001");
        assert_eq!(text(&Value::F64(3e10_f64.to_bits())), "30000000000");
        assert_eq!(text(&Value::F64(1e300_f64.to_bits())), "1e300");
        assert_eq!(text(&Value::F64(5e-324_f64.to_bits())), "5e-324");
        assert_eq!(text(&Value::V128(7)), "0x00000000000000000000000000000007");
    }
}
