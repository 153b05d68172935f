//! What the store holds at a stop: modules, instances, memories, globals and tables, each with the id
//! by which the debuggee knows it.
//!
//! An id is a position in these lists, which follow the store's order of instances. They are made
//! anew at every stop: a guest can only add to them.

use std::collections::HashMap;

use wasmtime::{AsContextMut as _, Global, Instance, Memory, SharedMemory, StoreContextMut, Table};
use wdb_coredump::{GlobalId, MemoryId, ModuleId, TableId};

use crate::host::Host;

/// The handles of a store, by id.
#[derive(Clone, Default)]
pub(crate) struct Inventory {
    pub(crate) modules: Vec<wasmtime::Module>,
    pub(crate) instances: Vec<(Instance, wdb_coredump::Instance)>,
    pub(crate) memories: Vec<AnyMemory>,
    pub(crate) globals: Vec<Global>,
    pub(crate) tables: Vec<Table>,
}

/// A memory, shared or not.
#[derive(Clone)]
pub(crate) enum AnyMemory {
    Unshared(Memory),
    Shared(SharedMemory),
}

impl Inventory {
    pub(crate) fn take(mut store: StoreContextMut<'_, Host>) -> Inventory {
        let mut inventory = Inventory::default();
        let mut seen = Seen::default();
        for instance in store.as_context_mut().debug_all_instances() {
            let module = instance.module(&store).clone();
            let index = module.debug_index_in_engine();
            let module = ModuleId(position(&mut seen.modules, index, || {
                inventory.modules.push(module);
            }));
            let mut record = wdb_coredump::Instance {
                module,
                memories: Vec::new(),
                globals: Vec::new(),
                tables: Vec::new(),
            };
            // Each accessor answers None past the end of the index space.
            for i in 0.. {
                let (key, memory) = if let Some(memory) = instance.debug_memory(&mut store, i) {
                    (
                        MemoryKey::Unshared(memory.debug_index_in_store()),
                        AnyMemory::Unshared(memory),
                    )
                } else if let Some(memory) = instance.debug_shared_memory(&mut store, i) {
                    (
                        MemoryKey::Shared(memory.data().as_ptr().addr()),
                        AnyMemory::Shared(memory),
                    )
                } else {
                    break;
                };
                let id = position(&mut seen.memories, key, || inventory.memories.push(memory));
                record.memories.push(Some(MemoryId(id)));
            }
            for i in 0.. {
                let Some(global) = instance.debug_global(&mut store, i) else {
                    break;
                };
                let key = global.debug_index_in_store();
                let id = position(&mut seen.globals, key, || inventory.globals.push(global));
                record.globals.push(Some(GlobalId(id)));
            }
            for i in 0.. {
                let Some(table) = instance.debug_table(&mut store, i) else {
                    break;
                };
                let key = table.debug_index_in_store();
                let id = position(&mut seen.tables, key, || inventory.tables.push(table));
                record.tables.push(Some(TableId(id)));
            }
            inventory.instances.push((instance, record));
        }
        inventory
    }
}

#[derive(Default)]
struct Seen {
    modules: HashMap<u64, u32>,
    memories: HashMap<MemoryKey, u32>,
    globals: HashMap<u64, u32>,
    tables: HashMap<u64, u32>,
}

#[derive(PartialEq, Eq, Hash)]
enum MemoryKey {
    Unshared(u64),
    /// The address of its bytes: the engine gives shared memories no other identity.
    Shared(usize),
}

/// The position of `key`, a new one if it was not seen; then `add` is called.
fn position<K: std::hash::Hash + Eq>(
    seen: &mut HashMap<K, u32>,
    key: K,
    add: impl FnOnce(),
) -> u32 {
    let next = seen.len() as u32;
    *seen.entry(key).or_insert_with(|| {
        add();
        next
    })
}
