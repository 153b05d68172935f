//! Debuggees that have other capabilities than a program in wasmtime: what the session does with them.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../../examine/tests/examine/support/mod.rs"]
mod support;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use support::{Fixtures, dump, modules};
use wdb_debuggee::coredump::{
    Capture, Global, Instance, MemoryId, MemoryShape, ModuleId, Process, Slot, Table, TableId,
    Value,
};
use wdb_debuggee::{
    Certainty, Debuggee, Error, Execute, Interrupt, Module, PostMortem, Resume, SetLocal,
    StopFilter, StopReason, Thread,
};
use wdb_examine::Resolver;
use wdb_examine::expression;
use wdb_examine::values::{self, Named};
use wdb_module::LocalIndex;
use wdb_session::Session;
use wdb_session::breakpoints::{NewBreakpoint, Trigger};
use wdb_symbols::Symbols;
use wdb_symbols::reading::{self, Reading};
use wdb_symbols::render::Limits;

/// A local that was set: thread, frame, local, value.
type Written = (usize, usize, u32, Value);

/// A dump that says that it can run, such as a recording, and may let locals be changed, as an interpreter does.
struct Other {
    dump: PostMortem,
    view: Vec<StopReason>,
    locals: Option<Locals>,
    /// Whether it has gone away, as an engine whose process was killed: it answers nothing any more.
    gone: Arc<AtomicBool>,
}

impl Other {
    fn answers(&self) -> Result<(), Error> {
        if self.gone.load(Ordering::Relaxed) {
            return Err(Error::Debuggee("the engine has gone away".into()));
        }
        Ok(())
    }
}

#[derive(Clone, Default)]
struct Locals(Arc<Mutex<Vec<Written>>>);

impl Debuggee for Other {
    fn stop_reasons(&self) -> &[StopReason] {
        &self.view
    }
    fn process(&self) -> &Process {
        self.dump.process()
    }
    fn capture(&self) -> Capture {
        self.dump.capture()
    }
    fn modules(&self) -> &[Module] {
        self.dump.modules()
    }
    fn instances(&mut self) -> Result<Vec<Instance>, Error> {
        self.dump.instances()
    }
    fn threads(&mut self) -> Result<Vec<Thread>, Error> {
        self.answers()?;
        let mut threads = self.dump.threads()?;
        let locals = &mut threads[0].frames[0].locals;
        // A dump of wasmtime holds none of them.
        for (index, slot) in locals.iter_mut().enumerate() {
            *slot = Slot::Known(Value::I32(index as i32));
        }
        let written = self
            .locals
            .iter()
            .flat_map(|it| it.0.lock().unwrap().clone());
        for (thread, frame, local, value) in written {
            threads[thread].frames[frame].locals[local as usize] = Slot::Known(value);
        }
        Ok(threads)
    }
    fn memories(&mut self) -> Result<Vec<MemoryShape>, Error> {
        self.answers()?;
        self.dump.memories()
    }
    fn read_memory(
        &mut self,
        memory: MemoryId,
        address: u64,
        buffer: &mut [u8],
    ) -> Result<Certainty, Error> {
        self.answers()?;
        self.dump.read_memory(memory, address, buffer)
    }
    fn occupied_memory(&mut self, memory: MemoryId) -> Result<Vec<Range<u64>>, Error> {
        self.dump.occupied_memory(memory)
    }
    fn globals(&mut self) -> Result<Vec<Global>, Error> {
        self.dump.globals()
    }
    fn table(&mut self, table: TableId) -> Result<Table, Error> {
        self.dump.table(table)
    }
    fn table_count(&mut self) -> Result<u32, Error> {
        self.dump.table_count()
    }
    fn execute(&mut self) -> Option<&mut dyn Execute> {
        Some(self)
    }
    fn set_local(&mut self) -> Option<&mut dyn SetLocal> {
        self.locals.as_mut().map(|it| it as &mut dyn SetLocal)
    }
}

impl Execute for Other {
    fn resume(&mut self, _: Resume, _: Option<StopFilter>) -> Result<(), Error> {
        Err(Error::Refused("the recording is at its end".into()))
    }
    fn interrupt(&self) -> Interrupt {
        Interrupt::new(|| {})
    }
    fn results(&self) -> &[String] {
        &[]
    }
    fn forget_interrupt(&mut self) {}
}

impl SetLocal for Locals {
    fn set_frame_local(
        &mut self,
        thread: usize,
        frame: usize,
        local: LocalIndex,
        value: &Value,
    ) -> Result<(), Error> {
        let mut written = self.0.lock().unwrap();
        written.push((thread, frame, local.0, value.clone()));
        Ok(())
    }
}

fn session(view: StopReason, locals: Option<Locals>) -> Session {
    let debuggee = Other {
        dump: dump("c-div-zero.wasmtime", "c-div-zero"),
        view: vec![view],
        locals,
        gone: Arc::default(),
    };
    over(debuggee)
}

fn over(debuggee: Other) -> Session {
    let resolver = Fixtures::new(modules("c-div-zero"));
    Session::new(Box::new(debuggee), Box::new(resolver), None)
}

/// Gives what `place` means a value.
fn assign(
    session: &mut Session,
    place: &str,
    value: &str,
) -> Result<wdb_session::Evaluated, wdb_session::Error> {
    let parse = |text: &str| {
        expression::parse(text).map_err(|error| wdb_session::Error::Expression {
            error,
            text: text.to_owned(),
        })
    };
    let at = session.selected().unwrap_or_default();
    session.assign(&parse(place)?, &parse(value)?, at)
}

fn call(session: &mut Session, text: &str) -> Result<wdb_session::Evaluated, wdb_session::Error> {
    let expression = expression::parse(text).unwrap();
    let at = session.selected().unwrap_or_default();
    session.evaluate(&expression, at)
}

fn refusal<T>(result: Result<T, wdb_session::Error>) -> String {
    match result {
        Ok(_) => panic!("it was not refused"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_runs_need_not_have_functions_called() {
    let mut session = session(StopReason::Interrupted, None);
    assert!(session.can_run());
    let words = "no function of this program can be called by the debugger";
    assert_eq!(refusal(call(&mut session, "average(1, 2)")), words);
    assert_eq!(refusal(session.abandon()), words);
    assert_eq!(
        refusal(session.run(wdb_session::Motion::Continue)),
        "the recording is at its end"
    );
}

/// Debug information whose reading the user gives up at once.
struct GivesUp;

impl Reading for GivesUp {
    fn begins(&self) -> Box<dyn std::any::Any> {
        Box::new(())
    }
    fn is_given_up(&self) -> bool {
        true
    }
}

struct Slow(Arc<Symbols>);

impl Resolver for Slow {
    fn symbols(&mut self, _: ModuleId) -> Option<Arc<Symbols>> {
        Some(Arc::clone(&self.0))
    }
    fn source(&mut self, _: ModuleId, _: &str) -> Option<String> {
        None
    }
}

/// What is read for a display is given up in the middle of it.
#[test]
fn breakpoints_outlive_a_display_that_is_given_up() {
    let module = modules("c-div-zero")[0].clone();
    let symbols = Symbols::new(module, None, None).observed_by(Arc::new(GivesUp));
    let debuggee = dump("c-div-zero.wasmtime", "c-div-zero");
    let mut session = Session::new(Box::new(debuggee), Box::new(Slow(Arc::new(symbols))), None);
    let new = NewBreakpoint::new("trap", Trigger::Trap);
    session.set_breakpoint(new).unwrap();
    let frame = session.selected().unwrap();
    let call = expression::parse("nosuch(1)").unwrap();
    let shown = reading::cancellable(|| session.evaluate_unasked(&call, frame));
    assert!(shown.is_err(), "it was not read");
    assert_eq!(session.breakpoints().iter().count(), 1);
}

/// Until a program is compiled it has no capability to have functions called, and will have it.
#[test]
fn what_has_not_started_says_so() {
    let mut session = session(StopReason::Started, None);
    let words = "the program has not started";
    assert_eq!(refusal(session.abandon()), words);
}

#[test]
fn a_local_is_changed_where_the_debuggee_can() {
    let words = "`$local[1]` is not in memory: it is in a local or on the operand stack of \
                 WebAssembly, or computed, and cannot be changed";
    assert_eq!(
        refusal(assign(
            &mut session(StopReason::Interrupted, None),
            "$local[1]",
            "5"
        )),
        words
    );

    let locals = Locals::default();
    let mut session = session(StopReason::Interrupted, Some(locals.clone()));
    let selected = session.selected().unwrap();
    let before = session.view().frame(selected).unwrap();
    assert_eq!(before.locals[1], Slot::Known(Value::I32(1)));
    assign(&mut session, "$local[1]", "5 + $local[0]").unwrap();
    assert_eq!(*locals.0.lock().unwrap(), [(0, 0, 1, Value::I32(5))]);
    // What was remembered of the frame does not hold any more.
    let after = session.view().frame(selected).unwrap();
    assert_eq!(after.locals[1], Slot::Known(Value::I32(5)));
    let missing = refusal(assign(&mut session, "$local[999]", "5"));
    assert!(missing.contains("there is no number 999"), "{missing}");
    assert_eq!(locals.0.lock().unwrap().len(), 1);
}

/// The debuggee goes away between two pages of the parts of a value.
#[test]
fn a_debuggee_that_has_gone_is_reported_and_its_values_are_unavailable() {
    const LIMITS: Limits = Limits {
        depth: 2,
        elements: 10,
        text: 100,
        line: 100,
        values: 10,
    };
    let gone = Arc::<AtomicBool>::default();
    let mut session = over(Other {
        dump: dump("c-div-zero.wasmtime", "c-div-zero"),
        view: vec![StopReason::Interrupted],
        locals: None,
        gone: Arc::clone(&gone),
    });
    let frame = session.selected().unwrap();
    // More than what is read at once.
    let text = "*(int (*)[4096])1024";
    let array = expression::parse(text).unwrap();
    let value = expression::evaluate(&array, &mut session.view(), frame).unwrap();
    let handle = Named {
        name: text.to_owned(),
        expression: Some(text.to_owned()),
        variable: None,
        value,
    };
    let page = |session: &mut Session, from: u64| {
        let mut view = session.view();
        let page = values::children(&mut view, &handle, from..from + 100);
        assert_eq!((page.parts.len(), page.length), (100, 4096));
        let shown = |it: &Named| values::show(&mut view, &it.value, &LIMITS, None).text;
        let shown: Vec<_> = page.parts.iter().map(shown).collect();
        shown
    };
    let before = page(&mut session, 0);
    assert!(before.iter().all(Result::is_ok), "{before:?}");
    assert!(session.unanswered().is_none());
    gone.store(true, Ordering::Relaxed);
    let after = page(&mut session, 3900);
    for part in after {
        let why = part.unwrap_err().to_string();
        assert!(why.contains("the engine has gone away"), "{why}");
    }
    let error = session.unanswered().unwrap().to_string();
    assert!(error.contains("the engine has gone away"), "{error}");
    // Nothing of it is shown as if it still held, and it is reported again.
    assert!(page(&mut session, 0).iter().all(Result::is_err));
    assert!(session.unanswered().is_some());
    session.run(wdb_session::Motion::Continue).unwrap_err();
}
