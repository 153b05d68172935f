//! Words that have a plainer one: the project's texts are read by people who learnt English as a second language.

use super::{Finding, Tree};

/// What is not written, and what is written instead. Lower case; each begins and ends at the border of a word.
const GLOSSARY: &[(&str, &str)] = &[
    ("as many as", "at most, or: all that"),
    ("at hand", "available"),
    ("stands still", "is stopped"),
    ("stand still", "are stopped"),
    ("comes by", "reaches, passes"),
    ("come by", "reach, pass"),
    ("nobody", "no one, or what has none"),
    ("somebody", "the user, the caller, the engine"),
    ("whoever", "the user, the caller, what"),
    ("a person", "the user, the reader"),
    ("in words", "as text"),
    ("is told", "is reported"),
    ("are told", "are reported"),
    ("but for", "except"),
    ("youngest", "innermost"),
    ("oldest", "outermost"),
];
