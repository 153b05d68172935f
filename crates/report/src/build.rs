//! Collects a report from a debuggee.

use wdb_debuggee::coredump::{Crash, MemoryCapture, ValueCapture};
use wdb_debuggee::{Debuggee, Error, StopReason, Trust};

use super::{CrashReason, Module, Options, Report, Source, Thread, Why};
use crate::diagnosis;
use crate::evidence::{Evidence, Function};
use wdb_examine::frames::{self, Entry, Frame};
use wdb_examine::variables::Which;
use wdb_examine::view::{Resolver, View};

/// How many lines of source are shown before the crashed line, and after it.
const CONTEXT: (u32, u32) = (2, 1);
/// Source lines with at most this many bytes are shown. A file with longer ones is minified, and not useful.
const LONGEST_LINE: usize = 400;

/// Makes a report of `debuggee`.
///
/// # Errors
///
/// When a live debuggee has gone away. If something is missing in a dump, it is missing in the report, and the notes
/// say so.
pub fn build(
    debuggee: &mut dyn Debuggee,
    resolver: &mut dyn Resolver,
    options: &Options<'_>,
) -> Result<Report, Error> {
    let crash = crash(debuggee);
    let mut notes = debuggee.notes().to_vec();
    notes.extend(lacking(debuggee));
    let mut view = View::new(debuggee, resolver)?;
    let modules = view.modules().to_vec();
    let crashed = crash.as_ref().map_or(0, |crash| crash.thread as usize);
    let threads = view.threads();
    let mut reported: Vec<Thread> = (0..threads.len())
        .map(|position| Thread {
            name: threads[position].name.clone(),
            crashed: crash.is_some() && position == crashed,
            entries: frames::entries(&mut view, position),
        })
        .collect();
    if crashed < reported.len() {
        reported[..=crashed].rotate_right(1);
    }
    notes.extend(super::values::add(&mut view, &mut reported, options));
    let entries = reported.first().map_or(&[][..], |thread| &thread.entries);
    let process = view.debuggee().process().clone();

    let mut report = Report {
        program: view.debuggee().executable().to_owned(),
        arguments: process.arguments,
        pid: process.pid,
        time: process.time,
        producers: process
            .producers
            .iter()
            .map(|producer| format!("{} {}", producer.name, producer.version))
            .collect(),
        reason: None,
        panic: None,
        diagnosis: None,
        circumstances: Vec::new(),
        modules: modules.iter().map(module).collect(),
        instances: view.instances().iter().map(|it| it.module).collect(),
        statics: super::values::statics(&mut view, entries, options.variables),
        evaluations: super::values::evaluate(&mut view, entries, options.expressions),
        source: source(entries, &mut view, options.variables),
        threads: Vec::new(),
        notes: Vec::new(),
    };
    if let Some(crash) = crash {
        let why = explain(&mut view, crash, entries, options.guest_stderr);
        report.reason = why.reason;
        report.panic = why.panic;
        report.diagnosis = why.diagnosis;
        report.circumstances = why.circumstances;
    }
    notes.extend(doubts(entries));
    notes.extend(view.notes());
    if let Some(error) = view.take_unanswered() {
        notes.push(format!("not all of the program could be read: {error}"));
    }
    notes.dedup();
    report.threads = reported;
    report.notes = notes;
    Ok(report)
}

/// Why a program is stopped, as far as its state proves it; empty if it has not crashed. This is the part of a report
/// that [`Title`](crate::Title) needs.
///
/// `guest_stderr` is as in [`Options`].
pub fn why(view: &mut View<'_>, guest_stderr: &[u8]) -> Why {
    let Some(crash) = crash(&view.debuggee()) else {
        return Why::default();
    };
    let thread = usize::try_from(crash.thread).unwrap_or(usize::MAX);
    let entries = frames::entries(view, thread);
    explain(view, crash, &entries, guest_stderr)
}

fn crash(debuggee: &dyn Debuggee) -> Option<Crash> {
    debuggee.stop_reasons().iter().find_map(StopReason::crash)
}

fn explain(view: &mut View<'_>, crash: Crash, entries: &[Entry], guest_stderr: &[u8]) -> Why {
    let functions = physical(entries)
        .map(|frame| Function {
            name: frame.function.clone(),
            family: frame.family,
        })
        .collect();
    let modules = view.modules().to_vec();
    let evidence = &mut Evidence::new(view, &modules, crash, functions);
    let inferred = evidence.crash.code.is_empty();
    if inferred {
        super::reason::infer(evidence);
    }
    let panic = super::panic::find(evidence, entries, guest_stderr);
    evidence.has_panic = panic.is_some();
    let (diagnosis, circumstances) = diagnosis::diagnose(evidence);
    let message = super::reason::words(evidence);
    let Crash {
        kind,
        code,
        message: engine_message,
        causes,
        ..
    } = evidence.crash.clone();
    Why {
        reason: Some(CrashReason {
            kind,
            inferred: inferred && !code.is_empty(),
            code,
            message,
            engine_message,
            causes,
        }),
        panic,
        diagnosis,
        circumstances,
    }
}

fn module(module: &wdb_debuggee::Module) -> Module {
    Module {
        name: module.record.name.clone(),
        path: module.record.path.clone(),
        build_id: module.record.build_id.clone(),
        sha256: module.record.sha256,
        at_hand: module.binary.is_some(),
    }
}

/// The frames that are not inlined: one for each activation, in order.
fn physical(entries: &[Entry]) -> impl Iterator<Item = &Frame> {
    frames::frames(entries).filter(|frame| !frame.inlined)
}

/// Notes about state that the debuggee lacks.
pub fn lacking(debuggee: &dyn Debuggee) -> Vec<String> {
    let mut notes = Vec::new();
    let capture = debuggee.capture();
    if capture.values == ValueCapture::Light {
        notes.push(
            "locals and operand stacks were not recorded: the program ran as optimised code"
                .to_owned(),
        );
    }
    match capture.memory {
        MemoryCapture::Stack => {
            notes.push("of the memory only the C stack was recorded (--memory stack)".into());
        }
        MemoryCapture::None => notes.push("no memory was recorded (--memory none)".into()),
        MemoryCapture::Full | MemoryCapture::Unstated => {}
    }
    for module in debuggee.modules() {
        if module.binary.is_none() {
            let name = match module.record.name.as_str() {
                "" => String::new(),
                name => format!(" `{name}`"),
            };
            notes.push(format!(
                "the module{name} was not found: its functions have no names and no lines here; name it with --module"
            ));
        }
    }
    notes
}

/// A note about frames of the crashed thread that may be wrong.
fn doubts(entries: &[Entry]) -> Option<String> {
    let count = |trust| {
        physical(entries)
            .filter(|frame| frame.trust == trust)
            .count()
    };
    match count(Trust::Doubtful) {
        0 => None,
        1 => Some("one frame does not fit its module: it is marked with `?`".into()),
        many => Some(format!(
            "{many} frames do not fit their module: they are marked with `?`"
        )),
    }
}

/// The lines around the innermost place in user code, or in any code if no user code has lines.
fn source(entries: &[Entry], view: &mut View<'_>, variables: Which) -> Option<Source> {
    let with_line =
        || frames::frames(entries).filter(|frame| frame.file.is_some() && frame.line.is_some());
    let in_user_code = with_line().find(|frame| frame.family.is_none());
    let frame = in_user_code.or_else(|| with_line().next())?;
    let (file, line) = (frame.file.clone()?, frame.line?);
    let text = view.source(frame.module, &file);
    let first_line = line.saturating_sub(CONTEXT.0).max(1);
    let lines: Vec<String> = text
        .iter()
        .flat_map(|text| text.lines())
        .skip(first_line as usize - 1)
        .take((line - first_line + 1 + CONTEXT.1) as usize)
        .map(str::to_owned)
        .collect();
    // A file that ends before the line, or a line before the column, is not the one that was compiled.
    let marked = lines.get((line - first_line) as usize);
    let column = frame.column.unwrap_or(0) as usize;
    let reaches = marked.is_some_and(|line| column <= line.len() + 1);
    let values = match marked {
        Some(line) if reaches && variables != Which::None => {
            super::values::of_line(view, frame.id, line)
        }
        _ => Vec::new(),
    };
    let readable = lines.iter().all(|line| line.len() <= LONGEST_LINE);
    Some(Source {
        file,
        first_line,
        lines: if reaches && readable {
            lines
        } else {
            Vec::new()
        },
        line,
        column: frame.column,
        function: frame.function.clone(),
        values,
    })
}
