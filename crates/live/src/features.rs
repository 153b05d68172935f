//! The proposals and rules of WebAssembly that can be chosen, by the names that wasmtime's `-W` has for them.

use wasmtime::Config;

type Set = fn(&mut Config, bool) -> &mut Config;

/// All are on from the beginning but the two that make calculations repeatable.
const ALL: &[(&str, Set)] = &[
    ("bulk-memory", Config::wasm_bulk_memory),
    ("component-model", Config::wasm_component_model),
    ("custom-page-sizes", Config::wasm_custom_page_sizes),
    ("exceptions", Config::wasm_exceptions),
    ("extended-const", Config::wasm_extended_const),
    ("function-references", Config::wasm_function_references),
    ("gc", Config::wasm_gc),
    ("memory64", Config::wasm_memory64),
    ("multi-memory", Config::wasm_multi_memory),
    ("multi-value", Config::wasm_multi_value),
    (
        "nan-canonicalization",
        Config::cranelift_nan_canonicalization,
    ),
    ("reference-types", Config::wasm_reference_types),
    ("relaxed-simd", Config::wasm_relaxed_simd),
    (
        "relaxed-simd-deterministic",
        Config::relaxed_simd_deterministic,
    ),
    ("shared-memory", Config::shared_memory),
    ("simd", Config::wasm_simd),
    ("tail-call", Config::wasm_tail_call),
    ("threads", Config::wasm_threads),
    ("wide-arithmetic", Config::wasm_wide_arithmetic),
];

/// One of them, on or off.
#[derive(Clone, Copy, Debug)]
pub struct Feature {
    index: usize,
    on: bool,
}

impl Feature {
    /// The one of this name. `None`: there is no such choice.
    pub fn named(name: &str, on: bool) -> Option<Feature> {
        let index = ALL.iter().position(|(known, _)| *known == name)?;
        Some(Feature { index, on })
    }

    /// All names.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ALL.iter().map(|(name, _)| *name)
    }

    pub(crate) fn set(self, config: &mut Config) {
        ALL[self.index].1(config, self.on);
    }
}
