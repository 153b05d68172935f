//! The types that have a shape of their own: one table, keyed by the name of the type.
//!
//! A new type is a new entry and a function that finds what it shows **through the names of members**,
//! never through fixed offsets, with the names that other versions of the library had. It returns `None` when
//! the members are not as expected: then the plain structure is shown.

use super::{Shape, cpp, rust, slice};
use crate::glob::matches_with_single;
use crate::object::{Context, Object};

/// Finds the shape of an object whose type has the entry's name. The number limits the elements that are looked for.
pub(super) type Find = fn(&mut Context<'_>, &Object, u64) -> Option<Shape>;

/// Names without template arguments (`alloc::vec::Vec` is the entry for `alloc::vec::Vec<i32>`). `*` matches any
/// characters, `?` one. The first entry that matches counts.
const TABLE: &[(&str, Find)] = &[
    // C++, libc++.
    ("std::string", cpp::string),
    ("std::*string", cpp::string),
    ("std::basic_string", cpp::string),
    ("std::*string_view", cpp::string_view),
    ("std::basic_string_view", cpp::string_view),
    ("std::filesystem::path", cpp::path),
    ("std::vector", cpp::vector),
    ("std::valarray", cpp::vector),
    ("std::array", cpp::fixed_array),
    ("std::span", cpp::span),
    ("std::initializer_list", cpp::initializer_list),
    ("std::bitset", cpp::bitset),
    ("std::__bit_*reference", cpp::bit_reference),
    ("std::deque", cpp::deque),
    ("std::stack", cpp::adaptor),
    ("std::queue", cpp::adaptor),
    ("std::priority_queue", cpp::adaptor),
    ("std::list", cpp::list),
    ("std::forward_list", cpp::forward_list),
    ("std::map", cpp::map),
    ("std::multimap", cpp::map),
    ("std::set", cpp::set),
    ("std::multiset", cpp::set),
    ("std::unordered_map", cpp::hash_map),
    ("std::unordered_multimap", cpp::hash_map),
    ("std::unordered_set", cpp::hash_set),
    ("std::unordered_multiset", cpp::hash_set),
    ("std::pair", cpp::pair),
    ("std::tuple", cpp::tuple),
    ("std::optional", cpp::optional),
    ("std::expected", cpp::expected),
    ("std::variant", cpp::variant),
    ("std::complex", cpp::complex),
    ("std::unique_ptr", cpp::unique),
    ("std::shared_ptr", cpp::shared),
    ("std::weak_ptr", cpp::weak),
    ("std::reference_wrapper", cpp::reference),
    ("std::runtime_error", cpp::message),
    ("std::range_error", cpp::message),
    ("std::overflow_error", cpp::message),
    ("std::underflow_error", cpp::message),
    ("std::logic_error", cpp::message),
    ("std::domain_error", cpp::message),
    ("std::invalid_argument", cpp::message),
    ("std::length_error", cpp::message),
    ("std::out_of_range", cpp::message),
    ("std::bad_*", cpp::no_message),
    ("std::exception_ptr", cpp::exception),
    ("std::atomic", cpp::atomic),
    ("std::function", cpp::function),
    ("std::any", cpp::any),
    ("std::chrono::duration", cpp::duration),
    ("std::chrono::time_point", cpp::time_point),
    ("std::__wrap_iter", cpp::contiguous),
    ("std::__deque_iterator", cpp::contiguous),
    ("std::__map_*iterator", cpp::map_iterator),
    ("std::__hash_map_*iterator", cpp::map_iterator),
    ("std::__tree_*iterator", cpp::tree_iterator),
    ("std::__hash_*iterator", cpp::hash_iterator),
    ("std::__list_*iterator", cpp::list_iterator),
    ("std::__forward_list_*iterator", cpp::forward_list_iterator),
    // Rust.
    ("alloc::string::String", rust::string),
    ("std::ffi::os_str::OsString", rust::string),
    ("std::path::PathBuf", rust::string),
    ("alloc::ffi::c_str::CString", rust::c_string),
    ("&*", rust::fat_pointer),
    ("?const *", rust::fat_pointer),
    ("?mut *", rust::fat_pointer),
    ("alloc::boxed::Box", rust::fat_pointer),
    ("alloc::vec::Vec", rust::vec),
    ("alloc::vec::into_iter::IntoIter", rust::remaining),
    ("core::slice::iter::Iter*", rust::remaining),
    ("alloc::collections::vec_deque::VecDeque", rust::vec_deque),
    (
        "alloc::collections::binary_heap::BinaryHeap",
        rust::binary_heap,
    ),
    (
        "alloc::collections::linked_list::LinkedList",
        rust::linked_list,
    ),
    ("alloc::collections::btree::map::BTreeMap", rust::btree_map),
    ("alloc::collections::btree::set::BTreeSet", rust::btree_set),
    ("std::collections::hash::map::HashMap", rust::hash_map),
    ("std::collections::hash::set::HashSet", rust::hash_set),
    ("hashbrown::map::HashMap", rust::hash_map),
    ("hashbrown::set::HashSet", rust::hash_set),
    ("alloc::rc::Rc", rust::arc),
    ("alloc::rc::Weak", rust::weak),
    ("alloc::sync::Arc", rust::arc),
    ("alloc::sync::Weak", rust::weak),
    ("alloc::borrow::Cow", rust::cow),
    ("core::pin::Pin", rust::reference),
    ("core::cell::Cell", rust::cell),
    ("core::cell::RefCell", rust::ref_cell),
    ("core::cell::Ref", rust::guard),
    ("core::cell::RefMut", rust::guard),
    ("core::cell::once::OnceCell", rust::once_cell),
    ("core::cell::lazy::LazyCell", rust::lazy_cell),
    ("core::cell::*UnsafeCell", rust::wrapper),
    ("core::mem::manually_drop::ManuallyDrop", rust::wrapper),
    ("core::mem::maybe_dangling::MaybeDangling", rust::wrapper),
    ("core::mem::maybe_uninit::MaybeUninit", rust::wrapper),
    ("std::sync::*mutex::Mutex", rust::mutex),
    ("std::sync::*mutex::MutexGuard", rust::guard),
    ("std::sync::*rwlock::RwLock", rust::rw_lock),
    ("std::sync::*rwlock::RwLock*Guard", rust::guard),
    ("std::sync::once_lock::OnceLock", rust::once_lock),
    ("std::sync::lazy_lock::LazyLock", rust::lazy_lock),
    ("std::sys::thread_local::*Storage", rust::thread_local),
    ("core::sync::atomic::Atomic*", rust::atomic),
    ("core::num::nonzero::NonZero*", rust::layer),
    ("core::num::wrapping::Wrapping", rust::layer),
    ("core::num::saturating::Saturating", rust::layer),
    ("core::ptr::non_null::NonNull", rust::layer),
    ("core::ptr::unique::Unique", rust::layer),
    ("core::ops::range::Range*", rust::range),
    ("core::time::Duration", rust::duration),
    ("std::time::Instant", rust::instant),
    ("std::time::SystemTime", rust::system_time),
    ("core::net::ip_addr::Ipv?Addr", rust::ip_address),
    ("core::marker::PhantomData", rust::phantom),
    ("core::task::wake::Context", rust::context),
    ("core::task::wake::Waker", rust::waker),
    ("*{closure_env#*}", rust::closure),
    ("*{async_*_env#*", rust::coroutine),
    ("*{gen_*_env#*", rust::coroutine),
    ("*{coroutine_env#*", rust::coroutine),
    // Zig and Go.
    ("[*]*", slice::slice),
    ("string", slice::string),
];

/// The function for a type of this name.
pub(super) fn find(name: &str) -> Option<Find> {
    let key = without_arguments(name);
    let entry = TABLE
        .iter()
        .find(|(pattern, _)| matches_with_single(pattern, &key))?;
    Some(entry.1)
}

/// `name` without what is between `<` and `>`.
pub(super) fn without_arguments(name: &str) -> String {
    let mut key = String::with_capacity(name.len().min(64));
    let mut depth = 0_u32;
    let mut before = ' ';
    for c in name.chars() {
        match c {
            '<' => depth = depth.saturating_add(1),
            // The arrow before a function's result is not a bracket.
            '>' if before != '-' => depth = depth.saturating_sub(1),
            _ if depth == 0 => key.push(c),
            _ => {}
        }
        before = c;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_no_arguments() {
        let key = without_arguments;
        assert_eq!(
            key("alloc::vec::Vec<(i32, fn(u8) -> Vec<u8>)>"),
            "alloc::vec::Vec"
        );
        assert_eq!(
            key("&[core::option::Option<u8>]"),
            "&[core::option::Option]"
        );
        assert_eq!(key("fn(i32) -> i32"), "fn(i32) -> i32");
        assert_eq!(key("std::map<int, int>::iterator"), "std::map::iterator");
    }
}
