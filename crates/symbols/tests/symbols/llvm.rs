//! The lines of every instruction are those of llvm-symbolizer, where it is installed.

use crate::common;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use wdb_module::FuncIndex;
use wdb_symbols::Symbols;

/// The symbolizer of an LLVM that reads WebAssembly, if there is one.
fn symbolizer() -> Option<PathBuf> {
    let names = ["llvm-symbolizer-22", "llvm-symbolizer"];
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|it| it.is_file())
}

/// A path without what does not change where it leads.
fn tidy(path: &str) -> String {
    path.replace("/./", "/").trim_start_matches("./").to_owned()
}

fn compare(name: &str) {
    let Some(symbolizer) = symbolizer() else {
        let required = std::env::var_os("WDB_TEST_REQUIRE_TOOLS").is_some();
        assert!(!required, "llvm-symbolizer is not installed (llvm-22)");
        // Not through `eprintln!`, which the test harness captures.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: {name} is not compared with llvm-symbolizer, which is not installed (llvm-22)"
        );
        return;
    };
    let module = common::module(name);
    let symbols = Symbols::new(module.clone(), None, None);
    let pcs: Vec<_> = (0..module.function_count())
        .flat_map(|it| module.instructions(FuncIndex(it)))
        .map(|it| it.unwrap().0)
        .collect();

    let folder = std::env::temp_dir().join(format!("wdb-symbols-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("module.wasm");
    std::fs::write(&file, module.bytes()).unwrap();
    let questions: String = pcs
        .iter()
        .map(|it| format!("{:#x}\n", module.to_code(*it).unwrap().0))
        .collect();
    std::fs::write(folder.join("questions"), questions).unwrap();
    let output = Command::new(symbolizer)
        .args(["--functions=none", "--obj"])
        .arg(&file)
        .stdin(std::fs::File::open(folder.join("questions")).unwrap())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(output.status.success());

    let answers = String::from_utf8(output.stdout).unwrap();
    let mut lines = 0;
    for (pc, answer) in pcs.iter().zip(answers.split("\n\n")) {
        let theirs: Vec<String> = answer.lines().map(tidy).collect();
        if theirs == ["??:0:0"] {
            continue;
        }
        let ours: Vec<String> = symbols
            .locate(*pc)
            .iter()
            .map(|location| {
                let file = location.file.as_deref().unwrap_or("??");
                let number = |it: Option<u32>| it.unwrap_or(0);
                if location.approximate {
                    format!("{file}:0:0")
                } else {
                    format!(
                        "{file}:{}:{}",
                        number(location.line),
                        number(location.column)
                    )
                }
            })
            .collect();
        // A row of line 0 may name another file than the line that is shown in its place.
        if theirs[0].contains(":0:") && ours[0].ends_with(":0:0") {
            assert_eq!(theirs[1..], ours[1..], "pc {pc}");
        } else {
            assert_eq!(theirs, ours, "pc {pc}");
        }
        lines += 1;
    }
    assert!(lines > 5_000, "{lines} places compared");
}

#[test]
fn c_at_o0() {
    compare("c-div-zero");
}

#[test]
fn c_inlined_dwarf_4() {
    compare("c-inlined-o2");
}

#[test]
fn c_inlined_dwarf_5() {
    compare("c-inlined-o2-dwarf5");
}

#[test]
fn rust_release() {
    compare("rust-inlined-release");
}
