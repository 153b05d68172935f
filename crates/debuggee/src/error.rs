//! What can go wrong when a debuggee is asked.

use wdb_coredump::MemoryId;

/// Why a debuggee could not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The range of addresses is not wholly inside the memory.
    #[error("{length} bytes at {address:#x} are outside of memory {}, which has {size} bytes", memory.0)]
    OutOfBounds {
        /// The memory.
        memory: MemoryId,
        /// The first address asked for.
        address: u64,
        /// The number of bytes asked for.
        length: u64,
        /// The memory's size in bytes.
        size: u64,
    },
    /// The dump does not hold all of the range.
    #[error("the dump does not hold the memory at {address:#x}")]
    Absent {
        /// The first address that is missing.
        address: u64,
    },
    /// There is no such thing.
    #[error("there is no {0}")]
    NotFound(String),
    /// It cannot be done, and why.
    #[error("{0}")]
    Refused(String),
    /// The program was to stop and does not: it was given up, and nothing of it can be seen any more. Why, as a
    /// sentence's second half. [`Debuggee::stop_reasons`](crate::Debuggee::stop_reasons) says for what it was to stop.
    #[error("the program does not stop and was given up: {0}")]
    GivenUp(String),
    /// The live debuggee has gone away, or its engine failed.
    #[error("{0}")]
    Debuggee(String),
}

impl Error {
    /// Whether this is no answer: the debuggee has gone away, or its engine failed.
    pub fn is_failure(&self) -> bool {
        matches!(self, Error::Debuggee(_) | Error::GivenUp(_))
    }
}
