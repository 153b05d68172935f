//! An object on one line.

use std::fmt::Write as _;

use super::text::{Escapes, escape};
use super::{Elements, Fields, Limits, Map, Pointer, Sequence, Shape, Text};
use crate::object::{Context, Object};
use crate::types::TypeRef;
use crate::{Language, printable};

/// At most this many equal elements are written one by one; more become one element with a count.
const LONGEST_RUN: u64 = 8;

/// A part is not started when the line has less room than this: punctuation and a small number.
const SHORTEST: usize = 8;

/// At most this many bytes of memory are compared to find equal elements.
const MOST_COMPARED: u64 = 4 << 20;

/// The writer recurses at most this deep, whatever depth the caller asks for.
pub(super) const DEEPEST: usize = 64;

impl Context<'_> {
    /// `object` on one line, as its language writes it: `Point { x: 1, y: -2 }` in Rust, `{x = 1, y = -2}` in C. A
    /// value that is unavailable is `<why>`, an omitted part is `…`. Safe for a terminal.
    pub fn short(&mut self, object: &Object, limits: &Limits) -> String {
        self.line(object, limits).0
    }

    /// The same, but an array of characters is always shown as text, also when it does not look like readable text.
    pub fn short_text(&mut self, object: &Object, limits: &Limits) -> String {
        let Some(text) = self.text_of_array(object) else {
            return self.short(object, limits);
        };
        let mut line = Line::new(limits);
        line.text(&text, Escapes::of(self.bare(&object.ty).language));
        line.out
    }

    /// The same as [`Context::short`], and whether the object itself is unavailable.
    pub(super) fn line(&mut self, object: &Object, limits: &Limits) -> (String, bool) {
        let mut line = Line::new(limits);
        line.object(self, object, limits.depth);
        (line.out, line.is_missing)
    }

    /// How many elements, starting with the one at `index`, have the same bytes. Compares at most `budget` bytes and
    /// reduces it. At least 1; a run that is too short to be worth a count is 1.
    pub(super) fn run(&mut self, elements: &Elements, index: u64, budget: &mut u64) -> u64 {
        let Elements::Array {
            first,
            stride,
            length,
        } = elements
        else {
            return 1;
        };
        let left = length.saturating_sub(index);
        if left <= LONGEST_RUN || *budget == 0 {
            return 1;
        }
        if *stride == 0 {
            return left;
        }
        let mut run = 0;
        let mut model = None;
        // Most elements differ, and the first few show it.
        let mut block = LONGEST_RUN + 1;
        while run < left {
            let count = block.min(left - run).min(*budget / stride);
            let size = count.saturating_mul(*stride);
            let at = index.saturating_add(run).checked_mul(*stride);
            let Some(at) = at.filter(|_| count > 0) else {
                break;
            };
            *budget -= size;
            let Ok(bytes) = self.read(&first.place.part(at, Some(size)), size) else {
                break;
            };
            let mut chunks = bytes.chunks_exact((*stride).max(1) as usize);
            let model = model.get_or_insert_with(|| chunks.clone().next().map(<[u8]>::to_vec));
            let different = chunks.position(|element| Some(element) != model.as_deref());
            run += different.map_or(count, |index| index as u64);
            if different.is_some() {
                break;
            }
            block = ((1 << 16) / stride).max(1);
        }
        if run > LONGEST_RUN { run } else { 1 }
    }
}

/// The line as far as it is written, and what is left of its limits.
struct Line<'l> {
    out: String,
    limits: &'l Limits,
    values: u32,
    compare: u64,
    /// The objects that contain the current one, outermost first, to find cycles.
    path: Vec<(Option<u64>, TypeRef)>,
    /// The outermost object is unavailable.
    is_missing: bool,
}

/// What became of an object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    /// It was written, as far as the limits allow.
    Whole,
    /// Only a mark is there instead: the line is full, or the object contains itself.
    Elided,
}

impl<'l> Line<'l> {
    fn new(limits: &'l Limits) -> Self {
        Line {
            out: String::new(),
            limits,
            values: limits.values,
            compare: MOST_COMPARED,
            path: Vec::new(),
            is_missing: false,
        }
    }

    /// Writes an object, or a mark instead of it.
    fn object(&mut self, cx: &mut Context<'_>, object: &Object, depth: u32) -> Written {
        if self.is_full() || self.path.len() >= DEEPEST {
            self.out.push('…');
            return Written::Elided;
        }
        self.values -= 1;
        let identity = (object.address(), object.ty.clone());
        if identity.0.is_some() && self.path.contains(&identity) {
            self.out.push_str("(cycle)");
            return Written::Elided;
        }
        self.path.push(identity);
        self.shape(cx, object, depth);
        self.path.pop();
        Written::Whole
    }

    fn shape(&mut self, cx: &mut Context<'_>, object: &Object, depth: u32) {
        let language = cx.bare(&object.ty).language;
        let rust = language == Some(Language::Rust);
        match cx.shape(object, self.limits.elements) {
            Shape::Scalar(text) => self.name(&text),
            Shape::Text(text) => self.text(&text, Escapes::of(language)),
            Shape::Fields(fields) => self.fields(cx, &fields, rust, depth),
            Shape::Sequence(sequence) => self.sequence(cx, &sequence, rust, depth),
            Shape::Map(map) => self.map(cx, &map, rust, depth),
            Shape::Pointer(pointer) => self.pointer(cx, &pointer, depth),
            Shape::Wrapper(wrapper) => {
                if self.object(cx, &wrapper.object, depth) == Written::Whole {
                    self.note(wrapper.note.as_deref());
                }
            }
            Shape::Unavailable(reason) => {
                self.is_missing |= self.path.len() == 1;
                self.out.push('<');
                self.name(&reason.to_string());
                self.out.push('>');
            }
        }
    }

    /// Whether the line has no room for anything more.
    fn is_full(&self) -> bool {
        self.is_full_with(0)
    }

    /// Whether the line is full after `more` bytes.
    fn is_full_with(&self, more: usize) -> bool {
        self.out.len().saturating_add(more) >= self.limits.line || self.values == 0
    }

    /// Writes a name from the debug information, or a sentence with such names: they may have kilobytes.
    fn name(&mut self, name: &str) {
        let name = printable(name);
        if name.len() <= self.limits.line {
            self.out.push_str(&name);
            return;
        }
        self.out.extend(name.chars().take(self.limits.line));
        self.out.push('…');
    }

    fn note(&mut self, note: Option<&str>) {
        if let Some(note) = note {
            self.out.push_str(" (");
            self.name(note);
            self.out.push(')');
        }
    }

    fn text(&mut self, text: &Text, escapes: Escapes) {
        let room = self.limits.line.saturating_sub(self.out.len());
        let most = usize::try_from(self.limits.text).unwrap_or(usize::MAX);
        self.out.push_str(text.prefix);
        self.out.push('"');
        let written = escape(&mut self.out, &text.bytes, most.min(room), escapes);
        self.out.push('"');
        match text.length {
            Some(length) if length <= written as u64 => {}
            Some(length) => {
                let _ = write!(self.out, "… ({length} bytes)");
            }
            None => self.out.push('…'),
        }
    }

    fn fields(&mut self, cx: &mut Context<'_>, fields: &Fields, rust: bool, depth: u32) {
        self.name(&fields.name);
        let has_name = !fields.name.is_empty();
        let (open, close) = match (rust, fields.tuple) {
            (true, true) => ("(", ")"),
            (true, false) if fields.fields.is_empty() => ("", ""),
            (true, false) if has_name => (" { ", " }"),
            (true, false) => ("{ ", " }"),
            (false, _) if has_name => (" {", "}"),
            (false, _) => ("{", "}"),
        };
        if fields.fields.is_empty() {
            self.out.push_str(open);
            self.out.push_str(close);
            return;
        }
        let Some(depth) = depth.checked_sub(1) else {
            let _ = write!(self.out, "{}…{}", open.trim_end(), close.trim_start());
            return;
        };
        self.out.push_str(open);
        for (index, field) in fields.fields.iter().enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            let name_length = if fields.tuple { 0 } else { field.name.len() };
            if self.is_full_with(name_length.saturating_add(SHORTEST)) {
                self.out.push('…');
                break;
            }
            if !fields.tuple {
                self.name(&field.name);
                self.out.push_str(if rust { ": " } else { " = " });
            }
            self.object(cx, &field.object, depth);
        }
        // Rust's tuple of one.
        if rust && fields.tuple && !has_name && fields.fields.len() == 1 {
            self.out.push(',');
        }
        self.out.push_str(close);
    }

    fn sequence(&mut self, cx: &mut Context<'_>, sequence: &Sequence, rust: bool, depth: u32) {
        let brackets = rust && !sequence.set;
        let (open, close) = if brackets { ('[', ']') } else { ('{', '}') };
        let elements = &sequence.elements;
        let length = elements.length();
        self.out.push(open);
        let Some(depth) = depth.checked_sub(1).or((length == 0).then_some(0)) else {
            self.out.push('…');
            self.out.push(close);
            return;
        };
        let (mut index, mut written) = (0, 0);
        while index < length {
            if index > 0 {
                self.out.push_str(", ");
            }
            let element = elements.get(index);
            let has_room = written < self.limits.elements && !self.is_full_with(SHORTEST);
            let Some(element) = element.filter(|_| has_room) else {
                self.more(length - index);
                break;
            };
            let run = cx.run(elements, index, &mut self.compare);
            self.object(cx, &element, depth);
            if run == length && run > 1 && rust {
                let _ = write!(self.out, "; {run}");
            } else if run > 1 {
                let _ = write!(self.out, " <repeats {run} times>");
            }
            index += run;
            written += 1;
        }
        self.out.push(close);
    }

    fn map(&mut self, cx: &mut Context<'_>, map: &Map, rust: bool, depth: u32) {
        self.out.push('{');
        let Some(depth) = depth.checked_sub(1).or((map.length == 0).then_some(0)) else {
            self.out.push_str("…}");
            return;
        };
        let mut left = map.length;
        let most = usize::try_from(self.limits.elements).unwrap_or(usize::MAX);
        for (index, (key, value)) in map.entries.iter().take(most).enumerate() {
            if self.is_full_with(SHORTEST) {
                break;
            }
            if index > 0 {
                self.out.push_str(", ");
            }
            self.out.push_str(if rust { "" } else { "[" });
            self.object(cx, key, depth);
            self.out.push_str(if rust { ": " } else { "] = " });
            self.object(cx, value, depth);
            left = left.saturating_sub(1);
        }
        if left > 0 {
            self.out.push_str(if left < map.length { ", " } else { "" });
            self.more(left);
        }
        self.out.push('}');
    }

    fn more(&mut self, count: u64) {
        let _ = write!(self.out, "… {count} more");
    }

    fn pointer(&mut self, cx: &mut Context<'_>, pointer: &Pointer, depth: u32) {
        match &pointer.target {
            Some(target) if pointer.follow => {
                if self.object(cx, target, depth) == Written::Elided {
                    return;
                }
            }
            _ if pointer.address == 0 && pointer.name.is_none() => self.out.push_str("null"),
            _ => {
                let _ = write!(self.out, "{:#x}", pointer.address);
                if let Some(name) = &pointer.name {
                    self.out.push_str(" <");
                    self.name(name);
                    self.out.push('>');
                }
                if let Some(text) = &pointer.text {
                    self.out.push(' ');
                    self.text(text, Escapes::C);
                }
            }
        }
        self.note(pointer.note.as_deref());
    }
}
