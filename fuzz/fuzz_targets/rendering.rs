//! Any bytes as a memory with objects of the types of a C++ and a Rust program.
#![no_main]

use std::fs;
use std::sync::Arc;

use wdb_symbols::{Symbols, TypeRef};

fn program(fixture: &str) -> (Symbols, Vec<TypeRef>) {
    let path = format!(
        "{}/../fixtures/built/{fixture}.wasm.zst",
        env!("CARGO_MANIFEST_DIR")
    );
    let packed = fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let binary = wdb_module::Binary::parse(zstd::decode_all(&packed[..]).unwrap().into()).unwrap();
    let symbols = Symbols::new(Arc::clone(&binary.modules()[0]), None, None);
    let types = wdb_symbols::fuzz::types(&symbols);
    (symbols, types)
}

thread_local! {
    static PROGRAMS: [(Symbols, Vec<TypeRef>); 2] = ["cpp-types", "rust-types"].map(program);
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some((which, data)) = data.split_first() {
        PROGRAMS.with(|programs| {
            let (symbols, types) = &programs[usize::from(which % 2)];
            wdb_symbols::fuzz::memory(data, symbols, types);
        });
    }
});
