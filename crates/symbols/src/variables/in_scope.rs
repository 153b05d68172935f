//! The variables in scope at an address.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use gimli::{AttributeValue, UnitOffset};

use super::declaration::Declaration;
use super::{Variable, VariableKind};
use crate::dwarf::{Dwarf, Slice};
use crate::fuel::{CutShort, Fuel};
use crate::functions;
use crate::inlines::Call;
use crate::ranges::Extent;
use crate::units::Unit;

/// A scope that contains the address: a function, an inlined function, a block.
struct Scope {
    /// The depth of its entry.
    depth: isize,
    /// How many inlined calls around the address contain it.
    calls: usize,
    entry: UnitOffset,
    /// Its code.
    code: Arc<[Range<u32>]>,
    /// The entries of the variables that it declares.
    variables: Vec<UnitOffset>,
}

/// At most this many variables of one function are read: no real function has more.
const MOST_VARIABLES: usize = 1 << 16;

/// The variables in scope at `address`, in the function whose entry is at `function` and in the `calls` (outermost
/// first) that are inlined there: one list for the function and one for each call. If the DWARF is broken, the lists
/// have the variables before the error.
pub(super) fn at<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    function: UnitOffset,
    address: u32,
    calls: &[Call],
) -> (Vec<Vec<Variable>>, Option<CutShort>) {
    let fuel = Fuel::for_reading(dwarf.size());
    let mut scopes = Vec::new();
    let mut broken = walk(dwarf, unit, function, address, calls, &fuel, &mut scopes).err();
    let mut places = vec![Vec::new(); calls.len() + 1];
    for scope in &scopes {
        let variables = &mut places[scope.calls];
        if let Err(error) = declared(dwarf, unit, scope, &fuel, variables) {
            broken.get_or_insert(error);
        }
    }
    for place in &mut places {
        mark_shadowed(place);
        place.sort_by_key(|it| it.kind != VariableKind::Parameter);
    }
    (places, broken)
}

/// Finds the scopes around `address`, outer ones first.
fn walk<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    function: UnitOffset,
    address: u32,
    calls: &[Call],
    fuel: &Fuel,
    scopes: &mut Vec<Scope>,
) -> Result<(), CutShort> {
    let mut entries = unit.gimli.entries_raw(Some(function))?;
    let Some(abbreviation) = entries.read_abbreviation()? else {
        return Ok(());
    };
    scopes.push(Scope {
        depth: 0,
        calls: 0,
        entry: function,
        code: code(dwarf, unit, &mut entries, abbreviation, fuel)?.into(),
        variables: Vec::new(),
    });
    // The indices of the scopes that contain the current entry.
    let mut open = vec![0];
    // While the children of an entry are skipped: its depth.
    let mut skipped: Option<isize> = None;
    let mut count = 0;
    while !entries.is_empty() {
        let depth = entries.next_depth();
        if depth <= 0 {
            break;
        }
        let entry = entries.next_offset();
        let Some(abbreviation) = entries.read_abbreviation()? else {
            continue;
        };
        fuel.burn(1 + abbreviation.attributes().len())?;
        skipped = skipped.filter(|skipped| *skipped < depth);
        while open
            .last()
            .is_some_and(|scope| depth <= scopes[*scope].depth)
        {
            open.pop();
        }
        let Some(innermost) = open.last().map(|scope| &mut scopes[*scope]) else {
            break;
        };
        let mut inner_calls = innermost.calls;
        let is_scope = skipped.is_none()
            && match abbreviation.tag() {
                gimli::DW_TAG_variable
                | gimli::DW_TAG_formal_parameter
                | gimli::DW_TAG_constant => {
                    count += 1;
                    if count > MOST_VARIABLES {
                        return Err(CutShort::Exhausted);
                    }
                    innermost.variables.push(entry);
                    false
                }
                gimli::DW_TAG_lexical_block
                | gimli::DW_TAG_try_block
                | gimli::DW_TAG_catch_block => true,
                gimli::DW_TAG_inlined_subroutine => {
                    let next = calls.get(inner_calls);
                    inner_calls += 1;
                    next.is_some_and(|it| it.entry == entry.0)
                }
                _ => false,
            };
        if !is_scope {
            entries.skip_attributes(abbreviation.attributes())?;
            if abbreviation.has_children() {
                skipped = skipped.or(Some(depth));
            }
            continue;
        }
        let code = code(dwarf, unit, &mut entries, abbreviation, fuel)?;
        if !code.iter().any(|it| it.contains(&address)) {
            skipped = Some(depth);
            continue;
        }
        open.push(scopes.len());
        scopes.push(Scope {
            depth,
            calls: inner_calls,
            entry,
            code: code.into(),
            variables: Vec::new(),
        });
    }
    Ok(())
}

/// Reads the rest of an entry: the code that it covers.
fn code<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    entries: &mut gimli::EntriesRaw<'_, Slice<'a>>,
    abbreviation: &gimli::Abbreviation,
    fuel: &Fuel,
) -> Result<Vec<Range<u32>>, CutShort> {
    let mut extent = Extent::default();
    for spec in abbreviation.attributes() {
        extent.note(&entries.read_attribute(*spec)?);
    }
    let mut code = Vec::new();
    extent.each(dwarf, &unit.gimli, fuel, |range| {
        // Nested blocks may all have the same list. Fuel limits how many ranges are kept.
        fuel.burn(15)?;
        code.push(range);
        Ok(())
    })?;
    Ok(code)
}

/// Adds the variables that `scope` declares.
///
/// An inlined function, or one with an inlined copy somewhere, is an instance of an abstract function, which has the
/// names and types. A variable that the optimiser removed completely is only in the abstract function.
fn declared<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    scope: &Scope,
    fuel: &Fuel,
    found: &mut Vec<Variable>,
) -> Result<(), CutShort> {
    let mut add = |unit: &Unit<'a>, entry: UnitOffset| {
        let declaration = Declaration::read(dwarf, unit, entry);
        fuel.burn(declaration.attributes + declaration.name.map_or(0, |it| it.len()))?;
        let offset = entry.to_debug_info_offset(&unit.gimli.header);
        let variable = offset.and_then(|it| declaration.variable(unit, it.0));
        found.extend(variable.map(|variable| Variable {
            scope: Arc::clone(&scope.code),
            ..variable
        }));
        Ok::<_, CutShort>(())
    };
    let origin = origin(unit, scope.entry).and_then(|it| functions::referred(dwarf, it));
    let Some((elsewhere, origin)) = origin else {
        return scope.variables.iter().try_for_each(|it| add(unit, *it));
    };
    let abstract_unit = elsewhere.as_ref().unwrap_or(unit);
    let of_abstract = children(abstract_unit, origin, fuel)?;
    let mut instances: HashMap<UnitOffset, Option<UnitOffset>> =
        of_abstract.iter().map(|it| (*it, None)).collect();
    let mut not_in_abstract = Vec::new();
    for entry in &scope.variables {
        let instance = self::origin(unit, *entry)
            .and_then(|it| functions::referred(dwarf, it))
            .filter(|(origin_unit, _)| origin_unit.as_ref().unwrap_or(unit).id == abstract_unit.id)
            .and_then(|(_, origin)| instances.get_mut(&origin));
        match instance {
            Some(instance) => *instance = Some(*entry),
            None => not_in_abstract.push(*entry),
        }
    }
    for entry in of_abstract {
        match instances.get(&entry) {
            Some(Some(instance)) => add(unit, *instance)?,
            _ => add(abstract_unit, entry)?,
        }
    }
    not_in_abstract
        .into_iter()
        .try_for_each(|entry| add(unit, entry))
}

/// The entry that the entry at `offset` is an instance of.
fn origin<'a>(unit: &Unit<'a>, offset: UnitOffset) -> Option<AttributeValue<Slice<'a>>> {
    let mut entries = unit.gimli.entries_raw(Some(offset)).ok()?;
    let abbreviation = entries.read_abbreviation().ok()??;
    for spec in abbreviation.attributes() {
        if spec.name() == gimli::DW_AT_abstract_origin {
            return Some(entries.read_attribute(*spec).ok()?.value());
        }
        entries.skip_attributes(std::slice::from_ref(spec)).ok()?;
    }
    None
}

/// The entries of the variables that the entry at `offset` declares itself.
fn children(unit: &Unit<'_>, offset: UnitOffset, fuel: &Fuel) -> Result<Vec<UnitOffset>, CutShort> {
    let mut found = Vec::new();
    let mut entries = unit.gimli.entries_raw(Some(offset))?;
    while !entries.is_empty() {
        let depth = entries.next_depth();
        if depth <= 0 && offset != entries.next_offset() {
            break;
        }
        let entry = entries.next_offset();
        let Some(abbreviation) = entries.read_abbreviation()? else {
            continue;
        };
        fuel.burn(1 + abbreviation.attributes().len())?;
        entries.skip_attributes(abbreviation.attributes())?;
        if depth == 1
            && let gimli::DW_TAG_variable | gimli::DW_TAG_formal_parameter | gimli::DW_TAG_constant =
                abbreviation.tag()
        {
            found.push(entry);
        }
    }
    Ok(found)
}

/// Marks variables that an inner variable with the same name hides. The variables come outermost first. The parameters
/// of a parameter pack of C++ have the same name, and none hides the others.
fn mark_shadowed(variables: &mut [Variable]) {
    let mut seen: HashMap<Arc<str>, VariableKind> = HashMap::new();
    for variable in variables.iter_mut().rev() {
        let inner = seen.get(&variable.name).copied();
        variable.shadowed = match (inner, variable.kind) {
            (Some(VariableKind::Parameter), VariableKind::Parameter) | (None, _) => false,
            (Some(_), _) => true,
        };
        seen.entry(Arc::clone(&variable.name))
            .or_insert(variable.kind);
    }
}
