//! Which function a call means: `name(a, b)`, `Type::name(a)`, `object.name(a)`, `pointer->name(a)`, and that to which the
//! value of an expression points: `handlers[2](a)`, `(*object.callback)(a)`.

use wdb_module::FuncIndex;
use wdb_symbols::render::{Pointer, Shape};
use wdb_symbols::types::{Kind, Role};
use wdb_symbols::{Context, Object, Symbols};
use wdb_target::coredump::ModuleId;

use super::arguments::Argument;
use crate::expression;
use crate::session::Error;
use crate::stop::{FrameId, Stop};

/// As many arguments are read.
const MOST_ARGUMENTS: usize = 1000;

/// Base classes in base classes are looked into as deep as this.
const MOST_BASES: u32 = 8;

/// As many smart pointers are gone through.
const MOST_FOLLOWED: usize = 8;

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
    // A variable hides a function of its name.
    if let Some(found) = pointed(stop, at, name) {
        return Ok(Callee {
            module,
            func: found?,
            name,
            arguments,
        });
    }
    let symbols = stop.symbols(module).ok_or_else(none)?;
    let Some((receiver, method)) = method(name) else {
        let func = only(&symbols, name, symbols.functions_named(name))?;
        if name.ends_with(')') && !symbols.function_name(func).display.contains('(') {
            return Err(Error::Refused(format!(
                "`{name}` is a call of its own: call that first, and then what it gave back with `$(…)`"
            )));
        }
        return Ok(Callee {
            module,
            func,
            name,
            arguments,
        });
    };
    let wrong = |error| Error::Expression {
        error,
        text: receiver.to_owned(),
    };
    let parsed = expression::parse(receiver).map_err(wrong)?;
    let mut value = expression::evaluate(&parsed, stop, at).map_err(wrong)?;
    let (found, _) = expression::with_context(stop, value.frame, |context| {
        of_object(context, &symbols, &value.object, receiver, method)
    });
    let (func, object) = found?;
    value.object = object;
    arguments.insert(0, Argument::Receiver(receiver, value));
    Ok(Callee {
        module,
        func,
        name: method,
        arguments,
    })
}

/// The function that an expression points to. `None`: it points to none.
fn pointed(stop: &mut Stop<'_>, at: FrameId, text: &str) -> Option<Result<FuncIndex, Error>> {
    let parsed = expression::parse(text).ok()?;
    let value = expression::evaluate(&parsed, stop, at).ok()?;
    let refused = |reason: &dyn std::fmt::Display| Error::Refused(format!("`{text}`: {reason}"));
    let (found, _) = expression::with_context(stop, value.frame, |context| {
        let object = &value.object;
        let address = match &context.bare(&object.ty).kind {
            Kind::Pointer(_, target) if expression::is_function_type(context, target) => {
                context.unsigned(object)
            }
            // Of a function that no pointer points to only its name tells which it is.
            Kind::Function(_) => Ok(object.address()?),
            _ => return None,
        };
        Some(match address.and_then(|it| context.machine.element(it)) {
            Ok(Some(func)) => Ok(func),
            Ok(None) => Err(refused(&"it points to no function")),
            Err(reason) => Err(refused(&reason)),
        })
    });
    found
}

/// The method of an object, or of what a pointer to one points to, and the object or the base class of it that has it.
fn of_object(
    context: &mut Context<'_>,
    symbols: &Symbols,
    receiver: &Object,
    text: &str,
    method: &str,
) -> Result<(FuncIndex, Object), Error> {
    let mut object = receiver.clone();
    if let Kind::Pointer(..) = context.bare(&object.ty).kind {
        let target = context.target(&object);
        let target = target.map_err(|reason| Error::Refused(format!("`{text}`: {reason}")))?;
        object = target.ok_or_else(|| Error::Refused(format!("`{text}` points to nothing")))?;
    }
    let named = context.bare(&object.ty).name.clone();
    let mut own = of_class(context, symbols, &object, method, MOST_BASES)?;
    // Smart pointers stand for what they point to.
    for _ in 0..MOST_FOLLOWED {
        if own.is_some() {
            break;
        }
        object = match context.shape(&object, 1) {
            Shape::Wrapper(wrapper) => wrapper.object,
            Shape::Pointer(Pointer {
                target: Some(target),
                ..
            }) => target,
            _ => break,
        };
        own = of_class(context, symbols, &object, method, MOST_BASES)?;
    }
    if let Some(whole) = context.whole_object(&object)
        && let Some(other) = of_class(context, symbols, &whole, method, MOST_BASES)?
    {
        match &own {
            // A pure virtual function.
            None => return Ok(other),
            // Whether a function is virtual is not known here.
            Some(own) if own.0 != other.0 => {
                let name = |it: FuncIndex| symbols.function_name(it).display;
                return Err(Error::Refused(format!(
                    "`{text}` is a `{}`, and `{method}` may be `{}` or `{}`: write which, with the pointer as its first argument",
                    context.bare(&whole.ty).name,
                    name(other.0),
                    name(own.0)
                )));
            }
            Some(_) => {}
        }
    }
    own.ok_or_else(|| {
        Error::Refused(format!(
            "`{named}` has no function `{method}` that has code in the program"
        ))
    })
}

fn of_class(
    context: &mut Context<'_>,
    symbols: &Symbols,
    object: &Object,
    method: &str,
    levels: u32,
) -> Result<Option<(FuncIndex, Object)>, Error> {
    let ty = context.bare(&object.ty);
    let full = format!("{}::{method}", ty.name);
    let found = symbols.functions_named(&full);
    if !found.is_empty() {
        return Ok(Some((only(symbols, &full, found)?, object.clone())));
    }
    let (Kind::Record(record), Some(levels)) = (&ty.kind, levels.checked_sub(1)) else {
        return Ok(None);
    };
    for base in record.members.iter().filter(|it| it.role != Role::Field) {
        let base = context.member(object, base);
        if let Some(found) = of_class(context, symbols, &base, method, levels)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The one function that there is of a name.
fn only(symbols: &Symbols, name: &str, mut found: Vec<FuncIndex>) -> Result<FuncIndex, Error> {
    // What tables of virtual functions have in place of a function of a second base class.
    found.retain(|it| !symbols.function_name(*it).display.starts_with('{'));
    match found[..] {
        [func] => Ok(func),
        [] => Err(Error::Refused(format!("no function is called `{name}`"))),
        _ => {
            let names = found.iter().take(8);
            let names: Vec<String> = names
                .map(|it| format!("`{}`", symbols.function_name(*it).display))
                .collect();
            Err(Error::Refused(format!(
                "`{name}` may be {}",
                names.join(" or ")
            )))
        }
    }
}

/// What stands before the last `.` or `->` of a name, and after it.
fn method(name: &str) -> Option<(&str, &str)> {
    let dot = name.rfind('.').map(|at| (at, 1));
    let arrow = name.rfind("->").map(|at| (at, 2));
    let (at, length) = dot.max(arrow)?;
    Some((name[..at].trim(), name[at + length..].trim()))
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
    }
}
