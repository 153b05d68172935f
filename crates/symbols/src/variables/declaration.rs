//! The entry of a variable: its name, its type, and its location.

use std::sync::Arc;

use gimli::{AttributeValue, Operation, UnitOffset};

use super::{Variable, VariableKind};
use crate::dwarf::{Dwarf, Slice};
use crate::functions;
use crate::types::{TypeId, TypeRef};
use crate::units::{Unit, UnitId};

/// The entry of a variable, together with attributes of the entries that it is an instance of: the variable of an
/// abstract function, the member of a class.
pub(super) struct Declaration<'a> {
    pub(super) tag: Option<gimli::DwTag>,
    pub(super) name: Option<Slice<'a>>,
    pub(super) ty: TypeRef,
    pub(super) file: Option<u64>,
    pub(super) line: Option<u32>,
    pub(super) artificial: bool,
    /// Whether this only declares a variable that another unit or scope defines.
    pub(super) is_declaration: bool,
    /// `DW_AT_location`, and the unit that it belongs to.
    pub(super) location: Option<(UnitId, AttributeValue<Slice<'a>>)>,
    /// `DW_AT_const_value`, likewise.
    pub(super) constant: Option<(UnitId, AttributeValue<Slice<'a>>)>,
    /// How many attributes were read.
    pub(super) attributes: usize,
}

impl<'a> Declaration<'a> {
    /// Reads the entry at `offset`.
    pub(super) fn read(dwarf: &Dwarf<'a>, unit: &Unit<'a>, offset: UnitOffset) -> Self {
        let mut found = Declaration {
            tag: tag(unit, offset),
            name: None,
            ty: TypeRef::Void,
            file: None,
            line: None,
            artificial: false,
            is_declaration: false,
            location: None,
            constant: None,
            attributes: 0,
        };
        functions::visit(dwarf, unit, offset, |unit, attribute| {
            let value = attribute.value();
            found.attributes += 1;
            match attribute.name() {
                gimli::DW_AT_name if found.name.is_none() => {
                    found.name = dwarf.gimli.attr_string(&unit.gimli, value).ok();
                }
                gimli::DW_AT_type if found.ty == TypeRef::Void => {
                    found.ty = type_ref(dwarf, unit, value);
                }
                gimli::DW_AT_decl_file if found.file.is_none() => {
                    if let AttributeValue::FileIndex(index) = value {
                        found.file = Some(index);
                    }
                }
                gimli::DW_AT_decl_line if found.line.is_none() => {
                    found.line = value.udata_value().and_then(|it| u32::try_from(it).ok());
                }
                gimli::DW_AT_artificial => found.artificial |= value == AttributeValue::Flag(true),
                // For a definition, the declaration that it refers to has this attribute, and nothing overrides it.
                gimli::DW_AT_declaration => {
                    found.is_declaration |= value == AttributeValue::Flag(true)
                }
                gimli::DW_AT_location if found.location.is_none() => {
                    found.location = Some((unit.id, value));
                }
                gimli::DW_AT_const_value if found.constant.is_none() => {
                    found.constant = Some((unit.id, value));
                }
                _ => {}
            }
        });
        found
    }

    /// The variable. `None`: it has no name, or the entry is only a declaration.
    pub(super) fn variable(&self, unit: &Unit<'a>, entry: usize) -> Option<Variable> {
        let name = self.name?.to_string_lossy();
        let has_value = self.location.is_some() || self.constant.is_some();
        if name.is_empty() || (self.is_declaration && !has_value) {
            return None;
        }
        Some(Variable {
            name: name.as_ref().into(),
            ty: self.ty.clone(),
            kind: self.kind(unit),
            line: self.line.filter(|it| *it != 0),
            artificial: self.artificial,
            shadowed: false,
            everywhere: matches!(self.location, Some((_, AttributeValue::Exprloc(_)))),
            entry,
            scope: Arc::default(),
        })
    }

    fn kind(&self, unit: &Unit<'a>) -> VariableKind {
        match (self.tag, &self.location) {
            (Some(gimli::DW_TAG_formal_parameter), _) => VariableKind::Parameter,
            (_, Some((_, AttributeValue::Exprloc(expression)))) => kind(unit, *expression),
            _ => VariableKind::Local,
        }
    }
}

/// The kind of a variable with one location for all addresses. A variable that is only computed from the address of a
/// static, like a pointer that always points to it, is a local.
fn kind(unit: &Unit<'_>, expression: gimli::Expression<Slice<'_>>) -> VariableKind {
    let (mut has_address, mut is_computed, mut reads) = (false, false, false);
    let mut has_base = false;
    let mut operations = expression.operations(unit.gimli.encoding());
    while let Ok(Some(operation)) = operations.next() {
        match operation {
            Operation::TLS => return VariableKind::ThreadLocal,
            // `__tls_base`.
            Operation::WasmGlobal { .. } => has_base = true,
            Operation::Address { .. } | Operation::AddressIndex { .. } => has_address = true,
            Operation::StackValue => is_computed = true,
            // LLVM reduces a static with two possible values to one byte, and computes its value from that.
            Operation::Deref { .. } => reads = true,
            _ => {}
        }
    }
    if !has_address || is_computed && !reads {
        VariableKind::Local
    } else if has_base {
        VariableKind::ThreadLocal
    } else {
        VariableKind::Static
    }
}

fn tag(unit: &Unit<'_>, offset: UnitOffset) -> Option<gimli::DwTag> {
    let mut entries = unit.gimli.entries_raw(Some(offset)).ok()?;
    Some(entries.read_abbreviation().ok()??.tag())
}

/// The type that an attribute of an entry in `unit` refers to.
fn type_ref<'a>(dwarf: &Dwarf<'a>, unit: &Unit<'a>, value: AttributeValue<Slice<'a>>) -> TypeRef {
    let entry = match value {
        AttributeValue::UnitRef(offset) => offset.to_debug_info_offset(&unit.gimli.header),
        AttributeValue::DebugInfoRef(offset) => Some(offset),
        AttributeValue::DebugTypesRef(signature) => dwarf.units().with_signature(signature),
        _ => None,
    };
    entry.map_or(TypeRef::Void, |it| TypeRef::Entry(TypeId(it.0)))
}
