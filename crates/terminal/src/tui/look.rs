//! Looks at a program that is stopped, and makes a scene of it.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use wdb_console::Style;
use wdb_console::listing;
use wdb_debuggee::coredump::ModuleId;
use wdb_examine::disassembly;
use wdb_examine::frames::{self, Entry};
use wdb_examine::places::{self, Location, Spec};
use wdb_examine::values::{self, Declared, Named, ScopeKind};
use wdb_examine::view::{FrameId, FramePlace, Spot, View};
use wdb_session::displays::{Display, Displayed};
use wdb_session::{Reason, Session};
use wdb_symbols::Unavailable;
use wdb_symbols::render::{Limits, Notation};

use super::scene::{BreakpointRow, Code, Instruction, Mark, Piece, Rows, Scene, StackRow, Value};
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
        let runs = session.runs();
        let breakpoints: Vec<BreakpointRow> = session.breakpoints().iter().map(row_of).collect();
        let all = session.breakpoints().iter();
        let marks = all.flat_map(|it| it.locations().iter().map(move |at| (at, it)));
        let marks: Vec<(Location, u32, bool)> = marks
            .map(|(at, it)| (at.clone(), it.id, it.enabled))
            .collect();
        let displays: Vec<_> = session
            .displays
            .all
            .iter()
            .filter(|it| it.enabled)
            .collect();
        let displays: Vec<Display> = displays.into_iter().cloned().collect();
        let condition = condition(session);
        let over = session.can_run() && session.stopped().is_over();
        let selected = session.selected();
        let mut view = session.view();
        let mut scene = Scene {
            run: runs,
            condition,
            over,
            breakpoints,
            ..Scene::default()
        };
        let Some(id) = selected else {
            scene.code = self.beginning(&mut view, &marks);
            return scene;
        };
        let place = view.place(id);
        let spot = place.as_ref().and_then(|it| it.chain.get(id.inlined));
        scene.thread = thread(&mut view, id);
        scene.place = spot.map(in_words).unwrap_or_default();
        scene.frame = lasting_name(&mut view, id, spot);
        scene.stack = stack(&mut view, id, wishes.frames);
        scene.variables = variables(&mut view, id, &wishes.open);
        let shown = displays.iter();
        let shown = shown.map(|it| displayed(&mut view, id, it, &wishes.open));
        scene.displays = shown.collect();
        scene.code = self.code(&mut view, id, place.as_deref(), &marks, wishes);
        scene
    }

    /// The code that a frame is in.
    fn code(
        &mut self,
        view: &mut View<'_>,
        id: FrameId,
        place: Option<&FramePlace>,
        marks: &Marks,
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
                Ok(lines) => {
                    let mut code = source_code(&file, lines, marks);
                    code.current = (line as usize).checked_sub(1);
                    return code;
                }
                Err(reason) => why = Some(reason),
            }
        }
        let none = "there is no debug information for this code, and no binary of it";
        let Some(pc) = place.at else {
            return nothing(why.as_deref().unwrap_or(none));
        };
        let listed = disassembly::around(view, frame.module, pc, INSTRUCTIONS, INSTRUCTIONS);
        if listed.is_empty() {
            return nothing(why.as_deref().unwrap_or(none));
        }
        let addresses: BTreeMap<_, _> =
            listed.iter().zip(0..).map(|(it, at)| (it.at, at)).collect();
        let marks = marks.iter().filter(|it| it.0.at.module == frame.module);
        let marks = marks.filter_map(|it| Some((*addresses.get(&it.0.at.offset)?, it)));
        let marks = by_row(marks);
        let modules = view.modules();
        let module = modules.get(frame.module.position());
        let module = module.filter(|_| modules.len() > 1);
        let module = module.map(|it| it.record.name.as_str());
        let rows = listed.into_iter().map(|it| instruction(it, module));
        let function = place.chain.last().map_or("", |it| &it.function);
        Code {
            title: match why {
                Some(why) => format!("{function}: {why}"),
                None => function.to_owned(),
            },
            // A pc may be inside an instruction, where a dump is not exact.
            current: addresses.range(..=pc).next_back().map(|it| *it.1),
            start: 0,
            marks,
            rows: Rows::Instructions(rows.collect()),
        }
    }

    /// The code that the program will begin with.
    fn beginning(&mut self, view: &mut View<'_>, marks: &Marks) -> Code {
        let mut why = None;
        for name in BEGINNINGS {
            let found = places::resolve(view, &Spec::Function(name.to_owned()), None);
            for location in found.unwrap_or_default() {
                let Some((file, line)) = location.file.zip(location.line) else {
                    continue;
                };
                match self.source(view, location.at.module, &file) {
                    Ok(lines) => {
                        let mut code = source_code(&file, lines, marks);
                        code.start = (line as usize).saturating_sub(1);
                        return code;
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
    ) -> Result<Arc<[Vec<Piece>]>, String> {
        if let Some((_, lines)) = self.files.iter().find(|it| it.0 == file) {
            return Ok(Arc::clone(lines));
        }
        let listing = listing::lines(view, module, file, 1, u32::MAX, &[]);
        let listing = listing.map_err(|error| error.to_string())?;
        let lines: Arc<[Vec<Piece>]> = listing
            .lines
            .iter()
            .map(|it| it.styled(usize::MAX).pieces)
            .collect();
        if self.files.len() >= MOST_FILES {
            self.files.remove(0);
        }
        self.files.push((file.to_owned(), Arc::clone(&lines)));
        Ok(lines)
    }
}

/// `why` is a sentence without its full stop.
fn nothing(why: &str) -> Code {
    Code {
        rows: Rows::None(format!(" {why}")),
        ..Code::default()
    }
}

fn source_code(file: &str, lines: Arc<[Vec<Piece>]>, marks: &Marks) -> Code {
    let marks = marks.iter().filter(|it| it.0.file.as_deref() == Some(file));
    let marks = marks.filter_map(|it| Some(((it.0.line? as usize).checked_sub(1)?, it)));
    Code {
        title: file.to_owned(),
        marks: by_row(marks),
        rows: Rows::Source {
            file: file.to_owned(),
            lines,
        },
        ..Code::default()
    }
}

/// The breakpoints of rows, each with its place, its number and whether it is enabled.
type Marks = [(Location, u32, bool)];

fn by_row<'a>(
    marks: impl Iterator<Item = (usize, &'a (Location, u32, bool))>,
) -> BTreeMap<usize, Mark> {
    let mut rows: BTreeMap<usize, Mark> = BTreeMap::new();
    for (row, (_, id, enabled)) in marks {
        let mark = rows.entry(row).or_default();
        mark.enabled |= *enabled;
        if !mark.ids.contains(id) {
            mark.ids.push(*id);
        }
    }
    rows
}

fn instruction(line: disassembly::Instruction, module: Option<&str>) -> Instruction {
    let indent = "  ".repeat(line.depth.min(20) as usize);
    let mut text = vec![(Style::Plain, format!("{indent}{}", line.text))];
    if let Some(note) = line.note {
        text.push((Style::Name, format!("  {note}")));
    }
    if let Some(source) = line.source {
        let place = format!("  {}:{}", file_name(&source.file), source.line);
        text.push((Style::Code(wdb_console::Code::Comment), place));
    }
    Instruction {
        address: line.at.to_string(),
        place: Spec::Address {
            module: module.map(str::to_owned),
            offset: line.at,
        },
        text,
    }
}

fn row_of(breakpoint: &wdb_session::breakpoints::Breakpoint) -> BreakpointRow {
    let mut text = match breakpoint.locations() {
        [] => breakpoint.text.clone(),
        [only] => place_in_words(only),
        [first, rest @ ..] => format!("{} and {} more", place_in_words(first), rest.len()),
    };
    if let Some(condition) = &breakpoint.condition {
        text.push_str(&format!(" if {}", condition.text()));
    }
    if let Some(message) = &breakpoint.message {
        text.push_str(&format!(" log {}", message.text));
    }
    if breakpoint.temporary {
        text.push_str(" (once)");
    }
    if let wdb_session::breakpoints::Binding::Pending(why) = &breakpoint.binding {
        text.push_str(&format!(" pending: {why}"));
    }
    BreakpointRow {
        number: breakpoint.id,
        enabled: breakpoint.enabled,
        text,
        hits: breakpoint.hits,
    }
}

fn place_in_words(location: &Location) -> String {
    match line_in_words(location.file.as_ref(), location.line) {
        place if place.is_empty() => location.function.clone(),
        place => format!("{place} {}", location.function),
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
        ty: shown.ty,
        text: shown.text,
        length: shown.children,
        handle: (shown.children > 0).then(|| Box::new(named)),
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
        ty: String::new(),
        text,
        length: 0,
        parts: Vec::new(),
        handle: None,
    };
    match display.evaluate(view, frame) {
        Displayed::Value(found) => value(view, found, path, display.notation, open),
        Displayed::Failed(error) => line(Err(Unavailable::Unsupported(error.message))),
        Displayed::Instruction(found) => {
            let text = found.map(|it| {
                let note = it.note.map_or_else(String::new, |it| format!("  ;; {it}"));
                format!("{} {}{note}", it.at, it.text)
            });
            line(Ok(text.unwrap_or_default()))
        }
    }
}

/// How the program stands, in a few words.
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
    match line_in_words(spot.location.file.as_ref(), spot.location.line) {
        place if place.is_empty() => spot.function.clone(),
        place => format!("{place} in {}", spot.function),
    }
}

/// `main.c:12`.
fn line_in_words(file: Option<&String>, line: Option<u32>) -> String {
    match (file, line) {
        (Some(file), Some(line)) => format!("{}:{line}", file_name(file)),
        _ => String::new(),
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// What tells a frame from others as long as it lives: its distance from the outermost.
fn lasting_name(view: &mut View<'_>, id: FrameId, spot: Option<&Spot>) -> String {
    let above = view.depth(id.thread).saturating_sub(id.activation);
    let function = spot.map_or("", |it| &it.function);
    format!("{} {above} {function}", id.thread)
}

/// The first of the frames.
fn stack(view: &mut View<'_>, selected: FrameId, most: u32) -> Vec<StackRow> {
    let page = frames::page(view, selected.thread, 0..most);
    let mut rows: Vec<StackRow> = page
        .into_iter()
        .map(|it| row_of_stack(it, selected))
        .collect();
    let more = view.frame_count(selected.thread).saturating_sub(most);
    if more > 0 {
        rows.push(StackRow {
            function: format!("… {more} more"),
            is_more: true,
            ..StackRow::default()
        });
    }
    rows
}

fn row_of_stack(entry: Entry, selected: FrameId) -> StackRow {
    match entry {
        Entry::Frame(frame) => StackRow {
            number: Some(frame.index),
            place: line_in_words(frame.file.as_ref(), frame.line),
            function: frame.function,
            runtime: frame.family.is_some(),
            selected: frame.id == selected,
            is_more: false,
        },
        Entry::Host(function) => StackRow {
            function,
            ..StackRow::default()
        },
        Entry::Omitted(_) => StackRow::default(),
    }
}
