//! Any bytes as the text of an expression, over a dump of a C program.
#![no_main]

use std::cell::RefCell;
use std::fs;
use std::sync::Arc;

use wdb_coredump::ModuleId;
use wdb_session::stop::{Resolver, Stop};
use wdb_symbols::Symbols;
use wdb_target::PostMortem;

struct Known(Arc<Symbols>);

impl Resolver for Known {
    fn symbols(&mut self, _: ModuleId) -> Option<Arc<Symbols>> {
        Some(Arc::clone(&self.0))
    }

    fn source(&mut self, _: &str) -> Option<String> {
        None
    }
}

fn fixture(path: &str) -> Vec<u8> {
    let path = format!("{}/../fixtures/{path}.zst", env!("CARGO_MANIFEST_DIR"));
    let packed = fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    zstd::decode_all(&packed[..]).unwrap()
}

fn program() -> (PostMortem, Known) {
    let binary = wdb_module::Binary::parse(fixture("built/c-variables.wasm").into()).unwrap();
    let module = binary.modules()[0].clone();
    let reading = wdb_coredump::read(fixture("dumps/c-variables.wasmtime.core").into()).unwrap();
    let symbols = Symbols::new(Arc::clone(&module), None, None);
    (
        PostMortem::new(reading, vec![Some(module)]),
        Known(Arc::new(symbols)),
    )
}

/// The program, which stands still for all texts.
fn stop() -> Stop<'static> {
    let (debuggee, known) = program();
    Stop::new(Box::leak(Box::new(debuggee)), Box::leak(Box::new(known))).unwrap()
}

thread_local! {
    static STOP: RefCell<Stop<'static>> = RefCell::new(stop());
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| STOP.with_borrow_mut(|stop| {
    let arrays = stop.frame_numbered(0, 6).unwrap();
    wdb_session::expression::fuzz::expression(data, stop, arrays);
}));
