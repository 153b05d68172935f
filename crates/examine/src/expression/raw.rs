//! What the machine has, below the source: locals, operands, globals, memory, tables, frames.

use std::ops::Range;
use std::sync::Arc;

use wdb_debuggee::coredump::{Missing, Slot};
use wdb_module::GlobalIndex;
use wdb_symbols::object::Piece;
use wdb_symbols::types::{Encoding, Kind as TypeKind, Member, Record, RecordKind, Role};
use wdb_symbols::{Object, Storage, TypeRef, Unavailable};

use super::Error;
use super::access::words;
use super::error::did_you_mean;
use super::evaluate::{Evaluator, Operand};
use super::made;
use super::tree::{Kind, Node, Raw};
use crate::value;
use crate::view::FrameId;

/// At most this many values are listed at once.
const MOST_LISTED: usize = 10_000;
/// At most this many bytes of memory are shown at once.
const MOST_BYTES: u64 = 1 << 20;

/// A value of a row, with its name and the name of its type.
struct Entry {
    /// What it is, for messages: `local 3`.
    what: String,
    name: Option<String>,
    ty: String,
    slot: Slot,
}

impl Evaluator<'_, '_, '_> {
    /// The frame that `$frame[2]` is.
    pub(super) fn frame(&mut self, node: &Node, at: FrameId) -> Result<FrameId, Error> {
        let Kind::Index(_, index) = &node.kind else {
            return Err(Error::new("which frame? `$frame[2]`", &node.span));
        };
        let number = self.integer(index, at)?;
        let found = u32::try_from(number).ok();
        let found = found.and_then(|number| self.view.frame_numbered(at.thread, number));
        found.ok_or_else(|| Error::new(format!("there is no frame {number}"), &index.span))
    }

    /// All that the machine has of a kind.
    pub(super) fn machine(
        &mut self,
        machine: Raw,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        let object = match machine {
            Raw::Local | Raw::Stack | Raw::Global => {
                let entries = self.row(machine, frame, span)?;
                if entries.len() > MOST_LISTED {
                    let message = format!("these are {}: ask for one, by its index", entries.len());
                    return Err(Error::new(message, span));
                }
                self.record(machine, &entries)
            }
            Raw::Pc => {
                let place = self.view.place(frame);
                let Some(at) = place.and_then(|it| it.at) else {
                    return Err(Error::new("it is not known where the frame is", span));
                };
                let ty = made::ty("code offset", None, 8, TypeKind::Base(Encoding::Address));
                Object::of_bytes(at.0.to_le_bytes().to_vec(), ty)
            }
            Raw::Memory => {
                return Err(Error::new("which part of it? `$memory[0x10..0x20]`", span));
            }
            Raw::Table => return Err(Error::new("which element? `$table[1]`", span)),
            Raw::Frame => {
                return Err(Error::new(
                    "which frame, and what of it? `$frame[2].name`",
                    span,
                ));
            }
        };
        Ok(Operand { object, frame })
    }

    /// `$local[3]`, `$global["x"]`, `$memory[16]`, `$table[1]`.
    pub(super) fn machine_element(
        &mut self,
        machine: Raw,
        index: &Node,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        let object = match machine {
            Raw::Local | Raw::Stack | Raw::Global => {
                let mut entries = self.row(machine, frame, span)?;
                let position = self.entry_at(machine, &entries, index, frame)?;
                let entry = entries.swap_remove(position);
                self.slot(&entry)
            }
            Raw::Memory => {
                let address = self.integer(index, frame)?;
                let Ok(address) = u64::try_from(address) else {
                    return Err(Error::new("an address is not negative", &index.span));
                };
                Object::at(address, byte())
            }
            Raw::Table => {
                let element = self.integer(index, frame)?;
                let Ok(element) = u64::try_from(element) else {
                    return Err(Error::new("an index is not negative", &index.span));
                };
                let function = self.get(frame, span, |context| context.machine.element(element))?;
                let ty = self.function_type(function, frame);
                self.pointer(element, ty, frame)
            }
            Raw::Frame => {
                let message = "after a frame comes what is meant of it: `$frame[2].name`";
                return Err(Error::new(message, span));
            }
            Raw::Pc => return Err(Error::new("a number has no elements", span)),
        };
        Ok(Operand { object, frame })
    }

    /// The position of the entry that an index names, by its number or by its name.
    fn entry_at(
        &mut self,
        machine: Raw,
        entries: &[Entry],
        index: &Node,
        frame: FrameId,
    ) -> Result<usize, Error> {
        if let Kind::Text(name) = &index.kind {
            let name = String::from_utf8_lossy(name);
            let is_it = |entry: &Entry| entry.name.as_deref() == Some(&*name);
            return entries.iter().position(is_it).ok_or_else(|| {
                let names = entries.iter().filter_map(|it| it.name.as_deref());
                let near = did_you_mean(&name, names);
                Error::new(format!("none is called `{name}`{near}"), &index.span)
            });
        }
        let number = self.integer(index, frame)?;
        let position = usize::try_from(number).ok();
        position.filter(|it| *it < entries.len()).ok_or_else(|| {
            let message = match (entries.len(), machine) {
                (0, Raw::Local) => "the function has no locals".to_owned(),
                (0, Raw::Stack) => "the operand stack is empty".to_owned(),
                (0, _) => "the module has no globals".to_owned(),
                (length, _) => format!("there is no number {number}: the last is {}", length - 1),
            };
            Error::new(message, &index.span)
        })
    }

    /// `$memory[16..32]`.
    pub(super) fn machine_slice(
        &mut self,
        machine: Raw,
        from: Option<i128>,
        to: Option<i128>,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        let (Raw::Memory, Some(to)) = (machine, to) else {
            let message = match machine {
                Raw::Memory => "where does it end? `$memory[0x10..0x20]`",
                _ => "only memory has slices",
            };
            return Err(Error::new(message, span));
        };
        let from = u64::try_from(from.unwrap_or(0)).ok();
        let range = from.zip(u64::try_from(to).ok());
        let Some((from, length)) = range.and_then(|(from, to)| Some((from, to.checked_sub(from)?)))
        else {
            return Err(Error::new(
                "these are no addresses one after the other",
                span,
            ));
        };
        if length > MOST_BYTES {
            return Err(Error::new(
                format!("{length} bytes are too many to show"),
                span,
            ));
        }
        let language = self.language(frame);
        let ty = self.ask(frame, |context| {
            made::array(context.symbols, byte(), 1, length, language)
        });
        let object = Object::at(from, ty);
        Ok(Operand { object, frame })
    }

    /// The locals, operands or globals of a frame.
    fn row(&mut self, machine: Raw, id: FrameId, span: &Range<usize>) -> Result<Vec<Entry>, Error> {
        let missing = |what: &str| Err(Error::new(format!("{what} not recorded"), span));
        let place = self.view.place(id);
        let Some(frame) = self.view.frame(id) else {
            return missing("the frame was");
        };
        let typed = |slot: &Slot| slot.value().map_or("i32", value::type_name).to_owned();
        Ok(match machine {
            Raw::Stack => match &frame.stack {
                Some(stack) => {
                    let entry = |(index, slot): (usize, &Slot)| Entry {
                        what: format!("operand {index}"),
                        name: None,
                        ty: typed(slot),
                        slot: slot.clone(),
                    };
                    stack.iter().enumerate().map(entry).collect()
                }
                None => return missing("the operand stack was"),
            },
            Raw::Global => {
                let Some(instance) = self.view.instance(frame.instance) else {
                    return missing("the instance was");
                };
                let globals = self.view.globals();
                let binary = self.view.binary(frame.module);
                let global = |(index, id): (u32, &Option<wdb_debuggee::coredump::GlobalId>)| {
                    let global = id.and_then(|it| globals.get(it.position()));
                    let name = binary.and_then(|it| it.global_name(GlobalIndex(index)));
                    Entry {
                        what: format!("global {index}"),
                        name: name.map(str::to_owned),
                        ty: global.map_or("i32".into(), |it| it.ty.clone()),
                        slot: global
                            .map_or(Slot::Missing(Missing::NotRecorded), |it| it.value.clone()),
                    }
                };
                (0..).zip(&instance.globals).map(global).collect()
            }
            _ => {
                let declared = place.as_ref().map_or(&[][..], |it| &it.locals);
                let local = |(index, slot): (usize, &Slot)| {
                    let declared = declared.get(index);
                    Entry {
                        what: format!("local {index}"),
                        name: declared.and_then(|it| it.0.clone()),
                        ty: declared.map_or_else(|| typed(slot), |it| it.1.clone()),
                        slot: slot.clone(),
                    }
                };
                frame.locals.iter().enumerate().map(local).collect()
            }
        })
    }

    /// A value of the machine as an object.
    fn slot(&mut self, entry: &Entry) -> Object {
        if let Slot::Inferred(_, inference) = &entry.slot {
            self.doubts.inferred = Some(*inference);
        }
        let ty = raw_type(&entry.ty);
        let Some(value) = entry.slot.value() else {
            return Object::nowhere(ty, Unavailable::NotRecorded(entry.what.clone()));
        };
        match value.to_le_bytes() {
            Some(bytes) => Object::of_bytes(bytes, ty),
            None => {
                let reason = format!("a reference, which has no bytes: {}", value::text(value));
                Object::nowhere(ty, words(reason))
            }
        }
    }

    /// The values as members of a record.
    fn record(&mut self, machine: Raw, entries: &[Entry]) -> Object {
        let mut members = Vec::new();
        let mut pieces = Vec::new();
        let mut offset = 0_u64;
        for (index, entry) in entries.iter().enumerate() {
            let object = self.slot(entry);
            let size = type_size(&entry.ty);
            let name: Arc<str> = match &entry.name {
                Some(name) => name.as_str().into(),
                None => index.to_string().into(),
            };
            members.push(Member {
                name: Some(name),
                ty: object.ty,
                offset,
                bits: None,
                role: Role::Field,
                artificial: false,
            });
            pieces.push(Piece {
                size,
                place: object.place,
            });
            offset = offset.saturating_add(size);
        }
        let record = Record {
            kind: RecordKind::Struct,
            members,
            variants: None,
            parameters: Vec::new(),
            statics: Vec::new(),
        };
        let word = Raw::WORDS.iter().find(|it| it.1 == machine);
        let name = format!("${}", word.map_or("", |it| it.0));
        Object {
            ty: made::ty(&name, None, offset, TypeKind::Record(record)),
            place: Storage::Pieces(pieces.into()),
            bits: None,
        }
    }
}

fn byte() -> TypeRef {
    made::ty("u8", None, 1, TypeKind::Base(Encoding::Unsigned))
}

fn type_size(name: &str) -> u64 {
    match name {
        "i64" | "f64" => 8,
        "v128" => 16,
        _ => 4,
    }
}

/// A type of WebAssembly. What is none of its numbers is shown as one of 4 bytes, which it never has.
pub(super) fn raw_type(name: &str) -> TypeRef {
    let encoding = match name {
        "f32" | "f64" => Encoding::Float,
        "v128" => Encoding::Unsigned,
        _ => Encoding::Signed,
    };
    made::ty(name, None, type_size(name), TypeKind::Base(encoding))
}
