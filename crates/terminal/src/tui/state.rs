//! What the full-screen view shows, and where the user is in it: plain data.

use std::collections::{BTreeSet, HashMap};

use wdb_console::{Completion, Style};
use wdb_symbols::Unavailable;
use wdb_symbols::render::Tree;

use super::line::Line;
use super::scene::{Rows, Scene};
use super::text::Text;

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

/// What the worker, who has the program, is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// Executes a line.
    Execute(String, Wishes),
    /// Tells what the program looks like.
    Look(Wishes),
    /// Tells what can stand at a place of a line.
    Complete(String, usize),
    /// Drops what was begun with the lines before: the commands of a breakpoint.
    Cancel,
    /// Nothing more: the user goes to the line editor.
    Leave,
    /// Nothing more: there are no other lines.
    End,
}

/// What of the program is to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wishes {
    /// How many levels of the variables.
    pub(super) depth: u32,
    /// The disassembly, also where there is source.
    pub(super) instructions: bool,
    /// How many elements of an array, a vector or a map.
    pub(super) elements: u64,
}

/// What the worker tells.
#[derive(Clone, Debug)]
pub(super) enum Report {
    /// What the program looks like.
    Scene(Box<Scene>),
    /// The debugger's answer, piece by piece.
    Wrote(Style, String),
    /// What takes long right now. Empty: it is over.
    Progress(String),
    /// What the guest writes.
    Guest(Vec<u8>),
    /// A line was executed; what stands before the next.
    Done(String),
    /// What can stand at the place of the line that was asked about.
    Completions(String, Vec<Completion>),
    /// The view is over.
    Ended(Ended),
}

/// What the worker does right now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Activity {
    /// It waits for a line.
    #[default]
    Idle,
    /// It executes a line, since just now.
    Busy,
    /// It executes a line, for so long that the user wants to know.
    Slow,
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
    /// What the worker does.
    pub(super) activity: Activity,
    /// What takes long.
    pub(super) progress: String,
    /// Where keys go.
    pub(super) focus: Pane,
    /// Which of variables, stack and breakpoints is shown where there is room for one.
    pub(super) side: Side,
    /// Which of log and output is shown where there is room for one.
    pub(super) lower: Lower,
    /// What stands before the line.
    pub(super) prompt: String,
    /// The line that is typed.
    pub(super) line: Line,
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
    /// How often more elements were wanted than are shown at first.
    pub(super) more_elements: u32,
    /// Which variables show their parts.
    pub(super) open: BTreeSet<String>,
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

/// One of the panes at the side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Side {
    /// The variables.
    #[default]
    Variables,
    /// The frames.
    Stack,
    /// The breakpoints.
    Breakpoints,
}

/// One of the panes below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Lower {
    /// What the debugger answers.
    #[default]
    Log,
    /// What the guest writes.
    Output,
}

/// A row of the variables.
#[derive(Clone, Debug)]
pub(super) struct VariableRow<'a> {
    /// What tells it from all others: the names from its variable down to it.
    pub(super) path: String,
    /// How deep it is in its variable.
    pub(super) depth: usize,
    /// What is shown.
    pub(super) part: Part<'a>,
}

/// What a row of the variables is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'a> {
    /// A value.
    Value(Value<'a>),
    /// Values that are left out, in words.
    Cut(&'a str),
}

/// A value in a row of the variables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'a> {
    /// The name of the variable, member or element.
    pub(super) name: &'a str,
    /// The name of its type.
    pub(super) ty: &'a str,
    /// The value, or why there is none.
    pub(super) text: Result<&'a str, &'a Unavailable>,
    /// Whether it has parts, and whether they are shown.
    pub(super) open: Option<bool>,
    /// Whether it is not what it was before the program ran last.
    pub(super) changed: bool,
}

/// Frames whose values are remembered.
const MOST_FRAMES: usize = 64;
/// How many elements are shown at first.
const ELEMENTS: u64 = 100;
/// How often there may be four times as many.
pub(super) const MOST_MORE: u32 = 10;
/// How many levels of values are fetched below what is shown.
const LEVELS_AHEAD: u32 = 2;
/// Parts the names in a path.
const SEPARATOR: char = '\u{1f}';

impl State {
    /// The user comes, for the first time or again: after these lines, with this before the next.
    pub(super) fn resume(&mut self, mut history: Vec<String>, prompt: &str) {
        // What was pasted in several lines is none here.
        history.retain(|line| !line.contains('\n'));
        self.line = Line::with_history(history);
        self.prompt = prompt.to_owned();
        self.activity = Activity::Idle;
        self.ended = None;
    }

    /// What of the program is to be seen.
    pub(super) fn wishes(&self) -> Wishes {
        let deepest = self.open.iter().map(|it| it.matches(SEPARATOR).count());
        let deepest = u32::try_from(deepest.max().unwrap_or(0)).unwrap_or(u32::MAX);
        Wishes {
            depth: deepest.saturating_add(LEVELS_AHEAD),
            instructions: self.instructions,
            elements: ELEMENTS << self.more_elements,
        }
    }

    /// The rows of the variables, displays first.
    pub(super) fn variable_rows(&self) -> Vec<VariableRow<'_>> {
        let mut rows = Vec::new();
        for (prefix, trees) in self.groups() {
            for (key, tree) in keyed(trees) {
                self.add_rows(&mut rows, format!("{prefix}{key}"), 0, tree);
            }
        }
        rows
    }

    fn groups(&self) -> [(&'static str, &[Tree]); 2] {
        [
            ("display ", &self.scene.displays),
            ("", &self.scene.variables),
        ]
    }

    fn add_rows<'a>(
        &'a self,
        rows: &mut Vec<VariableRow<'a>>,
        path: String,
        depth: usize,
        tree: &'a Tree,
    ) {
        let has_parts = !tree.children.is_empty();
        let open = has_parts && self.open.contains(&path);
        rows.push(VariableRow {
            depth,
            part: Part::Value(Value {
                name: &tree.name,
                ty: &tree.ty,
                text: match &tree.unavailable {
                    None => Ok(&tree.value),
                    Some(reason) => Err(reason),
                },
                open: has_parts.then_some(open),
                changed: self.changed.contains(&path),
            }),
            path: path.clone(),
        });
        if !open {
            return;
        }
        for (key, child) in keyed(&tree.children) {
            self.add_rows(rows, format!("{path}{SEPARATOR}{key}"), depth + 1, child);
        }
        if let Some(cut) = &tree.cut {
            rows.push(VariableRow {
                path: format!("{path}{SEPARATOR}…"),
                depth: depth + 1,
                part: Part::Cut(cut),
            });
        }
    }

    /// Takes what the program looks like now.
    pub(super) fn see(&mut self, scene: Scene) {
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
            let selected = self.scene.stack.iter().position(|it| it.selected);
            self.stack.selected = selected.unwrap_or(0);
        }
    }

    /// Compares the values with those of the last time that this frame was seen before the program ran.
    fn note_changes(&mut self) {
        let mut now = HashMap::new();
        for (prefix, trees) in self.groups() {
            for (key, tree) in keyed(trees) {
                note_values(&mut now, format!("{prefix}{key}"), tree);
            }
        }
        let run = self.scene.run;
        if self.seen.len() >= MOST_FRAMES && !self.seen.contains_key(&self.scene.frame) {
            let oldest = self.seen.iter().min_by_key(|it| it.1.run);
            if let Some(oldest) = oldest.map(|it| it.0.clone()) {
                self.seen.remove(&oldest);
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

    /// What `break` and `clear` are told for the selected row of the code, and whether it has a breakpoint.
    pub(super) fn selected_place(&self) -> Option<(String, bool)> {
        let place = self.scene.code.rows.place(self.code.selected)?;
        Some((
            place,
            self.scene.code.marks.contains_key(&self.code.selected),
        ))
    }

    /// The name of a pane.
    pub(super) fn title(&self, pane: Pane) -> &'static str {
        match pane {
            Pane::Command => "Command",
            Pane::Code if self.has_source() => "Source",
            Pane::Code => "Code",
            Pane::Variables => "Variables",
            Pane::Stack => "Stack",
            Pane::Breakpoints => "Breakpoints",
            Pane::Log => "Debugger",
            Pane::Output => "Output",
        }
    }

    /// The name of a pane, where there is little room.
    pub(super) fn short_title(&self, pane: Pane) -> &'static str {
        match pane {
            Pane::Command => "Cmd",
            Pane::Code if self.has_source() => "Src",
            Pane::Code => "Code",
            Pane::Variables => "Vars",
            Pane::Stack => "Stack",
            Pane::Breakpoints => "Brk",
            Pane::Log => "Dbg",
            Pane::Output => "Out",
        }
    }

    /// Whether the code is source.
    pub(super) fn has_source(&self) -> bool {
        matches!(self.scene.code.rows, Rows::Source { .. })
    }
}

/// Trees with what tells each from the others: its name, with a number where one hides another.
fn keyed(trees: &[Tree]) -> impl Iterator<Item = (String, &Tree)> {
    let mut names: HashMap<&str, usize> = HashMap::new();
    trees.iter().map(move |tree| {
        let before = names.entry(&tree.name).or_default();
        *before += 1;
        let key = match *before {
            1 => tree.name.clone(),
            number => format!("{}#{number}", tree.name),
        };
        (key, tree)
    })
}

fn note_values(values: &mut HashMap<String, String>, path: String, tree: &Tree) {
    for (key, child) in keyed(&tree.children) {
        note_values(values, format!("{path}{SEPARATOR}{key}"), child);
    }
    let value = match &tree.unavailable {
        Some(reason) => reason.to_string(),
        None => tree.value.clone(),
    };
    values.insert(path, value);
}
