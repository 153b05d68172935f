//! Commands about breakpoints.

use wdb_symbols::printable;

use crate::call::{Call, Flag, Options, first_word, number};
use crate::console::{
    COMMAND, Collecting, Collects, Command, Completes, Console, Flow, Group, Needs,
};
use crate::failure::Failure;
use crate::output::{Output, Style, Switch};
use crate::placing::{self, Lasts, MOST_PLACES, here, location, parse};
use crate::{displays, saving};
use wdb_examine::expression::Expression;
use wdb_examine::places;
use wdb_examine::view::View;
use wdb_session::breakpoints::{Binding, Breakpoint, Trigger};

pub(super) const GROUP: Group = Group {
    name: "breakpoints",
    summary: "where the program stops, and what happens there",
    commands: &[
        Command {
            names: &["break", "b", "breakpoint set", "brk"],
            arguments: "[PLACE] [if EXPRESSION]",
            summary: "stops the program at a place",
            help: "PLACE is FILE:LINE, FILE:LINE:COLUMN, a LINE of the file of the selected frame, a function (`main`, `Circle::area`,
`std::*`, the name of an export), FILE:FUNCTION, FUNCTION:N for the line N lines below the one that the function is
declared on, `+N` or `-N` lines from here, or `*0x1f0`, an offset in the module. Without PLACE: here. With `if`
it only stops where the expression holds, which is looked at next to the program and costs microseconds. Where it calls
functions of the program they run there each time, which costs up to a millisecond. Its names must mean something
at the place.

A place can be several in the code: copies of inlined functions, instances of templates and generics. A place that
the program does not have is refused; `set breakpoint pending on` keeps it, for scripts that serve several programs.
A path with spaces needs quotes. `b` is always `break`, also before a name that is that of a command.

break parse.c:120
break 'odd name.c':7
break parse.c:next_token
break next_token:3
break Circle::area if radius > 10
break insert if length(list) > 100
break *0x1f0
breakpoint set --file parse.c --line 120 --condition 'count == 3'
breakpoint set --name main --one-shot",
            completes: Completes::Place,
            needs: Needs::Breakpoints,
            run: |console, call, out| placing::set(console, call, Lasts::UntilDeleted, out),
            ..COMMAND
        },
        Command {
            names: &["tbreak", "tb", "thbreak"],
            arguments: "[PLACE] [if EXPRESSION]",
            summary: "stops the program at a place once",
            help: "As `break`; the breakpoint is deleted when it has stopped the program.",
            completes: Completes::Place,
            needs: Needs::Breakpoints,
            run: |console, call, out| placing::set(console, call, Lasts::UntilHit, out),
            ..COMMAND
        },
        Command {
            names: &["log", "logpoint"],
            arguments: "PLACE MESSAGE",
            summary: "writes a message each time a place is reached, and does not stop there",
            help: "Expressions are in braces; `{{` is a brace.

log parse.c:120 count is {count}, the next is {node->next}",
            completes: Completes::Place,
            needs: Needs::Breakpoints,
            run: placing::log,
            ..COMMAND
        },
        Command {
            names: &["catch", "cat"],
            arguments: "throw [TAG]|caught [TAG]|uncaught [TAG]|trap|hostcall NAME|start [if EXPRESSION]",
            summary: "stops the program at an event",
            help: "throw: an exception is thrown; caught: one that a frame catches; uncaught: one that none does. TAG is the name of
its tag. trap: a trap, which stops the program anyway; this gives it a number and commands.
hostcall: the program calls a function that it imports. start: its first instruction. In names `*` stands for any text.

catch throw
catch hostcall wasi_snapshot_preview1.fd_write
catch hostcall *.path_*
catch throw parse_error if depth > 3",
            needs: Needs::Breakpoints,
            run: |console, call, out| placing::catch(console, call, Lasts::UntilDeleted, out),
            ..COMMAND
        },
        Command {
            names: &["tcatch"],
            arguments: "throw [TAG]|caught [TAG]|uncaught [TAG]|trap|hostcall NAME|start [if EXPRESSION]",
            summary: "stops the program at an event once",
            needs: Needs::Breakpoints,
            run: |console, call, out| placing::catch(console, call, Lasts::UntilHit, out),
            ..COMMAND
        },
        Command {
            names: &["condition", "cond"],
            arguments: "NUMBER [EXPRESSION]",
            summary: "lets a breakpoint stop only where an expression holds; always without one",
            help: "Its names must mean something at a place of the breakpoint, or for an event somewhere in the program.\n\ncondition 1 count == 3\ncondition 1",
            completes: Completes::Breakpoint,
            needs: Needs::Breakpoints,
            run: condition,
            ..COMMAND
        },
        Command {
            names: &["ignore", "ign"],
            arguments: "NUMBER COUNT",
            summary: "lets a breakpoint pass over its next hits",
            help: "ignore 1 100",
            completes: Completes::Breakpoint,
            needs: Needs::Breakpoints,
            run: ignore,
            ..COMMAND
        },
        Command {
            names: &["commands", "breakpoint command add"],
            arguments: "[NUMBER…]",
            summary: "says what is executed when a breakpoint has stopped the program",
            help: "The lines that follow, up to `end`. The first may be `silent`: then the stop is not reported. The last may let the
program go on. Without NUMBER: of the breakpoint that was set last.

commands 1
silent
print count
continue
end",
            completes: Completes::Breakpoint,
            needs: Needs::Breakpoints,
            run: commands,
            ..COMMAND
        },
        Command {
            names: &["breakpoint modify"],
            arguments: "[--condition EXPRESSION] [--ignore-count N] [--one-shot] NUMBER…",
            summary: "changes breakpoints",
            help: "breakpoint modify -c 'count == 3' 1",
            completes: Completes::Breakpoint,
            needs: Needs::Breakpoints,
            run: modify,
            ..COMMAND
        },
        Command {
            names: &["enable", "en", "breakpoint enable"],
            arguments: "[NUMBER…]",
            summary: "enables breakpoints, all without a number",
            completes: Completes::Breakpoint,
            needs: Needs::Breakpoints,
            run: |console, call, out| enable(console, call, Switch::On, out),
            ..COMMAND
        },
        Command {
            names: &["disable", "dis", "disab", "breakpoint disable"],
            arguments: "[NUMBER…]",
            summary: "disables breakpoints, all without a number: they stay, and do nothing",
            completes: Completes::Breakpoint,
            needs: Needs::Breakpoints,
            run: |console, call, out| enable(console, call, Switch::Off, out),
            ..COMMAND
        },
        Command {
            names: &["delete", "d", "breakpoint delete", "delete breakpoints"],
            arguments: "[NUMBER…]",
            summary: "deletes breakpoints, all without a number",
            completes: Completes::Breakpoint,
            needs: Needs::Breakpoints,
            run: delete,
            ..COMMAND
        },
        Command {
            names: &["clear"],
            arguments: "PLACE",
            summary: "deletes the breakpoints at a place",
            help: "clear parse.c:120",
            completes: Completes::Place,
            needs: Needs::Breakpoints,
            run: clear,
            ..COMMAND
        },
        Command {
            names: &["save breakpoints", "breakpoint write"],
            arguments: "FILE",
            summary: "writes the breakpoints to a file, as commands that set them again",
            help: "`source FILE` sets them.\n\nsave breakpoints mine.wdb",
            completes: Completes::Path,
            needs: Needs::Breakpoints,
            run: saving::save,
            ..COMMAND
        },
        Command {
            names: &["info breakpoints", "breakpoint list", "info b"],
            summary: "lists the breakpoints",
            run: list,
            ..COMMAND
        },
    ],
};

fn find(console: &mut Console, id: u32) -> Result<&mut Breakpoint, Failure> {
    let found = console.session.breakpoints_mut().get_mut(id);
    found.ok_or_else(|| no_breakpoint(&id.to_string()))
}

/// Refuses the number of a breakpoint that is not there.
pub(super) fn all_exist(console: &mut Console, ids: &[u32]) -> Result<(), Failure> {
    ids.iter().try_for_each(|id| find(console, *id).map(|_| ()))
}

fn no_breakpoint(id: &str) -> Failure {
    Failure(format!(
        "there is no breakpoint {id}; `info breakpoints` lists them"
    ))
}

/// The breakpoint that a line begins with, and the rest of the line.
fn first_id<'a>(call: &Call<'a>) -> Result<(u32, &'a str), Failure> {
    let text = call.required("the number of a breakpoint")?;
    let (id, rest) = first_word(text).unwrap_or_default();
    Ok((self::id(id)?, rest))
}

fn id(text: &str) -> Result<u32, Failure> {
    text.parse()
        .map_err(|_| Failure(format!("`{text}` is not the number of a breakpoint")))
}

/// The breakpoints that a line names; ranges as `2-5` too. Each must exist. `None`: the line names none.
fn ids(console: &Console, call: &Call<'_>) -> Result<Option<Vec<u32>>, Failure> {
    let mut found = Vec::new();
    for word in call.words() {
        let (first, last) = match word.split_once('-') {
            Some((first, last)) if first.is_empty() || last.is_empty() => {
                return Err(Failure(format!(
                    "`{word}` is not a range of breakpoints; `2-5` is one"
                )));
            }
            Some((first, last)) => (id(first)?, id(last)?),
            None => (id(word)?, id(word)?),
        };
        let known = console.session.breakpoints();
        let before = found.len();
        found.extend(
            known
                .iter()
                .map(|it| it.id)
                .filter(|it| (first..=last).contains(it)),
        );
        if found.len() == before {
            return Err(no_breakpoint(word));
        }
    }
    Ok(Some(found).filter(|it| !it.is_empty()))
}

fn condition(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let (id, text) = first_id(call)?;
    let condition = match text {
        "" => None,
        text => Some(parse(text)?),
    };
    let is_none = condition.is_none();
    set_condition(console, id, condition)?;
    if is_none {
        out.line(&format!("breakpoint {id} stops always"));
    }
    Ok(Flow::Go)
}

/// Gives a breakpoint another condition, if it can be one where the breakpoint is.
fn set_condition(
    console: &mut Console,
    id: u32,
    condition: Option<Expression>,
) -> Result<(), Failure> {
    let binding = find(console, id)?.binding.clone();
    if let Some(condition) = &condition {
        console.session.check_condition(condition, &binding)?;
    }
    find(console, id)?.condition = condition;
    Ok(())
}

fn ignore(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    let (id, text) = first_id(call)?;
    if text.is_empty() {
        return Err(Failure(format!(
            "`{}` needs a count too: `ignore 1 100`",
            call.name
        )));
    }
    let count = number(text)?;
    find(console, id)?.ignore = count;
    out.line(&match count {
        0 => format!("breakpoint {id} stops at its next hit"),
        1 => format!("breakpoint {id} passes over its next hit"),
        count => format!("breakpoint {id} passes over its next {count} hits"),
    });
    Ok(Flow::Go)
}

fn commands(console: &mut Console, call: &Call<'_>, _: &mut dyn Output) -> Result<Flow, Failure> {
    let ids = match ids(console, call)? {
        Some(ids) => ids,
        None => vec![
            console
                .last_breakpoint
                .ok_or("there is no breakpoint yet")?,
        ],
    };
    all_exist(console, &ids)?;
    console.collecting = Some(Collecting::new(Collects::Breakpoints(ids)));
    Ok(Flow::NeedsMore)
}

/// The commands of breakpoints are complete.
pub(super) fn collected(console: &mut Console, ids: &[u32], lines: &[String]) {
    for id in ids {
        if let Ok(breakpoint) = find(console, *id) {
            breakpoint.commands = lines.to_vec();
        }
    }
}

fn modify(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    let flags: &[Flag] = &[
        Flag::valued("condition", 'c'),
        Flag::valued("ignore-count", 'i'),
        Flag::bare("one-shot", 'o'),
        Flag::bare("enable", 'e'),
        Flag::bare("disable", 'd'),
    ];
    let options = Options::parse(call.rest, flags)?;
    let condition = match options.value("condition") {
        Some("") => Some(None),
        Some(text) => Some(Some(parse(text)?)),
        None => None,
    };
    let ignore = options.value("ignore-count").map(number).transpose()?;
    let call = Call {
        rest: options.rest,
        ..*call
    };
    let ids = ids(console, &call)?.or(console.last_breakpoint.map(|it| vec![it]));
    let ids = ids.ok_or("there is no breakpoint yet")?;
    if options.is_empty() {
        return Err("`breakpoint modify` needs what to change: `breakpoint modify --condition 'count == 3' 1`".into());
    }
    for id in &ids {
        if let Some(condition) = &condition {
            set_condition(console, *id, condition.clone())?;
        }
        let breakpoint = find(console, *id)?;
        breakpoint.ignore = ignore.unwrap_or(breakpoint.ignore);
        breakpoint.temporary |= options.has("one-shot");
        breakpoint.enabled =
            (breakpoint.enabled || options.has("enable")) && !options.has("disable");
    }
    show_done("changed", &ids, out);
    Ok(Flow::Go)
}

fn enable(
    console: &mut Console,
    call: &Call<'_>,
    switch: Switch,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let rest = call
        .rest
        .strip_prefix("breakpoints")
        .unwrap_or(call.rest)
        .trim();
    let call = Call { rest, ..*call };
    if let Some(ids) = rest.strip_prefix("display") {
        return displays::enable(console, ids, switch);
    }
    let ids = meant(console, &call)?;
    set_enabled(console, &ids, switch, out);
    Ok(Flow::Go)
}

/// Enables breakpoints or disables them, and says which.
pub(super) fn set_enabled(
    console: &mut Console,
    ids: &[u32],
    switch: Switch,
    out: &mut dyn Output,
) {
    let is_meant = |it: &Breakpoint| ids.contains(&it.id);
    for breakpoint in console.session.breakpoints_mut().select_mut(is_meant) {
        breakpoint.enabled = switch == Switch::On;
    }
    let done = match switch {
        Switch::On => "enabled",
        Switch::Off => "disabled",
    };
    show_done(done, ids, out);
}

/// The breakpoints that a line names; all if it names none.
fn meant(console: &Console, call: &Call<'_>) -> Result<Vec<u32>, Failure> {
    let all = console.session.breakpoints();
    Ok(ids(console, call)?.unwrap_or_else(|| all.iter().map(|it| it.id).collect()))
}

/// What was done to breakpoints: `deleted breakpoint 1`.
fn show_done(done: &str, ids: &[u32], out: &mut dyn Output) {
    out.line(&match ids {
        [] => "there are no breakpoints".to_owned(),
        [id] => format!("{done} breakpoint {id}"),
        ids => format!("{done} {}", count(ids.len())),
    });
}

fn delete(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    let ids = meant(console, call)?;
    delete_all(console, &ids, out);
    Ok(Flow::Go)
}

/// Deletes breakpoints, and says which.
pub(super) fn delete_all(console: &mut Console, ids: &[u32], out: &mut dyn Output) {
    for id in ids {
        console.session.breakpoints_mut().remove(*id);
    }
    show_done("deleted", ids, out);
}

fn count(breakpoints: usize) -> String {
    match breakpoints {
        1 => "1 breakpoint".to_owned(),
        many => format!("{many} breakpoints"),
    }
}

fn clear(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    let text = match call.rest {
        "" => here(console)?,
        text => text.to_owned(),
    };
    let spec = places::parse(&text).map_err(|it| it.to_string())?;
    let selected = console.session.selected();
    let found = places::resolve(&mut console.session.view(), &spec, selected);
    let found = found.map_err(|it| it.to_string())?;
    let is_there = |breakpoint: &Breakpoint| {
        let own = breakpoint.locations();
        own.iter().any(|own| found.iter().any(|it| it.at == own.at))
    };
    let ids: Vec<u32> = console
        .session
        .breakpoints()
        .iter()
        .filter(|it| is_there(it))
        .map(|it| it.id)
        .collect();
    if ids.is_empty() {
        return Err(Failure(format!("there is no breakpoint at {text}")));
    }
    delete_all(console, &ids, out);
    Ok(Flow::Go)
}

fn list(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    call.none()?;
    let all: Vec<Breakpoint> = console.session.breakpoints().iter().cloned().collect();
    for breakpoint in &all {
        describe(&mut console.session.view(), breakpoint, out);
    }
    if all.is_empty() {
        out.line("there are no breakpoints; `break PLACE` sets one");
    }
    Ok(Flow::Go)
}

fn describe(view: &mut View<'_>, breakpoint: &Breakpoint, out: &mut dyn Output) {
    let kind = match (&breakpoint.trigger, &breakpoint.message) {
        (_, Some(_)) => "log ",
        (Trigger::Place(_), None) => "",
        (_, None) => "catch ",
    };
    out.write(Style::Dim, &format!("{:<2} ", breakpoint.id));
    out.write(
        Style::Title,
        &format!("{kind}{}", printable(&breakpoint.text)),
    );
    let mut marks = Vec::new();
    if !breakpoint.enabled {
        marks.push("disabled".to_owned());
    }
    if breakpoint.temporary {
        marks.push("temporary".to_owned());
    }
    match breakpoint.hits {
        0 => {}
        1 => marks.push("hit once".to_owned()),
        hits => marks.push(format!("hit {hits} times")),
    }
    if !marks.is_empty() {
        out.write(Style::Plain, &format!(" ({})", marks.join(", ")));
    }
    out.write(Style::Plain, "\n");
    if let Binding::Pending(reason) = &breakpoint.binding {
        out.line(&format!(
            "     nowhere yet: {}",
            printable(&reason.to_string())
        ));
    }
    for place in breakpoint.locations().iter().take(MOST_PLACES) {
        out.write(Style::Plain, "     ");
        location(view, place, out);
    }
    if breakpoint.locations().len() > MOST_PLACES {
        out.line(&format!(
            "     … {} more",
            breakpoint.locations().len() - MOST_PLACES
        ));
    }
    if let Some(condition) = &breakpoint.condition {
        out.line(&format!("     if {}", printable(condition.text())));
    }
    match breakpoint.ignore {
        0 => {}
        1 => out.line("     passes over its next hit"),
        count => out.line(&format!("     passes over its next {count} hits")),
    }
    if let Some(message) = &breakpoint.message {
        out.line(&format!("     message: {}", printable(&message.text)));
    }
    for command in &breakpoint.commands {
        out.line(&format!("     > {}", printable(command)));
    }
}
