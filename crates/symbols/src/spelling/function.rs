//! Whether a name that a person wrote means a function: as it is printed, as the source spells it, or a part of that.

use super::brackets::{Role, Sign, outside, signs};
use super::{plain_path, same_type, split};
use crate::glob;

/// What a person wrote for functions. Its qualification may be left out from the front, as may the arguments of templates
/// and generic types, and the parameters; those that are there tell functions apart. `*` stands for any text, where it
/// is not in brackets.
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

    /// Whether a `*` in it stands for any text.
    pub(crate) fn has_wildcard(&self) -> bool {
        self.wanted.is_none()
    }

    /// The last part of the name, without arguments.
    pub(crate) fn identifier(&self) -> Option<&'a str> {
        Some(self.wanted.as_ref()?.path.last()?.name)
    }

    /// Whether the parameters, if there are any in it, are those of the function whose name is shown as `display`.
    pub(crate) fn parameters_are_of(&self, display: &str) -> bool {
        let wanted = self.wanted.as_ref();
        wanted.is_none_or(|it| it.parameters_are(&Parsed::of(display, without_result)))
    }

    /// Of the names that it means, those that C++ finds first in the scope of the function `within`: the scopes are searched
    /// from the innermost to the outermost. All, if its qualification is left out for every one.
    pub(crate) fn nearest(&self, displays: &[String], within: &str) -> Vec<bool> {
        let all = vec![true; displays.len()];
        let Some(wanted) = &self.wanted else {
            return all;
        };
        let shown: Vec<_> = displays
            .iter()
            .map(|it| Parsed::of(it, without_result))
            .collect();
        let scopes = Parsed::of(within, without_result);
        let scopes = scopes.scoped();
        (0..scopes.len().max(1))
            .rev()
            .map(|depth| scopes.get(..depth).unwrap_or_default())
            .map(|scope| {
                shown
                    .iter()
                    .map(|it| wanted.is_whole_in(scope, it))
                    .collect()
            })
            .find(|it: &Vec<bool>| it.contains(&true))
            .unwrap_or(all)
    }

    /// Whether nothing of the qualification of the name is left out.
    pub(crate) fn is_whole(&self, display: &str) -> bool {
        let wanted = self.wanted.as_ref();
        wanted.is_some_and(|it| it.is_whole_in(&[], &Parsed::of(display, without_result)))
    }

    /// Whether it is exactly this name.
    pub(crate) fn fits(&self, name: &str) -> bool {
        match self.wanted {
            Some(_) => name == self.text,
            None => glob::matches(self.text, name),
        }
    }

    /// Whether the function is meant whose name is shown as `display`.
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
            // The path of AssemblyScript's names is that of the file.
            || wanted.parameters.is_none() && ends(&plain_path(display)).any(|it| it == self.text)
    }
}

/// Whether there is a `*` that stands for any text, and is not one of C's pointers or the name of an operator.
fn has_wildcard(text: &str) -> bool {
    signs(text).any(|it| it.c == '*' && it.depth == 0 && it.role == Role::Other)
}

/// A path, and what is left of it when its parts are left out from the front.
fn ends(path: &str) -> impl Iterator<Item = &str> {
    let starts = path.match_indices("::").map(|it| it.0 + "::".len());
    let files = path.match_indices('/').map(|it| it.0 + '/'.len_utf8());
    let starts = [0].into_iter().chain(starts).chain(files);
    starts.filter_map(|it| path.get(it..))
}

impl<'a> Parsed<'a> {
    /// `path_of` cuts the path out of the name without parameters.
    fn of(text: &'a str, path_of: fn(&'a str) -> &'a str) -> Self {
        let (name, parameters, after) = cut_parameters(text.trim());
        let mut path: Vec<Part<'_>> = Vec::new();
        for part in split(path_of(name)) {
            match path.last_mut() {
                // Rust's `collect::<Vec<u8>>`; a path begins with `<Vec<u8> as Trait>`.
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

    /// The parts of the path without the namespaces that nobody has to write.
    fn scoped(&self) -> Vec<&Part<'a>> {
        let is_written = |it: &&Part<'_>| it.name != "(anonymous namespace)";
        self.path.iter().filter(is_written).collect()
    }

    /// Whether it is the whole name of a function in a scope.
    fn is_whole_in(&self, scope: &[&Part<'_>], shown: &Parsed<'_>) -> bool {
        let (own, shown) = (self.scoped(), shown.scoped());
        let parts = scope.iter().chain(&own);
        scope.len() + own.len() == shown.len() && parts.zip(&shown).all(|(it, shown)| it.is(shown))
    }

    fn path_is(&self, shown: &[Part<'_>]) -> bool {
        let ends_so = |shown: &[Part<'_>]| {
            let left_out = shown.len().checked_sub(self.path.len());
            let rest = left_out.and_then(|it| shown.get(it..));
            rest.is_some_and(|it| it.iter().zip(&self.path).all(|(shown, it)| it.is(shown)))
        };
        // `<a::B<T> as c::D>::e` is a function of `a::B`, and `a::<impl c::D for B>::e` one of `a`.
        let of_type = || {
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
        ends_so(shown) || shown.iter().any(|it| it.name.starts_with('<')) && ends_so(&of_type())
    }

    /// Functions of C and Rust are shown without parameters: there is one of a name.
    fn parameters_are(&self, shown: &Parsed<'_>) -> bool {
        match (&self.parameters, &shown.parameters) {
            (None, _) | (_, None) => true,
            (Some(wanted), Some(shown_ones)) => {
                (!self.is_const || shown.is_const)
                    && wanted.len() == shown_ones.len()
                    && wanted
                        .iter()
                        .zip(shown_ones)
                        .all(|(it, shown)| same_type(shown, it))
            }
        }
    }
}

impl<'a> Part<'a> {
    fn of(text: &'a str) -> Self {
        let text = text.trim();
        let start = match text.strip_prefix("operator") {
            // Of the brackets in `operator<<<int>` the last opens the arguments.
            Some(symbol) => {
                let signs = symbol.len() - symbol.trim_start_matches(['<', '>', '=', '-']).len();
                let from = "operator".len() + signs - usize::from(signs > 1);
                let has_arguments = signs < symbol.len();
                text[from..]
                    .find('<')
                    .map(|it| from + it)
                    .filter(|_| has_arguments)
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

    fn is(&self, shown: &Part<'_>) -> bool {
        let same_name = self.name == shown.name || same_type(shown.name, self.name);
        let arguments_of = |it: &'_ str| {
            it.strip_prefix('<')
                .and_then(|it| it.strip_suffix('>'))
                .map(str::to_owned)
        };
        same_name
            && match (self.arguments, shown.arguments) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(wanted), Some(shown)) => match (arguments_of(wanted), arguments_of(shown)) {
                    (Some(wanted), Some(shown)) => {
                        let (wanted, shown) = (arguments(&wanted), arguments(&shown));
                        wanted.len() == shown.len()
                            && wanted
                                .iter()
                                .zip(&shown)
                                .all(|(it, shown)| same_type(shown, it))
                    }
                    _ => wanted == shown,
                },
            }
    }
}

fn is_bracketed(part: &str) -> bool {
    part.starts_with('<') && part.ends_with('>')
}

/// What is between commas that are in no brackets. `(void)` takes nothing.
fn arguments(inside: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = inside;
    while let Some(comma) = top_level(rest, ",") {
        found.push(rest[..comma].trim());
        rest = &rest[comma + 1..];
    }
    match rest.trim() {
        "" | "void" if found.is_empty() => {}
        last => found.push(last),
    }
    found
}

/// Where `wanted` is, in no brackets.
fn top_level(text: &str, wanted: &str) -> Option<usize> {
    outside(text).find(|at| text[*at..].starts_with(wanted))
}

fn top_level_last(text: &str, wanted: char) -> Option<usize> {
    outside(text)
        .filter(|at| text[*at..].starts_with(wanted))
        .last()
}

/// The name, what is between the parentheses of its parameters, and what stands behind them.
fn cut_parameters(text: &str) -> (&str, Option<&str>, &str) {
    let none = (text, None, "");
    let is_parenthesis = |it: &Sign| {
        let is_pair = matches!((it.role, it.c), (Role::Opens, '(') | (Role::Closes, ')'));
        it.depth == 0 && is_pair
    };
    let pairs: Vec<Sign> = signs(text).filter(is_parenthesis).collect();
    let [.., open, close] = pairs[..] else {
        return none;
    };
    if (open.role, close.role) != (Role::Opens, Role::Closes) {
        return none;
    }
    let after = text[close.at + 1..].trim();
    let is_after = |it: &str| {
        matches!(
            it,
            "const" | "volatile" | "&" | "&&" | "noexcept" | "const&" | "const&&"
        ) || it.starts_with('[')
            || it.starts_with('.')
    };
    let name = text[..open.at].trim_end();
    // `(anonymous namespace)` is a name.
    let is_name = name.is_empty() || name.ends_with("::");
    if is_name || !after.split_whitespace().all(is_after) {
        return none;
    }
    (name, Some(&text[open.at + 1..close.at]), after)
}

/// The path alone: the demangler puts the result's type before the name of a template's instance.
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

/// The same for a name that the user typed. The demangler writes a result only before a template's instance, so nothing is
/// left out of `delete main`, and it names nothing.
fn without_typed_result(name: &str) -> &str {
    let path = without_result(name);
    match path.contains('<') {
        true => path,
        false => name,
    }
}

/// What is known of a name that a person wrote, to look it up in an index: its path without parameters.
pub(crate) fn path(text: &str) -> &str {
    without_typed_result(cut_parameters(unquoted(text)).0)
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inside = ['\'', '"']
        .into_iter()
        .find_map(|it| text.strip_prefix(it)?.strip_suffix(it));
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
            // As they are printed, as the source spells them, and with the parameters that tell them apart.
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
