//! The spelling of names, and when two spellings mean the same.

mod brackets;
mod cpp;
mod function;
mod normal;

use std::borrow::Cow;

pub(crate) use brackets::{Role, Sign, signs};
pub(crate) use function::{Pattern, path};

/// A name without the parts that compilers and libraries add and the user does not need:
///
/// * The inline namespaces of libc++: `std::__2::pair<int, int>` is `std::pair<int, int>`.
/// * The arguments that the standard library of C++ adds: `std::vector<int, std::allocator<int> >` is
///   `std::vector<int>`, and `std::string` is not called `std::basic_string<char, …>`.
/// * Rust's default allocator and hasher: `alloc::vec::Vec<u8, alloc::alloc::Global>` is
///   `alloc::vec::Vec<u8>`.
///
/// Spaces and the order of words stay as the compiler wrote them.
pub(crate) fn tidy(name: Cow<'_, str>) -> Cow<'_, str> {
    if !name.contains("std::") && !name.contains(DEFAULT_ALLOCATOR) {
        return name;
    }
    let name = name
        .replace("std::__2::", "std::")
        .replace("std::__1::", "std::")
        .replace(DEFAULT_ALLOCATOR, ">")
        .replace(DEFAULT_HASHER, ">");
    Cow::Owned(cpp::without_defaults(&name, cpp::Qualified::Yes))
}

const DEFAULT_ALLOCATOR: &str = ", alloc::alloc::Global>";
const DEFAULT_HASHER: &str = ", std::hash::random::RandomState>";

/// Splits a text at the first `sign` outside of brackets. The commas in `Ring<int, 4>::push(int, int)` do not count.
pub fn split_outside_brackets(text: &str, sign: char) -> Option<(&str, &str)> {
    let at = brackets::outside(text).find(|at| text[*at..].starts_with(sign))?;
    Some((&text[..at], &text[at + sign.len_utf8()..]))
}

/// The parts of a qualified name: `a::b<c::d>` is `a` and `b<c::d>`.
pub(crate) fn split(name: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for at in brackets::outside(name) {
        if at >= start && name[at..].starts_with("::") {
            parts.push(&name[start..at]);
            start = at + "::".len();
        }
    }
    parts.push(&name[start..]);
    // `::name` is in the global namespace.
    parts.retain(|it| !it.is_empty());
    parts
}

/// A hash of a name, the same for all its spellings.
pub(crate) fn key(name: &str) -> u32 {
    // FNV-1a.
    canonical(name).bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// Whether two spellings mean the same name.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one == other || canonical(one) == canonical(other)
}

/// Whether two spellings mean the same type. `wanted` may leave out namespaces.
fn same_type(shown: &str, wanted: &str) -> bool {
    shown == wanted || normal::omits(&normal::tokens(shown), &normal::tokens(wanted))
}

/// The path in a demangled name of a function: without template arguments, parameters, the type of the result and the
/// trait that a method of Rust implements.
pub(crate) fn plain_path(demangled: &str) -> String {
    let parts = split(demangled);
    let last = parts.len().saturating_sub(1);
    let parts = parts.iter().enumerate();
    let parts =
        parts.filter_map(|(position, part)| plain_part(part, position == 0, position == last));
    parts.collect::<Vec<_>>().join("::")
}

/// A part of a name without its brackets. `None`: it is only arguments, as in `f::<u8>` of Rust.
fn plain_part(part: &str, is_first: bool, is_last: bool) -> Option<String> {
    if part.starts_with("operator") {
        return Some(part.to_owned());
    }
    if let Some(inside) = part.strip_prefix('<') {
        if !is_first {
            return None;
        }
        // `<a::B<T> as c::D>` and `<a::B<T>>`: a method of B.
        let ty = inside.split(" as ").next().unwrap_or(inside);
        let path = ty.split(['<', '>']).next().unwrap_or(ty);
        // `&mut dyn a::B`
        let path = path.rsplit(' ').next().unwrap_or(path);
        let plain = path.trim_start_matches(['&', '*', '[', '(']);
        return Some(plain.to_owned());
    }
    let mut part = part;
    if is_last && let Some(end) = part.find('(').filter(|it| *it > 0) {
        part = &part[..end];
    }
    if !part.starts_with(['(', '{']) {
        // The demangler writes the type of the result before the name of a template's instance.
        let end = part.find('<').unwrap_or(part.len());
        part = part[..end].rsplit(' ').next().unwrap_or_default();
    }
    Some(part.to_owned())
}

/// The canonical spelling of a name: spaces only between words.
fn canonical(name: &str) -> Cow<'_, str> {
    if !name.contains([' ', '<', ',']) {
        return c_integer(name).unwrap_or(name).into();
    }
    let mut out = String::with_capacity(name.len());
    for token in normal::tokens(name) {
        let is_end = |it: char| it.is_alphanumeric() || it == '_';
        if out.ends_with(is_end) && normal::is_word(&token) {
            out.push(' ');
        }
        out.push_str(&token);
    }
    Cow::Owned(out)
}

/// Clang's name for an integer type of C. Its words may be in any order, and some are optional.
pub(crate) fn c_integer(name: &str) -> Option<&'static str> {
    if name.trim().is_empty() {
        return None;
    }
    let (mut signed, mut unsigned, mut long, mut short, mut char) = (0, 0, 0, 0, 0);
    for word in name.split(' ').filter(|it| !it.is_empty()) {
        match word {
            "signed" => signed += 1,
            "unsigned" => unsigned += 1,
            "long" => long += 1,
            "short" => short += 1,
            "char" => char += 1,
            "int" => {}
            _ => return None,
        }
    }
    Some(match (unsigned > 0, char > 0, short > 0, long) {
        (true, true, ..) => "unsigned char",
        (false, true, ..) if signed > 0 => "signed char",
        (false, true, ..) => "char",
        (true, _, true, _) => "unsigned short",
        (false, _, true, _) => "short",
        (true, .., 0) => "unsigned int",
        (false, .., 0) => "int",
        (true, .., 1) => "unsigned long",
        (false, .., 1) => "long",
        (true, ..) => "unsigned long long",
        (false, ..) => "long long",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_one_wrote_is_left_out() {
        for (raw, expected) in [
            ("int", "int"),
            (
                "std::__2::vector<int, std::__2::allocator<int> >",
                "std::vector<int>",
            ),
            (
                "alloc::vec::Vec<alloc::boxed::Box<i32, alloc::alloc::Global>, alloc::alloc::Global>",
                "alloc::vec::Vec<alloc::boxed::Box<i32>>",
            ),
            ("Vec<u8, app::Arena>", "Vec<u8, app::Arena>"),
        ] {
            assert_eq!(tidy(raw.into()), expected);
        }
    }

    #[test]
    fn names_are_split_where_they_are_qualified() {
        for (name, expected) in [
            ("main", &["main"][..]),
            ("::a::b", &["a", "b"]),
            (
                "std::map<a::b, c::d>::node",
                &["std", "map<a::b, c::d>", "node"],
            ),
            ("<a::T as b::U>::{vtable}", &["<a::T as b::U>", "{vtable}"]),
            (
                "a::F<fn(b::C) -> d::E>::g",
                &["a", "F<fn(b::C) -> d::E>", "g"],
            ),
            ("a::operator<<", &["a", "operator<<"]),
            ("a::operator->", &["a", "operator->"]),
            ("(anonymous namespace)::x", &["(anonymous namespace)", "x"]),
            ("", &[]),
            (">>::<<::", &[">>", "<<::"]),
        ] {
            assert_eq!(split(name), expected, "{name}");
        }
    }

    #[test]
    fn spellings_of_the_same_name() {
        for (one, other) in [
            ("unsigned", "unsigned int"),
            ("long unsigned int", "unsigned long"),
            ("long long int", "long  long"),
            ("short int", "short"),
            ("Option<(i32,u8)>", "Option<(i32, u8)>"),
            ("vector<vector<int> >", "vector<vector<int>>"),
            ("Vec<u8>", "Vec<u8, alloc::alloc::Global>"),
            ("vector<int>", "vector<int, std::__2::allocator<int> >"),
            ("Ring<int, 4UL>", "Ring<int,4>"),
            ("Ring<int, 4UL>", "Ring<int, (unsigned long)4>"),
            ("Sign<'A', -1L>", "Sign<(char)65, (long)-1>"),
            ("Box<const int &>", "Box<int const&>"),
            ("Box<const unsigned long *>", "Box<unsigned long const*>"),
            ("Box<const struct point *>", "Box<point const *>"),
            (
                "std::set<std::string>",
                "std::set<std::basic_string<char, std::char_traits<char>, std::allocator<char> > >",
            ),
        ] {
            assert!(same(one, other), "{one}, {other}");
            assert_eq!(key(one), key(other), "{one}, {other}");
        }
        assert!(!same("unsigned x", "unsignedx"));
        assert!(!same("char", "signed char"));
        assert!(!same("Ring<int, 4>", "Ring<int, 5>"));
        assert!(!same("char *const", "const char *"));
    }

    #[test]
    fn long_names_cost_little() {
        // If each step looked back over the whole text, it would be 10^10 steps.
        let name = format!("<({})>", ")1".repeat(200_000));
        assert!(canonical(&name).len() > 200_000);
    }
}
