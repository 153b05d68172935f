//! Finds out what a file is that is not a core dump.

use super::ReadError;
use super::container::{HEADER, Kind, Section};

/// Refuses what does not begin as a core module.
pub(super) fn refuse_others(file: &[u8]) -> Result<(), ReadError> {
    if file.starts_with(HEADER) {
        return Ok(());
    }
    let (offset, what) = match file {
        [0, b'a', b's', b'm', _, _, 1, 0, ..] => (
            4,
            "a WebAssembly component; its core dump is the file that was written when it crashed"
                .to_owned(),
        ),
        [0, b'a', b's', b'm', _, _, _, _, ..] => {
            (4, "WebAssembly of an unknown version".to_owned())
        }
        _ => (0, wdb_module::foreign::describe(file).to_owned()),
    };
    let first = if file.is_empty() {
        String::new()
    } else {
        format!(" (it begins {})", hex(file))
    };
    Err(ReadError {
        message: format!("not a core dump but {what}{first}"),
        offset,
    })
}

/// The error for a core module without any section of a dump.
pub(super) fn without_dump_sections(sections: &[Section]) -> ReadError {
    let message = if sections.iter().any(|s| s.kind == Kind::Program) {
        "not a core dump but a WebAssembly module: it has functions, and no `core` or `corestack` section; \
         give it as the module of a dump"
    } else {
        "not a core dump: WebAssembly without a `core` or `corestack` section"
    };
    ReadError {
        message: message.to_owned(),
        offset: HEADER.len() as u64,
    }
}

/// The first bytes.
fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    bytes.join(" ")
}
