//! The guest's globals and tables, read and changed while it is stopped.

use wasmtime::{AsContextMut as _, Mutability, Ref, RootScope, StoreContextMut, Val};
use wdb_coredump::{Global, GlobalId, Reference, Slot, Table, TableId, Value};
use wdb_debuggee::Error;

use crate::host::Host;
use crate::inventory::Inventory;
use crate::value::{Converter, to_engine};

pub(crate) fn globals(mut store: StoreContextMut<'_, Host>, inventory: &Inventory) -> Vec<Global> {
    let mut converter = Converter::new(inventory);
    inventory
        .globals
        .iter()
        .map(|(global, declared)| {
            let ty = global.ty(&store);
            let mut scope = RootScope::new(&mut store);
            let value = global.get(&mut scope);
            Global {
                ty: declared.clone().unwrap_or_else(|| ty.content().to_string()),
                mutable: ty.mutability() == Mutability::Var,
                value: Slot::Known(converter.value(scope.as_context_mut(), value)),
            }
        })
        .collect()
}

pub(crate) fn read(
    mut store: StoreContextMut<'_, Host>,
    inventory: &Inventory,
    id: TableId,
) -> Result<Table, Error> {
    let (table, declared) = inventory
        .tables
        .get(id.position())
        .ok_or_else(|| Error::NotFound(format!("table {}", id.0)))?;
    let ty = table.ty(&store);
    let size = table.size(&store);
    let mut converter = Converter::new(inventory);
    let mut elements = Vec::new();
    for index in 0..size {
        let mut scope = RootScope::new(&mut store);
        let Some(element) = table.get(&mut scope, index) else {
            break;
        };
        if let Some(reference) = reference(&mut converter, scope.as_context_mut(), element) {
            elements.push((index, reference));
        }
    }
    Ok(Table {
        element: declared.clone().unwrap_or_else(|| ty.element().to_string()),
        table64: ty.is_64(),
        maximum: ty.maximum(),
        size,
        elements,
    })
}

pub(crate) fn set_global(
    mut store: StoreContextMut<'_, Host>,
    inventory: &Inventory,
    id: GlobalId,
    value: &Value,
) -> Result<(), Error> {
    let (global, _) = inventory
        .globals
        .get(id.position())
        .ok_or_else(|| Error::NotFound(format!("global {}", id.0)))?;
    let mut scope = RootScope::new(&mut store);
    let value = to_engine(scope.as_context_mut(), inventory, value)?;
    global.set(&mut scope, value).map_err(refused)
}

pub(crate) fn set_element(
    mut store: StoreContextMut<'_, Host>,
    inventory: &Inventory,
    id: TableId,
    index: u64,
    reference: &Reference,
) -> Result<(), Error> {
    let (table, _) = inventory
        .tables
        .get(id.position())
        .ok_or_else(|| Error::NotFound(format!("table {}", id.0)))?;
    if index >= table.size(&store) {
        return Err(Error::NotFound(format!(
            "element {index} in table {}",
            id.0
        )));
    }
    let mut scope = RootScope::new(&mut store);
    let value = Value::Ref(reference.clone());
    let element = match to_engine(scope.as_context_mut(), inventory, &value)? {
        Val::FuncRef(func) => Ref::Func(func),
        Val::ExternRef(reference) => Ref::Extern(reference),
        Val::ExnRef(reference) => Ref::Exn(reference),
        Val::AnyRef(reference) => Ref::Any(reference),
        _ => return Err(Error::Refused("that is not a reference".into())),
    };
    table.set(&mut scope, index, element).map_err(refused)
}

fn refused(error: wasmtime::Error) -> Error {
    Error::Refused(format!("{error:#}"))
}

/// `None` for null.
fn reference(
    converter: &mut Converter<'_>,
    store: StoreContextMut<'_, Host>,
    element: Ref,
) -> Option<Reference> {
    match converter.value(store, Val::from(element)) {
        Value::Ref(Reference::Null(_)) => None,
        Value::Ref(reference) => Some(reference),
        _ => None,
    }
}
