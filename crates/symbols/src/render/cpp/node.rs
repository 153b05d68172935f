//! Containers of nodes that point to each other: lists, trees, hash tables.

use std::collections::HashSet;

use super::{argument, member, number};
use crate::machine::Unavailable;
use crate::object::{Context, Object};
use crate::render::{Elements, Map, Sequence, Shape};
use crate::types::TypeRef;

/// A path in a tree has at most this many nodes: a red-black tree of 2^64 nodes is not deeper.
const DEEPEST: u32 = 128;

/// The message after the values when the nodes are circular.
const CIRCLE: &str = "damaged: the nodes lead back to one that was there before";

/// At most this many nodes are counted in a list that does not store its length.
const MOST_COUNTED: u64 = 100_000;

/// `std::map` and `std::multimap`.
pub(in crate::render) fn map(
    context: &mut Context<'_>,
    object: &Object,
    most: u64,
) -> Option<Shape> {
    let tree = context.field(object, "__tree_")?;
    let values = tree_values(context, &tree, most)?;
    map_of(context, values)
}

/// `std::set` and `std::multiset`.
pub(in crate::render) fn set(
    context: &mut Context<'_>,
    object: &Object,
    most: u64,
) -> Option<Shape> {
    let tree = context.field(object, "__tree_")?;
    let values = tree_values(context, &tree, most)?;
    Some(values.into_set())
}

/// `std::unordered_map` and `std::unordered_multimap`.
pub(in crate::render) fn hash_map(
    context: &mut Context<'_>,
    object: &Object,
    most: u64,
) -> Option<Shape> {
    let values = hash_values(context, object, most)?;
    map_of(context, values)
}

/// `std::unordered_set` and `std::unordered_multiset`.
pub(in crate::render) fn hash_set(
    context: &mut Context<'_>,
    object: &Object,
    most: u64,
) -> Option<Shape> {
    Some(hash_values(context, object, most)?.into_set())
}

/// `std::list`: a ring of nodes. One of them, without a value, is in the container itself.
pub(in crate::render) fn list(
    context: &mut Context<'_>,
    object: &Object,
    most: u64,
) -> Option<Shape> {
    let node = node_type(context, object)?;
    let length = number(context, object, &["__size_", "__size_alloc_"])?;
    let end = context.field(object, "__end_")?;
    let first = number(context, &end, &["__next_"])?;
    let links = Links::new(context, &node, &["__next_"])?;
    let values = links.chain(context, first, length, most);
    Some(values.into_list())
}

/// `std::forward_list`, which does not store its length.
pub(in crate::render) fn forward_list(
    context: &mut Context<'_>,
    object: &Object,
    most: u64,
) -> Option<Shape> {
    let node = node_type(context, object)?;
    let before = member(context, object, &["__before_begin_"])?;
    let first = number(context, &before, &["__next_"])?;
    let links = Links::new(context, &node, &["__next_"])?;
    let (mut node, mut length, mut seen) = (first, 0, HashSet::new());
    while node != 0 && length < MOST_COUNTED.max(most) && seen.insert(node) {
        length += 1;
        match links.follow(context, node, 0) {
            Ok(next) => node = next,
            Err(_) => break,
        }
    }
    let mut values = links.chain(context, first, length, most);
    // When all values are shown, the damage is reported after them.
    if node != 0 && length <= most {
        let reason = if seen.contains(&node) {
            CIRCLE
        } else {
            "the list is damaged, or longer than can be counted"
        };
        values.found.push(damaged(&links.value.1, reason));
        values.length += 1;
    }
    Some(values.into_list())
}

/// The values of a container, at most the wanted number, and how many there should be.
struct Values {
    found: Vec<Object>,
    length: u64,
}

impl Values {
    fn into_list(self) -> Shape {
        Shape::Sequence(Sequence {
            set: false,
            elements: Elements::Listed(self.found, self.length),
        })
    }

    fn into_set(self) -> Shape {
        Shape::Sequence(Sequence {
            set: true,
            elements: Elements::Listed(self.found, self.length),
        })
    }
}

fn damaged(ty: &TypeRef, reason: &str) -> Object {
    Object::nowhere(ty.clone(), Unavailable::Unsupported(reason.to_owned()))
}

/// A map from the values of its nodes, which are pairs of a key and a value.
fn map_of(context: &mut Context<'_>, values: Values) -> Option<Shape> {
    let entries = values.found.iter().map(|value| {
        if let crate::Storage::Nowhere(_) = value.place {
            return Some((value.clone(), value.clone()));
        }
        let pair = member(context, value, &["__cc_", "__cc"]).unwrap_or_else(|| value.clone());
        let key = context.field(&pair, "first")?;
        Some((key, context.field(&pair, "second")?))
    });
    Some(Shape::Map(Map {
        entries: entries.collect::<Option<_>>()?,
        length: values.length,
    }))
}

/// The type of a container's nodes. Only the type of their allocator names it.
fn node_type(context: &mut Context<'_>, container: &Object) -> Option<TypeRef> {
    let since_llvm_20 = ["__node_alloc_", "__alloc_"];
    let before_llvm_20 = ["__pair1_", "__p1_", "__size_alloc_", "__before_begin_"];
    let mut first_field =
        |names: &[&str]| names.iter().find_map(|name| context.field(container, name));
    let allocator = match first_field(&since_llvm_20) {
        Some(allocator) => allocator.ty,
        None => {
            let pair = first_field(&before_llvm_20)?;
            argument(context, &pair.ty, 1)?
        }
    };
    argument(context, &allocator, 0)
}

/// The offsets in a node of the pointers to other nodes and of its value, with their types.
struct Links {
    pointers: Vec<(u64, TypeRef)>,
    value: (u64, TypeRef),
}

impl Links {
    fn new(context: &mut Context<'_>, node: &TypeRef, pointers: &[&str]) -> Option<Links> {
        // The address of a member of a node at address 0 is the member's offset.
        let origin = Object::at(0, node.clone());
        let mut find = |name: &str| {
            let field = context.field(&origin, name)?;
            Some((field.address()?, field.ty))
        };
        Some(Links {
            pointers: pointers.iter().map(|it| find(it)).collect::<Option<_>>()?,
            value: find("__value_")?,
        })
    }

    /// The target of the pointer with the index `pointer` in the node at the address `node`.
    fn follow(
        &self,
        context: &mut Context<'_>,
        node: u64,
        pointer: usize,
    ) -> Result<u64, Unavailable> {
        let (offset, ty) = &self.pointers[pointer];
        context.unsigned(&Object::at(node.wrapping_add(*offset), ty.clone()))
    }

    fn value(&self, node: u64) -> Object {
        Object::at(node.wrapping_add(self.value.0), self.value.1.clone())
    }

    /// The values of the nodes from `first` on, along the first pointer.
    fn chain(&self, context: &mut Context<'_>, first: u64, length: u64, most: u64) -> Values {
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        let mut next = Ok(first);
        for _ in 0..length.min(most) {
            match next {
                Ok(at) if !seen.insert(at) => found.push(damaged(&self.value.1, CIRCLE)),
                Ok(0) => found.push(damaged(
                    &self.value.1,
                    "damaged: the nodes end before the length that is stored",
                )),
                Ok(at) => {
                    found.push(self.value(at));
                    if found.len() as u64 >= length.min(most) {
                        break;
                    }
                    next = self.follow(context, at, 0);
                    continue;
                }
                Err(reason) => found.push(Object::nowhere(self.value.1.clone(), reason)),
            }
            break;
        }
        Values { found, length }
    }
}

fn hash_values(context: &mut Context<'_>, object: &Object, most: u64) -> Option<Values> {
    let table = context.field(object, "__table_")?;
    let node = node_type(context, &table)?;
    let length = number(context, &table, &["__size_", "__p2_"])?;
    let before = member(context, &table, &["__first_node_", "__p1_"])?;
    let first = number(context, &before, &["__next_"])?;
    let links = Links::new(context, &node, &["__next_"])?;
    Some(links.chain(context, first, length, most))
}

const LEFT: usize = 0;
const RIGHT: usize = 1;
const PARENT: usize = 2;

/// The values of a red-black tree in order.
fn tree_values(context: &mut Context<'_>, tree: &Object, most: u64) -> Option<Values> {
    let node = node_type(context, tree)?;
    let length = number(context, tree, &["__size_", "__pair3_"])?;
    let mut at = number(context, tree, &["__begin_node_"])?;
    let links = Links::new(context, &node, &["__left_", "__right_", "__parent_"])?;
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    for index in 0..length.min(most) {
        if !seen.insert(at) {
            found.push(damaged(&links.value.1, CIRCLE));
            break;
        }
        found.push(links.value(at));
        if index + 1 == length {
            break;
        }
        match next_in_tree(context, &links, at) {
            Ok(next) => at = next,
            Err(reason) => {
                found.push(Object::nowhere(links.value.1.clone(), reason));
                break;
            }
        }
    }
    Some(Values { found, length })
}

/// The next node in order: the leftmost node of the right subtree; without one, the first ancestor whose left subtree
/// contains the node.
fn next_in_tree(context: &mut Context<'_>, links: &Links, node: u64) -> Result<u64, Unavailable> {
    let too_deep = || Unavailable::Unsupported("the tree is damaged: it is too deep".to_owned());
    let mut at = links.follow(context, node, RIGHT)?;
    if at != 0 {
        for _ in 0..DEEPEST {
            match links.follow(context, at, LEFT)? {
                0 => return Ok(at),
                left => at = left,
            }
        }
        return Err(too_deep());
    }
    at = node;
    for _ in 0..DEEPEST {
        let parent = links.follow(context, at, PARENT)?;
        if links.follow(context, parent, LEFT)? == at {
            return Ok(parent);
        }
        at = parent;
    }
    Err(too_deep())
}

/// The element that an iterator of a `std::map`, `std::set` or similar points to.
pub(super) fn in_tree(context: &mut Context<'_>, node: &TypeRef, at: u64) -> Option<Object> {
    let links = Links::new(context, node, &["__left_", "__right_", "__parent_"])?;
    // The end node has only a left pointer; the memory after it is not a pointer to a parent.
    let parent = links.follow(context, at, PARENT).ok()?;
    let is_below = links.follow(context, parent, LEFT).ok()? == at
        || links.follow(context, parent, RIGHT).ok()? == at;
    is_below.then(|| links.value(at))
}

/// The element that an iterator of a hash table or a list points to.
pub(super) fn in_chain(context: &mut Context<'_>, node: &TypeRef, at: u64) -> Option<Object> {
    let links = Links::new(context, node, &["__next_"])?;
    (at != 0).then(|| links.value(at))
}
