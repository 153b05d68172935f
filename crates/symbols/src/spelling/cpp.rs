//! Default template arguments of C++, which the source does not contain.

use std::ops::Range;

/// Whether the templates of the standard library must have `std::` before their names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Qualified {
    /// They must.
    Yes,
    /// `vector` also means `std::vector`.
    Maybe,
}

/// `name` without the default arguments of the standard library, with the library's short names for some of its types,
/// and without the suffixes of numbers, like `UL` in `std::array<int, 3UL>`.
///
/// `std::map<int, std::basic_string<char, std::char_traits<char>, std::allocator<char> >, std::less<int>, …>` is
/// `std::map<int, std::string>`.
pub(super) fn without_defaults(name: &str, qualified: Qualified) -> String {
    let mut out = String::with_capacity(name.len());
    let mut open: Vec<Template> = Vec::new();
    for c in name.chars() {
        match (c, open.last_mut()) {
            // `operator<`, `->`
            ('<', _) if out.ends_with("operator") => out.push(c),
            ('>', _) if out.ends_with('-') || out.ends_with("operator") => out.push(c),
            ('<', _) => {
                let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
                let start = out.trim_end_matches(is_name).len();
                out.push(c);
                open.push(Template {
                    name: start..out.len() - 1,
                    arguments: vec![out.len()],
                    parentheses: 0,
                });
            }
            ('>', Some(_)) => {
                end_number(&mut out);
                if let Some(template) = open.pop() {
                    close(&mut out, &template, qualified);
                }
            }
            (',', Some(template)) if template.parentheses == 0 => {
                end_number(&mut out);
                template.arguments.push(out.len());
                out.push(c);
            }
            _ => {
                if let Some(template) = open.last_mut() {
                    match c {
                        '(' | '[' | '{' => template.parentheses += 1,
                        ')' | ']' | '}' => {
                            template.parentheses = template.parentheses.saturating_sub(1);
                        }
                        _ => {}
                    }
                }
                out.push(c);
            }
        }
    }
    out
}

/// A template whose arguments are being read.
struct Template {
    /// The range of its name.
    name: Range<usize>,
    /// The offsets of its arguments: the first is after the bracket, each other one is at the comma before it.
    arguments: Vec<usize>,
    /// How many parentheses are open in its arguments.
    parentheses: u32,
}

/// Removes the suffix of a number at the end.
fn end_number(out: &mut String) {
    let number = out.trim_end_matches(['u', 'U', 'l', 'L']).len();
    let before = out[..number].trim_end_matches(|c: char| c.is_ascii_digit());
    let is_number = before.len() < number && before.ends_with(['<', ' ', '-', ')']);
    if is_number {
        out.truncate(number);
    }
}

/// Ends the arguments of a template.
fn close(out: &mut String, template: &Template, qualified: Qualified) {
    let mut name = template.name.clone();
    if out[name.clone()].starts_with("std::") {
        name.start += "std::".len();
    } else if qualified == Qualified::Yes || out[name.clone()].contains("::") {
        name.end = name.start;
    }
    let defaults = default_arguments(&out[name.clone()]);
    let arguments = &template.arguments;
    let first = arguments[0]..arguments.get(1).copied().unwrap_or(out.len());
    for &start in arguments.iter().skip(1).rev() {
        let argument = out[start..].trim_matches([',', ' ']);
        let first = out[first.clone()].trim();
        if !defaults.iter().any(|it| is_default(argument, it, first)) {
            break;
        }
        out.truncate(start);
    }
    out.truncate(out.trim_end().len());
    out.push('>');
    if !name.is_empty()
        && let Some(short) = short(&out[name.start..])
    {
        out.replace_range(name.start.., &short);
    }
}

/// Whether an argument is the default. In `default`, `*` means any argument, and `T` the template's first argument.
fn is_default(argument: &str, default: &str, first: &str) -> bool {
    let Some((template, inner_default)) = default.split_once('<') else {
        return argument == default;
    };
    let inner = argument
        .strip_prefix(template)
        .and_then(|rest| rest.strip_prefix('<')?.strip_suffix('>'));
    inner.is_some_and(|inner| inner_default == "*>" || inner.trim_end() == first)
}

/// The default arguments of a template of `std`, the last first.
fn default_arguments(template: &str) -> &'static [&'static str] {
    match template {
        "vector" | "deque" | "list" | "forward_list" => &["std::allocator<*>"],
        "set" | "multiset" | "map" | "multimap" => &["std::allocator<*>", "std::less<T>"],
        "unordered_set" | "unordered_multiset" | "unordered_map" | "unordered_multimap" => {
            &["std::allocator<*>", "std::equal_to<T>", "std::hash<T>"]
        }
        // `std::dynamic_extent` of 32 and 64 bits.
        "span" => &["4294967295", "18446744073709551615"],
        "ratio" => &["1"],
        "unique_ptr" => &["std::default_delete<T>"],
        "stack" | "queue" => &["std::deque<T>"],
        "priority_queue" => &["std::less<T>", "std::vector<T>"],
        _ if template.starts_with("basic_") => &["std::allocator<*>", "std::char_traits<T>"],
        _ => &[],
    }
}

/// The short name of `basic_string<char>` and similar types.
fn short(template: &str) -> Option<String> {
    let (name, character) = template
        .strip_prefix("basic_")?
        .strip_suffix('>')?
        .split_once('<')?;
    let prefix = match character {
        "char" => "",
        "wchar_t" => "w",
        "char8_t" if name.starts_with("string") => "u8",
        "char16_t" if name.starts_with("string") => "u16",
        "char32_t" if name.starts_with("string") => "u32",
        _ => return None,
    };
    Some(format!("{prefix}{name}"))
}

#[cfg(test)]
mod tests {
    use super::Qualified;

    fn without_defaults(name: &str) -> String {
        super::without_defaults(name, Qualified::Yes)
    }

    const STRING: &str = "std::basic_string<char, std::char_traits<char>, std::allocator<char> >";

    #[test]
    fn defaults_are_left_out() {
        let pairs = format!("std::allocator<std::pair<const {STRING}, int> >");
        for (long, short) in [
            (STRING.to_owned(), "std::string"),
            (
                format!("std::map<{STRING}, int, std::less<{STRING} >, {pairs} >"),
                "std::map<std::string, int>",
            ),
            (
                "std::vector<std::pair<int, double>, std::allocator<std::pair<int, double> > >"
                    .into(),
                "std::vector<std::pair<int, double>>",
            ),
            (
                "std::basic_string_view<char16_t, std::char_traits<char16_t> >".into(),
                "std::u16string_view",
            ),
            (
                "std::unique_ptr<int, std::default_delete<int> >::pointer".into(),
                "std::unique_ptr<int>::pointer",
            ),
            (
                "std::priority_queue<int, std::vector<int, std::allocator<int> >, std::less<int> >"
                    .into(),
                "std::priority_queue<int>",
            ),
            (
                "std::array<std::span<int, 4294967295UL>, 3UL>".into(),
                "std::array<std::span<int>, 3>",
            ),
            ("std::ratio<1LL, 1000LL>".into(), "std::ratio<1, 1000>"),
            ("std::ratio<60LL, 1LL>".into(), "std::ratio<60>"),
            (
                "app::Fixed<-1L, (app::Unit)2>".into(),
                "app::Fixed<-1, (app::Unit)2>",
            ),
        ] {
            assert_eq!(without_defaults(&long), short);
            assert_eq!(without_defaults(short), short);
        }
    }

    #[test]
    fn what_was_written_stays() {
        for name in [
            "std::set<int, std::less<void>>",
            "std::map<int, int, std::less<int>, app::Arena<int>>",
            "std::tuple<int, std::allocator<int>>",
            "std::vector<int, app::Arena<int>>",
            "app::vector<int, std::allocator<int>>",
            "vector<int, std::allocator<int>>",
            "std::unique_ptr<int, app::Closer>",
            "std::pair<app::L1UL, app::Null>",
            "std::function<int (int, std::allocator<int>)>",
            "std::basic_string<unsigned char>",
            "bool operator<<int>(int)",
            "auto f() -> std::less<int>",
            "std::vector<int, std::allocator<int",
            ">>,<<",
            "std::map<",
            "",
        ] {
            assert_eq!(without_defaults(name), name);
        }
    }
}
