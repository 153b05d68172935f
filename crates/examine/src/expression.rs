//! The expressions of every front end: one notation for C, C++ and Rust. `docs/expressions.md` describes it.

mod access;
mod assign;
mod cast;
mod check;
mod elements;
mod error;
mod evaluate;
pub mod fuzz;
mod kept;
mod lexer;
mod made;
mod names;
mod number;
mod operators;
mod parser;
mod parts;
mod raw;
mod terms;
mod tree;
mod typename;

use std::sync::Arc;

use wdb_symbols::render::{Limits, Pointer, Shape};
use wdb_symbols::{Context, Object, Symbols, TypeRef};

use crate::Stop;
use crate::doubts::Doubts;
use crate::machine::FrameMachine;
use crate::stop::FrameId;
use evaluate::Evaluator;
use parser::Parsed;

pub use access::{dereferenced, is_function_type};
pub use assign::is_same_type;
pub use assign::{Changeable, changeable, convert, evaluate_for, user_variable};
pub use cast::parts_of_class;
pub(crate) use elements::of_fixed_length;
pub use error::Error;
pub use error::did_you_mean;
pub use kept::keep;
pub use names::{functions_meant, functions_named, may_be};
pub(crate) use parts::name_of_part;

/// An expression, to be evaluated any number of times.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    text: String,
    parsed: Parsed,
}

/// What an expression came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// The object. That it is nowhere is a result too.
    pub object: Object,
    /// The frame whose memory and debug information it belongs to.
    pub frame: FrameId,
    /// What its value is based on, besides what was recorded. What is in the object was not looked at.
    pub doubts: Doubts,
}

/// Reads an expression.
///
/// # Errors
///
/// When it is none.
pub fn parse(text: &str) -> Result<Expression, Error> {
    let parsed = parser::parse(text, &|_| false)?;
    Ok(Expression {
        text: text.to_owned(),
        parsed,
    })
}

impl Expression {
    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether what is written behind it belongs to all of it: of `*p` and `a + b` it belongs to a part, of `(*p)` not.
    pub fn is_whole(&self) -> bool {
        use tree::Kind;
        let kind = &self.parsed.root.kind;
        !matches!(kind, Kind::Unary(..) | Kind::Binary(..) | Kind::Cast(..))
            || is_bracketed(&self.text)
    }

    /// Whether it has a part that only a frame can give a value.
    pub fn needs_frame(&self) -> bool {
        self.parsed.root.needs_frame()
    }
}

/// Whether the bracket that a text begins with is closed at its end.
fn is_bracketed(text: &str) -> bool {
    let text = text.trim();
    let mut depth = 0_u32;
    let ends = text.char_indices().find(|(_, c)| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    });
    text.starts_with('(') && ends.is_some_and(|it| it.0 + 1 == text.len())
}

/// How much of a value stands in a message.
const IN_MESSAGES: Limits = Limits {
    depth: 4,
    elements: 32,
    text: 1024,
    line: 1024,
    values: 256,
};

/// The value of an expression in the frame `at`, on one line.
///
/// # Errors
///
/// As for [`evaluate`].
pub fn show(expression: &Expression, stop: &mut Stop<'_>, at: FrameId) -> Result<String, Error> {
    let value = evaluate(expression, stop, at)?;
    let (text, _) = with_context(stop, value.frame, |context| {
        context.short(&value.object, &IN_MESSAGES)
    });
    Ok(text)
}

/// The value of an expression in the frame `at`.
///
/// # Errors
///
/// When a name means nothing, an operation does not fit its operands, or a value that is computed with is not there.
pub fn evaluate(expression: &Expression, stop: &mut Stop<'_>, at: FrameId) -> Result<Value, Error> {
    let mut evaluator = Evaluator::new(&expression.text, stop);
    let types = evaluator.types_among(&expression.parsed.doubtful, at);
    let reparsed;
    let root = if types.is_empty() {
        &expression.parsed.root
    } else {
        reparsed = parser::parse(&expression.text, &|name| types.iter().any(|it| it == name))?;
        &reparsed.root
    };
    let found = evaluator.value(root, at)?;
    Ok(Value {
        object: found.object,
        frame: found.frame,
        doubts: evaluator.doubts,
    })
}

/// The variable of this name that hides types and functions of it in the frame `at`.
pub fn in_scope(name: &str, stop: &mut Stop<'_>, at: FrameId) -> Option<Value> {
    let mut evaluator = Evaluator::new(name, stop);
    let found = evaluator.in_scope(&tree::Path::of(name), at)?;
    Some(Value {
        object: found.object,
        frame: found.frame,
        doubts: evaluator.doubts,
    })
}

/// The type that a text names which can be no expression: `struct point *`. `None`: it may be one.
pub fn type_named(text: &str, stop: &mut Stop<'_>, at: FrameId) -> Option<Result<TypeRef, Error>> {
    let name = parser::type_name(text)?;
    Some(Evaluator::new(text, stop).type_named(&name, at))
}

/// Looks up the names of an expression in the frame `at`, of which values need not be known.
///
/// # Errors
///
/// When one means nothing there.
pub fn check(expression: &Expression, stop: &mut Stop<'_>, at: FrameId) -> Result<(), Error> {
    let mut evaluator = Evaluator::new(&expression.text, stop);
    let types = evaluator.types_among(&expression.parsed.doubtful, at);
    match types.is_empty() {
        true => evaluator.check(&expression.parsed.root, at),
        false => {
            let parsed =
                parser::parse(&expression.text, &|name| types.iter().any(|it| it == name))?;
            evaluator.check(&parsed.root, at)
        }
    }
}

/// Whether an expression holds in the frame `at`: a condition.
///
/// # Errors
///
/// As for [`evaluate`], and when its value is neither a truth value nor a number nor a pointer.
pub fn holds(expression: &Expression, stop: &mut Stop<'_>, at: FrameId) -> Result<bool, Error> {
    let value = evaluate(expression, stop, at)?;
    let mut evaluator = Evaluator::new(&expression.text, stop);
    let operand = evaluate::Operand {
        object: value.object,
        frame: value.frame,
    };
    evaluator.truth(&operand, &(0..expression.text.len()))
}

/// Looks at objects of a frame: `look` is given what that takes. Also what its answer is based on.
pub fn with_context<T>(
    stop: &mut Stop<'_>,
    frame: FrameId,
    look: impl FnOnce(&mut Context<'_>) -> T,
) -> (T, Doubts) {
    // Before a program has frames, types are those of its first module that has source.
    let module = match stop.frame(frame) {
        Some(frame) => Some(frame.module),
        None => stop.module_ids().find(|module| {
            let symbols = stop.symbols(*module);
            symbols.is_some_and(|it| !it.source_files().is_empty())
        }),
    };
    let symbols = module.and_then(|it| stop.symbols(it));
    let symbols = symbols.unwrap_or_else(|| Arc::new(Symbols::new(Arc::default(), None, None)));
    let pc = stop.place(frame).and_then(|it| it.at);
    let mut machine = FrameMachine::new(stop, frame);
    let found = look(&mut Context {
        symbols: &symbols,
        machine: &mut machine,
        pc,
    });
    (found, machine.doubts)
}

/// As many pointers and boxes are gone through to what has members.
const MOST_FOLLOWED: usize = 16;

/// The names that can stand behind `.` after an expression, each with its type.
pub fn members(stop: &mut Stop<'_>, value: &Value) -> Vec<(String, String)> {
    let find = |context: &mut Context<'_>| {
        let mut object = value.object.clone();
        for _ in 0..MOST_FOLLOWED {
            object = match context.shape(&object, 1) {
                Shape::Pointer(Pointer {
                    target: Some(target),
                    ..
                }) => target,
                Shape::Wrapper(wrapper) => wrapper.object,
                Shape::Fields(fields) => {
                    let fields = fields.fields.into_iter();
                    let typed = fields.map(|it| {
                        let ty = context.ty(&it.object.ty).name.to_string();
                        (it.name, ty)
                    });
                    return typed.collect();
                }
                _ => break,
            };
        }
        Vec::new()
    };
    with_context(stop, value.frame, find).0
}
