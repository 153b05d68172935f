//! Every path of the project that a document names exists.
//!
//! Documents are Markdown files and the comments of Rust files. A path is what a link leads to, or a
//! word in backticks (in Markdown also a word of a code block) that begins as a path here does.
//! Paths count from the document's directory or any above it.

use super::{Finding, Tree};

/// A placeholder for a name of the reader's choice.
const PLACEHOLDERS: [&str; 6] = ["NAME", "FILE", "DIR", "TOOL", "RULE", "COMMAND"];

/// A Markdown file that names such a file means one of ours, wherever it begins.
const OUR_ENDINGS: [&str; 4] = [".rs", ".md", ".toml", ".test"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.ending(".md") {
        markdown(tree, path, text, &mut findings);
    }
    for (path, text) in tree.ending(".rs") {
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(comment) = line.trim_start().strip_prefix("//") {
                let mut words = spans(comment).filter(|word| begins_here(tree, path, word));
                if let Some(word) = words.find(|word| !exists(tree, path, word)) {
                    findings.push(missing(path, number, word));
                }
            }
        }
    }
    findings
}

fn markdown(tree: &Tree, path: &str, text: &str, findings: &mut Vec<Finding>) {
    let mut in_block = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            // Only from the root: a block may show the files of another program.
            let words = line.split_whitespace().filter_map(as_path);
            for word in words.filter(|word| word.contains('/') && begins_here(tree, "", word)) {
                if !exists(tree, "", word) {
                    findings.push(missing(path, number, word));
                }
            }
        } else {
            for word in spans(line) {
                let ours = if word.contains('/') {
                    begins_here(tree, path, word) || OUR_ENDINGS.iter().any(|it| word.ends_with(it))
                } else {
                    word.ends_with(".rs")
                };
                let file = format!("/{word}");
                let somewhere = !word.contains('/') && tree.ending(&file).next().is_some();
                if ours && !somewhere && !exists(tree, path, word) {
                    findings.push(missing(path, number, word));
                }
            }
            for target in links(line) {
                if !leads_somewhere(tree, path, target) {
                    findings.push(missing(path, number, target));
                }
            }
        }
    }
}

fn missing(path: &str, number: usize, word: &str) -> Finding {
    Finding::new(path, number, format!("there is no `{word}`"))
}

/// The words in backticks that can be paths.
fn spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2).filter_map(as_path)
}

/// A word without the line number behind it, if it can be a relative path and says which.
fn as_path(word: &str) -> Option<&str> {
    let word = word.trim_start_matches("./");
    let word = word
        .trim_end_matches(|c: char| c.is_ascii_digit() || c == ':')
        .trim_end_matches('/');
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    let unfinished = word.contains("..") || PLACEHOLDERS.iter().any(|it| word.contains(it));
    let relative = !word.is_empty() && !word.starts_with('/') && word.chars().all(plain);
    (relative && !unfinished).then_some(word)
}

/// The targets of a line's links, inline and by reference.
fn links(line: &str) -> impl Iterator<Item = &str> {
    // Code in backticks has brackets too.
    let is_code = |at: usize| line[..at].matches('`').count() % 2 == 1;
    let inline = line
        .match_indices("](")
        .filter(move |(at, _)| !is_code(*at))
        .filter_map(|(at, found)| line[at + found.len()..].split(')').next());
    let reference = line
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]: "));
    inline.chain(reference.map(|(_, target)| target.trim()))
}

fn leads_somewhere(tree: &Tree, document: &str, target: &str) -> bool {
    let path = target
        .split('#')
        .next()
        .unwrap_or(target)
        .trim_end_matches('/');
    if path.is_empty() || target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." if parts.pop().is_none() => return false,
            ".." => {}
            part => parts.push(part),
        }
    }
    parts.is_empty() || tree.has(&parts.join("/"))
}

/// The directory of the document and all above it, each with its `/`, the root as nothing.
fn directories(document: &str) -> impl Iterator<Item = &str> {
    let slashes = document.match_indices('/').map(|(at, _)| &document[..=at]);
    std::iter::once("").chain(slashes)
}

fn exists(tree: &Tree, document: &str, word: &str) -> bool {
    directories(document).any(|directory| tree.has(&format!("{directory}{word}")))
}

/// Whether the word is a path whose first part exists.
fn begins_here(tree: &Tree, document: &str, word: &str) -> bool {
    let first = word.split_once('/').map(|(first, _)| first);
    first.is_some_and(|first| !first.is_empty() && exists(tree, document, first))
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::*;

    /// The findings in one document beside a few files.
    fn in_document(document: &str, text: &str) -> Vec<String> {
        let others = ["crates/a/src/lib.rs", "docs/formats/dump.md", "README.md"];
        let mut files: Vec<(&str, &str)> = others.map(|path| (path, "")).to_vec();
        files.push((document, text));
        found(check, &files)
    }

    #[test]
    fn words_in_backticks() {
        let text = "See `crates/a/src/lib.rs:12:3`, `src/lib.rs`, `lib.rs`, `crates/a/` and `./README.md`.\n\
                    Not `crates/b`, not `gone.rs`, not `elsewhere/x.md`.\n\
                    No paths: `and/or`, `crates/*/src`, `crates/NAME/src/lib.rs`, `a.b`, `/src/x.rs`, `..`.\n";
        assert_eq!(
            in_document("crates/a/NOTES.md", text),
            [
                "crates/a/NOTES.md:2: there is no `crates/b`",
                "crates/a/NOTES.md:2: there is no `gone.rs`",
                "crates/a/NOTES.md:2: there is no `elsewhere/x.md`",
            ]
        );
    }

    #[test]
    fn links_are_relative_to_the_document() {
        let text = "[a](formats/dump.md#top) [b](../README.md) [c](#here) [d](https://x.org/y.md)\n\
                    [e](README.md) [f](../../README.md) `table[2](x)` [`h`](gone.md)\n\
                    [g]: formats/gone.md\n";
        assert_eq!(
            in_document("docs/GUIDE.md", text),
            [
                "docs/GUIDE.md:2: there is no `README.md`",
                "docs/GUIDE.md:2: there is no `../../README.md`",
                "docs/GUIDE.md:2: there is no `gone.md`",
                "docs/GUIDE.md:3: there is no `formats/gone.md`",
            ]
        );
    }

    #[test]
    fn code_blocks() {
        let text =
            "```sh\nwdb run crates/gone.wasm crates/a/src/lib.rs src/main.rs\n```\n`crates/gone`\n";
        assert_eq!(
            in_document("GUIDE.md", text),
            [
                "GUIDE.md:2: there is no `crates/gone.wasm`",
                "GUIDE.md:4: there is no `crates/gone`"
            ]
        );
    }

    #[test]
    fn comments_of_rust_files() {
        let text = "//! `docs/formats/gone.md`, `library/std/src/panicking.rs`, `src/lib.rs`\nlet x = \"`docs/x`\";\n";
        assert_eq!(
            in_document("crates/a/src/x.rs", text),
            ["crates/a/src/x.rs:1: there is no `docs/formats/gone.md`"]
        );
    }
}
