//! The variables in a report.

use std::collections::BTreeSet;

use wdb_debuggee::coredump::{Inference, ModuleId};
use wdb_symbols::render::{Limits, Tree};

use super::{Evaluation, Options, Statics, Thread, names};
use wdb_examine::expression;
use wdb_examine::frames::{Entry, fold, frames};
use wdb_examine::stop::{FrameId, Stop};
use wdb_examine::variables::{self, Valued, Which};

/// As many frames of a thread have variables: at the young end of its stack, and at the old one.
const YOUNG: usize = 400;
const OLD: usize = 100;

/// As many values are in a report, all members and elements counted.
const MOST_VALUES: usize = 200_000;

/// How much of a variable a report holds.
const LIMITS: Limits = Limits {
    depth: 4,
    elements: 32,
    text: 256,
    line: 120,
    values: 400,
};

/// Puts the variables into the frames. Says what was left out and what was inferred.
pub(super) fn add(
    stop: &mut Stop<'_>,
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
            if left == 0 || (YOUNG..length.saturating_sub(OLD)).contains(&position) {
                cut = true;
                continue;
            }
            frame.variables = variables::of_frame(stop, frame.id, options.variables, &LIMITS);
            let values = frame.variables.iter().map(|it| count(&it.tree));
            left = left.saturating_sub(values.sum());
        }
    }
    if cut {
        notes.push(format!(
            "the stack is deep: only its youngest {YOUNG} and its oldest {OLD} frames have their variables here"
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

/// The statics of the units of the program's own code.
pub(super) fn statics(stop: &mut Stop<'_>, entries: &[Entry], which: Which) -> Vec<Statics> {
    let mut found = Vec::new();
    if which != Which::All {
        return found;
    }
    let mut seen: BTreeSet<(ModuleId, String)> = BTreeSet::new();
    for frame in frames(entries).take(YOUNG) {
        let Some(file) = frame.file.clone() else {
            continue;
        };
        if frame.family.is_some() || frame.inlined || !seen.insert((frame.module, file.clone())) {
            continue;
        }
        let variables = variables::statics(stop, frame.id, &LIMITS);
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

/// How much of the value of an expression a report holds: it was asked for.
const ASKED: Limits = Limits {
    depth: 8,
    elements: 1000,
    text: 64 << 10,
    line: 64 << 10,
    values: 20_000,
};

/// The values of `expressions` in the youngest frame of the program's own code.
pub(super) fn evaluate(
    stop: &mut Stop<'_>,
    entries: &[Entry],
    expressions: &[String],
) -> Vec<Evaluation> {
    let own = frames(entries).find(|it| it.family.is_none());
    let frame = own.or_else(|| frames(entries).next());
    let frame = frame.map_or(FrameId::default(), |it| it.id);
    expressions
        .iter()
        .map(|text| Evaluation {
            expression: text.clone(),
            value: evaluated(stop, frame, text, &ASKED).map_err(|error| error.show(text)),
        })
        .collect()
}

fn evaluated(
    stop: &mut Stop<'_>,
    frame: FrameId,
    text: &str,
    limits: &Limits,
) -> Result<Valued, expression::Error> {
    let value = expression::evaluate(&expression::parse(text)?, stop, frame)?;
    Ok(Valued::of_expression(stop, text, &value, limits))
}

/// How much of a value stands below its line of source.
const BRIEF: Limits = Limits {
    depth: 2,
    elements: 8,
    text: 48,
    line: 60,
    values: 40,
};

/// The values of what a line of source names, in the frame that stands there.
pub(super) fn of_line(stop: &mut Stop<'_>, frame: FrameId, line: &str) -> Vec<(String, String)> {
    let mut values: Vec<(String, String)> = Vec::new();
    for name in names::of_line(line) {
        let Ok(value) = evaluated(stop, frame, &name, &BRIEF) else {
            continue;
        };
        // A function is no news, and what is not there stands below the frame.
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
