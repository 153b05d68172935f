//! Which functions are not user code: panic machinery, start code, allocators, standard libraries. A report folds their
//! frames.

use crate::name::{Language, Name};
use crate::spelling::{Role, Sign, signs};

/// The purpose of a function of the runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// It ends the program after an error: panic, abort, failed assertion, terminate.
    Panic,
    /// It starts the program, below `main`.
    Entry,
    /// It manages the heap.
    Allocator,
    /// The rest of a language's standard library.
    Library,
}

impl std::fmt::Display for Family {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Family::Panic => "panic machinery",
            Family::Entry => "start code",
            Family::Allocator => "allocator",
            Family::Library => "runtime library",
        })
    }
}

/// The suffix of wasm-ld for the name of a wrapper that calls an export of a WASI command between constructors and
/// destructors.
pub(crate) const EXPORT_SUFFIX: &str = ".command_export";

/// Symbols with C linkage. Seen in modules of wasi-libc, libc++abi, compiler-rt and rustc.
const SYMBOLS: &[(Family, &[&str])] = &[
    (
        Family::Panic,
        &[
            "abort",
            "_Exit",
            "exit",
            "raise",
            "proc_exit",
            "__wasi_proc_exit",
            "__assert_fail",
            "__assert",
            "__stack_chk_fail",
            "__abort_message",
            "abort_message",
            "__cxa_throw",
            "__cxa_rethrow",
            "__cxa_bad_cast",
            "__cxa_bad_typeid",
            "__cxa_pure_virtual",
            "__cxa_deleted_virtual",
            "__cxa_throw_bad_array_new_length",
            // clang calls it when an exception leaves a noexcept function.
            "__clang_call_terminate",
            "_Unwind_RaiseException",
            "_Unwind_Resume",
            // rustc before 1.87, which gave them a path.
            "rust_begin_unwind",
            "rust_panic",
            "rust_oom",
            "__rust_start_panic",
            "__rust_alloc_error_handler",
            "__rg_oom",
            // Emscripten's.
            "_abort_js",
            "__handle_stack_overflow",
        ],
    ),
    (
        Family::Entry,
        &[
            "_start",
            "_initialize",
            "__wasm_call_ctors",
            "__wasm_call_dtors",
            "__wasm_init_memory",
            "__wasm_apply_data_relocs",
            "__libc_start",
            "__libc_start_main",
            "__wasi_init_tp",
            "_start_c",
            // wasi-libc's thread start.
            "wasi_thread_start",
            "__wasi_thread_start_C",
        ],
    ),
    (
        Family::Allocator,
        &[
            "malloc",
            "calloc",
            "realloc",
            "reallocarray",
            "free",
            "aligned_alloc",
            "memalign",
            "posix_memalign",
            "malloc_usable_size",
            "sbrk",
            "dlmalloc",
            "dlcalloc",
            "dlrealloc",
            "dlfree",
            "dlmemalign",
            "internal_memalign",
            "dispose_chunk",
            "tmalloc_small",
            "tmalloc_large",
            "prepend_alloc",
            "sys_alloc",
            "sys_trim",
            "try_realloc_chunk",
            "emmalloc_malloc",
            "emmalloc_free",
            "emmalloc_realloc",
            "cabi_realloc",
            "__rust_alloc",
            "__rust_alloc_zeroed",
            "__rust_dealloc",
            "__rust_realloc",
            "__rdl_alloc",
            "__rdl_alloc_zeroed",
            "__rdl_dealloc",
            "__rdl_realloc",
        ],
    ),
    (
        // Functions that may trap at a wild pointer, or that call user code back, in a libc without DWARF (wasi-sdk's).
        Family::Library,
        &[
            "memcpy",
            "memmove",
            "memset",
            "memcmp",
            "memchr",
            "strlen",
            "strnlen",
            "strcmp",
            "strncmp",
            "strcpy",
            "strncpy",
            "strcat",
            "strchr",
            "strrchr",
            "strstr",
            "strdup",
            "__stpcpy",
            "__strchrnul",
            "qsort",
            "bsearch",
            "printf",
            "fprintf",
            "sprintf",
            "snprintf",
            "vprintf",
            "vfprintf",
            "vsnprintf",
            "printf_core",
            "puts",
            "fputs",
            "fwrite",
            "fread",
            "fgets",
            "fclose",
            "fflush",
            "strtol",
            "strtod",
            "atoi",
            "__fwritex",
            "__stdio_write",
            "__stdout_write",
            "writev",
            "write",
            "read",
            "longjmp",
            "setjmp",
        ],
    ),
];

/// Paths of Rust and C++ functions, demangled. The longest that matches decides.
const PATHS: &[(Family, &[&str])] = &[
    (
        Family::Panic,
        &[
            "core::panicking::",
            "core::option::unwrap_failed",
            "core::option::expect_failed",
            "core::result::unwrap_failed",
            "core::cell::panic_already_borrowed",
            "core::cell::panic_already_mutably_borrowed",
            "core::slice::index::slice_",
            "core::slice::copy_from_slice_impl::len_mismatch_fail",
            "core::str::slice_error_fail",
            "core::num::int_sqrt::panic_for_negative_argument",
            "core::intrinsics::abort",
            "alloc::alloc::handle_alloc_error",
            "alloc::raw_vec::handle_error",
            "alloc::raw_vec::capacity_overflow",
            "std::panicking::",
            "std::process::abort",
            "std::process::exit",
            "std::rt::abort",
            "std::alloc::rust_oom",
            "std::alloc::default_alloc_error_hook",
            "std::backtrace::",
            "std::backtrace_rs::",
            "std::sys::backtrace::__rust_end_short_backtrace",
            "std::sys_common::backtrace::__rust_end_short_backtrace",
            // One for each platform.
            "std::sys::pal::wasi::abort_internal",
            "std::sys::pal::wasi::helpers::abort_internal",
            "std::sys::pal::wasip1::abort_internal",
            "std::sys::pal::unix::abort_internal",
            "std::sys::pal::wasm::abort_internal",
            "panic_abort::",
            "panic_unwind::",
            "__rustc::rust_begin_unwind",
            "__rustc::rust_panic",
            "__rustc::__rust_start_panic",
            "__rustc::__rust_abort",
            "__rustc::__rust_alloc_error_handler",
            "__rustc::__rdl_oom",
            "std::terminate",
            "std::__terminate",
            "std::unexpected",
            "std::__libcpp_verbose_abort",
            "std::__throw_",
            "demangling_terminate_handler",
            "demangling_unexpected_handler",
            "~lib/builtins/abort",
        ],
    ),
    (
        Family::Entry,
        &[
            "std::rt::",
            "std::sys::backtrace::__rust_begin_short_backtrace",
            "std::sys_common::backtrace::__rust_begin_short_backtrace",
            "std::thread::Builder::spawn_unchecked",
            "std::sys::pal::unix::thread::Thread::new::thread_start",
            // AssemblyScript's.
            "~start",
        ],
    ),
    (
        Family::Allocator,
        &[
            "alloc::alloc::",
            "std::alloc::",
            "std::sys::alloc::",
            "__rustc::__rust_alloc",
            "__rustc::__rust_dealloc",
            "__rustc::__rust_realloc",
            "__rustc::__rdl_",
            "dlmalloc::",
            "wee_alloc::",
            "operator new",
            "operator delete",
            "std::__libcpp_operator_new",
            "std::__libcpp_operator_delete",
            "~lib/rt/",
        ],
    ),
    (
        Family::Library,
        &[
            "core::",
            "alloc::",
            "std::",
            // These run user code; no panic has happened yet.
            "std::panicking::catch_unwind",
            "std::panicking::try",
            "__rustc::",
            "compiler_builtins::",
            "rustc_demangle::",
            "wasi::",
            "wasip1::",
            "__cxxabiv1::",
            "__cxa_",
            "__wasi_",
            "__wasilibc_",
            "__stdio_",
            "~lib/",
        ],
    ),
];

/// Parts of the paths of library sources, as compilers record them.
const SOURCES: &[(Family, &[&str])] = &[
    (
        Family::Allocator,
        &["dlmalloc/src/", "/dlmalloc-", "/emmalloc.c"],
    ),
    (Family::Panic, &["/panic_abort/src/", "/panic_unwind/src/"]),
    // wasi-libc's start code, and what it calls for a program whose `main` takes arguments.
    (
        Family::Entry,
        &[
            "libc-bottom-half/crt/",
            "libc-bottom-half/sources/__original_main.c",
            "libc-bottom-half/sources/__main_void.c",
        ],
    ),
    (
        Family::Library,
        &[
            // Rust: remapped to a commit in official builds, below the sysroot with rust-src.
            "/rustc/",
            "/rustlib/src/rust/library/",
            // Rust 1.82 and later: crates that std is built from.
            "/rust/deps/",
            // wasi-libc builds in its own directory, so that its paths are relative.
            "libc-bottom-half/",
            "libc-top-half/",
            // The headers of the C library and of clang.
            "sysroot/include/",
            "/usr/include/",
            "/lib/clang/",
            "/c++/v1/",
            "/libcxx/",
            "/libcxxabi/",
            "/libunwind/src/",
            "/compiler-rt/lib/",
            // Emscripten, AssemblyScript.
            "/emscripten/system/lib/",
            "~lib/",
        ],
    ),
];

/// The family of a function of the runtime; `None` for user code.
///
/// `file` is the source file of the place in it. A template or a generic function of the standard library belongs to
/// the library, also if its type arguments are types of the program.
pub fn family(name: &Name, file: Option<&str>) -> Option<Family> {
    let symbol = name.display.strip_suffix(EXPORT_SUFFIX);
    let symbol = symbol.unwrap_or(&name.display);
    if let Some((family, _)) = SYMBOLS.iter().find(|(_, all)| all.contains(&symbol)) {
        return Some(*family);
    }
    if name.language == Some(Language::Zig) {
        return zig(symbol, file?);
    }

    let path = match name.language {
        Some(Language::Rust) => rust_path(symbol),
        _ => cpp_path(symbol),
    };
    let fits = |prefix: &&&str| path.starts_with(**prefix);
    let by_path = PATHS
        .iter()
        .filter_map(|(family, prefixes)| {
            let longest = prefixes.iter().filter(fits).map(|it| it.len()).max()?;
            Some((longest, *family))
        })
        .max_by_key(|it| it.0)
        .map(|it| it.1);
    if by_path.is_some_and(|it| it != Family::Library) {
        return by_path;
    }

    let by_source = file.and_then(|file| {
        SOURCES
            .iter()
            .find(|(_, parts)| parts.iter().any(|it| file.contains(it)))
            .map(|(family, _)| *family)
    });
    by_source.or(by_path)
}

/// The families of Zig. Its standard library is compiled from source, in the compiler's `lib`. Names as of Zig 0.17.
fn zig(name: &str, file: &str) -> Option<Family> {
    if !file.contains("/lib/std/") && !file.contains("/lib/compiler_rt") {
        return None;
    }
    let starts = |prefixes: &[&str]| prefixes.iter().any(|it| name.starts_with(it));
    Some(if starts(&["start."]) {
        Family::Entry
    } else if starts(&["debug.", "process.abort", "builtin.", "posix.abort"]) {
        Family::Panic
    } else if starts(&["heap.", "mem.Allocator"]) {
        Family::Allocator
    } else {
        Family::Library
    })
}

/// The path of a Rust function, for comparison with [`PATHS`]. That of `<alloc::vec::Vec<T> as Trait>::f` starts at
/// `alloc`. The type in `<[u8] as core::fmt::Debug>::fmt` has no crate, so the path starts at the trait. A name without
/// either, like `<[u8]>::len`, is a method of a primitive type, and those are in `core`.
fn rust_path(mut name: &str) -> &str {
    while let Some(inner) = name.strip_prefix('<') {
        let of_type = inner.trim_start_matches(['<', '&', '*', '[', '(']);
        let of_type = ["mut ", "const ", "dyn "]
            .iter()
            .fold(of_type, |it, word| it.strip_prefix(word).unwrap_or(it));
        let end = of_type.find(|it: char| !it.is_alphanumeric() && it != '_');
        if end.is_some_and(|it| 0 < it && of_type[it..].starts_with("::")) {
            return of_type;
        }
        match end_of_type(name) {
            Some(at) if name[at..].starts_with(" as ") => name = &name[at + 4..],
            _ => return "core::",
        }
    }
    name
}

/// The end of the type in the brackets at the start of `text`: the offset of ` as ` or `>`.
fn end_of_type(text: &str) -> Option<usize> {
    let is_end = |sign: &Sign| match sign.role {
        Role::Closes => sign.depth == 0,
        _ => sign.depth == 1 && text[sign.at..].starts_with(" as "),
    };
    signs(text).find(is_end).map(|it| it.at)
}

/// The qualified name of a C++ function, without the return type of a function template: `bool
/// std::operator!=<int>(int)` starts at `std`.
fn cpp_path(name: &str) -> &str {
    let is_parameters = |it: &Sign| (it.depth, it.role, it.c) == (0, Role::Opens, '(');
    let path = signs(name).take_while(|it| !is_parameters(it));
    let spaces = path.filter(|it| it.depth == 0 && it.c == ' ');
    let starts = spaces.map(|it| it.at + 1);
    let start = starts.filter(|it| !name[..it - 1].ends_with("operator"));
    &name[start.last().unwrap_or(0)..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Origin;

    fn of(raw: &str, file: Option<&str>) -> Option<Family> {
        family(
            &Name::from_symbol(raw.to_owned(), Origin::NameSection),
            file,
        )
    }

    fn rust(display: &str) -> Option<Family> {
        let name = Name {
            raw: display.to_owned(),
            display: display.to_owned(),
            origin: Origin::Dwarf,
            language: Some(Language::Rust),
        };
        family(&name, None)
    }

    #[test]
    fn rust_functions() {
        for (name, expected) in [
            ("core::panicking::panic_fmt", Some(Family::Panic)),
            (
                "std::panicking::panic_handler::{closure#0}",
                Some(Family::Panic),
            ),
            ("__rustc::rust_begin_unwind", Some(Family::Panic)),
            (
                "core::slice::index::slice_index_fail::do_panic",
                Some(Family::Panic),
            ),
            ("alloc::alloc::handle_alloc_error", Some(Family::Panic)),
            (
                "std::rt::lang_start::<()>::{closure#0}",
                Some(Family::Entry),
            ),
            (
                "std::sys::backtrace::__rust_begin_short_backtrace::<fn(), ()>",
                Some(Family::Entry),
            ),
            ("__rustc::__rust_alloc", Some(Family::Allocator)),
            (
                "<alloc::alloc::Global as core::alloc::Allocator>::allocate",
                Some(Family::Allocator),
            ),
            (
                "<dlmalloc::dlmalloc::Dlmalloc<A>>::malloc",
                Some(Family::Allocator),
            ),
            ("<alloc::vec::Vec<app::Row>>::push", Some(Family::Library)),
            (
                "<[u16] as core::ops::index::Index<usize>>::index",
                Some(Family::Library),
            ),
            (
                "<usize as core::slice::index::SliceIndex<[u16]>>::index",
                Some(Family::Library),
            ),
            (
                "<fn() -> app::Row as core::ops::function::FnOnce<()>>::call_once",
                Some(Family::Library),
            ),
            ("app::main", None),
            ("app::main::{closure#0}", None),
            ("<app::Row as core::fmt::Display>::fmt", None),
            ("<&app::Row as core::fmt::Display>::fmt", None),
            ("<u8 as app::Checksum>::of", None),
            ("<(u8, core::ops::Range<u8>) as app::Checksum>::of", None),
            ("corelib::run", None),
            ("<[u8]>::split_at_mut", Some(Family::Library)),
            ("<*const _>::is_null::runtime", Some(Family::Library)),
            (
                "<&[u8] as <alloc::ffi::c_str::CString>::new::SpecNewImpl>::spec_new_impl",
                Some(Family::Library),
            ),
            (
                "std::panicking::catch_unwind::do_call",
                Some(Family::Library),
            ),
            ("<", Some(Family::Library)),
        ] {
            assert_eq!(rust(name), expected, "{name}");
        }
    }

    #[test]
    fn c_and_cpp_functions() {
        for (name, expected) in [
            ("abort", Some(Family::Panic)),
            ("__assert_fail", Some(Family::Panic)),
            ("std::terminate()", Some(Family::Panic)),
            (
                "std::__2::__throw_length_error(char const*)",
                Some(Family::Panic),
            ),
            ("_start", Some(Family::Entry)),
            ("_start.command_export", Some(Family::Entry)),
            ("dlmalloc", Some(Family::Allocator)),
            ("operator new(unsigned long)", Some(Family::Allocator)),
            (
                "std::vector<shop::Item>::push_back(shop::Item&&)",
                Some(Family::Library),
            ),
            (
                "bool std::operator!=<shop::Item*>(shop::Item* const&)",
                Some(Family::Library),
            ),
            ("std::string shop::name<int>(int)", None),
            ("shop::Basket::total(std::string const&) const", None),
            ("shop::Pool::free(void*)", None),
            ("main", None),
            ("average", None),
            ("func[12]", None),
        ] {
            assert_eq!(of(name, None), expected, "{name}");
        }
    }

    #[test]
    fn the_source_decides_where_the_name_does_not() {
        let libc = Some("libc-top-half/musl/src/stdlib/qsort.c");
        assert_eq!(of("smoothsort", libc), Some(Family::Library));
        assert_eq!(of("smoothsort", Some("/src/sort.c")), None);
        assert_eq!(
            of("~lib/array/Array<i32>#__get", Some("~lib/array.ts")),
            Some(Family::Library)
        );
        assert_eq!(
            of("dlmalloc", Some("dlmalloc/src/malloc.c")),
            Some(Family::Allocator)
        );
    }
}
