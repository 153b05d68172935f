//! The breakpoints that the code has.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use wasmtime::{AsContext as _, AsContextMut as _, FrameHandle, ModulePC, StoreContextMut};
use wdb_coredump::ModuleId;
use wdb_debuggee::{CodeLocation, Error};
use wdb_module::ModuleOffset;

use crate::host::Host;
use crate::inventory::Inventory;

/// The breakpoints that the code has, each with its place in the module.
#[derive(Default)]
pub(crate) struct Armed {
    places: BTreeMap<CodeLocation, PatchPoint>,
    /// The places again, to find one quickly.
    at: HashSet<PatchPoint>,
    /// There are others too, of the debugger itself: see [`crate::deadlock`].
    pub(crate) has_waits: bool,
}

/// An instruction, as the engine knows it.
pub(crate) type PatchPoint = (ModuleId, ModulePC);

impl Armed {
    /// Whether these are the breakpoints already.
    pub(crate) fn are(&self, wanted: &BTreeSet<CodeLocation>) -> bool {
        self.places.keys().eq(wanted)
    }

    /// Makes `wanted` the breakpoints; gives back those of them that cannot be.
    pub(crate) fn set(
        &mut self,
        mut store: StoreContextMut<'_, Host>,
        inventory: &Inventory,
        wanted: &BTreeSet<CodeLocation>,
    ) -> Result<Vec<CodeLocation>, Error> {
        let mut added = Vec::new();
        let mut refused = Vec::new();
        for location in wanted.iter().filter(|it| !self.places.contains_key(it)) {
            match place(inventory, location) {
                Some(place) => added.push((*location, place)),
                None => refused.push(*location),
            }
        }
        let mut removed = Vec::new();
        self.places.retain(|location, place| {
            let keep = wanted.contains(location);
            removed.extend((!keep).then_some(*place));
            keep
        });
        self.at = self.places.values().copied().collect();
        let places: Vec<PatchPoint> = added.iter().map(|(_, place)| *place).collect();
        patch(store.as_context_mut(), inventory, &removed, &places)?;
        // Where wasmtime has no place for a breakpoint, in code that nothing can reach or inside an
        // instruction, it takes the next one that it has, be it in another function.
        let actual: HashSet<PatchPoint> = if places.is_empty() {
            HashSet::new()
        } else {
            actual(&store, inventory)
        };
        let mut slipped = Vec::new();
        for (location, place) in added {
            if actual.contains(&(inventory.patched(place.0), place.1)) {
                self.places.insert(location, place);
                self.at.insert(place);
            } else {
                slipped.push(place);
                refused.push(location);
            }
        }
        patch(store, inventory, &slipped, &[])?;
        Ok(refused)
    }

    /// Sets those of the debugger itself.
    pub(crate) fn arm_waits(
        &mut self,
        store: StoreContextMut<'_, Host>,
        inventory: &Inventory,
    ) -> Result<(), Error> {
        let waits = crate::deadlock::waits(inventory);
        patch(store, inventory, &[], &waits)?;
        self.has_waits = !waits.is_empty();
        Ok(())
    }

    /// Whether the innermost frame is at one that was wanted.
    pub(crate) fn stands_at_one(
        &self,
        mut store: StoreContextMut<'_, Host>,
        inventory: &Inventory,
    ) -> bool {
        if self.at.is_empty() {
            return false;
        }
        let frame = store.debug_exit_frames().next();
        let place = frame.and_then(|frame| innermost(store, inventory, &frame).ok()?);
        place.is_some_and(|place| self.at.contains(&place))
    }
}

/// Takes breakpoints of the code away and sets others, in one edit: each makes all code writable and
/// executable again. The engine counts how often each was set.
///
/// See [`Inventory::patched`] for the modules of a component.
pub(crate) fn patch(
    store: StoreContextMut<'_, Host>,
    inventory: &Inventory,
    removed: &[PatchPoint],
    added: &[PatchPoint],
) -> Result<(), Error> {
    if removed.is_empty() && added.is_empty() {
        return Ok(());
    }
    let failed = |error: wasmtime::Error| Error::Debuggee(format!("{error:#}"));
    let mut edit = store
        .edit_breakpoints()
        .ok_or_else(|| Error::Debuggee("the engine has no breakpoints".into()))?;
    // In this order: the engine forgets where a place slipped to when it is set twice and removed once.
    let compiled = |module| &inventory.compiled[inventory.patched(module).position()];
    for (module, pc) in removed {
        edit.remove_breakpoint(compiled(*module), *pc)
            .map_err(failed)?;
    }
    for (module, pc) in added {
        edit.add_breakpoint(compiled(*module), *pc)
            .map_err(failed)?;
    }
    Ok(())
}

/// Where the engine stops.
fn actual(store: &StoreContextMut<'_, Host>, inventory: &Inventory) -> HashSet<PatchPoint> {
    let breakpoints = store.as_context().breakpoints().into_iter().flatten();
    breakpoints
        .filter_map(|it| Some((inventory.module(&it.module)?, it.pc)))
        .collect()
}

fn innermost(
    mut store: StoreContextMut<'_, Host>,
    inventory: &Inventory,
    frame: &FrameHandle,
) -> wasmtime::Result<Option<PatchPoint>> {
    let Some((_, pc)) = frame.wasm_function_index_and_pc(&mut store)? else {
        return Ok(None);
    };
    let module = frame.module(store)?.and_then(|it| inventory.module(it));
    Ok(module.map(|module| (module, pc)))
}

/// Where the instruction is in the module.
fn place(inventory: &Inventory, location: &CodeLocation) -> Option<PatchPoint> {
    let module = inventory.modules.get(location.module.position())?;
    module.binary.as_ref()?.function_at(location.offset)?;
    located(location.module, location.offset)
}

/// An instruction, by its place in its module.
pub(crate) fn located(module: ModuleId, at: ModuleOffset) -> Option<PatchPoint> {
    Some((module, ModulePC::new(u32::try_from(at.0).ok()?)))
}
