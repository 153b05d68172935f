//! Iterators: pointers to elements.

use super::{Follow, argument, member, node, number, pointee};
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
        // The end looks like any other pointer, so the short form does not follow it.
        shape @ Shape::Pointer(_) => Some(shape),
        _ => None,
    }
}

/// Iterators of maps: they contain the iterator of the tree or hash table.
pub(in crate::render) fn map(
    context: &mut Context<'_>,
    object: &Object,
    most: u64,
) -> Option<Shape> {
    let inner = context.field(object, "__i_")?;
    // Not an iterator of a map again: hostile debug information could nest them without end.
    let name = &context.bare(&inner.ty).name;
    if !name.starts_with("std::__tree_")
        && (!name.starts_with("std::__hash_") || name.starts_with("std::__hash_map_"))
    {
        return None;
    }
    let shape = context.shape(&inner, most);
    matches!(shape, Shape::Pointer(_) | Shape::Scalar(_)).then_some(shape)
}

/// Iterators of trees. Their end can be recognised.
pub(in crate::render) fn tree(context: &mut Context<'_>, object: &Object, _: u64) -> Option<Shape> {
    let node = pointee(context, &argument(context, &object.ty, 1)?)?;
    let address = number(context, object, &["__ptr_"])?;
    Some(match node::in_tree(context, &node, address) {
        Some(target) => pointer(target.address()?, Some(target), Follow::Target),
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
    in_chain(context, object, "__node_", &node, Follow::Target)
}

/// Iterators of `std::forward_list`, whose end is null.
pub(in crate::render) fn forward_list(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let node = pointee(context, &argument(context, &object.ty, 0)?)?;
    in_chain(context, object, "__ptr_", &node, Follow::Target)
}

/// Iterators of `std::list`. The end is a node in the list object, without a value; it cannot be recognised, so the
/// short form does not follow the pointer.
pub(in crate::render) fn list(context: &mut Context<'_>, object: &Object, _: u64) -> Option<Shape> {
    let element = context.ty(&argument(context, &object.ty, 0)?).name.clone();
    let name = format!("std::__list_node<{element}, void *>");
    let node = context.symbols.types_named(&name).into_iter().next()?;
    in_chain(context, object, "__ptr_", &node, Follow::Address)
}

fn in_chain(
    context: &mut Context<'_>,
    object: &Object,
    name: &str,
    node: &TypeRef,
    follow: Follow,
) -> Option<Shape> {
    let address = number(context, object, &[name])?;
    if address == 0 {
        return Some(Shape::Scalar("end".to_owned()));
    }
    let target = node::in_chain(context, node, address)?;
    Some(pointer(target.address()?, Some(target), follow))
}

fn pointer(address: u64, target: Option<Object>, follow: Follow) -> Shape {
    Shape::Pointer(Pointer {
        address,
        target,
        name: None,
        text: None,
        follow: follow == Follow::Target,
        note: None,
    })
}
