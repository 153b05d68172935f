//! What a file is that is not WebAssembly, so that the error can say it.

/// A short description with its article, and what to do with the file where that is known. Goes by
/// the first bytes: `an ELF file`, `empty`.
pub fn describe(bytes: &[u8]) -> &'static str {
    if bytes.is_empty() {
        return "an empty file";
    }
    for (magic, what) in MAGIC {
        if bytes.starts_with(magic) {
            return what;
        }
    }
    // An ELF file's eighth byte is its OSABI; 200 is wasmtime's.
    match bytes {
        [0x7f, b'E', b'L', b'F', _, _, _, 200, ..] => {
            return "a program that wasmtime has compiled (.cwasm); give the .wasm file that it was \
                    compiled from";
        }
        [0x7f, b'E', b'L', b'F', ..] => return "an ELF file (a native program or core dump)",
        _ => {}
    }
    if b"\0asm".starts_with(bytes) {
        return "the first bytes of a WebAssembly file; it was cut short, get or build it again";
    }
    let head = bytes.get(..512).unwrap_or(bytes).trim_ascii_start();
    if [&b"(module"[..], b"(component", b"(;", b";;"]
        .iter()
        .any(|start| head.starts_with(start))
    {
        return "WebAssembly text; assemble it first (`wat2wasm` or `wasm-tools parse`)";
    }
    if head.starts_with(b"<") {
        return "an HTML or XML file (an error page instead of a download?)";
    }
    if bytes.iter().all(|byte| *byte == 0) {
        return "nothing but zero bytes";
    }
    let text = |byte: &u8| matches!(byte, 0x20..=0x7e | b'\n' | b'\r' | b'\t' | 0x80..);
    if head.iter().all(text) {
        "a text file"
    } else {
        "a file of an unknown kind"
    }
}

const MAGIC: &[(&[u8], &str)] = &[
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF-", "a PDF file"),
    (b"\x1f\x8b", "a gzip file; unpack it first (`gunzip`)"),
    (
        b"\x28\xb5\x2f\xfd",
        "a zstd file; unpack it first (`zstd -d`)",
    ),
    (b"\xfd7zXZ\0", "an xz file; unpack it first (`unxz`)"),
    (b"BZh", "a bzip2 file; unpack it first (`bunzip2`)"),
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (b"!<arch>\n", "an archive of object files; link it first"),
    (b"BC\xc0\xde", "LLVM bitcode; link it first"),
    (b"\xfe\xed\xfa\xce", "a Mach-O file (a native program)"),
    (b"\xfe\xed\xfa\xcf", "a Mach-O file (a native program)"),
    (b"\xce\xfa\xed\xfe", "a Mach-O file (a native program)"),
    (b"\xcf\xfa\xed\xfe", "a Mach-O file (a native program)"),
    (b"\xca\xfe\xba\xbe", "a Mach-O file or a Java class"),
    (b"MDMP", "a Windows or Breakpad minidump"),
    (b"MZ", "a Windows program"),
    (b"#!", "a script"),
];
