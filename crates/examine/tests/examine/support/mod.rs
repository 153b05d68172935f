//! Fixtures as debuggees, and a resolver that knows their sources.

#![allow(
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part"
)]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use wdb_debuggee::PostMortem;
use wdb_debuggee::coredump::ModuleId;
use wdb_examine::Resolver;
use wdb_examine::machine::FrameMachine;
use wdb_examine::view::{FrameId, View};
use wdb_module::{Binary, Module};
use wdb_symbols::render::Limits;
use wdb_symbols::{Context, Symbols};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn unpacked(path: &Path) -> Bytes {
    let packed = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    zstd::decode_all(&packed[..]).unwrap().into()
}

/// A built fixture.
pub fn module_bytes(name: &str) -> Bytes {
    unpacked(&fixtures().join(format!("built/{name}.wasm.zst")))
}

/// The core modules of a built fixture.
pub fn modules(name: &str) -> Vec<Arc<Module>> {
    let binary = Binary::parse(module_bytes(name)).unwrap();
    binary.modules().to_vec()
}

/// A dump fixture.
pub fn dump_bytes(dump: &str) -> Bytes {
    unpacked(&fixtures().join(format!("dumps/{dump}.core.zst")))
}

/// A dump fixture as it is read.
pub fn reading(dump: &str) -> wdb_coredump::Reading {
    wdb_coredump::read(dump_bytes(dump)).unwrap()
}

/// A dump fixture with the modules of a built one.
pub fn dump(dump: &str, module: &str) -> PostMortem {
    PostMortem::new(
        reading(dump),
        modules(module).into_iter().map(Some).collect(),
    )
}

/// Symbols of the modules, and sources from the fixtures' directory.
pub struct Fixtures {
    modules: Vec<Arc<Module>>,
    symbols: HashMap<ModuleId, Arc<Symbols>>,
}

impl Fixtures {
    pub fn new(modules: Vec<Arc<Module>>) -> Self {
        Fixtures {
            modules,
            symbols: HashMap::new(),
        }
    }
}

impl Resolver for Fixtures {
    fn symbols(&mut self, id: ModuleId) -> Option<Arc<Symbols>> {
        let module = self.modules.get(id.position())?.clone();
        let symbols = || Arc::new(Symbols::new(module, None, None));
        Some(self.symbols.entry(id).or_insert_with(symbols).clone())
    }

    fn source(&mut self, _: ModuleId, path: &str) -> Option<String> {
        let relative = path.strip_prefix("/src/")?;
        std::fs::read_to_string(fixtures().join("src").join(relative)).ok()
    }
}

/// The variables of a function of a dump fixture, in the order of the source: a line `name = value` for each, with
/// every address as `0x…`.
pub fn shown(dump_name: &str, module: &str, function: &str, limits: &Limits) -> String {
    let mut debuggee = dump(dump_name, module);
    let mut resolver = Fixtures::new(modules(module));
    let mut view = View::new(&mut debuggee, &mut resolver).unwrap();
    let mut out = String::new();
    for activation in 0..view.depth(0) {
        let id = FrameId {
            thread: 0,
            activation,
            inlined: 0,
        };
        let place = view.place(id).unwrap();
        let Some(pc) = place.at else { continue };
        let module = view.frame(id).unwrap().module;
        let symbols = view.symbols(module).unwrap();
        for (spot, variables) in place.chain.iter().zip(symbols.variables(pc)) {
            if spot.function != function {
                continue;
            }
            for variable in variables {
                let mut machine = FrameMachine::new(&mut view, id);
                let object = symbols.object(&variable, pc, &mut machine);
                let mut context = Context {
                    symbols: &symbols,
                    machine: &mut machine,
                    pc: Some(pc),
                };
                let value = without_addresses(&context.short(&object, limits));
                out += &format!("{} = {value}\n", variable.name);
            }
        }
    }
    out
}

fn without_addresses(text: &str) -> String {
    let mut parts = text.split("0x");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let digits = part.chars().take_while(char::is_ascii_hexdigit).count();
        // Indices of functions are short, and stay.
        let hidden = digits >= 4;
        out += if hidden { "0x…" } else { "0x" };
        out += &part[if hidden { digits } else { 0 }..];
    }
    out
}
