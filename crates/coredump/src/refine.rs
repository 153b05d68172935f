//! What a dump means once its modules are available.

use wdb_module::{CodeOffset, Module, ValType};

use crate::base;
use crate::{Base, CoreDump, Dialect, Frame, Inference, Missing, Note, Reading, Slot, Value};

/// Completes a reading with what only the modules can tell: one for each in
/// [`crate::CoreDump::modules`], `None` where it is not available.
///
/// * What the offsets count from, as [`crate::find_base`] finds it. Offsets that the dialect counts
///   a few bytes short are corrected.
/// * The function of a frame that names none (drafts), from its offset.
/// * The order of the frames, where it was not yet said (before 2023-04) and the calls show that
///   the outermost comes first.
/// * The true types of values of which only the low 32 bits were written (old WasmEdge).
///
/// Each change comes with a note. A dump that follows the standard stays as it is.
pub fn refine(reading: &mut Reading, modules: &[Option<&Module>]) {
    let named = name_functions(reading, modules);
    turn_round(reading, modules);
    let (reckoning, note) = base::find(reading, modules);
    reading.base = reckoning.base;
    reading.notes.extend(note);
    for (module, frame) in frames(&mut reading.dump, modules) {
        if reckoning.short
            && let Some(short) = base::size_field(frame.func, module)
        {
            frame.codeoffset = frame.codeoffset.saturating_add(short);
        }
        retype(frame, module);
    }
    if named > 0 {
        reading.notes.push(Note {
            message: format!("{named} frames name no function; took it from their offsets"),
            offset: None,
        });
    }
}

/// Puts the innermost frame first, if the calls fit better that way round.
fn turn_round(reading: &mut Reading, modules: &[Option<&Module>]) {
    if !matches!(
        reading.dialect,
        Dialect::Standard | Dialect::Early | Dialect::Draft
    ) {
        return;
    }
    let reverse = |reading: &mut Reading| {
        for thread in &mut reading.dump.threads {
            thread.frames.reverse();
        }
    };
    let upright = base::fit(reading, modules);
    reverse(reading);
    if base::fit(reading, modules) > upright {
        reading.notes.push(Note {
            message: "the frames are outermost first, as the calls show; turned them round"
                .to_owned(),
            offset: None,
        });
    } else {
        reverse(reading);
    }
}

/// The frames whose modules are available.
fn frames<'a>(
    dump: &'a mut CoreDump,
    modules: &'a [Option<&'a Module>],
) -> impl Iterator<Item = (&'a Module, &'a mut Frame)> {
    let instances = &dump.instances;
    let frames = dump
        .threads
        .iter_mut()
        .flat_map(|thread| &mut thread.frames);
    frames.filter_map(|frame| {
        let id = instances.get(frame.instance.position())?.module;
        Some(((*modules.get(id.position())?)?, frame))
    })
}

/// Gives the frames of drafts, which count from the code section, their functions.
fn name_functions(reading: &mut Reading, modules: &[Option<&Module>]) -> u32 {
    let mut named = 0;
    if reading.base != Base::CodeSection {
        return named;
    }
    for (module, frame) in frames(&mut reading.dump, modules) {
        if frame.func == Frame::NO_FUNCTION
            && let Some(offset) = module.from_code(CodeOffset(frame.codeoffset.into()))
            && let Some(func) = module.function_at(offset)
        {
            frame.func = func;
            named += 1;
        }
    }
    named
}

/// Gives values of which only the low 32 bits are there the types of their locals.
fn retype(frame: &mut Frame, module: &Module) {
    let low = |slot: &Slot| matches!(slot, Slot::Inferred(Value::I32(_), Inference::Low32Bits));
    if !frame.locals.iter().any(low) {
        return;
    }
    let Some(types) = module.locals(frame.func) else {
        return;
    };
    for (slot, ty) in frame.locals.iter_mut().zip(types) {
        if let Slot::Inferred(Value::I32(bits), Inference::Low32Bits) = *slot {
            *slot = match ty {
                ValType::I32 => Slot::Known(Value::I32(bits)),
                ValType::F32 => Slot::Known(Value::F32(bits.cast_unsigned())),
                // Small numbers are the most frequent ones, negative ones among them.
                ValType::I64 => Slot::Inferred(Value::I64(bits.into()), Inference::Low32Bits),
                // The low half of a double says next to nothing, and of a reference nothing.
                ValType::F64 | ValType::V128 | ValType::Ref(_) => {
                    Slot::Missing(Missing::NotRecorded)
                }
            };
        }
    }
}
