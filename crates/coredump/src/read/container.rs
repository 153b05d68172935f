//! The WebAssembly container of a dump: which sections are where.
//!
//! Sections are taken in any order. A last section that claims more bytes than the file has is cut
//! to what is there.

use std::ops::Range;

use wasmparser::BinaryReader;

use super::Notes;
use crate::{decode, ours};

/// The `\0asm` and version 1 of every core module.
pub(crate) const HEADER: &[u8; 8] = b"\0asm\x01\0\0\0";

/// A section that means something in a dump.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub(crate) kind: Kind,
    /// In the file, without id, size and name.
    pub(crate) payload: Range<usize>,
    /// The file ends before the section does.
    pub(crate) cut: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Core,
    Modules,
    Instances,
    Stack,
    Memory,
    Global,
    Data,
    /// Code or functions: not part of a dump.
    Program,
    /// One of ours, by name.
    Ours(&'static str),
}

/// The sections of a file that begins with [`HEADER`].
pub(crate) fn sections(file: &[u8], notes: &mut Notes) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut reader = decode::at(file, HEADER.len().min(file.len())..file.len());
    while !reader.eof() {
        let start = reader.original_position();
        let (id, size) = match header(&mut reader) {
            Ok(header) => header,
            Err(fault) => {
                notes.push(
                    fault.offset,
                    "the file ends, or breaks off, inside the header of a section",
                );
                break;
            }
        };
        let payload = reader.original_position();
        let cut = size > reader.bytes_remaining();
        if cut {
            let there = reader.bytes_remaining();
            notes.push(
                start as u64,
                format_args!(
                    "the file is cut off: its last section has {there} of its {size} bytes"
                ),
            );
        }
        let size = size.min(reader.bytes_remaining());
        if reader.read_bytes(size).is_err() {
            break;
        }
        if let Some(section) = known(file, id, payload..payload + size, cut) {
            sections.push(section);
        }
    }
    sections
}

fn header(reader: &mut BinaryReader<'_>) -> decode::Result<(u8, usize)> {
    Ok((reader.read_u8()?, reader.read_var_u32()? as usize))
}

fn known(file: &[u8], id: u8, payload: Range<usize>, cut: bool) -> Option<Section> {
    let plain = |kind| {
        Some(Section {
            kind,
            payload: payload.clone(),
            cut,
        })
    };
    match id {
        0 => {
            let mut reader = decode::at(file, payload.clone());
            let kind = custom(decode::bytes(&mut reader).ok()?)?;
            let payload = reader.original_position()..payload.end;
            Some(Section { kind, payload, cut })
        }
        3 | 10 => plain(Kind::Program),
        5 => plain(Kind::Memory),
        6 => plain(Kind::Global),
        11 => plain(Kind::Data),
        _ => None,
    }
}

fn custom(name: &[u8]) -> Option<Kind> {
    Some(match name {
        b"core" => Kind::Core,
        b"coremodules" => Kind::Modules,
        b"coreinstances" => Kind::Instances,
        b"corestack" => Kind::Stack,
        name => Kind::Ours(ours::ALL.into_iter().find(|ours| ours.as_bytes() == name)?),
    })
}

/// Whether `kind` is in `seen`, where it is from now on. There are few kinds, however many
/// sections.
pub(crate) fn seen_before(seen: &mut Vec<Kind>, kind: Kind) -> bool {
    let before = seen.contains(&kind);
    if !before {
        seen.push(kind);
    }
    before
}
