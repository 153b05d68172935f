//! The sections that the standard has, save for what each dialect makes of a stack.

use wasmparser::BinaryReader;

use super::container::{Kind, Section, seen_before};
use super::list::{MOST_PARTS, list};
use super::memory::{self, Segment};
use super::stack::{self, Layout, Room, Stack};
use super::{Dialect, Notes};
use crate::decode::{self, Result};
use crate::encode::ABSENT;
use crate::{
    Contents, CoreDump, GlobalId, Instance, Memory, MemoryId, Module, ModuleId, Thread, ours,
};

/// Reads all standard sections but the stacks; the contents of the memories come back as segments.
pub(super) fn read(
    file: &[u8],
    sections: &[Section],
    dialect: Dialect,
    dump: &mut CoreDump,
    notes: &mut Notes,
) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut shapes = Vec::new();
    let mut seen = Vec::new();
    for section in sections {
        let mut reader = decode::at(file, section.payload.clone());
        let reader = &mut reader;
        let again = seen_before(&mut seen, section.kind);
        let (what, result) = match section.kind {
            Kind::Core | Kind::Modules | Kind::Instances if again => {
                notes.push(
                    section.payload.start as u64,
                    "a section that must be there once comes again; the first one counts",
                );
                continue;
            }
            Kind::Core => ("the `core` section is damaged", core(reader, dump)),
            Kind::Modules if dialect == Dialect::OldWasmEdge => {
                let payload = file.get(section.payload.clone());
                dump.modules.push(old_wasmedge_module(payload));
                continue;
            }
            Kind::Modules => (
                "the `coremodules` section is damaged",
                modules(reader, &mut dump.modules, notes),
            ),
            Kind::Instances => (
                "the `coreinstances` section is damaged",
                instances(reader, &mut dump.instances, notes),
            ),
            Kind::Memory => (
                "the memory section is damaged",
                memory::shapes(reader, &mut shapes, notes),
            ),
            Kind::Global => (
                "the global section is damaged",
                memory::globals(reader, &mut dump.globals, notes),
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
                format_args!(
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

/// Reads all stacks under the layout that fits best: the first of the `likely` ones, or failing
/// these of all layouts, that fits as well as any.
pub(super) fn stacks(
    file: &[u8],
    sections: &[Section],
    likely: &[Layout],
    notes: &mut Notes,
) -> (Vec<Thread>, Layout) {
    let overrides = sections
        .iter()
        .filter(|s| s.kind == Kind::Ours(ours::VALUES));
    let overrides = overrides.map(|section| section.payload.len()).sum();
    let mut sections: Vec<_> = sections.iter().filter(|s| s.kind == Kind::Stack).collect();
    if let Some(first) = sections.get(MOST_PARTS) {
        notes.push(
            first.payload.start as u64,
            format_args!(
                "there are {} stacks; took the first {MOST_PARTS}",
                sections.len()
            ),
        );
        sections.truncate(MOST_PARTS);
    }
    // Of a section that is cut off, a wrong layout may happen to take all that is left.
    let best_possible = if sections.iter().any(|section| section.cut) {
        Fit::Short
    } else {
        Fit::Whole
    };
    let mut best: Option<(Fit, Layout, Vec<Stack>, usize)> = None;
    for layout in likely.iter().chain(&Layout::ALL) {
        let mut room = Room::new(overrides);
        let stacks: Vec<Stack> = sections
            .iter()
            .map(|section| {
                let reader = decode::at(file, section.payload.clone());
                stack::read(reader, *layout, &mut room)
            })
            .collect();
        let fit = Fit::of(&stacks).min(best_possible);
        if best.as_ref().is_none_or(|(best, ..)| fit > *best) {
            best = Some((fit, *layout, stacks, room.dropped));
        }
        if fit == best_possible {
            break;
        }
    }
    let Some((_, layout, stacks, dropped)) = best else {
        return (Vec::new(), Layout::STANDARD);
    };
    for (stack, section) in stacks.iter().zip(sections) {
        let kept = stack.thread.frames.len();
        if let Some(fault) = &stack.fault {
            notes.fault(
                format_args!("a stack is damaged; kept its first {kept} frames"),
                fault,
            );
        } else if kept < stack.count as usize {
            notes.push(
                section.payload.start as u64,
                format_args!("a stack has {kept} frames and says it has {}", stack.count),
            );
        }
    }
    if dropped > 0 {
        notes.push(
            None,
            format_args!("left out {dropped} values of frames: more than any program has"),
        );
    }
    (
        stacks.into_iter().map(|stack| stack.thread).collect(),
        layout,
    )
}

/// How well a layout fits, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// Something cannot be; so many frames came before.
    Broken(usize),
    /// The bytes end too early, or between two frames.
    Short,
    /// All bytes are read, and the number of frames is what the sections say.
    Whole,
}

impl Fit {
    fn of(stacks: &[Stack]) -> Self {
        let frames = |stack: &Stack| stack.thread.frames.len();
        let broken = |stack: &Stack| stack.fault.as_ref().is_some_and(|fault| !fault.cut);
        let short = |stack: &Stack| stack.fault.is_some() || frames(stack) < stack.count as usize;
        if stacks.iter().any(broken) {
            Fit::Broken(stacks.iter().map(frames).sum())
        } else if stacks.iter().any(short) {
            Fit::Short
        } else {
            Fit::Whole
        }
    }
}

fn core(reader: &mut BinaryReader<'_>, dump: &mut CoreDump) -> Result<()> {
    stack::zero(reader)?;
    dump.executable = decode::name(reader)?;
    Ok(())
}

fn modules(reader: &mut BinaryReader<'_>, out: &mut Vec<Module>, notes: &mut Notes) -> Result<()> {
    list(reader, MOST_PARTS, out, notes, |reader| {
        stack::zero(reader)?;
        Ok(Module {
            name: decode::name(reader)?,
            ..Module::default()
        })
    })
}

/// The one module of old WasmEdge, whose name has no length: count 1, the leading 0, the name.
fn old_wasmedge_module(payload: Option<&[u8]>) -> Module {
    let name = payload
        .and_then(|payload| payload.get(2..))
        .unwrap_or_default();
    Module {
        name: String::from_utf8_lossy(name).into_owned(),
        ..Module::default()
    }
}

fn instances(
    reader: &mut BinaryReader<'_>,
    out: &mut Vec<Instance>,
    notes: &mut Notes,
) -> Result<()> {
    let index = |reader: &mut BinaryReader<'_>| -> Result<Option<u32>> {
        let index = reader.read_var_u32()?;
        Ok((index != ABSENT).then_some(index))
    };
    list(reader, MOST_PARTS, out, notes, |reader| {
        stack::zero(reader)?;
        Ok(Instance {
            module: ModuleId(reader.read_var_u32()?),
            memories: decode::vec(reader, |r| Ok(index(r)?.map(MemoryId)))?,
            globals: decode::vec(reader, |r| Ok(index(r)?.map(GlobalId)))?,
            tables: Vec::new(),
        })
    })
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
