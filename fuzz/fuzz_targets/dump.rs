//! Any bytes as a core dump.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wdb_coredump::fuzz::dump(data));
