//! Which function a call means: `name(a, b)`, `Type::name(a)`, `object.name(a)`, `pointer->name(a)`, and that to which the
//! value of an expression points: `handlers[2](a)`, `(*object.callback)(a)`.

use wdb_debuggee::coredump::ModuleId;
use wdb_module::FuncIndex;
use wdb_symbols::types::{Kind, Signature};
use wdb_symbols::{Context, Storage, Symbols};

use super::arguments::Argument;
use super::methods;
use crate::Error;
use wdb_examine::expression::{self, Request, Value};
use wdb_examine::view::{FrameId, View};

/// What a call means.
pub(super) struct Callee {
    pub(super) module: ModuleId,
    pub(super) func: FuncIndex,
    /// As of [`methods::Method`].
    pub(super) signature: Option<Signature>,
    /// What it was called.
    pub(super) name: String,
    pub(super) arguments: Vec<Argument>,
}

/// What a call means, without its arguments.
struct Found {
    func: FuncIndex,
    signature: Option<Signature>,
    /// What it is called on.
    object: Option<Value>,
}

impl Found {
    fn function(func: FuncIndex) -> Self {
        Found {
            func,
            signature: None,
            object: None,
        }
    }
}

/// Finds the function of a call in the module of the frame.
pub(super) fn find(view: &mut View<'_>, at: FrameId, request: &Request) -> Result<Callee, Error> {
    let module = view.frame(at).ok_or(Error::NotStarted)?.module;
    let given = request.arguments.iter();
    let mut arguments: Vec<Argument> = given
        .map(|(text, value)| Argument {
            text: text.clone(),
            value: value.clone(),
            is_receiver: false,
        })
        .collect();
    let none = |name: &str| Error::Refused(format!("no function is called `{name}`"));
    let symbols = view.symbols(module);
    let whole;
    let (found, receiver, name) = match &request.callee {
        expression::Callee::Named(name) => {
            let symbols = symbols.ok_or_else(|| none(name))?;
            (named(view, &symbols, at, name)?, name, name)
        }
        expression::Callee::Pointer(value, text) => {
            match called(view, symbols.as_deref(), at, value, text)? {
                Some(found) => (found, text, text),
                None => return Err(Error::Refused(format!("`{text}` is no function"))),
            }
        }
        expression::Callee::Method {
            receiver: object,
            text,
            name,
            field,
        } => {
            let symbols = symbols.ok_or_else(|| none(name))?;
            match of_receiver(view, &symbols, object, text, name) {
                Ok(found) => (found, text, name),
                // In Rust a method hides a field of its name.
                Err(error) => {
                    whole = format!("{text}.{name}");
                    let found = match field {
                        Some(field) => called(view, Some(&symbols), at, field, &whole)?,
                        None => None,
                    };
                    (found.ok_or(error)?, &whole, name)
                }
            }
        }
    };
    let receiver = found.object.map(|value| Argument {
        text: receiver.clone(),
        value,
        is_receiver: true,
    });
    arguments.splice(0..0, receiver);
    Ok(Callee {
        module,
        func: found.func,
        signature: found.signature,
        name: name.clone(),
        arguments,
    })
}

/// The method of what an expression is; one that is static is called on nothing.
fn of_receiver(
    view: &mut View<'_>,
    symbols: &Symbols,
    receiver: &Value,
    text: &str,
    method: &str,
) -> Result<Found, Error> {
    let (found, _) = expression::with_context(view, receiver.frame, |context| {
        methods::of_object(context, symbols, &receiver.object, text, method)
    });
    let found = found?;
    let takes_it = found.signature.is_some() || !methods::is_static(symbols, found.func);
    let object = Value {
        object: found.object,
        ..receiver.clone()
    };
    Ok(Found {
        func: found.func,
        signature: found.signature,
        object: takes_it.then_some(object),
    })
}

/// What a value calls: the function that it points to, or `operator()` of the object that it is. `None`: nothing.
fn called(
    view: &mut View<'_>,
    symbols: Option<&Symbols>,
    at: FrameId,
    value: &Value,
    text: &str,
) -> Result<Option<Found>, Error> {
    if let Some(func) = of_value(view, at, value, text)? {
        return Ok(Some(Found::function(func)));
    }
    let class = |context: &mut Context<'_>| {
        let ty = expression::dereferenced(context, &value.object).ok()?.ty;
        let is_class = matches!(context.bare(&ty).kind, Kind::Record(_));
        // That of a lambda has no name to be found by.
        let has_name = !context.bare(&ty).name.starts_with('{');
        (is_class && has_name).then_some(ty)
    };
    let (class, _) = expression::with_context(view, value.frame, class);
    let (Some(symbols), Some(class)) = (symbols, class) else {
        return Ok(None);
    };
    match of_receiver(view, symbols, value, text, CALL) {
        Ok(found) => Ok(Some(found)),
        Err(error) if symbols.declares_method(&class, CALL) => Err(error),
        Err(_) => Ok(None),
    }
}

/// What C++ calls where an object is called.
const CALL: &str = "operator()";

/// The function of this name, or else that to which a static of this name points; and the object that it is called on. A
/// variable hides the functions of its name.
fn named(view: &mut View<'_>, symbols: &Symbols, at: FrameId, name: &str) -> Result<Found, Error> {
    if let Some(value) = expression::in_scope(name, view, at)
        && let Some(found) = called(view, Some(symbols), at, &value, name)?
    {
        return Ok(found);
    }
    let found = expression::functions_meant(view, at, name);
    if found.is_empty()
        && let Ok(parsed) = expression::parse(name)
        && let Ok(value) = expression::evaluate(&parsed, view, at)
        && let Some(found) = called(view, Some(symbols), at, &value, name)?
    {
        return Ok(found);
    }
    if found.is_empty()
        && let Some(error) = no_overload(view, symbols, at, name)
    {
        return Err(error);
    }
    methods::only(symbols, name, found).map(Found::function)
}

/// `f(float)` may name none of several.
fn no_overload(view: &mut View<'_>, symbols: &Symbols, at: FrameId, name: &str) -> Option<Error> {
    let (plain, _) = name.strip_suffix(')')?.split_once('(')?;
    let found = expression::functions_meant(view, at, plain);
    (!found.is_empty()).then(|| {
        let names = expression::may_be(symbols, &found);
        Error::Refused(format!("no function is called `{name}`, but {names} is"))
    })
}

fn of_value(
    view: &mut View<'_>,
    at: FrameId,
    value: &Value,
    text: &str,
) -> Result<Option<FuncIndex>, Error> {
    let refused = |reason: &str| Error::Refused(format!("`{text}`: {reason}"));
    let instance = |view: &mut View<'_>, frame| view.frame(frame).map(|it| it.instance);
    let is_here = instance(view, value.frame) == instance(view, at);
    let (found, _) = expression::with_context(view, value.frame, |context| {
        let object = expression::dereferenced(context, &value.object)?;
        let address = match &context.bare(&object.ty).kind {
            Kind::Pointer(_, target) if expression::is_function_type(context, target) => {
                context.unsigned(&object)?
            }
            Kind::Function(_) => match (&object.place, object.address()) {
                (_, Some(address)) => address,
                (Storage::Nowhere(reason), None) => return Err(reason.clone()),
                (_, None) => return Ok(None),
            },
            _ => return Ok(None),
        };
        Ok(Some(context.machine.element(address)?))
    });
    match found.map_err(|reason| refused(&reason.to_string()))? {
        None => Ok(None),
        Some(None) => Err(refused("it points to no function")),
        Some(Some(_)) if !is_here => {
            let words = "it points to a function of another instance: select a frame of that instance first";
            Err(refused(words))
        }
        Some(found) => Ok(found),
    }
}
