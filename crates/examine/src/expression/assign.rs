//! What an expression means as the target of an assignment.

use wdb_debuggee::coredump::{GlobalId, TableId};
use wdb_module::{GlobalIndex, LocalIndex};
use wdb_symbols::types::{Kind as TypeKind, PointerKind};
use wdb_symbols::{Context, Language, Object, Type, TypeRef, Unavailable};

use super::calls::{Calls, Progress};
use super::evaluate::{Evaluator, Operand};
use super::tree::{Kind, Node, Raw};
use super::{Error, Expression, Value, access, cast, elements, raw};
use crate::View;
use crate::view::FrameId;

/// The variable of the user that an expression is, without its `$`.
pub fn user_variable(expression: &Expression) -> Option<&str> {
    match &expression.parsed.root.kind {
        Kind::UserVariable(name) => Some(name),
        _ => None,
    }
}

/// What can be given a value.
pub enum Changeable {
    /// An object. It may still be nowhere, or where it cannot be changed.
    Object(Value),
    /// A WebAssembly local, by its raw name, with the value that it has. Most debuggees cannot change it.
    Local(Value, LocalIndex),
    /// A global of the frame's instance, and its type.
    Global(GlobalId, TypeRef),
    /// An element of a table.
    Element(TableId, u64),
}

/// What the expression means that is to be changed.
///
/// # Errors
///
/// As of [`super::evaluate`].
pub fn changeable(
    expression: &Expression,
    view: &mut View<'_>,
    at: FrameId,
    calls: &mut Calls,
) -> Result<Progress<Changeable>, Error> {
    super::progress(expression, view, at, calls, |evaluator, node| {
        if let Some(found) = evaluator.of_machine(node, at)? {
            return Ok(found);
        }
        let local = evaluator.raw_local(node, at)?;
        let operand = evaluator.value(node, at)?;
        let mut value = evaluator.with_doubts(operand);
        if let Some(local) = local {
            return Ok(Changeable::Local(value, local));
        }
        // To assign to a reference is to assign to what it refers to.
        let object = evaluator.ask(value.frame, |context| {
            access::dereferenced(context, &value.object)
        });
        if let Ok(object) = object {
            value.object = object;
        }
        Ok(Changeable::Object(value))
    })
}

/// The value of an expression that `target` is to have: the name of an enumerator may mean one of its type.
///
/// # Errors
///
/// As of [`super::evaluate`].
pub fn evaluate_for(
    expression: &Expression,
    view: &mut View<'_>,
    at: FrameId,
    target: &Object,
    calls: &mut Calls,
) -> Result<Progress<Value>, Error> {
    super::progress(expression, view, at, calls, |evaluator, node| {
        let found = evaluator.value(node, at).or_else(|error| {
            let operand = Operand {
                object: target.clone(),
                frame: at,
            };
            evaluator.enumerator_of(&operand, node).ok_or(error)
        })?;
        Ok(evaluator.with_doubts(found))
    })
}

/// The pointer to a function that is an element of table 0 of a frame.
pub fn element(view: &mut View<'_>, at: FrameId, index: u64) -> Option<Value> {
    let mut evaluator = Evaluator::new("", view);
    let function = evaluator.ask(at, |context| context.machine.element(index));
    let ty = evaluator.function_type(function.ok()?, at);
    let object = evaluator.pointer(index, ty, at);
    Some(evaluator.with_doubts(Operand { object, frame: at }))
}

/// The bytes of `object` as a `ty`. Structures are only converted to their own type.
///
/// # Errors
///
/// When the object cannot be read, or its type is not converted to that one.
pub fn convert(
    context: &mut Context<'_>,
    object: &Object,
    ty: &TypeRef,
) -> Result<Vec<u8>, Unavailable> {
    let object = access::dereferenced(context, object)?;
    let (to, from) = (context.bare(ty), context.bare(&object.ty));
    if let TypeKind::Function(..) = to.kind {
        let words = "nothing can be assigned to a function".to_owned();
        return Err(Unavailable::Unsupported(words));
    }
    // What is of the type already needs no arithmetic, which not every type has.
    if to == from && object.bits.is_none() {
        return context.bytes(&object);
    }
    if let Some(decayed) = decayed(context, &object, &to)? {
        return Ok(decayed);
    }
    let is_whole = |kind: &TypeKind| matches!(kind, TypeKind::Record(_) | TypeKind::Array(_));
    if is_whole(&to.kind) || is_whole(&from.kind) {
        return Err(Unavailable::Unsupported(format!(
            "`{}` cannot be converted to `{}`",
            from.name, to.name
        )));
    }
    let converted = cast::convert(context, &object, ty.clone())?;
    context.bytes(&converted)
}

/// The pointer to its first element that an array of C and C++ is where a pointer is wanted. `None`: it is no such array,
/// or no such pointer is wanted.
fn decayed(
    context: &mut Context<'_>,
    object: &Object,
    to: &Type,
) -> Result<Option<Vec<u8>>, Unavailable> {
    let from = context.bare(&object.ty);
    let (TypeKind::Array(_), TypeKind::Pointer(PointerKind::Pointer, target)) =
        (&from.kind, &to.kind)
    else {
        return Ok(None);
    };
    let is_c = matches!(from.language, Some(Language::C | Language::Cpp));
    let (Some(address), true) = (object.address(), is_c) else {
        return Ok(None);
    };
    let target = context.bare(target);
    let is_of = match target.kind {
        TypeKind::Void => true,
        _ => {
            let element = elements::element(context, object, 0)?;
            is_same_type(&context.bare(&element.ty), &target)
        }
    };
    let size = to.size.unwrap_or(4).min(8) as usize;
    Ok(is_of.then(|| address.to_le_bytes()[..size].to_vec()))
}

/// Whether two types, without typedefs and qualifiers around them, are the same one. Each unit of the program describes the
/// types that it uses anew, and some only declare what others define.
pub fn is_same_type(one: &Type, other: &Type) -> bool {
    let is_kind = std::mem::discriminant(&one.kind) == std::mem::discriminant(&other.kind);
    let is_size = one.size == other.size || one.size.is_none() || other.size.is_none();
    let has_name = !one.name.contains('{');
    one == other || is_kind && is_size && has_name && one.name == other.name
}

impl Evaluator<'_, '_, '_> {
    /// A global or an element of a table, by their raw names. `None`: something else.
    fn of_machine(&mut self, node: &Node, at: FrameId) -> Result<Option<Changeable>, Error> {
        // Of locals, their place says whether one can be changed.
        if let Some((Raw::Global, _)) = node.as_machine() {
            let name = self.text.get(node.span.clone()).unwrap_or_default();
            let message = format!("which of them? `{name}[0]`");
            return Err(Error::new(message, &node.span));
        }
        let Some((machine, within)) = container(node).and_then(Node::as_machine) else {
            return Ok(None);
        };
        let frame = within.map_or(Ok(at), |it| self.frame(it, at))?;
        let missing = || Error::new("there is none", &node.span);
        let found = self.view.frame(frame).ok_or_else(missing)?;
        let instance = self.view.instance(found.instance).ok_or_else(missing)?;
        match machine {
            Raw::Global => {
                let binary = self.view.binary(found.module);
                let name = |index| binary.and_then(|it| it.global_name(GlobalIndex(index)));
                let names = (0..).zip(&instance.globals).map(|(index, _)| name(index));
                let named = position_named(node, names);
                let position = self.position(node, frame, named)?;
                let id = position.and_then(|it| *instance.globals.get(it)?);
                let id = id.ok_or_else(|| Error::new("there is no such global", &node.span))?;
                let global = self.view.global(id).ok_or_else(missing)?;
                Ok(Some(Changeable::Global(id, raw::raw_type(&global.ty))))
            }
            Raw::Table => {
                let Kind::Index(_, index) = &node.kind else {
                    return Ok(None);
                };
                let element = u64::try_from(self.integer(index, frame)?);
                let element =
                    element.map_err(|_| Error::new("an index is not negative", &index.span))?;
                let table = instance.tables.first().copied().flatten();
                let table = table.ok_or_else(missing)?;
                Ok(Some(Changeable::Element(table, element)))
            }
            Raw::Local | Raw::Stack | Raw::Memory | Raw::Pc | Raw::Frame => Ok(None),
        }
    }

    /// The WebAssembly local that is meant by its raw name. `None`: something else.
    fn raw_local(&mut self, node: &Node, at: FrameId) -> Result<Option<LocalIndex>, Error> {
        let Some((Raw::Local, within)) = container(node).and_then(Node::as_machine) else {
            return Ok(None);
        };
        let frame = within.map_or(Ok(at), |it| self.frame(it, at))?;
        let place = self.view.place(frame);
        let locals = place.iter().flat_map(|it| &it.locals);
        let named = position_named(node, locals.map(|(name, _)| name.as_deref()));
        let position = self.position(node, frame, named)?;
        Ok(position
            .and_then(|it| u32::try_from(it).ok())
            .map(LocalIndex))
    }

    /// The position that an element is meant by: that of its name, or the number in brackets.
    fn position(
        &mut self,
        node: &Node,
        frame: FrameId,
        named: Option<usize>,
    ) -> Result<Option<usize>, Error> {
        match &node.kind {
            Kind::Index(_, index) if !matches!(index.kind, Kind::Text(_)) => {
                Ok(usize::try_from(self.integer(index, frame)?).ok())
            }
            _ => Ok(named),
        }
    }
}

/// What an expression means an element or a member of.
fn container(node: &Node) -> Option<&Node> {
    match &node.kind {
        Kind::Index(of, _) | Kind::Member(of, ..) => Some(of),
        _ => None,
    }
}

/// The position of the element that `node` names, by its name or by its number as one: `$global["x"]`, `$global.x`,
/// `$global.1`. `None`: it names none of these.
fn position_named<'n>(node: &Node, names: impl Iterator<Item = Option<&'n str>>) -> Option<usize> {
    let wanted = match &node.kind {
        Kind::Member(_, name, _) => name.clone(),
        Kind::Index(_, index) => match &index.kind {
            Kind::Text(name) => String::from_utf8_lossy(name).into_owned(),
            _ => return None,
        },
        _ => return None,
    };
    let mut numbered = names.enumerate();
    let is_it = |(number, name): &(usize, Option<&str>)| {
        *name == Some(wanted.as_str()) || number.to_string() == wanted
    };
    numbered.find(is_it).map(|(number, _)| number)
}
