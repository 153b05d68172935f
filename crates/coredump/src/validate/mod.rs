//! Checks a dump strictly: against the standard, against our own sections, and against its modules.
//!
//! Where the reader asks what can be made of the bytes, the validator asks what is wrong with them.

mod meaning;
mod ours;
mod structure;

use std::fmt;

use bytes::Bytes;
use wdb_module::Module;

/// Something that is wrong with a dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, for people.
    pub message: String,
    /// Where in the file, if it is about a place.
    pub offset: Option<u64>,
    /// What it offends against: a document and its section.
    pub rule: &'static str,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Every reader copes, but it should not be so.
    Warning,
    /// A strict reader refuses the dump, or the dump contradicts itself or its modules.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// The documents that rules come from.
mod rule {
    pub(super) const BINARY: &str = "WebAssembly core specification, Binary Format";
    pub(super) const FORMAT: &str = "tool-conventions Coredump.md, Coredump file format";
    pub(super) const PROCESS: &str = "tool-conventions Coredump.md, Process information";
    pub(super) const STACK: &str = "tool-conventions Coredump.md, Thread(s) and stack frames";
    pub(super) const INSTANCES: &str = "tool-conventions Coredump.md, Modules and instances";
    pub(super) const MEMORY: &str = "tool-conventions Coredump.md, Memory";
    pub(super) const GLOBALS: &str = "tool-conventions Coredump.md, Globals";
    pub(super) const OURS: &str = "wdb docs/formats/coredump.md, Our own sections";
}

/// Checks `file`. With `modules`, one for each module of the dump or `None` where it is not at
/// hand, the frames, memories, globals and identities are checked against them; it may also be
/// empty.
///
/// An empty list means that every strict reader takes the dump.
pub fn validate(file: &Bytes, modules: &[Option<&Module>]) -> Vec<Finding> {
    let mut findings = Findings::default();
    let Some(counts) = structure::check(file, &mut findings) else {
        return findings.list();
    };
    ours::check(file, &counts, &mut findings);
    // The rest is about what a dump says; of one that is malformed nothing can be said for sure.
    if !findings.errors()
        && let Ok(reading) = crate::read(file.clone())
    {
        meaning::check(&reading, modules, &mut findings);
    }
    findings.list()
}

/// Collects findings, a bounded number of them.
#[derive(Default)]
struct Findings {
    list: Vec<Finding>,
    more: u64,
}

impl Findings {
    const LIMIT: usize = 100;

    /// Makes the text of a finding only if it is kept.
    fn push(
        &mut self,
        severity: Severity,
        rule: &'static str,
        offset: impl Into<Option<u64>>,
        message: impl fmt::Display,
    ) {
        if self.list.len() < Self::LIMIT {
            self.list.push(Finding {
                severity,
                message: message.to_string(),
                offset: offset.into(),
                rule,
            });
        } else {
            self.more += 1;
        }
    }

    fn error(
        &mut self,
        rule: &'static str,
        offset: impl Into<Option<u64>>,
        message: impl fmt::Display,
    ) {
        self.push(Severity::Error, rule, offset, message);
    }

    fn warning(
        &mut self,
        rule: &'static str,
        offset: impl Into<Option<u64>>,
        message: impl fmt::Display,
    ) {
        self.push(Severity::Warning, rule, offset, message);
    }

    fn errors(&self) -> bool {
        self.list
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    }

    fn list(mut self) -> Vec<Finding> {
        if self.more > 0 {
            self.list.push(Finding {
                severity: Severity::Warning,
                message: format!("and {} more findings", self.more),
                offset: None,
                rule: rule::FORMAT,
            });
        }
        self.list
    }
}
