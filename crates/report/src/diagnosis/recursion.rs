//! The same functions fill the engine's call stack. Fixture `c-stack-exhausted`.

use std::collections::HashMap;

use wdb_debuggee::coredump::{ModuleId, code};
use wdb_module::FuncIndex;

use crate::evidence::Evidence;
use crate::words::thousands;

/// A recursion of at most this many functions is reported with all their names.
const ROUND: usize = 5;

pub(super) fn find(evidence: &mut Evidence<'_, '_>) -> Option<String> {
    if evidence.crash.code != code::STACK_OVERFLOW {
        return None;
    }
    let total = evidence.frames().len();
    let mut counts: HashMap<(ModuleId, FuncIndex), usize> = HashMap::new();
    for frame in evidence.frames() {
        *counts.entry((frame.module, frame.func)).or_default() += 1;
    }
    // Every function of the recursion is about equally often on the stack.
    let most = counts.values().copied().max()?;
    let mut round: Vec<_> = counts
        .into_iter()
        .filter(|(_, count)| count * 2 > most)
        .collect();
    let frames: usize = round.iter().map(|(_, count)| count).sum();
    if most < 3 || round.len() > ROUND || frames * 10 < total * 9 {
        return None;
    }
    round.sort_by_key(|(function, _)| {
        evidence
            .frames()
            .iter()
            .position(|frame| (frame.module, frame.func) == *function)
    });
    let calls: Vec<String> = round
        .iter()
        .map(|((module, func), _)| format!("`{}`", evidence.view.function_name(*module, *func)))
        .collect();
    let frames = thousands(frames as u64);
    Some(match calls.as_slice() {
        [one] => format!("endless recursion: {frames} frames are of {one}"),
        some => format!(
            "endless recursion: {frames} frames are of {} in turn",
            some.join(", ")
        ),
    })
}
