//! A wait that nothing will end.
//!
//! wasmtime runs `memory.atomic.wait` by putting its thread to sleep, and nothing wakes that but another thread of the
//! program. There is none here: a program that waits without a time limit waits for ever, and so would the debugger. So
//! each such instruction has a breakpoint of the debugger's own, where it is found out whether it would wait.

use std::ops::ControlFlow;

use wasmparser::Operator;
use wasmtime::{AsContext as _, AsContextMut as _, StoreContextMut};
use wdb_coredump::{Crash, CrashKind, Value, code};
use wdb_module::{FuncIndex, Module};

use crate::breakpoints::{PatchPoint, located};
use crate::host::Host;
use crate::inventory::Inventory;
use crate::value::Converter;
use crate::{memory, stack, trap};

/// Where the program may wait for ever. It can only in a memory that is shared.
pub(crate) fn waits(inventory: &Inventory) -> Vec<PatchPoint> {
    let mut waits = Vec::new();
    for (id, module) in inventory.ids() {
        let Some(binary) = module.binary.as_deref() else {
            continue;
        };
        if !binary.memories().iter().any(|it| it.shared) {
            continue;
        }
        let first = binary.imported_function_count();
        let funcs = (first..binary.function_count()).map(FuncIndex);
        let code = funcs.flat_map(|func| binary.instructions(func).map_while(Result::ok));
        let found = code.filter(|(_, operator)| waited(operator).is_some());
        waits.extend(found.filter_map(|(at, _)| located(id, at)));
    }
    waits
}

/// The crash that it is if the innermost frame, which is before such an instruction, would wait for ever.
pub(crate) fn certain(
    mut store: StoreContextMut<'_, Host>,
    inventory: &Inventory,
) -> Option<Crash> {
    let mut converter = Converter::new(inventory);
    let found = stack::walk(store.as_context_mut(), |store, frame, _| {
        let raw = stack::read(store, inventory, &mut converter, frame)?;
        Ok(ControlFlow::Break(raw))
    });
    let frame = found.ok()???;
    let binary: &Module = inventory.modules[frame.module.position()]
        .binary
        .as_deref()?;
    let operator = binary.instruction_at(frame.pc)?;
    let (memarg, length) = waited(&operator)?;
    let operands: Vec<&Value> = frame
        .stack
        .iter()
        .rev()
        .take(3)
        .map_while(|it| it.value())
        .collect();
    let [Value::I64(timeout), expected, address] = operands[..] else {
        return None;
    };
    if *timeout >= 0 {
        return None;
    }
    let address = match address {
        Value::I32(address) => u64::from(address.cast_unsigned()),
        Value::I64(address) => address.cast_unsigned(),
        _ => return None,
    };
    let expected = expected.to_le_bytes()?;
    let instance = &inventory.instances[frame.instance.position()].1;
    let id = (*instance.memories.get(memarg.memory as usize)?)?;
    let mut bytes = vec![0; length];
    let address = address.checked_add(memarg.offset)?;
    memory::read(store.as_context(), inventory, id, address, &mut bytes).ok()?;
    (bytes == expected && address.is_multiple_of(length as u64)).then(|| {
        trap::crash(
            CrashKind::Other,
            code::DEADLOCK,
            format!(
                "deadlock: the program waits for a change at {address:#x}, and has no other thread that could wake it"
            ),
        )
    })
}

fn waited(operator: &Operator<'_>) -> Option<(wasmparser::MemArg, usize)> {
    match operator {
        Operator::MemoryAtomicWait32 { memarg } => Some((*memarg, 4)),
        Operator::MemoryAtomicWait64 { memarg } => Some((*memarg, 8)),
        _ => None,
    }
}
