//! The engines that programs run in. Nothing else in this crate names one, except the options of its own.

use std::sync::Arc;

use wdb_debuggee::launch::{Engine, Invocation, LaunchError, Program};
use wdb_live::{Wasmtime, light};

use crate::program;

pub(crate) use wdb_live::light::Outcome;

/// The engine that debugs the program.
pub(crate) fn debugging(arguments: &program::Arguments) -> Arc<dyn Engine> {
    Arc::new(wasmtime(arguments))
}

/// Runs the program as optimised code. When it has crashed, `crashed` is called before its state is taken.
pub(crate) fn run_optimised(
    arguments: &program::Arguments,
    program: &Program,
    invocation: &Invocation,
    crashed: impl FnMut(),
) -> Result<Outcome, LaunchError> {
    light::run(&wasmtime(arguments), program, invocation, crashed)
}

fn wasmtime(arguments: &program::Arguments) -> Wasmtime {
    Wasmtime {
        features: arguments.wasmtime.features(),
        cache: !arguments.no_cache,
    }
}
