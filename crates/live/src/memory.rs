//! The guest's linear memories, read and written while it is stopped.

use std::cell::UnsafeCell;
use std::ops::Range;
use std::sync::atomic::{AtomicU8, Ordering};

use wasmtime::{StoreContext, StoreContextMut};
use wdb_coredump::{MemoryId, MemoryShape};
use wdb_debuggee::Error;

use crate::host::Host;
use crate::inventory::{AnyMemory, Inventory};

/// How much of a shared memory is copied out at a time.
const CHUNK: usize = 1 << 20;

pub(crate) fn shape(store: StoreContext<'_, Host>, memory: &AnyMemory) -> MemoryShape {
    let (ty, pages) = match memory {
        AnyMemory::Unshared(memory) => (memory.ty(&store), memory.size(&store)),
        AnyMemory::Shared(memory) => (memory.ty(), memory.size()),
    };
    MemoryShape {
        memory64: ty.is_64(),
        shared: ty.is_shared(),
        page_size_log2: u32::from(ty.page_size_log2()),
        pages,
        maximum: ty.maximum(),
    }
}

pub(crate) fn read(
    store: StoreContext<'_, Host>,
    inventory: &Inventory,
    id: MemoryId,
    address: u64,
    buffer: &mut [u8],
) -> Result<(), Error> {
    match find(inventory, id)? {
        AnyMemory::Unshared(memory) => {
            let bytes = memory.data(&store);
            let range = range(id, address, buffer.len(), bytes.len())?;
            buffer.copy_from_slice(&bytes[range]);
        }
        AnyMemory::Shared(memory) => {
            let range = range(id, address, buffer.len(), memory.data_size())?;
            buffer.copy_from_slice(&copy(&memory.data()[range]));
        }
    }
    Ok(())
}

/// Those of the `length` bytes at `start` that the memory has. `None` where there are none, and of a shared memory.
pub(crate) fn block(
    store: StoreContext<'_, Host>,
    inventory: &Inventory,
    id: MemoryId,
    start: u64,
    length: usize,
) -> Option<Vec<u8>> {
    let AnyMemory::Unshared(memory) = find(inventory, id).ok()? else {
        return None;
    };
    let bytes = memory.data(&store).get(usize::try_from(start).ok()?..)?;
    let block = bytes.get(..length).unwrap_or(bytes);
    (!block.is_empty()).then(|| block.to_vec())
}

pub(crate) fn write(
    mut store: StoreContextMut<'_, Host>,
    inventory: &Inventory,
    id: MemoryId,
    address: u64,
    bytes: &[u8],
) -> Result<(), Error> {
    match find(inventory, id)? {
        AnyMemory::Unshared(memory) => {
            let data = memory.data_mut(&mut store);
            let range = range(id, address, bytes.len(), data.len())?;
            data[range].copy_from_slice(bytes);
        }
        AnyMemory::Shared(memory) => {
            let range = range(id, address, bytes.len(), memory.data_size())?;
            for (cell, byte) in memory.data()[range].iter().zip(bytes) {
                atomic(cell).store(*byte, Ordering::Relaxed);
            }
        }
    }
    Ok(())
}

/// The positions of `length` bytes at `address` in a memory of `size` bytes.
fn range(
    memory: MemoryId,
    address: u64,
    length: usize,
    size: usize,
) -> Result<Range<usize>, Error> {
    usize::try_from(address)
        .ok()
        .and_then(|start| Some(start..start.checked_add(length)?))
        .filter(|range| range.end <= size)
        .ok_or(Error::OutOfBounds {
            memory,
            address,
            length: length as u64,
            size: size as u64,
        })
}

pub(crate) fn occupied(
    store: StoreContext<'_, Host>,
    inventory: &Inventory,
    id: MemoryId,
) -> Result<Vec<Range<u64>>, Error> {
    Ok(match find(inventory, id)? {
        AnyMemory::Unshared(memory) => wdb_coredump::nonzero_runs(memory.data(&store), 0),
        AnyMemory::Shared(memory) => memory
            .data()
            .chunks(CHUNK)
            .enumerate()
            .flat_map(|(i, cells)| wdb_coredump::nonzero_runs(&copy(cells), (i * CHUNK) as u64))
            .collect(),
    })
}

fn find(inventory: &Inventory, id: MemoryId) -> Result<&AnyMemory, Error> {
    inventory
        .memories
        .get(id.position())
        .ok_or_else(|| Error::NotFound(format!("memory {}", id.0)))
}

/// The bytes of a shared memory. Other threads may write them meanwhile.
fn copy(cells: &[UnsafeCell<u8>]) -> Vec<u8> {
    let read = |cell| atomic(cell).load(Ordering::Relaxed);
    cells.iter().map(read).collect()
}

fn atomic(cell: &UnsafeCell<u8>) -> &AtomicU8 {
    // SAFETY: the pointer comes from a live cell, and u8 has no alignment. What else touches this
    // byte is WebAssembly code, whose accesses to a shared memory are atomic in the memory model that
    // wasmtime compiles to, so an atomic access is no data race.
    #[expect(
        unsafe_code,
        reason = "wasmtime gives shared memories out as cells only"
    )]
    unsafe {
        AtomicU8::from_ptr(cell.get())
    }
}
