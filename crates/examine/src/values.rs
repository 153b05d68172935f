//! Variables and their parts as handles, for a front end that shows them level by level and page by page.
//!
//! [`scopes`] says what there is to see of a frame, [`variables`] gives a page of one scope, [`children`] a page of the
//! parts of a value, and [`show`] writes one. A [`Named`] is the handle: it costs nothing to keep, and stays good until
//! the program runs.

use std::ops::Range;

use wdb_symbols::render::{Limits, Notation};
use wdb_symbols::{Unavailable, Variable, VariableKind};

use crate::doubts::Doubts;
use crate::expression::{self, Value};
use crate::machine::FrameMachine;
use crate::view::{FrameId, View};

/// A value with the name that it has where it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The name: of a variable, of a member, `[3]`.
    pub name: String,
    /// The expression that names it in its frame. `None`: none does.
    pub expression: Option<String>,
    /// The variable that it is. `None`: it is a part of another value, or no variable of the source.
    pub variable: Option<Declared>,
    /// The value.
    pub value: Value,
}

/// What the debug information says of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declared {
    /// What it is.
    pub kind: VariableKind,
    /// A variable of an inner block hides it.
    pub shadowed: bool,
    /// It is declared further down: its memory still has what was there before.
    pub is_ahead: bool,
}

/// Some of the parts of a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Children {
    /// The parts that were asked for.
    pub parts: Vec<Named>,
    /// How many there are in all.
    pub length: u64,
}

/// What there is to see of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// What it is.
    pub kind: ScopeKind,
    /// How many values it has.
    pub length: u64,
}

/// Values of a frame that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    /// The parameters of the function.
    Arguments,
    /// Its other variables, also those that are hidden.
    Locals,
    /// The static variables of the source file.
    Statics,
    /// The WebAssembly locals of the activation.
    WasmLocals,
    /// Its operand stack, the bottom first.
    Operands,
    /// The globals of its instance.
    Globals,
}

/// A value as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The name of its type. Safe for a terminal, as the rest.
    pub ty: String,
    /// Its value on one line; or why there is none.
    pub text: Result<String, Unavailable>,
    /// How many parts it has.
    pub children: u64,
    /// What the text is based on, besides what was recorded.
    pub doubts: Doubts,
}

/// The scopes of a frame that have values. None where there is no such frame.
pub fn scopes(view: &mut View<'_>, frame: FrameId) -> Vec<Scope> {
    use ScopeKind::{Arguments, Globals, Locals, Operands, Statics, WasmLocals};
    let kinds = [Arguments, Locals, Statics, WasmLocals, Operands, Globals];
    let scopes = kinds.map(|kind| Scope {
        kind,
        length: length(view, frame, kind),
    });
    scopes.into_iter().filter(|it| it.length > 0).collect()
}

fn length(view: &mut View<'_>, id: FrameId, kind: ScopeKind) -> u64 {
    let length = match kind {
        ScopeKind::Arguments | ScopeKind::Locals | ScopeKind::Statics => {
            with_declared(view, id, kind, |all| all.count())
        }
        ScopeKind::WasmLocals => view.frame(id).map_or(0, |it| it.locals.len()),
        ScopeKind::Operands => {
            let frame = view.frame(id);
            let stack = frame.as_ref().and_then(|it| it.stack.as_ref());
            stack.map_or(0, Vec::len)
        }
        ScopeKind::Globals => {
            let instance = view.frame(id).and_then(|it| view.instance(it.instance));
            instance.map_or(0, |it| it.globals.len())
        }
    };
    length as u64
}

/// Does something with the variables of the source in a scope.
fn with_declared<T>(
    view: &mut View<'_>,
    id: FrameId,
    kind: ScopeKind,
    look: impl FnOnce(&mut dyn Iterator<Item = &Variable>) -> T,
) -> T {
    if kind == ScopeKind::Statics {
        let statics = view.statics(id);
        return look(&mut statics.iter().flat_map(|it| it.iter()));
    }
    let all = view.variables(id);
    let own = all.as_ref().and_then(|it| it.get(id.inlined));
    let is_wanted = |variable: &&Variable| {
        let is_parameter = variable.kind == VariableKind::Parameter;
        is_parameter == (kind == ScopeKind::Arguments)
    };
    look(&mut own.into_iter().flatten().filter(is_wanted))
}

/// The values of a scope, those of the `range`.
pub fn variables(
    view: &mut View<'_>,
    frame: FrameId,
    kind: ScopeKind,
    range: Range<u64>,
) -> Vec<Named> {
    let start = usize::try_from(range.start).unwrap_or(usize::MAX);
    let count = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
    let raw = match kind {
        ScopeKind::Arguments | ScopeKind::Locals | ScopeKind::Statics => {
            let page: Vec<Variable> = with_declared(view, frame, kind, |all| {
                all.skip(start).take(count).cloned().collect()
            });
            let page = page.iter();
            return page.filter_map(|it| named(view, frame, it)).collect();
        }
        ScopeKind::WasmLocals => "$local",
        ScopeKind::Operands => "$stack",
        ScopeKind::Globals => "$global",
    };
    let end = range.end.min(length(view, frame, kind));
    let indices = range.start..end;
    indices
        .filter_map(|index| machine(view, frame, format!("{raw}[{index}]")))
        .collect()
}

/// A variable of the source with its value.
fn named(view: &mut View<'_>, frame: FrameId, variable: &Variable) -> Option<Named> {
    let (symbols, at) = view.symbols_at(frame)?;
    let line = view
        .place(frame)
        .and_then(|it| it.chain.get(frame.inlined)?.location.line);
    let mut machine = FrameMachine::new(view, frame);
    let object = symbols.object(variable, at, &mut machine);
    let value = Value {
        object,
        frame,
        doubts: machine.doubts,
    };
    let name = variable.name.to_string();
    // The name may be none of the language's, a word of the expressions, or that of another variable in front of it.
    let names_it = expression::parse(&name)
        .and_then(|it| expression::evaluate(&it, view, frame))
        .is_ok_and(|it| it.object == value.object);
    Some(Named {
        expression: names_it.then(|| name.clone()),
        name,
        variable: Some(Declared {
            kind: variable.kind,
            shadowed: variable.shadowed,
            is_ahead: line.is_some_and(|it| variable.is_ahead(it)),
        }),
        value,
    })
}

/// A value of the WebAssembly machine.
fn machine(view: &mut View<'_>, frame: FrameId, text: String) -> Option<Named> {
    let parsed = expression::parse(&text).ok()?;
    let value = expression::evaluate(&parsed, view, frame).ok()?;
    Some(Named {
        name: text.clone(),
        expression: Some(text),
        variable: None,
        value,
    })
}

/// The parts of a value, those of the `range`: members, elements, what a pointer points to. At most 65,536 at a time.
pub fn children(view: &mut View<'_>, of: &Named, range: Range<u64>) -> Children {
    let frame = of.value.frame;
    let find = |context: &mut wdb_symbols::Context<'_>| {
        let object = &of.value.object;
        // With the one before, which says whether the first can be named.
        let from = range.start.saturating_sub(1);
        let found = context.children(&of.name, object, from..range.end);
        let mut before = None;
        let mut parts = Vec::new();
        for (part, index) in found.parts.into_iter().zip(from..) {
            if index >= range.start {
                let whole = of.expression.as_deref();
                let named = whole.and_then(|whole| {
                    expression::name_of_part(context, whole, object, before.as_ref(), &part)
                });
                parts.push((part.name.clone(), named, part.object.clone()));
            }
            before = Some(part);
        }
        (parts, found.length)
    };
    let ((parts, length), found) = expression::with_context(view, frame, find);
    let mut doubts = of.value.doubts;
    doubts.add(found);
    let parts = parts.into_iter().map(|(name, expression, object)| Named {
        name,
        expression,
        variable: None,
        value: Value {
            object,
            frame,
            doubts,
        },
    });
    Children {
        parts: parts.collect(),
        length,
    }
}

/// A value on one line, with its type; in its language's own notation, or in the one that is asked for.
pub fn show(
    view: &mut View<'_>,
    value: &Value,
    limits: &Limits,
    notation: Option<Notation>,
) -> Shown {
    let find = |context: &mut wdb_symbols::Context<'_>| {
        let mut tree = context.without_parts("", &value.object, limits);
        if let Some(notation) = notation
            && tree.unavailable.is_none()
        {
            tree.value = notation.object(context, &value.object, limits);
        }
        let children = context.children("", &value.object, 0..0).length;
        (tree, children)
    };
    let ((tree, children), found) = expression::with_context(view, value.frame, find);
    let mut doubts = value.doubts;
    doubts.add(found);
    Shown {
        ty: tree.ty,
        text: match tree.unavailable {
            None => Ok(tree.value),
            Some(reason) => Err(reason),
        },
        children,
        doubts,
    }
}
