//! What is worked out of the C stack where a dump has no locals, compared with the locals of a dump that has them.

use std::fs;
use std::path::Path;

use libtest_mimic::Failed;
use wdb_coredump::{Inference, Missing, Slot};
use wdb_debuggee::{Debuggee as _, PostMortem};
use wdb_module::Binary;

/// Takes the locals out of the dump `core` of `module` and has them worked out again. How many there were; any that
/// is wrong is an error.
pub(super) fn compare(core: &Path, module: &Path) -> Result<usize, Failed> {
    let binary = Binary::parse(fs::read(module)?.into())?;
    let [module] = binary.modules() else {
        // Components have several, and dumps do not say which is which by position.
        return Ok(0);
    };
    let mut reading = wdb_coredump::read(fs::read(core)?.into())?;
    let recorded = reading.dump.threads.clone();
    for frame in reading
        .dump
        .threads
        .iter_mut()
        .flat_map(|it| &mut it.frames)
    {
        frame.locals.fill(Slot::Missing(Missing::NotRecorded));
        frame.stack.clear();
    }
    let modules = vec![Some(module.clone()); reading.dump.modules.len()];
    let threads = PostMortem::new(reading, modules).threads()?;
    let mut found = 0;
    for (thread, recorded) in threads.iter().zip(&recorded) {
        for (frame, recorded) in thread.frames.iter().zip(&recorded.frames) {
            for (local, recorded) in frame.locals.iter().zip(&recorded.locals) {
                let Slot::Inferred(value, Inference::CStack) = local else {
                    continue;
                };
                found += 1;
                if *recorded != Slot::Known(value.clone()) {
                    let name = module.function_name(frame.func).unwrap_or_default();
                    return Err(format!("in {name}: {value:?} is {recorded:?}").into());
                }
            }
        }
    }
    Ok(found)
}
