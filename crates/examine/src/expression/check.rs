//! Whether the names of an expression mean something: at a place that the program has not reached, or before the functions
//! that the expression calls.
//!
//! Values are not known, types and scopes are. What depends on a value is left for the evaluation to find out.

use std::ops::Range;

use wdb_symbols::render::Shape;
use wdb_symbols::types::{Kind as TypeKind, Member, Role};
use wdb_symbols::{Context, Object, TypeRef};

use super::calls::no_value;
use super::evaluate::{Evaluator, Operand};
use super::tree::{Binary, Kind, Node, Path, Unary};
use super::{Error, access, cast, functions_meant, functions_named, no_code};
use crate::view::FrameId;

/// Where the program may be when a checked expression is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// In the frame that is checked.
    Frame,
    /// Anywhere in the module of that frame: a name may be one of a variable of any function.
    Module,
}

/// At most this many base classes are looked at for a method.
const MOST_CLASSES: usize = 64;

/// The address of an object of which only the type matters.
pub(super) const SOMEWHERE: u64 = 0x1000;

/// When names are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    /// Before the program is at the place: all of them, also in a branch that may not be taken.
    Before,
    /// Before the functions that an expression calls, at the place: those without which it has no value.
    Now {
        /// Whether a call was passed: after it values may be others.
        called: bool,
    },
}

impl Evaluator<'_, '_, '_> {
    /// Looks up the names in a part of an expression.
    pub(super) fn check(
        &mut self,
        node: &Node,
        frame: FrameId,
        time: &mut Time,
    ) -> Result<(), Error> {
        match &node.kind {
            Kind::Name(path) => self.check_name(path, node, frame),
            Kind::UserVariable(_) | Kind::Past(_) if *time != Time::Before => {
                self.value(node, frame).map(|_| ())
            }
            Kind::InFrame(which, inner) => match &which.kind {
                Kind::Index(_, number)
                    if *time != Time::Before && matches!(number.kind, Kind::Integer(..)) =>
                {
                    let frame = self.frame(which, frame)?;
                    self.check(inner, frame, time)
                }
                // What other frames there are is not known.
                _ => Ok(()),
            },
            Kind::Binary(operator @ (Binary::And | Binary::Or), a, b) if *time != Time::Before => {
                self.check(a, frame, time)?;
                match self.decided(a, frame, *time) {
                    Some(first) if first != (*operator == Binary::Or) => self.check(b, frame, time),
                    _ => Ok(()),
                }
            }
            Kind::Choice(condition, one, other) if *time != Time::Before => {
                self.check(condition, frame, time)?;
                match self.decided(condition, frame, *time) {
                    Some(true) => self.check(one, frame, time),
                    Some(false) => self.check(other, frame, time),
                    None => self.check(one, frame, time).or_else(|error| {
                        let checked = self.check(other, frame, time);
                        checked.map_err(|_| error)
                    }),
                }
            }
            Kind::Member(of, name, at) => {
                self.check(of, frame, time)?;
                self.check_member(of, name, at, frame)
            }
            // A name may be a key.
            Kind::Index(of, index) if matches!(index.kind, Kind::Name(_)) => {
                self.check(of, frame, time)
            }
            Kind::SizeOf(of) => match (self.check(of, frame, time), &of.kind) {
                (Err(error), Kind::Name(path)) => {
                    let ty = self.plain_type(&path.text(), frame, &of.span);
                    ty.map(|_| ()).map_err(|_| error)
                }
                (checked, _) => checked,
            },
            Kind::Cast(..) if node.discarded().is_some() => {
                Err(Error::new("`void` has no values", &node.span))
            }
            Kind::Cast(_, ty, operand) => {
                self.type_named(ty, frame)?;
                self.check(operand, frame, time)
            }
            Kind::Call(callee, arguments) => {
                self.check_call(callee, arguments, frame, time)?;
                // Elsewhere the name may be that of something else.
                let result = match self.reach {
                    Reach::Frame => self.result_type(callee, frame),
                    Reach::Module => None,
                };
                let is_void = |context: &mut Context<'_>, ty: &TypeRef| {
                    matches!(context.bare(ty).kind, TypeKind::Void)
                };
                match result {
                    Some(ty) if self.ask(frame, |context| is_void(context, &ty)) => {
                        Err(no_value(&self.written(&node.span), &node.span))
                    }
                    _ => Ok(()),
                }
            }
            Kind::SizeOfType(ty) => self.type_named(ty, frame).map(|_| ()),
            // `day == FRIDAY`
            Kind::Binary(Binary::Equal | Binary::Unequal, a, b) => {
                self.check(a, frame, time)?;
                let checked = self.check(b, frame, time);
                let is_enumerator = match (self.value(a, frame), &b.kind) {
                    (Ok(operand), _) => self.enumerator_of(&operand, b).is_some(),
                    (Err(_), Kind::Name(path)) => path.names.last().is_some_and(|name| {
                        let found = self.ask(frame, |it| it.symbols.enumerators_named(name));
                        !found.is_empty()
                    }),
                    (Err(_), _) => false,
                };
                if is_enumerator { Ok(()) } else { checked }
            }
            kind => kind
                .parts()
                .try_for_each(|part| self.check(part, frame, time)),
        }
    }

    /// Looks up the names in a call of which the value is not wanted.
    pub(super) fn check_call(
        &mut self,
        callee: &Node,
        arguments: &[Node],
        frame: FrameId,
        time: &mut Time,
    ) -> Result<(), Error> {
        self.check_callee(callee, arguments, frame, time)?;
        for argument in arguments {
            self.check(argument, frame, time)?;
        }
        if let Time::Now { called } = time {
            *called = true;
        }
        Ok(())
    }

    /// Whether a condition holds, where that is known before functions are called.
    fn decided(&mut self, node: &Node, frame: FrameId, time: Time) -> Option<bool> {
        if node.has_calls || time != (Time::Now { called: false }) {
            return None;
        }
        let value = self.value(node, frame).ok()?;
        self.truth(&value, &node.span).ok()
    }

    /// Whether there is something that a call may mean.
    fn check_callee(
        &mut self,
        callee: &Node,
        arguments: &[Node],
        frame: FrameId,
        time: &mut Time,
    ) -> Result<(), Error> {
        match &callee.kind {
            Kind::Name(path) if path.file.is_none() => {
                let name = path.text();
                let is_function = !functions_meant(self.view, frame, &name).is_empty();
                if is_function {
                    return Ok(());
                }
                if arguments.len() == 1 && self.plain_type(&name, frame, &callee.span).is_ok() {
                    return Ok(());
                }
                self.check(callee, frame, time)
            }
            // Of which class the object is may be known only when it is there.
            Kind::Member(of, name, at) => {
                self.check(of, frame, time)?;
                let last = name.rsplit("::").next().unwrap_or(name);
                let plain = last.find('(').map_or(last, |at| &last[..at]);
                if plain == name
                    && let Some(class) = self.class_without_code(of, plain, frame)
                {
                    return Err(Error::new(no_code(&class, plain), at));
                }
                let is_function = name.contains("operator")
                    || self.ask(frame, |it| !it.symbols.functions_matching(plain).is_empty());
                if is_function {
                    Ok(())
                } else {
                    self.check_member(of, name, at, frame)
                }
            }
            _ => self.check(callee, frame, time),
        }
    }

    /// The class that declares the method which would be called on an object, where there is no code of it.
    fn class_without_code(&mut self, of: &Node, method: &str, frame: FrameId) -> Option<String> {
        let mut object = self.supposed(of, frame)?;
        self.ask(frame, |context| {
            let mut is_pointed_to = false;
            for _ in 0..access::MOST_STEPS {
                match target(context, &object.ty) {
                    Some(target) => object = target,
                    None => break,
                }
                is_pointed_to = true;
            }
            let mut declares = None;
            let mut open = vec![object.ty.clone()];
            for _ in 0..MOST_CLASSES {
                let Some(class) = open.pop() else {
                    break;
                };
                let ty = context.bare(&class);
                let full = format!("{}::{method}", ty.name);
                if !functions_named(context.symbols, &full).is_empty() {
                    return None;
                }
                if context.symbols.declares_method(&class, method) {
                    declares = Some(ty.name.to_string());
                } else if let TypeKind::Record(record) = &ty.kind {
                    let bases = record.members.iter().filter(|it| it.role != Role::Field);
                    open.extend(bases.map(|it| it.ty.clone()));
                }
            }
            // What a pointer points to may be of a class that is derived from its own, and has one.
            let may_have_other = is_pointed_to
                && cast::has_table(context, &object)
                && !functions_named(context.symbols, method).is_empty();
            declares.filter(|_| !may_have_other)
        })
    }

    fn check_name(&mut self, path: &Path, node: &Node, frame: FrameId) -> Result<(), Error> {
        let error = match self.named(path, frame, &node.span) {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        let is_known = match (&path.file, path.names.as_slice()) {
            // What is in quotes may be a function's name.
            (Some(file), _) => !file.contains('.'),
            (None, [name]) => {
                self.member_of_this(name, frame).is_some() || self.is_elsewhere(name, frame)
            }
            // A local of a frame that may be there.
            (None, [scope @ .., _]) => {
                let scope = scope.join("::");
                self.ask(frame, |context| {
                    !context.symbols.functions_matching(&scope).is_empty()
                        || !context.symbols.inlined_copies(&scope).is_empty()
                })
            }
            (None, []) => false,
        };
        if is_known { Ok(()) } else { Err(error) }
    }

    /// Whether something may be called so at another place that the program may be at.
    fn is_elsewhere(&mut self, name: &str, frame: FrameId) -> bool {
        self.reach == Reach::Module && self.ask(frame, |it| it.symbols.mentions(name))
    }

    /// Whether a plain structure has a member. What else has members may have others where its value is known: an
    /// object of a class that is derived from it, the variant of an enum, what a smart pointer points to.
    fn check_member(
        &mut self,
        of: &Node,
        name: &str,
        at: &Range<usize>,
        frame: FrameId,
    ) -> Result<(), Error> {
        // Elsewhere it may be a member of something else.
        if self.is_elsewhere(name, frame) {
            return Ok(());
        }
        let Some(mut object) = self.supposed(of, frame) else {
            return Ok(());
        };
        let is_missing = self.ask(frame, |context| {
            for _ in 0..access::MOST_STEPS {
                match target(context, &object.ty) {
                    Some(target) => object = target,
                    None => break,
                }
            }
            is_plain_structure(context, &object)
                && matches!(access::member(context, &object, name), Ok(None))
        });
        if is_missing {
            let operand = Operand { object, frame };
            self.member(&operand, &of.span, name, at).map(|_| ())
        } else {
            Ok(())
        }
    }

    /// An object of the type that a part has, if that does not depend on a value.
    pub(super) fn supposed(&mut self, node: &Node, frame: FrameId) -> Option<Object> {
        let ty = match &node.kind {
            Kind::Name(path) => match (self.named(path, frame, &node.span), &path.names[..]) {
                (Ok(found), _) => found.object.ty,
                (Err(_), [name]) => self.member_of_this(name, frame)?.ty,
                (Err(_), _) => return None,
            },
            Kind::Cast(_, ty, _) => self.type_named(ty, frame).ok()?,
            Kind::Member(of, name, _) => {
                let mut object = self.supposed(of, frame)?;
                return self.ask(frame, |context| {
                    for _ in 0..access::MOST_STEPS {
                        match target(context, &object.ty) {
                            Some(target) => object = target,
                            None => break,
                        }
                    }
                    context.field(&object, name)
                });
            }
            Kind::Unary(Unary::Dereference, of) => {
                let of = self.supposed(of, frame)?;
                return self.ask(frame, |context| target(context, &of.ty));
            }
            _ => return None,
        };
        Some(Object::at(SOMEWHERE, ty))
    }

    /// The member of this name of the object that a method is called on, or of what a lambda captured.
    fn member_of_this(&mut self, name: &str, frame: FrameId) -> Option<Object> {
        let this = self.local("this", frame)?;
        self.ask(frame, |context| {
            let member = |context: &mut Context<'_>, ty: &TypeRef, name: &str| {
                let object = target(context, ty)?;
                access::member(context, &object, name).ok().flatten()
            };
            let ty = this.object.ty;
            member(context, &ty, name).or_else(|| {
                let outer = member(context, &ty, "this")?;
                member(context, &outer.ty, name)
            })
        })
    }
}

/// Whether a type is a structure that means nothing else than its members, whatever its value.
pub(super) fn is_plain_structure(context: &mut Context<'_>, object: &Object) -> bool {
    let ty = context.bare(&object.ty);
    let TypeKind::Record(record) = &ty.kind else {
        return false;
    };
    // Those of libraries are shown as what they stand for, which takes their values.
    let libraries = ["std::", "core::", "alloc::"];
    if ty.name.contains('<') || libraries.iter().any(|it| ty.name.starts_with(it)) {
        return false;
    }
    let is_plain = |member: &Member| {
        let is_own = |name: &str| !name.starts_with("_vptr");
        member.role == Role::Field && member.name.as_deref().is_none_or(is_own)
    };
    record.variants.is_none()
        && record.members.iter().all(is_plain)
        && matches!(context.shape(object, 1), Shape::Fields(_))
}

/// Something that a pointer of this type points to.
fn target(context: &Context<'_>, ty: &TypeRef) -> Option<Object> {
    match &context.bare(ty).kind {
        TypeKind::Pointer(_, target) => Some(Object::at(SOMEWHERE, target.clone())),
        _ => None,
    }
}
