//! The very first form, of January 2023: no WebAssembly container, but frames at the start of an
//! image of the memory.
//!
//! Nothing marks such a file. It is recognised by two numbers that must fit each other: the first says
//! how many frames there are, the second where they end, and the frames between must end exactly
//! there.

use bytes::Bytes;

use super::stack::{self, Layout, Room};
use super::{Dialect, Note, Reading};
use crate::decode;
use crate::{
    Base, Contents, CoreDump, Instance, Memory, MemoryId, MemoryShape, Module, ModuleId, Rest, Run,
    Thread,
};

const PAGE: usize = 65536;

pub(super) fn read(file: &Bytes) -> Option<Reading> {
    if file.is_empty() || !file.len().is_multiple_of(PAGE) {
        return None;
    }
    let word = |at: usize| Some(u32::from_le_bytes(*file.get(at..)?.first_chunk()?));
    let (count, end) = (word(0)?, word(4)? as usize);
    if count == 0 || end <= 8 || end > file.len() {
        return None;
    }
    let mut frames = Vec::new();
    let mut reader = decode::at(file, 8..end);
    stack::frames(
        &mut reader,
        Layout::WORDS,
        count,
        &mut Room::new(0),
        &mut frames,
    )
    .ok()?;
    if frames.len() != count as usize || !reader.eof() {
        return None;
    }
    let memory = Memory {
        shape: MemoryShape {
            memory64: false,
            shared: false,
            page_size_log2: 16,
            pages: (file.len() / PAGE) as u64,
            maximum: None,
        },
        contents: Contents {
            runs: (end < file.len())
                .then(|| Run {
                    address: end as u64,
                    bytes: file.slice(end..),
                })
                .into_iter()
                .collect(),
            rest: Rest::ZeroIn(Vec::new()),
        },
    };
    let dump = CoreDump {
        modules: vec![Module::default()],
        instances: vec![Instance {
            module: ModuleId(0),
            memories: vec![Some(MemoryId(0))],
            globals: Vec::new(),
            tables: Vec::new(),
        }],
        threads: vec![Thread {
            name: "main".to_owned(),
            frames,
            host_frames: Vec::new(),
        }],
        memories: vec![memory],
        ..CoreDump::default()
    };
    Some(Reading {
        dump,
        dialect: Dialect::Draft,
        base: Base::CodeSection,
        notes: vec![Note {
            message: "took it as the first draft, of January 2023: frames at the start of an \
                image of the memory, without a container"
                .to_owned(),
            offset: None,
        }],
    })
}
