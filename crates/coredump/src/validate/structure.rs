//! Whether the file is WebAssembly, and its standard sections are those of a dump.

use std::ops::Range;

use wasmparser::{
    CoreDumpInstance, CustomSectionReader, DataKind, DataSectionReader, GlobalSectionReader,
    MemorySectionReader, Parser, Payload, Validator, WasmFeatures,
};

use super::{Findings, rule};
use crate::encode::ABSENT;

/// How many of each thing the standard sections have.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) modules: usize,
    pub(super) instances: usize,
    pub(super) memories: usize,
    pub(super) globals: usize,
    /// Of each thread: of each frame, the numbers of locals and operands.
    pub(super) threads: Vec<Vec<(usize, usize)>>,
}

/// What is known only at the end of the file.
#[derive(Default)]
struct Seen {
    counts: Counts,
    core: u32,
    modules: u32,
    instances: u32,
    listed: Vec<CoreDumpInstance>,
    /// The offset of a `corestack` section and the greatest instance that a frame there names.
    stacks: Vec<(u64, u32)>,
}

/// Checks the standard sections. `None`: the file is no WebAssembly, and nothing more can be said.
pub(super) fn check(file: &[u8], findings: &mut Findings) -> Option<Counts> {
    // The parser knows one custom section from another, the validator knows the rules of all others.
    if let Err(error) = Validator::new_with_features(WasmFeatures::all()).validate_all(file) {
        findings.error(rule::BINARY, error.offset() as u64, error.message());
    }
    let mut seen = Seen::default();
    for payload in Parser::new(0).parse_all(file) {
        match payload {
            Ok(payload) => section(payload, &mut seen, findings),
            // The validator has said it already.
            Err(error) if error.offset() < 8 => return None,
            Err(_) => break,
        }
    }
    once(&seen, findings);
    indices(&seen, findings);
    Some(seen.counts)
}

fn section(payload: Payload<'_>, seen: &mut Seen, findings: &mut Findings) {
    match payload {
        Payload::CustomSection(section) => custom(&section, seen, findings),
        Payload::MemorySection(section) => memories(section, seen, findings),
        Payload::GlobalSection(section) => globals(section, seen, findings),
        Payload::DataSection(section) => data(section, findings),
        Payload::Version { .. } | Payload::End(_) => {}
        other => {
            if let Some((id, range)) = other.as_section() {
                findings.warning(
                    rule::FORMAT,
                    range.start as u64,
                    format_args!("a section of a program (id {id}) in a dump; readers ignore it"),
                );
            }
        }
    }
}

fn custom(section: &CustomSectionReader<'_>, seen: &mut Seen, findings: &mut Findings) {
    let range = section.data_offset()..section.data_offset() + section.data().len();
    let start = range.start as u64;
    let name = section.name();
    let strict = match name {
        "core" => wasmparser::CoreDumpSection::new(reader(section)).map(|core| {
            seen.core += 1;
            1 + name_length(core.name)
        }),
        "coremodules" => wasmparser::CoreDumpModulesSection::new(reader(section)).map(|modules| {
            seen.modules += 1;
            seen.counts.modules = modules.modules.len();
            let names = modules.modules.iter().map(|name| 1 + name_length(name));
            length(modules.modules.len()) + names.sum::<usize>()
        }),
        "coreinstances" => {
            wasmparser::CoreDumpInstancesSection::new(reader(section)).map(|instances| {
                seen.instances += 1;
                seen.counts.instances = instances.instances.len();
                let least = length(instances.instances.len())
                    + instances
                        .instances
                        .iter()
                        .map(instance_length)
                        .sum::<usize>();
                seen.listed = instances.instances;
                least
            })
        }
        "corestack" => wasmparser::CoreDumpStackSection::new(reader(section)).map(|stack| {
            let frames = stack.frames.iter();
            let greatest = frames.clone().map(|frame| frame.instanceidx).max();
            seen.stacks
                .extend(greatest.map(|greatest| (start, greatest)));
            seen.counts.threads.push(
                frames
                    .clone()
                    .map(|frame| (frame.locals.len(), frame.stack.len()))
                    .collect(),
            );
            1 + name_length(stack.name)
                + length(stack.frames.len())
                + frames.map(frame_length).sum::<usize>()
        }),
        _ => return,
    };
    let rule = match name {
        "core" => rule::PROCESS,
        "corestack" => rule::STACK,
        _ => rule::INSTANCES,
    };
    match strict {
        Err(error) => findings.error(
            rule,
            error.offset() as u64,
            format_args!("the section `{name}` does not follow the standard: {}", error.message()),
        ),
        Ok(least) if least < range.len() => findings.warning(
            rule,
            start,
            format_args!(
                "the section `{name}` has numbers that take more bytes than they need ({} bytes where {least} do)",
                range.len()
            ),
        ),
        Ok(_) => {}
    }
}

fn reader<'a>(section: &CustomSectionReader<'a>) -> wasmparser::BinaryReader<'a> {
    wasmparser::BinaryReader::new(section.data(), section.data_offset())
}

/// The least bytes for an unsigned number.
fn uleb(value: u32) -> usize {
    (32 - value.leading_zeros()).div_ceil(7).max(1) as usize
}

/// The least bytes for a signed number.
fn sleb(value: i64) -> usize {
    let bits = 65 - (if value < 0 { !value } else { value }).leading_zeros();
    bits.div_ceil(7) as usize
}

fn length(count: usize) -> usize {
    u32::try_from(count).map_or(5, uleb)
}

fn name_length(name: &str) -> usize {
    length(name.len()) + name.len()
}

fn instance_length(instance: &CoreDumpInstance) -> usize {
    let list = |list: &[u32]| length(list.len()) + list.iter().copied().map(uleb).sum::<usize>();
    1 + uleb(instance.module_index) + list(&instance.memories) + list(&instance.globals)
}

fn frame_length(frame: &wasmparser::CoreDumpStackFrame) -> usize {
    use wasmparser::CoreDumpValue as V;
    let value = |value: &V| match value {
        V::Missing => 1,
        V::I32(v) => 1 + sleb((*v).into()),
        V::I64(v) => 1 + sleb(*v),
        V::F32(_) => 5,
        V::F64(_) => 9,
    };
    let values = |values: &[V]| length(values.len()) + values.iter().map(value).sum::<usize>();
    1 + uleb(frame.instanceidx)
        + uleb(frame.funcidx)
        + uleb(frame.codeoffset)
        + values(&frame.locals)
        + values(&frame.stack)
}

fn memories(section: MemorySectionReader<'_>, seen: &mut Seen, findings: &mut Findings) {
    for item in section.into_iter_with_offsets() {
        let Ok((offset, memory)) = item else { return };
        seen.counts.memories += 1;
        if memory
            .maximum
            .is_some_and(|maximum| maximum < memory.initial)
        {
            findings.error(
                rule::MEMORY,
                offset as u64,
                "a memory has more pages than it may have",
            );
        }
    }
}

fn globals(section: GlobalSectionReader<'_>, seen: &mut Seen, findings: &mut Findings) {
    for item in section.into_iter_with_offsets() {
        let Ok((offset, global)) = item else { return };
        seen.counts.globals += 1;
        if global.ty.mutable {
            findings.warning(
                rule::GLOBALS,
                offset as u64,
                "a global is mutable; a dump holds constants",
            );
        }
    }
}

fn data(section: DataSectionReader<'_>, findings: &mut Findings) {
    for item in section.into_iter_with_offsets() {
        let Ok((offset, segment)) = item else { return };
        if matches!(segment.kind, DataKind::Passive) {
            findings.error(
                rule::MEMORY,
                offset as u64,
                "a data segment is passive: nothing says where its bytes are",
            );
        }
    }
}

/// Sections of which there must be one.
fn once(seen: &Seen, findings: &mut Findings) {
    let sections = [
        ("core", seen.core, rule::PROCESS),
        ("coremodules", seen.modules, rule::INSTANCES),
        ("coreinstances", seen.instances, rule::INSTANCES),
    ];
    for (name, count, rule) in sections {
        if count != 1 {
            findings.error(
                rule,
                None,
                format_args!("there are {count} `{name}` sections, not one"),
            );
        }
    }
}

/// Indices from section to section.
fn indices(seen: &Seen, findings: &mut Findings) {
    let counts = &seen.counts;
    for (position, instance) in seen.listed.iter().enumerate() {
        let present = |indices: &[u32]| -> Vec<u32> {
            let indices = indices.iter().copied();
            indices.filter(|index| *index != ABSENT).collect()
        };
        let mut outside = |what: &str, indices: &[u32], count: usize| {
            for index in indices {
                if *index as usize >= count {
                    findings.error(
                        rule::INSTANCES,
                        None,
                        format_args!("instance {position} names {what} {index}, of {count}"),
                    );
                }
            }
        };
        outside("module", &[instance.module_index], counts.modules);
        outside("memory", &present(&instance.memories), counts.memories);
        outside("global", &present(&instance.globals), counts.globals);
    }
    for (offset, greatest) in &seen.stacks {
        if *greatest as usize >= counts.instances {
            findings.error(
                rule::STACK,
                *offset,
                format_args!("a frame names instance {greatest}, of {}", counts.instances),
            );
        }
    }
}

/// The custom sections of a file with the ranges of their payloads, as far as it can be parsed.
pub(super) fn custom_sections(file: &[u8]) -> impl Iterator<Item = (&str, Range<usize>)> {
    let payloads = Parser::new(0).parse_all(file).map_while(Result::ok);
    payloads.filter_map(|payload| match payload {
        Payload::CustomSection(section) => Some((
            section.name(),
            section.data_offset()..section.data_offset() + section.data().len(),
        )),
        _ => None,
    })
}
