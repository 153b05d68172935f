//! Which type a Rust `dyn Trait` really has: rustc describes each table of functions.

use std::collections::BTreeMap;

use gimli::{AttributeValue, UnitOffset};

use super::read::{Error, Reader};
use super::{TypeId, TypeRef};
use crate::Symbols;
use crate::dwarf::Dwarf;
use crate::fuel::Fuel;
use crate::scopes::ScopeKind;

/// The concrete types of Rust's `dyn`s, by the addresses of their tables of functions.
pub(crate) type Vtables = BTreeMap<u64, TypeId>;

impl Symbols {
    /// The type whose table of functions lies at `address`: what a Rust `dyn Trait` with that table is.
    ///
    /// For C++ see [`Context::whole_object`](crate::Context::whole_object).
    pub fn vtable_type(&self, address: u64) -> Option<TypeRef> {
        let dwarf = self.dwarf()?;
        let found = *dwarf.vtables().get(&address)?;
        Some(TypeRef::Entry(found))
    }

    /// How many bytes an address has.
    pub fn address_size(&self) -> u64 {
        let memory = self.module().memories().first();
        if memory.is_some_and(|it| it.memory64) {
            8
        } else {
            4
        }
    }
}

/// Finds the tables that rustc describes: a static `<T as Trait>::{vtable}`, whose type says what `T` is
/// (`DW_AT_containing_type`).
pub(crate) fn vtables(dwarf: &Dwarf<'_>) -> Vtables {
    let reader = Reader {
        dwarf,
        fuel: &Fuel::for_reading(dwarf.size()),
    };
    let mut tables = Vtables::new();
    for id in dwarf.units().ids() {
        let Ok(unit) = dwarf.units().open(dwarf, id) else {
            continue;
        };
        let scopes = dwarf.units().scopes(dwarf, &unit).all();
        for scope in scopes.iter().filter(|it| it.kind == ScopeKind::Vtable) {
            let entry = UnitOffset(scope.entry.0 as usize);
            let offset = entry.to_debug_info_offset(&unit.gimli.header);
            if let Some(offset) = offset
                && let Ok(Some((address, ty))) = reader.vtable(TypeId(offset.0))
            {
                tables.insert(address, ty);
            }
        }
    }
    tables
}

impl Reader<'_, '_> {
    /// Where the table is that the entry describes, and of which type.
    fn vtable(&self, id: TypeId) -> Result<Option<(u64, TypeId)>, Error> {
        let found = self.find(id)?;
        let (unit, entry) = (&found.unit, &found.entry);
        let Some(AttributeValue::Exprloc(location)) = entry.attr_value(gimli::DW_AT_location)
        else {
            return Ok(None);
        };
        let address = match location.operations(unit.gimli.encoding()).next()? {
            Some(gimli::Operation::Address { address }) => address,
            Some(gimli::Operation::AddressIndex { index }) => {
                self.dwarf.gimli.address(&unit.gimli, index)?
            }
            _ => return Ok(None),
        };
        let ty = self.reference(unit, entry.attr_value(gimli::DW_AT_type));
        let TypeRef::Entry(table) = ty else {
            return Ok(None);
        };
        let table = self.find(table)?;
        let of = table.entry.attr_value(gimli::DW_AT_containing_type);
        // The linker gives tables that it dropped the address 0 or one beyond all memory.
        match self.reference(&table.unit, of) {
            TypeRef::Entry(ty) if address != 0 => Ok(Some((address, ty))),
            _ => Ok(None),
        }
    }
}
