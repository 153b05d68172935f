//! From what the user types after `break` to places in the code.

mod completion;
mod parse;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use wdb_debuggee::coredump::ModuleId;
use wdb_debuggee::{CodeLocation, Pc};
use wdb_module::{FuncIndex, ModuleOffset};
use wdb_symbols::runtime::{self, Family};
use wdb_symbols::{Name, NoPlace, Origin, Symbols};

use crate::expression::did_you_mean;
use crate::view::{FrameId, Spot, View};

pub use completion::completions;
pub use parse::{parse, parse_address, parse_column, parse_line};

/// What the user asks for, before it is known whether there is such a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spec {
    /// `main.c:12`, `main.c:12:5`, and `12` in the file of the selected frame. Also `average:2`, that many lines below the
    /// one that a function is declared on, where no file is called so.
    Line {
        /// A path or the end of one, or a function.
        file: Option<String>,
        /// The line, from 1.
        line: u32,
        /// The column, from 1.
        column: Option<u32>,
    },
    /// `main.c:average`: a function of a file.
    InFile {
        /// A path or the end of one.
        file: String,
        /// The name.
        function: String,
    },
    /// `+3`, `-1`: that many lines from where the selected frame is.
    Offset(i64),
    /// `average`, `Circle::area`, `area(int) const`, `std::*`: a name of functions, or of exported ones.
    Function(String),
    /// `*$pc`: the instruction that the selected frame is at.
    Here,
    /// `*0x1f0`, `*library!0x1f0`: an instruction.
    Address {
        /// The name of the module, or the end of its path; needed where there are several.
        module: Option<String>,
        /// Where in it, as reports show it.
        offset: ModuleOffset,
    },
}

/// A place in the code, and what the user calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The instruction.
    pub at: CodeLocation,
    /// The function; of inlined ones that which is meant.
    pub function: String,
    /// The path of the source file.
    pub file: Option<String>,
    /// The line, from 1: for one without code the nearest after it.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
}

/// Why nothing is there: a sentence without its full stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unresolved(pub String);

impl Location {
    /// The frame of this place, at which the innermost activation is: that of the inlined function that its line is in.
    pub fn frame(&self, view: &mut View<'_>) -> FrameId {
        let innermost = FrameId::default();
        let inlined = view.place(innermost).and_then(|place| {
            let is_it =
                |spot: &Spot| spot.location.line == self.line && spot.location.file == self.file;
            place.chain.iter().position(is_it)
        });
        FrameId {
            inlined: inlined.unwrap_or(0),
            ..innermost
        }
    }

    /// Whether it is in the language's runtime or library, and not in code of the program's own.
    pub fn is_of_runtime(&self, view: &mut View<'_>) -> bool {
        let symbols = view.symbols(self.at.module);
        let around = symbols
            .zip(view.function_at(self.at))
            .map(|(symbols, func)| symbols.function_name(func));
        let name = Name {
            raw: self.function.clone(),
            display: self.function.clone(),
            origin: Origin::Dwarf,
            language: around.and_then(|it| it.language),
        };
        runtime::family(&name, self.file.as_deref()).is_some()
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Spec::Line { file, line, column } => {
                if let Some(file) = file {
                    write!(f, "{}:", quoted(file))?;
                }
                write!(f, "{line}")?;
                column.map_or(Ok(()), |column| write!(f, ":{column}"))
            }
            Spec::InFile { file, function } => write!(f, "{}:{function}", quoted(file)),
            Spec::Offset(lines) => write!(f, "{lines:+}"),
            Spec::Function(name) => f.write_str(name),
            Spec::Here => f.write_str("*$pc"),
            Spec::Address {
                module: None,
                offset,
            } => write!(f, "*{offset}"),
            Spec::Address {
                module: Some(module),
                offset,
            } => write!(f, "*{module}!{offset}"),
        }
    }
}

/// A path as it can be read again: in quotes where something in it would mean more than a part of a name.
fn quoted(path: &str) -> Cow<'_, str> {
    let is_odd = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '!' | ',' | '*');
    match (path.contains(is_odd), path.contains('"')) {
        (false, _) => path.into(),
        (true, false) => format!("\"{path}\"").into(),
        (true, true) => format!("'{path}'").into(),
    }
}

/// The places that `spec` means in all modules, in the order of the code. `here` is the selected frame; without one, a
/// line is one of the file that has the program's `main`.
///
/// # Errors
///
/// When there are none: why, and what may have been meant.
pub fn resolve(
    view: &mut View<'_>,
    spec: &Spec,
    here: Option<FrameId>,
) -> Result<Vec<Location>, Unresolved> {
    let mut found = match spec {
        Spec::Line {
            file: Some(file),
            line,
            column: Some(column),
        } => at_column(view, file, *line, *column)?,
        Spec::Line {
            file: Some(file),
            line,
            column: None,
        } => match lines(view, file, *line) {
            Ok(found) => found,
            Err(no_line) => lines_of_function(view, file, *line).unwrap_or(Err(no_line))?,
        },
        Spec::Line {
            file: None, line, ..
        } => {
            let file = file_here(view, here)?;
            lines(view, &file, *line)?
        }
        Spec::InFile { file, function } => in_file(view, file, function)?,
        Spec::Offset(offset) => {
            let (file, line) = line_here(view, here)?;
            let line = i64::from(line).saturating_add(*offset);
            let line = u32::try_from(line).ok().filter(|it| *it > 0);
            let line = line.ok_or_else(|| Unresolved(format!("{file} has no such line")))?;
            lines(view, &file, line)?
        }
        Spec::Function(name) => functions(view, name)?,
        Spec::Here => vec![place_here(view, here)?],
        Spec::Address { module, offset } => {
            vec![address(view, module.as_deref(), *offset)?]
        }
    };
    found.sort_by_key(|it| it.at);
    found.dedup_by_key(|it| it.at);
    Ok(found)
}

/// The function of the selected frame, if `spec` is the frame's instruction and the module of the frame was not found: the
/// function is all that is known of such a place.
pub fn function_without_code(
    view: &mut View<'_>,
    spec: &Spec,
    here: Option<FrameId>,
) -> Option<String> {
    let here = here.filter(|_| *spec == Spec::Here)?;
    let frame = view.frame(here)?;
    matches!(frame.pc, Pc::InFunction(_)).then(|| view.function_name(frame.module, frame.func))
}

/// What the user calls an instruction.
pub fn location(view: &mut View<'_>, at: CodeLocation) -> Location {
    let place = view
        .symbols(at.module)
        .and_then(|symbols| symbols.locate(at.offset).into_iter().next())
        .unwrap_or_default();
    Location {
        at,
        function: match place.function {
            Some(name) => name.display,
            None => match view.function_at(at) {
                Some(func) => view.function_name(at.module, func),
                None => String::new(),
            },
        },
        file: place.file,
        line: place.line,
        column: place.column,
    }
}

fn lines(view: &mut View<'_>, file: &str, line: u32) -> Result<Vec<Location>, Unresolved> {
    let mut found = Vec::new();
    let mut misses = Vec::new();
    let mut files = Vec::new();
    for module in view.module_ids() {
        let Some(symbols) = view.symbols(module) else {
            continue;
        };
        let places = match symbols.line_places(file, line) {
            Ok(places) => places,
            Err(NoPlace::NoFile) => {
                files.extend(symbols.source_files());
                continue;
            }
            Err(miss) => {
                misses.push(miss);
                continue;
            }
        };
        for place in places {
            let Some(at) = view.code(module, place.func, place.at) else {
                continue;
            };
            // Where the line's code is that of an inlined call, the function around that is meant.
            let is_meant = |location: &wdb_symbols::SourceLocation| {
                location.line == Some(place.line) && location.file.as_ref() == Some(&place.file)
            };
            let chain = symbols.locate(place.at);
            let spot = chain.into_iter().find(is_meant);
            let column = spot.as_ref().and_then(|it| it.column);
            let function = match spot.and_then(|it| it.function) {
                Some(name) => name.display,
                None => view.function_name(module, place.func),
            };
            found.push(Location {
                at,
                function,
                file: Some(place.file),
                line: Some(place.line),
                column,
            });
        }
    }
    if !found.is_empty() {
        return Ok(found);
    }
    // Of modules that share a file, the one with more of it says more.
    misses.sort_by_key(|miss| match miss {
        NoPlace::Beyond { last, .. } => *last,
        _ => 0,
    });
    Err(Unresolved(match misses.pop() {
        Some(NoPlace::Beyond { file, last }) => {
            format!("line {line} is beyond the last line with code of {file}, {last}")
        }
        Some(NoPlace::NoCode { file }) => format!("no code was made of {file}"),
        Some(NoPlace::NoFile) | None if files.is_empty() => {
            "the debug information of the program names no source files".into()
        }
        Some(NoPlace::NoFile) | None => {
            let name = |it: &'_ str| it.rsplit(['/', '\\']).next().map(str::to_owned);
            let names: Vec<String> = files.iter().filter_map(|it| name(it)).collect();
            let wanted = name(file).unwrap_or_default();
            let known = names.iter().map(String::as_str);
            format!("no file is called `{file}`{}", did_you_mean(&wanted, known))
        }
    }))
}

/// The columns of a line that have code of their own, as places: in each piece of the line's code the first instruction
/// of each column, in the order of the code and of the columns. None where the debug information has no columns.
///
/// # Errors
///
/// When the line has no code.
pub fn columns(view: &mut View<'_>, file: &str, line: u32) -> Result<Vec<Location>, Unresolved> {
    let places = lines(view, file, line)?;
    let pieces = (0..places.len()).map(|position| columns_of(view, &places, position));
    Ok(pieces.flatten().collect())
}

/// The columns of the piece of a line's code that begins at the place of this position.
fn columns_of(view: &mut View<'_>, places: &[Location], position: usize) -> Vec<Location> {
    let place = &places[position];
    let module = place.at.module;
    let Some((symbols, func)) = view.symbols(module).zip(view.function_at(place.at)) else {
        return Vec::new();
    };
    // Where the same line begins again, it is the next copy.
    let is_next = |it: &&Location| view.code(module, func, it.at.offset) == Some(it.at);
    let end = places[position + 1..].iter().find(is_next);
    let Some(binary) = view.binary(module) else {
        return Vec::new();
    };
    let own = binary.instructions(func).map_while(Result::ok);
    let own = own.map(|(offset, _)| CodeLocation { module, offset });
    let own = own.filter(|it| *it >= place.at && end.is_none_or(|end| *it < end.at));
    let mut found = BTreeMap::new();
    for at in own {
        let is_meant = |location: &wdb_symbols::SourceLocation| {
            location.line == place.line && location.file == place.file && !location.approximate
        };
        let spot = symbols.locate(at.offset).into_iter().find(is_meant);
        if let Some(column) = spot.and_then(|it| it.column) {
            found.entry(column).or_insert_with(|| Location {
                at,
                column: Some(column),
                ..place.clone()
            });
        }
    }
    found.into_values().collect()
}

/// The code of a line at a column, or at the next one after it that has code.
fn at_column(
    view: &mut View<'_>,
    file: &str,
    line: u32,
    column: u32,
) -> Result<Vec<Location>, Unresolved> {
    let places = lines(view, file, line)?;
    let mut found = Vec::new();
    let mut columns = BTreeSet::new();
    for position in 0..places.len() {
        let own = columns_of(view, &places, position);
        columns.extend(own.iter().filter_map(|it| it.column));
        let reaches = |it: &Location| it.column.is_some_and(|own| own >= column);
        found.extend(own.into_iter().find(reaches));
    }
    if !found.is_empty() {
        return Ok(found);
    }
    let columns: Vec<String> = columns.iter().map(u32::to_string).collect();
    Err(Unresolved(match columns.as_slice() {
        [] => "the debug information has no columns".into(),
        columns => format!(
            "no code of line {line} is at column {column} or after it; there is at {}",
            columns.join(", ")
        ),
    }))
}

/// The line `below` lines below the one that a function is declared on. `None`: there is no such function.
fn lines_of_function(
    view: &mut View<'_>,
    name: &str,
    below: u32,
) -> Option<Result<Vec<Location>, Unresolved>> {
    let mut declared = BTreeSet::new();
    let mut functions = BTreeSet::new();
    for module in view.module_ids() {
        let Some(symbols) = view.symbols(module) else {
            continue;
        };
        for func in symbols.functions_matching(name) {
            declared.extend(symbols.function_declaration(func));
            functions.insert((module, func));
        }
        for copy in symbols.inlined_copies(name) {
            declared.extend(copy.declared);
            functions.insert((module, copy.func));
        }
    }
    let (_, first) = declared.first()?.clone();
    let mut found = Vec::new();
    for (file, line) in declared {
        found.extend(lines(view, &file, line.saturating_add(below)).unwrap_or_default());
    }
    let of_function = |location: &Location| {
        let func = view.function_at(location.at);
        func.is_some_and(|func| functions.contains(&(location.at.module, func)))
    };
    found.retain(of_function);
    Some(if found.is_empty() {
        Err(Unresolved(format!(
            "`{name}`, which is declared on line {first}, has no code {below} lines below"
        )))
    } else {
        Ok(found)
    })
}

/// The functions that have this name and are of this file.
fn in_file(view: &mut View<'_>, file: &str, name: &str) -> Result<Vec<Location>, Unresolved> {
    let found = functions(view, name)?;
    let is_meant = |path: &String| {
        let rest = path.strip_suffix(file);
        rest.is_some_and(|it| it.is_empty() || it.ends_with(['/', '\\']))
    };
    let (own, others): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|it| it.file.as_ref().is_some_and(is_meant));
    if !own.is_empty() {
        return Ok(own);
    }
    let files: BTreeSet<String> = others.into_iter().filter_map(|it| it.file).collect();
    let files: Vec<String> = files.iter().map(|it| format!("`{it}`")).collect();
    Err(Unresolved(match files.as_slice() {
        [] => format!("of `{name}` no source file is known"),
        files => format!(
            "`{file}` has no function `{name}`; there is one in {}",
            files.join(", ")
        ),
    }))
}

fn functions(view: &mut View<'_>, name: &str) -> Result<Vec<Location>, Unresolved> {
    let mut found = Vec::new();
    for module in view.module_ids() {
        let Some(symbols) = view.symbols(module) else {
            continue;
        };
        let mut here = Vec::new();
        for func in symbols.functions_matching(name) {
            let start = symbols.body_start(func);
            here.extend(start.and_then(|start| body(view, module, &symbols, func, start)));
        }
        // The program's `main` is meant, and not what calls it: rustc and wasi-libc call that `main` too.
        if here.iter().any(|it| !it.1) {
            here.retain(|it| !it.1);
        }
        found.extend(here.into_iter().map(|it| it.0));
        for copy in symbols.inlined_copies(name) {
            let Some(at) = view.code(module, copy.func, copy.at) else {
                continue;
            };
            let chain = symbols.locate(copy.at);
            let of = chain
                .into_iter()
                .find(|it| it.function.as_ref() == Some(&copy.name));
            let of = of.unwrap_or_default();
            found.push(Location {
                at,
                function: copy.name.display,
                file: of.file,
                line: of.line,
                column: of.column,
            });
        }
    }
    if found.is_empty() {
        return Err(Unresolved(no_function(view, name)));
    }
    Ok(found)
}

/// Where the body of a function starts, and whether the function only calls the program's `main`.
fn body(
    view: &mut View<'_>,
    module: ModuleId,
    symbols: &Symbols,
    func: FuncIndex,
    start: ModuleOffset,
) -> Option<(Location, bool)> {
    let at = view.code(module, func, start)?;
    let chain = symbols.locate(start);
    let own = chain.last();
    let is_shim =
        own.is_some_and(|own| own.file.is_none() && symbols.family(own) == Some(Family::Entry));
    let mut location = location(view, at);
    // The first statement may be one of an inlined function.
    if let Some(own) = own.filter(|_| chain.len() > 1) {
        location.function = view.function_name(module, func);
        location.file.clone_from(&own.file);
        location.line = own.line;
    }
    Some((location, is_shim))
}

fn no_function(view: &mut View<'_>, name: &str) -> String {
    if name.contains('*') {
        return format!("no function is called like `{name}`");
    }
    let mut known = Vec::new();
    for module in view.module_ids() {
        if let Some(symbols) = view.symbols(module) {
            known.extend(symbols.function_names().iter().map(short_name));
        }
    }
    let wanted = name.rsplit("::").next().unwrap_or(name);
    let imported = "; it is imported, and has no code here";
    let is_imported = view.module_ids().any(|module| {
        let imports = view.binary(module).map(wdb_module::Module::imports);
        let mut imports = imports.into_iter().flatten();
        imports.any(|it| it.name == name)
    });
    let hint = if is_imported {
        imported.to_owned()
    } else {
        did_you_mean(wanted, known.iter().map(String::as_str))
    };
    format!("no function is called `{name}`{hint}")
}

/// The name without what it is in, arguments and parameters.
fn short_name(name: &wdb_symbols::Name) -> String {
    let plain = name.path();
    match plain.rsplit_once("::") {
        Some((_, last)) => last.to_owned(),
        None => plain,
    }
}

fn address(
    view: &mut View<'_>,
    named: Option<&str>,
    offset: ModuleOffset,
) -> Result<Location, Unresolved> {
    let module = module(view, named)?;
    let Some(binary) = view.binary(module) else {
        return Err(Unresolved("the module's code is not available".into()));
    };
    let Some(func) = binary.function_at(offset) else {
        return Err(Unresolved(match binary.code_section() {
            Some(code) => format!(
                "{offset} is in no function; the module's code is from {} to {}",
                code.start, code.end
            ),
            None => "the module has no code".into(),
        }));
    };
    if binary.instruction_at(offset).is_none() {
        let next = binary.instruction_after(func, offset);
        let next = next.map_or(String::new(), |(at, _)| format!("; the next is {at}"));
        return Err(Unresolved(format!(
            "{offset} is not the beginning of an instruction{next}"
        )));
    }
    Ok(location(view, CodeLocation { module, offset }))
}

/// The module of this name; the only one if it is not named.
fn module(view: &mut View<'_>, named: Option<&str>) -> Result<ModuleId, Unresolved> {
    let all: Vec<(ModuleId, String)> = view
        .module_ids()
        .zip(view.modules())
        .map(|(id, module)| (id, module.record.name.clone()))
        .collect();
    let names = || {
        let names: Vec<String> = all.iter().map(|it| format!("`{}`", it.1)).collect();
        names.join(", ")
    };
    let meant: Vec<ModuleId> = match named {
        None => all.iter().map(|it| it.0).collect(),
        Some(named) => {
            let is_meant = |name: &str| {
                let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
                name == named || file == named || file.strip_suffix(".wasm") == Some(named)
            };
            let position = named.parse().ok().map(ModuleId);
            let fits = |it: &&(ModuleId, String)| is_meant(&it.1) || Some(it.0) == position;
            all.iter().filter(fits).map(|it| it.0).collect()
        }
    };
    match (meant.as_slice(), named) {
        ([one], _) => Ok(*one),
        ([], None) => Err(Unresolved("the program has no modules".into())),
        ([], Some(named)) => Err(Unresolved(format!(
            "no module is called `{named}`; there are {}",
            names()
        ))),
        (_, None) => Err(Unresolved(format!(
            "the program has several modules; say which, as in `*MODULE!0x1f0`: {}",
            names()
        ))),
        (_, Some(named)) => Err(Unresolved(format!("several modules are called `{named}`"))),
    }
}

/// The instruction that the selected frame is at.
fn place_here(view: &mut View<'_>, here: Option<FrameId>) -> Result<Location, Unresolved> {
    let here = here.ok_or_else(|| Unresolved("no frame is selected: `$pc` is nowhere".into()))?;
    let frame = view.frame(here);
    match frame.as_ref().and_then(|it| it.location()) {
        Some(at) => Ok(location(view, at)),
        None => Err(Unresolved(match frame.map(|it| it.pc) {
            Some(Pc::InFunction(_)) => {
                "the module of the frame was not found, and so its code is not available".into()
            }
            _ => "it is not known where the frame is".into(),
        })),
    }
}

/// The file and line that the selected frame is at.
fn line_here(view: &mut View<'_>, here: Option<FrameId>) -> Result<(String, u32), Unresolved> {
    let place = here.and_then(|here| Some((view.place(here)?, here.inlined)));
    let spot = place
        .as_ref()
        .and_then(|(place, depth)| place.chain.get(*depth));
    let known = spot.and_then(|it| it.location.file.clone().zip(it.location.line));
    known.ok_or_else(|| {
        Unresolved(match here {
            Some(_) => "the selected frame has no source line; name a file, as `main.c:12`".into(),
            None => "no frame is selected; name a file, as `main.c:12`".into(),
        })
    })
}

/// The file of the selected frame, else that of `main`.
fn file_here(view: &mut View<'_>, here: Option<FrameId>) -> Result<String, Unresolved> {
    if here.is_some() {
        return Ok(line_here(view, here)?.0);
    }
    let main = functions(view, "main").unwrap_or_default();
    let file = main.into_iter().find_map(|it| it.file);
    file.ok_or_else(|| Unresolved("no frame is selected; name a file, as `main.c:12`".into()))
}
