//! What can be at the cursor of an expression.

use crate::expression;
use crate::view::{FrameId, View};

/// A name that can be where the cursor is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The byte of the text where the name begins: the text from there to the cursor is replaced.
    pub start: usize,
    /// The name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
}

/// What a name is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A variable of the frame's function.
    Variable,
    /// A static variable.
    Static,
    /// A part of the WebAssembly machine.
    Machine,
    /// A variable of the user.
    Kept,
    /// A member of what is before it, with the name of its type.
    Member(String),
}

/// What the WebAssembly machine has.
const MACHINE: [&str; 7] = [
    "$local", "$stack", "$global", "$memory", "$table", "$pc", "$frame",
];

/// The names that can be at `cursor`, a byte of `text`, which is an expression in a frame: variables, or members of what
/// is before a dot. In the middle of a character it is the place before that.
pub fn completions(
    view: &mut View<'_>,
    frame: FrameId,
    text: &str,
    cursor: usize,
) -> Vec<Completion> {
    let text = &text[..text.floor_char_boundary(cursor)];
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let start = text.trim_end_matches(is_name).len();
    let (before, typed) = text.split_at(start);
    let mut signs = ["->", "."].into_iter();
    let names = match signs.find_map(|sign| before.strip_suffix(sign)) {
        Some(object) => members(view, frame, &object[operand(object)..]),
        None => variables(view, frame),
    };
    let names = names.into_iter();
    let names = names.filter(|it| it.0.starts_with(typed) && !it.0.is_empty());
    names
        .map(|(name, kind)| Completion { start, name, kind })
        .collect()
}

fn members(view: &mut View<'_>, frame: FrameId, object: &str) -> Vec<(String, Kind)> {
    let parsed = expression::parse(object);
    let value = parsed.and_then(|it| expression::evaluate(&it, view, frame));
    let found = value.map_or_else(|_| Vec::new(), |it| expression::members(view, &it));
    let found = found.into_iter();
    found.map(|(name, ty)| (name, Kind::Member(ty))).collect()
}

fn variables(view: &mut View<'_>, frame: FrameId) -> Vec<(String, Kind)> {
    let variables = view.variables(frame);
    let own = variables.iter().filter_map(|it| it.get(frame.inlined));
    let own = own
        .flatten()
        .map(|it| (it.name.to_string(), Kind::Variable));
    let mut names: Vec<(String, Kind)> = own.collect();
    let statics = view.statics(frame).unwrap_or_default();
    names.extend(statics.iter().map(|it| (it.name.to_string(), Kind::Static)));
    names.extend(MACHINE.map(|it| (it.to_owned(), Kind::Machine)));
    let kept = view.keeping().names();
    names.extend(kept.map(|it| (format!("${it}"), Kind::Kept)));
    names
}

/// Where the operand begins that ends a text: `a + b[1].c` ends with `b[1].c`.
fn operand(text: &str) -> usize {
    let mut depth = 0_i32;
    for (at, c) in text.char_indices().rev() {
        match c {
            ')' | ']' => depth += 1,
            '(' | '[' if depth == 0 => return at + 1,
            '(' | '[' => depth -= 1,
            _ if depth > 0 => {}
            c if c.is_alphanumeric() || "_$.:".contains(c) => {}
            '>' if text[..at].ends_with('-') => {}
            '-' if text[at..].starts_with("->") => {}
            c => return at + c.len_utf8(),
        }
    }
    0
}
