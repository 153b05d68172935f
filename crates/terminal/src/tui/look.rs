//! Looks at a program that is stopped, and makes a scene of it.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use wdb_console::listing;
use wdb_debuggee::coredump::ModuleId;
use wdb_examine::Doubts;
use wdb_examine::disassembly;
use wdb_examine::frames::{self, Entry};
use wdb_examine::places::{self, Spec};
use wdb_examine::values::{self, Declared, Named, ScopeKind, Shown};
use wdb_examine::view::{FrameId, FramePlace, Spot, View};
use wdb_session::displays::{Display, Displayed};
use wdb_session::{Reason, Session};
use wdb_symbols::Unavailable;
use wdb_symbols::render::{Limits, Notation};

use super::scene::{Code, Piece, Rows, Scene, Value, place_in_words};
use super::state::{Open, Wishes};

/// At most this many instructions are shown before and after the current one.
const INSTRUCTIONS: usize = 2_000;
/// At most this many files are remembered.
const MOST_FILES: usize = 16;

/// Where a program begins, as far as its user sees: what is shown before it runs.
const BEGINNINGS: [&str; 2] = ["main", "_start"];

/// Looks at programs, and remembers the sources that it has seen.
#[derive(Default)]
pub(super) struct Looker {
    files: Vec<(String, Arc<[Vec<Piece>]>)>,
}

impl Looker {
    /// What there is to see.
    pub(super) fn look(&mut self, session: &mut Session, wishes: &Wishes) -> Scene {
        let mut scene = outline(session);
        let displays = session.displays.all.clone();
        let mut view = session.view();
        match scene.selected {
            Some(id) => self.look_at(&mut scene, &mut view, id, &displays, wishes),
            None => scene.code = self.beginning(&mut view),
        }
        for breakpoint in scene.breakpoints.iter() {
            let locations = breakpoint.locations().iter();
            for row in locations.filter_map(|it| scene.code.rows.row_of(it)) {
                let ids = scene.code.marks.entry(row).or_default();
                ids.insert(breakpoint.id);
            }
        }
        scene
    }

    /// What there is to see of a frame.
    fn look_at(
        &mut self,
        scene: &mut Scene,
        view: &mut View<'_>,
        id: FrameId,
        displays: &[Display],
        wishes: &Wishes,
    ) {
        let place = view.place(id);
        let spot = place.as_ref().and_then(|it| it.chain.get(id.inlined));
        scene.thread = thread(view, id);
        scene.place = spot.map(in_words).unwrap_or_default();
        scene.frame = lasting_name(view, id, spot);
        scene.stack = stack(view, id, wishes.frames);
        scene.variables = variables(view, id, &wishes.open);
        let shown = displays.iter().filter(|it| it.enabled);
        let shown = shown.map(|it| displayed(view, id, it, &wishes.open));
        scene.displays = shown.collect();
        scene.code = self.code(view, id, place.as_deref(), wishes);
    }

    /// The code that a frame is in.
    fn code(
        &mut self,
        view: &mut View<'_>,
        id: FrameId,
        place: Option<&FramePlace>,
        wishes: &Wishes,
    ) -> Code {
        let Some((frame, place)) = view.frame(id).zip(place) else {
            return nothing("the frame was not recorded");
        };
        let spot = place.chain.get(id.inlined);
        let source = spot.and_then(|it| it.location.file.clone().zip(it.location.line));
        let mut why = None;
        if let Some((file, line)) = source.filter(|_| !wishes.instructions) {
            match self.source(view, frame.module, &file) {
                Ok(rows) => {
                    return Code {
                        title: file,
                        rows,
                        current: (line as usize).checked_sub(1),
                        ..Code::default()
                    };
                }
                Err(reason) => why = Some(reason),
            }
        }
        let none = "there is no debug information for this code, and no binary of it";
        let around = |pc| disassembly::around(view, frame.module, pc, INSTRUCTIONS, INSTRUCTIONS);
        let lines = place.at.map(around).unwrap_or_default();
        if lines.is_empty() {
            return nothing(why.as_deref().unwrap_or(none));
        }
        let modules = view.modules();
        let module = modules.get(frame.module.position());
        let module = module.filter(|_| modules.len() > 1);
        let function = place.chain.last().map_or("", |it| &it.function);
        // A pc may be inside an instruction, where a dump is not exact.
        let current = lines.partition_point(|it| Some(it.at) <= place.at);
        Code {
            title: match why {
                Some(why) => format!("{function}: {why}"),
                None => function.to_owned(),
            },
            current: current.checked_sub(1),
            rows: Rows::Instructions {
                module: frame.module,
                name: module.map(|it| it.record.name.clone()),
                lines: lines.into(),
            },
            ..Code::default()
        }
    }

    /// The code that the program will begin with.
    fn beginning(&mut self, view: &mut View<'_>) -> Code {
        let mut why = None;
        for name in BEGINNINGS {
            let found = places::resolve(view, &Spec::Function(name.to_owned()), None);
            for location in found.unwrap_or_default() {
                let Some((file, line)) = location.file.zip(location.line) else {
                    continue;
                };
                match self.source(view, location.at.module, &file) {
                    Ok(rows) => {
                        return Code {
                            title: file,
                            rows,
                            start: (line as usize).saturating_sub(1),
                            ..Code::default()
                        };
                    }
                    Err(reason) => _ = why.get_or_insert(reason),
                }
            }
        }
        nothing(&why.unwrap_or_else(|| "the program is not in any code".to_owned()))
    }

    fn source(
        &mut self,
        view: &mut View<'_>,
        module: ModuleId,
        file: &str,
    ) -> Result<Rows, String> {
        let rows = |lines: &Arc<[Vec<Piece>]>| Rows::Source {
            file: file.to_owned(),
            lines: Arc::clone(lines),
        };
        if let Some((_, lines)) = self.files.iter().find(|it| it.0 == file) {
            return Ok(rows(lines));
        }
        let listing = listing::lines(view, module, file, 1, u32::MAX, &[]);
        let listing = listing.map_err(|error| error.to_string())?;
        let lines = listing.lines.iter().map(|it| it.styled(usize::MAX).pieces);
        let lines = lines.collect();
        let source = rows(&lines);
        if self.files.len() >= MOST_FILES {
            self.files.remove(0);
        }
        self.files.push((file.to_owned(), lines));
        Ok(source)
    }
}

/// What there is to see where the debug information was not read because the user gave that up.
pub(super) fn unread(session: &mut Session) -> Scene {
    Scene {
        code: nothing("debug information was not read: given up; any command reads it again"),
        ..outline(session)
    }
}

/// What there is to see without debug information.
fn outline(session: &mut Session) -> Scene {
    Scene {
        run: session.runs(),
        condition: condition(session),
        over: session.can_run() && session.is_over(),
        selected: session.selected(),
        breakpoints: session.breakpoints().clone(),
        ..Scene::default()
    }
}

/// `why` is a sentence without its full stop.
fn nothing(why: &str) -> Code {
    Code {
        rows: Rows::None(format!(" {why}")),
        ..Code::default()
    }
}

/// How much of a value is shown on its line.
const LIMITS: Limits = Limits {
    depth: 4,
    elements: 100,
    text: 200,
    line: 200,
    values: 4_000,
};
/// Parts the names in a path.
const SEPARATOR: char = '\u{1f}';

/// The variables of a frame: those that can be named there.
fn variables(view: &mut View<'_>, id: FrameId, open: &Open) -> Vec<Value> {
    let mut found = Vec::new();
    for kind in [ScopeKind::Arguments, ScopeKind::Locals] {
        found.extend(values::variables(view, id, kind, 0..u64::MAX));
    }
    let is_hidden = |it: &Declared| it.shadowed || it.is_ahead;
    found.retain(|it| !it.name.is_empty() && !it.variable.as_ref().is_some_and(is_hidden));
    valued(view, found, "", open)
}

/// Values with the parts of those that are open.
fn valued(view: &mut View<'_>, found: Vec<Named>, above: &str, open: &Open) -> Vec<Value> {
    let mut names: HashMap<String, usize> = HashMap::new();
    let keyed = found.into_iter().map(|named| {
        // One may hide another.
        let before = names.entry(named.name.clone()).or_default();
        *before += 1;
        let path = match *before {
            1 => format!("{above}{}", named.name),
            number => format!("{above}{}#{number}", named.name),
        };
        value(view, named, path, None, open)
    });
    keyed.collect()
}

fn value(
    view: &mut View<'_>,
    named: Named,
    path: String,
    notation: Option<Notation>,
    open: &Open,
) -> Value {
    let shown = values::show(view, &named.value, &LIMITS, notation);
    let wanted = open.get(&path).map_or(0, |it| shown.children.min(*it));
    Value {
        parts: parts(view, &named, &path, 0..wanted, open),
        path,
        name: named.name.clone(),
        handle: (shown.children > 0).then(|| Box::new(named)),
        shown,
    }
}

/// A page of the parts of a value.
pub(super) fn parts(
    view: &mut View<'_>,
    of: &Named,
    path: &str,
    range: Range<u64>,
    open: &Open,
) -> Vec<Value> {
    if range.is_empty() {
        return Vec::new();
    }
    let found = values::children(view, of, range).parts;
    valued(view, found, &format!("{path}{SEPARATOR}"), open)
}

/// What a display shows in a frame.
fn displayed(view: &mut View<'_>, frame: FrameId, display: &Display, open: &Open) -> Value {
    let path = format!("display {}", display.id);
    let line = |text| Value {
        path: path.clone(),
        name: display.expression.text().to_owned(),
        shown: Shown {
            ty: String::new(),
            text,
            children: 0,
            doubts: Doubts::default(),
        },
        parts: Vec::new(),
        handle: None,
    };
    match display.evaluate(view, frame) {
        Displayed::Value(found) => value(view, found, path, display.notation, open),
        // A value is looked at more often than the program stops, and must not run it.
        Displayed::Failed(_) if display.expression.has_calls() => {
            line(Err(Unavailable::Unsupported("a call: see Debugger".into())))
        }
        Displayed::Failed(error) => line(Err(Unavailable::Unsupported(error.message))),
        Displayed::Instruction(found) => {
            let text = found.map(|found| {
                let note = found
                    .note
                    .map_or_else(String::new, |it| format!("  ;; {it}"));
                format!("{} {}{note}", found.at, found.text)
            });
            line(Ok(text.unwrap_or_default()))
        }
    }
}

/// The state of the program, in a few words.
fn condition(session: &mut Session) -> String {
    let can_run = session.can_run();
    // Where a breakpoint is, a step may have come to its end too.
    let first = session.stopped().reasons.first().map(Reason::to_string);
    match (can_run, first) {
        (true, first) => first.unwrap_or_else(|| "stopped".to_owned()),
        (false, Some(first)) => format!("core dump, {first}"),
        (false, None) => "core dump".to_owned(),
    }
}

/// The name of the thread, where there are several.
fn thread(view: &mut View<'_>, id: FrameId) -> String {
    let threads = view.threads();
    match (threads.len(), threads.get(id.thread)) {
        (2.., Some(thread)) if thread.name.is_empty() => format!("thread {}", id.thread),
        (2.., Some(thread)) => format!("thread {} {}", id.thread, thread.name),
        _ => String::new(),
    }
}

/// `main.c:12 in sum`.
fn in_words(spot: &Spot) -> String {
    match place_in_words(spot.location.file.as_ref(), spot.location.line) {
        place if place.is_empty() => spot.function.clone(),
        place => format!("{place} in {}", spot.function),
    }
}

/// What only this frame has as long as it lives: its distance from the outermost.
fn lasting_name(view: &mut View<'_>, id: FrameId, spot: Option<&Spot>) -> String {
    let above = view.depth(id.thread).saturating_sub(id.activation);
    let function = spot.map_or("", |it| &it.function);
    format!("{} {above} {function}", id.thread)
}

/// The first of the frames.
fn stack(view: &mut View<'_>, selected: FrameId, most: u32) -> Vec<Entry> {
    let mut stack = frames::page(view, selected.thread, 0..most);
    let more = view.frame_count(selected.thread).saturating_sub(most);
    if more > 0 {
        stack.push(Entry::Omitted(more));
    }
    stack
}
