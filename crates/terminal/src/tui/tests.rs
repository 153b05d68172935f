//! The view over core dumps, as screens: `BLESS=1` writes those of `screens`.

#![allow(clippy::unwrap_used, reason = "tests")]

mod given_up;
mod picture;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{
    Event as Input, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use wdb_console::{Action, Completion, Console, Output, Style};
use wdb_debuggee::PostMortem;
use wdb_debuggee::coredump::{ModuleId, Reading};
use wdb_examine::Resolver;
use wdb_examine::frames::Entry;
use wdb_examine::places::Spec;
use wdb_module::{Binary, Module};
use wdb_session::{Motion, Session};
use wdb_symbols::Symbols;
use wdb_symbols::render::Notation;

use super::draw::draw;
use super::look::Looker;
use super::scene::Rows;
use super::state::{Ended, Page, Pane, Part, Report, Request, State};
use super::update::{Effect, Event, update};
use super::worker;
use crate::repl::Written;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn unpacked(path: &str) -> bytes::Bytes {
    let packed = std::fs::read(fixtures().join(path)).unwrap();
    zstd::decode_all(&packed[..]).unwrap().into()
}

fn reading(dump: &str) -> Reading {
    wdb_debuggee::coredump::read(unpacked(&format!("dumps/{dump}.core.zst"))).unwrap()
}

/// Debug information of fixtures, and their sources.
struct Fixture {
    modules: Vec<Arc<Module>>,
    symbols: HashMap<ModuleId, Arc<Symbols>>,
}

impl Resolver for Fixture {
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

/// The view over a dump, with the part of a worker played by the test.
struct View {
    console: Console,
    looker: Looker,
    state: State,
}

impl View {
    fn of(dump: &str, module: &str, size: (u16, u16)) -> View {
        View::over(reading(dump), module, size)
    }

    fn over(reading: Reading, module: &str, size: (u16, u16)) -> View {
        let binary = Binary::parse(unpacked(&format!("built/{module}.wasm.zst"))).unwrap();
        let modules = binary.modules().to_vec();
        let known = modules.iter().cloned().map(Some).collect();
        let debuggee = PostMortem::new(reading, known);
        let resolver = Fixture {
            modules,
            symbols: HashMap::new(),
        };
        let mut view = View {
            console: Console::new(Session::new(Box::new(debuggee), Box::new(resolver), None)),
            looker: Looker::default(),
            state: State::default(),
        };
        view.state.resume(vec!["info locals".into()], "(wdb) ");
        view.happens(Event::Input(Input::Resize(size.0, size.1)));
        view.look();
        view
    }

    fn look(&mut self) {
        let wishes = self.state.wishes();
        let scene = self.looker.look(&mut self.console.session, &wishes);
        self.told(Report::Scene(Box::new(scene)));
    }

    fn told(&mut self, report: Report) {
        assert_eq!(self.happens(Event::Report(report)), None);
    }

    fn happens(&mut self, event: Event) -> Option<Effect> {
        update(&mut self.state, event)
    }

    /// Presses a key. What the worker is asked for is done, except what a program would have to run for.
    fn press(&mut self, code: KeyCode, modifiers: KeyModifiers) -> Option<Effect> {
        let effect = self.happens(Event::Input(Input::Key(KeyEvent::new(code, modifiers))));
        self.done(effect.as_ref());
        effect
    }

    /// Does what the worker does.
    fn done(&mut self, effect: Option<&Effect>) {
        let Some(Effect::Ask(request)) = effect else {
            return;
        };
        match request {
            Request::Look(_) => self.look(),
            Request::Parts(page) => {
                let parts = worker::more(&mut self.console.session, page.clone());
                self.told(Report::Parts(page.path.clone(), parts));
            }
            Request::Execute(line, _) => {
                self.console.execute(line, &mut String::new());
                self.look();
                self.told(Report::Done("(wdb) ".into()));
            }
            Request::Act(action, _) => {
                self.console.act(action.clone(), &mut String::new());
                self.look();
                self.told(Report::Done("(wdb) ".into()));
            }
            _ => {}
        }
    }

    fn key(&mut self, code: KeyCode) -> Option<Effect> {
        self.press(code, KeyModifiers::NONE)
    }

    fn typed(&mut self, text: &str) {
        for c in text.chars() {
            self.key(KeyCode::Char(c));
        }
    }

    /// The line that a key makes the worker execute.
    fn executes(&mut self, code: KeyCode) -> Option<String> {
        match self.key(code) {
            Some(Effect::Ask(Request::Execute(line, _))) => Some(line),
            _ => None,
        }
    }

    /// What a key makes the worker do.
    fn acts(&mut self, code: KeyCode) -> Option<Action> {
        match self.key(code) {
            Some(Effect::Ask(Request::Act(action, _))) => Some(action),
            _ => None,
        }
    }

    fn drawn(&self) -> Buffer {
        let (width, height) = self.state.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, &self.state)).unwrap();
        terminal.backend().buffer().clone()
    }

    fn screen(&self) -> String {
        let mut text = String::new();
        for row in self.drawn().content.chunks(usize::from(self.state.size.0)) {
            let row: String = row.iter().map(|cell| cell.symbol()).collect();
            text.push_str(row.trim_end());
            text.push('\n');
        }
        text
    }

    #[track_caller]
    fn shows(&self, name: &str) {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/tui/screens/{name}.txt"));
        let screen = self.screen();
        if std::env::var_os("BLESS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &screen).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(screen, expected, "{} is another", path.display());
    }
}

#[test]
fn a_crash_in_a_small_terminal() {
    let mut view = View::of("c-variables.wasmtime", "c-variables", (80, 24));
    view.shows("small");
    // The first frame with a structure.
    view.typed("frame 2");
    view.key(KeyCode::Enter);
    view.key(KeyCode::Tab);
    view.key(KeyCode::Tab);
    assert_eq!(view.state.focus, Pane::Variables);
    for _ in 0..6 {
        view.key(KeyCode::Down);
    }
    view.key(KeyCode::Enter);
    view.key(KeyCode::Down);
    view.key(KeyCode::Down);
    // What is deeper is asked for.
    let deeper = view.key(KeyCode::Right);
    assert!(
        matches!(deeper, Some(Effect::Ask(Request::Parts(_)))),
        "{deeper:?}"
    );
    view.shows("small-variable-open");
    view.key(KeyCode::Tab);
    view.shows("small-stack");
    view.key(KeyCode::Down);
    assert_eq!(view.acts(KeyCode::Enter), Some(Action::Frame(3)));
    view.shows("small-frame-3");
    view.key(KeyCode::F(1));
    view.shows("small-help");
}

#[test]
fn a_crash_in_a_large_terminal() {
    let mut view = View::of("c-variables.wasmtime", "c-variables", (120, 40));
    view.told(Report::Written(Written::Guest(b"caf\xc3".to_vec())));
    view.told(Report::Written(Written::Guest(
        b"\xa9 1\n\x1b[31mred\n".to_vec(),
    )));
    view.told(Report::Written(Written::Guest(b"panicked".to_vec())));
    view.typed("info locals");
    assert_eq!(view.executes(KeyCode::Enter).unwrap(), "info locals");
    view.told(Report::Written(Written::Answer(
        Style::Plain,
        "sum = 3\n".into(),
    )));
    view.shows("large");
    view.key(KeyCode::F(3));
    view.shows("large-instructions");
}

#[test]
fn every_size_has_a_screen() {
    let mut view = View::of("rust-types.wasmtime", "rust-types", (80, 24));
    view.state.help = true;
    for width in (0..130).step_by(7) {
        for height in (0..45).step_by(3) {
            view.happens(Event::Input(Input::Resize(width, height)));
            // A terminal that does not know its size says that it has none.
            let cells = view.drawn().content.len();
            assert_eq!(cells, usize::from(width) * usize::from(height));
        }
    }
    view.state.help = false;
    view.happens(Event::Input(Input::Resize(40, 12)));
    view.shows("tiny");
    // The tab that is shown looks different from the others.
    view.key(KeyCode::F(4));
    let title = view.screen().lines().next().unwrap().to_owned();
    assert!(title.contains("[Dbg]") && title.contains(" Out"), "{title}");
}

#[test]
fn keys_stand_for_actions() {
    let mut view = View::of("c-variables.wasmtime", "c-variables", (80, 24));
    for (key, motion) in [
        (5, Motion::Continue),
        (10, Motion::Over),
        (11, Motion::Into),
        (12, Motion::Out),
    ] {
        assert_eq!(view.acts(KeyCode::F(key)), Some(Action::Move(motion)));
    }
    view.key(KeyCode::Tab);
    view.key(KeyCode::Down);
    let line = view.state.scene.code.current.unwrap() as u32 + 2;
    let place = Spec::Line {
        file: Some("/src/c-variables.c".into()),
        line,
        column: None,
    };
    assert_eq!(view.acts(KeyCode::F(9)), Some(Action::Break(place)));
    // A command of the user's is in the history, those of keys are not.
    view.key(KeyCode::Esc);
    view.typed("bt");
    assert_eq!(view.executes(KeyCode::Enter).unwrap(), "bt");
    view.key(KeyCode::Up);
    view.key(KeyCode::Up);
    assert_eq!(view.state.line.text(), "info locals");
}

#[test]
fn lines_that_are_entered_ahead_are_executed_one_after_the_other() {
    let mut view = View::of("c-variables.wasmtime", "c-variables", (80, 24));
    let enter = |view: &mut View, line: &str| {
        view.typed(line);
        let key = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
        view.happens(Event::Input(Input::Key(key)))
    };
    assert!(enter(&mut view, "bt").is_some());
    assert_eq!(enter(&mut view, "info locals"), None);
    assert_eq!(enter(&mut view, ""), None, "nothing is done again");
    assert_eq!(enter(&mut view, "up"), None);
    let next = |view: &mut View| match view.happens(Event::Report(Report::Done("(wdb) ".into()))) {
        Some(Effect::Ask(Request::Execute(line, _))) => Some(line),
        _ => None,
    };
    assert_eq!(next(&mut view).unwrap(), "info locals");
    view.press(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(next(&mut view), None, "Ctrl-C drops the rest");
    assert!(!view.state.executes);
}

#[test]
fn while_the_program_runs_keys_only_interrupt() {
    let mut view = View::of("c-variables.wasmtime", "c-variables", (80, 24));
    let running = Input::Key(KeyEvent::new(KeyCode::F(5), KeyModifiers::NONE));
    assert!(view.happens(Event::Input(running)).is_some());
    assert!(view.state.executes);
    view.happens(Event::Slow(0));
    view.told(Report::Written(Written::Guest(b"still here\n".to_vec())));
    assert!(view.screen().contains("running…"));
    assert_eq!(view.key(KeyCode::F(10)), None);
    assert_eq!(view.key(KeyCode::F(2)), None);
    assert_eq!(view.state.ended, None);
    let interrupt = view.press(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(interrupt, Some(Effect::Interrupt));
    view.told(Report::Done("(wdb) ".into()));
    assert!(!view.screen().contains("running…"));
    assert_eq!(view.key(KeyCode::F(2)), Some(Effect::Ask(Request::Leave)));
    view.told(Report::Ended(Ended::Left));
    assert_eq!(view.state.ended, Some(Ended::Left));
}

#[test]
fn what_is_read_for_the_screen_is_in_the_status_line_until_it_is_there_or_given_up() {
    let mut view = View::of("c-variables.wasmtime", "c-variables", (80, 24));
    let status = |view: &View| view.screen().lines().nth(22).unwrap().to_owned();
    let idle = status(&view);
    let scene = view.state.scene.clone();
    let over = [
        Report::Scene(Box::new(scene)),
        Report::Parts("none".into(), Vec::new()),
        Report::Completions("none".into(), Vec::new()),
    ];
    let ctrl_c = |view: &mut View| view.press(KeyCode::Char('c'), KeyModifiers::CONTROL);
    for report in over {
        view.told(Report::Reads);
        // Not yet: the line is meant.
        assert_eq!(ctrl_c(&mut view), Some(Effect::Ask(Request::Cancel)));
        view.told(Report::Cancelled("(wdb) ".into()));
        view.happens(Event::Slow(0));
        let reading = " reading debug information… (Ctrl-C interrupts)";
        assert!(status(&view).starts_with(reading), "{}", status(&view));
        view.told(Report::Written(Written::Progress("reading a.wasm".into())));
        view.happens(Event::Slow(3));
        let told = " reading a.wasm… 3 s (Ctrl-C interrupts)";
        assert!(status(&view).starts_with(told), "{}", status(&view));
        assert_eq!(ctrl_c(&mut view), Some(Effect::Interrupt));
        view.told(report);
        assert_eq!(status(&view), idle);
    }
    // What is dropped at the line ends no command that was typed after it.
    view.typed("frame 1");
    view.happens(Event::Input(Input::Key(KeyEvent::new(
        KeyCode::Enter,
        KeyModifiers::NONE,
    ))));
    view.told(Report::Cancelled("(wdb) ".into()));
    assert_eq!(ctrl_c(&mut view), Some(Effect::Interrupt));
}

#[test]
fn a_value_that_changed_is_marked_until_the_program_runs_again() {
    let mut view = View::of("c-variables.wasmtime", "c-variables", (80, 24));
    let mut scene = view.state.scene.clone();
    let name = scene.variables[0].name.clone();
    scene.run += 1;
    scene.variables[0].shown.text.as_mut().unwrap().push('0');
    let again = scene.clone();
    view.told(Report::Scene(Box::new(scene.clone())));
    assert_eq!(Vec::from_iter(&view.state.changed), [&name]);
    // The same stop, looked at once more.
    view.told(Report::Scene(Box::new(again)));
    assert_eq!(Vec::from_iter(&view.state.changed), [&name]);
    assert!(
        view.screen().contains(&format!("*  {name}")),
        "{}",
        view.screen()
    );
    scene.run += 1;
    view.told(Report::Scene(Box::new(scene)));
    assert!(view.state.changed.is_empty());
}

#[test]
fn what_is_typed_is_completed() {
    let mut view = View::of("c-variables.wasmtime", "c-variables", (80, 24));
    view.typed("info l");
    let asked = view.key(KeyCode::Tab);
    assert_eq!(
        asked,
        Some(Effect::Ask(Request::Complete("info l".into(), 6)))
    );
    let all = ["line", "locals"].map(|text| Completion {
        start: 5,
        text: text.into(),
        about: format!("about {text}"),
    });
    view.told(Report::Completions("info l".into(), all.to_vec()));
    view.key(KeyCode::Tab);
    view.key(KeyCode::Tab);
    view.shows("small-completion");
    assert_eq!(view.executes(KeyCode::Enter), None);
    assert_eq!(view.executes(KeyCode::Enter).unwrap(), "info locals");
}

fn mouse(kind: MouseEventKind, (column, row): (u16, u16)) -> Event {
    let modifiers = KeyModifiers::NONE;
    Event::Input(Input::Mouse(MouseEvent {
        kind,
        column,
        row,
        modifiers,
    }))
}

const CLICK: MouseEventKind = MouseEventKind::Down(MouseButton::Left);

#[test]
fn a_click_goes_to_a_pane_a_tab_or_a_row() {
    let mut view = View::of("c-variables.wasmtime", "c-variables", (80, 24));
    // The second tab beside the code: the stack, whose second row becomes the selected one.
    let tab = view.screen().lines().next().unwrap().to_owned();
    let column = tab.split("Stack").next().unwrap().chars().count();
    view.happens(mouse(CLICK, (column as u16, 0)));
    assert_eq!(view.state.focus, Pane::Stack);
    assert_eq!(view.happens(mouse(CLICK, (column as u16, 2))), None);
    assert_eq!(view.state.stack.selected, 1);
    let again = view.happens(mouse(CLICK, (column as u16, 2)));
    assert!(
        matches!(&again, Some(Effect::Ask(Request::Act(Action::Frame(1), _)))),
        "{again:?}"
    );
    view.told(Report::Done("(wdb) ".into()));
    // In front of a line of code: a breakpoint.
    let first = view.state.code.top + 1;
    let set = view.happens(mouse(CLICK, (1, 1)));
    assert!(
        matches!(&set, Some(Effect::Ask(Request::Act(Action::Break(Spec::Line { line, .. }), _)))
            if *line as usize == first),
        "{set:?}"
    );
    view.told(Report::Done("(wdb) ".into()));
    view.happens(mouse(CLICK, (10, 23)));
    assert_eq!(view.state.focus, Pane::Command);
    // Where nothing is.
    view.happens(mouse(CLICK, (79, 10)));
    view.happens(mouse(CLICK, (500, 500)));
}

#[test]
fn the_wheel_scrolls_what_is_below_it() {
    let mut view = View::of("c-variables.wasmtime", "c-variables", (80, 24));
    let (top, lines) = (view.state.code.top, view.state.scene.code.rows.len());
    view.happens(mouse(MouseEventKind::ScrollUp, (5, 5)));
    assert_eq!(view.state.code.top, top - 3);
    assert_eq!(view.state.focus, Pane::Code);
    for _ in 0..lines {
        view.happens(mouse(MouseEventKind::ScrollDown, (5, 5)));
    }
    let code = view.state.code;
    assert!(code.top + 14 >= lines && code.selected < lines, "{code:?}");
    for number in 0..30 {
        view.told(Report::Written(Written::Answer(
            Style::Plain,
            format!("answer {number}\n"),
        )));
    }
    view.happens(mouse(MouseEventKind::ScrollUp, (5, 18)));
    assert_eq!(view.state.log.back, 3);
    assert_eq!(view.state.focus, Pane::Code);
}

#[test]
fn long_lines_are_moved_sideways() {
    let mut view = View::of("c-variables.wasmtime", "c-variables", (80, 24));
    let longest = view.state.scene.code.rows.width();
    let before = view.screen();
    assert!(before.contains("…│"), "{before}");
    view.key(KeyCode::Tab);
    view.key(KeyCode::Right);
    assert_eq!(view.state.code_column, 8);
    for _ in 0..longest {
        view.key(KeyCode::Right);
    }
    // Something is still to be seen.
    assert!(view.state.code_column < longest);
    for _ in 0..longest {
        view.key(KeyCode::Left);
    }
    view.key(KeyCode::Esc);
    assert_eq!(view.screen(), before);
}

#[test]
fn more_parts_are_asked_for_page_by_page() {
    let mut view = View::of("c-variables.wasmtime", "c-variables", (80, 24));
    view.console.execute("frame 4", &mut String::new());
    let expression = wdb_examine::expression::parse("*(int (*)[250])1024").unwrap();
    view.console.session.displays.add(expression, None);
    view.look();
    view.key(KeyCode::Tab);
    view.key(KeyCode::Tab);
    let more = |view: &View| {
        let rows = view.state.variable_rows();
        let found = rows.iter().find_map(|row| match row.part {
            Part::More(left) => Some(left),
            Part::Value { .. } => None,
        });
        (view.state.scene.displays[0].parts.len(), found)
    };
    assert_eq!(more(&view), (0, None));
    view.key(KeyCode::Enter);
    assert_eq!(more(&view), (100, Some(150)));
    for expected in [(200, Some(50)), (250, None)] {
        let rows = view.state.variable_rows();
        let row = rows.iter().position(|it| matches!(it.part, Part::More(_)));
        view.state.variables.selected = row.unwrap();
        let asked = view.key(KeyCode::Enter);
        assert!(matches!(asked, Some(Effect::Ask(Request::Parts(_)))));
        assert_eq!(more(&view), expected);
    }
    assert_eq!(view.state.scene.displays[0].parts[249].name, "[249]");
    // Closed and opened again they are there still, and after a look as well.
    view.state.variables.selected = 0;
    assert_eq!(view.key(KeyCode::Enter), None);
    assert_eq!(
        view.state.variable_rows().len(),
        1 + view.state.scene.variables.len()
    );
    assert_eq!(view.key(KeyCode::Enter), None);
    view.look();
    assert_eq!(more(&view), (250, None));
    // What was seen in another run has no parts any more, and what comes too late finds nothing.
    let page = Page {
        run: view.state.scene.run + 1,
        ..view.state.page(&view.state.scene.displays[0]).unwrap()
    };
    let path = page.path.clone();
    let parts = worker::more(&mut view.console.session, page);
    assert_eq!(parts, []);
    view.told(Report::Scene(Box::default()));
    view.told(Report::Parts(path, parts));
}

#[test]
fn a_deep_stack_is_listed_page_by_page() {
    let mut dump = reading("c-div-zero.wasmtime");
    let frames = &mut dump.dump.threads[0].frames;
    let frame = frames[1].clone();
    frames.splice(1..1, vec![frame; 1_200]);
    let mut view = View::over(dump, "c-div-zero", (100, 30));
    view.state.focus = Pane::Stack;
    for expected in [500, 1_000] {
        let rows = &view.state.scene.stack;
        assert_eq!(rows.len(), expected + 1);
        let last = &rows[expected - 1];
        assert!(matches!(last, Entry::Frame(it) if it.index as usize == expected - 1));
        view.key(KeyCode::End);
        let asked = view.key(KeyCode::Enter);
        assert!(matches!(asked, Some(Effect::Ask(Request::Look(_)))));
    }
    let rows = &view.state.scene.stack;
    assert!(rows.len() > 1_200 && rows.iter().all(|it| matches!(it, Entry::Frame(_))));
    view.state.stack.selected = 900;
    assert_eq!(view.acts(KeyCode::Enter), Some(Action::Frame(900)));
    assert_eq!(view.console.session.selected_number(), 900);
}

#[test]
fn what_the_program_wrote_is_a_key_away() {
    let mut view = View::of("c-variables.wasmtime", "c-variables", (80, 24));
    view.told(Report::Written(Written::Guest(
        b"written by the program\n".to_vec(),
    )));
    assert!(view.screen().contains("Output*"));
    view.key(KeyCode::F(4));
    assert!(view.screen().contains("written by the program"));
    assert_eq!(view.state.focus, Pane::Command);
    view.key(KeyCode::F(4));
    assert!(!view.screen().contains("written by the program"));
    // One that has ended is run anew.
    let mut scene = view.state.scene.clone();
    scene.over = true;
    view.told(Report::Scene(Box::new(scene)));
    assert_eq!(view.acts(KeyCode::F(5)), Some(Action::Run));
}

/// The picture in the documents.
#[test]
fn the_documents_show_the_view() {
    let mut view = View::of("c-variables.wasmtime", "c-variables", (100, 28));
    view.state.colours = true;
    view.typed("frame 2");
    view.key(KeyCode::Enter);
    view.told(Report::Written(Written::Guest(
        b"2 names, 3 scopes\n".to_vec(),
    )));
    view.key(KeyCode::Tab);
    view.key(KeyCode::Tab);
    for _ in 0..6 {
        view.key(KeyCode::Down);
    }
    view.key(KeyCode::Enter);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/pictures/tui.svg");
    let picture = picture::svg(&view.drawn());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &picture).unwrap();
    }
    let held = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(held == picture, "{path:?}: BLESS=1 draws it again");
}

/// What a command answers.
struct Answer(String);

impl Output for Answer {
    fn write(&mut self, _: Style, text: &str) {
        self.0 += text;
    }
}

#[test]
fn threads_have_the_numbers_that_commands_take() {
    let mut dump = reading("c-div-zero.wasmtime");
    let mut worker = dump.dump.threads[0].clone();
    worker.name = "worker".into();
    dump.dump.threads[0].name = "main".into();
    dump.dump.threads.push(worker);
    let View {
        mut console,
        mut looker,
        state,
    } = View::over(dump, "c-div-zero", (100, 30));
    for (number, name) in [(1, "worker"), (0, "main")] {
        let mut answer = Answer(String::new());
        console.execute(&format!("thread {number}"), &mut answer);
        let told = format!("thread {number} ({name})\n");
        assert!(answer.0.starts_with(&told), "{}", answer.0);
        let scene = looker.look(&mut console.session, &state.wishes());
        assert_eq!(scene.thread, format!("thread {number} {name}"));
    }
}

#[test]
fn a_display_keeps_its_format() {
    let mut view = View::of("c-div-zero.wasmtime", "c-div-zero", (100, 30));
    let notations = [Some(Notation::Hex), None, Some(Notation::Instruction)];
    for (expression, notation) in ["255", "255", "1"].into_iter().zip(notations) {
        let expression = wdb_examine::expression::parse(expression).unwrap();
        view.console.session.displays.add(expression, notation);
    }
    let wishes = view.state.wishes();
    let scene = view.looker.look(&mut view.console.session, &wishes);
    let shown = scene
        .displays
        .iter()
        .map(|it| it.shown.text.clone().unwrap());
    let shown: Vec<String> = shown.collect();
    assert_eq!(shown[..2], ["0xff", "255"]);
    assert!(shown[2].starts_with("0x"), "{}", shown[2]);
}

#[test]
fn a_display_that_calls_a_function_says_where_its_value_is() {
    let mut view = View::of("c-div-zero.wasmtime", "c-div-zero", (100, 30));
    for expression in ["average(0, 1)", "int(3)", "nosuch"] {
        let expression = wdb_examine::expression::parse(expression).unwrap();
        view.console.session.displays.add(expression, None);
    }
    let wishes = view.state.wishes();
    let scene = view.looker.look(&mut view.console.session, &wishes);
    let shown = scene
        .displays
        .iter()
        .map(|display| match &display.shown.text {
            Ok(text) => text.clone(),
            Err(reason) => reason.to_string(),
        });
    let expected = [
        "a call: see Debugger",
        "3",
        "nothing is called `nosuch` here",
    ];
    assert_eq!(Vec::from_iter(shown), expected);
}

/// What a key does is in the log as the line with which a user types it: that line means the same.
#[test]
fn what_a_key_does_can_be_typed() {
    for file in ["/a/b.c", "/a if b/c.c", "/a, b.c", "/a\"b.c"] {
        let rows = Rows::Source {
            file: file.to_owned(),
            lines: vec![Vec::new(); 3].into(),
        };
        let place = rows.place(1).unwrap();
        let line = Action::Break(place.clone()).to_string();
        let typed = line.strip_prefix("break ").unwrap();
        assert_eq!(wdb_examine::places::parse(typed), Ok(place), "{line}");
        assert_eq!(rows.place(3), None);
        assert_eq!(rows.place(usize::MAX), None);
    }
    for (action, line) in [
        (Action::Run, "run"),
        (Action::Move(Motion::Over), "next"),
        (Action::Frame(3), "frame 3"),
        (Action::Delete(vec![1, 3]), "delete 1 3"),
        (Action::Enable(vec![2]), "enable 2"),
        (Action::Disable(vec![2]), "disable 2"),
    ] {
        assert_eq!(action.to_string(), line);
        let (command, _) = wdb_console::find(line).unwrap();
        assert!(line.starts_with(command.name()), "{line}");
    }
}
