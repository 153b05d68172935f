//! Types of real programs. Their names are those that llvm-dwarfdump gives, where it is installed.
#![allow(clippy::unwrap_used, reason = "this is a test")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use wdb_module::{Binary, Module};

use super::*;

fn module(name: &str) -> Arc<Module> {
    let path = format!("../../fixtures/built/{name}.wasm.zst");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let bytes = zstd::decode_all(&std::fs::read(path).unwrap()[..]).unwrap();
    Arc::clone(&Binary::parse(bytes.into()).unwrap().modules()[0])
}

fn symbols(name: &str) -> Symbols {
    Symbols::new(module(name), None, None)
}

fn dwarfdump() -> Option<PathBuf> {
    let names = ["llvm-dwarfdump-22", "llvm-dwarfdump"];
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|it| it.is_file())
}

/// The types that llvm-dwarfdump names beside the references to them.
fn named_by_llvm(dwarfdump: &Path, module: &Module, name: &str) -> BTreeMap<usize, String> {
    let file = std::env::temp_dir().join(format!("wdb-types-{}-{name}.wasm", std::process::id()));
    std::fs::write(&file, module.bytes()).unwrap();
    let output = Command::new(dwarfdump)
        .arg("--debug-info")
        .arg(&file)
        .output();
    std::fs::remove_file(&file).unwrap();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    let references = text.lines().filter_map(|line| {
        let (_, value) = line.split_once("DW_AT_type\t(0x")?;
        let (offset, name) = value.split_once(" \"")?;
        let offset = usize::from_str_radix(offset, 16).ok()?;
        Some((offset, name.strip_suffix("\")")?.to_owned()))
    });
    references.collect()
}

fn compare(name: &str, least: usize) {
    let Some(dwarfdump) = dwarfdump() else {
        let required = std::env::var_os("WDB_TEST_REQUIRE_TOOLS").is_some();
        assert!(!required, "llvm-dwarfdump is not installed (llvm-22)");
        // Not through `eprintln!`, which the test harness captures.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: types of {name} are not compared with llvm-dwarfdump, which is not installed (llvm-22)"
        );
        return;
    };
    let module = module(name);
    let theirs = named_by_llvm(&dwarfdump, &module, name);
    let symbols = Symbols::new(module, None, None);
    let start = std::time::Instant::now();
    let mut bad = 0;
    for (offset, theirs) in &theirs {
        let ours = symbols.ty(&TypeRef::Entry(TypeId(*offset)));
        if *ours.name != **theirs {
            bad += 1;
            if bad < 60 {
            println!("{offset:#x}: {theirs}\n      OURS {} {:.70?}", ours.name, format!("{:?}", ours.kind));
            }
        }
    }
    println!("{name} {} of {} {:?} notes {:?}", bad, theirs.len(), start.elapsed(), symbols.notes());
    assert!(theirs.len() >= least, "{} types compared", theirs.len());
}

#[test]
fn names_of_c() {
    compare("c-variables", 100);
}

#[test]
fn names_of_cpp() {
    compare("cpp-types", 1_000);
}

#[test]
fn names_of_rust() {
    compare("rust-types", 500);
}
