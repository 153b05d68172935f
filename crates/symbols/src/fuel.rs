//! A limit on the work for a piece of DWARF.
//!
//! DWARF may refer to the same data many times: a thousand entries may share one list of a million ranges, and an
//! entry of one byte may have a million attributes without a size. Compilers do not write such data, so work in
//! proportion to the number of bytes is always enough.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why reading DWARF ended early.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum CutShort {
    /// The bytes are not valid DWARF.
    #[error("{0}")]
    Broken(#[from] gimli::Error),
    /// The unit's table in `.debug_abbrev` could not be read.
    #[error("its abbreviations are broken")]
    NoAbbreviations,
    /// It needs more work than its size justifies.
    #[error("it refers to the same data far too often")]
    Exhausted,
}

/// The steps that are left.
pub(crate) struct Fuel(AtomicU64);

impl Fuel {
    /// One step for each byte: enough for items that take at least one byte each.
    pub(crate) fn one_for_each(bytes: usize) -> Self {
        Fuel(AtomicU64::new(bytes as u64))
    }

    /// Enough to read valid DWARF of `bytes` bytes. Entries have up to 40 attributes, and a few of them take no bytes.
    pub(crate) fn for_reading(bytes: usize) -> Self {
        Fuel(AtomicU64::new(16 * bytes as u64 + (1 << 16)))
    }

    /// Enough for one query, for example a type or a name; there may be thousands of queries. The largest in valid
    /// DWARF takes a hundredth of a second.
    pub(crate) fn for_one(bytes: usize) -> Self {
        Self::for_reading(bytes.min(1 << 20))
    }

    /// Takes `steps`.
    pub(crate) fn burn(&self, steps: usize) -> Result<(), CutShort> {
        let less = |left: u64| left.checked_sub(steps as u64);
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        taken.map(|_| ()).map_err(|_| CutShort::Exhausted)
    }
}
