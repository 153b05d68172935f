//! Ranges of a memory, with what is known of their bytes.

use std::ops::Range;

use wdb_symbols::{Machine as _, Unavailable};

use crate::doubts::Doubts;
use crate::machine::FrameMachine;
use crate::view::{FrameId, View};

/// Bytes that follow each other and are all known, or all not known.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Their addresses. Not empty.
    pub range: Range<u64>,
    /// They; or why the first of them is not known, and the others are not for a like reason.
    pub bytes: Result<Vec<u8>, Unavailable>,
    /// What they are based on, besides what was recorded.
    pub doubts: Doubts,
}

/// What [`read`] gives at a time.
pub const MOST: u64 = 1 << 16;

/// The bytes of memory 0 of a frame's instance from `start` on: at most [`MOST`] of them, and none beyond the last address.
/// What the memory does not have, and what a dump does not hold, is a part of its own. Empty only where `length` is 0.
pub fn read(view: &mut View<'_>, frame: FrameId, start: u64, length: u64) -> Vec<Part> {
    let end = start.saturating_add(length.min(MOST));
    let id = view.memory_of(frame);
    let memory = id.and_then(|it| view.memory(it));
    // Behind the end nothing has to be asked for.
    let known = memory.map_or(end, |it| it.len().clamp(start, end));
    let mut parts = Vec::new();
    // Without a memory each byte is missing for the same reason.
    if memory.is_none()
        && start < end
        && let Err(reason) = FrameMachine::new(view, frame).read(start, &mut [0])
    {
        push(&mut parts, start..end, Err(reason), Doubts::default());
        return parts;
    }
    add(view, frame, start..known, &mut parts);
    if known < end {
        let reason = Unavailable::OutOfBounds(known);
        push(&mut parts, known..end, Err(reason), Doubts::default());
    }
    parts
}

/// Adds a range: whole, if all of it can be read, and otherwise its halves.
fn add(view: &mut View<'_>, frame: FrameId, range: Range<u64>, parts: &mut Vec<Part>) {
    if range.is_empty() {
        return;
    }
    let length = range.end - range.start;
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    let mut machine = FrameMachine::new(view, frame);
    let read = machine.read(range.start, &mut bytes);
    let doubts = machine.doubts;
    match read {
        Ok(()) => push(parts, range, Ok(bytes), doubts),
        Err(reason) if length == 1 => push(parts, range, Err(reason), Doubts::default()),
        // The first that is missing: what is before it can be read at once.
        Err(Unavailable::NotInDump(missing)) if missing > range.start && missing < range.end => {
            add(view, frame, range.start..missing, parts);
            add(view, frame, missing..range.end, parts);
        }
        Err(_) => {
            let middle = range.start + length / 2;
            add(view, frame, range.start..middle, parts);
            add(view, frame, middle..range.end, parts);
        }
    }
}

/// Adds a part, to the one before it where both are alike.
fn push(
    parts: &mut Vec<Part>,
    range: Range<u64>,
    bytes: Result<Vec<u8>, Unavailable>,
    doubts: Doubts,
) {
    if let Some(last) = parts.last_mut() {
        let is_alike = match (&mut last.bytes, &bytes) {
            (Ok(before), Ok(after)) if last.doubts == doubts => {
                before.extend_from_slice(after);
                true
            }
            (Err(before), Err(after)) => {
                std::mem::discriminant(before) == std::mem::discriminant(after)
            }
            _ => false,
        };
        if is_alike {
            last.range.end = range.end;
            return;
        }
    }
    parts.push(Part {
        range,
        bytes,
        doubts,
    });
}

impl Part {
    /// The known bytes of a range of addresses, as far as they are in this part.
    pub fn get(&self, range: Range<u64>) -> Option<&[u8]> {
        let bytes = self.bytes.as_ref().ok()?;
        let position = |address: u64| usize::try_from(address.checked_sub(self.range.start)?).ok();
        bytes.get(position(range.start)?..position(range.end.min(self.range.end))?)
    }

    /// Why the byte at an address of this part is not known.
    pub fn missing(&self, address: u64) -> Option<Unavailable> {
        Some(match self.bytes.as_ref().err()? {
            Unavailable::OutOfBounds(_) => Unavailable::OutOfBounds(address),
            Unavailable::NotInDump(_) => Unavailable::NotInDump(address),
            other => other.clone(),
        })
    }
}
