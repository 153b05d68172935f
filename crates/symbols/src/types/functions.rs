//! The types of functions, their template arguments, and the virtual functions of classes.

use std::collections::BTreeSet;
use std::sync::Arc;

use gimli::{AttributeValue, EndianSlice, LittleEndian, Operation};
use wdb_module::FuncIndex;

use super::read::{Error, Found, Reader};
use super::{Function, Kind, Type, TypeId, TypeRef};
use crate::dwarf::Dwarf;
use crate::fuel::Fuel;
use crate::{Language, Symbols, lookup};

/// At most this many references are followed: from the code of a function to the abstract function, and from there to
/// its declaration in a class. Real programs need two or three.
const MOST_HOPS: usize = 8;

/// At most this many parameters are named in the type of a function: engines do not accept more.
const MOST_PARAMETERS: usize = 1_000;

/// The parameters and the result of a function, as in its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The types of its parameters, including `this`.
    pub parameters: Vec<TypeRef>,
    /// The first parameter is `this`: true of methods of C++ that are not static.
    pub has_this: bool,
    /// For each parameter, whether it has a location in the code (`DW_AT_location`). LLVM removes unused parameters,
    /// and passes the target of a pointer instead of the pointer. Then the parameter has no location.
    pub located: Vec<bool>,
    /// It takes more arguments: `int printf(const char *, ...)`.
    pub variadic: bool,
    /// The type of its result.
    pub result: TypeRef,
    /// For a virtual function of C++, its index in the table of its class (`DW_AT_vtable_elem_location`).
    pub virtual_index: Option<u64>,
    /// The optimiser changed the parameters or the result of the code, so that it is not called in the usual way
    /// (`DW_CC_nocall`, DWARF 5, section 3.3.1.1): LLVM removes unused arguments and results.
    pub rewritten: bool,
}

impl Symbols {
    /// The signature of a function. `None` if the debug information does not describe it.
    pub fn signature(&self, function: FuncIndex) -> Option<Signature> {
        self.in_dwarf(function, |dwarf, address, body| {
            let (unit, entry) = lookup::function(dwarf, address, body)?;
            let entry = entry.to_debug_info_offset(&unit.gimli.header)?;
            signature(dwarf, TypeId(entry.0)).ok()
        })
    }

    /// The type of a function: `int (const char *, long)`. `None` if the debug information does not describe it.
    pub fn function_type(&self, function: FuncIndex) -> Option<TypeRef> {
        let mut signature = self.signature(function)?;
        signature.parameters.truncate(MOST_PARAMETERS);
        let ty = Function {
            parameters: signature.parameters,
            variadic: signature.variadic,
            result: signature.result,
        };
        let language = self.function_name(function).language;
        Some(self.type_of_functions(ty, language))
    }

    /// The type of functions with these parameters and result, with its name.
    pub fn type_of_functions(&self, function: Function, language: Option<Language>) -> TypeRef {
        let rust_name = || {
            let names = function.parameters.iter();
            let names = names.map(|it| self.ty(it).name.to_string());
            let names: Vec<String> = names.collect();
            let result = match &function.result {
                TypeRef::Void => String::new(),
                ty => format!(" -> {}", self.ty(ty).name),
            };
            format!("fn({}){result}", names.join(", "))
        };
        let is_c = matches!(language, Some(Language::C | Language::Cpp));
        let name = if is_c { String::new() } else { rust_name() };
        let mut ty = Type {
            name: name.into(),
            language,
            size: None,
            kind: Kind::Function(function),
        };
        if is_c {
            let unnamed = TypeRef::Made(Arc::new(ty.clone()));
            ty.name = self.declaration("", &unnamed).into();
        }
        TypeRef::Made(Arc::new(ty))
    }

    /// The template arguments of a function, only those that are types.
    pub(crate) fn type_arguments(&self, function: FuncIndex) -> Vec<TypeRef> {
        let found = self.in_dwarf(function, |dwarf, address, body| {
            let (unit, entry) = lookup::function(dwarf, address, body)?;
            let entry = entry.to_debug_info_offset(&unit.gimli.header)?;
            type_arguments(dwarf, TypeId(entry.0)).ok()
        });
        found.unwrap_or_default()
    }

    /// Whether a class itself, not a base class, declares a method with this name. The method may have no code.
    pub fn declares_method(&self, class: &TypeRef, name: &str) -> bool {
        let found = || methods_declared(&self.dwarf()?, self.entry_of(class)?, name).ok();
        found().is_some_and(|it| !it.is_empty())
    }

    /// The signature of the only method with this name that a class itself declares. The method may have no code.
    pub fn declared_method(&self, class: &TypeRef, name: &str) -> Option<Signature> {
        let dwarf = self.dwarf()?;
        let found = methods_declared(&dwarf, self.entry_of(class)?, name).ok()?;
        match found[..] {
            [method] => signature(&dwarf, method).ok(),
            _ => None,
        }
    }

    /// The entry of a type without the typedefs and qualifiers around it.
    fn entry_of(&self, ty: &TypeRef) -> Option<TypeId> {
        let mut ty = ty.clone();
        for _ in 0..MOST_HOPS {
            match &self.ty(&ty).kind {
                Kind::Alias(inner) | Kind::Qualified(inner) => ty = inner.clone(),
                _ => break,
            }
        }
        match ty {
            TypeRef::Entry(id) => Some(id),
            TypeRef::Void | TypeRef::Made(_) => None,
        }
    }

    /// The name of the virtual function that a class declares for this index of its table.
    pub(crate) fn virtual_function(&self, class: &TypeRef, index: u64) -> Option<String> {
        let TypeRef::Entry(class) = class else {
            return None;
        };
        virtual_function(&self.dwarf()?, *class, index).ok()?
    }
}

/// Reads a signature. The entry of the code may leave the types to the entry of the abstract function or the
/// declaration.
fn signature(dwarf: &Dwarf<'_>, function: TypeId) -> Result<Signature, Error> {
    let fuel = &Fuel::for_reading(dwarf.size());
    let reader = Reader { dwarf, fuel };
    let mut signature = Signature {
        parameters: Vec::new(),
        has_this: false,
        located: Vec::new(),
        variadic: false,
        result: TypeRef::Void,
        virtual_index: None,
        rewritten: false,
    };
    let mut function = function;
    // The entries of parameters with a location, and the entries of the abstract parameters that they are instances of.
    let mut located = BTreeSet::new();
    for _ in 0..MOST_HOPS {
        let found = reader.find(function)?;
        let mut parameters = Vec::new();
        let mut entries = Vec::new();
        let mut has_this = false;
        let mut variadic = false;
        reader.each_below(
            &found,
            |_| false,
            |_, entry| {
                if entry.tag() == gimli::DW_TAG_formal_parameter {
                    let id = entry
                        .offset()
                        .to_debug_info_offset(&found.unit.gimli.header);
                    let id = id.map(|it| it.0);
                    let is_located = entry.has_attr(gimli::DW_AT_location)
                        || entry.has_attr(gimli::DW_AT_const_value);
                    if is_located {
                        let origin = entry.attr_value(gimli::DW_AT_abstract_origin);
                        located.extend(id);
                        if let TypeRef::Entry(origin) = reader.reference(&found.unit, origin) {
                            located.insert(origin.0);
                        }
                    }
                    if let Some(ty) = entry.attr_value(gimli::DW_AT_type) {
                        let is_artificial = entry.has_attr(gimli::DW_AT_artificial);
                        has_this |= parameters.is_empty() && is_artificial;
                        parameters.push(reader.reference(&found.unit, Some(ty)));
                        entries.push(id);
                    }
                }
                variadic |= entry.tag() == gimli::DW_TAG_unspecified_parameters;
                Ok(())
            },
        )?;
        if signature.parameters.is_empty() {
            signature.parameters = parameters;
            signature.has_this = has_this;
            let is_located =
                |entry: &Option<usize>| entry.is_some_and(|entry| located.contains(&entry));
            signature.located = entries.iter().map(is_located).collect();
        }
        signature.variadic |= variadic;
        let convention = found.entry.attr_value(gimli::DW_AT_calling_convention);
        signature.rewritten |=
            convention == Some(AttributeValue::CallingConvention(gimli::DW_CC_nocall));
        if signature.result == TypeRef::Void {
            let ty = found.entry.attr_value(gimli::DW_AT_type);
            signature.result = reader.reference(&found.unit, ty);
        }
        let index = found.entry.attr_value(gimli::DW_AT_vtable_elem_location);
        signature.virtual_index = signature.virtual_index.or(constant(index, &found));
        let declared = [gimli::DW_AT_specification, gimli::DW_AT_abstract_origin];
        let origin = declared
            .into_iter()
            .find_map(|it| found.entry.attr_value(it));
        match reader.reference(&found.unit, origin) {
            TypeRef::Entry(origin) => function = origin,
            TypeRef::Void | TypeRef::Made(_) => break,
        }
    }
    Ok(signature)
}

/// Reads the template arguments of a function. They are at its declaration.
fn type_arguments(dwarf: &Dwarf<'_>, function: TypeId) -> Result<Vec<TypeRef>, Error> {
    let fuel = &Fuel::for_reading(dwarf.size());
    let reader = Reader { dwarf, fuel };
    let mut function = function;
    for _ in 0..MOST_HOPS {
        let found = reader.find(function)?;
        let mut arguments = Vec::new();
        reader.each_below(
            &found,
            |_| false,
            |_, entry| {
                if entry.tag() == gimli::DW_TAG_template_type_parameter {
                    let ty = entry.attr_value(gimli::DW_AT_type);
                    arguments.push(reader.reference(&found.unit, ty));
                }
                Ok(())
            },
        )?;
        if !arguments.is_empty() {
            return Ok(arguments);
        }
        let declared = [gimli::DW_AT_specification, gimli::DW_AT_abstract_origin];
        let origin = declared
            .into_iter()
            .find_map(|it| found.entry.attr_value(it));
        match reader.reference(&found.unit, origin) {
            TypeRef::Entry(origin) => function = origin,
            TypeRef::Void | TypeRef::Made(_) => break,
        }
    }
    Ok(Vec::new())
}

/// The methods with this name that a class itself declares.
fn methods_declared(dwarf: &Dwarf<'_>, class: TypeId, name: &str) -> Result<Vec<TypeId>, Error> {
    let fuel = &Fuel::for_one(dwarf.size());
    let reader = Reader { dwarf, fuel };
    let mut found = reader.find(class)?;
    if let Some(definition) = reader.definition(&found).filter(|_| found.is_declaration()) {
        found = reader.find(definition)?;
    }
    let mut methods = Vec::new();
    reader.each_below(
        &found,
        |_| false,
        |_, entry| {
            if entry.tag() == gimli::DW_TAG_subprogram
                && let Some(method) = reader.own_name(&found.unit, entry)?
                && *method == *name
            {
                let id = entry
                    .offset()
                    .to_debug_info_offset(&found.unit.gimli.header);
                methods.extend(id.map(|it| TypeId(it.0)));
            }
            Ok(())
        },
    )?;
    Ok(methods)
}

fn virtual_function(dwarf: &Dwarf<'_>, class: TypeId, index: u64) -> Result<Option<String>, Error> {
    let fuel = &Fuel::for_one(dwarf.size());
    let reader = Reader { dwarf, fuel };
    let found = reader.find(class)?;
    let mut name = None;
    reader.each_below(
        &found,
        |_| false,
        |_, entry| {
            let place = entry.attr_value(gimli::DW_AT_vtable_elem_location);
            if name.is_none() && constant(place, &found) == Some(index) {
                name = reader
                    .own_name(&found.unit, entry)?
                    .map(|it| it.to_string());
            }
            Ok(())
        },
    )?;
    Ok(name)
}

/// The constant in a location that is only a constant. Clang writes the index in a table of virtual functions so.
fn constant(
    place: Option<AttributeValue<EndianSlice<'_, LittleEndian>>>,
    found: &Found<'_>,
) -> Option<u64> {
    let AttributeValue::Exprloc(place) = place? else {
        return None;
    };
    match place
        .operations(found.unit.gimli.encoding())
        .next()
        .ok()??
    {
        Operation::UnsignedConstant { value } => Some(value),
        _ => None,
    }
}
