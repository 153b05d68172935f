//! From wasmtime's debug events to the reasons for which the program stops, and how far its instruction has come.

use wasmtime::{
    AsContext as _, AsContextMut as _, DebugEvent, ExnRef, OwnedRooted, RootScope, StoreContextMut,
};
use wdb_coredump::{Crash, code};
use wdb_debuggee::{Resume, StopReason};
use wdb_module::instruction::is_call;

use crate::frames::Standing;
use crate::guest::Guest;
use crate::host::Host;
use crate::stop::{self, Requester, StopRequest};
use crate::{deadlock, exception, host, stack, trap};

/// Why the program has to stop, and how far its instruction has come.
pub(crate) type StopCause = (Vec<StopReason>, Standing);

impl Guest {
    /// Why the program has to stop at `event`, if it has to.
    pub(crate) fn reasons(
        &mut self,
        mut store: StoreContextMut<'_, Host>,
        event: DebugEvent<'_>,
        request: &StopRequest,
    ) -> Option<StopCause> {
        let crash = match event {
            DebugEvent::Trap(trap) => trap::from_trap(trap),
            DebugEvent::HostcallError(error) if trap::exit_code(error).is_some() => return None,
            DebugEvent::HostcallError(error) => trap::from_error(error),
            DebugEvent::Exception(thrown) => return self.at_throw(store, &thrown),
            DebugEvent::EpochYield => {
                // wasmtime 48 puts the checks of fuel and epoch out of line, where its frame table has the pc and
                // the operand stack of another place. One instruction further both are right.
                stop::epoch_was_seen();
                let used_up = || host::fuel_is_used_up(&store).then_some(Requester::Fuel);
                let asked = request.take().or_else(used_up)?;
                // A limit that waits for the next instruction is not lost to a wish of the user's.
                self.stopping.get_or_insert(asked);
                self.set_steps(store);
                return None;
            }
            DebugEvent::Breakpoint => return self.at_instruction(store, request),
        };
        self.unwinding = true;
        let standing = self.standing(store.as_context_mut(), &crash);
        Some((vec![StopReason::Crash(crash)], standing))
    }

    /// How far the instruction has come at a trap or an error of the host.
    fn standing(&self, store: StoreContextMut<'_, Host>, crash: &Crash) -> Standing {
        let Some(spot) = stack::spot(store, &self.inventory) else {
            return Standing::Before;
        };
        if crash.code == code::STACK_OVERFLOW {
            return Standing::Entering(spot);
        }
        let binary = self.inventory.modules[spot.module.position()]
            .binary
            .as_deref();
        let calls = binary
            .and_then(|it| it.instruction_at(spot.pc))
            .is_some_and(|it| is_call(&it));
        if calls && !TRAPS_OF_CALLS.contains(&crash.code.as_str()) {
            Standing::HostFailed(spot.pc)
        } else {
            Standing::Trapped(spot.pc)
        }
    }

    /// The program has thrown an exception.
    fn at_throw(
        &mut self,
        mut store: StoreContextMut<'_, Host>,
        thrown: &OwnedRooted<ExnRef>,
    ) -> Option<StopCause> {
        // An error here means that the engine itself has lost the exception.
        let below = self.standings.below.last().map(|(count, _)| *count);
        let caught =
            exception::caught(store.as_context_mut(), thrown, &self.inventory, below).ok()?;
        if caught && !self.at_exceptions {
            return None;
        }
        let exception = {
            // What is rooted to be described is let go of again: a program can throw millions.
            let mut scope = RootScope::new(&mut store);
            let thrown = thrown.to_rooted(&mut scope);
            exception::describe(scope.as_context_mut(), thrown, &self.inventory).ok()?
        };
        let crash = (!caught).then(|| exception::crash(exception.clone()));
        self.unwinding = !caught;
        let thrown = StopReason::Thrown { exception, caught };
        let told = self.at_exceptions.then_some(thrown);
        let reasons = told.into_iter().chain(crash.map(StopReason::Crash));
        let spot = stack::spot(store, &self.inventory);
        let standing = spot.map_or(Standing::Before, |spot| Standing::Trapped(spot.pc));
        Some((reasons.collect(), standing))
    }

    /// The program is before an instruction that has a breakpoint, or every instruction has one.
    fn at_instruction(
        &mut self,
        mut store: StoreContextMut<'_, Host>,
        request: &StopRequest,
    ) -> Option<StopCause> {
        let mut reasons = Vec::new();
        // See `Inventory::patched` for what is different when a component has more than one module.
        let anywhere = self.how == Resume::StepInstruction
            || store.as_context().is_single_step()
            || (self.inventory.one_code && self.inventory.modules.len() > 1)
            || self.armed.has_waits;
        if self.how == Resume::StepInstruction {
            reasons.push(StopReason::Step);
        }
        if !anywhere
            || self
                .armed
                .stands_at_one(store.as_context_mut(), &self.inventory)
        {
            reasons.push(StopReason::Breakpoint);
        }
        let asked = || request.is_set().then(|| request.take()).flatten();
        match self.stopping.take().or_else(asked) {
            Some(Requester::User) => reasons.push(StopReason::Interrupted),
            Some(Requester::Timer) => reasons.push(StopReason::Crash(trap::timeout())),
            Some(Requester::Fuel) => reasons.push(StopReason::Crash(trap::out_of_fuel())),
            None => {}
        }
        if reasons.is_empty() {
            reasons.extend(self.deadlock(store));
        }
        (!reasons.is_empty()).then_some((reasons, Standing::Before))
    }

    /// The crash that it is to go on from before this instruction, if that waits for ever. Who stops there for another
    /// reason can change the memory that it waits on.
    pub(crate) fn deadlock(&self, store: StoreContextMut<'_, Host>) -> Option<StopReason> {
        let can = self.armed.has_waits && self.standings.now == Standing::Before;
        let crash = can.then(|| deadlock::certain(store, &self.inventory))?;
        crash.map(StopReason::Crash)
    }
}

/// How a call itself can trap; what else is raised at one comes from the function of the host that it called.
const TRAPS_OF_CALLS: [&str; 4] = [
    code::INDIRECT_CALL_NULL,
    code::INDIRECT_CALL_TYPE,
    code::TABLE_OUT_OF_BOUNDS,
    code::NULL_REFERENCE,
];
