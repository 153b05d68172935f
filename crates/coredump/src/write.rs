//! Writes a core dump: the standard sections to the letter, then our own.

use std::io::{self, Write};
use std::ops::Range;

use wasm_encoder::{
    CoreDumpInstancesSection, CoreDumpModulesSection, CoreDumpStackSection, CoreDumpValue, Encode,
    GlobalSection, GlobalType, MemorySection, MemoryType, Section, SectionId,
};

use crate::encode::{self, ABSENT};
use crate::segments::{self, Segment};
use crate::{CoreDump, MemoryId, Slot, check, globals, ours};

/// Memory is copied to the output in pieces of this size.
const PIECE: u64 = 1 << 20;

/// Where the writer gets the contents of the memories from.
pub trait MemorySource {
    /// The parts of a memory to write: ascending, not empty, not overlapping, inside the memory.
    /// See [`crate::nonzero_runs`].
    ///
    /// # Errors
    ///
    /// Whatever keeps the source from telling.
    fn runs(&mut self, memory: MemoryId) -> io::Result<Vec<Range<u64>>>;

    /// Fills `buffer` with the bytes at `address`. Asked for inside the runs, and in gaps between
    /// them that [`crate::Rest`] says are zero.
    ///
    /// # Errors
    ///
    /// Whatever keeps the source from reading.
    fn read(&mut self, memory: MemoryId, address: u64, buffer: &mut [u8]) -> io::Result<()>;
}

/// Why a dump was not written, or not wholly.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The output or the source of memory failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The dump contradicts itself: an index that leads nowhere, a run outside of its memory.
    #[error("the core dump contradicts itself: {0}")]
    Invalid(String),
    /// A section other than the data is larger than the binary format allows.
    #[error(
        "a section of {size} bytes does not fit a WebAssembly file, whose sections have at most 4 GiB"
    )]
    TooLarge {
        /// The size in bytes.
        size: u64,
    },
    /// There are more runs of memory than readers take, and the bytes between them are not known
    /// to be zero, so that they cannot be merged.
    #[error("{count} separate runs of memory are more than readers take, which is 100000")]
    TooManySegments {
        /// The number of runs.
        count: usize,
    },
}

/// Writes `dump` with the memory contents that it holds. [`crate::read`] gives it back equal, save
/// that a run of more than 1 GiB comes back in pieces, and that of more than 90,000 runs those
/// nearest to each other come back as one.
///
/// # Errors
///
/// When `out` fails, or when the dump contradicts itself; in that case nothing was written.
pub fn write(dump: &CoreDump, out: &mut dyn Write) -> Result<(), WriteError> {
    write_streaming(dump, &mut Owned(dump), out)
}

/// Writes `dump`, but with memory contents from `source` in place of [`crate::Contents::runs`].
///
/// The bytes go from the source to the output in small pieces; however large the memories are, no
/// second copy of them is made. [`crate::Contents::rest`] of `dump` says what the bytes outside of
/// the source's runs are.
///
/// # Errors
///
/// When `source` or `out` fails, or when the dump contradicts itself; in that case nothing was
/// written.
pub fn write_streaming(
    dump: &CoreDump,
    source: &mut dyn MemorySource,
    out: &mut dyn Write,
) -> Result<(), WriteError> {
    check::well_formed(dump)?;
    let segments = segments::plan(dump, source)?;
    let extra = extra_sections(dump)?;

    let mut head = b"\0asm\x01\0\0\0".to_vec();
    core(&mut head, dump)?;
    modules(&mut head, dump)?;
    instances(&mut head, dump)?;
    stacks(&mut head, dump)?;
    memories(&mut head, dump);
    global_section(&mut head, dump);
    out.write_all(&head)?;
    data(dump, &segments, ROOM, source, out)?;
    out.write_all(&extra)?;
    Ok(())
}

fn core(out: &mut Vec<u8>, dump: &CoreDump) -> Result<(), WriteError> {
    let mut payload = vec![0];
    encode::name(&mut payload, &dump.executable);
    encode::custom(out, "core", &payload)
}

fn modules(out: &mut Vec<u8>, dump: &CoreDump) -> Result<(), WriteError> {
    let mut section = CoreDumpModulesSection::new();
    for module in &dump.modules {
        section.module(&module.name);
    }
    let section = section.as_custom();
    encode::custom(out, &section.name, &section.data)
}

fn instances(out: &mut Vec<u8>, dump: &CoreDump) -> Result<(), WriteError> {
    let mut section = CoreDumpInstancesSection::new();
    for instance in &dump.instances {
        let memories: Vec<u32> = instance
            .memories
            .iter()
            .map(|memory| memory.map_or(ABSENT, |memory| memory.0))
            .collect();
        let globals: Vec<u32> = instance
            .globals
            .iter()
            .map(|global| global.map_or(ABSENT, |global| global.0))
            .collect();
        section.instance(instance.module.0, memories, globals);
    }
    let section = section.as_custom();
    encode::custom(out, &section.name, &section.data)
}

fn stacks(out: &mut Vec<u8>, dump: &CoreDump) -> Result<(), WriteError> {
    let values = |slots: &[Slot]| -> Vec<CoreDumpValue> {
        slots
            .iter()
            .map(|slot| ours::standard(slot).unwrap_or(CoreDumpValue::Missing))
            .collect()
    };
    for thread in &dump.threads {
        let mut section = CoreDumpStackSection::new(&thread.name);
        for frame in &thread.frames {
            section.frame(
                frame.instance.0,
                frame.func.0,
                frame.codeoffset,
                values(&frame.locals),
                values(&frame.stack),
            );
        }
        let section = section.as_custom();
        encode::custom(out, &section.name, &section.data)?;
    }
    Ok(())
}

fn memories(out: &mut Vec<u8>, dump: &CoreDump) {
    let mut section = MemorySection::new();
    for memory in &dump.memories {
        let shape = memory.shape;
        section.memory(MemoryType {
            minimum: shape.pages,
            // A shared memory must have a limit (threads proposal, "Limits").
            maximum: shape.maximum.or(shape.shared.then_some(shape.pages)),
            memory64: shape.memory64,
            shared: shape.shared,
            page_size_log2: (shape.page_size_log2 != 16).then_some(shape.page_size_log2),
        });
    }
    if !section.is_empty() {
        section.append_to(out);
    }
}

fn global_section(out: &mut Vec<u8>, dump: &CoreDump) {
    let mut section = GlobalSection::new();
    for global in &dump.globals {
        let initialiser = globals::initialiser(global);
        let ty = GlobalType {
            val_type: initialiser.ty,
            // `Coredump.md`, "Globals": "captured … as constant, non-mutable globals".
            mutable: false,
            shared: false,
        };
        section.global(ty, &initialiser.expression);
    }
    if !section.is_empty() {
        section.append_to(out);
    }
}

/// Our own sections, framed.
fn extra_sections(dump: &CoreDump) -> Result<Vec<u8>, WriteError> {
    let mut out = Vec::new();
    for (name, payload) in ours::encode(dump) {
        encode::custom(&mut out, name, &payload)?;
    }
    Ok(out)
}

/// How many bytes of segments a section takes: its size is a `u32`, and its name, its version and
/// the number of segments need some of it.
const ROOM: u64 = u32::MAX as u64 - 32;

/// The data section and, for what does not fit into it, sections of our own with the same contents.
fn data(
    dump: &CoreDump,
    segments: &[Segment],
    room: u64,
    source: &mut dyn MemorySource,
    out: &mut dyn Write,
) -> Result<(), WriteError> {
    let headers: Vec<Vec<u8>> = segments.iter().map(|s| segment_header(dump, s)).collect();
    let size = |(segment, header): (&Segment, &Vec<u8>)| {
        header.len() as u64 + (segment.range.end - segment.range.start)
    };
    let mut done = 0;
    while let (Some(segments @ [_, ..]), Some(headers)) =
        (segments.get(done..), headers.get(done..))
    {
        let sizes = || segments.iter().zip(headers).map(size);
        let count = segments::fitting(sizes(), room).max(1);
        let mut payload = Vec::new();
        if done > 0 {
            encode::name(&mut payload, ours::DATA);
            payload.push(ours::VERSION);
        }
        (count as u64).encode(&mut payload);
        let total = payload.len() as u64 + sizes().take(count).sum::<u64>();
        let id = if done > 0 {
            SectionId::Custom
        } else {
            SectionId::Data
        };
        let mut start = Vec::new();
        encode::section_header(&mut start, id.into(), total)?;
        out.write_all(&start)?;
        out.write_all(&payload)?;
        for (segment, header) in segments.iter().zip(headers).take(count) {
            out.write_all(header)?;
            contents(segment, source, out)?;
        }
        done += count;
    }
    Ok(())
}

/// A segment up to its bytes: memory, address, length.
fn segment_header(dump: &CoreDump, segment: &Segment) -> Vec<u8> {
    let mut out = Vec::new();
    match segment.memory.0 {
        0 => out.push(0),
        memory => {
            out.push(2);
            memory.encode(&mut out);
        }
    }
    let memory64 = dump
        .memories
        .get(segment.memory.position())
        .is_some_and(|memory| memory.shape.memory64);
    let address = segment.range.start;
    if memory64 {
        out.push(0x42); // i64.const
        address.cast_signed().encode(&mut out);
    } else {
        out.push(0x41); // i32.const, whose operand is signed: addresses from 2 GiB wrap
        (address as u32).cast_signed().encode(&mut out);
    }
    out.push(0x0b); // end
    (segment.range.end - segment.range.start).encode(&mut out);
    out
}

fn contents(
    segment: &Segment,
    source: &mut dyn MemorySource,
    out: &mut dyn Write,
) -> Result<(), WriteError> {
    let mut address = segment.range.start;
    let mut buffer = vec![0; PIECE.min(segment.range.end - address) as usize];
    while address < segment.range.end {
        let left = segment.range.end - address;
        if left < buffer.len() as u64 {
            buffer.truncate(left as usize);
        }
        source.read(segment.memory, address, &mut buffer)?;
        out.write_all(&buffer)?;
        address += buffer.len() as u64;
    }
    Ok(())
}

/// A dump as the source of its own memory contents.
struct Owned<'a>(&'a CoreDump);

impl MemorySource for Owned<'_> {
    fn runs(&mut self, memory: MemoryId) -> io::Result<Vec<Range<u64>>> {
        let runs = self.0.memories.get(memory.position());
        let runs = runs.into_iter().flat_map(|memory| &memory.contents.runs);
        Ok(runs.map(crate::Run::range).collect())
    }

    fn read(&mut self, memory: MemoryId, address: u64, buffer: &mut [u8]) -> io::Result<()> {
        buffer.fill(0);
        if let Some(memory) = self.0.memories.get(memory.position()) {
            memory.contents.copy(address, buffer);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::{Contents, Memory, MemoryShape, Rest, Run};

    #[test]
    fn what_does_not_fit_the_data_section_goes_into_sections_of_ours() {
        let run = |address: u64, length: usize| Run {
            address,
            bytes: Bytes::from(vec![address as u8; length]),
        };
        let shape = MemoryShape {
            memory64: false,
            shared: false,
            page_size_log2: 16,
            pages: 1,
            maximum: None,
        };
        let memory = |runs| Memory {
            shape,
            contents: Contents {
                runs,
                rest: Rest::Zero,
            },
        };
        let dump = CoreDump {
            memories: vec![
                memory(vec![run(1, 30), run(100, 60), run(200, 10), run(300, 90)]),
                memory(vec![run(7, 50)]),
            ],
            ..CoreDump::default()
        };
        let mut source = Owned(&dump);
        let segments = segments::plan(&dump, &mut source).unwrap();
        let mut whole = Vec::new();
        write(&dump, &mut whole).unwrap();
        let mut split = Vec::new();
        data(&dump, &segments, 100, &mut source, &mut split).unwrap();

        // The same file, with the one data section replaced by those of at most 100 bytes.
        let mut one = Vec::new();
        data(&dump, &segments, ROOM, &mut source, &mut one).unwrap();
        let at = whole
            .windows(one.len())
            .position(|window| window == one)
            .unwrap();
        whole.splice(at..at + one.len(), split.iter().copied());
        let names = |name: &[u8]| split.windows(name.len()).filter(|w| *w == name).count();
        assert_eq!(names(ours::DATA.as_bytes()), 3);

        let reading = crate::read(Bytes::from(whole.clone())).unwrap();
        assert_eq!(reading.notes, []);
        assert_eq!(reading.dump, dump);
        assert_eq!(crate::validate(&Bytes::from(whole), &[]), []);
    }
}
