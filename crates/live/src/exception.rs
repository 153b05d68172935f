//! Whether an exception that was just thrown will be caught.
//!
//! wasmtime tells of every `throw` before it looks for a handler. Only one that nothing catches is a
//! crash, and after the search it is too late: the frames are gone. So the handlers are looked up
//! here, in the code: a `try_table` catches what is thrown by the instructions inside it (core
//! specification, section 4.4.8), tags compare by identity across instances.

use wasmparser::{Catch, Operator};
use wasmtime::{AsContextMut as _, ExnRef, OwnedRooted, Rooted, StoreContextMut, Tag, Val};
use wdb_coredump::{Crash, CrashKind, Exception, InstanceId, Slot, code};
use wdb_module::{FuncIndex, Module, ModuleOffset, TagIndex};

use crate::guest::Binaries;
use crate::host::Host;
use crate::inventory::Inventory;
use crate::value::Converter;

/// The crash, if nothing on the stack catches `exception`.
pub(crate) fn uncaught(
    mut store: StoreContextMut<'_, Host>,
    exception: &OwnedRooted<ExnRef>,
    binaries: &Binaries,
) -> wasmtime::Result<Option<Crash>> {
    let exception = exception.to_rooted(&mut store);
    let tag = exception.tag(&mut store)?;
    if caught(store.as_context_mut(), &tag, binaries)? {
        return Ok(None);
    }
    describe(store, exception, &tag).map(Some)
}

fn caught(
    mut store: StoreContextMut<'_, Host>,
    tag: &Tag,
    binaries: &Binaries,
) -> wasmtime::Result<bool> {
    let exits: Vec<_> = store.debug_exit_frames().collect();
    for exit in exits {
        let mut next = Some(exit);
        while let Some(frame) = next {
            if let Some((_, pc)) = frame.wasm_function_index_and_pc(&mut store)? {
                let instance = frame.instance(&mut store)?;
                let module = instance.module(&store).clone();
                let pc = ModuleOffset(u64::from(pc.raw()));
                for clause in binaries
                    .get(&module)
                    .and_then(|module| Some(clauses(&module, module.function_at(pc)?, pc)))
                    .unwrap_or_default()
                {
                    let Some(index) = clause else { return Ok(true) };
                    if let Some(handled) = instance.debug_tag(&mut store, index.0)
                        && Tag::eq(&handled, tag, &store)
                    {
                        return Ok(true);
                    }
                }
            }
            next = frame.parent(&mut store)?;
        }
    }
    Ok(false)
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

/// The crash that an uncaught exception is.
pub(crate) fn describe(
    mut store: StoreContextMut<'_, Host>,
    exception: Rooted<ExnRef>,
    tag: &Tag,
) -> wasmtime::Result<Crash> {
    let inventory = Inventory::take(store.as_context_mut());
    let fields: Vec<Val> = exception.fields(&mut store)?.collect();
    let mut converter = Converter::new(&inventory);
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
            if Tag::eq(&known, tag, &store) {
                place = Some((InstanceId(id as u32), TagIndex(index)));
                break 'search;
            }
        }
    }
    Ok(Crash {
        exception: Some(Exception {
            tag: place,
            payload,
        }),
        ..crate::trap::crash(
            CrashKind::Exception,
            code::UNCAUGHT_EXCEPTION,
            "uncaught exception".into(),
        )
    })
}
