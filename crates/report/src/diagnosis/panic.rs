//! A Rust panic without a message: a guest without standard error does not format one. The name of the function that
//! panicked says what happened. Fixture `rust-library`.

use crate::evidence::Evidence;

/// The prefix of functions for failed checks, like `core::panicking::panic_const::panic_const_div_by_zero`.
const CONST: &str = "core::panicking::panic_const::panic_const_";
const BOUNDS: &str = "core::panicking::panic_bounds_check";
const CHECKS: &[(&str, &str)] = &[
    (BOUNDS, "index out of bounds"),
    ("core::option::unwrap_failed", "`Option::unwrap` on `None`"),
    ("core::option::expect_failed", "`Option::expect` on `None`"),
    (
        "core::result::unwrap_failed",
        "`Result::unwrap` or `expect` on `Err`",
    ),
    (
        "core::cell::panic_already_borrowed",
        "a `RefCell` is borrowed already",
    ),
    (
        "core::cell::panic_already_mutably_borrowed",
        "a `RefCell` is borrowed mutably already",
    ),
    ("core::slice::index::", "slice index out of range"),
    (
        "core::str::slice_error_fail",
        "string index out of range or inside of a character",
    ),
    (
        "core::panicking::assert_failed",
        "assertion of two values failed",
    ),
];

pub(super) fn find(evidence: &mut Evidence<'_, '_>) -> Option<String> {
    if evidence.has_panic {
        return None;
    }
    let panicked = |name: &str| name.contains("panicking::") || name.contains("rust_begin_unwind");
    let first = evidence.functions.iter().position(|f| panicked(&f.name))?;
    let (_, above) = evidence.functions.split_at(first);
    let culprit = above.iter().find(|function| function.family.is_none());
    let bounds = bounds(evidence);
    let what = bounds.or_else(|| {
        above.iter().find_map(|function| {
            if let Some(check) = function.name.strip_prefix(CONST) {
                return Some(check.replace('_', " "));
            }
            let known = CHECKS
                .iter()
                .find(|(name, _)| function.name.starts_with(name));
            known.map(|(_, what)| (*what).to_owned())
        })
    });
    let by = culprit.map_or_else(String::new, |function| format!(" in `{}`", function.name));
    Some(match what {
        Some(what) => format!("Rust panic{by}: {what}"),
        None => format!("Rust panic{by}; its message was not recorded"),
    })
}

/// The index and the length: the first arguments of the function for this panic, if they are still in its locals.
fn bounds(evidence: &Evidence<'_, '_>) -> Option<String> {
    let frame = evidence.frame_of(&[BOUNDS])?;
    let index = evidence.local(frame, 0)?;
    let length = evidence.local(frame, 1).filter(|length| index >= *length)?;
    Some(format!(
        "index out of bounds: the len is {length} but the index is {index}"
    ))
}
