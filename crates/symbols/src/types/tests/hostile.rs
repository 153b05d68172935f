//! Damaged and hostile DWARF: every type is read, soon, and nothing panics.

use std::time::{Duration, Instant};

use super::*;

/// Far more than any of this takes, even unoptimised on a busy machine; what it is to catch takes hours.
const SOON: Duration = Duration::from_secs(20);

/// Marsaglia's xorshift: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// Reads the types of damaged copies of a fixture: those at the places where `offsets` says that the sound one has some, and
/// those with its names.
fn damage(name: &str, rounds: u64) {
    let sound = module(name);
    let bytes = sound.bytes().to_vec();
    let sections: Vec<_> = sound
        .custom_sections()
        .filter(|(name, _)| name.starts_with(".debug_"))
        .map(|(_, range)| range.start.0 as usize..range.end.0 as usize)
        .filter(|range| !range.is_empty())
        .collect();
    let symbols = Symbols::new(Arc::clone(&sound), None, None);
    let dwarf = symbols.dwarf().unwrap();
    let (mut offsets, mut names) = (Vec::new(), Vec::new());
    for id in dwarf.units().ids() {
        let unit = dwarf.units().open(&dwarf, id).unwrap();
        for scope in dwarf.units().scopes(&dwarf, &unit).all() {
            let entry = gimli::UnitOffset(scope.entry.0 as usize);
            let offset = entry.to_debug_info_offset(&unit.gimli.header).unwrap();
            offsets.push(offset.0);
            let name = crate::scopes::qualified_name(&dwarf, &unit, entry);
            names.extend(name.filter(|_| offsets.len() % 16 == 0));
        }
    }
    assert!(100 < offsets.len() && 10 < names.len());
    for seed in 0..rounds {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut damaged = bytes.clone();
        for _ in 0..1 << random.below(9) {
            let section = &sections[random.below(sections.len())];
            let byte = &mut damaged[section.start + random.below(section.len())];
            *byte = match random.below(5) {
                0 => 0,
                1 => 0xff,
                2 => 0x7f,
                3 => *byte ^ (1 << random.below(8)),
                _ => random.below(256) as u8,
            };
        }
        let start = Instant::now();
        let binary = Binary::parse(damaged.into()).unwrap();
        let symbols = Symbols::new(Arc::clone(&binary.modules()[0]), None, None);
        for _ in 0..60 {
            let near = offsets[random.below(offsets.len())] + random.below(3);
            symbols.ty(&TypeRef::Entry(TypeId(near)));
        }
        for _ in 0..3 {
            let name = &names[random.below(names.len())];
            for ty in symbols.types_named(name) {
                symbols.ty(&ty);
            }
            symbols.functions_named(name);
        }
        symbols.vtable_type(random.below(1 << 21) as u64);
        assert!(start.elapsed() < SOON, "seed {seed}");
    }
}

#[test]
fn damaged_c() {
    damage("c-variables", 150);
}

#[test]
fn damaged_dwarf_5() {
    damage("c-variables-dwarf5", 150);
}

#[test]
fn damaged_cpp() {
    damage("cpp-types", 15);
}

#[test]
fn damaged_rust() {
    damage("rust-refcell", 60);
}

use gimli::constants as c;

/// Abbreviations for made types: their tag, whether they have children, and their attributes.
type Abbreviation<'a> = (gimli::DwTag, bool, &'a [(gimli::DwAt, gimli::DwForm)]);

/// The symbols of a module with one unit of C, whose first entry is at offset 13.
fn made(abbreviations: &[Abbreviation<'_>], entries: &[u8]) -> Symbols {
    let mut info = (entries.len() as u32 + 9).to_le_bytes().to_vec();
    info.extend(4_u16.to_le_bytes());
    info.extend(0_u32.to_le_bytes());
    info.extend([4, 1, c::DW_LANG_C99.0 as u8]);
    info.extend(entries);
    made_of_units(abbreviations, info)
}

/// The symbols of a module with units, whose first entries have the first abbreviation: a language.
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

fn uleb(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

fn first(symbols: &Symbols) -> Arc<Type> {
    let start = Instant::now();
    let ty = symbols.ty(&TypeRef::Entry(TypeId(13)));
    assert!(start.elapsed() < SOON);
    ty
}

const OF_TYPE: &[(gimli::DwAt, gimli::DwForm)] = &[(c::DW_AT_type, c::DW_FORM_ref1)];

#[test]
fn types_made_of_themselves() {
    for tag in [c::DW_TAG_const_type, c::DW_TAG_typedef] {
        let ty = first(&made(&[(tag, false, OF_TYPE)], &[2, 13, 0]));
        assert!(
            matches!(&ty.kind, Kind::Broken(why) if why.contains("itself")),
            "{ty:?}"
        );
    }
    // An array of itself.
    let subrange: Abbreviation<'_> = (
        c::DW_TAG_subrange_type,
        false,
        &[(c::DW_AT_count, c::DW_FORM_data1)],
    );
    let array: Abbreviation<'_> = (c::DW_TAG_array_type, true, OF_TYPE);
    for count in [1, 255] {
        let ty = first(&made(&[array, subrange], &[2, 13, 3, count, 0, 0]));
        assert!(matches!(ty.kind, Kind::Broken(_)), "{ty:?}");
    }
    // A pointer to itself is fine, but has no end of a name.
    let ty = first(&made(
        &[(c::DW_TAG_pointer_type, false, OF_TYPE)],
        &[2, 13, 0],
    ));
    assert_eq!(
        ty.kind,
        Kind::Pointer(PointerKind::Pointer, TypeRef::Entry(TypeId(13)))
    );
    assert!(ty.name.contains('…'), "{}", ty.name);
    // A function of functions of functions.
    let parameter: Abbreviation<'_> = (c::DW_TAG_formal_parameter, false, OF_TYPE);
    let function: Abbreviation<'_> = (c::DW_TAG_subroutine_type, true, OF_TYPE);
    let mut entries = vec![2, 13];
    entries.extend([3, 13].repeat(10_000));
    entries.extend([0, 0]);
    first(&made(&[function, parameter], &entries));
}

#[test]
fn sizes_beyond_all_bounds() {
    let size = &[(c::DW_AT_byte_size, c::DW_FORM_udata)];
    let subrange: Abbreviation<'_> = (
        c::DW_TAG_subrange_type,
        false,
        &[(c::DW_AT_count, c::DW_FORM_udata)],
    );
    let large = uleb(1 << 63);
    let structure = [&[4][..], &large].concat();
    let element = 13 + 2 + 2 * (large.len() as u8 + 1) + 1;
    let dimension = [&[3][..], &large].concat();
    let entries = [
        &[2, element][..],
        &dimension,
        &dimension,
        &[0],
        &structure,
        &[0],
    ]
    .concat();
    let symbols = made(
        &[
            (c::DW_TAG_array_type, true, OF_TYPE),
            subrange,
            (c::DW_TAG_structure_type, false, size),
        ],
        &entries,
    );
    let structure = symbols.ty(&TypeRef::Entry(TypeId(element.into())));
    assert_eq!(structure.size, Some(1 << 63));
    let ty = first(&symbols);
    assert!(
        matches!(&ty.kind, Kind::Broken(why) if why.contains("larger")),
        "{ty:?}"
    );
}

#[test]
fn references_to_nothing() {
    for to in [0, 5, 14, 200] {
        let symbols = made(&[(c::DW_TAG_typedef, false, OF_TYPE)], &[2, to, 0]);
        let ty = first(&symbols);
        assert!(matches!(ty.kind, Kind::Broken(_)), "{ty:?}");
    }
    let symbols = made(&[], &[0]);
    for at in [0, 11, 12, 13, 1000, usize::MAX] {
        let ty = symbols.ty(&TypeRef::Entry(TypeId(at)));
        assert!(matches!(ty.kind, Kind::Broken(_)), "{at}: {ty:?}");
    }
}

/// A structure in a structure, ten thousand deep; entries of one byte with a thousand attributes.
#[test]
fn depth_and_attributes_without_end() {
    let flags = vec![(c::DW_AT_external, c::DW_FORM_flag_present); 1_000];
    let name = &[(c::DW_AT_name, c::DW_FORM_string)];
    let abbreviations: [Abbreviation<'_>; 2] = [
        (c::DW_TAG_structure_type, true, name),
        (c::DW_TAG_member, false, &flags),
    ];
    let mut entries = [2, b'a', 0].repeat(10_000);
    entries.extend(vec![3; 100_000]);
    let symbols = made(&abbreviations, &entries);
    let start = Instant::now();
    first(&symbols);
    for ty in symbols.types_named("a::a::a") {
        symbols.ty(&ty);
    }
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}

/// What clang writes with `-gdwarf-5 -fdebug-types-section`: the type has a unit of its own.
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
        match is_there {
            true => assert_eq!((&*ty.name, ty.size), ("n::S", Some(12))),
            false => assert!(matches!(&ty.kind, Kind::Broken(why) if why.contains("type unit"))),
        }
        assert_eq!(symbols.types_named("n::S").len(), 1);
    }
}

/// What clang writes with `-gsimple-template-names`: the arguments are only in the entries below.
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
    assert_eq!(&*first(&symbols).name, "Box<int *, 3>");
    assert_eq!(symbols.types_named("Box<int*, 3>").len(), 1);
    assert_eq!(symbols.types_named("Box<int*, 4>").len(), 0);
}
