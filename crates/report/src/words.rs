//! Numbers and sizes as text.

use wdb_debuggee::coredump::MemoryShape;

/// A number with a comma between groups of three digits.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `2 pages (131072 bytes)`.
pub fn memory_size(shape: MemoryShape) -> String {
    let pages = if shape.pages == 1 { "page" } else { "pages" };
    format!("{} {pages} ({} bytes)", shape.pages, shape.len())
}
