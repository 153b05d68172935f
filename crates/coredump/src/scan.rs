//! Finds the parts of a memory that are not zero: what a dump has to hold.

use std::ops::Range;

/// The granularity: what engines map and hosts page.
const CHUNK: usize = 4096;
static ZEROS: [u8; CHUNK] = [0; CHUNK];

/// The parts of `bytes` that are not zero, as ascending ranges of addresses, the first byte's
/// address being `base`.
///
/// Zeros are left out where they fill a chunk of 4 KiB, counted from `base`, so that no gap is
/// smaller than what another segment costs; each part begins and ends with a byte that is not zero.
pub fn nonzero_runs(bytes: &[u8], base: u64) -> Vec<Range<u64>> {
    let mut runs: Vec<Range<u64>> = Vec::new();
    let mut open = false;
    let mut address = base;
    for chunk in bytes.chunks(CHUNK) {
        // A comparison of slices is a `memcmp`: it runs at the speed of memory in any build, and
        // stops at the first byte of a chunk that is in use.
        let zero = ZEROS.get(..chunk.len()) == Some(chunk);
        if !zero {
            let end = address + trailing(chunk);
            match runs.last_mut() {
                Some(run) if open => run.end = end,
                _ => runs.push(address + leading(chunk)..end),
            }
        }
        open = !zero;
        address += chunk.len() as u64;
    }
    runs
}

/// How many bytes at the front are zero.
fn leading(chunk: &[u8]) -> u64 {
    chunk.iter().take_while(|b| **b == 0).count() as u64
}

/// The length up to the last byte that is not zero.
fn trailing(chunk: &[u8]) -> u64 {
    (chunk.len() - chunk.iter().rev().take_while(|b| **b == 0).count()) as u64
}
