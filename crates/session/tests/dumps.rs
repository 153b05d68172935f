//! Reports of the dumps that other producers wrote.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use support::{Fixtures, dump, modules};
use wdb_session::report::{self, Options, Report, Style};

fn report_of(name: &str, module: &str) -> Report {
    let mut debuggee = dump(name, module);
    let mut fixtures = Fixtures::new(modules(module));
    report::build(&mut debuggee, &mut fixtures, &Options::default()).unwrap()
}

#[test]
fn show() {
    for (d, m) in [
        ("c-div-zero.wasmtime", "c-div-zero"),
        ("rust-index-panic.wasmtime", "rust-index-panic"),
        ("wat-state.wasmtime", "wat-state"),
        ("c-unreachable.rewriter", "c-unreachable"),
    ] {
        let report = report_of(d, m);
        println!(
            "{}",
            report::text(
                &report,
                Style {
                    all_frames: true,
                    ..Style::default()
                }
            )
        );
    }
}
