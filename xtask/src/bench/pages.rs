//! The part `pages`: what a page of the parts of a large value costs a front end that shows it.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::Bench;

/// Measures the containers of two programs, by a program over the library alone.
pub(super) fn pages(bench: &Bench) -> Result<()> {
    println!("## Pages of values\n");
    println!(
        "The handles of 100 parts of a container with 10,000 elements, from a dump, and in brackets with the line of each: the medians of 21 runs of `cargo run --release -p wdb-examine --example pages`, in one process that has seen the value before. Goal: a page under 2 ms, whatever the page.\n"
    );
    println!("| value | type | length | first page | in the middle | last page |");
    println!("|---|---|---|---|---|---|");
    for name in ["cpp-many", "rust-many"] {
        let module = bench.fixture(name)?;
        let dump = bench.dump(&format!("{name}.wasmtime"))?;
        let mut command = Command::new("cargo");
        command
            .args(["run", "--quiet", "--release", "-p", "wdb-examine"])
            .args(["--example", "pages", "--"])
            .args([module, dump])
            .current_dir(crate::root());
        let output = command.output().context("cannot run cargo")?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "pages of {name}: {errors}");
        print!("{}", String::from_utf8_lossy(&output.stdout));
    }
    println!();
    Ok(())
}
