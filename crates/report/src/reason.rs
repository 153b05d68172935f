//! The reason of a crash in terms that programmers know, with values if they are proven.
//!
//! The operands are on the operand stack of the innermost frame, as before the instruction. They are reported only if
//! they explain the crash: an engine that keeps its stack differently, or a damaged dump, must not make the report
//! wrong.

use wasmparser::Operator as Op;
use wdb_debuggee::coredump::{CrashKind, Value, code};
use wdb_module::{MemoryIndex, TableIndex};

use super::words::{memory_size, thousands};
use crate::evidence::{Evidence, Site};
use crate::operation::{self, Access};
use wdb_examine::value;
use wdb_module::instruction::mnemonic;

/// Infers the code of a crash from the instruction, if the producer did not record it. Only if the instruction can
/// fail in only one way with its operands.
pub(super) fn infer(evidence: &mut Evidence<'_, '_>) {
    let Some(site) = evidence.site(0) else {
        return;
    };
    let inferred = match &site.operator {
        Op::Unreachable => Some(code::UNREACHABLE),
        Op::I32DivU | Op::I64DivU | Op::I32RemS | Op::I32RemU | Op::I64RemS | Op::I64RemU => {
            Some(code::INTEGER_DIVIDE_BY_ZERO)
        }
        Op::I32DivS | Op::I64DivS => match evidence.unsigned(0) {
            Some(0) => Some(code::INTEGER_DIVIDE_BY_ZERO),
            Some(_) => Some(code::INTEGER_OVERFLOW),
            None => None,
        },
        Op::MemoryFill { .. } | Op::MemoryCopy { .. } | Op::MemoryInit { .. } => {
            Some(code::MEMORY_OUT_OF_BOUNDS)
        }
        // An atomic access can also be misaligned.
        operator => operation::access(operator)
            .filter(|_| !mnemonic(operator).contains("atomic"))
            .map(|_| code::MEMORY_OUT_OF_BOUNDS),
    };
    if let Some(code) = inferred {
        evidence.crash.kind = CrashKind::Trap;
        evidence.crash.code = code.to_owned();
    }
}

/// What happened.
pub(super) fn words(evidence: &mut Evidence<'_, '_>) -> String {
    let crash = evidence.crash.clone();
    let site = evidence.site(0);
    let site = site.as_ref();
    match crash.code.as_str() {
        code::UNREACHABLE => "the program gave up: it executed `unreachable`".into(),
        code::MEMORY_OUT_OF_BOUNDS => memory(evidence, site),
        code::MEMORY_MISALIGNED => misaligned(evidence, site),
        code::TABLE_OUT_OF_BOUNDS => table(evidence, site),
        code::INDIRECT_CALL_NULL => null_call(evidence, site),
        code::INDIRECT_CALL_TYPE => "indirect call of a function that has another type".into(),
        code::INTEGER_DIVIDE_BY_ZERO => with(division(evidence, site), "integer divide by zero"),
        code::INTEGER_OVERFLOW => with(
            division(evidence, site).or_else(|| conversion(evidence, site)),
            "integer overflow",
        ),
        code::INVALID_CONVERSION => with(
            conversion(evidence, site),
            "invalid conversion of a float to an integer",
        ),
        code::STACK_OVERFLOW => {
            let frames = evidence.frames().len() as u64;
            format!("call stack exhausted: {} frames", thousands(frames))
        }
        code::NULL_REFERENCE => null_reference(site).into(),
        code::ARRAY_OUT_OF_BOUNDS => with(index(evidence, site), "array index out of bounds"),
        code::CAST_FAILURE => "a reference was cast to a type that it does not have".into(),
        code::UNCAUGHT_EXCEPTION => exception(evidence),
        code::HOST_ERROR => host(evidence, &crash.message),
        code::ALLOCATION_TOO_LARGE => "an allocation was larger than the engine allows".into(),
        code::INTERRUPTED => "interrupted".into(),
        code::REQUESTED => {
            let message = Some(crash.message).filter(|it| !it.is_empty());
            with(message, "the dump was asked for")
        }
        "" => unknown(site),
        // The message of a limit has its numbers. A code that this version does not know has a message too.
        _ if crash.message.is_empty() => crash.code.replace('-', " "),
        _ => crash.message,
    }
}

fn with(detail: Option<String>, words: &str) -> String {
    match detail {
        Some(detail) => format!("{words}: {detail}"),
        None => words.to_owned(),
    }
}

fn unknown(site: Option<&Site<'_>>) -> String {
    let Some(site) = site else {
        return "unknown: the dump does not say".into();
    };
    match &site.operator {
        Op::I32DivS | Op::I64DivS => "integer divide by zero, or integer overflow".into(),
        operator if operation::access(operator).is_some() => {
            "atomic access that is out of bounds or not aligned".into()
        }
        Op::CallIndirect { .. } | Op::ReturnCallIndirect { .. } => {
            "indirect call of a null function, or of one that has another type".into()
        }
        operator => format!(
            "unknown: the dump does not say; the program is at `{}`",
            mnemonic(operator)
        ),
    }
}

/// `7 / 0`.
fn division(evidence: &Evidence<'_, '_>, site: Option<&Site<'_>>) -> Option<String> {
    let sign = match &site?.operator {
        Op::I32DivS | Op::I32DivU | Op::I64DivS | Op::I64DivU => '/',
        Op::I32RemS | Op::I32RemU | Op::I64RemS | Op::I64RemU => '%',
        _ => return None,
    };
    let unsigned = matches!(
        &site?.operator,
        Op::I32DivU | Op::I64DivU | Op::I32RemU | Op::I64RemU
    );
    let (left, right) = (evidence.operand(1)?, evidence.operand(0)?);
    let minimum = matches!(left, Value::I32(i32::MIN) | Value::I64(i64::MIN));
    let explains = match right {
        Value::I32(0) | Value::I64(0) => evidence.crash.code == code::INTEGER_DIVIDE_BY_ZERO,
        Value::I32(-1) | Value::I64(-1) => {
            minimum && sign == '/' && evidence.crash.code == code::INTEGER_OVERFLOW
        }
        _ => false,
    };
    let show = |operand: &Value| match operand {
        Value::I32(value) if unsigned => value.cast_unsigned().to_string(),
        Value::I64(value) if unsigned => value.cast_unsigned().to_string(),
        other => value::text(other),
    };
    explains.then(|| format!("{} {sign} {}", show(left), show(right)))
}

/// `3e10 does not fit an i32`.
fn conversion(evidence: &Evidence<'_, '_>, site: Option<&Site<'_>>) -> Option<String> {
    let target = match &site?.operator {
        Op::I32TruncF32S | Op::I32TruncF64S => "an i32",
        Op::I32TruncF32U | Op::I32TruncF64U => "an unsigned i32",
        Op::I64TruncF32S | Op::I64TruncF64S => "an i64",
        Op::I64TruncF32U | Op::I64TruncF64U => "an unsigned i64",
        _ => return None,
    };
    let operand = evidence.operand(0)?;
    let is_nan = match operand {
        Value::F32(bits) => f32::from_bits(*bits).is_nan(),
        Value::F64(bits) => f64::from_bits(*bits).is_nan(),
        _ => return None,
    };
    let explains = is_nan == (evidence.crash.code == code::INVALID_CONVERSION);
    explains.then(|| format!("{} does not fit {target}", value::text(operand)))
}

/// The bytes that the instruction accesses: read or write, how many, and their address.
struct Range {
    what: &'static str,
    memory: MemoryIndex,
    bytes: u64,
    address: Option<u64>,
}

/// The first address of `access`. `None` also if it does not fit 64 bits; it is then outside of any memory.
pub(crate) fn effective_address(evidence: &Evidence<'_, '_>, access: Access) -> Option<u64> {
    let base = evidence.unsigned(access.above)?;
    base.checked_add(access.argument.offset)
}

fn memory(evidence: &Evidence<'_, '_>, site: Option<&Site<'_>>) -> String {
    let words = "memory access out of bounds";
    let Some(range) = site.and_then(|site| range(evidence, site)) else {
        // At a call, the access of the host may have been out of bounds.
        return match site.map(|site| &site.operator) {
            Some(Op::MemoryInit { data_index, .. }) => {
                format!("{words}: data segment {data_index} is too short, or was dropped")
            }
            _ => words.into(),
        };
    };
    let Some((_, shape)) = evidence.memory(0, range.memory) else {
        return words.into();
    };
    let several = evidence.instance(0).is_some_and(|of| of.memories.len() > 1);
    let name = site.and_then(|site| site.module.memory_name(range.memory));
    let memory = match name {
        _ if !several => "memory".to_owned(),
        Some(name) => format!("memory `{name}`"),
        None => format!("memory {}", range.memory),
    };
    let explains = |address: u64| {
        let end = address.checked_add(range.bytes);
        end.is_none_or(|end| end > shape.len())
    };
    let at = match range.address.filter(|address| explains(*address)) {
        Some(address) => format!(" at {address:#x}"),
        None => String::new(),
    };
    let plural = if range.bytes == 1 { "byte" } else { "bytes" };
    // Without the address, the length of a bulk operation is unknown too.
    if at.is_empty() && range.bytes == 0 {
        return format!("{words}: {memory} has {}", memory_size(shape));
    }
    format!(
        "{words}: {} of {} {plural}{at}, {memory} has {}",
        range.what,
        range.bytes,
        memory_size(shape)
    )
}

fn range(evidence: &Evidence<'_, '_>, site: &Site<'_>) -> Option<Range> {
    if let Some(access) = operation::access(&site.operator) {
        return Some(Range {
            what: if access.writes { "write" } else { "read" },
            memory: MemoryIndex(access.argument.memory),
            bytes: access.bytes(),
            address: effective_address(evidence, access),
        });
    }
    let length = evidence.unsigned(0);
    let part = |what, memory, above| Range {
        what,
        memory: MemoryIndex(memory),
        bytes: length.unwrap_or(0),
        address: evidence.unsigned(above).filter(|_| length.is_some()),
    };
    match site.operator {
        Op::MemoryFill { mem } => Some(part("write", mem, 2)),
        Op::MemoryInit { mem, .. } => {
            let target = part("write", mem, 2);
            let shape = evidence.memory(0, target.memory)?.1;
            // If it fits the memory, the segment is too short or was dropped.
            let fits = target.address?.checked_add(target.bytes)? <= shape.len();
            (!fits).then_some(target)
        }
        Op::MemoryCopy { dst_mem, src_mem } => {
            let target = part("write", dst_mem, 2);
            let shape = evidence.memory(0, target.memory)?.1;
            let fits = target.address?.checked_add(target.bytes)? <= shape.len();
            Some(if fits {
                part("read", src_mem, 1)
            } else {
                target
            })
        }
        _ => None,
    }
}

fn misaligned(evidence: &Evidence<'_, '_>, site: Option<&Site<'_>>) -> String {
    let access = site.and_then(|site| operation::access(&site.operator));
    let detail = access.and_then(|access| {
        let address = effective_address(evidence, access)?;
        let bytes = access.bytes();
        (!address.is_multiple_of(bytes)).then(|| format!("{bytes} bytes at {address:#x}"))
    });
    with(detail, "atomic access that is not aligned")
}

/// The access of an instruction to a table.
struct TableAccess {
    table: TableIndex,
    /// How many operands are above the first index on the operand stack.
    above: usize,
    elements: Elements,
}

/// How many elements of a table an instruction accesses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Elements {
    One,
    /// The topmost operand is their number.
    Counted,
}

fn table_access(site: &Site<'_>) -> Option<TableAccess> {
    let (table, above, elements) = match site.operator {
        Op::CallIndirect { table_index, .. } | Op::ReturnCallIndirect { table_index, .. } => {
            (table_index, 0, Elements::One)
        }
        Op::TableGet { table } => (table, 0, Elements::One),
        Op::TableSet { table } => (table, 1, Elements::One),
        Op::TableFill { table } | Op::TableInit { table, .. } => (table, 2, Elements::Counted),
        Op::TableCopy { dst_table, .. } => (dst_table, 2, Elements::Counted),
        _ => return None,
    };
    Some(TableAccess {
        table: TableIndex(table),
        above,
        elements,
    })
}

fn table(evidence: &mut Evidence<'_, '_>, site: Option<&Site<'_>>) -> String {
    let words = "table access out of bounds";
    let Some(access) = site.and_then(table_access) else {
        return words.into();
    };
    let Some(table) = evidence.table(0, access.table) else {
        return words.into();
    };
    let has = format!("the table has {} elements", table.size);
    let count = match access.elements {
        Elements::One => Some(1),
        Elements::Counted => evidence.unsigned(0),
    };
    let (Some(first), Some(count)) = (evidence.unsigned(access.above), count) else {
        return format!("{words}: {has}");
    };
    let is_outside = first.checked_add(count).is_none_or(|end| end > table.size);
    if !is_outside {
        // Then the source of the elements is too short: another table, or a segment, which may have been dropped.
        return format!("{words}: what the elements come from is too short");
    }
    match access.elements {
        Elements::One => format!("{words}: index {first}, {has}"),
        Elements::Counted => {
            let plural = if count == 1 { "element" } else { "elements" };
            format!("{words}: {count} {plural} from index {first}, {has}")
        }
    }
}

fn null_call(evidence: &mut Evidence<'_, '_>, site: Option<&Site<'_>>) -> String {
    let slot = site
        .and_then(table_access)
        .and_then(|access| evidence.unsigned(access.above));
    match slot {
        Some(slot) => {
            format!("indirect call of a null function: slot {slot} of the table is empty")
        }
        None => "indirect call of a null function".into(),
    }
}

fn null_reference(site: Option<&Site<'_>>) -> &'static str {
    let Some(site) = site else {
        return "null reference";
    };
    let name = mnemonic(&site.operator);
    match name.split('.').next() {
        Some("call_ref" | "return_call_ref") => "call of a null function reference",
        Some("struct") => "access to a field of a null reference",
        Some("array") => "access to an element of a null reference",
        Some("throw_ref") => "throw of a null exception reference",
        _ => "null reference",
    }
}

fn index(evidence: &Evidence<'_, '_>, site: Option<&Site<'_>>) -> Option<String> {
    let above = match site?.operator {
        Op::ArrayGet { .. } | Op::ArrayGetS { .. } | Op::ArrayGetU { .. } => 0,
        Op::ArraySet { .. } => 1,
        _ => return None,
    };
    Some(format!("index {}", evidence.unsigned(above)?))
}

/// The name of the tag and the payload of an uncaught exception.
fn exception(evidence: &Evidence<'_, '_>) -> String {
    let words = "uncaught exception";
    let Some(exception) = &evidence.crash.exception else {
        return words.into();
    };
    let tag = exception.tag.and_then(|(instance, tag)| {
        let module = evidence.instances.get(instance.position())?.module;
        let name = evidence
            .binary(module)
            .and_then(|binary| binary.tag_name(tag));
        Some(match name {
            Some(name) => format!(" `{name}`"),
            None => format!(" with tag {tag}"),
        })
    });
    let payload: Vec<String> = exception
        .payload
        .iter()
        .map(|slot| slot.value().map_or_else(|| "?".into(), value::text))
        .collect();
    let payload = match payload.as_slice() {
        [] => String::new(),
        some => format!(": {}", some.join(", ")),
    };
    format!("{words}{}{payload}", tag.unwrap_or_default())
}

fn host(evidence: &Evidence<'_, '_>, message: &str) -> String {
    let import = evidence.site(0).and_then(|site| match site.operator {
        Op::Call { function_index } | Op::ReturnCall { function_index } => {
            let import = site
                .module
                .function_import(wdb_module::FuncIndex(function_index))?;
            Some(format!(" `{}.{}`", import.module, import.name))
        }
        _ => None,
    });
    format!(
        "the host function{} failed: {message}",
        import.unwrap_or_default()
    )
}
