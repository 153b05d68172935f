//! Whether an exception that was just thrown will be caught.
//!
//! wasmtime reports every `throw` before it looks for a handler. Only one that nothing catches is a
//! crash, and after the search it is too late: the frames are gone. So the handlers are looked up
//! here, in the code: a `try_table` catches what is thrown by the instructions inside it (core
//! specification, section 4.4.8), tags compare by identity across instances.

use std::ops::ControlFlow;

use wasmparser::{Catch, Operator};
use wasmtime::{
    AsContextMut as _, ExnRef, OwnedRooted, RootScope, Rooted, StoreContextMut, Tag, Val,
};
use wdb_coredump::{Crash, CrashKind, Exception, InstanceId, Slot, code};
use wdb_module::{FuncIndex, Module, ModuleOffset, TagIndex};

use crate::host::Host;
use crate::inventory::Inventory;
use crate::stack;
use crate::value::Converter;

/// Whether something on the stack catches it. It does not pass a call by the debugger, below which there are `below`
/// activations.
pub(crate) fn caught(
    mut store: StoreContextMut<'_, Host>,
    exception: &OwnedRooted<ExnRef>,
    inventory: &Inventory,
    below: Option<usize>,
) -> wasmtime::Result<bool> {
    let reaches = match below {
        Some(below) => {
            let (_, activations) = stack::count(store.as_context_mut(), usize::MAX)?;
            activations.saturating_sub(below)
        }
        None => usize::MAX,
    };
    let tag = {
        let mut scope = RootScope::new(&mut store);
        let exception = exception.to_rooted(&mut scope);
        exception.tag(&mut scope)?
    };
    let found = stack::walk(store, |mut store, frame, position| {
        if position.activation >= reaches {
            return Ok(ControlFlow::Break(false));
        }
        let instance = frame.instance(&mut store)?;
        let module = inventory.module(instance.module(&store));
        let binary = module.and_then(|id| inventory.modules[id.position()].binary.as_deref());
        let place = stack::place(store.as_context_mut(), frame)?;
        let clauses = binary
            .zip(place)
            .and_then(|(module, (_, pc))| Some(clauses(module, module.function_at(pc)?, pc)));
        for clause in clauses.unwrap_or_default() {
            let catches = clause.is_none_or(|index| {
                let handled = instance.debug_tag(&mut store, index.0);
                handled.is_some_and(|handled| Tag::eq(&handled, &tag, &store))
            });
            if catches {
                return Ok(ControlFlow::Break(true));
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found.unwrap_or(false))
}

/// The catch clauses around the instruction at `pc`, innermost first; `None` is a `catch_all`.
pub(crate) fn clauses(module: &Module, func: FuncIndex, pc: ModuleOffset) -> Vec<Option<TagIndex>> {
    let mut blocks: Vec<Vec<Option<TagIndex>>> = Vec::new();
    for (offset, operator) in module.instructions(func).map_while(Result::ok) {
        if offset >= pc {
            break;
        }
        match operator {
            Operator::TryTable { try_table } => blocks.push(
                try_table
                    .catches
                    .iter()
                    .map(|catch| match catch {
                        Catch::One { tag, .. } | Catch::OneRef { tag, .. } => Some(TagIndex(*tag)),
                        Catch::All { .. } | Catch::AllRef { .. } => None,
                    })
                    .collect(),
            ),
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                blocks.push(Vec::new());
            }
            Operator::End => {
                blocks.pop();
            }
            _ => {}
        }
    }
    blocks.into_iter().rev().flatten().collect()
}

/// What an exception holds.
pub(crate) fn describe(
    mut store: StoreContextMut<'_, Host>,
    exception: Rooted<ExnRef>,
    inventory: &Inventory,
) -> wasmtime::Result<Exception> {
    let tag = exception.tag(&mut store)?;
    let fields: Vec<Val> = exception.fields(&mut store)?.collect();
    let mut converter = Converter::new(inventory);
    let payload = fields
        .into_iter()
        .map(|value| Slot::Known(converter.value(store.as_context_mut(), value)))
        .collect();
    let mut place = None;
    'search: for (id, (instance, _)) in inventory.instances.iter().enumerate() {
        for index in 0.. {
            let Some(known) = instance.debug_tag(&mut store, index) else {
                break;
            };
            if Tag::eq(&known, &tag, &store) {
                place = Some((InstanceId(id as u32), TagIndex(index)));
                break 'search;
            }
        }
    }
    Ok(Exception {
        tag: place,
        payload,
    })
}

/// The crash that an uncaught exception is.
pub(crate) fn crash(exception: Exception) -> Crash {
    Crash {
        exception: Some(exception),
        ..crate::trap::crash(
            CrashKind::Exception,
            code::UNCAUGHT_EXCEPTION,
            "uncaught exception".into(),
        )
    }
}
