//! Types by name, and values made to be of them.

use std::ops::Range;

use wdb_symbols::types::{Encoding, Function, Kind as TypeKind, Role};
use wdb_symbols::{Context, Language, Object, Type, TypeRef, Unavailable};

use super::Error;
use super::access;
use super::elements;
use super::error::quoted;
use super::evaluate::{Evaluator, Operand};
use super::made;
use super::number::{IntegerType, Number};
use super::terms::{self, Term};
use super::tree::{Conversion, TypeName, TypeShape};
use crate::view::FrameId;

impl Evaluator<'_, '_, '_> {
    /// Those of the names that are types and no variables.
    pub(super) fn types_among(&mut self, names: &[String], frame: FrameId) -> Vec<String> {
        let is_type = |name: &&String| {
            !self.is_variable(name, frame) && self.plain_type(name, frame, &(0..0)).is_ok()
        };
        names.iter().filter(is_type).cloned().collect()
    }

    /// The type that a cast names.
    pub(super) fn type_named(&mut self, name: &TypeName, frame: FrameId) -> Result<TypeRef, Error> {
        match &name.shape {
            TypeShape::Named => self.plain_type(&name.text, frame, &name.span),
            TypeShape::Pointer(target) => {
                // References to slices and texts are types of their own.
                if name.text.starts_with(['&', '*'])
                    && let Some(found) = self.known_type(&name.text, frame, &name.span)?
                {
                    return Ok(found);
                }
                let target = self.type_named(target, frame)?;
                Ok(self.pointer_type(target, frame))
            }
            TypeShape::Reference(target) => {
                let target = self.type_named(target, frame)?;
                Ok(self.pointer_type(target, frame))
            }
            TypeShape::Qualified(words, of) => {
                let of = self.type_named(of, frame)?;
                Ok(self.ask(frame, |context| made::qualified(context.symbols, words, of)))
            }
            TypeShape::Function(parameters, result) => {
                let types = parameters.types.iter();
                let types: Result<_, _> = types.map(|it| self.type_named(it, frame)).collect();
                let function = Function {
                    parameters: types?,
                    variadic: parameters.variadic,
                    result: self.type_named(result, frame)?,
                };
                let language = match self.language(frame) {
                    Some(Language::Cpp) => Language::Cpp,
                    _ => Language::C,
                };
                Ok(self.ask(frame, |context| {
                    let symbols = context.symbols;
                    symbols.type_of_functions(function, Some(language))
                }))
            }
            TypeShape::Array(element, count) => {
                let element = self.type_named(element, frame)?;
                self.get(frame, &name.span, |context| {
                    elements::array_of(context, element, *count)
                })
            }
        }
    }

    /// The type of this name: one of the program, else one of the language.
    pub(super) fn plain_type(
        &mut self,
        name: &str,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<TypeRef, Error> {
        let is_qualifier = |word: &&str| matches!(*word, "const" | "volatile" | "restrict" | "mut");
        let (qualifiers, words): (Vec<_>, Vec<_>) = name.split(' ').partition(is_qualifier);
        let found = self.unqualified_type(&words, frame, span)?;
        if qualifiers.is_empty() {
            return Ok(found);
        }
        Ok(self.ask(frame, |context| {
            let ty = context.ty(&found);
            let ty = Type {
                name: format!("{} {}", qualifiers.join(" "), ty.name).into(),
                language: ty.language,
                size: ty.size,
                kind: TypeKind::Qualified(found),
            };
            TypeRef::Made(ty.into())
        }))
    }

    fn unqualified_type(
        &mut self,
        words: &[&str],
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<TypeRef, Error> {
        let name = words.join(" ");
        if name == "void" {
            return Ok(TypeRef::Void);
        }
        if let Some(found) = self.known_type(&name, frame, span)? {
            return Ok(found);
        }
        let language = self.language(frame);
        let address = u64::from(self.address_bits(frame) / 8);
        match built_in(words, language, address) {
            Some((encoding, size)) => Ok(made::ty(&name, language, size, TypeKind::Base(encoding))),
            None => Err(Error::new(format!("no type is called `{name}`"), span)),
        }
    }

    /// The type of this name that the debug information describes.
    fn known_type(
        &mut self,
        name: &str,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Option<TypeRef>, Error> {
        let language = self.language(frame);
        let mut found = self.ask(frame, |context| {
            let found = context.symbols.types_named(name);
            let found = found.into_iter().map(|it| (context.ty(&it), it));
            found.collect::<Vec<_>>()
        });
        // A program of several languages has several types called `char`.
        if found.iter().any(|it| it.0.language == language) {
            found.retain(|it| it.0.language == language);
        }
        if let Some(exact) = found.iter().position(|it| &*it.0.name == name) {
            return Ok(Some(found.swap_remove(exact).1));
        }
        let mut names: Vec<&str> = found.iter().map(|it| &*it.0.name).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() > 1 {
            let message = format!(
                "`{name}` may be {}",
                quoted(names.iter().copied().take(8), "or")
            );
            return Err(Error::new(message, span));
        }
        Ok(found.into_iter().next().map(|it| it.1))
    }

    /// A value as a cast makes it.
    pub(super) fn converted(
        &mut self,
        conversion: Conversion,
        name: &TypeName,
        operand: &Operand,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        let frame = operand.frame;
        let TypeShape::Reference(target) = &name.shape else {
            let ty = self.type_named(name, frame)?;
            return self.cast_as(conversion, operand, ty, span);
        };
        // A reference to an object is what a pointer to it, cast so, points to.
        let target = self.type_named(target, frame)?;
        let object = self.get(frame, span, |context| {
            access::dereferenced(context, &operand.object)
        })?;
        let Some(address) = object.address() else {
            return self.cast_as(conversion, operand, target, span);
        };
        let pointer = Operand {
            object: self.pointer(address, object.ty, frame),
            frame,
        };
        let ty = self.pointer_type(target, frame);
        let cast = self.cast_as(conversion, &pointer, ty, span)?;
        let object = self.get(frame, span, |context| {
            access::dereference(context, &cast.object)
        })?;
        Ok(Operand { object, frame })
    }

    fn cast_as(
        &mut self,
        conversion: Conversion,
        operand: &Operand,
        ty: TypeRef,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        let frame = operand.frame;
        let object = match conversion {
            Conversion::Static => return self.cast(operand, ty, span),
            Conversion::Reinterpret => self.get(frame, span, |context| {
                let object = access::dereferenced(context, &operand.object)?;
                as_number(context, &object, ty)
            })?,
            Conversion::Dynamic => self.get(frame, span, |context| {
                let object = access::dereferenced(context, &operand.object)?;
                dynamic(context, &object, ty)
            })?,
        };
        Ok(Operand { object, frame })
    }

    /// A value as one of another type.
    pub(super) fn cast(
        &mut self,
        operand: &Operand,
        ty: TypeRef,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        let frame = operand.frame;
        let object = self.get(frame, span, |context| {
            let object = access::dereferenced(context, &operand.object)?;
            convert(context, &object, ty)
        })?;
        Ok(Operand { object, frame })
    }
}

/// `object` as a `ty`: numbers and pointers are converted; of others, the bytes are looked at as those of a `ty`.
pub(super) fn convert(
    context: &mut Context<'_>,
    object: &Object,
    ty: TypeRef,
) -> Result<Object, Unavailable> {
    let to = context.bare(&ty);
    if let Some(found) = related(context, object, &ty, &to)? {
        return Ok(found);
    }
    as_number(context, object, ty)
}

/// What `dynamic_cast` makes of a pointer: one to that part of the object that is of the class, else null.
fn dynamic(
    context: &mut Context<'_>,
    pointer: &Object,
    ty: TypeRef,
) -> Result<Object, Unavailable> {
    let to = context.bare(&ty);
    let (TypeKind::Pointer(_, wanted), TypeKind::Pointer(..)) =
        (&to.kind, &context.bare(&pointer.ty).kind)
    else {
        let words = "`dynamic_cast` makes a pointer to an object of a class of another";
        return Err(access::words(words));
    };
    let wanted = context.bare(wanted);
    let size = context.size(&ty)?.min(8) as usize;
    let found = |address: u64| Object::of_bytes(address.to_le_bytes()[..size].to_vec(), ty.clone());
    if context.unsigned(pointer)? == 0 {
        return Ok(found(0));
    }
    let object = access::target(context, pointer)?;
    let own = context.bare(&object.ty);
    if own.name == wanted.name {
        return Ok(found(context.unsigned(pointer)?));
    }
    if let Some(base) = base(context, &object, &wanted.name)? {
        return Ok(found(base.address().unwrap_or(0)));
    }
    let Some(whole) = context.whole_object(&object) else {
        if has_table(context, &object) {
            return Ok(found(0));
        }
        let words = format!(
            "a `{}` has no virtual functions, which would tell what it is a part of",
            own.name
        );
        return Err(access::words(words));
    };
    let part = if context.bare(&whole.ty).name == wanted.name {
        Some(whole)
    } else {
        // A base class that is there twice cannot be reached, as in C++.
        base(context, &whole, &wanted.name).unwrap_or_default()
    };
    Ok(found(part.and_then(|it| it.address()).unwrap_or(0)))
}

/// Whether a class has virtual functions.
pub(super) fn has_table(context: &mut Context<'_>, object: &Object) -> bool {
    let mut open = vec![context.bare(&object.ty)];
    for _ in 0..MOST_BASES {
        let Some(class) = open.pop() else {
            break;
        };
        let TypeKind::Record(record) = &class.kind else {
            continue;
        };
        for member in &record.members {
            let name = member.name.as_deref();
            if name.is_some_and(|it| it.starts_with("_vptr")) {
                return true;
            }
            if member.role != Role::Field {
                open.push(context.bare(&member.ty));
            }
        }
    }
    false
}

/// `object` as a `ty`, whatever its address is that of.
fn as_number(
    context: &mut Context<'_>,
    object: &Object,
    ty: TypeRef,
) -> Result<Object, Unavailable> {
    let to = context.bare(&ty);
    if let TypeKind::Record(_) | TypeKind::Array(_) = to.kind {
        let (has, needs) = (context.size(&object.ty)?, context.size(&ty)?);
        if has < needs && object.address().is_none() || object.bits.is_some() {
            return Err(access::words(format!(
                "it has {has} bytes, and `{}` has {needs}",
                to.name
            )));
        }
        return Ok(object.part(0, Some(needs), ty));
    }
    if matches!(to.kind, TypeKind::Void) && to.size.is_none() {
        return Err(access::words(format!("`{}` has no values", to.name)));
    }
    let size = context.size(&ty)?;
    let number = match terms::term(context, object)? {
        Term::Number(number) => number,
        Term::Pointer(address, _) => {
            Number::integer(u128::from(address), IntegerType::unsigned(64))
        }
    };
    let bits = size.saturating_mul(8).min(128) as u32;
    let integer = |signed| {
        let value = number.to_integer(IntegerType { bits, signed });
        value.to_le_bytes()[..(size as usize).min(16)].to_vec()
    };
    let bytes = match &to.kind {
        TypeKind::Base(Encoding::Boolean) => vec![u8::from(!number.is_zero()); size as usize],
        TypeKind::Base(Encoding::Float) if size == 4 => {
            (number.float() as f32).to_le_bytes().to_vec()
        }
        TypeKind::Base(Encoding::Float) if size == 8 => number.float().to_le_bytes().to_vec(),
        TypeKind::Base(Encoding::Signed | Encoding::SignedChar) => integer(true),
        TypeKind::Base(
            Encoding::Unsigned | Encoding::Address | Encoding::UnsignedChar | Encoding::Unicode,
        )
        | TypeKind::Pointer(..) => integer(false),
        TypeKind::Enumeration(_) | TypeKind::MemberPointer(..) => integer(true),
        TypeKind::Broken(reason) => return Err(Unavailable::Broken(reason.clone())),
        _ => {
            return Err(access::words(format!(
                "nothing can be cast to `{}`",
                to.name
            )));
        }
    };
    Ok(Object::of_bytes(bytes, ty))
}

/// The cast of C++ between a class and one that it is derived from, or between pointers to them: the parts of an object have
/// addresses of their own. `None`: the classes have nothing to do with one another, or are none.
fn related(
    context: &mut Context<'_>,
    object: &Object,
    ty: &TypeRef,
    to: &Type,
) -> Result<Option<Object>, Unavailable> {
    let from = context.bare(&object.ty);
    let (TypeKind::Pointer(_, from), TypeKind::Pointer(_, wanted)) = (&from.kind, &to.kind) else {
        let base = base(context, object, &to.name)?;
        return Ok(base.map(|base| Object {
            ty: ty.clone(),
            ..base
        }));
    };
    let (from, wanted) = (from.clone(), wanted.clone());
    let (is, becomes) = (context.bare(&from), context.bare(&wanted));
    if !matches!(
        (&is.kind, &becomes.kind),
        (TypeKind::Record(_), TypeKind::Record(_))
    ) {
        return Ok(None);
    }
    let address = context.unsigned(object)?;
    let whole = Object::at(address, from);
    let up = base(context, &whole, &becomes.name)?;
    let found = match up.and_then(|it| it.address()) {
        Some(up) => Some(up),
        None => {
            // How far into the derived class its base is. Of a virtual base, only an object could tell.
            let at = 1 << 32;
            let derived = Object::at(at, wanted);
            let inside = base(context, &derived, &is.name)?;
            let inside = inside.and_then(|it| it.address()?.checked_sub(at));
            inside.and_then(|it| address.checked_sub(it))
        }
    };
    let size = context.size(ty)?.min(8) as usize;
    Ok(found
        .filter(|_| address != 0)
        .map(|found| Object::of_bytes(found.to_le_bytes()[..size].to_vec(), ty.clone())))
}

/// At most this many base classes are looked at. A damaged class may be its own, any number of times.
const MOST_BASES: usize = 1000;

/// The part of an object that is its base class of this name.
///
/// # Errors
///
/// When several are.
fn base(
    context: &mut Context<'_>,
    object: &Object,
    name: &str,
) -> Result<Option<Object>, Unavailable> {
    let mut found = parts_of_class(context, object, &|it| it == name);
    if found.len() > 1 {
        return Err(access::words(format!(
            "`{name}` is a base class of `{}` more than once",
            context.bare(&object.ty).name
        )));
    }
    Ok(found.pop())
}

/// The parts of an object that are its base classes of such names, each once: a virtual one is shared.
pub fn parts_of_class(
    context: &mut Context<'_>,
    object: &Object,
    is_it: &dyn Fn(&str) -> bool,
) -> Vec<Object> {
    let mut open = vec![object.clone()];
    let mut found: Vec<Object> = Vec::new();
    let mut looked_at = 0;
    while let Some(object) = open.pop() {
        let ty = context.bare(&object.ty);
        let TypeKind::Record(record) = &ty.kind else {
            continue;
        };
        for member in record.members.iter().filter(|it| it.role != Role::Field) {
            looked_at += 1;
            if looked_at > MOST_BASES {
                return found;
            }
            let part = context.member(&object, member);
            if !is_it(&context.bare(&part.ty).name) {
                open.push(part);
            } else if found.iter().all(|it| it.place != part.place) {
                found.push(part);
            }
        }
    }
    found
}

/// The types that the languages have without a program that uses them; `address` is the size of one.
fn built_in(words: &[&str], language: Option<Language>, address: u64) -> Option<(Encoding, u64)> {
    use Encoding::{Boolean, Float, Signed, SignedChar, Unicode, Unsigned, UnsignedChar};
    let rust = language == Some(Language::Rust);
    if let [word] = words {
        let known = match *word {
            "bool" | "_Bool" => (Boolean, 1),
            "char" if rust => (Unicode, 4),
            "float" | "f32" => (Float, 4),
            "double" | "f64" => (Float, 8),
            "i8" | "int8_t" => (Signed, 1),
            "i16" | "int16_t" => (Signed, 2),
            "i32" | "int32_t" | "wchar_t" => (Signed, 4),
            "i64" | "int64_t" => (Signed, 8),
            "i128" | "__int128" => (Signed, 16),
            "isize" | "ssize_t" | "ptrdiff_t" | "intptr_t" => (Signed, address),
            "u8" | "uint8_t" => (Unsigned, 1),
            "u16" | "uint16_t" => (Unsigned, 2),
            "u32" | "uint32_t" => (Unsigned, 4),
            "u64" | "uint64_t" => (Unsigned, 8),
            "u128" => (Unsigned, 16),
            "usize" | "size_t" | "uintptr_t" => (Unsigned, address),
            "char8_t" => (Unicode, 1),
            "char16_t" => (Unicode, 2),
            "char32_t" => (Unicode, 4),
            _ => (Boolean, 0),
        };
        if known.1 > 0 {
            return Some(known);
        }
    }
    // C's, whose words come in any order.
    let count = |wanted| words.iter().filter(|word| **word == wanted).count();
    let others = [
        "unsigned", "signed", "char", "short", "int", "long", "double", "__int128",
    ];
    if words.is_empty() || words.iter().any(|word| !others.contains(word)) {
        return None;
    }
    let unsigned = count("unsigned") > 0;
    let integer = if unsigned { Unsigned } else { Signed };
    Some(match (count("char"), count("short"), count("long")) {
        (1, _, _) if unsigned => (UnsignedChar, 1),
        (1, _, _) => (SignedChar, 1),
        (_, 1, _) => (integer, 2),
        _ if count("__int128") > 0 => (integer, 16),
        // `long double` has 128 bits in WebAssembly.
        (_, _, 1) if count("double") > 0 => (Float, 16),
        (_, _, 2) => (integer, 8),
        (_, _, 1) => (integer, address),
        _ => (integer, 4),
    })
}
