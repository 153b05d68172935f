//! The program aborted itself: who called `abort`, or what of a runtime did. Fixtures `c-abort`,
//! `cpp-abort`, `cpp-vector-at` and `zig-values`.

use wdb_debuggee::coredump::code;

use crate::evidence::Evidence;

/// Functions that end a program on purpose, as it calls them itself, and what that means.
const ENDS: &[(&str, &str)] = &[
    ("__assert_fail", "an assertion failed and was reported"),
    ("__cxa_pure_virtual", "a pure virtual function was called"),
    (
        "__cxa_deleted_virtual",
        "a deleted virtual function was called",
    ),
    (
        "__cxa_throw",
        "a C++ exception was thrown, which this build does not support",
    ),
    (
        "__stack_chk_fail",
        "a buffer on the C stack was overrun: the stack protector's guard has changed",
    ),
    ("std::terminate()", "std::terminate was called"),
    ("std::process::abort", "std::process::abort was called"),
    ("abort", "abort was called"),
    ("debug.defaultPanic", "Zig's panic was called"),
];

/// What libc++ calls to throw, with the exception's name after it. In a build without exceptions it
/// ends the program.
const THROW: &str = "std::__throw_";

pub(super) fn find(evidence: &mut Evidence<'_, '_>) -> Option<String> {
    if evidence.crash.code != code::UNREACHABLE || evidence.panic_is_told {
        return None;
    }
    let thrown = evidence.functions.iter().find_map(|function| {
        let name = function.name.strip_prefix(THROW)?;
        name.split(['(', '[']).next()
    });
    if let Some(name) = thrown {
        let own = evidence
            .functions
            .iter()
            .find(|function| function.family.is_none())?;
        return Some(format!(
            "std::{name} was thrown in a call from `{}`, in a build without exceptions",
            own.name
        ));
    }
    let (at, what) = ENDS
        .iter()
        .find_map(|(name, what)| Some((evidence.frame_of(&[name])?, *what)))?;
    let callers = evidence.functions.get(at + 1..)?;
    let Some(caller) = callers.first() else {
        return Some(what.to_owned());
    };
    let own = callers.iter().find(|function| function.family.is_none());
    Some(match own.filter(|own| own.name != caller.name) {
        Some(own) => format!("{what} by `{}`, on behalf of `{}`", caller.name, own.name),
        None => format!("{what} by `{}`", caller.name),
    })
}
