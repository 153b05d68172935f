//! What the full-screen view shows, and where the user is in it: plain data.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use wdb_console::{Action, Completion};
use wdb_examine::frames::Entry;
use wdb_examine::values::Named;

use super::line::CommandLine;
use super::scene::{Rows, Scene, Value};
use super::text::Text;
use crate::repl::Written;

/// A part of the screen that keys can go to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Pane {
    /// The line where commands are typed.
    #[default]
    Command,
    /// The source, or the disassembly.
    Code,
    /// The variables of the selected frame.
    Variables,
    /// The frames.
    Stack,
    /// The breakpoints.
    Breakpoints,
    /// What the debugger answers.
    Log,
    /// What the guest writes.
    Output,
}

impl Pane {
    /// All, in the order in which Tab goes through them.
    pub(super) const ALL: [Pane; 7] = [
        Pane::Command,
        Pane::Code,
        Pane::Variables,
        Pane::Stack,
        Pane::Breakpoints,
        Pane::Log,
        Pane::Output,
    ];
}

/// What the worker, which has the program, is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Request {
    /// Executes a line.
    Execute(String, Wishes),
    /// Does what a key asks for.
    Act(Action, Wishes),
    /// Shows what the program looks like.
    Look(Wishes),
    /// Gives a page of the parts of a value.
    Parts(Page),
    /// Gives what can be at a place of a line.
    Complete(String, usize),
    /// Drops what was begun with the lines before: the commands of a breakpoint.
    Cancel,
    /// Nothing more: the user goes to the line editor.
    Leave,
    /// Nothing more: there are no other lines.
    End,
}

/// What of the program is to be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wishes {
    /// The disassembly, also where there is source.
    pub(super) instructions: bool,
    /// How many frames.
    pub(super) frames: u32,
    /// Which values show their parts.
    pub(super) open: Open,
}

/// How many parts are shown of each value that shows parts, by its path.
pub(super) type Open = BTreeMap<String, u64>;

/// Parts of a value that are to be seen too.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Page {
    /// The path of the value.
    pub(super) path: String,
    /// The value.
    pub(super) of: Box<Named>,
    /// In which run of the program it was seen: it means nothing in another.
    pub(super) run: u64,
    /// How many of its parts are there already.
    pub(super) from: u64,
    /// Which values show their parts.
    pub(super) open: Open,
}

/// What the worker reports.
#[derive(Clone, Debug)]
pub(super) enum Report {
    /// What the program looks like.
    Scene(Box<Scene>),
    /// More parts of the value with this path.
    Parts(String, Vec<Value>),
    /// What is written, piece by piece.
    Written(Written),
    /// A line was executed; the prompt of the next.
    Done(String),
    /// What can be at the place of the line that was asked about.
    Completions(String, Vec<Completion>),
    /// Something is read of the program. It is over with the scene, the parts or the completions.
    Reads,
    /// What was begun with the lines before is dropped; the prompt of the next.
    Cancelled(String),
    /// The view is over.
    Ended(Ended),
}

/// How the view ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The user wants the line editor.
    Left,
    /// The user wants to end the debugger, with this exit status.
    Quit(i32),
}

/// A list with a selected row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct List {
    /// The selected row.
    pub(super) selected: usize,
    /// The first row that is shown.
    pub(super) top: usize,
}

/// The state of the view.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Columns and rows of the terminal.
    pub(super) size: (u16, u16),
    /// Whether there are colours.
    pub(super) colours: bool,
    /// What the program looks like.
    pub(super) scene: Scene,
    /// Whether the worker executes a line or an action.
    pub(super) executes: bool,
    /// The lines that were entered meanwhile, which are executed next.
    pub(super) ahead: VecDeque<String>,
    /// Whether the worker reads something of the program, to show it.
    pub(super) reads: bool,
    /// The seconds that the worker has been at work, if it is for so long that the user wants to know.
    pub(super) slow: Option<u64>,
    /// What takes long.
    pub(super) progress: String,
    /// Where keys go.
    pub(super) focus: Pane,
    /// The panes that had the keys, the last one first.
    recent: Vec<Pane>,
    /// The prompt before the line.
    pub(super) prompt: String,
    /// The line that is typed.
    pub(super) line: CommandLine,
    /// What the debugger answered.
    pub(super) log: Text,
    /// What the guest wrote.
    pub(super) output: Text,
    /// The rows of the code.
    pub(super) code: List,
    /// The first column of the code that is shown.
    pub(super) code_column: usize,
    /// Whether the disassembly is wanted.
    pub(super) instructions: bool,
    /// The rows of the variables.
    pub(super) variables: List,
    /// Which values show their parts.
    pub(super) open: Open,
    /// How many frames more than usual are listed.
    pub(super) more_frames: u32,
    /// Which values are others than when the frame was last seen before the program ran.
    pub(super) changed: BTreeSet<String>,
    /// The values of each frame when it was last seen.
    seen: HashMap<String, Seen>,
    /// The rows of the stack.
    pub(super) stack: List,
    /// The rows of the breakpoints.
    pub(super) breakpoints: List,
    /// Whether the keys are shown.
    pub(super) help: bool,
    /// How the view ended, if it has.
    pub(super) ended: Option<Ended>,
}

/// The values of a frame before the program ran last, and now.
#[derive(Clone, Debug, Default)]
struct Seen {
    run: u64,
    before: HashMap<String, String>,
    now: HashMap<String, String>,
}

/// A row of the variables.
#[derive(Clone, Copy, Debug)]
pub(super) struct VariableRow<'a> {
    /// How deep it is in its variable.
    pub(super) depth: usize,
    /// The value; or the one of which parts are left out here.
    pub(super) value: &'a Value,
    /// What is shown of it.
    pub(super) part: Part,
}

/// What a row of the variables is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// The value: whether it is not what it was before the program ran last, and whether its parts are shown, if it has
    /// any.
    Value { changed: bool, open: Option<bool> },
    /// This many of its parts are left out.
    More(u64),
}

/// Frames whose values are remembered.
const MOST_FRAMES: usize = 64;
/// How many frames are listed at first, and how many more each time.
pub(super) const FRAMES: u32 = 500;
/// How many parts of a value are shown at first, and how many more each time.
pub(super) const PAGE: u64 = 100;
/// After the program has run, a value shows again the number of parts that it showed before.
const MOST_AGAIN: u64 = 1_000;

impl State {
    /// The user comes, for the first time or again: after these lines, with this before the next.
    pub(super) fn resume(&mut self, mut history: Vec<String>, prompt: &str) {
        // What was pasted in several lines is none here.
        history.retain(|line| !line.contains('\n'));
        self.line = CommandLine::with_history(history);
        self.prompt = prompt.to_owned();
        self.executes = false;
        self.ahead.clear();
        self.ended = None;
    }

    /// Whether the worker does something that Ctrl-C gives up.
    pub(super) fn is_at_work(&self) -> bool {
        self.executes || self.reads
    }

    /// Something that was asked for is read, or was given up.
    pub(super) fn has_read(&mut self) {
        self.reads = false;
        self.progress.clear();
    }

    /// What of the program is to be seen.
    pub(super) fn wishes(&self) -> Wishes {
        Wishes {
            instructions: self.instructions,
            frames: FRAMES.saturating_add(self.more_frames),
            open: self.open.clone(),
        }
    }

    /// The rows of the variables, displays first.
    pub(super) fn variable_rows(&self) -> Vec<VariableRow<'_>> {
        let mut rows = Vec::new();
        for value in self.scene.displays.iter().chain(&self.scene.variables) {
            self.add_rows(&mut rows, 0, value);
        }
        rows
    }

    fn add_rows<'a>(&'a self, rows: &mut Vec<VariableRow<'a>>, depth: usize, value: &'a Value) {
        let is_open = value.shown.children > 0 && self.open.contains_key(&value.path);
        rows.push(VariableRow {
            depth,
            value,
            part: Part::Value {
                changed: self.changed.contains(&value.path),
                open: (value.shown.children > 0).then_some(is_open),
            },
        });
        if !is_open {
            return;
        }
        for part in &value.parts {
            self.add_rows(rows, depth + 1, part);
        }
        let left = value
            .shown
            .children
            .saturating_sub(value.parts.len() as u64);
        if left > 0 {
            rows.push(VariableRow {
                depth: depth + 1,
                value,
                part: Part::More(left),
            });
        }
    }

    /// What the worker is asked for so that more parts of a value can be seen.
    pub(super) fn page(&self, value: &Value) -> Option<Page> {
        Some(Page {
            path: value.path.clone(),
            of: value.handle.clone()?,
            run: self.scene.run,
            from: value.parts.len() as u64,
            open: self.open.clone(),
        })
    }

    /// Takes more parts of a value, if it is still there.
    pub(super) fn add_parts(&mut self, path: &str, parts: Vec<Value>) {
        let Scene {
            displays,
            variables,
            ..
        } = &mut self.scene;
        let mut all = displays.iter_mut().chain(variables);
        if let Some(value) = all.find_map(|it| it.find(path)) {
            value.parts.extend(parts);
            self.note_changes();
        }
    }

    /// Takes what the program looks like now.
    pub(super) fn see(&mut self, scene: Scene) {
        if scene.run != self.scene.run {
            self.more_frames = 0;
            for count in self.open.values_mut() {
                *count = MOST_AGAIN.min(*count);
            }
        }
        let before = std::mem::replace(&mut self.scene, scene);
        self.note_changes();
        let stays = before.code.title == self.scene.code.title
            && before.code.current == self.scene.code.current
            && before.frame == self.scene.frame
            && before.run == self.scene.run;
        if !stays {
            let code = &self.scene.code;
            self.code.selected = code.current.unwrap_or(code.start);
            if before.code.title != self.scene.code.title {
                self.code.top = usize::MAX;
                self.code_column = 0;
            }
        }
        if !stays || before.stack.len() != self.scene.stack.len() {
            let is_selected = |it: &Entry| matches!(it, Entry::Frame(frame) if Some(frame.id) == self.scene.selected);
            let selected = self.scene.stack.iter().position(is_selected);
            self.stack.selected = selected.unwrap_or(0);
        }
    }

    /// Compares the values with those of the last time that this frame was seen before the program ran.
    fn note_changes(&mut self) {
        let mut now = HashMap::new();
        for value in self.scene.displays.iter().chain(&self.scene.variables) {
            value.note(&mut now);
        }
        let run = self.scene.run;
        if self.seen.len() >= MOST_FRAMES && !self.seen.contains_key(&self.scene.frame) {
            let earliest = self.seen.iter().min_by_key(|it| it.1.run);
            if let Some(earliest) = earliest.map(|it| it.0.clone()) {
                self.seen.remove(&earliest);
            }
        }
        let seen = self.seen.entry(self.scene.frame.clone()).or_default();
        if seen.run != run {
            seen.before = std::mem::take(&mut seen.now);
            seen.run = run;
        }
        let is_other = |(path, value): (&String, &String)| {
            let before = seen.before.get(path)?;
            (before != value).then(|| path.clone())
        };
        self.changed = now.iter().filter_map(is_other).collect();
        seen.now.extend(now);
    }

    /// What sets a breakpoint on the selected row of the code, or deletes those that it has.
    pub(super) fn toggle_breakpoint(&self) -> Option<Action> {
        let code = &self.scene.code;
        match code.marks.get(&self.code.selected) {
            Some(ids) => Some(Action::Delete(ids.iter().copied().collect())),
            None => Some(Action::Break(code.rows.place(self.code.selected)?)),
        }
    }

    /// Lets a pane have the keys, and shows it.
    pub(super) fn go_to(&mut self, pane: Pane) {
        self.focus = pane;
        self.recent.retain(|it| *it != pane);
        self.recent.insert(0, pane);
    }

    /// Which of some panes is shown where there is room for one: that which had the keys last, or the first.
    pub(super) fn shown(&self, tabs: &[Pane]) -> Pane {
        let last = self.recent.iter().find(|it| tabs.contains(it));
        last.or(tabs.first()).copied().unwrap_or_default()
    }

    /// The list that a pane is, and how many rows it has.
    pub(super) fn list(&mut self, pane: Pane) -> Option<(&mut List, usize)> {
        Some(match pane {
            Pane::Code => (&mut self.code, self.scene.code.rows.len()),
            Pane::Variables => {
                let rows = self.variable_rows().len();
                (&mut self.variables, rows)
            }
            Pane::Stack => (&mut self.stack, self.scene.stack.len()),
            Pane::Breakpoints => (&mut self.breakpoints, self.scene.breakpoints.iter().count()),
            Pane::Command | Pane::Log | Pane::Output => return None,
        })
    }

    /// The name of a pane, and that for where there is little room.
    pub(super) fn names(&self, pane: Pane) -> (&'static str, &'static str) {
        match pane {
            Pane::Command => ("Command", "Cmd"),
            Pane::Code if matches!(self.scene.code.rows, Rows::Source { .. }) => ("Source", "Src"),
            Pane::Code => ("Code", "Code"),
            Pane::Variables => ("Variables", "Vars"),
            Pane::Stack => ("Stack", "Stack"),
            Pane::Breakpoints => ("Breakpoints", "Brk"),
            Pane::Log => ("Debugger", "Dbg"),
            Pane::Output => ("Output", "Out"),
        }
    }
}

impl Value {
    /// The part with this path, or itself.
    fn find(&mut self, path: &str) -> Option<&mut Value> {
        if self.path == path {
            return Some(self);
        }
        // Paths are long where values are deep.
        let is_above = |it: &Value| path.starts_with(&it.path);
        self.parts
            .iter_mut()
            .filter(|it| is_above(it))
            .find_map(|it| it.find(path))
    }

    /// Adds what it and its parts are, by their paths.
    fn note(&self, values: &mut HashMap<String, String>) {
        let text = match &self.shown.text {
            Ok(text) => text.clone(),
            Err(reason) => reason.to_string(),
        };
        values.insert(self.path.clone(), text);
        for part in &self.parts {
            part.note(values);
        }
    }
}
