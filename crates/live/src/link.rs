//! From a program to something that can start: compiled, its imports found, its entry checked.
//!
//! Everything that can fail before the guest's first instruction fails here.

use wasmtime::component::{Component, Linker as ComponentLinker};
use wasmtime::{Engine, Error, ExternType, InstancePre, Linker, Module, Store, Val};
use wasmtime_wasi::p2::bindings::CommandPre;
use wdb_coredump::Crash;

use crate::host::{self, Host};
use crate::program::{LaunchError, Program};
use crate::stop::StopRequest;
use crate::{Tail, invoke, trap};

/// A program, ready to start.
pub(crate) enum Linked {
    Module {
        module: Module,
        pre: InstancePre<Host>,
        entry: Entry,
    },
    Component {
        component: Component,
        command: CommandPre<Host>,
    },
}

/// What to call in a module.
pub(crate) enum Entry {
    /// `_start`, of a WASI command.
    Start,
    /// An export with its arguments; `_initialize` first where there is one (WASI reactors).
    Export { name: String, arguments: Vec<Val> },
}

pub(crate) fn link(engine: &Engine, program: &Program) -> Result<Linked, LaunchError> {
    let bytes = program.binary.bytes();
    let invalid = |error: wasmtime::Error| LaunchError::Invalid {
        name: program.name.clone(),
        cause: format!("{error:#}"),
    };
    match program.binary.kind() {
        wdb_module::Kind::Module => {
            let module = Module::from_binary(engine, bytes).map_err(invalid)?;
            let entry = entry(&module, program)?;
            let mut linker = Linker::new(engine);
            wasmtime_wasi::p1::add_to_linker_async(&mut linker, Host::preview1)
                .map_err(|error| LaunchError::Host(format!("{error:#}")))?;
            let pre = linker.instantiate_pre(&module).map_err(|error| {
                missing_imports(&linker, engine, program, &module).unwrap_or_else(|| invalid(error))
            })?;
            Ok(Linked::Module { module, pre, entry })
        }
        wdb_module::Kind::Component => {
            if let Some((export, _)) = &program.invoke {
                return Err(LaunchError::Arguments {
                    export: export.clone(),
                    problem: "--invoke works on modules; a component is run by its `wasi:cli/run`"
                        .into(),
                });
            }
            let component = Component::from_binary(engine, bytes).map_err(invalid)?;
            let mut linker = ComponentLinker::new(engine);
            wasmtime_wasi::p2::add_to_linker_async(&mut linker)
                .map_err(|error| LaunchError::Host(format!("{error:#}")))?;
            let pre =
                linker
                    .instantiate_pre(&component)
                    .map_err(|error| LaunchError::MissingImport {
                        name: program.name.clone(),
                        imports: vec![format!("{error:#}")],
                    })?;
            let command = CommandPre::new(pre).map_err(|_| LaunchError::NoStart {
                name: program.name.clone(),
                exports: component
                    .component_type()
                    .exports(engine)
                    .map(|(name, _)| name.to_owned())
                    .collect(),
            })?;
            Ok(Linked::Component { component, command })
        }
    }
}

fn entry(module: &Module, program: &Program) -> Result<Entry, LaunchError> {
    let Some((name, arguments)) = &program.invoke else {
        return match module.get_export("_start") {
            Some(ExternType::Func(_)) => Ok(Entry::Start),
            _ => Err(LaunchError::NoStart {
                name: program.name.clone(),
                exports: functions(module),
            }),
        };
    };
    let Some(ExternType::Func(ty)) = module.get_export(name) else {
        return Err(LaunchError::NoExport {
            name: program.name.clone(),
            export: name.clone(),
            exports: functions(module),
        });
    };
    let arguments =
        invoke::arguments(&ty, arguments).map_err(|problem| LaunchError::Arguments {
            export: invoke::signature(name, &ty),
            problem,
        })?;
    Ok(Entry::Export {
        name: name.clone(),
        arguments,
    })
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

/// The imports that the linker does not have, all of them: the engine names only the first.
fn missing_imports(
    linker: &Linker<Host>,
    engine: &Engine,
    program: &Program,
    module: &Module,
) -> Option<LaunchError> {
    let mut store = host::store(engine, program, &Tail::default(), &StopRequest::default()).ok()?;
    let imports: Vec<String> = module
        .imports()
        .filter(|import| {
            linker
                .get(&mut store, import.module(), import.name())
                .is_err()
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
    (!imports.is_empty()).then(|| LaunchError::MissingImport {
        name: program.name.clone(),
        imports,
    })
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
        Linked::Module { pre, entry, .. } => {
            let instance = pre.instantiate_async(&mut *store).await?;
            let (name, arguments): (&str, &[Val]) = match entry {
                Entry::Start => ("_start", &[]),
                Entry::Export { name, arguments } => {
                    if let Some(initialize) = instance.get_func(&mut *store, "_initialize")
                        && name != "_initialize"
                    {
                        initialize.call_async(&mut *store, &[], &mut []).await?;
                    }
                    (name, arguments)
                }
            };
            let Some(func) = instance.get_func(&mut *store, name) else {
                return Err(Error::msg(format!(
                    "there is no exported function `{name}`"
                )));
            };
            let count = func.ty(&mut *store).results().len();
            let mut results = vec![Val::I32(0); count];
            func.call_async(&mut *store, arguments, &mut results)
                .await?;
            Ok(Ended {
                code: 0,
                results: results.iter().map(crate::invoke::result).collect(),
            })
        }
        Linked::Component { command, .. } => {
            let instance = command.instantiate_async(&mut *store).await?;
            let outcome = instance.wasi_cli_run().call_run(&mut *store).await?;
            Ok(Ended {
                code: i32::from(outcome.is_err()),
                results: Vec::new(),
            })
        }
    }
}
