//! Names of functions: their origin and their demangled form.

use std::fmt::{self, Write as _};

use wdb_module::FuncIndex;

use crate::spelling;

/// The name of a function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// The name in the binary: the linkage name, if there is one.
    pub raw: String,
    /// The name as a programmer writes it: demangled, without Rust's hash and C++'s ABI tags.
    pub display: String,
    /// Where it was found.
    pub origin: Origin,
    /// The language of the function, if DWARF or the mangling says it.
    pub language: Option<Language>,
}

/// Where a name was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A function entry of the DWARF.
    Dwarf,
    /// The name section of the module, or of its debug file.
    NameSection,
    /// The function is exported under this name.
    Export,
    /// The function is imported under this name, as `module.name`.
    Import,
    /// The function has no name: `func[12]` is made from its index.
    Index,
}

/// A source language that the debugger treats specially.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// C of any year.
    C,
    /// C++ of any year.
    Cpp,
    /// Rust.
    Rust,
    /// Zig.
    Zig,
    /// Any other language that DWARF names.
    Other,
}

impl Language {
    pub(crate) fn from_dwarf(code: gimli::DwLang) -> Self {
        use gimli::constants as c;
        match code {
            c::DW_LANG_C | c::DW_LANG_C89 | c::DW_LANG_C99 | c::DW_LANG_C11 | c::DW_LANG_C17 => {
                Language::C
            }
            c::DW_LANG_C_plus_plus
            | c::DW_LANG_C_plus_plus_03
            | c::DW_LANG_C_plus_plus_11
            | c::DW_LANG_C_plus_plus_14
            | c::DW_LANG_C_plus_plus_17
            | c::DW_LANG_C_plus_plus_20 => Language::Cpp,
            c::DW_LANG_Rust => Language::Rust,
            c::DW_LANG_Zig => Language::Zig,
            _ => Language::Other,
        }
    }
}

impl Name {
    /// A name from DWARF: `DW_AT_linkage_name` and `DW_AT_name`. Empty ones are ignored.
    pub(crate) fn from_dwarf(
        linkage: Option<&str>,
        name: Option<&str>,
        language: Option<Language>,
    ) -> Option<Self> {
        let linkage = linkage.filter(|it| !it.is_empty());
        let name = name.filter(|it| !it.is_empty());
        let raw = linkage.or(name)?;
        let (display, language) = match linkage.and_then(|it| demangle(it, language)) {
            Some((display, mangled_in)) => (display, language.or(Some(mangled_in))),
            // clang gives `main` the linkage name `__main_argc_argv`. Zig has the namespace only in the linkage name.
            None if language == Some(Language::Zig) => (raw.to_owned(), language),
            None => (name.unwrap_or(raw).to_owned(), language),
        };
        Some(Name {
            raw: raw.to_owned(),
            display,
            origin: Origin::Dwarf,
            language,
        })
    }

    /// A name from the binary itself: mangled, demangled by the linker, or plain.
    pub(crate) fn from_symbol(raw: String, origin: Origin) -> Self {
        let (display, language) = match demangle(&raw, None) {
            Some((display, language)) => (display, Some(language)),
            None => (raw.clone(), None),
        };
        Name {
            raw,
            display,
            origin,
            language,
        }
    }

    /// The name for a function without a name.
    pub(crate) fn from_index(index: FuncIndex) -> Self {
        let name = format!("func[{index}]");
        Name {
            raw: name.clone(),
            display: name,
            origin: Origin::Index,
            language: None,
        }
    }
}

impl Name {
    /// The qualified name without template arguments, parameters and the type of the result: `a::sort` for
    /// `void a::sort<int*>(int*, int*)`.
    pub fn path(&self) -> String {
        spelling::plain_path(&self.display)
    }

    /// Whether `pattern` means this name, as for [`Symbols::functions_matching`](crate::Symbols::functions_matching).
    pub fn is_called(&self, pattern: &str) -> bool {
        spelling::Pattern::parse(pattern).means(&self.display)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display)
    }
}

/// Longer symbols are not demangled: substitutions make the work of demangling exponential in their length. The longest
/// seen in a C++ or Rust program had 3,000 bytes.
const LONGEST_SYMBOL: usize = 16 << 10;

/// A demangled name has at most this many bytes: a longer one is useless, and a hostile symbol of a kilobyte can
/// stand for gigabytes.
const LONGEST_NAME: usize = 64 << 10;

/// The demangled form of `symbol`, and the language of its mangling. `None` if it is not mangled, or not in a
/// mangling of `language`.
fn demangle(symbol: &str, language: Option<Language>) -> Option<(String, Language)> {
    if symbol.len() > LONGEST_SYMBOL {
        return None;
    }
    // Rust's old mangling is a C++ mangling with a hash as the last component. So Rust is tried first.
    let rust = match language {
        None => symbol.starts_with("_R") || has_mangled_hash(symbol),
        Some(Language::Rust) => true,
        Some(_) => false,
    };
    if rust && let Ok(name) = rustc_demangle::try_demangle(symbol) {
        return Some((print(format_args!("{name:#}"))?, Language::Rust));
    }
    if symbol.starts_with("_Z") && matches!(language, None | Some(Language::Cpp)) {
        return Some((demangle_cpp(symbol)?, Language::Cpp));
    }
    if language.is_none() {
        return tidy_demangled(symbol).filter(|it| !it.0.is_empty());
    }
    None
}

/// Whether an Itanium name ends with the component `h` and 16 hex digits.
fn has_mangled_hash(symbol: &str) -> bool {
    let Some((_, end)) = symbol
        .strip_prefix("_ZN")
        .and_then(|it| it.rsplit_once("17h"))
    else {
        return false;
    };
    end.len() > 16
        && end.as_bytes()[16] == b'E'
        && end.as_bytes()[..16].iter().all(u8::is_ascii_hexdigit)
}

fn demangle_cpp(symbol: &str) -> Option<String> {
    let parsed = cpp_demangle::BorrowedSymbol::new(symbol.as_bytes()).ok()?;
    let mut out = Bounded(String::new());
    parsed
        .structured_demangle(&mut out, &cpp_demangle::DemangleOptions::new())
        .ok()?;
    Some(tidy_cpp(&out.0))
}

/// Tidies a name that LLVM's linker has already demangled, which it does by default for the name section. It keeps
/// Rust's hash, and with Rust's old mangling also the escapes (`$LT$`).
fn tidy_demangled(symbol: &str) -> Option<(String, Language)> {
    let rust = symbol
        .rsplit_once("::h")
        .is_some_and(|(_, hash)| hash.len() == 16 && hash.bytes().all(|it| it.is_ascii_hexdigit()));
    if rust {
        let mut mangled = String::from("_ZN");
        for part in symbol.split("::") {
            let _ = write!(mangled, "{}{part}", part.len());
        }
        mangled.push('E');
        let name = rustc_demangle::try_demangle(&mangled).ok()?;
        return Some((print(format_args!("{name:#}"))?, Language::Rust));
    }
    let tidy = tidy_cpp(symbol);
    (tidy != symbol).then_some((tidy, Language::Cpp))
}

/// Removes what libc++ adds for the linker: `[abi:nqn220108]` and the inline namespaces `std::__1` and `std::__2`.
fn tidy_cpp(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find("[abi:") {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        rest = tag.split_once(']').map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out.replace("std::__2::", "std::")
        .replace("std::__1::", "std::")
}

fn print(name: fmt::Arguments<'_>) -> Option<String> {
    let mut out = Bounded(String::new());
    out.write_fmt(name).ok()?;
    Some(out.0)
}

/// A string that returns an error instead of growing beyond [`LONGEST_NAME`].
struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > LONGEST_NAME {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn display(raw: &str) -> String {
        Name::from_symbol(raw.to_owned(), Origin::NameSection).display
    }

    #[test]
    fn symbols_read_as_they_were_written() {
        for (raw, expected) in [
            // Rust, mangling v0 and legacy, and the latter as wasm-ld demangles it.
            (
                "_RNvMNtCs1RxADa25adD_4core3stre8containsReECsibdnHfL2fJZ_3std",
                "_RNvMNtCs1RxADa25adD_4core3stre8containsReECsibdnHfL2fJZ_3std",
            ),
            (
                "_RNvCs1HQywKQbGLM_16rust_index_panic4main",
                "rust_index_panic::main",
            ),
            (
                "_RINvNtCsibdnHfL2fJZ_3std2rt10lang_startuECs1HQywKQbGLM_16rust_index_panic",
                "std::rt::lang_start::<()>",
            ),
            (
                "_ZN4core9panicking9panic_fmt17h0123456789abcdefE",
                "core::panicking::panic_fmt",
            ),
            (
                "core::panicking::panic_fmt::h0123456789abcdef",
                "core::panicking::panic_fmt",
            ),
            (
                "_$LT$alloc..string..String$u20$as$u20$core..fmt..Write$GT$::write_str::h0123456789abcdef",
                "<alloc::string::String as core::fmt::Write>::write_str",
            ),
            (
                "std::rt::lang_start::_$u7b$$u7b$closure$u7d$$u7d$::h0123456789abcdef",
                "std::rt::lang_start::{{closure}}",
            ),
            // C++, mangled and as wasm-ld demangles it.
            ("_ZN4shop6BasketC2Ev", "shop::Basket::Basket()"),
            ("_ZNK5Shape4areaEi", "Shape::area(int) const"),
            ("_ZSt9terminatev", "std::terminate()"),
            (
                "std::__2::vector<int, std::__2::allocator<int>>::push_back[abi:nqn220108](int&&)",
                "std::vector<int, std::allocator<int>>::push_back(int&&)",
            ),
            // A C++ function whose last component only looks a little like a hash.
            ("_ZN3app17habcE", "_ZN3app17habcE"),
            // C, and names that are not mangled.
            ("average", "average"),
            ("__main_argc_argv", "__main_argc_argv"),
            ("_Z", "_Z"),
            ("_R", "_R"),
            ("[abi:", "[abi:"),
            ("", ""),
        ] {
            assert_eq!(display(raw), expected, "{raw}");
        }
    }

    #[test]
    fn dwarf_names_follow_the_language() {
        let name = |linkage, name, language| {
            Name::from_dwarf(linkage, name, Some(language)).map(|it| it.display)
        };
        let some = |it: &str| Some(it.to_owned());
        assert_eq!(
            name(Some("__main_argc_argv"), Some("main"), Language::C),
            some("main")
        );
        assert_eq!(name(None, Some("average"), Language::C), some("average"));
        assert_eq!(
            name(Some("_ZNK5Shape4areaEi"), Some("area"), Language::Cpp),
            some("Shape::area(int) const")
        );
        assert_eq!(
            name(Some("_ZN3app3runEv"), Some("run"), Language::Rust),
            some("run"),
            "not Rust's mangling"
        );
        assert_eq!(
            name(Some("main.parse"), Some("parse"), Language::Zig),
            some("main.parse")
        );
        assert_eq!(name(None, None, Language::C), None);
    }

    #[test]
    fn a_name_that_explodes_is_shown_raw() {
        // f(A, B<A, A>, B<B<A, A>, B<A, A>>, …): each is twice the one before.
        let mut symbol = String::from("_Z1f1A1BIS_S_E");
        for digit in "123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".chars() {
            let _ = write!(symbol, "S0_IS{digit}_S{digit}_E");
        }
        let name = Name::from_symbol(symbol.clone(), Origin::NameSection);
        assert_eq!(name.display, symbol);
    }
}
