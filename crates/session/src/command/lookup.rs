//! From the words of a line to a command: full names, aliases of gdb and LLDB, and beginnings that can
//! mean only one.

use super::call::{Call, first_word};
use super::{Command, Failure, commands};

/// The most words that a name has.
const MOST_WORDS: usize = 3;

/// Finds the command of a line that is not empty.
pub(super) fn find(line: &str) -> Result<(&'static Command, Call<'_>), Failure> {
    let line = line.trim();
    let typed = typed_words(line);
    // The name with the most words wins, so that `breakpoint set x` is not the breakpoint of a function
    // `set`; and an exact name before a beginning of one.
    for count in (1..=typed.len()).rev() {
        let words: Vec<&str> = typed[..count].iter().map(|it| it.0).collect();
        let found = named(&words)?;
        let Some((command, name)) = found else {
            continue;
        };
        let (format, rest) = typed[count - 1].1;
        // `set args = 5` changes a variable that is called so.
        let assigns = rest.starts_with('=') && !rest.starts_with("==");
        if assigns && count > 1 && name.starts_with("set ") {
            continue;
        }
        let call = Call {
            command: command.name(),
            name,
            format,
            rest,
        };
        return Ok((command, call));
    }
    Err(unknown(&typed))
}

/// Whether names of commands are or begin with this word.
pub(super) fn is_taken(word: &str) -> bool {
    let mut names = commands().flat_map(|it| it.names.iter());
    names.any(|name| name.split(' ').next() == Some(word))
}

/// The words that a name can consist of, each with its format and the rest of the line after it.
fn typed_words(line: &str) -> Vec<(&str, (Option<&str>, &str))> {
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
        found.push((word, (format, after_format)));
        let ends_here = format.is_some() || !after.starts_with(char::is_whitespace);
        if ends_here {
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
    let begins = |name: &str| {
        let parts: Vec<&str> = name.split(' ').collect();
        let is_short = |(at, (part, word)): (usize, (&&str, &&str))| match first {
            Some(first) if at == 0 && parts.len() > 1 => *part == first,
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
                super::list(&names, "or")
            )))
        }
    }
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

fn unknown(typed: &[(&str, (Option<&str>, &str))]) -> Failure {
    let Some((first, _)) = typed.first() else {
        return Failure("a command begins with a letter; `help` lists them".to_owned());
    };
    // What follows the first word of names with several words is what is wrong.
    let family: Vec<&'static str> = commands()
        .flat_map(|it| it.names.iter().copied())
        .filter(|name| {
            let head = name.split_once(' ').map(|it| it.0);
            head == Some(first) || head.is_some() && head == stands_for(first)
        })
        .collect();
    if let Some(head) = family.first() {
        let head = head.split(' ').next().unwrap_or_default();
        let second = typed.get(1).map_or("", |it| it.0);
        return no_such(head, second);
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
            super::list(&all, "or")
        ));
    }
    let near = near(second, tails, &format!("`help {head}` lists what there is"));
    Failure(format!("there is no `{head} {second}`{near}"))
}

/// What may have been meant by a word that means nothing, else where to look: the end of a sentence.
pub(super) fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, look: &str) -> String {
    match crate::expression::did_you_mean(word, known) {
        near if near.is_empty() => format!("; {look}"),
        near => near,
    }
}
