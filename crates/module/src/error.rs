//! What is wrong with a binary, and where.

use crate::{FileOffset, ModuleOffset};

/// Something wrong with a binary. As an `Err` it means that the file cannot be used; among
/// [`crate::Module::notes`] it means that a part of it cannot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at file offset {offset})")]
pub struct Error {
    /// What is wrong and, where something can be done, what to do. No full stop, no offset.
    pub message: String,
    /// Where it is wrong.
    pub offset: FileOffset,
}

impl Error {
    pub(crate) fn new(message: impl Into<String>, offset: FileOffset) -> Self {
        Error {
            message: message.into(),
            offset,
        }
    }
}

/// Where a module is in its file, to turn the errors of readers that count from the module's
/// first byte into errors that count from the file's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Base(pub(crate) FileOffset);

impl Base {
    pub(crate) fn file(self, offset: ModuleOffset) -> FileOffset {
        FileOffset(self.0.0.saturating_add(offset.0))
    }

    pub(crate) fn error(self, message: impl Into<String>, offset: ModuleOffset) -> Error {
        Error::new(message, self.file(offset))
    }

    /// The error that `what` could not be read.
    pub(crate) fn corrupt(self, what: &str, error: &wasmparser::Error) -> Error {
        let message = format!("{what} is corrupt: {}", error.message());
        self.error(message, ModuleOffset(error.offset() as u64))
    }
}
