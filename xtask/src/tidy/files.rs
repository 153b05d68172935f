//! Files of any kind: nothing of the machine they were written on, and JSON that is JSON.

use super::{Finding, Tree};

/// Where directories of users and of build machines begin, without the first slash.
const MACHINES: [&str; 4] = ["work/", "root/", "home/", "tmp/bash"];

pub(super) fn machine_paths(tree: &Tree) -> Vec<Finding> {
    let mut private: Vec<String> = MACHINES.iter().map(|it| format!("/{it}")).collect();
    let home = std::env::var("HOME").unwrap_or_default();
    for own in [home, crate::root().to_string_lossy().into_owned()] {
        private.push(format!("{}/", own.trim_end_matches('/')));
    }
    // A home of `/` makes no path a secret.
    private.retain(|it| it.len() > 1);
    let mut findings = Vec::new();
    for (path, text) in &tree.files {
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(found) = private.iter().find(|it| names(line, it)) {
                let message = format!("`{found}` is a path of some machine");
                findings.push(Finding::new(path, number, message));
            }
        }
    }
    findings
}

/// Whether the line has an absolute path that begins so, and not just one that goes on so.
fn names(line: &str, beginning: &str) -> bool {
    line.match_indices(beginning).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-/*$}])".contains(c))
    })
}

pub(super) fn json(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.ending(".json") {
        if let Err(error) = serde_json::from_str::<serde_json::Value>(text) {
            findings.push(Finding::new(
                path,
                error.line(),
                format!("not JSON: {error}"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::*;

    #[test]
    fn a_path_of_a_machine() {
        let text = [
            "fine/",
            "work/x\nsee \"/",
            "work/x\" here\nhttp://x.org/",
            "home/y\n/",
            "home/me/y\n",
        ]
        .concat();
        assert_eq!(
            found(machine_paths, &[("a.txt", &text)]),
            [
                ["a.txt:2: `/", "work/` is a path of some machine"].concat(),
                ["a.txt:4: `/", "home/` is a path of some machine"].concat(),
            ]
        );
        let own = format!("{}/src", crate::root().display());
        assert_eq!(found(machine_paths, &[("a.txt", &own)]).len(), 1);
    }

    #[test]
    fn json_that_is_none() {
        let files = [
            ("good.json", "{\"a\": [1]}"),
            ("bad.json", "{\n  \"a\": 1,\n}"),
        ];
        let found = found(json, &files);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("bad.json:3: not JSON: "),
            "{}",
            found[0]
        );
    }
}
