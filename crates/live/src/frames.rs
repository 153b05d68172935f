//! From the engine's frames to the debuggee's: each with the instruction it is at, and the host
//! code between them.

use std::collections::HashMap;
use std::ops::ControlFlow;

use wasmparser::{Operator, ValType};
use wasmtime::{AsContextMut as _, StoreContextMut};
use wdb_coredump::{HostFrame, InstanceId, Missing, ModuleId, Slot, Value};
use wdb_debuggee::{Frame, Pc, Thread, Trust};
use wdb_module::instruction::is_call;
use wdb_module::{FuncIndex, Module, ModuleOffset};

use crate::host::Host;
use crate::inventory::Inventory;
use crate::stack::{self, Position, RawFrame, Spot};
use crate::value::Converter;

/// How far the innermost frame of an activation has come with its instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing of the instruction has happened.
    Before,
    /// The instruction here cannot complete.
    Trapped(ModuleOffset),
    /// The function of the host that the instruction here has called has failed.
    HostFailed(ModuleOffset),
    /// This function was entered and has found the engine's stack used up, before its frame was set up.
    Entering(Spot),
}

/// The state of the activations that the debugger stopped; all others wait for a host function.
#[derive(Clone)]
pub(crate) struct Standings {
    /// The innermost.
    pub(crate) now: Standing,
    /// Those below a call by the debugger, with how many activations there were at that stop.
    pub(crate) below: Vec<(usize, Standing)>,
    /// How many activations there are now; only counted where there are any below.
    pub(crate) activations: usize,
}

impl Standings {
    fn of(&self, activation: usize) -> Option<Standing> {
        if activation == 0 {
            return Some(self.now);
        }
        let found = self
            .below
            .iter()
            .find(|(count, _)| count + activation == self.activations);
        found.map(|(_, standing)| *standing)
    }
}

/// What is between a call by the debugger and the frames below it.
const DEBUGGER: &str = "a call by the debugger";

/// The only thread of a store.
pub(crate) fn thread(
    store: StoreContextMut<'_, Host>,
    inventory: &Inventory,
    standings: &Standings,
    calls: &mut Calls,
) -> wasmtime::Result<Thread> {
    let mut converter = Converter::new(inventory);
    let mut thread = Thread {
        name: "main".into(),
        frames: Vec::new(),
        host_frames: Vec::new(),
    };
    let mut entering = match standings.now {
        Standing::Entering(spot) => Some(spot),
        _ => None,
    };
    stack::walk(store, |mut store, handle, position| {
        if position.frame == 0 && entering.is_some() {
            return Ok(ControlFlow::<()>::Continue(()));
        }
        let Some(raw) = stack::read(store.as_context_mut(), inventory, &mut converter, handle)?
        else {
            return Ok(ControlFlow::Continue(()));
        };
        if let Some(spot) = entering.take() {
            let caller = (!position.innermost).then_some(&raw);
            thread.frames.extend(entered(spot, caller, inventory));
        }
        let before = thread.frames.len() as u32;
        let (frame, host) = calls.frame(raw, position, inventory, standings);
        thread
            .host_frames
            .extend(host.map(|name| HostFrame { before, name }));
        thread.frames.push(frame);
        Ok(ControlFlow::Continue(()))
    })?;
    if let Some(spot) = entering {
        thread.frames.extend(entered(spot, None, inventory));
    }
    name_forwarded(&mut thread, inventory);
    Ok(thread)
}

/// One frame of [`thread`].
pub(crate) fn frame(
    store: StoreContextMut<'_, Host>,
    wanted: usize,
    inventory: &Inventory,
    standings: &Standings,
    calls: &mut Calls,
) -> wasmtime::Result<Option<Frame>> {
    let entering = match standings.now {
        Standing::Entering(spot) if wanted == 0 => Some(spot),
        _ => None,
    };
    let mut caller = false;
    let wanted = wanted + usize::from(entering.is_some());
    let raw = stack::walk(store, |store, handle, position| {
        if position.frame < wanted {
            return Ok(ControlFlow::Continue(()));
        }
        caller = !position.innermost;
        let mut converter = Converter::new(inventory);
        let raw = stack::read(store, inventory, &mut converter, handle)?;
        Ok(ControlFlow::Break(raw.map(|raw| (raw, position))))
    })?;
    let found = raw.flatten();
    if let Some(spot) = entering {
        let caller = found.as_ref().map(|(raw, _)| raw).filter(|_| caller);
        return Ok(entered(spot, caller, inventory));
    }
    Ok(found.map(|(raw, position)| calls.frame(raw, position, inventory, standings).0))
}

/// Where a frame is.
#[derive(Clone, Copy)]
struct FramePc {
    pc: ModuleOffset,
    /// It waits for a host function.
    host_call: bool,
}

/// The calls that frames wait for, by the place after them. A recursion asks for the same thousands
/// of times.
#[derive(Default)]
pub(crate) struct Calls(HashMap<(ModuleId, ModuleOffset), ModuleOffset>);

impl Calls {
    /// The debuggee's frame, and the host function above it, by its name if that is known.
    fn frame(
        &mut self,
        raw: RawFrame,
        position: Position,
        inventory: &Inventory,
        standings: &Standings,
    ) -> (Frame, Option<String>) {
        let binary = inventory.modules[raw.module.position()].binary.as_deref();
        let standing = standings
            .of(position.activation)
            .filter(|_| position.innermost);
        let place = binary.map(|binary| match standing {
            // A function that is being entered is not read: see `entered`.
            Some(Standing::Before | Standing::Entering(_)) => FramePc {
                pc: raw.pc,
                host_call: false,
            },
            Some(Standing::Trapped(pc)) => FramePc {
                pc,
                host_call: false,
            },
            Some(Standing::HostFailed(pc)) => FramePc {
                pc,
                host_call: true,
            },
            None => FramePc {
                pc: self.waited_for(raw.module, binary, raw.func, raw.pc),
                host_call: position.innermost,
            },
        });
        let import = || {
            let (binary, place) = binary.zip(place)?;
            import_at(binary, place.pc)
        };
        let host = match standing {
            _ if !position.innermost => None,
            Some(_) if position.activation > 0 => Some(DEBUGGER.to_owned()),
            Some(_) if !place.is_some_and(|place| place.host_call) => None,
            // Between two activations there is host code, even when its name is not known.
            Some(_) | None => Some(import().unwrap_or_default()),
        };
        let frame = Frame {
            instance: raw.instance,
            module: raw.module,
            func: raw.func,
            pc: place.map_or(Pc::Unknown, |place| Pc::InModule(place.pc)),
            locals: raw.locals,
            stack: Some(raw.stack),
            trust: Trust::Exact,
        };
        (frame, host)
    }

    /// The call that a frame waits for. wasmtime reports the instruction after it, where the frame
    /// goes on, but inside a `try_table` the call itself; a dump holds the call, and only that has the
    /// right line.
    fn waited_for(
        &mut self,
        module: ModuleId,
        binary: &Module,
        func: FuncIndex,
        pc: ModuleOffset,
    ) -> ModuleOffset {
        *self.0.entry((module, pc)).or_insert_with(|| {
            if in_try(binary, func, pc) {
                return pc;
            }
            binary.call_before(func, pc).map_or(pc, |(at, _)| at)
        })
    }
}

/// Whether the instruction at `pc` is a call inside a `try_table`.
fn in_try(binary: &Module, func: FuncIndex, pc: ModuleOffset) -> bool {
    let is_call = binary.instruction_at(pc).is_some_and(|it| is_call(&it));
    is_call && !crate::exception::clauses(binary, func, pc).is_empty()
}

/// The name of the import that the call at `pc` calls.
fn import_at(binary: &Module, pc: ModuleOffset) -> Option<String> {
    match binary.instruction_at(pc)? {
        Operator::Call { function_index } => {
            let import = binary.function_import(FuncIndex(function_index))?;
            Some(format!("{}.{}", import.module, import.name))
        }
        _ => None,
    }
}

/// Names the host functions that are called through functions that only forward. `wit-component` puts such
/// shims between a module and what its component imports, and gives them numbers for names; what the host
/// function is called is in the import of their caller.
fn name_forwarded(thread: &mut Thread, inventory: &Inventory) {
    for host in &mut thread.host_frames {
        let inner = thread.frames.get(host.before as usize);
        let outer = thread.frames.get(host.before as usize + 1);
        let Some((shim, caller)) = inner.zip(outer).filter(|_| host.name.is_empty()) else {
            continue;
        };
        let binary = |frame: &Frame| inventory.modules[frame.module.position()].binary.as_deref();
        let import = || {
            let calling = binary(caller)?;
            let import = import_at(calling, caller.offset()?)?;
            forwards(binary(shim)?, shim.func).then_some(import)
        };
        host.name = import().unwrap_or_default();
    }
}

/// Whether all that a function does is to hand its parameters on through a table.
fn forwards(binary: &Module, func: FuncIndex) -> bool {
    let mut calls = 0;
    for instruction in binary.instructions(func) {
        match instruction {
            Ok((_, Operator::CallIndirect { .. })) => calls += 1,
            Ok((
                _,
                Operator::LocalGet { .. }
                | Operator::I32Const { .. }
                | Operator::Return
                | Operator::End,
            )) => {}
            _ => return false,
        }
    }
    calls == 1
}

/// The frame of a function that was entered and has run no instruction yet. Its parameters are the
/// caller's operands; its other locals are zero (core specification, section 4.4.10).
fn entered(spot: Spot, caller: Option<&RawFrame>, inventory: &Inventory) -> Option<Frame> {
    let Spot { module, func, .. } = spot;
    let binary = inventory.modules[module.position()].binary.as_deref()?;
    let parameters = binary.function_type(func)?.params().len();
    let calling = caller.and_then(|caller| {
        let binary = inventory.modules[caller.module.position()]
            .binary
            .as_deref()?;
        Some((caller, binary.call_before(caller.func, caller.pc)?.1))
    });
    // What was called can have called this one in its place, and then its arguments are nowhere recorded.
    let direct = calling.as_ref().filter(|(caller, call)| {
        caller.module == module
            && matches!(call, Operator::Call { function_index } if *function_index == func.0)
    });
    let arguments = direct.and_then(|(caller, _)| {
        let first = caller.stack.len().checked_sub(parameters)?;
        caller.stack.get(first..)
    });
    let argument = |i: usize| arguments.and_then(|it| it.get(i).cloned());
    let locals = binary
        .locals(func)?
        .iter()
        .enumerate()
        .map(|(i, ty)| {
            if i < parameters {
                argument(i).unwrap_or(Slot::Missing(Missing::NotRecorded))
            } else {
                zero(*ty)
            }
        })
        .collect();
    let mut instances = (0..).zip(&inventory.instances).filter_map(|(id, (_, it))| {
        let is_its = it.module == module;
        is_its.then_some(InstanceId(id))
    });
    let first = instances.next();
    let (instance, trust) = match (direct, first, instances.next()) {
        (Some((caller, _)), _, _) => (caller.instance, Trust::Exact),
        (None, Some(only), None) => (only, Trust::Exact),
        // That it is a function of the caller's own instance is likely, not certain.
        (None, first, _) => {
            let callers = caller.filter(|it| it.module == module);
            (callers.map(|it| it.instance).or(first)?, Trust::Assumed)
        }
    };
    Some(Frame {
        instance,
        module,
        func,
        pc: Pc::InModule(binary.first_instruction(func)?),
        locals,
        stack: Some(Vec::new()),
        trust,
    })
}

fn zero(ty: ValType) -> Slot {
    match ty {
        ValType::I32 => Slot::Known(Value::I32(0)),
        ValType::I64 => Slot::Known(Value::I64(0)),
        ValType::F32 => Slot::Known(Value::F32(0)),
        ValType::F64 => Slot::Known(Value::F64(0)),
        ValType::V128 => Slot::Known(Value::V128(0)),
        ValType::Ref(_) => Slot::Missing(Missing::NotRecorded),
    }
}
