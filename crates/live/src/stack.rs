//! The guest's frames, read while it is stopped.
//!
//! Seen in wasmtime 48, and mended here and in [`crate::frames`]:
//!
//! - A frame that waits for a call reports the instruction after the call.
//! - A function that overflows the engine's stack traps in its prologue, before it has written its
//!   instance into the frame. Reading that instance is a read of whatever the stack held before.
//! - The frame table has the place after a call that fails, which a trap of that next instruction looks like. The
//!   address map has the instruction itself, whatever raised the error: [`spot`].

use std::ops::ControlFlow;

use wasmtime::{AsContextMut as _, FrameHandle, RootScope, StoreContextMut, Val, WasmBacktrace};
use wdb_coredump::{InstanceId, ModuleId, Slot};
use wdb_module::{FuncIndex, FunctionOffset, ModuleOffset};

use crate::host::Host;
use crate::inventory::Inventory;
use crate::value::Converter;

/// A frame as the engine reports it.
pub(crate) struct RawFrame {
    pub(crate) instance: InstanceId,
    pub(crate) module: ModuleId,
    pub(crate) func: FuncIndex,
    pub(crate) pc: ModuleOffset,
    pub(crate) locals: Vec<Slot>,
    pub(crate) stack: Vec<Slot>,
}

/// Where the walk over the stack is.
#[derive(Clone, Copy)]
pub(crate) struct Position {
    /// The frame among all, the innermost is 0.
    pub(crate) frame: usize,
    /// The activation: a run of WebAssembly frames between two pieces of host code; the innermost is 0.
    pub(crate) activation: usize,
    /// Whether it is the innermost of its activation.
    pub(crate) innermost: bool,
}

/// Calls `visit` with each frame of a function, innermost first, until that breaks.
pub(crate) fn walk<B>(
    mut store: StoreContextMut<'_, Host>,
    mut visit: impl FnMut(
        StoreContextMut<'_, Host>,
        &FrameHandle,
        Position,
    ) -> wasmtime::Result<ControlFlow<B>>,
) -> wasmtime::Result<Option<B>> {
    let exits: Vec<_> = store.debug_exit_frames().collect();
    let mut position = Position {
        frame: 0,
        activation: 0,
        innermost: true,
    };
    for exit in exits {
        position.innermost = true;
        let mut next = Some(exit);
        while let Some(frame) = next {
            // Trampolines have no function of the module.
            if frame.wasm_function_index_and_pc(&mut store)?.is_some() {
                if let ControlFlow::Break(found) = visit(store.as_context_mut(), &frame, position)?
                {
                    return Ok(Some(found));
                }
                position.frame += 1;
                position.innermost = false;
            }
            next = frame.parent(&mut store)?;
        }
        if !position.innermost {
            position.activation += 1;
        }
    }
    Ok(None)
}

/// How many frames there are, counted no further than `most`, and how many activations these are of.
pub(crate) fn count(
    store: StoreContextMut<'_, Host>,
    most: usize,
) -> wasmtime::Result<(usize, usize)> {
    let mut counts = (0, 0);
    walk(store, |_, _, position| {
        counts = (position.frame + 1, position.activation + 1);
        Ok(if counts.0 < most {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    })?;
    Ok(counts)
}

/// An instruction of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) module: ModuleId,
    pub(crate) func: FuncIndex,
    pub(crate) pc: ModuleOffset,
}

/// The instruction that the innermost frame has crashed at. Does not ask the frame for its instance, which it may not
/// have. `None` if it is not known.
pub(crate) fn spot(store: StoreContextMut<'_, Host>, inventory: &Inventory) -> Option<Spot> {
    let trace = WasmBacktrace::force_capture(&store);
    let frame = trace.frames().first()?;
    let module = inventory.module(frame.module())?;
    let binary = inventory.modules[module.position()].binary.as_deref()?;
    let func = FuncIndex(frame.func_index());
    let offset = FunctionOffset(u32::try_from(frame.func_offset()?).ok()?);
    let pc = binary.from_function(func, offset)?;
    Some(Spot { module, func, pc })
}

/// The function's index among those that the module defines, and the instruction.
pub(crate) fn place(
    store: StoreContextMut<'_, Host>,
    frame: &FrameHandle,
) -> wasmtime::Result<Option<(FuncIndex, ModuleOffset)>> {
    let place = frame.wasm_function_index_and_pc(store)?;
    Ok(place.map(|(func, pc)| (FuncIndex(func.as_u32()), ModuleOffset(u64::from(pc.raw())))))
}

/// Reads a frame. `None` for one of no instance that the debugger knows.
pub(crate) fn read(
    mut store: StoreContextMut<'_, Host>,
    inventory: &Inventory,
    converter: &mut Converter<'_>,
    frame: &FrameHandle,
) -> wasmtime::Result<Option<RawFrame>> {
    let Some((func, pc)) = place(store.as_context_mut(), frame)? else {
        return Ok(None);
    };
    let Some(instance) = inventory.instance(frame.instance(&mut store)?) else {
        return Ok(None);
    };
    let module = inventory.instances[instance.position()].1.module;
    // Values of reference type are rooted when read; the scope lets go of them again.
    let mut scope = RootScope::new(&mut store);
    let mut slots = |values: wasmtime::Result<Vec<Val>>, scope: &mut RootScope<_>| {
        let mut known = |value| Slot::Known(converter.value(scope.as_context_mut(), value));
        values.map(|values| values.into_iter().map(&mut known).collect())
    };
    let locals = (0..frame.num_locals(&mut scope)?)
        .map(|i| frame.local(&mut scope, i))
        .collect();
    let locals = slots(locals, &mut scope)?;
    let stack = (0..frame.num_stacks(&mut scope)?)
        .map(|i| frame.stack(&mut scope, i))
        .collect();
    let stack = slots(stack, &mut scope)?;
    Ok(Some(RawFrame {
        instance,
        module,
        func: FuncIndex(inventory.imported(module) + func.0),
        pc,
        locals,
        stack,
    }))
}
