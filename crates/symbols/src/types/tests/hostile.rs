//! Damaged and hostile DWARF: every type is read, soon, and nothing panics.

use std::time::{Duration, Instant};

use gimli::constants as c;

use super::made::{Abbreviation, made, made_in, uleb};
use super::*;

/// Far more than each test takes, even unoptimised on a busy machine. The defects that it catches take hours.
const SOON: Duration = Duration::from_secs(60);

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

/// Reads the types of damaged copies of a fixture: near the entries of scopes in the sound fixture, and by the names of
/// these scopes.
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
            let fuel = Fuel::for_one(dwarf.size());
            let name = crate::scopes::qualified_name(&dwarf, &unit, entry, &fuel);
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
    // A pointer to itself is valid, but its name would be endless.
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

/// Classes whose members and base classes have the type of the class itself, also with the names of library classes.
#[test]
fn objects_made_of_themselves() {
    const NAME: (gimli::DwAt, gimli::DwForm) = (c::DW_AT_name, c::DW_FORM_string);
    const TYPE: (gimli::DwAt, gimli::DwForm) = (c::DW_AT_type, c::DW_FORM_ref1);
    let abbreviations: [Abbreviation<'_>; 6] = [
        (
            c::DW_TAG_structure_type,
            true,
            &[NAME, (c::DW_AT_byte_size, c::DW_FORM_data1)],
        ),
        (c::DW_TAG_member, false, &[NAME, TYPE]),
        (c::DW_TAG_member, false, &[TYPE]),
        (c::DW_TAG_inheritance, false, &[TYPE]),
        (c::DW_TAG_template_type_parameter, false, &[TYPE]),
        (
            c::DW_TAG_template_value_parameter,
            false,
            &[TYPE, (c::DW_AT_const_value, c::DW_FORM_data1)],
        ),
    ];
    let member = |name: &str| [b"\x03", name.as_bytes(), b"\0\x0d"].concat();
    let arguments = [6, 13, 7, 13, 1];
    for (name, members) in [
        ("unnamed", [4, 13].repeat(200)),
        ("bases", [5, 13].repeat(200)),
        ("std::array", [&arguments[..], &member("__elems_")].concat()),
        ("std::complex", [member("__re_"), member("__im_")].concat()),
        ("std::__wrap_iter", member("__i_")),
        ("std::__map_iterator", member("__i_")),
        ("std::unique_ptr", member("__ptr_")),
        ("std::stack", member("c")),
        (
            "core::ops::range::Range",
            [member("start"), member("end")].concat(),
        ),
        (
            "core::cell::RefCell",
            [member("value"), member("borrow")].concat(),
        ),
        ("core::mem::maybe_uninit::MaybeUninit", member("value")),
    ] {
        let mut entries = [&[2], name.as_bytes(), &[0, 4]].concat();
        entries.extend(members);
        entries.push(0);
        // In a language that adds nothing to the names of its types.
        let symbols = made_in(c::DW_LANG_D, &abbreviations, &entries);
        let types = crate::fuzz::types(&symbols);
        assert_eq!(symbols.ty(&types[0]).name.as_ref(), name);
        let start = Instant::now();
        crate::fuzz::memory(&[0; 100], &symbols, &types);
        assert!(start.elapsed() < SOON, "{name}");
    }
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

/// Numbers of 128 bits where compilers write small ones.
#[test]
fn numbers_beyond_all_bounds() {
    let of_bound = [
        (c::DW_AT_lower_bound, c::DW_FORM_data16),
        (c::DW_AT_upper_bound, c::DW_FORM_data16),
    ];
    let subrange: Abbreviation<'_> = (c::DW_TAG_subrange_type, false, &of_bound);
    let array: Abbreviation<'_> = (c::DW_TAG_array_type, true, OF_TYPE);
    let mut entries = vec![2, 13, 3];
    entries.extend((-2_i128).to_le_bytes());
    entries.extend(i128::MAX.to_le_bytes());
    entries.extend([0, 0]);
    first(&made(&[array, subrange], &entries));

    let of_bits = [
        (c::DW_AT_bit_offset, c::DW_FORM_data16),
        (c::DW_AT_byte_size, c::DW_FORM_data16),
        (c::DW_AT_bit_size, c::DW_FORM_data16),
    ];
    let member: Abbreviation<'_> = (c::DW_TAG_member, false, &of_bits);
    let size = [(c::DW_AT_byte_size, c::DW_FORM_data1)];
    let structure: Abbreviation<'_> = (c::DW_TAG_structure_type, true, &size);
    for numbers in [
        [0, i128::MAX, 1],
        [i128::MIN, 8, 1],
        [i128::MAX, 8, i128::MAX],
    ] {
        let mut entries = vec![2, 4, 3];
        entries.extend(numbers.iter().flat_map(|it| it.to_le_bytes()));
        entries.extend([0, 0]);
        let ty = first(&made(&[structure, member], &entries));
        let Kind::Record(record) = &ty.kind else {
            panic!("{ty:?}");
        };
        assert!(record.members[0].bits.is_none());
    }
}

#[test]
fn references_to_nothing() {
    for target in [0, 5, 14, 200] {
        let symbols = made(&[(c::DW_TAG_typedef, false, OF_TYPE)], &[2, target, 0]);
        let ty = first(&symbols);
        assert!(matches!(ty.kind, Kind::Broken(_)), "{ty:?}");
    }
    let symbols = made(&[], &[0]);
    for at in [0, 11, 12, 13, 1000, usize::MAX] {
        let ty = symbols.ty(&TypeRef::Entry(TypeId(at)));
        assert!(matches!(ty.kind, Kind::Broken(_)), "{at}: {ty:?}");
    }
}

/// A structure in a structure, ten thousand deep; entries of one byte with hundreds of attributes.
#[test]
fn depth_and_attributes_without_end() {
    let flags = vec![(c::DW_AT_external, c::DW_FORM_flag_present); 256];
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
