//! The machine state that the debug information needs from a frame of a stopped program.

use std::ops::RangeInclusive;

use wdb_module::FuncIndex;

/// The state of the machine as one frame sees it.
///
/// Addresses are in the frame's memory 0: the DWARF of WebAssembly has all data there. Indices are those of the frame's
/// module. An implementation may record separately how reliable its values were.
pub trait Machine {
    /// The value of a local.
    ///
    /// # Errors
    ///
    /// When it was not recorded, or no such local exists.
    fn local(&mut self, index: u32) -> Result<Number, Unavailable>;

    /// The value of a global.
    ///
    /// # Errors
    ///
    /// As for [`Machine::local`].
    fn global(&mut self, index: u32) -> Result<Number, Unavailable>;

    /// The operand at `index` of the operand stack. 0 is the bottom.
    ///
    /// # Errors
    ///
    /// As for [`Machine::local`].
    fn operand(&mut self, index: u32) -> Result<Number, Unavailable>;

    /// Fills the whole `buffer` with the bytes at `address` of memory 0, or returns an error.
    ///
    /// # Errors
    ///
    /// [`Unavailable::OutOfBounds`] and [`Unavailable::NotInDump`].
    fn read(&mut self, address: u64, buffer: &mut [u8]) -> Result<(), Unavailable>;

    /// The function in element `index` of table 0. A function pointer of C, C++ and Rust is such an index. `None`: a
    /// null element.
    ///
    /// # Errors
    ///
    /// When the table was not recorded or is shorter, or the function is not one of the frame's module.
    fn element(&mut self, index: u64) -> Result<Option<FuncIndex>, Unavailable>;
}

/// A value of the machine. Floats are kept as their bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// An `i32`.
    I32(u32),
    /// An `i64`.
    I64(u64),
    /// An `f32`.
    F32(u32),
    /// An `f64`.
    F64(u64),
    /// A `v128`.
    V128(u128),
}

impl Number {
    /// The value as an unsigned address. `None` if it is not an integer.
    pub fn address(self) -> Option<u64> {
        match self {
            Number::I32(bits) => Some(u64::from(bits)),
            Number::I64(bits) => Some(bits),
            Number::F32(_) | Number::F64(_) | Number::V128(_) => None,
        }
    }
}

/// Why a value is unavailable. The text can follow the name of the value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unavailable {
    /// The variable has no location at this pc. The lines where it has one, if any.
    #[error("optimised out here{}", live_lines(.0))]
    OptimisedOut(Vec<RangeInclusive<u32>>),
    /// It is in a local, in a global or on the operand stack, and the dump does not have that.
    #[error("not in the dump: it is in {0}, which was not recorded")]
    NotRecorded(String),
    /// The memory at this address is not in the dump.
    #[error("not in the dump: the memory at {0:#x} was not recorded")]
    NotInDump(u64),
    /// This address is outside of the memory.
    #[error("no memory at {0:#x}")]
    OutOfBounds(u64),
    /// The debug information is invalid: why.
    #[error("the debug information is broken: {0}")]
    Broken(String),
    /// Something is not supported, or has no value: what.
    #[error("{0}")]
    Unsupported(String),
}

fn live_lines(lines: &[RangeInclusive<u32>]) -> String {
    match lines {
        [] => String::new(),
        lines => format!("; live {}", Unavailable::lines(lines)),
    }
}

impl Unavailable {
    /// Lines of source as text: `in line 3`, `from line 5 to 9`, `in lines 3, 5 to 9`.
    pub fn lines(lines: &[RangeInclusive<u32>]) -> String {
        let spans = lines.iter().map(|line| match (line.start(), line.end()) {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first} to {last}"),
        });
        match (lines, spans.collect::<Vec<_>>().join(", ")) {
            ([only], text) if only.start() != only.end() => format!("from line {text}"),
            ([_], text) => format!("in line {text}"),
            (_, text) => format!("in lines {text}"),
        }
    }
}
