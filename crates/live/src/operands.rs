//! The operands of the instruction that trapped.
//!
//! wasmtime pops an instruction's operands before it checks them, so that at a trap exactly the values
//! that explain it (the divisor, the address) are gone from the recorded operand stack. They are
//! worked out again: the validator says how high the stack was, and the straight code before the
//! instruction shows what was pushed, as long as that comes from constants, locals, globals and
//! loads that nothing has overwritten since. What cannot be proven stays missing.

use std::collections::HashMap;

use wasmparser::{
    FuncValidatorAllocations, Operator, Parser, Payload, ValidPayload, Validator, WasmFeatures,
};
use wdb_coredump::{Missing, Slot, Value};
use wdb_module::{FuncIndex, MemoryIndex, Module, ModuleOffset};

/// What the code may have read.
pub(crate) trait State {
    /// The current value of a global of the frame's instance.
    fn global(&mut self, index: u32) -> Option<Value>;
    /// Bytes of a memory of the frame's instance.
    fn memory(&mut self, index: MemoryIndex, address: u64, length: usize) -> Option<Vec<u8>>;
}

/// Completes `stack`, the recorded operand stack of a frame that trapped at `pc`.
pub(crate) fn complete(
    module: &Module,
    func: FuncIndex,
    pc: ModuleOffset,
    locals: &[Slot],
    stack: &mut Vec<Slot>,
    state: &mut dyn State,
) {
    let Some(height) = height(module, func, pc) else {
        return;
    };
    let Some(missing) = height.checked_sub(stack.len()).filter(|it| *it > 0) else {
        return;
    };
    let pushed = pushed(module, func, pc, locals, state);
    for above in (0..missing).rev() {
        let value = pushed
            .len()
            .checked_sub(above + 1)
            .and_then(|position| pushed[position].clone());
        stack.push(value.map_or(Slot::Missing(Missing::NotRecorded), Slot::Known));
    }
}

/// The height of the operand stack before the instruction at `pc`.
fn height(module: &Module, func: FuncIndex, pc: ModuleOffset) -> Option<usize> {
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let mut index = module.imported_function_count();
    for payload in Parser::new(0).parse_all(module.bytes()) {
        let payload = payload.ok()?;
        if matches!(payload, Payload::End(_)) {
            return None;
        }
        if let ValidPayload::Func(function, body) = validator.payload(&payload).ok()? {
            if index < func.0 {
                index += 1;
                continue;
            }
            let mut function = function.into_validator(FuncValidatorAllocations::default());
            let mut reader = body.get_binary_reader();
            function.read_locals(&mut reader).ok()?;
            let mut operators = wasmparser::OperatorsReader::new(reader);
            while !operators.eof() {
                let at = operators.original_position();
                if at as u64 >= pc.0 {
                    return usize::try_from(function.operand_stack_height()).ok();
                }
                let operator = operators.read().ok()?;
                function.op(at, &operator).ok()?;
            }
            return None;
        }
    }
    None
}

/// What the straight code before `pc` leaves on the stack, as far back as it can be followed.
fn pushed(
    module: &Module,
    func: FuncIndex,
    pc: ModuleOffset,
    locals: &[Slot],
    state: &mut dyn State,
) -> Vec<Option<Value>> {
    let mut code: Vec<Operator<'_>> = Vec::new();
    for (offset, operator) in module.instructions(func).map_while(Result::ok) {
        if offset >= pc {
            break;
        }
        // Beyond an instruction that changes more than the stack and locals, today's state is not
        // the state that the code saw.
        if is_plain(&operator) {
            code.push(operator);
        } else {
            code.clear();
        }
    }
    let mut last_writes: HashMap<u32, usize> = HashMap::new();
    for (position, operator) in code.iter().enumerate() {
        if let Operator::LocalSet { local_index } | Operator::LocalTee { local_index } = operator {
            last_writes.insert(*local_index, position);
        }
    }
    let recorded = |local: u32| locals.get(local as usize)?.value().cloned();
    // What was written last is there still, even when the code does not tell what it was: the result of a call.
    let kept = |local: u32, position: usize| {
        let is_last = last_writes.get(&local) == Some(&position);
        is_last.then(|| recorded(local)).flatten()
    };
    // What the code wrote to locals so far.
    let mut current: Vec<(u32, Option<Value>)> = Vec::new();
    let mut stack: Vec<Option<Value>> = Vec::new();
    for (position, operator) in code.iter().enumerate() {
        use Operator as O;
        let mut pop = || stack.pop().flatten();
        let result = match operator {
            O::LocalGet { local_index } => {
                match current.iter().rev().find(|(index, _)| index == local_index) {
                    Some((_, value)) => value.clone(),
                    None if last_writes.contains_key(local_index) => None,
                    None => recorded(*local_index),
                }
            }
            O::LocalSet { local_index } => {
                let value = pop().or_else(|| kept(*local_index, position));
                current.push((*local_index, value));
                continue;
            }
            O::LocalTee { local_index } => {
                let value = pop().or_else(|| kept(*local_index, position));
                current.push((*local_index, value.clone()));
                value
            }
            O::Drop => {
                pop();
                continue;
            }
            O::Nop => continue,
            O::GlobalGet { global_index } => state.global(*global_index),
            O::I32Const { value } => Some(Value::I32(*value)),
            O::I64Const { value } => Some(Value::I64(*value)),
            O::F32Const { value } => Some(Value::F32(value.bits())),
            O::F64Const { value } => Some(Value::F64(value.bits())),
            O::I32WrapI64 => match pop() {
                Some(Value::I64(n)) => Some(Value::I32(n as i32)),
                _ => None,
            },
            O::I64ExtendI32S => match pop() {
                Some(Value::I32(n)) => Some(Value::I64(n.into())),
                _ => None,
            },
            O::I64ExtendI32U => match pop() {
                Some(Value::I32(n)) => Some(Value::I64(n.cast_unsigned().into())),
                _ => None,
            },
            O::I32Eqz => match pop() {
                Some(Value::I32(n)) => Some(Value::I32((n == 0).into())),
                _ => None,
            },
            other => match (loaded(other), binary(other)) {
                (Some(load), _) => {
                    let base = pop();
                    base.and_then(|base| load.value(&base, state))
                }
                (None, Some(apply)) => {
                    let right = pop();
                    let left = pop();
                    left.zip(right).and_then(|(left, right)| apply(left, right))
                }
                (None, None) => None,
            },
        };
        stack.push(result);
    }
    stack
}

/// Whether the instruction only moves values between the stack, locals and constants, or computes.
fn is_plain(operator: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        operator,
        O::LocalGet { .. }
            | O::LocalSet { .. }
            | O::LocalTee { .. }
            | O::Drop
            | O::Nop
            | O::GlobalGet { .. }
            | O::I32Const { .. }
            | O::I64Const { .. }
            | O::F32Const { .. }
            | O::F64Const { .. }
            | O::I32WrapI64
            | O::I64ExtendI32S
            | O::I64ExtendI32U
            | O::I32Eqz
    ) || loaded(operator).is_some()
        || binary(operator).is_some()
}

type BinaryFunction = fn(Value, Value) -> Option<Value>;

/// The integer arithmetic of addresses and indices.
fn binary(operator: &Operator<'_>) -> Option<BinaryFunction> {
    use Operator as O;
    macro_rules! integer {
        (|$a:ident, $b:ident| $narrow:expr) => {{
            let apply: BinaryFunction = |left, right| match (left, right) {
                (Value::I32($a), Value::I32($b)) => Some(Value::I32($narrow)),
                (Value::I64($a), Value::I64($b)) => Some(Value::I64($narrow)),
                _ => None,
            };
            Some(apply)
        }};
    }
    match operator {
        O::I32Add | O::I64Add => integer!(|a, b| a.wrapping_add(b)),
        O::I32Sub | O::I64Sub => integer!(|a, b| a.wrapping_sub(b)),
        O::I32Mul | O::I64Mul => integer!(|a, b| a.wrapping_mul(b)),
        O::I32And | O::I64And => integer!(|a, b| a & b),
        O::I32Or | O::I64Or => integer!(|a, b| a | b),
        O::I32Xor | O::I64Xor => integer!(|a, b| a ^ b),
        O::I32Shl | O::I64Shl => integer!(|a, b| a.wrapping_shl(b as u32)),
        O::I32ShrS | O::I64ShrS => integer!(|a, b| a.wrapping_shr(b as u32)),
        _ => None,
    }
}

/// A load that is followed.
struct Load {
    memory: MemoryIndex,
    offset: u64,
    bytes: usize,
    value: fn(u64) -> Value,
}

impl Load {
    fn value(&self, base: &Value, state: &mut dyn State) -> Option<Value> {
        let base = match base {
            Value::I32(n) => u64::from(n.cast_unsigned()),
            Value::I64(n) => n.cast_unsigned(),
            _ => return None,
        };
        let bytes = state.memory(self.memory, base.checked_add(self.offset)?, self.bytes)?;
        let mut word = [0; 8];
        word.get_mut(..bytes.len())?.copy_from_slice(&bytes);
        Some((self.value)(u64::from_le_bytes(word)))
    }
}

fn loaded(operator: &Operator<'_>) -> Option<Load> {
    use Operator as O;
    let (memarg, bytes, value): (_, _, fn(u64) -> Value) = match operator {
        O::I32Load { memarg } => (memarg, 4, |bits| Value::I32(bits as i32)),
        O::I32Load8U { memarg } => (memarg, 1, |bits| Value::I32(bits as i32)),
        O::I32Load8S { memarg } => (memarg, 1, |bits| Value::I32((bits as i8).into())),
        O::I32Load16U { memarg } => (memarg, 2, |bits| Value::I32(bits as i32)),
        O::I32Load16S { memarg } => (memarg, 2, |bits| Value::I32((bits as i16).into())),
        O::I64Load { memarg } => (memarg, 8, |bits| Value::I64(bits as i64)),
        O::I64Load32U { memarg } => (memarg, 4, |bits| Value::I64(bits as i64)),
        O::I64Load32S { memarg } => (memarg, 4, |bits| Value::I64((bits as i32).into())),
        O::F32Load { memarg } => (memarg, 4, |bits| Value::F32(bits as u32)),
        O::F64Load { memarg } => (memarg, 8, Value::F64),
        _ => return None,
    };
    Some(Load {
        memory: MemoryIndex(memarg.memory),
        offset: memarg.offset,
        bytes,
        value,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use super::*;

    /// A memory whose every word is its address, and a global that is 1000.
    struct Addresses;

    impl State for Addresses {
        fn global(&mut self, _: u32) -> Option<Value> {
            Some(Value::I32(1000))
        }

        fn memory(&mut self, _: MemoryIndex, address: u64, length: usize) -> Option<Vec<u8>> {
            Some(address.to_le_bytes()[..length].to_vec())
        }
    }

    fn module(code: &str) -> Arc<Module> {
        let text = format!(
            "(module (memory 1) (global $g (mut i32) (i32.const 0)) (func $callee (result i32) unreachable)
               (func (param i32 i32) (local i32) {code} unreachable))"
        );
        let binary = wdb_module::Binary::parse(Bytes::from(wat::parse_str(text).unwrap())).unwrap();
        binary.modules()[0].clone()
    }

    /// The operand stack at the last instruction before the final `unreachable`, given what
    /// wasmtime records of it; the locals are 7, 8 and 9.
    fn check(code: &str, recorded: &[i32], expected: &[Option<i32>]) {
        let module = module(code);
        let func = FuncIndex(1);
        let (pc, _) = module
            .instructions(func)
            .map_while(Result::ok)
            .take_while(|(_, operator)| !matches!(operator, Operator::Unreachable))
            .last()
            .unwrap();
        let locals = [7, 8, 9].map(|n| Slot::Known(Value::I32(n)));
        let mut stack: Vec<Slot> = recorded
            .iter()
            .map(|n| Slot::Known(Value::I32(*n)))
            .collect();
        complete(&module, func, pc, &locals, &mut stack, &mut Addresses);
        let expected: Vec<Slot> = expected
            .iter()
            .map(|value| match value {
                Some(n) => Slot::Known(Value::I32(*n)),
                None => Slot::Missing(Missing::NotRecorded),
            })
            .collect();
        assert_eq!(stack, expected, "{code}");
    }

    #[test]
    fn operands_that_can_be_proven() {
        check(
            "local.get 0 local.get 1 i32.div_s",
            &[],
            &[Some(7), Some(8)],
        );
        check(
            "local.get 0 i32.const 0 i32.div_s",
            &[],
            &[Some(7), Some(0)],
        );
        check(
            "i32.const 5 local.get 0 i32.const 0 i32.div_s",
            &[5],
            &[Some(5), Some(7), Some(0)],
        );
        check(
            "local.get 0 i32.load offset=16 local.get 1 i32.store",
            &[],
            &[Some(23), Some(8)],
        );
        check(
            "global.get $g i32.const 24 i32.add i32.load",
            &[],
            &[Some(1024)],
        );
        check(
            "i32.const 3 local.tee 2 local.get 2 i32.div_u",
            &[],
            &[Some(3), Some(3)],
        );
        // What a call returned is in the local still.
        check(
            "call $callee local.set 0 local.get 0 i32.load offset=8 i32.load",
            &[],
            &[Some(15)],
        );
        check("call $callee local.tee 1 i32.load", &[], &[Some(8)]);
    }

    #[test]
    fn operands_that_cannot() {
        // The local was overwritten after it was read.
        check("local.get 0 i32.const 1 local.set 0 i32.load", &[], &[None]);
        // What a call returned was overwritten in the local.
        check(
            "call $callee local.set 0 local.get 0 call $callee local.set 0 i32.load",
            &[],
            &[None],
        );
        check(
            "call $callee local.set 0 local.get 0 local.get 1 i32.clz local.set 0 i32.load",
            &[],
            &[None],
        );
        // What a call returns is nowhere recorded, and the memory it saw may be another.
        check("call $callee i32.load", &[], &[None]);
        check(
            "local.get 0 i32.load call $callee i32.div_s",
            &[],
            &[None, None],
        );
    }
}
