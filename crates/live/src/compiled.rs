//! A program that is compiled and linked, and can be launched more than once.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;

use wasmtime::Engine;

use crate::blocks::Blocks;
use crate::debuggee::{Live, stopper};
use crate::guest::{self, Guest, Handler};
use crate::inventory::Inventory;
use crate::link::Linked;
use crate::program::{LaunchError, Program, Wasi};
use crate::stdio::Tail;
use crate::stop::{Requester, StopRequest};
use crate::timer::Timer;
use crate::{engine, host, link, modules};

/// A program, ready to be launched.
pub struct Compiled {
    program: Program,
    engine: Engine,
    linked: Linked,
}

impl Compiled {
    /// Compiles and links `program`, which takes most of the time of a launch.
    ///
    /// # Errors
    ///
    /// What keeps the program from ever starting.
    pub fn new(program: &Program) -> Result<Compiled, LaunchError> {
        let engine = engine::engine(program)?;
        let linked = link::link(&engine, program)?;
        Ok(Compiled {
            program: program.clone(),
            engine,
            linked,
        })
    }

    /// What was compiled.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// What the next launches give to the program, but for its arguments.
    pub fn wasi(&mut self) -> &mut Wasi {
        &mut self.program.wasi
    }

    /// What the next launches give to the program, or to the export that is called, without the program's own name.
    ///
    /// # Errors
    ///
    /// When the export does not take them; the old ones stay.
    pub fn set_arguments(&mut self, arguments: &[String]) -> Result<(), LaunchError> {
        let mut program = self.program.clone();
        program.set_arguments(arguments);
        self.linked.recall(&program)?;
        self.program = program;
        Ok(())
    }

    /// Launches it, and stops it before its first instruction.
    ///
    /// # Errors
    ///
    /// When the host cannot provide what it needs: a directory, a thread.
    pub fn launch(&self) -> Result<Live, LaunchError> {
        let Compiled {
            program,
            engine,
            linked,
        } = self;
        let stderr = Tail::default();
        let request = StopRequest::default();
        let mut store = host::store(engine, program, &stderr, &request)?;
        let modules = modules::register(&mut store, linked, program)
            .map_err(|error| LaunchError::Host(format!("{error:#}")))?;
        let inventory = Inventory::new(modules, matches!(linked, Linked::Component { .. }));
        let records = inventory.modules.clone();
        let no_thread = |error| LaunchError::Host(format!("cannot start a thread: {error}"));
        let ring = stopper(engine, &request, Requester::Timer);
        let timer = program.limits.time.map(|time| Timer::new(time, ring));
        let timer = timer.transpose().map_err(no_thread)?;
        let guest = Guest::new(program, inventory, timer);
        let asked = Arc::clone(&guest.asked);
        let abandoned = Arc::new(AtomicBool::new(false));
        let (commands, receive_commands) = mpsc::channel();
        let (send_events, events) = mpsc::channel();
        let handler = Handler::new(send_events, receive_commands, request.clone(), guest);
        std::thread::Builder::new()
            .name("guest".into())
            .spawn({
                let abandoned = abandoned.clone();
                let linked = linked.clone();
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
            stderr,
            process: program.process(),
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
