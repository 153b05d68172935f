//! The guest's frames, read while it stands still.
//!
//! Seen in wasmtime 48, and mended here and in [`crate::frames`]:
//!
//! - A frame that waits for a call reports the instruction after the call.
//! - A function that overflows the engine's stack traps in its prologue, before it has written its
//!   instance into the frame. Reading that instance is a read of whatever the stack held before.

use wasmtime::{AsContextMut as _, RootScope, StoreContextMut, Val};
use wdb_coredump::{InstanceId, Slot};
use wdb_module::{FuncIndex, ModuleOffset};

use crate::host::Host;
use crate::inventory::Inventory;
use crate::value::Converter;

/// A frame as the engine tells it.
pub(crate) struct RawFrame {
    /// `None`: the frame is not set up yet.
    pub(crate) instance: Option<InstanceId>,
    /// Counts imports, unless there is no instance.
    pub(crate) func: FuncIndex,
    pub(crate) pc: ModuleOffset,
    pub(crate) locals: Vec<Slot>,
    pub(crate) stack: Vec<Slot>,
}

/// All frames, youngest first, a list for each activation: a run of WebAssembly frames between two
/// pieces of host code. `in_prologue`: the youngest frame is not set up yet.
pub(crate) fn activations(
    mut store: StoreContextMut<'_, Host>,
    inventory: &Inventory,
    in_prologue: bool,
) -> wasmtime::Result<Vec<Vec<RawFrame>>> {
    let mut converter = Converter::new(inventory);
    let exits: Vec<_> = store.debug_exit_frames().collect();
    let mut activations = Vec::new();
    for exit in exits {
        let mut frames = Vec::new();
        let mut next = Some(exit);
        while let Some(frame) = next {
            // Values of reference type are rooted when read; the scope lets go of them again.
            let mut scope = RootScope::new(&mut store);
            let youngest = activations.is_empty() && frames.is_empty();
            // Trampolines have no function of the module.
            if let Some((func, pc)) = frame.wasm_function_index_and_pc(&mut scope)? {
                if youngest && in_prologue {
                    frames.push(RawFrame {
                        instance: None,
                        func: FuncIndex(func.as_u32()),
                        pc: ModuleOffset(u64::from(pc.raw())),
                        locals: Vec::new(),
                        stack: Vec::new(),
                    });
                    drop(scope);
                    next = frame.parent(&mut store)?;
                    continue;
                }
                let instance = frame.instance(&mut scope)?;
                let imported = instance
                    .module(scope.as_context_mut())
                    .imports()
                    .filter(|import| matches!(import.ty(), wasmtime::ExternType::Func(_)))
                    .count() as u32;
                let id = inventory
                    .instances
                    .iter()
                    .position(|(known, _)| *known == instance)
                    .unwrap_or_default();
                let locals = (0..frame.num_locals(&mut scope)?)
                    .map(|i| frame.local(&mut scope, i))
                    .collect::<wasmtime::Result<Vec<Val>>>()?;
                let stack = (0..frame.num_stacks(&mut scope)?)
                    .map(|i| frame.stack(&mut scope, i))
                    .collect::<wasmtime::Result<Vec<Val>>>()?;
                let mut known = |value| Slot::Known(converter.value(scope.as_context_mut(), value));
                frames.push(RawFrame {
                    instance: Some(InstanceId(id as u32)),
                    func: FuncIndex(imported + func.as_u32()),
                    pc: ModuleOffset(u64::from(pc.raw())),
                    locals: locals.into_iter().map(&mut known).collect(),
                    stack: stack.into_iter().map(&mut known).collect(),
                });
            }
            drop(scope);
            next = frame.parent(&mut store)?;
        }
        if !frames.is_empty() {
            activations.push(frames);
        }
    }
    Ok(activations)
}
