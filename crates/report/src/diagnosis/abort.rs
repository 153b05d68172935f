//! The program aborted itself: which function, of the user or of a runtime, called `abort`. Fixtures `c-abort`,
//! `cpp-abort`, `cpp-vector-at` and `zig-values`.

use wdb_debuggee::coredump::code;

use crate::evidence::Evidence;

/// Functions that end a program on purpose, and what a call of each means.
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

/// The prefix of the functions that libc++ calls to throw; the exception's name follows. In a build without exceptions
/// they end the program.
const THROW: &str = "std::__throw_";

pub(super) fn find(evidence: &mut Evidence<'_, '_>) -> Option<String> {
    if evidence.crash.code != code::UNREACHABLE || evidence.has_panic {
        return None;
    }
    let thrown = evidence.functions.iter().find_map(|function| {
        let name = function.name.strip_prefix(THROW)?;
        name.split(['(', '[']).next()
    });
    if let Some(name) = thrown {
        let user_function = evidence
            .functions
            .iter()
            .find(|function| function.family.is_none())?;
        return Some(format!(
            "std::{name} was thrown in a call from `{}`, in a build without exceptions",
            user_function.name
        ));
    }
    let (at, what) = ENDS
        .iter()
        .find_map(|(name, what)| Some((evidence.frame_of(&[name])?, *what)))?;
    let callers = evidence.functions.get(at + 1..)?;
    let Some(caller) = callers.first() else {
        return Some(what.to_owned());
    };
    let user_function = callers.iter().find(|function| function.family.is_none());
    Some(match user_function.filter(|it| it.name != caller.name) {
        Some(user) => format!("{what} by `{}`, on behalf of `{}`", caller.name, user.name),
        None => format!("{what} by `{}`", caller.name),
    })
}
