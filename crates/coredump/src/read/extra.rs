//! Our own sections: reads them and lays them over what the standard sections said.

use super::Notes;
use super::container::{Kind, Section, seen_before};
use crate::CoreDump;
use crate::decode::{self, Result};
use crate::ours::{self, Place};
use wasmparser::BinaryReader;

/// Reads all of our sections that are there. A damaged one is left out with a note.
pub(super) fn read(file: &[u8], sections: &[Section], dump: &mut CoreDump, notes: &mut Notes) {
    let mut seen = Vec::new();
    for section in sections {
        let Kind::Ours(name) = section.kind else {
            continue;
        };
        if name == ours::DATA {
            continue;
        }
        if seen_before(&mut seen, section.kind) {
            notes.push(
                section.payload.start as u64,
                format_args!("`{name}` comes again; the first one counts"),
            );
            continue;
        }
        let mut reader = decode::at(file, section.payload.clone());
        if let Err(fault) = one(name, &mut reader, dump) {
            notes.fault(format_args!("left out our section `{name}`"), &fault);
        }
    }
}

fn one(name: &str, reader: &mut BinaryReader<'_>, dump: &mut CoreDump) -> Result<()> {
    let version = reader.read_u8()?;
    if version != ours::VERSION {
        return decode::error(
            reader,
            format!(
                "its version is {version}, and {} is the newest known; a newer wdb reads it",
                ours::VERSION
            ),
        );
    }
    match name {
        ours::PROCESS => dump.process = ours::read_process(reader)?,
        ours::CRASH => dump.crash = Some(ours::read_crash(reader)?),
        ours::CAPTURE => dump.capture = ours::read_capture(reader)?,
        ours::MODULES => {
            for (module, identity) in dump.modules.iter_mut().zip(ours::read_modules(reader)?) {
                module.path = identity.path;
                module.sha256 = identity.sha256;
                module.build_id = identity.build_id;
                module.file_offset = identity.file_offset;
            }
        }
        ours::HOST_FRAMES => {
            for (thread, frames) in dump.threads.iter_mut().zip(ours::read_host_frames(reader)?) {
                thread.host_frames = frames;
            }
        }
        ours::VALUES => {
            for (thread, overrides) in dump.threads.iter_mut().zip(ours::read_values(reader)?) {
                for value in overrides {
                    let frame = thread.frames.get_mut(value.frame as usize);
                    let slots = frame.map(|frame| match value.place {
                        Place::Local => &mut frame.locals,
                        Place::Stack => &mut frame.stack,
                    });
                    if let Some(slot) = slots.and_then(|s| s.get_mut(value.index as usize)) {
                        *slot = value.slot;
                    }
                }
            }
        }
        ours::GLOBALS => {
            for (global, facts) in dump.globals.iter_mut().zip(ours::read_globals(reader)?) {
                global.ty = facts.ty;
                global.mutable = facts.mutable;
                if let Some(value) = facts.value {
                    global.value = value;
                }
            }
        }
        ours::MEMORIES => {
            for (memory, facts) in dump.memories.iter_mut().zip(ours::read_memories(reader)?) {
                if facts.no_maximum {
                    memory.shape.maximum = None;
                }
                memory.contents.rest = facts.rest;
            }
        }
        ours::TABLES => {
            let (tables, instances) = ours::read_tables(reader)?;
            dump.tables = tables;
            for (instance, tables) in dump.instances.iter_mut().zip(instances) {
                instance.tables = tables;
            }
        }
        _ => {}
    }
    Ok(())
}
