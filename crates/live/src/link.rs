//! From a program to something that can start: its imports found, its entry checked, compiled.
//!
//! Everything that can fail before the guest's first instruction fails here; and what the sections of a binary say of
//! it fails before its code is compiled, which can take minutes.

use wasmtime::component::InstancePre;
use wasmtime::{Engine, Error, ExternType, ImportType, Instance, Linker, Module, Store, Val};
use wdb_debuggee::StopReason;
use wdb_debuggee::launch::{File, LaunchError, Program, UnknownImports};
use wdb_module::Binary;

use crate::host::Host;
use crate::{invoke, trap};

mod component;
mod imports;

/// A program, ready to start.
#[derive(Clone)]
pub(crate) enum Linked {
    Module {
        main: Module,
        /// Its file's name, for messages.
        name: String,
        preloads: Vec<Preloaded>,
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

/// A module that is instantiated before the program.
#[derive(Clone)]
pub(crate) struct Preloaded {
    /// The name that imports from it have.
    import: String,
    /// Its file's name, for messages.
    name: String,
    module: Module,
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

/// Links a program that is called with `arguments` first.
pub(crate) fn link(
    engine: &Engine,
    program: &Program,
    arguments: &[String],
) -> Result<Linked, LaunchError> {
    match program.main.binary.kind() {
        wdb_module::Kind::Module => link_module(engine, program, arguments),
        wdb_module::Kind::Component => component::link(engine, program, arguments),
    }
}

impl Linked {
    /// The modules of the program's files, in their order. A component has none: its modules are nested in it.
    pub(crate) fn modules(&self) -> Vec<&Module> {
        match self {
            Linked::Module { main, preloads, .. } => {
                let preloads = preloads.iter().map(|it| &it.module);
                std::iter::once(main).chain(preloads).collect()
            }
            Linked::Component { .. } => Vec::new(),
        }
    }

    /// Calls `program` with these arguments, which it must take.
    pub(crate) fn recall(
        &mut self,
        program: &Program,
        arguments: &[String],
    ) -> Result<(), LaunchError> {
        match self {
            Linked::Module { main, entry, .. } => *entry = find_entry(main, program, arguments)?,
            Linked::Component { pre, entry } => {
                *entry = component::find_entry(pre, program, arguments)?;
            }
        }
        Ok(())
    }
}

fn link_module(
    engine: &Engine,
    program: &Program,
    arguments: &[String],
) -> Result<Linked, LaunchError> {
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
    let compile = |file: &File| {
        let module = Module::from_binary(engine, file.binary.bytes());
        module.map_err(|error| invalid(file, &error))
    };
    // Some have no outline: those are compiled before anything is checked.
    let outline = |file: &File| Module::from_binary(engine, &file.binary.outline()?).ok();
    let outlines: Vec<Option<Module>> = program.files().map(outline).collect();
    let typed = program
        .files()
        .zip(&outlines)
        .map(|(file, outline)| outline.clone().map_or_else(|| compile(file), Ok))
        .collect::<Result<Vec<Module>, _>>()?;
    check(engine, program, arguments, &linker, &typed)?;
    let mut compiled = program
        .files()
        .zip(&outlines)
        .zip(typed)
        .map(|((file, outline), typed)| match outline {
            Some(_) => compile(file),
            None => Ok(typed),
        })
        .collect::<Result<Vec<Module>, _>>()?
        .into_iter();
    let main = compiled.next().ok_or_else(|| host_error("no module"))?;
    let preloads = program.preloads.iter().zip(compiled);
    Ok(Linked::Module {
        entry: find_entry(&main, program, arguments)?,
        main,
        name: program.main.name.clone(),
        preloads: preloads
            .map(|(preload, module)| Preloaded {
                import: preload.import.clone(),
                name: preload.file.name.clone(),
                module,
            })
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
        engine: "wasmtime",
        cause: format!("{error:#}"),
    }
}

/// Checks that the program can be entered and that all imports can be met. Of `modules`, which are in the order of the
/// program's files, only the types matter.
fn check(
    engine: &Engine,
    program: &Program,
    arguments: &[String],
    linker: &Linker<Host>,
    modules: &[Module],
) -> Result<(), LaunchError> {
    let Some((main, preloads)) = modules.split_first() else {
        return Ok(());
    };
    find_entry(main, program, arguments)?;
    let mut provided = imports::Provided::new(engine, program, linker)?;
    for (preload, module) in program.preloads.iter().zip(preloads) {
        provided.check(&preload.file, module, UnknownImports::default())?;
        check_initialize(module, &preload.file)?;
        provided.add(preload, module)?;
    }
    provided.check(&program.main, main, program.unknown_imports)
}

fn check_initialize(module: &Module, file: &File) -> Result<(), LaunchError> {
    match module.get_export(INITIALIZE) {
        Some(ExternType::Func(ty)) if ty.params().len() + ty.results().len() > 0 => {
            Err(LaunchError::Arguments {
                export: signature(file, INITIALIZE),
                problem: format!(
                    "in {}: it is called before anything else, without arguments and results",
                    file.name
                ),
            })
        }
        _ => Ok(()),
    }
}

fn find_entry(
    module: &Module,
    program: &Program,
    arguments: &[String],
) -> Result<Entry, LaunchError> {
    check_initialize(module, &program.main)?;
    let (name, arguments) = match &program.invoke {
        Some(name) => (name.as_str(), arguments),
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
                        exports: functions(&program.main),
                    });
                }
            }
        }
    };
    let Some(ExternType::Func(ty)) = module.get_export(name) else {
        return Err(LaunchError::NoExport {
            name: program.main.name.clone(),
            export: name.to_owned(),
            exports: functions(&program.main),
        });
    };
    let arguments =
        invoke::arguments(&ty, arguments).map_err(|problem| LaunchError::Arguments {
            export: signature(&program.main, name),
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

fn functions(file: &File) -> Vec<String> {
    signatures(file)
        .map(|(_, signature)| format!("`{signature}`"))
        .collect()
}

/// An exported function with its type: `add(i32, i64) -> f32`.
fn signature(file: &File, name: &str) -> String {
    let known = signatures(file).find(|it| it.0 == name);
    known.map_or_else(|| name.to_owned(), |it| it.1)
}

/// The exported functions, by name.
fn signatures(file: &File) -> impl Iterator<Item = (&str, String)> {
    file.binary.modules().iter().flat_map(|module| {
        module.exports().iter().filter_map(|export| {
            let ty = module.function_type(export.function()?)?;
            Some((&*export.name, invoke::signature(&export.name, module, ty)))
        })
    })
}

/// How an error has ended the program: that of `proc_exit` is no crash.
pub(crate) fn end(error: &Error) -> StopReason {
    match trap::exit_code(error) {
        Some(code) => StopReason::Exited(code),
        None => StopReason::Crash(trap::from_error(error)),
    }
}

/// A program that came to its end by itself.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) results: Vec<String>,
}

/// Why a program has not come to its end by itself.
pub(crate) enum Failure {
    /// It could not be linked. That is checked before, except what only instances tell.
    Unlinked(LaunchError),
    /// An error of its own or of its host.
    Stopped(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Stopped(error)
    }
}

/// Instantiates and calls.
pub(crate) async fn call(store: &mut Store<Host>, linked: &Linked) -> Result<Ended, Failure> {
    match linked {
        Linked::Module {
            main,
            name: file,
            preloads,
            linker,
            unknown_imports,
            entry,
        } => {
            let mut linker = linker.clone();
            let unlinked = |name: &str, error| Failure::Unlinked(imports::wrong(name, &error));
            for Preloaded {
                import,
                name,
                module,
            } in preloads
            {
                let pre = linker.instantiate_pre(module);
                let pre = pre.map_err(|error| unlinked(name, error))?;
                let instance = pre.instantiate_async(&mut *store).await?;
                initialize(store, instance, None).await?;
                let defined = linker.instance(&mut *store, import, instance);
                defined.map_err(|error| unlinked(name, error))?;
            }
            let nothing_else = |_: &ImportType<'_>| false;
            imports::define_unknown(&mut linker, store, main, *unknown_imports, nothing_else)
                // Was possible without the limits of the program.
                .map_err(|undefined| undefined.error)?;
            let pre = linker.instantiate_pre(main);
            let pre = pre.map_err(|error| unlinked(file, error))?;
            let instance = pre.instantiate_async(&mut *store).await?;
            let name = entry.export.as_deref();
            initialize(store, instance, name).await?;
            let mut results = Vec::new();
            if let Some(name) = name {
                let Some(func) = instance.get_func(&mut *store, name) else {
                    return Err(not_exported(name).into());
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
        Linked::Component { pre, entry } => Ok(component::call(store, pre, entry).await?),
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
