//! DWARF expressions (DWARF 5, section 2.5), evaluated over the state of a frame.
//!
//! gimli parses the operations. It could also evaluate them, but it does not support WebAssembly: `DW_OP_WASM_location`
//! pushes the value of a local, a global or an operand. This may be a float, a vector or, although addresses have 32
//! bits, an integer of 64 bits.

use std::cell::OnceCell;

use gimli::{Expression, Operation, UnitOffset, Value, ValueType};

use super::location::{Code, Site};
use crate::dwarf::Slice;
use crate::machine::{Machine, Number, Unavailable};
use crate::object::{Piece, Storage};
use crate::units::Unit;

/// At most this many operations are run. Real expressions have some tens.
const MOST_OPERATIONS: u32 = 10_000;

/// At most this many operations may be expensive: those that need the frame base, or the instructions of the function.
pub(super) const MOST_QUESTIONS: u32 = 256;

/// A variable may have at most this many pieces. LLVM has been seen to cut a structure into some tens.
const MOST_PIECES: usize = 256;

/// The evaluation of one expression.
pub(super) struct Evaluation<'e, 'a> {
    pub(super) site: &'e Site<'e, 'a>,
    /// The expression.
    pub(super) code: &'e Code,
    /// Its unit, once an operation needed it.
    pub(super) opened: OnceCell<Unit<'a>>,
    pub(super) machine: &'e mut dyn Machine,
    /// Whether numbers are wider than an address, because the result is.
    ///
    /// DWARF's generic type is as wide as an address. LLVM ignores that: it describes a `long long` that was widened
    /// from an `int` with shifts by 32.
    pub(super) wide: bool,
    /// How many expensive operations are still allowed.
    pub(super) questions: u32,
    /// Whether this is the frame base, which cannot be relative to itself.
    pub(super) is_frame_base: bool,
}

/// An entry of the expression's stack.
#[derive(Clone, Copy, Debug)]
enum Item {
    /// A number, and whether it is wider than an address.
    Number(Value, bool),
    /// A vector. No operation accepts one.
    Vector(u128),
}

impl Item {
    fn of_machine(number: Number) -> Self {
        match number {
            Number::I32(bits) => Item::Number(Value::Generic(bits.into()), false),
            Number::I64(bits) => Item::Number(Value::Generic(bits), true),
            Number::F32(bits) => Item::Number(Value::F32(f32::from_bits(bits)), true),
            Number::F64(bits) => Item::Number(Value::F64(f64::from_bits(bits)), true),
            Number::V128(bits) => Item::Vector(bits),
        }
    }

    /// Its bytes as in memory. At least eight for an integer, because its width is unknown.
    fn bytes(self) -> Vec<u8> {
        match self {
            Item::Vector(bits) => bits.to_le_bytes().to_vec(),
            Item::Number(Value::F32(value), _) => value.to_le_bytes().to_vec(),
            Item::Number(Value::F64(value), _) => value.to_le_bytes().to_vec(),
            Item::Number(value, _) => value.to_u64(u64::MAX).unwrap_or(0).to_le_bytes().to_vec(),
        }
    }
}

/// The reason for invalid DWARF.
pub(super) fn broken(error: impl std::fmt::Display) -> Unavailable {
    Unavailable::Broken(error.to_string())
}

impl<'a> Evaluation<'_, 'a> {
    /// Evaluates the expression to a place.
    pub(super) fn run(&mut self) -> Result<Storage, Unavailable> {
        let code = Slice::new(&self.code.bytes, gimli::LittleEndian);
        let encoding = self.code.encoding;
        let mut rest = code;
        let mut stack: Vec<Item> = Vec::new();
        let mut pieces = Vec::new();
        // A result that is not an address in memory; only a piece may follow.
        let mut done: Option<Storage> = None;
        for _ in 0..MOST_OPERATIONS {
            let Some(opcode) = rest.first().copied() else {
                return self.result(stack, pieces, done);
            };
            let operation =
                Operation::parse(&mut rest, encoding).map_err(|it| self.unreadable(opcode, it))?;
            if done.is_some() && !matches!(operation, Operation::Piece { .. }) {
                return Err(broken("an expression goes on after its result"));
            }
            // Seen from LLVM 22 in functions whose frame has a stricter alignment than the stack.
            if stack.is_empty() && matches!(operation, Operation::PlusConstant { .. }) {
                return Err(broken("its location is relative to nothing"));
            }
            match operation {
                Operation::Piece {
                    size_in_bits,
                    bit_offset,
                } => {
                    if size_in_bits % 8 != 0 || bit_offset.is_some_and(|it| it != 0) {
                        return Err(unsupported(
                            "single bits of a variable are in several places",
                        ));
                    }
                    if pieces.len() == MOST_PIECES {
                        return Err(broken("a variable is in far too many pieces"));
                    }
                    let size = size_in_bits / 8;
                    let place = match (done.take(), stack.pop()) {
                        (Some(place), _) => place,
                        (None, Some(item)) => self.location(item)?,
                        (None, None) => optimised_out(),
                    };
                    pieces.push(Piece {
                        size,
                        place: fit(place, size),
                    });
                }
                Operation::StackValue => {
                    let bytes = pop(&mut stack)?.bytes();
                    done = Some(Storage::Bytes(bytes.into()));
                }
                Operation::ImplicitValue { data } => {
                    done = Some(Storage::Bytes(data.slice().into()));
                }
                Operation::Bra { target } => {
                    if self.integer(pop(&mut stack)?)? != 0 {
                        rest = jump(code, rest, target)?;
                    }
                }
                Operation::Skip { target } => rest = jump(code, rest, target)?,
                operation => self.step(operation, opcode, &mut stack)?,
            }
        }
        Err(broken("an expression does not end"))
    }

    fn result(
        &self,
        mut stack: Vec<Item>,
        pieces: Vec<Piece>,
        done: Option<Storage>,
    ) -> Result<Storage, Unavailable> {
        match (done, stack.pop()) {
            (None, None) if pieces.is_empty() => Ok(optimised_out()),
            (Some(place), _) if pieces.is_empty() => Ok(place),
            (None, Some(item)) if pieces.is_empty() => self.location(item),
            (None, _) => Ok(Storage::Pieces(pieces.into())),
            (Some(_), _) => Err(broken("a location ends between two pieces")),
        }
    }

    /// Runs an operation that pops from the stack and pushes onto it.
    fn step(
        &mut self,
        operation: Operation<Slice<'_>>,
        opcode: u8,
        stack: &mut Vec<Item>,
    ) -> Result<(), Unavailable> {
        if matches!(
            operation,
            Operation::FrameOffset { .. }
                | Operation::EntryValue { .. }
                | Operation::TLS
                | Operation::WasmGlobal { index: u32::MAX }
        ) {
            let left = self.questions.checked_sub(1);
            self.questions = left.ok_or_else(|| broken("an expression asks far too much"))?;
        }
        let pushed = match operation {
            Operation::Nop => return Ok(()),
            Operation::Drop => return pop(stack).map(drop),
            Operation::Pick { index } => {
                let mut from_the_top = stack.iter().rev();
                *from_the_top.nth(index.into()).ok_or_else(too_few)?
            }
            Operation::Swap | Operation::Rot => {
                let is_swap = matches!(operation, Operation::Swap);
                let count = if is_swap { 2 } else { 3 };
                let first = stack.len().checked_sub(count).ok_or_else(too_few)?;
                stack[first..].rotate_right(1);
                return Ok(());
            }
            Operation::UnsignedConstant { value } => {
                let is_wide = value > u32::MAX.into();
                Item::Number(Value::Generic(value), is_wide)
            }
            Operation::SignedConstant { value } => {
                let is_wide = i32::try_from(value).is_err();
                Item::Number(Value::Generic(value.cast_unsigned()), is_wide)
            }
            // An offset from the start of the thread's variables may be 0.
            Operation::Address { address: 0 } if !stack.is_empty() => constant(0),
            Operation::Address { address } => constant(self.linked(address)?),
            Operation::AddressIndex { index } => {
                let address = self.site.dwarf.gimli.address(&self.unit()?.gimli, index);
                constant(self.linked(address.map_err(broken)?)?)
            }
            Operation::ConstantIndex { index } => {
                let value = self.site.dwarf.gimli.address(&self.unit()?.gimli, index);
                constant(value.map_err(broken)?)
            }
            Operation::WasmLocal { index } => Item::of_machine(self.machine.local(index)?),
            // LLVM writes this index for `__tls_base` if the linker removed the global.
            Operation::WasmGlobal { index: u32::MAX } => {
                constant(thread_local_base(self.site, self.machine)?)
            }
            Operation::WasmGlobal { index } => Item::of_machine(self.machine.global(index)?),
            Operation::WasmStack { index } => Item::of_machine(self.machine.operand(index)?),
            Operation::FrameOffset { offset } => {
                if self.is_frame_base {
                    return Err(broken("a frame base is relative to itself"));
                }
                let base = self.site.frame_base(self.machine)?;
                let address = base.wrapping_add(offset.cast_unsigned());
                constant(address & self.address_mask())
            }
            Operation::TLS => {
                let offset = self.integer(pop(stack)?)?;
                let base = thread_local_base(self.site, self.machine)?;
                constant(base.wrapping_add(self.linked(offset)?) & self.address_mask())
            }
            Operation::Deref {
                base_type,
                size,
                space: false,
            } => {
                let address = self.integer(pop(stack)?)? & self.address_mask();
                self.read(address, size, base_type)?
            }
            Operation::EntryValue { expression } => self.entry_value(expression)?,
            Operation::TypedLiteral { base_type, value } => {
                let parsed = Value::parse(self.value_type(base_type)?, value);
                Item::Number(parsed.map_err(broken)?, true)
            }
            Operation::Convert { base_type } => {
                let (value, wide) = number(pop(stack)?)?;
                let to = self.value_type(base_type)?;
                Item::Number(value.convert(to, self.mask(wide)).map_err(broken)?, wide)
            }
            Operation::Reinterpret { base_type } => {
                let (value, wide) = number(pop(stack)?)?;
                let to = self.value_type(base_type)?;
                Item::Number(
                    value.reinterpret(to, self.mask(wide)).map_err(broken)?,
                    wide,
                )
            }
            Operation::PlusConstant { value } => {
                let constant = constant(value);
                self.binary(Value::add, pop(stack)?, constant)?
            }
            Operation::Abs => self.unary(Value::abs, pop(stack)?)?,
            Operation::Neg => self.unary(Value::neg, pop(stack)?)?,
            Operation::Not => self.unary(Value::not, pop(stack)?)?,
            operation => {
                let Some(function) = arithmetic(&operation) else {
                    return Err(not_run(opcode));
                };
                let right = pop(stack)?;
                self.binary(function, pop(stack)?, right)?
            }
        };
        stack.push(pushed);
        Ok(())
    }

    fn unary(
        &self,
        function: fn(Value, u64) -> gimli::Result<Value>,
        operand: Item,
    ) -> Result<Item, Unavailable> {
        let (value, wide) = number(operand)?;
        let value = function(value, self.mask(wide)).map_err(broken)?;
        Ok(Item::Number(value, wide))
    }

    /// A number of the generic type takes the type of the other operand.
    fn binary(&self, function: Binary, left: Item, right: Item) -> Result<Item, Unavailable> {
        let ((mut left, left_wide), (mut right, right_wide)) = (number(left)?, number(right)?);
        let wide = left_wide || right_wide;
        match (left, right) {
            (Value::Generic(_), Value::Generic(_)) => {}
            (Value::Generic(bits), typed) => {
                left = Value::from_u64(typed.value_type(), bits).map_err(broken)?;
            }
            (typed, Value::Generic(bits)) => {
                right = Value::from_u64(typed.value_type(), bits).map_err(broken)?;
            }
            _ => {}
        }
        let value = function(left, right, self.mask(wide)).map_err(broken)?;
        Ok(Item::Number(value, wide))
    }

    /// The unit that the expression is in. Few operations need it.
    fn unit(&self) -> Result<&Unit<'a>, Unavailable> {
        if let Some(unit) = self.opened.get() {
            return Ok(unit);
        }
        let dwarf = self.site.dwarf;
        let unit = dwarf.units().open(dwarf, self.code.unit).map_err(broken)?;
        Ok(self.opened.get_or_init(|| unit))
    }

    /// The bits of an address.
    fn address_mask(&self) -> u64 {
        match self.code.encoding.address_size {
            8.. => u64::MAX,
            _ => u32::MAX.into(),
        }
    }

    fn mask(&self, wide: bool) -> u64 {
        if wide || self.wide {
            u64::MAX
        } else {
            self.address_mask()
        }
    }

    fn integer(&self, item: Item) -> Result<u64, Unavailable> {
        let (value, wide) = number(item)?;
        value.to_u64(self.mask(wide)).map_err(broken)
    }

    /// The place that the last entry of the stack means: an address in memory. A float or vector is the value itself.
    fn location(&self, item: Item) -> Result<Storage, Unavailable> {
        match item {
            Item::Vector(_) | Item::Number(Value::F32(_) | Value::F64(_), _) => {
                Ok(Storage::Bytes(item.bytes().into()))
            }
            Item::Number(..) => Ok(Storage::Memory(self.integer(item)? & self.address_mask())),
        }
    }

    /// The address, if the linker kept the data. LLVM's linker writes -1 for removed data; before LLVM 11, 0.
    fn linked(&self, address: u64) -> Result<u64, Unavailable> {
        if address == 0 || address == self.address_mask() {
            return Err(unsupported("not in the program: the linker dropped it"));
        }
        Ok(address)
    }

    fn read(&mut self, at: u64, size: u8, ty: UnitOffset) -> Result<Item, Unavailable> {
        let mut buffer = [0; 8];
        let Some(bytes) = buffer.get_mut(..size.into()) else {
            return Err(broken(format!(
                "an operation reads an address of {size} bytes"
            )));
        };
        self.machine.read(at, bytes)?;
        let value = match ty.0 {
            0 => Value::Generic(u64::from_le_bytes(buffer)),
            _ => Value::parse(self.value_type(ty)?, Slice::new(bytes, gimli::LittleEndian))
                .map_err(broken)?,
        };
        Ok(Item::Number(value, size > 4))
    }

    /// The type of numbers that a `DW_TAG_base_type` means. The offset 0 means the generic type.
    fn value_type(&self, offset: UnitOffset) -> Result<ValueType, Unavailable> {
        if offset.0 == 0 {
            return Ok(ValueType::Generic);
        }
        let unit = self.unit()?;
        let entry = unit.gimli.entry(offset).map_err(broken)?;
        let found = ValueType::from_entry(&entry).map_err(broken)?;
        found.ok_or_else(|| unsupported("it is computed with numbers of an unusual type"))
    }

    /// The value of a local when the function was called. It is the current value if no instruction writes the local.
    fn entry_value(&mut self, expression: Slice<'_>) -> Result<Item, Unavailable> {
        let mut operations = Expression(expression).operations(self.code.encoding);
        let (first, second) = (operations.next(), operations.next());
        let (Ok(Some(Operation::WasmLocal { index })), Ok(None)) = (first, second) else {
            return Err(unsupported(
                "it is computed from what was there when the function was called",
            ));
        };
        if self.site.is_written(index) {
            return Err(Unavailable::OptimisedOut(Vec::new()));
        }
        Ok(Item::of_machine(self.machine.local(index)?))
    }

    fn unreadable(&self, opcode: u8, error: gimli::Error) -> Unavailable {
        match error {
            gimli::Error::InvalidExpression(_) => not_run(opcode),
            error => broken(error),
        }
    }
}

/// An operation on two numbers. The last argument is the mask for numbers of the generic type.
type Binary = fn(Value, Value, u64) -> gimli::Result<Value>;

/// The function for an operation on two numbers.
fn arithmetic(operation: &Operation<Slice<'_>>) -> Option<Binary> {
    Some(match operation {
        Operation::And => Value::and,
        Operation::Div => Value::div,
        Operation::Minus => Value::sub,
        Operation::Mod => remainder,
        Operation::Mul => Value::mul,
        Operation::Or => Value::or,
        Operation::Plus => Value::add,
        Operation::Shl => Value::shl,
        Operation::Shr => Value::shr,
        Operation::Shra => Value::shra,
        Operation::Xor => Value::xor,
        Operation::Eq => Value::eq,
        Operation::Ge => Value::ge,
        Operation::Gt => Value::gt,
        Operation::Le => Value::le,
        Operation::Lt => Value::lt,
        Operation::Ne => Value::ne,
        _ => return None,
    })
}

/// The start of the thread's variables. Without threads the linker puts them among the other variables, and writes
/// addresses instead of offsets.
fn thread_local_base(site: &Site<'_, '_>, machine: &mut dyn Machine) -> Result<u64, Unavailable> {
    match site.global("__tls_base") {
        Some(index) => match machine.global(index.0)?.address() {
            Some(base) => Ok(base),
            None => Err(broken("the global `__tls_base` is not an address")),
        },
        None if site.has_threads() => Err(unsupported(
            "it is one for each thread, and the module does not name `__tls_base`, where they start",
        )),
        None => Ok(0),
    }
}

/// LLVM describes a signed remainder with `DW_OP_mod`, although that is unsigned (DWARF 5, section 2.5.1.4). It does
/// not describe an unsigned remainder at all.
fn remainder(left: Value, right: Value, mask: u64) -> gimli::Result<Value> {
    let (Value::Generic(left), Value::Generic(right)) = (left, right) else {
        return left.rem(right, mask);
    };
    let unused = mask.leading_zeros();
    let signed = |bits: u64| (bits << unused).cast_signed() >> unused;
    let rest = signed(left).checked_rem(signed(right));
    let rest = rest.ok_or(gimli::Error::DivisionByZero)?;
    Ok(Value::Generic(rest.cast_unsigned() & mask))
}

fn jump<'a>(code: Slice<'a>, rest: Slice<'a>, target: i16) -> Result<Slice<'a>, Unavailable> {
    let current = code.len() - rest.len();
    current
        .checked_add_signed(target.into())
        .filter(|offset| *offset <= code.len())
        .map(|offset| code.range_from(offset..))
        .ok_or_else(|| broken("an expression jumps out of itself"))
}

/// The first `size` bytes of a place.
fn fit(place: Storage, size: u64) -> Storage {
    match place {
        Storage::Bytes(bytes) if size < bytes.len() as u64 => {
            Storage::Bytes(bytes).part(0, Some(size))
        }
        place => place,
    }
}

/// A number of the generic type, as wide as an address.
fn constant(bits: u64) -> Item {
    Item::Number(Value::Generic(bits), false)
}

fn number(item: Item) -> Result<(Value, bool), Unavailable> {
    match item {
        Item::Number(value, wide) => Ok((value, wide)),
        Item::Vector(_) => Err(unsupported("it is computed from a vector")),
    }
}

fn pop(stack: &mut Vec<Item>) -> Result<Item, Unavailable> {
    stack.pop().ok_or_else(too_few)
}

fn too_few() -> Unavailable {
    broken("an expression takes more from its stack than is there")
}

fn optimised_out() -> Storage {
    Storage::Nowhere(Unavailable::OptimisedOut(Vec::new()))
}

fn unsupported(reason: &str) -> Unavailable {
    Unavailable::Unsupported(reason.to_owned())
}

fn not_run(opcode: u8) -> Unavailable {
    let name = match gimli::DwOp(opcode).static_string() {
        Some(name) => name.to_owned(),
        None => format!("the operation {opcode:#x}"),
    };
    Unavailable::Unsupported(format!("its location uses {name}, which is not supported"))
}
