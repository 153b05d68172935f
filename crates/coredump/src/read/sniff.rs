//! Tells what a file is that is not a core dump.

use super::ReadError;
use super::container::{HEADER, Kind, Section};

/// Magic numbers of files that people pass by mistake. What to do stands in the text.
const KINDS: [(&[u8], &str); 12] = [
    (
        b"\x28\xb5\x2f\xfd",
        "a zstd-compressed file; decompress it first (zstd -d)",
    ),
    (
        b"\x1f\x8b",
        "a gzip-compressed file; decompress it first (gunzip)",
    ),
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (
        b"\xfd7zXZ\0",
        "an xz-compressed file; decompress it first (unxz)",
    ),
    (
        b"BZh",
        "a bzip2-compressed file; decompress it first (bunzip2)",
    ),
    (b"\x89PNG", "a PNG image"),
    (
        b"\x7fELF",
        "an ELF file: a native program, or a native core dump, which gdb and lldb read",
    ),
    (b"MDMP", "a Windows minidump"),
    (
        b"\xcf\xfa\xed\xfe",
        "a Mach-O file: a native program or core dump, which lldb reads",
    ),
    (b"%PDF", "a PDF document"),
    (b"(module", "a WebAssembly module in the text format"),
    (b"{", "probably JSON"),
];

/// Refuses what does not begin as a core module.
pub(super) fn refuse_others(file: &[u8]) -> Result<(), ReadError> {
    let error = |offset, message: String| Err(ReadError { message, offset });
    if file.starts_with(HEADER) {
        return Ok(());
    }
    if file.is_empty() {
        return error(0, "the file is empty".to_owned());
    }
    if HEADER.starts_with(file) {
        return error(
            file.len() as u64,
            format!(
                "the file breaks off after {} bytes, inside the WebAssembly header",
                file.len()
            ),
        );
    }
    if let Some([0, b'a', b's', b'm', version @ ..]) = file.get(..8) {
        return error(4, match version {
            [_, _, 1, 0] => "a WebAssembly component, not a core dump; its dump is the file that was written when it crashed".to_owned(),
            other => format!("WebAssembly of an unknown version: {}", hex(other)),
        });
    }
    let kind = KINDS
        .iter()
        .find(|(magic, _)| file.starts_with(magic))
        .map(|(_, kind)| *kind);
    let kind = kind.unwrap_or("no WebAssembly file, which a core dump is, nor anything known");
    let first = file.get(..8).unwrap_or(file);
    error(0, format!("{kind}; it begins with {}", hex(first)))
}

/// The error for a core module without any section of a dump.
pub(super) fn without_dump_sections(sections: &[Section]) -> ReadError {
    let message = if sections.iter().any(|s| s.kind == Kind::Program) {
        "a WebAssembly module, not a core dump: it has functions, and no `core` or `corestack` section; \
         pass it as the module of a dump"
    } else {
        "a WebAssembly file without functions and without a `core` or `corestack` section, so no core dump"
    };
    ReadError {
        message: message.to_owned(),
        offset: HEADER_LENGTH,
    }
}

const HEADER_LENGTH: u64 = HEADER.len() as u64;

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}
