//! What the guest's store holds of the host: WASI for modules and components, and the limits.

use std::fmt;
use std::sync::Arc;

use wasmtime::{Engine, Error, ResourceLimiter, Store, StoreContextMut};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{FsPerms, ResourceTable, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};
use wdb_debuggee::launch::{EachLimit, Input, Invocation, LaunchError, Program, Stream};

use crate::engine::Mode;
use crate::http::Requests;
use crate::stdio::{Ready, Stdin, Writer};
use crate::stop::StopRequest;

/// The data of the guest's store.
pub(crate) struct Host {
    world: World,
    memory: Grows,
}

enum World {
    Module(Box<WasiP1Ctx>),
    Component(Box<Preview2>),
}

struct Preview2 {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    requests: Requests,
    table: ResourceTable,
}

impl Host {
    /// The world of a module. Only functions of its linker call this.
    pub(crate) fn preview1(&mut self) -> &mut WasiP1Ctx {
        match &mut self.world {
            World::Module(wasi) => wasi,
            World::Component(_) => unreachable!("a component's linker has no preview 1"),
        }
    }

    /// The world of a component. Only functions of its linker call this.
    fn preview2(&mut self) -> &mut Preview2 {
        match &mut self.world {
            World::Component(world) => world,
            World::Module(_) => unreachable!("a module's linker has no preview 2"),
        }
    }
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let world = self.preview2();
        WasiCtxView {
            ctx: &mut world.wasi,
            table: &mut world.table,
        }
    }
}

impl WasiHttpView for Host {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let world = self.preview2();
        WasiHttpCtxView {
            hooks: &mut world.requests,
            table: &mut world.table,
            ctx: &mut world.http,
        }
    }
}

/// A store with the world that `program` is to see.
pub(crate) fn store(
    engine: &Engine,
    program: &Program,
    invocation: &Invocation,
    mode: Mode,
    request: &StopRequest,
) -> Result<Store<Host>, LaunchError> {
    let mut builder = WasiCtxBuilder::new();
    let stdin = |source| Stdin {
        source,
        request: request.clone(),
    };
    match &invocation.input {
        Input::Inherited => builder.stdin(stdin(None)),
        Input::Blocking(source) => builder.stdin(stdin(Some(source.clone()))),
        // The builder's own default.
        Input::Empty => &mut builder,
        Input::Reader(reader) => builder.stdin(Ready(Arc::clone(reader))),
    };
    let writer = |stream| Writer {
        stream,
        output: invocation.output.clone(),
    };
    builder
        .stdout(writer(Stream::Stdout))
        .stderr(writer(Stream::Stderr))
        .args(&program.words(&invocation.arguments))
        .envs(&invocation.environment);
    let network = program.wasi.network;
    if network.addresses {
        builder.inherit_network();
    }
    builder
        .allow_ip_name_lookup(network.names)
        .allow_tcp(network.tcp)
        .allow_udp(network.udp);
    if let Some(directory) = &program.wasi.working_directory {
        builder.initial_cwd(directory);
    }
    for directory in &program.wasi.directories {
        builder
            .preopened_dir(&directory.host, &directory.guest, FsPerms::ReadWrite)
            .map_err(|error| {
                LaunchError::Host(format!(
                    "cannot give the guest the directory {}: {error:#}",
                    directory.host.display()
                ))
            })?;
    }
    let world = match program.main.binary.kind() {
        wdb_module::Kind::Module => World::Module(Box::new(builder.build_p1())),
        wdb_module::Kind::Component => World::Component(Box::new(Preview2 {
            wasi: builder.build(),
            http: WasiHttpCtx::new(),
            requests: Requests,
            table: ResourceTable::new(),
        })),
    };
    let memory = Grows {
        left: program.limits.memory,
        each: program.limits.each,
    };
    let mut store = Store::new(engine, Host { world, memory });
    store.limiter(|host| &mut host.memory);
    if let Some(fuel) = program.limits.fuel {
        give_fuel(&mut store, fuel, mode)
            .map_err(|error| LaunchError::Host(format!("{error:#}")))?;
    }
    Ok(store)
}

/// Fuel with which a debugged program can go on when its own is used up.
const RESERVE: u64 = u64::MAX / 2;

/// Gives the program its fuel.
///
/// Where a debugged program runs out of it, in the first function of its code, wasmtime 48 panics in a place that ends
/// the process, and elsewhere its frames show another function: the check of the fuel is out of line, before anything
/// that its frame table knows. So it does not run out: it yields, and what polls it makes it look at the epoch,
/// whose check comes right after that of the fuel. There [`fuel_is_used_up`] is asked.
fn give_fuel(store: &mut Store<Host>, fuel: u64, mode: Mode) -> wasmtime::Result<()> {
    match mode {
        Mode::Debug => {
            store.fuel_async_yield_interval(Some(fuel.max(1)))?;
            store.set_fuel(fuel.max(1).saturating_add(RESERVE))
        }
        Mode::Light => store.set_fuel(fuel),
    }
}

/// Whether a debugged program has used up the fuel that it was given.
pub(crate) fn fuel_is_used_up(store: &StoreContextMut<'_, Host>) -> bool {
    store.get_fuel().is_ok_and(|left| left <= RESERVE)
}

/// The limit on all linear memories together, beyond which the program ends: a guest that gets
/// "no" for an answer hides the cause behind whatever its allocator does then. And those on each, which it notices as it does under wasmtime's
/// own command line.
struct Grows {
    left: Option<u64>,
    each: EachLimit,
}

/// The error with which a guest ends that wants more memory than it may have.
#[derive(Debug)]
pub(crate) struct MemoryLimitReached {
    current: usize,
    desired: usize,
}

impl fmt::Display for MemoryLimitReached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the memory limit is reached: a memory of {} bytes wanted to grow to {} bytes",
            self.current, self.desired
        )
    }
}

impl std::error::Error for MemoryLimitReached {}

impl ResourceLimiter for Grows {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let limit = self.each.memory;
        if limit.is_some_and(|it| desired as u64 > it) || maximum.is_some_and(|it| desired > it) {
            return if self.each.trap {
                Err(Error::new(MemoryLimitReached { current, desired }))
            } else {
                Ok(false)
            };
        }
        if let Some(left) = self.left {
            let more = desired.saturating_sub(current) as u64;
            let Some(rest) = left.checked_sub(more) else {
                return Err(Error::new(MemoryLimitReached { current, desired }));
            };
            self.left = Some(rest);
        }
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let limit = self.each.table;
        if limit.is_some_and(|it| desired as u64 > it) || maximum.is_some_and(|it| desired > it) {
            return if self.each.trap {
                Err(Error::msg(format!(
                    "a table of {current} elements cannot grow to {desired}"
                )))
            } else {
                Ok(false)
            };
        }
        Ok(true)
    }
}
