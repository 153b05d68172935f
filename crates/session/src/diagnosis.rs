//! What the state of a crash proves about its cause. One rule a file; the first that finds something
//! speaks.

mod abort;
mod address;
mod allocation;
mod assertion;
mod c_stack;
mod exception;
mod indirect_call;
mod limit;
mod null_function;
mod null_pointer;
mod panic;
mod recursion;

use wdb_module::FuncIndex;
use wdb_target::coredump::ModuleId;

use crate::evidence::Evidence;
use crate::report::Diagnosis;

/// Gives the name of a function as a programmer writes it.
pub(crate) type Names<'n> = &'n mut dyn FnMut(ModuleId, FuncIndex) -> String;

/// A rule: one sentence if the state proves it.
type Rule = fn(&mut Evidence<'_>, Names<'_>) -> Option<String>;

/// The rules, each with its stable name. In order: what explains other things comes before them. A C
/// stack that overflowed makes wild pointers, an allocation that failed makes null pointers, and both
/// an assertion and an allocation end in `abort`.
const RULES: &[(&str, Rule)] = &[
    ("limit", limit::find),
    ("uncaught-exception", exception::find),
    ("call-stack-exhausted", recursion::find),
    ("c-stack-overflow", c_stack::find),
    ("failed-assertion", assertion::find),
    ("failed-allocation", allocation::find),
    ("null-function", null_function::find),
    ("wrong-function-type", indirect_call::find),
    ("null-pointer", null_pointer::find),
    ("rust-panic", panic::find),
    ("abort", abort::find),
];

/// Applies the rules.
pub(crate) fn diagnose(evidence: &mut Evidence<'_>, names: Names<'_>) -> Option<Diagnosis> {
    RULES.iter().find_map(|(rule, find)| {
        let message = find(evidence, names)?;
        Some(Diagnosis { rule, message })
    })
}
