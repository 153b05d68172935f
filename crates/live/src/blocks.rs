//! Memory of the stopped program, kept in blocks on the asker's side of the channel.
//!
//! A debugger reads it in thousands of small pieces: each variable, each byte of a text. Each trip to the
//! guest's thread costs as much as some hundred of them.

use std::collections::HashMap;

use wdb_coredump::MemoryId;

/// The bytes of a block, and their alignment.
pub(crate) const BLOCK: usize = 16 << 10;

/// At most this many blocks are kept; then all are dropped. What is shown of one stop needs a few dozen.
const MOST: usize = 256;

/// What was read since the program last ran or was changed.
#[derive(Default)]
pub(crate) struct Blocks {
    /// By memory and number of the block. The last one of a memory can be shorter than the others.
    known: HashMap<(MemoryId, u64), Vec<u8>>,
}

impl Blocks {
    /// The numbers of the blocks that a piece of memory lies in. `None`: it is empty, too large to be kept, or no
    /// memory reaches as far.
    pub(crate) fn of(address: u64, length: usize) -> Option<std::ops::RangeInclusive<u64>> {
        if length == 0 || length > BLOCK {
            return None;
        }
        let last = address.checked_add(length as u64 - 1)?;
        let size = BLOCK as u64;
        Some(address / size..=last / size)
    }

    /// Whether a block is kept.
    pub(crate) fn has(&self, memory: MemoryId, number: u64) -> bool {
        self.known.contains_key(&(memory, number))
    }

    /// Keeps a block.
    pub(crate) fn keep(&mut self, memory: MemoryId, number: u64, bytes: Vec<u8>) {
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert((memory, number), bytes);
    }

    /// Fills `buffer` from what is kept. Whether that is all of it.
    pub(crate) fn read(&self, memory: MemoryId, address: u64, buffer: &mut [u8]) -> bool {
        let Some(numbers) = Self::of(address, buffer.len()) else {
            return false;
        };
        let mut at = address;
        let mut rest = buffer;
        for number in numbers {
            let Some(block) = self.known.get(&(memory, number)) else {
                return false;
            };
            let offset = (at % BLOCK as u64) as usize;
            let length = rest.len().min(BLOCK - offset);
            let Some(bytes) = block.get(offset..offset + length) else {
                return false;
            };
            let (filled, others) = rest.split_at_mut(length);
            filled.copy_from_slice(bytes);
            rest = others;
            at += length as u64;
        }
        rest.is_empty()
    }

    /// The program runs or is changed.
    pub(crate) fn forget(&mut self) {
        self.known.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMORY: MemoryId = MemoryId(0);

    fn block(first: u8) -> Vec<u8> {
        (0..BLOCK).map(|at| first.wrapping_add(at as u8)).collect()
    }

    #[test]
    fn a_piece_across_two_blocks_is_whole() {
        let mut blocks = Blocks::default();
        let mut buffer = [0; 4];
        let address = 2 * BLOCK as u64 - 2;
        blocks.keep(MEMORY, 1, block(0));
        assert!(!blocks.read(MEMORY, address, &mut buffer));
        blocks.keep(MEMORY, 2, block(100));
        assert!(blocks.read(MEMORY, address, &mut buffer));
        assert_eq!(buffer, [254, 255, 100, 101]);
        assert!(!blocks.read(MemoryId(1), address, &mut buffer));
        blocks.forget();
        assert!(!blocks.read(MEMORY, address, &mut buffer));
    }

    #[test]
    fn what_is_behind_the_end_of_a_memory_is_not_made_up() {
        let mut blocks = Blocks::default();
        blocks.keep(MEMORY, 0, vec![7; 10]);
        let mut buffer = [0; 4];
        assert!(blocks.read(MEMORY, 6, &mut buffer));
        assert!(!blocks.read(MEMORY, 7, &mut buffer));
        assert!(!blocks.read(MEMORY, u64::MAX, &mut buffer));
        assert_eq!(Blocks::of(u64::MAX, 2), None);
        assert_eq!(
            Blocks::of(u64::MAX, 1),
            Some((u64::MAX / BLOCK as u64)..=(u64::MAX / BLOCK as u64))
        );
        assert_eq!(Blocks::of(0, 0), None);
        assert_eq!(Blocks::of(0, BLOCK + 1), None);
    }

    #[test]
    fn no_more_is_kept_than_a_bound() {
        let mut blocks = Blocks::default();
        for number in 0..3 * MOST as u64 {
            blocks.keep(MEMORY, number, Vec::new());
            assert!(blocks.known.len() <= MOST && blocks.has(MEMORY, number));
        }
    }
}
