//! Functions of the program that the user calls, and what functions give back.

use std::sync::Arc;

use wdb_module::FuncIndex;
use wdb_symbols::types::{Encoding, Kind, PointerKind};
use wdb_symbols::{Object, TypeRef};
use wdb_target::CStack;
use wdb_target::coredump::{GlobalId, ModuleId, Slot, Value};

use crate::evidence::unsigned;
use crate::expression;
use crate::run::Stopped;
use crate::session::{Error, Session};
use crate::stop::{FrameId, Stop};

/// What a function has given back.
#[derive(Clone, Debug, PartialEq)]
pub struct Returned {
    /// Its name.
    pub function: String,
    /// Its results, as WebAssembly has them. None where the source says that it has none.
    pub values: Vec<Slot>,
    /// Its result, as the source has it. `None`: it has none, or its type is not known.
    pub value: Option<expression::Value>,
}

/// A call by the user that has not returned.
pub(crate) struct Calling {
    module: ModuleId,
    func: FuncIndex,
    /// Where the result is, if that is in memory.
    result: Option<Value>,
    /// The stack pointer of the C stack, as it was.
    stack_pointer: Option<(GlobalId, Value)>,
}

/// LLVM's functions that call no others may use as many bytes below the stack pointer (`RedZoneSize` in its
/// WebAssembly back end).
const RED_ZONE: u64 = 128;

/// As many arguments are read.
const MOST_ARGUMENTS: usize = 1000;

impl Session {
    /// Calls a function of the program while it stands still: `square(x + 1)`. The arguments are expressions in
    /// the selected frame, converted to what the function takes. Breakpoints and traps in the call
    /// stop the program there; then the call is still under way, and [`Session::abandon`] ends it.
    ///
    /// # Errors
    ///
    /// When there is no such function, an argument is wrong, or it cannot be called.
    pub fn call(&mut self, text: &str) -> Result<Stopped, Error> {
        self.can_go_on()?;
        let at = self.selected().ok_or(Error::NotStarted)?;
        let (name, arguments) = parse(text)?;
        let (module, func) = self.callee(name, at)?;
        let mut stop = self.stop();
        let instance = stop.frame(at).ok_or(Error::NotStarted)?.instance;
        let ty = stop
            .binary(module)
            .and_then(|it| it.function_type(func))
            .ok_or_else(|| Error::Refused(format!("the type of `{name}` is not known")))?;
        let wanted: Vec<wasmparser::ValType> = ty.params().to_vec();
        let has_result = !ty.results().is_empty();
        let signature = stop.symbols(module).and_then(|it| it.signature(func));

        let result = signature
            .as_ref()
            .map_or(TypeRef::Void, |it| it.result.clone());
        let (size, _) =
            expression::with_context(&mut stop, at, |context| match context.bare(&result).kind {
                Kind::Void => 0,
                _ => context.size(&result).unwrap_or(0),
            });
        // What does not fit a result is put where the first argument points.
        let in_memory = !has_result && size > 0;
        let own = wanted.get(usize::from(in_memory)..).unwrap_or(&[]);
        if own.len() != arguments.len() {
            let takes = match own.len() {
                1 => "1 argument".to_owned(),
                count => format!("{count} arguments"),
            };
            let given = arguments.len();
            return Err(Error::Refused(format!(
                "`{name}` takes {takes}, and {given} are given"
            )));
        }
        let types = signature.map(|it| it.parameters);
        let types = types.filter(|it| it.len() == own.len());
        let mut values = Vec::new();
        for (position, (text, wanted)) in arguments.iter().zip(own).enumerate() {
            let ty = types.as_ref().and_then(|it| it.get(position));
            values.push(argument(&mut stop, at, text, ty, wanted)?);
        }
        let stack = self.c_stack(at);
        let mut calling = Calling {
            module,
            func,
            result: None,
            stack_pointer: None,
        };
        if let Some((global, old)) = stack {
            let room = RED_ZONE.saturating_add(size);
            let new = unsigned(&old).and_then(|it| it.checked_sub(room));
            let new = new.ok_or_else(|| Error::Refused("the C stack is full".into()))? & !15;
            let new = match old {
                Value::I64(_) => Value::I64(new.cast_signed()),
                _ => Value::I32(new as i32),
            };
            if in_memory {
                calling.result = Some(new.clone());
                values.insert(0, new.clone());
            }
            let mutate = self.debuggee.mutate().ok_or(Error::CannotChange)?;
            mutate.set_global(global, &new)?;
            calling.stack_pointer = Some((global, old));
        } else if in_memory {
            return Err(Error::Refused(format!(
                "`{name}` gives back a structure, and there is no C stack to put it on"
            )));
        }
        self.calls.push(calling);
        let before = self.calls.len();
        let stopped = self.go_call(instance, func, values);
        if stopped.is_err() && self.calls.len() == before {
            self.call_abandoned();
        }
        stopped
    }

    /// The function that a call names, in the module of the frame.
    fn callee(&mut self, name: &str, at: FrameId) -> Result<(ModuleId, FuncIndex), Error> {
        let mut stop = self.stop();
        let module = stop.frame(at).ok_or(Error::NotStarted)?.module;
        let symbols = stop.symbols(module);
        let found = symbols
            .as_ref()
            .map_or(Vec::new(), |it| it.functions_named(name));
        match (found.as_slice(), &symbols) {
            ([func], _) => Ok((module, *func)),
            ([], _) => Err(Error::Refused(format!("no function is called `{name}`"))),
            (several, Some(symbols)) => {
                let names = several.iter().take(8);
                let names: Vec<String> = names
                    .map(|it| format!("`{}`", symbols.function_name(*it).display))
                    .collect();
                Err(Error::Refused(format!(
                    "`{name}` may be {}",
                    names.join(" or ")
                )))
            }
            (_, None) => Err(Error::Refused(format!("no function is called `{name}`"))),
        }
    }

    /// The stack pointer of the C stack that a frame uses.
    fn c_stack(&mut self, at: FrameId) -> Option<(GlobalId, Value)> {
        let mut stop = self.stop();
        let frame = stop.frame(at)?;
        let stack = CStack::find(stop.binary(frame.module)?)?;
        let instance = stop.instance(frame.instance)?;
        let id = (*instance.globals.get(stack.pointer.position())?)?;
        let value = stop.global(id)?.value.value()?.clone();
        Some((id, value))
    }

    /// The youngest call by the user has returned.
    pub(crate) fn call_returned(&mut self, values: Vec<Slot>) -> Option<Returned> {
        let calling = self.calls.pop()?;
        self.restore(&calling);
        let mut stop = self.stop();
        let (module, func) = (calling.module, calling.func);
        Some(returned(
            &mut stop,
            module,
            func,
            values,
            calling.result.as_ref(),
        ))
    }

    /// It will not return.
    pub(crate) fn call_abandoned(&mut self) {
        if let Some(calling) = self.calls.pop() {
            self.restore(&calling);
        }
    }

    /// Functions put the stack pointer back themselves, but for the room that was made for this one.
    fn restore(&mut self, calling: &Calling) {
        if let (Some((global, old)), Some(mutate)) =
            (&calling.stack_pointer, self.debuggee.mutate())
        {
            // A program that has ended has nothing to be put right.
            let _ = mutate.set_global(*global, old);
        }
    }
}

/// What a function has given back: `values`, or what is in memory at `first`, its first argument.
pub(crate) fn returned(
    stop: &mut Stop<'_>,
    module: ModuleId,
    func: FuncIndex,
    values: Vec<Slot>,
    first: Option<&Value>,
) -> Returned {
    let function = stop.function_name(module, func);
    let value = typed(stop, module, func, &values, first);
    let signature = stop
        .symbols(module)
        .and_then(|symbols| symbols.signature(func));
    // Constructors of C++ give back `this`, of which the source says nothing.
    let is_void = signature.is_some_and(|it| it.result == TypeRef::Void);
    Returned {
        function,
        values: if is_void { Vec::new() } else { values },
        value,
    }
}

fn typed(
    stop: &mut Stop<'_>,
    module: ModuleId,
    func: FuncIndex,
    values: &[Slot],
    first: Option<&Value>,
) -> Option<expression::Value> {
    let frame = FrameId::default();
    let ty = stop.symbols(module)?.signature(func)?.result;
    // Types are those of a module, and the frame's is the one that looks at them.
    if stop.frame(frame)?.module != module {
        return None;
    }
    let (size, _) = expression::with_context(stop, frame, |context| match context.bare(&ty).kind {
        Kind::Void => None,
        _ => context.size(&ty).ok(),
    });
    let size = size.filter(|it| *it > 0)?;
    let object = match (values, first) {
        ([value], _) => {
            let bytes = bytes(value.value()?)?;
            let bytes = bytes.get(..usize::try_from(size).ok()?)?;
            Object::of_bytes(bytes.to_vec(), ty)
        }
        ([], Some(first)) => Object::at(unsigned(first)?, ty),
        _ => return None,
    };
    Some(expression::Value {
        object,
        frame,
        doubts: crate::machine::Doubts::default(),
    })
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    Some(match value {
        Value::I32(value) => value.to_le_bytes().to_vec(),
        Value::I64(value) => value.to_le_bytes().to_vec(),
        Value::F32(bits) => bits.to_le_bytes().to_vec(),
        Value::F64(bits) => bits.to_le_bytes().to_vec(),
        Value::V128(bits) => bits.to_le_bytes().to_vec(),
        Value::Ref(_) => return None,
    })
}

/// The value of an argument, as the function takes it. `ty` is the type of the parameter in the source.
fn argument(
    stop: &mut Stop<'_>,
    at: FrameId,
    text: &str,
    ty: Option<&TypeRef>,
    wanted: &wasmparser::ValType,
) -> Result<Value, Error> {
    let wrong = |error| Error::Expression {
        error,
        text: text.to_owned(),
    };
    let parsed = expression::parse(text).map_err(wrong)?;
    let value = expression::evaluate(&parsed, stop, at).map_err(wrong)?;
    let ty = match ty {
        Some(ty) => ty.clone(),
        None => plain(wanted).ok_or_else(|| {
            Error::Refused(format!(
                "`{text}`: an argument of type {wanted} cannot be given"
            ))
        })?,
    };
    let (found, _) = expression::with_context(stop, value.frame, |context| {
        let bare = context.bare(&ty);
        if let Kind::Record(_) | Kind::Array(_) = bare.kind {
            let message = format!("a `{}` cannot be passed by value", bare.name);
            return Err(Error::Refused(message));
        }
        let is_reference = matches!(
            bare.kind,
            Kind::Pointer(PointerKind::Reference | PointerKind::RvalueReference, _)
        );
        // C++ refers to what is given without a word.
        if is_reference && !matches!(context.bare(&value.object.ty).kind, Kind::Pointer(..)) {
            let address = value.object.address();
            let address = address.ok_or_else(|| {
                Error::Refused(format!(
                    "`{text}` is not in memory, and cannot be referred to"
                ))
            })?;
            return Ok((address.to_le_bytes().to_vec(), false));
        }
        let signed = match &bare.kind {
            Kind::Base(encoding) => {
                matches!(encoding, Encoding::Signed | Encoding::SignedChar)
            }
            Kind::Enumeration(it) => it.enumerators.iter().any(|it| it.1 < 0),
            _ => false,
        };
        let bytes = expression::convert(context, &value.object, &ty)
            .map_err(|reason| Error::Refused(format!("`{text}`: {reason}")))?;
        Ok((bytes, signed))
    });
    let (bytes, signed) = found?;
    let mut wide = [if signed && bytes.last().is_some_and(|it| it & 0x80 != 0) {
        0xff
    } else {
        0
    }; 16];
    for (to, from) in wide.iter_mut().zip(&bytes) {
        *to = *from;
    }
    let all = u128::from_le_bytes(wide);
    use wasmparser::ValType as V;
    Ok(match wanted {
        V::I32 => Value::I32(all as i32),
        V::I64 => Value::I64(all as i64),
        V::F32 => Value::F32(all as u32),
        V::F64 => Value::F64(all as u64),
        V::V128 => Value::V128(all),
        V::Ref(_) => {
            let message = format!("`{text}`: a reference cannot be given");
            return Err(Error::Refused(message));
        }
    })
}

/// The type of a parameter of which only WebAssembly's is known.
fn plain(ty: &wasmparser::ValType) -> Option<TypeRef> {
    use wasmparser::ValType as V;
    let (name, encoding, size) = match ty {
        V::I32 => ("i32", Encoding::Signed, 4),
        V::I64 => ("i64", Encoding::Signed, 8),
        V::F32 => ("f32", Encoding::Float, 4),
        V::F64 => ("f64", Encoding::Float, 8),
        V::V128 | V::Ref(_) => return None,
    };
    Some(TypeRef::Made(Arc::new(wdb_symbols::Type {
        name: name.into(),
        language: None,
        size: Some(size),
        kind: Kind::Base(encoding),
    })))
}

/// The name and the arguments of `name(a, b)`.
fn parse(text: &str) -> Result<(&str, Vec<&str>), Error> {
    let form = || Error::Refused("a call is written `function(argument, …)`".into());
    let text = text.trim();
    let inner = text.strip_suffix(')').ok_or_else(form)?;
    let (name, inner) = inner.split_once('(').ok_or_else(form)?;
    if name.trim().is_empty() {
        return Err(form());
    }
    let mut arguments = Vec::new();
    let (mut depth, mut start) = (0_u32, 0);
    let (mut quote, mut escaped) = (None, false);
    for (at, c) in inner.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.checked_sub(1).ok_or_else(form)?,
            (None, ',') if depth == 0 && arguments.len() < MOST_ARGUMENTS => {
                arguments.push(inner[start..at].trim());
                start = at + 1;
            }
            (None, _) => {}
        }
    }
    let last = inner[start..].trim();
    if !last.is_empty() || !arguments.is_empty() {
        arguments.push(last);
    }
    Ok((name.trim(), arguments))
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
        assert!(parse("f").is_err());
        assert!(parse("(1)").is_err());
        assert!(parse("f(1))").is_err());
    }
}
