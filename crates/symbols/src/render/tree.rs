//! An object as a tree of its parts, and its parts one level at a time.

use std::ops::Range;

use super::short::DEEPEST;
use super::{Limits, Shape, Tree};
use crate::object::{Context, Object};
use crate::printable;
use crate::types::TypeRef;

/// The short form of a part of a tree has at most this many values: its parts follow as branches.
const MOST_SHORT: u32 = 100;

/// At most this many parts are returned at a time.
const MOST_CHILDREN: u64 = 1 << 16;

/// Parts of an object: members, elements, entries, what a pointer points to.
#[derive(Clone, Debug, PartialEq)]
pub struct Children {
    /// The parts in the requested range.
    pub parts: Vec<Part>,
    /// How many there are in all.
    pub length: u64,
    /// What one part is called: `member`, `element`.
    word: &'static str,
}

/// A part of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its name: `x`, `[3]`, `["key"]`, `*p`.
    pub name: String,
    /// Its value.
    pub object: Object,
    /// How it is reached from the object.
    pub way: Way,
}

/// How a part is reached from the object that contains it.
#[derive(Clone, Debug, PartialEq)]
pub enum Way {
    /// It is a member, named as the part, or a base class.
    Member,
    /// It is the element with this index.
    Element(u64),
    /// It is the value of this key.
    Entry(Box<Object>),
    /// The object points to it.
    Target,
}

/// The limits that are left while a tree is built.
struct Builder<'b> {
    limits: &'b Limits,
    values: u32,
    compare: u64,
    /// The objects that contain the current one, with their names, to find cycles.
    path: Vec<(Option<u64>, TypeRef, String)>,
}

impl Context<'_> {
    /// `object`, which is called `name`, with its parts and their parts.
    pub fn tree(&mut self, name: &str, object: &Object, limits: &Limits) -> Tree {
        let mut builder = Builder::new(limits);
        let depth = limits.depth.min(DEEPEST as u32);
        builder.tree(self, name.to_owned(), object, Some(depth))
    }

    /// The same without the parts: only its line.
    pub fn without_parts(&mut self, name: &str, object: &Object, limits: &Limits) -> Tree {
        let mut builder = Builder::new(limits);
        builder.tree(self, name.to_owned(), object, None)
    }

    /// The parts in `range` of an object that is called `name`. They are the parts that [`Context::tree`] shows,
    /// except that equal elements are separate parts here. At most 65,536 at a time.
    pub fn children(&mut self, name: &str, object: &Object, range: Range<u64>) -> Children {
        let end = range.end.min(range.start.saturating_add(MOST_CHILDREN));
        self.parts(name, object, range.start..end, &mut 0)
    }

    fn parts(
        &mut self,
        name: &str,
        object: &Object,
        range: Range<u64>,
        compare: &mut u64,
    ) -> Children {
        let mut object = object.clone();
        let mut layers = 0;
        let shape = loop {
            match self.shape(&object, range.end) {
                Shape::Wrapper(wrapper) if layers < DEEPEST => object = wrapper.object,
                Shape::Pointer(pointer) if pointer.follow && layers < DEEPEST => {
                    match pointer.target {
                        Some(target) => object = target,
                        None => return Children::none(),
                    }
                }
                shape => break shape,
            }
            layers += 1;
        };
        let skip = usize::try_from(range.start).unwrap_or(usize::MAX);
        let take = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
        match shape {
            Shape::Scalar(_) | Shape::Text(_) | Shape::Unavailable(_) | Shape::Wrapper(_) => {
                Children::none()
            }
            Shape::Fields(fields) => Children {
                length: fields.fields.len() as u64,
                parts: fields
                    .fields
                    .into_iter()
                    .map(|field| Part::new(field.name, field.object, Way::Member))
                    .skip(skip)
                    .take(take)
                    .collect(),
                word: "member",
            },
            Shape::Sequence(sequence) => {
                let elements = &sequence.elements;
                let length = elements.length();
                let mut parts = Vec::new();
                let mut index = range.start;
                while index < length && parts.len() < take {
                    let Some(element) = elements.get(index) else {
                        break;
                    };
                    let run = self.run(elements, index, compare);
                    let name = match run {
                        1 => format!("[{index}]"),
                        _ => format!("[{index}..={}]", index + (run - 1)),
                    };
                    parts.push(Part::new(name, element, Way::Element(index)));
                    index += run;
                }
                Children {
                    // Each run is one part.
                    length: (parts.len() as u64 + length.saturating_sub(index))
                        .saturating_add(range.start.min(length)),
                    parts,
                    word: "element",
                }
            }
            Shape::Map(map) => {
                let mut parts = Vec::new();
                for (key, value) in map.entries.into_iter().skip(skip).take(take) {
                    let name = format!("[{}]", self.short(&key, &KEY));
                    parts.push(Part::new(name, value, Way::Entry(Box::new(key))));
                }
                Children {
                    length: map.length,
                    parts,
                    word: "entry",
                }
            }
            Shape::Pointer(pointer) if pointer.text.is_some() => Children::none(),
            Shape::Pointer(pointer) => {
                let name = format!("*{name}");
                let target = pointer
                    .target
                    .map(|target| Part::new(name, target, Way::Target));
                Children {
                    length: u64::from(target.is_some()),
                    parts: target.into_iter().skip(skip).take(take).collect(),
                    word: "target",
                }
            }
        }
    }
}

/// Limits for a key that is shown as the name of its value.
const KEY: Limits = Limits {
    depth: 2,
    elements: 10,
    text: 60,
    line: 60,
    values: 20,
};

impl Part {
    fn new(name: String, object: Object, way: Way) -> Part {
        Part { name, object, way }
    }
}

impl Children {
    fn none() -> Children {
        Children {
            parts: Vec::new(),
            length: 0,
            word: "part",
        }
    }
}

impl<'b> Builder<'b> {
    fn new(limits: &'b Limits) -> Self {
        Builder {
            limits,
            values: limits.values,
            compare: 4 << 20,
            path: Vec::new(),
        }
    }

    /// Builds the tree of `object` with `depth` levels of parts. With `None` it does not even look whether it has any.
    fn tree(
        &mut self,
        cx: &mut Context<'_>,
        name: String,
        object: &Object,
        depth: Option<u32>,
    ) -> Tree {
        self.values = self.values.saturating_sub(1);
        let mut tree = Tree {
            name: printable(&name).into_owned(),
            ty: printable(&cx.ty(&object.ty).name).into_owned(),
            value: String::new(),
            unavailable: None,
            children: Vec::new(),
            cut: None,
        };
        let address = object.address();
        let is_same =
            |(at, ty, _): &&(Option<u64>, TypeRef, String)| *at == address && *ty == object.ty;
        if let Some((Some(_), _, name)) = self.path.iter().find(is_same) {
            tree.value = format!("(cycle: same as `{}`)", printable(name));
            return tree;
        }
        let limits = Limits {
            values: self.limits.values.min(MOST_SHORT),
            ..*self.limits
        };
        let (value, is_missing) = cx.line(object, &limits);
        if is_missing && let Shape::Unavailable(reason) = cx.shape(object, 0) {
            tree.unavailable = Some(reason);
            return tree;
        }
        tree.value = value;
        let Some(depth) = depth else {
            return tree;
        };
        self.path.push((address, object.ty.clone(), name.clone()));
        self.children(cx, &name, object, depth, &mut tree);
        self.path.pop();
        tree
    }

    fn children(
        &mut self,
        cx: &mut Context<'_>,
        name: &str,
        object: &Object,
        depth: u32,
        tree: &mut Tree,
    ) {
        // At the last level only whether there are any parts matters.
        let most = if depth == 0 { 1 } else { self.limits.elements };
        let Children {
            parts,
            length,
            word,
        } = cx.parts(name, object, 0..most, &mut self.compare);
        let mut left = length;
        for part in parts {
            if depth == 0 || self.values == 0 {
                break;
            }
            left = left.saturating_sub(1);
            let child = self.tree(cx, part.name, &part.object, Some(depth - 1));
            tree.children.push(child);
        }
        tree.cut = match (left, word) {
            (0, _) => None,
            (_, "target") => Some("what it points to is not shown".to_owned()),
            (1, word) => Some(format!("1 more {word}")),
            (left, "entry") => Some(format!("{left} more entries")),
            (left, word) => Some(format!("{left} more {word}s")),
        };
    }
}
