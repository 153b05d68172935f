//! The sections that the standard has, save for what each dialect makes of a stack.

use wasmparser::BinaryReader;

use super::Notes;
use super::container::{Kind, Section};
use super::memory::{self, Segment};
use super::stack::{self, Layout};
use crate::decode::{self, Result};
use crate::encode::ABSENT;
use crate::{Contents, CoreDump, GlobalId, Instance, Memory, MemoryId, Module, ModuleId, ours};

/// Reads all standard sections but the stacks; the contents of the memories come back as segments.
pub(super) fn read(
    file: &[u8],
    sections: &[Section],
    dump: &mut CoreDump,
    notes: &mut Notes,
) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut shapes = Vec::new();
    for (position, section) in sections.iter().enumerate() {
        let mut reader = decode::at(file, section.payload.clone());
        let reader = &mut reader;
        let again = sections
            .iter()
            .take(position)
            .any(|s| s.kind == section.kind);
        let (what, result) = match section.kind {
            Kind::Core | Kind::Modules | Kind::Instances if again => {
                notes.push(
                    section.payload.start as u64,
                    "a section that must be there once comes again; the first one counts",
                );
                continue;
            }
            Kind::Core => ("the `core` section is damaged", core(reader, dump)),
            Kind::Modules => (
                "the `coremodules` section is damaged",
                modules(reader, &mut dump.modules),
            ),
            Kind::Instances => (
                "the `coreinstances` section is damaged",
                instances(reader, &mut dump.instances),
            ),
            Kind::Memory => (
                "the memory section is damaged",
                memory::shapes(reader, &mut shapes),
            ),
            Kind::Global => (
                "the global section is damaged",
                memory::globals(reader, &mut dump.globals),
            ),
            Kind::Data => (
                "the data section is damaged",
                memory::segments(reader, &mut segments, notes),
            ),
            Kind::Ours(ours::DATA) => (
                "the `wdb.data` section is damaged",
                more_segments(reader, &mut segments, notes),
            ),
            Kind::Stack | Kind::Program | Kind::Ours(_) => continue,
        };
        match result {
            Err(fault) => notes.fault(what, &fault),
            Ok(()) if !reader.eof() && !matches!(section.kind, Kind::Ours(_)) => notes.push(
                reader.original_position() as u64,
                format!(
                    "ignored {} bytes at the end of a section",
                    reader.bytes_remaining()
                ),
            ),
            Ok(()) => {}
        }
    }
    dump.memories = shapes
        .into_iter()
        .map(|shape| Memory {
            shape,
            contents: Contents::default(),
        })
        .collect();
    segments
}

/// Reads all stacks under one layout.
pub(super) fn stacks(
    file: &[u8],
    sections: &[Section],
    layout: Layout,
    dump: &mut CoreDump,
    notes: &mut Notes,
) {
    for section in sections.iter().filter(|s| s.kind == Kind::Stack) {
        let stack = stack::read(decode::at(file, section.payload.clone()), layout);
        if let Some(fault) = &stack.fault {
            let kept = stack.thread.frames.len();
            notes.fault(
                &format!("a stack is damaged, of which {kept} frames were kept"),
                fault,
            );
        }
        dump.threads.push(stack.thread);
    }
}

fn core(reader: &mut BinaryReader<'_>, dump: &mut CoreDump) -> Result<()> {
    stack::zero(reader)?;
    dump.executable = decode::name(reader)?;
    Ok(())
}

fn modules(reader: &mut BinaryReader<'_>, out: &mut Vec<Module>) -> Result<()> {
    for _ in 0..reader.read_var_u32()? {
        stack::zero(reader)?;
        out.push(Module {
            name: decode::name(reader)?,
            ..Module::default()
        });
    }
    Ok(())
}

fn instances(reader: &mut BinaryReader<'_>, out: &mut Vec<Instance>) -> Result<()> {
    let index = |reader: &mut BinaryReader<'_>| -> Result<Option<u32>> {
        let index = reader.read_var_u32()?;
        Ok((index != ABSENT).then_some(index))
    };
    for _ in 0..reader.read_var_u32()? {
        stack::zero(reader)?;
        out.push(Instance {
            module: ModuleId(reader.read_var_u32()?),
            memories: decode::vec(reader, |r| Ok(index(r)?.map(MemoryId)))?,
            globals: decode::vec(reader, |r| Ok(index(r)?.map(GlobalId)))?,
            tables: Vec::new(),
        });
    }
    Ok(())
}

/// A `wdb.data` section: what did not fit into the data section.
fn more_segments(
    reader: &mut BinaryReader<'_>,
    out: &mut Vec<Segment>,
    notes: &mut Notes,
) -> Result<()> {
    match reader.read_u8()? {
        ours::VERSION => memory::segments(reader, out, notes),
        version => decode::error(reader, format!("unknown version {version}")),
    }
}
