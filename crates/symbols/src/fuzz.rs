//! Properties that hold for any debug information and any memory: nothing panics, every query ends soon, and the
//! output is bounded and safe for a terminal. The fuzzer checks them, and tests check them with seeds.

use bytes::Bytes;
use wdb_module::{Binary, FuncIndex, Module, ModuleOffset};

use crate::render::{Elements, Limits, Shape, Tree};
use crate::scopes::ScopeKind;
use crate::types::TypeId;
use crate::{Context, Machine, Number, Object, Symbols, TypeRef, Unavailable};

/// At most this many functions are queried, and at most this many places in each.
const SAMPLE: usize = 8;

/// At most this many objects of a place are shown.
const MOST_OBJECTS: usize = 40;

/// The limits for showing each object.
const LIMITS: Limits = Limits {
    depth: 4,
    elements: 6,
    text: 20,
    line: 150,
    values: 60,
};

/// At most this many reads of the machine's state are allowed to show one object: far more than real objects need.
const MOST_ANSWERS: u32 = 1 << 22;

/// Queries everything about the code of the binary in `data`, and shows its variables over a memory of pseudo-random
/// bytes.
///
/// # Panics
///
/// If the property does not hold.
pub fn module(data: &[u8]) {
    let Ok(binary) = Binary::parse(Bytes::copy_from_slice(data)) else {
        return;
    };
    // The queried places depend on the bytes, so that the fuzzer reaches all code.
    let seed = data.iter().fold(0, |seed: u64, byte| {
        seed.rotate_left(5).wrapping_mul(0x9e37_79b9) ^ u64::from(*byte)
    });
    for module in binary.modules() {
        let symbols = Symbols::new(module.clone(), None, None);
        let noise = noise(seed);
        functions(&symbols, module, seed, &noise);
        let _ = (
            symbols.static_at(seed % (1 << 16)),
            symbols.static_at(u64::MAX),
        );
        let _ = symbols.vtable_type(seed % (1 << 16));
        for note in symbols.notes() {
            assert!(!note.is_empty());
        }
    }
}

fn functions(symbols: &Symbols, module: &Module, seed: u64, memory: &[u8]) {
    let (imported, count) = (module.imported_function_count(), module.function_count());
    let step = (count - imported) as usize / SAMPLE + 1;
    for index in (imported..count).skip(seed as usize % step).step_by(step) {
        let function = FuncIndex(index);
        let name = symbols.function_name(function);
        assert!(!name.raw.is_empty() && !name.display.is_empty(), "{name:?}");
        let _ = symbols.function_declaration(function);
        let _ = symbols.function_type(function);
        let instructions = module.instructions(function).map_while(Result::ok);
        let pcs: Vec<_> = instructions.map(|it| it.0).collect();
        let step = pcs.len() / SAMPLE + 1;
        for pc in pcs.iter().skip(seed as usize % step).step_by(step) {
            place(symbols, *pc, memory);
        }
        if let Some(pc) = pcs.first() {
            names(symbols, *pc);
        }
    }
}

/// Queries everything about an instruction.
fn place(symbols: &Symbols, pc: ModuleOffset, memory: &[u8]) {
    let places = symbols.locate(pc);
    assert!(!places.is_empty());
    for place in &places {
        let _ = symbols.family(place);
    }
    let variables = symbols.variables(pc);
    assert_eq!(variables.len(), places.len());
    let mut machine = Noise::new(memory);
    for variable in variables.iter().flatten().take(MOST_OBJECTS) {
        assert!(!variable.name.is_empty());
        machine.answers = 0;
        let object = symbols.object(variable, pc, &mut machine);
        show(symbols, Some(pc), &object, &mut machine);
    }
}

/// Queries the statics at an instruction, their names and the names of their types.
fn names(symbols: &Symbols, pc: ModuleOffset) {
    for variable in symbols.statics(pc).iter().take(SAMPLE) {
        let _ = symbols.unit_of(variable);
        let _ = symbols.statics_named(&variable.name);
        let _ = symbols.functions_named(&variable.name);
        let _ = symbols.declaration(&variable.name, &variable.ty);
        let name = &symbols.ty(&variable.ty).name;
        for ty in symbols.types_named(name).iter().take(SAMPLE) {
            let _ = symbols.ty(ty);
        }
        let _ = symbols.enumerators_named(name);
    }
}

/// The named types of a program, for [`memory`].
pub fn types(symbols: &Symbols) -> Vec<TypeRef> {
    let mut found = Vec::new();
    let Some(dwarf) = symbols.dwarf() else {
        return found;
    };
    for id in dwarf.units().ids() {
        let Ok(unit) = dwarf.units().open(&dwarf, id) else {
            continue;
        };
        let scopes = dwarf.units().scopes(&dwarf, &unit).all().iter();
        for scope in scopes.filter(|it| it.kind == ScopeKind::Type) {
            let entry = gimli::UnitOffset(scope.entry.0 as usize);
            let offset = entry.to_debug_info_offset(&unit.gimli.header);
            found.extend(offset.map(|it| TypeRef::Entry(TypeId(it.0))));
        }
    }
    found
}

/// Shows an object over a memory of arbitrary bytes. The first four bytes select its type among `types` and its
/// address.
///
/// # Panics
///
/// If the property does not hold.
pub fn memory(data: &[u8], symbols: &Symbols, types: &[TypeRef]) {
    let (Some((head, memory)), false) = (data.split_first_chunk(), types.is_empty()) else {
        return;
    };
    let [low, middle, high, at] = *head;
    let index = u32::from_le_bytes([low, middle, high, 0]) as usize;
    let object = Object::at(u64::from(at) * 4, types[index % types.len()].clone());
    show(symbols, None, &object, &mut Noise::new(memory));
}

fn show(symbols: &Symbols, pc: Option<ModuleOffset>, object: &Object, machine: &mut Noise<'_>) {
    let mut context = Context {
        symbols,
        machine,
        pc,
    };
    let tree = context.tree("it", object, &LIMITS);
    check(&tree, &mut 0);
    let line = context.short(object, &LIMITS);
    assert!(is_fit(&line), "{line:?}");
    assert!(context.children("it", object, 3..u64::MAX).parts.len() <= 1 << 20);
    let _ = context.whole_object(object);
    if let Shape::Sequence(it) = context.shape(object, LIMITS.elements) {
        let length = it.elements.length();
        if !matches!(it.elements, Elements::Listed(..)) {
            assert_eq!(length > 0, it.elements.get(0).is_some());
        }
        assert!(it.elements.get(length).is_none());
    }
}

/// Whether a line can be printed. A value that starts before the line is full may make it longer: it may be a name or
/// an escaped text.
fn is_fit(line: &str) -> bool {
    line.len() < 20_000 && !line.contains(char::is_control)
}

fn check(tree: &Tree, values: &mut u32) {
    *values += 1;
    assert!(*values < 100, "more values than the limit");
    assert!(is_fit(&tree.value), "{:?} of {}", tree.value, tree.ty);
    assert!(tree.unavailable.is_none() || tree.children.is_empty());
    for child in &tree.children {
        check(child, values);
    }
}

/// The bytes of a memory. Each word is a small number, an address or random.
pub fn noise(seed: u64) -> Vec<u8> {
    let words = (0..4096_u64).flat_map(|at| {
        let mut hash = seed ^ at.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for _ in 0..2 {
            hash ^= hash >> 29;
            hash = hash.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        }
        let word = match hash >> 61 {
            0 => 0,
            1..3 => hash as u32 % 16,
            3..6 => (hash as u32 % (1 << 16)) & !3,
            _ => hash as u32,
        };
        word.to_le_bytes()
    });
    words.collect()
}

/// A machine whose state comes from some bytes: its memory of one page repeats them.
struct Noise<'a> {
    bytes: &'a [u8],
    /// How often its state was read.
    answers: u32,
}

/// The size of a WebAssembly page in bytes.
const PAGE: u64 = 1 << 16;

impl<'a> Noise<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Noise { bytes, answers: 0 }
    }

    fn fill(&mut self, address: u64, buffer: &mut [u8]) {
        self.answers += 1;
        assert!(self.answers < MOST_ANSWERS, "the machine is asked for ever");
        if self.bytes.is_empty() {
            return buffer.fill(0);
        }
        for (at, byte) in (address..).zip(buffer) {
            *byte = self.bytes[at as usize % self.bytes.len()];
        }
    }

    fn word(&mut self, index: u32) -> u64 {
        let mut word = [0; 8];
        self.fill(u64::from(index) * 4, &mut word);
        u64::from_le_bytes(word)
    }
}

impl Machine for Noise<'_> {
    fn local(&mut self, index: u32) -> Result<Number, Unavailable> {
        let word = self.word(index);
        Ok(match index % 8 {
            5 => Number::I64(word),
            6 => Number::F64(word),
            7 => Number::V128(word.into()),
            _ => Number::I32(word as u32),
        })
    }

    fn global(&mut self, index: u32) -> Result<Number, Unavailable> {
        Ok(Number::I32(self.word(index) as u32))
    }

    fn operand(&mut self, index: u32) -> Result<Number, Unavailable> {
        match index {
            0..100 => Ok(Number::I64(self.word(index))),
            _ => Err(Unavailable::NotRecorded(format!("operand {index}"))),
        }
    }

    fn read(&mut self, address: u64, buffer: &mut [u8]) -> Result<(), Unavailable> {
        let end = address.checked_add(buffer.len() as u64);
        if end.is_none_or(|it| it > PAGE) {
            return Err(Unavailable::OutOfBounds(address));
        }
        self.fill(address, buffer);
        Ok(())
    }

    fn element(&mut self, index: u64) -> Result<Option<FuncIndex>, Unavailable> {
        match index {
            0 | 7 => Ok(None),
            1..100 => Ok(Some(FuncIndex(index as u32))),
            _ => Err(Unavailable::NotRecorded(format!("table element {index}"))),
        }
    }
}
