//! The modules of a program, before it runs: what the engine compiled, held against the file.

use std::sync::Arc;

use bytes::Bytes;
use wasmtime::Store;
use wdb_debuggee::Module;
use wdb_debuggee::launch::{File, Program, record};

use crate::host::Host;
use crate::link::Linked;

/// The name of a module that wasmtime makes itself, between the components of a composed one.
const ADAPTER: &str = "wasmtime's adapter";

/// Makes the store know all modules of the program, so that they can have breakpoints before they run.
pub(crate) fn register(
    store: &mut Store<Host>,
    linked: &Linked,
    program: &Program,
) -> wasmtime::Result<Vec<(wasmtime::Module, Module)>> {
    match linked {
        Linked::Module { .. } => {
            for module in linked.modules() {
                store.debug_register_module(module)?;
            }
        }
        Linked::Component { pre, .. } => store.debug_register_component(pre.component())?,
    }
    let modules = store.debug_all_modules().into_iter().map(|compiled| {
        let module = module(&compiled, linked, program);
        (compiled, module)
    });
    Ok(modules.collect())
}

/// What was compiled of one of the program's files: the file, and the module in it. Files can be equal, so that only the
/// engine's handle differs. `None`: it is not a file's own, but nested in a component.
pub(crate) fn of_file<'p>(
    compiled: &wasmtime::Module,
    linked: &Linked,
    program: &'p Program,
) -> Option<(&'p File, &'p Arc<wdb_module::Module>)> {
    let handles = linked.modules();
    let mut files = handles.into_iter().zip(program.files());
    let (_, file) = files.find(|(handle, _)| wasmtime::Module::same(handle, compiled))?;
    Some((file, file.binary.modules().first()?))
}

/// The module as a binary. One that the engine made itself, to adapt components to each other,
/// is not in the program's file; then its bytes come from the engine.
fn module(compiled: &wasmtime::Module, linked: &Linked, program: &Program) -> Module {
    let bytes = compiled.debug_bytecode();
    let nested = |bytes: &[u8]| {
        let file = &program.main;
        let mut modules = file.binary.modules().iter();
        let own = modules.find(|own| own.bytes()[..] == *bytes)?;
        Some((file, own))
    };
    let own = of_file(compiled, linked, program).or_else(|| bytes.and_then(nested));
    if let Some((file, own)) = own {
        return file.module(own);
    }
    let adapter = bytes
        .and_then(|bytes| wdb_module::Binary::parse(Bytes::copy_from_slice(bytes)).ok())
        .and_then(|binary| binary.modules().first().cloned());
    let record = match &adapter {
        Some(adapter) => record(adapter, ADAPTER, None),
        None => wdb_coredump::Module {
            name: compiled.name().unwrap_or(&program.main.name).to_owned(),
            ..wdb_coredump::Module::default()
        },
    };
    Module {
        record,
        binary: adapter,
    }
}
