//! Calls in expressions. Evaluation changes nothing: where it needs what a function gives back it ends with a
//! [`Request`]. A caller that can call functions makes the call, adds its result to the [`Calls`], and evaluates again.
//!
//! What was computed with before a call stays as it was: the function may change it, and is not called twice.

use std::collections::BTreeMap;
use std::ops::Range;

use wdb_debuggee::coredump::Value as MachineValue;
use wdb_symbols::types::Kind as TypeKind;
use wdb_symbols::{Context, Object, TypeRef};

use super::access::{self, words};
use super::check::SOMEWHERE;
use super::evaluate::{Evaluator, Operand};
use super::raw;
use super::tree::{Kind, Node, Path};
use super::{Error, Expression, Value, functions_meant, with_context};
use crate::View;
use crate::value;
use crate::view::FrameId;

/// Where a part of an expression is in its text. No two parts are at the same place.
type Key = (usize, usize);

fn key(span: &Range<usize>) -> Key {
    (span.start, span.end)
}

/// The calls that an expression has made so far.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    mode: Mode,
    results: BTreeMap<Key, Value>,
    /// The operands on the left of a call, by the whole operation.
    before: BTreeMap<Key, Operand>,
}

/// At most this many bytes are made up for the result of a call that is not made.
const MOST_SUPPOSED: u64 = 1 << 16;

/// What comes of a call that was not made.
#[derive(Clone, Debug, Default)]
enum Mode {
    /// It is an error.
    #[default]
    Refused,
    /// The same, in these words.
    Because(String),
    /// It is asked for.
    Asked,
    /// An object of the type that it gives back, whose value is not wanted.
    Supposed,
}

/// How far the evaluation of an expression came.
#[derive(Clone, Debug)]
pub enum Progress<T> {
    /// To its end.
    Done(T),
    /// To a call, which comes first.
    Call(Box<Request>),
}

/// A call that an expression makes.
#[derive(Clone, Debug)]
pub struct Request {
    /// What is called.
    pub callee: Callee,
    /// The arguments, each as it is written and with its value.
    pub arguments: Vec<(String, Value)>,
    /// The call as it is written.
    pub text: String,
    /// Where it is in the text of the expression.
    pub span: Range<usize>,
    /// Whether the expression is this call and nothing else, or only casts it to `void`.
    pub is_whole: bool,
    /// Whether what it gives back is cast to `void`, and not wanted.
    pub is_discarded: bool,
}

/// What a call calls.
#[derive(Clone, Debug)]
pub enum Callee {
    /// The function of this name.
    Named(String),
    /// A function of the object that is before the `.`.
    Method {
        /// The object, or a pointer to it.
        receiver: Value,
        /// As it is written.
        text: String,
        /// The name of the function.
        name: String,
        /// The member of this name, if there is one: it may be a pointer to a function.
        field: Option<Value>,
    },
    /// What a value points to, and how that is written.
    Pointer(Value, String),
}

impl Calls {
    /// Those of an expression that is to make its calls, and has made none.
    pub fn none() -> Self {
        Calls {
            mode: Mode::Asked,
            ..Calls::default()
        }
    }

    /// Those of an expression that cannot make any, with the reason as text.
    pub fn refused(because: impl Into<String>) -> Self {
        Calls {
            mode: Mode::Because(because.into()),
            ..Calls::default()
        }
    }

    /// Evaluation asks for calls from now on.
    pub fn ask(&mut self) {
        self.mode = Mode::Asked;
    }

    /// Whether evaluation asks for calls.
    pub fn are_asked_for(&self) -> bool {
        matches!(self.mode, Mode::Asked)
    }

    pub(super) fn supposed() -> Self {
        Calls {
            mode: Mode::Supposed,
            ..Calls::default()
        }
    }

    /// A call was made, and gave this back. What is in memory is taken from there: another call may overwrite it.
    pub fn made(&mut self, request: &Request, mut result: Value, view: &mut View<'_>) {
        let object = &result.object;
        let (bytes, doubts) = with_context(view, result.frame, |context| context.bytes(object));
        result.doubts.add(doubts);
        if let Ok(bytes) = bytes {
            result.object = Object::of_bytes(bytes, result.object.ty);
        }
        self.results.insert(key(&request.span), result);
    }
}

/// That a class declares a method which cannot be called.
pub fn no_code(class: &str, method: &str) -> String {
    format!(
        "`{class}::{method}` has no code of its own in the program: it is not defined, or was inlined wherever it is called"
    )
}

/// A number as the machine has it, as an object. `None`: it is a reference.
pub fn object_of(value: &MachineValue) -> Option<Object> {
    let ty = raw::raw_type(value::type_name(value));
    Some(Object::of_bytes(value.to_le_bytes()?, ty))
}

impl Expression {
    /// Whether it may call functions.
    pub fn has_calls(&self) -> bool {
        self.parsed.root.has_calls
    }

    /// Whether it is a call and nothing else. With the name of a type it may still be a cast.
    pub fn is_call(&self) -> bool {
        matches!(self.parsed.root.kind, Kind::Call(..))
    }
}

/// What a function of this type gives back, or one that a pointer of this type points to.
fn result(context: &Context<'_>, ty: &TypeRef) -> Option<TypeRef> {
    let mut ty = context.bare(ty);
    if let TypeKind::Pointer(_, target) = &ty.kind {
        ty = context.bare(target);
    }
    match &ty.kind {
        TypeKind::Function(function) => Some(function.result.clone()),
        _ => None,
    }
}

/// That a call is of no use where a value is wanted.
pub(super) fn no_value(text: &str, span: &Range<usize>) -> Error {
    Error::new(format!("`{text}` gives back no value"), span)
}

impl Evaluator<'_, '_, '_> {
    /// What a call gives back, or a cast that is written as one: `int(x)`.
    pub(super) fn call(
        &mut self,
        callee: &Node,
        arguments: &[Node],
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        if let Some(found) = self.calls.results.get(&key(span)) {
            self.doubts.add(found.doubts);
            return Ok(Operand {
                object: found.object.clone(),
                frame: found.frame,
            });
        }
        if let ([argument], Kind::Name(path)) = (arguments, &callee.kind)
            && let Some(ty) = self.cast_to(path, frame)
        {
            let operand = self.value(argument, frame)?;
            return self.cast(&operand, ty, span);
        }
        match &self.calls.mode {
            Mode::Refused => {
                let text = self.written(span);
                let message = format!("`{text}` is a call, and no function is called here");
                return Err(Error::new(message, span));
            }
            Mode::Because(reason) => return Err(Error::new(reason, span)),
            Mode::Supposed => return self.result_of(callee, frame, span),
            Mode::Asked => {}
        }
        let callee = match &callee.kind {
            Kind::Name(path) if path.file.is_none() => Callee::Named(path.text()),
            Kind::Member(of, name, at) => {
                let receiver = self.value(of, frame)?;
                let receiver = self.receiver(receiver, of, at);
                let field = self.member(&receiver, &of.span, name, at).ok();
                Callee::Method {
                    receiver: self.with_doubts(receiver),
                    text: self.written(&of.span),
                    name: name.clone(),
                    field: field.map(|it| self.with_doubts(it)),
                }
            }
            _ => {
                let pointer = self.value(callee, frame)?;
                Callee::Pointer(self.with_doubts(pointer), self.written(&callee.span))
            }
        };
        let mut values = Vec::new();
        for argument in arguments {
            let value = self.value(argument, frame)?;
            values.push((self.written(&argument.span), self.with_doubts(value)));
        }
        // An error that leads nowhere else may have been one of these.
        if self.request.is_none() {
            self.request = Some(Box::new(Request {
                callee,
                arguments: values,
                text: self.written(span),
                span: span.clone(),
                is_whole: false,
                is_discarded: false,
            }));
        }
        Err(Error::new("a function is called first", span))
    }

    /// A value with what all values so far were based on.
    pub(super) fn with_doubts(&self, operand: Operand) -> Value {
        Value {
            object: operand.object,
            frame: operand.frame,
            doubts: self.doubts,
        }
    }

    pub(super) fn written(&self, span: &Range<usize>) -> String {
        self.text.get(span.clone()).unwrap_or_default().to_owned()
    }

    /// The type of which a name is, where no function and no variable has it. Objects of classes are made by functions.
    fn cast_to(&mut self, path: &Path, frame: FrameId) -> Option<TypeRef> {
        let name = path.text();
        let ty = self.plain_type(&name, frame, &(0..0)).ok()?;
        let is_class =
            |context: &mut Context<'_>| matches!(context.bare(&ty).kind, TypeKind::Record(_));
        let is_other = path.file.is_some()
            || self.ask(frame, is_class)
            || self.in_scope(path, frame).is_some()
            || !functions_meant(self.view, frame, &name).is_empty();
        (!is_other).then_some(ty)
    }

    /// An object of the type that a function gives back, which is not called.
    fn result_of(
        &mut self,
        callee: &Node,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        let called = match &callee.kind {
            Kind::Name(path) if path.file.is_none() => {
                let name = path.text();
                let found = functions_meant(self.view, frame, &name);
                let variable = self.in_scope(path, frame);
                match (variable, &found[..]) {
                    (Some(variable), _) => Some(variable.object.ty),
                    (None, [func]) => Some(self.function_type(Some(*func), frame)),
                    (None, [] | [..]) => Some(self.value(callee, frame)?.object.ty),
                }
            }
            Kind::Member(..) => None,
            _ => Some(self.value(callee, frame)?.object.ty),
        };
        let result = called.and_then(|ty| self.ask(frame, |context| result(context, &ty)));
        let text = self.written(span);
        let Some(ty) = result else {
            let message = format!("what `{text}` gives back is not known before it is called");
            return Err(Error::new(message, span));
        };
        let object = self.ask(frame, |context| {
            let is_pointer = matches!(context.bare(&ty).kind, TypeKind::Pointer(..));
            let size = context.size(&ty).ok().filter(|it| *it <= MOST_SUPPOSED);
            let size = size.and_then(|it| usize::try_from(it).ok());
            match size {
                // A null pointer would point to nothing.
                Some(size @ 1..=8) if is_pointer => {
                    Object::of_bytes(SOMEWHERE.to_le_bytes()[..size].to_vec(), ty)
                }
                Some(size) => Object::of_bytes(vec![0; size], ty),
                None => Object::nowhere(ty, words(format!("`{text}` is not called"))),
            }
        });
        Ok(Operand { object, frame })
    }

    /// The type of what a call gives back, where the name that is called says it.
    pub(super) fn result_type(&mut self, callee: &Node, frame: FrameId) -> Option<TypeRef> {
        let Kind::Name(path) = &callee.kind else {
            return None;
        };
        if let Some(variable) = self.in_scope(path, frame) {
            return self.ask(frame, |context| result(context, &variable.object.ty));
        }
        if path.file.is_some() {
            return None;
        }
        let found = functions_meant(self.view, frame, &path.text());
        self.ask(frame, |context| {
            let mut results = found
                .iter()
                .map(|func| Some(context.symbols.signature(*func)?.result));
            let first = results.next()??;
            let is_only = results.all(|it| it.as_ref() == Some(&first));
            is_only.then_some(first)
        })
    }

    /// The value of `node`, of which the operation at `span` makes use before it calls functions, if `calls`: what it was
    /// before them.
    pub(super) fn before(
        &mut self,
        node: &Node,
        calls: bool,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        if !calls {
            return self.value(node, frame);
        }
        if let Some(found) = self.calls.before.get(&key(span)) {
            return Ok(found.clone());
        }
        let mut operand = self.value(node, frame)?;
        let object = &operand.object;
        let bytes = self.ask(operand.frame, |context| {
            let object = access::dereferenced(context, object).ok()?;
            let is_scalar = matches!(
                context.bare(&object.ty).kind,
                TypeKind::Base(_) | TypeKind::Enumeration(_) | TypeKind::Pointer(..)
            );
            // One of a bit-field is not whole bytes.
            let bytes = match object.bits {
                None => context.bytes(&object).ok()?,
                Some(_) => super::convert(context, &object, &object.ty).ok()?,
            };
            is_scalar.then(|| Object::of_bytes(bytes, object.ty))
        });
        if let Some(object) = bytes {
            operand.object = object;
        }
        self.calls.before.insert(key(span), operand.clone());
        Ok(operand)
    }
}
