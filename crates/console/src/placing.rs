//! Sets breakpoints: `break`, `log`, `catch`.

use std::sync::Arc;

use wdb_debuggee::CodeLocation;
use wdb_symbols::printable;

use crate::call::{Call, Flag, Options, first_word, number};
use crate::console::{Console, Flow};
use crate::failure::{Failure, of_expression};
use crate::output::{Output, Style};
use wdb_examine::expression::{self, Expression};
use wdb_examine::places::{self, Spec};
use wdb_examine::view::{FrameId, View};
use wdb_session::breakpoints::{Binding, Breakpoint, Message, NewBreakpoint, Trigger};

/// How long a breakpoint lasts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lasts {
    UntilDeleted,
    UntilHit,
}

pub(super) fn set(
    console: &mut Console,
    call: &Call<'_>,
    lasts: Lasts,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let flags: &[Flag] = &[
        Flag::valued("file", 'f'),
        Flag::valued("line", 'l'),
        Flag::valued("column", 'u'),
        Flag::valued("name", 'n'),
        Flag::valued("address", 'a'),
        Flag::valued("condition", 'c'),
        Flag::valued("ignore-count", 'i'),
        Flag::bare("one-shot", 'o'),
        Flag::bare("disable", 'd'),
    ];
    // `-1` is a place, and `--` begins none of gdb's.
    let options = if call.rest.starts_with("--") || call.name == "breakpoint set" {
        Options::parse(call.rest, flags)?
    } else {
        Options::none(call.rest)
    };
    let rest = if options.is_empty() {
        call.rest
    } else {
        options.rest
    };
    let selected = console.session.selected();
    let (place, condition) = split_condition(&mut console.session.view(), rest, selected);
    let condition = options.value("condition").or(condition);
    let condition = condition.map(parse_condition).transpose()?;
    let (text, spec) = match place_of(&options)? {
        Some(spec) => (spec.to_string(), spec),
        None if options.has("file") => {
            return Err("`--file` needs `--line` or `--name` too".into());
        }
        None if place.is_empty() && call.name == "breakpoint set" => {
            return Err(
                "`breakpoint set` needs a place: `--name main`, or `--file main.c --line 12`"
                    .into(),
            );
        }
        None => {
            let text = match place {
                "" | "*$pc" => here(console)?,
                place => place.to_owned(),
            };
            let spec = places::parse(&text).map_err(|it| it.to_string())?;
            (text, spec)
        }
    };
    let ignore = options.value("ignore-count").map(number).transpose()?;
    let new = NewBreakpoint {
        condition,
        ignore: ignore.unwrap_or(0),
        temporary: lasts == Lasts::UntilHit || options.has("one-shot"),
        enabled: !options.has("disable"),
        ..NewBreakpoint::new(text, Trigger::Place(spec))
    };
    add_and_show(console, new, out)?;
    Ok(Flow::Go)
}

/// The place that options of LLDB name. `None`: they name none, or only a file.
pub(super) fn place_of(options: &Options<'_>) -> Result<Option<Spec>, Failure> {
    let file = options.value("file").map(str::to_owned);
    let found = match (file, options.value("line")) {
        (Some(file), Some(line)) => {
            let line = places::parse_line(line).map_err(|it| it.to_string())?;
            let column = options.value("column").map(places::parse_column);
            Some(column.transpose().map(|column| Spec::Line {
                file: Some(file),
                line,
                column,
            }))
        }
        // A column is one of a line of a file.
        (None, Some(line)) => Some(places::parse(line)),
        (Some(file), None) => options.value("name").map(|name| {
            let function = name.to_owned();
            Ok(Spec::InFile { file, function })
        }),
        (None, None) => match options.value("name") {
            Some(name) => Some(places::parse(name)),
            None => options.value("address").map(places::parse_address),
        },
    };
    found.transpose().map_err(|it| Failure(it.to_string()))
}

/// Sets a breakpoint; it may be pending if the user wants that.
pub(super) fn add(console: &mut Console, new: NewBreakpoint) -> Result<Arc<Breakpoint>, Failure> {
    let breakpoint = console.session.set_breakpoint(NewBreakpoint {
        may_be_pending: console.settings.pending,
        ..new
    })?;
    console.last_breakpoint = Some(breakpoint.id);
    Ok(breakpoint)
}

/// Sets a breakpoint, and says where it is.
pub(super) fn add_and_show(
    console: &mut Console,
    new: NewBreakpoint,
    out: &mut dyn Output,
) -> Result<(), Failure> {
    let breakpoint = add(console, new)?;
    tell_places(&mut console.session.view(), &breakpoint, out);
    Ok(())
}

/// The instruction that the selected frame is at, as a place.
pub(super) fn here(console: &mut Console) -> Result<String, Failure> {
    let (mut view, frame) = console.here()?;
    let at = view.place(frame).and_then(|it| it.at);
    let module = view.frame(frame).map(|it| it.module);
    let (Some(at), Some(module)) = (at, module) else {
        return Err("the program is at no place in the code: name a place".into());
    };
    let modules = view.modules();
    let name = modules.get(module.position()).filter(|_| modules.len() > 1);
    Ok(match name {
        Some(module) => format!("*{}!{at}", module.record.name),
        None => format!("*{at}"),
    })
}

/// Whether `text` is `PLACE` or `PLACE if EXPRESSION`, and the program has that place in code of its own: `list` is not
/// what a program means that only has `std::list`.
pub(super) fn names_own_place(view: &mut View<'_>, text: &str, here: Option<FrameId>) -> bool {
    let (place, _) = split_condition(view, text, here);
    let Ok(spec) = places::parse(place) else {
        return false;
    };
    let found = places::resolve(view, &spec, here).unwrap_or_default();
    found.iter().any(|it| !it.is_of_runtime(view))
}

fn is_place(view: &mut View<'_>, text: &str, here: Option<FrameId>) -> bool {
    places::parse(text).is_ok_and(|spec| places::resolve(view, &spec, here).is_ok())
}

/// `PLACE if EXPRESSION`. A path may have an ` if ` of its own, and so may a text in the expression: the first that has a
/// place of the program before it is meant.
fn split_condition<'t>(
    view: &mut View<'_>,
    text: &'t str,
    here: Option<FrameId>,
) -> (&'t str, Option<&'t str>) {
    const WORD: &str = " if ";
    if let Some(condition) = text.strip_prefix("if ") {
        return ("", Some(condition.trim()));
    }
    if let Some(place) = without_condition(text) {
        return (place, Some(""));
    }
    let split = |at: usize| (text[..at].trim(), Some(text[at + WORD.len()..].trim()));
    let whole = (text.trim(), None);
    let found: Vec<usize> = text.match_indices(WORD).map(|it| it.0).collect();
    match found[..] {
        [] => whole,
        // Of the usual one nothing has to be looked up.
        [only]
            if !text[..only].contains(['/', '\\', '"', '\''])
                && expression::parse(text[only + WORD.len()..].trim()).is_ok() =>
        {
            split(only)
        }
        [first, ..] => {
            let splits = found.iter().take(MOST_SPLITS).map(|at| split(*at));
            let mut all = splits.chain([whole]);
            let meant = all.find(|(place, _)| is_place(view, place, here));
            meant.unwrap_or_else(|| split(first))
        }
    }
}

/// What is before an `if` that has nothing after it.
fn without_condition(text: &str) -> Option<&str> {
    let place = text.trim().strip_suffix("if")?;
    (place.is_empty() || place.ends_with(' ')).then(|| place.trim())
}

/// At most this many ` if ` are tried.
const MOST_SPLITS: usize = 8;

/// The condition after `if`.
fn parse_condition(text: &str) -> Result<Expression, Failure> {
    match text {
        "" => Err("a condition is missing: `break main if count == 3`".into()),
        text => parse(text),
    }
}

pub(super) fn parse(text: &str) -> Result<Expression, Failure> {
    expression::parse(text).map_err(|error| of_expression(&error, text))
}

/// `breakpoint 1: divide at /src/main.c:5`.
fn tell_places(view: &mut View<'_>, breakpoint: &Breakpoint, out: &mut dyn Output) {
    out.write(Style::Title, &format!("breakpoint {}", breakpoint.id));
    match breakpoint.locations() {
        [] => {
            let text = printable(&breakpoint.text);
            out.line(&match &breakpoint.binding {
                Binding::Pending(reason) => {
                    format!(": {text}, nowhere yet: {}", printable(&reason.to_string()))
                }
                _ => format!(": {text}"),
            });
        }
        [only] => {
            out.write(Style::Plain, ": ");
            location(view, only, out);
        }
        many => {
            out.line(&format!(": {} places", many.len()));
            for place in many.iter().take(MOST_PLACES) {
                out.write(Style::Plain, "  ");
                location(view, place, out);
            }
            if many.len() > MOST_PLACES {
                let more = many.len() - MOST_PLACES;
                out.line(&format!("  … {more} more"));
            }
        }
    }
}

/// At most this many places of a breakpoint are listed.
pub(super) const MOST_PLACES: usize = 20;

pub(super) fn location(view: &mut View<'_>, location: &places::Location, out: &mut dyn Output) {
    out.write(Style::Name, &printable(&location.function));
    match (&location.file, location.line) {
        (Some(file), Some(line)) => {
            out.write(Style::Plain, " at ");
            out.write(Style::Path, &format!("{}:{line}", printable(file)));
        }
        _ => {
            let CodeLocation { module, offset } = location.at;
            if let Some(module) = view.modules().get(module.position()) {
                let name = printable(&module.record.name);
                out.write(Style::Plain, &format!(" at {offset} in {name}"));
            }
        }
    }
    out.write(Style::Plain, "\n");
}

pub(super) fn log(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let text = call.required("a place and a message")?;
    let (place, message) = first_place(text);
    if message.is_empty() {
        return Err(Failure(format!(
            "`{}` needs a message after the place: `log main.c:12 count is {{count}}`",
            call.name
        )));
    }
    let message = message
        .strip_prefix('"')
        .and_then(|it| it.strip_suffix('"'))
        .unwrap_or(message);
    let message = Message::parse(message).map_err(|error| of_expression(&error, message))?;
    let spec = places::parse(place).map_err(|it| it.to_string())?;
    let new = NewBreakpoint {
        message: Some(message),
        ..NewBreakpoint::new(place, Trigger::Place(spec))
    };
    add_and_show(console, new, out)?;
    Ok(Flow::Go)
}

/// The place that a line begins with, up to a space that is in no quotes, and the rest.
fn first_place(text: &str) -> (&str, &str) {
    let mut quote = None;
    let end = text.find(|c: char| {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None => return c.is_whitespace(),
        }
        false
    });
    let (place, rest) = text.split_at(end.unwrap_or(text.len()));
    (place, rest.trim_start())
}

pub(super) fn catch(
    console: &mut Console,
    call: &Call<'_>,
    lasts: Lasts,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let text = call.required("an event: throw, caught, uncaught, trap, hostcall NAME or start")?;
    let (text, condition) = match text.split_once(" if ") {
        Some((event, condition)) => (event.trim(), Some(condition.trim())),
        None => match without_condition(text) {
            Some(event) => (event, Some("")),
            None => (text, None),
        },
    };
    let condition = condition.map(parse_condition).transpose()?;
    let (event, name) = first_word(text).unwrap_or_default();
    let tag = Some(name).filter(|it| !it.is_empty()).map(str::to_owned);
    let trigger = match event {
        "throw" | "exception" => Trigger::Thrown { tag, caught: None },
        "caught" | "catch" => Trigger::Thrown {
            tag,
            caught: Some(true),
        },
        "uncaught" => Trigger::Thrown {
            tag,
            caught: Some(false),
        },
        "trap" => Trigger::Trap,
        "start" => Trigger::Start,
        "hostcall" | "syscall" | "import" => {
            let name = tag.ok_or("`catch hostcall` needs the name of an imported function")?;
            Trigger::HostCall(name)
        }
        other => {
            return Err(Failure(format!(
                "there is no event `{other}`; there are throw, caught, uncaught, trap, hostcall and start"
            )));
        }
    };
    let new = NewBreakpoint {
        condition,
        temporary: lasts == Lasts::UntilHit,
        ..NewBreakpoint::new(text, trigger)
    };
    add_and_show(console, new, out)?;
    Ok(Flow::Go)
}
