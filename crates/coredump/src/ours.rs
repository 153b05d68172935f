//! Our own custom sections: what the standard has no place for.
//!
//! One section for one idea, its encoder beside its decoder. The layout of each, byte by byte, is
//! documented in `docs/formats/coredump.md`. Each begins with a version; a reader skips a version
//! that it does not know and ignores bytes after the fields that it does.

use std::ops::Range;

use wasm_encoder::Encode;
use wasmparser::BinaryReader;
use wdb_module::TagIndex;

use crate::decode::{self, Result};
use crate::encode::{self, ABSENT};
use crate::globals;
use crate::{
    Capture, CoreDump, Crash, CrashKind, Exception, HostFrame, InstanceId, MemoryCapture, Process,
    Producer, Rest, Slot, Table, TableId, Thread, ValueCapture,
};

/// The version that every section of ours has now.
pub(crate) const VERSION: u8 = 1;

/// What the names of our sections begin with.
pub(crate) const PREFIX: &str = "wdb.";

pub(crate) const PROCESS: &str = "wdb.process";
pub(crate) const CRASH: &str = "wdb.crash";
pub(crate) const CAPTURE: &str = "wdb.capture";
pub(crate) const MODULES: &str = "wdb.modules";
pub(crate) const HOST_FRAMES: &str = "wdb.hostframes";
pub(crate) const VALUES: &str = "wdb.values";
pub(crate) const GLOBALS: &str = "wdb.globals";
pub(crate) const MEMORIES: &str = "wdb.memories";
pub(crate) const TABLES: &str = "wdb.tables";
/// Data segments for which the data section has no room: its size is a `u32`.
pub(crate) const DATA: &str = "wdb.data";

/// The names of all our sections.
pub(crate) const ALL: [&str; 10] = [
    PROCESS,
    CRASH,
    CAPTURE,
    MODULES,
    HOST_FRAMES,
    VALUES,
    GLOBALS,
    MEMORIES,
    TABLES,
    DATA,
];

/// All sections but [`DATA`], with their payloads.
pub(crate) fn encode(dump: &CoreDump) -> Vec<(&'static str, Vec<u8>)> {
    let mut sections = Vec::new();
    let mut add = |name, fill: &dyn Fn(&mut Vec<u8>)| {
        let mut payload = vec![VERSION];
        fill(&mut payload);
        sections.push((name, payload));
    };
    add(PROCESS, &|out| process(out, &dump.process));
    if let Some(crash) = &dump.crash {
        add(CRASH, &|out| self::crash(out, crash));
    }
    add(CAPTURE, &|out| capture(out, dump.capture));
    add(MODULES, &|out| modules(out, dump));
    add(HOST_FRAMES, &|out| host_frames(out, &dump.threads));
    add(VALUES, &|out| values(out, &dump.threads));
    add(GLOBALS, &|out| global_facts(out, dump));
    add(MEMORIES, &|out| memories(out, dump));
    add(TABLES, &|out| tables(out, dump));
    sections
}

fn process(out: &mut Vec<u8>, process: &Process) {
    encode::vec(out, &process.arguments, |out, argument| {
        encode::name(out, argument)
    });
    encode::option(out, process.pid, |out, pid| pid.encode(out));
    encode::option(out, process.time, |out, time| time.encode(out));
    encode::vec(out, &process.producers, |out, producer| {
        encode::name(out, &producer.name);
        encode::name(out, &producer.version);
    });
}

pub(crate) fn read_process(reader: &mut BinaryReader<'_>) -> Result<Process> {
    Ok(Process {
        arguments: decode::vec(reader, decode::name)?,
        pid: decode::option(reader, |r| Ok(r.read_var_u32()?))?,
        time: decode::option(reader, |r| Ok(r.read_var_u64()?))?,
        producers: decode::vec(reader, |r| {
            Ok(Producer {
                name: decode::name(r)?,
                version: decode::name(r)?,
            })
        })?,
    })
}

fn crash(out: &mut Vec<u8>, crash: &Crash) {
    crash.thread.encode(out);
    out.push(match crash.kind {
        CrashKind::Other => 0,
        CrashKind::Trap => 1,
        CrashKind::Exception => 2,
        CrashKind::HostError => 3,
        CrashKind::Limit => 4,
        CrashKind::Interrupt => 5,
        CrashKind::Requested => 6,
    });
    encode::name(out, &crash.code);
    encode::name(out, &crash.message);
    encode::vec(out, &crash.causes, |out, cause| encode::name(out, cause));
    encode::option(out, crash.exception.as_ref(), |out, exception| {
        encode::option(out, exception.tag, |out, (instance, tag)| {
            instance.0.encode(out);
            tag.0.encode(out);
        });
        encode::vec(out, &exception.payload, encode::slot);
    });
}

pub(crate) fn read_crash(reader: &mut BinaryReader<'_>) -> Result<Crash> {
    Ok(Crash {
        thread: reader.read_var_u32()?,
        kind: match reader.read_u8()? {
            1 => CrashKind::Trap,
            2 => CrashKind::Exception,
            3 => CrashKind::HostError,
            4 => CrashKind::Limit,
            5 => CrashKind::Interrupt,
            6 => CrashKind::Requested,
            _ => CrashKind::Other,
        },
        code: decode::name(reader)?,
        message: decode::name(reader)?,
        causes: decode::vec(reader, decode::name)?,
        exception: decode::option(reader, |r| {
            Ok(Exception {
                tag: decode::option(r, |r| {
                    Ok((InstanceId(r.read_var_u32()?), TagIndex(r.read_var_u32()?)))
                })?,
                payload: decode::vec(r, decode::slot)?,
            })
        })?,
    })
}

fn capture(out: &mut Vec<u8>, capture: Capture) {
    out.push(match capture.values {
        ValueCapture::Unstated => 0,
        ValueCapture::Full => 1,
        ValueCapture::Light => 2,
    });
    out.push(match capture.memory {
        MemoryCapture::Unstated => 0,
        MemoryCapture::Full => 1,
        MemoryCapture::Stack => 2,
        MemoryCapture::None => 3,
    });
}

pub(crate) fn read_capture(reader: &mut BinaryReader<'_>) -> Result<Capture> {
    Ok(Capture {
        values: match reader.read_u8()? {
            1 => ValueCapture::Full,
            2 => ValueCapture::Light,
            _ => ValueCapture::Unstated,
        },
        memory: match reader.read_u8()? {
            1 => MemoryCapture::Full,
            2 => MemoryCapture::Stack,
            3 => MemoryCapture::None,
            _ => MemoryCapture::Unstated,
        },
    })
}

/// What [`MODULES`] adds to a module's name.
pub(crate) struct Identity {
    pub(crate) path: Option<String>,
    pub(crate) sha256: Option<[u8; 32]>,
    pub(crate) build_id: Option<Vec<u8>>,
    pub(crate) file_offset: u64,
}

fn modules(out: &mut Vec<u8>, dump: &CoreDump) {
    encode::vec(out, &dump.modules, |out, module| {
        encode::option(out, module.path.as_deref(), encode::name);
        encode::option(out, module.sha256, |out, hash| out.extend_from_slice(&hash));
        encode::option(out, module.build_id.as_deref(), encode::bytes);
        module.file_offset.encode(out);
    });
}

pub(crate) fn read_modules(reader: &mut BinaryReader<'_>) -> Result<Vec<Identity>> {
    decode::vec(reader, |r| {
        Ok(Identity {
            path: decode::option(r, decode::name)?,
            sha256: decode::option(r, |r| {
                let mut hash = [0; 32];
                hash.copy_from_slice(r.read_bytes(32)?);
                Ok(hash)
            })?,
            build_id: decode::option(r, |r| Ok(decode::bytes(r)?.to_vec()))?,
            file_offset: r.read_var_u64()?,
        })
    })
}

fn host_frames(out: &mut Vec<u8>, threads: &[Thread]) {
    encode::vec(out, threads, |out, thread| {
        encode::vec(out, &thread.host_frames, |out, frame| {
            frame.before.encode(out);
            encode::name(out, &frame.name);
        });
    });
}

pub(crate) fn read_host_frames(reader: &mut BinaryReader<'_>) -> Result<Vec<Vec<HostFrame>>> {
    decode::vec(reader, |r| {
        decode::vec(r, |r| {
            Ok(HostFrame {
                before: r.read_var_u32()?,
                name: decode::name(r)?,
            })
        })
    })
}

/// Where a value is that `corestack` could only mark as missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Local,
    Stack,
}

/// A value that `corestack` could only mark as missing.
pub(crate) struct Override {
    pub(crate) frame: u32,
    pub(crate) place: Place,
    pub(crate) index: u32,
    pub(crate) slot: Slot,
}

fn values(out: &mut Vec<u8>, threads: &[Thread]) {
    encode::vec(out, threads, |out, thread| {
        let mut entries = Vec::new();
        let mut count = 0_u64;
        for (position, frame) in thread.frames.iter().enumerate() {
            for (place, slots) in [(0, &frame.locals), (1, &frame.stack)] {
                for (index, slot) in slots.iter().enumerate() {
                    if standard(slot).is_none() {
                        (position as u64).encode(&mut entries);
                        entries.push(place);
                        (index as u64).encode(&mut entries);
                        encode::slot(&mut entries, slot);
                        count += 1;
                    }
                }
            }
        }
        count.encode(out);
        out.append(&mut entries);
    });
}

pub(crate) fn read_values(reader: &mut BinaryReader<'_>) -> Result<Vec<Vec<Override>>> {
    decode::vec(reader, |r| {
        decode::vec(r, |r| {
            Ok(Override {
                frame: r.read_var_u32()?,
                place: match r.read_u8()? {
                    0 => Place::Local,
                    1 => Place::Stack,
                    other => {
                        return decode::error(r, format!("unknown place {other:#04x} of a value"));
                    }
                },
                index: r.read_var_u32()?,
                slot: decode::slot(r)?,
            })
        })
    })
}

/// The slot as `corestack` can say it, if it can.
pub(crate) fn standard(slot: &Slot) -> Option<wasm_encoder::CoreDumpValue> {
    use crate::{Missing, Value};
    use wasm_encoder::CoreDumpValue as V;
    Some(match slot {
        Slot::Known(Value::I32(v)) => V::I32(*v),
        Slot::Known(Value::I64(v)) => V::I64(*v),
        Slot::Known(Value::F32(bits)) => V::F32(wasm_encoder::Ieee32::new(*bits)),
        Slot::Known(Value::F64(bits)) => V::F64(wasm_encoder::Ieee64::new(*bits)),
        Slot::Missing(Missing::NotRecorded) => V::Missing,
        Slot::Known(Value::V128(_) | Value::Ref(_))
        | Slot::Inferred(..)
        | Slot::Missing(Missing::Filler | Missing::Damaged) => return None,
    })
}

/// What [`GLOBALS`] says of a global.
pub(crate) struct GlobalFacts {
    pub(crate) ty: String,
    pub(crate) mutable: bool,
    /// `None`: the initialiser in the global section is the value.
    pub(crate) value: Option<Slot>,
}

fn global_facts(out: &mut Vec<u8>, dump: &CoreDump) {
    encode::vec(out, &dump.globals, |out, global| {
        out.push(u8::from(global.mutable));
        encode::name(out, &global.ty);
        if globals::initialiser(global).exact {
            out.push(0);
        } else {
            encode::slot(out, &global.value);
        }
    });
}

pub(crate) fn read_globals(reader: &mut BinaryReader<'_>) -> Result<Vec<GlobalFacts>> {
    decode::vec(reader, |r| {
        let flags = r.read_u8()?;
        let ty = decode::name(r)?;
        let value = match r.read_u8()? {
            0 => None,
            tag => Some(decode::tagged_slot(r, tag)?),
        };
        Ok(GlobalFacts {
            ty,
            mutable: flags & 1 != 0,
            value,
        })
    })
}

/// What [`MEMORIES`] says of a memory.
pub(crate) struct MemoryFacts {
    /// The limit in the memory section was not declared: the binary format wants one for a shared
    /// memory.
    pub(crate) no_maximum: bool,
    pub(crate) rest: Rest,
}

fn memories(out: &mut Vec<u8>, dump: &CoreDump) {
    encode::vec(out, &dump.memories, |out, memory| {
        out.push(u8::from(memory.shape.maximum.is_none()));
        match &memory.contents.rest {
            Rest::Unstated => out.push(0),
            Rest::Zero => out.push(1),
            Rest::ZeroIn(ranges) => {
                out.push(2);
                encode::vec(out, ranges, |out, range| {
                    range.start.encode(out);
                    range.end.encode(out);
                });
            }
        }
    });
}

pub(crate) fn read_memories(reader: &mut BinaryReader<'_>) -> Result<Vec<MemoryFacts>> {
    decode::vec(reader, |r| {
        let flags = r.read_u8()?;
        let rest = match r.read_u8()? {
            0 => Rest::Unstated,
            1 => Rest::Zero,
            2 => Rest::ZeroIn(decode::vec(r, read_range)?),
            other => return decode::error(r, format!("unknown kind {other:#04x} of gaps")),
        };
        Ok(MemoryFacts {
            no_maximum: flags & 1 != 0,
            rest,
        })
    })
}

fn read_range(reader: &mut BinaryReader<'_>) -> Result<Range<u64>> {
    Ok(reader.read_var_u64()?..reader.read_var_u64()?)
}

fn tables(out: &mut Vec<u8>, dump: &CoreDump) {
    encode::vec(out, &dump.tables, |out, table| {
        encode::name(out, &table.element);
        out.push(u8::from(table.table64));
        encode::option(out, table.maximum, |out, maximum| maximum.encode(out));
        table.size.encode(out);
        encode::vec(out, &table.elements, |out, (index, reference)| {
            index.encode(out);
            encode::reference(out, reference);
        });
    });
    encode::vec(out, &dump.instances, |out, instance| {
        encode::vec(out, &instance.tables, |out, table| {
            table.map_or(ABSENT, |table| table.0).encode(out);
        });
    });
}

/// The tables, and for each instance its tables.
pub(crate) type Tables = (Vec<Table>, Vec<Vec<Option<TableId>>>);

pub(crate) fn read_tables(reader: &mut BinaryReader<'_>) -> Result<Tables> {
    let tables = decode::vec(reader, |r| {
        Ok(Table {
            element: decode::name(r)?,
            table64: r.read_u8()? & 1 != 0,
            maximum: decode::option(r, |r| Ok(r.read_var_u64()?))?,
            size: r.read_var_u64()?,
            elements: decode::vec(r, |r| Ok((r.read_var_u64()?, decode::reference(r)?)))?,
        })
    })?;
    let instances = decode::vec(reader, |r| {
        decode::vec(r, |r| {
            let table = r.read_var_u32()?;
            Ok((table != ABSENT).then_some(TableId(table)))
        })
    })?;
    Ok((tables, instances))
}
