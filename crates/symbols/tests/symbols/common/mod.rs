//! The built fixtures of the repository, decompressed.

pub(crate) mod dwarf;
pub(crate) mod frame;
pub(crate) mod walk;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use wdb_module::{Binary, Module};

fn built(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/built")
        .join(format!("{name}.zst"))
}

/// The contents of `fixtures/built/{name}.zst`.
pub(crate) fn file(name: &str) -> Bytes {
    let path = built(name);
    let packed = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    zstd::decode_all(&packed[..]).unwrap().into()
}

/// The core module in a binary.
pub(crate) fn parse(bytes: impl Into<Bytes>) -> Arc<Module> {
    let binary = Binary::parse(bytes.into()).unwrap();
    Arc::clone(&binary.modules()[0])
}

/// The fixture `name`.
pub(crate) fn module(name: &str) -> Arc<Module> {
    parse(file(&format!("{name}.wasm")))
}
