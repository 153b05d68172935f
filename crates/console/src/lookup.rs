//! From the words of a line to a command: full names, aliases of gdb and LLDB, and beginnings that can
//! mean only one.

use crate::absent;
use crate::call::{Call, first_word};
use crate::command::{Command, Completes, Failure};
use crate::table::commands;

/// The most words that a name has.
const MOST_WORDS: usize = 3;

/// Finds the command of a line that is not empty.
pub(super) fn find(line: &str) -> Result<(&'static Command, Call<'_>), Failure> {
    let line = line.trim();
    let typed = typed_words(line);
    let mut full = words(&typed);
    if let Some(first) = full.first_mut() {
        *first = stands_for(first).unwrap_or(first);
    }
    if let Some(absent) = absent::of_several_words(&full) {
        return Err(absent.failure());
    }
    // The name with the most words wins, so that `breakpoint set x` is not the breakpoint of a function
    // `set`; and an exact name before a beginning of one.
    for count in (1..=typed.len()).rev() {
        let last = &typed[count - 1];
        // `info line` is followed by a space; what follows `b list` in `b list.c:95` belongs to the word.
        if count > 1 && !last.is_whole {
            continue;
        }
        let Some((command, name)) = named(&words(&typed[..count]))? else {
            continue;
        };
        // `set args = 5` changes a variable that is called so.
        if count > 1 && name.starts_with("set ") && assigns(last.rest) {
            continue;
        }
        let call = Call {
            command: command.name(),
            name,
            format: last.format,
            rest: last.rest,
        };
        return Ok((command, call));
    }
    Err(unknown(&words(&typed)))
}

/// The command whose place a line may name instead: `br list` is LLDB's `breakpoint list`, and gdb's `break` at a
/// function of the program that is called `list`.
pub(super) fn with_place(line: &str) -> Option<(&'static Command, Call<'_>)> {
    let typed = typed_words(line.trim());
    let first = typed.first().filter(|it| it.word == "br")?;
    let (command, name) = named(&["break"]).ok()??;
    let call = Call {
        command: command.name(),
        name,
        format: None,
        rest: first.rest,
    };
    Some((command, call))
}

/// Whether a text begins with an operator that assigns.
pub(super) fn assigns(text: &str) -> bool {
    let operators = ["<<", ">>", "+", "-", "*", "/", "%", "&", "|", "^", ""];
    let mut after = operators.iter().filter_map(|it| text.strip_prefix(it));
    after.any(|it| it.starts_with('=') && !it.starts_with("=="))
}

/// Whether names of commands are or begin with this word.
pub(super) fn is_taken(word: &str) -> bool {
    let mut names = commands().flat_map(|it| it.names.iter());
    names.any(|name| name.split(' ').next() == Some(word))
}

/// A word that a name may consist of.
struct Typed<'a> {
    word: &'a str,
    /// Whether it ends there: a space, a format or the end of the line follows.
    is_whole: bool,
    /// The format that follows it.
    format: Option<&'a str>,
    /// The rest of the line.
    rest: &'a str,
}

fn words<'a>(typed: &[Typed<'a>]) -> Vec<&'a str> {
    typed.iter().map(|it| it.word).collect()
}

/// The words that a name can consist of.
fn typed_words(line: &str) -> Vec<Typed<'_>> {
    let mut found = Vec::new();
    let mut rest = line;
    while found.len() < MOST_WORDS {
        // What is no word is a command of its own, as `!` is: the rest need not be set apart.
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_');
        let end = end.unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() {
            break;
        }
        let (format, after_format) = match after.strip_prefix('/') {
            Some(after) => {
                let (format, after) = first_word(after).unwrap_or_default();
                (Some(format), after)
            }
            None => (None, after.trim_start()),
        };
        let goes_on = format.is_none() && after.starts_with(char::is_whitespace);
        found.push(Typed {
            word,
            is_whole: goes_on || format.is_some() || after.is_empty(),
            format,
            rest: after_format,
        });
        if !goes_on {
            break;
        }
        rest = after_format;
    }
    found
}

/// The command of a name of exactly these words, which may be beginnings.
fn named(words: &[&str]) -> Result<Option<(&'static Command, &'static str)>, Failure> {
    let all = || commands().flat_map(|it| it.names.iter().map(move |name| (it, *name)));
    let exact = |name: &str| name.split(' ').eq(words.iter().copied());
    if let Some(found) = all().find(|(_, name)| exact(name)) {
        return Ok(Some(found));
    }
    // Letters that stand for the first of several words: `i lo`, `br s`.
    let first = words.first().and_then(|it| stands_for(it));
    let alone = words.len() > 1 && words.first().is_some_and(|it| stands_alone(it));
    let begins = |name: &str| {
        let parts: Vec<&str> = name.split(' ').collect();
        let is_short = |(at, (part, word)): (usize, (&&str, &&str))| match first {
            Some(first) if at == 0 && parts.len() > 1 => *part == first,
            _ if at == 0 && parts.len() > 1 => part == word || part.starts_with(*word) && !alone,
            // `set a = 1` changes a variable.
            _ if at == 1 && parts[0] == "set" => part == word,
            _ => part.starts_with(*word),
        };
        parts.len() == words.len() && parts.iter().zip(words).enumerate().all(is_short)
    };
    let mut found: Vec<(&'static Command, &'static str)> =
        all().filter(|(_, name)| begins(name)).collect();
    found.dedup_by(|a, b| std::ptr::eq(a.0, b.0));
    // Where a beginning is a whole word of one name, that one is meant: `info line` and `info lines`.
    if found.len() > 1 {
        let is_whole = |name: &str| {
            let last = name.rsplit(' ').next();
            last.is_some() && last == words.last().copied()
        };
        let whole: Vec<_> = found.iter().copied().filter(|it| is_whole(it.1)).collect();
        if let [only] = whole[..] {
            return Ok(Some(only));
        }
    }
    match found[..] {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        _ => {
            let names: Vec<String> = found.iter().map(|it| format!("`{}`", it.1)).collect();
            Err(Failure(format!(
                "`{}` can mean {}",
                words.join(" "),
                crate::words::list(&names, "or")
            )))
        }
    }
}

/// Whether a word that is not the whole first one of a name means a command of one word, whatever follows it: `p` is
/// `print` and never the beginning of `process`, so that `p c` shows a variable.
fn stands_alone(word: &str) -> bool {
    let mut names = commands().flat_map(|it| it.names.iter().map(move |name| (it, *name)));
    names.any(|(command, name)| {
        let takes_code = !matches!(
            command.completes,
            Completes::Nothing
                | Completes::Command
                | Completes::Breakpoint
                | Completes::Display
                | Completes::Setting
                | Completes::Path
        );
        name == word || takes_code && !name.contains(' ') && name.starts_with(word)
    })
}

/// The first words of names with several words, as short as people know them.
fn stands_for(word: &str) -> Option<&'static str> {
    match word {
        "i" => Some("info"),
        "br" => Some("breakpoint"),
        "f" => Some("frame"),
        "t" => Some("thread"),
        _ => None,
    }
}

fn unknown(typed: &[&str]) -> Failure {
    let Some(first) = typed.first() else {
        return Failure("a command begins with a letter; `help` lists them".to_owned());
    };
    if let Some(absent) = absent::of_one_word(first) {
        return absent.failure();
    }
    // What follows the first word of names with several words is what is wrong.
    let family: Vec<&'static str> = commands()
        .flat_map(|it| it.names.iter().copied())
        .filter(|name| {
            let head = name.split_once(' ').map(|it| it.0);
            head == Some(*first) || head.is_some() && head == stands_for(first)
        })
        .collect();
    if let Some(head) = family.first() {
        let head = head.split(' ').next().unwrap_or_default();
        return no_such(head, typed.get(1).copied().unwrap_or_default());
    }
    let names = commands().flat_map(|it| it.names.iter().copied());
    let near = near(first, names.filter(|it| it.len() > 2), "`help` lists them");
    Failure(format!("there is no command `{first}`{near}"))
}

/// That a word does not follow the first one of a name.
pub(super) fn no_such(head: &str, second: &str) -> Failure {
    let names = commands().flat_map(|it| it.names.iter());
    let tails = names.filter_map(|it| it.strip_prefix(head)?.strip_prefix(' '));
    if second.is_empty() {
        let all: Vec<String> = tails.map(|it| format!("`{it}`")).collect();
        return Failure(format!(
            "`{head}` needs one more word: {}",
            crate::words::list(&all, "or")
        ));
    }
    let near = near(second, tails, &format!("`help {head}` lists what there is"));
    Failure(format!("there is no `{head} {second}`{near}"))
}

/// What may have been meant by a word that means nothing, else where to look: the end of a sentence.
pub(super) fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, look: &str) -> String {
    match wdb_examine::expression::did_you_mean(word, known) {
        near if near.is_empty() => format!("; {look}"),
        near => near,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether what follows a command can be the name of a variable, a function, a type or a file.
    fn takes_names(command: &Command) -> bool {
        matches!(
            command.completes,
            Completes::Place | Completes::Expression | Completes::Function | Completes::Type
        )
    }

    /// What a person may call a variable or a function: a letter, and the words of commands with their beginnings.
    fn possible_names() -> Vec<String> {
        let mut names: Vec<String> = ('a'..='z').map(String::from).collect();
        let words = commands().flat_map(|it| it.names.iter().flat_map(|it| it.split(' ')));
        for word in words.filter(|it| !it.contains('-')) {
            names.extend((1..=word.len()).map(|end| word[..end].to_owned()));
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    #[test]
    fn what_follows_a_short_command_is_no_part_of_its_name() {
        let names = possible_names();
        for command in commands().filter(|it| takes_names(it)) {
            let short = command.names.iter().filter(|it| !it.contains(' '));
            for beginning in short.flat_map(|it| (1..=it.len()).map(|end| &it[..end])) {
                let is_whole = commands().any(|it| {
                    let heads = it.names.iter().filter_map(|it| it.split_once(' '));
                    heads.into_iter().any(|it| it.0 == beginning)
                });
                // Of the beginnings of `breakpoint`, `br` is looked up in the program: see `with_place`.
                let is_known = stands_for(beginning).is_some();
                let Ok((alone, _)) = find(beginning) else {
                    continue;
                };
                if !takes_names(alone) || is_whole || is_known {
                    continue;
                }
                for name in &names {
                    let line = format!("{beginning} {name}");
                    let (found, call) = find(&line).unwrap();
                    assert!(std::ptr::eq(found, alone), "{line}: {}", found.name());
                    assert_eq!(call.rest, name, "{line}");
                }
            }
        }
        for (line, command) in [
            ("p c", "print"),
            ("p k", "print"),
            ("pr c", "print"),
            ("b list.c:95", "break"),
            ("break set.c:4", "break"),
            ("b delete", "break"),
            ("u env", "until"),
            ("s info", "step"),
            ("c source", "continue"),
            ("r read", "run"),
            ("pro st", "info program"),
            ("br s -n main", "break"),
            ("br l", "info breakpoints"),
            ("i lo", "info locals"),
            ("f v x", "frame variable"),
            ("t l", "info threads"),
            ("set args += 1", "set"),
            ("set args.x = 1", "set"),
            ("set args --depth 3", "set args"),
        ] {
            assert_eq!(find(line).unwrap().0.name(), command, "{line}");
        }
        for line in ["br list", "br set", "br delete", "br l if x == 3"] {
            let (command, call) = with_place(line).unwrap();
            assert_eq!(command.name(), "break");
            assert!(line.ends_with(call.rest));
        }
    }

    #[test]
    fn a_command_that_is_not_there_says_what_to_use() {
        for line in [
            "watch x",
            "w s v x",
            "info watchpoints",
            "thread apply all bt",
            "t apply all bt",
            "frame apply all p x",
            "python print(1)",
            "target remote :1234",
            "reverse-step",
            "printf \"%d\", x",
        ] {
            let Err(Failure(message)) = find(line) else {
                panic!("{line} is a command");
            };
            assert!(message.contains('`'), "{line}: {message}");
            assert!(!message.contains("did you mean"), "{line}: {message}");
        }
        for absent in crate::absent::ABSENT {
            for name in absent.names {
                assert!(
                    commands().all(|it| !it.names.contains(name)),
                    "{name} is there"
                );
                let Err(Failure(message)) = find(name) else {
                    panic!("{name} is a command");
                };
                assert_eq!(message, absent.instead, "{name}");
            }
            // What is named instead is there.
            for named in absent.instead.split('`').skip(1).step_by(2) {
                let is_itself = absent.names.contains(&named);
                let is_of_start = named.starts_with("wdb ") || named.starts_with("--");
                let is_there = is_itself || is_of_start || find(named).is_ok();
                assert!(is_there, "`{named}` in {}", absent.instead);
            }
        }
    }
}
