//! The types of libc++, the C++ standard library of LLVM, as what they mean to the user.
//!
//! Everything is found by the names of members in the DWARF. If the members are not as expected, a function returns
//! `None` and the plain structure is shown. The layouts of LLVM 12 to 22 are known. These differences matter:
//!
//! * Up to 19, a member that may be empty (an allocator, a comparison, a deleter) shares a `__compressed_pair` with
//!   another one; since 20 both are members with `[[no_unique_address]]`.
//! * Up to 13, a bit that the code masks says whether a string is long; since 14, a bit-field. In the alternate layout,
//!   which WASI has, the text comes first.
//! * Up to 15, names of members had no underscore at the end: `__data`, `__i`.
//! * The values of maps were in a `__value_type` up to 19, and are pairs since.
//!
//! Sizes and pointers in memory may have any value, in a damaged program and in a variable before its constructor
//! ran. At most the wanted number of elements is read and kept.

mod class;
mod function;
mod holder;
mod iterator;
mod node;
mod pointer;
mod sequence;
mod text;
mod time;

pub(super) use function::{any, function};
pub(super) use holder::{complex, expected, optional, pair, tuple, variant};
pub(super) use iterator::{
    contiguous, forward_list as forward_list_iterator, hash_table as hash_iterator,
    list as list_iterator, map as map_iterator, tree as tree_iterator,
};
pub(super) use node::{forward_list, hash_map, hash_set, list, map, set};
pub(super) use pointer::{atomic, exception, reference, shared, unique, weak};
pub(super) use sequence::{
    adaptor, bit_reference, bitset, deque, fixed_array, initializer_list, span, vector,
};
pub(super) use text::{message, no_message, path, string, string_view};
pub(super) use time::{duration, time_point};

use crate::object::{Context, Object};
use crate::types::{Kind, TypeRef};

/// What the short form of a smart pointer or an iterator shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Follow {
    /// The object that it points to.
    Target,
    /// Only the address.
    Address,
}

/// The member with the first of these names that exists. Of a compressed pair, its first part.
fn member(context: &mut Context<'_>, object: &Object, names: &[&str]) -> Option<Object> {
    let found = names.iter().find_map(|it| context.field(object, it))?;
    let is_pair = context
        .bare(&found.ty)
        .name
        .starts_with("std::__compressed_pair<");
    if is_pair {
        return context.field(&found, "__value_");
    }
    Some(found)
}

/// The value of the member that [`member`] finds, as an address, a length or a count.
fn number(context: &mut Context<'_>, object: &Object, names: &[&str]) -> Option<u64> {
    let found = member(context, object, names)?;
    context.unsigned(&found).ok()
}

/// The template argument at this index, from 0.
fn argument(context: &Context<'_>, ty: &TypeRef, index: usize) -> Option<TypeRef> {
    match &context.bare(ty).kind {
        Kind::Record(record) => Some(record.parameters.get(index)?.ty.clone()),
        _ => None,
    }
}

/// The type that pointers of a type point to.
fn pointee(context: &Context<'_>, ty: &TypeRef) -> Option<TypeRef> {
    match &context.bare(ty).kind {
        Kind::Pointer(_, target) => Some(target.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
