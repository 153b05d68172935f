//! The concrete type of a Rust `dyn Trait`, and of an object of a C++ class with virtual functions: rustc and clang
//! describe each table of functions.

use std::collections::BTreeMap;

use gimli::{AttributeValue, UnitOffset};

use super::read::{Error, Reader};
use super::{TypeId, TypeRef};
use crate::Symbols;
use crate::dwarf::Dwarf;
use crate::fuel::Fuel;
use crate::scopes::ScopeKind;

/// The concrete types of objects, by the addresses of their tables of functions.
pub(crate) type Vtables = BTreeMap<u64, TypeId>;

impl Symbols {
    /// The type whose table of functions is at `address`: the concrete type of a Rust `dyn Trait` with that table, or
    /// of a C++ object that points to it, if the class has no virtual base class.
    ///
    /// For C++ see [`Context::whole_object`](crate::Context::whole_object), which knows more cases.
    pub fn vtable_type(&self, address: u64) -> Option<TypeRef> {
        let dwarf = self.dwarf()?;
        let entry = *dwarf.vtables().get(&address)?;
        Some(TypeRef::Entry(entry))
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

/// Finds the tables that rustc describes: each is a static `<T as Trait>::{vtable}`, and its type refers to `T`
/// (`DW_AT_containing_type`). Also those that clang describes since LLVM 21: `_vtable$`, a static member of the class.
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
        let scopes = dwarf.units().scopes(dwarf, &unit);
        let found = scopes.all().iter();
        for scope in found.filter(|it| it.kind == ScopeKind::Vtable) {
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
    /// The address of the table that the entry describes, and the type that it belongs to.
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
        if let Some(member) = entry.attr_value(gimli::DW_AT_specification) {
            let class = self.class_around(&self.reference(unit, Some(member)))?;
            // The table starts with the distance to the start of the object and the type information. Objects point
            // to the word after these two.
            let word = u64::from(unit.gimli.encoding().address_size);
            let address = address.checked_add(2 * word);
            return Ok(address.filter(|it| *it != 2 * word).zip(class));
        }
        let ty = self.reference(unit, entry.attr_value(gimli::DW_AT_type));
        let TypeRef::Entry(table) = ty else {
            return Ok(None);
        };
        let table = self.find(table)?;
        let concrete = table.entry.attr_value(gimli::DW_AT_containing_type);
        // The linker gives removed tables the address 0 or one beyond all memory.
        match self.reference(&table.unit, concrete) {
            TypeRef::Entry(ty) if address != 0 => Ok(Some((address, ty))),
            _ => Ok(None),
        }
    }

    /// The class that a member is declared in.
    fn class_around(&self, member: &TypeRef) -> Result<Option<TypeId>, Error> {
        let TypeRef::Entry(member) = member else {
            return Ok(None);
        };
        let found = self.find(*member)?;
        let scopes = self.dwarf.units().scopes(self.dwarf, &found.unit);
        let class = scopes.around(found.entry.offset());
        let class = class.filter(|it| it.kind == ScopeKind::Type);
        let header = &found.unit.gimli.header;
        let offset =
            class.and_then(|it| UnitOffset(it.entry.0 as usize).to_debug_info_offset(header));
        Ok(offset.map(|it| TypeId(it.0)))
    }
}
