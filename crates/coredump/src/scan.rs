//! Finds the parts of a memory that are not zero: what a dump has to hold.

use std::ops::Range;

/// The granularity: what engines map and hosts page.
const CHUNK: usize = 4096;
/// What is compared at a time inside of a chunk.
const BLOCK: usize = 64;
static ZEROS: [u8; CHUNK] = [0; CHUNK];

/// The parts of `bytes` that are not zero, as ascending ranges of addresses, the first byte's
/// address being `base`.
///
/// Zeros are left out where they fill a chunk of 4 KiB, counted from `base`, so that no gap is
/// smaller than what another segment costs; each part begins and ends with a byte that is not zero.
pub fn nonzero_runs(bytes: &[u8], base: u64) -> Vec<Range<u64>> {
    let mut runs: Vec<Range<u64>> = Vec::new();
    let mut address = base;
    // The chunk before, if it is in use: where it begins.
    let mut before: Option<(u64, &[u8])> = None;
    for chunk in bytes.chunks(CHUNK) {
        if is_zero(chunk) {
            close(&mut runs, before.take());
        } else {
            if before.is_none() {
                let start = address + leading(chunk);
                runs.push(start..start);
            }
            before = Some((address, chunk));
        }
        address = address.saturating_add(chunk.len() as u64);
    }
    close(&mut runs, before);
    runs
}

/// Ends the last run with its last chunk.
fn close(runs: &mut [Range<u64>], chunk: Option<(u64, &[u8])>) {
    if let (Some(run), Some((address, chunk))) = (runs.last_mut(), chunk) {
        run.end = address + trailing(chunk);
    }
}

/// Whether all bytes are zero, of at most a chunk. A comparison of slices is a `memcmp`, which runs
/// at the speed of memory in any build, and stops at the first byte that is in use.
fn is_zero(bytes: &[u8]) -> bool {
    ZEROS.get(..bytes.len()) == Some(bytes)
}

/// How many bytes at the front are zero.
fn leading(chunk: &[u8]) -> u64 {
    let blocks = chunk
        .chunks(BLOCK)
        .take_while(|block| is_zero(block))
        .count();
    let rest = chunk
        .iter()
        .skip(blocks * BLOCK)
        .take_while(|byte| **byte == 0)
        .count();
    (blocks * BLOCK + rest) as u64
}

/// The length up to the last byte that is not zero.
fn trailing(chunk: &[u8]) -> u64 {
    let blocks = chunk
        .rchunks(BLOCK)
        .take_while(|block| is_zero(block))
        .count();
    let rest = chunk
        .iter()
        .rev()
        .skip(blocks * BLOCK)
        .take_while(|byte| **byte == 0)
        .count();
    chunk.len().saturating_sub(blocks * BLOCK + rest) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_end_at_their_last_byte_and_leave_whole_chunks_of_zeros_out() {
        let mut memory = vec![0; 10 * CHUNK + 100];
        assert_eq!(nonzero_runs(&memory, 7), []);
        for at in [5, 3000, CHUNK, 3 * CHUNK - 1, 4 * CHUNK, 10 * CHUNK + 99] {
            memory[at] = 1;
        }
        let chunk = CHUNK as u64;
        let last = 10 * chunk + 99..10 * chunk + 100;
        assert_eq!(
            nonzero_runs(&memory, 0),
            [5..3 * chunk, 4 * chunk..4 * chunk + 1, last.clone()]
        );
        // Chunks that are in use and adjoin are one run, whatever zeros are between.
        memory[3 * CHUNK] = 1;
        let joined = [5..4 * chunk + 1, last];
        assert_eq!(nonzero_runs(&memory, 0), joined);
        let moved = joined.map(|run| run.start + 7..run.end + 7);
        assert_eq!(nonzero_runs(&memory, 7), moved);
    }
}
