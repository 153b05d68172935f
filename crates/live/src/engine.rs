//! The engine's settings, for each of the two ways to run.

use wasmtime::{Config, Engine, OptLevel};

use crate::program::{Capture, LaunchError, Program};

/// Stack that stays for the host when the guest has used up its own: the debug handler runs on the
/// guest's fiber, below its last frame.
const HOST_STACK: usize = 1 << 20;

/// wasmtime's own default for the guest's part of the stack.
const GUEST_STACK: usize = 512 << 10;

pub(crate) fn engine(program: &Program) -> Result<Engine, LaunchError> {
    let mut config = Config::new();
    config
        .wasm_gc(true)
        .wasm_function_references(true)
        .wasm_exceptions(true)
        .wasm_memory64(true)
        .wasm_multi_memory(true)
        .wasm_threads(true)
        .shared_memory(true)
        .wasm_tail_call(true)
        .wasm_wide_arithmetic(true)
        .wasm_custom_page_sizes(true)
        .consume_fuel(program.limits.fuel.is_some());
    for feature in &program.features {
        feature.set(&mut config);
    }
    let stack = program.limits.stack.unwrap_or(GUEST_STACK);
    config
        .max_wasm_stack(stack)
        .async_stack_size(stack.saturating_add(HOST_STACK));
    match program.capture {
        Capture::Full => {
            // The epoch is what lets a hung guest be stopped and looked at.
            // What debugging compiles in leaves next to nothing to optimise: the guest is as fast, and compiled a
            // fifth sooner. cranelift's register allocator of one pass would halve the rest, but the guest is
            // half as fast with it, and wasmtime 48 does not call it ready for production.
            config
                .guest_debug(true)
                .epoch_interruption(true)
                .cranelift_opt_level(OptLevel::None);
        }
        Capture::Light => {
            config
                .cranelift_opt_level(OptLevel::Speed)
                .coredump_on_trap(true)
                .epoch_interruption(program.limits.time.is_some());
        }
    }
    if program.cache {
        // A machine without a home directory has no cache; that is not an error.
        config.cache(wasmtime::Cache::new(wasmtime::CacheConfig::new()).ok());
    }
    Engine::new(&config).map_err(|error| LaunchError::Host(format!("{error:#}")))
}
