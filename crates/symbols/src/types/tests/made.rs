//! DWARF made byte by byte, for cases that no fixture has.

use gimli::constants as c;

use super::*;

/// Abbreviations for made types: their tag, whether they have children, and their attributes.
pub(super) type Abbreviation<'a> = (gimli::DwTag, bool, &'a [(gimli::DwAt, gimli::DwForm)]);

/// The symbols of a module with one unit of C, whose first entry is at offset 13.
pub(super) fn made(abbreviations: &[Abbreviation<'_>], entries: &[u8]) -> Symbols {
    made_in(c::DW_LANG_C99, abbreviations, entries)
}

pub(super) fn made_in(
    language: c::DwLang,
    abbreviations: &[Abbreviation<'_>],
    entries: &[u8],
) -> Symbols {
    let mut info = (entries.len() as u32 + 9).to_le_bytes().to_vec();
    info.extend(4_u16.to_le_bytes());
    info.extend(0_u32.to_le_bytes());
    info.extend([4, 1, language.0 as u8]);
    info.extend(entries);
    made_of_units(abbreviations, info)
}

/// The symbols of a module with units. The first entry of each has the first abbreviation, which has only a language.
fn made_of_units(abbreviations: &[Abbreviation<'_>], info: Vec<u8>) -> Symbols {
    let unit: Abbreviation<'_> = (
        c::DW_TAG_compile_unit,
        true,
        &[(c::DW_AT_language, c::DW_FORM_data1)],
    );
    let mut table = Vec::new();
    for (code, (tag, children, attributes)) in [unit].iter().chain(abbreviations).enumerate() {
        table.extend(uleb(code as u64 + 1));
        table.extend(uleb(tag.0.into()));
        table.push((*children).into());
        for (name, form) in *attributes {
            table.extend(uleb(name.0.into()));
            table.extend(uleb(form.0.into()));
        }
        table.extend([0, 0]);
    }
    table.push(0);
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    for (name, contents) in [(".debug_abbrev", table), (".debug_info", info)] {
        bytes.push(0);
        bytes.extend(uleb((1 + name.len() + contents.len()) as u64));
        bytes.push(name.len() as u8);
        bytes.extend(name.bytes());
        bytes.extend(contents);
    }
    let binary = Binary::parse(bytes.into()).unwrap();
    Symbols::new(Arc::clone(&binary.modules()[0]), None, None)
}

pub(super) fn uleb(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// Clang's output with `-gdwarf-5 -fdebug-types-section`: the type has a unit of its own.
#[test]
fn a_type_in_a_unit_of_its_own() {
    let abbreviations: [Abbreviation<'_>; 3] = [
        (
            c::DW_TAG_namespace,
            true,
            &[(c::DW_AT_name, c::DW_FORM_string)],
        ),
        (
            c::DW_TAG_structure_type,
            false,
            &[
                (c::DW_AT_name, c::DW_FORM_string),
                (c::DW_AT_byte_size, c::DW_FORM_data1),
            ],
        ),
        (
            c::DW_TAG_structure_type,
            false,
            &[
                (c::DW_AT_declaration, c::DW_FORM_flag_present),
                (c::DW_AT_signature, c::DW_FORM_ref_sig8),
            ],
        ),
    ];
    let unit = |kind: gimli::DwUt, head: &[u8], entries: &[u8]| {
        let mut out = (8 + head.len() as u32 + entries.len() as u32)
            .to_le_bytes()
            .to_vec();
        out.extend(5_u16.to_le_bytes());
        out.extend([kind.0, 4, 0, 0, 0, 0]);
        out.extend([head, entries].concat());
        out
    };
    let signature = 0x1234_5678_9abc_def0_u64.to_le_bytes();
    // The header has 24 bytes, the unit's entry 2 and the namespace 3.
    let head = [&signature[..], &29_u32.to_le_bytes()].concat();
    let language = c::DW_LANG_C_plus_plus.0 as u8;
    let of_type = unit(
        c::DW_UT_type,
        &head,
        &[&[1, language, 2][..], b"n\0", &[3], b"S\0", &[12, 0, 0]].concat(),
    );
    for (mentioned, is_there) in [(signature, true), ([1; 8], false)] {
        let at = of_type.len() + 14;
        let of_code = unit(
            c::DW_UT_compile,
            &[],
            &[&[1, language, 4][..], &mentioned, &[0]].concat(),
        );
        let info = [of_type.clone(), of_code].concat();
        let symbols = made_of_units(&abbreviations, info);
        let ty = symbols.ty(&TypeRef::Entry(TypeId(at)));
        if is_there {
            assert_eq!((&*ty.name, ty.size), ("n::S", Some(12)));
        } else {
            assert!(matches!(&ty.kind, Kind::Broken(why) if why.contains("type unit")));
        }
        assert_eq!(symbols.types_named("n::S").len(), 1);
    }
}

/// Clang's output with `-gsimple-template-names`: the arguments are only in the entries below.
#[test]
fn a_template_without_arguments_in_its_name() {
    let named = (c::DW_AT_name, c::DW_FORM_string);
    let of_type = (c::DW_AT_type, c::DW_FORM_ref1);
    let abbreviations: [Abbreviation<'_>; 5] = [
        (c::DW_TAG_structure_type, true, &[named]),
        (c::DW_TAG_template_type_parameter, false, &[of_type]),
        (
            c::DW_TAG_template_value_parameter,
            false,
            &[of_type, (c::DW_AT_const_value, c::DW_FORM_sdata)],
        ),
        (
            c::DW_TAG_base_type,
            false,
            &[
                named,
                (c::DW_AT_encoding, c::DW_FORM_data1),
                (c::DW_AT_byte_size, c::DW_FORM_data1),
            ],
        ),
        (c::DW_TAG_pointer_type, false, &[of_type]),
    ];
    // The structure has 5 bytes, its parameters 2, 3 and 1, the base type 7.
    let entries = [
        &[2, b'B', b'o', b'x', 0, 3, 31, 4, 24, 3, 0][..],
        &[5, b'i', b'n', b't', 0, 5, 4],
        &[6, 24, 0],
    ]
    .concat();
    let mut info = (entries.len() as u32 + 9).to_le_bytes().to_vec();
    info.extend(4_u16.to_le_bytes());
    info.extend(0_u32.to_le_bytes());
    info.extend([4, 1, c::DW_LANG_C_plus_plus.0 as u8]);
    info.extend(entries);
    let symbols = made_of_units(&abbreviations, info);
    assert_eq!(
        &*symbols.ty(&TypeRef::Entry(TypeId(13))).name,
        "Box<int *, 3>"
    );
    assert_eq!(symbols.types_named("Box<int*, 3>").len(), 1);
    assert_eq!(symbols.types_named("Box<int*, 4>").len(), 0);
}

/// The output of old compilers and rare languages: bits counted from the top, lists of discriminants, bounds, numbers
/// of 128 bits.
#[test]
fn rare_forms() {
    let named = (c::DW_AT_name, c::DW_FORM_string);
    let of_type = (c::DW_AT_type, c::DW_FORM_ref1);
    let at = (c::DW_AT_data_member_location, c::DW_FORM_data1);
    let abbreviations: [Abbreviation<'_>; 11] = [
        (
            c::DW_TAG_base_type,
            false,
            &[
                (c::DW_AT_encoding, c::DW_FORM_data1),
                (c::DW_AT_byte_size, c::DW_FORM_data1),
            ],
        ),
        (c::DW_TAG_structure_type, true, &[]),
        (
            c::DW_TAG_member,
            false,
            &[
                named,
                of_type,
                (c::DW_AT_bit_size, c::DW_FORM_data1),
                (c::DW_AT_bit_offset, c::DW_FORM_data1),
                at,
            ],
        ),
        (
            c::DW_TAG_variant_part,
            true,
            &[(c::DW_AT_discr, c::DW_FORM_ref1)],
        ),
        (c::DW_TAG_member, false, &[named, of_type, at]),
        (
            c::DW_TAG_variant,
            true,
            &[(c::DW_AT_discr_list, c::DW_FORM_block1)],
        ),
        (c::DW_TAG_array_type, true, &[of_type]),
        (
            c::DW_TAG_subrange_type,
            false,
            &[
                (c::DW_AT_lower_bound, c::DW_FORM_data1),
                (c::DW_AT_upper_bound, c::DW_FORM_sdata),
            ],
        ),
        (
            c::DW_TAG_subrange_type,
            false,
            &[(c::DW_AT_count, c::DW_FORM_ref1)],
        ),
        (
            c::DW_TAG_enumerator,
            false,
            &[named, (c::DW_AT_const_value, c::DW_FORM_block1)],
        ),
        (c::DW_TAG_enumeration_type, true, &[]),
    ];
    // At 13 an `int`, at 16 a signed byte, at 19 the structure.
    let mut entries = vec![2, 5, 4, 2, 5, 1, 3];
    // A bit-field of four bits at bit 20 of four bytes from byte 8, and one outside of its record.
    entries.extend([4, b'a', 0, 13, 4, 20, 8]);
    entries.extend([4, b'b', 0, 13, 4, 200, 0]);
    // At 34 a variant part with its discriminant at 36. The values 5 and -2 to 1 select its first variant; the list
    // of the second is broken.
    entries.extend([5, 36, 6, b'd', 0, 16, 3]);
    entries.extend([7, 5, 0, 5, 1, 0x7e, 1, 6, b'v', 0, 13, 4, 0]);
    entries.extend([7, 1, 9, 0, 0, 0]);
    let array = 13 + entries.len();
    entries.extend([8, 13, 9, 1, 3, 10, 13, 9, 0, 0x7f, 0]);
    let enumeration = 13 + entries.len();
    entries.extend([12, 11, b'e', 0, 16]);
    entries.extend((7_u128 << 100).to_le_bytes());
    entries.extend([0, 0]);
    let symbols = made(&abbreviations, &entries);
    let ty = symbols.ty(&TypeRef::Entry(TypeId(enumeration)));
    assert!(
        matches!(&ty.kind, Kind::Enumeration(it) if it.enumerators[0].1 == 7 << 100),
        "{ty:?}"
    );
    let ty = symbols.ty(&TypeRef::Entry(TypeId(19)));
    let Kind::Record(record) = &ty.kind else {
        panic!("{ty:?}");
    };
    let bits = record.members[0].bits.unwrap();
    // 32 - 20 - 4: bit 8 from the bottom, of byte 8.
    assert_eq!(
        (record.members[0].offset, bits.offset, bits.size),
        (9, 0, 4)
    );
    assert!(matches!(
        symbols.ty(&record.members[1].ty).kind,
        Kind::Broken(_)
    ));
    let part = record.variants.clone().unwrap();
    assert_eq!(part.discriminant.unwrap().offset, 3);
    assert_eq!(part.variants[0].values, [5..=5, 0xfe..=0xff, 0..=1]);
    assert_eq!(part.variants[0].members[0].offset, 4);
    assert_eq!(part.variants[1].values, []);

    let ty = symbols.ty(&TypeRef::Entry(TypeId(array)));
    let Kind::Array(array) = &ty.kind else {
        panic!("{ty:?}");
    };
    let counts = [Count::Known(3), Count::InVariable(13), Count::Known(0)];
    assert_eq!((array.dimensions.as_slice(), ty.size), (&counts[..], None));
    assert_eq!(&*ty.name, "{unnamed type}[3][][0]");
}
