//! A call of one of the program's functions by the debugger, while the program is stopped.
//!
//! wasmtime lets the debug handler call WebAssembly: the call runs on a stack of its own, and its
//! events come to the same handler, which so is entered again. The frames below the call stay where
//! they are and can be seen.

use wasmtime::{AsContextMut as _, ExnRef, Func, OwnedRooted, RootScope, StoreContextMut, Val};
use wdb_coredump::{InstanceId, Slot, Value};
use wdb_debuggee::{Error, Resume, StopReason};
use wdb_module::FuncIndex;

use crate::frames::Standing;
use crate::guarded::until_unwound;
use crate::guest::{Guest, Handler};
use crate::host::Host;
use crate::value::{Converter, to_engine};
use crate::{stack, trap};

/// What is to be called.
pub(crate) struct Call {
    pub(crate) instance: InstanceId,
    pub(crate) func: FuncIndex,
    pub(crate) arguments: Vec<Value>,
}

/// A call that can begin, and what the program is to look like after it.
pub(crate) struct Prepared {
    func: Func,
    arguments: Vec<Val>,
    results: Vec<Val>,
    stop: Vec<StopReason>,
    standing: Standing,
    activations: usize,
    unwinding: bool,
    how: Resume,
}

impl Guest {
    /// Whether the innermost call by the debugger can be unwound; then it is going to be.
    pub(crate) fn may_abandon(&mut self) -> Result<(), Error> {
        if self.standings.below.is_empty() {
            return Err(Error::Refused("no call is under way".into()));
        }
        self.abandon = true;
        Ok(())
    }
}

impl Guest {
    /// The message of the crash that the program is stopped for.
    fn limit(&self) -> Option<String> {
        self.stop.iter().find_map(|reason| match reason {
            StopReason::Crash(crash) => Some(crash.message.clone()),
            _ => None,
        })
    }
}

impl Handler {
    /// Makes ready for a call.
    pub(crate) fn enter(
        &self,
        mut store: StoreContextMut<'_, Host>,
        call: &Call,
    ) -> Result<Prepared, Error> {
        let failed = |error: wasmtime::Error| Error::Debuggee(format!("{error:#}"));
        let guest = &mut *self.guest();
        if matches!(guest.standings.now, Standing::Entering(_)) {
            // Its innermost frame is not set up, which the layers above cannot see.
            return Err(Error::Refused(
                "nothing can be called on top of a function that has found the stack used up"
                    .into(),
            ));
        }
        let inventory = &guest.inventory;
        let func = inventory
            .instances
            .get(call.instance.position())
            .and_then(|(it, _)| it.debug_function(&mut store, call.func.0))
            .ok_or_else(|| {
                let (func, instance) = (call.func.0, call.instance.0);
                Error::NotFound(format!("function {func} in instance {instance}"))
            })?;
        let ty = func.ty(&store);
        if ty.params().len() != call.arguments.len() {
            return Err(Error::Refused(format!(
                "the function takes {} arguments, and {} are given",
                ty.params().len(),
                call.arguments.len()
            )));
        }
        let mut arguments = Vec::with_capacity(call.arguments.len());
        for (position, (ty, value)) in ty.params().zip(&call.arguments).enumerate() {
            let value = to_engine(store.as_context_mut(), inventory, value)?;
            if !value.matches_ty(&store, &ty).map_err(failed)? {
                return Err(Error::Refused(format!(
                    "argument {} is not of type {ty}",
                    position + 1
                )));
            }
            arguments.push(value);
        }
        let (_, activations) = stack::count(store, usize::MAX).map_err(failed)?;
        let prepared = Prepared {
            func,
            arguments,
            results: vec![Val::I32(0); ty.results().len()],
            stop: std::mem::take(&mut guest.stop),
            standing: guest.standings.now,
            activations: guest.standings.activations,
            unwinding: guest.unwinding,
            how: guest.how,
        };
        let below = (activations, guest.standings.now);
        guest.standings.below.push(below);
        guest.unwinding = false;
        Ok(prepared)
    }

    /// Calls, and sets back what the call has changed of what is known of the program.
    pub(crate) async fn call(&self, mut store: StoreContextMut<'_, Host>, prepared: Prepared) {
        let Prepared {
            func,
            arguments,
            mut results,
            mut stop,
            standing,
            activations,
            unwinding,
            how,
        } = prepared;
        // Where the program is stopped at an exception that it has thrown, it is thrown on after the call.
        let thrown = take_exception(&mut store);
        let outcome = until_unwound(func.call_async(&mut store, &arguments, &mut results)).await;
        // One that ended the call is not.
        take_exception(&mut store);
        if let Some(thrown) = thrown {
            let mut scope = RootScope::new(&mut store);
            let thrown = thrown.to_rooted(&mut scope);
            // It always gives the error that stands for the exception.
            let _ = scope.as_context_mut().throw::<()>(thrown);
        }
        let guest = &mut *self.guest();
        guest.inventory.update(store.as_context_mut());
        let mut converter = Converter::new(&guest.inventory);
        let reason = match outcome {
            _ if guest.abandon => StopReason::Abandoned("as asked".into()),
            Some(Ok(())) => StopReason::Returned(
                results
                    .into_iter()
                    .map(|value| Slot::Known(converter.value(store.as_context_mut(), value)))
                    .collect(),
            ),
            Some(Err(error)) => StopReason::Abandoned(match trap::exit_code(&error) {
                Some(code) => format!("it wanted to end the program with exit code {code}"),
                None => trap::from_error(&error).message,
            }),
            // It was told of the limit that has ended it.
            None => StopReason::Abandoned(guest.limit().unwrap_or_default()),
        };
        stop.retain(|it| !matches!(it, StopReason::Returned(_) | StopReason::Abandoned(_)));
        stop.push(reason);
        guest.stop = stop;
        guest.standings.below.pop();
        guest.standings.now = standing;
        guest.standings.activations = activations;
        guest.unwinding = unwinding;
        guest.abandon = false;
        guest.how = how;
    }
}

/// Takes the exception that the program has thrown and that no frame has caught yet.
fn take_exception(store: &mut StoreContextMut<'_, Host>) -> Option<OwnedRooted<ExnRef>> {
    let mut scope = RootScope::new(store);
    let thrown = scope.as_context_mut().take_pending_exception()?;
    thrown.to_owned_rooted(&mut scope).ok()
}
