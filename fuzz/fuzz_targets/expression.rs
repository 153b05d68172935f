//! Any bytes as the text of an expression, in a frame of a dump: the first says of which program, the second in which frame.
#![no_main]

use std::cell::RefCell;
use std::fs;
use std::sync::Arc;

use wdb_coredump::ModuleId;
use wdb_examine::view::{Resolver, View};
use wdb_symbols::Symbols;
use wdb_debuggee::PostMortem;

struct Known(Arc<Symbols>);

impl Resolver for Known {
    fn symbols(&mut self, _: ModuleId) -> Option<Arc<Symbols>> {
        Some(Arc::clone(&self.0))
    }

    fn source(&mut self, _: ModuleId, _: &str) -> Option<String> {
        None
    }
}

fn fixture(path: &str) -> Vec<u8> {
    let path = format!("{}/../fixtures/{path}.zst", env!("CARGO_MANIFEST_DIR"));
    let packed = fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    zstd::decode_all(&packed[..]).unwrap()
}

fn program(name: &str) -> (PostMortem, Known) {
    let binary = wdb_module::Binary::parse(fixture(&format!("built/{name}.wasm")).into()).unwrap();
    let module = binary.modules()[0].clone();
    let dump = fixture(&format!("dumps/{name}.wasmtime.core"));
    let reading = wdb_coredump::read(dump.into()).unwrap();
    let symbols = Symbols::new(Arc::clone(&module), None, None);
    (
        PostMortem::new(reading, vec![Some(module)]),
        Known(Arc::new(symbols)),
    )
}

thread_local! {
    static PROGRAMS: RefCell<[(PostMortem, Known); 3]> =
        RefCell::new(["c-variables", "cpp-types", "rust-types"].map(program));
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some(([which, frame], text)) = data.split_first_chunk() else {
        return;
    };
    PROGRAMS.with_borrow_mut(|programs| {
        let (debuggee, symbols) = &mut programs[usize::from(which % 3)];
        let mut view = View::new(debuggee, symbols).unwrap();
        let at = view.frame_numbered(0, (frame % 8).into());
        if let Some(at) = at.or_else(|| view.frame_numbered(0, 0)) {
            wdb_examine::expression::fuzz::expression(text, &mut view, at);
        }
    });
});
