//! An instruction in the text format (core specification, section 6.5), with indices and not with names.

use std::fmt::Write as _;

use wasmparser::{
    BlockType, BrTable, Catch, Handle, HeapType, Ieee32, Ieee64, MemArg, Operator, Ordering,
    RefType, ResumeTable, TryTable, V128, ValType,
};
use wdb_module::{instruction::mnemonic, spelling};

/// The instruction, on one line.
pub(super) fn instruction(operator: &Operator<'_>) -> String {
    let mut out = mnemonic(operator);
    if !write_irregular(operator, &mut out) {
        write_immediates(operator, &mut out);
    }
    out
}

/// Writes the immediates of an instruction whose text has others than its bytes, or in another order.
fn write_irregular(operator: &Operator<'_>, out: &mut String) -> bool {
    use Operator as O;
    // Index 0 is left out.
    let short = |out: &mut String, indices: &[u32]| {
        if indices.iter().any(|it| *it != 0) {
            indices.iter().for_each(|it| it.write(out));
        }
    };
    match operator {
        O::CallIndirect {
            type_index,
            table_index,
        }
        | O::ReturnCallIndirect {
            type_index,
            table_index,
        } => {
            short(out, &[*table_index]);
            let _ = write!(out, " (type {type_index})");
        }
        O::TableInit { elem_index, table } => {
            short(out, &[*table]);
            elem_index.write(out);
        }
        O::MemoryInit { data_index, mem } => {
            short(out, &[*mem]);
            data_index.write(out);
        }
        O::TableCopy {
            dst_table,
            src_table,
        } => short(out, &[*dst_table, *src_table]),
        O::MemoryCopy { dst_mem, src_mem } => short(out, &[*dst_mem, *src_mem]),
        O::MemoryGrow { mem }
        | O::MemorySize { mem }
        | O::MemoryFill { mem }
        | O::MemoryDiscard { mem } => short(out, &[*mem]),
        O::RefTestNonNull { hty } | O::RefCastNonNull { hty } | O::RefCastDescEqNonNull { hty } => {
            let _ = write!(out, " {}", reference_type(false, *hty));
        }
        O::RefTestNullable { hty }
        | O::RefCastNullable { hty }
        | O::RefCastDescEqNullable { hty } => {
            let _ = write!(out, " {}", reference_type(true, *hty));
        }
        _ => return false,
    }
    true
}

fn write_immediates(operator: &Operator<'_>, out: &mut String) {
    macro_rules! written {
        ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
            match operator {
                $(Operator::$op $({ $($arg),* })? => { $($($arg.write(out);)*)? })*
                _ => {}
            }
        };
    }
    wasmparser::for_each_operator!(written);
}

/// What comes after the name of an instruction: a space and itself.
trait Immediate {
    fn write(&self, out: &mut String);
}

macro_rules! plain_numbers {
    ($($ty:ty)*) => {$(
        impl Immediate for $ty {
            fn write(&self, out: &mut String) {
                let _ = write!(out, " {self}");
            }
        }
    )*};
}

plain_numbers!(u8 u32 i32 i64);

impl Immediate for Ieee32 {
    fn write(&self, out: &mut String) {
        let value = f32::from_bits(self.bits());
        write_float(
            value.into(),
            u64::from(self.bits() & 0x7f_ffff),
            1 << 22,
            &format!("{value:?}"),
            out,
        );
    }
}

impl Immediate for Ieee64 {
    fn write(&self, out: &mut String) {
        let value = f64::from_bits(self.bits());
        let payload = self.bits() & ((1 << 52) - 1);
        write_float(value, payload, 1 << 51, &format!("{value:?}"), out);
    }
}

/// A float as the shortest decimal number that means it; `canonical` is the payload of a NaN that needs none.
fn write_float(value: f64, payload: u64, canonical: u64, decimal: &str, out: &mut String) {
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let _ = match (value.is_nan(), payload == canonical) {
        (true, true) => write!(out, " {sign}nan"),
        (true, false) => write!(out, " {sign}nan:{payload:#x}"),
        (false, _) => write!(out, " {}", decimal.strip_suffix(".0").unwrap_or(decimal)),
    };
}

impl Immediate for V128 {
    fn write(&self, out: &mut String) {
        out.push_str(" i32x4");
        for lane in self.bytes().as_chunks::<4>().0 {
            let _ = write!(out, " {:#010x}", u32::from_le_bytes(*lane));
        }
    }
}

impl Immediate for [u8; 16] {
    fn write(&self, out: &mut String) {
        self.iter().for_each(|it| it.write(out));
    }
}

impl Immediate for MemArg {
    fn write(&self, out: &mut String) {
        if self.memory != 0 {
            self.memory.write(out);
        }
        if self.offset != 0 {
            let _ = write!(out, " offset={}", self.offset);
        }
        if self.align != self.max_align {
            let align = 1_u64.checked_shl(self.align.into()).unwrap_or(0);
            let _ = write!(out, " align={align}");
        }
    }
}

impl Immediate for Ordering {
    fn write(&self, out: &mut String) {
        out.push_str(match self {
            Ordering::SeqCst => " seq_cst",
            Ordering::AcqRel => " acq_rel",
        });
    }
}

impl Immediate for BlockType {
    fn write(&self, out: &mut String) {
        let _ = match self {
            BlockType::Empty => Ok(()),
            BlockType::Type(ty) => write!(out, " (result {})", value_type(*ty)),
            BlockType::FuncType(index) => write!(out, " (type {index})"),
        };
    }
}

impl Immediate for BrTable<'_> {
    fn write(&self, out: &mut String) {
        for target in self.targets().map_while(Result::ok) {
            target.write(out);
        }
        self.default().write(out);
    }
}

impl Immediate for TryTable {
    fn write(&self, out: &mut String) {
        self.ty.write(out);
        for catch in &self.catches {
            let _ = match catch {
                Catch::One { tag, label } => write!(out, " (catch {tag} {label})"),
                Catch::OneRef { tag, label } => write!(out, " (catch_ref {tag} {label})"),
                Catch::All { label } => write!(out, " (catch_all {label})"),
                Catch::AllRef { label } => write!(out, " (catch_all_ref {label})"),
            };
        }
    }
}

impl Immediate for ResumeTable {
    fn write(&self, out: &mut String) {
        for handle in &self.handlers {
            let _ = match handle {
                Handle::OnLabel { tag, label } => write!(out, " (on {tag} {label})"),
                Handle::OnSwitch { tag } => write!(out, " (on {tag} switch)"),
            };
        }
    }
}

/// The type of a `select`.
impl Immediate for ValType {
    fn write(&self, out: &mut String) {
        let _ = write!(out, " (result {})", value_type(*self));
    }
}

/// The types of a `select`.
impl Immediate for Vec<ValType> {
    fn write(&self, out: &mut String) {
        out.push_str(" (result");
        for ty in self {
            let _ = write!(out, " {}", value_type(*ty));
        }
        out.push(')');
    }
}

impl Immediate for RefType {
    fn write(&self, out: &mut String) {
        let _ = write!(
            out,
            " {}",
            reference_type(self.is_nullable(), self.heap_type())
        );
    }
}

impl Immediate for HeapType {
    fn write(&self, out: &mut String) {
        let _ = write!(out, " {}", heap_type(*self));
    }
}

fn value_type(ty: ValType) -> String {
    spelling::value_type(ty, |index| index.to_string())
}

fn reference_type(nullable: bool, ty: HeapType) -> String {
    spelling::reference_type(nullable, ty, |index| index.to_string())
}

fn heap_type(ty: HeapType) -> String {
    spelling::heap_type(ty, |index| index.to_string())
}
