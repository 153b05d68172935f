//! The variables in a report.

use std::collections::BTreeSet;

use wdb_debuggee::coredump::{Inference, ModuleId};
use wdb_symbols::render::{Limits, Tree};

use super::{Evaluation, Options, Statics, Thread, names};
use wdb_examine::expression;
use wdb_examine::frames::{Entry, fold, frames};
use wdb_examine::variables::{self, Valued, Which};
use wdb_examine::view::{FrameId, View};

/// At most this many innermost frames of a thread have variables.
const INNERMOST: usize = 400;
/// At most this many outermost frames of a thread have variables.
const OUTERMOST: usize = 100;

/// A report has at most this many values; every member and element counts.
const MOST_VALUES: usize = 200_000;

/// Limits for a variable in a report.
const LIMITS: Limits = Limits {
    depth: 4,
    elements: 32,
    text: 256,
    line: 120,
    values: 400,
};

/// Adds the variables to the frames. Returns notes about omitted and inferred variables.
pub(super) fn add(
    view: &mut View<'_>,
    threads: &mut [Thread],
    options: &Options<'_>,
) -> Vec<String> {
    let mut notes = Vec::new();
    if options.variables == Which::None {
        return notes;
    }
    let mut left = MOST_VALUES;
    let mut cut = false;
    for thread in &mut *threads {
        let shown = (!options.every_frame).then(|| fold::shown(&thread.entries));
        let length = thread.entries.len();
        for (position, entry) in thread.entries.iter_mut().enumerate() {
            let Entry::Frame(frame) = entry else {
                continue;
            };
            if shown.as_ref().is_some_and(|it| !it.contains(&frame.index)) {
                continue;
            }
            if left == 0 || (INNERMOST..length.saturating_sub(OUTERMOST)).contains(&position) {
                cut = true;
                continue;
            }
            frame.variables = variables::of_frame(view, frame.id, options.variables, &LIMITS);
            let values = frame.variables.iter().map(|it| count(&it.tree));
            left = left.saturating_sub(values.sum());
        }
    }
    if cut {
        notes.push(format!(
            "the stack is deep: only its innermost {INNERMOST} and its outermost {OUTERMOST} frames have their variables here"
        ));
    }
    let mut shown = threads
        .iter()
        .flat_map(|it| frames(&it.entries))
        .flat_map(|it| &it.variables);
    if shown.any(|it| it.doubts.inferred == Some(Inference::CStack)) {
        notes.push(
            "the variables are inferred: where a function keeps them follows from its code and the C stack's pointer"
                .to_owned(),
        );
    }
    notes
}

/// The statics of the units of user code.
pub(super) fn statics(view: &mut View<'_>, entries: &[Entry], which: Which) -> Vec<Statics> {
    let mut found = Vec::new();
    if which != Which::All {
        return found;
    }
    let mut seen: BTreeSet<(ModuleId, String)> = BTreeSet::new();
    for frame in frames(entries).take(INNERMOST) {
        let Some(file) = frame.file.clone() else {
            continue;
        };
        if frame.family.is_some() || frame.inlined || !seen.insert((frame.module, file.clone())) {
            continue;
        }
        let variables = variables::statics(view, frame.id, &LIMITS);
        if !variables.is_empty() {
            found.push(Statics {
                module: frame.module,
                file,
                variables,
            });
        }
    }
    found
}

/// Limits for the value of an expression: the user asked for it, so they are wide.
const ASKED: Limits = Limits {
    depth: 8,
    elements: 1000,
    text: 64 << 10,
    line: 64 << 10,
    values: 20_000,
};

/// The values of `expressions` in the innermost frame of user code.
pub(super) fn evaluate(
    view: &mut View<'_>,
    entries: &[Entry],
    expressions: &[String],
) -> Vec<Evaluation> {
    let in_user_code = frames(entries).find(|it| it.family.is_none());
    let frame = in_user_code.or_else(|| frames(entries).next());
    let frame = frame.map_or(FrameId::default(), |it| it.id);
    expressions
        .iter()
        .map(|text| Evaluation {
            expression: text.clone(),
            value: evaluated(view, frame, text, &ASKED).map_err(|error| error.show(text)),
        })
        .collect()
}

fn evaluated(
    view: &mut View<'_>,
    frame: FrameId,
    text: &str,
    limits: &Limits,
) -> Result<Valued, expression::Error> {
    let value = expression::evaluate(&expression::parse(text)?, view, frame)?;
    Ok(Valued::of_expression(view, text, &value, limits))
}

/// Limits for a value below its line of source.
const BRIEF: Limits = Limits {
    depth: 2,
    elements: 8,
    text: 48,
    line: 60,
    values: 40,
};

/// The names in a line of source, with their values in the frame at that line.
pub(super) fn of_line(view: &mut View<'_>, frame: FrameId, line: &str) -> Vec<(String, String)> {
    let mut values: Vec<(String, String)> = Vec::new();
    for name in names::of_line(line) {
        let Ok(value) = evaluated(view, frame, &name, &BRIEF) else {
            continue;
        };
        // The value of a function is not useful, and an unavailable value is listed below the frame.
        let is_function = value.tree.ty.contains('(') && value.tree.value.contains('<');
        if value.tree.unavailable.is_none() && !is_function {
            values.push((name, value.tree.value));
        }
    }
    values
}

/// How many values a tree has.
fn count(tree: &Tree) -> usize {
    1 + tree.children.iter().map(count).sum::<usize>()
}
