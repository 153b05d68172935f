//! Files, opened: dumps mapped into memory, modules read, both decompressed where they are zstd, WebAssembly text translated.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use bytes::Bytes;
use wdb_module::Origin;

const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// What a compressed file may expand to, whatever its size is. It goes to a temporary file, not into memory.
const DECOMPRESSED_LIMIT: u64 = 16 << 30;

/// What it may expand to by its size: this many times as much, and that much in any case. Memories that are mostly zero
/// are compressed to a hundredth; a thousandth is made by hand.
const DECOMPRESSED_RATIO: u64 = 1000;
const DECOMPRESSED_ALWAYS: u64 = 64 << 20;

/// What is read into memory: a module, or what comes from a pipe, which cannot be mapped. The sizes of a module's sections
/// have 32 bits.
const READ_LIMIT: u64 = 4 << 30;

/// Opens a file of any size. A zstd file is decompressed.
pub(crate) fn open(path: &Path) -> anyhow::Result<Bytes> {
    decompressed(path, map)
}

fn decompressed(path: &Path, get: fn(&File) -> anyhow::Result<Bytes>) -> anyhow::Result<Bytes> {
    let bytes = raw(path, get).with_context(|| format!("cannot open {}", path.display()))?;
    if bytes.starts_with(&ZSTD_MAGIC) {
        return decompress(&bytes).with_context(|| format!("cannot decompress {}", path.display()));
    }
    Ok(bytes)
}

/// Opens a module or component, in the binary or the text format. Its bytes are in memory: a compiler may write the file anew
/// while the program is debugged, and what is shown goes on to be what runs.
pub(crate) fn binary(path: &Path) -> anyhow::Result<wdb_module::Binary> {
    // Before it is read: what is written meanwhile is no older than this says.
    let origin = origin(path);
    let mut bytes = decompressed(path, read)?;
    if is_text(&bytes) {
        let text = std::str::from_utf8(&bytes)
            .with_context(|| format!("{} is not UTF-8 text", path.display()))?;
        let wasm = wat::Parser::new()
            .parse_str(Some(path), text)
            .map_err(|error| anyhow!("{error}"))?;
        bytes = Bytes::from(wasm);
    }
    let binary = wdb_module::Binary::parse(bytes)
        .with_context(|| format!("{} cannot be used as a module", path.display()))?;
    Ok(match origin {
        Some(origin) => binary.read_from(origin),
        None => binary,
    })
}

/// The file at a path, if it is one that has the time when it was written. A pipe is none.
fn origin(path: &Path) -> Option<Origin> {
    let file = path.metadata().ok().filter(|it| it.is_file())?;
    Some(Origin {
        path: path.to_owned(),
        modified: file.modified().ok()?,
    })
}

fn is_text(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii_start();
    text.starts_with(b"(module") || text.starts_with(b"(component") || text.starts_with(b";;")
}

/// The bytes of a file that `get` gets, or of a pipe.
fn raw(path: &Path, get: fn(&File) -> anyhow::Result<Bytes>) -> anyhow::Result<Bytes> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        bail!("it is a directory");
    }
    if metadata.is_file() {
        get(&file)
    } else {
        read(&file)
    }
}

fn read(file: &File) -> anyhow::Result<Bytes> {
    let mut bytes = Vec::new();
    let read = file.take(READ_LIMIT).read_to_end(&mut bytes)? as u64;
    if read == READ_LIMIT {
        bail!("it has more than {}", crate::units::bytes(READ_LIMIT));
    }
    Ok(Bytes::from(bytes))
}

fn map(file: &File) -> anyhow::Result<Bytes> {
    if file.metadata()?.len() == 0 {
        return Ok(Bytes::new());
    }
    // SAFETY: a map of a file that another process writes to at the same time changes under our eyes,
    // and one that is cut short ends this process with SIGBUS. Nothing here relies on the bytes
    // staying as they were when checked: every reader checks every access. The same bargain as that
    // of linkers and of every other debugger.
    #[expect(unsafe_code, reason = "a dump may be larger than the memory")]
    let map = unsafe { memmap2::Mmap::map(file) }?;
    Ok(Bytes::from_owner(map))
}

/// Decompresses into a temporary file without a name, and maps that.
fn decompress(bytes: &[u8]) -> anyhow::Result<Bytes> {
    let limit = (bytes.len() as u64)
        .saturating_mul(DECOMPRESSED_RATIO)
        .clamp(DECOMPRESSED_ALWAYS, DECOMPRESSED_LIMIT);
    let mut decoder = zstd::Decoder::with_buffer(bytes)?;
    let mut file = tempfile::tempfile().context("cannot make a temporary file")?;
    let written = io::copy(&mut decoder.by_ref().take(limit), &mut file)?;
    if written == limit && decoder.read(&mut [0])? != 0 {
        bail!(
            "its {} expand to more than {}; if you trust it, decompress it with `zstd -d`",
            crate::units::bytes(bytes.len() as u64),
            crate::units::bytes(limit)
        );
    }
    file.flush()?;
    file.rewind()?;
    map(&file)
}
