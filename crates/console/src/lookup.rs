//! From the words of a line to a command: full names, aliases of gdb and LLDB, and beginnings that can
//! mean only one.

use crate::absent;
use crate::call::{Call, first_word};
use crate::console::{Command, Completes, Groups};
use crate::failure::Failure;

/// The most words that a name has.
const MOST_WORDS: usize = 3;

/// All commands, in the order of the tables.
pub(super) fn commands(groups: Groups) -> impl Iterator<Item = &'static Command> {
    groups.iter().flat_map(|it| it.commands)
}

/// Finds the command of a line that is not empty.
pub(super) fn find(groups: Groups, line: &str) -> Result<(&'static Command, Call<'_>), Failure> {
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
        let Some((command, name)) = named(groups, &words(&typed[..count]))? else {
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
    Err(unknown(groups, &words(&typed)))
}

/// The command whose place a line may name instead: `br list` is LLDB's `breakpoint list`, and gdb's `break` at a
/// function of the program that is called `list`.
pub(super) fn with_place(groups: Groups, line: &str) -> Option<(&'static Command, Call<'_>)> {
    let typed = typed_words(line.trim());
    let first = typed.first().filter(|it| it.word == "br")?;
    let (command, name) = named(groups, &["break"]).ok()??;
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
pub(super) fn is_taken(groups: Groups, word: &str) -> bool {
    let mut names = commands(groups).flat_map(|it| it.names.iter());
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
fn named(
    groups: Groups,
    words: &[&str],
) -> Result<Option<(&'static Command, &'static str)>, Failure> {
    let all = || commands(groups).flat_map(|it| it.names.iter().map(move |name| (it, *name)));
    let exact = |name: &str| name.split(' ').eq(words.iter().copied());
    if let Some(found) = all().find(|(_, name)| exact(name)) {
        return Ok(Some(found));
    }
    // Letters that stand for the first of several words: `i lo`, `br s`.
    let first = words.first().and_then(|it| stands_for(it));
    let alone = words.len() > 1 && words.first().is_some_and(|it| stands_alone(groups, it));
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
fn stands_alone(groups: Groups, word: &str) -> bool {
    let mut names = commands(groups).flat_map(|it| it.names.iter().map(move |name| (it, *name)));
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

/// The first words of names with several words, in the short forms that users know.
pub(super) fn stands_for(word: &str) -> Option<&'static str> {
    match word {
        "i" => Some("info"),
        "br" => Some("breakpoint"),
        "f" => Some("frame"),
        "t" => Some("thread"),
        _ => None,
    }
}

fn unknown(groups: Groups, typed: &[&str]) -> Failure {
    let Some(first) = typed.first() else {
        return Failure("a command begins with a letter; `help` lists them".to_owned());
    };
    if let Some(absent) = absent::of_one_word(first) {
        return absent.failure();
    }
    // What follows the first word of names with several words is what is wrong.
    let family: Vec<&'static str> = commands(groups)
        .flat_map(|it| it.names.iter().copied())
        .filter(|name| {
            let head = name.split_once(' ').map(|it| it.0);
            head == Some(*first) || head.is_some() && head == stands_for(first)
        })
        .collect();
    if let Some(head) = family.first() {
        let head = head.split(' ').next().unwrap_or_default();
        return no_such(groups, head, typed.get(1).copied().unwrap_or_default());
    }
    let names = commands(groups).flat_map(|it| it.names.iter().copied());
    let near = near(first, names.filter(|it| it.len() > 2), "`help` lists them");
    Failure(format!("there is no command `{first}`{near}"))
}

/// That a word does not follow the first one of a name.
pub(super) fn no_such(groups: Groups, head: &str, second: &str) -> Failure {
    let names = commands(groups).flat_map(|it| it.names.iter());
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
