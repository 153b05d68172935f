//! Looks at a program that is stopped, and makes a scene of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use wdb_console::Style;
use wdb_console::listing;
use wdb_debuggee::coredump::ModuleId;
use wdb_examine::disassembly;
use wdb_examine::places::{self, Location, Spec};
use wdb_examine::stop::{FrameId, Place, Spot, Stop};
use wdb_examine::values;
use wdb_examine::variables::{self, Valued, Which};
use wdb_session::Reason;
use wdb_session::Session;
use wdb_session::displays::{Display, Displayed};
use wdb_symbols::Unavailable;
use wdb_symbols::render::{Limits, Tree};

use super::scene::{BreakpointRow, Code, Instruction, Mark, Piece, Rows, Scene, StackRow};
use super::state::Wishes;

/// As many frames are listed.
const MOST_FRAMES: usize = 500;
/// As many instructions before and after the current one.
const INSTRUCTIONS: usize = 2_000;
/// As many files are remembered.
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
    pub(super) fn look(&mut self, session: &mut Session, wishes: Wishes) -> Scene {
        let runs = session.runs();
        let breakpoints: Vec<BreakpointRow> = session.breakpoints().iter().map(row_of).collect();
        let marks: Vec<(Location, Mark)> = session
            .breakpoints()
            .iter()
            .flat_map(|it| {
                let mark = if it.enabled {
                    Mark::Enabled
                } else {
                    Mark::Disabled
                };
                it.locations().iter().map(move |at| (at.clone(), mark))
            })
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
        let mut stop = session.stop();
        let limits = Limits {
            depth: wishes.depth,
            elements: wishes.elements,
            text: 200,
            line: 200,
            values: u32::try_from(wishes.elements.saturating_mul(40)).unwrap_or(u32::MAX),
        };
        let mut scene = Scene {
            run: runs,
            condition,
            over,
            breakpoints,
            ..Scene::default()
        };
        let Some(id) = selected else {
            scene.code = self.beginning(&mut stop, &marks);
            return scene;
        };
        let place = stop.place(id);
        let spot = place.as_ref().and_then(|it| it.chain.get(id.inlined));
        scene.thread = thread(&mut stop, id);
        scene.place = spot.map(in_words).unwrap_or_default();
        scene.frame = lasting_name(&mut stop, id, spot);
        scene.stack = stack(&mut stop, id);
        let values = variables::of_frame(&mut stop, id, Which::Locals, &limits);
        scene.variables = values.into_iter().map(|it| it.tree).collect();
        scene.displays = displays
            .iter()
            .map(|it| displayed(&mut stop, id, it, &limits))
            .collect();
        scene.code = self.code(&mut stop, id, place.as_deref(), &marks, wishes);
        scene
    }

    /// The code that a frame stands in.
    fn code(
        &mut self,
        stop: &mut Stop<'_>,
        id: FrameId,
        place: Option<&Place>,
        marks: &[(Location, Mark)],
        wishes: Wishes,
    ) -> Code {
        let Some((frame, place)) = stop.frame(id).zip(place) else {
            return nothing("the frame was not recorded");
        };
        let spot = place.chain.get(id.inlined);
        let source = spot.and_then(|it| it.location.file.clone().zip(it.location.line));
        let mut why = None;
        if let Some((file, line)) = source.filter(|_| !wishes.instructions) {
            match self.source(stop, frame.module, &file) {
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
        let listed = disassembly::around(stop, frame.module, pc, INSTRUCTIONS, INSTRUCTIONS);
        if listed.is_empty() {
            return nothing(why.as_deref().unwrap_or(none));
        }
        let addresses: BTreeMap<_, _> =
            listed.iter().zip(0..).map(|(it, at)| (it.at, at)).collect();
        let marks = marks.iter().filter(|it| it.0.at.module == frame.module);
        let marks = marks
            .filter_map(|(location, mark)| Some((*addresses.get(&location.at.offset)?, *mark)));
        let marks = strongest(marks);
        let function = place.chain.last().map_or("", |it| &it.function);
        Code {
            title: match why {
                Some(why) => format!("{function}: {why}"),
                None => function.to_owned(),
            },
            // A pc may stand inside of an instruction, where a dump is not exact.
            current: addresses.range(..=pc).next_back().map(|it| *it.1),
            start: 0,
            marks,
            rows: Rows::Instructions(listed.into_iter().map(instruction).collect()),
        }
    }

    /// The code that the program will begin with.
    fn beginning(&mut self, stop: &mut Stop<'_>, marks: &[(Location, Mark)]) -> Code {
        let mut why = None;
        for name in BEGINNINGS {
            let found = places::resolve(stop, &Spec::Function(name.to_owned()), None);
            for location in found.unwrap_or_default() {
                let Some((file, line)) = location.file.zip(location.line) else {
                    continue;
                };
                match self.source(stop, location.at.module, &file) {
                    Ok(lines) => {
                        let mut code = source_code(&file, lines, marks);
                        code.start = (line as usize).saturating_sub(1);
                        return code;
                    }
                    Err(reason) => _ = why.get_or_insert(reason),
                }
            }
        }
        nothing(&why.unwrap_or_else(|| "the program does not stand in any code".to_owned()))
    }

    fn source(
        &mut self,
        stop: &mut Stop<'_>,
        module: ModuleId,
        file: &str,
    ) -> Result<Arc<[Vec<Piece>]>, String> {
        if let Some((_, lines)) = self.files.iter().find(|it| it.0 == file) {
            return Ok(Arc::clone(lines));
        }
        let listing = listing::lines(stop, module, file, 1, u32::MAX, &[]);
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

fn source_code(file: &str, lines: Arc<[Vec<Piece>]>, marks: &[(Location, Mark)]) -> Code {
    let marks = marks.iter().filter(|it| it.0.file.as_deref() == Some(file));
    let marks = marks.filter_map(|(at, mark)| Some(((at.line? as usize).checked_sub(1)?, *mark)));
    Code {
        title: file.to_owned(),
        marks: strongest(marks),
        rows: Rows::Source {
            file: file.to_owned(),
            lines,
        },
        ..Code::default()
    }
}

/// Where a row has several breakpoints, one that is enabled is shown.
fn strongest(marks: impl Iterator<Item = (usize, Mark)>) -> BTreeMap<usize, Mark> {
    let mut all = BTreeMap::new();
    for (row, mark) in marks {
        let there = all.entry(row).or_insert(mark);
        *there = (*there).max(mark);
    }
    all
}

fn instruction(line: disassembly::Instruction) -> Instruction {
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
    match (&location.file, location.line) {
        (Some(file), Some(line)) => format!("{}:{line} {}", file_name(file), location.function),
        _ => location.function.clone(),
    }
}

/// What a display shows in a frame, with its parts.
fn displayed(stop: &mut Stop<'_>, frame: FrameId, display: &Display, limits: &Limits) -> Tree {
    let name = display.expression.text();
    let line = |value: String, unavailable| Tree {
        name: name.to_owned(),
        ty: String::new(),
        value,
        unavailable,
        children: Vec::new(),
        cut: None,
    };
    match (display.evaluate(stop, frame), display.notation) {
        (Displayed::Instruction(found), _) => {
            let text = found.map(|it| format!("{} {}", it.at, it.text));
            line(text.unwrap_or_default(), None)
        }
        (Displayed::Failed(error), _) => {
            line(String::new(), Some(Unavailable::Unsupported(error.message)))
        }
        (Displayed::Value(found), None) => {
            Valued::of_expression(stop, name, &found.value, limits).tree
        }
        (Displayed::Value(found), notation) => {
            let shown = values::show(stop, &found.value, limits, notation);
            line(shown.text.unwrap_or_default(), None)
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
fn thread(stop: &mut Stop<'_>, id: FrameId) -> String {
    let threads = stop.threads();
    match (threads.len(), threads.get(id.thread)) {
        (2.., Some(thread)) if thread.name.is_empty() => format!("thread {}", id.thread),
        (2.., Some(thread)) => format!("thread {} {}", id.thread, thread.name),
        _ => String::new(),
    }
}

/// `main.c:12 in sum`.
fn in_words(spot: &Spot) -> String {
    match line_in_words(spot) {
        place if place.is_empty() => spot.function.clone(),
        place => format!("{place} in {}", spot.function),
    }
}

/// `main.c:12`.
fn line_in_words(spot: &Spot) -> String {
    match (&spot.location.file, spot.location.line) {
        (Some(file), Some(line)) => format!("{}:{line}", file_name(file)),
        _ => String::new(),
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// What tells a frame from others as long as it lives: its distance from the oldest.
fn lasting_name(stop: &mut Stop<'_>, id: FrameId, spot: Option<&Spot>) -> String {
    let above = stop.depth(id.thread).saturating_sub(id.activation);
    let function = spot.map_or("", |it| &it.function);
    format!("{} {above} {function}", id.thread)
}

fn stack(stop: &mut Stop<'_>, selected: FrameId) -> Vec<StackRow> {
    let mut rows = Vec::new();
    let mut next = stop.frame_numbered(selected.thread, 0);
    while let Some(id) = next {
        let Some(place) = stop.place(id) else { break };
        let Some(spot) = place.chain.get(id.inlined) else {
            break;
        };
        if rows.len() == MOST_FRAMES {
            let rest = stop.depth(id.thread).saturating_sub(id.activation);
            rows.push(StackRow {
                function: format!("… {rest} more; `backtrace` lists all"),
                ..StackRow::default()
            });
            break;
        }
        rows.push(StackRow {
            number: u32::try_from(rows.len()).ok(),
            function: spot.function.clone(),
            place: line_in_words(spot),
            runtime: spot.family.is_some(),
            selected: id == selected,
        });
        let inlined = id.inlined + 1;
        next = Some(match inlined < place.chain.len() {
            true => FrameId { inlined, ..id },
            false => FrameId {
                activation: id.activation + 1,
                inlined: 0,
                ..id
            },
        });
    }
    rows
}
