//! What must hold of a dump before it is written: every index leads somewhere.

use crate::{
    CoreDump, Exception, InstanceId, MemoryShape, Reference, Rest, Slot, Thread, Value, WriteError,
};

/// Whether every index of `dump` leads somewhere and every memory is of a possible type.
///
/// # Errors
///
/// [`WriteError::Invalid`], which names the first thing that is wrong.
pub(crate) fn well_formed(dump: &CoreDump) -> Result<(), WriteError> {
    find(dump).map_or(Ok(()), |wrong| Err(WriteError::Invalid(wrong)))
}

fn find(dump: &CoreDump) -> Option<String> {
    let instances = dump.instances.len();
    for (position, instance) in dump.instances.iter().enumerate() {
        let what = format!("instance {position}");
        let lists = [
            (Some(instance.module.0), dump.modules.len(), "module"),
            (
                instance.memories.iter().flatten().map(|m| m.0).max(),
                dump.memories.len(),
                "memory",
            ),
            (
                instance.globals.iter().flatten().map(|g| g.0).max(),
                dump.globals.len(),
                "global",
            ),
            (
                instance.tables.iter().flatten().map(|t| t.0).max(),
                dump.tables.len(),
                "table",
            ),
        ];
        for (index, count, kind) in lists {
            if index.is_some_and(|index| index as usize >= count) {
                return Some(format!(
                    "{what} names {kind} {}, of {count}",
                    index.unwrap_or(0)
                ));
            }
        }
    }
    for thread in &dump.threads {
        if let Some(wrong) = in_thread(thread, instances) {
            return Some(format!("thread `{}`: {wrong}", thread.name));
        }
    }
    for (position, memory) in dump.memories.iter().enumerate() {
        let wrong =
            in_shape(&memory.shape).or_else(|| in_rest(&memory.contents.rest, memory.shape.len()));
        if let Some(wrong) = wrong {
            return Some(format!("memory {position}: {wrong}"));
        }
    }
    for (position, global) in dump.globals.iter().enumerate() {
        if let Some(wrong) = in_slot(&global.value, instances) {
            return Some(format!("global {position}: {wrong}"));
        }
    }
    for (position, table) in dump.tables.iter().enumerate() {
        let mut next = 0;
        for (index, reference) in &table.elements {
            if *index < next || *index >= table.size {
                return Some(format!(
                    "table {position}: element {index} is out of order or outside"
                ));
            }
            next = index + 1;
            if let Some(wrong) = in_reference(reference, instances) {
                return Some(format!("table {position}: {wrong}"));
            }
        }
    }
    let crash = dump.crash.as_ref()?;
    if crash.thread as usize >= dump.threads.len().max(1) {
        return Some(format!(
            "the crash names thread {}, of {}",
            crash.thread,
            dump.threads.len()
        ));
    }
    in_exception(crash.exception.as_ref()?, instances)
}

fn in_thread(thread: &Thread, instances: usize) -> Option<String> {
    for (position, frame) in thread.frames.iter().enumerate() {
        let wrong = in_instance(frame.instance, instances)
            .or_else(|| in_slots(&frame.locals, instances))
            .or_else(|| in_slots(&frame.stack, instances));
        if let Some(wrong) = wrong {
            return Some(format!("frame {position}: {wrong}"));
        }
    }
    let frames = thread.frames.len();
    let outside = thread
        .host_frames
        .iter()
        .find(|host| host.before as usize > frames)?;
    Some(format!(
        "a host frame is before frame {}, of {frames}",
        outside.before
    ))
}

fn in_exception(exception: &Exception, instances: usize) -> Option<String> {
    exception
        .tag
        .and_then(|(instance, _)| in_instance(instance, instances))
        .or_else(|| in_slots(&exception.payload, instances))
}

fn in_instance(instance: InstanceId, instances: usize) -> Option<String> {
    (instance.position() >= instances)
        .then(|| format!("it names instance {}, of {instances}", instance.0))
}

fn in_slots(slots: &[Slot], instances: usize) -> Option<String> {
    slots.iter().find_map(|slot| in_slot(slot, instances))
}

fn in_slot(slot: &Slot, instances: usize) -> Option<String> {
    match slot.value()? {
        Value::Ref(reference) => in_reference(reference, instances),
        _ => None,
    }
}

fn in_reference(reference: &Reference, instances: usize) -> Option<String> {
    match reference {
        Reference::Func { instance, .. } => in_instance(*instance, instances),
        _ => None,
    }
}

/// The most pages that a memory can have: core specification 3.0, section 3.2.16, and the custom
/// page sizes proposal. The binary format holds the page counts of a 32-bit memory in a u32.
pub(crate) fn most_pages(shape: &MemoryShape) -> u64 {
    let bits = if shape.memory64 { 64 } else { 32 };
    let most = 1_u128 << (bits - shape.page_size_log2.min(16));
    let format = if shape.memory64 {
        u64::MAX
    } else {
        u32::MAX.into()
    };
    u64::try_from(most).unwrap_or(u64::MAX).min(format)
}

fn in_shape(shape: &MemoryShape) -> Option<String> {
    if shape.page_size_log2 > 16 {
        return Some(format!(
            "its page size is 2^{} bytes, more than 64 KiB",
            shape.page_size_log2
        ));
    }
    let largest = shape.maximum.unwrap_or(0).max(shape.pages);
    let most = most_pages(shape);
    (largest > most).then(|| format!("it has {largest} pages, of at most {most}"))
}

fn in_rest(rest: &Rest, length: u64) -> Option<String> {
    let Rest::ZeroIn(ranges) = rest else {
        return None;
    };
    let mut end = 0;
    for range in ranges {
        if range.is_empty() || range.start < end || range.end > length {
            return Some(format!(
                "the zero range {:#x}..{:#x} is empty, out of order, or outside",
                range.start, range.end
            ));
        }
        end = range.end;
    }
    None
}
