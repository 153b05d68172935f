//! What the state of a crash proves about its cause. Each file has one rule.

mod abort;
mod address;
mod allocation;
mod assertion;
mod c_stack;
mod exception;
mod indirect_call;
mod limit;
mod memory;
mod null_function;
mod null_pointer;
mod panic;
mod recursion;

use crate::evidence::Evidence;

/// What the state proves about the cause of the crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The stable name of the rule that found it.
    pub rule: &'static str,
    /// One sentence.
    pub message: String,
}

/// A rule: returns one sentence if the state proves it.
type Rule = fn(&mut Evidence<'_, '_>) -> Option<String>;

/// The rules for the cause, each with its stable name. The first rule that finds something is the diagnosis. A rule
/// whose finding explains other findings comes before them: an overflow of the C stack makes wild pointers, and a
/// failed assertion, a failed allocation and a panic end in `abort`.
const CAUSES: &[(&str, Rule)] = &[
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

/// The rules for circumstances, which are useful with any cause.
const CIRCUMSTANCES: &[(&str, Rule)] = &[("memory-full", memory::find)];

/// Applies the rules: the cause, and the circumstances.
pub(crate) fn diagnose(evidence: &mut Evidence<'_, '_>) -> (Option<Diagnosis>, Vec<Diagnosis>) {
    let mut apply = |(rule, find): &(&'static str, Rule)| {
        let message = find(evidence)?;
        Some(Diagnosis { rule, message })
    };
    let cause = CAUSES.iter().find_map(&mut apply);
    (cause, CIRCUMSTANCES.iter().filter_map(apply).collect())
}
