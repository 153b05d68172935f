//! `wdb validate`: is a core dump what the specification says?

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;
use wdb_coredump::{Finding, validate};
use wdb_module::Module;
use wdb_symbols::printable;

use crate::{is_broken_pipe, modules, open, terminal};

/// Check a core dump strictly against the specification and against itself
///
/// Reading is liberal, this is not: every departure from tool-conventions' Coredump.md and every
/// contradiction is listed with its byte offset.
#[derive(clap::Args)]
#[command(after_help = "\
Exit status: 0 when there is nothing to find fault with, 1 when there is, 2 when the file is no core dump.")]
pub(crate) struct Arguments {
    /// The core dump; it may be compressed with zstd
    dump: PathBuf,
    #[command(flatten)]
    modules: modules::Arguments,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let path = &arguments.dump;
    let bytes = open::open(path)?;
    let reading = wdb_coredump::read(bytes.clone())
        .with_context(|| format!("{} cannot be read as a core dump", path.display()))?;
    let modules = modules::find(&reading.dump, path, &arguments.modules, &[])?;
    let modules: Vec<Option<&Module>> = modules.iter().map(Option::as_deref).collect();
    let findings = validate(&bytes, &modules);
    let frames: usize = reading.dump.threads.iter().map(|it| it.frames.len()).sum();
    let valid = format!(
        "{}: valid ({}, {} in {})",
        path.display(),
        reading.dialect,
        count(frames, "frame"),
        count(reading.dump.threads.len(), "thread")
    );
    match print(&findings, &valid, arguments.json) {
        // What was found does not depend on the reader.
        Err(error) if !is_broken_pipe(&error) => return Err(error),
        _ => {}
    }
    Ok(ExitCode::from(u8::from(!findings.is_empty())))
}

/// Prints what was found, or that the dump is valid.
fn print(findings: &[Finding], valid: &str, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let mut out = io::BufWriter::new(terminal::json());
        let findings: Vec<_> = findings.iter().map(json).collect();
        serde_json::to_writer_pretty(&mut out, &findings).map_err(io::Error::from)?;
        writeln!(out)?;
        return Ok(out.flush()?);
    }
    let mut out = terminal::stdout();
    for finding in findings {
        writeln!(out, "{}", text(finding))?;
    }
    if findings.is_empty() {
        writeln!(out, "{valid}")?;
    }
    Ok(())
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn text(finding: &Finding) -> String {
    let mut text = format!("{}: {}", finding.severity, printable(&finding.message));
    if let Some(offset) = finding.offset {
        text.push_str(&format!(" (at {offset:#x})"));
    }
    text.push_str(&format!(" [{}]", finding.rule));
    text
}

fn json(finding: &Finding) -> serde_json::Value {
    json!({
        "severity": finding.severity.to_string(),
        "message": finding.message,
        "offset": finding.offset.map(|offset| format!("{offset:#x}")),
        "rule": finding.rule,
    })
}
