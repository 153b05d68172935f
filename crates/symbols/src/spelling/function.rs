//! Whether a name that the user typed means a function. The user may type it as it is printed, as the source spells
//! it, or only a part of that.

use super::brackets::{Role, Sign, outside, signs};
use super::{plain_path, same_type, split};
use crate::glob;

/// A name of functions that the user typed. It may leave out namespaces and classes from the front, the arguments of
/// templates and generic types, and the parameters. If they are there, they must match. A `*` outside of brackets
/// stands for any text.
pub(crate) struct Pattern<'a> {
    text: &'a str,
    wanted: Option<Parsed<'a>>,
}

/// A function's name, in parts.
struct Parsed<'a> {
    path: Vec<Part<'a>>,
    parameters: Option<Vec<&'a str>>,
    is_const: bool,
}

/// A part of a path: `b<c>` of `a::b<c>::d`.
struct Part<'a> {
    name: &'a str,
    arguments: Option<&'a str>,
}

impl<'a> Pattern<'a> {
    pub(crate) fn parse(text: &'a str) -> Self {
        let text = unquoted(text);
        Pattern {
            text,
            wanted: (!has_wildcard(text)).then(|| Parsed::of(text, without_typed_result)),
        }
    }

    /// Whether it contains a `*` that stands for any text.
    pub(crate) fn has_wildcard(&self) -> bool {
        self.wanted.is_none()
    }

    /// The last part of the name, without arguments.
    pub(crate) fn identifier(&self) -> Option<&'a str> {
        Some(self.wanted.as_ref()?.path.last()?.name)
    }

    /// Whether its parameters, if it has any, match the function whose name is shown as `display`.
    pub(crate) fn parameters_are_of(&self, display: &str) -> bool {
        let wanted = self.wanted.as_ref();
        wanted.is_none_or(|it| it.parameters_are(&Parsed::of(display, without_result)))
    }

    /// Which of the matching names `displays` C++ finds first in the scope of the function `within`: it searches the
    /// scopes from the innermost to the outermost. All of them, if the pattern is the whole name of none in any
    /// scope.
    pub(crate) fn nearest(&self, displays: &[String], within: &str) -> Vec<bool> {
        let all = vec![true; displays.len()];
        let Some(wanted) = &self.wanted else {
            return all;
        };
        let parsed = displays.iter().map(|it| Parsed::of(it, without_result));
        let shown: Vec<_> = parsed.collect();
        let within = Parsed::of(within, without_result);
        let scopes = within.scoped();
        for depth in (0..scopes.len().max(1)).rev() {
            let scope = scopes.get(..depth).unwrap_or_default();
            let in_scope: Vec<bool> = shown
                .iter()
                .map(|it| wanted.is_whole_in(scope, it))
                .collect();
            if in_scope.contains(&true) {
                return in_scope;
            }
        }
        all
    }

    /// Whether it is the fully qualified name.
    pub(crate) fn is_whole(&self, display: &str) -> bool {
        let wanted = self.wanted.as_ref();
        wanted.is_some_and(|it| it.is_whole_in(&[], &Parsed::of(display, without_result)))
    }

    /// Whether it matches exactly this name.
    pub(crate) fn fits(&self, name: &str) -> bool {
        match self.wanted {
            Some(_) => name == self.text,
            None => glob::matches(self.text, name),
        }
    }

    /// Whether it means the function whose name is shown as `display`.
    pub(crate) fn means(&self, display: &str) -> bool {
        let Some(wanted) = &self.wanted else {
            return ends(&plain_path(display)).any(|it| glob::matches(self.text, it));
        };
        let Some(last) = wanted.path.last() else {
            return false;
        };
        if !display.contains(last.name) {
            return false;
        }
        let shown = Parsed::of(display, without_result);
        wanted.path_is(&shown.path)
            && wanted.parameters_are(&shown)
            // In AssemblyScript a name starts with the path of the file.
            || wanted.parameters.is_none() && ends(&plain_path(display)).any(|it| it == self.text)
    }
}

/// Whether the text contains a `*` that is not part of a pointer type or the name of an operator.
fn has_wildcard(text: &str) -> bool {
    signs(text).any(|it| it.c == '*' && it.depth == 0 && it.role == Role::Other)
}

/// A path, and the paths that remain when parts are left out from the front.
fn ends(path: &str) -> impl Iterator<Item = &str> {
    let starts = path.match_indices("::").map(|(at, _)| at + "::".len());
    let files = path.match_indices('/').map(|(at, _)| at + '/'.len_utf8());
    let starts = [0].into_iter().chain(starts).chain(files);
    starts.filter_map(|it| path.get(it..))
}

impl<'a> Parsed<'a> {
    /// Parses a name. `path_of` cuts the path out of the name without parameters.
    fn of(text: &'a str, path_of: fn(&'a str) -> &'a str) -> Self {
        let (name, parameters, after) = cut_parameters(text.trim());
        let mut path: Vec<Part<'_>> = Vec::new();
        for part in split(path_of(name)) {
            match path.last_mut() {
                // `collect::<Vec<u8>>` of Rust. (`<Vec<u8> as Trait>` at the start of a path is a part.)
                Some(last) if last.arguments.is_none() && is_bracketed(part) => {
                    last.arguments = Some(part);
                }
                _ => path.push(Part::of(part)),
            }
        }
        Parsed {
            path,
            parameters: parameters.map(arguments),
            is_const: after.split_whitespace().any(|it| it == "const"),
        }
    }

    /// The parts of the path without anonymous namespaces, which the user need not type.
    fn scoped(&self) -> Vec<&Part<'a>> {
        let has_name = |part: &&Part<'_>| part.name != "(anonymous namespace)";
        self.path.iter().filter(has_name).collect()
    }

    /// Whether it is the whole name of a function in a scope.
    fn is_whole_in(&self, scope: &[&Part<'_>], shown: &Parsed<'_>) -> bool {
        let (typed, shown) = (self.scoped(), shown.scoped());
        let parts = scope.iter().chain(&typed);
        scope.len() + typed.len() == shown.len()
            && parts.zip(&shown).all(|(part, shown)| part.is(shown))
    }

    fn path_is(&self, shown: &[Part<'_>]) -> bool {
        let is_end_of = |shown: &[Part<'_>]| {
            let left_out = shown.len().checked_sub(self.path.len());
            let rest = left_out.and_then(|count| shown.get(count..));
            rest.is_some_and(|rest| {
                rest.iter()
                    .zip(&self.path)
                    .all(|(shown, part)| part.is(shown))
            })
        };
        // `<a::B<T> as c::D>::e` is a function of `a::B`, and `a::<impl c::D for B>::e` one of `a`.
        let path_of_type = || {
            let parts = shown.iter().enumerate().flat_map(|(position, part)| {
                let inside = part.name.strip_prefix('<');
                let ty = match (inside, position) {
                    (None, _) => return vec![Part { ..*part }],
                    (Some(_), 1..) => return Vec::new(),
                    (Some(inside), 0) => inside.strip_suffix('>').unwrap_or(inside),
                };
                let ty = top_level(ty, " as ").map_or(ty, |at| &ty[..at]);
                // `&mut dyn a::B`
                let ty = ty.trim_start_matches(['&', '*', '(']);
                let start = top_level_last(ty, ' ').map_or(0, |at| at + 1);
                split(&ty[start..]).into_iter().map(Part::of).collect()
            });
            parts.collect::<Vec<_>>()
        };
        let has_type = || shown.iter().any(|part| part.name.starts_with('<'));
        is_end_of(shown) || has_type() && is_end_of(&path_of_type())
    }

    /// Names of C and Rust are shown without parameters, because they have no overloads: any parameters match.
    fn parameters_are(&self, shown: &Parsed<'_>) -> bool {
        match (&self.parameters, &shown.parameters) {
            (None, _) | (_, None) => true,
            (Some(wanted), Some(shown_types)) => {
                (!self.is_const || shown.is_const) && same_types(shown_types, wanted)
            }
        }
    }
}

impl<'a> Part<'a> {
    fn of(text: &'a str) -> Self {
        let text = text.trim();
        let start = match text.strip_prefix("operator") {
            // In `operator<<<int>` the last bracket before `int` opens the arguments.
            Some(symbol) => {
                let signs = symbol.len() - symbol.trim_start_matches(['<', '>', '=', '-']).len();
                let symbol_end = "operator".len() + signs - usize::from(signs > 1);
                let has_arguments = signs < symbol.len();
                let bracket = text[symbol_end..].find('<').filter(|_| has_arguments);
                bracket.map(|at| symbol_end + at)
            }
            None => text.find('<'),
        };
        match start.filter(|at| *at > 0 && text.ends_with('>')) {
            Some(at) => Part {
                name: text[..at].trim_end(),
                arguments: Some(&text[at..]),
            },
            None => Part {
                name: text,
                arguments: None,
            },
        }
    }

    /// Whether this part, which the user typed, means the part `shown`.
    fn is(&self, shown: &Part<'_>) -> bool {
        let same_name = self.name == shown.name || same_type(shown.name, self.name);
        same_name
            && match (self.arguments, shown.arguments) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(wanted), Some(shown)) => match (inside(wanted), inside(shown)) {
                    (Some(wanted), Some(shown)) => {
                        same_types(&arguments(shown), &arguments(wanted))
                    }
                    _ => wanted == shown,
                },
            }
    }
}

/// The text between `<` and `>`.
fn inside(arguments: &str) -> Option<&str> {
    arguments.strip_prefix('<')?.strip_suffix('>')
}

/// Whether the types are the same, one by one.
fn same_types(shown: &[&str], wanted: &[&str]) -> bool {
    let mut pairs = shown.iter().zip(wanted);
    shown.len() == wanted.len() && pairs.all(|(shown, wanted)| same_type(shown, wanted))
}

fn is_bracketed(part: &str) -> bool {
    part.starts_with('<') && part.ends_with('>')
}

/// The texts between commas that are outside of brackets. `void` alone means no arguments.
fn arguments(inside: &str) -> Vec<&str> {
    let mut arguments = Vec::new();
    let mut rest = inside;
    while let Some(comma) = top_level(rest, ",") {
        arguments.push(rest[..comma].trim());
        rest = &rest[comma + 1..];
    }
    match rest.trim() {
        "" | "void" if arguments.is_empty() => {}
        last => arguments.push(last),
    }
    arguments
}

/// The offset of the first `wanted` outside of brackets.
fn top_level(text: &str, wanted: &str) -> Option<usize> {
    outside(text).find(|at| text[*at..].starts_with(wanted))
}

fn top_level_last(text: &str, wanted: char) -> Option<usize> {
    outside(text)
        .filter(|at| text[*at..].starts_with(wanted))
        .last()
}

/// The name, the text between the parentheses of its parameters, and the text after them.
fn cut_parameters(text: &str) -> (&str, Option<&str>, &str) {
    let without_parameters = (text, None, "");
    let is_parenthesis = |sign: &Sign| {
        let is_pair = matches!(
            (sign.role, sign.c),
            (Role::Opens, '(') | (Role::Closes, ')')
        );
        sign.depth == 0 && is_pair
    };
    let pairs: Vec<Sign> = signs(text).filter(is_parenthesis).collect();
    let [.., open, close] = pairs[..] else {
        return without_parameters;
    };
    if (open.role, close.role) != (Role::Opens, Role::Closes) {
        return without_parameters;
    }
    let after = text[close.at + 1..].trim();
    let is_after = |text: &str| {
        matches!(
            text,
            "const" | "volatile" | "&" | "&&" | "noexcept" | "const&" | "const&&"
        ) || text.starts_with('[')
            || text.starts_with('.')
    };
    let name = text[..open.at].trim_end();
    // `(anonymous namespace)` is a name.
    let is_name = name.is_empty() || name.ends_with("::");
    if is_name || !after.split_whitespace().all(is_after) {
        return without_parameters;
    }
    (name, Some(&text[open.at + 1..close.at]), after)
}

/// The path alone. The demangler writes the type of the result before the name of a template's instance.
fn without_result(name: &str) -> &str {
    // `operator new`, `operator unsigned long`
    let operator = top_level(name, "operator").filter(|at| {
        let is_start = |it: char| it == ':' || it == ' ';
        *at == 0 || name[..*at].ends_with(is_start)
    });
    let before = &name[..operator.unwrap_or(name.len())];
    match top_level_last(before, ' ') {
        Some(at) => name[at + 1..].trim_start_matches(['*', '&']),
        None => name,
    }
}

/// The same for a name that the user typed. The demangler writes a result only before a template's instance. So
/// `delete main` stays as it is, and names no function.
fn without_typed_result(name: &str) -> &str {
    let path = without_result(name);
    if path.contains('<') { path } else { name }
}

/// The path, without parameters, of a name that the user typed, to look it up in an index.
pub(crate) fn path(text: &str) -> &str {
    without_typed_result(cut_parameters(unquoted(text)).0)
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inside = ['\'', '"']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    inside.map_or(text, str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_meant_by_patterns() {
        for (name, pattern, expected) in [
            ("main", "main", true),
            ("main", "*", true),
            ("main", "ma*n", true),
            ("main", "main*", true),
            ("main", "m*a*i*n", true),
            ("main", "mai", false),
            ("main", "*mainly", false),
            ("aba", "ab*ba", false),
            ("std::io::read", "std::*", true),
            ("std::io::read", "io::*", true),
            ("std::io::read", "o::*", false),
            ("std::io::read", "read", true),
            (
                "<alloc::vec::Vec<T> as core::ops::Drop>::drop",
                "*::drop",
                true,
            ),
            (
                "<alloc::vec::Vec<T> as core::ops::Drop>::drop",
                "Vec::drop",
                true,
            ),
            ("void a::sort<int*>(int*, int*)", "a::sort", true),
            ("void a::sort<int*>(int*, int*)", "a::s*", true),
            ("shapes::Circle::area() const", "Circle::area", true),
            (
                "core::ptr::drop_in_place::<alloc::string::String>",
                "drop_in_place",
                true,
            ),
            ("<core::option::Option<u8>>::unwrap", "Option::unwrap", true),
            (
                "<core::option::Option<u8>>::map::<u8, f>",
                "Option::map",
                true,
            ),
            ("<&mut a::B as c::D<e::F>>::g", "a::B::g", true),
            ("~lib/array/sort", "sort", true),
            ("~lib/array/sort", "array/sort", true),
            ("~lib/array/sort", "ray/sort", false),
            // As it is printed, as the source spells it, and with the parameters of an overload.
            (
                "shop::Ring<int, (unsigned long)4>::push(int const&)",
                "shop::Ring<int, (unsigned long)4>::push(int const&)",
                true,
            ),
            (
                "shop::Ring<int, (unsigned long)4>::push(int const&)",
                "Ring<int, 4UL>::push",
                true,
            ),
            (
                "shop::Ring<int, (unsigned long)4>::push(int const&)",
                "shop::Ring<int,4>::push(const int &)",
                true,
            ),
            (
                "shop::Ring<int, (unsigned long)4>::push(int const&)",
                "Ring<int, 4>::push",
                true,
            ),
            (
                "shop::Ring<int, (unsigned long)4>::push(int const&)",
                "Ring::push",
                true,
            ),
            (
                "shop::Ring<int, (unsigned long)4>::push(int const&)",
                "Ring<int, 5>::push",
                false,
            ),
            (
                "shop::Ring<int, (unsigned long)4>::push(int const&)",
                "Ring<int>::push",
                false,
            ),
            (
                "shop::Ring<int, (unsigned long)4>::push(int const&)",
                "Ring<int, 4>::push(int &)",
                false,
            ),
            (
                "shop::Item::total(int) const",
                "shop::Item::total(int)",
                true,
            ),
            (
                "shop::Item::total(int) const",
                "'shop::Item::total(int) const'",
                true,
            ),
            ("shop::Item::total(int) const", "total()", false),
            ("shop::Item::total(int)", "total(int) const", false),
            ("shop::Item::total()", "total(void)", true),
            (
                "shop::swap(shop::Item*, shop::Item*)",
                "swap(Item *, Item *)",
                true,
            ),
            ("void a::sort<int*>(int*, int*)", "sort<int *>", true),
            (
                "void a::sort<int*>(int*, int*)",
                "void a::sort<int*>(int*, int*)",
                true,
            ),
            ("void a::sort<int*>(int*, int*)", "sort<char*>", false),
            (
                "unsigned long a::get<unsigned long>()",
                "get<unsigned long>",
                true,
            ),
            ("a::B::operator()(int)", "B::operator()", true),
            ("a::B::operator()(int)", "operator()(int)", true),
            ("a::B::operator+(a::B const&) const", "operator+", true),
            (
                "a::B::operator+(a::B const&) const",
                "B::operator+(const B&)",
                true,
            ),
            ("a::B::operator+=(a::B const&)", "operator+", false),
            ("bool operator< <int>(int, int)", "operator<", true),
            (
                "std::ostream& operator<<<char>(std::ostream&, char)",
                "operator<<",
                true,
            ),
            (
                "std::ostream& operator<<<char>(std::ostream&, char)",
                "operator<<<char>",
                true,
            ),
            ("a::B::operator->()", "operator->", true),
            ("a::B::operator*()", "operator*", true),
            ("a::B::operator bool() const", "B::operator bool", true),
            ("operator new(unsigned long)", "operator new", true),
            ("operator new(unsigned long)", "operator new(size_t)", false),
            ("operator delete(void*)", "operator new", false),
            ("(anonymous namespace)::f(int)", "f", true),
            (
                "(anonymous namespace)::f(int)",
                "(anonymous namespace)::f(int)",
                true,
            ),
            (
                "run(int (*)(char const*), ...)",
                "run(int (*)(const char *), ...)",
                true,
            ),
            ("main", "main(int, char **)", true),
            (
                "core::ptr::drop_in_place::<alloc::string::String>",
                "core::ptr::drop_in_place::<alloc::string::String>",
                true,
            ),
            (
                "core::ptr::drop_in_place::<alloc::string::String>",
                "drop_in_place<String>",
                true,
            ),
            (
                "core::ptr::drop_in_place::<alloc::string::String>",
                "drop_in_place::<u8>",
                false,
            ),
            ("<a::B as c::D>::e", "<a::B as c::D>::e", true),
            ("<a::B as c::D>::e", "<B as D>::e", true),
            ("<a::B<u8> as c::D>::e", "B<u8>::e", true),
            ("<a::B<u8> as c::D>::e", "B<u16>::e", false),
            ("<a::B as c::D>::e", "<a::B as c::F>::e", false),
            ("app::main::{{closure}}", "app::main::{{closure}}", true),
            ("app::main::{{closure}}", "main", false),
            ("app::main::{{closure}}", "main::*", true),
        ] {
            assert_eq!(
                Pattern::parse(pattern).means(name),
                expected,
                "{name} {pattern}"
            );
        }
    }
}
