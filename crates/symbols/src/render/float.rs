//! Floats as text: `0.5`, `-0`, `inf`, `nan:0x400001`.

/// A float of 32 bits. A NaN that is not the canonical one has its payload.
pub fn single(bits: u32) -> String {
    let value = f32::from_bits(bits);
    if value.is_nan() {
        nan(bits >> 31 != 0, u64::from(bits & 0x7f_ffff), 1 << 22)
    } else {
        finite(value.to_string())
    }
}

/// A float of 64 bits, in the same way.
pub fn double(bits: u64) -> String {
    let value = f64::from_bits(bits);
    if value.is_nan() {
        nan(bits >> 63 != 0, bits & 0xf_ffff_ffff_ffff, 1 << 51)
    } else {
        finite(value.to_string())
    }
}

/// `nan` with its sign and, unless it is the canonical one, its payload (specification, section 6.3.2).
fn nan(negative: bool, payload: u64, canonical: u64) -> String {
    let sign = if negative { "-" } else { "" };
    if payload == canonical {
        format!("{sign}nan")
    } else {
        format!("{sign}nan:{payload:#x}")
    }
}

/// Rust's shortest exact digits. Rust writes very large and very small numbers with all their zeros, which is
/// unreadable: they get an exponent.
fn finite(digits: String) -> String {
    if digits.len() <= 24 {
        return digits;
    }
    match digits.parse::<f64>() {
        Ok(value) => format!("{value:e}"),
        Err(_) => digits,
    }
}
