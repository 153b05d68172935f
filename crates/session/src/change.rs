//! Changes the program's state: what an expression means gets another value.

use wdb_debuggee::coredump::{HeapType, MemoryId, Reference, TableId, Value as MachineValue};
use wdb_symbols::object::Piece;
use wdb_symbols::types::Bits;
use wdb_symbols::{Context, Object, Storage, TypeRef};

use crate::error::Error;
use crate::evaluate::{Evaluated, Settled};
use crate::session::Session;
use wdb_examine::Doubts;
use wdb_examine::expression::{self, Calls, Changeable, Expression, Progress, Value};
use wdb_examine::values::Named;
use wdb_examine::view::{FrameId, View};

impl Session {
    /// Executes an assignment, of which both sides are expressions in the frame `at`: `place` gets the value of
    /// `value`, converted to its type. `$global[1]`, `$memory[16]`, `$table[2]` are places too. A name of the user's
    /// own, `$count`, needs no frame, and gets the value with its type. Gives back what the place has then. Where a
    /// function that one side calls stops, nothing is changed.
    ///
    /// # Errors
    ///
    /// When one of them has no value, or what is meant cannot be changed: it lives in a WebAssembly local, and the
    /// debuggee has not the capability to change those.
    pub fn assign(
        &mut self,
        place: &Expression,
        value: &Expression,
        at: FrameId,
    ) -> Result<Evaluated, Error> {
        if let Some(name) = expression::user_variable(place) {
            let found = match self.evaluate(value, at)? {
                Evaluated::Value(found, _) => found,
                Evaluated::Stopped { stopped, .. } => return Ok(Evaluated::part(stopped)),
            };
            let kept = expression::keep(&mut self.view(), &found);
            // What is nowhere is kept as such; what is somewhere has to be readable.
            if let (Storage::Nowhere(reason), Storage::Memory(_) | Storage::Pieces(_)) =
                (&kept.object.place, &found.object.place)
            {
                return Err(Error::Refused(format!("`{}`: {reason}", value.text())));
            }
            self.memo.kept.set(name, kept).map_err(Error::Refused)?;
            return Ok(Evaluated::Value(found, None));
        }
        self.can_change()?;
        self.selected().ok_or(Error::NotStarted)?;
        if place.has_calls() {
            let checked = expression::check_before_calls(value, &mut self.view(), at);
            checked.map_err(|error| Error::Expression {
                error,
                text: value.line().to_owned(),
            })?;
        }
        let mut calls = Calls::default();
        let settled = self.settle(place, at, &mut calls, |view, calls| {
            expression::changeable(place, view, at, calls)
        })?;
        if !place.is_beside(value) {
            calls = Calls::default();
        }
        match settled {
            Settled::Done(to, _) => self.change(place.text(), to, value, at, calls),
            Settled::Stopped { stopped, .. } => Ok(Evaluated::part(stopped)),
        }
    }

    /// Gives a value that a front end has as a handle another one: that of an expression in its frame, converted to its
    /// type. Gives back what [`Session::assign`] does.
    ///
    /// # Errors
    ///
    /// As of [`Session::assign`].
    pub fn set_value(&mut self, of: &Named, value: &Expression) -> Result<Evaluated, Error> {
        self.can_change()?;
        let at = of.value.frame;
        // What is not in memory may be a local or a global, which only its name says.
        let is_in_memory = match &of.value.object.place {
            Storage::Memory(_) => true,
            Storage::Pieces(pieces) => {
                let mut pieces = pieces.iter();
                pieces.all(|it| matches!(it.place, Storage::Memory(_)))
            }
            Storage::Bytes(_) | Storage::Nowhere(_) => false,
        };
        let changeable = match &of.expression {
            Some(name) if !is_in_memory => {
                let wrong = |error| Error::Expression {
                    error,
                    text: name.clone(),
                };
                let place = expression::parse(name).map_err(wrong)?;
                let mut calls = Calls::default();
                let found = expression::changeable(&place, &mut self.view(), at, &mut calls);
                match found.map_err(wrong)? {
                    Progress::Done(changeable) => changeable,
                    Progress::Call(_) => Changeable::Object(of.value.clone()),
                }
            }
            _ => Changeable::Object(of.value.clone()),
        };
        self.change(&of.name, changeable, value, at, Calls::default())
    }

    /// Writes bytes to memory 0 of the instance of a frame, whatever is there.
    ///
    /// # Errors
    ///
    /// When there is no such memory, it does not have all of the range, or the debuggee cannot be changed.
    pub fn write_memory(&mut self, at: FrameId, address: u64, bytes: &[u8]) -> Result<(), Error> {
        self.can_change()?;
        let memory = self.memory_of(at)?;
        self.write_all(memory, &[(address, bytes.to_vec())])
    }

    fn write_all(&mut self, memory: MemoryId, writes: &[(u64, Vec<u8>)]) -> Result<(), Error> {
        let mutate = self.debuggee.mutate().ok_or(Error::CannotChange)?;
        for (address, bytes) in writes {
            mutate.write_memory(memory, *address, bytes)?;
        }
        self.memo.forget_values();
        Ok(())
    }

    /// That the program can be changed. One that can run and not be changed is not compiled yet.
    fn can_change(&mut self) -> Result<(), Error> {
        if self.debuggee.mutate().is_none() && !self.can_run() {
            Err(Error::CannotChange)
        } else {
            Ok(())
        }
    }

    /// Gives `to`, which the user wrote as `place`, the value of an expression in the frame `at`, for which
    /// these calls were made.
    fn change(
        &mut self,
        place: &str,
        to: Changeable,
        value: &Expression,
        at: FrameId,
        mut calls: Calls,
    ) -> Result<Evaluated, Error> {
        let target = match &to {
            Changeable::Object(target) | Changeable::Local(target, _) => {
                Some(target.object.clone())
            }
            Changeable::Global(..) | Changeable::Element(..) => None,
        };
        let settled = self.settle(value, at, &mut calls, |view, calls| match &target {
            Some(target) => expression::evaluate_for(value, view, at, target, calls),
            None => expression::evaluate_with(value, view, at, calls),
        })?;
        let from = match settled {
            Settled::Done(from, _) => from,
            Settled::Stopped { stopped, .. } => return Ok(Evaluated::part(stopped)),
        };
        let made = |bytes: Vec<u8>, ty: TypeRef, frame: FrameId| Value {
            object: Object::of_bytes(bytes, ty),
            frame,
            doubts: Doubts::default(),
        };
        let text = value.text();
        let mut view = self.view();
        let changed = match to {
            Changeable::Object(target) => self.set_object(place, target, &from, text)?,
            Changeable::Local(target, local) => {
                let bytes = converted(&mut view, &from, &target.object.ty, text)?;
                let frame = view.frame(target.frame);
                let old = frame.and_then(|it| it.locals.get(local.position())?.value().cloned());
                let Some(set_local) = self.debuggee.set_local() else {
                    let changed = self.set_object(place, target, &from, text)?;
                    return Ok(Evaluated::Value(changed, None));
                };
                let new = number(&old, &bytes).ok_or_else(|| no_number(place))?;
                let FrameId {
                    thread, activation, ..
                } = target.frame;
                set_local.set_frame_local(thread, activation, local, &new)?;
                made(bytes, target.object.ty, target.frame)
            }
            Changeable::Global(id, ty) => {
                let bytes = converted(&mut view, &from, &ty, text)?;
                let old = view.global(id).and_then(|it| it.value.value().cloned());
                let new = number(&old, &bytes).ok_or_else(|| no_number(place))?;
                let mutate = self.debuggee.mutate().ok_or(Error::CannotChange)?;
                mutate.set_global(id, &new)?;
                made(bytes, ty, at)
            }
            Changeable::Element(table, index) => {
                let reference = element(&mut view, &from, table, text)?;
                let mutate = self.debuggee.mutate().ok_or(Error::CannotChange)?;
                mutate.set_table_element(table, index, &reference)?;
                self.memo.forget_values();
                let changed = expression::element(&mut self.view(), at, index);
                changed.ok_or_else(|| Error::Refused("there is no such table".into()))?
            }
        };
        self.memo.forget_values();
        Ok(Evaluated::Value(changed, None))
    }

    /// Gives an object the value of another, which is written as `text`.
    fn set_object(
        &mut self,
        place: &str,
        target: Value,
        from: &Value,
        text: &str,
    ) -> Result<Value, Error> {
        let is_bytes = |it: &Storage| matches!(it, Storage::Bytes(_));
        let is_elsewhere = match &target.object.place {
            Storage::Pieces(pieces) => pieces.iter().any(|it| is_bytes(&it.place)),
            whole => is_bytes(whole),
        };
        if is_elsewhere {
            return Err(not_in_memory(place));
        }
        let mut view = self.view();
        let bytes = converted(&mut view, from, &target.object.ty, text)?;
        if let Some(Bits { size, .. }) = target.object.bits {
            let whole = Object {
                place: Storage::Bytes(bytes.as_slice().into()),
                bits: None,
                ..target.object.clone()
            };
            let cut = Object {
                bits: Some(Bits { offset: 0, size }),
                ..whole.clone()
            };
            let (fits, _) = expression::with_context(&mut view, from.frame, |context| {
                context.scalar(&whole) == context.scalar(&cut)
            });
            if !fits {
                let message = format!("`{text}` does not fit in the {size} bits of `{place}`");
                return Err(Error::Refused(message));
            }
        }
        self.write(place, &target.object, target.frame, &bytes)?;
        Ok(target)
    }

    /// Gives an object these bytes, of which a bit-field takes the lowest bits.
    fn write(
        &mut self,
        what: &str,
        object: &Object,
        frame: FrameId,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let memory = self.memory_of(frame)?;
        let whole = Piece {
            size: bytes.len() as u64,
            place: object.place.clone(),
        };
        let pieces = match &object.place {
            Storage::Pieces(pieces) if object.bits.is_none() => pieces.to_vec(),
            _ => vec![whole],
        };
        let mut writes = Vec::new();
        let mut rest = bytes;
        for piece in pieces {
            let length = usize::try_from(piece.size).unwrap_or(usize::MAX);
            let (part, after) = rest.split_at(length.min(rest.len()));
            rest = after;
            match piece.place {
                Storage::Memory(address) => writes.push((address, part.to_vec())),
                Storage::Bytes(_) | Storage::Pieces(_) => {
                    return Err(not_in_memory(what));
                }
                Storage::Nowhere(reason) => {
                    return Err(Error::Refused(format!("`{what}`: {reason}")));
                }
            }
        }
        if let (Some(bits), [(address, value)]) = (object.bits, writes.as_mut_slice()) {
            let length = (usize::from(bits.offset) + usize::from(bits.size)).div_ceil(8);
            let mut old = vec![0; length];
            self.debuggee.read_memory(memory, *address, &mut old)?;
            for bit in 0..usize::from(bits.size) {
                let is_set = value
                    .get(bit / 8)
                    .is_some_and(|it| it >> (bit % 8) & 1 == 1);
                let to = usize::from(bits.offset) + bit;
                let mask = 1 << (to % 8);
                if is_set {
                    old[to / 8] |= mask
                } else {
                    old[to / 8] &= !mask
                }
            }
            *value = old;
        }
        self.write_all(memory, &writes)
    }

    /// Memory 0 of the instance of a frame.
    fn memory_of(&mut self, frame: FrameId) -> Result<MemoryId, Error> {
        let found = self.view().memory_of(frame);
        found.ok_or_else(|| Error::Refused("there is no memory".into()))
    }
}

fn not_in_memory(what: &str) -> Error {
    Error::Refused(format!(
        "`{what}` is not in memory: it is in a local or on the operand stack of WebAssembly, or computed, and cannot be changed"
    ))
}

/// The bytes of a value as a `ty`; `text` is how the user wrote it.
fn converted(
    view: &mut View<'_>,
    value: &Value,
    ty: &TypeRef,
    text: &str,
) -> Result<Vec<u8>, Error> {
    let convert = |context: &mut Context<'_>| expression::convert(context, &value.object, ty);
    let (bytes, _) = expression::with_context(view, value.frame, convert);
    bytes.map_err(|reason| Error::Refused(format!("`{text}`: {reason}")))
}

/// The element of a table that a value says by its number: a function is one, of which a new one becomes a copy.
fn element(
    view: &mut View<'_>,
    value: &Value,
    table: TableId,
    text: &str,
) -> Result<Reference, Error> {
    let number = |context: &mut Context<'_>| context.unsigned(&value.object);
    let (element, _) = expression::with_context(view, value.frame, number);
    let element = element.map_err(|reason| Error::Refused(format!("`{text}`: {reason}")))?;
    let known = view.table(table);
    let known = known.ok_or_else(|| Error::Refused("there is no such table".into()))?;
    match known.elements.binary_search_by_key(&element, |it| it.0) {
        Ok(at) => Ok(known.elements[at].1.clone()),
        Err(_) if element < known.size => Ok(Reference::Null(HeapType::Func)),
        Err(_) => {
            let message = format!("`{text}`: the table has no element {element}");
            Err(Error::Refused(message))
        }
    }
}

fn no_number(what: &str) -> Error {
    Error::Refused(format!("`{what}` holds no number that could be set"))
}

/// A number of the type of `old` with these bytes.
fn number(old: &Option<MachineValue>, bytes: &[u8]) -> Option<MachineValue> {
    let mut wide = [0; 16];
    for (to, from) in wide.iter_mut().zip(bytes) {
        *to = *from;
    }
    let bits = u128::from_le_bytes(wide);
    Some(match old.as_ref()? {
        MachineValue::I32(_) => MachineValue::I32(bits as i32),
        MachineValue::I64(_) => MachineValue::I64(bits as i64),
        MachineValue::F32(_) => MachineValue::F32(bits as u32),
        MachineValue::F64(_) => MachineValue::F64(bits as u64),
        MachineValue::V128(_) => MachineValue::V128(bits),
        MachineValue::Ref(_) => return None,
    })
}
