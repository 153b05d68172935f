//! Any bytes as a module or component.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wdb_module::fuzz::module(data));
