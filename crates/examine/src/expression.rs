//! The expressions of every front end: one notation for C, C++ and Rust. `docs/expressions.md` describes it.

mod access;
mod assign;
mod calls;
mod cast;
mod check;
mod elements;
mod error;
mod evaluate;
pub mod fuzz;
mod kept;
mod lexer;
mod line;
mod made;
mod names;
mod number;
mod operators;
mod parser;
mod parts;
mod raw;
mod terms;
mod tree;
mod truth;
mod typename;

use std::sync::Arc;

use wdb_symbols::render::{Limits, Pointer, Shape};
use wdb_symbols::{Context, Object, Symbols, TypeRef};

use crate::View;
use crate::doubts::Doubts;
use crate::machine::FrameMachine;
use crate::view::FrameId;
use check::Time;
use evaluate::Evaluator;
use parser::Parsed;

pub use access::{dereferenced, is_function_type};
pub use assign::is_same_type;
pub use assign::{Changeable, changeable, convert, element, evaluate_for, user_variable};
pub use calls::{Callee, Calls, Progress, Request, no_code, object_of};
pub use cast::parts_of_class;
pub use check::Reach;
pub(crate) use elements::of_fixed_length;
pub use error::did_you_mean;
pub use error::{Error, Wish};
pub use kept::keep;
pub use line::{Line, line};
pub use names::{functions_meant, functions_named, may_be};
pub(crate) use parts::name_of_part;

/// An expression, to be evaluated any number of times.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    text: String,
    side: Side,
    parsed: Parsed,
}

/// Which part of its text an expression is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Whole,
    /// What an assignment changes.
    Place,
    /// What that is to be.
    Value,
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
    let parsed = parsed(text, Side::Whole, &|_| false)?;
    Ok(Expression {
        text: text.to_owned(),
        side: Side::Whole,
        parsed,
    })
}

/// What a side of a text is, where these names are types.
fn parsed(text: &str, side: Side, is_type: &dyn Fn(&str) -> bool) -> Result<Parsed, Error> {
    if side == Side::Whole {
        return parser::parse(text, is_type);
    }
    let sides = parser::line(text, is_type)?;
    let root = match sides.place {
        Some(place) if side == Side::Place => place,
        _ => sides.value,
    };
    let doubtful = sides.doubtful;
    Ok(Parsed { root, doubtful })
}

impl Expression {
    /// As it was written.
    pub fn text(&self) -> &str {
        match self.side {
            Side::Whole => &self.text,
            Side::Place | Side::Value => {
                let span = self.parsed.root.span.clone();
                self.text.get(span).unwrap_or_default()
            }
        }
    }

    /// The line that it was written in: where errors are is counted in it.
    pub fn line(&self) -> &str {
        &self.text
    }

    /// Whether it is a side of the same line as another: what is in both is the same, and what that calls is called once.
    pub fn is_beside(&self, other: &Expression) -> bool {
        let is_side = |it: &Expression| it.side != Side::Whole;
        is_side(self) && is_side(other) && self.text == other.text
    }

    /// Whether what is written behind it belongs to all of it: of `*p` and `a + b` it belongs to a part, of `(*p)` not.
    pub fn is_whole(&self) -> bool {
        use tree::Kind;
        let kind = &self.parsed.root.kind;
        !matches!(
            kind,
            Kind::Unary(..)
                | Kind::Binary(..)
                | Kind::Cast(..)
                | Kind::Choice(..)
                | Kind::Repeat(..)
        ) || is_bracketed(self.text())
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

/// How much of a value is shown in a message.
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
pub fn show(expression: &Expression, view: &mut View<'_>, at: FrameId) -> Result<String, Error> {
    let value = evaluate(expression, view, at)?;
    Ok(in_message(view, &value))
}

/// A value on one line, as messages have it.
pub fn in_message(view: &mut View<'_>, value: &Value) -> String {
    let show = |context: &mut Context<'_>| context.short(&value.object, &IN_MESSAGES);
    with_context(view, value.frame, show).0
}

/// The value of an expression in the frame `at`.
///
/// # Errors
///
/// When a name means nothing, an operation does not fit its operands, or a value that is computed with is not there.
pub fn evaluate(expression: &Expression, view: &mut View<'_>, at: FrameId) -> Result<Value, Error> {
    evaluated(expression, view, at, Calls::default())
}

/// A value of the type that an expression has, in the frame `at`. What a call would give back has none: nothing is called.
///
/// # Errors
///
/// As for [`evaluate`], and when the type depends on a call.
pub fn evaluate_type(
    expression: &Expression,
    view: &mut View<'_>,
    at: FrameId,
) -> Result<Value, Error> {
    evaluated(expression, view, at, Calls::supposed())
}

fn evaluated(
    expression: &Expression,
    view: &mut View<'_>,
    at: FrameId,
    mut calls: Calls,
) -> Result<Value, Error> {
    match evaluate_with(expression, view, at, &mut calls)? {
        Progress::Done(value) => Ok(value),
        // Calls are asked for only of a caller that makes them.
        Progress::Call(request) => Err(Error::new("it is not called", &request.span)),
    }
}

/// The same of an expression that may call functions, and has made these calls.
///
/// # Errors
///
/// As for [`evaluate`].
pub fn evaluate_with(
    expression: &Expression,
    view: &mut View<'_>,
    at: FrameId,
    calls: &mut Calls,
) -> Result<Progress<Value>, Error> {
    progress(expression, view, at, calls, |evaluator, node| {
        let found = evaluator.value(node, at)?;
        Ok(evaluator.with_doubts(found))
    })
}

/// Finds something out about an expression, as far as that goes with the calls that were made.
fn progress<T>(
    expression: &Expression,
    view: &mut View<'_>,
    at: FrameId,
    calls: &mut Calls,
    find: impl FnOnce(&mut Evaluator<'_, '_, '_>, &tree::Node) -> Result<T, Error>,
) -> Result<Progress<T>, Error> {
    let mut evaluator = Evaluator::new(&expression.text, view);
    let reparsed = evaluator.reparsed(expression, at)?;
    let root = &reparsed.as_ref().unwrap_or(&expression.parsed).root;
    evaluator.calls = std::mem::take(calls);
    let found = find(&mut evaluator, root);
    *calls = evaluator.calls;
    match evaluator.request {
        Some(mut request) => {
            let is_it = |node: &tree::Node| node.span == request.span;
            request.is_discarded = root.discarded().is_some_and(is_it);
            // What is given to a place is a part of that.
            let is_line = expression.side == Side::Whole;
            request.is_whole = is_line && (request.is_discarded || is_it(root));
            Ok(Progress::Call(request))
        }
        None => found.map(Progress::Done),
    }
}

impl Evaluator<'_, '_, '_> {
    /// The expression where names in it that may be types are some. `None`: it is as it was read.
    fn reparsed(&mut self, expression: &Expression, at: FrameId) -> Result<Option<Parsed>, Error> {
        let types = self.types_among(&expression.parsed.doubtful, at);
        if types.is_empty() {
            return Ok(None);
        }
        let is_type = |name: &str| types.iter().any(|it| it == name);
        parsed(&expression.text, expression.side, &is_type).map(Some)
    }
}

/// The variable of this name that hides types and functions of it in the frame `at`.
pub fn in_scope(name: &str, view: &mut View<'_>, at: FrameId) -> Option<Value> {
    let mut evaluator = Evaluator::new(name, view);
    let found = evaluator.in_scope(&tree::Path::of(name), at)?;
    Some(Value {
        object: found.object,
        frame: found.frame,
        doubts: evaluator.doubts,
    })
}

/// The type that a text names which can be no expression: `struct point *`. `None`: it may be one.
pub fn type_named(text: &str, view: &mut View<'_>, at: FrameId) -> Option<Result<TypeRef, Error>> {
    let name = parser::type_name(text)?;
    Some(Evaluator::new(text, view).type_named(&name, at))
}

/// Looks up the names of an expression in the frame `at`, of which values need not be known.
///
/// # Errors
///
/// When one means nothing within `reach`.
pub fn check(
    expression: &Expression,
    view: &mut View<'_>,
    at: FrameId,
    reach: Reach,
) -> Result<(), Error> {
    checked(expression, view, at, reach, Time::Before)
}

/// Looks up the names without which an expression has no value in the frame `at`, before the functions that it calls.
/// Whether it has one may still depend on what these give back.
///
/// # Errors
///
/// When one means nothing there.
pub fn check_before_calls(
    expression: &Expression,
    view: &mut View<'_>,
    at: FrameId,
) -> Result<(), Error> {
    let now = Time::Now { called: false };
    checked(expression, view, at, Reach::Frame, now)
}

fn checked(
    expression: &Expression,
    view: &mut View<'_>,
    at: FrameId,
    reach: Reach,
    mut time: Time,
) -> Result<(), Error> {
    let mut evaluator = Evaluator::new(&expression.text, view);
    let reparsed = evaluator.reparsed(expression, at)?;
    evaluator.calls = Calls::supposed();
    evaluator.reach = reach;
    let root = &reparsed.as_ref().unwrap_or(&expression.parsed).root;
    let discarded = root.discarded().filter(|_| time != Time::Before);
    match &discarded.unwrap_or(root).kind {
        // What a line is that is a call need be no value.
        tree::Kind::Call(callee, arguments) if expression.side == Side::Whole => {
            evaluator.check_call(callee, arguments, at, &mut time)
        }
        _ => evaluator.check(root, at, &mut time),
    }
}

/// The same for a condition.
///
/// # Errors
///
/// As of [`check`], and when it can never count as true or false.
pub fn check_condition(
    expression: &Expression,
    view: &mut View<'_>,
    at: FrameId,
    reach: Reach,
) -> Result<(), Error> {
    check(expression, view, at, reach)?;
    let mut evaluator = Evaluator::new(&expression.text, view);
    let reparsed = evaluator.reparsed(expression, at)?;
    evaluator.reach = reach;
    evaluator.check_truth(&reparsed.as_ref().unwrap_or(&expression.parsed).root, at)
}

/// Whether an expression holds in the frame `at`: a condition.
///
/// # Errors
///
/// As for [`evaluate`], and when its value is neither a truth value nor a number nor a pointer.
pub fn holds(expression: &Expression, view: &mut View<'_>, at: FrameId) -> Result<bool, Error> {
    let value = evaluate(expression, view, at)?;
    is_true(expression, view, &value)
}

/// Whether the value of an expression counts as true.
///
/// # Errors
///
/// When it is neither a truth value nor a number nor a pointer.
pub fn is_true(expression: &Expression, view: &mut View<'_>, value: &Value) -> Result<bool, Error> {
    let mut evaluator = Evaluator::new(&expression.text, view);
    let operand = evaluate::Operand {
        object: value.object.clone(),
        frame: value.frame,
    };
    evaluator.truth(&operand, &expression.parsed.root.span)
}

/// Looks at objects of a frame: `look` is given what that takes. Also what its answer is based on.
pub fn with_context<T>(
    view: &mut View<'_>,
    frame: FrameId,
    look: impl FnOnce(&mut Context<'_>) -> T,
) -> (T, Doubts) {
    // Before a program has frames, types are those of its first module that has source.
    let module = match view.frame(frame) {
        Some(frame) => Some(frame.module),
        None => view.module_ids().find(|module| {
            let symbols = view.symbols(*module);
            symbols.is_some_and(|it| !it.source_files().is_empty())
        }),
    };
    let symbols = module.and_then(|it| view.symbols(it));
    let symbols = symbols.unwrap_or_else(|| Arc::new(Symbols::new(Arc::default(), None, None)));
    let pc = view.place(frame).and_then(|it| it.at);
    let mut machine = FrameMachine::new(view, frame);
    let found = look(&mut Context {
        symbols: &symbols,
        machine: &mut machine,
        pc,
    });
    (found, machine.doubts)
}

/// At most this many pointers and boxes are followed to what has members.
const MOST_FOLLOWED: usize = 16;

/// The names that can follow `.` after an expression, each with its type.
pub fn members(view: &mut View<'_>, value: &Value) -> Vec<(String, String)> {
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
                    let typed = fields.map(|field| {
                        let ty = context.ty(&field.object.ty).name.to_string();
                        (field.name, ty)
                    });
                    return typed.collect();
                }
                _ => break,
            };
        }
        Vec::new()
    };
    with_context(view, value.frame, find).0
}
