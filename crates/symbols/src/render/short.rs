//! An object on one line.

use std::fmt::Write as _;

use super::text::{Escapes, escape};
use super::{Elements, Fields, Limits, Map, Pointer, Sequence, Shape, Text};
use crate::object::{Context, Object};
use crate::types::TypeRef;
use crate::{Language, printable};

/// As many equal elements are written one by one.
const LONGEST_RUN: u64 = 8;

/// A part is not begun where there is no room for its punctuation and a small number.
const SHORTEST: usize = 8;

/// How much memory may be compared to find equal elements.
const MOST_COMPARED: u64 = 4 << 20;

/// However deep one may look, the writer does not recurse deeper.
pub(super) const DEEPEST: usize = 64;

impl Context<'_> {
    /// `object` on one line, as its language writes it: `Point { x: 1, y: -2 }` in Rust, `{x = 1, y = -2}` in C. What is not
    /// there is `<why>`, what is left out is `…`. Safe for a terminal.
    pub fn short(&mut self, object: &Object, limits: &Limits) -> String {
        self.line(object, limits).0
    }

    /// The same, but of an array of characters the text, also where that is none that a person wrote.
    pub fn short_text(&mut self, object: &Object, limits: &Limits) -> String {
        let Some(text) = self.text_of_array(object) else {
            return self.short(object, limits);
        };
        let mut line = Line::new(limits);
        line.text(&text, Escapes::of(self.bare(&object.ty).language));
        line.out
    }

    /// The same as [`Context::short`], and whether the object itself is not there.
    pub(super) fn line(&mut self, object: &Object, limits: &Limits) -> (String, bool) {
        let mut line = Line::new(limits);
        line.object(self, object, limits.depth);
        (line.out, line.is_missing)
    }

    /// How many elements from the one at `index` on have the same bytes as it, as far as that is worth
    /// finding out with `budget` bytes. At least 1.
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
        // Most are not equal, and a look at a few tells.
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
            let equal = chunks.position(|it| Some(it) != model.as_deref());
            run += equal.map_or(count, |it| it as u64);
            if equal.is_some() {
                break;
            }
            block = ((1 << 16) / stride).max(1);
        }
        if run > LONGEST_RUN { run } else { 1 }
    }
}

/// The line as far as it is written.
struct Line<'l> {
    out: String,
    limits: &'l Limits,
    values: u32,
    compare: u64,
    /// The objects that the one that is written is in.
    path: Vec<(Option<u64>, TypeRef)>,
    /// The outermost object is not there.
    is_missing: bool,
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

    /// Writes an object. Gives whether it was it that was written, and not that it was left out.
    fn object(&mut self, cx: &mut Context<'_>, object: &Object, depth: u32) -> bool {
        if self.full() || self.path.len() >= DEEPEST {
            self.out.push('…');
            return false;
        }
        self.values -= 1;
        let here = (object.address(), object.ty.clone());
        if here.0.is_some() && self.path.contains(&here) {
            self.out.push_str("(cycle)");
            return false;
        }
        self.path.push(here);
        self.shape(cx, object, depth);
        self.path.pop();
        true
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
            Shape::Wrapper(it) => {
                if self.object(cx, &it.object, depth) {
                    self.note(it.note.as_deref());
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

    /// Whether nothing more goes into the line.
    fn full(&self) -> bool {
        self.is_full_with(0)
    }

    /// Whether the line is full when so many more bytes are written.
    fn is_full_with(&self, more: usize) -> bool {
        self.out.len().saturating_add(more) >= self.limits.line || self.values == 0
    }

    /// A name out of the debug information, or a sentence with some: they may have kilobytes.
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
        let named = !fields.name.is_empty();
        let (open, close) = match (rust, fields.tuple) {
            (true, true) => ("(", ")"),
            (true, false) if fields.fields.is_empty() => ("", ""),
            (true, false) if named => (" { ", " }"),
            (true, false) => ("{ ", " }"),
            (false, _) if named => (" {", "}"),
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
        for (at, field) in fields.fields.iter().enumerate() {
            if at > 0 {
                self.out.push_str(", ");
            }
            let name = if fields.tuple { 0 } else { field.name.len() };
            if self.is_full_with(name.saturating_add(SHORTEST)) {
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
        if rust && fields.tuple && !named && fields.fields.len() == 1 {
            self.out.push(',');
        }
        self.out.push_str(close);
    }

    fn sequence(&mut self, cx: &mut Context<'_>, it: &Sequence, rust: bool, depth: u32) {
        let (open, close) = match rust && !it.set {
            true => ('[', ']'),
            false => ('{', '}'),
        };
        let length = it.elements.length();
        self.out.push(open);
        let Some(depth) = depth.checked_sub(1).or((length == 0).then_some(0)) else {
            self.out.push('…');
            self.out.push(close);
            return;
        };
        let (mut at, mut written) = (0, 0);
        while at < length {
            if at > 0 {
                self.out.push_str(", ");
            }
            let element = it.elements.get(at);
            let room = written < self.limits.elements && !self.is_full_with(SHORTEST);
            let Some(element) = element.filter(|_| room) else {
                self.more(length - at);
                break;
            };
            let run = cx.run(&it.elements, at, &mut self.compare);
            self.object(cx, &element, depth);
            if run == length && run > 1 && rust {
                let _ = write!(self.out, "; {run}");
            } else if run > 1 {
                let _ = write!(self.out, " <repeats {run} times>");
            }
            at += run;
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
        for (at, (key, value)) in map.entries.iter().take(most).enumerate() {
            if self.is_full_with(SHORTEST) {
                break;
            }
            if at > 0 {
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

    fn pointer(&mut self, cx: &mut Context<'_>, it: &Pointer, depth: u32) {
        match &it.target {
            Some(target) if it.follow => {
                if !self.object(cx, target, depth) {
                    return;
                }
            }
            _ if it.address == 0 && it.name.is_none() => self.out.push_str("null"),
            _ => {
                let _ = write!(self.out, "{:#x}", it.address);
                if let Some(name) = &it.name {
                    self.out.push_str(" <");
                    self.name(name);
                    self.out.push('>');
                }
                if let Some(text) = &it.text {
                    self.out.push(' ');
                    self.text(text, Escapes::C);
                }
            }
        }
        self.note(it.note.as_deref());
    }
}
