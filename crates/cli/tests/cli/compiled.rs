//! What `ptype` prints of types of C: a compiler takes it, and it has the size that the type has.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use libtest_mimic::Failed;

use super::foreign::{said, told};
use super::{fixtures, root};

/// Types of `fixtures/src/c-types.c`, as it mentions them.
const TYPES: [&str; 17] = [
    "struct point",
    "point",
    "box",
    "size",
    "compare",
    "pair",
    "union word",
    "enum colour",
    "struct outer",
    "struct inner",
    "enum level",
    "struct unnamed",
    "struct declarators",
    "struct mixed",
    "struct mixed *",
    "struct unnamed[3]",
    "struct opaque *",
];

pub(crate) fn check() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let directory = directory.path();
    let program = fixtures().join("c-types.wasm").display().to_string();
    let commands: String = TYPES.iter().map(|it| format!("ptype {it}\n")).collect();
    let output = told(directory, &["debug", "--nx", &program], &commands)?;
    let shown = String::from_utf8(output.stdout.clone())?;
    let source = fs::read_to_string(root().join("fixtures/src/c-types.c"))?;
    let mut sizes = String::new();
    let mut checks = String::new();
    for (number, ty) in TYPES.iter().enumerate() {
        let asked = format!("(wdb) ptype {ty}\n");
        let answer = shown
            .split_once(&asked)
            .and_then(|it| it.1.split_once("(wdb)"));
        let (answer, _) = answer.ok_or_else(|| said(&output))?;
        writeln!(sizes, "enum {{ SIZE_{number} = sizeof({ty}) }};")?;
        // Declared anew in a function.
        writeln!(
            checks,
            "void check_{number}(void) {{\n_Static_assert(sizeof({answer}) == SIZE_{number}, \"{ty}\");\n}}"
        )?;
    }
    let path = directory.join("check.c");
    fs::write(&path, format!("{source}\n{sizes}\n{checks}"))?;
    let compiled = Command::new("cc")
        .args(["-std=c17", "-fsyntax-only"])
        .arg(&path)
        .output()?;
    if compiled.status.success() {
        Ok(())
    } else {
        Err(format!("{}\n{checks}", said(&compiled)).into())
    }
}
