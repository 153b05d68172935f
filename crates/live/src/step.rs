//! One instruction at a time: by breakpoints where the next one can be, or by the engine's own mode.

use std::ops::ControlFlow;

use wasmtime::{AsContext as _, AsContextMut as _, ModulePC, StoreContextMut, Val};
use wdb_coredump::{InstanceId, ModuleId, Reference, Slot, Value};
use wdb_debuggee::Resume;
use wdb_module::{FuncIndex, ModuleOffset};

use crate::breakpoints::{PatchPoint, patch};
use crate::frames::Standing;
use crate::guest::Guest;
use crate::host::Host;
use crate::inventory::Inventory;
use crate::stack::{self, RawFrame};
use crate::successors::{Callee, successors};
use crate::value::Converter;

/// What makes the program stop after an instruction.
#[derive(Default)]
pub(crate) struct Steps {
    /// Where the next instruction can be.
    places: Vec<PatchPoint>,
    /// How many there were in a row.
    row: u32,
}

/// After this many steps in a row the engine's mode is switched on. For SQLite that takes 50 ms, and
/// 20 ms to switch it off; a step without it takes 1 ms and with it a few microseconds.
const ROW: u32 = 50;

impl Guest {
    /// Makes the program stop where `how` and a wish to stop want it, and nowhere else.
    pub(crate) fn set_steps(&mut self, mut store: StoreContextMut<'_, Host>) {
        let stepping = self.how == Resume::StepInstruction;
        self.steps.row = if stepping {
            self.steps.row.saturating_add(1)
        } else {
            0
        };
        let few = stepping && self.steps.row <= ROW && !self.is_stopping();
        let next = if few {
            places(store.as_context_mut(), self).ok().flatten()
        } else {
            None
        };
        let by_mode = self.is_stopping() || (stepping && next.is_none());
        self.set_places(store.as_context_mut(), next.unwrap_or_default());
        if store.as_context().is_single_step() != by_mode
            && let Some(mut edit) = store.edit_breakpoints()
        {
            // It only fails for a module of another engine.
            let _ = edit.single_step(by_mode);
        }
    }

    /// Takes the breakpoints of a step away.
    pub(crate) fn clear_steps(&mut self, store: StoreContextMut<'_, Host>) {
        self.set_places(store, Vec::new());
    }

    fn set_places(&mut self, store: StoreContextMut<'_, Host>, places: Vec<PatchPoint>) {
        let before = std::mem::replace(&mut self.steps.places, places);
        // It only fails for a module of another engine.
        let _ = patch(store, &self.inventory, &before, &self.steps.places);
    }
}

/// Where the next instruction can be. `None`: anywhere.
fn places(
    mut store: StoreContextMut<'_, Host>,
    guest: &Guest,
) -> wasmtime::Result<Option<Vec<PatchPoint>>> {
    // With the mode on, a step costs nothing more.
    if guest.standings.now != Standing::Before || store.as_context().is_single_step() {
        return Ok(None);
    }
    let inventory = &guest.inventory;
    let mut converter = Converter::new(inventory);
    let mut innermost = None;
    let mut caller = None;
    stack::walk(store.as_context_mut(), |mut store, handle, position| {
        if position.frame == 0 {
            innermost = stack::read(store, inventory, &mut converter, handle)?;
            return Ok(ControlFlow::Continue(()));
        }
        if position.activation == 0
            && let Some(instance) = inventory.instance(handle.instance(&mut store)?)
            && let Some((func, pc)) = stack::place(store, handle)?
        {
            caller = Some((instance, func, pc));
        }
        Ok(ControlFlow::Break(()))
    })?;
    let Some(frame) = innermost else {
        return Ok(None);
    };
    let Some(binary) = inventory.modules[frame.module.position()].binary.as_deref() else {
        return Ok(None);
    };
    let Some(found) = successors(binary, frame.func, frame.pc) else {
        return Ok(None);
    };
    let mut places: Vec<(ModuleId, ModuleOffset)> = Vec::new();
    places.extend(found.here.iter().map(|pc| (frame.module, *pc)));
    if found.returns {
        let Some((instance, func, pc)) = caller else {
            return Ok(None);
        };
        places.extend(after_call(inventory, instance, func, pc));
    }
    if let Some(callee) = &found.callee {
        match entered(store, inventory, &mut converter, &frame, callee) {
            Entered::Nothing => {}
            Entered::Host if !guest.imports_run_code => {}
            Entered::Host => return Ok(None),
            Entered::Func(module, func) => {
                let binary = inventory.modules[module.position()].binary.as_deref();
                let first = binary.and_then(|binary| binary.first_instruction(func));
                let Some(first) = first else { return Ok(None) };
                places.push((module, first));
            }
        }
    }
    let place = |(module, pc): (ModuleId, ModuleOffset)| {
        let pc = u32::try_from(pc.0).ok()?;
        Some((module, ModulePC::new(pc)))
    };
    let mut places: Option<Vec<PatchPoint>> = places.into_iter().map(place).collect();
    if let Some(places) = &mut places {
        places.sort_unstable();
        places.dedup();
    }
    Ok(places)
}

/// Where a frame that waits for a call goes on. wasmtime reports that place, but inside a `try_table` it
/// reports the call.
fn after_call(
    inventory: &Inventory,
    instance: InstanceId,
    defined: FuncIndex,
    pc: ModuleOffset,
) -> Vec<(ModuleId, ModuleOffset)> {
    let module = inventory.instances[instance.position()].1.module;
    let func = FuncIndex(inventory.imported(module) + defined.0);
    let binary = inventory.modules[module.position()].binary.as_deref();
    let next = binary.and_then(|binary| binary.instruction_after(func, pc));
    [Some(pc), next.map(|(at, _)| at)]
        .into_iter()
        .flatten()
        .map(|pc| (module, pc))
        .collect()
}

/// What a call enters.
enum Entered {
    /// It traps.
    Nothing,
    /// A function of the host.
    Host,
    Func(ModuleId, FuncIndex),
}

fn entered(
    mut store: StoreContextMut<'_, Host>,
    inventory: &Inventory,
    converter: &mut Converter<'_>,
    frame: &RawFrame,
    callee: &Callee,
) -> Entered {
    let topmost = match frame.stack.last() {
        Some(Slot::Known(value)) => Some(value),
        _ => None,
    };
    let reference = match callee {
        Callee::Func(func) if func.0 < inventory.imported(frame.module) => return Entered::Host,
        Callee::Func(func) => return Entered::Func(frame.module, *func),
        Callee::Reference => match topmost {
            Some(Value::Ref(reference)) => reference.clone(),
            _ => return Entered::Nothing,
        },
        Callee::Element(table) => {
            let index = match topmost {
                Some(Value::I32(index)) => u64::from(*index as u32),
                Some(Value::I64(index)) => *index as u64,
                _ => return Entered::Nothing,
            };
            let instance = inventory.instances[frame.instance.position()].0;
            let table = instance.debug_table(&mut store, *table);
            let element = table.and_then(|table| table.get(&mut store, index));
            match element.map(Val::from) {
                Some(Val::FuncRef(func)) => converter.func(store, func),
                _ => return Entered::Nothing,
            }
        }
    };
    match reference {
        Reference::Func { instance, func } => {
            let module = inventory.instances[instance.position()].1.module;
            if func.0 < inventory.imported(module) {
                Entered::Host
            } else {
                Entered::Func(module, func)
            }
        }
        Reference::Null(_) => Entered::Nothing,
        Reference::I31(_) | Reference::Opaque { .. } => Entered::Host,
    }
}
