//! The code of any module, followed to places all over it.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wdb_debuggee::fuzz::code(data));
