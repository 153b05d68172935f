//! Which lines of a stack are shown.

use std::collections::{BTreeSet, HashMap};

use wdb_debuggee::coredump::ModuleId;
use wdb_symbols::runtime::Family;

use super::{Entry, Frame};

/// A line of a backtrace.
#[derive(Debug, PartialEq)]
pub enum Row<'a> {
    /// A frame.
    Frame(&'a Frame),
    /// Host code.
    Host(&'a str),
    /// Frames of a language's runtime, innermost first, and the family that says most of why they
    /// are there.
    Runtime {
        /// The frames.
        frames: Vec<&'a Frame>,
        /// The family.
        family: Family,
    },
    /// More rounds of the recursion that is before it.
    Recursion {
        /// How many frames are not shown.
        hidden: usize,
        /// One round of it, innermost first.
        round: Vec<&'a Frame>,
    },
    /// The middle of a deep stack, which has this many frames.
    Middle(usize),
}

/// A stack with more lines is shown at both ends only.
const LINES: usize = 60;
/// How many lines of such a stack are shown at the young end; the rest of [`LINES`] at the other.
const YOUNG: usize = 40;
/// The longest round of a recursion that is recognised.
const ROUND: usize = 16;
/// A recursion is folded when it has at least this many frames, and at least three rounds.
const DEEP: usize = 16;

/// The lines of a stack: `every` frame on one of its own, or folded.
pub fn rows(entries: &[Entry], every: bool) -> Vec<Row<'_>> {
    if every { all(entries) } else { fold(entries) }
}

/// All entries, each on a line of its own.
pub fn all(entries: &[Entry]) -> Vec<Row<'_>> {
    entries.iter().map(line).collect()
}

/// The entries with the runtime's frames, recursions and the middle of a deep stack folded.
pub fn fold(entries: &[Entry]) -> Vec<Row<'_>> {
    let mut lines = runtime(recursions(entries));
    if lines.len() > LINES {
        let tail = lines.split_off(lines.len() - (LINES - YOUNG));
        let hidden = lines.drain(YOUNG..).map(|line| frames(&line)).sum();
        lines.push(Row::Middle(hidden));
        lines.extend(tail);
    }
    lines
}

/// The numbers of the frames that have a line of their own when the entries are folded.
pub fn shown(entries: &[Entry]) -> BTreeSet<u32> {
    let lines = fold(entries).into_iter();
    lines
        .filter_map(|line| match line {
            Row::Frame(frame) => Some(frame.index),
            _ => None,
        })
        .collect()
}

fn line(entry: &Entry) -> Row<'_> {
    match entry {
        Entry::Frame(frame) => Row::Frame(frame),
        Entry::Host(name) => Row::Host(name),
        Entry::Omitted(frames) => Row::Middle(*frames as usize),
    }
}

fn frames(line: &Row<'_>) -> usize {
    match line {
        Row::Frame(_) => 1,
        Row::Host(_) => 0,
        Row::Runtime { frames, .. } => frames.len(),
        Row::Recursion { hidden, .. } => *hidden,
        Row::Middle(hidden) => *hidden,
    }
}

/// Folds runs of frames that repeat the same functions. Not the same places: a function may
/// recurse at several of its calls.
fn recursions(entries: &[Entry]) -> Vec<Row<'_>> {
    let mut ids = HashMap::new();
    let keys: Vec<Option<usize>> = entries
        .iter()
        .map(|entry| match entry {
            Entry::Frame(frame) => {
                let key: (ModuleId, &str) = (frame.module, &frame.function);
                let next = ids.len();
                Some(*ids.entry(key).or_insert(next))
            }
            Entry::Host(_) | Entry::Omitted(_) => None,
        })
        .collect();
    let mut lines = Vec::new();
    let mut at = 0;
    while let Some(rest) = keys.get(at..).filter(|rest| !rest.is_empty()) {
        match recursion(rest) {
            Some((round, length)) => {
                let entries = entries.get(at..at + length).unwrap_or_default();
                let shown = round.max(2);
                lines.extend(entries.iter().take(shown).map(line));
                lines.push(Row::Recursion {
                    hidden: length - shown,
                    round: entries.iter().take(round).filter_map(frame).collect(),
                });
                at += length;
            }
            None => {
                lines.extend(entries.get(at).map(line));
                at += 1;
            }
        }
    }
    lines
}

fn frame(entry: &Entry) -> Option<&Frame> {
    match entry {
        Entry::Frame(frame) => Some(frame),
        Entry::Host(_) | Entry::Omitted(_) => None,
    }
}

/// The length of a round and of the whole recursion that `keys` starts with: the longest, and of
/// equals the one with the shortest round.
fn recursion(keys: &[Option<usize>]) -> Option<(usize, usize)> {
    (1..=ROUND)
        .filter_map(|round| {
            let shifted = keys.get(round..)?;
            let same = keys.iter().zip(shifted);
            let length = round + same.take_while(|(a, b)| a.is_some() && a == b).count();
            (length >= DEEP && length >= 3 * round).then_some((round, length))
        })
        .max_by_key(|(round, length)| (*length, usize::MAX - round))
}

/// Folds neighbouring frames of the runtime, unless there are no others.
fn runtime(lines: Vec<Row<'_>>) -> Vec<Row<'_>> {
    let own = |line: &Row<'_>| matches!(line, Row::Frame(frame) if frame.family.is_none());
    if !lines.iter().any(own) {
        return lines;
    }
    let mut out: Vec<Row<'_>> = Vec::new();
    for line in lines {
        let Row::Frame(frame) = line else {
            out.push(line);
            continue;
        };
        let Some(family) = frame.family else {
            out.push(Row::Frame(frame));
            continue;
        };
        match out.last_mut() {
            Some(Row::Runtime { frames, family: of }) => {
                frames.push(frame);
                *of = telling(*of, family);
            }
            _ => out.push(Row::Runtime {
                frames: vec![frame],
                family,
            }),
        }
    }
    out
}

/// The more telling of two families: start code catches panics, panics format with the library.
fn telling(a: Family, b: Family) -> Family {
    [Family::Entry, Family::Panic, Family::Allocator]
        .into_iter()
        .find(|family| a == *family || b == *family)
        .unwrap_or(Family::Library)
}
