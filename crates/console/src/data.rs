//! Commands about values.

use std::sync::Arc;

use wdb_symbols::{Context, Symbols, TypeRef, printable};

use crate::call::Call;
use crate::console::{COMMAND, Command, Completes, Console, Flow, Group, Needs, Repeats};
use crate::displays;
use crate::failure::{Failure, of_expression};
use crate::format::{Format, with_options};
use crate::output::{Output, Style};
use crate::values::{evaluate, shown};
use crate::{calling, lookup, memory, settings, support, typed};
use wdb_examine::expression::{self, Line, Value};
use wdb_examine::view::{FrameId, View};

pub(super) const GROUP: Group = Group {
    name: "data",
    summary: "values, types and memory",
    commands: &[
        Command {
            names: &["print", "p", "inspect", "expression", "expr", "po", "dwim-print"],
            arguments: "[/FORMAT] [EXPRESSION]",
            summary: "shows the value of an expression in the selected frame",
            help: "What an expression can be is in docs/expressions.md: variables of the source, members, elements,
casts, operators, `x@n` for an array of n, calls of functions, and the state of the machine as $local, $stack,
$global, $memory and $table. A whole line with `=`, `+=` or `++` changes what is on its left. The value is `$`
until the next is shown; `show values` lists them. Without EXPRESSION: `$` again.

FORMAT is a letter: x hexadecimal, z with all its zeros, d signed, u unsigned, o octal, t binary,
c character, f float, a address. LLDB's `expression -f x -- EXPRESSION` is understood.

print count
print *node->next
print *line@count
print length(node) + 1
print/x flags
print line[2..5]
print $local[0]",
            completes: Completes::Expression,
            run: print,
            ..COMMAND
        },
        Command {
            names: &["display", displays::STOP_HOOK, "disp"],
            arguments: "[/FORMAT] [EXPRESSION]",
            summary: "shows the value of an expression now and at each stop",
            help: "Without an expression: shows all that are displayed. `undisplay N` ends one.

display count
display/x flags",
            completes: Completes::Expression,
            run: displays::display,
            ..COMMAND
        },
        Command {
            names: &["undisplay", "undisp", "delete display", "target stop-hook delete"],
            arguments: "[NUMBER…]",
            summary: "ends displays, all without a number",
            completes: Completes::Display,
            run: displays::undisplay,
            ..COMMAND
        },
        Command {
            names: &["info display", "target stop-hook list"],
            summary: "lists the displays",
            run: displays::list,
            ..COMMAND
        },
        Command {
            names: &["x", "memory read"],
            arguments: "[/NFU] [ADDRESS]",
            summary: "shows memory",
            help: "ADDRESS is an expression: a number, a pointer, or something that has an address. N is how many, F the
format (letters as for `print`, s for texts, i for instructions), U the size of each: b 1 byte, h 2, w 4, g 8. Without
F and U: bytes in hexadecimal with their characters. Without ADDRESS: goes on where it ended.
Instructions are those of a function from its first one on, or from an offset in the module of the selected frame on.

x 0x400
x/4xw &origin
x/s name
x/2f ratios
x/8i $pc
memory read --size 4 --format x --count 4 0x400",
            completes: Completes::Expression,
            repeats: Repeats::Onwards,
            run: memory::examine,
            ..COMMAND
        },
        Command {
            names: &["ptype", "pt", "type lookup"],
            arguments: "TYPE|EXPRESSION",
            summary: "shows how a type is declared, with the offset of each member",
            help: "ptype struct point\nptype node->next",
            completes: Completes::Type,
            run: ptype,
            ..COMMAND
        },
        Command {
            names: &["whatis"],
            arguments: "EXPRESSION|TYPE",
            summary: "shows the type of an expression",
            help: "whatis node->next",
            completes: Completes::Expression,
            run: whatis,
            ..COMMAND
        },
        Command {
            names: &["info types"],
            arguments: "[PATTERN]",
            summary: "lists the types whose names have a text in them",
            help: "In PATTERN `*` stands for any text.\n\ninfo types point\ninfo types shapes::*",
            completes: Completes::Type,
            run: typed::list,
            ..COMMAND
        },
        Command {
            names: &["set", "settings set"],
            arguments: "[var] PLACE = EXPRESSION | SETTING VALUE",
            summary: "changes a variable, a global, memory or a setting",
            help: "What is on the left must be in memory, or be a global or an element of a table: $global[1], $memory[16],
$table[2]. Locals of WebAssembly, where optimised code keeps variables, cannot be changed by the engine.
`set var` is never a setting. A name with `$` is a variable of your own, which is made by this. Settings of gdb
that mean nothing here, such as `set confirm off`, are accepted.

set x.y = 5
set count += 2
set $hits = $hits + 1
set var listsize = 5
set $global.counter = 0
set listsize 20",
            completes: Completes::Setting,
            run: set,
            ..COMMAND
        },
        Command {
            names: &["set variable", "set var"],
            arguments: "PLACE = EXPRESSION",
            summary: "changes a variable, a global or memory",
            help: "Both sides may call functions.

set variable count = 0
set variable seen[index_of(key)] += 2",
            completes: Completes::Expression,
            run: set_variable,
            ..COMMAND
        },
        Command {
            names: &["show values", "info values"],
            arguments: "[NUMBER]",
            summary: "lists the values that were shown last, with their numbers",
            help: "In an expression `$` is the last of them, `$$` the one before, `$$N` that N before the last, `$N` that with the
number N. They are what they were when they were shown.

print *$1.next
show values 20",
            run: values,
            ..COMMAND
        },
        Command {
            names: &["show convenience", "show conv"],
            summary: "lists your own variables: `set $count = 0` makes one",
            help: "They can be used in every expression, also in conditions and in the commands of breakpoints.

set $count = 0
break parse if $count > 3",
            run: variables,
            ..COMMAND
        },
        Command {
            names: &["call"],
            arguments: "FUNCTION(ARGUMENTS)",
            summary: "calls a function of the program and shows what it returns",
            help: "Arguments are expressions, converted to what the function takes: numbers, pointers, C++ references, structures,
Rust's slices, what C's `...` takes. What C++ would not take is refused. A text in quotes is put on the program's
stack, where it stays until the call returns. Methods are called on an object or a pointer to one; `x.Base::f()` names
the class whose method is meant. `handlers[2](x)` and `(*handler)(x)` call what the pointer points to, whose own type
counts. `null` is a null reference of WebAssembly.

The program is then where it was. If the call stops at a breakpoint or crashes, its frames are above those
that were there: `continue` goes on with it, `finish` to its end, `abandon` gives it up.

In an expression, such as `f(1) + g(h(2))`, what comes after a function that stops is not evaluated.

call sum_of(line, 4)
call list.first()->next",
            completes: Completes::Expression,
            needs: Needs::Frames,
            run: call,
            ..COMMAND
        },
    ],
};

/// A value of the type that an expression has in a frame. Nothing is called for it.
fn type_of(view: &mut View<'_>, frame: FrameId, text: &str) -> Result<Value, Failure> {
    expression::parse(text)
        .and_then(|parsed| expression::evaluate_type(&parsed, view, frame))
        .map_err(|error| of_expression(&error, text))
}

fn print(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    let (format, mut text) = with_options(call)?;
    if text.is_empty() {
        if console.session.view().keeping().count() == 0 {
            return Err(Failure(format!("`{}` needs an expression", call.name)));
        }
        text = "$";
    }
    match line(text)? {
        Line::Assign { place, value } => {
            let at = console.session.selected().unwrap_or_default();
            let changed = console.session.assign(&place, &value, at)?;
            calling::show(console, place.text(), changed, text, format, out)
        }
        Line::Evaluate(expression) => calling::evaluate(console, &expression, format, out),
    }
}

/// Reads a line of which the value is to be shown, or that changes something.
fn line(text: &str) -> Result<Line, Failure> {
    expression::line(text).map_err(|error| of_expression(&error, text))
}

fn set(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    let text = call.required("a place or a setting, and its value")?;
    let found = settings::find(text);
    // `set height = 3` changes a variable that is called so, where there is one.
    let is_variable = call.name == "set"
        && found.as_ref().is_some_and(|(_, rest)| {
            let name = text[..text.len() - rest.len()].trim_end();
            lookup::assigns(rest) && is_variable(console, name)
        });
    if let Some((setting, value)) = found.filter(|_| !is_variable) {
        let value = value.strip_prefix('=').unwrap_or(value).trim();
        setting.set(&mut console.settings, value)?;
        return Ok(Flow::Go);
    }
    let wrong = match expression::line(text) {
        Ok(Line::Assign { place, value }) => {
            return calling::assign(console, &place, &value, text, out);
        }
        Ok(Line::Evaluate(_)) => None,
        Err(error) => Some(error).filter(|_| text.contains('=')),
    };
    match settings::absent(text) {
        Some(absent) if absent.misleads => Err(absent.instead.into()),
        Some(absent) => {
            out.note(absent.instead);
            Ok(Flow::Go)
        }
        None if settings::is_known(text) => Ok(Flow::Go),
        None => Err(match wrong {
            Some(error) => of_expression(&error, text),
            None => support::no_setting(text),
        }),
    }
}

/// Whether a name is that of something in the selected frame.
fn is_variable(console: &mut Console, name: &str) -> bool {
    let is_there =
        |(mut view, frame): (View<'_>, FrameId)| evaluate(&mut view, frame, name).is_ok();
    console.here().is_ok_and(is_there)
}

fn set_variable(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let text = call.required("a place and its value")?;
    match line(text)? {
        Line::Assign { place, value } => calling::assign(console, &place, &value, text, out),
        Line::Evaluate(_) => Err("an assignment has a `=`: `set variable count = 0`".into()),
    }
}

fn call(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    let text = call.required("a function and its arguments: `call f(1, 2)`")?;
    let expression = expression::parse(text).map_err(|error| of_expression(&error, text))?;
    if !expression.has_calls() {
        return Err("a call is written `function(argument, …)`".into());
    }
    calling::evaluate(console, &expression, Format::default(), out)
}

fn whatis(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    let text = call.required("an expression or a type")?;
    let name = |symbols: &Symbols, ty: &TypeRef| printable(&symbols.ty(ty).name).into_owned();
    let names = types_of(console, text, name)?;
    // A typedef, before the structure that has a tag of the same name.
    if let Some(name) = names.iter().find(|it| *it == text).or(names.first()) {
        out.line(name);
    }
    Ok(Flow::Go)
}

/// The types that a text names, or the type of the value that it is, as `describe` describes them. For a type no frame is needed.
fn types_of(
    console: &mut Console,
    text: &str,
    describe: impl Fn(&Symbols, &TypeRef) -> String,
) -> Result<Vec<String>, Failure> {
    // A name of a type first: in C `struct point` is no expression, and `Point` of Rust is none either.
    if let Some((symbols, found)) = types_named(console, text)
        && !is_hidden(console, &symbols, text, &found)
    {
        let found = found.iter().take(MOST_TYPES);
        return Ok(found.map(|ty| describe(&symbols, ty)).collect());
    }
    let frame = console.session.selected().unwrap_or_default();
    let mut view = console.session.view();
    let (ty, frame) = match expression::type_named(text, &mut view, frame) {
        Some(ty) => (ty.map_err(|error| of_expression(&error, text))?, frame),
        // What has a type without a frame has it before the program starts.
        None => match type_of(&mut view, frame, text) {
            Ok(value) => (value.object.ty, value.frame),
            Err(error) => return Err(console.here().err().unwrap_or(error)),
        },
    };
    let mut view = console.session.view();
    let describe = |context: &mut Context<'_>| describe(context.symbols, &ty);
    Ok(vec![expression::with_context(&mut view, frame, describe).0])
}

/// Whether a variable hides the types of its name. In C a type that is named by its tag shares its name with functions, too
/// (C17, section 6.2.3).
fn is_hidden(console: &mut Console, symbols: &Symbols, name: &str, types: &[TypeRef]) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let Some((mut view, frame)) = console.here().ok().filter(|_| name.chars().all(is_name)) else {
        return false;
    };
    let is_tag = |ty: &TypeRef| symbols.ty(ty).name.ends_with(&format!(" {name}"));
    expression::in_scope(name, &mut view, frame).is_some()
        || types.iter().all(is_tag)
            && !expression::functions_meant(&mut view, frame, name).is_empty()
}

/// The types of a name, in the module of the selected frame or else in the first that has any. No frame is needed.
fn types_named(console: &mut Console, name: &str) -> Option<(Arc<Symbols>, Vec<TypeRef>)> {
    let selected = console.session.selected();
    let mut view = console.session.view();
    let own = selected.and_then(|it| view.frame(it)).map(|it| it.module);
    let all = view.module_ids();
    own.into_iter().chain(all).find_map(|module| {
        let symbols = view.symbols(module)?;
        let found = symbols.types_named(name);
        (!found.is_empty()).then_some((symbols, found))
    })
}

/// At most this many types of one name are shown.
const MOST_TYPES: usize = 8;

pub(super) fn ptype(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    let text = call.required("a type or an expression")?;
    // A type and a typedef of it are declared with the same words.
    let mut shown = Vec::new();
    for declaration in types_of(console, text, typed::declaration)? {
        if shown.contains(&declaration) {
            continue;
        }
        if !shown.is_empty() {
            out.line("");
        }
        out.line(&declaration);
        shown.push(declaration);
    }
    Ok(Flow::Go)
}

/// At most this many of the values that were shown are listed.
const MOST_VALUES: u64 = 10;

fn values(console: &mut Console, call: &Call<'_>, out: &mut dyn Output) -> Result<Flow, Failure> {
    let count = console.session.view().keeping().count();
    let last = match call.rest {
        "" => count,
        text => crate::call::number(text)?
            .saturating_add(MOST_VALUES / 2)
            .min(count),
    };
    if count == 0 {
        out.line("no value was shown yet; `print` shows one");
    }
    let numbers = last.saturating_sub(MOST_VALUES - 1).max(1)..=last;
    let names: Vec<String> = numbers.map(|it| format!("${it}")).collect();
    kept(console, &names, out);
    Ok(Flow::Go)
}

fn variables(
    console: &mut Console,
    call: &Call<'_>,
    out: &mut dyn Output,
) -> Result<Flow, Failure> {
    call.none()?;
    let view = console.session.view();
    let names: Vec<String> = view.keeping().names().map(|it| format!("${it}")).collect();
    if names.is_empty() {
        out.line("there are no variables of your own; `set $count = 0` makes one");
    }
    kept(console, &names, out);
    Ok(Flow::Go)
}

/// Shows what was kept, by the names that it has in expressions.
fn kept(console: &mut Console, names: &[String], out: &mut dyn Output) {
    let limits = console.settings.limits;
    let frame = console.session.selected().unwrap_or_default();
    let mut view = console.session.view();
    for name in names {
        match evaluate(&mut view, frame, name) {
            Ok(found) => {
                let shown = shown(&mut view, name, &found, Format::default(), &limits);
                out.text(&shown);
            }
            Err(Failure(message)) => {
                let first = message.lines().next().unwrap_or_default();
                out.write(Style::Name, name);
                out.write(Style::Dim, &format!(": {first}\n"));
            }
        }
    }
}
