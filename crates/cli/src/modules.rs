//! The modules of a dump: those that the command line names, and those at the recorded paths, each
//! checked to be the right one.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;
use wdb_coredump::{CoreDump, ModuleId};
use wdb_debuggee::identity::{self, Match};
use wdb_module::{Binary, Module};

use crate::foreign;

/// How to find modules.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The module (or component) that the dump was taken of; repeat it for several
    ///
    /// Without it the module is looked for at the path that the dump records, beside the dump, and
    /// in the --symbols directories, and taken only if it is the right one.
    #[arg(long = "module", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Use the modules given with --module even if they are not those of the dump
    #[arg(long)]
    force: bool,
}

/// The module for each module of the dump, where one was found.
pub(crate) fn find(
    dump: &CoreDump,
    dump_path: &Path,
    arguments: &Arguments,
    symbols: &[PathBuf],
) -> anyhow::Result<Vec<Option<Arc<Module>>>> {
    // A dump without a list of modules is one of a single module.
    let count = dump.modules.len().max(1);
    let mut found: Vec<Option<Arc<Module>>> = vec![None; count];
    for path in &arguments.files {
        let binary = crate::open::binary(path)?;
        give(dump, &mut found, path, &binary, arguments.force)?;
    }
    let mut files = Files::default();
    for (id, slot) in (0..).map(ModuleId).zip(&mut found) {
        if slot.is_none() {
            *slot = search(dump, id, dump_path, symbols, &mut files);
        }
    }
    Ok(found)
}

/// Gives the modules of a file that the user named to the places of the dump where they belong.
fn give(
    dump: &CoreDump,
    found: &mut [Option<Arc<Module>>],
    path: &Path,
    binary: &Binary,
    force: bool,
) -> anyhow::Result<()> {
    let mut differences = Vec::new();
    let mut used = false;
    for module in binary.modules() {
        for (id, slot) in (0..).map(ModuleId).zip(found.iter_mut()) {
            if slot.is_some() {
                continue;
            }
            match identity::matches(dump, id, module) {
                Match::Same => {}
                Match::Unknown if plausible(dump, id, module, path) => {}
                Match::Unknown => continue,
                Match::Different(_) if force => {}
                Match::Different(why) => {
                    differences.push((id, why));
                    continue;
                }
            }
            *slot = Some(module.clone());
            used = true;
            break;
        }
    }
    if used {
        return Ok(());
    }
    let Some((id, why)) = differences.into_iter().next() else {
        bail!(
            "{} is not needed: the dump's modules are all found already",
            path.display()
        );
    };
    let name = dump
        .modules
        .get(id.position())
        .map_or("", |module| module.name.as_str());
    bail!(
        "{} is not the module that the dump was taken of{}: {why}. Give the right one with --module, or insist on this one with --force",
        path.display(),
        match name {
            "" => String::new(),
            name => format!(" (`{}`)", wdb_symbols::printable(name)),
        }
    )
}

/// Whether a module may be the one of a dump that records no identity: the only one, or the one of
/// that name.
fn plausible(dump: &CoreDump, id: ModuleId, module: &Module, path: &Path) -> bool {
    if dump.modules.len() <= 1 {
        return true;
    }
    let recorded = &dump.modules[id.position()].name;
    // wasmtime calls a module that has no name `<anonymous-module-2>`.
    recorded.starts_with("<anonymous-module")
        || module.name() == Some(recorded)
        || path
            .file_stem()
            .is_some_and(|stem| stem.to_string_lossy() == *recorded)
        || path
            .file_name()
            .is_some_and(|name| name.to_string_lossy() == *recorded)
}

/// The files that were opened in search of modules: a dump may name one of them a million times.
#[derive(Default)]
struct Files(HashMap<PathBuf, Vec<Arc<Module>>>);

impl Files {
    /// The modules of a file, none where it cannot be used.
    fn modules(&mut self, path: &Path) -> &[Arc<Module>] {
        // By any path to it.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        self.0.entry(path).or_insert_with_key(|path| {
            let binary = path.is_file().then(|| crate::open::binary(path).ok());
            let modules = |binary: Binary| binary.modules().to_vec();
            binary.flatten().map_or(Vec::new(), modules)
        })
    }
}

/// Looks where a module usually is, and takes only one that certainly is the right one.
fn search(
    dump: &CoreDump,
    id: ModuleId,
    dump_path: &Path,
    symbols: &[PathBuf],
    files: &mut Files,
) -> Option<Arc<Module>> {
    let record = dump.modules.get(id.position())?;
    if record.sha256.is_none() && record.build_id.is_none() {
        return None;
    }
    let recorded = record.path.as_deref().and_then(foreign::path);
    let beside = recorded
        .as_ref()
        .and_then(|path| Some(dump_path.parent()?.join(path.file_name()?)));
    let in_symbols = symbols.iter().flat_map(|directory| {
        let by_path = recorded.as_ref().and_then(|path| path.file_name());
        // The name may be a path, and the directory is the user's.
        let by_name = Path::new(&record.name).file_name();
        by_path
            .into_iter()
            .chain(by_name)
            .map(|name| directory.join(name))
    });
    recorded
        .clone()
        .into_iter()
        .chain(beside)
        .chain(in_symbols.collect::<Vec<_>>())
        .find_map(|path| {
            let same = |module: &&Arc<Module>| identity::matches(dump, id, module) == Match::Same;
            files.modules(&path).iter().find(same).cloned()
        })
}
