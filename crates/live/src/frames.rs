//! From the engine's frames to the debuggee's: each with the instruction it stands at, and the host
//! code between them.

use std::collections::HashMap;

use wasmparser::{Operator, ValType};
use wdb_coredump::{HostFrame, InstanceId, ModuleId, Slot, Value};
use wdb_module::instruction::{is_call, may_trap};
use wdb_module::{FuncIndex, Module as Binary, ModuleOffset};
use wdb_target::{Frame, Module, Thread, Trust};

use crate::stack::RawFrame;

/// The only thread of a store, from its activations, youngest first.
pub(crate) fn thread(
    activations: Vec<Vec<RawFrame>>,
    modules: &[Module],
    module_of: impl Fn(InstanceId) -> ModuleId,
) -> Thread {
    let mut thread = Thread {
        name: "main".into(),
        frames: Vec::new(),
        host_frames: Vec::new(),
    };
    let mut calls = Calls::default();
    for (age, mut activation) in activations.into_iter().enumerate() {
        let before = thread.frames.len() as u32;
        let in_prologue = activation.first().is_some_and(|raw| raw.instance.is_none());
        if in_prologue {
            let prologue = activation.remove(0);
            thread.frames.extend(
                activation
                    .first()
                    .and_then(|caller| entered(&prologue, caller, modules, &module_of)),
            );
        }
        for (depth, raw) in activation.into_iter().enumerate() {
            let Some(instance) = raw.instance else {
                continue;
            };
            let module = module_of(instance);
            let binary = modules[module.position()].binary.as_deref();
            let place = binary.map(|binary| match depth {
                0 if age == 0 && !in_prologue => stands_at(binary, raw.func, raw.pc),
                _ => Place {
                    pc: calls.waited_for(module, binary, raw.func, raw.pc),
                    host_call: false,
                },
            });
            if depth == 0 {
                let name = binary.zip(place).and_then(|(binary, place)| {
                    (age > 0 || place.host_call).then(|| import_at(binary, place.pc))?
                });
                // Between two activations there is host code, even when its name is not known.
                if age > 0 || name.is_some() {
                    thread.host_frames.push(HostFrame {
                        before,
                        name: name.unwrap_or_default(),
                    });
                }
            }
            thread.frames.push(Frame {
                instance,
                module,
                func: raw.func,
                pc: binary
                    .zip(place)
                    .and_then(|(binary, place)| binary.to_function(raw.func, place.pc)),
                locals: raw.locals,
                stack: Some(raw.stack),
                trust: Trust::Exact,
            });
        }
    }
    thread
}

/// Where a frame stands.
#[derive(Clone, Copy)]
struct Place {
    pc: ModuleOffset,
    /// It waits for a host function.
    host_call: bool,
}

/// The calls that frames wait for, by the place after them. A recursion asks for the same thousands
/// of times.
#[derive(Default)]
struct Calls(HashMap<(ModuleId, ModuleOffset), ModuleOffset>);

impl Calls {
    /// The call that a frame waits for. wasmtime reports the instruction after it, where the frame
    /// goes on, but inside a `try_table` the call itself; a dump holds the call, and only that has the
    /// right line.
    fn waited_for(
        &mut self,
        module: ModuleId,
        binary: &Binary,
        func: FuncIndex,
        pc: ModuleOffset,
    ) -> ModuleOffset {
        *self.0.entry((module, pc)).or_insert_with(|| {
            if in_try(binary, func, pc) {
                return pc;
            }
            call_before(binary, func, pc).map_or(pc, |(at, _)| at)
        })
    }
}

/// The place of the youngest frame of all. A trap is reported at its own instruction, an error from a
/// host function at the instruction after the call.
fn stands_at(binary: &Binary, func: FuncIndex, pc: ModuleOffset) -> Place {
    let here = Place {
        pc,
        host_call: false,
    };
    let traps = binary
        .instruction_at(pc)
        .is_none_or(|operator| may_trap(&operator));
    if traps {
        return here;
    }
    match binary.instruction_before(func, pc) {
        Some((at, operator)) if calls_import(binary, &operator) => Place {
            pc: at,
            host_call: true,
        },
        _ => here,
    }
}

/// Whether the instruction at `pc` is a call inside a `try_table`.
fn in_try(binary: &Binary, func: FuncIndex, pc: ModuleOffset) -> bool {
    let is_call = binary.instruction_at(pc).is_some_and(|it| is_call(&it));
    is_call && !crate::exception::clauses(binary, func, pc).is_empty()
}

/// The last call before `pc`.
fn call_before(
    binary: &Binary,
    func: FuncIndex,
    pc: ModuleOffset,
) -> Option<(ModuleOffset, Operator<'_>)> {
    binary
        .instructions(func)
        .map_while(Result::ok)
        .take_while(|(offset, _)| *offset < pc)
        .filter(|(_, operator)| is_call(operator))
        .last()
}

/// Whether the call may be one of a host function. Through a table or a reference it may.
fn calls_import(binary: &Binary, operator: &Operator<'_>) -> bool {
    match operator {
        Operator::Call { function_index } => *function_index < binary.imported_function_count(),
        Operator::CallIndirect { .. } | Operator::CallRef { .. } => true,
        _ => false,
    }
}

/// The name of the import that the call at `pc` calls.
fn import_at(binary: &Binary, pc: ModuleOffset) -> Option<String> {
    match binary.instruction_at(pc)? {
        Operator::Call { function_index } => {
            let import = binary.function_import(FuncIndex(function_index))?;
            Some(format!("{}.{}", import.module, import.name))
        }
        _ => None,
    }
}

/// The frame of a function that was entered and has run no instruction yet. Its parameters are the
/// caller's operands; its other locals are zero (core specification, section 4.4.10).
fn entered(
    prologue: &RawFrame,
    caller: &RawFrame,
    modules: &[Module],
    module_of: &impl Fn(InstanceId) -> ModuleId,
) -> Option<Frame> {
    let instance = caller.instance?;
    let module = module_of(instance);
    let binary = modules[module.position()].binary.as_deref()?;
    let imported = binary.imported_function_count();
    let (func, trust) = match call_before(binary, caller.func, caller.pc)?.1 {
        Operator::Call { function_index } if function_index >= imported => {
            (FuncIndex(function_index), Trust::Exact)
        }
        // That it is a function of the caller's own instance is likely, not certain.
        _ => (FuncIndex(imported + prologue.func.0), Trust::Assumed),
    };
    let parameters = binary.function_type(func)?.params().len();
    let arguments = caller.stack.len().checked_sub(parameters)?;
    let locals = binary
        .locals(func)?
        .iter()
        .enumerate()
        .map(|(i, ty)| match caller.stack.get(arguments + i) {
            Some(argument) if i < parameters => argument.clone(),
            _ => zero(*ty),
        })
        .collect();
    Some(Frame {
        instance,
        module,
        func,
        pc: binary.to_function(func, binary.first_instruction(func)?),
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
        ValType::Ref(_) => Slot::Missing(wdb_coredump::Missing::NotRecorded),
    }
}
