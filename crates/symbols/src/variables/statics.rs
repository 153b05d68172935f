//! Variables of which there is one for the whole program, or for a thread.

use std::collections::HashSet;
use std::sync::OnceLock;

use gimli::{AttributeValue, DebugInfoOffset, Expression, Operation, UnitOffset};

use super::declaration::Declaration;
use super::{Variable, VariableKind};
use crate::dwarf::{Dwarf, Slice};
use crate::fuel::{Fuel, Stop};
use crate::index;
use crate::scopes::{self, ScopeKind};
use crate::units::Unit;

/// The statics, sorted by where they start.
pub(crate) struct Addresses(Vec<Start>);

/// Where a static starts.
pub(super) struct Start {
    pub(super) address: u64,
    /// Its entry's offset in `.debug_info`.
    entry: u32,
    /// The static and its size: a backtrace asks for the same again and again.
    known: OnceLock<Option<Box<(Variable, u64)>>>,
}

impl Start {
    /// The static and its size. `None`: it is a table of virtual functions, or none after all.
    pub(super) fn variable(
        &self,
        dwarf: &Dwarf<'_>,
        size: impl FnOnce(&Variable) -> Option<u64>,
    ) -> Option<&(Variable, u64)> {
        let known = self.known.get_or_init(|| {
            let variable = whose_entry(dwarf, DebugInfoOffset(self.entry as usize))?;
            let size = size(&variable)?;
            Some(Box::new((variable, size)))
        });
        known.as_deref()
    }
}

/// As many statics are looked at for an address. A union of two needs two.
const MOST_AT_ADDRESS: usize = 16;

impl Addresses {
    /// Reads the locations of all statics of all units.
    ///
    /// Of all entries of a large program few are statics, and the rest is skipped: to read its names too takes
    /// ten times as long.
    pub(crate) fn make(dwarf: &Dwarf<'_>) -> Self {
        let mut all = Vec::new();
        for id in dwarf.units().ids() {
            if let Ok(unit) = dwarf.units().open(dwarf, id) {
                // What was found before the DWARF breaks counts. Who reads the names of the unit says that it does.
                let _ = addresses(dwarf, &unit, &mut all);
            }
        }
        all.sort_unstable_by_key(|it| (it.address, it.entry));
        Addresses(all)
    }

    /// The statics that start at `address`, or nearest before it.
    pub(super) fn before(&self, address: u64) -> impl Iterator<Item = &Start> {
        let after = self.0.partition_point(|it| it.address <= address);
        self.0[..after].iter().rev().take(MOST_AT_ADDRESS)
    }
}

/// Adds where the statics of a unit start, and their entries.
fn addresses<'a>(dwarf: &Dwarf<'a>, unit: &Unit<'a>, to: &mut Vec<Start>) -> Result<(), Stop> {
    let mut entries = unit.gimli.entries_raw(None)?;
    while !entries.is_empty() {
        let offset = entries.next_offset();
        let Some(abbreviation) = entries.read_abbreviation()? else {
            continue;
        };
        let attributes = abbreviation.attributes();
        dwarf.names_fuel().burn(1 + attributes.len())?;
        if abbreviation.tag() != gimli::DW_TAG_variable {
            entries.skip_attributes(attributes)?;
            continue;
        }
        for spec in attributes {
            let attribute = entries.read_attribute(*spec)?;
            if attribute.name() == gimli::DW_AT_location
                && let AttributeValue::Exprloc(location) = attribute.value()
                && let Some(Fixed::At(address)) = address(dwarf, unit, location)
                && let Some(entry) = offset.to_debug_info_offset(&unit.gimli.header)
                && let Ok(entry) = u32::try_from(entry.0)
            {
                to.push(Start {
                    address,
                    entry,
                    known: OnceLock::new(),
                });
            }
        }
    }
    Ok(())
}

/// The static whose entry is at `offset`. `None`: it is a table of virtual functions, or none after all.
fn whose_entry(dwarf: &Dwarf<'_>, offset: DebugInfoOffset) -> Option<Variable> {
    let (id, entry) = dwarf.units().containing(offset)?;
    let unit = dwarf.units().open(dwarf, id).ok()?;
    let scope = dwarf.units().scopes(dwarf, &unit).at(entry)?;
    let fuel = Fuel::for_one(dwarf.size());
    (scope.kind == ScopeKind::Static).then(|| variable(dwarf, &unit, entry, &fuel))?
}

/// The statics of a unit and of its functions.
pub(super) fn of_unit<'a>(dwarf: &Dwarf<'a>, unit: &Unit<'a>) -> Vec<Variable> {
    let all = entries(dwarf, unit);
    let fuel = Fuel::for_reading(dwarf.size());
    all.filter_map(|it| variable(dwarf, unit, it, &fuel))
        .collect()
}

fn entries<'a>(dwarf: &Dwarf<'a>, unit: &Unit<'a>) -> impl Iterator<Item = UnitOffset> {
    let all = dwarf.units().scopes(dwarf, unit).all().iter();
    all.filter(|it| it.kind == ScopeKind::Static)
        .map(|it| UnitOffset(it.entry.0 as usize))
}

/// The statics whose entries are at `offsets`.
fn at(dwarf: &Dwarf<'_>, offsets: impl IntoIterator<Item = DebugInfoOffset>) -> Vec<Variable> {
    let units = dwarf.units();
    // A static of an inline function, or a template's, has an entry in each unit, and lies in one place.
    let mut seen = HashSet::new();
    let fuel = Fuel::for_one(dwarf.size());
    let found = offsets.into_iter().filter_map(|offset| {
        let (id, entry) = units.containing(offset)?;
        let unit = units.open(dwarf, id).ok()?;
        let place = fixed(dwarf, &Declaration::read(dwarf, &unit, entry))?;
        let found = variable(dwarf, &unit, entry, &fuel)?;
        let is_new = match place {
            Fixed::At(address) => seen.insert((found.name.clone(), address)),
            Fixed::Otherwise => true,
        };
        is_new.then_some(found)
    });
    found.collect()
}

/// The static whose entry is at `entry`, by its qualified name.
fn variable<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    entry: UnitOffset,
    fuel: &Fuel,
) -> Option<Variable> {
    let found = Declaration::read(dwarf, unit, entry);
    fuel.burn(found.attributes).ok()?;
    fixed(dwarf, &found)?;
    let offset = entry.to_debug_info_offset(&unit.gimli.header)?.0;
    let mut variable = found.variable(unit, offset)?;
    // A constant has only a value.
    if variable.kind == VariableKind::Local {
        variable.kind = VariableKind::Static;
    }
    if let Some(name) = scopes::qualified_name(dwarf, unit, entry, fuel) {
        variable.name = name.strip_suffix(THREAD_LOCAL).unwrap_or(&name).into();
    }
    Some(variable)
}

/// What the macro `thread_local!` of Rust adds to the name that it is given.
const THREAD_LOCAL: &str = "::{closure#0}::__RUST_STD_INTERNAL_VAL";

/// The statics called `name`, from all units.
pub(super) fn named(dwarf: &Dwarf<'_>, name: &str) -> Vec<Variable> {
    let found = at(dwarf, index::statics_named(dwarf, name));
    if found.is_empty() {
        let of_macro = format!("{name}{THREAD_LOCAL}");
        return at(dwarf, index::statics_named(dwarf, &of_macro));
    }
    found
}

/// Whether the DWARF has statics of this name, and all of them without a place.
pub(super) fn is_removed(dwarf: &Dwarf<'_>, name: &str) -> bool {
    let entries = index::statics_named(dwarf, name);
    !entries.is_empty() && at(dwarf, entries).is_empty()
}

/// Where a static is.
enum Fixed {
    /// At this address.
    At(u64),
    /// Where the frame's thread has it; or it is a value.
    Otherwise,
}

/// Where a static is. `None`: the linker dropped it, or the compiler.
fn fixed<'a>(dwarf: &Dwarf<'a>, declaration: &Declaration<'a>) -> Option<Fixed> {
    let Some((id, location)) = &declaration.location else {
        return declaration.constant.as_ref().map(|_| Fixed::Otherwise);
    };
    let AttributeValue::Exprloc(expression) = location else {
        return Some(Fixed::Otherwise);
    };
    let unit = dwarf.units().open(dwarf, *id).ok()?;
    address(dwarf, &unit, *expression)
}

fn address<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    expression: Expression<Slice<'a>>,
) -> Option<Fixed> {
    let mut operations = expression.operations(unit.gimli.encoding());
    let (mut address, mut is_plain) = (None, true);
    while let Ok(Some(operation)) = operations.next() {
        match operation {
            Operation::Address { address: it } => address = Some(it),
            Operation::AddressIndex { index } => {
                address = Some(dwarf.gimli.address(&unit.gimli, index).ok()?);
            }
            // Without threads LLVM's `__tls_base + offset` has no base, and the offset is an address.
            Operation::WasmGlobal { index: u32::MAX } | Operation::Plus => {}
            // `DW_OP_GNU_push_tls_address` comes next.
            Operation::UnsignedConstant { value } if address.is_none() => {
                (address, is_plain) = (Some(value), false);
            }
            _ => is_plain = false,
        }
    }
    match address {
        Some(it) if is_dropped(unit, it) || (it == 0 && is_plain) => None,
        Some(it) if is_plain => Some(Fixed::At(it)),
        _ => Some(Fixed::Otherwise),
    }
}

/// LLVM's linker writes -1 for the address of what it drops.
fn is_dropped(unit: &Unit<'_>, address: u64) -> bool {
    match unit.gimli.header.address_size() {
        8.. => address == u64::MAX,
        _ => address == u64::from(u32::MAX),
    }
}
