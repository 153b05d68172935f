//! Files, opened: mapped into memory, decompressed where they are zstd, WebAssembly text translated.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use bytes::Bytes;

const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// What a compressed file may expand to. It goes to a temporary file, not into memory.
const DECOMPRESSED_LIMIT: u64 = 16 << 30;

/// What is read from a pipe, which cannot be mapped.
const PIPE_LIMIT: u64 = 4 << 30;

/// Opens a file of any size. A zstd file is decompressed.
pub(crate) fn open(path: &Path) -> anyhow::Result<Bytes> {
    let bytes = raw(path).with_context(|| format!("cannot open {}", path.display()))?;
    if bytes.starts_with(&ZSTD_MAGIC) {
        return decompress(&bytes).with_context(|| format!("cannot decompress {}", path.display()));
    }
    Ok(bytes)
}

/// Opens a module or component, in the binary or the text format.
pub(crate) fn binary(path: &Path) -> anyhow::Result<wdb_module::Binary> {
    let mut bytes = open(path)?;
    if is_text(&bytes) {
        let text = std::str::from_utf8(&bytes)
            .with_context(|| format!("{} is not UTF-8 text", path.display()))?;
        let wasm = wat::Parser::new()
            .parse_str(Some(path), text)
            .map_err(|error| anyhow!("{error}"))?;
        bytes = Bytes::from(wasm);
    }
    wdb_module::Binary::parse(bytes)
        .with_context(|| format!("{} cannot be used as a module", path.display()))
}

fn is_text(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii_start();
    text.starts_with(b"(module") || text.starts_with(b"(component") || text.starts_with(b";;")
}

fn raw(path: &Path) -> anyhow::Result<Bytes> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        bail!("it is a directory");
    }
    if !metadata.is_file() {
        let mut bytes = Vec::new();
        let read = Read::by_ref(&mut file)
            .take(PIPE_LIMIT)
            .read_to_end(&mut bytes)? as u64;
        if read == PIPE_LIMIT {
            bail!(
                "more than {} came from it; give it as a file",
                crate::units::bytes(PIPE_LIMIT)
            );
        }
        return Ok(Bytes::from(bytes));
    }
    Ok(map(&file)?)
}

fn map(file: &File) -> io::Result<Bytes> {
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
    let mut decoder = zstd::Decoder::with_buffer(bytes)?;
    let mut file = tempfile::tempfile().context("cannot make a temporary file")?;
    let written = io::copy(&mut decoder.by_ref().take(DECOMPRESSED_LIMIT), &mut file)?;
    if written == DECOMPRESSED_LIMIT && decoder.read(&mut [0])? != 0 {
        bail!(
            "it expands to more than {}; decompress it yourself with `zstd -d`",
            crate::units::bytes(DECOMPRESSED_LIMIT)
        );
    }
    file.flush()?;
    file.rewind()?;
    Ok(map(&file)?)
}
