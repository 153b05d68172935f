//! What types and functions say of each other: template arguments, tables of virtual functions.

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
        variadic: false,
        result: TypeRef::Void,
        rewritten: false,
    };
    let mut function = function;
    for _ in 0..MOST_HOPS {
        let found = reader.find(function)?;
        let mut parameters = Vec::new();
        let mut variadic = false;
        reader.each_below(
            &found,
            |_| false,
            |_, entry| {
                if entry.tag() == gimli::DW_TAG_formal_parameter {
                    let ty = entry.attr_value(gimli::DW_AT_type);
                    parameters.extend(ty.map(|it| reader.reference(&found.unit, Some(it))));
                }
                variadic |= entry.tag() == gimli::DW_TAG_unspecified_parameters;
                Ok(())
            },
        )?;
        if signature.parameters.is_empty() {
            signature.parameters = parameters;
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
