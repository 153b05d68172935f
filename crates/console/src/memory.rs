//! `x`: the bytes of a memory.

use std::fmt::Write as _;

use wdb_debuggee::CodeLocation;
use wdb_debuggee::coredump::ModuleId;
use wdb_module::ModuleOffset;
use wdb_symbols::object::Scalar;
use wdb_symbols::types::Kind;
use wdb_symbols::{Context, Storage, Unavailable, printable};

use crate::call::{Call, Flag, Options, number};
use crate::console::{Console, Flow};
use crate::failure::Failure;
use crate::format::{Examined, Format, Next};
use crate::output::{Output, Style};
use crate::source;
use wdb_examine::expression;
use wdb_examine::memory::Part;
use wdb_examine::places;
use wdb_examine::places::Spec;
use wdb_examine::view::{FrameId, View};
use wdb_symbols::render::{Notation, little};

/// How many bytes `x` shows without a count.
const DEFAULT_BYTES: u64 = 64;
/// Bytes in a line of hexadecimal numbers and characters.
const ROW: u64 = 16;
/// So many bytes are read at once.
const WINDOW: u64 = 4096;
/// A text is read so far and no further.
const LONGEST_TEXT: u64 = 4096;

pub(super) fn examine(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let flags: &[Flag] = &[
        Flag::valued("count", 'c'),
        Flag::valued("format", 'f'),
        Flag::valued("size", 's'),
    ];
    let (given, mut text) = call.spaced_format();
    let mut format = Format::parse(given)?;
    if call.name == "memory read" {
        let options = Options::parse(call.rest, flags)?;
        if let Some(letter) = options.value("format") {
            let first = letter.get(..1).unwrap_or_default();
            format.notation = Format::parse(Some(first))?.notation;
        }
        if let Some(size) = options.value("size") {
            format.size = Some(number(size)?).filter(|it| matches!(it, 1 | 2 | 4 | 8));
            if format.size.is_none() {
                return Err("a size is 1, 2, 4 or 8".into());
            }
        }
        if let Some(count) = options.value("count") {
            format.count = Format::parse(Some(count))?.count;
        }
        text = options.rest;
    }
    let examined = console.examined;
    // A bare `x` goes on with what it showed.
    let goes_on = text.is_empty() && given.is_none();
    if let Some(examined) = examined.filter(|_| goes_on) {
        format = examined.format;
    }
    if format.notation == Some(Notation::Instruction) {
        return code(console, text, format, out);
    }
    let (mut view, frame) = console.here()?;
    let next = examined.map(|it| it.next);
    let start = match (text, next) {
        ("", Some(Next::Address(next))) => next,
        ("", _) => {
            return Err("`x` needs an address, as an expression: `x &value`, `x 0x400`".into());
        }
        (text, _) => address(&mut view, frame, text)?,
    };
    let next = match (format.notation, format.size) {
        (None, None) => rows(
            &mut view,
            frame,
            start,
            format.count.unwrap_or(DEFAULT_BYTES),
            out,
        )?,
        (Some(Notation::Text), _) => {
            texts(&mut view, frame, start, format.count.unwrap_or(1), out)?
        }
        (notation, size) => {
            let notation = notation.unwrap_or(Notation::PaddedHex);
            units(
                &mut view,
                frame,
                start,
                notation,
                size,
                format.count.unwrap_or(1),
                out,
            )?
        }
    };
    let next = Next::Address(next);
    console.examined = Some(Examined { next, format });
    Ok(Flow::Go)
}

/// Shows instructions: `x/4i $pc`, `x/4i main`. Their addresses are offsets in a module.
fn code(
    console: &mut Console,
    text: &str,
    format: Format,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let next = console.examined.map(|it| it.next);
    let selected = console.session.selected();
    let mut view = console.session.view();
    let here = selected.and_then(|id| Some((view.frame(id)?.module, view.place(id)?.at?)));
    let (module, at) = match (text, next, here) {
        ("", Some(Next::Instruction(module, at)), _) => {
            (module, at.ok_or("the module has no more code")?)
        }
        ("", _, Some(here)) => here,
        ("", _, None) => return Err("it is not known where the frame is".into()),
        (text, _, _) => instruction(&mut view, selected, text)?,
    };
    let current = here.filter(|it| it.0 == module).map(|it| it.1);
    let count = format.count.unwrap_or(1);
    let next = source::instructions(&mut view, module, at, count, current, out)?;
    let next = Next::Instruction(module, next);
    console.examined = Some(Examined { next, format });
    Ok(Flow::Go)
}

/// The instruction that `text` means: a number is an offset in the module, and whatever has a name is a place. Of a function
/// it is the first one, before its prologue.
fn instruction(
    view: &mut View<'_>,
    selected: Option<FrameId>,
    text: &str,
) -> Result<(ModuleId, ModuleOffset), Failure> {
    let number = expression::parse(text).ok().and_then(|parsed| {
        let value = expression::evaluate(&parsed, view, selected?).ok()?;
        let object = value.object;
        let look = |context: &mut Context<'_>| {
            let is_number = matches!(context.bare(&object.ty).kind, Kind::Base(_));
            (context.scalar(&object), is_number)
        };
        let ((scalar, is_number), _) = expression::with_context(view, value.frame, look);
        // A pointer to a function is a number in a table.
        match scalar {
            Ok(Scalar::Address(number)) => Some(number).filter(|_| is_number),
            Ok(Scalar::Unsigned(number)) => u64::try_from(number).ok(),
            Ok(Scalar::Signed(number)) => u64::try_from(number).ok(),
            _ => None,
        }
    });
    let spec = match number {
        // Of the module that the frame is in.
        Some(number) => Spec::Address {
            module: selected
                .and_then(|it| view.frame(it))
                .map(|it| it.module.0.to_string()),
            offset: ModuleOffset(number),
        },
        None => places::parse(text.trim_start_matches('&')).map_err(|it| it.to_string())?,
    };
    let found = places::resolve(view, &spec, selected).map_err(|it| it.to_string())?;
    let found = found.first().ok_or("there is no such place")?;
    let CodeLocation { module, offset } = found.at;
    let func = view.function_at(found.at).ok_or("there is no code there")?;
    // An inlined copy has no beginning of its own.
    let is_function =
        matches!(spec, Spec::Function(_)) && found.function == view.function_name(module, func);
    let first = view
        .binary(module)
        .and_then(|it| it.first_instruction(func))
        .filter(|_| is_function);
    Ok((module, first.unwrap_or(offset)))
}

/// Why `x` shows no bytes of the code.
const NOT_IN_MEMORY: &str =
    "code is not in the memory of a WebAssembly program: `x/8i $pc` and `disassemble` show it";

/// The address that an expression means: a number, where a pointer points, where an array or a structure is.
pub(super) fn address(view: &mut View<'_>, frame: FrameId, text: &str) -> Result<u64, Failure> {
    if text.starts_with("$pc") {
        return Err(NOT_IN_MEMORY.into());
    }
    let value = crate::values::evaluate(view, frame, text)?;
    let object = value.object;
    if object.is_function() {
        return Err(NOT_IN_MEMORY.into());
    }
    let (scalar, _) =
        expression::with_context(view, value.frame, |context| context.scalar(&object));
    let found = match scalar {
        Ok(Scalar::Address(address)) => Some(address),
        Ok(Scalar::Unsigned(number)) => u64::try_from(number).ok(),
        Ok(Scalar::Signed(number)) => u64::try_from(number).ok(),
        _ => match object.place {
            Storage::Memory(address) => Some(address),
            Storage::Nowhere(reason) => return Err(Failure(format!("`{text}`: {reason}"))),
            Storage::Bytes(_) | Storage::Pieces(_) => None,
        },
    };
    found.ok_or_else(|| {
        Failure(format!(
            "`{}` is not an address, and is not in memory",
            printable(text)
        ))
    })
}

/// Bytes as hexadecimal numbers and characters. The address after them.
fn rows(
    view: &mut View<'_>,
    frame: FrameId,
    start: u64,
    count: u64,
    out: &mut dyn Output,
) -> Result<u64, Failure> {
    let end = start.saturating_add(count);
    let mut at = start;
    let mut window = Window::default();
    while at < end && !out.given_up() {
        let length = ROW.min(end - at);
        let bytes: Vec<_> = (at..at + length)
            .map(|it| window.byte(view, frame, it))
            .collect();
        if bytes.iter().all(Result::is_err)
            && let Some(Err(reason)) = bytes.first()
        {
            return unreadable(at, at == start, reason, out);
        }
        let mut hex = String::new();
        let mut characters = String::new();
        for position in 0..ROW as usize {
            if position == 8 {
                hex.push(' ');
            }
            let _ = match bytes.get(position) {
                Some(Ok(byte)) => write!(hex, " {byte:02x}"),
                Some(Err(_)) => write!(hex, " --"),
                None => write!(hex, "   "),
            };
            characters.extend(bytes.get(position).map(|byte| match byte {
                Ok(byte) if (0x20..0x7f).contains(byte) => char::from(*byte),
                _ => '.',
            }));
        }
        out.write(Style::Address, &format!("{at:#010x}"));
        out.write(Style::Value, &format!(" {hex}"));
        out.write(Style::Plain, &format!("  {characters}\n"));
        at += length;
    }
    Ok(at)
}

/// Numbers of one size, in one notation. The address after them.
fn units(
    view: &mut View<'_>,
    frame: FrameId,
    start: u64,
    notation: Notation,
    size: Option<u64>,
    count: u64,
    out: &mut dyn Output,
) -> Result<u64, Failure> {
    let size = size.unwrap_or(match notation {
        Notation::Character => 1,
        Notation::Float => 8,
        _ => 4,
    });
    let notation = match notation {
        Notation::Hex => Notation::PaddedHex,
        other => other,
    };
    let per_line = match size {
        8 => 2,
        4 => 4,
        _ => 8,
    };
    let mut at = start;
    let mut window = Window::default();
    let mut shown = 0;
    while shown < count && !out.given_up() {
        let first = at;
        let mut line = String::new();
        for _ in 0..per_line.min(count - shown) {
            let bytes = (at..at.saturating_add(size)).map(|it| window.byte(view, frame, it));
            match bytes.collect::<Result<Vec<u8>, _>>() {
                Ok(bytes) => {
                    let number = notation.number(little(&bytes), size);
                    let _ = write!(line, "  {number:>width$}", width = width(notation, size));
                }
                Err(reason) if line.is_empty() => {
                    return unreadable(at, at == start, &reason, out);
                }
                // The next line begins with it.
                Err(_) => break,
            }
            at = at.saturating_add(size);
            shown += 1;
        }
        out.write(Style::Address, &format!("{first:#010x}"));
        out.write(Style::Value, &format!("{line}\n"));
    }
    Ok(at)
}

/// How many columns numbers of one size take.
fn width(notation: Notation, size: u64) -> usize {
    let size = size as usize;
    match notation {
        Notation::Hex | Notation::PaddedHex | Notation::Address => size * 2 + 2,
        Notation::Binary => size * 8,
        Notation::Character => 8,
        Notation::Signed | Notation::Unsigned | Notation::Octal => {
            [4, 6, 11, 20][size.ilog2().min(3) as usize]
        }
        Notation::Float | Notation::Text | Notation::Instruction => 12,
    }
}

/// Texts that a NUL ends, one after the other. The address after them.
fn texts(
    view: &mut View<'_>,
    frame: FrameId,
    start: u64,
    count: u64,
    out: &mut dyn Output,
) -> Result<u64, Failure> {
    let mut at = start;
    let mut window = Window::default();
    for _ in 0..count {
        if out.given_up() {
            break;
        }
        let first = at;
        let mut text = Vec::new();
        loop {
            let byte = match window.byte(view, frame, at) {
                Ok(byte) => byte,
                Err(reason) if text.is_empty() => {
                    return unreadable(at, at == start, &reason, out);
                }
                Err(_) => break,
            };
            at = at.saturating_add(1);
            if byte == 0 || text.len() as u64 == LONGEST_TEXT {
                break;
            }
            text.push(byte);
        }
        let text = String::from_utf8_lossy(&text);
        out.write(Style::Address, &format!("{first:#010x}"));
        out.write(
            Style::Value,
            &format!("  \"{}\"\n", printable(&text.escape_debug().to_string())),
        );
    }
    Ok(at)
}

/// That an address cannot be read: an error where nothing was shown, else the end of what is shown.
fn unreadable(
    at: u64,
    is_first: bool,
    reason: &Unavailable,
    out: &mut dyn Output,
) -> Result<u64, Failure> {
    if is_first {
        return Err(Failure(reason.to_string()));
    }
    out.write(Style::Dim, &format!("{at:#010x}  {reason}\n"));
    Ok(at)
}

/// A range of the memory that was read at once.
#[derive(Default)]
struct Window(Vec<Part>);

impl Window {
    /// A byte; with it those after it are read.
    fn byte(&mut self, view: &mut View<'_>, frame: FrameId, at: u64) -> Result<u8, Unavailable> {
        let is_known = self.0.iter().any(|it| it.range.contains(&at));
        if !is_known {
            self.0 = wdb_examine::memory::read(view, frame, at, WINDOW);
        }
        let part = self.0.iter().find(|it| it.range.contains(&at));
        let part = part.ok_or(Unavailable::OutOfBounds(at))?;
        match part.missing(at) {
            Some(reason) => Err(reason),
            None => {
                let byte = part.get(at..at.saturating_add(1)).and_then(<[u8]>::first);
                byte.copied().ok_or(Unavailable::OutOfBounds(at))
            }
        }
    }
}
