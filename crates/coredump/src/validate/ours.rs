//! Whether our own sections can be read, and fit the standard ones.

use wasmparser::BinaryReader;

use super::structure::{Counts, custom_sections};
use super::{Findings, rule};
use crate::cut::Cut;
use crate::decode::{self, Result};
use crate::ours::{self, Place};

/// Checks all sections of ours.
pub(super) fn check(file: &[u8], counts: &Counts, findings: &mut Findings) {
    let mut seen: Vec<&str> = Vec::new();
    for (name, range) in custom_sections(file) {
        if !name.starts_with(ours::PREFIX) {
            continue;
        }
        let start = range.start as u64;
        if seen.contains(&name) && name != ours::DATA {
            findings.error(
                rule::OURS,
                start,
                format_args!("the section `{name}` comes again"),
            );
            continue;
        }
        let mut reader = decode::at(file, range);
        match section(name, &mut reader, counts, start, findings) {
            Ok(Recognised::No) => continue,
            Ok(Recognised::Yes) if !reader.eof() => findings.warning(
                rule::OURS,
                reader.original_position() as u64,
                format_args!(
                    "{} bytes after the fields of `{name}` that are known",
                    reader.bytes_remaining()
                ),
            ),
            Ok(Recognised::Yes) => {}
            Err(fault) => findings.error(
                rule::OURS,
                fault.offset,
                format_args!("the section `{name}` is malformed: {}", fault.message),
            ),
        }
        seen.push(name);
    }
}

/// Whether a section is of a kind and version that is known.
#[derive(PartialEq)]
enum Recognised {
    Yes,
    No,
}

fn section(
    name: &str,
    reader: &mut BinaryReader<'_>,
    counts: &Counts,
    start: u64,
    findings: &mut Findings,
) -> Result<Recognised> {
    if !ours::ALL.contains(&name) {
        findings.warning(
            rule::OURS,
            start,
            format_args!("the section `{}` is unknown", Cut(name)),
        );
        return Ok(Recognised::No);
    }
    let version = reader.read_u8()?;
    if version != ours::VERSION {
        findings.warning(
            rule::OURS,
            start,
            format_args!("version {version} of `{name}` is unknown"),
        );
        return Ok(Recognised::No);
    }
    let mut same = |what: &str, is: usize, should: usize| {
        if is != should {
            findings.error(
                rule::OURS,
                start,
                format_args!(
                    "the section `{name}` is about {is} {what}, of which there are {should}"
                ),
            );
        }
    };
    match name {
        ours::PROCESS => drop(ours::read_process(reader)?),
        ours::CRASH => {
            let crash = ours::read_crash(reader)?;
            if crash.thread as usize >= counts.threads.len().max(1) {
                let message = format!(
                    "the crash names thread {}, of {}",
                    crash.thread,
                    counts.threads.len()
                );
                findings.error(rule::OURS, start, message);
            }
        }
        ours::CAPTURE => drop(ours::read_capture(reader)?),
        ours::MODULES => same("modules", ours::read_modules(reader)?.len(), counts.modules),
        ours::HOST_FRAMES => {
            let threads = ours::read_host_frames(reader)?;
            same("threads", threads.len(), counts.threads.len());
            for (hosts, frames) in threads.iter().zip(&counts.threads) {
                if hosts.iter().any(|host| host.before as usize > frames.len()) {
                    findings.error(rule::OURS, start, "a host frame is before no frame");
                }
            }
        }
        ours::VALUES => {
            let threads = ours::read_values(reader)?;
            same("threads", threads.len(), counts.threads.len());
            for (values, frames) in threads.iter().zip(&counts.threads) {
                let outside = |value: &&ours::Override| {
                    let (locals, stack) =
                        frames.get(value.frame as usize).copied().unwrap_or((0, 0));
                    let count = match value.place {
                        Place::Local => locals,
                        Place::Stack => stack,
                    };
                    value.index as usize >= count
                };
                if let Some(value) = values.iter().find(outside) {
                    let message = format!(
                        "a value is of local or operand {} of frame {}, which does not exist",
                        value.index, value.frame
                    );
                    findings.error(rule::OURS, start, message);
                }
            }
        }
        ours::GLOBALS => same("globals", ours::read_globals(reader)?.len(), counts.globals),
        ours::MEMORIES => same(
            "memories",
            ours::read_memories(reader)?.len(),
            counts.memories,
        ),
        ours::TABLES => {
            let (tables, instances) = ours::read_tables(reader)?;
            same("instances", instances.len(), counts.instances);
            let named = instances.iter().flatten().flatten();
            if let Some(id) = named.copied().find(|id| id.position() >= tables.len()) {
                let message = format!("an instance names table {}, of {}", id.0, tables.len());
                findings.error(rule::OURS, start, message);
            }
        }
        // Its segments are checked where the whole dump is read.
        _ => drop(reader.read_bytes(reader.bytes_remaining())?),
    }
    Ok(Recognised::Yes)
}
