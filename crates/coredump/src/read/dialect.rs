//! Whose way of writing a dump it is, seen from the order of its sections and the layout of its
//! frames.

use std::fmt;

use super::Notes;
use super::container::{Kind, Section};
use super::memory::Segment;
use super::stack::{Head, Layout};
use crate::{
    Base, Capture, Contents, CoreDump, Memory, MemoryCapture, MemoryShape, Missing, Rest, Slot,
    Value, ValueCapture,
};

/// Whose way of writing dumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Ours: the standard and our own sections.
    Wdb,
    /// The standard, from an unknown producer.
    Standard,
    /// wasmtime since version 14: the standard, with memories and globals but without locals.
    Wasmtime,
    /// wasmer: frames only.
    Wasmer,
    /// WasmEdge since 2026-08: the standard, but offsets count from the first instruction.
    WasmEdge,
    /// WasmEdge before: no instances, four bytes of each value, the offset of each frame that of
    /// the call that made it, module offsets, no memory.
    OldWasmEdge,
    /// wasm-coredump-rewriter 0.2.2: an image of the memory whose first bytes became the dump.
    Rewriter,
    /// wasm-coredump-rewriter before: the same without instances, and offsets count from the code
    /// section.
    OldRewriter,
    /// The standard of spring 2023, without instances: the first wasmtime and others.
    Early,
    /// Drafts of early 2023: frames have no function.
    Draft,
}

impl Dialect {
    /// What `codeoffset` counts from.
    pub(crate) fn base(self) -> Base {
        match self {
            Dialect::Wdb
            | Dialect::Standard
            | Dialect::Wasmtime
            | Dialect::Wasmer
            | Dialect::Early => Base::Body,
            Dialect::WasmEdge | Dialect::Rewriter => Base::FirstInstruction,
            Dialect::OldRewriter | Dialect::Draft => Base::CodeSection,
            Dialect::OldWasmEdge => Base::Module,
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dialect::Wdb => "wdb",
            Dialect::Standard => "the standard",
            Dialect::Wasmtime => "wasmtime",
            Dialect::Wasmer => "wasmer",
            Dialect::WasmEdge => "WasmEdge",
            Dialect::OldWasmEdge => "WasmEdge before 2026-08",
            Dialect::Rewriter => "wasm-coredump-rewriter 0.2.2",
            Dialect::OldRewriter => "wasm-coredump-rewriter before 0.2.2",
            Dialect::Early => "the standard of spring 2023",
            Dialect::Draft => "a draft of early 2023",
        })
    }
}

/// A first guess from the sections, and the layouts that it implies, likely ones first.
pub(super) fn guess(
    file: &[u8],
    sections: &[Section],
    image: bool,
) -> (Dialect, &'static [Layout]) {
    use Kind::{Core, Data, Global, Instances, Memory, Modules, Stack};
    let mut order: Vec<Kind> = sections.iter().map(|section| section.kind).collect();
    order.retain(|kind| *kind != Kind::Program);
    order.dedup();
    if order.iter().any(|kind| matches!(kind, Kind::Ours(_))) {
        return (Dialect::Wdb, &[Layout::STANDARD]);
    }
    if image {
        return (
            Dialect::Rewriter,
            &[Layout::WASMGDB, Layout::OLD_WASMGDB, Layout::WORDS],
        );
    }
    let payload = |kind| {
        let section = sections.iter().find(|section| section.kind == kind)?;
        file.get(section.payload.clone())
    };
    // An empty list of instances beside one module.
    let lone_module = matches!(payload(Modules), Some([1, 0, ..]));
    if payload(Instances) == Some(&[0]) && lone_module && !order.contains(&Data) {
        return (
            Dialect::OldWasmEdge,
            &[Layout::OLD_WASMEDGE, Layout::OLD_WASMEDGE_FOR_WASMGDB],
        );
    }
    match order.as_slice() {
        [Core, Memory, Global, Data, Modules, Instances, Stack] => {
            (Dialect::Wasmtime, &[Layout::STANDARD])
        }
        [Memory | Global | Data, .., Core, Modules, Instances, Stack] => {
            (Dialect::WasmEdge, &[Layout::STANDARD, Layout::WASMGDB])
        }
        // One memory of no pages.
        [Core, Stack, Memory, Data] if payload(Memory) == Some(&[1, 0, 0]) => {
            (Dialect::Wasmer, &[Layout::STANDARD, Layout::EARLY])
        }
        _ => (Dialect::Standard, &[]),
    }
}

/// The dialect, once the layout of its frames is known.
pub(super) fn decide(guess: Dialect, layout: Layout, notes: &mut Notes) -> Dialect {
    match (guess, layout.head) {
        (_, Head::Offset | Head::Words) => Dialect::Draft,
        (Dialect::Rewriter, Head::Function) => Dialect::OldRewriter,
        (Dialect::Wdb | Dialect::Wasmer | Dialect::OldWasmEdge, _) => guess,
        (_, Head::Function) => Dialect::Early,
        (Dialect::Standard, Head::Instance) if layout != Layout::STANDARD => {
            notes.push(
                None,
                "its frames are laid out as wasmgdb reads them, not as the standard has it",
            );
            guess
        }
        (_, Head::Instance) => guess,
    }
}

/// Brings what a dialect says in its own way into the model, with a note for every assumption.
pub(super) fn interpret(dialect: Dialect, dump: &mut CoreDump, notes: &mut Notes) {
    let frames = dump.threads.iter().any(|thread| !thread.frames.is_empty());
    match dialect {
        Dialect::Wdb | Dialect::Standard => {}
        Dialect::Early => notes.push(
            None,
            "took it as of spring 2023, when frames named no instance",
        ),
        Dialect::Wasmtime => wasmtime(dump, notes),
        Dialect::Wasmer => {
            notes.push(None, "took it as wasmer's, which records frames only");
            dump.capture = Capture {
                values: ValueCapture::Light,
                memory: MemoryCapture::None,
            };
            // One of no pages, whatever the program has.
            dump.memories.clear();
        }
        Dialect::WasmEdge => {
            notes.push(
                None,
                "took it as WasmEdge's, whose offsets count from the first \
                instruction, and which leaves zeros out",
            );
            rest(dump, &Rest::Zero);
            dump.capture.memory = MemoryCapture::Full;
            unknown_references(dump);
        }
        Dialect::OldWasmEdge => {
            notes.push(
                None,
                "took it as WasmEdge's before 2026-08, which records no memory, no \
                globals, and the low 4 bytes of each value; the offset of the innermost frame is \
                unknown",
            );
            rest(dump, &Rest::ZeroIn(Vec::new()));
            dump.capture.memory = MemoryCapture::None;
            callers_offsets(dump);
        }
        Dialect::Rewriter | Dialect::OldRewriter => {
            notes.push(
                None,
                "took it as wasm-coredump-rewriter's: an image of the memory, of \
                which the dump overwrote the start; the arguments of callers are lost",
            );
            rest(dump, &Rest::ZeroIn(Vec::new()));
            fillers(dump);
        }
        Dialect::Draft => {
            if frames {
                notes.push(
                    None,
                    "took it as a draft of early 2023, whose frames name no \
                    function; it was found in the module by the offset",
                );
            }
        }
    }
}

fn rest(dump: &mut CoreDump, rest: &Rest) {
    for memory in &mut dump.memories {
        memory.contents.rest = rest.clone();
    }
}

fn wasmtime(dump: &mut CoreDump, notes: &mut Notes) {
    rest(dump, &Rest::Zero);
    dump.capture.memory = MemoryCapture::Full;
    let frames = || dump.threads.iter().flat_map(|thread| &thread.frames);
    if frames().all(|frame| frame.locals.is_empty() && frame.stack.is_empty()) {
        dump.capture.values = ValueCapture::Light;
    }
    let mut modules: Vec<_> = dump
        .instances
        .iter()
        .map(|instance| instance.module)
        .collect();
    modules.sort_unstable();
    if modules.windows(2).any(|pair| pair.first() == pair.last()) {
        notes.push(
            None,
            "a module has several instances; wasmtime names the last one in every \
            frame, whichever it was",
        );
    }
    unknown_references(dump);
}

/// References are written as null whatever they are.
fn unknown_references(dump: &mut CoreDump) {
    for global in &mut dump.globals {
        if matches!(global.known(), Some(Value::Ref(_))) {
            global.value = Slot::Missing(Missing::NotRecorded);
        }
    }
}

/// Gives each frame the offset that its callee has: old WasmEdge writes with a function where it
/// was called from.
fn callers_offsets(dump: &mut CoreDump) {
    for thread in &mut dump.threads {
        let mut offset = 0;
        for frame in &mut thread.frames {
            std::mem::swap(&mut frame.codeoffset, &mut offset);
        }
    }
}

/// Unmasks the arguments of callers: the rewriter writes 669, 670, … in their place.
fn fillers(dump: &mut CoreDump) {
    for thread in &mut dump.threads {
        for frame in thread.frames.iter_mut().skip(1) {
            for (slot, filler) in frame.locals.iter_mut().zip(669..) {
                if *slot != Slot::Known(Value::I32(filler)) {
                    break;
                }
                *slot = Slot::Missing(Missing::Filler);
            }
        }
    }
}

/// Where the data of a memory image starts, if the file is one: it begins with its stack, and the
/// address of its data is about the data's offset in the file. That offset is the address: the
/// sizes and addresses that the rewriter writes are off by a few bytes.
pub(super) fn image_start(file: &[u8], sections: &[Section]) -> Option<usize> {
    if sections.first()?.kind != Kind::Stack {
        return None;
    }
    let data = sections.iter().find(|section| section.kind == Kind::Data)?;
    let mut reader = crate::decode::at(file, data.payload.clone());
    if reader.read_var_u32().ok()? != 1 {
        return None;
    }
    let declared = match reader.read_var_u32().ok()? {
        0 => match super::memory::constant(&mut reader).ok()?.value()? {
            Value::I32(address) => Some(address.cast_unsigned() as usize),
            _ => return None,
        },
        // Passive in the very first versions.
        1 => None,
        _ => return None,
    };
    reader.read_var_u32().ok()?;
    let start = reader.original_position();
    declared
        .is_none_or(|declared| declared.abs_diff(start) <= 8)
        .then_some(start)
}

/// The one memory of an image and its one segment, whatever the sections say of its size.
pub(super) fn image(file: &[u8], start: usize, dump: &mut CoreDump, notes: &mut Notes) -> Segment {
    const PAGE: u64 = 65536;
    // Written as "no pages, at most those that there are"; not at all before 2023-02.
    let there = (file.len() as u64).div_ceil(PAGE);
    let declared = dump
        .memories
        .first()
        .and_then(|memory| memory.shape.maximum);
    let pages = declared.filter(|pages| *pages <= PAGE).unwrap_or(there);
    if pages > there {
        notes.push(
            file.len() as u64,
            format_args!(
                "the memory image is cut off: {} of {} bytes are there",
                file.len(),
                pages.saturating_mul(PAGE)
            ),
        );
    }
    dump.memories = vec![Memory {
        shape: MemoryShape {
            memory64: false,
            shared: false,
            page_size_log2: 16,
            pages,
            maximum: None,
        },
        contents: Contents::default(),
    }];
    Segment {
        memory: 0,
        address: start as u64,
        bytes: start..file.len().min((pages * PAGE) as usize).max(start),
    }
}
