//! A core dump as a tree, and bytes of its memories.

use std::io::Write;
use std::ops::Range;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use wdb_coredump::{Base, CoreDump, Frame, MemoryId, Missing, Reading, Rest, Slot, Table, Thread};
use wdb_debuggee::identity::hex;
use wdb_examine::value;

pub(crate) fn tree(reading: &Reading) -> Value {
    let dump = &reading.dump;
    let mut room = FRAMES;
    json!({
        "kind": "core dump",
        "dialect": reading.dialect.to_string(),
        "codeoffset_base": base(reading.base),
        "notes": reading.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "executable": dump.executable,
        "arguments": dump.process.arguments,
        "pid": dump.process.pid,
        "time": dump.process.time,
        "producers": dump
            .process
            .producers
            .iter()
            .map(|it| format!("{} {}", it.name, it.version))
            .collect::<Vec<_>>(),
        "capture": json!({
            "values": format!("{:?}", dump.capture.values).to_lowercase(),
            "memory": format!("{:?}", dump.capture.memory).to_lowercase(),
        }),
        "crash": dump.crash.as_ref().map(|crash| json!({
            "kind": format!("{:?}", crash.kind).to_lowercase(),
            "code": crash.code,
            "message": crash.message,
            "causes": crash.causes,
            "thread": crash.thread,
            "payload": crash
                .exception
                .as_ref()
                .map(|exception| exception.payload.iter().map(slot).collect::<Vec<_>>()),
        })),
        "modules": dump.modules.iter().map(|module| json!({
            "name": module.name,
            "path": module.path,
            "sha256": module.sha256.map(|hash| hex(&hash)),
            "build_id": module.build_id.as_deref().map(hex),
            "file_offset": format!("{:#x}", module.file_offset),
        })).collect::<Vec<_>>(),
        "instances": dump.instances.iter().map(|instance| json!({
            "module": instance.module.0,
            "memories": instance.memories.iter().map(|it| it.map(|id| id.0)).collect::<Vec<_>>(),
            "globals": instance.globals.iter().map(|it| it.map(|id| id.0)).collect::<Vec<_>>(),
            "tables": instance.tables.iter().map(|it| it.map(|id| id.0)).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "memories": (0..dump.memories.len()).map(|i| memory_tree(dump, i)).collect::<Vec<_>>(),
        "globals": dump.globals.iter().map(|global| json!({
            "type": global.ty,
            "mutable": global.mutable,
            "value": slot(&global.value),
        })).collect::<Vec<_>>(),
        "tables": dump.tables.iter().map(table).collect::<Vec<_>>(),
        "threads": dump.threads.iter().map(|it| thread(it, &mut room)).collect::<Vec<_>>(),
    })
}

fn base(base: Base) -> &'static str {
    match base {
        Base::Body => "function body, with its local declarations",
        Base::FirstInstruction => "first instruction of the function",
        Base::CodeSection => "code section",
        Base::Module => "module file",
    }
}

fn memory_tree(dump: &CoreDump, index: usize) -> Value {
    let memory = &dump.memories[index];
    let runs = &memory.contents.runs;
    let recorded: usize = runs.iter().map(|run| run.bytes.len()).sum();
    let shown = runs.iter().take(RUNS).map(|run| {
        let end = run.address.saturating_add(run.bytes.len() as u64);
        format!("{:#x}..{end:#x}", run.address)
    });
    json!({
        "pages": memory.shape.pages,
        "maximum": memory.shape.maximum,
        "page_size": 1u64.checked_shl(memory.shape.page_size_log2),
        "memory64": memory.shape.memory64,
        "shared": memory.shape.shared,
        "recorded": recorded,
        "rest": match &memory.contents.rest {
            Rest::Unstated => "zero or absent: the producer does not say".to_owned(),
            Rest::Zero => "zero".to_owned(),
            Rest::ZeroIn(ranges) => {
                let ranges: Vec<String> = ranges
                    .iter()
                    .take(RUNS)
                    .map(|range| format!("{:#x}..{:#x}", range.start, range.end))
                    .collect();
                format!("zero in [{}], absent elsewhere", ranges.join(", "))
            }
        },
        "run_count": runs.len(),
        "runs": shown.collect::<Vec<_>>(),
    })
}

/// How many runs of a memory are listed.
const RUNS: usize = 64;

fn table(table: &Table) -> Value {
    json!({
        "element": table.element,
        "size": table.size,
        "maximum": table.maximum,
        "table64": table.table64,
        "elements": table
            .elements
            .iter()
            .map(|(index, element)| {
                let element = wdb_coredump::Value::Ref(element.clone());
                format!("[{index}] {}", value::text(&element))
            })
            .collect::<Vec<_>>(),
    })
}

/// `room`: how many frames may still be listed.
fn thread(thread: &Thread, room: &mut usize) -> Value {
    let shown = thread.frames.len().min(*room);
    *room -= shown;
    let left_out = thread.frames.len() - shown;
    json!({
        "name": thread.name,
        "host_frames": thread
            .host_frames
            .iter()
            .take(FRAMES)
            .map(|host| json!({ "called_by_frame": host.before, "name": host.name }))
            .collect::<Vec<_>>(),
        "frames": thread.frames.iter().take(shown).map(frame).collect::<Vec<_>>(),
        "older_frames_left_out": (left_out > 0).then_some(left_out),
    })
}

/// How many frames are listed: each takes two kilobytes until it is printed. `wdb report --json` has all.
const FRAMES: usize = 50_000;

fn frame(frame: &Frame) -> Value {
    json!({
        "instance": frame.instance.0,
        "func": frame.func.0,
        "codeoffset": format!("{:#x}", frame.codeoffset),
        "locals": frame.locals.iter().map(slot).collect::<Vec<_>>(),
        "stack": frame.stack.iter().map(slot).collect::<Vec<_>>(),
    })
}

fn slot(slot: &Slot) -> String {
    match slot {
        Slot::Known(value) => typed(value),
        Slot::Inferred(value, _) => format!("{} (low 32 bits)", typed(value)),
        Slot::Missing(Missing::NotRecorded) => "missing".into(),
        Slot::Missing(Missing::Filler) => "missing (filler)".into(),
        Slot::Missing(Missing::Damaged) => "missing (damaged)".into(),
    }
}

fn typed(value: &wdb_coredump::Value) -> String {
    format!("{} {}", value::type_name(value), value::text(value))
}

/// Bytes to show.
#[derive(Clone, Debug)]
pub(crate) struct MemoryRange {
    memory: MemoryId,
    range: Range<u64>,
}

/// `[ID:]START..END`, decimal or hexadecimal.
pub(crate) fn range(text: &str) -> Result<MemoryRange, String> {
    let number = |text: &str| match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    };
    let (memory, addresses) = text.split_once(':').unwrap_or(("0", text));
    let parsed = addresses.split_once("..").and_then(|(start, end)| {
        let memory = u32::try_from(number(memory)?).ok()?;
        Some((MemoryId(memory), number(start)?..number(end)?))
    });
    match parsed {
        Some((memory, range)) if range.start < range.end => Ok(MemoryRange { memory, range }),
        _ => Err("use START..END or ID:START..END, like 0x1000..0x1040".into()),
    }
}

/// A hex dump, 16 bytes a line; `??` is a byte that the dump does not hold.
pub(crate) fn memory(
    dump: &CoreDump,
    wanted: &MemoryRange,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let id = wanted.memory;
    let memory = dump.memories.get(id.position()).with_context(|| {
        format!(
            "there is no memory {}: the dump has {}",
            id.0,
            dump.memories.len()
        )
    })?;
    let size = memory.shape.len();
    ensure!(
        wanted.range.end <= size,
        "memory {} ends at {size:#x}",
        id.0
    );
    let mut address = wanted.range.start & !15;
    while address < wanted.range.end {
        let mut hex = String::new();
        let mut text = String::new();
        for column in 0..16 {
            let at = address + column;
            if column == 8 {
                hex.push(' ');
            }
            if !wanted.range.contains(&at) {
                hex.push_str("   ");
                text.push(' ');
                continue;
            }
            match byte(&memory.contents, at) {
                Some(byte) => {
                    hex.push_str(&format!("{byte:02x} "));
                    let shown = byte.is_ascii_graphic() || byte == b' ';
                    text.push(if shown { byte.into() } else { '.' });
                }
                None => {
                    hex.push_str("?? ");
                    text.push('?');
                }
            }
        }
        writeln!(out, "{address:08x}  {hex} |{text}|")?;
        address += 16;
    }
    Ok(())
}

/// A byte, if the dump holds it or says that it is zero.
fn byte(contents: &wdb_coredump::Contents, address: u64) -> Option<u8> {
    let next = contents.runs.partition_point(|run| run.address <= address);
    let run = contents.runs[..next].last();
    let recorded = run.and_then(|run| {
        let at = usize::try_from(address - run.address).ok()?;
        run.bytes.get(at).copied()
    });
    recorded.or_else(|| match &contents.rest {
        Rest::Zero => Some(0),
        Rest::ZeroIn(ranges) => {
            let next = ranges.partition_point(|range| range.start <= address);
            let before = ranges[..next].last();
            before.filter(|range| range.contains(&address)).map(|_| 0)
        }
        Rest::Unstated => None,
    })
}
