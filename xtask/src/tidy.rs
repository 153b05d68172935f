//! `cargo xtask tidy`: the project's rules that neither rustc nor clippy knows.
//!
//! Each check is a function from the tree of files to what it found, so that a test gives it a tree
//! of two lines.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

mod arrows;
mod circles;
mod documents;
mod files;
mod glossary;
mod manifests;
mod rust;

/// What a check looks at: every file that is tracked or could be.
struct Tree {
    /// By path from the root, with `/`. The text is empty for files that are not text.
    files: BTreeMap<String, String>,
}

impl Tree {
    fn read() -> Result<Tree> {
        let git = Command::new("git")
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .current_dir(crate::root())
            .output()
            .context("cannot run git, which knows the project's files")?;
        ensure!(
            git.status.success(),
            "git ls-files failed: {}",
            String::from_utf8_lossy(&git.stderr).trim()
        );
        let mut files = BTreeMap::new();
        for path in String::from_utf8_lossy(&git.stdout).split_terminator('\0') {
            // A file that was deleted and is still in the index has no bytes.
            if let Ok(bytes) = fs::read(crate::root().join(path)) {
                files.insert(
                    path.to_owned(),
                    String::from_utf8(bytes).unwrap_or_default(),
                );
            }
        }
        Ok(Tree { files })
    }

    #[cfg(test)]
    fn of(files: &[(&str, &str)]) -> Tree {
        let files = files
            .iter()
            .map(|(path, text)| (path.to_string(), text.to_string()));
        Tree {
            files: files.collect(),
        }
    }

    /// The files whose names end so, in the order of their paths.
    fn ending(&self, ending: &str) -> impl Iterator<Item = (&str, &str)> {
        let files = self.files.iter().map(|(path, text)| (&path[..], &text[..]));
        files.filter(move |(path, _)| path.ends_with(ending))
    }

    /// Whether there is such a file or directory.
    fn has(&self, path: &str) -> bool {
        let inside = format!("{path}/");
        self.files.contains_key(path)
            || self
                .files
                .range(inside.clone()..)
                .next()
                .is_some_and(|(next, _)| next.starts_with(&inside))
    }
}

/// A broken rule, and where.
struct Finding {
    path: String,
    /// From 1. None when the finding is about the whole file.
    line: Option<usize>,
    message: String,
}

impl Finding {
    fn new(path: &str, line: impl Into<Option<usize>>, message: impl Into<String>) -> Finding {
        Finding {
            path: path.to_owned(),
            line: line.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.message),
            None => write!(f, "{}: {}", self.path, self.message),
        }
    }
}

type Check = fn(&Tree) -> Vec<Finding>;

const CHECKS: &[(&str, Check)] = &[
    ("arrows between crates", arrows::check),
    ("circles of files", circles::check),
    ("versions and lints in one place", manifests::check),
    ("openings of Rust files", rust::openings),
    ("lengths of Rust files", rust::lengths),
    ("leftovers in Rust files", rust::leftovers),
    ("input and output", rust::world),
    ("doors to the terminal", rust::doors),
    ("paths in documents", documents::check),
    ("plain words", glossary::check),
    ("paths of machines", files::machine_paths),
    ("JSON files", files::json),
    ("fixtures", fixtures),
];

pub(crate) fn run(args: &[String]) -> Result<()> {
    ensure!(args.is_empty(), "tidy takes no arguments");
    let tree = Tree::read()?;
    let mut count = 0;
    for (_, check) in CHECKS {
        for finding in check(&tree) {
            println!("{finding}");
            count += 1;
        }
    }
    let names: Vec<&str> = CHECKS.iter().map(|(name, _)| *name).collect();
    ensure!(count == 0, "tidy found {count} faults");
    println!("{} files are tidy: {}", tree.files.len(), names.join(", "));
    Ok(())
}

/// That `fixtures/manifest.txt`, the recipes, the sources and the built files belong together.
fn fixtures(_: &Tree) -> Vec<Finding> {
    match crate::fixtures::run(&["--check".to_owned()]) {
        Ok(()) => Vec::new(),
        Err(error) => vec![Finding::new(
            "fixtures/manifest.txt",
            None,
            format!("{error:#}"),
        )],
    }
}

/// The findings of a check as lines, for tests.
#[cfg(test)]
fn found(check: Check, files: &[(&str, &str)]) -> Vec<String> {
    check(&Tree::of(files))
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_known_by_its_files() {
        let tree = Tree::of(&[("a/b-c", ""), ("a/b/c", "")]);
        assert!(tree.has("a") && tree.has("a/b") && tree.has("a/b/c"));
        assert!(!tree.has("a/") && !tree.has("a/c") && !tree.has("a/b/c/d"));
    }
}
