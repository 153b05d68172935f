//! The C stack, which is in linear memory, overflowed. Fixture `c-stack-overflow`.
//!
//! The stack grows downwards. If it is at the start of the memory, the stack pointer wraps to just below 4 GiB, and the
//! next access traps. If data is below it, the data is overwritten first.

use wasmparser::Operator as Op;
use wdb_debuggee::coredump::code;
use wdb_module::MemoryIndex;

use crate::evidence::Evidence;

/// At most this many instructions of a function are searched for the code that sets up its frame.
const PROLOGUE: usize = 16;

pub(super) fn find(evidence: &mut Evidence<'_, '_>) -> Option<String> {
    if evidence.crash.code != code::MEMORY_OUT_OF_BOUNDS {
        return None;
    }
    let (stack, pointer) = evidence.c_stack(0)?;
    let (_, shape) = evidence.memory(0, MemoryIndex(0))?;
    let size = stack.range.end - stack.range.start;
    let is_outside = |address: u64| address < stack.range.start || address >= shape.len();
    let proof = if is_outside(pointer) {
        format!("the stack pointer is {pointer:#x}")
    } else {
        let base = frame_base(evidence).filter(|base| is_outside(*base))?;
        format!("the frame would be at {base:#x}")
    };
    let most = if stack.exact { "" } else { "at most " };
    Some(format!(
        "the C stack overflowed: {proof}, and the stack has {most}{size} bytes, {:#x} to {:#x}",
        stack.range.start, stack.range.end
    ))
}

/// The address of the innermost frame's part of the C stack. A function that calls nothing keeps it in a local and does
/// not change the stack pointer. LLVM computes it at the start of the function: `global.get $__stack_pointer`,
/// `i32.const SIZE`, `i32.sub`, `local.set` or `local.tee`; at -O0 with more locals in between.
fn frame_base(evidence: &Evidence<'_, '_>) -> Option<u64> {
    let frame = evidence.frames().first()?;
    let module = evidence.binary(frame.module)?;
    let (stack, _) = evidence.c_stack(0)?;
    let mut started = false;
    let mut subtracted = false;
    for item in module.instructions(frame.func).take(PROLOGUE) {
        match item.ok()?.1 {
            Op::GlobalGet { global_index } if global_index == stack.pointer.0 => started = true,
            Op::I32Sub | Op::I64Sub if started => subtracted = true,
            Op::LocalSet { local_index } | Op::LocalTee { local_index } if subtracted => {
                return evidence.local(0, local_index as usize);
            }
            Op::LocalGet { .. }
            | Op::LocalSet { .. }
            | Op::LocalTee { .. }
            | Op::I32Const { .. }
            | Op::I64Const { .. } => {}
            _ => return None,
        }
    }
    None
}
