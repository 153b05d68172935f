//! Any bytes as a module with debug information: its source, variables, objects and types.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wdb_symbols::fuzz::module(data));
