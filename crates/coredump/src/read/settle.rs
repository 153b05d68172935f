//! Makes every index of a dump that was read lead somewhere, with a note for each that did not.

use std::ops::Range;

use super::Notes;
use super::container::{Kind, Section};
use crate::cut::Cut;
use crate::{
    CoreDump, GlobalId, Instance, InstanceId, MemoryId, Missing, Module, ModuleId, Reference, Rest,
    Slot, TableId, Thread, Value,
};

/// Brings the sizes of memories, and what is said of their gaps, into the possible range.
pub(super) fn shapes(dump: &mut CoreDump, notes: &mut Notes) {
    for (position, memory) in dump.memories.iter_mut().enumerate() {
        let shape = &mut memory.shape;
        if shape.page_size_log2 > 16 {
            notes.push(
                None,
                format_args!(
                    "memory {position} has pages of 2^{} bytes; took 64 KiB",
                    shape.page_size_log2
                ),
            );
            shape.page_size_log2 = 16;
        }
        let most = crate::check::most_pages(shape);
        if shape.pages > most || shape.maximum.is_some_and(|maximum| maximum > most) {
            notes.push(
                None,
                format_args!("memory {position} has more pages than can be; took {most}"),
            );
            shape.pages = shape.pages.min(most);
            shape.maximum = shape.maximum.map(|maximum| maximum.min(most));
        }
        let length = shape.len();
        if let Rest::ZeroIn(ranges) = &mut memory.contents.rest {
            let before = ranges.len();
            let mut end = 0;
            ranges.retain(|range: &Range<u64>| {
                let good = !range.is_empty() && range.start >= end && range.end <= length;
                if good {
                    end = range.end;
                }
                good
            });
            if ranges.len() < before {
                notes.push(
                    None,
                    format_args!("memory {position}: left out impossible ranges of zeros"),
                );
            }
        }
    }
}

/// Makes every index lead somewhere.
pub(super) fn indices(dump: &mut CoreDump, sections: &[Section], notes: &mut Notes) {
    let frames = dump.threads.iter().any(|thread| !thread.frames.is_empty());
    let listed = sections.iter().any(|s| s.kind == Kind::Instances);
    if dump.instances.is_empty() && (frames || !listed) {
        synthesise(dump);
        notes.push(
            None,
            "the dump lists no instances; took all memories and globals to be of one",
        );
    }
    let count = |items: usize| u32::try_from(items).unwrap_or(u32::MAX);
    let (memories, globals, tables) = (
        count(dump.memories.len()),
        count(dump.globals.len()),
        count(dump.tables.len()),
    );
    for (position, instance) in dump.instances.iter_mut().enumerate() {
        let lost = lose(&mut instance.memories, |MemoryId(id)| id < memories)
            + lose(&mut instance.globals, |GlobalId(id)| id < globals)
            + lose(&mut instance.tables, |TableId(id)| id < tables);
        if lost > 0 {
            notes.push(
                None,
                format_args!(
                    "instance {position} names {lost} memories, globals or \
                tables that the dump does not have"
                ),
            );
        }
    }
    unknown_modules(dump, notes);
    unknown_instances(dump, notes);

    let instances = dump.instances.len();
    let mut lost = 0;
    for slot in slots(dump) {
        lost += usize::from(lose_reference(slot, instances));
    }
    for table in &mut dump.tables {
        let (size, before) = (table.size, table.elements.len());
        table.elements.sort_by_key(|(index, _)| *index);
        table.elements.dedup_by_key(|(index, _)| *index);
        table
            .elements
            .retain(|(index, reference)| *index < size && leads(reference, instances));
        lost += before - table.elements.len();
    }
    if lost > 0 {
        notes.push(
            None,
            format_args!("{lost} references lead nowhere; took them as damaged"),
        );
    }
    for thread in &mut dump.threads {
        host_frames(thread, notes);
    }
    let threads = dump.threads.len();
    if let Some(crash) = &mut dump.crash {
        if crash.thread as usize >= threads.max(1) {
            notes.push(
                None,
                format_args!(
                    "the crash names thread {}, of {threads}; took the first",
                    crash.thread
                ),
            );
            crash.thread = 0;
        }
        if let Some(exception) = &mut crash.exception
            && exception
                .tag
                .is_some_and(|(instance, _)| instance.position() >= instances)
        {
            notes.push(
                None,
                "the exception's tag is of an instance that the dump does not have",
            );
            exception.tag = None;
        }
    }
}

/// One instance of one module with all memories and globals in order.
fn synthesise(dump: &mut CoreDump) {
    if dump.modules.is_empty() {
        dump.modules.push(Module::default());
    }
    dump.instances.push(Instance {
        module: ModuleId(0),
        memories: (0..)
            .map(MemoryId)
            .zip(&dump.memories)
            .map(|(id, _)| Some(id))
            .collect(),
        globals: (0..)
            .map(GlobalId)
            .zip(&dump.globals)
            .map(|(id, _)| Some(id))
            .collect(),
        tables: (0..)
            .map(TableId)
            .zip(&dump.tables)
            .map(|(id, _)| Some(id))
            .collect(),
    });
}

fn lose<T: Copy>(ids: &mut [Option<T>], good: impl Fn(T) -> bool) -> usize {
    let mut lost = 0;
    for id in ids {
        if id.is_some_and(|id| !good(id)) {
            *id = None;
            lost += 1;
        }
    }
    lost
}

/// Gives instances whose module is not listed one module without a name.
fn unknown_modules(dump: &mut CoreDump, notes: &mut Notes) {
    let listed = dump.modules.len();
    let unknown = ModuleId(u32::try_from(listed).unwrap_or(u32::MAX));
    let mut used = false;
    for (position, instance) in dump.instances.iter_mut().enumerate() {
        if instance.module.position() >= listed {
            notes.push(
                None,
                format_args!(
                    "instance {position} is of module {}, of {listed}; took it as unknown",
                    instance.module.0
                ),
            );
            instance.module = unknown;
            used = true;
        }
    }
    if used {
        dump.modules.push(Module::default());
    }
}

/// Gives frames whose instance is not listed one instance of a module without a name.
fn unknown_instances(dump: &mut CoreDump, notes: &mut Notes) {
    let listed = dump.instances.len();
    let unknown = InstanceId(u32::try_from(listed).unwrap_or(u32::MAX));
    let mut used = false;
    for thread in &mut dump.threads {
        for (position, frame) in thread.frames.iter_mut().enumerate() {
            if frame.instance.position() >= listed {
                notes.push(
                    None,
                    format_args!(
                        "frame {position} of thread `{}` is of instance {}, of {listed}; took it as unknown",
                        Cut(&thread.name),
                        frame.instance.0
                    ),
                );
                frame.instance = unknown;
                used = true;
            }
        }
    }
    if used {
        dump.instances.push(Instance {
            module: ModuleId(u32::try_from(dump.modules.len()).unwrap_or(u32::MAX)),
            memories: Vec::new(),
            globals: Vec::new(),
            tables: Vec::new(),
        });
        dump.modules.push(Module::default());
    }
}

/// Every slot of a dump.
fn slots(dump: &mut CoreDump) -> impl Iterator<Item = &mut Slot> {
    let frames = dump
        .threads
        .iter_mut()
        .flat_map(|thread| &mut thread.frames);
    let values = frames.flat_map(|frame| frame.locals.iter_mut().chain(&mut frame.stack));
    let globals = dump.globals.iter_mut().map(|global| &mut global.value);
    let exception = dump
        .crash
        .iter_mut()
        .filter_map(|crash| crash.exception.as_mut());
    values
        .chain(globals)
        .chain(exception.flat_map(|exception| &mut exception.payload))
}

fn lose_reference(slot: &mut Slot, instances: usize) -> bool {
    let lost = matches!(slot.value(), Some(Value::Ref(reference)) if !leads(reference, instances));
    if lost {
        *slot = Slot::Missing(Missing::Damaged);
    }
    lost
}

fn leads(reference: &Reference, instances: usize) -> bool {
    !matches!(reference, Reference::Func { instance, .. } if instance.position() >= instances)
}

fn host_frames(thread: &mut Thread, notes: &mut Notes) {
    let frames = thread.frames.len();
    let before = thread.host_frames.len();
    thread
        .host_frames
        .retain(|host| host.before as usize <= frames);
    let lost = before - thread.host_frames.len();
    if lost > 0 {
        notes.push(
            None,
            format_args!(
                "thread `{}`: {lost} host frames are next to no frame",
                Cut(&thread.name)
            ),
        );
    }
}
