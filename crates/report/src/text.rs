//! A report as text, for users.

use std::fmt::Write as _;

use wdb_debuggee::Trust;
use wdb_debuggee::coredump::{CrashKind, code};

use super::styled::{Style, Text};
use super::words::thousands;
use super::{CrashReason, Diagnosis, Panic, Report, Thread, snippet, variables};
use wdb_examine::frames::fold::{self, Row};
use wdb_examine::frames::{Entry, Frame};
use wdb_examine::view::View;
use wdb_symbols::printable;

/// How a report is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Colours and bold type, by ANSI escapes.
    pub colour: bool,
    /// Every frame on a line of its own.
    pub all_frames: bool,
}

/// Renders `report`. The text ends with a line end. Its only control characters are line ends and, with colour, escapes
/// that set colours.
pub fn text(report: &Report, shown: Shown) -> String {
    let mut below = Text::default();
    for thread in &report.threads {
        stack(&mut below, report, thread, shown.all_frames);
    }
    for statics in &report.statics {
        let title = format!("statics of {}:", printable(&statics.file));
        heading(&mut below, &title);
        for variable in &statics.variables {
            variables::line(&mut below, variable, 4);
        }
    }
    if !report.notes.is_empty() {
        below.end_line();
    }
    for note in &report.notes {
        below.push(Style::Note, "note");
        below.plain(format!(": {}\n", printable(note)));
    }
    let head = head(report, shown.colour);
    if shown.colour {
        format!("{head}\n{}", below.painted())
    } else {
        format!("{head}\n{below}")
    }
}

/// Adds an empty line and a title.
fn heading(out: &mut Text, title: &str) {
    out.end_line();
    out.push(Style::Title, title);
    out.end_line();
}

/// What happened and where.
fn head(report: &Report, colour: bool) -> String {
    let Title {
        label,
        title,
        mut remarks,
    } = Title::new(report);
    if let Some(values) = report.source.as_ref().and_then(variables::of_line) {
        remarks.insert(0, ("values", values));
    }
    snippet::render(label, &title, report, &remarks, colour)
}

/// What happened, as text. Every front end shows it for a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title {
    /// The kind of crash, in a word.
    pub label: &'static str,
    /// The most useful text: the message of a panic; the diagnosis, if the trap itself only says that the program
    /// gave up; otherwise the reason.
    pub title: String,
    /// Additional information, each with its label.
    pub remarks: Vec<(&'static str, String)>,
}

impl Title {
    /// The title of a report.
    pub fn new(report: &Report) -> Title {
        Title::of(
            report.reason.as_ref(),
            report.panic.as_ref(),
            report.diagnosis.as_ref(),
            &report.circumstances,
        )
    }

    /// The title for a program that has crashed, without a report. `None`: it is stopped for another reason.
    pub fn of_crash(view: &mut View<'_>) -> Option<Title> {
        let why = crate::why(view, &[]);
        why.reason.as_ref()?;
        Some(Title::of(
            why.reason.as_ref(),
            why.panic.as_ref(),
            why.diagnosis.as_ref(),
            &why.circumstances,
        ))
    }

    fn of(
        reason: Option<&CrashReason>,
        panic: Option<&Panic>,
        diagnosis: Option<&Diagnosis>,
        circumstances: &[Diagnosis],
    ) -> Title {
        let mut remarks = Vec::new();
        let mut diagnosis = diagnosis.map(|diagnosis| lines(&diagnosis.message));
        let (label, title) = match (panic, reason) {
            (Some(panic), _) => ("panic", lines(&panic.message)),
            (None, Some(reason)) => {
                let gave_up = reason.code == code::UNREACHABLE;
                let title = diagnosis.take_if(|_| gave_up);
                (
                    label(reason.kind),
                    title.unwrap_or_else(|| lines(&reason.message)),
                )
            }
            (None, None) => (
                "unknown",
                "the dump says nothing of a crash and holds no frames".into(),
            ),
        };
        remarks.extend(diagnosis.map(|text| ("diagnosis", text)));
        for circumstance in circumstances {
            remarks.push(("note", lines(&circumstance.message)));
        }
        if let Some(reason) = reason {
            for cause in &reason.causes {
                remarks.push(("cause", lines(cause)));
            }
            if reason.inferred {
                let text = "the dump does not say why it was taken; the instruction does";
                remarks.push(("note", text.to_owned()));
            }
        }
        Title {
            label,
            title,
            remarks,
        }
    }
}

fn label(kind: CrashKind) -> &'static str {
    match kind {
        CrashKind::Trap | CrashKind::Exception | CrashKind::HostError | CrashKind::Other => "crash",
        CrashKind::Limit => "limit",
        CrashKind::Interrupt => "interrupted",
        CrashKind::Requested => "state",
    }
}

/// A text that may have several lines.
fn lines(text: &str) -> String {
    let lines: Vec<_> = text.trim_end().lines().map(printable).collect();
    lines.join("\n")
}

fn stack(out: &mut Text, report: &Report, thread: &Thread, all_frames: bool) {
    let name = printable(&thread.name);
    let title = match (report.threads.len(), thread.crashed) {
        (..=1, _) => "stack, innermost frame first:".to_owned(),
        (_, true) => format!("stack of the crashed thread `{name}`, innermost frame first:"),
        (_, false) => format!("stack of thread `{name}`:"),
    };
    heading(out, &title);
    if thread.entries.is_empty() {
        out.plain("  (no frames were recorded)\n");
    }
    let lines = fold::rows(&thread.entries, all_frames);
    let width = thread.entries.iter().rev().find_map(|entry| match entry {
        Entry::Frame(frame) => Some(frame.index.to_string().len()),
        Entry::Host(_) | Entry::Omitted(_) => None,
    });
    let width = width.unwrap_or(1) + 1;
    for line in lines {
        match line {
            Row::Frame(frame) => {
                out.plain("  ");
                out.push(
                    Style::Dim,
                    format!("{:>width$}", format!("#{}", frame.index)),
                );
                out.plain("  ");
                described(report, frame).write(out);
                out.end_line();
                variables::locals(out, frame, width + 6);
            }
            other => {
                out.plain(format!("  {:>width$}  ", ""));
                out.push(Style::Dim, aside(&other));
                out.end_line();
            }
        }
    }
}

/// A line that stands for frames or host code.
pub fn aside(line: &Row<'_>) -> String {
    match line {
        Row::Frame(_) => String::new(),
        Row::Host("") => "(host code)".into(),
        Row::Host(name) => format!("(host code: {})", printable(name)),
        Row::Runtime { frames, family } => {
            let mut text = format!("… {} of {family}", count(frames.len(), ""));
            let names: Vec<_> = frames
                .iter()
                .map(|frame| printable(&frame.function))
                .collect();
            let names = names.join(", ");
            if frames.len() <= 3 && names.len() <= 72 {
                let _ = write!(text, ": {names}");
            }
            text
        }
        Row::Recursion { hidden, round } => {
            let names: Vec<String> = round.iter().map(|frame| place(frame)).collect();
            format!("… {} of {}", count(*hidden, "more "), names.join(", "))
        }
        Row::Middle(hidden) => format!("… {} not shown", count(*hidden, "")),
    }
}

/// A function with its place, for a summary: `fib (fib.c:12)`.
fn place(frame: &Frame) -> String {
    let file = frame.file.as_deref().map(|file| {
        let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
        printable(name)
    });
    match (file, frame.line) {
        (Some(file), Some(line)) => format!("{} ({file}:{line})", printable(&frame.function)),
        _ => printable(&frame.function).into_owned(),
    }
}

fn count(frames: usize, more: &str) -> String {
    let plural = if frames == 1 { "frame" } else { "frames" };
    format!("{} {more}{plural}", thousands(frames as u64))
}

fn described(report: &Report, frame: &Frame) -> Description {
    let module = report.modules.get(frame.module.position());
    let module = module.map_or("", |module| &module.name);
    let siblings = report
        .instances
        .iter()
        .filter(|module| **module == frame.module);
    Description::new(frame, module, siblings.count())
}

/// Describes a frame of a debuggee.
pub fn describe(view: &mut View<'_>, frame: &Frame) -> Description {
    let instances = view.instances();
    let siblings = instances.iter().filter(|it| it.module == frame.module);
    let module = view.modules().get(frame.module.position());
    let name = module.map_or("", |it| &it.record.name);
    Description::new(frame, name, siblings.count())
}

/// The parts of the line of a frame, each safe for a terminal.
pub struct Description {
    /// The name of the function.
    pub function: String,
    /// The arguments in their parentheses, or nothing.
    pub arguments: String,
    /// Marks of an inlined frame, and of a frame that may be wrong.
    pub marks: String,
    /// `at`, `near` or `in`.
    pub word: &'static str,
    /// The file with the line, or the offset with the module. May be empty.
    pub place: String,
    /// The number of the module's instance, if there are several instances.
    pub instance: String,
}

impl Description {
    /// Writes the line, without its end.
    pub fn write(self, out: &mut Text) {
        out.push(Style::Name, self.function);
        out.plain(self.arguments);
        out.push(Style::Dim, self.marks);
        if !self.place.is_empty() {
            out.plain(format!(" {} ", self.word));
            out.push(Style::Path, self.place);
        }
        out.push(Style::Dim, self.instance);
    }

    /// Describes a frame of a module that is called `module` and has this number of `instances`.
    pub fn new(frame: &Frame, module: &str, instances: usize) -> Description {
        let arguments = variables::arguments(frame);
        let function = variables::function(frame, arguments.is_some());
        let mut marks = String::new();
        if frame.trust == Trust::Doubtful {
            marks.push_str(" ?");
        }
        if frame.inlined {
            marks.push_str(" (inlined)");
        }
        let module = printable(module);
        let (word, place) = match (&frame.file, frame.line, frame.at) {
            (Some(file), Some(line), _) => {
                let word = if frame.approximate { "near" } else { "at" };
                let mut place = format!("{}:{line}", printable(file));
                if let Some(column) = frame.column {
                    let _ = write!(place, ":{column}");
                }
                (word, place)
            }
            (_, _, Some(at)) if module.is_empty() => ("at", at.to_string()),
            (_, _, Some(at)) => ("at", format!("{at} in {module}")),
            (_, _, None) => ("in", module.into_owned()),
        };
        let instance = if instances > 1 {
            let guess = if frame.trust == Trust::Assumed {
                "?"
            } else {
                ""
            };
            format!(" (instance {}{guess})", frame.instance.0)
        } else {
            String::new()
        };
        Description {
            function: printable(function).into_owned(),
            arguments: arguments.unwrap_or_default(),
            marks,
            word,
            place,
            instance,
        }
    }
}
