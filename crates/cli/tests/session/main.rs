//! The debugger over programs in wasmtime: breakpoints, steps, changes and calls.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod breakpoints;
mod changes;
mod cost;
mod steps;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use wdb_debuggee::coredump::ModuleId;
use wdb_debuggee::launch::{File, Input, Invocation, Output, Program, Sink, Stream};
use wdb_examine::Resolver;
use wdb_examine::expression;
use wdb_examine::places;
use wdb_live::{Asked, Compiled, Wasmtime};
use wdb_module::{Binary, Module};
use wdb_session::Error;
use wdb_session::Given;
use wdb_session::Launch;
use wdb_session::Launcher;
use wdb_session::Motion;
use wdb_session::Reason;
use wdb_session::ReturnValue;
use wdb_session::Session;
use wdb_session::Started;
use wdb_session::Stopped;
use wdb_session::breakpoints::{NewBreakpoint, Trigger};
use wdb_symbols::Symbols;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// Debug information of a program's modules, and sources from the fixtures' directory.
struct Fixtures {
    modules: Vec<Arc<Module>>,
    symbols: HashMap<ModuleId, Arc<Symbols>>,
}

impl Resolver for Fixtures {
    fn symbols(&mut self, id: ModuleId) -> Option<Arc<Symbols>> {
        let module = self.modules.get(id.position())?.clone();
        let symbols = || Arc::new(Symbols::new(module, None, None));
        Some(self.symbols.entry(id).or_insert_with(symbols).clone())
    }

    fn source(&mut self, _: ModuleId, path: &str) -> Option<String> {
        let relative = path.strip_prefix("/src/")?;
        std::fs::read_to_string(fixtures().join("src").join(relative)).ok()
    }
}

/// What a guest wrote.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Sink for Written {
    fn write(&self, _: Stream, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(())
    }

    fn is_terminal(&self, _: Stream) -> bool {
        false
    }
}

/// A session with a program that has run nothing.
struct Guest {
    session: Session,
    asked: Arc<Mutex<Arc<Asked>>>,
    written: Written,
    source: String,
}

/// A built fixture and its source.
fn fixture(name: &str, source: &str, arguments: &[&str]) -> Guest {
    let path = fixtures().join(format!("built/{name}.wasm.zst"));
    let bytes = zstd::decode_all(&std::fs::read(path).unwrap()[..]).unwrap();
    let source = std::fs::read_to_string(fixtures().join("src").join(source)).unwrap();
    guest(name, bytes.into(), &source, arguments)
}

/// A program in the text format, whose export `run` is called.
fn wat(text: &str) -> Guest {
    guest("program", wat::parse_str(text).unwrap().into(), "", &[])
}

struct Anew {
    compiled: Compiled,
    invocation: Invocation,
    asked: Arc<Mutex<Arc<Asked>>>,
}

impl Launcher for Anew {
    fn start(&mut self, _: &Given) -> Result<Started, wdb_debuggee::Error> {
        let live = self.compiled.launch(&self.invocation);
        let live = live.map_err(|error| wdb_debuggee::Error::Debuggee(error.to_string()))?;
        *self.asked.lock().unwrap() = live.asked();
        Ok(Started {
            debuggee: Box::new(live),
            changed: Vec::new(),
        })
    }
}

fn guest(name: &str, bytes: Bytes, source: &str, arguments: &[&str]) -> Guest {
    let binary = Binary::parse(bytes).unwrap();
    let modules = binary.modules().to_vec();
    let runs = modules[0].exports().iter().any(|it| it.name == "run");
    let written = Written::default();
    let arguments: Vec<String> = arguments.iter().map(|it| (*it).to_owned()).collect();
    let main = File {
        name: name.into(),
        path: None,
        binary: Arc::new(binary),
    };
    let program = Program {
        invoke: runs.then(|| "run".to_owned()),
        ..Program::new(main)
    };
    let asked: Arc<Mutex<Arc<Asked>>> = Arc::default();
    let mut launcher = Anew {
        compiled: Compiled::new(&Wasmtime::default(), &program, &arguments).unwrap(),
        invocation: Invocation {
            arguments,
            environment: Vec::new(),
            input: Input::Empty,
            output: Output::To(Arc::new(written.clone())),
        },
        asked: Arc::clone(&asked),
    };
    let given = Given::default();
    let debuggee = launcher.start(&given).unwrap().debuggee;
    let resolver = Fixtures {
        modules,
        symbols: HashMap::new(),
    };
    Guest {
        session: Session::new(
            debuggee,
            Box::new(resolver),
            Some(Launch {
                given,
                launcher: Box::new(launcher),
            }),
        ),
        asked,
        written,
        source: source.to_owned(),
    }
}

impl Guest {
    /// What the program was asked so far.
    fn asked(&self) -> Arc<Asked> {
        Arc::clone(&self.asked.lock().unwrap())
    }

    /// The line of the source that has this text.
    fn line(&self, text: &str) -> u32 {
        let found = self.source.lines().position(|line| line.contains(text));
        found.unwrap_or_else(|| panic!("no line has `{text}`")) as u32 + 1
    }

    /// A breakpoint; its number.
    fn break_at(&mut self, place: &str) -> u32 {
        let spec = places::parse(place).unwrap();
        self.set(Trigger::Place(spec))
    }

    /// Sets a breakpoint; its number.
    fn set(&mut self, trigger: Trigger) -> u32 {
        let new = NewBreakpoint::new("", trigger);
        self.session.set_breakpoint(new).unwrap().id
    }

    /// A breakpoint on the line that has this text.
    fn break_on(&mut self, text: &str) -> u32 {
        let line = self.line(text);
        self.break_at(&format!("c-steps.c:{line}"))
    }

    fn run(&mut self, motion: Motion) -> Stopped {
        self.session.run(motion).unwrap()
    }

    fn go(&mut self) -> Stopped {
        self.run(Motion::Continue)
    }

    /// A step, which ends as one.
    fn step(&mut self, motion: Motion) {
        let stopped = self.run(motion.clone());
        assert!(stopped.is_step(), "{motion:?}: {stopped:?}");
    }

    /// The function of the selected frame and the text of its line.
    fn place(&mut self) -> (String, String) {
        let frame = self.session.selected().unwrap();
        let place = self.session.view().place(frame).unwrap();
        let spot = &place.chain[frame.inlined];
        let line = spot.location.line.unwrap_or(0) as usize;
        let text = self.source.lines().nth(line.wrapping_sub(1));
        (
            spot.function.clone(),
            text.unwrap_or_default().trim().to_owned(),
        )
    }

    #[track_caller]
    fn expect(&mut self, function: &str, line: &str) {
        let (found, text) = self.place();
        assert_eq!(found, function, "{text}");
        assert!(text.contains(line), "at `{text}`, not `{line}`");
    }

    fn value(&mut self, text: &str) -> String {
        let frame = self.session.selected().unwrap();
        let parsed = expression::parse(text).unwrap();
        let shown = expression::show(&parsed, &mut self.session.view(), frame);
        shown.unwrap_or_else(|error| format!("error: {error}"))
    }

    fn depth(&mut self) -> usize {
        self.session.view().depth(0)
    }
}

/// The numbers of the breakpoints that were hit.
fn hits(stopped: &Stopped) -> Vec<u32> {
    let ids = stopped.reasons.iter().filter_map(|reason| match reason {
        Reason::Breakpoint(breakpoint) => Some(breakpoint.id),
        _ => None,
    });
    ids.collect()
}

fn refusal(result: Result<impl std::fmt::Debug, Error>) -> String {
    result.unwrap_err().to_string()
}
