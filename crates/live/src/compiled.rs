//! A program that is compiled and linked, and can be launched more than once.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;

use wasmtime::Engine;
use wdb_debuggee::Debuggee;
use wdb_debuggee::launch::{Invocation, LaunchError, Prepared, Program};

use crate::blocks::Blocks;
use crate::debuggee::{Live, stopper};
use crate::engine::{self, Mode, Wasmtime};
use crate::guest::{self, Guest, Handler};
use crate::inventory::Inventory;
use crate::link::Linked;
use crate::stop::{Requester, StopRequest};
use crate::timer::Timer;
use crate::{host, link, modules};

/// A program, ready to be launched.
pub struct Compiled {
    program: Program,
    engine: Engine,
    linked: Linked,
}

impl Compiled {
    /// Compiles and links `program`, as [`prepare`](wdb_debuggee::launch::Engine::prepare) does.
    ///
    /// # Errors
    ///
    /// What keeps the program from ever starting.
    pub fn new(
        engine: &Wasmtime,
        program: &Program,
        arguments: &[String],
    ) -> Result<Compiled, LaunchError> {
        let engine = engine::engine(engine, program, Mode::Debug)?;
        let linked = link::link(&engine, program, arguments)?;
        Ok(Compiled {
            program: program.clone(),
            engine,
            linked,
        })
    }

    /// Launches it, as [`Prepared::launch`] does.
    ///
    /// # Errors
    ///
    /// As of [`Prepared::launch`].
    pub fn launch(&self, invocation: &Invocation) -> Result<Live, LaunchError> {
        let Compiled {
            program,
            engine,
            linked,
        } = self;
        let mut linked = linked.clone();
        linked.recall(program, &invocation.arguments)?;
        let process = engine::process(program, &invocation.arguments);
        let request = StopRequest::default();
        let mut store = host::store(engine, program, invocation, Mode::Debug, &request)?;
        let modules = modules::register(&mut store, &linked, program)
            .map_err(|error| LaunchError::Host(format!("{error:#}")))?;
        let inventory = Inventory::new(modules, matches!(linked, Linked::Component { .. }));
        let records = inventory.modules.clone();
        let no_thread = |error| LaunchError::Host(format!("cannot start a thread: {error}"));
        let ring = stopper(engine, &request, Requester::Timer);
        let timer = program.limits.time.map(|time| Timer::new(time, ring));
        let timer = timer.transpose().map_err(no_thread)?;
        let guest = Guest::new(program, process.clone(), inventory, timer);
        let asked = Arc::clone(&guest.asked);
        let abandoned = Arc::new(AtomicBool::new(false));
        let (commands, receive_commands) = mpsc::channel();
        let (send_events, events) = mpsc::channel();
        let handler = Handler::new(send_events, receive_commands, request.clone(), guest);
        std::thread::Builder::new()
            .name("guest".into())
            .spawn({
                let abandoned = abandoned.clone();
                move || guest::run(store, &linked, &handler, abandoned)
            })
            .map_err(no_thread)?;
        let mut live = Live {
            name: program.main.name.clone(),
            engine: engine.clone(),
            request,
            abandoned,
            commands: Some(commands),
            events,
            process,
            stop: Vec::new(),
            results: Vec::new(),
            ended: false,
            modules: records,
            blocks: Blocks::default(),
            asked,
        };
        live.wait()
            .map_err(|error| LaunchError::Host(error.to_string()))?;
        Ok(live)
    }
}

impl Prepared for Compiled {
    fn launch(&self, invocation: &Invocation) -> Result<Box<dyn Debuggee>, LaunchError> {
        Ok(Box::new(self.launch(invocation)?))
    }
}
