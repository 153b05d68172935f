//! Locals that a dump does not hold, worked out from the C stack.
//!
//! Code that was not optimised keeps its variables on the C stack, at constant distances from a wasm
//! local; with that local a dump without locals shows them all. The local is the stack pointer at the
//! entry of its function less a constant of the code. The pointer's current value is in a global, which
//! dumps have; before a call it is what it is at the entry of the callee. So the frames are walked
//! from the innermost to the outermost, and, where the outermost is recorded, back.

use std::collections::HashMap;
use std::rc::Rc;

use wdb_coredump::{
    Global, GlobalId, Inference, Instance, InstanceId, Missing, ModuleId, Slot, Value,
};
use wdb_module::{FuncIndex, GlobalIndex, ModuleOffset, Operator, TypeRef};

use super::chain::{Chain, Ends, KnownPointer, Link};
use super::interpret::{Call, Fuel, State, state_at, width};
use super::symbolic::{Sum, Width};
use super::{CStack, POINTER};
use crate::initial::section;
use crate::{Frame, Module, Thread, Trust};

/// How much work a program's frames may cause: a second or two. Those of real programs cause a
/// hundredth of it.
const WORK: u64 = 100_000_000;

/// What of a program the walk looks at.
pub(crate) struct Program<'a> {
    pub(crate) modules: &'a [Module],
    pub(crate) instances: &'a [Instance],
    pub(crate) globals: &'a [Global],
    /// Whether it ended because the engine's own stack was too small. That is found before the first
    /// instruction of a function, so that the innermost frame has no place and has done nothing.
    pub(crate) exhausted: bool,
}

/// Fills in the locals of `threads` that were not recorded and follow from the C stack. `whole` says of a
/// thread whether its outermost frame is there too.
pub(crate) fn recover(
    threads: &mut [Thread],
    program: &Program<'_>,
    whole: impl Fn(&Thread) -> bool,
) {
    let unrecorded = |slot: &Slot| *slot == Slot::Missing(Missing::NotRecorded);
    let mut frames = threads.iter().flat_map(|thread| &thread.frames);
    if !frames.any(|frame| frame.locals.iter().any(unrecorded)) {
        return;
    }
    let mut walk = Walk::new(program);
    let chains: Vec<_> = threads
        .iter()
        .map(|thread| walk.chains(thread, whole(thread)))
        .collect();
    // A pointer that several threads share is the current one of only one of them.
    let mut users: HashMap<GlobalId, usize> = HashMap::new();
    for id in chains.iter().flat_map(HashMap::keys) {
        *users.entry(*id).or_default() += 1;
    }
    for (thread, chains) in threads.iter_mut().zip(chains) {
        let mut known = Vec::new();
        known.resize_with(thread.frames.len(), || None);
        for (id, (chain, ends)) in chains {
            let solved = chain.solve(&ends).filter(|_| users.get(&id) == Some(&1));
            for (link, solved) in chain.links.into_iter().zip(solved.unwrap_or_default()) {
                if let (Some(known), Some(state)) = (known.get_mut(link.frame), link.state) {
                    *known = Some((state, solved));
                }
            }
        }
        walk.fill(&mut thread.frames, &known);
    }
}

/// What an instance has to do with the C stacks.
#[derive(Clone, Copy)]
enum Role {
    /// Its code keeps its stack pointer here.
    Uses(Pointer),
    /// Its code can change a stack pointer, and how is not known.
    Opaque,
    /// Nothing.
    None,
}

#[derive(Clone, Copy)]
struct Pointer {
    id: GlobalId,
    index: GlobalIndex,
    width: Width,
}

struct Walk<'a> {
    program: &'a Program<'a>,
    /// The C stack that a module defines.
    stacks: HashMap<ModuleId, Option<CStack>>,
    /// The range of the C stack by its pointer.
    ranges: HashMap<GlobalId, std::ops::Range<u64>>,
    /// How many instances a module has.
    counts: HashMap<ModuleId, usize>,
    roles: HashMap<InstanceId, Role>,
    states: HashMap<(ModuleId, FuncIndex, Option<ModuleOffset>), Option<Rc<State>>>,
    tail_calls: HashMap<(ModuleId, FuncIndex), bool>,
    fuel: Fuel,
}

impl<'a> Walk<'a> {
    fn new(program: &'a Program<'a>) -> Self {
        let mut walk = Walk {
            program,
            stacks: HashMap::new(),
            ranges: HashMap::new(),
            counts: HashMap::new(),
            roles: HashMap::new(),
            states: HashMap::new(),
            tail_calls: HashMap::new(),
            fuel: Fuel(WORK),
        };
        for instance in program.instances {
            *walk.counts.entry(instance.module).or_default() += 1;
            let stack = walk
                .stacks
                .entry(instance.module)
                .or_insert_with(|| CStack::find(binary(program, instance.module)?));
            if let Some(stack) = stack
                && let Some(Some(id)) = instance.globals.get(stack.pointer.position())
            {
                walk.ranges.insert(*id, stack.range.clone());
            }
        }
        walk
    }

    /// The chains of a thread with the ends of their stacks, by the global of the pointer.
    fn chains(&mut self, thread: &Thread, whole: bool) -> HashMap<GlobalId, (Chain, Ends)> {
        let mut chains: HashMap<GlobalId, (Chain, Ends)> = HashMap::new();
        let mut breaks = 0;
        for (position, frame) in thread.frames.iter().enumerate() {
            let pointer = match self.role(frame) {
                Role::Uses(pointer) => pointer,
                Role::Opaque => {
                    breaks += 1;
                    continue;
                }
                Role::None => continue,
            };
            let Some(range) = self.ranges.get(&pointer.id) else {
                continue;
            };
            let ends = || Ends {
                width: pointer.width,
                current: self.current(pointer),
                initial: None,
                range: range.start..=range.end,
            };
            let (mut chain, ends) = chains
                .remove(&pointer.id)
                .unwrap_or_else(|| (Chain::default(), ends()));
            let entered = position == 0 && self.program.exhausted;
            let state = self.state(frame, pointer, entered);
            let callee = position
                .checked_sub(1)
                .and_then(|inner| thread.frames.get(inner));
            let fits = match (&state, callee) {
                (Some(state), Some(callee)) => self.may_call(frame, state, callee),
                _ => true,
            };
            if !fits {
                breaks += 1;
            }
            chain.links.push(Link {
                frame: position,
                connected: chain.breaks == breaks,
                state: state.filter(|_| fits),
            });
            chain.breaks = breaks;
            chains.insert(pointer.id, (chain, ends));
        }
        if whole && self.is_entered(thread) {
            for (id, (chain, ends)) in &mut chains {
                let range = self.ranges.get(id).filter(|_| chain.breaks == breaks);
                ends.initial = range.map(|range| ends.width.wrap(range.end.cast_signed()));
            }
        }
        chains
    }

    /// Whether the outermost frame is of a function that a host can call: otherwise it is not the outermost.
    fn is_entered(&mut self, thread: &Thread) -> bool {
        let Some(frame) = thread.frames.last() else {
            return false;
        };
        let Some(module) = binary(self.program, frame.module) else {
            return false;
        };
        let exports = module.exports();
        if self.fuel.spend(exports.len()).is_none() {
            return false;
        }
        let start = section(module, 8).and_then(|mut section| section.read_var_u32().ok());
        start == Some(frame.func.0)
            || exports
                .iter()
                .any(|export| export.function() == Some(frame.func))
    }

    fn role(&mut self, frame: &Frame) -> Role {
        let trusted = match frame.trust {
            Trust::Exact => true,
            // What may be wrong is the instance, if there are several.
            Trust::Assumed => self.counts.get(&frame.module) == Some(&1),
            Trust::Doubtful => false,
        };
        let Some(instance) = self.program.instances.get(frame.instance.position()) else {
            return Role::Opaque;
        };
        if !trusted {
            return Role::Opaque;
        }
        if let Some(role) = self.roles.get(&frame.instance) {
            return *role;
        }
        let own = self.pointer(instance);
        let others = instance.globals.iter().flatten();
        let mut others = others.filter(|id| own.is_none_or(|own| own.id != **id));
        let role = if others.any(|id| self.ranges.contains_key(id)) {
            Role::Opaque
        } else {
            own.map_or(Role::None, Role::Uses)
        };
        self.roles.insert(frame.instance, role);
        role
    }

    /// The global in which the code of an instance keeps its stack pointer.
    fn pointer(&self, instance: &Instance) -> Option<Pointer> {
        let module = binary(self.program, instance.module)?;
        let defined = self.stacks.get(&instance.module)?.as_ref();
        let index = defined
            .map(|stack| stack.pointer)
            .or_else(|| imported_pointer(module))?;
        Some(Pointer {
            id: (*instance.globals.get(index.position())?)?,
            index,
            width: width(module.globals().get(index.position())?.content_type)?,
        })
    }

    fn current(&self, pointer: Pointer) -> Option<i64> {
        let global = self.program.globals.get(pointer.id.position())?;
        match (global.known()?, pointer.width) {
            (Value::I32(value), Width::I32) => Some(i64::from(*value)),
            (Value::I64(value), Width::I64) => Some(*value),
            _ => None,
        }
    }

    fn state(&mut self, frame: &Frame, pointer: Pointer, entered: bool) -> Option<Rc<State>> {
        let at = frame.offset();
        if at.is_none() && !entered {
            return None;
        }
        let module = binary(self.program, frame.module)?;
        let fuel = &mut self.fuel;
        self.states
            .entry((frame.module, frame.func, at))
            .or_insert_with(|| {
                let place = match at {
                    Some(at) => at,
                    None => module.first_instruction(frame.func)?,
                };
                state_at(module, frame.func, place, pointer.index, fuel).map(Rc::new)
            })
            .clone()
    }

    /// Whether `frame` can wait for `callee` to return.
    fn may_call(&mut self, frame: &Frame, state: &State, callee: &Frame) -> bool {
        if !state.calls {
            return false;
        }
        let Some(Call { callee: called, .. }) = &state.call else {
            return true;
        };
        let imported = binary(self.program, frame.module)
            .is_none_or(|module| called.0 < module.imported_function_count());
        imported
            || callee.trust == Trust::Doubtful
            || is_of(callee, *called, frame.instance)
            || self.has_tail_calls(frame.module, *called)
    }

    /// Whether a function can put another in its place.
    fn has_tail_calls(&mut self, module: ModuleId, func: FuncIndex) -> bool {
        let fuel = &mut self.fuel;
        *self.tail_calls.entry((module, func)).or_insert_with(|| {
            binary(self.program, module)
                .and_then(|module| tail_calls(module, func, fuel))
                .unwrap_or(true)
        })
    }

    /// Writes what is known into the frames.
    fn fill(&mut self, frames: &mut [Frame], known: &[Option<(Rc<State>, KnownPointer)>]) {
        let mut arguments: Vec<Option<i64>> = Vec::new();
        for (position, known) in known.iter().enumerate().rev() {
            let given = std::mem::take(&mut arguments);
            let (Some((state, known)), Some(frame)) = (known, frames.get_mut(position)) else {
                continue;
            };
            let value = |width: Width, value: Sum| match (state.pointer, known.pointer) {
                // Also where the entry is not known: both have been aligned alike.
                (Some(here), Some(pointer)) if here.base == value.base => {
                    let distance = value.offset.wrapping_sub(here.offset);
                    Some(width.wrap(pointer.wrapping_add(distance)))
                }
                _ => value.at(known.entry, &given, width),
            };
            for &(index, width, local) in &state.locals {
                let Some(slot) = frame.locals.get_mut(index) else {
                    break;
                };
                if *slot == Slot::Missing(Missing::NotRecorded)
                    && let Some(value) = value(width, local)
                {
                    let value = match width {
                        Width::I32 => Value::I32(value as i32),
                        Width::I64 => Value::I64(value),
                    };
                    *slot = Slot::Inferred(value, Inference::CStack);
                }
            }
            let (module, instance) = (frame.module, frame.instance);
            let inner = position.checked_sub(1);
            let inner = inner.and_then(|inner| frames.get(inner));
            // A function that came back by tail calls has other arguments.
            if let (Some(call), Some(inner)) = (&state.call, inner)
                && is_of(inner, call.callee, instance)
                && self.fuel.spend(call.arguments.len()).is_some()
                && call.arguments.iter().any(Option::is_some)
                && !self.has_tail_calls(module, call.callee)
            {
                let passed = call.arguments.iter();
                arguments = passed
                    .map(|argument| argument.and_then(|(width, argument)| value(width, argument)))
                    .collect();
            }
        }
    }
}

fn is_of(frame: &Frame, func: FuncIndex, instance: InstanceId) -> bool {
    frame.func == func && frame.instance == instance && frame.trust != Trust::Doubtful
}

fn binary<'a>(program: &Program<'a>, module: ModuleId) -> Option<&'a wdb_module::Module> {
    program.modules.get(module.position())?.binary.as_deref()
}

/// The stack pointer that a module takes from another one, as those do that are linked when they are
/// loaded (tool-conventions, `DynamicLinking.md`).
fn imported_pointer(module: &wdb_module::Module) -> Option<GlobalIndex> {
    let imports = module.imports().iter();
    let globals = imports.filter(|import| matches!(import.ty, TypeRef::Global(_)));
    let position = globals
        .map(|import| &import.name)
        .position(|name| name == POINTER)?;
    u32::try_from(position).ok().map(GlobalIndex)
}

/// Whether the code of a function has a tail call. `None`: it cannot be read.
fn tail_calls(module: &wdb_module::Module, func: FuncIndex, fuel: &mut Fuel) -> Option<bool> {
    for item in module.instructions(func) {
        fuel.spend(1)?;
        if let Operator::ReturnCall { .. }
        | Operator::ReturnCallIndirect { .. }
        | Operator::ReturnCallRef { .. } = item.ok()?.1
        {
            return Some(true);
        }
    }
    Some(false)
}
