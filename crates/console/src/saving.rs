//! `save breakpoints`: the breakpoints as commands that set them again.

use wdb_examine::places::Spec;
use wdb_session::breakpoints::{Breakpoint, Trigger};

use crate::call::{Call, first_word};
use crate::console::{Console, Flow};
use crate::failure::Failure;
use crate::output::Output;

pub(super) fn save(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let text = call.required("a file")?;
    // LLDB names it with an option.
    let named = text.strip_prefix("-f ").or(text.strip_prefix("--file "));
    let path = first_word(named.unwrap_or(text)).unwrap_or_default().0;
    let all = console.session.breakpoints();
    let mut text = String::new();
    let mut count = 0_u32;
    for breakpoint in all.iter() {
        for line in commands(breakpoint) {
            text.push_str(&line);
            text.push('\n');
        }
        count += 1;
    }
    if count == 0 {
        return Err("there are no breakpoints to save".into());
    }
    out.files()?.save(path.as_ref(), &text)?;
    let breakpoints = if count == 1 {
        "breakpoint"
    } else {
        "breakpoints"
    };
    out.line(&format!(
        "saved {count} {breakpoints}; `source` sets them again"
    ));
    Ok(Flow::Go)
}

/// The commands that set a breakpoint.
fn commands(breakpoint: &Breakpoint) -> Vec<String> {
    let place = place(breakpoint);
    let mut lines = Vec::new();
    let (command, what) = match (&breakpoint.trigger, &breakpoint.message) {
        (_, Some(message)) => ("log", format!("{} {}", word(&place), message.text)),
        (Trigger::Place(_), None) => ("break", place),
        (_, None) => ("catch", place),
    };
    let mut options = String::new();
    let once = match (breakpoint.temporary, command) {
        (false, _) => "",
        (true, "log") => {
            options.push_str(" --one-shot");
            ""
        }
        (true, _) => "t",
    };
    let mut line = format!("{once}{command} {what}");
    if let Some(condition) = &breakpoint.condition {
        match command {
            "log" => options.push_str(&format!(" --condition {}", word(condition.text()))),
            _ => line.push_str(&format!(" if {}", condition.text())),
        }
    }
    lines.push(line);
    if breakpoint.ignore > 0 {
        options.push_str(&format!(" --ignore-count {}", breakpoint.ignore));
    }
    if !breakpoint.enabled {
        options.push_str(" --disable");
    }
    // Without a number these are about the breakpoint that was set last.
    if !options.is_empty() {
        lines.push(format!("breakpoint modify{options}"));
    }
    if !breakpoint.commands.is_empty() {
        lines.push("commands".into());
        lines.extend(breakpoint.commands.iter().map(|it| format!("  {it}")));
        lines.push("end".into());
    }
    lines
}

/// What the breakpoint is to stop at, wherever the program is: a line alone is one of the file that was looked at then.
fn place(breakpoint: &Breakpoint) -> String {
    let is_relative = matches!(
        breakpoint.trigger,
        Trigger::Place(Spec::Line { file: None, .. } | Spec::Offset(_))
    );
    let first = breakpoint.locations().first().filter(|_| is_relative);
    match first.and_then(|it| Some((it.file.as_ref()?, it.line?))) {
        Some((file, line)) => format!("{file}:{line}"),
        None => breakpoint.text.clone(),
    }
}

/// One word of a command, in quotes where it has spaces.
fn word(text: &str) -> String {
    match (text.contains(char::is_whitespace), text.contains('\'')) {
        (false, _) if !text.starts_with(['"', '\'']) => text.to_owned(),
        (_, false) => format!("'{text}'"),
        (_, true) => format!("\"{text}\""),
    }
}
