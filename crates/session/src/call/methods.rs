//! Which method a call on an object means: `object.name(a)`, `pointer->name(a)`, `object.Base::name(a)`.

use wdb_module::FuncIndex;
use wdb_symbols::render::{Pointer, Shape};
use wdb_symbols::types::{Kind, Role, Signature};
use wdb_symbols::{Context, Language, Object, Symbols, Type, TypeRef};

use crate::Error;
use wdb_examine::expression;

/// At most this many base classes within one another are looked into.
const MOST_BASES: u32 = 8;

/// More methods of one name are not looked for in the base classes of a class. A few hostile classes, each with two of the
/// next, have millions.
const MOST_METHODS: usize = 64;

/// At most this many smart pointers are followed.
const MOST_FOLLOWED: usize = 8;

/// A method, and the object or the part of it that is the class which has it.
#[derive(Clone)]
pub(super) struct Method {
    pub(super) func: FuncIndex,
    pub(super) object: Object,
    /// What a virtual call takes and gives back, as the class says it whose method was looked up: what the table of
    /// the object has may be a thunk, of which the source says nothing, or a function that gives back a pointer to a
    /// derived class.
    pub(super) signature: Option<Signature>,
}

/// What a class has of a name.
#[derive(Default)]
struct Own {
    methods: Vec<Method>,
    /// The objects of the classes that declare it, and there is no code of it.
    without_code: Vec<Object>,
}

/// Whether a method of C++ is called on no object.
pub(super) fn is_static(symbols: &Symbols, func: FuncIndex) -> bool {
    symbols.function_name(func).language == Some(Language::Cpp)
        && symbols.signature(func).is_some_and(|it| !it.has_this)
}

/// The method of an object, or of what a pointer to one points to.
pub(super) fn of_object(
    context: &mut Context<'_>,
    symbols: &Symbols,
    receiver: &Object,
    text: &str,
    method: &str,
) -> Result<Method, Error> {
    let refused = |reason: String| Error::Refused(format!("`{text}`: {reason}"));
    let receiver = expression::dereferenced(context, receiver);
    let mut object = receiver.map_err(|reason| refused(reason.to_string()))?;
    if let Kind::Pointer(..) = context.bare(&object.ty).kind {
        let target = context.target(&object);
        let target = target.map_err(|reason| refused(reason.to_string()))?;
        object = target.ok_or_else(|| Error::Refused(format!("`{text}` points to nothing")))?;
    }
    let named = context.bare(&object.ty).name.clone();
    if let Some((class, method)) = qualified(method) {
        return of_base(context, symbols, &object, class, method);
    }
    let find = |context: &mut Context<'_>, object: &Object| {
        let mut own = Own::default();
        of_class(context, symbols, object, method, MOST_BASES, &mut own)?;
        Ok::<_, Error>(own)
    };
    let mut own = find(context, &object)?;
    // Smart pointers stand for what they point to.
    for _ in 0..MOST_FOLLOWED {
        if !own.methods.is_empty() || !own.without_code.is_empty() {
            break;
        }
        object = match context.shape(&object, 1) {
            Shape::Wrapper(wrapper) => wrapper.object,
            Shape::Pointer(Pointer {
                target: Some(target),
                ..
            }) => target,
            _ => break,
        };
        own = find(context, &object)?;
    }
    // A pure virtual function is in the table of the object.
    if own.methods.is_empty()
        && let [declared] = &own.without_code[..]
        && let Some(signature) = symbols.declared_method(&declared.ty, plain(method))
        && let Some(found) = overrider(context, symbols, declared, signature, method)
    {
        return Ok(found);
    }
    let declared = own.without_code.first();
    let declared = declared.map(|it| context.bare(&it.ty).name.clone());
    if own.methods.is_empty()
        && let Some(class) = &declared
        && context.whole_object(&object).is_none()
    {
        return Err(no_code(class, method));
    }
    let own = one_of(context, text, method, own)?;
    let mut is_virtual = false;
    if let Some(own) = &own
        && context.bare(&own.object.ty).language == Some(Language::Cpp)
        && let Some(signature) = symbols.signature(own.func)
    {
        // What the class that the object really is of has of the name, C++ does not look at.
        if signature.virtual_index.is_none() {
            return Ok(own.clone());
        }
        if let Some(found) = overrider(context, symbols, &own.object, signature, method) {
            return Ok(found);
        }
        is_virtual = true;
    }
    if let Some(whole) = context.whole_object(&object) {
        let other = find(context, &whole)?;
        let is_among = |own: &Method| other.methods.iter().any(|it| it.func == own.func);
        match own {
            // Whether a function is virtual is not known where the debug information does not describe it.
            Some(own) if !is_virtual && (other.methods.is_empty() || is_among(&own)) => {
                return Ok(own);
            }
            Some(own) if !is_virtual => {
                let name = |it: &Method| symbols.function_name(it.func).display;
                let others: Vec<String> = other.methods.iter().map(name).collect();
                return Err(Error::Refused(format!(
                    "`{text}` is a `{}`, and `{method}` may be `{}` or `{}`: write which, with the pointer as its first argument",
                    context.bare(&whole.ty).name,
                    others.join("`, `"),
                    name(&own)
                )));
            }
            // A pure one, or one whose entry in the table of the object has no name.
            _ => {
                if let Some(found) = one_of(context, text, method, other)? {
                    return Ok(found);
                }
            }
        }
    } else if let Some(own) = own {
        return Ok(own);
    }
    Err(match declared {
        Some(class) => no_code(&class, method),
        None => Error::Refused(format!(
            "`{named}` has no function `{method}` that has code in the program"
        )),
    })
}

/// What a virtual call on an object calls, where its class says that the method has this signature. `None`: the table
/// has no such function, as where there is no object yet.
///
/// The entry of the table takes the object as its class has it: where the overrider is a method of another class and
/// the object begins elsewhere, the entry is a thunk, which adjusts `this` and the result (Itanium C++ ABI, section
/// 2.5.3).
fn overrider(
    context: &mut Context<'_>,
    symbols: &Symbols,
    object: &Object,
    mut signature: Signature,
    method: &str,
) -> Option<Method> {
    let func = context.virtual_function(object, signature.virtual_index?)?;
    let name = format!("::{}(", plain(method));
    if !symbols.function_name(func).display.contains(&name) {
        return None;
    }
    // What an optimiser did to the function of the class itself, it did not do to this one: it is called by its address.
    signature.located.clear();
    signature.rewritten = false;
    Some(Method {
        func,
        object: object.clone(),
        signature: Some(signature),
    })
}

/// The name of a method without the types of its parameters.
fn plain(method: &str) -> &str {
    let end = method.find('(').filter(|_| !method.contains("operator"));
    end.map_or(method, |at| &method[..at])
}

/// `name` of the class `Base`: `Base::name`.
fn qualified(method: &str) -> Option<(&str, &str)> {
    let name = method.find('(').map_or(method, |at| &method[..at]);
    let name = name.find("operator").map_or(name, |at| &name[..at]);
    let mut depth = 0_u32;
    let mut last = None;
    for (at, c) in name.char_indices() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            ':' if depth == 0 && name[at..].starts_with("::") => last = Some(at),
            _ => {}
        }
    }
    let at = last?;
    Some((method[..at].trim(), method[at + 2..].trim()))
}

/// The method of a class that is written with it: no virtual call, in C++.
fn of_base(
    context: &mut Context<'_>,
    symbols: &Symbols,
    object: &Object,
    class: &str,
    method: &str,
) -> Result<Method, Error> {
    let is_it = |name: &str| {
        let rest = name.strip_suffix(class);
        rest.is_some_and(|it| it.is_empty() || it.ends_with("::"))
    };
    let named = context.bare(&object.ty).name.clone();
    let mut parts = if is_it(&named) {
        vec![object.clone()]
    } else {
        expression::parts_of_class(context, object, &is_it)
    };
    let part = match (parts.pop(), parts.is_empty()) {
        (Some(part), true) => part,
        (Some(_), false) => {
            let words = format!("`{class}` is a base class of `{named}` more than once");
            return Err(Error::Refused(words));
        }
        (None, _) => {
            let words = format!("`{class}` is no base class of `{named}`");
            return Err(Error::Refused(words));
        }
    };
    let mut own = Own::default();
    of_class(context, symbols, &part, method, MOST_BASES, &mut own)?;
    let declared = own.without_code.first();
    let declared = declared.map(|it| context.bare(&it.ty).name.clone());
    let found = one_of(context, class, method, own)?;
    found.ok_or_else(|| match declared {
        Some(class) => no_code(&class, method),
        None => Error::Refused(format!(
            "`{class}` has no function `{method}` that has code in the program"
        )),
    })
}

fn no_code(class: &str, method: &str) -> Error {
    Error::Refused(expression::no_code(class, method))
}

/// The methods of this name that a class has, else those that its base classes have.
fn of_class(
    context: &mut Context<'_>,
    symbols: &Symbols,
    object: &Object,
    method: &str,
    levels: u32,
    own: &mut Own,
) -> Result<(), Error> {
    let ty = context.bare(&object.ty);
    let full = format!("{}::{method}", ty.name);
    let mut found = expression::functions_named(symbols, &full);
    if ty.language == Some(Language::Cpp) {
        found = of_type(context, symbols, &ty, &full, found);
        found = for_constness(context, symbols, &object.ty, found);
    }
    if !found.is_empty() {
        own.methods.push(Method {
            func: only(symbols, &full, found)?,
            object: object.clone(),
            signature: None,
        });
        return Ok(());
    }
    if symbols.declares_method(&object.ty, plain(method)) {
        own.without_code.push(object.clone());
        return Ok(());
    }
    let (Kind::Record(record), Some(levels)) = (&ty.kind, levels.checked_sub(1)) else {
        return Ok(());
    };
    for base in record.members.iter().filter(|it| it.role != Role::Field) {
        if own.methods.len() + own.without_code.len() >= MOST_METHODS {
            break;
        }
        let mut base = context.member(object, base);
        if is_const(context, &object.ty) {
            base.ty = as_const(context, base.ty);
        }
        of_class(context, symbols, &base, method, levels, own)?;
    }
    Ok(())
}

/// Those of the functions that are methods of this class, and not of one whose name ends so.
fn of_type(
    context: &Context<'_>,
    symbols: &Symbols,
    class: &Type,
    full: &str,
    found: Vec<FuncIndex>,
) -> Vec<FuncIndex> {
    let this = |func: FuncIndex| {
        let signature = symbols.signature(func).filter(|it| it.has_this)?;
        match &context.bare(signature.parameters.first()?).kind {
            Kind::Pointer(_, this) => Some(context.bare(this)),
            _ => None,
        }
    };
    let methods: Vec<_> = found.iter().map(|it| (*it, this(*it))).collect();
    let equal = |it: &Option<std::sync::Arc<Type>>| it.as_deref() == Some(class);
    // Of classes that are declared in functions several may have one name.
    let has_equal = methods.iter().any(|it| equal(&it.1));
    let whole = format!("::{full}");
    let is_own = |(func, this): &(FuncIndex, Option<std::sync::Arc<Type>>)| match this {
        Some(_) if has_equal => equal(this),
        Some(this) => expression::is_same_type(this, class),
        None => !symbols
            .nearest_functions(vec![*func], &whole, "")
            .is_empty(),
    };
    methods
        .iter()
        .filter(|it| is_own(it))
        .map(|it| it.0)
        .collect()
}

/// Of methods that there are with `const` and without, those that C++ takes for such an object.
fn for_constness(
    context: &Context<'_>,
    symbols: &Symbols,
    ty: &TypeRef,
    found: Vec<FuncIndex>,
) -> Vec<FuncIndex> {
    if found.len() < 2 {
        return found;
    }
    let wanted = is_const(context, ty);
    let is_wanted = |func: &FuncIndex| {
        let name = symbols.function_name(*func).display;
        name.ends_with(" const") == wanted
    };
    let fitting: Vec<FuncIndex> = found.iter().copied().filter(is_wanted).collect();
    if fitting.is_empty() { found } else { fitting }
}

/// Whether objects of a type cannot be changed.
pub(super) fn is_const(context: &Context<'_>, ty: &TypeRef) -> bool {
    let mut ty = ty.clone();
    // At most this many typedefs and qualifiers are looked through.
    for _ in 0..64 {
        let found = context.ty(&ty);
        ty = match &found.kind {
            Kind::Qualified(inner) => {
                let words = |it: &str| it.matches("const").count();
                if words(&found.name) > words(&context.ty(inner).name) {
                    return true;
                }
                inner.clone()
            }
            Kind::Alias(inner) => inner.clone(),
            _ => return false,
        };
    }
    false
}

/// A part of what cannot be changed cannot be changed either.
fn as_const(context: &Context<'_>, ty: TypeRef) -> TypeRef {
    let inner = context.ty(&ty);
    TypeRef::Made(std::sync::Arc::new(Type {
        name: format!("const {}", inner.name).into(),
        language: inner.language,
        size: inner.size,
        kind: Kind::Qualified(ty),
    }))
}

/// The method that several base classes leave, if they leave one: what is overridden is hidden by what overrides it.
fn one_of(
    context: &mut Context<'_>,
    text: &str,
    method: &str,
    own: Own,
) -> Result<Option<Method>, Error> {
    let mut left: Vec<Method> = Vec::new();
    for (position, candidate) in own.methods.iter().enumerate() {
        let class = context.bare(&candidate.object.ty).name.clone();
        let is_hidden = own.methods.iter().enumerate().any(|(at, other)| {
            let parts = expression::parts_of_class(context, &other.object, &|it| it == &*class);
            at != position && parts.iter().any(|it| it.place == candidate.object.place)
        });
        let is_again =
            |it: &Method| it.func == candidate.func && it.object.place == candidate.object.place;
        if !is_hidden && !left.iter().any(is_again) {
            left.push(candidate.clone());
        }
    }
    let objects = left.iter().map(|it| &it.object).chain(&own.without_code);
    let classes = objects.map(|it| context.bare(&it.ty).name.to_string());
    let mut classes: Vec<String> = classes.collect();
    match (left.len(), classes.len()) {
        (0, _) => Ok(None),
        (1, 1) => Ok(left.pop()),
        _ => {
            classes.sort_unstable();
            classes.dedup();
            Err(Error::Refused(match &classes[..] {
                [class] => format!(
                    "`{text}`: `{class}`, which has `{method}`, is a base class more than once; write which, as in `x.Base::{method}()`"
                ),
                [class, ..] => format!(
                    "`{text}`: `{method}` is a function of `{}`; write which, as in `x.{class}::{method}()`",
                    classes.join("` and of `")
                ),
                [] => format!("`{text}`: `{method}` is ambiguous"),
            }))
        }
    }
}

/// The one function that there is of a name.
pub(super) fn only(
    symbols: &Symbols,
    name: &str,
    found: Vec<FuncIndex>,
) -> Result<FuncIndex, Error> {
    match found[..] {
        [func] => Ok(func),
        [] => Err(Error::Refused(format!("no function is called `{name}`"))),
        _ => {
            let names = expression::may_be(symbols, &found);
            Err(Error::Refused(format!("`{name}` may be {names}")))
        }
    }
}
