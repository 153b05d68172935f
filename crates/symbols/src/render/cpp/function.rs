//! Types that hold a value of a hidden type (`std::function`, `std::any`): only the code that they call knows the type.

use super::argument;
use crate::object::{Context, Object};
use crate::render::{Shape, Wrapper};
use crate::types::{Kind, TypeRef};

/// `std::function`: the function or the object that it calls.
pub(in crate::render) fn function(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let inner = context.field(object, "__f_")?;
    if let Some(shape) = by_policy(context, &inner) {
        return Some(shape);
    }
    // The layout of the first ABI: a pointer to an object of a class made for what is called.
    let pointer = context.field(&inner, "__f_")?;
    let address = context.unsigned(&pointer).ok()?;
    if address == 0 {
        return Some(empty());
    }
    let target = context.target(&pointer).ok()??;
    let object = context.whole_object(&target)?;
    let callee = context
        .field(&object, "__func_")
        .or_else(|| context.field(&object, "__f_"))?;
    Some(called(context, callee))
}

/// The shape of the callee: a pointer to a function, or an object with the name of its class, mostly that of a lambda.
fn called(context: &Context<'_>, object: Object) -> Shape {
    let ty = context.bare(&object.ty);
    let note = matches!(ty.kind, Kind::Record(_)).then(|| ty.name.to_string());
    Shape::Wrapper(Wrapper { object, note })
}

fn empty() -> Shape {
    Shape::Scalar("empty".to_owned())
}

/// The layout of the second ABI, which WASI has: a caller function that is an instance for the callee's type, and a
/// policy that says where the callee is.
fn by_policy(context: &mut Context<'_>, inner: &Object) -> Option<Shape> {
    let policy = context.field(inner, "__policy_")?;
    let policy = context.target(&policy).ok()??;
    let is_null = context.field(&policy, "__is_null")?;
    if context.unsigned(&is_null).ok()? != 0 {
        return Some(empty());
    }
    let caller = match context.field(inner, "__func_") {
        Some(caller) => caller,
        None => context.path(inner, &["__invoker_", "__call_"])?,
    };
    let caller = context.unsigned(&caller).ok()?;
    let caller = context.machine.element(caller).ok()??;
    let ty = context.symbols.type_arguments(caller).into_iter().next()?;
    let buffer = context.field(inner, "__buf_")?;
    let clone = context.field(&policy, "__clone")?;
    let object = match context.unsigned(&clone).ok()? {
        0 => stored_in(context, &buffer, "__small", ty),
        _ => pointed_to(context, &buffer, "__large", ty),
    };
    Some(called(context, object?))
}

fn stored_in(
    context: &mut Context<'_>,
    buffer: &Object,
    name: &str,
    ty: TypeRef,
) -> Option<Object> {
    let place = context.field(buffer, name)?;
    let size = context.size(&ty).ok();
    Some(place.part(0, size, ty))
}

fn pointed_to(
    context: &mut Context<'_>,
    buffer: &Object,
    name: &str,
    ty: TypeRef,
) -> Option<Object> {
    let pointer = context.field(buffer, name)?;
    Some(Object::at(context.unsigned(&pointer).ok()?, ty))
}

/// `std::any`: its value. The value's type is the template argument of the class of the handler function.
pub(in crate::render) fn any(context: &mut Context<'_>, object: &Object, _: u64) -> Option<Shape> {
    let handler = context.field(object, "__h_")?;
    let handler = context.unsigned(&handler).ok()?;
    if handler == 0 {
        return Some(empty());
    }
    let handler = context.machine.element(handler).ok()??;
    let name = context.symbols.function_name(handler).display;
    let class = name.rsplit_once("::__handle")?.0;
    // The demangler may write the type of the result before it.
    let class = &class[class.find("std::__any_imp::")?..];
    let types = context.symbols.types_named(class);
    let ty = types.iter().find_map(|it| argument(context, it, 0))?;
    let storage = context.field(object, "__s_")?;
    let object = if class.contains("_SmallHandler<") {
        stored_in(context, &storage, "__buf", ty)
    } else {
        pointed_to(context, &storage, "__ptr", ty)
    }?;
    let note = Some(context.ty(&object.ty).name.to_string());
    Some(Shape::Wrapper(Wrapper { object, note }))
}
