//! What operators do with values.

use std::cmp::Ordering;
use std::ops::Range;

use wdb_symbols::object::Scalar;
use wdb_symbols::types::{Encoding, Kind as TypeKind};
use wdb_symbols::{Context, Object, Storage, TypeRef, Unavailable};

use super::Error;
use super::access;
use super::elements;
use super::evaluate::{Evaluator, Operand};
use super::made;
use super::number::{self, IntegerType, Number};
use super::terms::{self, Pointers, Term};
use super::tree::{Binary, Kind, Node, Unary};
use crate::view::FrameId;

/// Why a function that an expression names, or a pointer to one, has no value: which function it is.
fn outside_of_tables(object: &Object) -> Option<&Unavailable> {
    let TypeRef::Made(ty) = &object.ty else {
        return None;
    };
    let is_pointer = || match &ty.kind {
        TypeKind::Pointer(_, TypeRef::Made(target)) => {
            matches!(target.kind, TypeKind::Function(..))
        }
        _ => false,
    };
    match &object.place {
        Storage::Nowhere(reason) if object.is_function() || is_pointer() => Some(reason),
        _ => None,
    }
}

impl Evaluator<'_, '_, '_> {
    pub(super) fn unary(
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
            Unary::Dereference => match self.at_zero(operand, &value) {
                Some(object) => object,
                None => self.get(frame, of, |context| {
                    access::dereference(context, &value.object)
                })?,
            },
            Unary::AddressOf if outside_of_tables(&value.object).is_some() => Object {
                ty: self.pointer_type(value.object.ty, frame),
                ..value.object
            },
            Unary::AddressOf => {
                let object = self.get(frame, of, |context| {
                    access::dereferenced(context, &value.object)
                })?;
                if let Storage::Nowhere(reason) = &object.place {
                    return Err(self.unavailable(reason, of));
                }
                let Some(address) = object.address() else {
                    let text = self.text.get(of.clone()).unwrap_or_default();
                    let message = match object.bits {
                        Some(_) => format!("`{text}` is a bit-field, which has no address"),
                        None => format!("`{text}` has no address: it is not in memory"),
                    };
                    return Err(Error::new(message, of));
                };
                self.pointer(address, object.ty, frame)
            }
        };
        Ok(Operand { object, frame })
    }

    /// What is at address 0, where that is written as a literal. Address 0 is memory of a WebAssembly program, so
    /// `*(int *)0` and `((struct node *)0)->next` have values; but a user who follows a pointer that is null does not mean them.
    pub(super) fn at_zero(&mut self, node: &Node, value: &Operand) -> Option<Object> {
        if !node.casts_zero() {
            return None;
        }
        let object = &value.object;
        self.ask(value.frame, |context| {
            match &context.bare(&object.ty).kind {
                TypeKind::Pointer(_, target) => {
                    let is_zero = matches!(context.scalar(object), Ok(Scalar::Address(0)));
                    is_zero.then(|| Object::at(0, target.clone()))
                }
                _ => None,
            }
        })
    }

    pub(super) fn binary(
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
        let left = self.before(a, b.has_calls, frame, span)?;
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
        // A function that no pointer points to is the same as itself only.
        match (
            outside_of_tables(&left.object),
            outside_of_tables(&right.object),
        ) {
            (Some(a), Some(b)) => return Ok((a == b).then_some(Ordering::Equal)),
            (Some(_), None) => return self.number(right, to).map(|_| None),
            (None, Some(_)) => return self.number(left, of).map(|_| None),
            (None, None) => {}
        }
        // Two pointers are compared as such, a pointer and a text as texts.
        let mut texts = [None, None];
        for pointers in [Pointers::Addresses, Pointers::Texts] {
            for (text, (operand, span)) in texts.iter_mut().zip([(left, of), (right, to)]) {
                if text.is_none() {
                    *text = self.get(operand.frame, span, |context| {
                        terms::text(context, &operand.object, pointers)
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
    pub(super) fn enumerator_of(&mut self, operand: &Operand, node: &Node) -> Option<Operand> {
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
                let mut object = made::number(number, language);
                // An offset from an address of code is one, and the distance between two is a number.
                let addresses = [left, right].map(|it| self.is_address(it));
                match (operator, addresses) {
                    (Binary::Add | Binary::Subtract, [true, false]) => {
                        object.ty = left.object.ty.clone();
                        return Ok(object);
                    }
                    (Binary::Add, [false, true]) => {
                        object.ty = right.object.ty.clone();
                        return Ok(object);
                    }
                    _ => {}
                }
                // `usize`, and not the name of another type of its size.
                let operands = [(left, a), (right, b)].into_iter();
                let mut same = operands
                    .filter(|it| it.1.has_type_of(number))
                    .map(|it| it.0);
                if let Some(named) = same.find(|it| self.is_base(it, &object)) {
                    object.ty = named.object.ty.clone();
                }
                return Ok(object);
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
            // A user who looks at the bits of an address knows why.
            (Term::Pointer(..), Term::Number(_), Binary::BitAnd | Binary::Remainder) => {
                let (a, b) = (self.number(left, of)?, self.number(right, to)?);
                let number = number::arithmetic(operator, a, b);
                let number = number.map_err(|message| Error::new(message, span))?;
                return Ok(made::number(number, language));
            }
            _ => return Err(Error::new("pointers have no such operation", span)),
        };
        let size = self.stride(&target, frame, span)?;
        let address = elements::advance(address, index, size);
        let address = address.map_err(|reason| self.unavailable(&reason, span))?;
        Ok(self.pointer(address, target, frame))
    }

    /// Whether an operand is an address of code, as `$pc` is.
    fn is_address(&mut self, operand: &Operand) -> bool {
        let ty = &operand.object.ty;
        let is_address = |context: &mut Context<'_>| {
            matches!(context.ty(ty).kind, TypeKind::Base(Encoding::Address))
        };
        matches!(ty, TypeRef::Made(_)) && self.ask(operand.frame, is_address)
    }

    /// Whether an operand is of a type of numbers that the program describes, which a result may have: that of a
    /// `long double` is a `double`.
    fn is_base(&mut self, operand: &Operand, result: &Object) -> bool {
        let ty = &operand.object.ty;
        let is_base = |context: &mut Context<'_>| {
            use Encoding::{Float, Signed, Unsigned};
            let (named, made) = (context.ty(ty), context.ty(&result.ty));
            matches!(named.kind, TypeKind::Base(Signed | Unsigned | Float))
                && named.size == made.size
        };
        matches!(ty, TypeRef::Entry(_)) && self.ask(operand.frame, is_base)
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
}
