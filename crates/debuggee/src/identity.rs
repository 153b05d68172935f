//! Whether an available module is the one that a dump was taken of.

use wdb_coredump::{CoreDump, Frame, ModuleId};
use wdb_module::Module;

/// What a comparison of a dump with a module says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// Its hash or its build id is the recorded one.
    Same,
    /// It is another one, and how that shows: a clause that follows "this is another module: ".
    Different(String),
    /// The dump records no identity, and no frame speaks against it.
    Unknown,
}

/// Compares the module `id` of `dump` with a module: by SHA-256 and build id where the dump records
/// them, else by whether the frames can be frames of it at all.
///
/// A module with the recorded build id and another hash is the same one, stripped or with debug
/// information added: its functions are as they were, and a dump counts from their start.
pub fn matches(dump: &CoreDump, id: ModuleId, module: &Module) -> Match {
    let record = dump.modules.get(id.position());
    let hash = record.and_then(|record| record.sha256.as_ref());
    let build_id = record.and_then(|record| record.build_id.as_deref());
    match (build_id, module.build_id()) {
        (Some(recorded), Some(actual)) if recorded == actual => return Match::Same,
        (Some(recorded), Some(actual)) => {
            return Match::Different(format!(
                "the dump's has build id {}, this one {}",
                hex(recorded),
                hex(actual)
            ));
        }
        _ => {}
    }
    if let Some(recorded) = hash {
        let actual = module.sha256();
        return if actual == *recorded {
            Match::Same
        } else {
            Match::Different(format!(
                "the dump's has SHA-256 {}, this one {}",
                hex(recorded),
                hex(&actual)
            ))
        };
    }
    misfit(dump, id, module).map_or(Match::Unknown, Match::Different)
}

/// What shows that a frame of the module `id` cannot be one of `module`.
fn misfit(dump: &CoreDump, id: ModuleId, module: &Module) -> Option<String> {
    let imports = module.imported_function_count();
    let functions = module.function_count();
    let frames = dump.threads.iter().flat_map(|thread| &thread.frames);
    let frames = frames.filter(|frame| frame.func != Frame::NO_FUNCTION);
    let mut highest = 0;
    for frame in frames {
        let instance = dump.instances.get(frame.instance.position());
        if instance.is_some_and(|instance| instance.module != id) {
            continue;
        }
        if frame.func.0 < imports {
            return Some(format!(
                "the dump has a frame of function {}, which this one imports",
                frame.func
            ));
        }
        highest = highest.max(frame.func.0);
    }
    (highest >= functions).then(|| {
        format!("the dump has a frame of function {highest}, this one has {functions} functions")
    })
}

/// Lower case hexadecimal digits: how hashes and build ids are shown.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
