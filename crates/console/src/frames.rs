//! The text of frames: one line for each, as in a report.

use wdb_symbols::render::Limits;

use crate::output::{Output, Style, Text};
use crate::settings::Settings;
use wdb_examine::frames::fold::{self, Row};
use wdb_examine::frames::{Frame, page};
use wdb_examine::variables::{self, Which};
use wdb_examine::view::{FrameId, View};

/// How much of an argument is shown in the line of its frame.
const BRIEF: Limits = Limits {
    depth: 2,
    elements: 16,
    text: 64,
    line: 64,
    values: 40,
};

/// How much of a variable is shown on its line: `print` shows the rest.
pub(super) fn of_line(limits: &Limits) -> Limits {
    Limits {
        depth: limits.depth.min(4),
        elements: limits.elements.min(64),
        text: limits.text.min(256),
        line: limits.line.min(160),
        values: limits.values.min(400),
    }
}

/// The frame, with its arguments.
pub(super) fn frame(view: &mut View<'_>, id: FrameId) -> Option<Frame> {
    let mut frame = wdb_examine::frames::frame(view, id)?;
    frame.variables = variables::in_line(view, id, &BRIEF);
    Some(frame)
}

/// The line of a frame: `#0  divide(a=1, b=0) at /src/main.c:4:10`.
pub(super) fn line(view: &mut View<'_>, frame: &Frame, settings: &Settings, out: &mut dyn Output) {
    let mut line = Text::default();
    line.push(Style::Dim, format!("#{:<2} ", frame.index));
    if let (true, Some(at)) = (settings.addresses, frame.at) {
        line.push(Style::Address, format!("{at} "));
    }
    wdb_report::describe(view, frame).write(&mut line);
    line.end_line();
    out.text(&line);
}

/// How a backtrace is shown.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    /// At most this many frames, none of them folded; if it is negative, the outermost ones. `None`: all.
    pub(super) lines: Option<i64>,
    /// Each frame on a line of its own.
    pub(super) every: bool,
    /// With locals.
    pub(super) full: bool,
}

/// The stack of a thread. `selected` is marked.
pub(super) fn backtrace(
    view: &mut View<'_>,
    thread: usize,
    selected: FrameId,
    wanted: Wanted,
    settings: &Settings,
    out: &mut dyn Output,
) {
    let count = view.frame_count(thread);
    if count == 0 {
        out.line("no frames were recorded");
    }
    let frames = |most: u64| u32::try_from(most).unwrap_or(u32::MAX).min(count);
    let most = wanted
        .lines
        .map(|it| usize::try_from(it.unsigned_abs()).unwrap_or(usize::MAX));
    let entries = match wanted.lines {
        None => wdb_examine::frames::entries(view, thread),
        Some(first @ 0..) => page(view, thread, 0..frames(first.unsigned_abs())),
        Some(last) => page(view, thread, count - frames(last.unsigned_abs())..count),
    };
    let mut lines = fold::rows(&entries, wanted.every || wanted.lines.is_some());
    let mut hidden = 0;
    match (wanted.lines, most) {
        (Some(0..), Some(most)) => {
            lines.truncate(most);
            let shown = lines
                .iter()
                .filter(|it| matches!(it, Row::Frame(_)))
                .count();
            hidden = (count as usize).saturating_sub(shown);
        }
        (_, Some(most)) => _ = lines.drain(..lines.len().saturating_sub(most)),
        (_, None) => {}
    }
    for line in lines {
        if out.given_up() {
            break;
        }
        let Row::Frame(found) = line else {
            let hides = match &line {
                Row::Runtime { frames, .. } => frames.iter().any(|it| it.id == selected),
                _ => false,
            };
            out.write(Style::Mark, if hides { "> " } else { "  " });
            let aside = wdb_report::aside(&line);
            out.write(Style::Dim, &format!("    {aside}\n"));
            continue;
        };
        let mut found = found.clone();
        let is_selected = found.id == selected;
        out.write(Style::Mark, if is_selected { "> " } else { "  " });
        found.variables = variables::in_line(view, found.id, &BRIEF);
        self::line(view, &found, settings, out);
        if wanted.full {
            found.variables =
                variables::of_frame(view, found.id, Which::Locals, &of_line(&settings.limits));
            let mut locals = Text::default();
            wdb_report::locals(&mut locals, &found, 8);
            out.text(&locals);
        }
    }
    if hidden > 0 {
        out.write(
            Style::Dim,
            &format!(
                "      … {} more; `backtrace` shows all\n",
                wdb_report::thousands(hidden as u64)
            ),
        );
    }
}
