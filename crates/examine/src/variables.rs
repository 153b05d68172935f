//! The variables of a frame, with their values.

use std::sync::Arc;

use wdb_symbols::render::{Limits, Tree};
use wdb_symbols::{Context, Language, Object, Symbols, TypeRef, Variable, VariableKind};

use crate::doubts::Doubts;
use crate::expression;
use crate::machine::FrameMachine;
use crate::view::{FrameId, View};

/// Which variables are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// None.
    None,
    /// The parameters of the functions.
    Arguments,
    /// These, and the local variables.
    #[default]
    Locals,
    /// These, those that are hidden by others or made by the compiler, and the statics of the units.
    All,
}

/// A variable with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Valued {
    /// What it is.
    pub kind: VariableKind,
    /// Whether a variable of an inner block hides it.
    pub shadowed: bool,
    /// What its value is based on, besides what was recorded.
    pub doubts: Doubts,
    /// Its name with its type, as its language declares it: `int values[4]`, `const char *name`, `plan: &Plan`.
    pub declaration: String,
    /// Its name, type and value.
    pub tree: Tree,
}

/// The variables that a frame can see, parameters first. Those that are declared further down only with
/// [`Which::All`]: in their place is what was there before.
pub fn of_frame(view: &mut View<'_>, id: FrameId, which: Which, limits: &Limits) -> Vec<Valued> {
    wanted(view, id, which, |context, name, object| {
        context.tree(name, object, limits)
    })
}

/// The parameters of a frame, each without its parts: what the frame's line shows.
pub fn in_line(view: &mut View<'_>, id: FrameId, limits: &Limits) -> Vec<Valued> {
    wanted(view, id, Which::Arguments, |context, name, object| {
        context.without_parts(name, object, limits)
    })
}

fn wanted(
    view: &mut View<'_>,
    id: FrameId,
    which: Which,
    tree: impl FnMut(&mut Context<'_>, &str, &Object) -> Tree,
) -> Vec<Valued> {
    let place = view.place(id);
    let line = place.and_then(|it| it.chain.get(id.inlined)?.location.line);
    let wanted = |variable: &&Variable| match which {
        Which::None => false,
        Which::Arguments => variable.kind == VariableKind::Parameter,
        Which::Locals => {
            let is_ahead = line.is_some_and(|line| variable.is_ahead(line));
            !variable.shadowed && !variable.name.is_empty() && !is_ahead
        }
        Which::All => true,
    };
    if which == Which::None {
        return Vec::new();
    }
    let Some(all) = view.variables(id) else {
        return Vec::new();
    };
    let variables = all.get(id.inlined).into_iter().flatten();
    let variables: Vec<&Variable> = variables.filter(wanted).collect();
    value(view, id, &variables, tree)
}

/// The statics of the unit that a frame is in.
pub fn statics(view: &mut View<'_>, id: FrameId, limits: &Limits) -> Vec<Valued> {
    let variables = view.statics(id).unwrap_or_default();
    let variables: Vec<&Variable> = variables.iter().collect();
    value(view, id, &variables, |context, name, object| {
        context.tree(name, object, limits)
    })
}

fn value(
    view: &mut View<'_>,
    id: FrameId,
    variables: &[&Variable],
    mut tree: impl FnMut(&mut Context<'_>, &str, &Object) -> Tree,
) -> Vec<Valued> {
    let Some((symbols, at)) = view.symbols_at(id) else {
        return Vec::new();
    };
    let symbols: Arc<Symbols> = symbols;
    variables
        .iter()
        .map(|variable| {
            let mut machine = FrameMachine::new(view, id);
            let object = symbols.object(variable, at, &mut machine);
            let mut context = Context {
                symbols: &symbols,
                machine: &mut machine,
                pc: Some(at),
            };
            let tree = tree(&mut context, &variable.name, &object);
            Valued {
                kind: variable.kind,
                shadowed: variable.shadowed,
                doubts: machine.doubts,
                declaration: declaration(&symbols, &variable.name, &variable.ty),
                tree,
            }
        })
        .collect()
}

impl Valued {
    /// The value of an expression, called `name`.
    pub fn of_expression(
        view: &mut View<'_>,
        name: &str,
        value: &expression::Value,
        limits: &Limits,
    ) -> Valued {
        let mut doubts = value.doubts;
        let ((declaration, tree), of_parts) =
            expression::with_context(view, value.frame, |context| {
                let declaration = declaration(context.symbols, name, &value.object.ty);
                let mut tree = context.tree(name, &value.object, limits);
                if tree.unavailable.is_none() {
                    // A tree writes few values into the line of each part. This one was asked for.
                    tree.value = context.short(&value.object, limits);
                }
                (declaration, tree)
            });
        doubts.add(of_parts);
        Valued {
            kind: VariableKind::Local,
            shadowed: false,
            doubts,
            declaration,
            tree,
        }
    }
}

/// A name with its type, as the language of the type declares it: `int values[4]`, `const char *name`, `plan: &Plan`.
pub fn declaration(symbols: &Symbols, name: &str, ty: &TypeRef) -> String {
    let known = symbols.ty(ty);
    match known.language {
        Some(Language::C | Language::Cpp) => symbols.declaration(name, ty),
        Some(Language::Rust) => format!("{name}: {}", without_paths(&known.name)),
        _ => format!("{name}: {}", known.name),
    }
}

/// A type of Rust as a programmer writes it after importing it: `Vec<Option<Point>>`. What has no name
/// of its own keeps that of the function it is in: `main::{closure_env#0}`.
pub fn without_paths(ty: &str) -> String {
    let mut short = String::with_capacity(ty.len());
    let mut path = String::new();
    let mut rest = ty;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("::") {
            path.push_str("::");
            rest = after;
            continue;
        }
        if c.is_alphanumeric() || "_{}#".contains(c) {
            path.push(c);
        } else {
            short.push_str(last_of(&path));
            path.clear();
            short.push(c);
        }
        rest = &rest[c.len_utf8()..];
    }
    short.push_str(last_of(&path));
    short
}

fn last_of(path: &str) -> &str {
    let Some((before, last)) = path.rsplit_once("::") else {
        return path;
    };
    if !last.starts_with('{') {
        return last;
    }
    let start = before.rfind("::").map_or(0, |it| it + 2);
    path.get(start..).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_rust_are_shown_without_paths() {
        let short = without_paths;
        assert_eq!(short("&mut app::Plan"), "&mut Plan");
        assert_eq!(
            short("core::option::Option<(alloc::vec::Vec<u8>, [app::Point; 2])>"),
            "Option<(Vec<u8>, [Point; 2])>"
        );
        assert_eq!(short("app::main::{closure_env#0}"), "main::{closure_env#0}");
        assert_eq!(short("&dyn core::fmt::Debug"), "&dyn Debug");
        assert_eq!(short("fn(i32) -> i32"), "fn(i32) -> i32");
    }
}
