//! From a program to something that can start: its imports found, its entry checked, compiled.
//!
//! Everything that can fail before the guest's first instruction fails here; and what the sections of a binary say of
//! it fails before its code is compiled, which can take minutes.

use wasmtime::component::InstancePre;
use wasmtime::{Engine, Error, Extern, ExternType, Func, Instance, Linker, Module, Store, Val};
use wdb_coredump::Crash;
use wdb_module::Binary;

use crate::host::{self, Host};
use crate::program::{File, LaunchError, Program, UnknownImports};
use crate::stop::StopRequest;
use crate::{Tail, invoke, trap};

mod component;

/// A program, ready to start.
#[derive(Clone)]
pub(crate) enum Linked {
    Module {
        main: Module,
        /// Each with the name that imports from it have.
        preloads: Vec<(String, Module)>,
        /// What the host provides.
        linker: Linker<Host>,
        unknown_imports: UnknownImports,
        entry: Entry,
    },
    Component {
        pre: InstancePre<Host>,
        entry: component::Entry,
    },
}

/// What to call in a module that is instantiated: after its `_initialize`, if it has one.
#[derive(Clone)]
pub(crate) struct Entry {
    /// `None`: the module is run by instantiating it.
    export: Option<String>,
    arguments: Vec<Val>,
}

/// The export that initialises a module without being its entry (WASI's reactors).
const INITIALIZE: &str = "_initialize";

pub(crate) fn link(engine: &Engine, program: &Program) -> Result<Linked, LaunchError> {
    match program.main.binary.kind() {
        wdb_module::Kind::Module => link_module(engine, program),
        wdb_module::Kind::Component => component::link(engine, program),
    }
}

impl Linked {
    /// The modules of the program's files, in their order. A component has none: its modules are nested in it.
    pub(crate) fn modules(&self) -> Vec<&Module> {
        match self {
            Linked::Module { main, preloads, .. } => {
                let preloads = preloads.iter().map(|it| &it.1);
                std::iter::once(main).chain(preloads).collect()
            }
            Linked::Component { .. } => Vec::new(),
        }
    }

    /// Checks anew how `program` is to be called, whose arguments have changed.
    pub(crate) fn recall(&mut self, program: &Program) -> Result<(), LaunchError> {
        match self {
            Linked::Module { main, entry, .. } => *entry = find_entry(main, program)?,
            Linked::Component { pre, entry } => *entry = component::find_entry(pre, program)?,
        }
        Ok(())
    }
}

fn link_module(engine: &Engine, program: &Program) -> Result<Linked, LaunchError> {
    for preload in &program.preloads {
        let binary = &preload.file.binary;
        let command = || binary.modules().iter().any(|it| has_function(it, "_start"));
        if binary.kind() == wdb_module::Kind::Component || command() {
            return Err(LaunchError::Preload {
                name: preload.file.name.clone(),
                cause: "only modules that are libraries can be, and not components or commands"
                    .into(),
            });
        }
    }
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p0::add_to_linker_async(&mut linker, Host::preview1).map_err(host_error)?;
    wasmtime_wasi::p1::add_to_linker_async(&mut linker, Host::preview1).map_err(host_error)?;
    let outlines: Option<Vec<Module>> = program
        .files()
        .map(|file| Module::from_binary(engine, &file.binary.outline()?).ok())
        .collect();
    if let Some(outlines) = &outlines {
        check(engine, program, &linker, outlines)?;
    }
    let compiled: Vec<Module> = program
        .files()
        .map(|file| {
            let module = Module::from_binary(engine, file.binary.bytes());
            module.map_err(|error| invalid(file, &error))
        })
        .collect::<Result<_, _>>()?;
    if outlines.is_none() {
        check(engine, program, &linker, &compiled)?;
    }
    let mut compiled = compiled.into_iter();
    let main = compiled.next().ok_or_else(|| host_error("no module"))?;
    Ok(Linked::Module {
        entry: find_entry(&main, program)?,
        main,
        preloads: program
            .preloads
            .iter()
            .map(|it| it.import.clone())
            .zip(compiled)
            .collect(),
        linker,
        unknown_imports: program.unknown_imports,
    })
}

fn has_function(module: &wdb_module::Module, name: &str) -> bool {
    let mut exports = module.exports().iter();
    exports.any(|it| it.name == name && it.function().is_some())
}

fn host_error(error: impl std::fmt::Display) -> LaunchError {
    LaunchError::Host(format!("{error:#}"))
}

fn not_exported(name: &str) -> Error {
    Error::msg(format!("no function is exported as `{name}`"))
}

fn invalid(file: &File, error: &Error) -> LaunchError {
    LaunchError::Invalid {
        name: file.name.clone(),
        cause: format!("{error:#}"),
    }
}

/// Checks that the program can be entered and that all imports can be met. Of `modules`, which are in the order of the
/// program's files, only the types matter.
fn check(
    engine: &Engine,
    program: &Program,
    linker: &Linker<Host>,
    modules: &[Module],
) -> Result<(), LaunchError> {
    let Some((main, preloads)) = modules.split_first() else {
        return Ok(());
    };
    find_entry(main, program)?;
    let mut linker = linker.clone();
    // Nothing runs in it.
    let unlimited = Program {
        limits: crate::Limits::default(),
        ..program.clone()
    };
    let mut store = host::store(
        engine,
        &unlimited,
        &Tail::default(),
        &StopRequest::default(),
    )?;
    for (preload, module) in program.preloads.iter().zip(preloads) {
        check_imports(&linker, &mut store, &preload.file, module)?;
        check_initialize(module, &preload.file)?;
        for export in module.exports() {
            let Some(stand_in) = stand_in(&mut store, &export.ty()) else {
                return Ok(());
            };
            linker
                .define(&store, &preload.import, export.name(), stand_in)
                .map_err(|error| LaunchError::Preload {
                    name: preload.file.name.clone(),
                    cause: format!("{error:#}"),
                })?;
        }
    }
    let unmet = define_unknown(&mut linker, &mut store, main, program.unknown_imports);
    unmet.map_err(|error| LaunchError::WrongImport {
        name: program.main.name.clone(),
        cause: format!("{error:#}"),
    })?;
    check_imports(&linker, &mut store, &program.main, main)
}

/// Something of this type. `None`: there is none without a program that runs.
fn stand_in(store: &mut Store<Host>, ty: &ExternType) -> Option<Extern> {
    match ty {
        ExternType::Func(ty) => {
            let traps = |_: wasmtime::Caller<'_, Host>, _: &[Val], _: &mut [Val]| {
                Err(Error::msg("a stand-in was called"))
            };
            Some(Func::new(store, ty.clone(), traps).into())
        }
        other => other.default_value(store).ok(),
    }
}

fn define_unknown(
    linker: &mut Linker<Host>,
    store: &mut Store<Host>,
    main: &Module,
    unknown: UnknownImports,
) -> wasmtime::Result<()> {
    // In wasmtime's order: what traps has no default value any more.
    if unknown.trap {
        linker.define_unknown_imports_as_traps(main)?;
    }
    if unknown.default {
        linker.define_unknown_imports_as_default_values(store, main)?;
    }
    Ok(())
}

fn check_imports(
    linker: &Linker<Host>,
    store: &mut Store<Host>,
    file: &File,
    module: &Module,
) -> Result<(), LaunchError> {
    let Err(error) = linker.instantiate_pre(module) else {
        return Ok(());
    };
    // All that are missing: the engine names only the first.
    let missing: Vec<String> = module
        .imports()
        .filter(|import| {
            let known = linker.get(&mut *store, import.module(), import.name());
            known.is_err()
        })
        .map(|import| {
            let what = match import.ty() {
                ExternType::Func(_) => "a function",
                ExternType::Global(_) => "a global",
                ExternType::Table(_) => "a table",
                ExternType::Memory(memory) if memory.is_shared() => "a shared memory",
                ExternType::Memory(_) => "a memory",
                ExternType::Tag(_) => "a tag",
            };
            format!("`{}.{}` ({what})", import.module(), import.name())
        })
        .collect();
    Err(match missing.is_empty() {
        true => LaunchError::WrongImport {
            name: file.name.clone(),
            cause: format!("{error:#}"),
        },
        false => LaunchError::MissingImport {
            name: file.name.clone(),
            imports: missing,
        },
    })
}

fn check_initialize(module: &Module, file: &File) -> Result<(), LaunchError> {
    match module.get_export(INITIALIZE) {
        Some(ExternType::Func(ty)) if ty.params().len() + ty.results().len() > 0 => {
            Err(LaunchError::Arguments {
                export: invoke::signature(INITIALIZE, &ty),
                problem: format!(
                    "in {}: it is called before anything else, without arguments and results",
                    file.name
                ),
            })
        }
        _ => Ok(()),
    }
}

fn find_entry(module: &Module, program: &Program) -> Result<Entry, LaunchError> {
    check_initialize(module, &program.main)?;
    let (name, arguments) = match &program.invoke {
        Some((name, arguments)) => (name.as_str(), arguments.as_slice()),
        None => {
            // As wasmtime has it.
            let is_function =
                |name: &&str| matches!(module.get_export(name), Some(ExternType::Func(_)));
            match ["", "_start"].into_iter().find(is_function) {
                Some(name) => (name, [].as_slice()),
                None if starts_by_itself(&program.main.binary) => {
                    return Ok(Entry {
                        export: None,
                        arguments: Vec::new(),
                    });
                }
                None => {
                    return Err(LaunchError::NoStart {
                        name: program.main.name.clone(),
                        entry: "_start",
                        exports: functions(module),
                    });
                }
            }
        }
    };
    let Some(ExternType::Func(ty)) = module.get_export(name) else {
        return Err(LaunchError::NoExport {
            name: program.main.name.clone(),
            export: name.to_owned(),
            exports: functions(module),
        });
    };
    let arguments =
        invoke::arguments(&ty, arguments).map_err(|problem| LaunchError::Arguments {
            export: invoke::signature(name, &ty),
            problem,
        })?;
    Ok(Entry {
        export: Some(name.to_owned()),
        arguments,
    })
}

/// Whether a module has a start function (core specification, 5.5.11).
fn starts_by_itself(binary: &Binary) -> bool {
    let mut sections = binary.modules().iter().flat_map(|it| it.sections());
    sections.any(|it| it.kind() == "start")
}

fn functions(module: &Module) -> Vec<String> {
    module
        .exports()
        .filter_map(|export| match export.ty() {
            ExternType::Func(ty) => Some(format!("`{}`", invoke::signature(export.name(), &ty))),
            _ => None,
        })
        .collect()
}

/// How the program ended: `proc_exit` comes as an error.
pub(crate) fn end(outcome: wasmtime::Result<Ended>) -> Result<Ended, Crash> {
    outcome.or_else(|error| match trap::exit_code(&error) {
        Some(code) => Ok(Ended {
            code,
            results: Vec::new(),
        }),
        None => Err(trap::from_error(&error)),
    })
}

/// A program that came to its end by itself.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) results: Vec<String>,
}

/// Instantiates and calls.
pub(crate) async fn call(store: &mut Store<Host>, linked: &Linked) -> wasmtime::Result<Ended> {
    match linked {
        Linked::Module {
            main,
            preloads,
            linker,
            unknown_imports,
            entry,
        } => {
            let mut linker = linker.clone();
            for (name, module) in preloads {
                let instance = linker.instantiate_async(&mut *store, module).await?;
                initialize(store, instance, None).await?;
                linker.instance(&mut *store, name, instance)?;
            }
            define_unknown(&mut linker, store, main, *unknown_imports)?;
            let instance = linker.instantiate_async(&mut *store, main).await?;
            let name = entry.export.as_deref();
            initialize(store, instance, name).await?;
            let mut results = Vec::new();
            if let Some(name) = name {
                let Some(func) = instance.get_func(&mut *store, name) else {
                    return Err(not_exported(name));
                };
                results = vec![Val::I32(0); func.ty(&mut *store).results().len()];
                func.call_async(&mut *store, &entry.arguments, &mut results)
                    .await?;
            }
            Ok(Ended {
                code: 0,
                results: results.iter().map(invoke::result).collect(),
            })
        }
        Linked::Component { pre, entry } => component::call(store, pre, entry).await,
    }
}

/// Calls `_initialize`, unless it is what is to be called anyway.
async fn initialize(
    store: &mut Store<Host>,
    instance: Instance,
    entry: Option<&str>,
) -> wasmtime::Result<()> {
    if entry == Some(INITIALIZE) {
        return Ok(());
    }
    match instance.get_func(&mut *store, INITIALIZE) {
        Some(func) => func.call_async(store, &[], &mut []).await,
        None => Ok(()),
    }
}
