//! Variables that exist once for the whole program, or once for each thread.

use std::collections::HashSet;
use std::sync::OnceLock;

use gimli::{AttributeValue, DebugInfoOffset, Expression, Operation, UnitOffset};

use super::declaration::Declaration;
use super::{Variable, VariableKind};
use crate::dwarf::{Dwarf, Slice};
use crate::fuel::{CutShort, Fuel};
use crate::index;
use crate::scopes::{self, ScopeKind};
use crate::units::Unit;

/// The statics, sorted by their addresses.
pub(crate) struct Addresses(Vec<Start>);

/// The address of a static.
pub(super) struct Start {
    pub(super) address: u64,
    /// Its entry's offset in `.debug_info`.
    entry: u32,
    /// The static and its size, once read: a backtrace needs the same ones many times.
    known: OnceLock<Option<Box<(Variable, u64)>>>,
}

impl Start {
    /// The static and its size. `None`: it is a table of virtual functions, or not a static.
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

/// At most this many statics are looked at for an address. Several may start at one address.
const MOST_AT_ADDRESS: usize = 16;

impl Addresses {
    /// Reads the locations of all statics of all units.
    ///
    /// In a large program few entries are statics. The others are skipped: reading their names too would take ten times
    /// longer.
    pub(crate) fn make(dwarf: &Dwarf<'_>) -> Self {
        let mut all = Vec::new();
        for id in dwarf.units().ids() {
            if let Ok(unit) = dwarf.units().open(dwarf, id) {
                // Keeps the statics before an error in the DWARF. Reading the names of the unit reports the error.
                let _ = addresses(dwarf, &unit, &mut all);
            }
        }
        all.sort_unstable_by_key(|it| (it.address, it.entry));
        Addresses(all)
    }

    /// The statics that start at or before `address`, nearest first.
    pub(super) fn before(&self, address: u64) -> impl Iterator<Item = &Start> {
        let after = self.0.partition_point(|it| it.address <= address);
        self.0[..after].iter().rev().take(MOST_AT_ADDRESS)
    }
}

/// Adds the addresses and entries of the statics of a unit.
fn addresses<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    starts: &mut Vec<Start>,
) -> Result<(), CutShort> {
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
                starts.push(Start {
                    address,
                    entry,
                    known: OnceLock::new(),
                });
            }
        }
    }
    Ok(())
}

/// The static whose entry is at `offset`. `None`: it is a table of virtual functions, or not a static.
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
    // A static of an inline function or a template has an entry in each unit, but only one address.
    let mut seen = HashSet::new();
    let fuel = Fuel::for_one(dwarf.size());
    let found = offsets.into_iter().filter_map(|offset| {
        let (id, entry) = units.containing(offset)?;
        let unit = units.open(dwarf, id).ok()?;
        let place = fixed(dwarf, &Declaration::read(dwarf, &unit, entry))?;
        let variable = variable(dwarf, &unit, entry, &fuel)?;
        let is_new = match place {
            Fixed::At(address) => seen.insert((variable.name.clone(), address)),
            Fixed::Otherwise => true,
        };
        is_new.then_some(variable)
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
    let declaration = Declaration::read(dwarf, unit, entry);
    fuel.burn(declaration.attributes).ok()?;
    fixed(dwarf, &declaration)?;
    let offset = entry.to_debug_info_offset(&unit.gimli.header)?.0;
    let mut variable = declaration.variable(unit, offset)?;
    // A constant has a value and no location, which looks like a local.
    if variable.kind == VariableKind::Local {
        variable.kind = VariableKind::Static;
    }
    if let Some(name) = scopes::qualified_name(dwarf, unit, entry, fuel) {
        variable.name = name.strip_suffix(THREAD_LOCAL).unwrap_or(&name).into();
    }
    Some(variable)
}

/// The suffix that Rust's macro `thread_local!` adds to the name of its static.
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

/// Whether the DWARF has statics with this name, but none of them has a place or a value.
pub(super) fn is_removed(dwarf: &Dwarf<'_>, name: &str) -> bool {
    let entries = index::statics_named(dwarf, name);
    !entries.is_empty() && at(dwarf, entries).is_empty()
}

/// The place of a static.
enum Fixed {
    /// At this address.
    At(u64),
    /// It depends on the thread, or the static is only a value.
    Otherwise,
}

/// The place of a static. `None`: the linker or the compiler removed it.
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
        Some(address) if is_dropped(unit, address) || (address == 0 && is_plain) => None,
        Some(address) if is_plain => Some(Fixed::At(address)),
        _ => Some(Fixed::Otherwise),
    }
}

/// LLVM's linker writes -1 for the address of removed data.
fn is_dropped(unit: &Unit<'_>, address: u64) -> bool {
    match unit.gimli.header.address_size() {
        8.. => address == u64::MAX,
        _ => address == u64::from(u32::MAX),
    }
}
