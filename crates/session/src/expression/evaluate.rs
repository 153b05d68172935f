//! From a tree to a value.

use std::cmp::Ordering;
use std::ops::Range;

use wdb_symbols::types::Kind as TypeKind;
use wdb_symbols::{Context, Language, Object, Place, TypeRef, Unavailable};

use super::access::{self, Term};
use super::error::did_you_mean;
use super::made;
use super::number::{self, IntegerType, Number};
use super::tree::{Binary, Bounds, Kind, Machine, Node, Unary};
use super::{Error, with_context};
use crate::Stop;
use crate::machine::Doubts;
use crate::stop::FrameId;

/// An object, and the frame whose memory it is in.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub(super) object: Object,
    pub(super) frame: FrameId,
}

/// Evaluates an expression.
pub(super) struct Evaluator<'e, 's, 'a> {
    text: &'e str,
    pub(super) stop: &'s mut Stop<'a>,
    /// What the values so far were based on.
    pub(super) doubts: Doubts,
    /// How many entries of maps may still be looked at.
    entries: u64,
}

/// As many entries of maps are looked at in one expression.
const MOST_ENTRIES: u64 = 1_000_000;

/// What an index is.
pub(super) enum Key {
    Number(Number),
    Text(Vec<u8>),
    /// A name that no variable has: the name of an enumerator, perhaps.
    Name(String),
}

impl<'e, 's, 'a> Evaluator<'e, 's, 'a> {
    pub(super) fn new(text: &'e str, stop: &'s mut Stop<'a>) -> Self {
        Evaluator {
            text,
            stop,
            doubts: Doubts::default(),
            entries: MOST_ENTRIES,
        }
    }

    /// The value of a part of the expression in a frame.
    pub(super) fn value(&mut self, node: &Node, frame: FrameId) -> Result<Operand, Error> {
        let language = self.language(frame);
        let made = |object| Ok(Operand { object, frame });
        match &node.kind {
            Kind::Integer(value, None) => made(made::number(Number::literal(*value), language)),
            Kind::Integer(value, Some(suffix)) => {
                let bits = suffix
                    .bits
                    .map_or_else(|| self.address_bits(frame), u32::from);
                let signed = suffix.signed;
                let ty = IntegerType { bits, signed };
                if ty.wrap(*value) != *value || ty.signed && value.cast_signed() < 0 {
                    return Err(Error::new("the number does not fit its type", &node.span));
                }
                made(made::number(Number::Integer(*value, ty), language))
            }
            Kind::Float(value, single) => {
                made(made::number(Number::Float(*value, *single), language))
            }
            Kind::Character(c) => made(made::character(*c, language)),
            Kind::Text(bytes) => made(made::text(bytes.clone())),
            Kind::Boolean(value) => made(made::boolean(*value, language)),
            Kind::Null => made(self.pointer(0, TypeRef::Void, frame)),
            Kind::Name(path) => self.named(path, frame, &node.span),
            Kind::Machine(machine) => self.machine(*machine, frame, &node.span),
            Kind::InFrame(which, inner) => {
                let frame = self.frame(which, frame)?;
                self.value(inner, frame)
            }
            Kind::Member(object, name, at) => {
                let operand = self.value(object, frame)?;
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
            Kind::Cast(ty, operand) => {
                let operand = self.value(operand, frame)?;
                let ty = self.type_named(ty, operand.frame)?;
                self.cast(&operand, ty, &node.span)
            }
            Kind::SizeOf(operand) => {
                let ty = match (self.value(operand, frame), &operand.kind) {
                    (Ok(operand), _) => operand.object.ty,
                    (Err(error), Kind::Name(path)) if path.file.is_none() => {
                        let ty = self.plain_type(&path.text(), frame, &operand.span);
                        ty.map_err(|_| error)?
                    }
                    (Err(error), _) => return Err(error),
                };
                self.size_of(&ty, frame, &node.span)
            }
            Kind::SizeOfType(ty) => {
                let ty = self.type_named(ty, frame)?;
                self.size_of(&ty, frame, &node.span)
            }
        }
    }

    /// Asks something of the debug information and the machine of a frame.
    pub(super) fn ask<T>(&mut self, frame: FrameId, look: impl FnOnce(&mut Context<'_>) -> T) -> T {
        let (found, doubts) = with_context(self.stop, frame, look);
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

    fn unavailable(&self, reason: &Unavailable, span: &Range<usize>) -> Error {
        let text = self.text.get(span.clone()).unwrap_or_default();
        Error::new(format!("`{text}`: {reason}"), span)
    }

    /// The language of the code of a frame.
    pub(super) fn language(&mut self, frame: FrameId) -> Option<Language> {
        let place = self.stop.place(frame)?;
        let spot = place.chain.get(frame.inlined).or(place.chain.last())?;
        spot.location.function.as_ref()?.language
    }

    /// How many bits an address of the frame's memory has.
    pub(super) fn address_bits(&self, frame: FrameId) -> u32 {
        let wide = || {
            let instance = self.stop.frame(frame)?.instance;
            let instance = self.stop.instances.get(instance.position())?;
            let memory = (*instance.memories.first()?)?;
            Some(self.stop.memories.get(memory.position())?.memory64)
        };
        if wide() == Some(true) { 64 } else { 32 }
    }

    /// A pointer to `target`.
    pub(super) fn pointer(&mut self, address: u64, target: TypeRef, frame: FrameId) -> Object {
        let language = self.language(frame);
        let size = u64::from(self.address_bits(frame) / 8);
        let name = self.ask(frame, |context| context.ty(&target).name.to_string());
        let ty = made::pointer(target, &name, size, language);
        Object::of_bytes(address.to_le_bytes()[..size as usize].to_vec(), ty)
    }

    /// What is computed with.
    pub(super) fn term(&mut self, operand: &Operand, span: &Range<usize>) -> Result<Term, Error> {
        self.get(operand.frame, span, |context| {
            access::term(context, &operand.object)
        })
    }

    fn number(&mut self, operand: &Operand, span: &Range<usize>) -> Result<Number, Error> {
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

    fn member(
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
        let most = self.entries.min(access::MOST_LISTED);
        let (frame, of) = (base.frame, &base.object);
        let found = self.ask(frame, |context| access::entry(context, of, &key, most));
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
                        access::element(context, of, index.cast_signed())
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
            access::text(context, object, true)
        })?;
        match text {
            Some(text) => Ok(Key::Text(text)),
            None => self.number(operand, span).map(Key::Number),
        }
    }

    fn is_map(&mut self, operand: &Operand) -> bool {
        let object = &operand.object;
        self.ask(operand.frame, |context| access::is_map(context, object))
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
            access::slice(context, &base.object, from, to)
        })?;
        Ok(Operand {
            object,
            frame: base.frame,
        })
    }

    fn unary(
        &mut self,
        operator: Unary,
        operand: &Node,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        let value = self.value(operand, frame)?;
        let frame = value.frame;
        let language = self.language(frame);
        let of = &operand.span;
        let object = match operator {
            Unary::Not => made::boolean(!self.truth(&value, of)?, language),
            Unary::Negate => made::number(self.number(&value, of)?.negate(), language),
            Unary::Plus => made::number(self.number(&value, of)?, language),
            Unary::Complement => match self.number(&value, of)?.complement() {
                Some(number) => made::number(number, language),
                None => return Err(Error::new("a float has no bits to turn", span)),
            },
            Unary::Dereference => self.get(frame, of, |context| {
                access::dereference(context, &value.object)
            })?,
            Unary::AddressOf => {
                let object = self.get(frame, of, |context| {
                    access::dereferenced(context, &value.object)
                })?;
                if let Place::Nowhere(reason) = &object.place {
                    return Err(self.unavailable(reason, of));
                }
                let Some(address) = object.address() else {
                    let text = self.text.get(of.clone()).unwrap_or_default();
                    let message = format!("`{text}` has no address: it is not in memory");
                    return Err(Error::new(message, of));
                };
                self.pointer(address, object.ty, frame)
            }
        };
        Ok(Operand { object, frame })
    }

    fn binary(
        &mut self,
        operator: Binary,
        a: &Node,
        b: &Node,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        let language = self.language(frame);
        let boolean = |value| {
            let object = made::boolean(value, language);
            Ok(Operand { object, frame })
        };
        let left = self.value(a, frame)?;
        // What follows is not looked at when it does not matter, as in all languages.
        if matches!(operator, Binary::And | Binary::Or) {
            let first = self.truth(&left, &a.span)?;
            if first == (operator == Binary::Or) {
                return boolean(first);
            }
            let right = self.value(b, frame)?;
            return boolean(self.truth(&right, &b.span)?);
        }
        let is_equality = matches!(operator, Binary::Equal | Binary::Unequal);
        let right = match self.value(b, frame) {
            // `day == FRIDAY`
            Err(error) if is_equality => match self.enumerator_of(&left, b) {
                Some(right) => right,
                None => return Err(error),
            },
            right => right?,
        };
        let order = match operator {
            Binary::Equal
            | Binary::Unequal
            | Binary::Less
            | Binary::LessOrEqual
            | Binary::Greater
            | Binary::GreaterOrEqual => self.compare(&left, &a.span, &right, &b.span)?,
            _ => {
                let object =
                    self.arithmetic(operator, (&left, &a.span), (&right, &b.span), span)?;
                return Ok(Operand { object, frame });
            }
        };
        boolean(match operator {
            Binary::Equal => order == Some(Ordering::Equal),
            Binary::Unequal => order != Some(Ordering::Equal),
            Binary::Less => order == Some(Ordering::Less),
            Binary::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Binary::Greater => order == Some(Ordering::Greater),
            _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        })
    }

    /// Which of two values is greater. `None`: neither, and they are not equal.
    fn compare(
        &mut self,
        left: &Operand,
        of: &Range<usize>,
        right: &Operand,
        to: &Range<usize>,
    ) -> Result<Option<Ordering>, Error> {
        // Two pointers are compared as such, a pointer and a text as texts.
        let mut texts = [None, None];
        for pointers in [false, true] {
            for (text, (operand, span)) in texts.iter_mut().zip([(left, of), (right, to)]) {
                if text.is_none() {
                    *text = self.get(operand.frame, span, |context| {
                        access::text(context, &operand.object, pointers)
                    })?;
                }
            }
            if let [Some(a), Some(b)] = &texts {
                return Ok(Some(a.cmp(b)));
            }
            if texts.iter().all(Option::is_none) {
                break;
            }
        }
        let a = self.number(left, of)?;
        let b = self.number(right, to)?;
        Ok(a.compare(b))
    }

    /// The enumerator that `node` names, if `operand` is of an enumeration that has it.
    fn enumerator_of(&mut self, operand: &Operand, node: &Node) -> Option<Operand> {
        let Kind::Name(path) = &node.kind else {
            return None;
        };
        let name = path.names.last()?;
        let ty = &operand.object.ty;
        let value = self.ask(operand.frame, |context| match &context.bare(ty).kind {
            TypeKind::Enumeration(it) => {
                let found = it.enumerators.iter().find(|it| *it.0 == **name);
                found.map(|it| it.1)
            }
            _ => None,
        })?;
        self.constant(value, ty.clone(), operand.frame)
    }

    /// An object of an enumeration or integer type.
    pub(super) fn constant(&mut self, value: i128, ty: TypeRef, frame: FrameId) -> Option<Operand> {
        let size = self.ask(frame, |context| context.size(&ty)).ok()?;
        let bytes = value.to_le_bytes();
        let bytes = bytes.get(..usize::try_from(size).ok()?)?;
        let object = Object::of_bytes(bytes.to_vec(), ty);
        Some(Operand { object, frame })
    }

    fn arithmetic(
        &mut self,
        operator: Binary,
        (left, of): (&Operand, &Range<usize>),
        (right, to): (&Operand, &Range<usize>),
        span: &Range<usize>,
    ) -> Result<Object, Error> {
        let language = self.language(left.frame);
        let a = self.term(left, of)?;
        let b = self.term(right, to)?;
        let (address, target, index, frame) = match (a, b, operator) {
            (Term::Number(a), Term::Number(b), _) => {
                let number = number::arithmetic(operator, a, b);
                let number = number.map_err(|message| Error::new(message, span))?;
                return Ok(made::number(number, language));
            }
            (Term::Pointer(a, target), Term::Pointer(b, _), Binary::Subtract) => {
                let size = self.stride(&target, left.frame, of)?;
                let distance = (i128::from(a) - i128::from(b)) / i128::from(size.max(1));
                let ty = IntegerType::signed(self.address_bits(left.frame));
                return Ok(made::number(
                    Number::integer(distance.cast_unsigned(), ty),
                    language,
                ));
            }
            (
                Term::Pointer(address, target),
                Term::Number(Number::Integer(index, _)),
                Binary::Add,
            ) => (address, target, index.cast_signed(), left.frame),
            (
                Term::Number(Number::Integer(index, _)),
                Term::Pointer(address, target),
                Binary::Add,
            ) => (address, target, index.cast_signed(), right.frame),
            (
                Term::Pointer(address, target),
                Term::Number(Number::Integer(index, _)),
                Binary::Subtract,
            ) => (
                address,
                target,
                index.cast_signed().wrapping_neg(),
                left.frame,
            ),
            // Whoever looks at the bits of an address knows what for.
            (Term::Pointer(..), Term::Number(_), Binary::BitAnd | Binary::Remainder) => {
                let (a, b) = (self.number(left, of)?, self.number(right, to)?);
                let number = number::arithmetic(operator, a, b);
                let number = number.map_err(|message| Error::new(message, span))?;
                return Ok(made::number(number, language));
            }
            _ => return Err(Error::new("pointers have no such operation", span)),
        };
        let size = self.stride(&target, frame, span)?;
        let address = access::advance(address, index, size);
        let address = address.map_err(|reason| self.unavailable(&reason, span))?;
        Ok(self.pointer(address, target, frame))
    }

    /// How far a pointer to `target` moves when 1 is added.
    fn stride(
        &mut self,
        target: &TypeRef,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<u64, Error> {
        self.get(frame, span, |context| match context.bare(target).kind {
            TypeKind::Void | TypeKind::Function(..) => Ok(1),
            _ => context.size(target),
        })
    }

    fn size_of(
        &mut self,
        ty: &TypeRef,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        let size = self.get(frame, span, |context| context.size(ty))?;
        let of = IntegerType::unsigned(self.address_bits(frame));
        let language = self.language(frame);
        let object = made::number(Number::integer(u128::from(size), of), language);
        Ok(Operand { object, frame })
    }
}

impl Node {
    /// The part of the machine that this is all of, and the frame it is said to be of.
    fn as_machine(&self) -> Option<(Machine, Option<&Node>)> {
        match &self.kind {
            Kind::Machine(machine) => Some((*machine, None)),
            Kind::InFrame(frame, inner) => Some((inner.as_machine()?.0, Some(frame))),
            _ => None,
        }
    }
}
