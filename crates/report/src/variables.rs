//! The variables in the text of a report.

use std::fmt::Write as _;

use wdb_symbols::render::Tree;
use wdb_symbols::{Unavailable, VariableKind, printable};

use super::styled::{Style, Text};
use super::{Report, Source};
use wdb_examine::frames::Frame;
use wdb_examine::variables::Valued;

/// Arguments with at most this many characters are in the line of their frame; longer ones are below it, like locals.
const LONGEST_ARGUMENT: usize = 32;
/// At most this many arguments are in the line of a frame.
const MOST_ARGUMENTS: usize = 8;
/// At most this many locals are below a frame; functions with thousands have been seen.
const MOST_LOCALS: usize = 60;

/// The arguments of a frame, in parentheses. `None`: they are unknown or not wanted.
pub(super) fn arguments(frame: &Frame) -> Option<String> {
    let mut parameters = parameters(frame).peekable();
    parameters.peek()?;
    let mut text = String::from("(");
    for (position, parameter) in parameters.enumerate() {
        if position > 0 {
            text.push_str(", ");
        }
        if position == MOST_ARGUMENTS {
            text.push('…');
            break;
        }
        let _ = write!(
            text,
            "{}={}",
            printable(&parameter.tree.name),
            brief(parameter)
        );
    }
    text.push(')');
    Some(text)
}

fn parameters(frame: &Frame) -> impl Iterator<Item = &Valued> {
    let variables = frame.variables.iter();
    variables.filter(|it| it.kind == VariableKind::Parameter && !it.shadowed)
}

/// The value of an argument in the line of its frame.
fn brief(argument: &Valued) -> &str {
    match &argument.tree.unavailable {
        Some(_) => "?",
        None if is_brief(argument) => &argument.tree.value,
        None => "…",
    }
}

fn is_brief(argument: &Valued) -> bool {
    let value = &argument.tree.value;
    argument.tree.unavailable.is_none() && value.chars().count() <= LONGEST_ARGUMENT
}

/// The name of a frame's function. A demangled C++ name contains the types of the parameters; they are removed if the
/// arguments themselves are shown.
pub(super) fn function(frame: &Frame, has_arguments: bool) -> &str {
    let name = frame.function.as_str();
    if !has_arguments {
        return name;
    }
    let bare = name.trim_end_matches(" const").trim_end();
    let Some(inner) = bare.strip_suffix(')') else {
        return name;
    };
    let mut depth = 1;
    for (at, c) in inner.char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        // `(anonymous namespace)` is not at the end of a name, and `operator()` is a name.
        if depth == 0 {
            let name = inner.get(..at).unwrap_or_default();
            let is_name = name.is_empty() || name.ends_with("operator");
            return if is_name { bare } else { name };
        }
    }
    name
}

/// The lines below a frame: arguments that are too long for its own, and locals.
pub fn locals(out: &mut Text, frame: &Frame, indent: usize) {
    let in_line = parameters(frame).take(MOST_ARGUMENTS);
    let in_line: Vec<&Valued> = in_line.filter(|it| is_brief(it)).collect();
    let is_below =
        |variable: &&Valued| !in_line.iter().any(|shown| std::ptr::eq(*shown, *variable));
    let (removed, present): (Vec<&Valued>, Vec<&Valued>) = frame
        .variables
        .iter()
        .filter(is_below)
        .partition(is_optimised_out);
    for variable in present.iter().take(MOST_LOCALS) {
        line(out, variable, indent);
    }
    if let Some(more @ 1..) = present.len().checked_sub(MOST_LOCALS) {
        out.push(Style::Dim, format!("{:indent$}… {more} more\n", ""));
    }
    optimised_out(out, &removed, indent);
}

fn is_optimised_out(variable: &&Valued) -> bool {
    matches!(
        variable.tree.unavailable,
        Some(Unavailable::OptimisedOut(_))
    )
}

/// The variables that are optimised out, together in few lines: optimised code has many of them.
fn optimised_out(out: &mut Text, variables: &[&Valued], indent: usize) {
    const HEAD: &str = "optimised out here:";
    let mut line = format!("{:indent$}{HEAD}", "");
    for (position, variable) in variables.iter().enumerate() {
        let mut item = printable(&variable.tree.name).into_owned();
        if let Some(Unavailable::OptimisedOut(lines)) = &variable.tree.unavailable
            && !lines.is_empty()
        {
            let _ = write!(item, " (live {})", Unavailable::lines(lines));
        }
        if position > 0 {
            line.push(',');
        }
        if position > 0 && line.chars().count() + item.chars().count() > 100 {
            line.push('\n');
            out.plain(line);
            line = format!("{:indent$}{:width$}", "", "", width = HEAD.len());
        }
        line.push(' ');
        line.push_str(&item);
    }
    if !variables.is_empty() {
        line.push('\n');
        out.plain(line);
    }
}

/// A line for a variable: its declaration and its value.
pub(super) fn line(out: &mut Text, variable: &Valued, indent: usize) {
    out.plain(" ".repeat(indent));
    out.push(Style::Name, printable(&variable.declaration));
    match &variable.tree.unavailable {
        Some(reason) => out.plain(format!(": {}", printable(&reason.to_string()))),
        None => {
            out.plain(" = ");
            out.push(Style::Value, variable.tree.value.as_str());
        }
    }
    if variable.doubts.assumed_zero {
        out.push(Style::Dim, " ?");
    }
    if variable.shadowed {
        out.push(Style::Dim, " (hidden)");
    }
    out.end_line();
}

/// The values of expressions: each on a line, or as a tree if a line is too short.
pub fn evaluations(report: &Report) -> Text {
    let mut out = Text::default();
    for evaluation in &report.evaluations {
        if let Ok(value) = &evaluation.value {
            out.append(self::value(value));
        }
    }
    out
}

/// The value of an expression, as [`evaluations`] shows it.
pub fn value(valued: &Valued) -> Text {
    let mut out = Text::default();
    let head = format!(
        "{}: {}",
        printable(&valued.tree.name),
        printable(&valued.tree.ty)
    );
    long(&mut out, &head, &valued.tree, 0);
    out
}

/// Variables, each on a line; those that are optimised out together.
pub fn list(variables: &[Valued]) -> Text {
    let mut out = Text::default();
    let (removed, present): (Vec<&Valued>, Vec<&Valued>) =
        variables.iter().partition(is_optimised_out);
    for variable in present {
        line(&mut out, variable, 0);
    }
    optimised_out(&mut out, &removed, 0);
    out
}

/// A value with at most this many characters is shown on one line; a longer one by its parts.
const LONGEST_VALUE: usize = 100;

/// A value on a line, and its parts below it if they say more.
fn long(out: &mut Text, head: &str, tree: &Tree, indent: usize) {
    out.plain(" ".repeat(indent));
    out.push(Style::Name, head);
    if let Some(reason) = &tree.unavailable {
        out.plain(format!(": {}\n", printable(&reason.to_string())));
        return;
    }
    let is_list = !tree.children.is_empty() && tree.children.iter().all(is_plain_element);
    let fits = is_list || tree.value.chars().count() <= LONGEST_VALUE;
    if fits || tree.children.is_empty() {
        out.plain(" = ");
        out.push(Style::Value, tree.value.as_str());
    }
    out.end_line();
    if is_list || fits && !tree.value.contains('…') && !tree.children.iter().any(is_followed) {
        return;
    }
    let indent = indent + 2;
    for child in &tree.children {
        long(out, &printable(&child.name), child, indent);
    }
    if let Some(cut) = &tree.cut {
        out.push(Style::Dim, format!("{:indent$}{cut}\n", ""));
    }
}

/// Whether a part is an element without parts: a list of them is easier to read on one line.
fn is_plain_element(part: &Tree) -> bool {
    part.name.starts_with('[') && part.children.is_empty()
}

/// Whether a part is the target of a pointer, which the line of the pointer does not show.
fn is_followed(part: &Tree) -> bool {
    part.name.starts_with('*') || part.children.iter().any(is_followed)
}

/// The names in the marked line of the source, with their values.
pub(super) fn of_line(source: &Source) -> Option<String> {
    let values = source.values.iter();
    let values: Vec<String> = values
        .map(|(name, value)| format!("{} = {value}", printable(name)))
        .collect();
    (!values.is_empty()).then(|| values.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wdb_debuggee::Trust;
    use wdb_debuggee::coredump::{InstanceId, ModuleId};
    use wdb_examine::frames::Frame;
    use wdb_examine::view::FrameId;
    use wdb_module::FuncIndex;

    fn named(name: &str) -> Frame {
        Frame {
            index: 0,
            id: FrameId {
                thread: 0,
                activation: 0,
                inlined: 0,
            },
            function: name.into(),
            file: None,
            line: None,
            column: None,
            inlined: false,
            approximate: false,
            family: None,
            module: ModuleId(0),
            instance: InstanceId(0),
            func: FuncIndex(0),
            at: None,
            trust: Trust::Exact,
            locals: Vec::new(),
            stack: None,
            variables: Vec::new(),
        }
    }

    #[test]
    fn the_types_of_parameters_make_room_for_the_arguments() {
        for (name, expected) in [
            ("scene::area(int, char (*)(int))", "scene::area"),
            ("Shelf::pick(unsigned int) const", "Shelf::pick"),
            (
                "(anonymous namespace)::check",
                "(anonymous namespace)::check",
            ),
            ("Less::operator()(int)", "Less::operator()"),
            ("Less::operator()", "Less::operator()"),
            ("ledger::settle", "ledger::settle"),
        ] {
            assert_eq!(function(&named(name), true), expected);
            assert_eq!(function(&named(name), false), name);
        }
    }
}
