//! Between the engine's values and the debuggee's.

use std::collections::HashMap;

use wasmtime::{AnyRef, AsContextMut as _, ExnRef, Func, I31, Rooted, StoreContextMut, Val};
use wdb_coredump::{HeapType, InstanceId, Reference, Value};
use wdb_debuggee::Error;
use wdb_module::FuncIndex;

use crate::host::Host;
use crate::inventory::Inventory;

/// Converts values; finds out to which instance and index a function reference belongs.
pub(crate) struct Converter<'a> {
    inventory: &'a Inventory,
    functions: Option<HashMap<usize, (InstanceId, FuncIndex)>>,
}

impl<'a> Converter<'a> {
    pub(crate) fn new(inventory: &'a Inventory) -> Self {
        Converter {
            inventory,
            functions: None,
        }
    }

    pub(crate) fn value(&mut self, store: StoreContextMut<'_, Host>, value: Val) -> Value {
        match value {
            Val::I32(n) => Value::I32(n),
            Val::I64(n) => Value::I64(n),
            Val::F32(bits) => Value::F32(bits),
            Val::F64(bits) => Value::F64(bits),
            Val::V128(bits) => Value::V128(bits.as_u128()),
            Val::FuncRef(func) => Value::Ref(self.func(store, func)),
            Val::ExternRef(reference) => Value::Ref(match reference {
                None => Reference::Null(HeapType::Extern),
                Some(_) => opaque(HeapType::Extern, "host object"),
            }),
            Val::AnyRef(reference) => Value::Ref(match reference {
                None => Reference::Null(HeapType::Any),
                Some(reference) => any(store, reference),
            }),
            Val::ExnRef(reference) => Value::Ref(match reference {
                None => Reference::Null(HeapType::Exn),
                Some(reference) => exception(store, reference),
            }),
            Val::ContRef(reference) => Value::Ref(match reference {
                None => Reference::Null(HeapType::Cont),
                Some(_) => opaque(HeapType::Cont, "continuation"),
            }),
        }
    }

    /// The reference that a table's element or a global is.
    pub(crate) fn func(
        &mut self,
        mut store: StoreContextMut<'_, Host>,
        func: Option<Func>,
    ) -> Reference {
        let Some(func) = func else {
            return Reference::Null(HeapType::Func);
        };
        let inventory = self.inventory;
        let functions = self
            .functions
            .get_or_insert_with(|| all_functions(store.as_context_mut(), inventory));
        match functions.get(&func.to_raw(&mut store).addr()) {
            Some(&(instance, func)) => Reference::Func { instance, func },
            None => opaque(HeapType::Func, "host function"),
        }
    }
}

/// Every function of every instance by the engine's address for it. The one that defines it wins
/// over those that import it.
fn all_functions(
    mut store: StoreContextMut<'_, Host>,
    inventory: &Inventory,
) -> HashMap<usize, (InstanceId, FuncIndex)> {
    let mut functions = HashMap::new();
    for (id, (instance, record)) in inventory.instances.iter().enumerate() {
        let imported = inventory.imported(record.module);
        for index in 0.. {
            let Some(func) = instance.debug_function(&mut store, index) else {
                break;
            };
            let place = (InstanceId(id as u32), FuncIndex(index));
            let address = func.to_raw(&mut store).addr();
            if index < imported {
                functions.entry(address).or_insert(place);
            } else {
                functions.insert(address, place);
            }
        }
    }
    functions
}

/// The engine's value for one of the debuggee's, where it has one.
pub(crate) fn to_engine(
    mut store: StoreContextMut<'_, Host>,
    inventory: &Inventory,
    value: &Value,
) -> Result<Val, Error> {
    Ok(match value {
        Value::I32(n) => Val::I32(*n),
        Value::I64(n) => Val::I64(*n),
        Value::F32(bits) => Val::F32(*bits),
        Value::F64(bits) => Val::F64(*bits),
        Value::V128(bits) => Val::V128((*bits).into()),
        Value::Ref(Reference::Null(heap)) => match heap.top() {
            HeapType::Func => Val::FuncRef(None),
            HeapType::Extern => Val::ExternRef(None),
            HeapType::Exn => Val::ExnRef(None),
            HeapType::Cont => Val::ContRef(None),
            _ => Val::AnyRef(None),
        },
        Value::Ref(Reference::I31(n)) => {
            let i31 = I31::wrapping_i32(*n);
            Val::AnyRef(Some(AnyRef::from_i31(&mut store, i31)))
        }
        Value::Ref(Reference::Func {
            instance,
            func: index,
        }) => {
            let found = inventory.instances.get(instance.position());
            let func = found.and_then(|(it, _)| it.debug_function(&mut store, index.0));
            let missing =
                || Error::NotFound(format!("function {} in instance {}", index.0, instance.0));
            Val::FuncRef(Some(func.ok_or_else(missing)?))
        }
        Value::Ref(Reference::Opaque { description, .. }) => {
            return Err(Error::Refused(format!(
                "a {description} cannot be made here: only null, functions and i31 can"
            )));
        }
    })
}

fn opaque(heap: HeapType, description: &str) -> Reference {
    Reference::Opaque {
        heap,
        description: description.to_owned(),
    }
}

fn any(mut store: StoreContextMut<'_, Host>, reference: Rooted<AnyRef>) -> Reference {
    if let Ok(Some(i31)) = reference.as_i31(&store) {
        return Reference::I31(i31.get_i32());
    }
    if let Ok(Some(object)) = reference.as_struct(&store) {
        let fields: Vec<Val> = match object.fields(&mut store) {
            Ok(fields) => fields.collect(),
            Err(_) => return opaque(HeapType::Struct, "struct"),
        };
        return opaque(HeapType::Struct, &format!("struct {{{}}}", texts(&fields)));
    }
    if let Ok(Some(array)) = reference.as_array(&store) {
        let length = array.len(&store).unwrap_or(0);
        let shown: Vec<Val> = (0..length.min(SHOWN))
            .map_while(|i| array.get(&mut store, i).ok())
            .collect();
        let more = if length > SHOWN { " …" } else { "" };
        return opaque(
            HeapType::Array,
            &format!("array of {length} [{}{more}]", texts(&shown)),
        );
    }
    opaque(HeapType::Any, "object")
}

/// How many elements of an array a description shows.
const SHOWN: u32 = 16;

fn exception(mut store: StoreContextMut<'_, Host>, reference: Rooted<ExnRef>) -> Reference {
    let fields: Vec<Val> = match reference.fields(&mut store) {
        Ok(fields) => fields.collect(),
        Err(_) => Vec::new(),
    };
    opaque(HeapType::Exn, &format!("exception ({})", texts(&fields)))
}

/// The fields of an object, one level deep.
fn texts(values: &[Val]) -> String {
    let texts: Vec<String> = values.iter().map(crate::invoke::result).collect();
    texts.join(", ")
}
