//! Locations made by hand: the operations that compilers for WebAssembly write, and what none should.

use crate::common;

use common::dwarf::{abbreviation, body, module, pc, span, uleb};
use common::frame::Frame;
use gimli::constants as c;
use wdb_symbols::object::Scalar;
use wdb_symbols::{Context, Number, Object, Storage, Symbols};

/// The types that a variable can have: name, encoding and size.
const TYPES: [(&str, gimli::DwAte, u8); 6] = [
    ("i32", c::DW_ATE_signed, 4),
    ("i64", c::DW_ATE_signed, 8),
    ("i128", c::DW_ATE_signed, 16),
    ("u64", c::DW_ATE_unsigned, 8),
    ("f32", c::DW_ATE_float, 4),
    ("f64", c::DW_ATE_float, 8),
];

/// Where in the unit the entry of a type is, behind the unit's and those of the types before it.
fn type_entry(name: &str) -> u32 {
    let index = TYPES.iter().position(|it| it.0 == name).unwrap();
    11 + 9 + 5 * index as u32
}

/// The object of a variable of the type with this attribute, and the context of the frame. The function's frame base is in local 9.
fn with<T>(
    ty: &str,
    (form, value): (gimli::DwForm, &[u8]),
    name: gimli::DwAt,
    mut frame: Frame,
    ask: impl FnOnce(&mut Context<'_>, &Object) -> T,
) -> T {
    let code = [
        (c::DW_AT_low_pc, c::DW_FORM_addr),
        (c::DW_AT_high_pc, c::DW_FORM_data4),
    ];
    let text = (c::DW_AT_name, c::DW_FORM_string);
    let (encoding, size) = (c::DW_AT_encoding, c::DW_AT_byte_size);
    let base = (c::DW_AT_frame_base, c::DW_FORM_exprloc);
    let number = [text, (encoding, c::DW_FORM_data1), (size, c::DW_FORM_data1)];
    let variable = [text, (c::DW_AT_type, c::DW_FORM_ref4), (name, form)];
    let mut abbreviations = [
        abbreviation(1, c::DW_TAG_compile_unit, true, &code),
        abbreviation(2, c::DW_TAG_base_type, false, &number),
        abbreviation(3, c::DW_TAG_subprogram, true, &[code[0], code[1], base]),
        abbreviation(4, c::DW_TAG_variable, false, &variable),
    ]
    .concat();
    abbreviations.push(0);

    let body = body(&module(1, &[]), 0);
    let code = span(body.start, body.len() as u32);
    let mut entries = [&[1][..], &code].concat();
    for (_, encoding, size) in TYPES {
        entries.extend([2, b't', 0, encoding.0, size]);
    }
    entries.extend([&[3][..], &code, &[4, 0xed, 0, 9, 0x9f], b"\x04v\0"].concat());
    entries.extend(type_entry(ty).to_le_bytes());
    entries.extend(value);
    entries.extend([0, 0]);
    let module = module(
        1,
        &[
            (".debug_abbrev", abbreviations),
            (".debug_info", common::dwarf::unit(&entries)),
        ],
    );
    let pc = pc(&module, body.start + 3);
    let symbols = Symbols::new(module, None, None);
    let places = symbols.variables(pc);
    let object = symbols.object(&places[0][0], pc, &mut frame);
    let mut context = Context {
        symbols: &symbols,
        machine: &mut frame,
        pc: Some(pc),
    };
    ask(&mut context, &object)
}

fn located<T>(
    ty: &str,
    location: &[u8],
    frame: Frame,
    ask: impl FnOnce(&mut Context<'_>, &Object) -> T,
) -> T {
    let value = [&uleb(location.len() as u64), location].concat();
    with(
        ty,
        (c::DW_FORM_exprloc, &value),
        c::DW_AT_location,
        frame,
        ask,
    )
}

/// The value of a variable at this location, as text; or why there is none.
fn value(ty: &str, location: &[u8], frame: Frame) -> String {
    located(ty, location, frame, |context, object| {
        text(context.scalar(object))
    })
}

fn text(value: Result<Scalar, wdb_symbols::Unavailable>) -> String {
    match value {
        Ok(Scalar::Signed(it)) => it.to_string(),
        Ok(Scalar::Unsigned(it)) => it.to_string(),
        Ok(Scalar::Float(it)) => it.to_string(),
        Ok(other) => format!("{other:?}"),
        Err(reason) => reason.to_string(),
    }
}

fn frame() -> Frame {
    Frame::new()
        .local(0, Number::I32(-7_i32 as u32))
        .local(1, Number::I64(-7_i64 as u64))
        .local(2, Number::F32(1.5_f32.to_bits()))
        .local(3, Number::F64((-0.1_f64).to_bits()))
        .local(4, Number::V128(u128::MAX - 1))
        .local(5, Number::I32(0x2000))
        .local(9, Number::I32(0x1000))
        .operand(0, Number::I32(77))
        .bytes(0x1008, &[1, 0, 0, 0, 0x00, 0x20, 0, 0])
        .bytes(0x2000, &(-2_i64).to_le_bytes())
}

const LOCAL: [u8; 2] = [0xed, 0];
const STACK_VALUE: u8 = 0x9f;

/// An expression that starts with a local.
fn local(index: u8, rest: &[u8]) -> Vec<u8> {
    [&LOCAL[..], &[index], rest].concat()
}

#[test]
fn values_are_as_wide_as_their_types() {
    let is = |ty: &str, location: &[u8], expected: &str| {
        assert_eq!(
            value(ty, location, frame()),
            expected,
            "{ty} {location:02x?}"
        );
    };
    is("i32", &local(0, &[STACK_VALUE]), "-7");
    is("i64", &local(1, &[STACK_VALUE]), "-7");
    is("f32", &local(2, &[STACK_VALUE]), "1.5");
    is("f64", &local(3, &[STACK_VALUE]), "-0.1");
    is("i128", &local(4, &[STACK_VALUE]), "-2");
    is("i32", &[0xed, 2, 0, STACK_VALUE], "77");
    // DW_OP_consts -1.
    is("i64", &[0x11, 0x7f, STACK_VALUE], "-1");
    is("i128", &[0x11, 0x7f, STACK_VALUE], "-1");
    is("u64", &[0x11, 0x7f, STACK_VALUE], &u64::MAX.to_string());
    // DW_OP_implicit_value: 2.0.
    is("f64", &[0x9e, 8, 0, 0, 0, 0, 0, 0, 0, 0x40], "2");
}

#[test]
fn arithmetic() {
    let is = |ty: &str, location: &[u8], expected: &str| {
        assert_eq!(
            value(ty, location, frame()),
            expected,
            "{ty} {location:02x?}"
        );
    };
    let (div, minus, modulo, plus_uconst, shra) = (0x1b, 0x1c, 0x1d, 0x23, 0x26);
    let lit = |it: u8| 0x30 + it;
    // Numbers of 32 bits and of 64 alike keep their sign.
    for (ty, index) in [("i32", 0), ("i64", 1)] {
        is(ty, &local(index, &[plus_uconst, 10, STACK_VALUE]), "3");
        is(ty, &local(index, &[lit(2), minus, STACK_VALUE]), "-9");
        is(ty, &local(index, &[lit(2), div, STACK_VALUE]), "-3");
        is(ty, &local(index, &[lit(2), shra, STACK_VALUE]), "-2");
        is(ty, &local(index, &[lit(4), modulo, STACK_VALUE]), "-3");
        is(
            ty,
            &local(index, &[lit(0), modulo, STACK_VALUE]),
            "the debug information is broken: division by zero",
        );
    }
    // How LLVM widens an int for DWARF 4: x | (0 - sign bit) << 32.
    let widened = local(
        0,
        &[
            0x12,
            0x08,
            31,
            0x25,
            lit(0),
            0x20,
            0x1e,
            0x08,
            32,
            0x24,
            0x21,
            STACK_VALUE,
        ],
    );
    is("i64", &widened, "-7");
    // And how for DWARF 5: as a signed number of 32 bits, then of 64. The types are those of the program.
    let to = |name: &str| uleb(type_entry(name).into());
    let converted = [&[0xa8][..], &to("i32"), &[0xa8], &to("i64"), &[STACK_VALUE]].concat();
    is("i64", &local(0, &converted), "-7");
    // DW_OP_bra over a DW_OP_neg: not taken for 0.
    is(
        "i32",
        &[lit(5), lit(0), 0x28, 1, 0, 0x1f, STACK_VALUE],
        "-5",
    );
    is("i32", &[lit(5), lit(1), 0x28, 1, 0, 0x1f, STACK_VALUE], "5");
}

#[test]
fn places_in_memory() {
    let place =
        |location: &[u8]| located("i32", location, frame(), |_, object| object.place.clone());
    // DW_OP_fbreg 8, and what is there as a pointer.
    assert_eq!(place(&[0x91, 8]), Storage::Memory(0x1008));
    assert_eq!(place(&[0x91, 12, 0x06]), Storage::Memory(0x2000));
    assert_eq!(place(&[0x91, 12, 0x06, 0x23, 4]), Storage::Memory(0x2004));
    // Without DW_OP_stack_value the local has the address.
    assert_eq!(place(&local(5, &[])), Storage::Memory(0x2000));
    assert_eq!(place(&[0x03, 0, 0x20, 0, 0]), Storage::Memory(0x2000));
    // Addresses wrap as in memory.
    assert_eq!(place(&[0x91, 0x80, 0x60]), Storage::Memory(0));
    assert_eq!(value("i64", &[0x03, 0, 0x20, 0, 0], frame()), "-2");
}

/// Of an `__int128` in two locals, of a structure of which only a part is left.
#[test]
fn pieces() {
    let both = [
        &local(1, &[STACK_VALUE, 0x93, 8]),
        &local(1, &[STACK_VALUE, 0x93, 8])[..],
    ]
    .concat();
    let halves = u128::from(-7_i64 as u64);
    assert_eq!(
        value("i128", &both, frame()),
        ((halves << 64 | halves) as i128).to_string()
    );
    // The first half is nowhere, the last quarter is not mentioned.
    let part = [&[0x93, 8][..], &[0x91, 8, 0x93, 4]].concat();
    located("i128", &part, frame(), |context, object| {
        let mut read = |from, size| context.read(&object.place.part(from, Some(size)), size);
        assert_eq!(read(8, 4), Ok(vec![1, 0, 0, 0]));
        assert!(
            read(0, 8)
                .unwrap_err()
                .to_string()
                .starts_with("optimised out")
        );
        assert!(
            read(12, 4)
                .unwrap_err()
                .to_string()
                .starts_with("optimised out")
        );
    });
}

#[test]
fn constants() {
    let is = |ty: &str, form: gimli::DwForm, bytes: &[u8], expected: &str| {
        let found = with(
            ty,
            (form, bytes),
            c::DW_AT_const_value,
            Frame::new(),
            |context, object| text(context.scalar(object)),
        );
        assert_eq!(found, expected, "{ty} {form}");
    };
    is("i32", c::DW_FORM_sdata, &[0x7d], "-3");
    is("i128", c::DW_FORM_sdata, &[0x7d], "-3");
    is("u64", c::DW_FORM_udata, &[0x80, 0x01], "128");
    is("f32", c::DW_FORM_block1, &[4, 0, 0, 0xc0, 0x3f], "1.5");
    is("i64", c::DW_FORM_data8, &[0xff; 8], "-1");
}

/// Loops: of jumps, and of what takes a look at the whole function each time.
#[test]
fn what_has_no_end_is_ended() {
    let said = value("i32", &[0x2f, 0xfd, 0xff], frame());
    assert!(said.ends_with("an expression does not end"), "{said}");
    // `DW_OP_fbreg`, `DW_OP_drop`, `DW_OP_skip` to the start.
    let said = value("i32", &[0x91, 0, 0x13, 0x2f, 0xfa, 0xff], frame());
    assert!(said.ends_with("an expression asks far too much"), "{said}");
}

#[test]
fn what_cannot_be_told_is_said() {
    let is = |location: &[u8], expected: &str| {
        assert_eq!(value("i32", location, frame()), expected, "{location:02x?}");
    };
    is(&[], "optimised out here");
    is(
        &local(8, &[STACK_VALUE]),
        "not in the dump: it is in local 8, which was not recorded",
    );
    is(
        &local(4, &[0x1f, STACK_VALUE]),
        "it is computed from a vector",
    );
    is(
        &[0x50],
        "its location uses DW_OP_reg0, which is not supported",
    );
    is(
        &[0x9c],
        "its location uses DW_OP_call_frame_cfa, which is not supported",
    );
    is(
        &[0xe9],
        "its location uses the operation 0xe9, which is not supported",
    );
    is(
        &[0x03, 0xff, 0xff, 0xff, 0xff],
        "not in the program: the linker dropped it",
    );
    is(
        &[0x23, 8],
        "the debug information is broken: its location is relative to nothing",
    );
    is(
        &[0x22],
        "the debug information is broken: an expression takes more from its stack than is there",
    );
    is(
        &[0x30, STACK_VALUE, 0x30],
        "the debug information is broken: an expression goes on after its result",
    );
    is(
        &[0x2f, 0xfd, 0xff],
        "the debug information is broken: an expression does not end",
    );
    is(
        &[0x2f, 0x40, 0x00],
        "the debug information is broken: an expression jumps out of itself",
    );
    is(
        &[0x91, 12, 0x06, 0x06, 0x06],
        "not in the dump: the memory at 0xfffffffe was not recorded",
    );
    // DW_OP_entry_value of a local that no instruction writes.
    is(&[0xa3, 3, 0xed, 0, 0, STACK_VALUE], "-7");
}
