//! What a function has done to the stack pointer and to its locals when it comes to a place, whatever
//! way it took there.
//!
//! One pass over the code, with values of the form of [`Sum`]. Two conventions of C code are relied
//! on (tool-conventions, `BasicCABI.md`): a callee leaves the stack pointer as it was, and at a call
//! the pointer is a multiple of 16. Where an exception is caught, the pointer is unknown: the callees
//! that it passed did not put it back.

use std::collections::HashSet;

use wasmparser::{BlockType, FrameKind, ModuleArity, Operator as Op};
use wdb_module::instruction::is_call;
use wdb_module::{FuncIndex, GlobalIndex, Module, ModuleOffset, ValType};

use super::locals::Locals;
use super::symbolic::{Base, Operation, Sum, Width};
use super::writes::{Position, Writes};

/// What is known at a place in a function, before the instruction there.
#[derive(Debug)]
pub(super) struct State {
    /// The stack pointer.
    pub(super) pointer: Option<Sum>,
    /// The known locals, ascending.
    pub(super) locals: Vec<(usize, Width, Sum)>,
    /// Whether the instruction is a call.
    pub(super) calls: bool,
    /// The call that it is, if it says of which function.
    pub(super) call: Option<Call>,
}

/// A call of a certain function.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) callee: FuncIndex,
    pub(super) arguments: Vec<Option<(Width, Sum)>>,
}

/// How much work may still be done: one for each instruction read and each value touched.
#[derive(Debug)]
pub(super) struct Fuel(pub(super) u64);

impl Fuel {
    pub(super) fn spend(&mut self, amount: usize) -> Option<()> {
        self.0 = self.0.checked_sub(amount as u64)?;
        Some(())
    }
}

/// The state of `func`, whose module keeps the stack pointer in the global `pointer`, at `place`. `None`
/// when the code never comes there, is damaged, uses what is not followed here, or `fuel` is gone.
pub(super) fn state_at(
    module: &Module,
    func: FuncIndex,
    place: ModuleOffset,
    pointer: GlobalIndex,
    fuel: &mut Fuel,
) -> Option<State> {
    let types = module.locals(func)?;
    let body = module.function(func)?.body?;
    let length = usize::try_from(body.end.0.saturating_sub(body.start.0)).ok()?;
    fuel.spend(length.saturating_add(types.len()))?;
    let writes = Writes::scan(module, func, types.len())?;
    // A loop is believed to leave the stack pointer alone until a way back to its start shows that it
    // does not. Then the pass is done again without that belief.
    let mut moving = HashSet::new();
    loop {
        fuel.spend(types.len())?;
        let mut pass = Pass::new(module, func, pointer, &types, &writes, &moving, fuel)?;
        let found = pass.run(place)?;
        let moved = std::mem::take(&mut pass.moved);
        if moved.is_empty() {
            return found;
        }
        moving.extend(moved);
    }
}

/// Follows the code to a place, with a stack pointer in the first global, and holds what is found
/// against what can be.
///
/// # Panics
///
/// If it cannot be.
pub(crate) fn follow(module: &Module, func: FuncIndex, place: ModuleOffset) {
    let mut fuel = Fuel(1 << 20);
    let Some(state) = state_at(module, func, place, GlobalIndex(0), &mut fuel) else {
        return;
    };
    let types = module.locals(func).unwrap_or_default();
    assert!(state.locals.is_sorted_by_key(|(index, ..)| *index));
    for (index, found, _) in &state.locals {
        let ty = types.get(*index).copied();
        assert_eq!(ty.and_then(width), Some(*found));
    }
    if let Some(call) = state.call {
        let parameters = module
            .function_type(call.callee)
            .map(|ty| ty.params().len());
        assert_eq!(parameters, Some(call.arguments.len()));
    }
}

/// A block that the pass is in.
struct Label {
    kind: FrameKind,
    ty: BlockType,
    start: Position,
    /// The height of the operand stack under the block's parameters.
    height: usize,
    /// Whether the code comes to its start.
    reachable: bool,
    /// The stack pointer at its start.
    pointer: Option<Sum>,
    /// The branches to its end.
    arrival: Option<Arrival>,
}

#[derive(Clone, Copy)]
struct Arrival {
    /// The first of them.
    first: Position,
    /// The stack pointer, where all agree.
    pointer: Option<Sum>,
}

struct Pass<'a> {
    module: &'a Module,
    func: FuncIndex,
    types: &'a [ValType],
    writes: &'a Writes,
    fuel: &'a mut Fuel,
    pointer_global: u32,
    pointer: Option<Sum>,
    locals: Locals<'a>,
    operands: Vec<Option<Sum>>,
    labels: Vec<Label>,
    /// Whether the code comes to where the pass is.
    reachable: bool,
    now: Position,
    /// How many loops have started.
    loops: usize,
    /// The loops, by the position of their start, that move the stack pointer.
    moving: &'a HashSet<Position>,
    /// Those of which this pass found that they do.
    moved: Vec<Position>,
}

impl<'a> Pass<'a> {
    fn new(
        module: &'a Module,
        func: FuncIndex,
        pointer: GlobalIndex,
        types: &'a [ValType],
        writes: &'a Writes,
        moving: &'a HashSet<Position>,
        fuel: &'a mut Fuel,
    ) -> Option<Self> {
        let parameters = module.function_type(func)?.params().len();
        let values = types.iter().enumerate().map(|(index, ty)| {
            width(*ty)?;
            Some(if index < parameters {
                Sum {
                    base: Base::Parameter(u32::try_from(index).ok()?),
                    offset: 0,
                }
            } else {
                Sum::constant(0)
            })
        });
        let pointer_at_entry = Some(Sum {
            base: Base::Entry,
            offset: 0,
        });
        Some(Pass {
            module,
            func,
            types,
            writes,
            fuel,
            pointer_global: pointer.0,
            pointer: pointer_at_entry,
            locals: Locals::new(writes, values),
            operands: Vec::new(),
            labels: vec![Label {
                kind: FrameKind::Block,
                ty: BlockType::FuncType(module.function(func)?.type_index.0),
                start: 0,
                height: 0,
                reachable: true,
                pointer: pointer_at_entry,
                arrival: None,
            }],
            reachable: true,
            now: 0,
            loops: 0,
            moving,
            moved: Vec::new(),
        })
    }

    /// Passes over the code until the state at `place` is certain. The outer `None`: the code cannot be
    /// followed.
    fn run(&mut self, place: ModuleOffset) -> Option<Option<State>> {
        let module = self.module;
        let mut found = None;
        for item in module.instructions(self.func) {
            let (offset, operator) = item.ok()?;
            self.now = self.now.checked_add(1)?;
            self.fuel.spend(1)?;
            // A stop at the start of a loop may be in any of its rounds, one at the end of a block may
            // have come there by any branch.
            let merges = matches!(operator, Op::Loop { .. } | Op::End);
            if offset == place && !merges {
                found = self.state(&operator);
                found.as_ref()?;
            }
            self.step(&operator)?;
            if offset == place && merges {
                found = self.state(&operator);
                found.as_ref()?;
            }
            // What is believed of a loop is checked at its end only.
            if found.is_some() && !self.locals.in_loop() {
                return Some(found);
            }
            if self.labels.is_empty() {
                break;
            }
        }
        Some(found)
    }

    fn state(&mut self, operator: &Op<'_>) -> Option<State> {
        if !self.reachable {
            return None;
        }
        self.fuel.spend(self.types.len())?;
        let call = match operator {
            Op::Call { function_index } => {
                let callee = FuncIndex(*function_index);
                let parameters = self.module.function_type(callee)?.params();
                let first = self.operands.len().checked_sub(parameters.len())?;
                let arguments = parameters.iter().zip(self.operands.get(first..)?);
                let arguments = arguments.map(|(ty, value)| width(*ty).zip(*value));
                Some(Call {
                    callee,
                    arguments: arguments.collect(),
                })
            }
            _ => None,
        };
        let locals = self
            .locals
            .known()
            .filter_map(|(index, value)| Some((index, width(*self.types.get(index)?)?, value)));
        Some(State {
            pointer: self.pointer,
            locals: locals.collect(),
            calls: is_call(operator),
            call,
        })
    }

    fn step(&mut self, operator: &Op<'_>) -> Option<()> {
        match operator {
            Op::LocalGet { local_index } => self.push(self.locals.get(*local_index as usize)),
            Op::LocalSet { local_index } => {
                let value = self.pop();
                self.locals.set(*local_index as usize, value, self.now);
            }
            Op::LocalTee { local_index } => {
                let value = self.pop();
                self.push(value);
                self.locals.set(*local_index as usize, value, self.now);
            }
            Op::GlobalGet { global_index } if *global_index == self.pointer_global => {
                self.push(self.pointer);
            }
            Op::GlobalSet { global_index } if *global_index == self.pointer_global => {
                self.pointer = self.pop();
            }
            Op::I32Const { value } => self.push(Some(Sum::constant(i64::from(*value)))),
            Op::I64Const { value } => self.push(Some(Sum::constant(*value))),
            Op::I32Add => self.combine(Operation::Add, Width::I32),
            Op::I64Add => self.combine(Operation::Add, Width::I64),
            Op::I32Sub => self.combine(Operation::Sub, Width::I32),
            Op::I64Sub => self.combine(Operation::Sub, Width::I64),
            Op::I32And => self.combine(Operation::And, Width::I32),
            Op::I64And => self.combine(Operation::And, Width::I64),
            Op::I32Or => self.combine(Operation::Or, Width::I32),
            Op::I64Or => self.combine(Operation::Or, Width::I64),
            Op::I32Mul => self.combine(Operation::Mul, Width::I32),
            Op::I64Mul => self.combine(Operation::Mul, Width::I64),
            Op::I32Shl => self.combine(Operation::Shl, Width::I32),
            Op::I64Shl => self.combine(Operation::Shl, Width::I64),
            Op::Select => {
                self.pop();
                let (right, left) = (self.pop(), self.pop());
                self.push(left.filter(|_| left == right));
            }
            Op::Block { blockty } => self.start(FrameKind::Block, *blockty)?,
            Op::Loop { blockty } => self.start_loop(*blockty)?,
            Op::If { blockty } => {
                self.pop();
                self.start(FrameKind::If, *blockty)?;
            }
            Op::Try { blockty } => self.start(FrameKind::LegacyTry, *blockty)?,
            Op::TryTable { try_table } => {
                // The labels of the clauses count from outside of the block.
                for clause in &try_table.catches {
                    use wasmparser::Catch;
                    let (Catch::One { label, .. }
                    | Catch::OneRef { label, .. }
                    | Catch::All { label }
                    | Catch::AllRef { label }) = *clause;
                    self.branch(label, None)?;
                }
                self.start(FrameKind::TryTable, try_table.ty)?;
            }
            Op::Else => self.other_way(FrameKind::Else, 0)?,
            Op::Catch { tag_index } => {
                let (values, _) = self.arity().tag_type_arity(*tag_index)?;
                self.other_way(FrameKind::LegacyCatch, values)?;
            }
            Op::CatchAll => self.other_way(FrameKind::LegacyCatchAll, 0)?,
            Op::End | Op::Delegate { .. } => self.end()?,
            Op::Br { relative_depth } => {
                self.branch(*relative_depth, self.pointer)?;
                self.leave();
            }
            Op::BrIf { relative_depth } => {
                self.pop();
                self.branch(*relative_depth, self.pointer)?;
            }
            Op::BrTable { targets } => {
                for target in targets.targets() {
                    self.fuel.spend(1)?;
                    self.branch(target.ok()?, self.pointer)?;
                }
                self.branch(targets.default(), self.pointer)?;
                self.leave();
            }
            Op::BrOnNull { relative_depth }
            | Op::BrOnNonNull { relative_depth }
            | Op::BrOnCast { relative_depth, .. }
            | Op::BrOnCastFail { relative_depth, .. }
            | Op::BrOnCastDescEq { relative_depth, .. }
            | Op::BrOnCastDescEqFail { relative_depth, .. } => {
                self.branch(*relative_depth, self.pointer)?;
                self.other(operator)?;
            }
            Op::Unreachable
            | Op::Return
            | Op::ReturnCall { .. }
            | Op::ReturnCallIndirect { .. }
            | Op::ReturnCallRef { .. }
            | Op::Throw { .. }
            | Op::ThrowRef
            | Op::Rethrow { .. } => self.leave(),
            // The code of another stack may run in between.
            Op::Suspend { .. }
            | Op::Resume { .. }
            | Op::ResumeThrow { .. }
            | Op::ResumeThrowRef { .. }
            | Op::Switch { .. } => return None,
            _ => self.other(operator)?,
        }
        Some(())
    }

    /// An instruction of whose results nothing is known.
    fn other(&mut self, operator: &Op<'_>) -> Option<()> {
        let (popped, pushed) = operator.operator_arity(&self.arity())?;
        let left = self.operands.len().saturating_sub(popped as usize);
        self.operands.truncate(left.max(self.height()));
        self.push_unknown(pushed)
    }

    fn combine(&mut self, operation: Operation, width: Width) {
        let (right, left) = (self.pop(), self.pop());
        let result = left
            .zip(right)
            .and_then(|(left, right)| Sum::combine(operation, left, right, width));
        self.push(result);
    }

    fn push(&mut self, value: Option<Sum>) {
        self.operands.push(value);
    }

    fn push_unknown(&mut self, count: u32) -> Option<()> {
        self.fuel.spend(count as usize)?;
        let height = self.operands.len().checked_add(count as usize)?;
        self.operands.resize(height, None);
        Some(())
    }

    /// Below the height of the block there is nothing to take: in code that is never run everything may
    /// be popped.
    fn pop(&mut self) -> Option<Sum> {
        if self.operands.len() <= self.height() {
            return None;
        }
        self.operands.pop().flatten()
    }

    fn height(&self) -> usize {
        self.labels.last().map_or(0, |label| label.height)
    }

    fn arity(&self) -> Arity<'_> {
        Arity {
            module: self.module,
            labels: &self.labels,
        }
    }

    fn start(&mut self, kind: FrameKind, ty: BlockType) -> Option<()> {
        let (parameters, _) = self.arity().block_type_arity(ty)?;
        let height = self.operands.len().saturating_sub(parameters as usize);
        self.labels.push(Label {
            kind,
            ty,
            start: self.now,
            height: height.max(self.height()),
            reachable: self.reachable,
            pointer: self.pointer,
            arrival: None,
        });
        Some(())
    }

    fn start_loop(&mut self, ty: BlockType) -> Option<()> {
        if self.moving.contains(&self.now) {
            self.pointer = None;
        }
        self.start(FrameKind::Loop, ty)?;
        self.locals
            .enter_loop(self.now, self.writes.loop_end(self.loops));
        self.loops += 1;
        // Another round brings other values.
        let (parameters, _) = self.arity().block_type_arity(ty)?;
        self.operands.truncate(self.height());
        self.push_unknown(parameters)
    }

    /// The code goes on elsewhere.
    fn leave(&mut self) {
        self.reachable = false;
        self.operands.truncate(self.height());
    }

    fn branch(&mut self, depth: u32, pointer: Option<Sum>) -> Option<()> {
        let index = self.labels.len().checked_sub(depth as usize + 1)?;
        let label = self.labels.get_mut(index)?;
        if !self.reachable {
            return Some(());
        }
        if label.kind == FrameKind::Loop {
            if label.pointer.is_some() && label.pointer != pointer {
                self.moved.push(label.start);
            }
            return Some(());
        }
        label.arrival = Some(Arrival::joined(label.arrival, self.now, pointer));
        Some(())
    }

    /// `else` and `catch`: the code before them goes on at the end of the block, and the code after
    /// them starts with the state at the start of the block.
    fn other_way(&mut self, kind: FrameKind, values: u32) -> Option<()> {
        self.branch(0, self.pointer)?;
        let label = self.labels.last_mut()?;
        label.kind = kind;
        self.reachable = label.reachable;
        self.locals.forget(label.start, self.now);
        self.operands.truncate(label.height);
        if kind == FrameKind::Else {
            self.pointer = label.pointer;
            let ty = label.ty;
            let (parameters, _) = self.arity().block_type_arity(ty)?;
            return self.push_unknown(parameters);
        }
        self.pointer = None;
        self.push_unknown(values)
    }

    fn end(&mut self) -> Option<()> {
        let (_, results) = self.arity().block_type_arity(self.labels.last()?.ty)?;
        let mut label = self.labels.pop()?;
        match label.kind {
            FrameKind::Loop => self.locals.leave_loop(),
            // Without an `else` the condition alone may lead to the end.
            FrameKind::If if label.reachable => {
                label.arrival = Some(Arrival {
                    first: label.start,
                    pointer: label.pointer.filter(|_| {
                        label
                            .arrival
                            .is_none_or(|arrival| arrival.pointer == label.pointer)
                    }),
                });
            }
            _ => {}
        }
        let Some(mut arrival) = label.arrival else {
            if !self.reachable {
                self.operands.truncate(label.height);
                return self.push_unknown(results);
            }
            return Some(());
        };
        if self.reachable {
            arrival = Arrival::joined(Some(arrival), self.now, self.pointer);
        }
        self.pointer = arrival.pointer;
        self.reachable = true;
        self.locals.forget(arrival.first, self.now);
        self.operands.truncate(label.height);
        self.push_unknown(results)
    }
}

impl Arrival {
    fn joined(before: Option<Arrival>, now: Position, pointer: Option<Sum>) -> Arrival {
        match before {
            None => Arrival {
                first: now,
                pointer,
            },
            Some(before) => Arrival {
                first: before.first,
                pointer: pointer.filter(|_| before.pointer == pointer),
            },
        }
    }
}

/// The integer type that `ty` is.
pub(super) fn width(ty: ValType) -> Option<Width> {
    match ty {
        ValType::I32 => Some(Width::I32),
        ValType::I64 => Some(Width::I64),
        _ => None,
    }
}

/// What the number of operands of an instruction depends on.
struct Arity<'a> {
    module: &'a Module,
    labels: &'a [Label],
}

impl ModuleArity for Arity<'_> {
    fn sub_type_at(&self, index: u32) -> Option<&wasmparser::SubType> {
        self.module.types().get(index as usize)
    }

    fn tag_type_arity(&self, tag: u32) -> Option<(u32, u32)> {
        let ty = self.module.tags().get(tag as usize)?.func_type_idx;
        self.sub_type_arity(self.sub_type_at(ty)?)
    }

    fn type_index_of_function(&self, function: u32) -> Option<u32> {
        Some(self.module.function(FuncIndex(function))?.type_index.0)
    }

    // Only what switches stacks asks for these, and that is not followed.
    fn func_type_of_cont_type(&self, _: &wasmparser::ContType) -> Option<&wasmparser::FuncType> {
        None
    }

    fn sub_type_of_ref_type(&self, _: &wasmparser::RefType) -> Option<&wasmparser::SubType> {
        None
    }

    fn control_stack_height(&self) -> u32 {
        u32::try_from(self.labels.len()).unwrap_or(u32::MAX)
    }

    fn label_block(&self, depth: u32) -> Option<(BlockType, FrameKind)> {
        let index = self.labels.len().checked_sub(depth as usize + 1)?;
        let label = self.labels.get(index)?;
        Some((label.ty, label.kind))
    }
}
