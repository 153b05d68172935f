//! Functions of the program that the user calls, and what functions give back.

mod abi;
mod arguments;
mod callee;
mod methods;
mod plan;
mod result;

pub(crate) use result::{keeps_first, returned};

use wdb_debuggee::CStack;
use wdb_debuggee::coredump::{GlobalId, Slot, Value};

use arguments::{Passed, aligned};
use plan::Plan;

use crate::calls::{Before, Calling};
use crate::error::Error;
use crate::session::Session;
use crate::stopped::{Returned, Stopped};
use wdb_examine::expression::Request;
use wdb_examine::value::unsigned;
use wdb_examine::view::FrameId;

/// LLVM's functions that call no others may use as many bytes below the stack pointer (`RedZoneSize` in its
/// WebAssembly back end).
const RED_ZONE: u64 = 128;

/// What a function is called with.
struct Pushed {
    arguments: Vec<Value>,
    /// Where the result will be, if that is in memory.
    result: Option<Value>,
    /// The stack pointer of the C stack, as it was.
    stack_pointer: Option<(GlobalId, Value)>,
}

impl Session {
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
        let plan = plan::plan(&mut self.view(), at, request)?;
        let (instance, module, func) = (plan.instance, plan.module, plan.func);
        let source = plan.source.clone();
        let Pushed {
            arguments,
            result,
            stack_pointer,
        } = self.push(at, plan)?;
        self.calls.push(Calling {
            module,
            func,
            source,
            result,
            stack_pointer,
            before,
        });
        let under_way = self.calls.len();
        let stopped = self.go_call(instance, func, arguments);
        if stopped.is_err() && self.calls.len() == under_way {
            self.call_abandoned();
        }
        stopped
    }

    /// Puts on the C stack what is in memory for a call: the result comes first, and then the copies, each where every
    /// type may be.
    fn push(&mut self, at: FrameId, plan: Plan) -> Result<Pushed, Error> {
        let Plan {
            name,
            result,
            passed,
            ..
        } = plan;
        let size = aligned(result.unwrap_or(0));
        let room = passed
            .iter()
            .map(Passed::room)
            .fold(size, u64::saturating_add);
        let Some((global, old, start)) = self.c_stack(at) else {
            let as_value = |argument| match argument {
                Passed::Value(value) => Some(value),
                Passed::Copy(_) | Passed::Rest(_) => None,
            };
            let arguments: Option<Vec<Value>> = passed.into_iter().map(as_value).collect();
            return match arguments {
                Some(arguments) if result.is_none() => Ok(Pushed {
                    arguments,
                    result: None,
                    stack_pointer: None,
                }),
                _ => Err(Error::Refused(format!(
                    "`{name}` takes or gives back what is in memory, and there is no C stack to put it on"
                ))),
            };
        };
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
        let memory = self.view().memory_of(at);
        let mutate = self.debuggee.mutate().ok_or(Error::CannotChange)?;
        let mut next = new.saturating_add(size);
        let mut write = |bytes: &[u8]| {
            let memory = memory.ok_or(Error::CannotChange)?;
            let at = next;
            mutate.write_memory(memory, at, bytes)?;
            next = at.saturating_add(aligned(bytes.len() as u64));
            Ok::<_, Error>(pointer(at))
        };
        let result = result.map(|_| pointer(new));
        let mut arguments: Vec<Value> = result.clone().into_iter().collect();
        for part in passed {
            arguments.push(part.written(&mut write)?);
        }
        mutate.set_global(global, &pointer(new))?;
        Ok(Pushed {
            arguments,
            result,
            stack_pointer: Some((global, old)),
        })
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
        let (module, func, source) = (calling.module, calling.func, calling.source);
        let first = calling.result.as_ref();
        let returned = returned(&mut view, module, func, source, values, first);
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
