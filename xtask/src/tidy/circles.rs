//! Files of a crate that import each other in a circle: none can then be read, moved or tested alone.
//!
//! The imports are read off the text: every path that begins with `crate`, `self` or `super` leads to a file, through
//! what the files on its way re-export. What is in a module of tests does not count, nor what a module takes from its
//! own children: it is their door, and may hold what they share.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Tree};

/// The crates that hold no circle. Below them a type and what is done with it are one thing in several files: a module and
/// its code, the debug information and its tables, a guest and its steps.
const CHECKED: &[&str] = &["examine", "report", "session", "console", "terminal"];

/// Folders of these whose files may import each other, and why.
const ALLOWED: &[(&str, &str)] = &[(
    "crates/examine/src/expression/",
    "an expression holds types and elements, which hold expressions",
)];

/// A path of modules and then of items, from the root of the crate.
type Path = Vec<String>;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut crates: BTreeMap<&str, BTreeMap<Path, Source<'_>>> = BTreeMap::new();
    for (path, text) in tree.ending(".rs") {
        let Some((name, file)) = path
            .strip_prefix("crates/")
            .and_then(|it| it.split_once("/src/"))
        else {
            continue;
        };
        if !CHECKED.contains(&name) {
            continue;
        }
        let module = module(file);
        let imports = imports(&module, text);
        let source = Source { path, imports };
        crates.entry(name).or_default().insert(module, source);
    }
    crates.values().flat_map(circles).collect()
}

/// A file that is a module.
struct Source<'t> {
    path: &'t str,
    imports: Vec<Import>,
}

/// A path that a file names.
struct Import {
    path: Path,
    /// What it is called in the file, where it is in a `use`.
    name: Option<String>,
}

/// The path of the module that a file is: `a/b.rs` and `a/b/mod.rs` are `a::b`.
fn module(file: &str) -> Path {
    let file = file.strip_suffix(".rs").unwrap_or(file);
    let file = file.strip_suffix("/mod").unwrap_or(file);
    match file {
        "lib" | "main" => Vec::new(),
        _ => file.split('/').map(str::to_owned).collect(),
    }
}

/// The circles of a crate.
fn circles(sources: &BTreeMap<Path, Source<'_>>) -> Vec<Finding> {
    let modules: Vec<&Path> = sources.keys().collect();
    let position = |of: &Path| modules.binary_search(&of).ok();
    let mut arrows: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); modules.len()];
    for (from, source) in sources.values().enumerate() {
        for import in &source.imports {
            let to = file_of(sources, &import.path, 0).and_then(|it| position(&it));
            arrows[from].extend(to.filter(|to| !modules[*to].starts_with(modules[from])));
        }
    }
    let reached: Vec<BTreeSet<usize>> = (0..modules.len()).map(|it| reach(&arrows, it)).collect();
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for (from, source) in sources.values().enumerate() {
        let circle: BTreeSet<usize> = (0..modules.len())
            .filter(|to| reached[from].contains(to) && reached[*to].contains(&from))
            .collect();
        if circle.is_empty() || !seen.insert(circle.clone()) {
            continue;
        }
        let path = |it: usize| sources[modules[it]].path;
        let files: BTreeSet<&str> = circle.iter().map(|it| path(*it)).collect();
        let is_allowed = |(folder, _): &(&str, &str)| files.iter().all(|it| it.starts_with(folder));
        if ALLOWED.iter().any(is_allowed) {
            continue;
        }
        let ties = circle.iter().flat_map(|from| {
            let to = arrows[*from].intersection(&circle);
            to.map(|to| {
                format!(
                    "{} -> {}",
                    modules[*from].join("::"),
                    modules[*to].join("::")
                )
            })
        });
        let ties: Vec<String> = ties.collect();
        findings.push(Finding::new(
            source.path,
            None,
            format!("imports itself through others: {}", ties.join(", ")),
        ));
    }
    findings
}

/// What is reached from a file, itself only by a circle.
fn reach(arrows: &[BTreeSet<usize>], from: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<usize> = arrows[from].iter().copied().collect();
    while let Some(at) = next.pop() {
        if reached.insert(at) {
            next.extend(&arrows[at]);
        }
    }
    reached
}

/// The file that a path leads to: that of the item at its end, through what is re-exported on the way.
fn file_of(sources: &BTreeMap<Path, Source<'_>>, path: &[String], depth: usize) -> Option<Path> {
    let mut length = 0;
    while length < path.len() && sources.contains_key(&path[..=length]) {
        length += 1;
    }
    let (module, rest) = path.split_at(length);
    let source = sources.get(module)?;
    let exported = rest.first().filter(|_| depth < 8).and_then(|name| {
        let named = |it: &&Import| it.name.as_ref() == Some(name) && it.path[..] != *path;
        source.imports.iter().find(named)
    });
    match exported {
        Some(import) => {
            let on = import.path.iter().chain(&rest[1..]).cloned();
            file_of(sources, &on.collect::<Path>(), depth + 1)
        }
        None => Some(module.to_vec()),
    }
}

/// The paths that a module names, as they count from the root of the crate.
fn imports(module: &[String], text: &str) -> Vec<Import> {
    let code = code(text);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = next_path(&code, at) {
        let is_use = code[start..].starts_with(USE);
        let mut reader = Reader {
            code: &code,
            at: if is_use { start + USE.len() } else { start },
        };
        reader.tree(Vec::new(), is_use, &mut found);
        at = reader.at.max(start + 1);
    }
    for import in &mut found {
        let (mut base, skip) = match import.path.first().map_or("", |it| it) {
            "crate" => (Vec::new(), 1),
            "super" => (module[..module.len().saturating_sub(1)].to_vec(), 1),
            "self" => (module.to_vec(), 1),
            // A child, or another crate, which no file of this one is.
            _ => (module.to_vec(), 0),
        };
        import.path.drain(..skip);
        while import.path.first().is_some_and(|it| it == "super") {
            import.path.remove(0);
            base.pop();
        }
        base.append(&mut import.path);
        import.path = base;
    }
    found
}

const USE: &str = "use ";

/// Where the next path begins: of an import, or one that begins with a root.
fn next_path(code: &str, from: usize) -> Option<usize> {
    let rest = code.get(from..)?;
    let starts = [USE, "crate::", "super::", "self::"].into_iter();
    let at = starts.filter_map(|it| find_word(rest, it)).min()?;
    Some(from + at)
}

/// Where a path begins with `word`, and not in the middle of a name or of another path.
fn find_word(text: &str, word: &str) -> Option<usize> {
    let mut places = text.match_indices(word).map(|it| it.0);
    places.find(|at| {
        let before = text[..*at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '$')
    })
}

/// Reads a tree of paths: `a::{b, c::d as e}`.
struct Reader<'c> {
    code: &'c str,
    at: usize,
}

impl Reader<'_> {
    fn tree(&mut self, mut path: Path, is_use: bool, found: &mut Vec<Import>) {
        loop {
            self.space();
            let rest = &self.code[self.at..];
            if rest.starts_with('{') {
                self.at += 1;
                while !self.code[self.at..].is_empty() && !self.take("}") {
                    let before = self.at;
                    self.tree(path.clone(), is_use, found);
                    self.space();
                    if !self.take(",") && self.at == before {
                        return;
                    }
                    self.space();
                }
                return;
            }
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            let end = end.unwrap_or(rest.len());
            if end == 0 {
                // `*`, or the `<` of a type's arguments.
                self.take("*");
                break;
            }
            path.push(rest[..end].to_owned());
            self.at += end;
            self.space();
            if !self.take("::") {
                break;
            }
        }
        let mut name = path.last().cloned();
        if is_use && self.take("as ") {
            self.space();
            let rest = &self.code[self.at..];
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            name = Some(rest[..end.unwrap_or(rest.len())].to_owned());
            self.at += end.unwrap_or(rest.len());
        }
        if path.last().is_some_and(|it| it == "self") && path.len() > 1 {
            path.pop();
            name = path.last().cloned();
        }
        found.push(Import {
            path,
            name: name.filter(|_| is_use),
        });
    }

    fn space(&mut self) {
        let rest = &self.code[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, text: &str) -> bool {
        let is_there = self.code[self.at..].starts_with(text);
        if is_there {
            self.at += text.len();
        }
        is_there
    }
}

/// A text without its comments and its module of tests. Paths in texts are rare, and lead nowhere.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    let lines = text[..end].lines();
    let code = lines.map(|line| {
        if line.trim_start().starts_with("//") {
            ""
        } else {
            line.split(" // ").next().unwrap_or(line)
        }
    });
    code.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::*;

    #[test]
    fn a_circle_goes_through_other_files() {
        let files = [
            (
                "crates/report/src/lib.rs",
                "mod b;\nmod c;\npub use c::Thing;\n",
            ),
            ("crates/report/src/b.rs", "use crate::Thing;\n"),
            ("crates/report/src/c.rs", "use super::b::{self, other};\n"),
        ];
        assert_eq!(
            found(check, &files),
            ["crates/report/src/b.rs: imports itself through others: b -> c, c -> b"]
        );
    }

    #[test]
    fn a_module_may_be_the_door_of_its_children() {
        let files = [
            (
                "crates/report/src/table.rs",
                "use self::row::{ROW as FIRST};\n",
            ),
            (
                "crates/report/src/table/row.rs",
                "fn f() { super::find(1) }\n",
            ),
            (
                "crates/report/src/other.rs",
                "use crate::table::{self, FIRST};\n",
            ),
        ];
        assert!(found(check, &files).is_empty());
        let back = (
            "crates/report/src/table/row.rs",
            "use crate::other;\nfn f() {}\n",
        );
        assert_eq!(
            found(check, &[files[0], files[2], back]),
            [
                "crates/report/src/other.rs: imports itself through others: other -> table::row, table::row -> other"
            ]
        );
    }

    #[test]
    fn one_way_is_none_nor_is_a_test() {
        let files = [
            (
                "crates/report/src/b.rs",
                "use crate::c;\n// use crate::b;\n",
            ),
            (
                "crates/report/src/c.rs",
                "#[cfg(test)]\nmod tests {\n    use crate::b;\n}\n",
            ),
            ("crates/live/src/c.rs", "use crate::b;\n"),
        ];
        assert!(found(check, &files).is_empty());
    }
}
