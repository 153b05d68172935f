//! Components: what they import, and what to call in one: its `wasi:cli/run`, or an export by name with arguments in
//! WAVE, the text form of a component's values.

use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::wasm_wave::untyped::UntypedFuncCall;
use wasmtime::component::{Component, InstancePre, Linker, Type, Val, wasm_wave};
use wasmtime::{Engine, Error, Store};
use wasmtime_wasi::p2::bindings::CommandPre;
use wdb_debuggee::launch::{Advice, LaunchError, Program, UnknownImports};

use super::{Ended, Linked, host_error, invalid, not_exported};
use crate::host::Host;
use crate::invoke;

mod wit;

/// What to call in a component.
#[derive(Clone)]
pub(crate) enum Entry {
    /// `wasi:cli/run`.
    Run,
    /// A function that it exports.
    Export {
        /// The instance that has it.
        instance: Option<String>,
        /// Its own name.
        name: String,
        arguments: Vec<Val>,
    },
}

/// Finds what the component imports, checks its entry, and compiles it.
pub(crate) fn link(
    engine: &Engine,
    program: &Program,
    arguments: &[String],
) -> Result<Linked, LaunchError> {
    if let Some(preload) = program.preloads.first() {
        return Err(LaunchError::Preload {
            name: preload.file.name.clone(),
            cause: "a component imports no modules".into(),
        });
    }
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(host_error)?;
    if program.wasi.http {
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).map_err(host_error)?;
    }
    let binary = &program.main.binary;
    let outline = binary.outline();
    if let Some(Ok(outline)) = outline.map(|it| Component::from_binary(engine, &it)) {
        instantiable(program, arguments, &linker, &outline)?;
    }
    let component = Component::from_binary(engine, binary.bytes());
    let component = component.map_err(|error| invalid(&program.main, &error))?;
    let (pre, entry) = instantiable(program, arguments, &linker, &component)?;
    Ok(Linked::Component { pre, entry })
}

/// Checks that the imports of `component` can be met and that it can be entered. Of `component` only the types matter.
fn instantiable(
    program: &Program,
    arguments: &[String],
    linker: &Linker<Host>,
    component: &Component,
) -> Result<(InstancePre<Host>, Entry), LaunchError> {
    let mut linker = linker.clone();
    let met = match program.unknown_imports {
        UnknownImports { default: true, .. } => {
            return Err(LaunchError::WrongImport {
                name: program.main.name.clone(),
                cause: "imports of components have no default values".into(),
                advice: Some(Advice::Trap),
            });
        }
        UnknownImports { trap: true, .. } => linker.define_unknown_imports_as_traps(component),
        UnknownImports { .. } => Ok(()),
    };
    let pre = met.and_then(|()| linker.instantiate_pre(component));
    let pre = pre.map_err(|error| unlinked(program, &error))?;
    let entry = find_entry(&pre, program, arguments)?;
    Ok((pre, entry))
}

fn unlinked(program: &Program, error: &Error) -> LaunchError {
    let cause = format!("{error:#}");
    let of_http = cause.contains("component imports instance `wasi:http/");
    let of_other = cause.contains("component imports instance");
    LaunchError::WrongImport {
        name: program.main.name.clone(),
        advice: match (of_http, of_other) {
            (true, _) => Some(Advice::Http),
            (false, true) => Some(Advice::Trap),
            (false, false) => None,
        },
        cause,
    }
}

/// What `program` wants to be called in it.
pub(crate) fn find_entry(
    pre: &InstancePre<Host>,
    program: &Program,
    words: &[String],
) -> Result<Entry, LaunchError> {
    let exports = exports(pre);
    let resources = wit::Resources::of(&pre.component().component_type(), pre.engine());
    let signatures = || exports.iter().map(|it| it.signature(&resources)).collect();
    let name = || program.main.name.clone();
    let Some(text) = &program.invoke else {
        return match CommandPre::new(pre.clone()) {
            Ok(_) => Ok(Entry::Run),
            Err(_) => Err(LaunchError::NoStart {
                name: name(),
                entry: "wasi:cli/run",
                exports: signatures(),
            }),
        };
    };
    // As wasmtime: `NAME(ARGUMENTS)`. Also as for modules: a name, and the arguments as words of their own.
    let (wanted, call) = match text.find('(') {
        Some(at) => (text[..at].trim(), Some(&text[at..])),
        None => (text.trim(), None),
    };
    let refused = |export: String, problem| LaunchError::Arguments { export, problem };
    // The component's own come first: they have no other name.
    let own = exports
        .iter()
        .find(|it| it.instance.is_none() && it.name == wanted);
    let mut meant = exports.iter().filter(|it| it.is_called(wanted));
    let found = match (own, meant.next(), meant.next()) {
        (Some(found), ..) | (None, Some(found), None) => found,
        (None, None, _) => {
            return Err(LaunchError::NoExport {
                name: name(),
                export: wanted.to_owned(),
                exports: signatures(),
            });
        }
        (None, Some(one), Some(other)) => {
            let (one, other) = (one.signature(&resources), other.signature(&resources));
            let problem =
                format!("{one} and {other} have this name; write the interface before it");
            return Err(refused(wanted.to_owned(), problem));
        }
    };
    let types: Vec<Type> = found.ty.params().map(|(_, ty)| ty).collect();
    let arguments = match call {
        Some(call) if words.is_empty() => of_call(&types, call),
        Some(call) => Err(format!(
            "the arguments are in {call} already, and {} follows the program",
            words.join(" ")
        )),
        None => of_words(&types, words, &resources),
    };
    let signature = || found.signature(&resources).replace('`', "");
    let arguments = arguments.map_err(|problem| refused(signature(), problem))?;
    Ok(Entry::Export {
        instance: found.instance.clone(),
        name: found.name.clone(),
        arguments,
    })
}

/// The arguments of a call in WAVE, from its parenthesis on.
fn of_call(types: &[Type], call: &str) -> Result<Vec<Val>, String> {
    // The name may be one that WAVE does not take.
    let whole = format!("f{call}");
    let parsed = UntypedFuncCall::parse(&whole).and_then(|it| it.to_wasm_params(types));
    parsed.map_err(|error| format!("{call}: {}", told(&error.to_string())))
}

/// An error of WAVE's parser without its end, the bytes that it is about, which are not those that the user wrote, and
/// with words for types that WAVE has none for.
fn told(error: &str) -> String {
    let is_span = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c == '.');
    let error = match error.rsplit_once(" at ") {
        Some((error, span)) if is_span(span) => error,
        _ => error,
    };
    error.replace(
        "unsupported type <<UNSUPPORTED>>",
        "a value such as a resource cannot be given in text",
    )
}

/// The arguments as words of their own.
fn of_words(
    types: &[Type],
    words: &[String],
    resources: &wit::Resources,
) -> Result<Vec<Val>, String> {
    invoke::check_count(types.len(), words.len())?;
    let values = types.iter().zip(words).enumerate();
    values
        .map(|(position, (ty, word))| match ty {
            // In WAVE a text has quotes, which a shell takes away.
            Type::String if !word.starts_with('"') => Ok(Val::String(word.clone())),
            _ => wasm_wave::from_str(ty, word).map_err(|error| {
                format!(
                    "argument {}, `{word}`, is not of type {}: {}",
                    position + 1,
                    resources.text(ty),
                    told(&error.to_string())
                )
            }),
        })
        .collect()
}

/// A function that a component exports.
struct Export {
    instance: Option<String>,
    name: String,
    ty: ComponentFunc,
}

impl Export {
    /// With its types, as WIT writes them.
    fn signature(&self, resources: &wit::Resources) -> String {
        let ty = resources.function(&self.ty);
        match &self.instance {
            Some(instance) => format!("`{instance}#{}{ty}`", self.name),
            None => format!("`{}{ty}`", self.name),
        }
    }

    /// Whether `text` is its name: alone, or behind its interface with or without package and version. wasmtime writes
    /// `wasi:cli/run.run@0.2.0`, the component model's text format `wasi:cli/run@0.2.0#run`.
    fn is_called(&self, text: &str) -> bool {
        if text == self.name {
            return true;
        }
        let Some(instance) = &self.instance else {
            return false;
        };
        let (path, version) = match instance.split_once('@') {
            Some((path, version)) => (path, Some(format!("@{version}"))),
            None => (instance.as_str(), None),
        };
        let version = version.as_deref();
        let interface = path.rsplit('/').next().unwrap_or(path);
        [path, interface].iter().any(|path| {
            let Some(rest) = text.strip_prefix(path) else {
                return false;
            };
            let versioned = version.and_then(|it| rest.strip_prefix(it));
            let Some(function) = versioned.unwrap_or(rest).strip_prefix(['.', '#', '/']) else {
                return false;
            };
            // The version may be at the end, once.
            let after = function.strip_prefix(self.name.as_str());
            after.is_some_and(|it| it.is_empty() || (versioned.is_none() && Some(it) == version))
        })
    }
}

fn exports(pre: &InstancePre<Host>) -> Vec<Export> {
    let engine = pre.engine();
    let mut found = Vec::new();
    let mut add = |instance: Option<&str>, name: &str, item| {
        if let ComponentItem::ComponentFunc(ty) = item {
            found.push(Export {
                instance: instance.map(str::to_owned),
                name: name.to_owned(),
                ty,
            });
        }
    };
    for (name, export) in pre.component().component_type().exports(engine) {
        match export.ty {
            ComponentItem::ComponentInstance(instance) => {
                for (inner, export) in instance.exports(engine) {
                    add(Some(name), inner, export.ty);
                }
            }
            item => add(None, name, item),
        }
    }
    found
}

/// Instantiates and calls.
pub(crate) async fn call(
    store: &mut Store<Host>,
    pre: &InstancePre<Host>,
    entry: &Entry,
) -> wasmtime::Result<Ended> {
    let Entry::Export {
        instance: interface,
        name,
        arguments,
    } = entry
    else {
        let command = CommandPre::new(pre.clone())?;
        let command = command.instantiate_async(&mut *store).await?;
        let outcome = command.wasi_cli_run().call_run(&mut *store).await?;
        return Ok(Ended {
            code: i32::from(outcome.is_err()),
            results: Vec::new(),
        });
    };
    let instance = pre.instantiate_async(&mut *store).await?;
    let within = interface
        .as_ref()
        .and_then(|it| instance.get_export_index(&mut *store, None, it));
    let index = instance.get_export_index(&mut *store, within.as_ref(), name);
    let func = index.and_then(|it| instance.get_func(&mut *store, it));
    let Some(func) = func else {
        return Err(not_exported(name));
    };
    let count = func.ty(&mut *store).results().len();
    let mut results = vec![Val::Bool(false); count];
    func.call_async(&mut *store, arguments, &mut results)
        .await?;
    Ok(Ended {
        code: 0,
        results: results.iter().map(text).collect(),
    })
}

/// A result in WAVE, which has no text for some: its writer panics at them.
fn text(value: &Val) -> String {
    if has_text(value) {
        wasm_wave::to_string(value).unwrap_or_else(|error| format!("<{error}>"))
    } else {
        "<a value without a text, such as a resource>".to_owned()
    }
}

fn has_text(value: &Val) -> bool {
    let boxed = |it: &Option<Box<Val>>| it.as_deref().is_none_or(has_text);
    match value {
        Val::Resource(_)
        | Val::Future(_)
        | Val::Stream(_)
        | Val::ErrorContext(_)
        | Val::Map(_)
        | Val::FixedLengthList(_) => false,
        Val::List(values) | Val::Tuple(values) => values.iter().all(has_text),
        Val::Record(fields) => fields.iter().all(|it| has_text(&it.1)),
        Val::Variant(_, it) | Val::Option(it) | Val::Result(Ok(it) | Err(it)) => boxed(it),
        _ => true,
    }
}
