//! Functions of the program that the user calls, and what functions give back.

mod arguments;
mod callee;
mod methods;
mod result;

pub(crate) use result::{keeps_first, returned};

use wdb_debuggee::CStack;
use wdb_debuggee::coredump::{GlobalId, Slot, Value};
use wdb_symbols::types::Kind;

use arguments::{Argument, Passed, aligned};
use callee::Callee;

use crate::calls::{Before, Calling};
use crate::error::Error;
use crate::evaluate::Evaluated;
use crate::session::Session;
use crate::stopped::{Reason, ReturnValue, Returned, Stopped};
use wdb_examine::expression::{self, Request};
use wdb_examine::value::unsigned;
use wdb_examine::view::FrameId;

/// LLVM's functions that call no others may use as many bytes below the stack pointer (`RedZoneSize` in its
/// WebAssembly back end).
const RED_ZONE: u64 = 128;

/// A number of arguments, as text.
fn counted(arguments: usize) -> String {
    match arguments {
        1 => "1 argument".to_owned(),
        count => format!("{count} arguments"),
    }
}

/// WebAssembly's types, as text.
fn types_in_words(types: &[wasmparser::ValType]) -> String {
    let name = |ty: &wasmparser::ValType| {
        let name = wdb_module::spelling::value_type(*ty, |index| index.to_string());
        format!("`{name}`")
    };
    match types {
        [] => "nothing".to_owned(),
        types => types.iter().map(name).collect::<Vec<_>>().join(", "),
    }
}

impl Session {
    /// Calls a function of the program while it is stopped: `square(x + 1)`. The arguments are expressions in
    /// the selected frame, converted to what the function takes. Breakpoints and traps in the call
    /// stop the program there; then the call is still under way, and [`Session::abandon`] ends it. What else calls
    /// functions, such as `-f(1)`, is evaluated, and the last call of it told.
    ///
    /// # Errors
    ///
    /// When there is no such function, an argument is wrong, or it cannot be called.
    pub fn call(&mut self, text: &str) -> Result<Stopped, Error> {
        let wrong = |error| Error::Expression {
            error,
            text: text.to_owned(),
        };
        let expression = expression::parse(text).map_err(wrong)?;
        if !expression.is_call() {
            let form = "a call is written `function(argument, …)`";
            return Err(Error::Refused(form.into()));
        }
        match self.evaluate(&expression)? {
            Evaluated::Stopped { stopped, .. } => Ok(stopped),
            Evaluated::Value(_, None) => Err(Error::Refused(format!("`{text}` is no call"))),
            Evaluated::Value(value, Some(function)) => Ok(Stopped {
                reasons: vec![Reason::Returned(Returned {
                    function,
                    value: ReturnValue::Typed(value),
                })],
            }),
        }
    }

    /// That a function can be called now.
    pub(crate) fn can_call(&mut self) -> Result<(), Error> {
        self.can_go_on().map_err(|error| match error {
            Error::CannotRun => Error::Refused("no function can be called in a core dump".into()),
            Error::Crashed(what) => {
                Error::Refused(format!("no function can be called: the program {what}"))
            }
            error => error,
        })?;
        self.selected().ok_or(Error::NotStarted)?;
        if self.debuggee.call().is_none() {
            return Err(Error::CannotCall);
        }
        Ok(())
    }

    /// Makes a call that an expression asks for in the frame `at`.
    pub(crate) fn make(&mut self, at: FrameId, request: &Request) -> Result<Stopped, Error> {
        let before = Before {
            selected: self.selected,
            not_entered: self.memo.not_entered,
            stopped: self.stopped.clone(),
        };
        let mut view = self.view();
        let Callee {
            module,
            func,
            name,
            arguments,
        } = callee::find(&mut view, at, request)?;
        let frame = view.frame(at).ok_or(Error::NotStarted)?;
        let ty = view
            .binary(module)
            .and_then(|it| it.function_type(func))
            .ok_or_else(|| Error::Refused(format!("the type of `{name}` is not known")))?;
        let wanted: Vec<wasmparser::ValType> = ty.params().to_vec();
        let ty = ty.clone();
        let signature = view.symbols(module).and_then(|it| it.signature(func));
        let variadic = signature.as_ref().is_some_and(|it| it.variadic);
        let signature_known = signature.is_some();
        let in_source = signature.as_ref().map_or(0, |it| it.parameters.len());
        let located = signature
            .as_ref()
            .map_or(Vec::new(), |it| it.located.clone());
        let ((way, size, types), _) = expression::with_context(&mut view, at, |context| {
            let way = signature.as_ref().map(|it| result::way(context, it, &ty));
            let in_memory = way == Some(result::Way::Memory);
            let size = signature.as_ref().filter(|_| in_memory);
            let size = size.map_or(0, |it| context.size(&it.result).unwrap_or(0));
            let own = wanted.get(usize::from(in_memory)..).unwrap_or(&[]);
            let known = signature.filter(|it| arguments::fit(context, it, own));
            (way, size, known.map(|it| it.parameters))
        });
        if way == Some(result::Way::Unproven) {
            return Err(Error::Refused(format!(
                "`{name}` cannot be called: an optimiser has changed what it takes"
            )));
        }
        let in_memory = way == Some(result::Way::Memory);
        let mut own = wanted.get(usize::from(in_memory)..).unwrap_or(&[]);
        let takes = types.as_ref().map_or(own.len(), Vec::len);
        // What a method is called on is not among what is written as its arguments.
        let is_receiver = |it: &&Argument| it.is_receiver;
        let receivers = arguments.iter().filter(is_receiver).count();
        let takes_rest = variadic && types.is_some();
        let is_enough = if takes_rest {
            takes <= arguments.len()
        } else {
            takes == arguments.len()
        };
        let is_changed = types.is_none() && signature_known && in_source != 0;
        if is_changed && (in_source == takes || !is_enough) {
            return Err(Error::Refused(format!(
                "`{name}` cannot be called so: an optimiser has changed it, and of {} in the source its code takes {}",
                counted(in_source),
                types_in_words(own)
            )));
        }
        if !is_enough {
            let given = match arguments.len() - receivers {
                1 => "1 is".to_owned(),
                count => format!("{count} are"),
            };
            return Err(Error::Refused(format!(
                "`{name}` takes {}{}, and {given} given",
                if takes_rest { "at least " } else { "" },
                counted(takes.saturating_sub(receivers))
            )));
        }
        let mut passed = Vec::new();
        for (position, argument) in arguments.iter().take(takes).enumerate() {
            let ty = types.as_ref().and_then(|it| it.get(position));
            let local = (wanted.len() - own.len()) as u32;
            let is_pointer = ty.is_some_and(|ty| {
                let symbols = view.symbols(module);
                symbols.is_some_and(|it| matches!(it.bare(ty).kind, Kind::Pointer(..)))
            });
            // LLVM passes the number in place of a pointer to it where it knows all callers, and marks nothing.
            if is_pointer
                && located.get(position) == Some(&false)
                && view
                    .binary(module)
                    .is_some_and(|it| result::reads(it, func, local))
            {
                return Err(Error::Refused(format!(
                    "`{name}` cannot be called: an optimiser has changed it, and whether it takes the pointer that is argument {}, or what that points to, is not known",
                    position + 1 - receivers.min(position)
                )));
            }
            passed.extend(arguments::pass(&mut view, argument, ty, &mut own)?);
        }
        if takes_rest {
            passed.push(arguments::rest(&mut view, &arguments[takes..])?);
        }
        let instance = frame.instance;
        let memory = view.memory_of(at);
        let mut calling = Calling {
            module,
            func,
            result: None,
            stack_pointer: None,
            before,
        };
        // The result comes first, and then the copies, each where every type may be.
        let room = passed
            .iter()
            .map(Passed::room)
            .fold(aligned(size), u64::saturating_add);
        let has_copies = passed.iter().any(|it| !matches!(it, Passed::Value(_)));
        let stack = self.c_stack(at);
        if stack.is_none() && (in_memory || has_copies) {
            return Err(Error::Refused(format!(
                "`{name}` takes or gives back what is in memory, and there is no C stack to put it on"
            )));
        }
        let mut values = Vec::new();
        if let Some((global, old, start)) = stack {
            let new = unsigned(&old).and_then(|it| it.checked_sub(room.saturating_add(RED_ZONE)));
            // Below the stack may be the program's data.
            let new = new.map(|it| it & !15).filter(|it| *it >= start);
            let new = new.ok_or_else(|| {
                Error::Refused(format!(
                    "`{name}` cannot be called: what it takes or gives back does not fit the rest of the C stack"
                ))
            })?;
            let pointer = |address: u64| match old {
                Value::I64(_) => Value::I64(address.cast_signed()),
                _ => Value::I32(address as i32),
            };
            if in_memory {
                calling.result = Some(pointer(new));
                values.push(pointer(new));
            }
            let mut next = new.saturating_add(aligned(size));
            let mutate = self.debuggee.mutate().ok_or(Error::CannotChange)?;
            let mut write = |bytes: &[u8]| {
                let memory = memory.ok_or(Error::CannotChange)?;
                let at = next;
                mutate.write_memory(memory, at, bytes)?;
                next = at.saturating_add(aligned(bytes.len() as u64));
                Ok::<_, Error>(pointer(at))
            };
            for part in passed {
                values.push(part.written(&mut write)?);
            }
            mutate.set_global(global, &pointer(new))?;
            calling.stack_pointer = Some((global, old));
        } else {
            values.extend(passed.into_iter().filter_map(|argument| match argument {
                Passed::Value(value) => Some(value),
                Passed::Copy(_) | Passed::Rest(_) => None,
            }));
        }
        self.calls.push(calling);
        let before = self.calls.len();
        let stopped = self.go_call(instance, func, values);
        if stopped.is_err() && self.calls.len() == before {
            self.call_abandoned();
        }
        stopped
    }

    /// The stack pointer of the C stack that a frame uses, and the lowest address of that stack, as far as it is known.
    fn c_stack(&mut self, at: FrameId) -> Option<(GlobalId, Value, u64)> {
        let mut view = self.view();
        let frame = view.frame(at)?;
        let stack = CStack::find(view.binary(frame.module)?)?;
        let instance = view.instance(frame.instance)?;
        let id = (*instance.globals.get(stack.pointer.position())?)?;
        let value = view.global(id)?.value.value()?.clone();
        // A stack of the program's own making has other ends.
        let is_inside =
            unsigned(&value).is_some_and(|it| it == stack.range.end || stack.range.contains(&it));
        let start = if is_inside { stack.range.start } else { 0 };
        Some((id, value, start))
    }

    /// The innermost call by the user has returned.
    pub(crate) fn call_returned(&mut self, values: Vec<Slot>) -> Option<(Returned, Before)> {
        let calling = self.calls.pop()?;
        self.restore(&calling);
        let mut view = self.view();
        let (module, func) = (calling.module, calling.func);
        let returned = returned(&mut view, module, func, values, calling.result.as_ref());
        Some((returned, calling.before))
    }

    /// It will not return.
    pub(crate) fn call_abandoned(&mut self) -> Option<Before> {
        let calling = self.calls.pop()?;
        self.restore(&calling);
        Some(calling.before)
    }

    /// The function restores the stack pointer itself; this gives back the room that was made for its arguments and its result.
    fn restore(&mut self, calling: &Calling) {
        if let (Some((global, old)), Some(mutate)) =
            (&calling.stack_pointer, self.debuggee.mutate())
        {
            // A program that has ended has nothing to be put right.
            let _ = mutate.set_global(*global, old);
        }
    }
}
