//! The stable names of crash codes ([`crate::Crash::code`]): what reports and scripts compare with.

#![expect(missing_docs, reason = "each name is its own description")]

pub const UNREACHABLE: &str = "unreachable";
pub const MEMORY_OUT_OF_BOUNDS: &str = "memory-out-of-bounds";
pub const MEMORY_MISALIGNED: &str = "memory-misaligned";
pub const TABLE_OUT_OF_BOUNDS: &str = "table-out-of-bounds";
pub const INDIRECT_CALL_NULL: &str = "indirect-call-null";
pub const INDIRECT_CALL_TYPE: &str = "indirect-call-type";
pub const INTEGER_DIVIDE_BY_ZERO: &str = "integer-divide-by-zero";
pub const INTEGER_OVERFLOW: &str = "integer-overflow";
pub const INVALID_CONVERSION: &str = "invalid-conversion-to-integer";
pub const STACK_OVERFLOW: &str = "stack-overflow";
pub const NULL_REFERENCE: &str = "null-reference";
pub const ARRAY_OUT_OF_BOUNDS: &str = "array-out-of-bounds";
pub const CAST_FAILURE: &str = "cast-failure";
pub const UNCAUGHT_EXCEPTION: &str = "uncaught-exception";
pub const HOST_ERROR: &str = "host-error";
pub const ALLOCATION_TOO_LARGE: &str = "allocation-too-large";
pub const MEMORY_LIMIT: &str = "memory-limit";
pub const FUEL: &str = "fuel-exhausted";
pub const DEADLOCK: &str = "deadlock";
pub const TIMEOUT: &str = "timeout";
pub const INTERRUPTED: &str = "interrupted";
pub const REQUESTED: &str = "requested";
