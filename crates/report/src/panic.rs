//! Rust's panic message.
//!
//! std prints `thread 'main' panicked at src/main.rs:5:10:`, the message on the lines after it, and then `note: run
//! with …` (the panic hook, `library/std/src/panicking.rs`). A dump has the message in memory: the function that
//! calls the hook gets the place and the payload, which has the formatted message. If these arguments were not
//! recorded, the message may be in the buffer of 512 bytes on the stack in which the hook formats its output, unless
//! later calls have overwritten it.

use wdb_module::MemoryIndex;
use wdb_symbols::runtime::Family;

use super::Panic;
use crate::evidence::Evidence;
use wdb_examine::frames::{Entry, Frame};

/// At most this many bytes of a message are kept.
const LONGEST: usize = 16 << 10;
/// At most this many bytes of memory are searched: the C stack of a Rust program has 1 MiB.
const SEARCHED: u64 = 16 << 20;

const MARK: &[u8] = b" panicked at ";

/// The panic that ended the crashed thread. `None` if it did not panic, or the message was not found.
pub(super) fn find(
    evidence: &mut Evidence<'_, '_>,
    entries: &[Entry],
    stderr: &[u8],
) -> Option<Panic> {
    let frames = || {
        entries.iter().filter_map(|entry| match entry {
            Entry::Frame(frame) => Some(frame),
            Entry::Host(_) | Entry::Omitted(_) => None,
        })
    };
    if !frames().any(is_panic) {
        return None;
    }
    // A message belongs to this panic if it names the place of a frame. Without lines to compare, the last printed
    // message counts.
    let is_of_frame = |panic: &Panic| frames().any(|frame| is_at(frame, panic));
    let has_lines = frames().any(|frame| frame.line.is_some() && frame.family.is_none());
    let mut candidates = parse_all(stderr);
    if let Some(panic) = candidates.iter().rev().find(|panic| is_of_frame(panic)) {
        return Some(panic.clone());
    }
    if let Some(last) = candidates.pop().filter(|_| !has_lines) {
        return Some(last);
    }
    if let Some(panic) = passed(evidence).filter(|panic| !has_lines || is_of_frame(panic)) {
        return Some(panic);
    }
    let mut stored = parse_all(&stack(evidence)?);
    match stored.iter().position(is_of_frame) {
        Some(index) => Some(stored.swap_remove(index)),
        None if has_lines || stored.len() != 1 => None,
        None => stored.pop(),
    }
}

/// Whether a frame is in Rust's panic machinery.
fn is_panic(frame: &Frame) -> bool {
    const NAMES: &[&str] = &["rust_begin_unwind", "rust_panic", "panicking::"];
    frame.family == Some(Family::Panic) && NAMES.iter().any(|name| frame.function.contains(name))
}

/// Whether a frame is at the place of a panic. The paths are compared by their ends: a debug file may have another
/// directory in front.
fn is_at(frame: &Frame, panic: &Panic) -> bool {
    let Some(file) = &frame.file else {
        return false;
    };
    let relative = panic.file.trim_start_matches("./");
    frame.line == Some(panic.line)
        && (file.ends_with(relative) || relative.ends_with(file.as_str()))
}

/// The panic in the arguments of the function that calls the hook:
/// `panic_with_hook(payload: &mut dyn PanicPayload, location: &Location, …)`.
fn passed(evidence: &mut Evidence<'_, '_>) -> Option<Panic> {
    const NAMES: &[&str] = &[
        "std::panicking::panic_with_hook",
        "std::panicking::rust_panic_with_hook",
    ];
    let frame = evidence.frame_of(NAMES)?;
    // rustc may order the fields in any way. These orders were seen. A part counts only if it leads to valid data.
    let location = evidence.local(frame, 2)?;
    let [file, length, line, column] = words(evidence, frame, location)?;
    let file = utf8(evidence, frame, file, length)?;
    if line == 0 || column == 0 || file.contains(char::is_control) {
        return None;
    }
    let payload = evidence.local(frame, 0)?;
    let parts: [u32; 6] = words(evidence, frame, payload)?;
    let message = parts.windows(2).find_map(|pair| match pair {
        [address, length] => utf8(evidence, frame, *address, *length),
        _ => None,
    })?;
    Some(Panic {
        message: message.trim_end().to_owned(),
        thread: None,
        file,
        line,
        column,
    })
}

fn words<const N: usize>(
    evidence: &mut Evidence<'_, '_>,
    frame: usize,
    address: u64,
) -> Option<[u32; N]> {
    let mut words = [0; N];
    for (position, word) in (0..).zip(&mut words) {
        let mut bytes = [0; 4];
        let address = address.checked_add(4 * position)?;
        evidence.read(frame, address, &mut bytes)?;
        *word = u32::from_le_bytes(bytes);
    }
    Some(words)
}

/// A string of this length, if it can be a message or a path.
fn utf8(
    evidence: &mut Evidence<'_, '_>,
    frame: usize,
    address: u32,
    length: u32,
) -> Option<String> {
    let length = length as usize;
    if length == 0 || length > LONGEST || address == 0 {
        return None;
    }
    let mut bytes = vec![0; length];
    evidence.read(frame, address.into(), &mut bytes)?;
    let text = String::from_utf8(bytes).ok()?;
    let readable = |c: char| !c.is_control() || matches!(c, '\n' | '\t' | '\r' | '\u{1b}');
    text.chars().all(readable).then_some(text)
}

/// The whole C stack of the innermost frame: the printed text is in a part that was already released.
fn stack(evidence: &mut Evidence<'_, '_>) -> Option<Vec<u8>> {
    let (stack, _) = evidence.c_stack(0)?;
    let (memory, shape) = evidence.memory(0, MemoryIndex(0))?;
    let end = stack.range.end.min(shape.len());
    let start = stack.range.start.max(end.saturating_sub(SEARCHED)).min(end);
    let mut bytes = vec![0; usize::try_from(end - start).ok()?];
    let read = evidence.view.read_memory(memory, start, &mut bytes);
    read.ok()?;
    Some(bytes)
}

/// All panic messages in `bytes`.
fn parse_all(bytes: &[u8]) -> Vec<Panic> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(MARK.len()).position(|window| window == MARK) {
        let (before, after) = rest.split_at(at);
        let after = after.get(MARK.len()..).unwrap_or_default();
        found.extend(parse(before, after));
        rest = after;
    }
    found
}

/// The panic around a mark.
fn parse(before: &[u8], after: &[u8]) -> Option<Panic> {
    let after = after.get(..LONGEST).unwrap_or(after);
    // A buffer in memory has older bytes after the text.
    let end = after
        .iter()
        .position(|byte| *byte < b' ' && !matches!(byte, b'\n' | b'\t' | b'\r'));
    let after = String::from_utf8_lossy(after.get(..end.unwrap_or(after.len()))?);
    let (place, message) = after.split_once('\n')?;
    let mut parts = place.trim_end().strip_suffix(':')?.rsplitn(3, ':');
    let column = parts.next()?.parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    let file = parts.next()?.to_owned();
    let message = message.split("\nnote: run with `RUST_BACKTRACE").next()?;
    let message = message.split("\nstack backtrace:\n").next()?.trim_end();
    // `thread 'main'`, since 1.90 `thread 'main' (1)`.
    let tail = before.get(before.len().saturating_sub(256)..)?;
    let tail = String::from_utf8_lossy(tail);
    let thread = tail.rsplit_once("thread '").and_then(|(_, name)| {
        let (name, rest) = name.split_once('\'')?;
        (rest.len() < 16).then(|| name.to_owned())
    });
    Some(Panic {
        message: message.to_owned(),
        thread,
        file,
        line,
        column,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_old_and_new_rust() {
        let printed = b"hello\n\nthread 'main' (1) panicked at src/a.rs:5:10:\nassertion `left == right` failed: x\n  left: 1\n right: 2\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\nthread 'w' panicked at C:\\b.rs:1:2:\nboom\n\0\0";
        let found = parse_all(printed);
        assert_eq!(
            found,
            [
                Panic {
                    message: "assertion `left == right` failed: x\n  left: 1\n right: 2".into(),
                    thread: Some("main".into()),
                    file: "src/a.rs".into(),
                    line: 5,
                    column: 10,
                },
                Panic {
                    message: "boom".into(),
                    thread: Some("w".into()),
                    file: "C:\\b.rs".into(),
                    line: 1,
                    column: 2,
                }
            ]
        );
    }

    #[test]
    fn the_words_alone_are_no_panic() {
        for bytes in [
            &b"thread '{}' panicked at {}:\n{}"[..],
            b"x panicked at y",
            b" panicked at a:b:c:\nm",
            b" panicked at 1:2:\nm",
        ] {
            assert_eq!(parse_all(bytes), [], "{}", String::from_utf8_lossy(bytes));
        }
    }
}
