//! A bound on the work that one piece of DWARF may cause.
//!
//! DWARF refers freely: a thousand entries may share one list of a million ranges, and a one byte
//! entry may have a million attributes of no size. Honest data never does, so that work in
//! proportion to the bytes at hand is always enough.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why reading DWARF ended early.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Stop {
    /// The bytes are no DWARF.
    #[error("{0}")]
    Broken(#[from] gimli::Error),
    /// The unit's table in `.debug_abbrev` could not be read.
    #[error("its abbreviations are broken")]
    NoAbbreviations,
    /// It asks for more work than its size can justify.
    #[error("it refers to the same data far too often")]
    Exhausted,
}

/// The steps that are left.
pub(crate) struct Fuel(AtomicU64);

impl Fuel {
    /// One step for each of `bytes` bytes: enough for what has bytes of its own.
    pub(crate) fn one_for_each(bytes: usize) -> Self {
        Fuel(AtomicU64::new(bytes as u64))
    }

    /// Enough for anything sensible in `bytes` bytes. Entries have up to 40 attributes, a few of
    /// them without a byte of their own.
    pub(crate) fn for_reading(bytes: usize) -> Self {
        Fuel(AtomicU64::new(16 * bytes as u64 + (1 << 16)))
    }

    /// Enough for one question, of which there may be thousands: a type, a name. The largest of honest DWARF of any size
    /// takes a hundredth of a second.
    pub(crate) fn for_one(bytes: usize) -> Self {
        Self::for_reading(bytes.min(1 << 20))
    }

    /// Takes `steps`.
    pub(crate) fn burn(&self, steps: usize) -> Result<(), Stop> {
        let less = |it: u64| it.checked_sub(steps as u64);
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        taken.map(|_| ()).map_err(|_| Stop::Exhausted)
    }
}
