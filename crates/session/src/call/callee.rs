//! Which function a call means: `name(a, b)`, `Type::name(a)`, `object.name(a)`, `pointer->name(a)`, and that to which the
//! value of an expression points: `handlers[2](a)`, `(*object.callback)(a)`.

use wdb_debuggee::coredump::ModuleId;
use wdb_module::FuncIndex;
use wdb_symbols::types::Kind;
use wdb_symbols::{Place, Symbols};

use super::arguments::Argument;
use super::{evaluated, methods};
use crate::Error;
use wdb_examine::expression::{self, Value};
use wdb_examine::stop::{FrameId, Stop};

/// As many arguments are read.
const MOST_ARGUMENTS: usize = 1000;

/// What a call means.
pub(super) struct Callee<'a> {
    pub(super) module: ModuleId,
    pub(super) func: FuncIndex,
    /// What it was called.
    pub(super) name: &'a str,
    pub(super) arguments: Vec<Argument<'a>>,
}

/// Finds the function of a call in the module of the frame.
pub(super) fn find<'a>(
    stop: &mut Stop<'_>,
    at: FrameId,
    text: &'a str,
) -> Result<Callee<'a>, Error> {
    let (name, arguments) = parse(text)?;
    let mut arguments: Vec<Argument<'_>> = arguments.into_iter().map(Argument::Text).collect();
    let module = stop.frame(at).ok_or(Error::NotStarted)?.module;
    let none = || Error::Refused(format!("no function is called `{name}`"));
    let symbols = stop.symbols(module).ok_or_else(none)?;
    let callee = |func, name, arguments| Callee {
        module,
        func,
        name,
        arguments,
    };
    if let Some(operator) = operated(name) {
        return Err(Error::Refused(format!(
            "`{operator}`: an operator is not applied to what a call gives back: call the function alone, and use `$` for its result; or put what is called in brackets, as in `(*f)(1)`"
        )));
    }
    if let Some(path) = path(name) {
        let func = match hiding(stop, at, path)? {
            Some(func) => func,
            None => named(stop, &symbols, at, path)?,
        };
        return Ok(callee(func, path, arguments));
    }
    let Some((receiver, method)) = method(name) else {
        return match pointed(stop, at, name)? {
            Some(func) => Ok(callee(func, name, arguments)),
            None => Err(Error::Refused(format!("`{name}` is no function"))),
        };
    };
    let found = of_receiver(stop, at, &symbols, receiver, method);
    let (func, value) = match found {
        Ok(found) => found,
        // In Rust a method hides a field of its name.
        Err(error) => match pointed(stop, at, name) {
            Ok(Some(func)) => return Ok(callee(func, name, arguments)),
            Ok(None) | Err(Error::Expression { .. }) if method.ends_with(')') => {
                return Err(of_its_own(name));
            }
            Ok(None) | Err(Error::Expression { .. }) => return Err(error),
            Err(other) => return Err(other),
        },
    };
    if let Some(value) = value {
        arguments.insert(0, Argument::Receiver(receiver, value));
    }
    Ok(callee(func, method, arguments))
}

/// What is called, or what that is called on, if it is an expression with an operator that stands in no brackets: in C,
/// `*p->f()` is what the pointer that `p->f()` gives back points to.
fn operated(name: &str) -> Option<&str> {
    if path(name).is_some() {
        return None;
    }
    let of = method(name).map_or(name, |it| it.0);
    let parsed = expression::parse(of).ok()?;
    (!parsed.is_whole()).then_some(of)
}

/// The method of what an expression is, and what it is called on. None: a static one.
fn of_receiver(
    stop: &mut Stop<'_>,
    at: FrameId,
    symbols: &Symbols,
    receiver: &str,
    method: &str,
) -> Result<(FuncIndex, Option<Value>), Error> {
    let mut value = evaluated(stop, at, receiver)?;
    let (found, _) = expression::with_context(stop, value.frame, |context| {
        methods::of_object(context, symbols, &value.object, receiver, method)
    });
    let found = found?;
    value.object = found.object;
    let takes_it = !methods::is_static(symbols, found.func);
    Ok((found.func, takes_it.then_some(value)))
}

/// Whether a text is the call of what a pointer points to, and can be nothing else: `(*handler)(1)`, `$(2)`.
pub fn is_of_pointer(stop: &mut Stop<'_>, at: FrameId, text: &str) -> bool {
    parse(text).is_ok_and(|(name, _)| pointed(stop, at, name).is_ok_and(|it| it.is_some()))
}

/// The path that a name is, without the brackets around it. `None`: it is an expression.
fn path(name: &str) -> Option<&str> {
    let inner = name.strip_prefix('(').and_then(|it| it.strip_suffix(')'));
    let path = inner.filter(|it| is_identifier(it)).unwrap_or(name);
    let is_expression =
        path.starts_with(['(', '*', '$', '&']) || path.ends_with(']') || method(path).is_some();
    (!is_expression).then_some(path)
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The function to which the variable points that hides the functions of its name.
fn hiding(stop: &mut Stop<'_>, at: FrameId, name: &str) -> Result<Option<FuncIndex>, Error> {
    match expression::in_scope(name, stop, at) {
        Some(value) => of_value(stop, at, &value, name),
        None => Ok(None),
    }
}

/// The function of this name, or else that to which a static of this name points.
fn named(
    stop: &mut Stop<'_>,
    symbols: &Symbols,
    at: FrameId,
    name: &str,
) -> Result<FuncIndex, Error> {
    let found = expression::functions_meant(stop, at, name);
    if name.ends_with(')') {
        // `f(int)` names one of several.
        let is_overload = |it: &FuncIndex| symbols.function_name(*it).display.contains('(');
        if !found.iter().any(is_overload) {
            return Err(no_overload(stop, symbols, at, name).unwrap_or_else(|| of_its_own(name)));
        }
    }
    if found.is_empty()
        && let Ok(Some(func)) = pointed(stop, at, name)
    {
        return Ok(func);
    }
    only(symbols, name, found)
}

/// `f(float)` may name none of several.
fn no_overload(stop: &mut Stop<'_>, symbols: &Symbols, at: FrameId, name: &str) -> Option<Error> {
    let (plain, types) = name.strip_suffix(')')?.split_once('(')?;
    let mut types = types.split(',').map(str::trim);
    let of_types = types.all(|it| !it.is_empty() && evaluated(stop, at, it).is_err());
    let found = expression::functions_meant(stop, at, plain);
    (of_types && !found.is_empty()).then(|| {
        let names = expression::may_be(symbols, &found);
        Error::Refused(format!("no function is called `{name}`, but {names} is"))
    })
}

/// `f(1)(2)` is two calls.
fn of_its_own(name: &str) -> Error {
    Error::Refused(format!(
        "`{name}` is a call of its own: call that first, and then what it gave back with `$(…)`"
    ))
}

/// The function to which the value of an expression points. `None`: it is no such pointer.
fn pointed(stop: &mut Stop<'_>, at: FrameId, text: &str) -> Result<Option<FuncIndex>, Error> {
    let value = evaluated(stop, at, text)?;
    of_value(stop, at, &value, text)
}

fn of_value(
    stop: &mut Stop<'_>,
    at: FrameId,
    value: &Value,
    text: &str,
) -> Result<Option<FuncIndex>, Error> {
    let refused = |reason: &str| Error::Refused(format!("`{text}`: {reason}"));
    let instance = |stop: &mut Stop<'_>, frame| stop.frame(frame).map(|it| it.instance);
    let is_here = instance(stop, value.frame) == instance(stop, at);
    let (found, _) = expression::with_context(stop, value.frame, |context| {
        let object = expression::dereferenced(context, &value.object)?;
        let address = match &context.bare(&object.ty).kind {
            Kind::Pointer(_, target) if expression::is_function_type(context, target) => {
                context.unsigned(&object)?
            }
            Kind::Function(_) => match (&object.place, object.address()) {
                (_, Some(address)) => address,
                (Place::Nowhere(reason), None) => return Err(reason.clone()),
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
            let words = "it points to a function of another instance; `frame` selects a frame of that first";
            Err(refused(words))
        }
        Some(found) => Ok(found),
    }
}

/// The one function that there is of a name.
pub(super) fn only(
    symbols: &Symbols,
    name: &str,
    found: Vec<FuncIndex>,
) -> Result<FuncIndex, Error> {
    match found[..] {
        [func] => Ok(func),
        [] => Err(Error::Refused(format!("no function is called `{name}`"))),
        _ => {
            let names = expression::may_be(symbols, &found);
            Err(Error::Refused(format!("`{name}` may be {names}")))
        }
    }
}

/// What stands before the last `.` or `->` of a name, and after it.
fn method(name: &str) -> Option<(&str, &str)> {
    let operator = [".operator", "->operator"].into_iter();
    let operator = operator.filter_map(|it| Some((name.rfind(it)?, it.len() - "operator".len())));
    let operator = operator.max().filter(|(at, length)| {
        let symbol = &name[at + length + "operator".len()..];
        !symbol.starts_with(|c: char| c.is_alphanumeric() || c == '_')
    });
    if let Some((at, length)) = operator {
        return Some((name[..at].trim(), name[at + length..].trim()));
    }
    let dot = name.rfind('.').map(|at| (at, 1));
    let arrow = name.rfind("->").map(|at| (at, 2));
    let (at, length) = dot.max(arrow)?;
    let method = name[at + length..].trim();
    // `(*(a->b))` is in brackets as a whole, and `a.b[1]` an element.
    let is_whole = method.matches('(').count() == method.matches(')').count();
    (is_whole && !method.ends_with(']')).then_some((name[..at].trim(), method))
}

/// The name and the arguments of `name(a, b)`. The name may have brackets of its own: `(*list[0]).name(a)`.
fn parse(text: &str) -> Result<(&str, Vec<&str>), Error> {
    let form = || Error::Refused("a call is written `function(argument, …)`".into());
    let text = text.trim();
    let inner = text.strip_suffix(')').ok_or_else(form)?;
    let mut open = None;
    let mut commas = Vec::new();
    let mut depth = 0_u32;
    let (mut quote, mut escaped) = (None, false);
    for (at, c) in inner.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(mark), _) if mark == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => {
                if depth == 0 && c == '(' {
                    open = Some(at);
                    commas.clear();
                }
                depth += 1;
            }
            (None, ')' | ']' | '}') => depth = depth.checked_sub(1).ok_or_else(form)?,
            (None, ',') if depth == 1 && commas.len() < MOST_ARGUMENTS => commas.push(at),
            (None, _) => {}
        }
    }
    let open = open.filter(|_| depth == 1).ok_or_else(form)?;
    let name = inner[..open].trim();
    if name.is_empty() {
        return Err(form());
    }
    let mut arguments = Vec::new();
    let mut start = open + 1;
    for comma in commas {
        arguments.push(inner[start..comma].trim());
        start = comma + 1;
    }
    let last = inner[start..].trim();
    if !last.is_empty() || !arguments.is_empty() {
        arguments.push(last);
    }
    Ok((name, arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_split_at_their_own_commas() {
        assert_eq!(parse("f()").unwrap(), ("f", vec![]));
        assert_eq!(
            parse(" a::f ( g(1, 2), \"x,)\", 'c' ) ").unwrap(),
            ("a::f", vec!["g(1, 2)", "\"x,)\"", "'c'"])
        );
        assert_eq!(
            parse("(*a[f(1, 2)]).b(3)").unwrap(),
            ("(*a[f(1, 2)]).b", vec!["3"])
        );
        assert!(parse("f").is_err());
        assert!(parse("(1)").is_err());
        assert!(parse("f(1))").is_err());
        assert!(parse("f(1").is_err());
        assert!(parse("f((1)").is_err());
    }

    #[test]
    fn methods_have_what_they_are_called_on() {
        assert_eq!(method("a::f"), None);
        assert_eq!(method("a.b->c"), Some(("a.b", "c")));
        assert_eq!(method("a->b.c"), Some(("a->b", "c")));
        assert_eq!(method("a.operator()"), Some(("a", "operator()")));
        assert_eq!(method("a.operator->"), Some(("a", "operator->")));
        assert_eq!(method("a->operator[]"), Some(("a", "operator[]")));
        assert_eq!(method("a.operators.b"), Some(("a.operators", "b")));
        assert_eq!(method("a.b[1]"), None);
        assert_eq!(method("(*(a->b))"), None);
    }
}
