//! Vectors, maps, sets and lists.

use super::super::{Elements, Map, Sequence, Shape};
use super::smart::plain_wrapper;
use crate::object::{Context, Object, Storage};
use crate::types::{Kind, TypeRef};

/// At most this many buckets of a hash table are searched for entries.
const MOST_BUCKETS: u64 = 1 << 20;

/// A B-tree is at most this high. A higher one is damaged: with five entries in each node it would not fit into memory.
const HIGHEST_TREE: u64 = 24;

/// A growable buffer.
pub(super) struct RawVec {
    pub(super) address: u64,
    capacity: u64,
    pub(super) length: Option<u64>,
}

/// The buffer of a `Vec`, `VecDeque` or the like.
pub(super) fn raw_vec(cx: &mut Context<'_>, object: &Object) -> Option<RawVec> {
    let pointer: &[&[&str]] = &[&["buf", "inner", "ptr"], &["buf", "ptr"]];
    let capacity: &[&[&str]] = &[&["buf", "inner", "cap"], &["buf", "cap"]];
    Some(RawVec {
        address: cx.number_at(object, pointer)?,
        capacity: cx.number_at(object, capacity)?,
        length: cx.number_at(object, &[&["len"]]),
    })
}

/// Values that are one after the other in memory.
pub(super) fn in_memory(
    cx: &Context<'_>,
    address: u64,
    element: TypeRef,
    length: u64,
) -> Option<Shape> {
    Some(Shape::Sequence(Sequence {
        set: false,
        elements: Elements::Array {
            stride: cx.size(&element).ok()?,
            first: Object::at(address, element),
            length,
        },
    }))
}

/// `Vec`.
pub(in super::super) fn vec(cx: &mut Context<'_>, object: &Object, _most: u64) -> Option<Shape> {
    let vec = raw_vec(cx, object)?;
    in_memory(cx, vec.address, cx.argument(object, "T")?, vec.length?)
}

/// `VecDeque`: a ring buffer. Until Rust 1.67 it had `tail` and `head`, and its capacity was a power of two.
pub(in super::super) fn vec_deque(
    cx: &mut Context<'_>,
    object: &Object,
    _most: u64,
) -> Option<Shape> {
    let vec = raw_vec(cx, object)?;
    let element = cx.argument(object, "T")?;
    let head = cx.number_at(object, &[&["head"]])?;
    let (head, length) = match vec.length {
        Some(length) => (head, length),
        None => {
            let tail = cx.number_at(object, &[&["tail"]])?;
            (tail, head.wrapping_sub(tail) & vec.capacity.wrapping_sub(1))
        }
    };
    Some(Shape::Sequence(Sequence {
        set: false,
        elements: Elements::Ring {
            stride: cx.size(&element).ok()?,
            first: Object::at(vec.address, element),
            capacity: vec.capacity,
            head,
            length,
        },
    }))
}

/// `BinaryHeap`: a vector, in the order of the heap.
pub(in super::super) fn binary_heap(
    cx: &mut Context<'_>,
    object: &Object,
    _most: u64,
) -> Option<Shape> {
    Some(plain_wrapper(cx.field(object, "data")?))
}

/// The iterators over slices and vectors: the remaining elements.
pub(in super::super) fn remaining(
    cx: &mut Context<'_>,
    object: &Object,
    _most: u64,
) -> Option<Shape> {
    let element = cx.argument(object, "T")?;
    let start = cx.number_at(object, &[&["ptr"]])?;
    let end = cx.number_at(object, &[&["end"], &["end_or_len"]])?;
    let length = end
        .checked_sub(start)?
        .checked_div(cx.size(&element).ok()?)?;
    in_memory(cx, start, element, length)
}

/// `LinkedList`.
pub(in super::super) fn linked_list(
    cx: &mut Context<'_>,
    object: &Object,
    most: u64,
) -> Option<Shape> {
    let length = cx.number_at(object, &[&["len"]])?;
    let mut next = cx.field(object, "head")?;
    let mut found = Vec::new();
    while (found.len() as u64) < most.min(length) {
        let Some((_, Some(pointer))) = cx.variant_of(&next) else {
            break;
        };
        let pointer = cx.leaf(&pointer)?;
        let Ok(Some(node)) = cx.target(&pointer) else {
            break;
        };
        found.push(cx.field(&node, "element")?);
        next = cx.field(&node, "next")?;
    }
    Some(Shape::Sequence(Sequence {
        set: false,
        elements: Elements::Listed(found, length),
    }))
}

/// `HashMap`, of the standard library and of hashbrown.
pub(in super::super) fn hash_map(
    cx: &mut Context<'_>,
    object: &Object,
    most: u64,
) -> Option<Shape> {
    let table = cx.first_path(object, &[&["base", "table"], &["table"]])?;
    let (pairs, length) = buckets(cx, &table, most)?;
    let mut entries = Vec::new();
    for pair in pairs {
        entries.push((cx.field(&pair, "__0")?, cx.field(&pair, "__1")?));
    }
    Some(Shape::Map(Map { entries, length }))
}

/// `HashSet`: a map to `()`.
pub(in super::super) fn hash_set(
    cx: &mut Context<'_>,
    object: &Object,
    most: u64,
) -> Option<Shape> {
    let paths: &[&[&str]] = &[
        &["base", "map", "table"],
        &["map", "base", "table"],
        &["map", "table"],
    ];
    let table = cx.first_path(object, paths)?;
    let (pairs, length) = buckets(cx, &table, most)?;
    let keys: Option<Vec<_>> = pairs.iter().map(|it| cx.field(it, "__0")).collect();
    Some(Shape::Sequence(Sequence {
        set: true,
        elements: Elements::Listed(keys?, length),
    }))
}

/// The values of hashbrown's `RawTable`, and how many there are in all.
///
/// At `ctrl` there is one control byte for each bucket. Its top bit is set if the bucket is free. The buckets are
/// before the control bytes, in reverse order: the first is the nearest.
fn buckets(cx: &mut Context<'_>, table: &Object, most: u64) -> Option<(Vec<Object>, u64)> {
    let element = cx.argument(table, "T")?;
    let size = cx.size(&element).ok()?;
    let control = cx.number_at(table, &[&["table", "ctrl"], &["ctrl"]])?;
    let mask = cx.number_at(table, &[&["table", "bucket_mask"], &["bucket_mask"]])?;
    let items = cx.number_at(table, &[&["table", "items"], &["items"]])?;
    // The number of buckets is a power of two, and at least one is always free.
    if mask & mask.wrapping_add(1) != 0 || items > mask {
        return None;
    }
    let wanted = items.min(most);
    let mut found = Vec::new();
    let mut at = 0;
    while (found.len() as u64) < wanted && at <= mask && at < MOST_BUCKETS {
        let block = (mask - at).saturating_add(1).min(1 << 12);
        let place = Storage::Memory(control.checked_add(at)?);
        let Ok(bytes) = cx.read(&place, block) else {
            break;
        };
        let full = (at..).zip(bytes).filter(|(_, it)| it & 0x80 == 0);
        for (index, _) in full.take((wanted - found.len() as u64) as usize) {
            let distance = (index + 1).checked_mul(size)?;
            let address = control.checked_sub(distance)?;
            found.push(Object::at(address, element.clone()));
        }
        at += block;
    }
    Some((found, items))
}

/// `BTreeMap`.
pub(in super::super) fn btree_map(
    cx: &mut Context<'_>,
    object: &Object,
    most: u64,
) -> Option<Shape> {
    let (entries, length) = btree_entries(cx, object, most)?;
    Some(Shape::Map(Map { entries, length }))
}

/// `BTreeSet`: a map to nothing.
pub(in super::super) fn btree_set(
    cx: &mut Context<'_>,
    object: &Object,
    most: u64,
) -> Option<Shape> {
    let map = cx.field(object, "map")?;
    let (entries, length) = btree_entries(cx, &map, most)?;
    let keys = entries.into_iter().map(|(key, _)| key).collect();
    Some(Shape::Sequence(Sequence {
        set: true,
        elements: Elements::Listed(keys, length),
    }))
}

/// At most `most` entries, in order, and how many there are in all.
fn btree_entries(
    cx: &mut Context<'_>,
    map: &Object,
    most: u64,
) -> Option<(Vec<(Object, Object)>, u64)> {
    let length = cx.number_at(map, &[&["length"]])?;
    let mut found = Vec::new();
    let root = cx.field(map, "root")?;
    let root = match cx.variant_of(&root)? {
        (_, Some(root)) if length > 0 => root,
        _ => return Some((found, length)),
    };
    let height = cx.number_at(&root, &[&["height"]])?;
    if height > HIGHEST_TREE {
        return None;
    }
    let leaf = cx.field(&root, "node")?;
    let leaf = cx.leaf(&leaf)?;
    let leaf = cx.target(&leaf).ok()??;
    let wanted = length.min(most);
    let mut nodes = vec![Node::new(cx, leaf, height)?];
    // A node is on the stack while it has entries left. Nodes of damaged trees may have none, so the steps are
    // limited too.
    let mut steps = wanted.saturating_mul(4).saturating_add(64);
    while let Some(node) = nodes.last_mut() {
        steps = match steps.checked_sub(1) {
            Some(left) if (found.len() as u64) < wanted => left,
            _ => break,
        };
        // The entries of an edge's child come before each entry, and after the last one.
        if node.height > 0 && node.edge <= node.next && node.edge <= node.length {
            let (edge, height) = (node.edge, node.height - 1);
            node.edge += 1;
            let child = node.child(cx, edge)?;
            nodes.push(Node::new(cx, child, height)?);
        } else if node.next < node.length {
            found.push(node.entry(cx)?);
            node.next += 1;
        } else {
            nodes.pop();
        }
    }
    Some((found, length))
}

/// A node of a B-tree, and how far it was visited.
struct Node {
    /// The node as a leaf: internal nodes begin with one.
    leaf: Object,
    height: u64,
    /// How many entries it has.
    length: u64,
    /// The next entry.
    next: u64,
    /// The next edge.
    edge: u64,
}

impl Node {
    fn new(cx: &mut Context<'_>, leaf: Object, height: u64) -> Option<Node> {
        // A node has room for eleven.
        let length = cx.number_at(&leaf, &[&["len"]])?.min(11);
        Some(Node {
            leaf,
            height,
            length,
            next: 0,
            edge: 0,
        })
    }

    fn entry(&self, cx: &mut Context<'_>) -> Option<(Object, Object)> {
        let keys = cx.field(&self.leaf, "keys")?;
        let values = cx.field(&self.leaf, "vals")?;
        let key = element(cx, &keys, self.next)?;
        Some((key, element(cx, &values, self.next)?))
    }

    fn child(&self, cx: &mut Context<'_>, edge: u64) -> Option<Object> {
        // Only the type of the pointer to the parent names the type of internal nodes.
        let parent = cx.field(&self.leaf, "parent")?;
        let internal = internal_type(cx, &parent.ty)?;
        let internal = Object {
            ty: internal,
            ..self.leaf.clone()
        };
        let edges = cx.field(&internal, "edges")?;
        let pointer = element(cx, &edges, edge)?;
        let pointer = cx.leaf(&pointer)?;
        let address = cx.unsigned(&pointer).ok()?;
        Some(Object::at(address, self.leaf.ty.clone()))
    }
}

/// The type behind the pointer in an `Option<NonNull<T>>`, or an older `*const T`.
fn internal_type(cx: &Context<'_>, ty: &TypeRef) -> Option<TypeRef> {
    let mut ty = ty.clone();
    for _ in 0..8 {
        let bare = cx.bare(&ty);
        let member = match &bare.kind {
            Kind::Pointer(_, target) => return Some(target.clone()),
            Kind::Record(record) => match &record.variants {
                Some(variants) => {
                    let mut members = variants.variants.iter().flat_map(|it| &it.members);
                    members.find(|it| it.name.as_deref() == Some("Some"))?
                }
                None => record.members.first()?,
            },
            _ => return None,
        };
        ty = member.ty.clone();
    }
    None
}

/// An element of an array, without the `MaybeUninit` around it.
fn element(cx: &mut Context<'_>, array: &Object, index: u64) -> Option<Object> {
    let Shape::Sequence(sequence) = cx.plain_shape(array) else {
        return None;
    };
    let element = sequence.elements.get(index)?;
    Some(cx.unwrapped(&element))
}
