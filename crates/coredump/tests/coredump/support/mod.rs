//! How dumps are made: byte by byte, and any that the model can hold.

pub(crate) mod bytes;
pub(crate) mod model;
