//! Commands about source text and instructions.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use wdb_debuggee::coredump::ModuleId;
use wdb_module::ModuleOffset;
use wdb_symbols::{printable, printable_source, split_outside_brackets};

use crate::call::{Call, Flag, Options, first_word, number};
use crate::console::{COMMAND, Command, Completes, Console, Flow, Group, Needs, Repeats};
use crate::failure::Failure;
use crate::listing::{self, Line, Listed};
use crate::output::{Code, Output, Style};
use crate::settings::Settings;
use crate::{directories, placing};
use wdb_examine::disassembly::{self, Instruction};
use wdb_examine::frames::Frame;
use wdb_examine::places::{self, Location, Spec};
use wdb_examine::view::{FrameId, View};

pub(super) const GROUP: Group = Group {
    name: "source",
    summary: "source text and instructions",
    commands: &[
        Command {
            names: &["list", "l", "source list"],
            arguments: "[PLACE|FIRST,LAST|-]",
            summary: "shows source lines",
            help: "Without anything: the lines around where the selected frame is, then those after them. `-`: those
before. `set listsize 20` says how many.

list
list parse.c:120
list main
list 10,25
source list --file parse.c --line 120 --count 5",
            completes: Completes::Place,
            repeats: Repeats::Onwards,
            run: list,
            ..COMMAND
        },
        Command {
            names: &["directory", "dir"],
            arguments: "[DIR]…",
            summary: "looks for source files in other directories, too",
            help: "In each for the longest end of a file's path that is there: for /build/app/src/main.c first build/app/src/main.c,
at last main.c. As `--sources DIR` does. Without DIR: shows them.

directory ~/app",
            completes: Completes::Path,
            run: directories::directory,
            ..COMMAND
        },
        Command {
            names: &["set substitute-path", "show substitute-path", "config substitute-path"],
            arguments: "[FROM TO]",
            summary: "looks for source files whose paths begin with FROM at TO",
            help: "Without anything: shows what was said so far.\n\nset substitute-path /build/app ~/app",
            completes: Completes::Path,
            run: directories::substitute,
            ..COMMAND
        },
        Command {
            names: &["unset substitute-path"],
            arguments: "[FROM]",
            summary: "looks for source files where their paths say again",
            help: "Without FROM for all.\n\nunset substitute-path /build/app",
            run: directories::unset_substitute,
            ..COMMAND
        },
        Command {
            names: &["disassemble", "disas", "disass", "di"],
            arguments: "[/s] [FUNCTION|*ADDRESS]",
            summary: "shows the instructions of a function in the text format of WebAssembly",
            help: "Without anything: those around where the selected frame is (`>`). `*` marks breakpoints. /s: with source lines
between them. `all` shows the whole function of the selected frame.

disassemble
disassemble/s main
disassemble all",
            completes: Completes::Function,
            run: disassemble,
            ..COMMAND
        },
        Command {
            names: &["info line"],
            arguments: "[PLACE]",
            summary: "shows where in the code a place is",
            help: "Without PLACE: where the selected frame is.\n\ninfo line parse.c:120\ninfo line *0x1f0",
            completes: Completes::Place,
            run: info_line,
            ..COMMAND
        },
        Command {
            names: &["info source", "source info"],
            summary: "shows which source file the selected frame is in",
            needs: Needs::Frames,
            run: info_source,
            ..COMMAND
        },
    ],
};

/// The source lines that a frame is at. Whether there are any.
pub(super) fn around(
    view: &mut View<'_>,
    frame: &Frame,
    settings: &Settings,
    out: &mut dyn Output,
) -> bool {
    let (Some(file), Some(line)) = (&frame.file, frame.line) else {
        return false;
    };
    let before = u32::try_from(settings.context_before).unwrap_or(0);
    let after = u32::try_from(settings.context_after).unwrap_or(0);
    let range = line.saturating_sub(before).max(1)..=line.saturating_add(after);
    lines(view, frame.module, file, range, Some(line), &[], out).is_ok()
}

/// The instruction that a frame is at.
pub(super) fn instruction(view: &mut View<'_>, id: FrameId, out: &mut dyn Output) {
    if let Some(line) = disassembly::of_frame(view, id) {
        let is_there = view.place(id).and_then(|it| it.at) == Some(line.at);
        instruction_line(&line, if is_there { "> " } else { "  " }, 0, out);
    }
}

/// Writes `count` instructions from an address of the code on, where a function ends those of the next one. The address of
/// the next instruction, if the module has one.
pub(super) fn instructions(
    view: &mut View<'_>,
    module: ModuleId,
    at: ModuleOffset,
    count: u64,
    current: Option<ModuleOffset>,
    out: &mut dyn Output,
) -> Result<Option<ModuleOffset>, Failure> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let found = disassembly::range(view, module, at, 0, count);
    if found.is_empty() {
        return Err(Failure(format!("there is no code at {at}")));
    }
    let mut func = found.first().map(|it| it.func);
    for line in found.iter().take(count) {
        if out.given_up() {
            break;
        }
        if func != Some(line.func) {
            let name = view.function_name(module, line.func);
            out.title(&format!("{}:", printable(&name)));
            func = Some(line.func);
        }
        let mark = if current == Some(line.at) { "> " } else { "  " };
        instruction_line(line, mark, 0, out);
    }
    Ok(found.get(count).map(|it| it.at))
}

/// Writes some lines of a file; the line after them.
fn lines(
    view: &mut View<'_>,
    module: ModuleId,
    file: &str,
    range: RangeInclusive<u32>,
    current: Option<u32>,
    breakpoints: &[Location],
    out: &mut dyn Output,
) -> Result<u32, listing::Unlisted> {
    let count = range.end().saturating_sub(*range.start()).saturating_add(1);
    let found = listing::lines(view, module, file, *range.start(), count, breakpoints)?;
    let mut number = found.first_line;
    for line in &found.lines {
        if out.given_up() {
            break;
        }
        let here = if current == Some(number) { ">" } else { " " };
        let breakpoint = if found.breakpoints.contains(&number) {
            "*"
        } else {
            " "
        };
        out.write(Style::Mark, &format!("{here}{breakpoint}"));
        out.write(Style::Dim, &format!("{number:>3}  "));
        source_text(line, out);
        out.write(Style::Plain, "\n");
        number = number.saturating_add(1);
    }
    Ok(number)
}

/// At most this many bytes of a line are shown: lines of minified files have megabytes.
const LONGEST_LINE: usize = 500;

fn source_text(line: &Line, out: &mut dyn Output) {
    let end = line.text.floor_char_boundary(LONGEST_LINE);
    for (style, text) in line.styled(end).pieces {
        out.write(style, &printable_source(&text));
    }
    if end < line.text.len() {
        out.write(Style::Dim, " …");
    }
}

fn list(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    let (wanted, size) = wanted(call, console.settings.list_size)?;
    let selected = console.session.selected();
    let listed = console.listed.clone();
    let breakpoints = enabled_places(console);
    let mut view = console.session.view();
    let here = selected.and_then(|id| source_line(&mut view, id));
    let (module, file, range) = wanted.lines(&mut view, size, here.clone(), listed, selected)?;
    let current = here
        .filter(|here| here.module == module && here.file == file)
        .map(|here| here.line);
    let first = *range.start();
    let next = lines(&mut view, module, &file, range, current, &breakpoints, out);
    let next = next.map_err(|unlisted| Failure(printable(&unlisted.to_string()).into_owned()))?;
    console.listed = Some(Listed {
        module,
        file,
        first,
        next,
    });
    Ok(Flow::Go)
}

/// What `list` is asked for, and how many lines a list has.
fn wanted(call: &Call<'_>, list_size: u64) -> Result<(Wanted, u32), Failure> {
    let flags: &[Flag] = &[
        Flag::valued("file", 'f'),
        Flag::valued("line", 'l'),
        Flag::valued("name", 'n'),
        Flag::valued("count", 'c'),
    ];
    let options = if call.name == "source list" {
        Options::parse(call.rest, flags)?
    } else {
        Options::none(call.rest)
    };
    let size = match options.value("count") {
        Some(count) => u32::try_from(number(count)?),
        None => u32::try_from(list_size),
    };
    let wanted = match (placing::place_of(&options)?, options.value("file")) {
        (Some(place), _) => Wanted::Around(place),
        (None, Some(file)) => Wanted::Around(Spec::Line {
            file: Some(file.to_owned()),
            line: 1,
            column: None,
        }),
        (None, None) => Wanted::parse(options.rest)?,
    };
    Ok((wanted, size.unwrap_or(u32::MAX).max(1)))
}
/// What `list` is asked for.
enum Wanted {
    /// The lines after those that were listed last; at first those around the selected frame.
    On,
    /// The lines before those that were listed last.
    Back,
    /// The lines around a place.
    Around(Spec),
    /// The lines from a place on.
    Range(Spec, Last),
}

/// Where a range of lines ends.
enum Last {
    /// Where a list of the usual length ends.
    Usual,
    /// At this line of the file in which it begins.
    Line(u32),
    /// At a place.
    Place(Spec),
}

impl Wanted {
    fn parse(text: &str) -> Result<Self, Failure> {
        let place = |text| places::parse(text).map_err(|it| Failure(it.to_string()));
        Ok(match text {
            "" | "+" => Wanted::On,
            "-" => Wanted::Back,
            text => match split_outside_brackets(text, ',') {
                Some((first, last)) => Wanted::Range(
                    place(first.trim())?,
                    match last.trim() {
                        "" => Last::Usual,
                        last if last.starts_with(|c: char| c.is_ascii_digit()) => {
                            Last::Line(resolve_last(last)?)
                        }
                        last => Last::Place(place(last)?),
                    },
                ),
                None => Wanted::Around(place(text)?),
            },
        })
    }

    /// The lines that are meant, `size` of them if nothing else is said, and where they are. `here` is where the selected
    /// frame is.
    fn lines(
        &self,
        view: &mut View<'_>,
        size: u32,
        here: Option<SourceLine>,
        listed: Option<Listed>,
        selected: Option<FrameId>,
    ) -> Result<(ModuleId, String, RangeInclusive<u32>), Failure> {
        let (at, range) = match (self, listed) {
            (Wanted::On, Some(listed)) => {
                let last = listed.next.saturating_add(size - 1);
                return Ok((listed.module, listed.file, listed.next..=last));
            }
            (Wanted::Back, Some(listed)) => {
                if listed.first <= 1 {
                    return Err("the file begins there".into());
                }
                let first = listed.first.saturating_sub(size).max(1);
                return Ok((listed.module, listed.file, first..=listed.first - 1));
            }
            (Wanted::On | Wanted::Back, None) => {
                let at = match here {
                    Some(here) => here,
                    None if selected.is_some() => {
                        return Err(
                            "the frame has no source; `disassemble` shows its instructions".into(),
                        );
                    }
                    None => resolve(view, &main(), None, selected)?,
                };
                let range = centred(at.line, size);
                (at, range)
            }
            (Wanted::Around(place), listed) => {
                let at = resolve(view, place, listed.as_ref(), selected)?;
                let range = centred(at.line, size);
                (at, range)
            }
            (Wanted::Range(first, last), listed) => {
                let first = resolve(view, first, listed.as_ref(), selected)?;
                let last = match last {
                    Last::Usual => first.line.saturating_add(size - 1),
                    Last::Line(last) => *last,
                    Last::Place(last) => {
                        let last = resolve(view, last, listed.as_ref(), selected)?;
                        if last.file != first.file {
                            return Err("the two places are in two files".into());
                        }
                        last.line
                    }
                };
                let range = first.line..=last;
                (first, range)
            }
        };
        Ok((at.module, at.file, range))
    }
}

fn main() -> Spec {
    Spec::Function("main".to_owned())
}

/// A line of a source file.
#[derive(Clone, Debug)]
struct SourceLine {
    /// A module that was made from the file.
    module: ModuleId,
    file: String,
    line: u32,
}

/// The line where a frame is.
fn source_line(view: &mut View<'_>, id: FrameId) -> Option<SourceLine> {
    let place = view.place(id)?;
    let spot = place.chain.get(id.inlined)?;
    Some(SourceLine {
        module: view.frame(id)?.module,
        file: spot.location.file.clone()?,
        line: spot.location.line?,
    })
}

fn resolve_last(text: &str) -> Result<u32, Failure> {
    let number = number(text)?;
    u32::try_from(number).map_err(|_| Failure(format!("no file has {number} lines")))
}

/// Lines with `line` in the middle.
fn centred(line: u32, size: u32) -> RangeInclusive<u32> {
    let first = line.saturating_sub(size / 2).max(1);
    first..=first.saturating_add(size - 1)
}

/// The file and the line of a place. A line need not have code. A bare one is in the file that was listed before, else in
/// that of the selected frame, else in that of `main`.
fn resolve(
    view: &mut View<'_>,
    spec: &Spec,
    listed: Option<&Listed>,
    selected: Option<FrameId>,
) -> Result<SourceLine, Failure> {
    let file = match spec {
        Spec::Line { file: None, .. } => match listed {
            Some(listed) => Some((listed.module, listed.file.clone())),
            None => of_frame(view, selected).or_else(|| {
                let main = resolve(view, &main(), None, None).ok()?;
                Some((main.module, main.file))
            }),
        },
        Spec::Line {
            file: Some(name), ..
        }
        | Spec::Function(name) => named(view, name),
        _ => None,
    };
    if let Some((module, file)) = file {
        let line = match spec {
            Spec::Line { line, .. } => *line,
            _ => 1,
        };
        return Ok(SourceLine { module, file, line });
    }
    let found = places::resolve(view, spec, selected).map_err(|it| it.to_string())?;
    let found = found.into_iter().find_map(|location| {
        Some(SourceLine {
            module: location.at.module,
            file: location.file?,
            line: location.line?,
        })
    });
    found.ok_or_else(|| Failure(format!("no source is known of `{spec}`")))
}

/// Where the breakpoints are that listings show.
fn enabled_places(console: &Console) -> Vec<Location> {
    let breakpoints = console.session.breakpoints().iter();
    let enabled = breakpoints.filter(|it| it.enabled);
    enabled.flat_map(|it| it.locations().to_vec()).collect()
}

/// The source file of a frame.
fn of_frame(view: &mut View<'_>, frame: Option<FrameId>) -> Option<(ModuleId, String)> {
    let id = frame?;
    let place = view.place(id)?;
    let file = place.chain.get(id.inlined)?.location.file.clone()?;
    Some((view.frame(id)?.module, file))
}

/// The whole path of a file that the user names by the end of it.
fn named(view: &mut View<'_>, name: &str) -> Option<(ModuleId, String)> {
    for module in view.module_ids() {
        let Some(symbols) = view.symbols(module) else {
            continue;
        };
        let ends = |path: &String| {
            let before = path.strip_suffix(name);
            before.is_some_and(|it| it.is_empty() || it.ends_with(['/', '\\']))
        };
        if let Some(path) = symbols.source_files().into_iter().find(ends) {
            return Some((module, path));
        }
    }
    None
}

/// At most this many instructions are shown before and after the one that a frame is at.
const AROUND: usize = 8;
/// At most this many instructions of a function are shown.
const MOST: usize = 20_000;

fn disassemble(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let (format, mut text) = call.spaced_format();
    let mut with_source = format.is_some_and(|it| it.contains(['s', 'm']));
    while let Some((option, after)) = first_word(text).filter(|it| it.0.starts_with('-')) {
        match option {
            "-m" | "--mixed" => with_source = true,
            "-n" | "--name" | "-f" | "--frame" | "-p" | "--pc" => {}
            "-s" | "-a" | "--address" | "--start-address" => {}
            option => return Err(Failure(format!("`disassemble` has no option `{option}`"))),
        }
        text = after;
    }
    let selected = console.session.selected();
    let breakpoints = enabled_places(console);
    let mut view = console.session.view();
    let here = selected.and_then(|id| {
        let at = view.place(id)?.at?;
        let frame = view.frame(id)?;
        Some((frame.module, frame.func, at))
    });
    let nowhere = match selected {
        Some(_) => "the code of the selected frame is not available",
        None => "no frame is selected: name a function",
    };
    let (module, found) = match text {
        "" => {
            let (module, _, at) = here.ok_or(nowhere)?;
            let found = disassembly::around(&mut view, module, at, AROUND, AROUND);
            (module, found)
        }
        "all" => {
            let (module, func, _) = here.ok_or(nowhere)?;
            (module, disassembly::function(&mut view, module, func))
        }
        text => {
            let spec = places::parse(text).map_err(|it| it.to_string())?;
            let places = places::resolve(&mut view, &spec, selected);
            let places = places.map_err(|it| it.to_string())?;
            let place = places.first().ok_or("there is no such place")?;
            let module = place.at.module;
            let func = view.function_at(place.at).ok_or(NO_CODE)?;
            let name = view.function_name(module, func);
            out.title(&format!("{}:", printable(&name)));
            (module, disassembly::function(&mut view, module, func))
        }
    };
    if found.is_empty() {
        return Err(NO_CODE.into());
    }
    let current = here.filter(|it| it.0 == module).map(|it| it.2);
    let breakpoints: BTreeSet<ModuleOffset> = breakpoints
        .iter()
        .filter(|it| it.at.module == module)
        .map(|it| it.at.offset)
        .collect();
    for line in found.iter().take(MOST) {
        if out.given_up() {
            break;
        }
        if with_source && let Some(source) = &line.source {
            out.write(
                Style::Path,
                &format!("{}:{}", printable(&source.file), source.line),
            );
            if let Some(text) = &source.text {
                out.write(Style::Plain, "  ");
                out.write(
                    Style::Code(Code::Other),
                    &printable_source(cut(text.trim())),
                );
            }
            out.write(Style::Plain, "\n");
        }
        let mark = match (current == Some(line.at), breakpoints.contains(&line.at)) {
            (true, true) => ">*",
            (true, false) => "> ",
            (false, true) => " *",
            (false, false) => "  ",
        };
        instruction_line(line, mark, line.depth, out);
    }
    if found.len() > MOST {
        out.line(&format!("… {} more instructions", found.len() - MOST));
    }
    Ok(Flow::Go)
}

/// Why nothing is shown of a function.
const NO_CODE: &str = "there is no code of it here";

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST_LINE))
        .unwrap_or(text)
}

fn instruction_line(line: &Instruction, mark: &str, depth: u32, out: &mut dyn Output) {
    out.write(Style::Mark, mark);
    out.write(Style::Address, &line.at.to_string());
    let indent = " ".repeat(2 + 2 * depth.min(40) as usize);
    out.write(Style::Plain, &format!("{indent}{}", printable(&line.text)));
    if let Some(note) = &line.note {
        out.write(Style::Dim, &format!("  ;; {}", printable(note)));
    }
    out.write(Style::Plain, "\n");
}

pub(super) fn info_line(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let text = match call.rest {
        "" => placing::here(console)?,
        text => text.to_owned(),
    };
    let spec = places::parse(&text).map_err(|it| it.to_string())?;
    let selected = console.session.selected();
    let mut view = console.session.view();
    if let Some(function) = places::function_without_code(&mut view, &spec, selected) {
        out.write(Style::Plain, "in ");
        out.write(Style::Name, &printable(&function));
        out.write(Style::Plain, "\n");
        return Ok(Flow::Go);
    }
    let found = places::resolve(&mut view, &spec, selected).map_err(|it| it.to_string())?;
    let several = view.modules().len() > 1;
    for place in found {
        if let (Some(file), Some(line)) = (&place.file, place.line) {
            out.write(Style::Path, &format!("{}:{line}", printable(file)));
            out.write(Style::Plain, " is ");
        }
        out.write(Style::Address, &format!("{} ", place.at.offset));
        if several {
            let module = view.modules().get(place.at.module.position());
            let name = module.map_or("", |it| &it.record.name);
            out.write(Style::Plain, &format!("of {} ", printable(name)));
        }
        out.write(Style::Plain, "in ");
        out.write(Style::Name, &printable(&place.function));
        out.write(Style::Plain, "\n");
    }
    Ok(Flow::Go)
}

fn info_source(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    call.none()?;
    let (mut view, id) = console.here()?;
    let place = view.place(id);
    let file = place.and_then(|it| it.chain.get(id.inlined)?.location.file.clone());
    let Some(file) = file else {
        let unfound = view
            .frame(id)
            .and_then(|it| crate::words::without_file(&view, it.module));
        out.line(&match unfound {
            Some(unfound) => format!("the frame's source is not known: {unfound}"),
            None => {
                "the frame has no source: its module has no debug information for it".to_owned()
            }
        });
        return Ok(Flow::Go);
    };
    let module = view.frame(id).map_or(ModuleId(0), |it| it.module);
    out.write(Style::Path, &printable(&file));
    let text = view.source(module, &file);
    out.line(&match text {
        Some(text) => format!(", {} lines", text.lines().count()),
        None => ", which was not found".to_owned(),
    });
    let symbols = view.symbols(module);
    let language = symbols
        .zip(view.frame(id))
        .and_then(|(symbols, frame)| symbols.function_name(frame.func).language);
    if let Some(language) = language {
        out.line(&format!("written in {}", spelled(language)));
    }
    Ok(Flow::Go)
}

fn spelled(language: wdb_symbols::Language) -> String {
    match language {
        wdb_symbols::Language::Cpp => "C++".to_owned(),
        other => format!("{other:?}"),
    }
}
