//! From a tree to a value.

use std::ops::Range;

use wdb_symbols::types::Kind as TypeKind;
use wdb_symbols::{Context, Language, Object, TypeRef, Unavailable};

use super::access;
use super::calls::{Calls, Request};
use super::check::Reach;
use super::elements::{self, Key};
use super::error::did_you_mean;
use super::made;
use super::number::{IntegerType, Number};
use super::terms::{self, Term};
use super::tree::{Bounds, Kind, Node, Raw};
use super::{Error, with_context};
use crate::View;
use crate::doubts::Doubts;
use crate::view::FrameId;

/// An object, and the frame whose memory it is in.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub(super) object: Object,
    pub(super) frame: FrameId,
}

/// Evaluates an expression.
pub(super) struct Evaluator<'e, 's, 'a> {
    pub(super) text: &'e str,
    pub(super) view: &'s mut View<'a>,
    /// What the values so far were based on.
    pub(super) doubts: Doubts,
    /// The calls that were made.
    pub(super) calls: Calls,
    /// Where the program may be, if the expression is only checked.
    pub(super) reach: Reach,
    /// The call that comes first: then there is no value yet, whatever else the evaluation came to.
    pub(super) request: Option<Box<Request>>,
    /// How many entries of maps may still be looked at.
    entries: u64,
}

/// At most this many entries of maps are looked at in one expression.
const MOST_ENTRIES: u64 = 1_000_000;

impl<'e, 's, 'a> Evaluator<'e, 's, 'a> {
    pub(super) fn new(text: &'e str, view: &'s mut View<'a>) -> Self {
        Evaluator {
            text,
            view,
            doubts: Doubts::default(),
            calls: Calls::default(),
            reach: Reach::Frame,
            request: None,
            entries: MOST_ENTRIES,
        }
    }

    /// The value of a part of the expression in a frame.
    pub(super) fn value(&mut self, node: &Node, frame: FrameId) -> Result<Operand, Error> {
        let made = |object| Ok(Operand { object, frame });
        match &node.kind {
            Kind::Integer(value, literal) => {
                let language = self.language(frame);
                let is_c = matches!(language, Some(Language::C | Language::Cpp));
                let number = Number::literal(*value, *literal, is_c, self.address_bits(frame));
                let number = number
                    .ok_or_else(|| Error::new("the number does not fit its type", &node.span))?;
                made(made::number(number, language))
            }
            Kind::Float(value, single) => made(made::number(
                Number::Float(*value, *single),
                self.language(frame),
            )),
            Kind::Character(c) => made(made::character(*c, self.language(frame))),
            Kind::Byte(byte) => made(made::byte(*byte, self.language(frame))),
            Kind::Text(bytes) => made(made::text(bytes.clone())),
            Kind::Boolean(value) => made(made::boolean(*value, self.language(frame))),
            Kind::Null => made(self.pointer(0, TypeRef::Void, frame)),
            Kind::Name(path) => self.named(path, frame, &node.span),
            Kind::Raw(machine) => self.machine(*machine, frame, &node.span),
            Kind::UserVariable(name) => self.user_variable(name, frame, &node.span),
            Kind::Past(past) => self.past(*past, frame, &node.span),
            Kind::InFrame(which, inner) => {
                let frame = self.frame(which, frame)?;
                self.value(inner, frame)
            }
            Kind::Member(object, name, at) => {
                let mut operand = self.value(object, frame)?;
                if let Some(found) = self.at_zero(object, &operand) {
                    operand.object = found;
                }
                let operand = self.receiver(operand, object, at);
                self.member(&operand, &object.span, name, at)
            }
            Kind::Index(object, index) => match object.as_machine() {
                Some((machine, within)) => {
                    let frame = within.map_or(Ok(frame), |it| self.frame(it, frame))?;
                    self.machine_element(machine, index, frame, &node.span)
                }
                None => self.index(object, index, frame, &node.span),
            },
            Kind::Slice(object, bounds) => self.slice(object, bounds, frame, &node.span),
            Kind::Unary(operator, operand) => self.unary(*operator, operand, frame, &node.span),
            Kind::Binary(operator, a, b) => self.binary(*operator, a, b, frame, &node.span),
            Kind::Cast(conversion, ty, operand) => {
                let operand = self.value(operand, frame)?;
                self.converted(*conversion, ty, &operand, &node.span)
            }
            Kind::Call(callee, arguments) => self.call(callee, arguments, frame, &node.span),
            Kind::Choice(condition, one, other) => {
                let calls = one.has_calls || other.has_calls;
                let decides = self.before(condition, calls, frame, &node.span)?;
                let is_one = self.truth(&decides, &condition.span)?;
                self.value(if is_one { one } else { other }, frame)
            }
            Kind::Repeat(first, count) => self.repeated(first, count, frame, &node.span),
            // What is in it is not evaluated.
            Kind::SizeOf(operand) if operand.has_calls => {
                let calls = std::mem::replace(&mut self.calls, Calls::supposed());
                let value = self.value(operand, frame);
                self.calls = calls;
                let value = value?;
                self.size_of(&value.object.ty, frame, &node.span)
            }
            Kind::SizeOf(operand) => match (self.value(operand, frame), &operand.kind) {
                // A constructor is called as its class is, which is meant.
                (Ok(value), Kind::Name(path))
                    if value.object.is_function()
                        && let Ok(ty) = self.plain_type(&path.text(), frame, &operand.span) =>
                {
                    self.size_of(&ty, frame, &node.span)
                }
                (Ok(operand), _) => {
                    let (of, object) = (operand.frame, &operand.object);
                    let size =
                        self.get(of, &node.span, |context| elements::size(context, object))?;
                    made(self.size(size, frame))
                }
                (Err(error), Kind::Name(path)) if path.file.is_none() => {
                    let ty = self.plain_type(&path.text(), frame, &operand.span);
                    self.size_of(&ty.map_err(|_| error)?, frame, &node.span)
                }
                (Err(error), _) => Err(error),
            },
            Kind::SizeOfType(ty) => {
                let ty = self.type_named(ty, frame)?;
                self.size_of(&ty, frame, &node.span)
            }
        }
    }

    /// Asks something of the debug information and the machine of a frame.
    pub(super) fn ask<T>(&mut self, frame: FrameId, look: impl FnOnce(&mut Context<'_>) -> T) -> T {
        let (found, doubts) = with_context(self.view, frame, look);
        self.doubts.add(doubts);
        found
    }

    /// The same, where the answer may be that something is not there.
    pub(super) fn get<T>(
        &mut self,
        frame: FrameId,
        span: &Range<usize>,
        look: impl FnOnce(&mut Context<'_>) -> Result<T, Unavailable>,
    ) -> Result<T, Error> {
        let found = self.ask(frame, look);
        found.map_err(|reason| self.unavailable(&reason, span))
    }

    pub(super) fn unavailable(&self, reason: &Unavailable, span: &Range<usize>) -> Error {
        let text = self.text.get(span.clone()).unwrap_or_default();
        Error::new(format!("`{text}`: {reason}"), span)
    }

    /// The language of the code of a frame.
    pub(super) fn language(&mut self, frame: FrameId) -> Option<Language> {
        let place = self.view.place(frame)?;
        let spot = place.chain.get(frame.inlined).or(place.chain.last())?;
        spot.location.function.as_ref()?.language
    }

    /// How many bits an address of the frame's memory has.
    pub(super) fn address_bits(&mut self, frame: FrameId) -> u32 {
        let mut wide = || {
            let memory = self.view.memory_of(frame)?;
            Some(self.view.memory(memory)?.memory64)
        };
        if wide() == Some(true) { 64 } else { 32 }
    }

    /// A pointer to `target`.
    pub(super) fn pointer(&mut self, address: u64, target: TypeRef, frame: FrameId) -> Object {
        let size = u64::from(self.address_bits(frame) / 8);
        let ty = self.pointer_type(target, frame);
        Object::of_bytes(address.to_le_bytes()[..size as usize].to_vec(), ty)
    }

    /// The type of a pointer to `target`.
    pub(super) fn pointer_type(&mut self, target: TypeRef, frame: FrameId) -> TypeRef {
        let language = self.language(frame);
        let size = u64::from(self.address_bits(frame) / 8);
        self.ask(frame, |context| {
            made::pointer(context.symbols, target, size, language)
        })
    }

    /// What is computed with.
    pub(super) fn term(&mut self, operand: &Operand, span: &Range<usize>) -> Result<Term, Error> {
        self.get(operand.frame, span, |context| {
            terms::term(context, &operand.object)
        })
    }

    pub(super) fn number(
        &mut self,
        operand: &Operand,
        span: &Range<usize>,
    ) -> Result<Number, Error> {
        match self.term(operand, span)? {
            Term::Number(number) => Ok(number),
            Term::Pointer(address, _) => {
                let ty = IntegerType::unsigned(self.address_bits(operand.frame));
                Ok(Number::integer(u128::from(address), ty))
            }
        }
    }

    /// Whether a value counts as true.
    pub(super) fn truth(&mut self, operand: &Operand, span: &Range<usize>) -> Result<bool, Error> {
        Ok(!self.number(operand, span)?.is_zero())
    }

    /// The value of a part as an index.
    pub(super) fn integer(&mut self, node: &Node, frame: FrameId) -> Result<i128, Error> {
        let operand = self.value(node, frame)?;
        match self.number(&operand, &node.span)? {
            Number::Integer(value, ty) if ty.signed || value.cast_signed() >= 0 => {
                Ok(value.cast_signed())
            }
            _ => Err(Error::new("an index is a whole number", &node.span)),
        }
    }

    /// What the name at `at` is a member of, where `object`, which has this value, is before its `.` or `->`.
    pub(super) fn receiver(
        &mut self,
        mut operand: Operand,
        object: &Node,
        at: &Range<usize>,
    ) -> Operand {
        let sign = self.text.get(object.span.end..at.start);
        if sign.is_some_and(|it| it.trim() == "->")
            && let Some(first) = self.first_of_array(&operand)
        {
            operand.object = first;
        }
        operand
    }

    /// What an array of C points to where a pointer is wanted.
    fn first_of_array(&mut self, operand: &Operand) -> Option<Object> {
        self.ask(operand.frame, |context| {
            let ty = context.bare(&operand.object.ty);
            let is_c = matches!(ty.language, Some(Language::C | Language::Cpp));
            let is_array = matches!(ty.kind, TypeKind::Array(_));
            let first = || elements::element(context, &operand.object, 0).ok();
            (is_c && is_array).then(first)?
        })
    }

    pub(super) fn member(
        &mut self,
        operand: &Operand,
        of: &Range<usize>,
        name: &str,
        at: &Range<usize>,
    ) -> Result<Operand, Error> {
        let frame = operand.frame;
        let object = &operand.object;
        let found = self.get(frame, of, |context| access::member(context, object, name))?;
        if let Some(object) = found {
            return Ok(Operand { object, frame });
        }
        let (names, ty, variant) = self.ask(frame, |context| {
            (
                access::member_names(context, object),
                context.ty(&object.ty).name.to_string(),
                access::variant_name(context, object),
            )
        });
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let near = did_you_mean(name, names.iter().copied());
        let has = match names.as_slice() {
            _ if !near.is_empty() => near,
            _ if let Some(variant) = variant => format!("; it is `{variant}`"),
            [] => String::new(),
            names if names.len() <= 12 => format!(
                "; it has {}",
                super::error::quoted(names.iter().copied(), "and")
            ),
            names => format!("; it has {} members", names.len()),
        };
        Err(Error::new(
            format!("`{ty}` has no member `{name}`{has}"),
            at,
        ))
    }

    fn index(
        &mut self,
        object: &Node,
        index: &Node,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        let base = self.value(object, frame)?;
        let key = match self.value(index, frame) {
            Ok(key) => self.key(&key, &index.span)?,
            Err(error) => match &index.kind {
                Kind::Name(path) if path.file.is_none() && self.is_map(&base) => {
                    Key::Name(path.text())
                }
                _ => return Err(error),
            },
        };
        let most = self.entries.min(elements::MOST_LISTED);
        let (frame, of) = (base.frame, &base.object);
        let found = self.ask(frame, |context| elements::entry(context, of, &key, most));
        let object = match found {
            Ok(Some((object, looked_at))) => {
                self.entries = self.entries.saturating_sub(looked_at);
                if self.entries == 0 {
                    return Err(Error::new("the expression looks at too much", span));
                }
                object
            }
            // No map.
            Ok(None) => match key {
                Key::Number(Number::Integer(index, ty))
                    if ty.signed || index.cast_signed() >= 0 =>
                {
                    self.get(frame, span, |context| {
                        elements::element(context, of, index.cast_signed())
                    })?
                }
                _ => return Err(Error::new("an index is a whole number", &index.span)),
            },
            Err(reason) => return Err(self.unavailable(&reason, span)),
        };
        Ok(Operand { object, frame })
    }

    fn key(&mut self, operand: &Operand, span: &Range<usize>) -> Result<Key, Error> {
        let object = &operand.object;
        let text = self.get(operand.frame, span, |context| {
            terms::text(context, object, terms::Pointers::Texts)
        })?;
        match text {
            Some(text) => Ok(Key::Text(text)),
            None => self.number(operand, span).map(Key::Number),
        }
    }

    fn is_map(&mut self, operand: &Operand) -> bool {
        let object = &operand.object;
        self.ask(operand.frame, |context| elements::is_map(context, object))
    }

    fn slice(
        &mut self,
        object: &Node,
        bounds: &Bounds,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        let mut end = |node: &Option<Box<Node>>| match node {
            Some(node) => self.integer(node, frame).map(Some),
            None => Ok(None),
        };
        let from = end(&bounds.from)?;
        let to = end(&bounds.to)?.map(|to| to.saturating_add(i128::from(bounds.inclusive)));
        if let Some((machine, within)) = object.as_machine() {
            let frame = within.map_or(Ok(frame), |it| self.frame(it, frame))?;
            return self.machine_slice(machine, from, to, frame, span);
        }
        let base = self.value(object, frame)?;
        let object = self.get(base.frame, span, |context| {
            elements::slice(context, &base.object, from, to)
        })?;
        Ok(Operand {
            object,
            frame: base.frame,
        })
    }

    /// `first @ count`: an array of what is in memory.
    fn repeated(
        &mut self,
        first: &Node,
        count: &Node,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        let value = self.value(first, frame)?;
        let wanted = self.value(count, frame)?;
        let wanted = match self.number(&wanted, &count.span)? {
            Number::Integer(wanted, ty) => ty.wrap(wanted).cast_signed(),
            Number::Float(..) => 0,
        };
        let Some(wanted) = u64::try_from(wanted).ok().filter(|it| *it > 0) else {
            let message = "after `@` comes how many there are, a whole number from 1";
            return Err(Error::new(message, &count.span));
        };
        let frame = value.frame;
        let object = self.get(frame, &first.span, |context| {
            access::dereferenced(context, &value.object)
        })?;
        if let wdb_symbols::Storage::Nowhere(reason) = &object.place {
            return Err(self.unavailable(reason, &first.span));
        }
        let Some(address) = object.address().filter(|_| object.bits.is_none()) else {
            let text = self.written(&first.span);
            let message = format!("`{text}` is not in memory, where others would follow it");
            return Err(Error::new(message, &first.span));
        };
        let ty = self.get(frame, span, |context| {
            elements::array_of(context, object.ty, wanted)
        })?;
        let object = Object::at(address, ty);
        Ok(Operand { object, frame })
    }

    /// An object of an enumeration or integer type.
    pub(super) fn constant(&mut self, value: i128, ty: TypeRef, frame: FrameId) -> Option<Operand> {
        let size = self.ask(frame, |context| context.size(&ty)).ok()?;
        let bytes = value.to_le_bytes();
        let bytes = bytes.get(..usize::try_from(size).ok()?)?;
        let object = Object::of_bytes(bytes.to_vec(), ty);
        Some(Operand { object, frame })
    }

    fn size_of(
        &mut self,
        ty: &TypeRef,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        let size = self.get(frame, span, |context| context.size(ty))?;
        let object = self.size(size, frame);
        Ok(Operand { object, frame })
    }

    /// A size, as a number of the type that the languages have for sizes. `sizeof(x@n)` may need a wider one.
    fn size(&mut self, size: u64, frame: FrameId) -> Object {
        let fits = self.address_bits(frame) == 64 || u32::try_from(size).is_ok();
        let ty = IntegerType::unsigned(if fits { self.address_bits(frame) } else { 64 });
        let language = self.language(frame);
        made::number(Number::integer(u128::from(size), ty), language)
    }
}

impl Node {
    /// The part of the machine that this is all of, and the frame it is said to be of.
    pub(super) fn as_machine(&self) -> Option<(Raw, Option<&Node>)> {
        match &self.kind {
            Kind::Raw(machine) => Some((*machine, None)),
            Kind::InFrame(frame, inner) => Some((inner.as_machine()?.0, Some(frame))),
            _ => None,
        }
    }
}
