//! What modules import: whether it can be met, which the types alone say before anything is compiled, and what there is
//! in place of what nothing provides.

use std::collections::{HashMap, HashSet};

use wasmtime::{Engine, Error, Extern, ExternType, Func, ImportType, Linker, Module, Store, Val};
use wdb_debuggee::launch::{
    Advice, File, Invocation, LaunchError, Limits, Preload, Program, UnknownImports,
};

use super::Host;
use crate::engine::Mode;
use crate::host;
use crate::stop::StopRequest;

/// What modules can import: what the host has, and what is preloaded. Nothing of it runs.
pub(super) struct Provided<'a> {
    linker: &'a Linker<Host>,
    store: Store<Host>,
    /// The exports of the preloaded modules, by the module's name and their own.
    preloaded: HashMap<(String, String), ExternType>,
}

impl Provided<'_> {
    pub(super) fn new<'a>(
        engine: &Engine,
        program: &Program,
        linker: &'a Linker<Host>,
    ) -> Result<Provided<'a>, LaunchError> {
        let unlimited = Program {
            limits: Limits::default(),
            ..program.clone()
        };
        let (nothing, request) = (Invocation::default(), StopRequest::default());
        Ok(Provided {
            linker,
            store: host::store(engine, &unlimited, &nothing, Mode::Debug, &request)?,
            preloaded: HashMap::new(),
        })
    }

    /// From now on there are also the exports of `module`.
    pub(super) fn add(&mut self, preload: &Preload, module: &Module) -> Result<(), LaunchError> {
        for export in module.exports() {
            let (module, name) = (preload.import.clone(), export.name().to_owned());
            let of_host = self.linker.get(&mut self.store, &module, &name).is_ok();
            let twice = format!("`{module}.{name}` would be there twice");
            let before = self.preloaded.insert((module, name), export.ty());
            if of_host || before.is_some() {
                return Err(LaunchError::Preload {
                    name: preload.file.name.clone(),
                    cause: twice,
                });
            }
        }
        Ok(())
    }

    /// Checks that all imports of `module` can be met, or that there is something in their place.
    pub(super) fn check(
        &mut self,
        file: &File,
        module: &Module,
        unknown: UnknownImports,
    ) -> Result<(), LaunchError> {
        let mut linker = self.linker.clone();
        // The same thing may be imported more than once.
        linker.allow_shadowing(true);
        let mut untyped = HashSet::new();
        for import in module.imports() {
            let key = (import.module().to_owned(), import.name().to_owned());
            let Some(ty) = self.preloaded.get(&key) else {
                continue;
            };
            match stand_in(&mut self.store, ty, &import.ty()) {
                Some(stand_in) => {
                    let defined =
                        linker.define(&self.store, import.module(), import.name(), stand_in);
                    defined.map_err(|error| wrong(&file.name, &error))?;
                }
                None => _ = untyped.insert(key),
            }
        }
        let is_untyped = |import: &ImportType<'_>| {
            untyped.contains(&(import.module().to_owned(), import.name().to_owned()))
        };
        define_unknown(&mut linker, &mut self.store, module, unknown, is_untyped)
            .map_err(|undefined| undefined.told(file))?;
        let missing: Vec<ImportType<'_>> = module
            .imports()
            .filter(|import| {
                let known = linker.get(&mut self.store, import.module(), import.name());
                known.is_err() && !is_untyped(import)
            })
            .collect();
        if !missing.is_empty() {
            let is_function = |it: &ImportType<'_>| matches!(it.ty(), ExternType::Func(_));
            return Err(LaunchError::MissingImport {
                name: file.name.clone(),
                imports: missing.iter().map(described).collect(),
                advice: Some(if missing.iter().all(is_function) {
                    Advice::PreloadOrTrap
                } else {
                    Advice::Preload
                }),
            });
        }
        // What has no stand-in is checked when the instances are there, and what is imported with it too.
        if untyped.is_empty() {
            let linked = linker.instantiate_pre(module);
            linked.map_err(|error| wrong(&file.name, &error))?;
        }
        Ok(())
    }
}

/// Something of the type `export`, for an import of the type `import`. `None`: there is none without a program
/// that runs.
fn stand_in(store: &mut Store<Host>, export: &ExternType, import: &ExternType) -> Option<Extern> {
    match (export, import) {
        (ExternType::Func(ty), _) => {
            let traps = |_: wasmtime::Caller<'_, Host>, _: &[Val], _: &mut [Val]| {
                Err(Error::msg("a stand-in was called"))
            };
            Some(Func::new(store, ty.clone(), traps).into())
        }
        // It may have grown when it is imported.
        (ExternType::Memory(ty), ExternType::Memory(wanted))
            if may_become(ty.minimum(), ty.maximum(), wanted.minimum()) =>
        {
            None
        }
        (ExternType::Table(ty), ExternType::Table(wanted))
            if may_become(ty.minimum(), ty.maximum(), wanted.minimum()) =>
        {
            None
        }
        (other, _) => other.default_value(store).ok(),
    }
}

/// Whether what is too small can grow to the size that is wanted.
fn may_become(least: u64, most: Option<u64>, wanted: u64) -> bool {
    least < wanted && most.is_none_or(|most| most >= wanted)
}

/// Nothing can be put in the place of what nothing provides.
pub(super) struct Undefined {
    /// Its module and its name, if it is one import.
    import: Option<(String, String)>,
    pub(super) error: Error,
}

impl Undefined {
    fn told(&self, file: &File) -> LaunchError {
        let Some((module, name)) = &self.import else {
            return wrong(&file.name, &self.error);
        };
        let ty = file.binary.modules().iter().find_map(|candidate| {
            let mut imports = candidate.imports().iter();
            let import = imports.find(|import| *import.module == **module && import.name == *name);
            Some(format!(
                ", which is {}",
                candidate.spelled_import(import?.ty)
            ))
        });
        let (ty, error) = (ty.unwrap_or_default(), &self.error);
        LaunchError::WrongImport {
            name: file.name.clone(),
            cause: format!("there is no default value for `{module}.{name}`{ty}: {error:#}"),
            advice: Some(Advice::Preload),
        }
    }
}

/// Puts what the user wants in the place of the imports of `module` that neither `linker` has nor anybody else.
pub(super) fn define_unknown(
    linker: &mut Linker<Host>,
    store: &mut Store<Host>,
    module: &Module,
    wanted: UnknownImports,
    is_known: impl Fn(&ImportType<'_>) -> bool,
) -> Result<(), Undefined> {
    // In wasmtime's order: what traps has no default value any more.
    if wanted.trap {
        let traps = linker.define_unknown_imports_as_traps(module);
        traps.map_err(|error| Undefined {
            import: None,
            error,
        })?;
    }
    if !wanted.default {
        return Ok(());
    }
    for import in module.imports() {
        let (module, name) = (import.module(), import.name());
        if is_known(&import) || linker.get(&mut *store, module, name).is_ok() {
            continue;
        }
        let default = import.ty().default_value(&mut *store);
        default
            .and_then(|value| linker.define(&*store, module, name, value).map(|_| ()))
            .map_err(|error| Undefined {
                import: Some((module.to_owned(), name.to_owned())),
                error,
            })?;
    }
    Ok(())
}

/// An import, as text.
fn described(import: &ImportType<'_>) -> String {
    let what = match import.ty() {
        ExternType::Func(_) => "a function",
        ExternType::Global(_) => "a global",
        ExternType::Table(_) => "a table",
        ExternType::Memory(memory) if memory.is_shared() => "a shared memory",
        ExternType::Memory(_) => "a memory",
        ExternType::Tag(_) => "a tag",
    };
    format!("`{}.{}` ({what})", import.module(), import.name())
}

/// The engine's error as that of linking the file.
pub(super) fn wrong(file: &str, error: &Error) -> LaunchError {
    let cause = format!("{error:#}");
    let is_there = cause.contains("incompatible import type");
    LaunchError::WrongImport {
        name: file.to_owned(),
        advice: (!is_there).then_some(Advice::Preload),
        cause,
    }
}
