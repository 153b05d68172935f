//! What a program was asked so far, counted: what a question costs, whatever else the machine does meanwhile.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of a program, which only grow.
#[derive(Debug, Default)]
pub struct Asked {
    trips: AtomicU64,
    frames: AtomicU64,
}

impl Asked {
    /// How often the guest's thread was asked or told something.
    pub fn trips(&self) -> u64 {
        self.trips.load(Ordering::Relaxed)
    }

    /// How many frames were walked over, each time that they were.
    pub fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    pub(crate) fn add_trip(&self) {
        self.trips.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_frames(&self, frames: usize) {
        self.frames.fetch_add(frames as u64, Ordering::Relaxed);
    }
}
