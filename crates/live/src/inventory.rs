//! What the store holds: modules, instances, memories, globals and tables, each with the id by which
//! the debuggee knows it.
//!
//! An id is a position in these lists. The modules are all there before the program starts; the rest
//! follows the store's order of instances, to which a program can only add.

use std::collections::HashMap;

use wasmtime::{AsContextMut as _, Global, Instance, Memory, SharedMemory, StoreContextMut, Table};
use wdb_coredump::{GlobalId, InstanceId, MemoryId, ModuleId, TableId};
use wdb_debuggee::Module;
use wdb_module::ValType;

use crate::host::Host;

/// The handles of a store, by id.
#[derive(Default)]
pub(crate) struct Inventory {
    pub(crate) modules: Vec<Module>,
    pub(crate) compiled: Vec<wasmtime::Module>,
    pub(crate) instances: Vec<(Instance, wdb_coredump::Instance)>,
    pub(crate) memories: Vec<AnyMemory>,
    /// With the types that the modules declare: the engine's own text names types by numbers of its own.
    pub(crate) globals: Vec<(Global, Option<String>)>,
    pub(crate) tables: Vec<(Table, Option<String>)>,
    imported: Vec<u32>,
    /// The modules are those of a component, whose code is in one piece.
    pub(crate) one_code: bool,
    seen: Seen,
}

/// A memory, shared or not.
#[derive(Clone)]
pub(crate) enum AnyMemory {
    Unshared(Memory),
    Shared(SharedMemory),
}

impl Inventory {
    /// That of a program that has no instances yet.
    pub(crate) fn new(modules: Vec<(wasmtime::Module, Module)>, one_code: bool) -> Inventory {
        let mut inventory = Inventory {
            one_code,
            ..Inventory::default()
        };
        for (compiled, module) in modules {
            let index = compiled.debug_index_in_engine();
            position(&mut inventory.seen.modules, index, || {
                let is_func = |ty| matches!(ty, wasmtime::ExternType::Func(_));
                let imported = compiled.imports().filter(|it| is_func(it.ty())).count();
                inventory.imported.push(imported as u32);
                inventory.compiled.push(compiled);
                inventory.modules.push(module);
            });
        }
        inventory
    }

    /// The id of a module.
    pub(crate) fn module(&self, compiled: &wasmtime::Module) -> Option<ModuleId> {
        let index = compiled.debug_index_in_engine();
        self.seen.modules.get(&index).copied().map(ModuleId)
    }

    /// The modules with their ids.
    pub(crate) fn ids(&self) -> impl Iterator<Item = (ModuleId, &Module)> {
        (0..).map(ModuleId).zip(&self.modules)
    }

    /// The module in which the breakpoints of `module` are to be set. wasmtime 48 has one table of breakpoints for all
    /// modules of a component, by the place in the module: one of them has its breakpoint at the same place of every
    /// other. All are set in the last module, because that one decides what is left when the mode for single steps ends.
    pub(crate) fn patched(&self, module: ModuleId) -> ModuleId {
        if self.one_code {
            ModuleId(self.modules.len().saturating_sub(1) as u32)
        } else {
            module
        }
    }

    /// How many functions a module imports.
    pub(crate) fn imported(&self, module: ModuleId) -> u32 {
        self.imported[module.position()]
    }

    /// The id of an instance.
    pub(crate) fn instance(&self, instance: Instance) -> Option<InstanceId> {
        let known = |(it, _): &(Instance, _)| *it == instance;
        let position = self.instances.iter().position(known)?;
        Some(InstanceId(u32::try_from(position).ok()?))
    }

    /// Adds the instances that were made since the last time.
    pub(crate) fn update(&mut self, mut store: StoreContextMut<'_, Host>) {
        let instances = store.as_context_mut().debug_all_instances();
        for instance in instances.iter().skip(self.seen.instances) {
            // All modules of a program are known; the engine's own have nothing to see.
            if let Some(module) = self.module(instance.module(&store)) {
                let record = self.record(store.as_context_mut(), *instance, module);
                self.instances.push((*instance, record));
            }
        }
        self.seen.instances = instances.len();
    }

    fn record(
        &mut self,
        mut store: StoreContextMut<'_, Host>,
        instance: Instance,
        module: ModuleId,
    ) -> wdb_coredump::Instance {
        let mut record = wdb_coredump::Instance {
            module,
            memories: Vec::new(),
            globals: Vec::new(),
            tables: Vec::new(),
        };
        let binary = self.modules[module.position()].binary.clone();
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
            let id = position(&mut self.seen.memories, key, || self.memories.push(memory));
            record.memories.push(Some(MemoryId(id)));
        }
        for i in 0.. {
            let Some(global) = instance.debug_global(&mut store, i) else {
                break;
            };
            let key = global.debug_index_in_store();
            let ty = binary.as_ref().and_then(|binary| {
                let declared = binary.globals().get(i as usize)?;
                Some(binary.spelled(declared.content_type))
            });
            let id = position(&mut self.seen.globals, key, || {
                self.globals.push((global, ty));
            });
            record.globals.push(Some(GlobalId(id)));
        }
        for i in 0.. {
            let Some(table) = instance.debug_table(&mut store, i) else {
                break;
            };
            let key = table.debug_index_in_store();
            let ty = binary.as_ref().and_then(|binary| {
                let declared = binary.tables().get(i as usize)?;
                Some(binary.spelled(ValType::Ref(declared.element_type)))
            });
            let id = position(&mut self.seen.tables, key, || self.tables.push((table, ty)));
            record.tables.push(Some(TableId(id)));
        }
        record
    }
}

#[derive(Default)]
struct Seen {
    /// How many of the store's instances.
    instances: usize,
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
