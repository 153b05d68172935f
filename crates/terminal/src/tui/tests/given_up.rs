//! Whatever the screen asks the program for, Ctrl-C gives up the reading of it, and the next request is answered.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use wdb_console::Files;
use wdb_debuggee::Debuggee;
use wdb_examine::values::Named;
use wdb_examine::{expression, view::FrameId};
use wdb_symbols::reading::Reading;

use super::*;
use crate::repl::{Repl, Screen};
use crate::{Abilities, CtrlC};

/// The first look at debug information finds that Ctrl-C was pressed, while this is set.
#[derive(Clone)]
struct Pressed {
    ctrl_c: CtrlC,
    next: Arc<AtomicBool>,
}

impl Reading for Pressed {
    fn begins(&self) -> Box<dyn Any> {
        Box::new(())
    }

    fn is_given_up(&self) -> bool {
        if self.next.swap(false, Ordering::Relaxed) {
            self.ctrl_c.react();
        }
        self.ctrl_c.given_up()
    }
}

struct NoFiles;

impl Files for NoFiles {
    fn dump_core(&mut self, _: &mut dyn Debuggee, _: &Path) -> Result<String, String> {
        Err("no files".into())
    }

    fn save(&mut self, _: &Path, _: &str) -> Result<(), String> {
        Err("no files".into())
    }

    fn script(&mut self, _: &Path) -> Result<String, String> {
        Err("no files".into())
    }
}

/// What the screen gets when it asks for something.
fn told(repl: &mut Repl, request: Request) -> Vec<Report> {
    let (requests, asked) = mpsc::channel();
    let (reports, told) = mpsc::sync_channel(100);
    requests.send(request).unwrap();
    drop(requests);
    worker::work(repl, &mut Looker::default(), &asked, &reports).unwrap();
    drop(reports);
    told.iter().collect()
}

#[test]
fn what_is_read_for_the_screen_is_given_up_and_read_again() {
    let pressed = Pressed {
        ctrl_c: CtrlC::new(|| {}),
        next: Arc::default(),
    };
    let binary = Binary::parse(unpacked("built/cpp-types.wasm.zst")).unwrap();
    let modules = binary.modules().to_vec();
    let module = modules[0].clone();
    let known = modules.iter().cloned().map(Some).collect();
    let debuggee = PostMortem::new(reading("cpp-types.wasmtime"), known);
    let symbols = Symbols::new(module, None, None).observed_by(Arc::new(pressed.clone()));
    let resolver = Fixture {
        modules,
        symbols: HashMap::from([(ModuleId(0), Arc::new(symbols))]),
    };
    let session = Session::new(Box::new(debuggee), Box::new(resolver), None);
    let abilities = Abilities {
        colour: false,
        cursor: true,
    };
    let mut repl = Repl {
        console: Rc::new(RefCell::new(Console::new(session))),
        screen: Screen::new(Box::new(std::io::sink()), abilities, None),
        files: Box::new(NoFiles),
        ctrl_c: pressed.ctrl_c.clone(),
        scripts: Vec::new(),
        batch: false,
        lines: None,
        full_screen: true,
    };
    let wishes = State::default().wishes();
    let page = {
        let session = &mut repl.console.borrow_mut().session;
        let text = "*(shapes::Circle *)1024";
        let circle = expression::parse(text).unwrap();
        let frame = FrameId::default();
        let value = expression::evaluate(&circle, &mut session.view(), frame).unwrap();
        Page {
            path: "circle".into(),
            of: Box::new(Named {
                name: text.into(),
                expression: None,
                variable: None,
                value,
            }),
            run: session.runs(),
            from: 0,
            open: State::default().open,
        }
    };
    let all = [
        Request::Look(wishes),
        Request::Parts(page),
        Request::Complete("break shapes::Circle::a".into(), 23),
    ];
    for request in all {
        let is_empty = |reports: &[Report]| match reports.last().unwrap() {
            Report::Scene(scene) => scene.stack.is_empty(),
            Report::Parts(_, parts) => parts.is_empty(),
            Report::Completions(_, all) => all.is_empty(),
            other => panic!("{other:?}"),
        };
        let says_so = |it: &Report| matches!(it, Report::Written(Written::Answer(_, text)) if text == "given up\n");
        pressed.next.store(true, Ordering::Relaxed);
        let given_up = told(&mut repl, request.clone());
        assert!(matches!(given_up[0], Report::Reads), "{given_up:?}");
        assert!(
            given_up.iter().any(says_so) && is_empty(&given_up),
            "{given_up:?}"
        );
        let read = told(&mut repl, request);
        assert!(!read.iter().any(says_so) && !is_empty(&read), "{read:?}");
        // Nothing of the press is left for what comes next.
        assert!(!pressed.ctrl_c.given_up());
    }
}
