//! Arguments and results of an export called by name, as text.

use wasmtime::{FuncType, Val, ValType};

/// `add(i32, i64) -> f32`: a function of `module`, with its type.
pub(crate) fn signature(
    name: &str,
    module: &wdb_module::Module,
    ty: &wasmparser::FuncType,
) -> String {
    let spelled = |types: &[wasmparser::ValType]| {
        let types: Vec<String> = types.iter().map(|ty| module.spelled(*ty)).collect();
        types.join(", ")
    };
    let (params, results) = (spelled(ty.params()), spelled(ty.results()));
    name.to_owned() + &arrow(&params, &results, ty.results().len())
}

/// Parameters, and what `count` of results are: `(i32, i64) -> f32`.
pub(crate) fn arrow(params: &str, results: &str, count: usize) -> String {
    match count {
        0 => format!("({params})"),
        1 => format!("({params}) -> {results}"),
        _ => format!("({params}) -> ({results})"),
    }
}

/// The arguments by the types of the parameters, or what does not fit.
pub(crate) fn arguments(ty: &FuncType, texts: &[String]) -> Result<Vec<Val>, String> {
    check_count(ty.params().len(), texts.len())?;
    ty.params()
        .zip(texts)
        .enumerate()
        .map(|(position, (ty, text))| {
            argument(&ty, text).ok_or_else(|| {
                format!(
                    "argument {}, `{text}`, is not {}",
                    position + 1,
                    describe(&ty)
                )
            })
        })
        .collect()
}

/// Checks that the number of arguments is the number of parameters.
pub(crate) fn check_count(taken: usize, given: usize) -> Result<(), String> {
    if taken == given {
        return Ok(());
    }
    let were = match given {
        1 => "1 was".to_owned(),
        n => format!("{n} were"),
    };
    Err(format!("it takes {}, and {were} given", count(taken)))
}

fn count(n: usize) -> String {
    match n {
        0 => "no arguments".into(),
        1 => "1 argument".into(),
        n => format!("{n} arguments"),
    }
}

fn describe(ty: &ValType) -> String {
    match ty {
        ValType::I32 => "an i32 (-2147483648 to 4294967295, or 0x…)".into(),
        ValType::I64 => "an i64 (-2^63 to 2^64-1, or 0x…)".into(),
        ValType::F32 | ValType::F64 => format!("an {ty} (a number, inf or nan)"),
        ValType::V128 => "a v128 (0x and up to 32 digits)".into(),
        ValType::Ref(ty) if ty.is_nullable() => {
            "`null`, the only reference that can be given in text".into()
        }
        ValType::Ref(_) => "a reference that can be given in text".into(),
    }
}

fn argument(ty: &ValType, text: &str) -> Option<Val> {
    Some(match ty {
        ValType::I32 => {
            let n = integer(text)?;
            Val::I32(
                i32::try_from(n)
                    .ok()
                    .or_else(|| u32::try_from(n).ok().map(u32::cast_signed))?,
            )
        }
        ValType::I64 => {
            let n = integer(text)?;
            Val::I64(
                i64::try_from(n)
                    .ok()
                    .or_else(|| u64::try_from(n).ok().map(u64::cast_signed))?,
            )
        }
        ValType::F32 => Val::F32(text.parse::<f32>().ok()?.to_bits()),
        ValType::F64 => Val::F64(text.parse::<f64>().ok()?.to_bits()),
        ValType::V128 => Val::V128(
            u128::from_str_radix(text.strip_prefix("0x")?, 16)
                .ok()?
                .into(),
        ),
        ValType::Ref(ty) if text == "null" && ty.is_nullable() => Val::null_ref(ty.heap_type()),
        ValType::Ref(_) => return None,
    })
}

fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let n = match digits.strip_prefix("0x") {
        Some(hex) => i128::from_str_radix(hex, 16).ok()?,
        None if digits.starts_with('+') => return None,
        None => digits.parse().ok()?,
    };
    Some(if negative { -n } else { n })
}

/// A result, as it is printed.
pub(crate) fn result(value: &Val) -> String {
    match value {
        Val::I32(n) => n.to_string(),
        Val::I64(n) => n.to_string(),
        Val::F32(bits) => f32::from_bits(*bits).to_string(),
        Val::F64(bits) => f64::from_bits(*bits).to_string(),
        Val::V128(bits) => format!("{:#034x}", bits.as_u128()),
        Val::FuncRef(None)
        | Val::ExternRef(None)
        | Val::AnyRef(None)
        | Val::ExnRef(None)
        | Val::ContRef(None) => "null".into(),
        Val::FuncRef(_) => "<funcref>".into(),
        Val::ExternRef(_) => "<externref>".into(),
        Val::AnyRef(_) => "<anyref>".into(),
        Val::ExnRef(_) => "<exnref>".into(),
        Val::ContRef(_) => "<contref>".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_by_type() {
        let text = |ty: ValType, text: &str| argument(&ty, text).map(|value| result(&value));
        for (ty, given, expected) in [
            (ValType::I32, "-1", Some("-1")),
            (ValType::I32, "4294967295", Some("-1")),
            (ValType::I32, "0xffffffff", Some("-1")),
            (ValType::I32, "-0x1", Some("-1")),
            (ValType::I32, "4294967296", None),
            (ValType::I32, "+1", None),
            (ValType::I32, "1.5", None),
            (ValType::I64, "18446744073709551615", Some("-1")),
            (ValType::I64, "18446744073709551616", None),
            (ValType::F32, "1.5", Some("1.5")),
            (ValType::F64, "-inf", Some("-inf")),
            (ValType::F64, "x", None),
            (
                ValType::V128,
                "0x2",
                Some("0x00000000000000000000000000000002"),
            ),
            (ValType::V128, "2", None),
            (ValType::FUNCREF, "null", Some("null")),
            (ValType::FUNCREF, "1", None),
        ] {
            let found = text(ty.clone(), given);
            assert_eq!(found.as_deref(), expected, "{ty} {given}");
        }
    }
}
