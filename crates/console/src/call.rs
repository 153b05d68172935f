//! A command as it was given: its words, options and the rest of its line.

use std::num::IntErrorKind;

use crate::failure::Failure;

/// A command line after its command was found.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The command's first name.
    pub command: &'static str,
    /// The name that it was found by, in full.
    pub name: &'static str,
    /// What follows the name and a slash: `4xw` of `x/4xw`.
    pub format: Option<&'a str>,
    /// The rest of the line.
    pub rest: &'a str,
}

impl<'a> Call<'a> {
    /// The rest of the line, which there must be.
    pub(super) fn required(&self, what: &str) -> Result<&'a str, Failure> {
        match self.rest {
            "" => Err(Failure(format!("`{}` needs {what}", self.name))),
            rest => Ok(rest),
        }
    }

    /// That there is no rest of the line.
    pub(super) fn none(&self) -> Result<(), Failure> {
        match self.rest {
            "" => Ok(()),
            rest => Err(Failure(format!(
                "`{}` takes no arguments, and was given `{rest}`",
                self.name
            ))),
        }
    }

    /// The format, also if a space is before its slash, and what comes after it.
    pub(super) fn spaced_format(&self) -> (Option<&'a str>, &'a str) {
        match self.rest.strip_prefix('/') {
            Some(after) if self.format.is_none() => {
                let (format, rest) = first_word(after).unwrap_or_default();
                (Some(format), rest)
            }
            _ => (self.format, self.rest),
        }
    }

    /// The words of the rest. Quotes keep words together.
    pub(super) fn words(&self) -> Vec<&'a str> {
        let mut words = Vec::new();
        let mut rest = self.rest;
        while let Some((word, after)) = first_word(rest) {
            words.push(word);
            rest = after;
        }
        words
    }

    /// A positive number, or `default` where the line ends.
    pub(super) fn count(&self, default: u64) -> Result<u64, Failure> {
        if self.rest.is_empty() {
            return Ok(default);
        }
        number(self.rest)
    }
}

/// A number of things, as digits.
pub(super) fn number(text: &str) -> Result<u64, Failure> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    let is_negative = || text.starts_with('-') && text[1..].parse::<u128>().is_ok();
    parsed.map_err(|error| match error.kind() {
        IntErrorKind::PosOverflow => out_of_range(text),
        IntErrorKind::InvalidDigit if is_negative() => out_of_range(text),
        IntErrorKind::Empty => "a number is missing".into(),
        _ => Failure(format!("`{text}` is not a number")),
    })
}

fn out_of_range(text: &str) -> Failure {
    let most = u64::MAX;
    Failure(format!("`{text}` is out of range: from 0 to {most}"))
}

/// The first word of `text` without its quotes, and what comes after it.
pub(super) fn first_word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let quote = text.chars().next()?;
    if matches!(quote, '"' | '\'')
        && let Some(end) = text[1..].find(quote)
    {
        return Some((&text[1..=end], text[end + 2..].trim_start()));
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    Some((&text[..end], text[end..].trim_start()))
}

/// An option that a command may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flag {
    /// Its long name, without the dashes.
    long: &'static str,
    letter: char,
    takes: Takes,
}

/// What follows an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Nothing,
    Value,
}

impl Flag {
    /// An option that is given or not.
    pub(super) const fn bare(long: &'static str, letter: char) -> Flag {
        let takes = Takes::Nothing;
        Flag {
            long,
            letter,
            takes,
        }
    }

    /// An option with a value.
    pub(super) const fn valued(long: &'static str, letter: char) -> Flag {
        let takes = Takes::Value;
        Flag {
            long,
            letter,
            takes,
        }
    }
}

/// The flag of the last of some letters; `-rn NAME` is `-r -n NAME`, and those before it take no value.
fn letters<'f>(
    letters: &str,
    flags: &'f [Flag],
    found: &mut Vec<(&'static str, &str)>,
) -> Option<&'f Flag> {
    let mut each = letters
        .chars()
        .map(|letter| flags.iter().find(|flag| flag.letter == letter));
    let last = each.next_back().flatten()?;
    for flag in each {
        let flag = flag.filter(|flag| flag.takes == Takes::Nothing)?;
        found.push((flag.long, ""));
    }
    Some(last)
}

/// Options as LLDB has them, `--file main.c -l 12`, taken from the front of a line.
pub(super) struct Options<'a> {
    found: Vec<(&'static str, &'a str)>,
    /// What comes after them.
    pub(super) rest: &'a str,
}

impl<'a> Options<'a> {
    /// No options: all of `line` is the rest.
    pub(super) fn none(line: &'a str) -> Self {
        Options {
            found: Vec::new(),
            rest: line,
        }
    }

    /// Takes the options of `line`, up to the first word that is not one, or to `--`.
    pub(super) fn parse(line: &'a str, flags: &[Flag]) -> Result<Self, Failure> {
        let mut found = Vec::new();
        let mut rest = line.trim_start();
        while let Some((word, after)) = first_word(rest) {
            if word == "--" {
                rest = after;
                break;
            }
            let second = word.chars().nth(1);
            let is_number = second.is_some_and(|it| it.is_ascii_digit());
            if !word.starts_with('-') || word == "-" || is_number {
                break;
            }
            let (name, given) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word, None),
            };
            let flag = match name.strip_prefix("--") {
                Some(long) => flags.iter().find(|flag| flag.long == long),
                None => letters(&name[1..], flags, &mut found),
            };
            let flag = flag.ok_or_else(|| {
                let all: Vec<String> = flags.iter().map(|it| format!("--{}", it.long)).collect();
                Failure(format!(
                    "there is no option `{name}` here; there are {}",
                    all.join(", ")
                ))
            })?;
            rest = after;
            let value = match given {
                Some(value) => value,
                None if flag.takes == Takes::Nothing => "",
                None => {
                    let missing = || Failure(format!("`{name}` needs a value"));
                    let (value, after) = first_word(rest).ok_or_else(missing)?;
                    rest = after;
                    value
                }
            };
            found.push((flag.long, value));
        }
        Ok(Options { found, rest })
    }

    /// The value of an option.
    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        let found = self.found.iter().find(|it| it.0 == name);
        found.map(|it| it.1)
    }

    /// Whether an option was given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Whether there was any option.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_before_the_rest() {
        let flags: &[Flag] = &[
            Flag::valued("file", 'f'),
            Flag::valued("line", 'l'),
            Flag::bare("one", 'o'),
        ];
        let options = Options::parse("--file \"a b.c\" -l 12 -o x --file y", flags).unwrap();
        assert_eq!(options.value("file"), Some("a b.c"));
        assert_eq!(options.value("line"), Some("12"));
        assert!(options.has("one"));
        assert_eq!(options.rest, "x --file y");
        assert_eq!(Options::parse("-1 + x", flags).unwrap().rest, "-1 + x");
        assert_eq!(Options::parse("-- -f", flags).unwrap().rest, "-f");
        assert_eq!(
            Options::parse("--line=3", flags).unwrap().value("line"),
            Some("3")
        );
        let together = Options::parse("-ol 3 x", flags).unwrap();
        assert!(together.has("one") && together.value("line") == Some("3"));
        assert!(Options::parse("-lo 3", flags).is_err());
        assert!(Options::parse("--lime 3", flags).is_err());
        assert!(Options::parse("-l", flags).is_err());
    }

    #[test]
    fn words_may_be_quoted() {
        assert_eq!(first_word(" 'a b'  c"), Some(("a b", "c")));
        assert_eq!(first_word("\"é\" x"), Some(("é", "x")));
        assert_eq!(first_word("'open"), Some(("'open", "")));
        assert_eq!(first_word("  "), None);
    }
}
