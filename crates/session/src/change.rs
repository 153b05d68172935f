//! Changes the program's state: what an expression means gets another value.

use wdb_debuggee::coredump::{MemoryId, Reference, Value};
use wdb_symbols::object::Piece;
use wdb_symbols::types::Bits;
use wdb_symbols::{Object, Place, TypeRef};

use crate::error::Error;
use crate::session::Session;
use wdb_examine::expression::{self, Changeable, Expression};
use wdb_examine::stop::{FrameId, Stop};

impl Session {
    /// Gives what `place` means the value of `value`, converted to its type. Both are expressions in the
    /// selected frame; `$global[1]`, `$memory[16]`, `$table[2]` are places too. A name of the user's own, `$count`,
    /// needs no frame, and gets the value with its type.
    ///
    /// # Errors
    ///
    /// When one of them has no value, or what is meant cannot be changed: it lives in a WebAssembly local, and the
    /// debuggee has not the capability to change those.
    pub fn assign(&mut self, place: &str, value: &str) -> Result<(), Error> {
        let wrong = |error, text: &str| Error::Expression {
            error,
            text: text.to_owned(),
        };
        let to = expression::parse(place).map_err(|it| wrong(it, place))?;
        let from = expression::parse(value).map_err(|it| wrong(it, value))?;
        if let Some(name) = expression::user_variable(&to) {
            let at = self.selected().unwrap_or_default();
            let mut stop = self.stop();
            let found = expression::evaluate(&from, &mut stop, at);
            let kept = expression::keep(&mut stop, &found.map_err(|it| wrong(it, value))?);
            return self.memo.kept.set(name, kept).map_err(Error::Refused);
        }
        // One that can run and not be changed is not compiled yet.
        if self.debuggee.mutate().is_none() && !self.can_run() {
            return Err(Error::CannotChange);
        }
        let at = self.selected().ok_or(Error::NotStarted)?;
        let can_set_local = self.debuggee.set_local().is_some();
        let mut stop = self.stop();
        let to = expression::changeable(&to, &mut stop, at).map_err(|it| wrong(it, place))?;
        let refused =
            |reason: &dyn std::fmt::Display| Error::Refused(format!("`{value}`: {reason}"));
        match to {
            Changeable::Local(target, local) if can_set_local => {
                let bytes = converted(&from, &target.object.ty, &mut stop, at, value)?;
                let frame = stop.frame(target.frame);
                let old = frame.and_then(|it| it.locals.get(local.position())?.value().cloned());
                let new = number(&old, &bytes).ok_or_else(|| no_number(place))?;
                let FrameId {
                    thread, activation, ..
                } = target.frame;
                let set_local = self.debuggee.set_local().ok_or(Error::CannotChange)?;
                set_local.set_frame_local(thread, activation, local, &new)?;
                self.memo.forget_values();
                Ok(())
            }
            Changeable::Object(target) | Changeable::Local(target, _) => {
                let from = expression::evaluate_for(&from, &mut stop, at, &target.object)
                    .map_err(|it| wrong(it, value))?;
                let (bytes, _) = expression::with_context(&mut stop, from.frame, |context| {
                    expression::convert(context, &from.object, &target.object.ty)
                });
                let bytes = bytes.map_err(|it| refused(&it))?;
                if let Some(Bits { size, .. }) = target.object.bits {
                    let whole = Object {
                        place: Place::Bytes(bytes.as_slice().into()),
                        bits: None,
                        ..target.object.clone()
                    };
                    let cut = Object {
                        bits: Some(Bits { offset: 0, size }),
                        ..whole.clone()
                    };
                    let (fits, _) = expression::with_context(&mut stop, from.frame, |context| {
                        context.scalar(&whole) == context.scalar(&cut)
                    });
                    if !fits {
                        let message =
                            format!("`{value}` does not fit in the {size} bits of `{place}`");
                        return Err(Error::Refused(message));
                    }
                }
                self.write(place, &target.object, target.frame, &bytes)
            }
            Changeable::Global(id, ty) => {
                let bytes = converted(&from, &ty, &mut stop, at, value)?;
                let new = number(
                    &stop.global(id).and_then(|it| it.value.value().cloned()),
                    &bytes,
                );
                let new = new.ok_or_else(|| no_number(place))?;
                let mutate = self.debuggee.mutate().ok_or(Error::CannotChange)?;
                mutate.set_global(id, &new)?;
                self.memo.forget_values();
                Ok(())
            }
            Changeable::Element(table, index) => {
                let from = expression::evaluate(&from, &mut stop, at);
                let from = from.map_err(|it| wrong(it, value))?;
                // A function is an element of a table, of which the new one becomes a copy.
                let (element, _) = expression::with_context(&mut stop, from.frame, |context| {
                    context.unsigned(&from.object)
                });
                let element = element.map_err(|it| refused(&it))?;
                let known = stop.table(table);
                let known = known.ok_or_else(|| Error::Refused("there is no such table".into()))?;
                let found = known.elements.binary_search_by_key(&element, |it| it.0);
                let reference = match found {
                    Ok(at) => known.elements[at].1.clone(),
                    Err(_) if element < known.size => {
                        Reference::Null(wdb_debuggee::coredump::HeapType::Func)
                    }
                    Err(_) => {
                        let message = format!("`{value}`: the table has no element {element}");
                        return Err(Error::Refused(message));
                    }
                };
                let mutate = self.debuggee.mutate().ok_or(Error::CannotChange)?;
                mutate.set_table_element(table, index, &reference)?;
                self.memo.forget_values();
                Ok(())
            }
        }
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
            Place::Pieces(pieces) if object.bits.is_none() => pieces.to_vec(),
            _ => vec![whole],
        };
        let mut writes = Vec::new();
        let mut rest = bytes;
        for piece in pieces {
            let length = usize::try_from(piece.size).unwrap_or(usize::MAX);
            let (part, after) = rest.split_at(length.min(rest.len()));
            rest = after;
            match piece.place {
                Place::Memory(address) => writes.push((address, part.to_vec())),
                Place::Bytes(_) | Place::Pieces(_) => {
                    return Err(Error::Refused(format!(
                        "`{what}` is not in memory: it is in a local or on the operand stack of WebAssembly, or computed, and cannot be changed"
                    )));
                }
                Place::Nowhere(reason) => {
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
                match is_set {
                    true => old[to / 8] |= mask,
                    false => old[to / 8] &= !mask,
                }
            }
            *value = old;
        }
        let mutate = self.debuggee.mutate().ok_or(Error::CannotChange)?;
        for (address, bytes) in writes {
            mutate.write_memory(memory, address, &bytes)?;
        }
        self.memo.forget_values();
        Ok(())
    }

    /// Memory 0 of the instance of a frame.
    fn memory_of(&mut self, frame: FrameId) -> Result<MemoryId, Error> {
        let found = self.stop().memory_of(frame);
        found.ok_or_else(|| Error::Refused("there is no memory".into()))
    }
}

/// The bytes of the value of an expression as a `ty`; `text` is how the user wrote it.
fn converted(
    expression: &Expression,
    ty: &TypeRef,
    stop: &mut Stop<'_>,
    at: FrameId,
    text: &str,
) -> Result<Vec<u8>, Error> {
    let value = expression::evaluate(expression, stop, at).map_err(|error| Error::Expression {
        error,
        text: text.to_owned(),
    })?;
    let (bytes, _) = expression::with_context(stop, value.frame, |context| {
        expression::convert(context, &value.object, ty)
    });
    bytes.map_err(|reason| Error::Refused(format!("`{text}`: {reason}")))
}

fn no_number(what: &str) -> Error {
    Error::Refused(format!("`{what}` holds no number that could be set"))
}

/// A number of the type of `old` with these bytes.
fn number(old: &Option<Value>, bytes: &[u8]) -> Option<Value> {
    let mut wide = [0; 16];
    for (to, from) in wide.iter_mut().zip(bytes) {
        *to = *from;
    }
    let bits = u128::from_le_bytes(wide);
    Some(match old.as_ref()? {
        Value::I32(_) => Value::I32(bits as i32),
        Value::I64(_) => Value::I64(bits as i64),
        Value::F32(_) => Value::F32(bits as u32),
        Value::F64(_) => Value::F64(bits as u64),
        Value::V128(_) => Value::V128(bits),
        Value::Ref(_) => return None,
    })
}
