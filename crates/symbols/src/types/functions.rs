//! What types and functions say of each other: template arguments, tables of virtual functions.

use std::collections::BTreeSet;
use std::sync::Arc;

use gimli::{AttributeValue, EndianSlice, LittleEndian, Operation};
use wdb_module::FuncIndex;

use super::read::{Error, Found, Reader};
use super::{Function, Kind, Type, TypeId, TypeRef};
use crate::dwarf::Dwarf;
use crate::fuel::Fuel;
use crate::{Language, Symbols, lookup};

/// As many hops as from a function's code to its abstract function and to its declaration in a class, and then some.
const MOST_HOPS: usize = 8;

/// As many parameters of a function are named in its type: engines take no more of a function's.
const MOST_PARAMETERS: usize = 1_000;

/// What a function takes and gives back, as its source says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The types of its parameters, with `this` where it has that.
    pub parameters: Vec<TypeRef>,
    /// The first of them is `this`: C++'s methods that are not static have it.
    pub has_this: bool,
    /// For each of them, whether the code has it anywhere (`DW_AT_location`). LLVM removes parameters that nobody reads, and
    /// passes what is behind a pointer in place of the pointer, and then says nothing of where the parameter is.
    pub located: Vec<bool>,
    /// It takes more than those: `int printf(const char *, ...)`.
    pub variadic: bool,
    /// The type of its result.
    pub result: TypeRef,
    /// The optimiser has changed what the code takes or gives back, so that it is not called in the usual way
    /// (`DW_CC_nocall`, DWARF 5, section 3.3.1.1): LLVM removes arguments and results that nobody uses.
    pub rewritten: bool,
}

impl Symbols {
    /// What a function takes and gives back. `None` if the debug information does not describe it.
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

    /// The type of such functions, with its name.
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

    /// The template arguments of a function that are types.
    pub(crate) fn type_arguments(&self, function: FuncIndex) -> Vec<TypeRef> {
        let found = self.in_dwarf(function, |dwarf, address, body| {
            let (unit, entry) = lookup::function(dwarf, address, body)?;
            let entry = entry.to_debug_info_offset(&unit.gimli.header)?;
            type_arguments(dwarf, TypeId(entry.0)).ok()
        });
        found.unwrap_or_default()
    }

    /// Whether a class declares a method of this name itself, be there code of it or not.
    pub fn declares_method(&self, class: &TypeRef, name: &str) -> bool {
        let declares = || declares_method(&self.dwarf()?, self.entry_of(class)?, name).ok();
        declares().unwrap_or(false)
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

    /// The name of the virtual function that a class declares at this index of its table.
    pub(crate) fn virtual_function(&self, class: &TypeRef, index: u64) -> Option<String> {
        let TypeRef::Entry(class) = class else {
            return None;
        };
        virtual_function(&self.dwarf()?, *class, index).ok()?
    }
}

/// The code's own entry may leave types to that of the abstract function or of the declaration.
fn signature(dwarf: &Dwarf<'_>, function: TypeId) -> Result<Signature, Error> {
    let fuel = &Fuel::for_reading(dwarf.size());
    let reader = Reader { dwarf, fuel };
    let mut signature = Signature {
        parameters: Vec::new(),
        has_this: false,
        located: Vec::new(),
        variadic: false,
        result: TypeRef::Void,
        rewritten: false,
    };
    let mut function = function;
    // The entries of the parameters that the code has, and those that they are made from.
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
            let is_located = |it: &Option<usize>| it.is_some_and(|it| located.contains(&it));
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

/// They are where the function is declared.
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

fn declares_method(dwarf: &Dwarf<'_>, class: TypeId, name: &str) -> Result<bool, Error> {
    let fuel = &Fuel::for_one(dwarf.size());
    let reader = Reader { dwarf, fuel };
    let mut found = reader.find(class)?;
    if let Some(definition) = reader.definition(&found).filter(|_| found.is_declaration()) {
        found = reader.find(definition)?;
    }
    let mut declares = false;
    reader.each_below(
        &found,
        |_| false,
        |_, entry| {
            if !declares && entry.tag() == gimli::DW_TAG_subprogram {
                let own = reader.own_name(&found.unit, entry)?;
                declares = own.is_some_and(|it| *it == *name);
            }
            Ok(())
        },
    )?;
    Ok(declares)
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

/// The constant that a location consists of, as clang writes the index in a table of virtual functions.
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
