//! Versions, features and lints are in the root manifest only.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Finding, Tree};

/// A manifest of the workspace.
pub(super) struct Manifest<'a> {
    pub(super) path: &'a str,
    text: &'a str,
    table: DeTable<'a>,
}

/// Which table a dependency is in.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Normal,
    Dev,
    Build,
}

/// What a manifest says of a dependency.
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) line: usize,
    /// Whether version and features come from the root.
    inherits: bool,
}

const KINDS: [(&str, Kind); 3] = [
    ("dependencies", Kind::Normal),
    ("dev-dependencies", Kind::Dev),
    ("build-dependencies", Kind::Build),
];

/// The keys of `[package]` that are the same for all crates.
const SHARED: [&str; 4] = ["version", "edition", "rust-version", "license"];

impl<'a> Manifest<'a> {
    fn parse(path: &'a str, text: &'a str) -> Option<Manifest<'a>> {
        let table = DeTable::parse(text).ok()?.into_inner();
        Some(Manifest { path, text, table })
    }

    pub(super) fn dependencies(&self) -> Vec<Dependency> {
        let mut dependencies = self.dependencies_in(&self.table);
        let platforms = table(&self.table, "target").into_iter().flatten();
        for platform in platforms.filter_map(|(_, value)| value.get_ref().as_table()) {
            dependencies.extend(self.dependencies_in(platform));
        }
        dependencies
    }

    fn dependencies_in(&self, parent: &DeTable<'_>) -> Vec<Dependency> {
        let mut dependencies = Vec::new();
        for (title, kind) in KINDS {
            for (name, value) in table(parent, title).into_iter().flatten() {
                dependencies.push(Dependency {
                    name: name.get_ref().to_string(),
                    kind,
                    line: self.line(name),
                    inherits: inherits(value, &["optional"]),
                });
            }
        }
        dependencies
    }

    fn line<T>(&self, at: &Spanned<T>) -> usize {
        let before = self.text.get(..at.span().start).unwrap_or(self.text);
        1 + before.matches('\n').count()
    }

    fn finding<T>(&self, at: &Spanned<T>, message: String) -> Finding {
        Finding::new(self.path, self.line(at), message)
    }
}

fn table<'t, 'a>(parent: &'t DeTable<'a>, name: &str) -> Option<&'t DeTable<'a>> {
    parent.get(name)?.get_ref().as_table()
}

/// Whether a value is `{ workspace = true }`, with no keys besides but `others`.
fn inherits(value: &Spanned<DeValue<'_>>, others: &[&str]) -> bool {
    let Some(table) = value.get_ref().as_table() else {
        return false;
    };
    let workspace = table.get("workspace").and_then(|it| it.get_ref().as_bool());
    let known = |key: &str| key == "workspace" || others.contains(&key);
    workspace == Some(true) && table.keys().all(|key| known(key.get_ref()))
}

/// The manifests of the workspace's crates. One that cannot be parsed cannot be built either, so it
/// is cargo that says so.
pub(super) fn members(tree: &Tree) -> impl Iterator<Item = Manifest<'_>> {
    tree.ending("/Cargo.toml")
        .filter(|(path, _)| is_member(path))
        .filter_map(|(path, text)| Manifest::parse(path, text))
}

fn is_member(path: &str) -> bool {
    let inside = path.strip_prefix("crates/");
    path == "xtask/Cargo.toml" || inside.is_some_and(|it| it.matches('/').count() == 1)
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut used = Vec::new();
    for manifest in members(tree) {
        let dependencies = manifest.dependencies();
        for dependency in dependencies.iter().filter(|it| !it.inherits) {
            findings.push(Finding::new(
                manifest.path,
                dependency.line,
                format!(
                    "say `{0}.workspace = true`; version and features of `{0}` go into the root Cargo.toml",
                    dependency.name
                ),
            ));
        }
        used.extend(dependencies.into_iter().map(|it| it.name));
        let package = table(&manifest.table, "package");
        for (key, value) in package.into_iter().flatten() {
            if SHARED.contains(&&**key.get_ref()) && !inherits(value, &[]) {
                let message = format!("say `{}.workspace = true`", key.get_ref());
                findings.push(manifest.finding(key, message));
            }
        }
        match manifest.table.get_key_value("lints") {
            Some((_, value)) if inherits(value, &[]) => {}
            Some((key, _)) => findings.push(manifest.finding(
                key,
                "lints go into the root Cargo.toml; say `lints.workspace = true`".to_owned(),
            )),
            None => findings.push(Finding::new(
                manifest.path,
                None,
                "without `[lints]` and `workspace = true` the project's lints do not hold here",
            )),
        }
        for title in ["profile", "patch", "replace"] {
            if let Some((key, _)) = manifest.table.get_key_value(title) {
                let message = format!("`{title}` has a meaning in the root Cargo.toml only");
                findings.push(manifest.finding(key, message));
            }
        }
    }
    findings.extend(unused(tree, &used));
    findings
}

/// What the root declares and no crate uses.
fn unused(tree: &Tree, used: &[String]) -> Vec<Finding> {
    let root = tree.files.get_key_value("Cargo.toml");
    let Some(root) = root.and_then(|(path, text)| Manifest::parse(path, text)) else {
        return Vec::new();
    };
    let declared = table(&root.table, "workspace").and_then(|it| table(it, "dependencies"));
    let names = declared.into_iter().flatten().map(|(name, _)| name);
    names
        .filter(|name| !used.iter().any(|it| it == &**name.get_ref()))
        .map(|name| root.finding(name, format!("no crate uses `{}`", name.get_ref())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::*;

    #[test]
    fn a_version_of_its_own() {
        let manifest = "[package]\nversion = \"1.0.0\"\nedition.workspace = true\n\
                        [lints]\nworkspace = true\n\
                        [dependencies]\nanyhow = \"1\"\nbytes.workspace = true\n\
                        clap = { workspace = true, features = [\"env\"] }\n\
                        zstd = { workspace = true, optional = true }\n";
        assert_eq!(
            found(check, &[("crates/cli/Cargo.toml", manifest)]),
            [
                "crates/cli/Cargo.toml:7: say `anyhow.workspace = true`; version and features of `anyhow` \
                 go into the root Cargo.toml",
                "crates/cli/Cargo.toml:9: say `clap.workspace = true`; version and features of `clap` \
                 go into the root Cargo.toml",
                "crates/cli/Cargo.toml:2: say `version.workspace = true`",
            ]
        );
    }

    #[test]
    fn lints_of_its_own() {
        let manifest = "[lints.rust]\nunsafe_code = \"allow\"\n[profile.dev]\nopt-level = 3\n";
        assert_eq!(
            found(check, &[("crates/cli/Cargo.toml", manifest)]),
            [
                "crates/cli/Cargo.toml:1: lints go into the root Cargo.toml; say `lints.workspace = true`",
                "crates/cli/Cargo.toml:3: `profile` has a meaning in the root Cargo.toml only",
            ]
        );
        assert_eq!(
            found(check, &[("xtask/Cargo.toml", "")]),
            [
                "xtask/Cargo.toml: without `[lints]` and `workspace = true` the project's lints do not hold here"
            ]
        );
    }

    #[test]
    fn a_dependency_that_no_one_has() {
        let root = "[workspace.dependencies]\nanyhow = \"1\"\nbytes = \"1\"\n";
        let member = "[lints]\nworkspace = true\n[dev-dependencies]\nanyhow.workspace = true\n";
        assert_eq!(
            found(check, &[("Cargo.toml", root), ("xtask/Cargo.toml", member)]),
            ["Cargo.toml:3: no crate uses `bytes`"]
        );
    }

    #[test]
    fn other_workspaces_are_not_ours() {
        let manifest = "[dependencies]\nanyhow = \"1\"\n";
        let paths = [
            "fuzz/Cargo.toml",
            "fixtures/sqlite/Cargo.toml",
            "crates/a/b/Cargo.toml",
        ];
        assert!(found(check, &paths.map(|path| (path, manifest))).is_empty());
    }
}
