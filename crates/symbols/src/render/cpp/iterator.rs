//! Iterators: pointers to elements.

use super::{argument, member, node, number, pointee};
use crate::object::{Context, Object};
use crate::render::{Pointer, Shape};
use crate::types::TypeRef;

/// Iterators of contiguous containers and of `std::deque`, which have a pointer to the element.
pub(in crate::render) fn contiguous(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let pointer = member(context, object, &["__i_", "__i", "__ptr_"])?;
    match context.plain_shape(&pointer) {
        // The end is a pointer like all others, so the short form does not look behind it.
        shape @ Shape::Pointer(_) => Some(shape),
        _ => None,
    }
}

/// Iterators of maps: those of the tree or the hash table.
pub(in crate::render) fn map(
    context: &mut Context<'_>,
    object: &Object,
    most: u64,
) -> Option<Shape> {
    let inner = context.field(object, "__i_")?;
    // Not one of a map again: that has no end in hostile debug information.
    let name = &context.bare(&inner.ty).name;
    if !name.starts_with("std::__tree_")
        && (!name.starts_with("std::__hash_") || name.starts_with("std::__hash_map_"))
    {
        return None;
    }
    let shape = context.shape(&inner, most);
    matches!(shape, Shape::Pointer(_) | Shape::Scalar(_)).then_some(shape)
}

/// Iterators of trees, whose end can be told.
pub(in crate::render) fn tree(context: &mut Context<'_>, object: &Object, _: u64) -> Option<Shape> {
    let node = pointee(context, &argument(context, &object.ty, 1)?)?;
    let at = number(context, object, &["__ptr_"])?;
    Some(match node::in_tree(context, &node, at) {
        Some(target) => pointer(target.address()?, Some(target), true),
        None => Shape::Scalar("end".to_owned()),
    })
}

/// Iterators of hash tables, whose end is null.
pub(in crate::render) fn hash_table(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let node = pointee(context, &argument(context, &object.ty, 0)?)?;
    in_chain(context, object, &["__node_"], &node, true)
}

/// Iterators of `std::forward_list`, whose end is null.
pub(in crate::render) fn forward_list(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let node = pointee(context, &argument(context, &object.ty, 0)?)?;
    in_chain(context, object, &["__ptr_"], &node, true)
}

/// Iterators of `std::list`. The end is a node in the list itself, without a value; it cannot be told.
pub(in crate::render) fn list(context: &mut Context<'_>, object: &Object, _: u64) -> Option<Shape> {
    let element = context.ty(&argument(context, &object.ty, 0)?).name.clone();
    let name = format!("std::__list_node<{element}, void *>");
    let node = context.symbols.types_named(&name).into_iter().next()?;
    in_chain(context, object, &["__ptr_"], &node, false)
}

fn in_chain(
    context: &mut Context<'_>,
    object: &Object,
    names: &[&str],
    node: &TypeRef,
    follow: bool,
) -> Option<Shape> {
    let at = number(context, object, names)?;
    if at == 0 {
        return Some(Shape::Scalar("end".to_owned()));
    }
    let target = node::in_chain(context, node, at)?;
    Some(pointer(target.address()?, Some(target), follow))
}

fn pointer(address: u64, target: Option<Object>, follow: bool) -> Shape {
    Shape::Pointer(Pointer {
        address,
        target,
        name: None,
        text: None,
        follow,
        note: None,
    })
}
