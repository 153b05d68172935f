//! The allowed arrows between crates, in one table.

use super::manifests::{self, Kind, Manifest};
use super::{Finding, Tree};

/// Each crate of `crates/` with those of them that it may depend on. A crate names only crates above it
/// in this list, so no arrow can point upwards.
const ARROWS: &[(&str, &[&str])] = &[
    ("module", &[]),
    ("coredump", &["module"]),
    ("symbols", &["module"]),
    ("debuggee", &["module", "coredump"]),
    ("live", &["module", "coredump", "debuggee"]),
    ("examine", &["module", "symbols", "debuggee"]),
    ("report", &["module", "symbols", "debuggee", "examine"]),
    ("session", &["module", "symbols", "debuggee", "examine"]),
    (
        "console",
        &[
            "module", "symbols", "debuggee", "examine", "report", "session",
        ],
    ),
    (
        "terminal",
        &["symbols", "debuggee", "examine", "session", "console"],
    ),
    (
        "cli",
        &[
            "module", "coredump", "symbols", "debuggee", "live", "examine", "report", "session",
            "console", "terminal",
        ],
    ),
];

/// What the tests of a crate may use that is not below it: an engine, to run programs in.
const FOR_TESTS: &[(&str, &str)] = &[("session", "live")];

/// Dependencies that only these crates may have. Above all: no crate but `live` names the engine.
const RESERVED: &[(&str, &[&str])] = &[
    ("wasmtime", &["live"]),
    ("wasmtime-wasi", &["live"]),
    ("tokio", &["live"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
];

/// The picture of the arrows in `ARCHITECTURE.md`, as Mermaid draws it. An arrow that others imply is left out.
#[cfg(test)]
fn picture() -> String {
    let mut out = String::from("```mermaid\nflowchart TD\n");
    for (from, to) in ARROWS.iter().rev() {
        let implied = |name: &&str| to.iter().any(|via| below(via).contains(name));
        for name in to.iter().rev().filter(|it| !implied(it)) {
            out.push_str(&format!("    {from} --> {name}\n"));
        }
    }
    out.push_str("```\n");
    out
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for manifest in manifests::members(tree) {
        let name = directory(&manifest);
        let Some(allowed) = allowed(name) else {
            findings.push(Finding::new(
                manifest.path,
                None,
                format!("crate `{name}` is not in the table of xtask/src/tidy/arrows.rs"),
            ));
            continue;
        };
        for dependency in manifest.dependencies() {
            // Tests may use what is below the crate at any depth: a fixture builder, say.
            let allowed = match dependency.kind {
                Kind::Dev => {
                    let more = FOR_TESTS.iter().filter(|(from, _)| *from == name);
                    below(name)
                        .into_iter()
                        .chain(more.map(|(_, to)| *to))
                        .collect()
                }
                Kind::Normal | Kind::Build => allowed.to_vec(),
            };
            let ours = our_directory(&dependency.name);
            if ours.is_some_and(|to| !allowed.contains(&to)) {
                findings.push(Finding::new(
                    manifest.path,
                    dependency.line,
                    format!("`{name}` must not depend on `{}`", dependency.name),
                ));
            }
            let reserved = RESERVED.iter().find(|(to, _)| *to == dependency.name);
            if let Some((to, users)) = reserved
                && !users.contains(&name)
            {
                findings.push(Finding::new(
                    manifest.path,
                    dependency.line,
                    format!("only `{}` may depend on `{to}`", users.join("`, `")),
                ));
            }
        }
    }
    findings
}

/// The name of the crate's directory, by which the table knows it. `xtask` is one too, and has no
/// arrows.
fn directory<'a>(manifest: &Manifest<'a>) -> &'a str {
    let directory = manifest.path.trim_end_matches("/Cargo.toml");
    directory.rsplit('/').next().unwrap_or(directory)
}

fn our_directory(package: &str) -> Option<&str> {
    match package {
        "wdb" => Some("cli"),
        _ => package.strip_prefix("wdb-"),
    }
}

fn allowed(name: &str) -> Option<&'static [&'static str]> {
    if name == "xtask" {
        return Some(&[]);
    }
    let row = ARROWS.iter().find(|(from, _)| *from == name);
    row.map(|(_, to)| *to)
}

/// Everything that `name` reaches.
fn below(name: &str) -> Vec<&'static str> {
    let mut reached = allowed(name).unwrap_or_default().to_vec();
    let mut next = 0;
    while let Some(name) = reached.get(next) {
        for to in allowed(name).unwrap_or_default() {
            if !reached.contains(to) {
                reached.push(to);
            }
        }
        next += 1;
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::*;

    #[test]
    fn the_table_points_downwards() {
        for (at, (from, to)) in ARROWS.iter().enumerate() {
            for name in *to {
                let stands_at = ARROWS.iter().position(|(it, _)| it == name);
                assert!(stands_at.is_some_and(|it| it < at), "{from} -> {name}");
            }
        }
    }

    /// `BLESS=1` draws it anew.
    #[test]
    fn the_picture_is_of_the_table() {
        let path = crate::root().join("ARCHITECTURE.md");
        let text = std::fs::read_to_string(&path).unwrap();
        let start = text.find("```mermaid\n").unwrap();
        let end = start + text[start..].find("\n```\n").unwrap() + "\n```\n".len();
        if std::env::var_os("BLESS").is_some() {
            let text = format!("{}{}{}", &text[..start], picture(), &text[end..]);
            return std::fs::write(&path, text).unwrap();
        }
        assert_eq!(text[start..end], picture(), "BLESS=1 draws the arrows anew");
    }

    #[test]
    fn an_arrow_that_is_not_in_the_table() {
        let manifest = "[dependencies]\nwdb-module.workspace = true\nwdb-live.workspace = true\n";
        assert_eq!(
            found(check, &[("crates/session/Cargo.toml", manifest)]),
            ["crates/session/Cargo.toml:3: `session` must not depend on `wdb-live`"]
        );
    }

    #[test]
    fn the_command_line_is_at_the_top() {
        let manifest = "[dependencies]\nwdb.workspace = true\n";
        assert_eq!(
            found(check, &[("crates/live/Cargo.toml", manifest)]),
            ["crates/live/Cargo.toml:2: `live` must not depend on `wdb`"]
        );
    }

    #[test]
    fn an_engine_outside_live() {
        let manifest = "[dev-dependencies]\nwasmtime.workspace = true\n";
        assert_eq!(
            found(check, &[("crates/session/Cargo.toml", manifest)]),
            ["crates/session/Cargo.toml:2: only `live` may depend on `wasmtime`"]
        );
    }

    #[test]
    fn tests_may_look_further_down() {
        let dependency = "wdb-coredump.workspace = true\n";
        let path = "crates/session/Cargo.toml";
        let dev = format!("[dev-dependencies]\n{dependency}");
        assert!(found(check, &[(path, &dev)]).is_empty());
        let normal = format!("[dependencies]\n{dependency}");
        assert_eq!(found(check, &[(path, &normal)]).len(), 1);
    }

    #[test]
    fn a_platform_is_no_way_around() {
        let manifest = "[target.'cfg(unix)'.dependencies]\nwdb-debuggee.workspace = true\n";
        assert_eq!(
            found(check, &[("crates/coredump/Cargo.toml", manifest)]),
            ["crates/coredump/Cargo.toml:2: `coredump` must not depend on `wdb-debuggee`"]
        );
    }

    #[test]
    fn an_unknown_crate() {
        assert_eq!(
            found(check, &[("crates/new/Cargo.toml", "")]),
            ["crates/new/Cargo.toml: crate `new` is not in the table of xtask/src/tidy/arrows.rs"]
        );
    }
}
