//! The engine, and its settings for each of the two ways to run.

use wasmtime::{Config, OptLevel};
use wdb_coredump::{Process, Producer};
use wdb_debuggee::launch::{Engine, LaunchError, Prepared, Program};

use crate::compiled::Compiled;
use crate::features::Feature;

/// wasmtime.
#[derive(Clone, Debug, Default)]
pub struct Wasmtime {
    /// The proposals and rules of WebAssembly that are not as they are by themselves.
    pub features: Vec<Feature>,
    /// Whether compiled code may be kept in wasmtime's cache.
    pub cache: bool,
}

impl Engine for Wasmtime {
    fn prepare(
        &self,
        program: &Program,
        arguments: &[String],
    ) -> Result<Box<dyn Prepared>, LaunchError> {
        Ok(Box::new(Compiled::new(self, program, arguments)?))
    }
}

/// How a guest runs, and so how much can be seen of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Under guest-debug instrumentation: every local and the operand stack of every frame.
    Debug,
    /// As optimised code, at full speed: frames, globals and memories.
    Light,
}

/// The version that the root manifest pins; a test compares the two.
const VERSION: &str = "48.0.8";

/// What is known of a launch before it begins.
pub(crate) fn process(program: &Program, arguments: &[String]) -> Process {
    let mut process = program.process(arguments);
    process.producers.push(Producer {
        name: "wasmtime".into(),
        version: VERSION.into(),
    });
    process
}

/// Stack that stays for the host when the guest has used up its own: the debug handler runs on the
/// guest's fiber, below its last frame.
const HOST_STACK: usize = 1 << 20;

/// wasmtime's own default for the guest's part of the stack.
const GUEST_STACK: usize = 512 << 10;

pub(crate) fn engine(
    own: &Wasmtime,
    program: &Program,
    mode: Mode,
) -> Result<wasmtime::Engine, LaunchError> {
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
    for feature in &own.features {
        feature.set(&mut config);
    }
    let stack = program.limits.stack.unwrap_or(GUEST_STACK);
    config
        .max_wasm_stack(stack)
        .async_stack_size(stack.saturating_add(HOST_STACK));
    match mode {
        Mode::Debug => {
            // The epoch is what lets a hung guest be stopped and looked at.
            // What debugging compiles in leaves next to nothing to optimise: the guest is as fast, and compiled a
            // fifth sooner. cranelift's register allocator of one pass would halve the rest, but the guest is
            // half as fast with it, and wasmtime 48 does not call it ready for production.
            config
                .guest_debug(true)
                .epoch_interruption(true)
                .cranelift_opt_level(OptLevel::None);
        }
        Mode::Light => {
            config
                .cranelift_opt_level(OptLevel::Speed)
                .coredump_on_trap(true)
                .epoch_interruption(program.limits.time.is_some());
        }
    }
    if own.cache {
        // A machine without a home directory has no cache; that is not an error.
        config.cache(wasmtime::Cache::new(wasmtime::CacheConfig::new()).ok());
    }
    wasmtime::Engine::new(&config).map_err(|error| LaunchError::Host(format!("{error:#}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_that_is_pinned() {
        let manifest = include_str!("../../../Cargo.toml");
        let pinned = format!("wasmtime = {{ version = \"={VERSION}\"");
        assert!(manifest.contains(&pinned), "{pinned}");
    }
}
