//! Words that have a plainer one: the project's texts are read by people who learnt English as a second language.

use super::{Finding, Tree};

/// What is not written, and what is written instead. Lower case; each begins and ends at the border of a word.
const GLOSSARY: &[(&str, &str)] = &[
    ("as many as", "at most, or: all that"),
    ("at hand", "available"),
    ("stands still", "is stopped"),
    ("stand still", "are stopped"),
    ("comes by", "reaches, passes"),
    ("come by", "reach, pass"),
    ("nobody", "no one, or what has none"),
    ("somebody", "the user, the caller, the engine"),
    ("whoever", "the user, the caller, what"),
    ("a person", "the user, the reader"),
    ("is told", "is reported"),
    ("are told", "are reported"),
    ("tells", "says, reports, shows, lists"),
    ("but for", "except"),
    ("youngest", "innermost"),
    ("oldest frame", "outermost frame"),
    ("its like", "and similar"),
    ("stands at", "is at, is stopped at"),
    ("frame stands", "frame is"),
    ("program stands", "program is"),
];

/// How a limit is not described: what "as many" means is the rest of a sentence that is not there.
const AS_MANY: &str = "/// As many ";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let texts = [".rs", ".md"].into_iter().flat_map(|it| tree.ending(it));
    // Sources of fixtures are built, and the changelog says what was.
    let is_checked = |path: &str| {
        !path.ends_with("/glossary.rs")
            && !path.starts_with("fixtures/src/")
            && path != "CHANGELOG.md"
    };
    for (path, text) in texts.filter(|(path, _)| is_checked(path)) {
        for (number, line) in (1..).zip(text.lines()) {
            if line.contains(AS_MANY) {
                let message = "`As many X are …` is not plain: `At most this many X are …`";
                findings.push(Finding::new(path, number, message));
            }
            let line = line.to_lowercase();
            for (phrase, instead) in GLOSSARY {
                if has(&line, phrase) {
                    let message = format!("`{phrase}` is not plain: {instead}");
                    findings.push(Finding::new(path, number, message));
                }
            }
        }
    }
    findings
}

/// Whether a line has a phrase that is not a part of longer words.
fn has(line: &str, phrase: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    line.match_indices(phrase).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + phrase.len()..].chars().next();
        !is_part(before) && !is_part(after)
    })
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::*;

    #[test]
    fn a_phrase_has_a_plainer_one() {
        let files = [
            ("a.md", "Nobody reads it.\nThe handle is at handover.\n"),
            ("b.rs", "/// As many rows are looked at.\n"),
        ];
        assert_eq!(
            found(check, &files),
            [
                "b.rs:1: `As many X are …` is not plain: `At most this many X are …`",
                "a.md:1: `nobody` is not plain: no one, or what has none",
            ]
        );
    }
}
