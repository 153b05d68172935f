//! Whether what a dump says is consistent, and fits its modules.

use std::collections::BTreeMap;
use std::fmt;

use wdb_module::{FuncIndex, GlobalType, MemoryType, Module, ModuleOffset, ValType};

use super::{Findings, Severity, rule};
use crate::cut::Cut;
use crate::{
    Base, CoreDump, Dialect, Frame, Instance, ModuleId, Reading, Reference, Slot, Value,
    module_offset,
};

/// Checks a dump whose sections are all in order.
pub(super) fn check(reading: &Reading, modules: &[Option<&Module>], findings: &mut Findings) {
    let (severity, rule) = match reading.dialect {
        Dialect::Wdb => (Severity::Error, rule::OURS),
        _ => (Severity::Warning, rule::FORMAT),
    };
    for note in &reading.notes {
        findings.push(severity, rule, note.offset, &note.message);
    }
    let dump = &reading.dump;
    for (position, (record, module)) in dump.modules.iter().zip(modules).enumerate() {
        let Some(module) = module else { continue };
        let other_hash = record.sha256.is_some_and(|hash| hash != module.sha256());
        let other_id = matches!(
            (&record.build_id, module.build_id()), (Some(ran), Some(given)) if ran != given
        );
        if other_hash || other_id {
            let what = if other_hash { "SHA-256" } else { "build id" };
            let message = format_args!(
                "the given module {position} is not the one that ran: its {what} differs"
            );
            findings.error(rule::OURS, None, message);
        }
    }
    for (position, instance) in dump.instances.iter().enumerate() {
        if let Some(module) = modules.get(instance.module.position()).copied().flatten() {
            check_instance(dump, position, instance, module, findings);
        }
    }
    let mut spots = Spots::new();
    for thread in &dump.threads {
        for (position, frame) in thread.frames.iter().enumerate() {
            let what = Which {
                position,
                thread: &thread.name,
            };
            let instance = dump.instances.get(frame.instance.position());
            let id = instance.map_or(ModuleId(0), |instance| instance.module);
            if let Some(module) = modules.get(id.position()).copied().flatten() {
                check_frame(frame, what, module, findings);
                if let Some(offset) = body_offset(frame, module) {
                    let functions = spots.entry((id, frame.func)).or_default();
                    functions.entry(offset).or_insert(what);
                }
            }
        }
    }
    check_spots(spots, modules, findings);
}

fn check_instance(
    dump: &CoreDump,
    position: usize,
    instance: &Instance,
    module: &Module,
    findings: &mut Findings,
) {
    let counts = [
        ("memories", instance.memories.len(), module.memories().len()),
        ("globals", instance.globals.len(), module.globals().len()),
        ("tables", instance.tables.len(), module.tables().len()),
    ];
    for (what, is, should) in counts {
        // Tables are in no standard section.
        if is != should && (what != "tables" || !dump.tables.is_empty()) {
            let message = format_args!("instance {position} has {is} {what}, its module {should}");
            findings.error(rule::INSTANCES, None, message);
        }
    }
    for (index, (memory, ty)) in instance.memories.iter().zip(module.memories()).enumerate() {
        let memory = memory.and_then(|id| dump.memories.get(id.position()));
        if memory.is_some_and(|memory| !fits_memory(&memory.shape, ty)) {
            let message = format_args!(
                "memory {index} of instance {position} is not of the type that its module declares"
            );
            findings.error(rule::MEMORY, None, message);
        }
    }
    for (index, (global, ty)) in instance.globals.iter().zip(module.globals()).enumerate() {
        let global = global.and_then(|id| dump.globals.get(id.position()));
        if global.is_some_and(|global| !fits_global(&global.value, ty)) {
            let message = format_args!(
                "global {index} of instance {position} is not of the type that its module declares, {}",
                ty.content_type
            );
            findings.error(rule::GLOBALS, None, message);
        }
    }
}

fn fits_memory(shape: &crate::MemoryShape, ty: &MemoryType) -> bool {
    shape.memory64 == ty.memory64
        && shape.shared == ty.shared
        && shape.page_size_log2 == ty.page_size_log2.unwrap_or(16)
        && shape.pages >= ty.initial
        && ty.maximum.is_none_or(|maximum| shape.pages <= maximum)
}

fn fits_global(value: &Slot, ty: &GlobalType) -> bool {
    value
        .value()
        .is_none_or(|value| fits(value, ty.content_type))
}

/// Whether a value can be of a type, as far as a dump shows it.
fn fits(value: &Value, ty: ValType) -> bool {
    match (value, ty) {
        (Value::I32(_), ValType::I32)
        | (Value::I64(_), ValType::I64)
        | (Value::F32(_), ValType::F32)
        | (Value::F64(_), ValType::F64)
        | (Value::V128(_), ValType::V128) => true,
        (Value::Ref(Reference::Null(_)), ValType::Ref(ty)) => ty.is_nullable(),
        (Value::Ref(_), ValType::Ref(_)) => true,
        _ => false,
    }
}

/// A frame, for a message.
#[derive(Clone, Copy)]
struct Which<'a> {
    position: usize,
    thread: &'a str,
}

impl fmt::Display for Which<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Which { position, thread } = self;
        write!(f, "frame {position} of thread `{}`", Cut(thread))
    }
}

fn check_frame(frame: &Frame, what: Which<'_>, module: &Module, findings: &mut Findings) {
    if module
        .function(frame.func)
        .is_none_or(|function| function.body.is_none())
    {
        let message = format_args!(
            "{what} is of function {}, which its module does not define",
            frame.func
        );
        findings.error(rule::STACK, None, message);
        return;
    }
    if frame.codeoffset != 0 && body_offset(frame, module).is_none() {
        let message = format_args!(
            "{what}: the offset {:#x} is outside of function {}",
            frame.codeoffset, frame.func
        );
        findings.error(rule::STACK, None, message);
    }
    // An engine that knows no locals writes none.
    let Some(types) = module
        .locals(frame.func)
        .filter(|_| !frame.locals.is_empty())
    else {
        return;
    };
    if types.len() != frame.locals.len() {
        let message = format_args!(
            "{what} has {} locals, its function {}",
            frame.locals.len(),
            types.len()
        );
        findings.error(rule::STACK, None, message);
    }
    for (index, (slot, ty)) in frame.locals.iter().zip(types).enumerate() {
        if slot.value().is_some_and(|value| !fits(value, ty)) {
            let message = format_args!("{what}: local {index} is not of its type, {ty}");
            findings.error(rule::STACK, None, message);
        }
    }
}

/// The offset of a frame, if it is inside of its function. The standard counts from the body.
fn body_offset(frame: &Frame, module: &Module) -> Option<ModuleOffset> {
    module_offset(Base::Body, frame.codeoffset, frame.func, module)
        .filter(|_| frame.codeoffset != 0)
}

/// Of each function, the offsets at which frames are, each with the first such frame.
type Spots<'a> = BTreeMap<(ModuleId, FuncIndex), BTreeMap<ModuleOffset, Which<'a>>>;

/// Whether every frame is at an instruction. Each function is decoded once.
fn check_spots(spots: Spots<'_>, modules: &[Option<&Module>], findings: &mut Findings) {
    for ((id, func), mut spots) in spots {
        let Some(module) = modules.get(id.position()).copied().flatten() else {
            continue;
        };
        for (offset, _) in module.instructions(func).map_while(Result::ok) {
            spots.remove(&offset);
        }
        for (offset, what) in spots {
            let message = format_args!(
                "{what} is not at an instruction: in the middle of one, at module offset {offset}"
            );
            findings.error(rule::STACK, None, message);
        }
    }
}
