//! How the address of an access was computed: the terms of its sum.
//!
//! The instructions before the access are executed with symbols instead of values, without regard to control flow.
//! That alone proves nothing. The proof is that the sum, computed with the current values of the frame, is exactly
//! the address that the instruction had.

use std::collections::HashMap;
use std::fmt;

use wasmparser::Operator as Op;
use wdb_debuggee::coredump::Value;
use wdb_module::instruction::fixed_arity;
use wdb_module::{FuncIndex, Module, ModuleOffset};

use crate::evidence::Evidence;

/// A term of the sum of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Term {
    /// A value that was loaded, passed or computed otherwise.
    Plain(u64),
    /// A value times a constant: an index times the size of an element.
    Scaled { value: u64, by: u64 },
    /// A constant.
    Constant(u64),
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Term::Plain(value) | Term::Constant(value) => write!(f, "{value}"),
            Term::Scaled { value, by } => write!(f, "{value} * {by}"),
        }
    }
}

/// At most this many instructions before the access are read.
const INSTRUCTIONS: usize = 4096;
/// The evaluation takes at most this many steps: shared parts of a sum may multiply.
const STEPS: u32 = 4096;
/// A computation may be nested at most this deep.
const DEPTH: u32 = 64;

/// The terms of the address operand of the crashed instruction, in the order in which the code has them. `None` if
/// their sum is not the address.
pub(super) fn terms(evidence: &mut Evidence<'_, '_>, above: usize) -> Option<Vec<Term>> {
    let site = evidence.site(0)?;
    let func = evidence.frames().first()?.func;
    let actual = evidence.operand(above)?.clone();
    let mask = match actual {
        Value::I32(_) => u64::from(u32::MAX),
        _ => u64::MAX,
    };
    let actual = wdb_examine::value::unsigned(&actual)?;
    let program = Program::read(site.module, func, site.at);
    let address = program.operand(above)?;
    let mut evaluation = Evaluation {
        program: &program,
        evidence,
        steps: STEPS,
        mask,
    };
    let mut terms = Vec::new();
    evaluation.flatten(address, &mut terms, DEPTH)?;
    let sum = terms.iter().fold(0u64, |sum, term| {
        sum.wrapping_add(match term {
            Term::Plain(value) | Term::Constant(value) => *value,
            Term::Scaled { value, by } => value.wrapping_mul(*by),
        })
    });
    (sum & mask == actual).then_some(terms)
}

/// The pointers through which an operand of the crashed instruction was read, in the order of the reads. Empty if it
/// was not read from memory, or if that is unknown.
pub(super) fn followed(evidence: &mut Evidence<'_, '_>, above: usize) -> Vec<u64> {
    let mut pointers = Vec::new();
    let operand = |evidence: &Evidence<'_, '_>| {
        let site = evidence.site(0)?;
        let program = Program::read(site.module, evidence.frames().first()?.func, site.at);
        Some((program.operand(above)?, program))
    };
    let Some((mut id, program)) = operand(evidence) else {
        return pointers;
    };
    let mut evaluation = Evaluation {
        program: &program,
        evidence,
        steps: STEPS,
        mask: u64::from(u32::MAX),
    };
    let mut first_read = true;
    while let Some(node) = evaluation.node(id, DEPTH) {
        id = match node {
            // The first read returned the operand itself. The frame on the C stack, through which a pointer variable
            // was read, does not count.
            Node::Load { address, .. } => {
                let Some(pointer) = evaluation.value(address, DEPTH) else {
                    break;
                };
                if !evaluation.is_frame(address) {
                    pointers.push(pointer);
                }
                first_read = false;
                address
            }
            Node::Local(_, Some(definition)) => definition,
            Node::Add(left, _) if !first_read => left,
            _ => break,
        };
    }
    pointers.reverse();
    pointers
}

/// An index in [`Program::nodes`].
type Id = usize;

#[derive(Clone, Copy)]
enum Node {
    Unknown,
    Constant(u64),
    /// A local, and its last definition; `None`: it was set before the instructions that were read.
    Local(u32, Option<Id>),
    Load {
        address: Id,
        offset: u64,
        bytes: u64,
    },
    Add(Id, Id),
    Multiply(Id, Id),
    ShiftLeft(Id, Id),
}

/// The effect of the instructions before the access, as expressions.
struct Program {
    nodes: Vec<Node>,
    stack: Vec<Id>,
    locals: HashMap<u32, Id>,
}

impl Program {
    fn read(module: &Module, func: FuncIndex, until: ModuleOffset) -> Program {
        let mut program = Program {
            nodes: Vec::new(),
            stack: Vec::new(),
            locals: HashMap::new(),
        };
        let before = || {
            module
                .instructions(func)
                .map_while(Result::ok)
                .take_while(|(at, _)| *at < until)
        };
        let skipped = before().count().saturating_sub(INSTRUCTIONS);
        for (_, operator) in before().skip(skipped) {
            program.step(module, &operator);
        }
        program
    }

    fn operand(&self, above: usize) -> Option<Id> {
        self.stack
            .get(self.stack.len().checked_sub(above + 1)?)
            .copied()
    }

    fn push(&mut self, node: Node) {
        self.stack.push(self.nodes.len());
        self.nodes.push(node);
    }

    fn pop(&mut self) -> Id {
        self.stack.pop().unwrap_or_else(|| {
            self.nodes.push(Node::Unknown);
            self.nodes.len() - 1
        })
    }

    fn step(&mut self, module: &Module, operator: &Op<'_>) {
        match operator {
            Op::I32Const { value } => self.push(Node::Constant(u64::from(value.cast_unsigned()))),
            Op::I64Const { value } => self.push(Node::Constant(value.cast_unsigned())),
            Op::LocalGet { local_index } => {
                let node = Node::Local(*local_index, self.locals.get(local_index).copied());
                self.push(node);
            }
            Op::LocalSet { local_index } => {
                let value = self.pop();
                self.locals.insert(*local_index, value);
            }
            Op::LocalTee { local_index } => {
                let value = self.pop();
                self.locals.insert(*local_index, value);
                self.push(Node::Local(*local_index, Some(value)));
            }
            Op::I32Add | Op::I64Add => self.binary(Node::Add),
            Op::I32Mul | Op::I64Mul => self.binary(Node::Multiply),
            Op::I32Shl | Op::I64Shl => self.binary(Node::ShiftLeft),
            Op::I64ExtendI32U => {}
            Op::I32Load { memarg } | Op::I64Load { memarg } if memarg.memory == 0 => {
                let address = self.pop();
                self.push(Node::Load {
                    address,
                    offset: memarg.offset,
                    bytes: 1 << memarg.max_align.min(3),
                });
            }
            Op::Call { function_index } => match module.function_type(FuncIndex(*function_index)) {
                Some(ty) => self.opaque(ty.params().len(), ty.results().len()),
                None => self.stack.clear(),
            },
            other => match fixed_arity(other) {
                Some((pops, pushes)) => self.opaque(pops, pushes),
                None => self.stack.clear(),
            },
        }
    }

    fn binary(&mut self, node: impl Fn(Id, Id) -> Node) {
        let right = self.pop();
        let left = self.pop();
        self.push(node(left, right));
    }

    fn opaque(&mut self, pops: usize, pushes: usize) {
        self.stack.truncate(self.stack.len().saturating_sub(pops));
        for _ in 0..pushes.min(16) {
            self.push(Node::Unknown);
        }
    }
}

struct Evaluation<'a, 'b, 'c> {
    program: &'a Program,
    evidence: &'a mut Evidence<'b, 'c>,
    steps: u32,
    mask: u64,
}

impl Evaluation<'_, '_, '_> {
    fn node(&mut self, id: Id, depth: u32) -> Option<Node> {
        self.steps = self.steps.checked_sub(1)?;
        depth.checked_sub(1)?;
        self.program.nodes.get(id).copied()
    }

    /// The current value of a local, if it was not set again after this definition.
    fn current(&self, local: u32, definition: Option<Id>) -> Option<u64> {
        if self.program.locals.get(&local).copied() != definition {
            return None;
        }
        self.evidence.local(0, local as usize)
    }

    /// Splits a sum into its terms.
    fn flatten(&mut self, id: Id, terms: &mut Vec<Term>, depth: u32) -> Option<()> {
        match self.node(id, depth)? {
            Node::Add(left, right) => {
                self.flatten(left, terms, depth - 1)?;
                self.flatten(right, terms, depth - 1)?;
            }
            Node::Local(_, Some(definition)) if self.splits(definition, depth - 1) => {
                self.flatten(definition, terms, depth - 1)?;
            }
            Node::Constant(value) => terms.push(Term::Constant(value)),
            Node::Multiply(left, right) => {
                let term = match (
                    self.constant(left, depth - 1),
                    self.constant(right, depth - 1),
                ) {
                    (Some(by), _) => (right, by),
                    (None, Some(by)) => (left, by),
                    (None, None) => return self.plain(id, terms, depth),
                };
                let value = self.value(term.0, depth - 1)?;
                terms.push(Term::Scaled { value, by: term.1 });
            }
            Node::ShiftLeft(left, right) => {
                let Some(by) = self.constant(right, depth - 1).filter(|by| *by < 32) else {
                    return self.plain(id, terms, depth);
                };
                let value = self.value(left, depth - 1)?;
                terms.push(Term::Scaled { value, by: 1 << by });
            }
            Node::Unknown | Node::Local(..) | Node::Load { .. } => {
                return self.plain(id, terms, depth);
            }
        }
        Some(())
    }

    fn plain(&mut self, id: Id, terms: &mut Vec<Term>, depth: u32) -> Option<()> {
        terms.push(Term::Plain(self.value(id, depth)?));
        Some(())
    }

    /// Whether a node is a computation that has terms.
    fn splits(&mut self, id: Id, depth: u32) -> bool {
        match self.node(id, depth) {
            Some(Node::Add(..) | Node::Multiply(..) | Node::ShiftLeft(..) | Node::Constant(_)) => {
                true
            }
            Some(Node::Local(_, Some(definition))) => self.splits(definition, depth - 1),
            _ => false,
        }
    }

    fn constant(&mut self, id: Id, depth: u32) -> Option<u64> {
        match self.node(id, depth)? {
            Node::Constant(value) => Some(value),
            Node::Local(_, Some(definition)) => self.constant(definition, depth - 1),
            _ => None,
        }
    }

    fn value(&mut self, id: Id, depth: u32) -> Option<u64> {
        let value = match self.node(id, depth)? {
            Node::Unknown => None,
            Node::Constant(value) => Some(value),
            Node::Local(local, definition) => match (self.current(local, definition), definition) {
                (Some(value), _) => Some(value),
                (None, Some(definition)) => self.value(definition, depth - 1),
                (None, None) => None,
            },
            Node::Load {
                address,
                offset,
                bytes,
            } => {
                let address = self.value(address, depth - 1)?.checked_add(offset)?;
                self.load(address, bytes)
            }
            Node::Add(left, right) => {
                let left = self.value(left, depth - 1)?;
                Some(left.wrapping_add(self.value(right, depth - 1)?))
            }
            Node::Multiply(left, right) => {
                let left = self.value(left, depth - 1)?;
                Some(left.wrapping_mul(self.value(right, depth - 1)?))
            }
            Node::ShiftLeft(left, right) => {
                let left = self.value(left, depth - 1)?;
                let by = u32::try_from(self.value(right, depth - 1)?).ok()?;
                left.checked_shl(by)
            }
        };
        value.map(|value| value & self.mask)
    }

    /// Whether an address is in the function's frame on the C stack. Such an address comes from the stack pointer,
    /// not from a variable.
    fn is_frame(&mut self, id: Id) -> bool {
        let value = self.value(id, DEPTH);
        match (self.evidence.c_stack(0), value) {
            (Some((stack, pointer)), Some(value)) => {
                (pointer.min(stack.range.end)..stack.range.end).contains(&value)
            }
            _ => false,
        }
    }

    fn load(&mut self, address: u64, bytes: u64) -> Option<u64> {
        let mut buffer = [0; 8];
        let part = buffer.get_mut(..usize::try_from(bytes).ok()?)?;
        self.evidence.read(0, address, part)?;
        Some(u64::from_le_bytes(buffer))
    }
}
